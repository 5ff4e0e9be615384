import { SampleState } from "../../core/dataset/dataset";
import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import { pixelDigest } from "../../core/fingerprint/pixels";
import { scalingFormula } from "../../core/fingerprint/scaling";
import { areForKernels, FULL_BYTES, MAX_FILES, type FileColumns, type Kernels, type Looks } from "../kernels/kernels";
import { rowBytes, type Dtype } from "../sources/arrays/ndarray";
import { readRows as piecesOfRows } from "../sources/pieces";
import { openArray, toPicture, type RowPicture } from "../sources/rows";
import type { RowFormat } from "../sources/sources";
import { copyColumn, PICTURE_COLUMNS } from "./fingerprintJob";
import type { JobParameter, Reasons } from "./jobs";
import { Rows } from "./record";

/** Columns that are filled of rows. */
const COLUMNS: Readonly<Record<Looks, readonly (typeof PICTURE_COLUMNS)[number][]>> = {
  none: ["pixelDigests"],
  contrast: ["pixelDigests", "blank", "spreads", "widths", "heights", "modes"],
  all: PICTURE_COLUMNS,
};

/** Rows that are read at a time take so many bytes at most, unless one alone takes more: few enough to stay in a cache. */
const BATCH_BYTES = 2 ** 19;

/** Fingerprints of rows of an array: many at a time where the kernels know them, the others one by one. */
export async function fingerprintRows(
  { format, from, count, looks, into }: JobParameter<"rows">,
  kernels: Kernels,
  md5: Md5,
): Promise<Reasons> {
  const rows = new Rows(into, md5, kernels);
  await forEachBatch(format, from, count, looks, kernels, ({ first, rows: some, columns, others }) => {
    if (columns !== null) {
      for (const name of COLUMNS[looks]) copyColumn(name, columns, 0, some, into.columns, rows.rowOf(first));
    }
    for (const { index, picture, fits } of others) {
      rows.addPicture(first + index, picture);
      if (fits || format.scaling === null) continue;
      const formula = scalingFormula(format.scaling);
      rows.addFault(
        first + index,
        SampleState.invalid,
        `its values are no 8-bit pixels under the scaling ${formula} of the other rows`,
      );
    }
  });
  return rows.reasons;
}

/** See the job `checkRows`. */
export async function checkRows(
  { format, from, digests }: JobParameter<"checkRows">,
  kernels: Kernels,
  md5: Md5,
): Promise<number> {
  const found = new Uint8Array(digests.length);
  const count = digests.length / DIGEST_BYTES;
  await forEachBatch(format, from, count, "none", kernels, ({ first, columns, others }) => {
    if (columns !== null) found.set(columns.pixelDigests, first * DIGEST_BYTES);
    for (const { index, picture } of others) pixelDigest(md5, picture, found, (first + index) * DIGEST_BYTES);
  });
  return Math.floor(firstDifference(found, digests) / DIGEST_BYTES);
}

/** Rows of both sides that are compared at a time; used again, as fresh memory costs more than the reading. */
const compared = [new Uint8Array(BATCH_BYTES), new Uint8Array(BATCH_BYTES)] as const;

/** See the job `compareRows`. */
export async function compareRows({ array, from, original, rows }: JobParameter<"compareRows">): Promise<number> {
  let done = 0;
  for await (const { bytes, count } of piecesOfRows(() => openArray(original.file, original.key), rows, compared[0])) {
    const into = bytes.length <= BATCH_BYTES ? compared[1].subarray(0, bytes.length) : undefined;
    const found = (await openArray(array.file, array.key)).rows(from + done, count, into);
    const different = firstDifference(found, bytes);
    if (different >= 0) return done + Math.floor(different / (bytes.length / count));
    done += count;
  }
  return -1;
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b) === 0 ? -1 : a.findIndex((byte, at) => byte !== b[at]);
}

/** Rows that were read together; indexes count from the first of them. */
interface Batch {
  /** The first of them, counted from that of the job. */
  readonly first: number;
  readonly rows: number;
  /** What the kernels found; `null` when they take no such rows. */
  readonly columns: FileColumns | null;
  /** The rows that they left out. */
  readonly others: Iterable<RowPicture & { readonly index: number }>;
}

/** Gives all rows `[from, from + count)` to `visit`, as many at a time as the kernels take well. */
async function forEachBatch(
  format: RowFormat,
  from: number,
  count: number,
  looks: Looks,
  kernels: Kernels,
  visit: (batch: Batch) => void,
): Promise<void> {
  for (let first = 0; first < count;) {
    const array = await openArray(format.file, format.key);
    const size = rowBytes(array);
    const rows = Math.min(count - first, MAX_FILES, Math.max(1, Math.floor(BATCH_BYTES / size)));
    // Their memory never becomes smaller.
    const areSmall = size <= FULL_BYTES && areForKernels(array.dtype, format);
    const room = areSmall ? kernels.room(rows * size) : undefined;
    const bytes = array.rows(from + first, rows, room);
    const columns = kernels.rows(bytes, rows, array.dtype, format, looks);
    const others = uncovered(columns?.covered, rows).map((index) => {
      const row = bytes.subarray(index * size, (index + 1) * size);
      // The next picture that the kernels are given takes the room.
      return { index, row: room === undefined ? row : row.slice() };
    });
    visit({ first, rows, columns, others: picturesOf(others, array.dtype, format) });
    first += rows;
  }
}

function* picturesOf(
  rows: readonly { readonly index: number; readonly row: Uint8Array }[],
  dtype: Dtype,
  format: RowFormat,
): Generator<RowPicture & { readonly index: number }> {
  for (const { index, row } of rows) yield { index, ...toPicture(dtype, row, format) };
}

/** Rows that the kernels left out, which are all without `covered`. */
function uncovered(covered: Uint8Array | undefined, count: number): number[] {
  const others: number[] = [];
  for (let index = 0; index < count; index++) if (covered?.[index] !== 1) others.push(index);
  return others;
}
