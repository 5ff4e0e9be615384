import { once } from "node:events";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ZipFile } from "yazl";
import { CleanSplitError, messageOf } from "../../core/errors";
import { itemBytes, totalBytes, type Dtype } from "../sources/arrays/ndarray";

/** An array to write; its bytes come in pieces, so that it never has to be in memory as a whole. */
export interface NpzEntry {
  /** Name of the array in the file, unique, relative and without "..". */
  readonly key: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /**
   * The elements in C order, little endian, in pieces of any length; together exactly as many bytes as the shape takes.
   * A piece must not be changed after it was given.
   */
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

const MODE = 0o100644;

/**
 * Writes the arrays as a new uncompressed npz file that `numpy.load(path, allow_pickle=False)` reads, and flushes it to
 * the disk. Arrays are taken one after the other; the same arrays give the same bytes.
 *
 * Rejects with the reason of `signal` when it aborts, and with a `CleanSplitError`: "conflict" when there is a file at
 * `path` already, which is left alone, "refused" for a key that cannot be an entry's name or when writing fails,
 * "corrupt" when an array gives other bytes than its shape takes. The unfinished file is removed.
 */
export async function writeNpz(
  path: string,
  entries: AsyncIterable<NpzEntry> | Iterable<NpzEntry>,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const handle = await open(path, "wx").catch((error: unknown) => {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    throw exists
      ? new CleanSplitError("conflict", `${path} exists already. Choose another place.`)
      : new CleanSplitError("refused", `${path} cannot be written: ${messageOf(error)}.`);
  });
  try {
    try {
      await writeZip(handle, entries, signal);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(path).catch(() => undefined);
    if (signal.aborted) throw signal.reason;
    if (error instanceof Error && "code" in error && "syscall" in error) {
      throw new CleanSplitError("refused", `${path} cannot be written: ${messageOf(error)}.`);
    }
    throw error;
  }
}

async function writeZip(
  handle: FileHandle,
  entries: AsyncIterable<NpzEntry> | Iterable<NpzEntry>,
  signal: AbortSignal,
): Promise<void> {
  const zip = new ZipFile();
  // One failure, of the disk or of an array, has to end both sides: yazl passes no errors on.
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const write = async (source: AsyncIterable<Buffer | string>): Promise<void> => {
    for await (const chunk of source) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
      for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten;
    }
  };
  const written = pipeline(zip.outputStream, write, { signal: either });
  written.catch((error: unknown) => failed.abort(error));
  zip.on("error", (error: unknown) => failed.abort(error));
  try {
    await addEntries(zip, entries, either);
    zip.end();
  } catch (error) {
    failed.abort(error);
    await written.catch(() => undefined);
    throw failed.signal.reason;
  }
  await written;
}

async function addEntries(
  zip: ZipFile,
  entries: AsyncIterable<NpzEntry> | Iterable<NpzEntry>,
  signal: AbortSignal,
): Promise<void> {
  const keys = new Set<string>();
  // The earliest time a zip file can name, in whatever time zone; so the same arrays give the same bytes.
  const mtime = new Date(1980, 0, 1);
  for await (const entry of entries) {
    signal.throwIfAborted();
    checkKey(entry.key, keys);
    const size = totalBytes(entry.dtype, entry.shape);
    if (size === undefined) throw new RangeError(`${entry.key} has an impossible shape: ${entry.shape.join(", ")}.`);
    const header = npyHeader(entry.dtype, entry.shape);
    const stream = Readable.from(npyBytes(entry, header, size), { signal });
    // An abort destroys the stream with an error, also when nobody waits for it any more.
    stream.on("error", () => undefined);
    zip.addReadStream(stream, `${entry.key}.npy`, {
      size: header.length + size,
      compress: false,
      mtime,
      // The other way to store a time depends on the time zone.
      forceDosTimestamp: true,
      mode: MODE,
    });
    // The next array is asked for when this one is through, so that only one is open at a time.
    await once(stream, "end", { signal });
  }
}

async function* npyBytes({ key, chunks }: NpzEntry, header: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  yield header;
  let given = 0;
  for await (const chunk of chunks) {
    given += chunk.length;
    if (given > size) break;
    if (chunk.length > 0) yield chunk;
  }
  if (given !== size) {
    throw new CleanSplitError(
      "corrupt",
      `The array ${key} gave ${given > size ? "more" : "fewer"} bytes than the ${size} that its shape takes.`,
    );
  }
}

function checkKey(key: string, keys: Set<string>): void {
  const wrong =
    key === "" ||
    Buffer.byteLength(key) > 1000 ||
    key.split("/").some((part) => part === "" || part === "." || part === "..") ||
    /[\\:\p{Cc}]/u.test(key);
  if (wrong) throw new CleanSplitError("refused", `"${key}" cannot be the name of an array in an npz file.`);
  if (keys.has(key)) throw new CleanSplitError("conflict", `Two arrays of an npz file cannot both be named "${key}".`);
  keys.add(key);
}

/** The header of an npy file, version 1, padded so that the elements begin at a multiple of 64 as numpy does it. */
function npyHeader(dtype: Dtype, shape: readonly number[]): Uint8Array {
  const order = itemBytes(dtype) === 1 ? "|" : "<";
  const lengths = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${order}${dtype}', 'fortran_order': False, 'shape': (${lengths}), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = Buffer.alloc(10 + length, " ");
  header.write("\x93NUMPY\x01\x00", "latin1");
  header.writeUInt16LE(length, 8);
  header.write(text, 10, "latin1");
  header.write("\n", header.length - 1, "latin1");
  return header;
}
