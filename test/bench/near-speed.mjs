// What the search for near duplicates costs: CleanSplit with it and without it, and faiss's exact range search as the peer.
import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE } from "./cache.mjs";
import { measure, spread } from "./measure.mjs";
import { nearPython } from "./pairs.mjs";
import { inspectCommand } from "./peers.mjs";
import { digits, ratioText, table } from "./report.mjs";
import { prepareTree } from "./tree.mjs";

/** @import { Measurement } from "./measure.mjs" */
/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */

const FAISS = fileURLToPath(new URL("near-faiss.py", import.meta.url));
/** Faiss compares each with each, so it is given less than the largest tree. */
const [SMALL, LARGE] = [[20_000, 40_000], 529_114];
const [QUICK_SMALL, QUICK_LARGE] = [[5000, 10_000], 50_000];
const RUNS = 3;
/** The default threshold for glyphs, in grey levels. */
const RMS = 9;

/** What one thing took: the whole of it, and the search alone. @typedef {{ whole: Measurement, wall: number, cpu: number }} Taken */

/** @param {Options} options @returns {Promise<Result>} */
export async function nearSpeed(options) {
  const notes = [
    "CleanSplit's search: what `inspect --tier near` takes more than `inspect --tier pixel` in the run beside it, with " +
      "reading and scaling the pictures again, grouping and reporting.",
  ];
  const python = await nearPython();
  if (python === undefined) notes.push("faiss cannot be installed here: skipped.");
  const runs = Math.min(options.runs, RUNS);
  const [small, large] = options.quick ? [QUICK_SMALL, QUICK_LARGE] : [SMALL, LARGE];
  const rows = [];
  for (const files of [...small, large]) {
    for (const twins of [false, true]) {
      console.log(`\n${files} files${twins ? " with twins" : ""}`);
      const { folder } = await prepareTree(files, { readable: files !== large, twins });
      rows.push({ files, twins, ...(await search(folder, runs, files === large ? undefined : python)) });
    }
  }
  const markdown = [
    `All pairs within an RMS grey difference of ${RMS}, the default, ${runs} runs of each in turn, on trees of glyphs ` +
      `(\`test/bench/tree.mjs\`). In those with twins about 5 of 100,000 pairs are near, as in notMNIST; in the others next to none. ` +
      `The peer is faiss 1.15.1, \`IndexFlatL2.range_search\` on the same pixels: exact as well, each with each. Before anything ` +
      `was timed, both had the same number of pairs.`,
    searchTable(rows),
    peerTable(rows),
    notes.map((note) => `- ${note}`).join("\n"),
  ];
  return { data: { rows, notes }, markdown };
}

/**
 * Searches the near pairs of a folder of glyphs.
 * @param {string} folder @param {number} runs @param {string | undefined} python Where faiss is, if it takes part.
 */
async function search(folder, runs, python) {
  const json = path.join(CACHE, "near.json");
  const [pixel, near] = ["pixel", "near"].map((tier) => ({ argv: [...inspectCommand(folder), "--tier", tier] }));
  const faiss = { argv: [python ?? "", FAISS, "glyphs", folder, String(RMS)] };
  await measure({ argv: [...(near?.argv ?? []), "--json", json] });
  const report = JSON.parse(readFileSync(json, "utf8")).near;
  if (python !== undefined) {
    const { compared, pairs } = answerOf((await measure(faiss, { keep: true })).output);
    if (compared !== report.compared || pairs !== report.pairs)
      throw new Error(
        `Of ${folder}, CleanSplit compares ${report.compared} pictures and finds ${report.pairs} pairs; ` +
          `faiss compares ${compared} and finds ${pairs}.`,
      );
  }
  /** @type {Measurement[]} */
  const without = [];
  /** @type {Taken[]} */
  const own = [];
  /** @type {Taken[]} */
  const peer = [];
  for (let run = 0; run < runs; run++) {
    const [base, whole] = [await measure(pixel ?? faiss), await measure(near ?? faiss)];
    without.push(base);
    own.push({ whole, wall: whole.wall - base.wall, cpu: whole.cpu - base.cpu });
    console.log(
      `  run ${run + 1}: tier pixel ${seconds(base.wall)}, tier near ${seconds(whole.wall)}, ${whole.memory.toFixed(0)} MB`,
    );
    if (python === undefined) continue;
    const { output, ...all } = await measure(faiss, { keep: true });
    const { wall, cpu } = answerOf(output);
    peer.push({ whole: all, wall, cpu });
    console.log(`  run ${run + 1}: faiss's search ${seconds(wall)}, ${all.memory.toFixed(0)} MB`);
  }
  const { compared, pairs } = report;
  return { compared, pairs, without, own, peer };
}

/** @param {string} output @returns {{ compared: number, pairs: number, wall: number, cpu: number }} */
const answerOf = (output) => JSON.parse(output);

/** @param {number} value */
const seconds = (value) => `${digits(value)} s`;

/** @typedef {Awaited<ReturnType<typeof search>> & { files: number, twins: boolean }} Row */

/** @param {Row} row */
const titleOf = ({ files, twins }) => `${files.toLocaleString("en")} files${twins ? ", twins" : ""}`;

/** @param {readonly Row[]} rows */
function searchTable(rows) {
  const median = (/** @type {readonly number[]} */ values) => seconds(spread(values).median);
  return table(
    [
      "",
      "compared",
      "near pairs",
      "search, wall",
      "CPU",
      "whole inspection, wall",
      "CPU",
      "memory",
      "without near: wall",
      "memory",
    ],
    rows.map((row) => [
      titleOf(row),
      ...[row.compared, row.pairs].map((count) => count.toLocaleString("en")),
      ...[row.own.map(({ wall }) => wall), row.own.map(({ cpu }) => cpu)].map(median),
      ...[row.own.map(({ whole }) => whole.wall), row.own.map(({ whole }) => whole.cpu)].map(median),
      `${spread(row.own.map(({ whole }) => whole.memory)).median.toFixed(0)} MB`,
      median(row.without.map(({ wall }) => wall)),
      `${spread(row.without.map(({ memory }) => memory)).median.toFixed(0)} MB`,
    ]),
  );
}

/** Faiss against CleanSplit; its time at the size of the largest tree by the square of the pictures. @param {readonly Row[]} rows */
function peerTable(rows) {
  const large = Math.max(...rows.map(({ compared }) => compared));
  const measured = rows.filter(({ peer }) => peer.length > 0);
  return table(
    [
      "faiss",
      "search, wall ×",
      "CPU ×",
      "wall",
      "CPU",
      "memory",
      `CPU at ${large.toLocaleString("en")} pictures, extrapolated`,
    ],
    measured.map((row) => {
      const ratio = (/** @type {"wall" | "cpu"} */ what) =>
        ratioText(spread(row.peer.map((taken, i) => taken[what] / (row.own[i]?.[what] ?? NaN))));
      const [wall, cpu] = [row.peer.map((taken) => taken.wall), row.peer.map((taken) => taken.cpu)].map(spread);
      return [
        titleOf(row),
        ...[ratio("wall"), ratio("cpu")],
        ...[wall, cpu].map((took) => seconds(took?.median ?? NaN)),
        `${spread(row.peer.map(({ whole }) => whole.memory)).median.toFixed(0)} MB`,
        seconds((cpu?.median ?? NaN) * (large / row.compared) ** 2),
      ];
    }),
  );
}
