import { fork } from "node:child_process";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { abortError } from "../process/rpc";
import { NATIVE_VARIABLE } from "./native";

/** What the process that loaded the package has to say. */
export type NativeAnswer = { readonly version: string } | { readonly error: string };

/** How long loading may take, in milliseconds: the library has hundreds of megabytes. */
const PATIENCE = 180_000;
/** Characters of its error output that are kept. */
const ERROR_OUTPUT = 4096;

/**
 * Loads the native package in a process of its own, as the trainer will, and has it multiply two matrices.
 *
 * @param dist folder of the bundles; `nativeCheck.js` is in it
 * @param folder holds the package in its node_modules
 * @returns its version, or why it does not work here, for `installFailure`
 * @throws AbortError when cancelled
 */
export async function checkNative(dist: string, folder: string, signal: AbortSignal): Promise<NativeAnswer> {
  const cancelled = (): boolean => signal.aborted;
  if (cancelled()) throw abortError();
  const child = fork(path.join(dist, "nativeCheck.js"), [], {
    env: { ...process.env, ELECTRON_RUN_AS_NODE: "1", [NATIVE_VARIABLE]: folder },
    execArgv: [],
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  const kill = (): void => void child.kill("SIGKILL");
  const timer = setTimeout(kill, PATIENCE);
  signal.addEventListener("abort", kill, { once: true });
  let output = "";
  const answers: NativeAnswer[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output = (output + text).slice(-ERROR_OUTPUT);
  });
  child.on("message", (message) => void answers.push(message as NativeAnswer));
  try {
    const how = await new Promise<string>((resolve) => {
      child.once("error", (error) => resolve(error.message));
      child.once("close", (code, ended) => resolve(ended ?? l10n.t("exit code {0}", String(code))));
    });
    if (cancelled()) throw abortError();
    return answers[0] ?? { error: l10n.t("its process ended: {0}; {1}", how, output.trim().split("\n").at(-1) ?? "") };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", kill);
  }
}
