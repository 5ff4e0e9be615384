import * as l10n from "@vscode/l10n";
import type { Role } from "./dataset";
import { roleOfName, roleWithin } from "./splits";

/** A folder that holds images itself: its path below the dataset with `/` between names, `""` for the dataset folder. */
export interface ImageFolder {
  readonly path: string;
  readonly images: number;
  /** Folder of the files that annotate its images one by one; absent when there are none. */
  readonly annotations?: string;
}

/** Folders that only hold the images of the folder around or below them, in lower case. */
const CONTAINERS: ReadonlySet<string> = new Set([
  ...["images", "image", "imgs", "img", "jpegimages", "pictures", "photos"],
]);

/** Whether a folder of this name only holds the images of the folder around or below it. */
export function isContainerName(name: string): boolean {
  return CONTAINERS.has(name.toLowerCase());
}

/** What one image folder is taken for. */
export interface FolderMeaning {
  /** Path of the split's folder below the dataset; what is corrected when the person disagrees. */
  readonly unit: string;
  readonly split: string;
  readonly role: Role;
  /** Class of its images; `null` when its path names none. */
  readonly label: string | null;
  readonly reason: string;
}

/**
 * Recognises splits and classes of an image dataset from its folders alone:
 * 1. a level of folders named as splits (`train`, `val`, `test` ...) gives the splits, the rest of the path the class;
 * 2. else folders side by side that hold the same class folders (`notMNIST_large`, `notMNIST_small`) are the splits;
 * 3. else the dataset is one split named `name`, and the path is the class.
 * A folder such as `images` is no class where every class would have it in its path. Answers one meaning per folder, in
 * the same order.
 */
export function recogniseFolders(folders: readonly ImageFolder[], name: string): FolderMeaning[] {
  const meanings = meaningsOf(folders, name);
  const labels = meanings.map(({ label }) => label?.split("/") ?? []);
  const contained = labels.every((label) => label.length === 0 || label.some(isContainerName));
  return meanings.map((meaning, index) => {
    const own = labels[index] ?? [];
    const label = (contained ? own.filter((folder) => !isContainerName(folder)) : own).join("/") || null;
    const annotations = folders[index]?.annotations;
    if (annotations === undefined || label !== null) return { ...meaning, label };
    const annotated =
      annotations === ""
        ? l10n.t("Files beside its images annotate them one by one, which gives no class to a whole image.")
        : l10n.t('Files in "{0}" annotate them one by one, which gives no class to a whole image.', annotations);
    return { ...meaning, label, reason: `${meaning.reason} ${annotated}` };
  });
}

function meaningsOf(folders: readonly ImageFolder[], name: string): FolderMeaning[] {
  const paths = folders.map((folder) => (folder.path === "" ? [] : folder.path.split("/")));
  const level = splitLevel(paths);
  if (level !== null) {
    // Folders above the splits name classes (cat/train) only when they differ (not in images/train).
    const above = new Set(paths.map((path) => path.slice(0, level).join("/"))).size > 1;
    return paths.map((path) => withSplitLevel(path, level, above, name));
  }
  const siblings = siblingSplits(paths);
  if (siblings !== null) return paths.map((path) => withSibling(path, siblings, name));
  const role = roleOfName(name) ?? "other";
  const classes = paths.some((path) => path.length > 0);
  const reason = classes
    ? l10n.t("No folder is named as a split: folders are classes of one split.")
    : l10n.t("All images lie in one folder: one split without classes.");
  return paths.map((path) => ({ unit: "", split: name, role, label: path.join("/") || null, reason }));
}

/** The first level at which folders are named as splits. */
function splitLevel(paths: readonly (readonly string[])[]): number | null {
  const depth = Math.max(0, ...paths.map((path) => path.length));
  for (let level = 0; level < depth; level++) {
    const below = new Map<string, boolean>();
    for (const path of paths) {
      const folder = path[level];
      if (folder !== undefined) below.set(folder, (below.get(folder) ?? false) || path.length > level + 1);
    }
    if (isSplitLevel(below)) return level;
  }
  return null;
}

