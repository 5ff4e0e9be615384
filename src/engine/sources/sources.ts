import type { Geometry } from "../../core/dataset/arrays";
import type { Scaling } from "../../core/fingerprint/scaling";

/** Image files below one folder; sample i is `root/paths[i]`. */
export interface FolderSource {
  readonly kind: "folder";
  readonly root: string;
  /** What ids of its samples start with: `""`, or the name of the input and `/` when there are several inputs. */
  readonly prefix: string;
  /** Paths below `root` with `/` between names, in code point order. */
  readonly paths: readonly string[];
}

/** How rows of an image array become pictures; plain, so that it can be sent to a worker. */
export interface RowFormat {
  readonly file: string;
  readonly key: string;
  readonly geometry: Geometry;
  /** Scaling of floats that stand for 8-bit pixels; `null` for bytes, and for floats under no recognised scaling. */
  readonly scaling: Scaling | null;
}

/** Rows of an image array; sample i is row i. */
export interface ArraySource {
  readonly kind: "array";
  readonly format: RowFormat;
  readonly rows: number;
  /** The label array in its own file (for IDX) or in the same one. */
  readonly labels: { readonly file: string; readonly key: string } | null;
  /** What ids of its samples start with; the row in brackets follows: `notMNIST.pickle#train_dataset`. */
  readonly prefix: string;
  /** Where its sanitized copy goes below the target folder, without an extension. */
  readonly output: string;
  /** Names of its two arrays in the sanitized copy. */
  readonly outputKeys: { readonly images: string; readonly labels: string };
}

export type Source = FolderSource | ArraySource;

/** Number of samples of a source. */
export function sourceSize(source: Source): number {
  return source.kind === "folder" ? source.paths.length : source.rows;
}
