import type { ArrayHead } from "../../core/dataset/arrays";
import type { FingerprintColumns } from "../../core/fingerprint/fingerprints";
import type { Scaling } from "../../core/fingerprint/scaling";
import type { Axes } from "../../core/near/axes";
import type { Limits } from "../near/glyphKernel";
import type { Space } from "../near/glyphSpace";
import type { Regime } from "../../core/near/near";
import type { CertifiedFile } from "../../core/sanitize/certificate";
import type { CostRun } from "../../core/training/costs";
import type { TestColumns } from "../../core/training/experiment";
import type { Cost } from "../../core/training/leakageCost";
import type { ImageTransfer } from "../../core/sanitize/plan";
import type { Comparison } from "../engine";
import type { Looks } from "../kernels/kernels";
import type { Nearby, PhotoColumns } from "../kernels/photos";
import type { FolderStamp, Listing } from "../sources/listing";
import type { ClassNames } from "../sources/arrays/classNames";
import type { Dtype } from "../sources/arrays/ndarray";
import type { Format } from "../sources/arrays/open";
import type { ImageList } from "../sources/lists/imageList";
import type { PackedNames } from "../sources/names";
import type { PackedFormat, PackedImages, PackedStamp } from "../sources/packed/packedFile";
import type { CopiedArray, RowFormat } from "../sources/sources";

/** One sample for a worker: a file, a row of an array, or an image of a packed file. */
export type SampleRef =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "row"; readonly format: RowFormat; readonly row: number }
  | { readonly kind: "packed"; readonly format: PackedFormat; readonly position: number };

/** What an array file holds. */
export interface ArrayFileHead {
  readonly format: Format | null;
  /** Whether all of it is compressed, as with `.gz`. */
  readonly gzipped: boolean;
  readonly arrays: readonly (ArrayHead & {
    readonly dtype: Dtype;
    /** Scaling of its numbers, for arrays that may hold images. */
    readonly scaling: Scaling | null;
    /** Its numbers, for arrays that may hold labels. */
    readonly labels: Int32Array | null;
    /** Names of its classes, where a file beside this one says them. */
    readonly classes: ClassNames | null;
  })[];
  /** Arrays that are not read, and why. */
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
  /** Sentences about how its arrays were understood. */
  readonly notes: readonly string[];
}

/** What a packed file holds; names are packed by folder. */
export interface PackedHead {
  readonly stamp: PackedStamp;
  readonly images: readonly (Omit<PackedImages, "names"> & {
    /** The folders that hold images, in the order of the images; `null` where images have no names. */
    readonly folders: readonly { readonly path: string; readonly names: PackedNames }[] | null;
  })[];
  readonly ignored: readonly { readonly path: string; readonly reason: string }[];
  readonly notes: readonly string[];
}

/** Size in bytes and time of last change (milliseconds since 1970) of some files; NaN for files that are not known. */
export interface FileTimes {
  readonly sizes: Float64Array;
  readonly times: Float64Array;
}

/** Where a job writes fingerprints: into the rows of these columns from `at` on. */
export interface Target {
  readonly columns: FingerprintColumns;
  readonly at: number;
}

/** Why samples of a job are not `ok`, by their index in the job. */
export type Reasons = ReadonlyMap<number, string>;

/** What a job says of the files that it read. */
export interface ReadFiles {
  /** Files that were worked on: at least one, and all unless the job took too long; the others are to be asked again. */
  readonly done: number;
  readonly reasons: Reasons;
  /** `null` when they were not asked for. */
  readonly found: FileTimes | null;
  /** 1 for files that are as they were known; nothing is written into their rows. */
  readonly unchanged: Uint8Array;
  /** When the job began, in milliseconds since 1970. */
  readonly began: number;
  /** Milliseconds the job took, and those of them in which it waited for files. */
  readonly time: number;
  readonly readingTime: number;
}

/** What a job says of the images of a packed file that it read; see {@link ReadFiles}. */
export type ReadImages = Pick<ReadFiles, "done" | "reasons" | "time" | "readingTime">;

/** What a job says of the files whose looks it read; see {@link ReadFiles}. */
export type LookedFiles = Pick<ReadFiles, "done" | "time" | "readingTime">;

/** Pairs that a job found: see `PAIR_WORDS`; and the leaves with which the search goes on. */
export interface FoundGlyphs {
  readonly pairs: Uint32Array;
  readonly leaf: number;
  readonly from: number;
}

