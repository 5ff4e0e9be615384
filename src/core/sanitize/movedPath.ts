import type { Split } from "../dataset/dataset";
import { roleWithin } from "../dataset/splits";

/** Image files of a dataset, with the splits that they are in and come into. Image i is any of 0..`count - 1`. */
export interface PlacedImages {
  readonly count: number;
  readonly splits: readonly Split[];
  /** Where an image is now below the target folder, with `/` between names; with several inputs the input's name first. */
  path(image: number): string;
  /** Index into `splits`: where an image is. */
  from(image: number): number;
  /** Index into `splits`: where it comes to; `null` when it leaves. */
  to(image: number): number | null;
}

/**
 * New paths of the images that move to another split, by image; all others keep theirs. Where a level of folders names the
 * splits (`train/A/x.png`, `images/train/x.png`), the folder of the one split is exchanged for that of the other one. Else,
 * and where an image lies above that level, a folder of the new split is put in: `train/x.png`. A path that is taken gets a
 * number: `x-2.png`; paths that differ in case only are taken for one, as some file systems do. New paths lie below the
 * target whatever splits are called. Linear in the images.
 *
 * Where a list says the splits of images, nothing has to move; it is for the caller to know.
 */
export function movedPaths(images: PlacedImages): Map<number, string> {
  const moving: number[] = [];
  for (let image = 0; image < images.count; image++) if (isMoving(images, image)) moving.push(image);
  if (moving.length === 0) return new Map();
  const folders = splitFolders(images);
  const taken = new TakenPaths();
  for (let image = 0; image < images.count; image++) {
    if (images.to(image) === images.from(image)) taken.add(images.path(image).split("/"));
  }
  return new Map(
    moving.map((image) => {
      const parts = images.path(image).split("/");
      return [image, taken.place(exchanged(parts, folders, images.from(image), images.to(image) ?? 0))];
    }),
  );
}

/** The level of folders that are splits, counted from 0, and what they are called. */
interface SplitFolders {
  readonly level: number;
  /** Folders of each split at this level; the first one is that which images come into. */
  readonly names: readonly (readonly string[])[];
}

function isMoving(images: PlacedImages, image: number): boolean {
  const to = images.to(image);
  return to !== null && to !== images.from(image);
}

/** The level whose folders are named as the most splits; else the first one where no two splits share a folder. */
function splitFolders(images: PlacedImages): SplitFolders {
  const levels = foldersByLevel(images);
  const own = levels.map((folders) => {
    const names: string[][] = images.splits.map(() => []);
    for (const [folder, splits] of folders) {
      const [only, ...others] = splits;
      if (only !== undefined && others.length === 0) names[only]?.push(folder);
    }
    return names;
  });
  const named = own.map((names) =>
    names.map((folders, split) => folders.filter((folder) => isNameOf(folder, images.splits[split]))),
  );
  const count = (names: readonly (readonly string[])[]): number => names.filter((folders) => folders.length > 0).length;
  const best = named.reduce((most, names, level) => (count(names) > count(named[most] ?? []) ? level : most), 0);
  const parting = levels.findIndex(
    (folders, level) => count(own[level] ?? []) > 1 && [...folders.values()].every(({ size }) => size === 1),
  );
  const level = count(named[best] ?? []) > 0 ? best : parting;
  const names = images.splits.map(({ name }, split) => {
    const first = named[level]?.[split] ?? [];
    const others = (own[level]?.[split] ?? []).filter((folder) => !first.includes(folder));
    return [...first, ...others, ...(first.length + others.length === 0 ? [folderName(name)] : [])];
  });
  return { level: Math.max(0, level), names };
}

/** The splits in which the folders of each level occur. */
function foldersByLevel(images: PlacedImages): Map<string, Set<number>>[] {
  const levels: Map<string, Set<number>>[] = [];
  for (let image = 0; image < images.count; image++) {
    const split = images.from(image);
    images
      .path(image)
      .split("/")
      .slice(0, -1)
      .forEach((folder, level) => {
        const folders = (levels[level] ??= new Map());
        const splits = folders.get(folder);
        if (splits === undefined) folders.set(folder, new Set([split]));
        else splits.add(split);
      });
  }
  return levels;
}

function isNameOf(folder: string, split: Split | undefined): boolean {
  if (split === undefined) return false;
  const isRole = split.role !== "other" && roleWithin(folder)?.role === split.role;
  return isRole || folder.toLowerCase() === split.name.toLowerCase();
}

function exchanged(parts: readonly string[], { level, names }: SplitFolders, from: number, to: number): string[] {
  const folder = names[to]?.[0] ?? "";
  const current = parts.length - 1 > level ? parts[level] : undefined;
  const at = Math.min(level, parts.length - 1);
  const goes = current !== undefined && names[from]?.includes(current) === true ? 1 : 0;
  return [...parts.slice(0, at), folder, ...parts.slice(at + goes)];
}

/** The name of a split as that of one folder on any file system; people can call splits `../x`. */
function folderName(split: string): string {
  const plain = split.replaceAll(/[\u0000-\u001f\u007f<>:"/\\|?*]/g, "-").replace(/[. ]+$/, "-");
  return plain === "" || /^\.+-?$/.test(plain) ? "split" : plain;
}

/** Paths that images have or will have. */
class TakenPaths {
  private readonly files = new Set<string>();
  private readonly folders = new Set<string>();
  /** The number that was tried last for a path that is taken, so that a thousand images of one name are placed quickly. */
  private readonly numbers = new Map<string, number>();

  add(parts: readonly string[]): void {
    let at = "";
    parts.forEach((part, index) => {
      at = index === 0 ? keyOf(part) : `${at}/${keyOf(part)}`;
      (index === parts.length - 1 ? this.files : this.folders).add(at);
    });
  }

  /** Takes a path, or with a number behind its name one that is free. */
  place(parts: readonly string[]): string {
    const placed: string[] = [];
    parts.forEach((part, index) => placed.push(this.free(placed.join("/"), part, index === parts.length - 1)));
    this.add(placed);
    return placed.join("/");
  }

  private free(folder: string, name: string, isFile: boolean): string {
    const below = (candidate: string): string => keyOf(folder === "" ? candidate : `${folder}/${candidate}`);
    // A folder may be there already, a file of its name may not.
    const isTaken = (key: string): boolean => this.files.has(key) || (isFile && this.folders.has(key));
    const key = below(name);
    if (!isTaken(key)) return name;
    let number = this.numbers.get(key) ?? 2;
    while (isTaken(below(numbered(name, number, isFile)))) number += 1;
    if (isFile) this.numbers.set(key, number + 1);
    return numbered(name, number, isFile);
  }
}

/** The same for paths that a file system may take for one. */
function keyOf(path: string): string {
  return path.normalize("NFC").toLowerCase();
}

/** `x.png` as `x-2.png`. */
function numbered(name: string, number: number, isFile: boolean): string {
  const dot = isFile ? name.lastIndexOf(".") : -1;
  return dot <= 0 ? `${name}-${number}` : `${name.slice(0, dot)}-${number}${name.slice(dot)}`;
}
