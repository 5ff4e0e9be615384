import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as l10n from "@vscode/l10n";
import type { CompressionCodec } from "hyparquet";
import { CompressionCodecs, Encodings, ParquetTypes } from "hyparquet/src/constants.js";
import { ByteWriter } from "hyparquet-writer/src/bytewriter.js";
import { writePageHeader } from "hyparquet-writer/src/datapage.js";
import { writeRleBitPackedHybrid } from "hyparquet-writer/src/encoding.js";
import { snappyCompress } from "hyparquet-writer/src/snappy.js";
import { serializeTCompactProtocol } from "hyparquet-writer/src/thrift.js";
import { CleanSplitError } from "../../core/errors";
import { grouped, OpenFile } from "../sources/arrays/bytes";
import { chunkOf } from "../sources/packed/parquet/encoded";
import { bytesAt, type Values } from "../sources/packed/parquet/encodings";
import { listPages, readDictionary, readPage, type Page, type PageHead } from "../sources/packed/parquet/pages";
import { readTable, type Leaf, type RowGroup, type Table } from "../sources/packed/parquet/table";
import { writeNewFile, type NewFile } from "./newFile";
import type { PackedWriteJob, PackedWriter } from "./packedWriters";

const MAGIC = Buffer.from("PAR1");
const CREATED_BY = "CleanSplit";

/** Fields of the footer that are written anew. */
const FIELDS = { rows: 3, groups: 4, createdBy: 6 } as const;
/** Those that are copied byte for byte: version, schema, texts by key, orders of columns. */
const COPIED_FIELDS: ReadonlySet<number> = new Set([1, 2, 5, 7]);
/** Types of Thrift's compact protocol. */
const [I64, BINARY, LIST, STRUCT] = [6, 8, 9, 12];

type Thrift = Readonly<Record<`field_${number}`, unknown>>;

/**
 * Writes the rows of a Parquet file that stay, with all columns, their types, and the texts that the source holds for its
 * readers. Row groups are those of the source without the rows that leave; values are copied as they are stored, page by
 * page, so that no type has to be understood, and memory is bounded by a page. Statistics, indexes and filters are left out.
 */
export const writeParquet: PackedWriter = async (job) => {
  const file = new OpenFile(job.source);
  try {
    const table = readTable(file);
    if (table.rows !== job.stays.length) {
      throw new CleanSplitError(
        "changed",
        l10n.t(
          "{0} has {1} rows and had {2} when it was inspected. Inspect it again.",
          file.name,
          grouped(table.rows),
          grouped(job.stays.length),
        ),
      );
    }
    await writeNewFile(job.out, job.signal, (out) => writeTable(table, job, out));
  } finally {
    file.close();
  }
};

async function writeTable(table: Table, { stays, signal, advance }: PackedWriteJob, out: NewFile): Promise<void> {
  await out.write(MAGIC);
  const groups: Thrift[] = [];
  let rows = 0;
  for (const group of table.groups) {
    const kept = stays.subarray(group.firstRow, group.firstRow + group.rows);
    const count = kept.reduce((sum, stay) => sum + stay, 0);
    if (count === 0) continue;
    groups.push(await writeGroup(table, group, kept, count, out, signal));
    rows += count;
    advance(count);
  }
  const footer = footerOf(table, rows, groups);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  for (const bytes of [footer, length, MAGIC]) await out.write(bytes);
}

async function writeGroup(
  table: Table,
  group: RowGroup,
  kept: Uint8Array,
  rows: number,
  out: NewFile,
  signal: AbortSignal,
): Promise<Thrift> {
  const start = out.offset;
  const chunks: WrittenChunk[] = [];
  for (const leaf of table.leaves) chunks.push(await writeChunk(table, group, leaf, kept, out, signal));
  return {
    field_1: chunks.map(({ thrift }) => thrift),
    field_2: BigInt(chunks.reduce((sum, { size }) => sum + size, 0)),
    field_3: BigInt(rows),
    field_5: BigInt(start),
    field_6: BigInt(out.offset - start),
  };
}

