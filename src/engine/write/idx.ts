import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { CleanSplitError } from "../../core/errors";
import { IDX_DTYPES } from "../sources/arrays/idx";
import { itemBytes, type Dtype } from "../sources/arrays/ndarray";
import { checkedChunks, onlyEntry, type ArrayEntry, type ArrayWriter } from "./arrayFile";
import { createFile, writeAll } from "./newFile";

/** An axis is counted with 32 bits. */
const MAX_LENGTH = 2 ** 32 - 1;

/** Writes one array as an IDX file, the format of MNIST; "refused" for dtypes that it does not have. See {@link ArrayWriter}. */
export const writeIdx: ArrayWriter = (path, entries, signal) => {
  const entry = onlyEntry(entries);
  const header = idxHeader(entry);
  return createFile(path, signal, async (handle) => {
    await writeAll(handle, header);
    for await (const chunk of bigEndian(entry, signal)) await writeAll(handle, chunk);
  });
};

/** The same, gzipped. */
export const writeGzippedIdx: ArrayWriter = (path, entries, signal) => {
  const entry = onlyEntry(entries);
  const header = idxHeader(entry);
  return createFile(path, signal, async (handle) => {
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      yield header;
      yield* bigEndian(entry, signal);
    };
    const write = async (packed: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of packed) await writeAll(handle, chunk);
    };
    // Node writes no name and no time into the header, so the same arrays give the same bytes.
    await pipeline(Readable.from(bytes()), createGzip(), write, { signal });
  });
};

function idxHeader({ key, dtype, shape }: ArrayEntry): Buffer {
  const code = [...IDX_DTYPES].find(([, known]) => known === dtype)?.[0];
  if (code === undefined || shape.length === 0 || shape.length > 255 || shape.some((length) => length > MAX_LENGTH)) {
    throw new CleanSplitError(
      "refused",
      `An IDX file cannot hold ${key === "" ? "an array" : key} of dtype ${dtype} and shape ${shape.join(" x ")}.`,
    );
  }
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([code, shape.length], 2);
  shape.forEach((length, axis) => header.writeUInt32BE(length, 4 + 4 * axis));
  return header;
}

async function* bigEndian(entry: ArrayEntry, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const chunk of checkedChunks(entry, signal)) yield swapped(chunk, entry.dtype);
}

/** The elements with their bytes in the other order; the bytes that were given stay as they are. */
function swapped(chunk: Uint8Array, dtype: Dtype): Uint8Array {
  const item = itemBytes(dtype);
  if (item === 1) return chunk;
  const copy = Buffer.from(chunk);
  return item === 2 ? copy.swap16() : item === 4 ? copy.swap32() : copy.swap64();
}
