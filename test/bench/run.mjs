// `npm run bench`: every figure is a ratio against a peer that ran in turn with CleanSplit, on this machine, just now.
//   npm run bench                      all benches, in full
//   npm run bench -- --quick           all of them, smaller
//   npm run bench -- duplicates md5    only these
// Results go to artifacts/bench/*.json and into docs/performance.md.
import os from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { arrays } from "./arrays.mjs";
import { CACHE } from "./cache.mjs";
import { duplicates } from "./duplicates.mjs";
import { hashing } from "./hashing.mjs";
import { host } from "./host.mjs";
import { md5 } from "./md5.mjs";
import { near } from "./near.mjs";
import { nearGlyphs, nearPhotos } from "./near-speed.mjs";
import { webview } from "./webview.mjs";
import { machine, updateDocument, writeJson } from "./report.mjs";

/** @import { Result } from "./report.mjs" */

/**
 * @typedef {object} Options
 * @property {number | undefined} files Files of the largest tree; undefined for the sizes of the full bench.
 * @property {number} runs Runs that count, of each contestant.
 * @property {boolean} quick
 * @property {boolean} installSlow Compile peers that have no package.
 */

/** @type {Record<string, (options: Options) => Promise<Result>>} */
const BENCHES = {
  duplicates,
  hashing,
  near,
  "near-glyphs": nearGlyphs,
  "near-photos": nearPhotos,
  arrays,
  md5,
  host,
  webview,
};
const QUICK = { files: 50_000, runs: 3 };
const RUNS = 5;

const USAGE = `npm run bench -- [${Object.keys(BENCHES).join("] [")}] [options]
  --files N       files of the largest tree; for duplicates half and a quarter of it too, for near-photos: photos
  --runs N        runs of each contestant that count; ${RUNS}
  --quick         ${QUICK.files} files, ${QUICK.runs} runs, no cold runs
  --install-slow  compile peers that have no package (cargo, many minutes)
  --dry           only print: leave artifacts/bench and docs/performance.md as they are

Trees, tools and environments are kept in ${CACHE} (CLEANSPLIT_BENCH_DIR).`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    files: { type: "string" },
    runs: { type: "string" },
    quick: { type: "boolean", default: false },
    "install-slow": { type: "boolean", default: false },
    dry: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
const unknown = positionals.filter((name) => !(name in BENCHES));
const [files, runs] = [values.files, values.runs].map((text) => (text === undefined ? undefined : Number(text)));
if (values.help || unknown.length > 0 || !isCount(files, 100) || !isCount(runs, 1)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (process.platform !== "linux") {
  console.error("The benches need Linux: they read CPU time and memory of process trees from /proc.");
  process.exit(2);
}

/** @type {Options} */
const options = {
  files: files ?? (values.quick ? QUICK.files : undefined),
  runs: runs ?? (values.quick ? QUICK.runs : RUNS),
  quick: values.quick,
  installSlow: values["install-slow"],
};
const command = ["npm run bench", ...(process.argv.length > 2 ? ["--", ...process.argv.slice(2)] : [])].join(" ");
const { cores, cpu, memoryGB, system, node } = machine();
const where = `${cores} cores (${cpu}), ${memoryGB} GB, ${system}, Node ${node.slice(1)}`;
console.log(`${command}\n${where}`);

for (const [name, bench] of Object.entries(BENCHES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`\n=== ${name}`);
  const [load = 0] = os.loadavg();
  const { data, markdown } = await bench(options);
  const busy =
    load > cores / 2
      ? [`The machine was busy with other work (load ${load.toFixed(1)}): CPU time and memory are the ratios to trust.`]
      : [];
  const text = [`\`${command}\` on ${where}.`, ...busy, ...markdown];
  console.log(`\n${text.join("\n\n")}\n`);
  if (values.dry) continue;
  console.log(writeJson(name, { command, machine: machine(), load, options, ...asObject(data) }));
  await updateDocument(name, text);
}

/** @param {number | undefined} value @param {number} least */
function isCount(value, least) {
  return value === undefined || (Number.isInteger(value) && value >= least);
}

/** @param {unknown} data */
function asObject(data) {
  return Array.isArray(data) ? { rows: data } : /** @type {object} */ (data);
}
