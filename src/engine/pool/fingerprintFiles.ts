import { closeSync, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { SampleState } from "../../core/dataset/dataset";
import { messageOf } from "../../core/errors";
import { columnWidth, FORMATS, type ColumnName } from "../../core/fingerprint/fingerprints";
import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import { decodeImage } from "../decode/decode";
import { sniffFormat } from "../decode/formats";
import { UnreadableImage } from "../decode/unreadable";
import type { FileColumns, Kernels } from "../kernels/kernels";
import { readerOf } from "../sources/names";
import type { FileTimes, JobParameter, ReadFiles } from "./jobs";
import { Rows } from "./record";

/** A job ends after this long, so that cancelling, progress and sharing work between threads never wait for large images. */
export const MAX_MILLISECONDS = 100;

/** Files up to this size go through the kernels, many at a time; larger ones are no small PNGs and are decoded one by one. */
export const MAX_BATCHED_BYTES = 64 * 1024;

/**
 * Fingerprints of image files of one folder, in order, until the time of a job is over. A file that is as large and as old
 * as `known` says is not read. A file that cannot be read or decoded is an unreadable sample, never a failed job.
 */
export async function fingerprintFiles(
  { folder, names, known, exact, into }: JobParameter<"files">,
  kernels: Kernels,
  md5: Md5,
): Promise<ReadFiles> {
  const job = new FileJob(names.ends.length, new Rows(into, md5, kernels), exact, kernels, md5);
  const nameAt = readerOf(names);
  const began = Date.now();
  const started = performance.now();
  let done = 0;
  while (done < names.ends.length && (done === 0 || performance.now() - started < MAX_MILLISECONDS)) {
    const index = done++;
    const file = `${folder}/${nameAt(index)}`;
    if (known === null || !job.isKnown(file, known, index)) await job.read(file, index);
  }
  await job.finish();
  return { done, began, time: performance.now() - started, ...job.result() };
}

/** One job while it is worked on. */
class FileJob {
  private readonly found: FileTimes;
  private readonly unchanged: Uint8Array;
  /** Files of the batch that the kernels are filled with. */
  private batch: number[] = [];
  private readingTime = 0;

  constructor(
    count: number,
    private readonly rows: Rows,
    private readonly exact: boolean,
    private readonly kernels: Kernels,
    private readonly md5: Md5,
  ) {
    this.found = { sizes: new Float64Array(count).fill(NaN), times: new Float64Array(count).fill(NaN) };
    this.unchanged = new Uint8Array(count);
    rows.columns.isFile.fill(1, rows.rowOf(0), rows.rowOf(count));
  }

  result(): Pick<ReadFiles, "reasons" | "found" | "unchanged" | "readingTime"> {
    const { rows, found, unchanged, readingTime } = this;
    return { reasons: rows.reasons, found, unchanged, readingTime };
  }

  isKnown(file: string, known: FileTimes, index: number): boolean {
    const size = known.sizes[index] ?? NaN;
    if (Number.isNaN(size)) return false;
    const stats = lstatSync(file, { throwIfNoEntry: false });
    // A link tells nothing of the file it leads to.
    if (stats === undefined || stats.isSymbolicLink()) return false;
    this.remember(stats, index);
    if (stats.size !== size || stats.mtimeMs !== known.times[index]) return false;
    this.unchanged[index] = 1;
    return true;
  }

  /** Reads a file: a small one into the batch, a large one at once. */
  async read(file: string, index: number): Promise<void> {
    const before = performance.now();
    try {
      const { bytes, isBatched } = this.readFile(file, index);
      this.readingTime += performance.now() - before;
      if (isBatched) {
        this.batch.push(index);
        if (this.kernels.add(bytes.length)) await this.finish();
      } else {
        this.md5.into(this.rows.columns.fileDigests, this.rows.rowOf(index) * DIGEST_BYTES, bytes);
        await this.decode(bytes, index);
      }
    } catch (error) {
      if (!(error instanceof UnreadableImage)) throw error;
      this.rows.addFault(index, SampleState.unreadable, error.message);
    }
  }

  /** Runs the batch. */
  async finish(): Promise<void> {
    if (this.batch.length === 0) return;
    const files = this.batch;
    this.batch = [];
    const columns = this.kernels.run();
    const others = files.flatMap((index, row) =>
      columns.covered[row] === 1 ? [] : [{ index, bytes: this.kernels.bytesOf(row).slice() }],
    );
    copyColumns(columns, this.rows, files);
    for (const { index, bytes } of others) {
      await this.decode(bytes, index).catch((error: unknown) => {
        if (!(error instanceof UnreadableImage)) throw error;
        this.rows.addFault(index, SampleState.unreadable, error.message);
      });
    }
  }

  /** The bytes of a file; those of a small one lie in the room of the kernels, to be added to the batch. */
  private readFile(file: string, index: number): { readonly bytes: Uint8Array; readonly isBatched: boolean } {
    try {
      const descriptor = openSync(file, "r");
      try {
        const stats = fstatSync(descriptor);
        this.remember(stats, index);
        const isBatched = stats.size <= MAX_BATCHED_BYTES;
        const room = isBatched ? this.kernels.room(stats.size) : new Uint8Array(stats.size);
        return { bytes: readAll(descriptor, room), isBatched };
      } finally {
        closeSync(descriptor);
      }
    } catch (error) {
      throw new UnreadableImage(`the file cannot be read: ${messageOf(error)}`);
    }
  }

  private async decode(bytes: Uint8Array, index: number): Promise<void> {
    const { rows } = this;
    const format = sniffFormat(bytes);
    rows.columns.formats[rows.rowOf(index)] = FORMATS.indexOf(format ?? "");
    const view = format === "jpeg" && !this.exact ? this.kernels.jpeg(bytes) : null;
    if (view?.kind === "seen") rows.addSeen(index, view);
    else if (view?.kind === "damaged") rows.addFault(index, SampleState.unreadable, view.reason);
    else rows.addPicture(index, await decodeImage(bytes));
  }

  private remember(stats: Stats, index: number): void {
    this.found.sizes[index] = stats.size;
    this.found.times[index] = stats.mtimeMs;
  }
}

/** Fills `bytes` from a file; a file that became shorter gives what is there. */
export function readAll(descriptor: number, bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (at < bytes.length) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, null);
    if (read === 0) break;
    at += read;
  }
  return bytes.subarray(0, at);
}

