// Damages Parquet and TFRecord files at random, mostly their headers, and asks whether each is read and written again or
// refused in an orderly way, in little time and memory. node test/bench/fuzz-tables.mjs [--format parquet]... and the options in
// fuzzing.mjs
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { tsImport } from "tsx/esm/api";
import { below, damaged, folder, fuzz, oneOf } from "./fuzzing.mjs";

// The fixtures are those of the unit tests, which are made for mocha.
Object.assign(globalThis, { before: () => undefined, after: () => undefined });
/** @type {typeof import("./fuzzed")} */
const { readParquet, readTfrecord, tables, writeParquet, writeTfrecord } = await tsImport(
  "./fuzzed.ts",
  import.meta.url,
);

/** Small files, so that most damage hits what describes them. */
async function parquetSeeds() {
  const images = (/** @type {number} */ count) => ({
    schema: tables.IMAGE_STRUCT,
    data: Array.from({ length: count }, (_, index) => ({ bytes: tables.png(index % 3), path: `${index}.png` })),
  });
  const labels = (/** @type {number} */ count) => ({
    schema: [{ name: "label", type: /** @type {const} */ ("INT64") }],
    data: Array.from({ length: count }, (_, index) => BigInt(index % 2)),
  });
  const rows = Array.from({ length: 5 }, (_, row) => Array.from({ length: 16 }, (_, at) => (row * at) % 256));
  const lists = { schema: tables.listsOf("x", "INT32", 1), data: rows };
  const files = [
    tables.parquet([images(2)], { statistics: false }),
    tables.parquet([images(8), labels(8)], { rowGroupSize: 5, codec: "UNCOMPRESSED" }),
    tables.parquet([lists, labels(5)], { pageSize: 60, statistics: false }),
  ];
  // Pages of version 1.
  for (const bytes of files.slice(0, 3)) {
    const [source, out] = [path.join(folder, "seed.parquet"), path.join(folder, "seed.out")];
    writeFileSync(source, bytes);
    rmSync(out, { force: true });
    const count = (await readParquet(source)).images[0]?.count ?? 0;
    files.push((await tables.rewritten(writeParquet, source, Array(count).fill(true), out)).bytes);
  }
  return files;
}

const example = tables.example({ "image/encoded": tables.png(1), "image/class/label": 3, "image/class/text": "c" });
const records = [example, tables.example({ image_raw: new Uint8Array(6), height: 2, width: 3, label: 1 })];
const parquets = await parquetSeeds();

/** Only the footer of a Parquet file damaged, its length put right. */
function damagedFooter(/** @type {Uint8Array} */ whole) {
  const file = Buffer.from(whole);
  const start = file.length - 8 - file.readUInt32LE(file.length - 8);
  const footer = damaged(file.subarray(start, file.length - 8));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([file.subarray(0, start), footer, length, Buffer.from("PAR1")]);
}

function damagedParquet() {
  const seed = oneOf(parquets);
  return below(2) === 0 ? damaged(seed) : damagedFooter(seed);
}

/** Damaged records with right checksums as a rule: else these are all that a reader sees. */
function damagedRecords() {
  if (below(3) === 0) return damaged(tables.tfrecord(records));
  return tables.tfrecord(records.map((record) => (below(2) === 0 ? damaged(record) : record)));
}

const out = path.join(folder, "x.out");

await fuzz({
  parquet: {
    file: "x.parquet",
    make: damagedParquet,
    read: (file) => tables.readsOrRefuses(readParquet, writeParquet, file, out),
  },
  tfrecord: {
    file: "x.tfrecord",
    make: damagedRecords,
    read: (file) => tables.readsOrRefuses(readTfrecord, writeTfrecord, file, out),
  },
});
