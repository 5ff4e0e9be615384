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

const FIXED = [
  new Field("folder", new Utf8()),
  new Field("name", new Utf8()),
  new Field("reason", new Utf8()),
  new Field("size", new Float64()),
  new Field("modified", new Float64()),
];

function arrowType(column: ColumnName): FixedSizeBinary | Uint8 | Uint16 | Uint32 {
  const width = columnWidth(column);
  if (width > 1) return new FixedSizeBinary(width);
  const [array] = [createFingerprints(0)[column]];
  return array instanceof Uint32Array ? new Uint32() : array instanceof Uint16Array ? new Uint16() : new Uint8();
}

const SCHEMA = new Schema(
  [...FIXED, ...COLUMN_NAMES.map((column) => new Field(column, arrowType(column)))],
  new Map([["about", "Fingerprints of image files, kept by CleanSplit. Safe to delete."]]),
);

/** What a file begins with. */
export function encodeStart(): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, SCHEMA);
  writer.finish();
  return writer.toUint8Array(true).slice(0, -END_BYTES);
}

/** What ends a file. One that was cut off lacks it, and is read all the same. */
export function encodeEnd(): Uint8Array {
  return Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0);
}

const START_BYTES = encodeStart().length;

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
  const struct = makeData({ type: new Struct(SCHEMA.fields), length: count, nullCount: 0, children });
  const writer = new RecordBatchStreamWriter();
  writer.reset(undefined, SCHEMA);
  writer.write(new RecordBatch(SCHEMA, struct));
  writer.finish();
  return writer.toUint8Array(true).slice(START_BYTES, -END_BYTES);
}

/** Length and CRC-32 of one piece of a file, as they stand in the file of checksums beside it. */
export function checksumOf(piece: Uint8Array): Uint8Array {
  return new Uint8Array(Uint32Array.of(piece.length, crc32(piece)).buffer);
}

/**
 * The batches of a file up to the first piece that is not as its checksum says. The Arrow library does not defend itself
 * against damaged bytes, it can run for ever, so it only sees what is whole.
 */
export function readBatches(bytes: Uint8Array, checksums: Uint8Array): IndexBatch[] {
  // A copy, because 32-bit numbers must lie at multiples of four bytes.
  const expected = new Uint32Array(Uint8Array.from(checksums.subarray(0, checksums.length & ~7)).buffer);
  let whole = 0;
  for (let at = 0; at < expected.length; at += 2) {
    const end = whole + (expected[at] ?? 0);
    if (end > bytes.length || crc32(bytes.subarray(whole, end)) !== expected[at + 1]) break;
    whole = end;
  }
  if (whole === 0) return [];
  const batches = [...RecordBatchReader.from(bytes.subarray(0, whole))] as RecordBatch[];
  // A stream without batches reads as one without rows.
  return batches.filter((batch) => batch.numRows > 0).map((batch) => new IndexBatch(batch));
}
