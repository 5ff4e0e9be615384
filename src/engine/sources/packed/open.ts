import { packedKindOf, type PackedKind } from "./packedKind";
import type { PackedFile } from "./packedFile";
import { readParquet } from "./parquet";
import { readTar } from "./tar";
import { readTfrecord } from "./tfrecord";
import { readZip } from "./zip";

/** Readers by format. Each throws a `CleanSplitError` for a file that it refuses. */
const READERS: Readonly<Record<PackedKind, (path: string) => Promise<PackedFile>>> = {
  tar: readTar,
  zip: readZip,
  parquet: readParquet,
  tfrecord: readTfrecord,
};

/** Opens a packed file; undefined when its name tells no format. Throws what the reader of the format throws. */
export async function openPackedFile(path: string): Promise<PackedFile | undefined> {
  const kind = packedKindOf(path);
  return kind === undefined ? undefined : READERS[kind](path);
}
