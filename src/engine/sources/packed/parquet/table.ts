import {
  parquetMetadata,
  type CompressionCodec,
  type FileMetaData,
  type ParquetType,
  type SchemaElement,
} from "hyparquet";
import { CleanSplitError } from "../../../../core/errors";
import { grouped, printable, type OpenFile } from "../../arrays/bytes";
import { ThriftCut, ThriftDamaged, walkStruct, type ThriftField } from "./thrift";

/** A column as it is stored: one list of values, of which a table column that holds lists or structs has one or more. */
export interface Leaf {
  /** Names from the table column down to this one. */
  readonly path: readonly string[];
  /** Position among all leaves, and so among the chunks of a row group. */
  readonly index: number;
  readonly type: ParquetType;
  /** Bytes of a value; 0 for byte arrays, whose values have lengths of their own, and for booleans, which are bits. */
  readonly width: number;
  readonly isText: boolean;
  readonly isUnsigned: boolean;
  /** How many of the names of the path may be absent, and how many are lists. */
  readonly maxDefinition: number;
  readonly maxRepetition: number;
}

/** The values of one leaf in one row group. */
export interface Chunk {
  readonly codec: CompressionCodec;
  readonly values: number;
  /** Its pages are the bytes `[from, to)` of the file. */
  readonly from: number;
  readonly to: number;
}

export interface RowGroup {
  readonly firstRow: number;
  readonly rows: number;
  /** One for each leaf. */
  readonly chunks: readonly Chunk[];
}

/** What the footer of a Parquet file says, checked against the file. */
export interface Table {
  readonly file: OpenFile;
  readonly rows: number;
  readonly leaves: readonly Leaf[];
  readonly groups: readonly RowGroup[];
  /** Texts that writers leave for their readers, by key. */
  readonly keyValues: ReadonlyMap<string, string>;
  /** The fields of the footer as they are stored, to be written again. */
  readonly footer: { readonly bytes: Uint8Array; readonly fields: readonly ThriftField[] };
}

const MAGIC = "PAR1";
/** Behind the footer: its length and the magic. */
const END_BYTES = 8;
const MAX_FOOTER_BYTES = 64 * 2 ** 20;
/** Names of a column from the table down; the columns of datasets have five at most. */
const MAX_NESTING = 32;
const MAX_LEAVES = 10_000;
/** More images than that in one file are refused; their labels and fingerprints alone would take gigabytes. */
const MAX_ROWS = 2 ** 26;

const CODECS: ReadonlySet<unknown> = new Set(["UNCOMPRESSED", "SNAPPY", "GZIP", "BROTLI", "LZ4", "ZSTD", "LZ4_RAW"]);

const WIDTHS: Readonly<Record<ParquetType, number>> = {
  BOOLEAN: 0,
  INT32: 4,
  INT64: 8,
  INT96: 12,
  FLOAT: 4,
  DOUBLE: 8,
  BYTE_ARRAY: 0,
  FIXED_LEN_BYTE_ARRAY: 0,
};

/** The error for a file that is damaged or forged. */
export function damaged(file: OpenFile, problem: string): CleanSplitError {
  return new CleanSplitError("corrupt", `${file.name} is a damaged Parquet file: ${problem}. Download it again.`);
}

/** The error for what CleanSplit does not read; `advice` says what to do about it. */
export function unsupported(file: OpenFile, problem: string, advice: string): CleanSplitError {
  return new CleanSplitError("unsupported", `${file.name} cannot be read: ${problem}. ${advice}.`);
}

/**
 * Reads and checks the footer of a Parquet file: every row group has a chunk of every leaf, and the chunks lie in the file.
 * @throws {CleanSplitError} "corrupt" when it is damaged or no Parquet file, "unsupported" when it is encrypted, uses other
 * files, or is larger than can be read
 */
