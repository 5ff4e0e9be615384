// A whole inspection (listing, hashing bytes, decoding, comparing pixels) against tools that compare bytes only.
// Near duplicates, which have a bench of their own, are not searched.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CACHE } from "./cache.mjs";
import { interleave, measure } from "./measure.mjs";
import { duplicateFinders, inspectCommand, inspectKnows } from "./peers.mjs";
import { compare, comparisonTable, digits, exponent, line, ratioText, table } from "./report.mjs";
import { prepareTree } from "./tree.mjs";

/** @import { Result } from "./report.mjs" */
/** @import { Truth } from "./tree.mjs" */
/** @import { Options } from "./run.mjs" */

/** Sizes of the scaling run; the last is that of notMNIST_large. */
const SIZES = [50_000, 100_000, 200_000, 529_114];
const COLD_RUNS = 3;

/** @param {Options} options @returns {Promise<Result>} */
export async function duplicates(options) {
  const sizes = options.files === undefined ? SIZES : [4, 2, 1].map((part) => Math.round((options.files ?? 0) / part));
  const { found, missing } = duplicateFinders(options);
  const peers = found.map(({ name, version }) => `${name} ${version}`).join(", ");
  const notes = [...missing];
  const full = SIZES.at(-1) ?? 0;
  if (!sizes.includes(full)) notes.push(`${full.toLocaleString("en")} files, as in notMNIST_large: not run here.`);

  const scaling = [];
  let largest = { files: 0, folder: "" };
  for (const files of sizes) {
    console.log(`\n${files} files`);
    const { folder, truth } = await prepareTree(files);
    await checkInspection(folder, truth);
    for (const finder of found) await checkFinder(finder, folder, truth);
    scaling.push({ files, rows: compare(await interleave(contestants(folder, found), options.runs)) });
    largest = { files, folder };
  }
  const cold = await coldRuns(contestants(largest.folder, found), options, notes);
  const again = await inspectAgain(largest.folder, options.runs, notes);

  const warm = scaling.at(-1)?.rows ?? [];
  const markdown = [
    `${options.runs} runs of each in turn, on ${sizes.map((files) => files.toLocaleString("en")).join(", ")} PNG files of 28x28 ` +
      `pixels (\`test/bench/tree.mjs\`). Peers: ${peers || "none"}. Before anything was timed, CleanSplit's report had the ` +
      `true counts, and every peer had the true number of equal files.`,
    `**${largest.files.toLocaleString("en")} files, warm page cache.**`,
    comparisonTable(warm),
    ...(cold === undefined ? [] : [`**The same, cold:** page cache dropped before every run.`, comparisonTable(cold)]),
    `**Scaling.** Time grows as files to the power given here, fitted over all sizes: 1 is linear, and a fixed start makes it ` +
      `look smaller. What one more file costs is the slope of a line over the sizes; the line of memory has a fixed part too.`,
    scalingTable(scaling),
    ...(again === undefined
      ? []
      : [`**Inspecting again** with nothing changed takes ${ratioText(again)} times as long as the first inspection.`]),
    notes.map((note) => `- ${note}`).join("\n"),
  ];
  return { data: { sizes, peers, scaling, cold, again, notes }, markdown };
}

/**
 * @typedef {ReturnType<typeof duplicateFinders>["found"][number]} Finder
 * @param {string} folder @param {readonly Finder[]} found
 */
function contestants(folder, found) {
  return [
    { name: "CleanSplit", argv: inspectCommand(folder, "--tier", "pixel") },
    ...found.map(({ name, file, args, codes }) => ({ name, codes, argv: [file, ...args(folder)] })),
  ];
}

/**
 * A wrong answer is not worth timing.
 * @param {string} folder @param {Truth} truth
 */
