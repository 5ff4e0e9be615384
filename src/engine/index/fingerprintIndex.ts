import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import { messageOf } from "../../core/errors";
import { SampleState } from "../../core/dataset/dataset";
import { columnWidth, COLUMN_NAMES, type Fingerprints } from "../../core/fingerprint/fingerprints";
import type { FileTimes, ReadFiles } from "../pool/jobs";
import type { PackedNames } from "../sources/names";
import { makeRoom, pieceIn, type IndexBatch, type Piece, type TextColumn } from "./indexFile";
import { IndexReader } from "./indexReader";
import { isAscending, Runs, type Place } from "./runs";
import { checksumFile, INDEX_EXTENSION, IndexWriter } from "./indexWriter";

/** Files with another version are left alone and never read. Raise it when a column or what a column means changes. */
const VERSION = "v3";

/** More files than this, or more than twice as many rows as images, and the index is written anew. */
const MAX_FILES = 8;

/**
 * A file whose time of change is this close to the moment it was read may change again without showing it: times are kept
 * in steps of up to two seconds on some file systems.
 */
const UNSAFE_MILLISECONDS = 2000;

/** Batches whose rows are in memory at a time: jobs that run at once want rows of a few that follow one another. */
const MAX_LOADED = 4;

/** Where the index of a dataset is, in the folder where all are kept. */
export function indexFolderOf(folder: string, root: string): string {
  const key = createHash("sha256").update(path.resolve(root)).digest("hex").slice(0, 32);
  return path.join(folder, VERSION, key);
}

/** Rows of the index for some files; -1 for a file that is not in it. */
export interface FoundRows {
  readonly rowOf: Int32Array;
  readonly known: FileTimes;
}

/** What is kept in memory of a batch: enough to find a file. Its row r is row `start + r` of the index. */
interface Batch {
  readonly reader: IndexReader;
  readonly piece: Piece;
  readonly start: number;
  readonly count: number;
  readonly names: TextColumn;
  readonly sizes: Float64Array;
  readonly times: Float64Array;
}

/**
 * What earlier inspections read below one folder, kept on disk in Arrow stream files that any Arrow library reads. Every
 * inspection appends a file of what it read anew; a file that was cut off keeps all but its last batch, and a batch whose
 * checksum is wrong counts as not there. Nothing in it is believed for a file whose size or time of change differs.
 * Several processes may use it at once: each writes files of its own.
 */
export class FingerprintIndex {
  private readonly batches: Batch[] = [];
  private readonly readers: IndexReader[] = [];
  private readonly files: readonly string[];
  private rows = 0;
  /** The rows about each folder, by file, the oldest first: what a later file says goes before. */
  private readonly folders = new Map<string, { readonly reader: IndexReader; readonly runs: Runs<Batch> }[]>();
  /** Batches whose rows are in memory, the one used last at the end, and where they lie. */
  private loaded: { readonly batch: Batch; readonly rows: IndexBatch; readonly room: Uint8Array }[] = [];
  private readonly writer: IndexWriter;
  private compacts = false;
  private failure: string | null = null;

