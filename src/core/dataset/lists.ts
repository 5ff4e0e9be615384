import { roleWithin } from "./splits";

/** Which columns of a list of images say what, by their position. */
export interface ListColumns {
  readonly path: number;
  readonly label: number | null;
  readonly split: number | null;
  /** Whether the first row holds names of columns. */
  readonly hasHeader: boolean;
}

// Names of columns in lower case without other signs, the surest first.
const PATH_NAMES = [
  ...["path", "filepath", "imagepath", "imgpath", "relativepath", "relpath", "file", "filename", "imagefile"],
  ...["imagefilename", "image", "img", "imagename", "imgname", "imageid", "imgid", "fileid", "id", "name"],
  ...["paths", "filepaths", "imagepaths", "files", "filenames", "images"],
];
const LABEL_NAMES = [
  ...["label", "labelname", "class", "classname", "classlabel", "category", "categoryname", "target", "targetname"],
  ...["labels", "species", "breed", "diagnosis", "dx", "labelid", "classid", "categoryid", "targetid", "y"],
];
const SPLIT_NAMES = ["split", "set", "subset", "datasplit", "dataset", "partition", "phase", "usage", "fold"];

/** Columns of boxes: their rows are objects, and an image with two of them has two classes. */
const BOX_NAMES: ReadonlySet<string> = new Set([
  ...["xmin", "ymin", "bbox", "boundingbox", "bndbox", "xcenter", "x1", "x0", "segmentation"],
]);

/** Most values that a column of splits may have: more of them are something else. */
export const MOST_SPLITS = 32;

/** Most values that a column of labels may have: more of them are measurements or names, not classes. */
export const MOST_LABELS = 65_536;

/** Whether columns of these names hold one object a row instead of one image a row. */
export function holdsBoxes(names: readonly string[]): boolean {
  return names.some((name) => BOX_NAMES.has(plain(name)));
}

/**
 * Finds the columns of a list by the first row: by their names, else by a cell that `isImage` takes for the path of an
 * image, when the list has no header. `null` when no column names images.
 */
export function recogniseColumns(first: readonly string[], isImage: (cell: string) => boolean): ListColumns | null {
  const path = positionOf(first, PATH_NAMES);
  const isHeader = path !== null && !first.some(isImage);
  if (isHeader) {
    const label = holdsBoxes(first) ? null : positionOf(first, LABEL_NAMES);
    return { path, label, split: positionOf(first, SPLIT_NAMES), hasHeader: true };
  }
  const image = first.findIndex(isImage);
  if (image < 0) return null;
  const split = first.findIndex((cell, index) => index !== image && roleWithin(cell) !== null);
  const others = first.flatMap((_, index) => (index === image || index === split ? [] : [index]));
  // Of several other columns nothing says which one is the class.
  const label = others.length === 1 ? (others[0] ?? null) : null;
  return { path: image, label, split: split < 0 ? null : split, hasHeader: false };
}

/** Whether values of a column are names of splits: few, and at least one that says a role. Folds of numbers are none. */
export function areSplits(values: readonly string[]): boolean {
  return values.length <= MOST_SPLITS && values.some((value) => roleWithin(value) !== null);
}

function positionOf(names: readonly string[], known: readonly string[]): number | null {
  const plainNames = names.map(plain);
  for (const name of known) {
    const at = plainNames.indexOf(name);
    if (at >= 0) return at;
  }
  return null;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, "");
}
