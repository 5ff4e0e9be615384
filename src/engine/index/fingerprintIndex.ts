import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { messageOf } from "../../core/errors";
import { SampleState } from "../../core/dataset/dataset";
import { columnWidth, COLUMN_NAMES, type Fingerprints } from "../../core/fingerprint/fingerprints";
import type { FileTimes, ReadFiles } from "../pool/jobs";
import type { PackedNames } from "../sources/names";
import { readBatches, type IndexBatch } from "./indexFile";
import { checksumFile, INDEX_EXTENSION, IndexWriter } from "./indexWriter";

/** Files with another version are left alone and never read. Raise it when a column or what a column means changes. */
const VERSION = "v1";

/** More files than this, or more than twice as many rows as images, and the index is written anew. */
const MAX_FILES = 8;

/**
 * A file whose time of change is this close to the moment it was read may change again without showing it: times are kept
 * in steps of up to two seconds on some file systems.
 */
const UNSAFE_MILLISECONDS = 2000;

/** Rows of the index for some files; -1 for a file that is not in it. */
export interface FoundRows {
  readonly rowOf: Int32Array;
  readonly known: FileTimes;
}

/**
 * What earlier inspections read below one folder, kept on disk in Arrow stream files that any Arrow library reads. Every
 * inspection appends a file of what it read anew; a file that was cut off keeps all but its last batch, and a batch whose
 * checksum is wrong counts as not there. Nothing in it is believed for a file whose size or time of change differs.
 * Several processes may use it at once: each writes files of its own.
 */
export class FingerprintIndex {
  private readonly batches: IndexBatch[] = [];
  /** Index of the first row of each batch. */
  private readonly starts: number[] = [];
  private readonly files: readonly string[];
  private rows = 0;
  /** An open-addressing table from the path of a file to its row; of several rows the one that was written last. */
  private slots = new Int32Array(16).fill(-1);
  private readonly folders = new Map<string, number>();
  /** Index of the folder of each row. */
  private folderOf = new Int32Array();
  private readonly writer: IndexWriter;
  private compacts = false;
  private failure: string | null = null;

  /** `folder` is where indexes are kept, `root` whose images it is about. */
  static async open(folder: string, root: string): Promise<FingerprintIndex> {
    const key = createHash("sha256").update(path.resolve(root)).digest("hex").slice(0, 32);
    const index = new FingerprintIndex(path.join(folder, VERSION, key));
    await index.load().catch((error: unknown) => {
      // An inspection is as good without it: then all images are read.
      index.failure = messageOf(error);
      index.folders.clear();
    });
    return index;
  }

  private constructor(folder: string) {
    this.files = this.list(folder);
    this.writer = new IndexWriter(folder);
  }

  /** Reads the files and finds the row of every image, yielding often: the same thread feeds those that list folders. */
  private async load(): Promise<void> {
    for (const file of this.files) {
      for (const batch of readBatches(readOrEmpty(file), readOrEmpty(checksumFile(file)))) {
        this.batches.push(batch);
        this.starts.push(this.rows);
        this.rows += batch.count;
        await nextTurn();
      }
    }
    let capacity = 16;
    while (capacity < this.rows * 2) capacity *= 2;
    this.slots = new Int32Array(capacity).fill(-1);
    this.folderOf = new Int32Array(this.rows);
    for (const [index, batch] of this.batches.entries()) {
      this.addBatch(batch, this.starts[index] ?? 0);
      await nextTurn();
    }
  }

  /** Says how many images there are now: an index that holds mostly others is written anew. */
  expect(images: number): void {
    this.compacts = this.files.length > MAX_FILES || this.rows > 2 * images + GRACE_ROWS;
  }

  /** Rows for images of one folder, as they were when they were read. */
  find(folder: string, names: PackedNames): FoundRows | null {
    const known = this.folders.get(folder);
    if (known === undefined) return null;
    const count = names.ends.length;
    const rowOf = new Int32Array(count).fill(-1);
    const times = { sizes: new Float64Array(count).fill(NaN), times: new Float64Array(count).fill(NaN) };
    const mask = this.slots.length - 1;
    let from = 0;
    for (let index = 0; index < count; index++) {
      const to = names.ends[index] ?? from;
      const row = this.slots[this.slotOf(known, names.bytes, from, to) & mask] ?? -1;
      from = to;
      if (row < 0) continue;
      const batch = this.batchOf(row);
      const at = row - (this.starts[batch] ?? 0);
      rowOf[index] = row;
      times.sizes[index] = this.batches[batch]?.sizes[at] ?? NaN;
      times.times[index] = this.batches[batch]?.times[at] ?? NaN;
    }
    return { rowOf, known: times };
  }

