import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { OpenFile, sliceOf } from "./arrays/bytes";
import { rowBytes, storedArray, totalBytes, type NdArray } from "./arrays/ndarray";
import { openArray } from "./rows";
import type { CopiedArray } from "./sources";

/** Bytes that are read at a time. */
const READ_BYTES = 4 * 2 ** 20;

/** Rows that leave are read with those around them when they take fewer bytes than this: one long read is the quicker one. */
const GAP_BYTES = 64 * 1024;

/** Rows that follow one another in what is read. */
interface ReadRows {
  readonly bytes: Uint8Array;
  readonly count: number;
}

/**
 * The bytes of some rows, which ascend, of an array with `size` rows: in order, in pieces of a few megabytes, each with how
 * many rows it is. A piece is that of the caller; but with `memory` it may lie there, and is gone when the next is asked for.
 * Throws a `CleanSplitError` when the file cannot be read as it was inspected.
 */
export async function* readPieces(
  copied: Pick<CopiedArray, "holds" | "file" | "key" | "dtype" | "row">,
  size: number,
  rows: Uint32Array,
  memory?: Uint8Array<ArrayBuffer>,
): AsyncGenerator<ReadRows> {
  if (copied.holds !== "records") {
    yield* readRows(() => openArray(copied.file, copied.key), rows, memory);
    return;
  }
  const file = new OpenFile(copied.file);
  try {
    const array = recordsOf(file, copied, size);
    yield* readRows(() => array, rows, memory);
  } finally {
    file.close();
  }
}

function recordsOf(file: OpenFile, { row, dtype }: Pick<CopiedArray, "row" | "dtype">, size: number): NdArray {
  const shape = [size, ...row];
  const bytes = totalBytes(dtype, shape) ?? 0;
  if (file.length !== bytes) throw changedSource(file.path);
  return storedArray(file.name, "", dtype, shape, { bytes: sliceOf(file, 0, bytes), bigEndian: false });
}

/** The same of an array that is opened for each piece, because others may be opened meanwhile. */
export async function* readRows(
  open: () => NdArray | Promise<NdArray>,
  rows: Uint32Array,
  memory?: Uint8Array<ArrayBuffer>,
): AsyncGenerator<ReadRows> {
  const size = rowBytes(await open());
  const most = memory?.length ?? READ_BYTES;
  for (let from = 0; from < rows.length;) {
    const to = endOfPiece(rows, from, size, most);
    const first = rows[from] ?? 0;
    const count = (rows[to - 1] ?? 0) + 1 - first;
    // One row alone may be larger.
    const into = count * size <= most ? memory?.subarray(0, count * size) : undefined;
    const bytes = (await open()).rows(first, count, into);
    yield { bytes: compact(bytes, rows.subarray(from, to), size), count: to - from };
    from = to;
  }
}

/**
 * Where the rows end that are read together from `from` on. Apart from the reading, as it goes through all rows: what is run so
 * often is compiled anew, with everything around it.
 */
function endOfPiece(rows: Uint32Array, from: number, size: number, most: number): number {
  const first = rows[from] ?? 0;
  let to = from + 1;
  for (let last = first; to < rows.length; to++) {
    const row = rows[to] ?? 0;
    if ((row + 1 - first) * size > most || (row - last - 1) * size > GAP_BYTES) break;
    last = row;
  }
  return to;
}

/** Moves the bytes of some rows, which begin with the first of them, to the front; changes `bytes`. */
function compact(bytes: Uint8Array, rows: Uint32Array, size: number): Uint8Array {
  const first = rows[0] ?? 0;
  for (let index = 0; index < rows.length;) {
    const row = (rows[index] ?? 0) - first;
    let run = 1;
    while (rows[index + run] === (rows[index] ?? 0) + run) run += 1;
    if (row !== index) bytes.copyWithin(index * size, row * size, (row + run) * size);
    index += run;
  }
  return bytes.subarray(0, rows.length * size);
}

function changedSource(file: string): CleanSplitError {
  return new CleanSplitError(
    "changed",
    l10n.t("{0} has another size than when it was inspected. Inspect it again.", file),
  );
}
