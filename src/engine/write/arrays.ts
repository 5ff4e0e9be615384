import { mkdir } from "node:fs/promises";
import path from "node:path";
import { CleanSplitError } from "../../core/errors";
import { columnsOf, createFingerprints } from "../../core/fingerprint/fingerprints";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import type { Decision } from "../../core/sanitize/policy";
import type { Inspection } from "../inspection";
import type { Pool } from "../pool/pool";
import { rowBytes, type NdArray } from "../sources/arrays/ndarray";
import { openArray } from "../sources/rows";
import type { ArraySource } from "../sources/sources";
import { writeNpz, type NpzEntry } from "./npz";

/** A written `.npz` with what each of its image arrays must hold. */
export interface WrittenArrays {
  readonly file: string;
  readonly parts: readonly { readonly source: ArraySource; readonly rows: Uint32Array }[];
}

/** Bytes that are read and written at a time. */
const CHUNK_BYTES = 4 * 2 ** 20;

/** Rows that are checked at a time. */
const CHECK_ROWS = 1024;

/**
 * Writes the staying rows of array sources into one `.npz`: images and labels under the keys of the source, with their
 * own types and in their own order, so that row i of the labels belongs to row i of the images.
 */
export async function writeArrays(
  inspection: Inspection,
  decision: Decision,
  sources: readonly ArraySource[],
  file: string,
  signal: AbortSignal,
  advance: (samples: number) => void,
): Promise<WrittenArrays> {
  await mkdir(path.dirname(file), { recursive: true });
  const parts = sources.map((source) => ({ source, rows: stayingRows(inspection, decision, source) }));
  const entries = parts.flatMap(({ source, rows }): NpzEntry[] => {
    const images = openArray(source.format.file, source.format.key);
    const image = entryOf(source.outputKeys.images, images, rows, advance);
    if (source.labels === null) return [image];
    return [
      image,
      entryOf(source.outputKeys.labels, openArray(source.labels.file, source.labels.key), rows, () => undefined),
    ];
  });
  await writeNpz(file, entries, signal);
  return { file, parts };
}

/** Reads a written file again and compares every image and every label with its source row. Answers the rows checked. */
export async function verifyArrays(
  { dataset, findings }: Inspection,
  { file, parts }: WrittenArrays,
  pool: Pool,
  signal: AbortSignal,
): Promise<number> {
  let checked = 0;
  const written = createFingerprints(CHECK_ROWS);
  for (const { source, rows } of parts) {
    const start = dataset.starts[dataset.sources.indexOf(source)] ?? 0;
    const format = { ...source.format, file, key: source.outputKeys.images };
    for (let from = 0; from < rows.length; from += CHECK_ROWS) {
      const count = Math.min(CHECK_ROWS, rows.length - from);
      await pool.run("rows", { format, from, count, into: { columns: columnsOf(written), at: 0 } }, signal);
      for (let index = 0; index < count; index++) {
        const at = (start + (rows[from + index] ?? 0)) * DIGEST_BYTES;
        const expected = findings.fingerprints.pixelDigests.subarray(at, at + DIGEST_BYTES);
        if (expected.some((byte, offset) => byte !== written.pixelDigests[index * DIGEST_BYTES + offset])) {
          throw misaligned(file, source, from + index);
        }
      }
      checked += count;
    }
    if (source.labels !== null) checkLabels(file, source, source.labels, rows);
  }
  return checked;
}

function checkLabels(
  file: string,
  source: ArraySource,
  labels: { file: string; key: string },
  rows: Uint32Array,
): void {
  const original = openArray(labels.file, labels.key);
  const copy = openArray(file, source.outputKeys.labels);
  if (copy.shape[0] !== rows.length) throw misaligned(file, source, rows.length);
  const size = rowBytes(original);
  const [all, written] = [original.rows(0, original.shape[0] ?? 0), copy.rows(0, rows.length)];
  rows.forEach((row, index) => {
    for (let byte = 0; byte < size; byte++) {
      if (all[row * size + byte] !== written[index * size + byte]) throw misaligned(file, source, index);
    }
  });
}

function misaligned(file: string, source: ArraySource, row: number): CleanSplitError {
  return new CleanSplitError(
    "changed",
    `Row ${row} of "${source.outputKeys.images}" in ${path.basename(file)} is not the row of ${source.format.file} that was ` +
      "inspected; what was written was removed. Inspect the dataset again, then write it.",
  );
}

function stayingRows({ dataset }: Inspection, decision: Decision, source: ArraySource): Uint32Array {
  const start = dataset.starts[dataset.sources.indexOf(source)] ?? 0;
  const rows: number[] = [];
  for (let row = 0; row < source.size; row++) if (decision.stays[start + row] === 1) rows.push(row);
  return Uint32Array.from(rows);
}

function entryOf(key: string, array: NdArray, rows: Uint32Array, advance: (samples: number) => void): NpzEntry {
  return {
    key,
    dtype: array.dtype,
    shape: [rows.length, ...array.shape.slice(1)],
    chunks: chunksOf(array, rows, advance),
  };
}

/** The bytes of some rows, in order; rows that follow one another are read together. */
function* chunksOf(array: NdArray, rows: Uint32Array, advance: (samples: number) => void): Generator<Uint8Array> {
  const most = Math.max(1, Math.floor(CHUNK_BYTES / rowBytes(array)));
  for (let at = 0; at < rows.length;) {
    const first = rows[at] ?? 0;
    let count = 1;
    while (count < most && rows[at + count] === first + count) count += 1;
    yield array.rows(first, count);
    advance(count);
    at += count;
  }
}
