import { open } from "node:fs/promises";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import { integerText } from "../../core/language";
import { openKernelBackend, type KernelBackend } from "./kernel/kernelBackend";

/** Bytes of a file that are read at once, so that the event loop gets its turns. */
const READ_BLOCK = 32 * 2 ** 20;

let kernel: Promise<KernelBackend> | undefined;

/** The kernel back end of this process, opened once: its memory holds the pixels that it trains on. */
export function kernelOfProcess(): Promise<KernelBackend> {
  return (kernel ??= openKernelBackend({ isHelped: true }));
}

/**
 * Memory for the pixels of a feature table, which a trainer holds once: where the kernels read them without copying, or
 * elsewhere when there is no room.
 *
 * @throws CleanSplitError "unsupported" when there is no memory for it at all
 */
async function allocatePixels(rows: number, values: number): Promise<Uint8Array> {
  try {
    return (await kernelOfProcess()).allocatePixels(rows * values);
  } catch {
    try {
      return new Uint8Array(rows * values);
    } catch {
      throw new CleanSplitError(
        "unsupported",
        l10n.t(
          "Training on {0} images of {1} values each needs more memory than there is; use fewer or smaller images.",
          integerText(rows),
          integerText(values),
        ),
      );
    }
  }
}

/**
 * Reads a file of pixels: rows x values bytes, row after row, and nothing else.
 *
 * @throws CleanSplitError "changed" when the file is missing or is not what it should be, "unsupported" when there is no
 *   memory for it
 */
export async function readPixels(file: string, rows: number, values: number): Promise<Uint8Array> {
  const length = rows * values;
  const handle = await open(file, "r").catch((error: unknown) => {
    throw new CleanSplitError(
      "changed",
      l10n.t("The prepared images cannot be read ({0}); train again.", messageOf(error)),
    );
  });
  try {
    const { size } = await handle.stat();
    if (size !== length) {
      throw new CleanSplitError(
        "changed",
        l10n.t(
          "{0} should hold {1} x {2} bytes and holds {3}; train again to prepare the images anew.",
          file,
          rows,
          values,
          size,
        ),
      );
    }
    const pixels = await allocatePixels(rows, values);
    for (let done = 0; done < length;) {
      const { bytesRead } = await handle.read(pixels, done, Math.min(READ_BLOCK, length - done), done);
      if (bytesRead === 0)
        throw new CleanSplitError("changed", l10n.t("{0} became shorter while it was read; train again.", file));
      done += bytesRead;
    }
    return pixels;
  } finally {
    await handle.close();
  }
}
