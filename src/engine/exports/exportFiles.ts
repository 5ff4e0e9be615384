import { randomUUID } from "node:crypto";
import { lstat, open, readdir, realpath, rm, stat } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { inEnglish } from "../../core/language";
import { codeOf, renameFresh, writeError } from "../write/durable";
import { createFile, writeAll, writeEach } from "../write/newFile";

/** Bytes by which a file is recognised. */
const HEAD_BYTES = 4096;

/** Letters of text that are gathered before they are written. */
const GATHERED_LETTERS = 2 ** 18;

/** A file of an export. */
export interface ExportFile {
  /** Absolute path. */
  readonly file: string;
  /** Writes it as a new file and flushes it. */
  readonly write: (file: string, signal: AbortSignal) => Promise<void>;
  /**
   * For a file whose name nobody chose: whether what is there already, by its first bytes, was written by CleanSplit. Other
   * things are never overwritten.
   */
  readonly isOwn?: (head: Buffer) => boolean;
}

/**
 * Writes files, each whole or not at all, and none when one of them fails; answers their paths. What is there is kept until
 * all of them are written. Rejects with a `CleanSplitError`: "conflict" when there is a file already that must not be
 * overwritten, "not-found" when the folder is missing, and as `writeError` says.
 */
export async function replaceFiles(
  files: readonly ExportFile[],
  { overwrite, signal }: { readonly overwrite: boolean; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const places: string[] = [];
  for (const file of files) places.push(await placeOf(file, overwrite));
  for (const place of places) await removeStale(place);
  const written = places.map((place) => `${place}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    for (const [index, { write }] of files.entries()) await write(written[index] ?? "", signal);
    for (const file of files) await placeOf(file, overwrite);
    // What a file needs beside it is there before the file itself.
    for (let index = files.length - 1; index >= 0; index--) {
      await renameFresh(written[index] ?? "", places[index] ?? "").catch((error: unknown) => {
        throw writeError(places[index] ?? "", error);
      });
    }
  } finally {
    for (const file of written) await rm(file, { force: true });
  }
  return files.map(({ file }) => file);
}

/** Minutes since the last change after which nobody writes a temporary file any more. */
const STALE_MINUTES = 60;

/** Removes the temporary files that exports to this place left when they were killed. */
async function removeStale(place: string): Promise<void> {
  const folder = path.dirname(place);
  const start = `${path.basename(place)}.`;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(start) || !/^[\da-f]{8}\.tmp$/.test(name.slice(start.length))) continue;
    const file = path.join(folder, name);
    const there = await lstat(file).catch(() => null);
    const isStale = there?.isFile() === true && Date.now() - there.mtimeMs > STALE_MINUTES * 60_000;
    // One that cannot be removed is in nobody's way.
    if (isStale) await rm(file, { force: true }).catch(() => undefined);
  }
}

/** Where a file really goes, as links stay what they are; rejects when it must not be written. */
async function placeOf({ file, isOwn }: ExportFile, overwrite: boolean): Promise<string> {
  const place = await realpath(file).catch(() => file);
  const there = await stat(place).catch(() => null);
  if (there === null) {
    const folder = path.dirname(place);
    if ((await stat(folder).catch(() => null))?.isDirectory() === true) return place;
    throw new CleanSplitError(
      "not-found",
      l10n.t("{0} cannot be written: there is no folder {1}. Make it first.", file, folder),
    );
  }
  if (!there.isFile()) throw new CleanSplitError("conflict", l10n.t("{0} is no file. Choose another name.", file));
  if (!overwrite)
    throw new CleanSplitError("conflict", l10n.t("{0} exists already. Choose another name, or overwrite it.", file));
  if (isOwn !== undefined && !isOwn(await headOf(place))) {
    throw new CleanSplitError(
      "conflict",
      l10n.t(
        "{0} would be written too, and holds something that CleanSplit did not write. Choose another name, or move it away.",
        file,
      ),
    );
  }
  return place;
}

async function headOf(file: string): Promise<Buffer> {
  const handle = await open(file, "r").catch((error: unknown) => {
    throw codeOf(error) === "" ? error : writeError(file, error);
  });
  try {
    const bytes = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** What writes a text as a new file, in English; `text` is made when it is written. */
export function textWriter(text: () => string): ExportFile["write"] {
  return (file, signal) => createFile(file, signal, (handle) => writeAll(handle, Buffer.from(inEnglish(text))));
}

/** What writes a text of any length piece by piece; pieces are made as they are written, so that only few are held. */
export function piecesWriter(pieces: () => Iterable<string> | AsyncIterable<string>): ExportFile["write"] {
  return (file, signal) => createFile(file, signal, (handle) => writeEach(handle, gathered(pieces(), signal)));
}

async function* gathered(
  pieces: Iterable<string> | AsyncIterable<string>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let text = "";
  for await (const piece of pieces) {
    text += piece;
    if (text.length < GATHERED_LETTERS) continue;
    signal.throwIfAborted();
    yield Buffer.from(text);
    text = "";
  }
  yield Buffer.from(text);
}
