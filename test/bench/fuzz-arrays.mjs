// Damages small array files of every format at random and asks whether each is read or refused in an orderly way, whether
// any takes over two seconds of processor time, and how much memory all together took.
// node test/bench/fuzz-arrays.mjs [--seconds 60 | --count 1000000] [--seed 1] [--format mat]...
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import h5wasm from "h5wasm";
import { tsImport } from "tsx/esm/api";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    count: { type: "string" },
    seed: { type: "string", default: "1" },
    format: { type: "string", multiple: true, default: [] },
  },
});

/** @type {typeof import("../../src/engine/sources/arrays/open")} */
const { openArrayFile } = await tsImport("../../src/engine/sources/arrays/open.ts", import.meta.url);
/** @type {typeof import("../../src/engine/sources/arrays/ndarray")} */
const { rowBytes, rowCount } = await tsImport("../../src/engine/sources/arrays/ndarray.ts", import.meta.url);
/** @type {typeof import("../support/mat")} */
const { mat } = await tsImport("../support/mat.ts", import.meta.url);
/** @type {typeof import("../support/pickle")} */
const { pickledDict } = await tsImport("../support/pickle.ts", import.meta.url);

let state = Number(values.seed);
/** A number below `limit`. */
function below(/** @type {number} */ limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

/** Small files to start from, by the name that tells their format. */
async function seeds() {
  const variables = [
    { name: "X", dims: [4, 4, 3], data: Buffer.alloc(48, 7) },
    { name: "s", fields: [{ name: "y", dims: [1, 3], data: Buffer.alloc(24, 1), type: 9, kind: 6 }] },
  ];
  const header = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n";
  const npy = Buffer.concat([Buffer.from(`\x93NUMPY\x01\0${String.fromCharCode(header.length)}\0`, "latin1")]);
  const idx = Buffer.of(0, 0, 0x0b, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  const numbers = { data: { rows: 3, data: Buffer.alloc(48, 7) }, labels: { ints: [1, 2, 3] } };
  const { FS } = await h5wasm.ready;
  const made = [{}, { chunks: [2, 4, 4], compression: 4 }].map((packed) => {
    const file = new h5wasm.File("/made", "w");
    file.create_group("group");
    file.create_dataset({ name: "group/x", data: new Float32Array(48), shape: [3, 4, 4], ...packed });
    file.create_dataset({ name: "y", data: Int32Array.of(1, 2, 3) });
    file.close();
    return Buffer.from(FS.readFile("/made", { encoding: "binary" }));
  });
  return {
    mat: ["x.mat", [mat(variables), mat(variables, { compressed: true }), mat(variables, { bigEndian: true })]],
    hdf5: ["x.h5", made],
    cifar: ["train.bin", [Buffer.alloc(2 * 3074, 7)]],
    npy: ["x.npy", [Buffer.concat([npy, Buffer.from(header), Buffer.alloc(24, 7)])]],
    idx: ["x.idx", [idx, gzipSync(idx)]],
    pickle: ["x.pickle", [pickledDict(numbers)]],
  };
}

/** Damage mostly near the beginning, where headers are. */
function damage(/** @type {Buffer} */ whole) {
  let bytes = Buffer.from(whole);
  for (let changes = 1 + below(3); changes > 0 && bytes.length > 0; changes--) {
    const at = below(below(3) === 0 ? bytes.length : Math.min(bytes.length, 512));
    const kind = below(6);
    if (kind === 0) bytes[at] = below(256);
    else if (kind === 1) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(4))]);
    else if (kind === 3)
      bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(4, below(256)), bytes.subarray(at)]);
    else if (kind === 4) bytes.fill(below(2) * 255, at, Math.min(bytes.length, at + 1 + below(8)));
    else if (below(4) === 0) bytes = bytes.subarray(0, at);
  }
  return bytes;
}

/** Processor time this process has taken, in seconds: other work on the machine does not count. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const MAX_SECONDS = 2;
const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-fuzz-"));
const counts = { files: 0, read: 0, refused: 0, slowest: 0, faults: 0, megabytes: 0 };

function report(/** @type {string} */ what, /** @type {string} */ name, /** @type {Buffer} */ bytes) {
  counts.faults++;
  const file = path.join(os.tmpdir(), `fuzz-${values.seed}-${counts.faults}-${name}`);
  writeFileSync(file, bytes);
  console.log(`${what}: ${file}`);
}

/** Opens a file and reads all of it. */
async function readAll(/** @type {string} */ name, /** @type {Buffer} */ bytes) {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  const before = cpuSeconds();
  let opened;
  try {
    opened = await openArrayFile(file);
    for (const array of opened?.arrays ?? []) {
      const total = rowCount(array) * rowBytes(array);
      if (total > bytes.length * 1100 + 4096) report(`${total} bytes from ${bytes.length}`, name, bytes);
      else if (array.rows(0, rowCount(array)).length !== total) report("too few bytes", name, bytes);
    }
    counts.read++;
  } catch (error) {
    counts.refused++;
    if (!(error instanceof Error && error.name === "CleanSplitError")) report(String(error), name, bytes);
  } finally {
    opened?.close();
  }
  const seconds = cpuSeconds() - before;
  counts.slowest = Math.max(counts.slowest, seconds);
  if (seconds > MAX_SECONDS) report(`takes ${seconds.toFixed(1)} s`, name, bytes);
}

const all = Object.entries(await seeds()).filter(
  ([kind]) => values.format.length === 0 || values.format.includes(kind),
);
const until = values.count === undefined ? Date.now() + Number(values.seconds) * 1000 : Infinity;
const most = Number(values.count ?? Infinity);
while (Date.now() < until && counts.files < most) {
  const [, [name, files]] = /** @type {[string, [string, Buffer[]]]} */ (all[below(all.length)]);
  counts.files++;
  await readAll(name, damage(files[below(files.length)] ?? Buffer.alloc(0)));
  if (counts.files % 1000 === 0) counts.megabytes = Math.max(counts.megabytes, process.memoryUsage().rss / 1e6);
}
rmSync(folder, { recursive: true });
console.log(counts);
process.exitCode = counts.faults === 0 ? 0 : 1;
