import { SampleState } from "../../core/dataset/dataset";
import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import { pixelDigest } from "../../core/fingerprint/pixels";
import { scalingFormula } from "../../core/fingerprint/scaling";
import type { Kernels } from "../kernels/kernels";
import { rowBytes } from "../sources/arrays/ndarray";
import { readRows as piecesOfRows } from "../sources/pieces";
import { openArray, toPicture, type RowPicture } from "../sources/rows";
import type { RowFormat } from "../sources/sources";
import { copyColumn, PICTURE_COLUMNS } from "./fingerprintJob";
import type { JobParameter, Reasons } from "./jobs";
import { Rows } from "./record";

/** What is found without looks. */
const DIGESTS = ["pixelDigests"] as const;

/** Fingerprints of rows of an array, at most `MAX_FILES`: all at once where the kernels know them, the others one by one. */
export async function fingerprintRows(
  { format, from, count, looks, into }: JobParameter<"rows">,
  kernels: Kernels,
  md5: Md5,
): Promise<Reasons> {
  const rows = new Rows(into, md5, kernels);
  const { bytes, pictureAt, dtype } = await readRows(format, from, count);
  const columns = kernels.rows(bytes, count, dtype, format, looks);
  const others = uncovered(columns?.covered, count);
  if (columns !== null) {
    for (const name of looks ? PICTURE_COLUMNS : DIGESTS) copyColumn(name, columns, 0, count, into.columns, into.at);
  }
  for (const index of others) {
    const { picture, fits } = pictureAt(index);
    rows.addPicture(index, picture);
    if (fits || format.scaling === null) continue;
    const formula = scalingFormula(format.scaling);
    rows.addFault(
      index,
      SampleState.invalid,
      `its values are no 8-bit pixels under the scaling ${formula} of the other rows`,
    );
  }
  return rows.reasons;
}

/** See the job `checkRows`. */
export async function checkRows(
  { format, from, digests }: JobParameter<"checkRows">,
  kernels: Kernels,
  md5: Md5,
): Promise<number> {
  const count = digests.length / DIGEST_BYTES;
  const { bytes, pictureAt, dtype } = await readRows(format, from, count);
  const columns = kernels.rows(bytes, count, dtype, format, false);
  const found = columns === null ? new Uint8Array(digests.length) : columns.pixelDigests.slice();
  for (const index of uncovered(columns?.covered, count)) {
    pixelDigest(md5, pictureAt(index).picture, found, index * DIGEST_BYTES);
  }
  return Math.floor(firstDifference(found, digests) / DIGEST_BYTES);
}

/** See the job `compareRows`. */
export async function compareRows({ array, from, original, rows }: JobParameter<"compareRows">): Promise<number> {
  const bytes = (await openArray(array.file, array.key)).rows(from, rows.length);
  let at = 0;
  for await (const piece of piecesOfRows(() => openArray(original.file, original.key), rows)) {
    const different = firstDifference(bytes.subarray(at, at + piece.bytes.length), piece.bytes);
    if (different >= 0) return Math.floor((at + different) / (bytes.length / rows.length));
    at += piece.bytes.length;
  }
  return -1;
}

function firstDifference(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b) === 0 ? -1 : a.findIndex((byte, at) => byte !== b[at]);
}

async function readRows(
  format: RowFormat,
  from: number,
  count: number,
): Promise<{
  readonly bytes: Uint8Array;
  readonly dtype: Parameters<typeof toPicture>[0];
  readonly pictureAt: (index: number) => RowPicture;
}> {
  const array = await openArray(format.file, format.key);
  const bytes = array.rows(from, count);
  const size = rowBytes(array);
  return {
    bytes,
    dtype: array.dtype,
    pictureAt: (index) => toPicture(array.dtype, bytes.subarray(index * size, (index + 1) * size), format),
  };
}

/** Rows that the kernels left out, which are all without `covered`. */
function uncovered(covered: Uint8Array | undefined, count: number): number[] {
  const others: number[] = [];
  for (let index = 0; index < count; index++) if (covered?.[index] !== 1) others.push(index);
  return others;
}
