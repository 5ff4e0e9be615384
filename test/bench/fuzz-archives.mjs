// Damages headers of tar and zip files at random, with their checksums made right, and asks whether each archive is read or
// refused in an orderly way, and whether any takes over a second.
// node test/bench/fuzz-archives.mjs [--count 1000000 | --seconds 60] [--seed 1]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

/** @type {typeof import("../../src/engine/sources/packed/open")} */
const { openPackedFile } = await tsImport("../../src/engine/sources/packed/open.ts", import.meta.url);
/** @type {typeof import("../support/archives")} */
const { tarOf, withChecksum, zipOf } = await tsImport("../support/archives.ts", import.meta.url);

let state = Number(values.seed);
/** A number below `limit`. */
function below(/** @type {number} */ limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

const FILES = {
  "train/A/1.png": "one",
  "train/A/1.cls": "5",
  "test/B/2.jpg": "two".repeat(400),
  [`${"long/".repeat(40)}3.png`]: "three",
  "é.json": '{"label": 1}',
  ".DS_Store": "x",
};

const seeds = [
  { name: "x.tar", bytes: await tarOf(FILES) },
  { name: "x.zip", bytes: await zipOf(FILES) },
  { name: "x.zip", bytes: await zipOf(FILES, false) },
];

/** Interesting values of one to eight bytes. */
const VALUES = [
  "00",
  "ff",
  "ffffffff",
  "7fffffff",
  "ffffffffffffffff",
  "2e2e2f",
  "2f",
  "80",
  "37373737373737",
  "504b0102",
];

/** A copy with up to four changes, mostly of what is not data. */
function damage(/** @type {{ name: string, bytes: Buffer }} */ { name, bytes: whole }) {
  let bytes = Buffer.from(whole);
  for (let changes = 1 + below(4); changes > 0 && bytes.length > 8; changes--) {
    const at = below(bytes.length - 8);
    const way = below(6);
    if (way < 3) bytes[at] = way === 0 ? below(256) : (bytes[at] ?? 0) ^ (1 << below(8));
    else if (way === 3) Buffer.from(VALUES[below(VALUES.length)] ?? "", "hex").copy(bytes, at);
    else if (way === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(600))]);
    else bytes.copy(bytes, at, below(bytes.length), bytes.length);
  }
  if (name === "x.tar" && below(8) > 0) {
    for (let at = 0; at + 512 <= bytes.length; at += 512) {
      if (bytes.toString("latin1", at + 257, at + 262) === "ustar") withChecksum(bytes.subarray(at, at + 512));
    }
  }
  return bytes;
}

const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-fuzz-"));
const found = { read: 0, refused: 0, failed: 0, slow: 0 };
const count = values.count === undefined ? Infinity : Number(values.count);
const end = values.count === undefined ? Date.now() + Number(values.seconds) * 1000 : Infinity;
try {
  for (let done = 0; done < count && Date.now() < end; done++) {
    const seed = seeds[done % seeds.length];
    if (seed === undefined) break;
    const bytes = damage(seed);
    const file = path.join(folder, seed.name);
    writeFileSync(file, bytes);
    const began = performance.now();
    try {
      const packed = await openPackedFile(file);
      for (const { key, count: images } of packed?.images ?? []) await packed?.read(key, 0, images);
      packed?.close();
      found.read++;
    } catch (error) {
      // Each import by tsx has classes of its own.
      if (error instanceof Error && error.name === "CleanSplitError") found.refused++;
      else {
        found.failed++;
        writeFileSync(path.join(os.tmpdir(), `cleansplit-failed-${done}-${seed.name}`), bytes);
        console.log(`${done}: ${error instanceof Error ? error.stack : String(error)}`);
      }
    }
    if (performance.now() - began > 1000) found.slow++;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const memory = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(
  `read ${found.read}, refused ${found.refused}, failed ${found.failed}, slow ${found.slow}; at most ${memory} MB`,
);
process.exitCode = found.failed + found.slow > 0 ? 1 : 0;
