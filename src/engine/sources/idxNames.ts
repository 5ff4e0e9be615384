import path from "node:path";

/** Names that MNIST and its successors give IDX files: `train-images-idx3-ubyte`, `t10k-labels.idx1-ubyte.gz`. */
const IDX_NAME = /^(.+?)[-.]idx(\d)(?:-u?(?:byte|int))?(?:\.gz)?$/i;

/** Whether a file is an IDX file by its name. */
export function isIdxName(file: string): boolean {
  return IDX_NAME.test(path.basename(file)) || /\.idx(?:\.gz)?$/i.test(file);
}

/** What an IDX file is called without the format: `t10k-images-idx3-ubyte.gz` is `t10k-images`; else null. */
export function splitIdxName(file: string): string | null {
  return IDX_NAME.exec(path.basename(file))?.[1] ?? null;
}

/** The label file beside an IDX image file, by its name; null when the name says no images. */
export function labelsOfIdx(file: string): string | null {
  const name = path.basename(file);
  if (!isIdxName(name) || !/images?/i.test(name)) return null;
  const labels = name.replace(/images?/i, "labels").replace(/idx3/i, "idx1");
  return path.join(path.dirname(file), labels);
}
