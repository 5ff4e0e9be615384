import { closeSync, fstatSync, lstatSync, openSync, type Stats } from "node:fs";
import { SampleState } from "../../core/dataset/dataset";
import { messageOf } from "../../core/errors";
import type { Md5 } from "../../core/fingerprint/md5";
import type { Kernels } from "../kernels/kernels";
import { readAll } from "../readAll";
import { readerOf } from "../sources/names";
import { FingerprintJob, MAX_BATCHED_BYTES } from "./fingerprintJob";
import type { FileTimes, JobParameter, ReadFiles } from "./jobs";
import { Rows } from "./record";

/** A job ends after this long, so that cancelling, progress and sharing work between threads never wait for large images. */
export const MAX_MILLISECONDS = 100;

/**
 * Fingerprints of image files of one folder, in order, until the time of a job is over. A file that is as large and as old
 * as `known` says is not read. A file that cannot be read or decoded is an unreadable sample, never a failed job.
 */
export async function fingerprintFiles(
  { folder, names, known, dated, exact, into }: JobParameter<"files">,
  kernels: Kernels,
  md5: Md5,
): Promise<ReadFiles> {
  const rows = new Rows(into, md5, kernels);
  const job = new FileJob(names.ends.length, dated, rows, new FingerprintJob(rows, exact, kernels, md5));
  const nameAt = readerOf(names);
  const began = Date.now();
  const started = performance.now();
  let now = started;
  let [done, readingTime] = [0, 0];
  while (done < names.ends.length && (done === 0 || now - started < MAX_MILLISECONDS)) {
    const index = done++;
    const file = `${folder}/${nameAt(index)}`;
    const before = now;
    const work = known !== null && job.isKnown(file, known, index) ? undefined : job.read(file, index);
    now = performance.now();
    readingTime += now - before;
    if (work === undefined) continue;
    await work;
    now = performance.now();
  }
  await job.finish();
  return { done, began, time: performance.now() - started, readingTime, ...job.result() };
}

/** One job while it is worked on. */
class FileJob {
  private readonly found: FileTimes | null;
  private readonly unchanged: Uint8Array;

  constructor(
    count: number,
    dated: boolean,
    private readonly rows: Rows,
    private readonly images: FingerprintJob,
  ) {
    const unknown = (): Float64Array => new Float64Array(count).fill(NaN);
    this.found = dated ? { sizes: unknown(), times: unknown() } : null;
    this.unchanged = new Uint8Array(count);
    rows.columns.isFile.fill(1, rows.rowOf(0), rows.rowOf(count));
  }

  result(): Pick<ReadFiles, "reasons" | "found" | "unchanged"> {
    const { rows, found, unchanged } = this;
    return { reasons: rows.reasons, found, unchanged };
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

  /** Reads a file; undefined when there is nothing to wait for. */
  read(file: string, index: number): Promise<void> | undefined {
    let bytes: Uint8Array;
    try {
      bytes = this.readFile(file, index);
    } catch (error) {
      this.rows.addFault(index, SampleState.unreadable, `the file cannot be read: ${messageOf(error)}`);
      return undefined;
    }
    return this.images.take(bytes, index);
  }

  /** Runs the batch. */
  finish(): Promise<void> {
    return this.images.finish();
  }

  /** The bytes of a file, where the kernels take them. */
  private readFile(file: string, index: number): Uint8Array {
    const descriptor = openSync(file, "r");
    try {
      // Asking for the size takes as long as reading a small file.
      const known = this.found === null ? undefined : this.sizeOf(descriptor, index);
      const head = readAll(descriptor, this.images.room(Math.min(known ?? Infinity, MAX_BATCHED_BYTES)));
      const { length } = head;
      if (length < MAX_BATCHED_BYTES) return head;
      const size = known ?? this.sizeOf(descriptor, index);
      return size > length ? readAll(descriptor, this.images.room(size, head), length) : head;
    } finally {
      closeSync(descriptor);
    }
  }

  private sizeOf(descriptor: number, index: number): number {
    const stats = fstatSync(descriptor);
    this.remember(stats, index);
    return stats.size;
  }

  private remember(stats: Stats, index: number): void {
    if (this.found === null) return;
    this.found.sizes[index] = stats.size;
    this.found.times[index] = stats.mtimeMs;
  }
}
