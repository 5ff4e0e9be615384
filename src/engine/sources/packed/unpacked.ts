import * as l10n from "@vscode/l10n";
import { open, rm, mkdtemp, readdir, statfs } from "node:fs/promises";
import { createReadStream, createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { CleanSplitError, messageOf } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { isRunning } from "../../process/running";
import { stampOf } from "./shared";

/** What folders of copies are called; the process they belong to follows. */
const PREFIX = "cleansplit-unpacked-";

/** A file may unpack to so many bytes whatever its size, and beyond that to so many times its size. */
const [FREE_BYTES, MOST_TIMES] = [2 ** 26, 200];

/** Bytes that stay free on the disk of the copies. */
const SPARE_BYTES = 2 ** 30;

/** Bytes after which the disk is asked again what is free. */
const ASKED_BYTES = 2 ** 26;

/**
 * Copies of gzip-compressed tar files without their compression, because images are read at any place of a tar file and gzip
 * has no places. Made once for a file as it is, in a temporary folder that is removed with the engine; what a process left
 * that ended otherwise is removed by the next one.
 */
export class Unpacked {
  readonly #copies = new Map<string, Promise<string>>();
  #folder: Promise<string> | null = null;

  /**
   * The file to read an archive from: itself unless it is compressed.
   * Rejects with the reason of `signal`, and with a `CleanSplitError` when the file is damaged, unpacks to more than a set of
   * images does, or to more than the disk has room for.
   */
  async readable(file: string, signal: AbortSignal): Promise<string> {
    if (!(await isGzip(file))) return file;
    const { length, modified } = stampOf(file);
    const key = `${file}\0${length}\0${modified}`;
    const known = this.#copies.get(key) ?? this.#unpack(file, length, signal);
    this.#copies.set(key, known);
    try {
      return await known;
    } catch (error) {
      this.#copies.delete(key);
      throw error;
    }
  }

  /** Removes all copies. */
  async close(): Promise<void> {
    this.#copies.clear();
    if (this.#folder !== null) await rm(await this.#folder, { recursive: true, force: true });
    this.#folder = null;
  }

  async #unpack(file: string, length: number, signal: AbortSignal): Promise<string> {
    this.#folder ??= makeFolder();
    // In a folder of its own, so that messages call the copy what the file is called.
    const folder = await mkdtemp(path.join(await this.#folder, "copy-"));
    const copy = path.join(folder, path.basename(file));
    try {
      const out = createWriteStream(copy, { flags: "wx", mode: 0o600 });
      await pipeline(createReadStream(file), createGunzip(), new Bounded(file, length, folder), out, { signal });
      return copy;
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (signal.aborted) throw signal.reason;
      throw error instanceof CleanSplitError ? error : failure(file, error);
    }
  }
}

/** Passes bytes on until they are more than is allowed. */
class Bounded extends Transform {
  #bytes = 0;
  /** Bytes up to which there was room when the disk was asked last. */
  #asked = 0;

  constructor(
    private readonly file: string,
    private readonly length: number,
    private readonly folder: string,
  ) {
    super();
  }

  override _transform(
    chunk: Uint8Array,
    _encoding: string,
    done: (error: Error | null, chunk?: Uint8Array) => void,
  ): void {
    this.#bytes += chunk.length;
    this.#check().then(
      () => done(null, chunk),
      (error: unknown) => done(error as Error),
    );
  }

  async #check(): Promise<void> {
    if (this.#bytes > FREE_BYTES && this.#bytes > this.length * MOST_TIMES) {
      throw new CleanSplitError(
        "refused",
        l10n.t(
          "{0} is not read: its {1} bytes unpack to more than {2} times as many, which no set of images does. Unpack it and inspect the folder if it is yours.",
          this.file,
          integerText(this.length),
          MOST_TIMES,
        ),
      );
    }
    if (this.#bytes < this.#asked) return;
    this.#asked = this.#bytes + ASKED_BYTES;
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize > SPARE_BYTES + ASKED_BYTES) return;
    throw new CleanSplitError(
      "refused",
      l10n.t(
        "There is no room in {0} to unpack {1}. Make room there, set TMPDIR to a folder that has it, or unpack the file elsewhere and inspect the folder.",
        tmpdir(),
        this.file,
      ),
    );
  }
}

async function isGzip(file: string): Promise<boolean> {
  try {
    const handle = await open(file, "r");
    try {
      const { buffer, bytesRead } = await handle.read(new Uint8Array(2), 0, 2, 0);
      return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new CleanSplitError("not-found", l10n.t("{0} cannot be read: {1}.", file, messageOf(error)));
  }
}

function failure(file: string, error: unknown): CleanSplitError {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code === "Z_BUF_ERROR") {
    return new CleanSplitError(
      "corrupt",
      l10n.t("{0} ends early: its compressed data is cut off. Download it again.", file),
    );
  }
  if (code.startsWith("Z_")) {
    return new CleanSplitError(
      "corrupt",
      l10n.t("{0} is damaged: its compressed data is not valid. Download it again.", file),
    );
  }
  return new CleanSplitError(
    "refused",
    l10n.t("{0} cannot be unpacked in {1}: {2}.", file, tmpdir(), messageOf(error)),
  );
}

/** A folder of this process; those of processes that are no more are removed. */
async function makeFolder(): Promise<string> {
  for (const name of await readdir(tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !isRunning(Number(owner))) {
      await rm(path.join(tmpdir(), name), { recursive: true, force: true }).catch(() => undefined);
    }
  }
  return mkdtemp(path.join(tmpdir(), `${PREFIX}${process.pid}-`));
}
