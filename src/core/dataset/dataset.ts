/** What a split is used for; `other` is a split that is neither trained nor evaluated on. */
export type Role = "train" | "validation" | "test" | "other";

/** A named part of a dataset. */
export interface Split {
  readonly name: string;
  readonly role: Role;
}

/**
 * Says that everything at or under `path` belongs to `split`; `null` leaves it out, e.g. an array that was taken for images
 * and holds none.
 */
export interface Assignment {
  /** Absolute path of a folder or file, also within an archive, with `#key` behind an array file to name one array of it. */
  readonly path: string;
  readonly split: string | null;
  /** File that says so; absent when the person said it just now. */
  readonly file?: string;
}

/** Says which array holds the labels of an image array of the same file, or of another file that is read together with it. */
export interface LabelAssignment {
  /** Absolute path of the file of images, with `#key` where a file holds several arrays. */
  readonly images: string;
  /** The same for the labels; `null` when the images have none. */
  readonly labels: string | null;
  /** File that says so; absent when the person said it just now. */
  readonly file?: string;
}

/** What a person points CleanSplit at. */
export interface DatasetRequest {
  /** Absolute paths of dataset folders, archives and array files. */
  readonly inputs: readonly string[];
  readonly assignments: readonly Assignment[];
  /** Which arrays hold labels, where that was not recognised. */
  readonly labels?: readonly LabelAssignment[];
}

/** One part of a dataset as it was recognised: a folder of a split, or an image array of a file. */
export interface Unit {
  /** Absolute path, with `#key` for an array; what an {@link Assignment} names to correct this unit. */
  readonly path: string;
  /** Name of the split it belongs to; `null` when a person left it out. */
  readonly split: string | null;
  readonly role: Role;
  /** Samples in it, images of any state. */
  readonly samples: number;
  /** One sentence: why it was recognised as this. */
  readonly reason: string;
}

/** How the inputs were understood, shown to the person and open to correction. */
export interface Layout {
  /** Short name of the dataset, from its inputs. */
  readonly name: string;
  readonly inputs: readonly string[];
  readonly units: readonly Unit[];
  /** Files that are no images and no labels, such as `.DS_Store`: path relative to the input and why it is ignored. */
  readonly ignored: readonly { readonly path: string; readonly reason: string }[];
  /** Sentences about what was recognised beyond the units, e.g. the scaling of floats. */
  readonly notes: readonly string[];
}

/** State of a sample after it was read. */
export const SampleState = {
  ok: 0,
  /** Its bytes are no picture; the reason is kept. */
  unreadable: 1,
  /** An array row that is no sample: label out of range or pixels that do not fit the array's scaling. */
  invalid: 2,
} as const;
export type SampleState = (typeof SampleState)[keyof typeof SampleState];

/**
 * All samples of a dataset as columns; sample `i` is row `i` of each. Order: by input, then unit, then path or row, so
 * it does not depend on how the file system lists folders.
 */
export interface SampleTable {
  readonly count: number;
  readonly splits: readonly Split[];
  /** Class names; for arrays of numbers the number as text. */
  readonly classes: readonly string[];
  /** Index into `splits`. */
  readonly splitOf: Uint8Array;
  /** Index into `classes`, −1 for a sample without a label. */
  readonly classOf: Int32Array;
}
