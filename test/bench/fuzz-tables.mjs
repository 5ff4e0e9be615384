// Damages Parquet and TFRecord files at random, mostly their headers, and asks whether each is read and written again or
// refused in an orderly way, in less than a second, and in bounded memory.
// node test/bench/fuzz-tables.mjs [--seconds 60 | --count 100000] [--seed 1]
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { tsImport } from "tsx/esm/api";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    count: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});

/** Processor time of one file that takes longer than this is a finding, as is more memory than this. */
const MAX_SECONDS = 1;
const MAX_BYTES = 2 ** 31;

// The fixtures are those of the unit tests, which are made for mocha.
Object.assign(globalThis, { before: () => undefined, after: () => undefined });
/** @type {typeof import("../unit/tables/support")} */
const support = await tsImport("../unit/tables/support.ts", import.meta.url);
/** @type {typeof import("../../src/engine/sources/packed/parquet")} */
const { readParquet } = await tsImport("../../src/engine/sources/packed/parquet.ts", import.meta.url);
/** @type {typeof import("../../src/engine/sources/packed/tfrecord")} */
const { readTfrecord } = await tsImport("../../src/engine/sources/packed/tfrecord.ts", import.meta.url);
/** @type {typeof import("../../src/engine/write/packedParquet")} */
const { writeParquet } = await tsImport("../../src/engine/write/packedParquet.ts", import.meta.url);
/** @type {typeof import("../../src/engine/write/packedTfrecord")} */
const { writeTfrecord } = await tsImport("../../src/engine/write/packedTfrecord.ts", import.meta.url);

let state = Number(values.seed);
/** A number below `limit`. */
function below(/** @type {number} */ limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-fuzz-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Small files, so that most damage hits what describes them. */
async function parquetSeeds() {
  const images = (/** @type {number} */ count) => ({
    schema: support.IMAGE_STRUCT,
    data: Array.from({ length: count }, (_, index) => ({ bytes: support.png(index % 3), path: `${index}.png` })),
  });
  const labels = (/** @type {number} */ count) => ({
    schema: [{ name: "label", type: /** @type {const} */ ("INT64") }],
    data: Array.from({ length: count }, (_, index) => BigInt(index % 2)),
  });
  const rows = Array.from({ length: 5 }, (_, row) => Array.from({ length: 16 }, (_, at) => (row * at) % 256));
  const lists = { schema: support.listsOf("x", "INT32", 1), data: rows };
  const files = [
    support.parquet([images(2)], { statistics: false }),
    support.parquet([images(8), labels(8)], { rowGroupSize: 5, codec: "UNCOMPRESSED" }),
    support.parquet([lists, labels(5)], { pageSize: 60, statistics: false }),
  ];
  // Pages of version 1.
  for (const bytes of files.slice(0, 3)) {
    const [source, out] = [path.join(folder, "seed.parquet"), path.join(folder, "seed.out")];
    writeFileSync(source, bytes);
    rmSync(out, { force: true });
    const count = (await readParquet(source)).images[0]?.count ?? 0;
    files.push((await support.rewritten(writeParquet, source, Array(count).fill(true), out)).bytes);
  }
  return files;
}

const example = support.example({ "image/encoded": support.png(1), "image/class/label": 3, "image/class/text": "c" });
const records = [example, support.example({ image_raw: new Uint8Array(6), height: 2, width: 3, label: 1 })];
const parquets = await parquetSeeds();

/** Damage: a byte, a bit, bytes put in or taken out, or all after a place. */
function damaged(/** @type {Uint8Array} */ whole) {
  let bytes = Buffer.from(whole);
  for (let changes = 1 + below(3); changes > 0 && bytes.length > 0; changes--) {
    const at = below(bytes.length);
    const kind = below(9);
    if (kind < 3) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (kind < 5) bytes[at] = below(256);
    else if (kind < 6) bytes.fill([0, 127, 255][below(3)] ?? 0, at, Math.min(bytes.length, at + 1 + below(9)));
    else if (kind < 7)
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + below(4), below(256)), bytes.subarray(at)]);
    else if (kind < 8) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(4))]);
    else if (below(8) === 0) bytes = bytes.subarray(0, at);
  }
  return bytes;
}

/** Only the footer of a Parquet file damaged, its length put right. */
function damagedFooter(/** @type {Uint8Array} */ whole) {
  const file = Buffer.from(whole);
  const start = file.length - 8 - file.readUInt32LE(file.length - 8);
  const footer = damaged(file.subarray(start, file.length - 8));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([file.subarray(0, start), footer, length, Buffer.from("PAR1")]);
}

const counts = { files: 0, read: 0, refused: 0, slowest: 0, mostMemory: 0, findings: 0 };

function report(/** @type {string} */ what, /** @type {string} */ source) {
  counts.findings++;
  const kept = path.join(os.tmpdir(), `fuzz-tables-${values.seed}-${counts.findings}${path.extname(source)}`);
  writeFileSync(kept, readFileSync(source));
  console.log(`${what}: ${kept}`);
}

async function attempt(/** @type {boolean} */ isParquet) {
  const seed = parquets[below(parquets.length)] ?? new Uint8Array(0);
  const deep = () => support.tfrecord(records.map((record) => (below(2) === 0 ? damaged(record) : record)));
  const flat = () => damaged(support.tfrecord(records));
  const bytes = isParquet ? (below(2) === 0 ? damaged(seed) : damagedFooter(seed)) : below(3) > 0 ? deep() : flat();
  const source = path.join(folder, isParquet ? "x.parquet" : "x.tfrecord");
  const out = path.join(folder, "x.out");
  writeFileSync(source, bytes);
  const before = process.cpuUsage();
  try {
    const [read, write] = isParquet
      ? /** @type {const} */ ([readParquet, writeParquet])
      : /** @type {const} */ ([readTfrecord, writeTfrecord]);
    counts[await support.readsOrRefuses(read, write, source, out)]++;
  } catch (error) {
    report(String(error).slice(0, 300), source);
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  counts.slowest = Math.max(counts.slowest, seconds);
  if (seconds > MAX_SECONDS) report(`takes ${seconds.toFixed(1)} s`, source);
  const memory = process.memoryUsage.rss();
  counts.mostMemory = Math.max(counts.mostMemory, memory);
  if (memory > MAX_BYTES) report(`takes ${memory} bytes`, source);
  counts.files++;
}

const until = values.count === undefined ? Date.now() + Number(values.seconds) * 1000 : Infinity;
const most = Number(values.count ?? Infinity);
while (Date.now() < until && counts.files < most) await attempt(counts.files % 2 === 0);
console.log(counts);
process.exitCode = counts.findings === 0 ? 0 : 1;
