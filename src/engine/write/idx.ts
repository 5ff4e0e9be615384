import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import * as l10n from "@vscode/l10n";
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
    const lengths = shape.join(" x ");
    throw new CleanSplitError(
      "refused",
      key === ""
        ? l10n.t("An IDX file cannot hold an array of dtype {0} and shape {1}.", dtype, lengths)
        : l10n.t("An IDX file cannot hold {0} of dtype {1} and shape {2}.", key, dtype, lengths),
    );
  }
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([code, shape.length], 2);
  shape.forEach((length, axis) => header.writeUInt32BE(length, 4 + 4 * axis));
  return header;
}