async function checkInspection(folder, truth) {
  const file = path.join(CACHE, "report.json");
  await measure({ argv: [...inspectCommand(folder, "--tier", "pixel"), "--json", file] });
  const report = JSON.parse(readFileSync(file, "utf8"));
  const tier = (/** @type {import("./tree.mjs").Tier} */ { groups, samples, extra }) => ({ groups, samples, extra });
  const said = {
    samples: report.splits.reduce((/** @type {number} */ sum, /** @type {Truth} */ split) => sum + split.samples, 0),
    unreadable: report.unreadable.length,
    blank: report.blank.samples,
    duplicates: { file: tier(report.duplicates.file), pixel: tier(report.duplicates.pixel) },
    conflicts: { groups: report.conflicts.groups, samples: report.conflicts.samples },
  };
  const { samples, unreadable, blank, duplicates, conflicts } = truth;
  const [is, should] = [said, { samples, unreadable, blank, duplicates, conflicts }].map((counts) =>
    JSON.stringify(counts),
  );
  if (is !== should)
    throw new Error(`CleanSplit's report on ${folder} is wrong.\n  it says  ${is}\n  true is  ${should}`);
}

/** @param {Finder} finder @param {string} folder @param {Truth} truth */
async function checkFinder({ name, file, args, codes, counts }, folder, truth) {
  const { output } = await measure({ argv: [file, ...args(folder)], codes }, { keep: true });
  for (const [what, count] of Object.entries(counts(output))) {
    const should = truth.duplicates.file[/** @type {keyof import("./tree.mjs").Tier} */ (what)];
    if (count !== should)
      throw new Error(`${name} finds ${count} files (${what}) in ${folder}, but ${should} are there.`);
  }
}

/** @param {ReturnType<typeof contestants>} commands @param {Options} options @param {string[]} notes */
async function coldRuns(commands, options, notes) {
  if (options.quick) {
    notes.push("Cold runs: not run with `--quick`.");
    return undefined;
  }
  if (!dropCaches()) {
    notes.push("Cold runs: skipped, because the page cache cannot be dropped here (Linux, as root).");
    return undefined;
  }
  console.log("\ncold");
  const runs = Math.min(options.runs, COLD_RUNS);
  return compare(await interleave(commands, runs, { warm: false, before: () => void dropCaches() }));
}

function dropCaches() {
  try {
    spawnSync("sync");
    writeFileSync("/proc/sys/vm/drop_caches", "3");
    return true;
  } catch {
    return false;
  }
}

/** The second inspection over the first one. @param {string} folder @param {number} runs @param {string[]} notes */
async function inspectAgain(folder, runs, notes) {
  if (!inspectKnows("--no-cache")) {
    notes.push("Inspecting again: skipped, because CleanSplit has no cache yet.");
    return undefined;
  }
  console.log("\nfirst and second inspection");
  const cache = path.join(CACHE, "home");
  const argv = inspectCommand(folder, "--tier", "pixel").filter((argument) => argument !== "--no-cache");
  const env = { XDG_CACHE_HOME: cache };
  const commands = ["first", "second"].map((name) => ({ name, argv, env }));
  const results = await interleave(commands, runs, {
    before: ({ name }) => {
      if (name !== "first") return;
      rmSync(cache, { recursive: true, force: true });
      mkdirSync(cache, { recursive: true });
    },
  });
  if (readdirSync(cache).length === 0) {
    notes.push("Inspecting again: skipped, because CleanSplit does not keep its cache below XDG_CACHE_HOME.");
    return undefined;
  }
  return compare(results)[1]?.wall.ratio;
}

/** @param {readonly { files: number, rows: ReturnType<typeof compare> }[]} sizes */
function scalingTable(sizes) {
  const fits = (sizes[0]?.rows ?? []).map(({ name }) => {
    const points = (/** @type {"wall" | "cpu" | "memory"} */ what) =>
      sizes.map(({ files, rows }) => ({
        files,
        value: rows.find((row) => row.name === name)?.[what].absolute.median ?? NaN,
      }));
    const [wall, cpu, memory] = [points("wall"), points("cpu"), points("memory")];
    return { name, powers: [exponent(wall), exponent(cpu)], more: [wall, cpu, memory].map(line) };
  });
  const [base] = fits;
  const rows = fits.map(({ name, powers, more }) => [
    name,
    ...powers.map(digits),
    ...more.map((fit, i) => digits(fit.slope / (base?.more[i]?.slope ?? NaN))),
    `${((more[2]?.slope ?? NaN) * 1e6).toFixed(0)} B`,
    `${(more[2]?.fixed ?? NaN).toFixed(0)} MB`,
  ]);
  const head = ["power of wall time", "of CPU time", "one more file: wall ×", "CPU ×", "memory ×", "memory", "fixed"];
  return table(["", ...head], rows);
}
