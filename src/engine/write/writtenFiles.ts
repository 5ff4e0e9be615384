import { opendir, rmdir } from "node:fs/promises";
import path from "node:path";
import type { CertifiedFile } from "../../core/sanitize/certificate";
import { forEachLimited } from "../limited";
import type { Pool } from "../pool/pool";
import { joinPath } from "../sources/sources";
import { flushFolder } from "./durable";

/** Files one job reads at most; it ends by itself after a while, whatever is left. */
const FILES = 256;

/** What lies in a folder, as paths below it with `/` between names. */
export interface Tree {
  /** Everything that is no folder; links are not followed. */
  readonly files: readonly string[];
  /** Each behind the folder that holds it; the folder itself is "". */
  readonly folders: readonly string[];
}

/** Walks through a folder. Links to folders count as files, so that nothing outside is ever reached. */
export async function walk(root: string, signal?: AbortSignal): Promise<Tree> {
  const files: string[] = [];
  const folders = [""];
  for (const folder of folders) {
    signal?.throwIfAborted();
    for await (const entry of await opendir(path.join(root, folder), { bufferSize: 512 })) {
      (entry.isDirectory() ? folders : files).push(joinPath(folder, entry.name));
    }
  }
  return { files, folders };
}

/** Size and SHA-256 of files below a folder, in order; `null` for those that cannot be read. `advance` hears how many were read. */
export async function digestFiles(
  root: string,
  paths: readonly string[],
  pool: Pool,
  signal: AbortSignal,
  advance: (files: readonly (CertifiedFile | null)[]) => void = () => undefined,
): Promise<(CertifiedFile | null)[]> {
  const found: (CertifiedFile | null)[] = paths.map(() => null);
  const starts = Array.from({ length: Math.ceil(paths.length / FILES) }, (_, index) => index * FILES);
  await forEachLimited(starts, pool.size * 2, async (start) => {
    const end = Math.min(paths.length, start + FILES);
    for (let at = start; at < end;) {
      const { files } = await pool.run("digest", { root, paths: paths.slice(at, end) }, signal);
      files.forEach((file, index) => (found[at + index] = file));
      advance(files);
      at += files.length;
    }
  });
  return found;
}

/** Whether a file has the content, and leads where, it was written to. */
export function isAsWritten(found: CertifiedFile | null, written: CertifiedFile): boolean {
  return (
    found !== null && found.size === written.size && found.sha256 === written.sha256 && found.link === written.link
  );
}

/** Brings the names in a folder and all below it to the disk. */
export async function flushTree(root: string): Promise<void> {
  const { folders } = await walk(root);
  for (const folder of [...folders].reverse()) await flushFolder(path.join(root, folder));
}

/**
 * Removes the folders in which given files were, as far as they are empty, and the root. Only folders that a walk finds are
 * touched, whatever paths are given.
 */
export async function removeEmptyFolders(root: string, files: Iterable<string>): Promise<void> {
  const asked = new Set([""]);
  for (const file of files) {
    for (let end = file.lastIndexOf("/"); end > 0; end = file.lastIndexOf("/", end - 1)) {
      const folder = file.slice(0, end);
      if (asked.has(folder)) break;
      asked.add(folder);
    }
  }
  const { folders } = await walk(root);
  // The ones within go first.
  for (const folder of folders.filter((found) => asked.has(found)).reverse()) {
    await rmdir(path.join(root, folder)).catch(() => undefined);
  }
}