export function readTable(file: OpenFile): Table {
  const bytes = readFooter(file);
  const { fields, metadata } = parseFooter(file, bytes);
  const leaves = readLeaves(file, metadata.schema);
  const end = file.length - bytes.length;
  let firstRow = 0;
  const groups = metadata.row_groups.map((group, index): RowGroup => {
    const rows = whole(group.num_rows);
    if (rows === undefined) throw damaged(file, `row group ${index} has no number of rows`);
    if (group.columns.length !== leaves.length) {
      throw damaged(file, `row group ${index} has ${group.columns.length} of ${leaves.length} columns`);
    }
    const chunks = leaves.map((leaf) => readChunk(file, group.columns[leaf.index], leaf, index, end));
    for (const [column, { values }] of chunks.entries()) {
      if (leaves[column]?.maxRepetition === 0 && values !== rows) {
        throw damaged(file, `a column of row group ${index} has ${grouped(values)} values for ${grouped(rows)} rows`);
      }
    }
    const start = firstRow;
    firstRow += rows;
    if (firstRow > MAX_ROWS) {
      throw unsupported(
        file,
        `it has more than ${grouped(MAX_ROWS)} rows`,
        "Write it as several files of fewer rows, or check that it is what it should be",
      );
    }
    return { firstRow: start, rows, chunks };
  });
  if (whole(metadata.num_rows) !== firstRow) {
    throw damaged(file, `it declares ${String(metadata.num_rows)} rows and its row groups have ${grouped(firstRow)}`);
  }
  const keyValues = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]));
  return { file, rows: firstRow, leaves, groups, keyValues, footer: { bytes, fields } };
}

/** The footer with its length and the magic behind it. */
function readFooter(file: OpenFile): Uint8Array {
  if (file.length < MAGIC.length + END_BYTES) throw damaged(file, "it ends early");
  const end = Buffer.from(file.read(file.length - END_BYTES, END_BYTES).buffer);
  const magic = end.toString("latin1", 4);
  if (magic === "PARE") {
    throw unsupported(file, "it is encrypted", "Write it without encryption");
  }
  const start = Buffer.from(file.read(0, MAGIC.length).buffer).toString("latin1");
  if (start !== MAGIC) throw damaged(file, 'it does not begin with "PAR1"');
  if (magic !== MAGIC) throw damaged(file, 'it does not end with "PAR1", so it is cut off');
  const length = end.readUInt32LE(0);
  if (length > file.length - MAGIC.length - END_BYTES) {
    throw damaged(file, `it declares a footer of ${grouped(length)} bytes, more than the file has`);
  }
  if (length > MAX_FOOTER_BYTES) {
    throw unsupported(
      file,
      `its footer has ${grouped(length)} bytes`,
      "Write it with larger row groups, or as several files",
    );
  }
  return file.read(file.length - END_BYTES - length, length + END_BYTES);
}

function parseFooter(file: OpenFile, bytes: Uint8Array): { fields: readonly ThriftField[]; metadata: FileMetaData } {
  try {
    const { fields } = walkStruct(bytes.subarray(0, bytes.length - END_BYTES), 0);
    const metadata = parquetMetadata(bytes, { geoparquet: false });
    // The library takes bytes for lists, too.
    const { schema, row_groups: groups, key_value_metadata: keyValues = [] } = metadata;
    if (![schema, groups, keyValues, ...groups.map(({ columns }) => columns)].every(Array.isArray)) {
      throw new TypeError("a list is none");
    }
    return { fields, metadata };
  } catch (error) {
    // What the library says of fields that are missing or of another type is for programmers.
    const isTooMuch = error instanceof ThriftDamaged || error instanceof ThriftCut;
    throw damaged(file, isTooMuch ? "its footer is malformed" : "its footer lacks what every Parquet file declares");
  }
}

