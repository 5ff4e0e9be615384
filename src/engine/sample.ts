import { lstat, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";
import * as l10n from "@vscode/l10n";
import { extract } from "tar-stream";
import { CleanSplitError, messageOf } from "../core/errors";

/** The folder at the top of the archive. */
const TOP = "letters";

// Far above what the sample holds: they only stop a forged archive from filling memory and disk.
const MAX_FILES = 20_000;
const MAX_BYTES = 128 * 1024 * 1024;

// Virus scanners on Windows keep new files open for a moment, which makes a rename fail.
const RENAME_ATTEMPTS = 5;
const RENAME_PAUSE_MS = 200;

interface SampleFile {
  /** The names of the folders and the file, the first being the top folder. */
  parts: string[];
  bytes: Buffer;
}

const decompress = promisify(brotliDecompress);

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

/** The parts of an entry's name, after making sure that they stay inside the top folder on every system. */
function safeParts(name: string): string[] {
  const parts = name.split("/");
  // Backslashes and colons are ordinary characters here, but separators and drives on Windows.
  const safe = parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[\\:\0]/.test(part));
  if (!safe || parts.length < 2 || parts[0] !== TOP) {
    throw new CleanSplitError(
      "refused",
      l10n.t("The sample archive holds a file outside its folder: {0}.", JSON.stringify(name)),
    );
  }
  return parts;
}

/** All files of the archive. It is small, and held in memory so that nothing is written before all is checked. */
async function readArchive(archive: string, signal: AbortSignal | undefined): Promise<SampleFile[]> {
  const files: SampleFile[] = [];
  const seen = new Set<string>();
  try {
    const packed = await readFile(archive, { signal });
    const untar = extract();
    untar.end(await decompress(packed, { maxOutputLength: MAX_BYTES }));
    for await (const entry of untar) {
      signal?.throwIfAborted();
      const { name, type } = entry.header;
      if (type !== "file") {
        throw new CleanSplitError(
          "refused",
          l10n.t("The sample archive holds more than plain files: {0}.", JSON.stringify(name)),
        );
      }
      const parts = safeParts(name);
      // Two names that differ only in case would be one file on Windows and macOS.
      seen.add(name.toLowerCase());
      files.push({ parts, bytes: await buffer(entry) });
      if (seen.size < files.length || files.length > MAX_FILES) {
        throw new CleanSplitError(
          "refused",
          l10n.t("The sample archive holds {0} twice, or too many files.", JSON.stringify(name)),
        );
      }
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof CleanSplitError) throw error;
    const reason = codeOf(error) === "ENOENT" ? "not-found" : "corrupt";
    throw new CleanSplitError(reason, l10n.t("The sample archive {0} cannot be read: {1}.", archive, messageOf(error)));
  }
  if (files.length === 0) {
    throw new CleanSplitError("corrupt", l10n.t("The sample archive {0} is empty.", archive));
  }
  return files;
}

/** Whether the folder is there; false when nothing is, and an error when it is a link, a file or incomplete. */
async function isComplete(folder: string, files: SampleFile[], signal: AbortSignal | undefined): Promise<boolean> {
  const found = await lstat(folder).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return false;
  if (!found.isDirectory()) {
    throw new CleanSplitError(
      "conflict",
      l10n.t("{0} is a link or a file, not a folder; choose another place.", folder),
    );
  }
  let missing = 0;
  for (const { parts, bytes } of files) {
    signal?.throwIfAborted();
    const stats = await lstat(join(dirname(folder), ...parts)).catch(() => undefined);
    if (stats === undefined || !stats.isFile() || stats.size !== bytes.length) missing++;
  }
  if (missing > 0) {
    throw new CleanSplitError(
      "conflict",
      l10n.t(
        "{0} is there already, but {1} of the sample's {2} files are missing or changed in it; rename or delete it, or choose another place.",
        folder,
        missing,
        files.length,
      ),
    );
  }
  return true;
}

async function writeFiles(folder: string, files: SampleFile[], signal: AbortSignal | undefined): Promise<void> {
  const made = new Set<string>();
  for (const { parts, bytes } of files) {
    signal?.throwIfAborted();
    const path = join(folder, ...parts);
    const parent = dirname(path);
    if (!made.has(parent)) {
      await mkdir(parent, { recursive: true });
      made.add(parent);
    }
    // "wx" creates the file and never follows a link that someone put there.
    await writeFile(path, bytes, { flag: "wx" });
  }
}

async function renamePatiently(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const busy = ["EPERM", "EACCES", "EBUSY"].some((code) => code === codeOf(error));
      if (!busy || attempt === RENAME_ATTEMPTS) throw error;
      await sleep(RENAME_PAUSE_MS);
    }
  }
}

/**
 * Unpacks the sample dataset's archive into `into/letters` and returns that folder and how many files it holds.
 * The folder appears only when it is complete; one that is there and complete already is left as it is.
 */
export async function unpackSample(
  archive: string,
  into: string,
  signal?: AbortSignal,
): Promise<{ folder: string; files: number }> {
  signal?.throwIfAborted();
  const files = await readArchive(archive, signal);
  await mkdir(into, { recursive: true });
  const folder = join(await realpath(into), TOP);
  const result = { folder, files: files.length };
  if (await isComplete(folder, files, signal)) return result;

  const temporary = await mkdtemp(join(dirname(folder), `.${TOP}-`));
  try {
    await writeFiles(temporary, files, signal);
    await renamePatiently(join(temporary, TOP), folder);
  } catch (error) {
    // Another window may have unpacked it in the meantime.
    const taken = ["ENOTEMPTY", "EEXIST", "EPERM"].some((code) => code === codeOf(error));
    if (!taken || !(await isComplete(folder, files, signal))) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  }
  return result;
}
