import type { Role } from "./dataset";
import { isContainerName, recogniseFolders, type FolderMeaning, type ImageFolder } from "./folders";
import { roleWithin, wordsOf } from "./splits";

/** What a walk saw of one folder. It may have stopped early: that there are images is enough to know. */
export interface SeenFolder {
  /** Path below where the walk began, with `/` between names; `""` for its beginning. */
  readonly path: string;
  /** Names of image files, of files that may be arrays or archives, and of all others that were seen. */
  readonly images: number;
  readonly dataFiles: readonly string[];
  readonly others: number;
}

/** What looks like a dataset by names alone. */
export interface Candidate {
  /** Its folder, and what is to be inspected: paths below where the walk began, `""` for its beginning. */
  readonly folder: string;
  readonly inputs: readonly string[];
  readonly layout: "splits" | "classes" | "files";
  /** Names of its splits, its classes or its files, in order. */
  readonly parts: readonly string[];
}

/** Folders of classes without splits are pictures of a website as often; those that are a dataset hold many and only images. */
const CLASS_IMAGES = 8;

/** Files that may hold many images, by their ends. */
const DATA_FILE =
  /(?:\.(?:pickle|pkl|npy|npz|h5|hdf5|mat|zip|tar|tar\.gz|tgz|parquet|tfrecords?(?:-\d+-of-\d+)?)|[-.]idx\d-ubyte(?:\.gz)?|^(?:data_batch_\d+|test_batch)(?:\.bin)?)$/i;

/** Words that files of datasets are called by where they name no split. */
const DATASET_WORD =
  /^(?:(?:not|e|k|q|fashion|kuzushiji)?mnist|cifar\d*|svhn|stl10|usps|omniglot|celeba|imagenet|caltech\d*|dataset|images|photos|letters|digits)$/i;

/** Whether a file may hold a dataset by its name: an array, an archive or a table of images. */
export function isDataFileName(name: string): boolean {
  return DATA_FILE.test(name);
}

/**
 * Finds what looks like a dataset among folders that a walk saw: folders named as splits (`train/`, `test/`, also below
 * `images/`), folders side by side with the same classes, folders of classes that hold only images, and files named as splits
 * or as known datasets. The outermost one counts; its folder lies at most `depth` below where the walk began.
 */
export function findCandidates(folders: readonly SeenFolder[], depth: number): Candidate[] {
  const byPath = new Map(folders.map((folder) => [folder.path, folder]));
  const children = new Map<string, string[]>();
  for (const { path } of folders) {
    if (path === "") continue;
    const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
    children.set(parent, [...(children.get(parent) ?? []), path]);
  }
  const below = (path: string): SeenFolder[] => {
    const folder = byPath.get(path);
    const inner = (children.get(path) ?? []).flatMap(below);
    return folder === undefined ? inner : [folder, ...inner];
  };
  const visit = (path: string, level: number): Candidate[] => {
    const inside = children.get(path) ?? [];
    const found = folderCandidate(path, below(path), inside);
    if (found !== null) return [found];
    const files = filesCandidate(byPath.get(path), inside.length > 0 && path === "");
    const inner = level < depth ? [...inside].sort().flatMap((child) => visit(child, level + 1)) : [];
    return [...files, ...inner];
  };
  return visit("", 0);
}

function folderCandidate(path: string, below: readonly SeenFolder[], children: readonly string[]): Candidate | null {
  const offset = path === "" ? 0 : path.length + 1;
  const holding = below.filter(({ images }) => images > 0);
  const isPlain = holding.every((folder) => folder.images >= CLASS_IMAGES && folder.others === 0);
  const mayBeSplits = holding.some((folder) => folder.path.slice(offset).split("/", 2).some(hasRole));
  // Most folders are neither, and most of them hold many.
  if (!isPlain && !mayBeSplits) return null;
  const images = holding.map((folder): ImageFolder => ({ path: folder.path.slice(offset), images: folder.images }));
  const units = new Map(recogniseFolders(images, path.slice(path.lastIndexOf("/") + 1)).map((one) => [one.unit, one]));
  const base = { folder: path, inputs: [path] };
  if (units.size >= 2) {
    const splits = [...units.values()];
    const roles = new Set(splits.map(({ role }) => role).filter((role) => role !== "other"));
    const areNamed = roles.size >= 2 && splits.every(({ unit }) => isSplitPath(unit));
    const areSiblings = isPlain && splits.every(({ unit }) => /^[^/]+$/.test(unit) && !hasRole(unit));
    if (!areNamed && !areSiblings) return null;
    return { ...base, layout: "splits", parts: splits.sort(byRole).map(({ split }) => split) };
  }
  const areClasses = isPlain && holding.length >= 2 && holding.length === children.length;
  if (!areClasses || images.some((folder) => folder.path === "" || folder.path.includes("/"))) return null;
  return { ...base, layout: "classes", parts: images.map((folder) => folder.path).sort() };
}

const ROLES: readonly Role[] = ["train", "validation", "test", "other"];

/** The order in which splits are shown. */
function byRole(a: FolderMeaning, b: FolderMeaning): number {
  return ROLES.indexOf(a.role) - ROLES.indexOf(b.role) || (a.split < b.split ? -1 : 1);
}

function hasRole(name: string): boolean {
  return roleWithin(name) !== null;
}

/** `train`, or `images/train`. */
function isSplitPath(unit: string): boolean {
  const [first = "", second, third] = unit.split("/");
  return unit !== "" && (second === undefined || (isContainerName(first) && third === undefined));
}

/**
 * Files of two splits or more are one dataset: their folder, but where that is the workspace with other things in it. A file
 * that is called like a dataset is one by itself.
 */
function filesCandidate(folder: SeenFolder | undefined, isShared: boolean): Candidate[] {
  if (folder === undefined) return [];
  const files = folder.dataFiles.filter((name) => !isLabelFile(name)).sort();
  const inFolder = (name: string): string => (folder.path === "" ? name : `${folder.path}/${name}`);
  const ofSplits = files.filter((name) => roleOfFile(name) !== null);
  if (new Set(ofSplits.map(roleOfFile)).size >= 2) {
    const inputs = isShared ? ofSplits.map(inFolder) : [folder.path];
    return [{ folder: folder.path, inputs, layout: "files", parts: ofSplits }];
  }
  return files
    .filter((name) => wordsOf(stem(name)).some((word) => DATASET_WORD.test(word)) || DATASET_WORD.test(stem(name)))
    .map((name) => ({ folder: folder.path, inputs: [inFolder(name)], layout: "files", parts: [name] }));
}

function roleOfFile(name: string): string | null {
  if (/^data_batch_\d/i.test(name)) return "train";
  return roleWithin(stem(name))?.role ?? null;
}

/** Arrays of labels come with their images. */
function isLabelFile(name: string): boolean {
  return wordsOf(stem(name)).some((word) => /^(?:labels?|y)$/i.test(word));
}

function stem(name: string): string {
  return name.replace(/\..*$/, "").replace(/-idx\d-ubyte$/i, "");
}
