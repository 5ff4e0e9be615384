import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import fc from "fast-check";
import { parquetMetadata, parquetReadObjects, type CompressionCodec, type SchemaElement } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { readParquet } from "../../../src/engine/sources/packed/parquet";
import { writeParquet } from "../../../src/engine/write/packedParquet";
import {
  change,
  changed,
  IMAGE_STRUCT,
  imagesIn,
  labelsIn,
  listsOf,
  parquet,
  png,
  readsOrRefuses,
  refuses,
  rewritten,
  temporaryFolder,
  type FixtureColumn,
} from "./support";

const DATA = process.env["CLEANSPLIT_TEST_DATA"] ?? path.resolve(import.meta.dirname, "../../../../shared/data");

const OPTIONAL = { repetition_type: "OPTIONAL" } as const;
const BYTES: SchemaElement = { name: "bytes", type: "BYTE_ARRAY", ...OPTIONAL };
const LABEL: SchemaElement = { name: "label", type: "INT64", ...OPTIONAL };
const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" }, ...OPTIONAL } as const;
const PACKERS: Partial<Record<CompressionCodec, (bytes: Uint8Array) => Uint8Array>> = {
  GZIP: (bytes) => gzipSync(bytes),
  BROTLI: (bytes) => brotliCompressSync(bytes),
};

const image = (seed: number): unknown => ({ bytes: png(seed), path: `${seed}.png` });
const images = (count: number): FixtureColumn => ({
  schema: IMAGE_STRUCT,
  data: Array.from({ length: count }, (_, index) => image(index)),
});

/** All rows as another library reads them. */
async function rowsOf(bytes: Uint8Array): Promise<unknown[]> {
  return parquetReadObjects({ file: Uint8Array.from(bytes).buffer, compressors, utf8: false });
}

