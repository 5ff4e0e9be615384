import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../../core/errors";
import { integerText } from "../../../../core/language";
import { type OpenFile } from "../../arrays/bytes";

/** Where the data of a record lies: the bytes `[from, to)` of the file. */
export interface RecordPlace {
  readonly from: number;
  readonly to: number;
}

/** Bytes that can be read one at a time, by their place. */
export interface Bytes {
  /** The byte at a place that is there. */
  byte(at: number): number;
  /** A copy of the bytes `[from, to)`. */
  slice(from: number, to: number): Uint8Array;
}

/** Before the data: its length and the checksum of that. */
export const HEAD_BYTES = 12;
/** Behind it: its checksum. */
export const TAIL_BYTES = 4;
/** More images than that in one file are refused; their labels and fingerprints alone would take gigabytes. */
const MAX_RECORDS = 2 ** 26;
const WINDOW_BYTES = 2 ** 14;
const CRC_TABLE = crcTable();

/** A file of which some bytes are held, so that reading on does not ask the disk for each. */
export class Window implements Bytes {
  #held = new Uint8Array(0);
  #start = 0;

  constructor(readonly file: OpenFile) {}

  byte(at: number): number {
    const known = this.#held[at - this.#start];
    if (known !== undefined) return known;
    this.#held = this.file.read(at, Math.min(WINDOW_BYTES, this.file.length - at));
    this.#start = at;
    return this.#held[0] ?? 0;
  }

  slice(from: number, to: number): Uint8Array {
    const isHeld = from >= this.#start && to <= this.#start + this.#held.length;
    return isHeld ? this.#held.slice(from - this.#start, to - this.#start) : this.file.read(from, to - from);
  }
}

/**
 * The records of a TFRecord file in their order. Their lengths are checked against their checksums and against the file; the
 * data is not read.
 * @throws {CleanSplitError} "corrupt" at the first record that is damaged or cut off, "unsupported" for more records than can
 * be read
 */
export function* recordsOf(window: Window): Generator<RecordPlace> {
  const { file } = window;
  let at = 0;
  for (let index = 0; at < file.length; index++) {
    if (index === MAX_RECORDS) {
      throw new CleanSplitError(
        "unsupported",
        l10n.t(
          "{0} cannot be read: it has more than {1} records. Write it as several files.",
          file.name,
          integerText(MAX_RECORDS),
        ),
      );
    }
    if (file.length - at < HEAD_BYTES) throw cut(file, index);
    const head = window.slice(at, at + HEAD_BYTES);
    const view = new DataView(head.buffer, head.byteOffset, HEAD_BYTES);
    if (maskedCrc(head.subarray(0, 8)) !== view.getUint32(8, true)) throw damaged(file, index);
    const length = view.getBigUint64(0, true);
    const from = at + HEAD_BYTES;
    if (length > BigInt(Math.max(file.length - from - TAIL_BYTES, 0)) || file.length - from < TAIL_BYTES) {
      throw cut(file, index);
    }
    const to = from + Number(length);
    yield { from, to };
    at = to + TAIL_BYTES;
    // What lies behind is held already when the record was small.
    if (at < file.length) window.byte(at);
  }
}

/** The data of a record; `null` when it does not match its checksum. */
export function readRecord(file: OpenFile, { from, to }: RecordPlace): Uint8Array | null {
  const bytes = file.read(from, to - from + TAIL_BYTES);
  const data = bytes.subarray(0, to - from);
  const stored = new DataView(bytes.buffer).getUint32(to - from, true);
  return maskedCrc(data) === stored ? data : null;
}

function damaged(file: OpenFile, index: number): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    index === 0
      ? l10n.t(
          "{0} is no TFRecord file, or damaged: it does not begin with a record whose length matches its checksum. Download it again.",
          file.name,
        )
      : l10n.t(
          "{0} is damaged: behind its first {1} records, a length does not match its checksum. Download it again.",
          file.name,
          integerText(index),
        ),
  );
}

function cut(file: OpenFile, index: number): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} ends inside its record {1}. Download it again.", file.name, integerText(index + 1)),
  );
}

/** The checksum of TFRecord: CRC-32C, turned and shifted so that checksums of data with checksums stay useful. */
export function maskedCrc(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ (CRC_TABLE[(crc ^ byte) & 0xff] ?? 0);
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function crcTable(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    return crc;
  });
}