  /** `folder` is where indexes are kept, `root` whose images it is about. */
  static async open(folder: string, root: string): Promise<FingerprintIndex> {
    const index = new FingerprintIndex(indexFolderOf(folder, root));
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
      const reader = IndexReader.open(file);
      if (reader === null) continue;
      this.readers.push(reader);
      const room = makeRoom(reader.pieces.reduce((most, { length }) => Math.max(most, length), 0));
      for (const piece of reader.pieces) {
        const rows = reader.readBatch(piece, room);
        // What follows damage is not believed either.
        if (rows === null) break;
        this.addBatch(reader, piece, rows);
        await nextTurn();
      }
    }
  }

  /** Keeps a copy of what finds the files of a batch. */
  private addBatch(reader: IndexReader, piece: Piece, rows: IndexBatch): void {
    const { count, folders, names, sizes, times } = rows;
    const ends = names.ends.slice(0, count + 1);
    const kept = { bytes: names.bytes.slice(0, ends[count]), ends };
    const batch = { reader, piece, start: this.rows, count, names: kept, sizes: sizes.slice(), times: times.slice() };
    this.batches.push(batch);
    this.rows += count;
    for (let from = 0, to = 1; from < count; from = to++) {
      while (to < count && isSameText(folders, from, to) && isAscending(kept, to)) to++;
      const folder = rows.folderAt(from);
      const files = this.folders.get(folder) ?? [];
      this.folders.set(folder, files);
      if (files.at(-1)?.reader !== reader) files.push({ reader, runs: new Runs<Batch>() });
      files.at(-1)?.runs.add({ batch, from, to });
    }
  }

  /** Says how many images there are now: an index that holds mostly others is written anew. */
  expect(images: number): void {
    this.compacts = this.files.length > MAX_FILES || this.rows > 2 * images + GRACE_ROWS;
  }

  /** Rows for images of one folder, as they were when they were read. */
  find(folder: string, names: PackedNames): FoundRows | null {
    const files = this.folders.get(folder);
    if (files === undefined) return null;
    const count = names.ends.length;
    const rowOf = new Int32Array(count).fill(-1);
    const times = { sizes: new Float64Array(count).fill(NaN), times: new Float64Array(count).fill(NaN) };
    let from = 0;
    for (let index = 0; index < count; index++) {
      const to = names.ends[index] ?? from;
      let found: Place<Batch> | null = null;
      for (let i = files.length - 1; i >= 0 && found === null; i--) {
        found = files[i]?.runs.find(names.bytes, from, to) ?? null;
      }
      from = to;
      if (found === null) continue;
      const { batch, at } = found;
      rowOf[index] = batch.start + at;
      times.sizes[index] = batch.sizes[at] ?? NaN;
      times.times[index] = batch.times[at] ?? NaN;
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
      const { batch, at } = this.placeOf(row);
      const rows = this.rowsOf(batch);
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
        into[name].set(rows.columns[name].subarray(at * width, (at + run) * width), (first + index) * width);
      }
      for (let i = 0; i < run; i++) {
        if (rows.columns.states[at + i] === SampleState.ok) continue;
        into.reasons.set(first + index + i, rows.reasonAt(at + i) ?? "");
      }
      index += run;
    }
  }

  /** Keeps what was read anew; `first` is the sample of the first file in `from`. */
  add(folder: string, names: PackedNames, read: ReadFiles, from: Fingerprints, first: number): void {
    const { found } = read;
    if (this.failure !== null || found === null) return;
    const safe = read.began - UNSAFE_MILLISECONDS;
    const keeps = (index: number): boolean =>
      (read.unchanged[index] === 0 || this.compacts) && (found.times[index] ?? NaN) < safe;
    try {
      this.writer.add(folder, names, { found, done: read.done }, from, first, keeps);
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  /** Says that files will be added again: of one file of the index each is about another image. */
  beginAgain(): void {
    try {
      this.writer.close();
    } catch (error) {
      this.failure ??= messageOf(error);
    }
  }

  /**
   * Ends the index; `complete` says that all images were read. Answers why it could not be kept, or `null`: an inspection
   * is as good without it.
   */
  close(complete: boolean): string | null {
    try {
      this.release();
      this.writer.close();
      if (complete && this.compacts && this.failure === null) this.removeOld();
    } catch (error) {
      this.failure ??= messageOf(error);
    }
    return this.failure;
  }

  /** Closes the files that are read, whatever became of the inspection; nothing can be found afterwards. */
  release(): void {
    for (const reader of this.readers.splice(0)) reader.close();
    this.loaded = [];
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

  private placeOf(row: number): { readonly batch: Batch; readonly at: number } {
    let [low, high] = [0, this.batches.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.batches[middle]?.start ?? 0) <= row) low = middle;
      else high = middle - 1;
    }
    const batch = this.batches[low];
    if (batch === undefined) throw new RangeError(`The index has no row ${row}.`);
    return { batch, at: row - batch.start };
  }

  /** The rows of a batch, valid until those of other batches are asked for. */
  private rowsOf(batch: Batch): IndexBatch {
    const at = this.loaded.findIndex((entry) => entry.batch === batch);
    const known = this.loaded[at];
    if (known !== undefined) {
      if (at < this.loaded.length - 1) this.loaded.push(...this.loaded.splice(at, 1));
      return known.rows;
    }
    const { piece, reader } = batch;
    const old = this.loaded.length < MAX_LOADED ? undefined : this.loaded.shift()?.room;
    const room = old !== undefined && pieceIn(old, piece.length).length === piece.length ? old : makeRoom(piece.length);
    const rows = reader.readBatch(piece, room);
    // It was whole a moment ago: a disk that loses what it has read is no ordinary damage.
    if (rows === null) throw new Error(l10n.t("The fingerprint index changed while it was used. Inspect again."));
    this.loaded.push({ batch, rows, room });
    return rows;
  }
}

/** Small sets are not worth rewriting. */
const GRACE_ROWS = 4096;

/** Whether two rows of a column hold the same text. */
function isSameText({ bytes, ends }: TextColumn, row: number, other: number): boolean {
  const [from, to] = [ends[row] ?? 0, ends[row + 1] ?? 0];
  const start = ends[other] ?? 0;
  if ((ends[other + 1] ?? 0) - start !== to - from) return false;
  for (let i = from; i < to; i++) if (bytes[i] !== bytes[start + i - from]) return false;
  return true;
}
