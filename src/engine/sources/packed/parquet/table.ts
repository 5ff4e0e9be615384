import * as l10n from "@vscode/l10n";
import {
  parquetMetadata,
  type CompressionCodec,
  type FileMetaData,
  type ParquetType,
  type SchemaElement,
} from "hyparquet";
import { CleanSplitError } from "../../../../core/errors";
import { integerText } from "../../../../core/language";
import { printable, type OpenFile } from "../../arrays/bytes";
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
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} is a damaged Parquet file: {1}. Download it again.", file.name, problem),
  );
}

/** The error for what CleanSplit does not read; `advice` says what to do about it. */
export function unsupported(file: OpenFile, problem: string, advice: string): CleanSplitError {
  return new CleanSplitError("unsupported", l10n.t("{0} cannot be read: {1}. {2}.", file.name, problem, advice));
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
    if (rows === undefined) throw damaged(file, l10n.t("row group {0} has no number of rows", index));
    if (group.columns.length !== leaves.length) {
      throw damaged(file, l10n.t("row group {0} has {1} of {2} columns", index, group.columns.length, leaves.length));
    }
    const chunks = leaves.map((leaf) => readChunk(file, group.columns[leaf.index], leaf, index, end));
    for (const [column, { values }] of chunks.entries()) {
      if (leaves[column]?.maxRepetition === 0 && values !== rows) {
        throw damaged(
          file,
          l10n.t(
            "a column of row group {0} has {1} values for {2} rows",
            index,
            integerText(values),
            integerText(rows),
          ),
        );
      }
    }
    const start = firstRow;
    firstRow += rows;
    if (firstRow > MAX_ROWS) {
      throw unsupported(
        file,
        l10n.t("it has more than {0} rows", integerText(MAX_ROWS)),
        l10n.t("Write it as several files of fewer rows, or check that it is what it should be"),
      );
    }
    return { firstRow: start, rows, chunks };
  });
  if (whole(metadata.num_rows) !== firstRow) {
    throw damaged(
      file,
      l10n.t("it declares {0} rows and its row groups have {1}", String(metadata.num_rows), integerText(firstRow)),
    );
  }
  const keyValues = new Map((metadata.key_value_metadata ?? []).map(({ key, value }) => [key, value ?? ""]));
  return { file, rows: firstRow, leaves, groups, keyValues, footer: { bytes, fields } };
}