  /** Copies the rows of files that are unchanged into `into`, the first file at sample `first`. */
  take({ rowOf }: FoundRows, { unchanged, done }: ReadFiles, into: Fingerprints, first: number): void {
    for (let index = 0; index < done;) {
      if (unchanged[index] !== 1) {
        index += 1;
        continue;
      }
      const row = rowOf[index] ?? 0;
      const { batch, at } = this.locate(row);
      let run = 1;
      while (
        index + run < done &&
        unchanged[index + run] === 1 &&
        rowOf[index + run] === row + run &&
        at + run < batch.count
      )
        run++;
      for (const name of COLUMN_NAMES) {
        const width = columnWidth(name);
        into[name].set(batch.columns[name].subarray(at * width, (at + run) * width), (first + index) * width);
      }
      for (let i = 0; i < run; i++) {
        if (batch.columns.states[at + i] === SampleState.ok) continue;
        into.reasons.set(first + index + i, batch.reasonAt(at + i) ?? "");
      }
      index += run;
    }
  }

  /** Keeps what was read anew; `first` is the sample of the first file in `from`. */
  add(folder: string, names: PackedNames, read: ReadFiles, from: Fingerprints, first: number): void {
    if (this.failure !== null) return;
    const safe = Date.now() - UNSAFE_MILLISECONDS;
    const keeps = (index: number): boolean =>
      (read.unchanged[index] === 0 || this.compacts) && (read.found.times[index] ?? NaN) < safe;
    try {
      this.writer.add(folder, names, read, from, first, keeps);
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  /**
   * Ends the index; `complete` says that all images were read. Answers why it could not be kept, or `null`: an inspection
   * is as good without it.
   */
  close(complete: boolean): string | null {
    try {
      this.writer.close();
      if (complete && this.compacts && this.failure === null) this.removeOld();
    } catch (error) {
      this.failure ??= messageOf(error);
    }
    return this.failure;
  }

  private removeOld(): void {
    for (const file of this.files) for (const part of [checksumFile(file), file]) rmSync(part, { force: true });
  }

  /** The files of the index, oldest first; none when there can be no index. */
  private list(folder: string): string[] {
    try {
      mkdirSync(folder, { recursive: true });
      const names = readdirSync(folder).filter((name) => name.endsWith(INDEX_EXTENSION));
      return names.sort().map((name) => path.join(folder, name));
    } catch (error) {
      this.failure = messageOf(error);
      return [];
    }
  }

  private locate(row: number): { readonly batch: IndexBatch; readonly at: number } {
    const index = this.batchOf(row);
    const batch = this.batches[index];
    if (batch === undefined) throw new RangeError(`The index has no row ${row}.`);
    return { batch, at: row - (this.starts[index] ?? 0) };
  }

  private batchOf(row: number): number {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  private addBatch({ count, folders, names, folderAt }: IndexBatch, start: number): void {
    const mask = this.slots.length - 1;
    let folder = -1;
    let [folderFrom, folderTo] = [0, -1];
    for (let at = 0; at < count; at++) {
      const [from, to] = [folders.ends[at] ?? 0, folders.ends[at + 1] ?? 0];
      // Rows of one folder follow one another.
      if (!sameSlice(folders.bytes, from, to, folderFrom, folderTo)) {
        folder = this.numberOf(folderAt(at));
        [folderFrom, folderTo] = [from, to];
      }
      this.folderOf[start + at] = folder;
      const slot = this.slotOf(folder, names.bytes, names.ends[at] ?? 0, names.ends[at + 1] ?? 0) & mask;
      this.slots[slot] = start + at;
    }
  }

  private numberOf(folder: string): number {
    const known = this.folders.get(folder) ?? this.folders.size;
    this.folders.set(folder, known);
    return known;
  }

  /** The slot of a file: where it is, or where it would be put. */
  private slotOf(folder: number, names: Uint8Array, from: number, to: number): number {
    const mask = this.slots.length - 1;
    let slot = hashBytes(Math.imul(folder + 1, 0x9e3779b1), names, from, to) & mask;
    for (;;) {
      const row = this.slots[slot] ?? -1;
      if (row < 0 || this.isFile(row, folder, names, from, to)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  private isFile(row: number, folder: number, names: Uint8Array, from: number, to: number): boolean {
    if (this.folderOf[row] !== folder) return false;
    const index = this.batchOf(row);
    const known = this.batches[index]?.names;
    if (known === undefined) return false;
    const at = row - (this.starts[index] ?? 0);
    const start = known.ends[at] ?? 0;
    if ((known.ends[at + 1] ?? start) - start !== to - from) return false;
    for (let i = 0; i < to - from; i++) if (known.bytes[start + i] !== names[from + i]) return false;
    return true;
  }
}

/** Small sets are not worth rewriting. */
const GRACE_ROWS = 4096;

function sameSlice(bytes: Uint8Array, from: number, to: number, otherFrom: number, otherTo: number): boolean {
  if (to - from !== otherTo - otherFrom) return false;
  for (let i = 0; i < to - from; i++) if (bytes[from + i] !== bytes[otherFrom + i]) return false;
  return true;
}

/** FNV-1a, 32 bits (G. Fowler, L. C. Noll, K.-P. Vo), from a seed of one's own. */
function hashBytes(seed: number, bytes: Uint8Array, from: number, to: number): number {
  let hash = seed;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  // Its low bits are its worst; the table uses those.
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Another process may have written the index anew and removed a file since it was listed. */
function readOrEmpty(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch {
    return new Uint8Array();
  }
}