describe("images in Parquet files", () => {
  const folder = temporaryFolder();

  it("as Hugging Face writes them: bytes with paths, classes by name, some without an image or a label", async () => {
    const features = { label: { _type: "ClassLabel", names: ["cat", "dog"] }, image: { _type: "Image" } };
    const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
    const columns = [
      { schema: IMAGE_STRUCT, data: [image(1), null, { bytes: null, path: "x.png" }, image(4), image(5)] },
      { schema: [LABEL], data: [1n, 0n, -1n, null, 2n] },
    ];
    const file = await readParquet(folder.file("hf.parquet", parquet(columns, { kvMetadata })));
    const nothing = { kind: "fault", reason: "the row holds no image" };
    assert.deepEqual(labelsIn(file), ["dog", "cat", null, null, "2"]);
    assert.equal(file.images[0]?.labelReason, 'labels from the column "label", named by the metadata of Hugging Face');
    assert.deepEqual(file.notes, [
      'The column "image" of hf.parquet holds bytes of image files with their paths: 5 rows.',
    ]);
    assert.deepEqual(await imagesIn(file), [
      { kind: "encoded", bytes: png(1) },
      nothing,
      nothing,
      { kind: "encoded", bytes: png(4) },
      { kind: "encoded", bytes: png(5) },
    ]);
  });

  it("several columns of bytes, of which one is no image; other labels are named in a note", async () => {
    const count = 30;
    const seeds = Array.from({ length: count }, (_, index) => index);
    const columns = [
      { schema: [{ ...BYTES, name: "left" }], data: seeds.map(png) },
      { schema: [{ ...BYTES, name: "right" }], data: seeds.map((seed) => png(seed + 100)) },
      { schema: [{ ...BYTES, name: "mask_rle" }], data: seeds.map((seed) => Uint8Array.of(seed, 1, 2)) },
      { schema: [{ name: "coarse_label", ...TEXT }], data: seeds.map(() => "animal") },
      { schema: [{ name: "fine_label", ...TEXT }], data: seeds.map((seed) => (seed % 2 ? "owl" : "cat")) },
    ];
    const file = await readParquet(folder.file("two.parquet", parquet(columns, { rowGroupSize: 7, pageSize: 200 })));
    assert.deepEqual(
      file.images.map(({ key }) => key),
      ["left", "right"],
    );
    assert.deepEqual(labelsIn(file).slice(0, 3), ["cat", "owl", "cat"]);
    assert.match(file.notes.at(-1) ?? "", /^The column "coarse_label" holds labels, too/);
    // Out of order, over the borders of pages and row groups.
    for (const [from, amount] of [
      [29, 1],
      [5, 20],
      [0, 3],
    ] as const) {
      const expected = seeds.slice(from, from + amount).map((seed) => ({ kind: "encoded", bytes: png(seed + 100) }));
      assert.deepEqual(await file.read("right", from, amount), expected);
    }
    for (const [key, from, amount] of [
      ["left", 29, 2],
      ["left", -1, 1],
      ["mask_rle", 0, 1],
    ] as const) {
      await assert.rejects(() => file.read(key, from, amount), RangeError);
    }
    file.close();
  });

  it("lists of numbers: squares, grey and colour, floats on a scale; not vectors, not lists of other lengths", async () => {
    const flat = Array.from({ length: 6 }, (_, row) =>
      Array.from({ length: 16 }, (_, at) => (row * 41 + at * 13) % 256),
    );
    const pixels = (values: number[], mode = "L"): unknown => ({
      kind: "pixels",
      picture: { width: 4, height: 4, mode, pixels: Uint8Array.from(values) },
    });
    const read = async (column: FixtureColumn): Promise<unknown[]> =>
      imagesIn(
        await readParquet(folder.file("numbers.parquet", parquet([column], { rowGroupSize: 4, pageSize: 100 }))),
      );
    const expected = flat.map((row) => pixels(row));
    const nested = flat.map((row) => [0, 1, 2, 3].map((y) => row.slice(4 * y, 4 * y + 4)));
    const colour = nested.map((rows) => rows.map((row) => row.map((value) => [value, 255 - value, 7])));
    const interleaved = flat.map((row) =>
      pixels(
        row.flatMap((value) => [value, 255 - value, 7]),
        "RGB",
      ),
    );
    const scaled = flat.map((row) => row.map((value) => value / 255));

    assert.deepEqual(await read({ schema: listsOf("x", "INT32", 1), data: flat }), expected);
    assert.deepEqual(await read({ schema: listsOf("x", "DOUBLE", 1), data: scaled }), expected);
    assert.deepEqual(await read({ schema: listsOf("x", "INT32", 2), data: nested }), expected);
    assert.deepEqual(await read({ schema: listsOf("x", "INT32", 3), data: colour }), interleaved);
    const wide = nested.map((rows) => rows.map((row) => row.map(BigInt)));
    assert.deepEqual(await read({ schema: listsOf("x", "INT64", 2), data: wide }), expected);
    const odd = [...nested.slice(0, 3), null, [], [[1, 2], [3]], [[1, null]]];
    const faults = (await read({ schema: listsOf("x", "INT32", 2), data: odd })).slice(3);
    assert.deepEqual(faults, [
      { kind: "fault", reason: "the row holds no numbers" },
      { kind: "fault", reason: "the row holds no numbers" },
      { kind: "fault", reason: "the row holds lists of different lengths, which are no picture" },
      { kind: "fault", reason: "the row holds lists of different lengths, which are no picture" },
    ]);
    const vectors = flat.map((row) => row.map((value) => Math.sin(value)));
    await refuses(
      () => read({ schema: listsOf("x", "FLOAT", 1), data: vectors }),
      "unsupported",
      /no column of images/,
    );
  });

  it("a published file", async function () {
    const file = path.join(DATA, "formats/mnist_hf_test.parquet");
    if (!existsSync(file)) {
      console.log(`      skipped: ${file} is not there`);
      this.skip();
    }
    const opened = await readParquet(file);
    assert.equal(opened.images[0]?.count, 10_000);
    assert.deepEqual(labelsIn(opened).slice(0, 10).join(""), "7210414959");
    const all = await imagesIn(opened);
    assert(all.every((entry) => entry.kind === "encoded" && entry.bytes[0] === 0x89));
  });
});

