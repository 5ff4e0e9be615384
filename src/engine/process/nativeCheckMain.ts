import * as l10n from "@vscode/l10n";
import { messageOf } from "../../core/errors";
import { loadNative } from "../training/native";
import type { NativeAnswer } from "../training/nativeCheck";
import { speakLanguage } from "./language";

// Forked by `checkNative`: a native library that does not fit this machine ends the process that loads it.

speakLanguage();

async function check(): Promise<NativeAnswer> {
  const tf = loadNative();
  await tf.ready();
  const product = tf.matMul(tf.tensor2d([1, 2, 3, 4], [2, 2]), tf.tensor2d([5, 6, 7, 8], [2, 2]));
  const values = Array.from(await product.data());
  if (values.join() !== "19,22,43,50")
    return { error: l10n.t("a product of two matrices came out as {0}", values.join()) };
  return { version: (tf as unknown as { version: Record<string, string> }).version["tfjs-node"] ?? "" };
}

void check()
  .catch((error: unknown): NativeAnswer => ({ error: messageOf(error) }))
  .then((answer) => process.send?.(answer, () => process.exit(0)));
