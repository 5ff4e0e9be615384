// Are the near pairs of photos exactly those of the definition? CleanSplit's pairs of 20,000 windows of photos, up to the widest
// threshold, against comparing each with each as `core/near/structure.ts` says: the same pairs, scores and transforms.
// npm run build; node test/bench/near-exact-photos.mjs [--count N]
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { parse } from "csv-parse/sync";
import { tsImport } from "tsx/esm/api";
import { CACHE } from "./cache.mjs";
import { prepareWindows, readArray, SIDE } from "./looks.mjs";
import { measure } from "./measure.mjs";
import { inspectCommand } from "./peers.mjs";

/** @typedef {{ first: number, second: number, score: number, transform: string }} Pair */

/** @type {typeof import("../../src/core/near/structure")} */
const { PhotoComparer, photoOf } = await tsImport("../../src/core/near/structure.ts", import.meta.url);
/** @type {typeof import("../../src/core/near/near")} */
const { DEGENERATE_SPREAD, MEASURES, TRANSFORMS } = await tsImport("../../src/core/near/near.ts", import.meta.url);
const REACH = MEASURES.photos.reach;
const PIXELS = SIDE * SIDE;

if (isMainThread) await compare();
else bruteForce(workerData);

async function compare() {
  const { values } = parseArgs({ options: { count: { type: "string", default: "20000" } } });
  const file = await prepareWindows(Number(values.count));
  const csv = path.join(CACHE, `exact-${process.pid}.csv`);
  const argv = [...inspectCommand(file), "--tier", "near", "--threshold", String(REACH), "--pairs", csv];
  const { wall } = await measure({ argv });
  /** @type {Record<string, string>[]} */
  const rows = parse(readFileSync(csv), { columns: true });
  rmSync(csv);
  /** @type {Map<string, Pair>} */
  const found = new Map();
  for (const { tier, first = "", second = "", score, transform = "" } of rows) {
    if (tier !== "near") continue;
    const pair = { first: rowOf(first), second: rowOf(second), score: Number(score), transform };
    found.set(keyOf(pair), pair);
  }

  const threads = os.cpus().length;
  const started = performance.now();
  const parts = await Promise.all(
    Array.from({ length: threads }, (_, thread) => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { file, thread, threads } });
      return new Promise((resolve, reject) => worker.on("message", resolve).on("error", reject));
    }),
  );
  /** @type {Pair[]} */
  const expected = parts.flat();
  const minutes = (performance.now() - started) / 60_000;
  let [missing, different] = [0, 0];
  for (const pair of expected) {
    const other = found.get(keyOf(pair));
    found.delete(keyOf(pair));
    if (other === undefined) missing++;
    else if (Math.fround(other.score) !== Math.fround(pair.score) || other.transform !== pair.transform) different++;
  }
  console.log(
    `${values.count} windows of photos: ${expected.length} pairs at ${REACH} or better by comparing each with each ` +
      `(${minutes.toFixed(1)} min). CleanSplit (${wall.toFixed(1)} s): ${missing} missing, ${found.size} too many, ` +
      `${different} with another score or transform.`,
  );
  if (expected.length === 0 || missing + found.size + different > 0) process.exitCode = 1;
}

/** The row of a sample, from its name: `windows.npy[17]`. @param {string} name */
function rowOf(name) {
  const row = /(\d+)\D*$/.exec(name)?.[1];
  if (row === undefined) throw new Error(`${name} is no row of an array file.`);
  return Number(row);
}

/** @param {Pair} pair */
function keyOf({ first, second }) {
  return `${first} ${second}`;
}

/**
 * A thread's share of all pairs: it takes every so many first picture.
 * @param {{ file: string, thread: number, threads: number }} share
 */
function bruteForce({ file, thread, threads }) {
  const bytes = readArray(file);
  const seen = new Set();
  const photos = [];
  for (let row = 0; row < bytes.length / PIXELS; row++) {
    const look = Uint8Array.from(bytes.subarray(row * PIXELS, (row + 1) * PIXELS));
    const digest = createHash("md5").update(look).digest("base64");
    // Equal pictures are no pair; the first one stands for them. What is nearly empty takes no part.
    if (seen.has(digest) || spreadOf(look) < DEGENERATE_SPREAD) continue;
    seen.add(digest);
    photos.push({ row, photo: photoOf(look) });
  }
  /** @type {Pair[]} */
  const pairs = [];
  for (let i = thread; i < photos.length; i += threads) {
    const first = photos[i];
    if (first === undefined) continue;
    const comparer = new PhotoComparer(first.photo);
    for (let j = i + 1; j < photos.length; j++) {
      const second = photos[j];
      if (second === undefined) continue;
      const likeness = comparer.compare(second.photo);
      if (likeness === null || Math.fround(likeness.score) < REACH) continue;
      const transform = TRANSFORMS[likeness.transform] ?? "";
      pairs.push({ first: first.row, second: second.row, score: likeness.score, transform });
    }
  }
  parentPort?.postMessage(pairs);
}

/** Mean square difference from the mean. @param {Uint8Array} look */
function spreadOf(look) {
  let [sum, squares] = [0, 0];
  for (const value of look) {
    sum += value;
    squares += value * value;
  }
  return squares / look.length - (sum / look.length) ** 2;
}
