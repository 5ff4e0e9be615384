import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { CleanSplitError } from "../../core/errors";
import { IDX_DTYPES } from "../sources/arrays/idx";
import { itemBytes } from "../sources/arrays/ndarray";
import { onlyEntry, type ArrayEntry, type ArrayWriter } from "./arrayFile";
import { bigEndianChunks, writeFlat } from "./flat";
import { createFile, writeAll } from "./newFile";

/** An axis is counted with 32 bits. */
const MAX_LENGTH = 2 ** 32 - 1;

/** Writes one array as an IDX file, the format of MNIST; "refused" for dtypes that it does not have. See {@link ArrayWriter}. */
export const writeIdx: ArrayWriter = (path, entries, signal) => {
  const entry = onlyEntry(entries);
  return writeFlat(path, entry, { header: idxHeader(entry), bigEndian: itemBytes(entry.dtype) > 1 }, signal);
};

/** The same, gzipped. */
export const writeGzippedIdx: ArrayWriter = (path, entries, signal) => {
  const entry = onlyEntry(entries);
  const header = idxHeader(entry);
  return createFile(path, signal, async (handle) => {
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      yield header;
      yield* bigEndianChunks(entry, signal);
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
