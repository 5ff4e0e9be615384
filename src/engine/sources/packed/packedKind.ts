/** Formats of packed files. */
export type PackedKind = "tar" | "zip" | "parquet" | "tfrecord";

const NAMES: readonly (readonly [RegExp, PackedKind])[] = [
  [/\.(?:tar|tar\.gz|tgz)$/i, "tar"],
  [/\.zip$/i, "zip"],
  [/\.parquet$/i, "parquet"],
  // Shards are called train.tfrecord-00000-of-00010.
  [/\.(?:tfrecords?)(?:-\d+-of-\d+)?$/i, "tfrecord"],
];

/** The format that the name of a file tells; cheap, the file is not looked at. */
export function packedKindOf(name: string): PackedKind | undefined {
  return NAMES.find(([pattern]) => pattern.test(name))?.[1];
}
