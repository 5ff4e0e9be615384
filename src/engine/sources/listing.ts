import * as l10n from "@vscode/l10n";
import { lstatSync, opendirSync, realpathSync, statfsSync, statSync, type Dirent } from "node:fs";
import path from "node:path";
import { CleanSplitError, messageOf } from "../../core/errors";
import { counted } from "../../core/counts";
import { languageTag } from "../../core/language";
import { HOME_FOLDER } from "../home";
import { isImageFileName } from "../decode/formats";
import { isArrayFileName } from "./arrays/open";
import { isListName } from "./lists/listNames";
import { NameSorter, type PackedNames } from "./names";
import { packedKindOf } from "./packed/packedKind";
import { joinPath } from "./sources";

/** Something that is left out, by its path below the dataset. */
export interface Ignored {
  readonly path: string;
  readonly reason: string;
}

/** What one folder of a dataset holds: images in the order of the bytes of their names, others in that of code units. */
export interface ListedFolder {
  /** Path below the dataset with `/` between names; `""` for the dataset folder itself. */
  readonly path: string;
  readonly images: PackedNames;
  readonly arrays: readonly string[];
  /** Names of archives and other files that hold encoded images. */
  readonly packed: readonly string[];
  /** Names of files that may list images with their labels and splits. */
  readonly lists: readonly string[];
  /** How many files there are that may annotate one image each: `.txt` (YOLO), `.xml` (Pascal VOC), `.json` (LabelMe). */
  readonly annotations: number;
  /** Paths of the folders in it. */
  readonly folders: readonly string[];
  readonly ignored: readonly Ignored[];
  /** The language of the reasons in `ignored`: what was listed is kept, and may be read in another one. */
  readonly language: string;
}

/** What is the same as long as a folder holds the same names: times are in milliseconds since 1970. */
export interface FolderStamp {
  readonly inode: number;
  readonly modified: number;
  readonly changed: number;
}

/** A folder that was listed, with a stamp when that tells whether it must be listed again. */
export interface Listing {
  /** Null when it is as it was known. */
  readonly listed: ListedFolder | null;
  readonly stamp: FolderStamp | null;
}

/**
 * File systems, by their number in Linux (`statfs(2)`), that change the times of a folder whenever a name in it is added,
 * removed or given to another file, as POSIX asks for: ext, XFS, Btrfs, ZFS, tmpfs, overlayfs, F2FS. Others are not believed.
 */
const TRUSTED_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0x01021994, 0x794c7630, 0xf2f52010,
]);

/** A folder that changed so shortly before it was listed may change again within the same tick of the clock. */
const UNSAFE_MILLISECONDS = 2000;

/** Folders that never hold a dataset's images, and why. */
const SKIPPED_FOLDERS: ReadonlyMap<string, () => string> = new Map([
  ...["node_modules", "__pycache__", "__MACOSX"].map(
    (name) => [name, () => l10n.t("folder that never holds a dataset's images")] as const,
  ),
  [HOME_FOLDER, () => l10n.t("holds what people decided about this dataset")],
]);

/** Files of one folder that are left out for one reason become one entry when they are more than this. */
const MOST_ALIKE = 5;

/** Files of one kind in a folder of which each may be a list; more are annotations, one beside each image. */
const MOST_LISTS = 10;

/**
 * Lists one folder of a dataset unless it is as `known`, synchronously: run it in a worker. Links to files count when their
 * target lies in the dataset; links to folders are ignored, so there are no loops. Everything left out is listed.
 */
export function listFolder(root: string, folder: string, known: FolderStamp | null): Listing {
  const began = Date.now();
  // Before it is read: what changes meanwhile shows in the times next time.
  const stamp = stampOf(path.join(root, folder));
  if (stamp !== null && known !== null && isSame(stamp, known)) return { listed: null, stamp };
  const { isPlain, ...listed } = readNames(root, folder);
  const isSafe = stamp !== null && Math.max(stamp.modified, stamp.changed) < began - UNSAFE_MILLISECONDS;
  return { listed, stamp: isPlain && isSafe ? stamp : null };
}

function stampOf(folder: string): FolderStamp | null {
  if (process.platform !== "linux") return null;
  try {
    if (!TRUSTED_SYSTEMS.has(statfsSync(folder).type)) return null;
    const { ino, mtimeMs, ctimeMs } = statSync(folder);
    return { inode: ino, modified: mtimeMs, changed: ctimeMs };
  } catch {
    // Reading its names will say what is the matter.
    return null;
  }
}

