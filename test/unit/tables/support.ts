import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import type { SchemaElement } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { CleanSplitError, type ErrorReason } from "../../../src/core/errors";
import type { PackedFile, PackedImage } from "../../../src/engine/sources/packed/packedFile";
import type { PackedWriter } from "../../../src/engine/write/packedWriters";
import { encodePng } from "../../support/png";

/** A folder that exists while the tests of a `describe` run. */
export function temporaryFolder(): { file(name: string, bytes: Uint8Array): string; free(name: string): string } {
  let folder = "";
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), "cleansplit-tables-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const free = (name: string): string => {
    const file = path.join(folder, name);
    rmSync(file, { force: true });
    return file;
  };
  return {
    free,
    file: (name, bytes) => {
      writeFileSync(path.join(folder, name), bytes);
      return path.join(folder, name);
    },
  };
}

/** A grey PNG of 5 x 4 pixels, another one for each seed. */
export function png(seed: number): Uint8Array {
  const rows = Uint8Array.from({ length: 20 }, (_, index) => (seed * 37 + index * (seed + 11)) % 256);
  return new Uint8Array(encodePng({ width: 5, height: 4, rows }));
}

/** All images of a file under one key, and the file closed. */
export async function imagesIn(file: PackedFile, key = file.images[0]?.key ?? ""): Promise<PackedImage[]> {
  try {
    return await file.read(key, 0, file.images.find((images) => images.key === key)?.count ?? 0);
  } finally {
    file.close();
  }
}

/** The class of each image, `null` without one. */
export function labelsIn(file: PackedFile): (string | null)[] {
  const [images] = file.images;
  return Array.from(images?.labelOf ?? [], (index) => images?.classes[index] ?? null);
}

/** Writes the images that stay, and gives the bytes of the new file. */
export async function rewritten(
  write: PackedWriter,
  source: string,
  stays: readonly boolean[],
  out: string,
): Promise<{ readonly bytes: Buffer; readonly advanced: number }> {
  let advanced = 0;
  const job = { source, key: "", out, isGzip: false, signal: new AbortController().signal };
  const advance = (images: number): void => void (advanced += images);
  await write({ ...job, stays: Uint8Array.from(stays, Number), advance });
  return { bytes: readFileSync(out), advanced };
}

/** Asserts that something is refused for `reason` with a message that matches, and leaves no file `out`. */
export async function refuses(
  attempt: () => Promise<unknown>,
  reason: ErrorReason,
  message: RegExp,
  out?: string,
): Promise<void> {
  await assert.rejects(attempt, (error: unknown) => {
    assert(error instanceof CleanSplitError, String(error));
    assert.match(error.message, message);
    assert.equal(error.reason, reason, error.message);
    return true;
  });
  if (out !== undefined) assert(!existsSync(out), "a file was left behind");
}

const OPTIONAL = { repetition_type: "OPTIONAL" } as const;
const root = (children: number): SchemaElement => ({ name: "schema", num_children: children });

/** Schema of a column of images as Hugging Face writes it. */
export const IMAGE_STRUCT: readonly SchemaElement[] = [
  { name: "image", num_children: 2, ...OPTIONAL },
  { name: "bytes", type: "BYTE_ARRAY", ...OPTIONAL },
  { name: "path", type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" }, ...OPTIONAL },
];

/** Schema of a column of lists within lists, `depth` of them. */
export function listsOf(name: string, type: "INT32" | "INT64" | "FLOAT" | "DOUBLE", depth: number): SchemaElement[] {
  const item = depth === 1 ? [{ name: "element", type, ...OPTIONAL } as const] : listsOf("element", type, depth - 1);
  return [
    { name, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" }, ...OPTIONAL },
    { name: "list", num_children: 1, repetition_type: "REPEATED" },
    ...item,
  ];
}

/** A column of a fixture. */
export interface FixtureColumn {
  readonly schema: readonly SchemaElement[];
  readonly data: readonly unknown[];
}

type FileOptions = Omit<Parameters<typeof parquetWriteBuffer>[0], "columnData" | "schema">;

/** A Parquet file with these columns; written by a library, which is not the code under test. */
export function parquet(columns: readonly FixtureColumn[], options: FileOptions = {}): Uint8Array {
  const columnData = columns.map(({ schema, data }) => ({ name: schema[0]?.name ?? "", data: [...data] }));
  const schema = [root(columns.length), ...columns.flatMap((column) => column.schema)];
  return new Uint8Array(parquetWriteBuffer({ columnData, schema, ...options }));
}

/** A list of the first value of a feature of `tf.train.Example`. */
export type FixtureValue = Uint8Array | string | number | readonly number[];

/** A serialized `tf.train.Example`. */
export function example(features: Readonly<Record<string, FixtureValue>>): Buffer {
  const entries = Object.entries(features).map(([name, value]) => {
    const list =
      typeof value === "number"
        ? field(3, field(1, varint(value)))
        : value instanceof Uint8Array || typeof value === "string"
          ? field(1, field(1, Buffer.from(value)))
          : field(2, field(1, Buffer.from(Float32Array.from(value).buffer)));
    return field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, list)]));
  });
  return field(1, Buffer.concat(entries));
}

