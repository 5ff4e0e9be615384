import type { Geometry } from "../../core/dataset/arrays";
import type { Scaling } from "../../core/fingerprint/scaling";
import type { Dtype } from "./arrays/ndarray";
import { extensionAt, nameAt, type PackedNames } from "./names";
import type { PackedFormat } from "./packed/packedFile";

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
  /**
   * The arrays that a sanitized copy takes rows of, that of the images first: row i of each belongs to sample i. The
   * records of CIFAR, which hold images and labels, are one array.
   */
  readonly copied: readonly CopiedArray[];
}

/** Formats that array files are written in; `records` are rows of bytes and nothing else. */
export type ArrayFileKind = "npz" | "npy" | "idx" | "idx.gz" | "records" | "hdf5";

/** One array that a sanitized copy takes rows of, and where in the copy they go. */
export interface CopiedArray {
  /** `others` belong to the samples, too, but say nothing that is inspected. */
  readonly holds: "images" | "labels" | "records" | "others";
  readonly file: string;
  /** Its key in the file; `""` when the file is the array. */
  readonly key: string;
  readonly dtype: Dtype;
  /** Lengths of the axes of a row. */
  readonly row: readonly number[];
  readonly out: ArrayPlace;
}

/** Where an array is in a sanitized copy. */
export interface ArrayPlace {
  /** Path below the target folder, with `/` between names. */
  readonly file: string;
  readonly kind: ArrayFileKind;
  /** `""` when the file is the array. */
  readonly key: string;
}

/** Some images of a packed file that follow one another: those of one folder, or all of a file without names. */
export interface PackedFolder {
  /** Path within the archive with `/` between names; `""` for its top, and where images have no names. */
  readonly path: string;
  readonly names: PackedNames | null;
  readonly count: number;
  /** Position of its first image in the source, and in the file; they differ where folders before it are left out. */
  readonly start: number;
  readonly first: number;
  /** Where its images go when they move to another split; `null` when the split is more than a part of the file. */
  readonly split: SplitFolder | null;
}

/** Where an archive keeps splits as folders. */
export interface SplitFolder {
  /** The folder that holds those of the splits; `""` for the top. */
  readonly parent: string;
  /** The folder of this split in it; `null` where all images are one split, which has no folder of its own. */
  readonly name: string | null;
}

/** Images of a packed file. Sample i is image `i - folder.start` of the last folder that starts at or before i. */
export interface PackedSource {
  readonly kind: "packed";
  /** The file as a person knows it; `format.file` may be an unpacked copy of it. */
  readonly file: string;
  readonly format: PackedFormat;
  /** What ids of its samples start with: `letters.tar/`, and where images have no names `mnist.parquet#image`. */
  readonly prefix: string;
  readonly folders: readonly PackedFolder[];
  readonly size: number;
  /** Images in the file, also those that are left out. */
  readonly count: number;
  /** Where its sanitized copy goes below the target folder. */
  readonly output: string;
}

/** Where samples come from; `size` is how many it has. */
export type Source = FolderSource | ArraySource | PackedSource;

/** The folder of an image in its packed file. */
export function packedFolder(source: PackedSource, position: number): PackedFolder {
  return folderOf(source, position);
}

/** Path of an image within its packed file, or in brackets its position where images have no names. */
export function packedName(source: PackedSource, position: number): string {
  const { path, names, first, start } = folderOf(source, position);
  return names === null ? `[${first + position - start}]` : joinPath(path, nameAt(names, position - start));
}

/** Positions of images in their packed file. */
export function positionsInFile(source: PackedSource, positions: Uint32Array): Uint32Array {
  if (positions.length === 0) return positions;
  let folder = folderOf(source, positions[0] ?? 0);
  return positions.map((position) => {
    if (position < folder.start || position >= folder.start + folder.count) folder = folderOf(source, position);
    return folder.first + position - folder.start;
  });
}

/** Path of an image below the root of its source. */
export function imagePath(source: FolderSource, position: number): string {
  const folder = folderOf(source, position);
  return joinPath(folder.path, nameAt(folder.names, position - folder.start));
}

/** The extension of an image in lower case, without its dot. */
export function imageExtension(source: FolderSource | PackedSource, position: number): string {
  const { names, start } = folderOf<PackedFolder | SourceFolder>(source, position);
  return names === null ? "" : extensionAt(names, position - start);
}

function folderOf<T extends { readonly start: number }>(
  { folders }: { readonly folders: readonly T[] },
  position: number,
): T {
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
