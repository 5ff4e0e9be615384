import type { ExperimentResult } from "../../../core/training/experiment";
import type { Progress, Run } from "../../engine";
import { throttled } from "../../progress";
import type { ArrayEntry } from "../../write/arrayFile";
import { writeNpz } from "../../write/npz";
import type { ExperimentRows } from "../exports";

/** Name of the first array, by which such a file is recognised. */
export const IMAGES_MARK = "cleansplit_experiment";

/** Ids that are made into text at once. */
const BATCH = 4096;

/**
 * Writes the images of an experiment as an npz file that needs no pickle: `images` (uint8, rows x height x width x channels),
 * `labels` (int32), `split` (0 train, 1 validation, 2 test, 3 other), `stays` and `leaked` (0 or 1), and as UTF-8 the name
 * of the experiment, and JSON lists of the names of the classes and the ids of the images. Memory: one piece of pixels.
 */
export function writeImages(
  file: string,
  { experiment, classes }: ExperimentResult,
  rows: ExperimentRows,
  run: Run<Progress>,
): Promise<void> {
  const { height, width, channels, labels, splitRole, stays, leaked } = rows;
  const count = labels.length;
  const shape = [count, height, width, channels];
  const column = (key: string, values: Uint8Array): ArrayEntry => ({
    key,
    dtype: "u1",
    shape: [values.length],
    chunks: [values],
  });
  const entries: readonly ArrayEntry[] = [
    column(IMAGES_MARK, Buffer.from(experiment)),
    column("classes", Buffer.from(JSON.stringify(classes))),
    { key: "labels", dtype: "i4", shape: [count], chunks: [bytesOf(labels)] },
    column("split", splitRole),
    column("stays", stays),
    column("leaked", leaked),
    { key: "images", dtype: "u1", shape, chunks: counted(rows, run) },
    { key: "ids", dtype: "u1", shape: [bytesOfIds(rows)], chunks: idPieces(rows) },
  ];
  return writeNpz(file, entries, run.signal);
}

async function* counted(
  { pixels, labels, height, width, channels }: ExperimentRows,
  run: Run<Progress>,
): AsyncGenerator<Uint8Array> {
  const total = labels.length;
  const report = throttled<Progress>(run.progress.bind(run), ({ done }) => done === total);
  let bytes = 0;
  for await (const piece of pixels) {
    yield piece;
    bytes += piece.length;
    report({ phase: "writing", done: Math.floor(bytes / (height * width * channels)), total });
  }
}

/** The ids as a list in JSON, which also holds what is no Unicode text. */
function* idPieces({ id, labels }: ExperimentRows): Generator<Uint8Array> {
  const count = labels.length;
  for (let start = 0; start < count; start += BATCH) {
    const ids = Array.from({ length: Math.min(BATCH, count - start) }, (_, index) => JSON.stringify(id(start + index)));
    yield Buffer.from(`${start === 0 ? "[" : ","}${ids.join(",")}`);
  }
  yield Buffer.from(count === 0 ? "[]" : "]");
}

function bytesOfIds(rows: ExperimentRows): number {
  let bytes = 0;
  for (const { length } of idPieces(rows)) bytes += length;
  return bytes;
}

function bytesOf(values: Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
