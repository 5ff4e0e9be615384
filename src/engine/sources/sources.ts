import type { Geometry } from "../../core/dataset/arrays";
import type { Scaling } from "../../core/fingerprint/scaling";
import { extensionAt, nameAt, type PackedNames } from "./names";

/** The images of one folder. */
export interface SourceFolder {
  /** Path below the root with `/` between names; `""` for the root. */
  readonly path: string;
  /** Names of its image files, in the order of their bytes. */
  readonly names: PackedNames;
  /** Position of its first image in the source. */
  readonly start: number;
}

/** Image files below one folder. Sample i is image `i - folder.start` of the last folder that starts at or before i. */
export interface FolderSource {
  readonly kind: "folder";
  readonly root: string;
  /** What ids of its samples start with: `""`, or the name of the input and `/` when there are several inputs. */
  readonly prefix: string;
  /** In the order of their paths; none is empty. */
  readonly folders: readonly SourceFolder[];
  readonly size: number;
  /** Whether lists of images give labels or splits, so that a copy needs a list too. */
  readonly isListed: boolean;
}

/** How rows of an image array become pictures; plain, so that it can be sent to a worker. */
export interface RowFormat {
  readonly file: string;
  readonly key: string;
  readonly geometry: Geometry;
  /** Scaling of floats that stand for 8-bit pixels; `null` for bytes, and for floats under no recognised scaling. */
  readonly scaling: Scaling | null;
}

/** Rows of an image array; sample i is row i. */
export interface ArraySource {
  readonly kind: "array";
  readonly format: RowFormat;
  readonly size: number;
  /** The label array in its own file (for IDX) or in the same one. */
  readonly labels: { readonly file: string; readonly key: string } | null;
  /** What ids of its samples start with; the row in brackets follows: `notMNIST.pickle#train_dataset`. */
  readonly prefix: string;
  /** Where its sanitized copy goes below the target folder. */
  readonly output: string;
  /** Names of its two arrays in the sanitized copy. */
  readonly outputKeys: { readonly images: string; readonly labels: string };
}

/** Where samples come from; `size` is how many it has. */
export type Source = FolderSource | ArraySource;

/** Path of an image below the root of its source. */
export function imagePath(source: FolderSource, position: number): string {
  const folder = folderOf(source, position);
  return joinPath(folder.path, nameAt(folder.names, position - folder.start));
}

/** The extension of an image in lower case, without its dot. */
export function imageExtension(source: FolderSource, position: number): string {
  const folder = folderOf(source, position);
  return extensionAt(folder.names, position - folder.start);
}

function folderOf({ folders }: FolderSource, position: number): SourceFolder {
  let [low, high] = [0, folders.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((folders[middle]?.start ?? 0) <= position) low = middle;
    else high = middle - 1;
  }
  const folder = folders[low];
  if (folder === undefined) throw new RangeError(`There is no image ${position}.`);
  return folder;
}

/** A name below a folder that may be the root. */
export function joinPath(folder: string, name: string): string {
  return folder === "" ? name : `${folder}/${name}`;
}
