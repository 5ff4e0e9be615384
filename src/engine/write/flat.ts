import { swapElements } from "../sources/arrays/ndarray";
import { checkedChunks, type ArrayEntry } from "./arrayFile";
import { createFile, writeAll, writeEach } from "./newFile";

/** How an array lies in a file that holds it alone. */
export interface FlatLayout {
  /** What the file begins with; may be empty. */
  readonly header: Uint8Array;
  readonly bigEndian: boolean;
}

/** Writes a file that is a header and the elements of one array behind it. Rejects as an `ArrayWriter` does. */
export function writeFlat(
  path: string,
  entry: ArrayEntry,
  { header, bigEndian }: FlatLayout,
  signal: AbortSignal,
): Promise<void> {
  return createFile(path, signal, async (handle) => {
    await writeAll(handle, header);
    if (entry.copyTo === undefined) {
      await writeEach(handle, bigEndian ? bigEndianChunks(entry, signal) : checkedChunks(entry, signal));
    } else {
      await entry.copyTo({ path, at: header.length, bigEndian, signal, flush: () => handle.datasync() });
    }
  });
}

/** The pieces of an array with the bytes of each element in the other order; those that were given stay as they are. */
export async function* bigEndianChunks(entry: ArrayEntry, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of checkedChunks(entry, signal)) {
    const copy = new Uint8Array(chunk);
    swapElements(copy, entry.dtype);
    yield copy;
  }
}
