import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { totalBytes, type Dtype } from "../sources/arrays/ndarray";

/** An array to write; its bytes come in pieces, so that it never has to be in memory as a whole. */
export interface ArrayEntry {
  /** Its name in files that hold several: unique, relative and without ".."; `""` in files that are one array. */
  readonly key: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /**
   * The elements in C order, little endian, in pieces of whole elements; together exactly as many bytes as the shape
   * takes. A piece must not be changed after it was given.
   */
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
  /**
   * Writes what `chunks` gives to where it lies in a file that has the elements one after the other, by several threads.
   * Absent where the elements are made on the way. Rejects as {@link ArrayWriter} does.
   */
  readonly copyTo?: (target: FlatTarget) => Promise<void>;
}

/** Where the elements of an array go. */
export interface FlatTarget {
  readonly path: string;
  /** Where the first element begins, in bytes. */
  readonly at: number;
  readonly bigEndian: boolean;
  readonly signal: AbortSignal;
  /** Brings what was written so far to the disk. */
  flush(): Promise<void>;
}

/**
 * Writes arrays as a new file and flushes it to the disk; arrays are taken one after the other, and the same arrays give
 * the same bytes.
 *
 * Rejects with the reason of `signal` when it aborts, and with a `CleanSplitError`: "conflict" when there is a file at
 * `path` already, which is left alone, "refused" when the format cannot hold the arrays or writing fails, "corrupt" when
 * an array gives other bytes than its shape takes. The unfinished file is removed.
 */
export type ArrayWriter = (path: string, entries: readonly ArrayEntry[], signal: AbortSignal) => Promise<void>;

/** The only array of a file that holds one. Throws a RangeError when there is none, or another one. */
export function onlyEntry(entries: readonly ArrayEntry[]): ArrayEntry {
  const [entry, ...others] = entries;
  if (entry === undefined || others.length > 0) throw new RangeError(`A file of one array got ${entries.length}.`);
  return entry;
}

/** Bytes an array takes. Throws a RangeError for a shape that is impossible. */
export function entryBytes({ key, dtype, shape }: ArrayEntry): number {
  const bytes = totalBytes(dtype, shape);
  if (bytes === undefined) throw new RangeError(`${key} has an impossible shape: ${shape.join(", ")}.`);
  return bytes;
}

/** The pieces of an array; rejects when they are not exactly the bytes of its shape, before giving a byte too many. */
export async function* checkedChunks(entry: ArrayEntry, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const size = entryBytes(entry);
  let given = 0;
  for await (const chunk of entry.chunks) {
    signal.throwIfAborted();
    given += chunk.length;
    if (given > size) break;
    if (chunk.length > 0) yield chunk;
  }
  if (given === size) return;
  throw new CleanSplitError(
    "corrupt",
    given > size
      ? l10n.t("The array {0} gave more bytes than the {1} that its shape takes.", entry.key, size)
      : l10n.t("The array {0} gave fewer bytes than the {1} that its shape takes.", entry.key, size),
  );
}
