import type { ArchivePlaces } from "../sources/packed/packedFile";
import type { PackedKind } from "../sources/packed/packedKind";
import { writeParquet } from "./packedParquet";
import { writeTfrecord } from "./packedTfrecord";
import { writeTar } from "./tar";
import { writeZip } from "./zip";

/** A packed file to be written anew with some of its images. */
export interface PackedWriteJob {
  /** The file that was inspected, or its copy without gzip; it is only read. */
  readonly source: string;
  /** Key of the images that were inspected. */
  readonly key: string;
  /** Where the images of an archive lie; absent for other files. */
  readonly places?: ArchivePlaces;
  /** 1 for each image that stays, by its position in the source. */
  readonly stays: Uint8Array;
  /** New path of an image within an archive; null keeps its own. Absent where nothing moves. */
  readonly rename?: (position: number) => string | null;
  /** A file that does not exist yet; what was begun is removed when writing fails. */
  readonly out: string;
  /** Whether the source is a copy, so that what is written has to be compressed with gzip. */
  readonly isGzip: boolean;
  readonly signal: AbortSignal;
  readonly advance: (images: number) => void;
}

/**
 * Writes a packed file of the kind of its source: the images that stay in their order, with all that belongs to them (labels,
 * other columns, companions in a WebDataset) and everything else that the source holds. Flushed to the disk when it resolves.
 * Rejects with the reason of `signal`, or with a `CleanSplitError`.
 */
export type PackedWriter = (job: PackedWriteJob) => Promise<void>;

/** Writers by format. */
export const PACKED_WRITERS: Readonly<Record<PackedKind, PackedWriter>> = {
  tar: writeTar,
  zip: writeZip,
  parquet: writeParquet,
  tfrecord: writeTfrecord,
};
