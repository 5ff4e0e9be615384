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

/** Whether a file is one array by its name, so that its labels are in another file. */
export function isNpyName(file: string): boolean {
  return /\.npy$/i.test(file);
}

/**
 * Where the labels of a file of images may be, by its name: beside `train-images-idx3-ubyte` in `train-labels-idx1-ubyte`,
 * beside `x_train.npy` in `y_train.npy`. Empty when the name says no images.
 */
export function labelsBeside(file: string): string[] {
  const name = path.basename(file);
  const others = isIdxName(name)
    ? [name.replace(/images?/i, "labels").replace(/idx3/i, "idx1")]
    : isNpyName(name)
      ? [
          name.replace(/images?|data(?:set)?|imgs?/i, "labels"),
          name.replace(/(?<![a-z])x(?![a-z])/, "y").replace(/(?<![a-z])X(?![a-z])/, "y"),
          name.replace(/(?<![a-z])X(?![a-z])/, "Y"),
        ]
      : [];
  return [...new Set(others)].filter((other) => other !== name).map((other) => path.join(path.dirname(file), other));
}