/** The leaves of the schema, which lists its nodes from the root down, each before its children. */
function readLeaves(file: OpenFile, schema: readonly SchemaElement[]): Leaf[] {
  const leaves: Leaf[] = [];
  const taken = new Set<string>();
  let at = 0;
  const visit = (parents: readonly SchemaElement[]): void => {
    const element = schema[at++];
    if (element === undefined) throw damaged(file, "its schema declares more columns than it has");
    const children = element.num_children === undefined ? 0 : whole(element.num_children);
    if (children === undefined) throw damaged(file, "its schema declares a negative number of columns");
    const nodes = [...parents, element];
    if (nodes.length > MAX_NESTING + 1) {
      throw unsupported(file, `its columns nest deeper than ${MAX_NESTING}`, "Write it with flatter columns");
    }
    if (children > 0 || nodes.length === 1) {
      for (let child = 0; child < children; child++) visit(nodes);
      return;
    }
    const leaf = leafOf(file, nodes.slice(1), leaves.length);
    const name = leaf.path.join("\0");
    if (taken.has(name)) throw damaged(file, `it has two columns ${printable(leaf.path.join("."))}`);
    taken.add(name);
    leaves.push(leaf);
    if (leaves.length > MAX_LEAVES) {
      throw unsupported(
        file,
        `it has more than ${grouped(MAX_LEAVES)} columns`,
        "Write the columns of images and labels only",
      );
    }
  };
  visit([]);
  if (at !== schema.length) throw damaged(file, "its schema has columns that belong to nothing");
  if (leaves.length === 0) throw damaged(file, "it has no columns");
  return leaves;
}

function leafOf(file: OpenFile, nodes: readonly SchemaElement[], index: number): Leaf {
  const last = nodes.at(-1);
  const type = last?.type;
  const path = nodes.map(({ name }) => name);
  const name = printable(path.join("."));
  if (last === undefined || type === undefined || path.some((part) => typeof part !== "string")) {
    throw damaged(file, `its column ${name} has no type`);
  }
  const length = whole(last.type_length);
  if (type === "FIXED_LEN_BYTE_ARRAY" && (length === undefined || length === 0)) {
    throw damaged(file, `its column ${name} has no length`);
  }
  const { converted_type: converted, logical_type: logical } = last;
  return {
    path,
    index,
    type,
    width: type === "FIXED_LEN_BYTE_ARRAY" ? (length ?? 0) : WIDTHS[type],
    isText: converted === "UTF8" || converted === "ENUM" || logical?.type === "STRING" || logical?.type === "ENUM",
    isUnsigned: converted?.startsWith("UINT_") === true || (logical?.type === "INTEGER" && !logical.isSigned),
    maxDefinition: nodes.filter(({ repetition_type: kind }) => kind === "OPTIONAL" || kind === "REPEATED").length,
    maxRepetition: nodes.filter(({ repetition_type: kind }) => kind === "REPEATED").length,
  };
}

function readChunk(
  file: OpenFile,
  column: FileMetaData["row_groups"][number]["columns"][number] | undefined,
  leaf: Leaf,
  group: number,
  end: number,
): Chunk {
  const where = `column ${printable(leaf.path.join("."))} of row group ${group}`;
  if (column?.crypto_metadata !== undefined || column?.encrypted_column_metadata !== undefined) {
    throw unsupported(file, `the ${where} is encrypted`, "Write it without encryption");
  }
  if (column?.file_path !== undefined) {
    throw unsupported(file, `the ${where} lies in another file`, "Write it as one file");
  }
  const data = column?.meta_data;
  if (data === undefined) throw damaged(file, `the ${where} is not described`);
  if (data.type !== leaf.type || data.path_in_schema.join("\0") !== leaf.path.join("\0")) {
    throw damaged(file, `the ${where} is described as another one`);
  }
  if (!CODECS.has(data.codec)) {
    throw unsupported(file, `the ${where} is compressed in a way that is not known`, "Write it with snappy or zstd");
  }
  const [first, dictionary] = [whole(data.data_page_offset), whole(data.dictionary_page_offset)];
  const [size, values] = [whole(data.total_compressed_size), whole(data.num_values)];
  if (first === undefined || size === undefined || values === undefined)
    throw damaged(file, `the ${where} has no place`);
  const from = dictionary !== undefined && dictionary > 0 ? Math.min(first, dictionary) : first;
  if (from < MAGIC.length || from + size > end) throw damaged(file, `the ${where} lies outside of it`);
  return { codec: data.codec, values, from, to: from + size };
}

/** A whole number, 0 or more; undefined for everything else. */
function whole(value: unknown): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
