import type { ArrayHead } from "../../core/dataset/arrays";
import type { FingerprintColumns } from "../../core/fingerprint/fingerprints";
import type { Scaling } from "../../core/fingerprint/scaling";
import type { Axes } from "../../core/near/axes";
import type { Limits } from "../near/glyphKernel";
import type { Space } from "../near/glyphSpace";
import type { FolderStamp, Listing } from "../sources/listing";
import type { ImageList } from "../sources/lists/imageList";
import type { PackedNames } from "../sources/names";
import type { RowFormat } from "../sources/sources";

/** One sample for a worker: a file, or a row of an array. */
export type SampleRef =
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "row"; readonly format: RowFormat; readonly row: number };

/** What an array file holds. */
export interface ArrayFileHead {
  readonly arrays: readonly (ArrayHead & {
    /** Scaling of its numbers, for arrays that may hold images. */
    readonly scaling: Scaling | null;
    /** Its numbers, for arrays that may hold labels. */
    readonly labels: Int32Array | null;
  })[];
  /** Arrays that are not read, and why. */
  readonly skipped: readonly { readonly key: string; readonly reason: string }[];
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
  readonly found: FileTimes;
  /** 1 for files that are as they were known; nothing is written into their rows. */
  readonly unchanged: Uint8Array;
  /** When the job began, in milliseconds since 1970. */
  readonly began: number;
  /** Milliseconds the job took, and those of them in which it waited for files. */
  readonly time: number;
  readonly readingTime: number;
}

/** What a job says of the files whose looks it read; see {@link ReadFiles}. */
export type LookedFiles = Pick<ReadFiles, "done" | "time" | "readingTime">;

/** Pairs that a job found: see `PAIR_WORDS`; and the leaves with which the search goes on. */
export interface FoundGlyphs {
  readonly pairs: Uint32Array;
  readonly leaf: number;
  readonly from: number;
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

/** Everything a worker does; each job answers plain values and typed arrays. Declared once, the pool derives the rest. */
export interface Jobs {
  /** Lists one folder of a dataset unless it is as `known`. */
  list(parameter: { readonly root: string; readonly folder: string; readonly known: FolderStamp | null }): Listing;
  /** Reads what an array file holds, with labels. */
  head(parameter: { readonly file: string }): ArrayFileHead;
  /** Reads a file that lists images. */
  imageList(parameter: { readonly file: string }): ImageList;
  /**
   * Fingerprints of image files of one folder; files that are as `known` are not read. `exact` decodes all pixels, so that
   * no fingerprint is provisional.
   */
  files(parameter: {
    readonly folder: string;
    readonly names: PackedNames;
    readonly known: FileTimes | null;
    readonly exact: boolean;
    readonly into: Target;
  }): Promise<ReadFiles>;
  /** Fingerprints of the rows `[from, from + count)` of an array. */
  rows(parameter: {
    readonly format: RowFormat;
    readonly from: number;
    readonly count: number;
    readonly into: Target;
  }): Reasons;
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
  }): null;
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
  /** One row of bytes a sample, all of the same length. */
  features(parameter: { readonly samples: readonly SampleRef[]; readonly format: FeatureFormat }): Promise<Uint8Array>;
  /** Copies image files into a new folder and checks every copy against the MD5 that the inspection found. */
  copy(parameter: {
    readonly root: string;
    readonly out: string;
    readonly paths: readonly string[];
    readonly digests: Uint8Array;
  }): null;
}

export type JobName = keyof Jobs;
export type JobParameter<K extends JobName> = Parameters<Jobs[K]>[0];
export type JobResult<K extends JobName> = Awaited<ReturnType<Jobs[K]>>;
