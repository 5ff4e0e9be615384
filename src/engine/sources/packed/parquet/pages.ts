import * as l10n from "@vscode/l10n";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { decompressLz4, decompressLz4Raw, decompressZstd } from "hyparquet-compressors";
import type { CompressionCodec, Encoding } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { CleanSplitError } from "../../../../core/errors";
import { integerText } from "../../../../core/language";
import { printable, type OpenFile } from "../../arrays/bytes";
import {
  Cursor,
  PageDamaged,
  readBooleanRuns,
  readDeltaBytes,
  readDeltaLengths,
  readDeltas,
  readPlain,
  readRuns,
  readSplitStreams,
  type Values,
} from "./encodings";
import { unpackSnappy } from "./snappy";
import { damaged, unsupported, type Chunk, type Leaf } from "./table";
import { ThriftCut, walkStruct } from "./thrift";

/** Where a page lies and what its header says. */
export interface PageHead {
  /** Where its data begins in the file, and how many bytes that is packed and unpacked. */
  readonly at: number;
  readonly packed: number;
  readonly size: number;
  readonly kind: "dictionary" | "data";
  /** Values with those that are absent; for a dictionary its entries. */
  readonly count: number;
  readonly encoding: Encoding;
  /** Version 2 keeps levels apart from the packed values: their bytes. */
  readonly levels: { readonly repetition: number; readonly definition: number; readonly isPacked: boolean } | null;
}

/** A page that was read. */
export interface Page {
  readonly count: number;
  /** How many of the names of its path each value has; `null` when no value lacks one. */
  readonly definitions: Uint8Array | null;
  /** The list that each value continues, 0 for the first of a row; `null` for columns without lists. */
  readonly repetitions: Uint8Array | null;
  /** Those that are there; with `indexes` the entries of a dictionary. */
  readonly values: Values;
  /** For each value that is there its entry. */
  readonly indexes: Uint32Array | null;
}

/** Most bytes of one page, packed or not. Writers aim at one MiB, but some put a thousand images into one. */
const MAX_PAGE_BYTES = 2 ** 29;
/** Most values of one page: 64 million numbers of pictures. */
const MAX_PAGE_VALUES = 2 ** 26;
const MAX_PAGES = 2 ** 20;
const FIRST_HEADER_BYTES = 512;
/** Statistics in headers may hold whole values. */
const MAX_HEADER_BYTES = 2 ** 24;

/** What to do about row groups that are too large. */
export function smallerGroups(): string {
  return l10n.t("Write it with smaller row groups, such as to_parquet(path, row_group_size=1000)");
}

/** The pages of a chunk in their order, the dictionary first when there is one. Their values are those of the chunk. */
export function listPages(file: OpenFile, chunk: Chunk, leaf: Leaf): PageHead[] {
  const pages: PageHead[] = [];
  let values = 0;
  for (let at = chunk.from; values < chunk.values && at < chunk.to;) {
    const page = readHead(file, chunk, leaf, at);
    at = page.at + page.packed;
    if (page.kind === "dictionary" && pages.length > 0)
      throw damagedPage(file, leaf, l10n.t("its dictionary comes too late"));
    if (page.kind === "data") values += page.count;
    pages.push(page);
    if (pages.length > MAX_PAGES)
      throw unsupported(
        file,
        l10n.t("it has more than {0} pages in a row group", integerText(MAX_PAGES)),
        smallerGroups(),
      );
  }
  if (values !== chunk.values) {
    throw damagedPage(
      file,
      leaf,
      l10n.t("it holds {0} of the {1} values it declares", integerText(values), integerText(chunk.values)),
    );
  }
  return pages;
}

/** The entries of the dictionary of a chunk; undefined when it has none. */
export function readDictionary(
  file: OpenFile,
  chunk: Chunk,
  leaf: Leaf,
  head: PageHead | undefined,
): Values | undefined {
  if (head?.kind !== "dictionary") return undefined;
  return guarded(file, leaf, () => {
    const bytes = unpack(chunk.codec, file.read(head.at, head.packed), head.size);
    return readPlain(new Cursor(bytes), leaf.type, leaf.width, head.count);
  });
}

/**
 * Reads one page of data.
 * @throws {CleanSplitError} "corrupt" when it is damaged, "unsupported" when it is encoded in a way that is not known
 */