/** A column of a kind that datasets have, of so many rows. */
function columnOf(rows: number): fc.Arbitrary<FixtureColumn> {
  const scalar = (schema: SchemaElement, values: fc.Arbitrary<unknown>): fc.Arbitrary<FixtureColumn> => {
    const item = schema.repetition_type === "OPTIONAL" ? fc.option(values, { freq: 4 }) : values;
    return fc.array(item, { minLength: rows, maxLength: rows }).map((data) => ({ schema: [schema], data }));
  };
  const names = fc.stringMatching(/^[a-z]{1,6}$/);
  const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  return names.chain((suffix) => {
    const name = `c_${suffix}`;
    return fc.oneof(
      scalar({ name, type: "INT32", ...OPTIONAL }, int32),
      scalar({ name, type: "INT32", repetition_type: "REQUIRED" }, fc.integer({ min: 0, max: 3 })),
      scalar({ name, type: "INT64", ...OPTIONAL }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      scalar(
        {
          name,
          type: "INT64",
          logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
          ...OPTIONAL,
        },
        fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
      ),
      scalar({ name, type: "DOUBLE", ...OPTIONAL }, fc.double()),
      scalar({ name, type: "FLOAT", repetition_type: "REQUIRED" }, fc.float()),
      scalar({ name, type: "BOOLEAN", ...OPTIONAL }, fc.boolean()),
      scalar({ name, ...TEXT }, fc.oneof(fc.constantFrom("a", "b", "é"), fc.string())),
      scalar(
        { name, type: "FIXED_LEN_BYTE_ARRAY", type_length: 5, ...OPTIONAL },
        fc.uint8Array({ minLength: 5, maxLength: 5 }),
      ),
      scalar(
        { name, type: "INT32", converted_type: "DATE", ...OPTIONAL },
        fc
          .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
          .map((date) => new Date(Math.floor(date.getTime() / 864e5) * 864e5)),
      ),
      fc
        .array(fc.option(fc.array(fc.option(int32), { maxLength: 5 })), { minLength: rows, maxLength: rows })
        .map((data) => ({ schema: listsOf(name, "INT32", 1), data })),
      fc
        .array(fc.option(fc.array(fc.array(fc.double(), { maxLength: 3 }), { maxLength: 3 })), {
          minLength: rows,
          maxLength: rows,
        })
        .map((data) => ({ schema: listsOf(name, "DOUBLE", 2), data })),
    );
  });
}

describe("Parquet files written with the rows that stay", () => {
  const folder = temporaryFolder();

  const table = fc.integer({ min: 1, max: 40 }).chain((rows) =>
    fc.record({
      columns: fc.uniqueArray(columnOf(rows), { maxLength: 5, selector: ({ schema }) => schema[0]?.name }),
      seeds: fc.array(fc.option(fc.nat(9)), { minLength: rows, maxLength: rows }),
      stays: fc.array(fc.boolean(), { minLength: rows, maxLength: rows }),
      rowGroupSize: fc.integer({ min: 1, max: 50 }),
      pageSize: fc.constantFrom(40, 500, 1 << 20),
      codec: fc.constantFrom<CompressionCodec>("SNAPPY", "UNCOMPRESSED", "GZIP", "BROTLI"),
    }),
  );

  it("keep every column, type, text and value, read by another library, also when they are written again", async () => {
    await fc.assert(
      fc.asyncProperty(table, async ({ columns, seeds, stays, rowGroupSize, pageSize, codec }) => {
        const pictures = { schema: IMAGE_STRUCT, data: seeds.map((seed) => (seed === null ? null : image(seed))) };
        const kvMetadata = [{ key: "huggingface", value: '{"info": {}}' }];
        const options = { rowGroupSize, pageSize, codec, compressors: PACKERS, kvMetadata };
        const bytes = parquet([pictures, ...columns], options);
        const source = folder.file("source.parquet", bytes);
        const { bytes: written, advanced } = await rewritten(writeParquet, source, stays, folder.free("out.parquet"));
        const expected = (await rowsOf(bytes)).filter((_, row) => stays[row] === true);
        assert.deepEqual(await rowsOf(written), expected);
        assert.equal(advanced, expected.length);
        const [before, after] = [
          parquetMetadata(Uint8Array.from(bytes).buffer),
          parquetMetadata(Uint8Array.from(written).buffer),
        ];
        assert.deepEqual(after.schema, before.schema);
        assert.deepEqual(after.key_value_metadata, before.key_value_metadata);
        // What is written has pages of version 1, what the library wrote of version 2.
        const again = folder.file("again.parquet", written);
        const all = expected.map(() => true);
        const twice = await rewritten(writeParquet, again, all, folder.free("twice.parquet"));
        assert.deepEqual(await rowsOf(twice.bytes), expected);
        if (expected.length === 0) return;
        const kept = seeds.filter((_, row) => stays[row] === true);
        assert.deepEqual(
          (await imagesIn(await readParquet(again), "image")).map((entry) =>
            entry.kind === "encoded" ? entry.bytes : null,
          ),
          kept.map((seed) => (seed === null ? null : png(seed))),
        );
      }),
      { numRuns: 40 },
    );
  });

  it("hold nothing of an image that left", async () => {
    // Every image occurs twice in a row group, so that the library writes a dictionary of them.
    const data = [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3].map(image);
    const source = folder.file(
      "dictionary.parquet",
      parquet([{ schema: IMAGE_STRUCT, data }], { codec: "UNCOMPRESSED" }),
    );
    const stays = data.map((_, row) => row % 4 !== 2);
    const { bytes } = await rewritten(writeParquet, source, stays, folder.free("kept.parquet"));
    const holds = (file: Buffer, seed: number): boolean => file.includes(Buffer.from(png(seed)));
    assert(holds(readFileSync(source), 2));
    assert(holds(bytes, 3));
    assert(!holds(bytes, 2));
  });

  it("a file that changed is refused, as is a name that is taken, and an abort leaves nothing behind", async () => {
    const source = folder.file("three.parquet", parquet([images(3)]));
    const out = folder.free("none.parquet");
    await refuses(() => rewritten(writeParquet, source, [true, true], out), "changed", /has 3 rows and had 2/, out);
    await refuses(() => rewritten(writeParquet, source, [true, true, true], source), "conflict", /exists already/);
    const signal = AbortSignal.abort(new Error("stopped"));
    const job = {
      source,
      key: "image",
      stays: new Uint8Array(3).fill(1),
      out,
      isGzip: false,
      signal,
      advance: () => undefined,
    };
    await assert.rejects(() => writeParquet(job), /stopped/);
    assert(!existsSync(out));
  });
});

describe("damaged Parquet files", () => {
  const folder = temporaryFolder();
  const valid = parquet([
    images(20),
    { schema: [LABEL], data: Array.from({ length: 20 }, (_, row) => BigInt(row % 3)) },
  ]);
  const open = (bytes: Uint8Array) => () => readParquet(folder.file("x.parquet", bytes));

  it("that are cut off, empty, encrypted or something else say so", async () => {
    await refuses(open(valid.subarray(0, valid.length - 30)), "corrupt", /x\.parquet is a damaged.*cut off/);
    await refuses(open(new Uint8Array(0)), "corrupt", /ends early/);
    await refuses(open(Buffer.from("not a table at all")), "corrupt", /does not begin with "PAR1"/);
    const encrypted = Buffer.concat([valid.subarray(0, -4), Buffer.from("PARE")]);
    await refuses(open(encrypted), "unsupported", /encrypted.*Write it without/);
    const forged = Buffer.from(valid);
    forged.writeUInt32LE(0x7fffffff, forged.length - 8);
    await refuses(open(forged), "corrupt", /footer of 2,147,483,647 bytes/);
  });

  /** A file whose footer is these bytes. */
  const withFooter = (footer: Uint8Array): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    return Buffer.concat([Buffer.from("PAR1"), footer, length, Buffer.from("PAR1")]);
  };

  it("with bombs in their footers are refused at once", async () => {
    const repeat = (count: number, ...bytes: number[]): Buffer =>
      Buffer.alloc(count * bytes.length, Uint8Array.from(bytes));
    const after = (start: readonly number[], rest: Uint8Array): Buffer => Buffer.concat([Uint8Array.from(start), rest]);
    const footers = {
      "lists within lists that declare a thousand million entries": after(
        [0x29],
        repeat(1000, 0xf9, 255, 255, 255, 255, 3),
      ),
      "structs nested ten thousand deep": repeat(10_000, 0x1c),
      "a number of a million bytes": after([0x36], repeat(1_000_000, 255)),
      "a list of two thousand million structs": Buffer.of(0x29, 0xfc, 255, 255, 255, 255, 7),
      "five million empty structs": after([0x29, 0xfc, 0x80, 0x80, 0xc0, 2], repeat(5_242_880, 0)),
    };
    for (const [what, footer] of Object.entries(footers)) {
      const began = performance.now();
      await refuses(open(withFooter(footer)), "corrupt", /its footer is malformed/);
      assert(performance.now() - began < 2000, what);
    }
  });

  it("with bytes where a footer has lists are refused", async () => {
    const file = Buffer.from(valid);
    const start = file.length - 8 - file.readUInt32LE(file.length - 8);
    const footer = file.subarray(start, file.length - 8);
    // Fields that come again at the end count: the schema, the row groups, and the keys and values.
    for (const field of [2, 4, 5]) {
      const bytes = [0x08, field * 2, 1, 0x41, 0];
      const forged = Buffer.concat([footer.subarray(0, -1), Uint8Array.from(bytes)]);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(forged.length);
      const content = Buffer.concat([file.subarray(0, start), forged, length, Buffer.from("PAR1")]);
      await refuses(() => readParquet(folder.file("bytes.parquet", content)), "corrupt", /is a damaged Parquet file/);
    }
  });

  it("are read or refused, and nothing else", async () => {
    const numbers = Array.from({ length: 6 }, (_, row) => Array.from({ length: 16 }, (_, at) => (row * at) % 256));
    const seeds = [
      valid,
      parquet([images(9)], { codec: "UNCOMPRESSED", rowGroupSize: 4 }),
      parquet([{ schema: listsOf("x", "INT32", 1), data: numbers }], { pageSize: 60, codec: "UNCOMPRESSED" }),
    ];
    await rewritten(
      writeParquet,
      folder.file("v1.parquet", valid),
      Array.from({ length: 20 }, () => true),
      folder.free("v1.out"),
    );
    seeds.push(readFileSync(folder.file("v1.parquet", valid)));
    const found = { read: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...seeds),
        fc.array(change, { minLength: 1, maxLength: 4 }),
        async (seed, changes) => {
          const source = folder.file("fuzz.parquet", changed(seed, changes));
          found[await readsOrRefuses(readParquet, writeParquet, source, folder.free("fuzz.out"))]++;
        },
      ),
      { numRuns: 400 },
    );
    assert(found.read > 10 && found.refused > 50, JSON.stringify(found));
  });
});
