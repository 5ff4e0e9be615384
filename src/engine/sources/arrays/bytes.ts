import * as l10n from "@vscode/l10n";
import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { basename } from "node:path";
import { CleanSplitError, messageOf } from "../../../core/errors";

/** Bytes that can be read at any position: a file, a part of one, or memory. */
export interface ByteSource {
  /** Number of bytes, 0 or more. */
  readonly length: number;
  /**
   * The bytes `[from, from + count)`: in `into`, which has `count` bytes, where they can be read straight into it, else a
   * fresh copy. A copy starts at an offset of 0, so typed arrays of any width can view it. Throws a RangeError when the
   * range is not inside `[0, length]`, and a `CleanSplitError` when reading fails.
   */
  read(from: number, count: number, into?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

/**
 * A file that is open for reading at any position. Reading is synchronous because it is done in worker threads, where
 * waiting blocks nobody and a promise for each row would cost more than the read.
 */
export class OpenFile implements ByteSource {
  /** The last part of the path, for messages. */
  readonly name: string;
  /** Size in bytes when the file was opened. */
  readonly length: number;
  #descriptor: number | undefined;

  /** Opens `path`; throws a `CleanSplitError` when there is no file, it is no regular file, or it may not be read. */
  constructor(readonly path: string) {
    this.name = basename(path);
    try {
      // Opening a named pipe would wait for its writer for ever, so the kind is looked at first.
      if (!statSync(path).isFile()) throw new CleanSplitError("unsupported", l10n.t("{0} is not a file.", this.name));
      this.#descriptor = openSync(path, "r");
      this.length = fstatSync(this.#descriptor).size;
    } catch (error) {
      if (error instanceof CleanSplitError) throw error;
      if (error instanceof Error && "code" in error && error.code === "ENOENT") {
        throw new CleanSplitError("not-found", l10n.t("{0} does not exist.", path));
      }
      throw new CleanSplitError("refused", l10n.t("{0} cannot be opened: {1}.", path, messageOf(error)));
    }
  }

  read(from: number, count: number, into = new Uint8Array(count)): Uint8Array<ArrayBuffer> {
    checkRange(from, count, this.length);
    const bytes = into.subarray(0, count);
    this.readInto(bytes, from);
    return bytes;
  }

  /** Fills `bytes` from `position` on; throws a `CleanSplitError` when the file cannot be read or became shorter. */
  readInto(bytes: Uint8Array, position: number): void {
    if (this.#descriptor === undefined) throw new Error(`${this.path} was read after it was closed.`);
    let done = 0;
    while (done < bytes.length) {
      let got: number;
      try {
        // One call of the operating system reads less than 2 GiB.
        got = readSync(this.#descriptor, bytes, done, Math.min(bytes.length - done, 1 << 30), position + done);
      } catch (error) {
        throw new CleanSplitError("refused", l10n.t("{0} cannot be read: {1}.", this.path, messageOf(error)));
      }
      if (got === 0) {
        throw new CleanSplitError(
          "changed",
          l10n.t("{0} became shorter while it was read. Inspect it again.", this.name),
        );
      }
      done += got;
    }
  }

  /** Ends reading; closing twice does nothing. */
  close(): void {
    if (this.#descriptor === undefined) return;
    closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/** The part `[from, from + length)` of `source`, read when it is asked for. Throws a RangeError when it is not inside. */
export function sliceOf(source: ByteSource, from: number, length: number): ByteSource {
  checkRange(from, length, source.length);
  return {
    length,
    read: (at, count, into) => {
      checkRange(at, count, length);
      return source.read(from + at, count, into);
    },
  };
}

/** `bytes` as a source; they must not be changed afterwards. */
export function bytesInMemory(bytes: Uint8Array): ByteSource {
  return {
    length: bytes.length,
    read: (from, count) => {
      checkRange(from, count, bytes.length);
      const copy = new Uint8Array(count);
      copy.set(bytes.subarray(from, from + count));
      return copy;
    },
  };
}

/** Runs `read` on the opened file and closes it when that throws; the result keeps it open. */
export function withFile<T>(path: string, read: (file: OpenFile) => T): T {
  const file = new OpenFile(path);
  try {
    return read(file);
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A whole number as people read it, 7,840,000, in texts that are English whatever the language because they are kept. */
export function grouped(value: number | bigint): string {
  return value.toLocaleString("en-US");
}

/** Text out of a file, safe to show: control characters replaced, at most 200 characters. */
export function printable(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}...` : text;
  return short.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** What an array of a file is called in messages. */
export function arrayName(key: string, file: string): string {
  return l10n.t({
    message: "{0} in {1}",
    args: [printable(key), file],
    comment: ["{0} the name of an array, {1} the file that holds it."],
  });
}

function checkRange(from: number, count: number, length: number): void {
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || from < 0 || count < 0 || from + count > length) {
    throw new RangeError(`Bytes ${from} to ${from + count} are outside 0 to ${length}.`);
  }
}
