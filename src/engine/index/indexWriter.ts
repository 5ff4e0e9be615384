import { randomUUID } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import path from "node:path";
import { createFingerprints, insertFingerprints, type Fingerprints } from "../../core/fingerprint/fingerprints";
import type { FileTimes, ReadFiles } from "../pool/jobs";
import type { PackedNames } from "../sources/names";
import { checksumOf, encodeBatch, encodeEnd, encodeStart, type TextColumn } from "./indexFile";

/** Rows of one batch. What an inspection that is killed loses at most. */
const BATCH_ROWS = 8192;

/** How files of the index end. */
export const INDEX_EXTENSION = ".arrows";

/** The file with the checksums of a file of the index. */
export function checksumFile(file: string): string {
  return `${file}.crc`;
}

/** Collects rows and appends them to a file of its own, which is made with the first batch. */
export class IndexWriter {
  private readonly fingerprints = createFingerprints(BATCH_ROWS);
  private readonly sizes = new Float64Array(BATCH_ROWS);
  private readonly times = new Float64Array(BATCH_ROWS);
  private readonly folders = new TextBuilder();
  private readonly names = new TextBuilder();
  private count = 0;
  /** When the last file was begun, in milliseconds since 1970. */
  private time = 0;
  /** The file and that of its checksums. */
  private open: { readonly file: number; readonly checksums: number } | null = null;

  constructor(private readonly folder: string) {}

  /** Adds the files for which `keeps` holds; their fingerprints are in `from`, the first one at sample `first`. */
  add(
    folder: string,
    names: PackedNames,
    { found, done }: Pick<ReadFiles, "done"> & { readonly found: FileTimes },
    from: Fingerprints,
    first: number,
    keeps: (index: number) => boolean,
  ): void {
    const folderBytes = Buffer.from(folder);
    for (let index = 0; index < done;) {
      let run = 0;
      while (index + run < done && this.count + run < BATCH_ROWS && keeps(index + run)) run++;
      if (run > 0) {
        insertFingerprints(this.fingerprints, this.count, from, first + index, run);
        for (let i = index; i < index + run; i++) {
          const start = i === 0 ? 0 : names.ends[i - 1];
          this.names.add(names.bytes.subarray(start, names.ends[i]));
          this.folders.add(folderBytes);
          this.sizes[this.count] = found.sizes[i] ?? NaN;
          this.times[this.count] = found.times[i] ?? NaN;
          this.count += 1;
        }
        index += run;
      } else {
        index += 1;
      }
      if (this.count === BATCH_ROWS) this.flush();
    }
  }

  /** Writes what is left. What is added afterwards goes into another file. */
  close(): void {
    try {
      this.flush();
      this.append(encodeEnd());
    } finally {
      if (this.open !== null) for (const descriptor of Object.values(this.open)) closeSync(descriptor);
      this.open = null;
    }
  }

  private flush(): void {
    if (this.count === 0) return;
    if (this.open === null) {
      // The time first, so that names sort by age and later rows go before earlier ones.
      this.time = Math.max(Date.now(), this.time + 1);
      const name = `${this.time.toString(36).padStart(9, "0")}-${randomUUID().slice(0, 8)}${INDEX_EXTENSION}`;
      const file = path.join(this.folder, name);
      this.open = { file: openSync(file, "wx"), checksums: openSync(checksumFile(file), "wx") };
      this.append(encodeStart());
    }
    const reasons = new TextBuilder();
    for (let row = 0; row < this.count; row++) reasons.add(Buffer.from(this.fingerprints.reasons.get(row) ?? ""));
    this.append(
      encodeBatch({
        count: this.count,
        folders: this.folders.take(),
        names: this.names.take(),
        reasons: reasons.take(),
        sizes: this.sizes.subarray(0, this.count),
        times: this.times.subarray(0, this.count),
        fingerprints: this.fingerprints,
      }),
    );
    this.fingerprints.reasons.clear();
    this.count = 0;
  }

  private append(piece: Uint8Array): void {
    if (this.open === null) return;
    writeAll(this.open.file, piece);
    writeAll(this.open.checksums, checksumOf(piece));
  }
}

/** Text columns while they grow. */
class TextBuilder {
  private bytes = new Uint8Array(BATCH_ROWS * 32);
  private readonly ends = new Int32Array(BATCH_ROWS + 1);
  private count = 0;

  add(text: Uint8Array): void {
    const from = this.ends[this.count] ?? 0;
    const to = from + text.length;
    if (to > this.bytes.length) {
      const larger = new Uint8Array(Math.max(to, this.bytes.length * 2));
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes.set(text, from);
    this.ends[++this.count] = to;
  }

  /** What was added, valid until the next `add`. */
  take(): TextColumn {
    const ends = this.ends.subarray(0, this.count + 1);
    const bytes = this.bytes.subarray(0, ends.at(-1));
    this.count = 0;
    return { bytes, ends };
  }
}

function writeAll(descriptor: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at);
}
