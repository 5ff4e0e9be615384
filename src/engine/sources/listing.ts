import { readdirSync, realpathSync, statSync, type Dirent } from "node:fs";
import path from "node:path";
import { messageOf } from "../../core/errors";
import { isImageFileName } from "../decode/formats";
import { isArrayFileName } from "./arrays/open";

/** A folder below a dataset and the files in it, names in code point order. */
export interface ListedFolder {
  /** Path below the dataset with `/` between names; `""` for the dataset folder itself. */
  readonly path: string;
  readonly images: readonly string[];
  readonly arrays: readonly string[];
}

/** Everything below a dataset folder. */
export interface Listing {
  /** Folders in code point order of their paths. */
  readonly folders: readonly ListedFolder[];
  readonly ignored: readonly { readonly path: string; readonly reason: string }[];
}

/** Folders that never hold a dataset's images. */
const SKIPPED_FOLDERS = new Set(["node_modules", "__pycache__", "__MACOSX"]);

/**
 * Lists images and array files below a folder, synchronously: run it in a worker. Links to files count when their
 * target lies below the folder; links to folders are ignored, so there are no loops. Everything left out is listed.
 */
export function listFolder(root: string): Listing {
  const folders: ListedFolder[] = [];
  const ignored: { path: string; reason: string }[] = [];
  const realRoot = realpathSync(root);
  const pending = [""];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    const images: string[] = [];
    const arrays: string[] = [];
    for (const entry of readFolder(root, folder, ignored)) {
      const below = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const reason = reasonToSkipFolder(entry.name);
        if (reason === null) pending.push(below);
        else ignored.push({ path: `${below}/`, reason });
        continue;
      }
      const reason = reasonToSkipFile(entry, path.join(root, below), realRoot);
      if (reason !== null) ignored.push({ path: below, reason });
      else if (isImageFileName(entry.name)) images.push(entry.name);
      else arrays.push(entry.name);
    }
    if (images.length > 0 || arrays.length > 0) {
      folders.push({ path: folder, images: images.sort(compareNames), arrays: arrays.sort(compareNames) });
    }
  }
  folders.sort((a, b) => compareNames(a.path, b.path));
  ignored.sort((a, b) => compareNames(a.path, b.path));
  return { folders, ignored };
}

/** Order of names that does not depend on the language of the machine. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function readFolder(root: string, folder: string, ignored: { path: string; reason: string }[]): Dirent[] {
  try {
    return readdirSync(path.join(root, folder), { withFileTypes: true });
  } catch (error) {
    // The dataset folder itself must be readable; a folder in it that is not is reported and left out.
    if (folder === "") throw error;
    ignored.push({ path: `${folder}/`, reason: `folder cannot be read: ${messageOf(error)}` });
    return [];
  }
}

function reasonToSkipFolder(name: string): string | null {
  if (name.startsWith(".")) return "hidden folder";
  return SKIPPED_FOLDERS.has(name) ? "folder that never holds a dataset's images" : null;
}

function reasonToSkipFile(entry: Dirent, file: string, realRoot: string): string | null {
  if (entry.name.startsWith("._")) return "macOS resource fork";
  if (entry.name.startsWith(".")) return "hidden file";
  if (!isImageFileName(entry.name) && !isArrayFileName(entry.name)) return "not an image or array file by its name";
  if (entry.isFile()) return null;
  if (!entry.isSymbolicLink()) return "neither a file nor a folder";
  try {
    const inside = path.relative(realRoot, realpathSync(file));
    if (inside.startsWith("..") || path.isAbsolute(inside)) return "link to a file outside the dataset";
    return statSync(file).isFile() ? null : "link to a folder";
  } catch {
    return "broken link";
  }
}
