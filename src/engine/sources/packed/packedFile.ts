import type { Picture } from "../../../core/picture";

/**
 * Encoded images within one file: an archive, a Parquet table, a file of records. They are read like files of a folder,
 * without being unpacked. Opening and reading are asynchronous because libraries for some formats are.
 */
export interface PackedFile {
  readonly path: string;
  /** At least one; archives have one with the key "", tables one for each column of images. */
  readonly images: readonly PackedImages[];
  /** Entries that are no images and say nothing about them, such as a README: their name and why they are ignored. */
  readonly ignored: readonly { readonly path: string; readonly reason: string }[];
  /** Sentences about what was recognised, for the person. */
  readonly notes: readonly string[];
  /**
   * The images at `[from, from + count)` of the images with this key, in order. Throws a RangeError for images that are
   * not there, and a `CleanSplitError` ("changed" or "corrupt") when the file cannot be read as it was opened; an image
   * that cannot be read by itself is a fault.
   */
  read(key: string, from: number, count: number): Promise<PackedImage[]>;
  close(): void;
}

/** What is known of the images of a packed file before they are read; image i is element i. Plain, to be sent to threads. */
export interface PackedImages {
  readonly key: string;
  readonly count: number;
  /** Paths within an archive, with `/` between names; `null` where images have no names. */
  readonly names: readonly string[] | null;
  /** Class of each image by index into `classes`, -1 without one; `null` where the file says nothing about classes. */
  readonly labelOf: Int32Array | null;
  readonly classes: readonly string[];
  /** Why labels are what they are, in a sentence: `labels from the column "label"`. */
  readonly labelReason: string | null;
  /** Where the images of an archive lie, so that it need not be listed again in each thread; absent for other files. */
  readonly places?: ArchivePlaces;
}

/** Where the images of an archive lie, as columns in memory that threads share; image i is row i. */
export interface ArchivePlaces {
  /** Where its data begins, in bytes from the beginning of the archive, and how many bytes there are. */
  readonly offsets: Float64Array;
  readonly packedSizes: Float64Array;
  /** Bytes of the image itself; the same as packed where `isDeflated` is 0. */
  readonly sizes: Float64Array;
  readonly isDeflated: Uint8Array;
  /** Checksums of the images; `null` for tar, which has none. */
  readonly crcs: Uint32Array | null;
}

/** What a file is known by to be the same as before: its size in bytes, and when it changed in milliseconds since 1970. */
export interface PackedStamp {
  readonly length: number;
  readonly modified: number;
}

/** One image. */
export type PackedImage =
  /** The bytes of an image file. */
  | { readonly kind: "encoded"; readonly bytes: Uint8Array }
  /** Pixels as they are. */
  | { readonly kind: "pixels"; readonly picture: Picture }
  /** It cannot be read, and why, to go behind "it cannot be read: ". */
  | { readonly kind: "fault"; readonly reason: string };

/** How a worker finds the images of a packed file; plain. */
export interface PackedFormat {
  /** What is read: the packed file, or the copy of a gzip-compressed one without its compression. */
  readonly file: string;
  readonly key: string;
  /** As it was when it was inspected. */
  readonly stamp: PackedStamp;
  /** Of an archive; see {@link PackedImages.places}. */
  readonly places?: ArchivePlaces;
}
