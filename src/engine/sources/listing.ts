import { opendirSync, realpathSync, statSync, type Dirent } from "node:fs";
import path from "node:path";
import { messageOf } from "../../core/errors";
import { isImageFileName } from "../decode/formats";
import { isArrayFileName } from "./arrays/open";
import { packNames, type PackedNames } from "./names";
import { joinPath } from "./sources";

/** Something that is left out, by its path below the dataset. */
export interface Ignored {
  readonly path: string;
  readonly reason: string;
}

/** What one folder of a dataset holds, names in code unit order. */
export interface ListedFolder {
  /** Path below the dataset with `/` between names; `""` for the dataset folder itself. */
  readonly path: string;
  readonly images: PackedNames;
  readonly arrays: readonly string[];
  /** Paths of the folders in it. */
  readonly folders: readonly string[];
  readonly ignored: readonly Ignored[];
}

/** Folders that never hold a dataset's images. */
const SKIPPED_FOLDERS = new Set(["node_modules", "__pycache__", "__MACOSX"]);

/**
 * Lists one folder of a dataset, synchronously: run it in a worker. Links to files count when their target lies in the
 * dataset; links to folders are ignored, so there are no loops. Everything left out is listed.
 */
export function listFolder(root: string, folder: string): ListedFolder {
  const images: string[] = [];
  const arrays: string[] = [];
  const folders: string[] = [];
  const ignored: Ignored[] = [];
  for (const entry of readFolder(root, folder, ignored)) {
    const { name } = entry;
    const below = joinPath(folder, name);
    if (entry.isDirectory()) {
      const reason = reasonToSkipFolder(name);
      if (reason === null) folders.push(below);
      else ignored.push({ path: `${below}/`, reason });
      continue;
    }
    const isImage = isImageFileName(name);
    const reason = reasonToSkipFile(entry, isImage, root, below);
    if (reason !== null) ignored.push({ path: below, reason });
    else if (isImage) images.push(name);
    else arrays.push(name);
  }
  return { path: folder, images: packNames(images.sort()), arrays: arrays.sort(), folders, ignored };
}

/** Order of names that does not depend on the language of the machine. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Entries that are asked of the system at once. */
const ENTRIES_AT_ONCE = 512;

/** The entries of a folder, never all at once: those of a folder of 50,000 images take 20 MB. */
function* readFolder(root: string, folder: string, ignored: Ignored[]): Generator<Dirent> {
  try {
    const opened = opendirSync(path.join(root, folder), { bufferSize: ENTRIES_AT_ONCE });
    try {
      for (let entry = opened.readSync(); entry !== null; entry = opened.readSync()) yield entry;
    } finally {
      opened.closeSync();
    }
  } catch (error) {
    // The dataset folder itself must be readable; a folder in it that is not is reported and left out.
    if (folder === "") throw error;
    ignored.push({ path: `${folder}/`, reason: `folder cannot be read: ${messageOf(error)}` });
  }
}

function reasonToSkipFolder(name: string): string | null {
  if (name.startsWith(".")) return "hidden folder";
  return SKIPPED_FOLDERS.has(name) ? "folder that never holds a dataset's images" : null;
}

function reasonToSkipFile(entry: Dirent, isImage: boolean, root: string, below: string): string | null {
  const { name } = entry;
  if (name.startsWith(".")) return name.startsWith("._") ? "macOS resource fork" : "hidden file";
  if (!isImage && !isArrayFileName(name)) return "not an image or array file by its name";
  if (entry.isFile()) return null;
  return entry.isSymbolicLink() ? reasonToSkipLink(root, below) : "neither a file nor a folder";
}

function reasonToSkipLink(root: string, below: string): string | null {
  try {
    const file = path.join(root, below);
    const inside = path.relative(realpathSync(root), realpathSync(file));
    if (inside.startsWith("..") || path.isAbsolute(inside)) return "link to a file outside the dataset";
    return statSync(file).isFile() ? null : "link to a folder";
  } catch {
    return "broken link";
  }
}
