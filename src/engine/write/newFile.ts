import { open, unlink, type FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { codeOf, writeError } from "./durable";

/** Bytes that are gathered before they are written. */
const GATHERED_BYTES = 2 ** 20;

/** Bytes of a large file after which the system is asked to bring them to the disk. */
const FLUSHED_BYTES = 16 * 2 ** 20;

/** A file that is written from front to back. */
export class NewFile {
  readonly #gathered: Uint8Array[] = [];
  #held = 0;
  #offset = 0;

  constructor(private readonly handle: FileHandle) {}

  /** Bytes that were written so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Adds bytes, which must not change afterwards. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#gathered.push(bytes);
    this.#held += bytes.length;
    this.#offset += bytes.length;
    if (this.#held >= GATHERED_BYTES) await this.flush();
  }

  /** Hands everything that was gathered to the operating system. */
  async flush(): Promise<void> {
    const bytes = Buffer.concat(this.#gathered);
    this.#gathered.length = 0;
    this.#held = 0;
    await writeAll(this.handle, bytes);
  }
}

/**
 * Has `write` fill a file that does not exist yet, and flushes it to the disk; when `write` rejects, it is removed.
 *
 * Rejects with the reason of `signal` when that aborts, with what `write` rejects with, and with a `CleanSplitError`:
 * "conflict" when there is a file already, which is left alone, and as `writeError` says when writing fails.
 */
export async function createFile(
  path: string,
  signal: AbortSignal,
  write: (handle: FileHandle) => Promise<void>,
): Promise<void> {
  signal.throwIfAborted();
  const handle = await open(path, "wx+").catch((error: unknown) => {
    throw codeOf(error) === "EEXIST"
      ? new CleanSplitError("conflict", l10n.t("{0} exists already. Choose another place.", path))
      : writeError(path, error);
  });
  try {
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    await unlink(path).catch(() => undefined);
    if (signal.aborted) throw signal.reason;
    throw isSystemError(error) ? writeError(path, error) : error;
  }
}

/** Writes all of `bytes` where the last write ended. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += (await handle.write(bytes, done)).bytesWritten;
}

/**
 * Writes bytes, which must not change after they were given, one behind the other. While some are written the next are taken,
 * and what was written is on its way to the disk: else all of it waits there for the last flush.
 */
export async function writeEach(handle: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let [written, flushed] = [Promise.resolve(), Promise.resolve()];
  let waiting = 0;
  try {
    for await (const bytes of chunks) {
      await written;
      written = writeAll(handle, bytes);
      written.catch(() => undefined);
      waiting += bytes.length;
      if (waiting < FLUSHED_BYTES) continue;
      waiting = 0;
      await flushed;
      flushed = handle.datasync();
      flushed.catch(() => undefined);
    }
  } finally {
    // Whatever failed: the file is not closed while it is in use.
    await Promise.allSettled([written, flushed]);
  }
  await written;
  await flushed;
}

/** As {@link createFile}, with a {@link NewFile}, which gathers small pieces. */
export function writeNewFile(
  path: string,
  signal: AbortSignal,
  write: (file: NewFile) => Promise<void>,
): Promise<void> {
  return createFile(path, signal, async (handle) => {
    const file = new NewFile(handle);
    await write(file);
    await file.flush();
  });
}

/**
 * Writes bytes, which must not change after they were given, into a new file, compressed with gzip if asked. Rejects as
 * {@link writeNewFile} does, and with what `chunks` throws.
 */
export function writeChunks(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  { isGzip, signal }: { readonly isGzip: boolean; readonly signal: AbortSignal },
): Promise<void> {
  return writeNewFile(path, signal, async (file) => {
    const write = async (source: AsyncIterable<Uint8Array>): Promise<void> => {
      for await (const bytes of source) await file.write(bytes);
    };
    const source = Readable.from(chunks, { objectMode: true });
    if (isGzip) await pipeline(source, createGzip(), write, { signal });
    else await pipeline(source, write, { signal });
  });
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}
