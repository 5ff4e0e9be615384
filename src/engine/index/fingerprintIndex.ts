import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { messageOf } from "../../core/errors";
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
  private readonly rows: number;
  private readonly slots: Int32Array;
  private readonly writer: IndexWriter;
  private readonly compacts: boolean;
  private failure: string | null = null;

  /** `folder` is where indexes are kept, `root` whose images it is about, `images` how many there are now. */
  static open(folder: string, root: string, images: number): FingerprintIndex {
    const key = createHash("sha256").update(path.resolve(root)).digest("hex").slice(0, 32);
    return new FingerprintIndex(path.join(folder, VERSION, key), images);
  }

  private constructor(folder: string, images: number) {
    this.files = this.list(folder);
    let rows = 0;
    for (const file of this.files) {
      for (const batch of readBatches(readOrEmpty(file), readOrEmpty(checksumFile(file)))) {
        this.batches.push(batch);
        this.starts.push(rows);
        rows += batch.count;
      }
    }
    this.rows = rows;
    this.compacts = this.files.length > MAX_FILES || rows > 2 * images + CHUNK_OF_GRACE;
    this.writer = new IndexWriter(folder);
    this.slots = this.buildSlots();
  }

  /** Rows for images of one folder, as they were when they were read. */
  find(folder: string, names: PackedNames): FoundRows | null {
    if (this.rows === 0) return null;
    const count = names.ends.length;
    const rowOf = new Int32Array(count).fill(-1);
    const known = { sizes: new Float64Array(count).fill(NaN), times: new Float64Array(count).fill(NaN) };
    const folderBytes = Buffer.from(folder);
    const seed = hashBytes(OFFSET_BASIS, folderBytes, 0, folderBytes.length);
    let from = 0;
    for (let index = 0; index < count; index++) {
      const to = names.ends[index] ?? from;
      const row = this.lookUp(hashBytes(seed, names.bytes, from, to), folderBytes, names.bytes, from, to);
      from = to;
      if (row < 0) continue;
      const { batch, at } = this.locate(row);
      rowOf[index] = row;
      known.sizes[index] = batch.sizes[at] ?? NaN;
      known.times[index] = batch.times[at] ?? NaN;
    }
    return { rowOf, known };
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
        const reason = batch.reasonAt(at + i);
        if (reason !== null) into.reasons.set(first + index + i, reason);
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
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.starts[middle] ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    const batch = this.batches[low];
    if (batch === undefined) throw new RangeError(`The index has no row ${row}.`);
    return { batch, at: row - (this.starts[low] ?? 0) };
  }

  /** An open-addressing table from the path of a file to its row; of several rows the one that was written last. */
  private buildSlots(): Int32Array {
    let capacity = 16;
    while (capacity < this.rows * 2) capacity *= 2;
    const slots = new Int32Array(capacity).fill(-1);
    let row = 0;
    for (const batch of this.batches) {
      let folderEnd = -1;
      let seed = OFFSET_BASIS;
      for (let at = 0; at < batch.count; at++, row++) {
        const folderStart = batch.folders.ends[at] ?? 0;
        // Rows of one folder follow one another; its hash is that of the row before when the bytes are the same.
        if (at === 0 || !batch.sameFolderAsBefore(at)) {
          folderEnd = batch.folders.ends[at + 1] ?? folderStart;
          seed = hashBytes(OFFSET_BASIS, batch.folders.bytes, folderStart, folderEnd);
        }
        const from = batch.names.ends[at] ?? 0;
        const to = batch.names.ends[at + 1] ?? from;
        let slot = hashBytes(seed, batch.names.bytes, from, to) & (capacity - 1);
        while ((slots[slot] ?? -1) >= 0 && !this.isSameFile(slots[slot] ?? 0, row)) slot = (slot + 1) & (capacity - 1);
        slots[slot] = row;
      }
    }
    return slots;
  }

  private isSameFile(a: number, b: number): boolean {
    const { batch, at } = this.locate(b);
    return this.isFile(
      a,
      batch.folderOf(at),
      batch.names.bytes,
      batch.names.ends[at] ?? 0,
      batch.names.ends[at + 1] ?? 0,
    );
  }

  private lookUp(hash: number, folder: Uint8Array, names: Uint8Array, from: number, to: number): number {
    const mask = this.slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const row = this.slots[slot] ?? -1;
      if (row < 0 || this.isFile(row, folder, names, from, to)) return row;
    }
  }

  private isFile(row: number, folder: Uint8Array, names: Uint8Array, from: number, to: number): boolean {
    const { batch, at } = this.locate(row);
    const start = batch.names.ends[at] ?? 0;
    const end = batch.names.ends[at + 1] ?? start;
    if (end - start !== to - from) return false;
    for (let i = 0; i < to - from; i++) if (batch.names.bytes[start + i] !== names[from + i]) return false;
    return Buffer.compare(batch.folderOf(at), folder) === 0;
  }
}

/** Small sets are not worth rewriting. */
const CHUNK_OF_GRACE = 4096;

/** FNV-1a, 32 bits (G. Fowler, L. C. Noll, K.-P. Vo). */
const OFFSET_BASIS = 0x811c9dc5;

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
