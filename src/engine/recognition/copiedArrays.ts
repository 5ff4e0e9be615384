import path from "node:path";
import { rowBytes } from "../sources/arrays/ndarray";
import { splitIdxName } from "../sources/arrayNames";
import type { ArrayFileKind, ArrayPlace, CopiedArray } from "../sources/sources";
import { isHdf5Dtype } from "../write/hdf5";
import type { Entry } from "./arrays";

/** How each format is written; what is not named here, such as pickles, becomes npz. */
const KINDS: ReadonlyMap<string | null, ArrayFileKind> = new Map([
  ["npz", "npz"],
  ["npy", "npy"],
  ["idx", "idx"],
  ["cifar", "records"],
  ["hdf5", "hdf5"],
]);

/**
 * The arrays that the copy of a source takes rows of, each written as the kind of file that it comes from. `folder` is where
 * they go below the target, `""` or ending with `/`.
 */
export function copiedArrays(
  images: Entry,
  labels: Entry | undefined,
  others: readonly Entry[],
  folder: string,
): CopiedArray[] {
  if (kindOf(images) === "records") return [recordsOf(images, folder)];
  const copy = (holds: CopiedArray["holds"], entry: Entry): CopiedArray => ({
    holds,
    file: entry.file,
    key: entry.key,
    dtype: entry.array.dtype,
    row: entry.array.shape.slice(1),
    out: placeOf(entry, folder),
  });
  return [
    copy("images", images),
    ...(labels === undefined ? [] : [copy("labels", labels)]),
    ...others.map((entry) => copy("others", entry)),
  ];
}

/** A record holds a row of every array of its file. */
function recordsOf(images: Entry, folder: string): CopiedArray {
  const bytes = images.head.arrays.reduce((sum, array) => sum + rowBytes(array), 0);
  return { holds: "records", file: images.file, key: "", dtype: "u1", row: [bytes], out: placeOf(images, folder) };
}

function placeOf(entry: Entry, folder: string): ArrayPlace {
  const kind = kindOf(entry);
  const name = path.basename(entry.file);
  const hasKeys = kind === "npz" || kind === "hdf5";
  return {
    file: `${folder}${kind === "npz" && entry.head.format !== "npz" ? `${stem(name)}.npz` : name}`,
    kind,
    key: !hasKeys ? "" : entry.key === "" ? stem(name) : entry.key,
  };
}

function kindOf({ head: { format, gzipped, arrays } }: Entry): ArrayFileKind {
  const kind = KINDS.get(format) ?? "npz";
  if (kind === "hdf5" && !arrays.every(({ dtype }) => isHdf5Dtype(dtype))) return "npz";
  return kind === "idx" && gzipped ? "idx.gz" : kind;
}

/** A file name without its extensions. */
export function stem(name: string): string {
  return splitIdxName(name) ?? name.replace(/\.(?:pickle|pkl|p|npy|npz|idx|h5|hdf5?|he5|mat|bin)(?:\.gz)?$/i, "");
}
