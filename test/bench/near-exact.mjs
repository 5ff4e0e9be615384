// Whether the search of near glyphs finds exactly the pairs, with exactly the scores, that comparing all pictures of a
// folder pixel by pixel finds; decoded by sharp, so that nothing is shared with what is tested. After `npm run build`:
// node test/bench/near-exact.mjs <folder of pictures of one size> [--samples 20000]
import { setMaxListeners } from "node:events";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { tsImport } from "tsx/esm/api";

/**
 * @typedef {object} Exactness
 * @property {number} compared Different pictures.
 * @property {number} pairs Pairs that brute force found, up to `reach`.
 * @property {number} reach
 * @property {number} missing Pairs that the search did not find. @property {number} wrong Those it found that are none.
 * @property {number} searchSeconds @property {number} bruteSeconds Wall time.
 */

/**
 * @param {string} folder @param {number} samples The first so many different pictures are compared by brute force.
 * @returns {Promise<Exactness>}
 */
export async function nearExact(folder, samples) {
  /** @type {typeof import("../../src/engine/pool/pool")} */
  const { Pool } = await tsImport("../../src/engine/pool/pool.ts", import.meta.url);
  /** @type {typeof import("../../src/engine/dataset")} */
  const { openDataset } = await tsImport("../../src/engine/dataset.ts", import.meta.url);
  /** @type {typeof import("../../src/engine/inspection")} */
  const { inspectDataset } = await tsImport("../../src/engine/inspection.ts", import.meta.url);
  /** @type {typeof import("../../src/engine/recognition/inputs")} */
  const { inputsOf } = await tsImport("../../src/engine/recognition/inputs.ts", import.meta.url);
  /** @type {typeof import("../../src/engine/near/search")} */
  const { searchNear } = await tsImport("../../src/engine/near/search.ts", import.meta.url);
  /** @type {typeof import("../../src/core/near/findings")} */
  const { firstsOf } = await tsImport("../../src/core/near/findings.ts", import.meta.url);

  /** @type {typeof import("../../src/engine/sources/packed/unpacked")} */
  const { Unpacked } = await tsImport("../../src/engine/sources/packed/unpacked.ts", import.meta.url);

  const pool = new Pool(path.resolve(import.meta.dirname, "../../dist/worker.js"), 2);
  const run = { signal: new AbortController().signal, progress: () => undefined };
  setMaxListeners(0, run.signal);
  try {
    const dataset = await openDataset(
      inputsOf({ inputs: [folder], assignments: [] }),
      [],
      pool,
      run,
      null,
      new Unpacked(),
    );
    const { findings } = await inspectDataset(dataset, pool, run, new Map());
    const started = performance.now();
    const near = await searchNear(dataset, findings, pool, run);
    const searchSeconds = (performance.now() - started) / 1000;
    if (near.measure.regime !== "glyphs") throw new Error(`${folder} holds no glyphs: ${near.reason}`);

    const { states } = findings.fingerprints;
    const firstOf = firstsOf(findings.table.count, states, findings.groups.pixel);
    const taken = Array.from(firstOf.keys())
      .filter((sample) => states[sample] === 0 && firstOf[sample] === sample && near.degenerate[sample] === 0)
      .slice(0, samples);
    const looks = await Promise.all(
      taken.map(async (sample) => new Uint8Array(await sharp(dataset.names.file(sample)).greyscale().raw().toBuffer())),
    );
    const began = performance.now();
    /** @type {Map<string, number>} */
    const expected = new Map();
    looks.forEach((a, i) => {
      for (let j = i + 1; j < looks.length; j++) {
        const squares = squaresUpTo(a, looks[j] ?? new Uint8Array(), near.reach ** 2 * a.length + 1);
        const score = Math.fround(Math.sqrt(squares / a.length));
        if (score <= near.reach) expected.set(`${taken[i]} ${taken[j]}`, score);
      }
    });
    const last = taken.at(-1) ?? -1;
    let [found, wrong] = [0, 0];
    for (let pair = 0; pair < near.pairs.count; pair++) {
      const [first, second] = [near.pairs.first[pair] ?? 0, near.pairs.second[pair] ?? 0];
      if (second > last) continue;
      if (expected.get(`${first} ${second}`) === near.pairs.scores[pair]) found++;
      else wrong++;
    }
    return {
      compared: taken.length,
      pairs: expected.size,
      reach: near.reach,
      missing: expected.size - found,
      wrong,
      searchSeconds,
      bruteSeconds: (performance.now() - began) / 1000,
    };
  } finally {
    await pool.close();
  }
}

/**
 * The sum of squared differences, or a part of it that is above `limit`.
 * @param {Uint8Array} a @param {Uint8Array} b @param {number} limit
 */
function squaresUpTo(a, b, limit) {
  let squares = 0;
  for (let i = 0; i < a.length && squares <= limit; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    squares += difference * difference;
  }
  return squares;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { samples: { type: "string", default: "20000" } },
  });
  const result = await nearExact(path.resolve(positionals[0] ?? "."), Number(values.samples));
  console.log(result);
  if (result.missing > 0 || result.wrong > 0) process.exitCode = 1;
}
