// What the search for near duplicates costs, of glyphs and of photos: CleanSplit with it and without it, and faiss's exact
// range searches as the peer.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { tsImport } from "tsx/esm/api";
import { CACHE } from "./cache.mjs";
import { prepareLooks, readArray, SIDE } from "./looks.mjs";
import { measure, spread } from "./measure.mjs";
import { nearPython } from "./pairs.mjs";
import { inspectCommand } from "./peers.mjs";
import { digits, ratioText, table } from "./report.mjs";
import { prepareTree } from "./tree.mjs";

/** @import { Measurement } from "./measure.mjs" */
/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */

const FAISS = fileURLToPath(new URL("near-faiss.py", import.meta.url));
/** Faiss compares each with each, so it is given less than the largest input. */
const SMALL = [20_000, 40_000];
const QUICK_SMALL = [5000, 10_000];
/** As many as notMNIST_large has, and as many photos. */
const [GLYPHS, PHOTOS] = [529_114, 500_000];
const RUNS = 3;
/** imagededup's default for hashes of 64 bits. */
const DISTANCE = 10;
/** A picture can lie in so many ways. */
const WAYS = 8;
/** @type {typeof import("../../src/core/near/near")} */
const { DEGENERATE_SPREAD, MEASURES } = await tsImport("../../src/core/near/near.ts", import.meta.url);
const RMS = MEASURES.glyphs.threshold;
const SAYS =
  "CleanSplit's search is what `inspect --tier near` takes more than `inspect --tier pixel` in the run beside it: reading and scaling " +
  "the pictures again, searching, grouping and reporting. Times of faiss are those of building its index and of the search alone.";

/**
 * What one thing took: the whole of it, and the search alone.
 * @typedef {{ whole: Measurement, wall: number, cpu: number }} Taken
 *
 * @typedef {object} Row
 * @property {string} title
 * @property {number} compared Pictures that were compared. @property {number} pairs Near pairs, as CleanSplit finds them.
 * @property {string | null} limited Why not all are found that the definition calls near, if so.
 * @property {Measurement[]} without @property {Taken[]} own
 * @property {{ name: string, taken: Taken[] }[]} peers None where faiss took no part.
 *
 * @typedef {{ name: string, argv: string[] }} Peer
 */

/** @param {Options} options @returns {Promise<Result>} */
export async function nearGlyphs(options) {
  const python = await nearPython();
  const [small, large] = [options.quick ? QUICK_SMALL : SMALL, options.files ?? GLYPHS];
  /** @type {Row[]} */
  const rows = [];
  for (const files of [...small, large]) {
    for (const twins of [false, true]) {
      const title = `${files.toLocaleString("en")} files${twins ? ", twins" : ""}`;
      console.log(`\n${title}`);
      const { folder } = await prepareTree(files, { readable: files !== large, twins });
      const report = await inspectNear(folder);
      /** @type {Peer[]} */
      const peers =
        python === undefined || files === large
          ? []
          : [
              {
                name: "pixels",
                argv: [python, FAISS, "glyphs", folder, String(RMS), String(DEGENERATE_SPREAD)],
              },
            ];
      for (const { argv } of peers) {
        const { compared, pairs } = answerOf((await measure({ argv }, { keep: true })).output);
        if (compared !== report.compared || pairs !== report.pairs)
          throw new Error(
            `Of ${folder}, CleanSplit compares ${report.compared} pictures and finds ${report.pairs} pairs; ` +
              `faiss compares ${compared} and finds ${pairs}.`,
          );
      }
      rows.push({ title, ...report, ...(await takeTurns(folder, peers, files === large ? 1 : options.runs)) });
    }
  }
  const markdown = [
    `All pairs within an RMS grey difference of ${RMS}, the default, on trees of glyphs (\`test/bench/tree.mjs\`). In those with twins ` +
      `about 5 of 100,000 pairs are near, as in notMNIST; in the others next to none. The peer is faiss 1.15.1, ` +
      `\`IndexFlatL2.range_search\` on the same pixels: exact as well, each with each. Before anything was timed, both had the same ` +
      `number of pairs. ${SAYS}`,
    searchTable(rows),
    ...limits(rows),
    ...(python === undefined ? ["faiss cannot be installed here: skipped."] : [peerTable(rows)]),
  ];
  return { data: { rows }, markdown };
}