/** A field of a message with bytes in it. */
export function field(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

/** A number in groups of seven bits; negative ones take ten bytes. */
export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

/** A TFRecord file of these data. */
export function tfrecord(records: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    records.map((data) => {
      const head = Buffer.alloc(12);
      head.writeBigUInt64LE(BigInt(data.length));
      head.writeUInt32LE(plainMaskedCrc(head.subarray(0, 8)), 8);
      const tail = Buffer.alloc(4);
      tail.writeUInt32LE(plainMaskedCrc(data));
      return Buffer.concat([head, data, tail]);
    }),
  );
}

/** CRC-32C bit by bit, masked: slow, and independent of the one under test. */
export function plainMaskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
  }
  crc = ~crc;
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** A change of a file: bytes replaced, inserted, removed or repeated at a place relative to its length. */
export const change = fc.record({
  kind: fc.constantFrom("replace", "replace", "replace", "flip", "flip", "flip", "insert", "remove", "repeat", "cut"),
  // Not a double: half of those between 0 and 1 are too near to 0 to be another place.
  place: fc.noBias(fc.integer({ min: 0, max: 2 ** 20 - 1 })).map((part) => part / 2 ** 20),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc.constantFrom(Uint8Array.of(255, 255, 255, 255, 15), Uint8Array.of(255, 255, 255, 127), new Uint8Array(4)),
  ),
  length: fc.integer({ min: 1, max: 40 }),
});

export type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

export function changed(valid: Uint8Array, changes: readonly Change[]): Uint8Array {
  let content = valid;
  for (const { kind, place, bytes, length } of changes) {
    const at = Math.floor(place * content.length);
    const part = content.subarray(at, at + length);
    const flipped = Uint8Array.of((content[at] ?? 0) ^ (1 << (length & 7)));
    const after = {
      replace: [bytes, content.subarray(at + bytes.length)],
      flip: [flipped, content.subarray(at + 1)],
      insert: [bytes, content.subarray(at)],
      remove: [content.subarray(at + length)],
      repeat: [part, content.subarray(at)],
      cut: [],
    }[kind];
    content = Buffer.concat([content.subarray(0, at), ...after]);
  }
  return content;
}

/** Reads and rewrites everything of a file, which may only end in a `CleanSplitError` whose message is a sentence. */
export async function readsOrRefuses(
  read: (path: string) => Promise<PackedFile>,
  write: PackedWriter,
  source: string,
  out: string,
): Promise<"read" | "refused"> {
  let file: PackedFile | undefined;
  try {
    file = await read(source);
    let count = 0;
    for (const images of file.images) {
      count = images.count;
      assert.equal(images.labelOf?.length ?? count, count);
      for (let from = 0; from < count; from += 64) {
        const wanted = Math.min(64, count - from);
        assert.equal((await file.read(images.key, from, wanted)).length, wanted);
      }
    }
    await rewritten(
      write,
      source,
      Array.from({ length: count }, (_, index) => index % 3 !== 1),
      out,
    );
    return "read";
  } catch (error) {
    // By its name, because the fuzzer loads this file apart from what it tests.
    if (!(error instanceof Error && error.name === "CleanSplitError")) throw error;
    assert.match(error.message, /\.$/);
    return "refused";
  } finally {
    file?.close();
    rmSync(out, { force: true });
  }
}