function isSame(a: FolderStamp, b: FolderStamp): boolean {
  return a.inode === b.inode && a.modified === b.modified && a.changed === b.changed;
}

/** The images of the folder that is listed. */
const images = new NameSorter();

/** `isPlain` says that all of it follows from the names: there are no links, for one. */
function readNames(root: string, folder: string): ListedFolder & { readonly isPlain: boolean } {
  const others = new Others(root, folder);
  images.clear();
  for (const entry of readFolder(root, folder, others.ignored)) {
    // Nearly all entries are: what is asked of others takes several times as long.
    if (isPlainImage(entry)) images.add(entry.name);
    else others.add(entry);
  }
  return others.finish();
}

/** What a folder holds beside plain images. */
class Others {
  readonly ignored: Ignored[] = [];
  private readonly arrays: string[] = [];
  private readonly packed: string[] = [];
  private readonly lists: string[] = [];
  private readonly folders: string[] = [];
  private readonly leftOut: { readonly name: string; readonly reason: string }[] = [];
  private readonly links: Links;
  private annotations = 0;
  private isPlain = true;

  constructor(
    private readonly root: string,
    private readonly folder: string,
  ) {
    this.links = new Links(root);
  }

  /** Adds an entry; one that is an image after all goes to the images. */
  add(entry: Dirent): void {
    const { root, folder } = this;
    const { name } = entry;
    if (entry.isSymbolicLink() || name.includes("\ufffd")) this.isPlain = false;
    if (entry.isDirectory()) {
      const below = joinPath(folder, name);
      const reason = reasonToSkipFolder(name) ?? reasonOfName(root, folder, name);
      if (reason === null) this.folders.push(below);
      else this.ignored.push({ path: `${below}/`, reason });
      return;
    }
    const kind = kindOf(name);
    const reason = reasonToSkipFile(entry, kind, folder, this.links) ?? reasonOfName(root, folder, name);
    if (kind === "annotation") this.annotations += 1;
    if (reason !== null) this.leftOut.push({ name, reason });
    else if (kind === "image") images.add(name);
    else if (kind === "array") this.arrays.push(name);
    else if (kind === "packed") this.packed.push(name);
    else this.lists.push(name);
  }

  /** Everything in the folder, with its images. */
  finish(): ListedFolder & { readonly isPlain: boolean } {
    const { folder, ignored, leftOut } = this;
    const { some, many } = separateAnnotations(this.lists.sort());
    leftOut.push(...many.map((name) => ({ name, reason: l10n.t("too many in one folder to be lists of images") })));
    ignored.push(...summarise(folder, leftOut));
    return {
      // A folder that could not be read to its end is an entry itself.
      isPlain: this.isPlain && !ignored.some((entry) => entry.path === `${folder}/`),
      path: folder,
      images: images.finish(),
      arrays: this.arrays.sort(),
      packed: this.packed.sort(),
      lists: some,
      annotations: this.annotations + many.length,
      folders: this.folders,
      ignored,
      language: languageTag(),
    };
  }
}

/** Whether an entry is a file that an image may be called as, and nothing about it has to be looked into. */
function isPlainImage(entry: Dirent): boolean {
  const { name } = entry;
  return entry.isFile() && isImageFileName(name) && !name.startsWith(".") && !name.includes("\ufffd");
}

/** Order of names that does not depend on the language of the machine. */
export function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** What stays below `folder`, by its path from there: not `..`, nor a path of its own. */
export function isInside(relative: string): boolean {
  return relative !== ".." && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
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
    const reason = reasonOfFailure(error);
    // The dataset folder itself must be readable; a folder in it that is not is reported and left out.
    if (folder === "") {
      throw new CleanSplitError(
        "forbidden",
        l10n.t("{0} cannot be read: {1}. Make it readable and inspect it again.", root, reason),
      );
    }
    ignored.push({ path: `${folder}/`, reason: l10n.t("folder cannot be read: {0}", reason) });
  }
}

/** What went wrong with a file or folder, without repeating its path, which may have thousands of letters. */
function reasonOfFailure(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return FAILURES[code]?.() ?? messageOf(error);
}

const FAILURES: Readonly<Record<string, () => string>> = {
  EACCES: () => l10n.t("no permission"),
  EPERM: () => l10n.t("no permission"),
  ENOENT: () => l10n.t("it vanished while the dataset was listed"),
  ENOTDIR: () => l10n.t("it is no longer a folder"),
  ENAMETOOLONG: () => l10n.t("its path is longer than the system can open"),
  ELOOP: () => l10n.t("its links lead in a circle"),
};

