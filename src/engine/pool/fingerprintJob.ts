import { SampleState } from "../../core/dataset/dataset";
import { columnWidth, FORMATS, type ColumnName, type FingerprintColumns } from "../../core/fingerprint/fingerprints";
import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import { decodeImage } from "../decode/decode";
import { sniffFormat } from "../decode/formats";
import { mayBeSeen } from "../decode/jpeg";
import { UnreadableImage } from "../decode/unreadable";
import type { FileColumns, Kernels } from "../kernels/kernels";
import type { Rows } from "./record";

/** Images up to this size go through the kernels, many at a time; larger ones are no small PNGs and are decoded one by one. */
export const MAX_BATCHED_BYTES = 64 * 1024;

/**
 * Fingerprints encoded images one after the other, wherever their bytes come from. An image that cannot be decoded is an
 * unreadable sample, never a failed job. `exact` decodes all pixels, so that no fingerprint is provisional.
 */
export class FingerprintJob {
  /** Images of the batch that the kernels are filled with. */
  private batch: number[] = [];
  /** Whether the last room is that of the kernels, and whether what it takes is for the batch. */
  private isInKernels = false;
  private isBatched = false;

  constructor(
    private readonly rows: Rows,
    private readonly exact: boolean,
    private readonly kernels: Kernels,
    private readonly md5: Md5,
  ) {}

  /**
   * Where to write the bytes of the next image, `size` of them, to be given to {@link take}; with `head`, the bytes of the
   * last room that the image begins with, when there were more than it had room for.
   */
  room(size: number, head?: Uint8Array): Uint8Array {
    this.isBatched = size <= MAX_BATCHED_BYTES;
    this.isInKernels = this.isBatched || (head !== undefined && !this.exact && mayBeSeen(head, size));
    const room = this.isInKernels ? this.kernels.room(size) : new Uint8Array(size);
    // Where memory grew for it this view of the head is empty, and the head lies where it did.
    if (head !== undefined && head.length > 0) room.set(head);
    return room;
  }

  /**
   * Takes the bytes at the beginning of the last room as an image: a small one into the batch, a large one at once. Undefined
   * when there is nothing to wait for, which is so for nearly all of a batch: waiting costs as much as reading a byte.
   */
  take(bytes: Uint8Array, index: number): Promise<void> | undefined {
    if (this.isBatched) {
      this.batch.push(index);
      return this.kernels.add(bytes.length) ? this.finish() : undefined;
    }
    this.md5.into(this.rows.columns.fileDigests, this.rows.rowOf(index) * DIGEST_BYTES, bytes);
    return this.decode(bytes, index);
  }

  /** Runs the batch. */
  async finish(): Promise<void> {
    if (this.batch.length === 0) return;
    const images = this.batch;
    this.batch = [];
    const columns = this.kernels.run();
    const others = images.flatMap((index, row) =>
      columns.covered[row] === 1 ? [] : [{ index, bytes: this.kernels.bytesOf(row).slice() }],
    );
    copyColumns(columns, this.rows, images);
    this.isInKernels = false;
    for (const { index, bytes } of others) await this.decode(bytes, index);
  }

  private async decode(bytes: Uint8Array, index: number): Promise<void> {
    const { rows } = this;
    const { length } = bytes;
    const format = sniffFormat(bytes);
    rows.columns.formats[rows.rowOf(index)] = FORMATS.indexOf(format ?? "");
    const view = format === "jpeg" && !this.exact ? this.kernels.jpeg(bytes) : null;
    if (view?.kind === "seen") rows.addSeen(index, view);
    else if (view?.kind === "damaged") rows.addFault(index, SampleState.unreadable, view.reason);
    else {
      // Memory of the kernels is used again while the library decodes, and may have grown.
      const whole = this.isInKernels ? this.kernels.lastRoom().slice(0, length) : bytes;
      try {
        rows.addPicture(index, await decodeImage(whole));
      } catch (error) {
        if (!(error instanceof UnreadableImage)) throw error;
        rows.addFault(index, SampleState.unreadable, error.message);
      }
    }
  }
}

const PNG = FORMATS.indexOf("png");

/** Columns that the kernels fill of every picture; they have the same names there. */
export const PICTURE_COLUMNS = [
  "pixelDigests",
  "signatures",
  "dHashes",
  "pHashes",
  "blank",
  "spreads",
  "widths",
  "heights",
  "modes",
] as const satisfies readonly (ColumnName & keyof FileColumns)[];

const SHARED = ["fileDigests", ...PICTURE_COLUMNS] as const;

/** Copies `count` rows of one column that the kernels filled, from `row` on, to our rows from `index` on. */
export function copyColumn(
  name: (typeof SHARED)[number],
  columns: FileColumns,
  row: number,
  count: number,
  into: FingerprintColumns,
  index: number,
): void {
  const width = columnWidth(name);
  const words = columns[name];
  // Hashes are words there and bytes here.
  const source = words instanceof Uint32Array && into[name] instanceof Uint8Array ? bytesOf(words) : words;
  into[name].set(source.subarray(row * width, (row + count) * width), index * width);
}

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
    for (const name of SHARED) copyColumn(name, columns, row, run, into, index);
    // All that the kernels cover are PNGs; the format of the others is found where they are decoded.
    into.formats.fill(PNG, index, index + run);
    row += run;
  }
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