export function readPage(
  file: OpenFile,
  chunk: Chunk,
  leaf: Leaf,
  head: PageHead,
  dictionary: Values | undefined,
): Page {
  return guarded(file, leaf, () => {
    const packed = file.read(head.at, head.packed);
    const { cursor, repetitions, definitions } =
      head.levels === null ? levelsWithin(chunk, leaf, head, packed) : levelsBefore(chunk, leaf, head, packed);
    const there = definitions === null ? head.count : countOf(definitions, leaf.maxDefinition);
    const page = { count: head.count, definitions: there === head.count ? null : definitions, repetitions };
    if (head.encoding !== "PLAIN_DICTIONARY" && head.encoding !== "RLE_DICTIONARY") {
      return { ...page, values: readValues(file, cursor, leaf, head.encoding, there), indexes: null };
    }
    if (dictionary === undefined) throw new PageDamaged(l10n.t("it has no dictionary"));
    const indexes = new Uint32Array(there);
    if (there > 0) readRuns(cursor, cursor.byte(), indexes);
    for (const index of indexes)
      if (index >= dictionary.count) throw new PageDamaged(l10n.t("it uses what its dictionary lacks"));
    return { ...page, values: dictionary, indexes };
  });
}

function readHead(file: OpenFile, chunk: Chunk, leaf: Leaf, at: number): PageHead {
  for (let length = FIRST_HEADER_BYTES; ; length *= 8) {
    const bytes = file.read(at, Math.min(length, chunk.to - at));
    try {
      const { end } = walkStruct(bytes, 0);
      const header = parquetHeader({ view: new DataView(bytes.buffer), offset: 0 });
      return headOf(file, chunk, leaf, at + end, header);
    } catch (error) {
      if (error instanceof CleanSplitError) throw error;
      const isCut = error instanceof ThriftCut && at + bytes.length < chunk.to && length < MAX_HEADER_BYTES;
      if (!isCut) throw damagedPage(file, leaf, l10n.t("the header of a page is malformed"));
    }
  }
}

function headOf(
  file: OpenFile,
  chunk: Chunk,
  leaf: Leaf,
  at: number,
  header: ReturnType<typeof parquetHeader>,
): PageHead {
  const { uncompressed_page_size: size, compressed_page_size: packed, dictionary_page_header: dictionary } = header;
  const [first, second] = [header.data_page_header, header.data_page_header_v2];
  const data = header.type === "DATA_PAGE" ? first : header.type === "DATA_PAGE_V2" ? second : undefined;
  const about = header.type === "DICTIONARY_PAGE" ? dictionary : data;
  if (about === undefined) throw damagedPage(file, leaf, l10n.t("it has a page of an unknown kind"));
  for (const length of [size, packed, about.num_values]) {
    if (!Number.isSafeInteger(length) || length < 0)
      throw damagedPage(file, leaf, l10n.t("a page has an impossible size"));
  }
  if (packed > chunk.to - at) throw damagedPage(file, leaf, l10n.t("a page lies outside of it"));
  if (size > MAX_PAGE_BYTES)
    throw unsupported(file, l10n.t("it has a page of {0} bytes", integerText(size)), smallerGroups());
  if (about.num_values > MAX_PAGE_VALUES) {
    throw unsupported(file, l10n.t("it has a page of {0} values", integerText(about.num_values)), smallerGroups());
  }
  const base = { at, packed, size, count: about.num_values, encoding: about.encoding };
  if (about === dictionary) return { ...base, kind: "dictionary", levels: null };
  if (header.type !== "DATA_PAGE_V2" || second === undefined) return { ...base, kind: "data", levels: null };
  const [repetition, definition] = [second.repetition_levels_byte_length, second.definition_levels_byte_length];
  const fits =
    Number.isSafeInteger(repetition) && Number.isSafeInteger(definition) && repetition >= 0 && definition >= 0;
  if (!fits || repetition + definition > Math.min(packed, size)) {
    throw damagedPage(file, leaf, l10n.t("the levels of a page lie outside of it"));
  }
  return { ...base, kind: "data", levels: { repetition, definition, isPacked: second.is_compressed ?? true } };
}

interface Levels {
  readonly cursor: Cursor;
  readonly repetitions: Uint8Array | null;
  readonly definitions: Uint8Array | null;
}

/** Version 1: levels and values are packed together, levels with their length before them. */
function levelsWithin({ codec }: Chunk, leaf: Leaf, { count, size }: PageHead, packed: Uint8Array): Levels {
  const cursor = new Cursor(unpack(codec, packed, size));
  const read = (max: number): Uint8Array | null =>
    max === 0 ? null : readLevels(cursor.take(cursor.u32()), max, count);
  const repetitions = read(leaf.maxRepetition);
  return { repetitions, definitions: read(leaf.maxDefinition), cursor };
}