type Kind = "image" | "array" | "packed" | "list" | "annotation" | "hidden" | "other";

function kindOf(name: string): Kind {
  if (name.startsWith(".")) return "hidden";
  if (isImageFileName(name)) return "image";
  if (isArrayFileName(name)) return "array";
  if (packedKindOf(name) !== undefined) return "packed";
  if (isListName(name)) return "list";
  return /\.(?:txt|xml)$/i.test(name) ? "annotation" : "other";
}

/** Why a folder of this name never holds images of a dataset; `null` when it may. */
export function reasonToSkipFolder(name: string): string | null {
  return SKIPPED_FOLDERS.get(name)?.() ?? (name.startsWith(".") ? l10n.t("hidden folder") : null);
}

/** Why a file of this name is left out whatever its kind; `null` when it is not. */
export function reasonToSkipName(name: string): string | null {
  if (!name.startsWith(".")) return null;
  return name.startsWith("._") ? l10n.t("macOS resource fork") : l10n.t("hidden file");
}

function reasonToSkipFile(entry: Dirent, kind: Kind, folder: string, links: Links): string | null {
  const hidden = reasonToSkipName(entry.name);
  if (hidden !== null) return hidden;
  // What a link leads to matters more than its name.
  const link = entry.isSymbolicLink() ? links.reasonToSkip(joinPath(folder, entry.name)) : null;
  if (link !== null) return link;
  if (kind === "annotation" || kind === "other") return l10n.t("not an image, archive or array file by its name");
  return entry.isFile() || entry.isSymbolicLink() ? null : l10n.t("neither a file nor a folder");
}

/**
 * Node gives names as text and puts U+FFFD where bytes are no UTF-8: no file can be opened by such a name. Files that
 * are really called so can.
 */
function reasonOfName(root: string, folder: string, name: string): string | null {
  if (!name.includes("\ufffd")) return null;
  if (lstatSync(path.join(root, folder, name), { throwIfNoEntry: false }) !== undefined) return null;
  return l10n.t("its name holds bytes that are no UTF-8, so it cannot be opened; rename it");
}

/** Where links of a dataset lead. */
class Links {
  private real: string | null = null;

  constructor(private readonly root: string) {}

  /** Why a link is left out; `null` for a link to a file of the dataset. */
  reasonToSkip(below: string): string | null {
    const file = path.join(this.root, below);
    try {
      this.real ??= realpathSync(this.root);
      const target = realpathSync(file);
      const inside = isInside(path.relative(this.real, target));
      if (statSync(target).isDirectory()) {
        return inside
          ? l10n.t("link to a folder of the dataset, whose images count where they are")
          : l10n.t("link to a folder outside the dataset; inspect that folder beside this one");
      }
      return inside ? null : l10n.t("link to a file outside the dataset");
    } catch (error) {
      const isCircle = error instanceof Error && "code" in error && error.code === "ELOOP";
      return isCircle ? l10n.t("link that leads in a circle") : l10n.t("broken link");
    }
  }
}

/** A few files may be lists of images; many of one kind are annotations, one beside each image. */
function separateAnnotations(names: readonly string[]): { readonly some: string[]; readonly many: string[] } {
  const kinds = new Map<string, number>();
  for (const name of names) kinds.set(path.extname(name), (kinds.get(path.extname(name)) ?? 0) + 1);
  const isOneOfMany = (name: string): boolean => (kinds.get(path.extname(name)) ?? 0) > MOST_LISTS;
  return { some: names.filter((name) => !isOneOfMany(name)), many: names.filter(isOneOfMany) };
}

/** One entry a file; of many alike, as label files beside images are, one entry for all. */
export function summarise(
  folder: string,
  leftOut: readonly { readonly name: string; readonly reason: string }[],
): Ignored[] {
  const alike = new Map<string, Ignored[]>();
  for (const { name, reason } of leftOut) {
    const key = `${path.extname(name)}\0${reason}`;
    const known = alike.get(key);
    const entry = { path: joinPath(folder, name), reason };
    if (known === undefined) alike.set(key, [entry]);
    else known.push(entry);
  }
  return [...alike].flatMap(([key, entries]) => {
    const [extension = "", reason = ""] = key.split("\0");
    if (entries.length <= MOST_ALIKE) return entries;
    const summary = l10n.t({
      message: "{0}: {1}",
      args: [counted(entries.length, "file"), reason],
      comment: ["{0} e.g. 12 files, {1} why they are left out."],
    });
    return [{ path: joinPath(folder, `*${extension}`), reason: summary }];
  });
}
