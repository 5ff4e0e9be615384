import { open } from "node:fs/promises";
import { CleanSplitError, messageOf } from "../../core/errors";
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
 * @throws CleanSplitError "unsupported" when there is no memory for `what` at all
 */
async function allocatePixels(length: number, what: string): Promise<Uint8Array> {
  try {
    return (await kernelOfProcess()).allocatePixels(length);
  } catch {
    try {
      return new Uint8Array(length);
    } catch {
      throw new CleanSplitError(
        "unsupported",
        `Training on ${what} needs more memory than there is; use fewer or smaller images.`,
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
    throw new CleanSplitError("changed", `The prepared images cannot be read (${messageOf(error)}); train again.`);
  });
  try {
    const { size } = await handle.stat();
    if (size !== length) {
      throw new CleanSplitError(
        "changed",
        `${file} should hold ${rows} x ${values} bytes and holds ${size}; train again to prepare the images anew.`,
      );
    }
    const pixels = await allocatePixels(length, `${rows} images of ${values} values each`);
    for (let done = 0; done < length;) {
      const { bytesRead } = await handle.read(pixels, done, Math.min(READ_BLOCK, length - done), done);
      if (bytesRead === 0)
        throw new CleanSplitError("changed", `${file} became shorter while it was read; train again.`);
      done += bytesRead;
    }
    return pixels;
  } finally {
    await handle.close();
  }
}