/** Near pairs of photos, as columns. Photos are rows of what was compared. */
export interface FoundPhotoPairs {
  /** The first photo that was not compared any more. */
  readonly next: number;
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  readonly scores: Float32Array;
  readonly transforms: Uint8Array;
  /** Right and down in 1/64 of the side, two entries a pair. */
  readonly shifts: Int8Array;
}

/** A picture encoded as PNG; empty when the sample has none. */
export interface EncodedPicture {
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** How pictures become rows of numbers for training: `side` null keeps their size, which is then the same for all. */
export interface FeatureFormat {
  readonly side: number | null;
  readonly channels: 1 | 3;
}

/** Files that were brought into a folder: at least one, and all unless the job took too long. */
export interface CopiedFiles {
  readonly files: readonly CertifiedFile[];
}

/** Files that were read, in order: at least one, and all unless the job took too long; `null` for one that cannot be read. */
export interface DigestedFiles {
  readonly files: readonly (CertifiedFile | null)[];
}

/** 1 for pairs that differ although their fingerprints are equal, for at least the first pair and those that time allowed. */
export interface ComparedTwins {
  readonly differs: Uint8Array;
}

/** Everything a worker does; each job answers plain values and typed arrays. Declared once, the pool derives the rest. */
export interface Jobs {
  /** Lists one folder of a dataset unless it is as `known`. */
  list(parameter: { readonly root: string; readonly folder: string; readonly known: FolderStamp | null }): Listing;
  /** Reads what an array file holds, with labels. */
  head(parameter: { readonly file: string }): Promise<ArrayFileHead>;
  /** Reads a file that lists images. */
  imageList(parameter: { readonly file: string }): ImageList;
  /**
   * Fingerprints of image files of one folder; files that are as `known` are not read. `dated` asks for sizes and times of
   * files; `exact` decodes all pixels, so that no fingerprint is provisional.
   */
  files(parameter: {
    readonly folder: string;
    readonly names: PackedNames;
    readonly known: FileTimes | null;
    readonly dated: boolean;
    readonly exact: boolean;
    readonly into: Target;
  }): Promise<ReadFiles>;
  /** Fingerprints of the rows `[from, from + count)` of an array; `looks` says what is found beside the MD5 of pixels. */
  rows(parameter: {
    readonly format: RowFormat;
    readonly from: number;
    readonly count: number;
    readonly looks: Looks;
    readonly into: Target;
  }): Promise<Reasons>;
  /**
   * Compares rows of an array from `from` on with the MD5 of pixels that each should have, 16 bytes a row. Answers the first
   * row, counted from `from`, that is another one, or -1.
   */
  checkRows(parameter: {
    readonly format: RowFormat;
    readonly from: number;
    readonly digests: Uint8Array;
  }): Promise<number>;
  /** The same with the bytes of the `rows` of another array, which ascend. */
  compareRows(parameter: {
    readonly array: Pick<RowFormat, "file" | "key">;
    readonly from: number;
    readonly original: Pick<RowFormat, "file" | "key">;
    readonly rows: Uint32Array;
  }): Promise<number>;
  /**
   * Writes `rows` of an array with `size` rows, which ascend, into a file that is there, from byte `at` on; with the bytes of
   * each element in the other order when `bigEndian`. Rejects as `writeError` says.
   */
  writeRows(parameter: {
    readonly copied: Pick<CopiedArray, "holds" | "file" | "key" | "dtype" | "row">;
    readonly size: number;
    readonly rows: Uint32Array;
    readonly file: string;
    readonly at: number;
    readonly bigEndian: boolean;
  }): Promise<null>;
  /** Reads what a packed file holds. */
  packedHead(parameter: { readonly file: string }): Promise<PackedHead>;
  /** Fingerprints of the images of a packed file at some positions, which ascend; `exact` is as with `files`. */
  packed(parameter: {
    readonly format: PackedFormat;
    readonly positions: Uint32Array;
    readonly exact: boolean;
    readonly into: Target;
  }): Promise<ReadImages>;
  /** Small pictures. */
  thumbnails(parameter: { readonly samples: readonly SampleRef[]; readonly size: number }): Promise<EncodedPicture[]>;
  /** Grey levels of image files of one folder scaled to one size, one row a file, written into shared memory. */
  lookFiles(parameter: {
    readonly folder: string;
    readonly names: PackedNames;
    readonly width: number;
    readonly height: number;
    readonly into: Uint8Array;
  }): Promise<LookedFiles>;
  /** The same of some rows of an array: of those that are `picked`, which ascend, counted from row `from`. */
  lookRows(parameter: {
    readonly format: RowFormat;
    readonly from: number;
    readonly picked: Uint32Array;
    readonly width: number;
    readonly height: number;
    readonly into: Uint8Array;
  }): Promise<null>;
  /** The same of the images of a packed file at some positions, which ascend. */
  lookPacked(parameter: {
    readonly format: PackedFormat;
    readonly positions: Uint32Array;
    readonly width: number;
    readonly height: number;
    readonly into: Uint8Array;
  }): Promise<LookedFiles>;
  /** Coordinates of the pictures `[from, to)` of a space. */
  glyphCoordinates(parameter: {
    readonly space: Space;
    readonly axes: Axes;
    readonly from: number;
    readonly to: number;
  }): null;
  /** Orders the pictures of a node, into its halves or, when it is `whole`, into all of its leaves. */
  glyphTree(parameter: {
    readonly space: Space;
    readonly firstLeaf: number;
    readonly level: number;
    readonly whole: boolean;
  }): null;
  /** Pairs of the pictures of leaf `leaf` with those of the leaves from `from` on, then of the leaves up to `to`. */
  glyphPairs(parameter: {
    readonly space: Space;
    readonly leaf: number;
    readonly from: number;
    readonly to: number;
    readonly limits: Limits;
    readonly slot: number;
  }): FoundGlyphs;
  /** Two pictures laid over each other, and how near they are. */
  compare(parameter: {
    readonly first: SampleRef;
    readonly second: SampleRef;
    readonly size: number;
    readonly regime: Regime;
  }): Promise<Comparison>;
  /** Finds layouts and hashes of the photos `[from, to)` from their looks, and writes them into shared memory. */
  layouts(parameter: { readonly photos: PhotoColumns; readonly from: number; readonly to: number }): null;
  /**
   * Compares photos from `first` to `to` - 1 with those of `seconds` photos from `second` on that come after them; ends
   * early when it takes long.
   */
  photos(parameter: {
    readonly photos: PhotoColumns;
    readonly first: number;
    readonly to: number;
    readonly second: number;
    readonly seconds: number;
    readonly nearby: Nearby;
  }): FoundPhotoPairs;
  /** One row of bytes a sample, all of the same length. */
  features(parameter: { readonly samples: readonly SampleRef[]; readonly format: FeatureFormat }): Promise<Uint8Array>;
  /** What leakage costs the models of finished runs, see `leakageCosts`; some tenths of a second for a model and size. */
  costs(parameter: { readonly runs: readonly CostRun[]; readonly test: TestColumns }): readonly Cost[];
  /** Brings image files into a folder, flushes them and checks each against the MD5 that the inspection found. */
  copy(parameter: {
    readonly root: string;
    readonly out: string;
    /** Paths below `root`, and those below `out` that they get. */
    readonly from: readonly string[];
    readonly to: readonly string[];
    readonly digests: Uint8Array;
    readonly transfer: Exclude<ImageTransfer, "index">;
  }): CopiedFiles;
  /** Bytes that copies of files take on a disk. */
  measure(parameter: { readonly root: string; readonly paths: readonly string[] }): number;
  /** Size and SHA-256 of files. */
  digest(parameter: { readonly root: string; readonly paths: readonly string[] }): DigestedFiles;
  /**
   * Compares the bytes of `rows` of an array with those of their `twins` in an array, perhaps the same, and answers the indexes
   * of those that differ; of all when the arrays are not of one type.
   */
  rowTwins(parameter: {
    readonly a: Pick<RowFormat, "file" | "key">;
    readonly b: Pick<RowFormat, "file" | "key">;
    readonly rows: Uint32Array;
    readonly twins: Uint32Array;
  }): Promise<Uint32Array>;
  /** Compares samples with their twins, all bytes or all pixels. */
  twins(parameter: {
    readonly pairs: readonly (readonly [sample: SampleRef, twin: SampleRef])[];
    readonly tier: "file" | "pixel";
  }): Promise<ComparedTwins>;
}

export type JobName = keyof Jobs;
export type JobParameter<K extends JobName> = Parameters<Jobs[K]>[0];
export type JobResult<K extends JobName> = Awaited<ReturnType<Jobs[K]>>;
