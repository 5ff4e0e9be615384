import { crc32 } from "node:zlib";
import {
  BufferType,
  Data,
  Field,
  FixedSizeBinary,
  Float64,
  makeData,
  RecordBatch,
  RecordBatchReader,
  RecordBatchStreamWriter,
  Schema,
  Struct,
  Uint16,
  Uint32,
  Uint8,
  Utf8,
} from "apache-arrow";
import {
  columnWidth,
  COLUMN_NAMES,
  createFingerprints,
  type ColumnName,
  type Fingerprints,
} from "../../core/fingerprint/fingerprints";

/*
 * The file format of the fingerprint index: an Arrow IPC stream with one row a file. Columns: folder and name (UTF-8),
 * size (bytes), modified (milliseconds since 1970), reason (empty but for unreadable files), and those of Fingerprints.
 * A file of checksums beside it holds the length and the CRC-32 of every piece that was written.
 */

/** The bytes that end a stream. */
const END_BYTES = 8;

/** Names of some files as Arrow keeps text: name i is `bytes[ends[i] .. ends[i + 1])`. */
export interface TextColumn {
  readonly bytes: Uint8Array;
  readonly ends: Int32Array;
}

/** The rows of a batch to be written. */
export interface IndexRows {
  readonly count: number;
  readonly folders: TextColumn;
  readonly names: TextColumn;
  readonly reasons: TextColumn;
  readonly sizes: Float64Array;
  readonly times: Float64Array;
  readonly fingerprints: Fingerprints;
}

/** A batch that was read; its arrays are windows of the file's bytes. */
export class IndexBatch {
  readonly count: number;
  readonly folders: TextColumn;
  readonly names: TextColumn;
  private readonly reasons: TextColumn;
  readonly sizes: Float64Array;
  readonly times: Float64Array;
  readonly columns: Pick<Fingerprints, ColumnName>;

  constructor(batch: RecordBatch) {
    const children = batch.data.children as readonly Data[];
    const [folders, names, reasons, sizes, times, ...columns] = children as [Data, Data, Data, Data, Data, ...Data[]];
    this.count = batch.numRows;
    this.folders = textOf(folders);
    this.names = textOf(names);
    this.reasons = textOf(reasons);
    this.sizes = sizes.values as Float64Array;
    this.times = times.values as Float64Array;
    const values = COLUMN_NAMES.map((column, index) => [column, columns[index]?.values as Uint8Array] as const);
    this.columns = Object.fromEntries(values) as unknown as Pick<Fingerprints, ColumnName>;
  }

  /** The folder of a row. */
  readonly folderAt = (row: number): string => textAt(this.folders, row);

  /** Why the file of a row is unreadable; null when it is not. */
  reasonAt(row: number): string | null {
    return textAt(this.reasons, row) || null;
  }
}

function textAt({ bytes, ends }: TextColumn, row: number): string {
  return Buffer.from(bytes.subarray(ends[row], ends[row + 1])).toString();
}

function textOf(column: Data): TextColumn {
  return { bytes: column.values as Uint8Array, ends: column.valueOffsets as Int32Array };
}

function arrowType(column: ColumnName): FixedSizeBinary | Uint8 | Uint16 | Uint32 {
  const width = columnWidth(column);
  if (width > 1) return new FixedSizeBinary(width);
  const [array] = [createFingerprints(0)[column]];
  return array instanceof Uint32Array ? new Uint32() : array instanceof Uint16Array ? new Uint16() : new Uint8();
}

let madeSchema: Schema | undefined;

/** Made when it is used first: most runs of the command line never load Arrow. */
function schema(): Schema {
  return (madeSchema ??= new Schema(
    [
      new Field("folder", new Utf8()),
      new Field("name", new Utf8()),
      new Field("reason", new Utf8()),
      new Field("size", new Float64()),
      new Field("modified", new Float64()),
      ...COLUMN_NAMES.map((column) => new Field(column, arrowType(column))),
    ],
    new Map([["about", "Fingerprints of image files, kept by CleanSplit. Safe to delete."]]),
  ));
}

/** What a file begins with. */
export function encodeStart(): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema());
  writer.finish();
  return writer.toUint8Array(true).slice(0, -END_BYTES);
}

/** What ends a file. One that was cut off lacks it, and is read all the same. */
export function encodeEnd(): Uint8Array {
  return Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
}

let knownStart: number | undefined;

function startBytes(): number {
  return (knownStart ??= encodeStart().length);
}

/** Some rows, to be appended to what `encodeStart` gives. */
export function encodeBatch({ count, folders, names, reasons, sizes, times, fingerprints }: IndexRows): Uint8Array {
  const text = ({ bytes, ends }: TextColumn): Data =>
    makeData({ type: new Utf8(), length: count, nullCount: 0, valueOffsets: ends, data: bytes });
  const children: Data[] = [
    text(folders),
    text(names),
    text(reasons),
    makeData({ type: new Float64(), length: count, nullCount: 0, data: sizes }),
    makeData({ type: new Float64(), length: count, nullCount: 0, data: times }),
    ...COLUMN_NAMES.map((column) => {
      const data = fingerprints[column].subarray(0, count * columnWidth(column));
      return new Data(arrowType(column), 0, count, 0, { [BufferType.DATA]: data });
    }),
  ];
  const struct = makeData({ type: new Struct(schema().fields), length: count, nullCount: 0, children });
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, schema());
  writer.write(new RecordBatch(schema(), struct));
  writer.finish();
  return writer.toUint8Array(true).slice(startBytes(), -END_BYTES);
}

/** Length and CRC-32 of one piece of a file, as they stand in the file of checksums beside it. */
export function checksumOf(piece: Uint8Array): Uint8Array {
  return new Uint8Array(Uint32Array.of(piece.length, crc32(piece)).buffer);
}

/** Where a piece of a file is, and the CRC-32 that it should have. */
export interface Piece {
  readonly at: number;
  readonly length: number;
  readonly checksum: number;
}

/** The pieces of a file by its file of checksums. */
export function piecesOf(checksums: Uint8Array): Piece[] {
  // A copy, because 32-bit numbers must lie at multiples of four bytes.
  const words = new Uint32Array(Uint8Array.from(checksums.subarray(0, checksums.length & ~7)).buffer);
  const pieces: Piece[] = [];
  let end = 0;
  for (let i = 0; i < words.length; i += 2) {
    const [length = 0, checksum = 0] = words.subarray(i, i + 2);
    pieces.push({ at: end, length, checksum });
    end += length;
  }
  return pieces;
}

/** Whether the bytes of a piece are what was written. */
export function isWhole(bytes: Uint8Array, { length, checksum }: Piece): boolean {
  return bytes.length === length && crc32(bytes) === checksum;
}

/** What a file begins with, with room for a piece behind it: together they are a stream that Arrow reads. */
export function makeRoom(length: number): Uint8Array {
  const room = new Uint8Array(startBytes() + length);
  room.set(encodeStart());
  return room;
}

/** The part of such a room that a piece is to be read into. */
export function pieceIn(room: Uint8Array, length: number): Uint8Array {
  return room.subarray(startBytes(), startBytes() + length);
}

/**
 * The batch in a room, and nothing for the piece that ends a file. The Arrow library does not defend itself against damaged
 * bytes, it can run for ever: it may only see a piece that is whole.
 */
export function decodeBatch(room: Uint8Array, length: number): IndexBatch | null {
  const reader = RecordBatchReader.from(room.subarray(0, startBytes() + length));
  for (const batch of reader as Iterable<RecordBatch>) if (batch.numRows > 0) return new IndexBatch(batch);
  return null;
}