/** Version 2: levels lie before the values and are never packed. */
function levelsBefore({ codec }: Chunk, leaf: Leaf, head: PageHead, packed: Uint8Array): Levels {
  const { repetition = 0, definition = 0, isPacked = false } = head.levels ?? {};
  const before = new Cursor(packed);
  const [first, second] = [before.take(repetition), before.take(definition)];
  const rest = before.take(before.left);
  const size = head.size - repetition - definition;
  return {
    repetitions: leaf.maxRepetition === 0 ? null : readLevels(first, leaf.maxRepetition, head.count),
    definitions: leaf.maxDefinition === 0 ? null : readLevels(second, leaf.maxDefinition, head.count),
    // Nothing packed may be no bytes at all, which is no stream.
    cursor: new Cursor(isPacked && size > 0 ? unpack(codec, rest, size) : rest),
  };
}

function readLevels(bytes: Uint8Array, max: number, count: number): Uint8Array {
  const levels = new Uint8Array(count);
  readRuns(new Cursor(bytes), 32 - Math.clz32(max), levels);
  for (const level of levels) if (level > max) throw new PageDamaged(l10n.t("it has an impossible level"));
  return levels;
}

function readValues(file: OpenFile, cursor: Cursor, leaf: Leaf, encoding: Encoding, count: number): Values {
  const { type, width } = leaf;
  if (count === 0 || encoding === "PLAIN") return readPlain(cursor, type, width, count);
  if (encoding === "RLE" && type === "BOOLEAN") return readBooleanRuns(cursor, count);
  if (encoding === "DELTA_BINARY_PACKED" && (type === "INT32" || type === "INT64"))
    return readDeltas(cursor, width, count);
  if (encoding === "DELTA_LENGTH_BYTE_ARRAY" && type === "BYTE_ARRAY") return readDeltaLengths(cursor, count);
  if (encoding === "DELTA_BYTE_ARRAY" && type.endsWith("BYTE_ARRAY")) return readDeltaBytes(cursor, width, count);
  if (encoding === "BYTE_STREAM_SPLIT" && width > 0) return readSplitStreams(cursor, width, count);
  throw unsupported(
    file,
    l10n.t("its column {0} is encoded in a way that is not known", printable(leaf.path.join("."))),
    l10n.t("Write it with the encodings of Parquet 1.0 or 2.0"),
  );
}

/** Unpacks exactly `size` bytes, and takes memory for no more. */
function unpack(codec: CompressionCodec, packed: Uint8Array, size: number): Uint8Array {
  const bytes = size === 0 && codec !== "UNCOMPRESSED" ? new Uint8Array(0) : UNPACKERS[codec]?.(packed, size);
  if (bytes?.length !== size) throw new PageDamaged(l10n.t("a page unpacks to another size than it declares"));
  return bytes;
}

const UNPACKERS: Readonly<Partial<Record<CompressionCodec, (packed: Uint8Array, size: number) => Uint8Array>>> = {
  UNCOMPRESSED: (packed) => packed,
  SNAPPY: unpackSnappy,
  GZIP: (packed, size) => plain(gunzipSync(packed, { maxOutputLength: size })),
  BROTLI: (packed, size) => plain(brotliDecompressSync(packed, { maxOutputLength: size })),
  ZSTD: (packed, size) => decompressZstd(packed, new Uint8Array(size)),
  // In functions, as naming what the library exports loads it.
  LZ4: (packed, size) => decompressLz4(packed, size),
  LZ4_RAW: (packed, size) => decompressLz4Raw(packed, size),
};

/** The same bytes without what buffers do otherwise, such as a `slice` that copies nothing. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

function countOf(levels: Uint8Array, level: number): number {
  let count = 0;
  for (const entry of levels) if (entry === level) count++;
  return count;
}

/** Whatever reading a page throws becomes an error that names the file and the column. */
function guarded<T>(file: OpenFile, leaf: Leaf, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof CleanSplitError) throw error;
    throw damagedPage(file, leaf, error instanceof PageDamaged ? error.message : l10n.t("a page cannot be unpacked"));
  }
}

function damagedPage(file: OpenFile, leaf: Leaf, problem: string): CleanSplitError {
  return damaged(file, l10n.t("in its column {0}, {1}", printable(leaf.path.join(".")), problem));
}