/** The footer with its length and the magic behind it. */
function readFooter(file: OpenFile): Uint8Array {
  if (file.length < MAGIC.length + END_BYTES) throw damaged(file, l10n.t("it ends early"));
  const end = Buffer.from(file.read(file.length - END_BYTES, END_BYTES).buffer);
  const magic = end.toString("latin1", 4);
  if (magic === "PARE") {
    throw unsupported(file, l10n.t("it is encrypted"), l10n.t("Write it without encryption"));
  }
  const start = Buffer.from(file.read(0, MAGIC.length).buffer).toString("latin1");
  if (start !== MAGIC) throw damaged(file, l10n.t('it does not begin with "PAR1"'));
  if (magic !== MAGIC) throw damaged(file, l10n.t('it does not end with "PAR1", so it is cut off'));
  const length = end.readUInt32LE(0);
  if (length > file.length - MAGIC.length - END_BYTES) {
    throw damaged(file, l10n.t("it declares a footer of {0} bytes, more than the file has", integerText(length)));
  }
  if (length > MAX_FOOTER_BYTES) {
    throw unsupported(
      file,
      l10n.t("its footer has {0} bytes", integerText(length)),
      l10n.t("Write it with larger row groups, or as several files"),
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
    throw damaged(
      file,
      isTooMuch ? l10n.t("its footer is malformed") : l10n.t("its footer lacks what every Parquet file declares"),
    );
  }
}

/** The leaves of the schema, which lists its nodes from the root down, each before its children. */
function readLeaves(file: OpenFile, schema: readonly SchemaElement[]): Leaf[] {
  const leaves: Leaf[] = [];
  const taken = new Set<string>();
  let at = 0;
  const visit = (parents: readonly SchemaElement[]): void => {
    const element = schema[at++];
    if (element === undefined) throw damaged(file, l10n.t("its schema declares more columns than it has"));
    const children = element.num_children === undefined ? 0 : whole(element.num_children);
    if (children === undefined) throw damaged(file, l10n.t("its schema declares a negative number of columns"));
    const nodes = [...parents, element];
    if (nodes.length > MAX_NESTING + 1) {
      throw unsupported(
        file,
        l10n.t("its columns nest deeper than {0}", MAX_NESTING),
        l10n.t("Write it with flatter columns"),
      );
    }
    if (children > 0 || nodes.length === 1) {
      for (let child = 0; child < children; child++) visit(nodes);
      return;
    }
    const leaf = leafOf(file, nodes.slice(1), leaves.length);
    const name = leaf.path.join("\0");
    if (taken.has(name)) throw damaged(file, l10n.t("it has two columns {0}", printable(leaf.path.join("."))));
    taken.add(name);
    leaves.push(leaf);
    if (leaves.length > MAX_LEAVES) {
      throw unsupported(
        file,
        l10n.t("it has more than {0} columns", integerText(MAX_LEAVES)),
        l10n.t("Write the columns of images and labels only"),
      );
    }
  };
  visit([]);
  if (at !== schema.length) throw damaged(file, l10n.t("its schema has columns that belong to nothing"));
  if (leaves.length === 0) throw damaged(file, l10n.t("it has no columns"));
  return leaves;
}

function leafOf(file: OpenFile, nodes: readonly SchemaElement[], index: number): Leaf {
  const last = nodes.at(-1);
  const type = last?.type;
  const path = nodes.map(({ name }) => name);
  const name = printable(path.join("."));
  if (last === undefined || type === undefined || path.some((part) => typeof part !== "string")) {
    throw damaged(file, l10n.t("its column {0} has no type", name));
  }
  const length = whole(last.type_length);
  if (type === "FIXED_LEN_BYTE_ARRAY" && (length === undefined || length === 0)) {
    throw damaged(file, l10n.t("its column {0} has no length", name));
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
  const where = [printable(leaf.path.join(".")), group] as const;
  if (column?.crypto_metadata !== undefined || column?.encrypted_column_metadata !== undefined) {
    throw unsupported(
      file,
      l10n.t("the column {0} of row group {1} is encrypted", ...where),
      l10n.t("Write it without encryption"),
    );
  }
  if (column?.file_path !== undefined) {
    throw unsupported(
      file,
      l10n.t("the column {0} of row group {1} lies in another file", ...where),
      l10n.t("Write it as one file"),
    );
  }
  const data = column?.meta_data;
  if (data === undefined) throw damaged(file, l10n.t("the column {0} of row group {1} is not described", ...where));
  if (data.type !== leaf.type || data.path_in_schema.join("\0") !== leaf.path.join("\0")) {
    throw damaged(file, l10n.t("the column {0} of row group {1} is described as another one", ...where));
  }
  if (!CODECS.has(data.codec)) {
    throw unsupported(
      file,
      l10n.t("the column {0} of row group {1} is compressed in a way that is not known", ...where),
      l10n.t("Write it with snappy or zstd"),
    );
  }
  const [first, dictionary] = [whole(data.data_page_offset), whole(data.dictionary_page_offset)];
  const [size, values] = [whole(data.total_compressed_size), whole(data.num_values)];
  if (first === undefined || size === undefined || values === undefined)
    throw damaged(file, l10n.t("the column {0} of row group {1} has no place", ...where));
  const from = dictionary !== undefined && dictionary > 0 ? Math.min(first, dictionary) : first;
  if (from < MAGIC.length || from + size > end)
    throw damaged(file, l10n.t("the column {0} of row group {1} lies outside of it", ...where));
  return { codec: data.codec, values, from, to: from + size };
}

/** A whole number, 0 or more; undefined for everything else. */
function whole(value: unknown): number | undefined {
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number >= 0 ? number : undefined;
}