/**
 * Whether folders of one level are splits. Two different roles by whole name are proof. One role alone may be a class
 * (`train` beside `car` and `bus`), so it counts only when the folder holds folders itself or has no other beside it.
 * Names that merely contain a role (`data_train`) count when all of them do and more than one role occurs.
 */
function isSplitLevel(folders: ReadonlyMap<string, boolean>): boolean {
  const names = [...folders.keys()];
  const whole = names.filter((name) => roleOfName(name) !== null);
  if (new Set(whole.map(roleOfName)).size >= 2) return true;
  if (whole.length > 0) return whole.length === names.length || whole.every((name) => folders.get(name) === true);
  const within = names.map((name) => roleWithin(name)?.role);
  return !within.includes(undefined) && new Set(within).size >= 2;
}

function withSplitLevel(path: readonly string[], level: number, above: boolean, name: string): FolderMeaning {
  const folder = path[level];
  if (folder === undefined) {
    const reason = l10n.t("Its images lie above the folders of the splits.");
    return { unit: path.join("/"), split: path.join("/") || name, role: "other", label: null, reason };
  }
  const below = path.slice(level + 1);
  const label = below.length > 0 ? below : above ? path.slice(0, level) : [];
  const role = roleWithin(folder)?.role ?? "other";
  const unit = path.slice(0, level + 1).join("/");
  return { unit, split: folder, role, label: label.join("/") || null, reason: splitText(folder, role) };
}

function splitText(folder: string, role: Role): string {
  switch (role) {
    case "train":
      return l10n.t('Folder "{0}" is named as a train split.', folder);
    case "validation":
      return l10n.t('Folder "{0}" is named as a validation split.', folder);
    case "test":
      return l10n.t('Folder "{0}" is named as a test split.', folder);
    case "other":
      return l10n.t('Folder "{0}" lies beside folders of splits, but its name says no role.', folder);
  }
}

interface Siblings {
  readonly roles: ReadonlyMap<string, Role>;
}

/** Top folders that hold mostly the same class folders: at least half of the classes of the one with fewest. */
function siblingSplits(paths: readonly (readonly string[])[]): Siblings | null {
  const classes = new Map<string, Set<string>>();
  for (const [top, ...rest] of paths) {
    if (top === undefined || rest.length === 0) return null;
    const known = classes.get(top) ?? new Set();
    classes.set(top, known.add(rest.join("/")));
  }
  const [first, ...others] = [...classes.values()].sort((a, b) => a.size - b.size);
  if (first === undefined || others.length === 0 || first.size < 2) return null;
  const alike = others.every((other) => [...first].filter((label) => other.has(label)).length * 2 >= first.size);
  if (!alike) return null;
  const words = [...classes.keys()].map((name) => ({ name, word: sizeWord(name) }));
  const both = words.some(({ word }) => word === "large") && words.some(({ word }) => word === "small");
  const roleOf = (word: string | null): Role =>
    !both ? "other" : word === "large" ? "train" : word === "small" ? "test" : "other";
  return { roles: new Map(words.map(({ name, word }) => [name, roleOf(word)])) };
}

function sizeWord(name: string): "large" | "small" | null {
  const match = /(?:^|[^a-z])(large|small)$/i.exec(name);
  return match === null ? null : match[1]?.toLowerCase() === "large" ? "large" : "small";
}

function withSibling(path: readonly string[], siblings: Siblings, name: string): FolderMeaning {
  const [top = name, ...rest] = path;
  const role = siblings.roles.get(top) ?? "other";
  const reason =
    role === "other"
      ? l10n.t('Folder "{0}" holds the same classes as the folders beside it.', top)
      : l10n.t(
          'Folder "{0}" holds the same classes as the one beside it; the course trains on large and tests on small.',
          top,
        );
  return { unit: top, split: top, role, label: rest.join("/") || null, reason };
}
