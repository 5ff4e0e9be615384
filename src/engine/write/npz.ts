import { once } from "node:events";
import type { FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as l10n from "@vscode/l10n";
import { ZipFile } from "yazl";
import { CleanSplitError } from "../../core/errors";
import { checkedChunks, entryBytes, type ArrayEntry, type ArrayWriter } from "./arrayFile";
import { createFile, writeAll } from "./newFile";
import { npyHeader } from "./npy";

const MODE = 0o100644;

/**
 * Writes the arrays as an uncompressed npz file that `numpy.load(path, allow_pickle=False)` reads; "refused" for a key that
 * cannot be an entry's name. See {@link ArrayWriter}.
 */
export const writeNpz: ArrayWriter = (path, entries, signal) =>
  createFile(path, signal, (handle) => writeZip(handle, entries, signal));

async function writeZip(handle: FileHandle, entries: readonly ArrayEntry[], signal: AbortSignal): Promise<void> {
  const zip = new ZipFile();
  // One failure, of the disk or of an array, has to end both sides: yazl passes no errors on.
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const write = async (source: AsyncIterable<Buffer | string>): Promise<void> => {
    for await (const chunk of source) {
      await writeAll(handle, typeof chunk === "string" ? Buffer.from(chunk) : chunk);
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

async function addEntries(zip: ZipFile, entries: readonly ArrayEntry[], signal: AbortSignal): Promise<void> {
  const keys = new Set<string>();
  // The earliest time a zip file can name, in whatever time zone; so the same arrays give the same bytes.
  const mtime = new Date(1980, 0, 1);
  for (const entry of entries) {
    signal.throwIfAborted();
    checkKey(entry.key, keys);
    const size = entryBytes(entry);
    const header = npyHeader(entry.dtype, entry.shape);
    const stream = Readable.from(npyBytes(entry, header, signal), { signal });
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

async function* npyBytes(entry: ArrayEntry, header: Uint8Array, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  yield header;
  yield* checkedChunks(entry, signal);
}

function checkKey(key: string, keys: Set<string>): void {
  const wrong =
    key === "" ||
    Buffer.byteLength(key) > 1000 ||
    key.split("/").some((part) => part === "" || part === "." || part === "..") ||
    /[\\:\p{Cc}]/u.test(key);
  if (wrong) throw new CleanSplitError("refused", l10n.t('"{0}" cannot be the name of an array in an npz file.', key));
  if (keys.has(key))
    throw new CleanSplitError("conflict", l10n.t('Two arrays of an npz file cannot both be named "{0}".', key));
  keys.add(key);
}