/** @param {Options} options @returns {Promise<Result>} */
export async function nearPhotos(options) {
  const python = await nearPython();
  const [small, large] = [options.quick ? QUICK_SMALL : SMALL, options.files ?? PHOTOS];
  /** @type {Row[]} */
  const rows = [];
  const missed = [];
  for (const photos of [...small, large]) {
    const title = `${photos.toLocaleString("en")} photos`;
    console.log(`\n${title}`);
    const { file, planted } = await prepareLooks(photos);
    const csv = path.join(CACHE, "near.csv");
    const report = await inspectNear(file, "--pairs", csv);
    missed.push(`${missedOf(planted, csv)} of ${planted.length.toLocaleString("en")}`);
    const hashes = path.join(CACHE, "hashes.bin");
    const hasPeer = python !== undefined && photos !== large;
    const widest = hasPeer ? await writeHashes(file, hashes) : 0;
    const peerOf = (/** @type {number} */ ways, /** @type {number} */ distance) => ({
      name: `${ways === 1 ? "as they lie" : "all eight ways"}, ${distance} bits`,
      argv: [python ?? "", FAISS, "hashes", hashes, String(ways), String(distance)],
    });
    const peers = hasPeer ? [peerOf(1, DISTANCE), peerOf(8, widest)] : [];
    rows.push({ title, ...report, ...(await takeTurns(file, peers, photos === large ? 1 : options.runs)) });
    rmSync(hashes, { force: true });
  }
  const markdown = [
    `All pairs of a structural similarity of at least ${MEASURES.photos.threshold}, the default, mirrored and turned ones too, in an array file of pictures of 32 x 32 ` +
      `with the spectrum of photos, one of fifty again an earlier one, changed (\`test/bench/looks.mjs\`). Not found of those: ` +
      `${missed.join(", ")}. No peer does the same. faiss 1.15.1 finds pairs of hashes of 64 bits, \`IndexBinaryFlat.range_search\`: those ` +
      `that differ in at most ${DISTANCE} as they lie, as imagededup does; and in all eight ways within the bits that CleanSplit allows, ` +
      `which is the first of three steps of its definition. It verifies nothing. ${SAYS}`,
    searchTable(rows),
    ...limits(rows),
    ...(python === undefined ? ["faiss cannot be installed here: skipped."] : [peerTable(rows)]),
  ];
  return { data: { rows, missed }, markdown };
}

/** The pairs that were planted and not found. @param {readonly (readonly [number, number])[]} planted @param {string} csv */
function missedOf(planted, csv) {
  /** @type {Record<string, string>[]} */
  const rows = parse(readFileSync(csv), { columns: true });
  rmSync(csv);
  const numberIn = (/** @type {string | undefined} */ name) => /(\d+)\]$/.exec(name ?? "")?.[1];
  const found = new Set(rows.map(({ first, second }) => `${numberIn(first)} ${numberIn(second)}`));
  return planted.filter(([first, second]) => !found.has(`${first} ${second}`)).length;
}

/**
 * Writes the hashes of CleanSplit's definition, 8 bytes for each way that a picture can lie.
 * @param {string} file @param {string} into
 * @returns {Promise<number>} Bits in which those of a near pair differ at most.
 */
async function writeHashes(file, into) {
  /** @type {typeof import("../../src/core/near/structure")} */
  const { layoutOf, MAX_DISTANCE, turnHash } = await tsImport("../../src/core/near/structure.ts", import.meta.url);
  const [looks, size] = [readArray(file), SIDE * SIDE];
  const hashes = new Uint32Array((WAYS * 2 * looks.length) / size);
  for (let row = 0; row < looks.length / size; row++) {
    const { hash } = layoutOf(looks.subarray(row * size, (row + 1) * size));
    for (let way = 0; way < WAYS; way++) hashes.set(turnHash(hash, way), 2 * (WAYS * row + way));
  }
  writeFileSync(into, hashes);
  return MAX_DISTANCE;
}

/** What an inspection reports. @param {string} input @param {readonly string[]} options */
async function inspectNear(input, ...options) {
  const json = path.join(CACHE, "near.json");
  await measure({ argv: [...inspectCommand(input), "--tier", "near", "--json", json, ...options] });
  const { compared, pairs, limited } = JSON.parse(readFileSync(json, "utf8")).near;
  rmSync(json);
  return { compared, pairs, limited };
}