const PNG = FORMATS.indexOf("png");

/** Which columns of the kernels belong to which of ours. */
const SHARED = [
  ["fileDigests", "fileDigests"],
  ["pixelDigests", "pixelDigests"],
  ["signatures", "signatures"],
  ["dHashes", "dHashes"],
  ["pHashes", "pHashes"],
  ["blank", "blank"],
  ["spreads", "spreads"],
  ["widths", "widths"],
  ["heights", "heights"],
  ["modes", "modes"],
] as const satisfies readonly (readonly [ColumnName, keyof FileColumns])[];

/**
 * Copies what the kernels found; row r of them is file `files[r]`. Rows that follow one another are copied together. Of
 * files that the kernels do not cover only the digest is known.
 */
function copyColumns(columns: FileColumns, rows: Rows, files: readonly number[]): void {
  const into = rows.columns;
  for (let row = 0; row < files.length;) {
    const file = files[row] ?? 0;
    const index = rows.rowOf(file);
    let run = 1;
    if (columns.covered[row] === 0) {
      into.fileDigests.set(
        columns.fileDigests.subarray(row * DIGEST_BYTES, (row + 1) * DIGEST_BYTES),
        index * DIGEST_BYTES,
      );
      row += run;
      continue;
    }
    while (files[row + run] === file + run && columns.covered[row + run] === 1) run++;
    for (const [ours, theirs] of SHARED) {
      const width = columnWidth(ours);
      const words = columns[theirs];
      // Hashes are words there and bytes here.
      const source = words instanceof Uint32Array && into[ours] instanceof Uint8Array ? bytesOf(words) : words;
      into[ours].set(source.subarray(row * width, (row + run) * width), index * width);
    }
    // All that the kernels cover are PNGs; the format of the others is found where they are decoded.
    into.formats.fill(PNG, index, index + run);
    row += run;
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