interface WrittenChunk {
  readonly thrift: Thrift;
  /** Bytes of its pages before they were packed. */
  readonly size: number;
}

/** Writes the values of one leaf in a row group that belong to rows that stay. */
async function writeChunk(
  table: Table,
  group: RowGroup,
  leaf: Leaf,
  kept: Uint8Array,
  out: NewFile,
  signal: AbortSignal,
): Promise<WrittenChunk> {
  const source = new SourcePages(table, group, leaf);
  const written = new ChunkFile(out, packerOf(chunkOf(group, leaf).codec), signal);
  const dictionary = usedOf(source, kept);
  if (dictionary !== null) {
    await written.add(plainOf(dictionary.entries, dictionary.used, leaf), {
      type: "DICTIONARY_PAGE",
      dictionary_page_header: { num_values: dictionary.used.length, encoding: "PLAIN" },
    });
  }
  const first = out.offset;
  let values = 0;
  for (const selection of source.select(kept, () => true)) {
    if (selection.count === 0) continue;
    const { bytes, encoding } = bodyOf(selection, leaf, dictionary);
    const levels = { definition_level_encoding: "RLE", repetition_level_encoding: "RLE" } as const;
    const header = { num_values: selection.count, encoding, ...levels };
    await written.add(bytes, { type: "DATA_PAGE", data_page_header: header });
    values += selection.count;
  }
  return written.end(leaf, values, first);
}

/** The chunk that is being written. */
class ChunkFile {
  readonly #start: number;
  #size = 0;

  constructor(
    private readonly out: NewFile,
    private readonly packer: Packer,
    private readonly signal: AbortSignal,
  ) {
    this.#start = out.offset;
  }

  async add(body: Uint8Array, header: PageHeader): Promise<void> {
    this.signal.throwIfAborted();
    const { bytes, unpacked } = pageOf(body, header, this.packer);
    await this.out.write(bytes);
    this.#size += unpacked;
  }