/**
 * Measures CleanSplit without and with the search, and faiss, in turn.
 * @param {string} input @param {readonly Peer[]} peers @param {number} most Runs.
 */
async function takeTurns(input, peers, most) {
  /** @type {Pick<Row, "without" | "own" | "peers">} */
  const taken = { without: [], own: [], peers: peers.map(({ name }) => ({ name, taken: [] })) };
  for (let run = 0; run < Math.min(most, RUNS); run++) {
    const base = await measure({ argv: [...inspectCommand(input), "--tier", "pixel"] });
    const whole = await measure({ argv: [...inspectCommand(input), "--tier", "near"] });
    taken.without.push(base);
    taken.own.push({ whole, wall: whole.wall - base.wall, cpu: whole.cpu - base.cpu });
    const memory = `${whole.memory.toFixed(0)} MB`;
    console.log(`  run ${run + 1}: tier pixel ${seconds(base.wall)}, tier near ${seconds(whole.wall)}, ${memory}`);
    for (const [i, { name, argv }] of peers.entries()) {
      const { output, ...all } = await measure({ argv }, { keep: true });
      const { wall, cpu } = answerOf(output);
      taken.peers[i]?.taken.push({ whole: all, wall, cpu });
      console.log(`  run ${run + 1}: faiss, ${name}: ${seconds(wall)}, ${all.memory.toFixed(0)} MB`);
    }
  }
  return taken;
}

/** @param {string} output @returns {{ compared: number, pairs: number, wall: number, cpu: number }} */
const answerOf = (output) => JSON.parse(output);

/** @param {number} value */
const seconds = (value) => `${digits(value)} s`;

/** What CleanSplit says of searches that it has limited. @param {readonly Row[]} rows */
function limits(rows) {
  const limited = rows.flatMap(({ title, limited }) => (limited === null ? [] : [`- ${title}: ${limited}`]));
  return limited.length === 0 ? [] : [limited.join("\n")];
}

/** @param {readonly Row[]} rows */
function searchTable(rows) {
  const time = (/** @type {readonly number[]} */ values) => seconds(spread(values).median);
  const memory = (/** @type {readonly Measurement[]} */ runs) =>
    `${spread(runs.map((run) => run.memory)).median.toFixed(0)} MB`;
  const inspection = ["whole inspection, wall", "CPU", "memory", "without near, wall", "memory"];
  return table(
    ["", "compared", "near pairs", "search, wall", "CPU", ...inspection],
    rows.map(({ title, compared, pairs, own, without }) => [
      title,
      ...[compared, pairs].map((count) => count.toLocaleString("en")),
      ...[own.map(({ wall }) => wall), own.map(({ cpu }) => cpu)].map(time),
      ...[own.map(({ whole }) => whole.wall), own.map(({ whole }) => whole.cpu)].map(time),
      memory(own.map(({ whole }) => whole)),
      time(without.map(({ wall }) => wall)),
      memory(without),
    ]),
  );
}

/**
 * Faiss's search against CleanSplit's. How long it would take for the largest input is reckoned by the square of the pictures,
 * because it compares each with each.
 * @param {readonly Row[]} rows
 */
function peerTable(rows) {
  const largest = Math.max(...rows.map(({ compared }) => compared));
  const head = [
    "search, wall ×",
    "CPU ×",
    "wall",
    "CPU",
    "memory",
    `CPU for ${largest.toLocaleString("en")}, reckoned`,
  ];
  return table(
    ["faiss", ...head],
    rows.flatMap(({ title, compared, own, peers }) =>
      peers.map(({ name, taken }) => {
        const ratio = (/** @type {"wall" | "cpu"} */ what) =>
          ratioText(spread(taken.map((run, i) => run[what] / (own[i]?.[what] ?? NaN))));
        const cpu = spread(taken.map((run) => run.cpu)).median;
        return [
          `${title}: ${name}`,
          ...[ratio("wall"), ratio("cpu")],
          ...[spread(taken.map(({ wall }) => wall)).median, cpu].map(seconds),
          `${spread(taken.map(({ whole }) => whole.memory)).median.toFixed(0)} MB`,
          seconds(cpu * (largest / compared) ** 2),
        ];
      }),
    ),
  );
}