  /** Describes it; `first` is where its pages of data begin, behind a dictionary. */
  end(leaf: Leaf, values: number, first: number): WrittenChunk {
    const meta: Thrift = {
      field_1: ParquetTypes.indexOf(leaf.type),
      field_2: (["PLAIN", "RLE", "RLE_DICTIONARY"] as const).map((encoding) => Encodings.indexOf(encoding)),
      field_3: leaf.path,
      field_4: CompressionCodecs.indexOf(this.packer.codec),
      field_5: BigInt(values),
      field_6: BigInt(this.#size),
      field_7: BigInt(this.out.offset - this.#start),
      field_9: BigInt(first),
      field_11: first > this.#start ? BigInt(this.#start) : undefined,
    };
    return { thrift: { field_2: BigInt(this.#start), field_3: meta }, size: this.#size };
  }
}

/** The pages of a chunk of the source. */
class SourcePages {
  readonly #heads: readonly PageHead[];
  readonly dictionary: Values | undefined;

  constructor(
    private readonly table: Table,
    private readonly group: RowGroup,
    private readonly leaf: Leaf,
  ) {
    const chunk = chunkOf(group, leaf);
    this.#heads = listPages(table.file, chunk, leaf);
    this.dictionary = readDictionary(table.file, chunk, leaf, this.#heads[0]);
  }

  /** What each page holds of the rows that stay; pages of other encodings than `isWanted` need not be read. */
  *select(kept: Uint8Array, isWanted: (encoding: string) => boolean): Generator<Selection> {
    const { table, group, leaf, dictionary } = this;
    const rows = new RowCounter(kept);
    for (const head of this.#heads) {
      if (head.kind === "dictionary") continue;
      // Only without lists does the header of a page say how many rows it has.
      if (!isWanted(head.encoding) && leaf.maxRepetition === 0) rows.skip(head.count);
      else yield select(readPage(table.file, chunkOf(group, leaf), leaf, head, dictionary), leaf, rows);
    }
  }
}

/** What a page holds of the rows that stay. */
interface Selection {
  readonly page: Page;
  /** Values with those that are absent. */
  readonly count: number;
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  /** Places of the values that are there among those of the page. */
  readonly places: Uint32Array;
}

/** Says of one value after the other whether its row stays. */
class RowCounter {
  #row = -1;

  constructor(private readonly kept: Uint8Array) {}

  next(repetition: number): boolean {
    if (repetition === 0) this.#row++;
    return this.kept[this.#row] === 1;
  }

  skip(rows: number): void {
    this.#row += rows;
  }
}

function select(page: Page, leaf: Leaf, rows: RowCounter): Selection {
  const repetitions = new Uint8Array(page.count);
  const definitions = new Uint8Array(page.count);
  const places = new Uint32Array(page.count);
  let [count, there, place] = [0, 0, 0];
  for (let i = 0; i < page.count; i++) {
    const repetition = page.repetitions?.[i] ?? 0;
    const definition = page.definitions?.[i] ?? leaf.maxDefinition;
    const isThere = definition === leaf.maxDefinition;
    if (rows.next(repetition)) {
      repetitions[count] = repetition;
      definitions[count++] = definition;
      if (isThere) places[there++] = place;
    }
    if (isThere) place++;
  }
  return {
    page,
    count,
    repetitions: repetitions.subarray(0, count),
    definitions: definitions.subarray(0, count),
    places: places.subarray(0, there),
  };
}

/** A dictionary of which only some entries are written: what leaves must not stay in the file. */
interface UsedEntries {
  readonly entries: Values;
  readonly used: Uint32Array;
  /** The new place of each used entry. */
  readonly placeOf: Uint32Array;
}

/** The entries of the dictionary of a chunk that rows use which stay; `null` when there are none. */
function usedOf(source: SourcePages, kept: Uint8Array): UsedEntries | null {
  const entries = source.dictionary;
  if (entries === undefined) return null;
  const isUsed = new Uint8Array(entries.count);
  for (const { page, places } of source.select(kept, (encoding) => encoding.endsWith("_DICTIONARY"))) {
    if (page.indexes !== null) for (const place of places) isUsed[page.indexes[place] ?? 0] = 1;
  }
  const used = Uint32Array.from({ length: entries.count }, (_, entry) => entry).filter((entry) => isUsed[entry] === 1);
  const placeOf = new Uint32Array(entries.count);
  used.forEach((entry, place) => (placeOf[entry] = place));
  return used.length === 0 ? null : { entries, used, placeOf };
}

/** Levels and values of a page as version 1 stores them. */
function bodyOf(
  { page, repetitions, definitions, places }: Selection,
  leaf: Leaf,
  dictionary: UsedEntries | null,
): { readonly bytes: Uint8Array; readonly encoding: "PLAIN" | "RLE_DICTIONARY" } {
  const levels = [
    ...(leaf.maxRepetition > 0 ? levelsOf(repetitions, leaf.maxRepetition) : []),
    ...(leaf.maxDefinition > 0 ? levelsOf(definitions, leaf.maxDefinition) : []),
  ];
  const { indexes } = page;
  if (indexes === null || dictionary === null) {
    return { bytes: Buffer.concat([...levels, plainOf(page.values, places, leaf)]), encoding: "PLAIN" };
  }
  const moved = places.map((place) => dictionary.placeOf[indexes[place] ?? 0] ?? 0);
  const width = bitsOf(dictionary.used.length - 1);
  return { bytes: Buffer.concat([...levels, Uint8Array.of(width), runsOf(moved, width)]), encoding: "RLE_DICTIONARY" };
}

function levelsOf(levels: Uint8Array, max: number): Uint8Array[] {
  const bytes = runsOf(levels, bitsOf(max));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}

function runsOf(numbers: Uint8Array | Uint32Array, width: number): Uint8Array {
  const writer = new ByteWriter();
  writeRleBitPackedHybrid(writer, numbers, width);
  return writer.getBytes();
}

/** Bits that a number takes. */
function bitsOf(number: number): number {
  return 32 - Math.clz32(number);
}

/** Some values in encoding `PLAIN`. */
function plainOf(values: Values, places: Uint32Array, { type }: Leaf): Uint8Array {
  if (type === "BOOLEAN") {
    const bits = new Uint8Array(Math.ceil(places.length / 8));
    places.forEach((place, i) => (bits[i >> 3] = (bits[i >> 3] ?? 0) | ((values.data[place] ?? 0) << (i & 7))));
    return bits;
  }
  const prefix = values.kind === "fixed" ? 0 : 4;
  let size = 0;
  for (const place of places) size += prefix + bytesAt(values, place).length;
  const bytes = Buffer.alloc(size);
  let at = 0;
  for (const place of places) {
    const value = bytesAt(values, place);
    if (prefix > 0) at = bytes.writeUInt32LE(value.length, at);
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

type PageHeader = Omit<Parameters<typeof writePageHeader>[1], "uncompressed_page_size" | "compressed_page_size">;

/** A page with its header, and its bytes before it was packed. */
function pageOf(body: Uint8Array, header: PageHeader, { pack }: Packer): { bytes: Uint8Array; unpacked: number } {
  const packed = pack(body);
  const writer = new ByteWriter();
  const sizes = { uncompressed_page_size: body.length, compressed_page_size: packed.length };
  writePageHeader(writer, { ...header, ...sizes });
  const head = writer.getBytes();
  return { bytes: Buffer.concat([head, packed]), unpacked: head.length + body.length };
}

interface Packer {
  readonly codec: CompressionCodec;
  readonly pack: (bytes: Uint8Array) => Uint8Array;
}

const SNAPPY: Packer = { codec: "SNAPPY", pack: snappyCompress };

/** Packs as the source does; in place of what cannot be packed here (zstd, LZ4) is snappy, which all readers know. */
function packerOf(codec: CompressionCodec): Packer {
  if (codec === "UNCOMPRESSED") return { codec, pack: (bytes) => bytes };
  if (codec === "GZIP") return { codec, pack: (bytes) => gzipSync(bytes) };
  // The best quality takes a hundred times as long.
  const params = { [constants.BROTLI_PARAM_QUALITY]: 5 };
  return codec === "BROTLI" ? { codec, pack: (bytes) => brotliCompressSync(bytes, { params }) } : SNAPPY;
}

/** The footer of the source with other row groups. */
function footerOf({ footer }: Table, rows: number, groups: readonly Thrift[]): Uint8Array {
  const copied = footer.fields.filter(({ id }) => COPIED_FIELDS.has(id));
  const fields = new Map(
    copied.map(({ id, type, from, to }) => [id, { type, bytes: footer.bytes.subarray(from, to) }]),
  );
  fields.set(FIELDS.rows, { type: I64, bytes: thrift((writer) => writer.appendZigZag(BigInt(rows))) });
  fields.set(FIELDS.groups, { type: LIST, bytes: listOf(groups) });
  const by = Buffer.from(CREATED_BY);
  fields.set(FIELDS.createdBy, { type: BINARY, bytes: Buffer.concat([Uint8Array.of(by.length), by]) });
  let last = 0;
  const parts = [...fields]
    .sort(([a], [b]) => a - b)
    .flatMap(([id, { type, bytes }]) => {
      const head = Uint8Array.of(((id - last) << 4) | type);
      last = id;
      return [head, bytes];
    });
  return Buffer.concat([...parts, Uint8Array.of(0)]);
}

/** A list of structs. */
function listOf(structs: readonly Thrift[]): Uint8Array {
  return thrift((writer) => {
    if (structs.length < 15) writer.appendUint8((structs.length << 4) | STRUCT);
    else {
      writer.appendUint8(0xf0 | STRUCT);
      writer.appendVarInt(structs.length);
    }
    for (const struct of structs) serializeTCompactProtocol(writer, struct);
  });
}

function thrift(write: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter();
  write(writer);
  return writer.getBytes();
}
