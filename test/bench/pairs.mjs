// Labelled pairs of images against what CleanSplit and its peers say of them: precision, recall and F1 at every threshold.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { CACHE } from "./cache.mjs";
import { measure } from "./measure.mjs";
import { inspectCommand, pythonWith, SHARED } from "./peers.mjs";

/**
 * @typedef {object} LabelledPair
 * @property {string} first Path below the dataset, with `/`. @property {string} second
 * @property {boolean} isDuplicate @property {string} kind Pairs of a kind have a recall of their own; empty: no kind.
 *
 * @typedef {object} LabelledList
 * @property {LabelledPair[]} pairs
 * @property {boolean} isSample It names pairs that are no duplicates too: only its pairs count. Otherwise it is taken to
 *   name all duplicates there are, and every other pair that a tool reports counts as wrong.
 */

const DUPLICATE = /^(?:1|yes|true|duplicate|same|near)$/i;
const DIFFERENT = /^(?:0|no|false|different|other)$/i;

/**
 * Reads a list of pairs: a CSV with the columns `first` and `second`, paths below the dataset or absolute ones, and, as far
 * as it has them, `label` (duplicate or different, 1 or 0, yes or no) and `kind`. Throws when it is no such list.
 * @param {string} file @param {string} folder The dataset.
 * @returns {LabelledList}
 */
export function readList(file, folder) {
  /** @type {Record<string, string>[]} */
  const rows = parse(readFileSync(file), { bom: true, columns: true, skip_empty_lines: true, trim: true });
  const place = (/** @type {string | undefined} */ name, /** @type {number} */ row) => {
    if (name === undefined || name === "")
      throw new Error(`${file}, row ${row + 2}: expected the columns first,second[,label][,kind].`);
    const inside = placeOf(folder, name);
    if (inside.startsWith("..") || !existsSync(path.join(folder, inside)))
      throw new Error(`${file}, row ${row + 2}: there is no ${name} in ${folder}.`);
    return inside;
  };
  const pairs = rows.map(({ first, second, label = "duplicate", kind = "" }, row) => {
    if (!DUPLICATE.test(label) && !DIFFERENT.test(label))
      throw new Error(`${file}, row ${row + 2}: the label is "${label}"; expected duplicate or different, 1 or 0.`);
    return { first: place(first, row), second: place(second, row), isDuplicate: DUPLICATE.test(label), kind };
  });
  if (!pairs.some(({ isDuplicate }) => isDuplicate)) throw new Error(`${file} names no pair of duplicates.`);
  return { pairs, isSample: pairs.some(({ isDuplicate }) => !isDuplicate) };
}

/** The path of a file below a dataset, with `/`. @param {string} folder @param {string} name */
export function placeOf(folder, name) {
  return path.relative(folder, path.resolve(folder, name)).replaceAll(path.sep, "/");
}

/**
 * What a tool says of the labelled pairs and of all pairs that count.
 * @typedef {object} Scores
 * @property {string} name
 * @property {string} says What was run, and where its threshold is from.
 * @property {"lower" | "higher"} better
 * @property {number} threshold What it takes for near by default, or what its documentation says.
 * @property {(number | null)[]} listed Of each labelled pair; null where it does not report the pair at any threshold.
 * @property {readonly (readonly [number, number])[]} counts Scores, and how many of all pairs that count have each of them.
 */

/**
 * @typedef {object} Quality
 * @property {number} threshold
 * @property {number} found Pairs as good as the threshold. @property {number} right Those of them that are duplicates.
 * @property {number} precision NaN when nothing was found. @property {number} recall @property {number} f1
 */

/**
 * Precision, recall and F1 at every score that a tool gave.
 * @param {Pick<Scores, "better" | "listed" | "counts">} scores @param {readonly Pick<LabelledPair, "isDuplicate">[]} pairs
 * @returns {Quality[]} The strictest threshold first.
 */
export function curveOf({ better, listed, counts }, pairs) {
  const duplicates = pairs.filter(({ isDuplicate }) => isDuplicate).length;
  /** @type {Map<number, { found: number, right: number }>} */
  const at = new Map();
  const add = (/** @type {number} */ score, /** @type {"found" | "right"} */ what, /** @type {number} */ count) => {
    const entry = at.get(score) ?? { found: 0, right: 0 };
    entry[what] += count;
    at.set(score, entry);
  };
  for (const [score, count] of counts) add(score, "found", count);
  for (const [i, score] of listed.entries()) if (score !== null && pairs[i]?.isDuplicate) add(score, "right", 1);
  let [found, right] = [0, 0];
  return [...at]
    .sort(([a], [b]) => (better === "lower" ? a - b : b - a))
    .map(([threshold, entry]) => {
      found += entry.found;
      right += entry.right;
      return qualityOf(threshold, found, right, duplicates);
    });
}

/** @param {number} threshold @param {number} found @param {number} right @param {number} duplicates @returns {Quality} */
function qualityOf(threshold, found, right, duplicates) {
  return {
    ...{ threshold, found, right },
    ...{ precision: right / found, recall: right / duplicates, f1: (2 * right) / (found + duplicates) },
  };
}

/** What a curve is at a threshold. @param {Pick<Scores, "better">} scores @param {readonly Quality[]} curve @param {number} threshold */
export function qualityAt({ better }, curve, threshold) {
  const within = curve.findLast((point) =>
    better === "lower" ? point.threshold <= threshold : point.threshold >= threshold,
  );
  return within === undefined ? qualityOf(threshold, 0, 0, 1) : { ...within, threshold };
}

/**
 * The same as if the list had only some of its pairs, and the tool had not said anything of the others.
 * @template {LabelledPair} T @param {Pick<Scores, "better" | "listed" | "counts">} scores @param {readonly T[]} pairs
 * @param {(pair: T) => boolean} isKept
 */
export function restrictedTo({ better, listed, counts }, pairs, isKept) {
  const dropped = listed.flatMap((score, i) => {
    const pair = pairs[i];
    return score === null || pair === undefined || isKept(pair) ? [] : [/** @type {const} */ ([score, -1])];
  });
  const kept = pairs.flatMap((pair, i) => (isKept(pair) ? [i] : []));
  return {
    scores: { better, listed: kept.map((i) => listed[i] ?? null), counts: [...counts, ...dropped] },
    pairs: kept.flatMap((i) => pairs[i] ?? []),
  };
}

/** The threshold with the largest F1. @param {readonly Quality[]} curve */
export function bestOf(curve) {
  return curve.reduce((best, point) => (point.f1 > best.f1 ? point : best), curve[0] ?? qualityOf(0, 0, 0, 1));
}

/**
 * The share of the duplicates of each kind that a tool finds at a threshold.
 * @param {Pick<Scores, "better" | "listed">} scores @param {readonly LabelledPair[]} pairs @param {number} threshold
 * @returns {Map<string, { right: number, of: number }>}
 */
export function recallByKind({ better, listed }, pairs, threshold) {
  /** @type {Map<string, { right: number, of: number }>} */
  const kinds = new Map();
  for (const [i, { kind, isDuplicate }] of pairs.entries()) {
    if (!isDuplicate) continue;
    const entry = kinds.get(kind) ?? { right: 0, of: 0 };
    const score = listed[i] ?? null;
    if (score !== null && (better === "lower" ? score <= threshold : score >= threshold)) entry.right++;
    entry.of++;
    kinds.set(kind, entry);
  }
  return kinds;
}

/**
 * Which pairs count: all, or only those of files in different folders right below the dataset.
 * @typedef {{ list: LabelledList, across: boolean }} Scope
 */

/** The folder right below the dataset that a file is in. @param {string} file */
const topOf = (file) => file.slice(0, Math.max(0, file.indexOf("/")));

/**
 * What CleanSplit says, from a list of all pairs up to the widest threshold there is.
 * @param {string} folder @param {Scope} scope @returns {Promise<OwnScores>}
 */
export async function scoreCleanSplit(folder, { list, across }) {
  const scratch = mkScratch();
  try {
    const [pairs, json] = [path.join(scratch, "pairs.csv"), path.join(scratch, "report.json")];
    const near = [...inspectCommand(folder), "--tier", "near"];
    await measure({ argv: [...near, "--json", json] });
    const { measure: definition } = JSON.parse(readFileSync(json, "utf8")).near;
    await measure({ argv: [...near, "--threshold", String(definition.reach), "--pairs", pairs] });
    /** @type {PairRow[]} */
    const rows = parse(readFileSync(pairs), { columns: true, skip_empty_lines: true });
    const scored = scoreRows(
      rows.map((row) => ({ ...row, first: placeOf(folder, row.first), second: placeOf(folder, row.second) })),
      { list, across },
      definition.best,
    );
    return {
      name: "CleanSplit",
      says: `${definition.name}, the default is ${definition.threshold}`,
      ...{ better: definition.better, threshold: definition.threshold },
      ...scored,
    };
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/**
 * A row of `cleansplit inspect --pairs`: near pairs are of different pictures by their first samples, and rows of the tiers
 * `file` and `pixel` say which samples share a picture.
 * @typedef {{ tier: string, first: string, second: string, score: string }} PairRow
 */

/**
 * `wrong`: pairs of different pictures that count and are not in the list, each once however many samples share them.
 * @typedef {Scores & { wrong: { first: string, second: string, score: number }[] }} OwnScores
 *
 * The scores of all pairs of samples that count, from pairs of pictures.
 * @param {readonly PairRow[]} rows @param {Scope} scope @param {number} best The score of equal pictures.
 * @returns {Pick<OwnScores, "listed" | "counts" | "wrong">}
 */
export function scoreRows(rows, { list, across }, best) {
  const equal = new Equal();
  for (const { tier, first, second } of rows) if (tier !== "near") equal.join(first, second);
  /** @type {Map<string, number>} */
  const scoreOf = new Map();
  for (const { tier, first, second, score } of rows)
    if (tier === "near") scoreOf.set(keyOf(equal.find(first), equal.find(second)), Number(score));
  const listed = list.pairs.map(({ first, second }) => {
    const [a, b] = [equal.find(first), equal.find(second)];
    return a === b ? best : (scoreOf.get(keyOf(a, b)) ?? null);
  });
  if (list.isSample) {
    const counts = listed.flatMap((score) => (score === null ? [] : [/** @type {const} */ ([score, 1])]));
    return { listed, counts, wrong: [] };
  }

  /** @type {Map<number, number>} */
  const counts = new Map();
  const add = (/** @type {number} */ score, /** @type {number} */ pairs) =>
    pairs > 0 && counts.set(score, (counts.get(score) ?? 0) + pairs);
  const pairsBetween = (/** @type {readonly string[]} */ a, /** @type {readonly string[]} */ b) =>
    across
      ? a.reduce((sum, one) => sum + b.filter((other) => topOf(one) !== topOf(other)).length, 0)
      : a.length * b.length;
  for (const members of equal.groups()) {
    // Every pair of a group is counted in both orders, and each sample with itself.
    add(best, (pairsBetween(members, members) - (across ? 0 : members.length)) / 2);
  }
  const right = new Set(list.pairs.map(({ first, second }) => keyOf(equal.find(first), equal.find(second))));
  const wrong = [];
  for (const [key, score] of scoreOf) {
    const [first = "", second = ""] = key.split("\n");
    const pairs = pairsBetween(equal.membersOf(first), equal.membersOf(second));
    add(score, pairs);
    if (pairs > 0 && !right.has(key)) wrong.push({ first, second, score });
  }
  return { listed, counts: [...counts], wrong };
}

/** @param {string} a @param {string} b */
const keyOf = (a, b) => (a < b ? `${a}\n${b}` : `${b}\n${a}`);

/** Who shares a picture with whom. */
class Equal {
  /** @type {Map<string, string>} */
  #parents = new Map();
  /** @type {Map<string, string[]> | undefined} */
  #members;

  /** @param {string} sample @returns {string} The one that stands for all with its picture. */
  find(sample) {
    let root = sample;
    for (let parent = this.#parents.get(root); parent !== undefined; parent = this.#parents.get(root)) root = parent;
    if (root !== sample) this.#parents.set(sample, root);
    return root;
  }

  /** @param {string} a @param {string} b */
  join(a, b) {
    const [from, to] = [this.find(a), this.find(b)];
    if (from !== to) this.#parents.set(from, to);
  }

  /** Those of more than one sample; no call of `join` may follow. */
  groups() {
    if (this.#members === undefined) {
      this.#members = new Map();
      for (const sample of this.#parents.keys()) {
        const root = this.find(sample);
        const members = this.#members.get(root) ?? [root];
        members.push(sample);
        this.#members.set(root, members);
      }
    }
    return this.#members.values();
  }

  /** @param {string} root */
  membersOf(root) {
    this.groups();
    return this.#members?.get(root) ?? [root];
  }
}

/**
 * @typedef {object} Peer
 * @property {string} name As `near-peers.py` calls it. @property {number} threshold @property {string} says
 */

const IMAGEDEDUP = "0.3.3.post2, at most 10 of 64 bits, its default";
const IMAGEHASH = "4.3.2, fewer than 5 of 64 bits, as in its README";
const PDQ = "at most 31 of 256 bits, and a quality of at least 50, as its reference says";

/** @type {readonly Peer[]} */
export const PEERS = [
  ...["PHash", "DHash", "AHash", "WHash"].map((method) => ({
    ...{ name: `imagededup ${method}`, threshold: 10, says: IMAGEDEDUP },
  })),
  ...["phash", "dhash"].map((method) => ({ ...{ name: `imagehash ${method}`, threshold: 4, says: IMAGEHASH } })),
  { name: "PDQ", threshold: 31, says: `pdqhash 0.2.8, ${PDQ}` },
  {
    name: "PDQ, all eight ways",
    threshold: 31,
    says: "the same with its hashes of all flips and rotations (`compute_dihedral`), the nearest of them",
  },
  { name: "cleanvision", threshold: 0, says: "0.3.7, equal 64-bit pHash, its default; it has no threshold" },
];

/** An environment with all peers and with faiss; undefined when it cannot be made here. */
export function nearPython() {
  const packages = ["cleanvision==0.3.7", "ImageHash==4.3.2", "pdqhash==0.2.8", "faiss-cpu==1.15.1", "tqdm"];
  return pythonWith("python-near-1", [...SHARED, ...packages], ["imagededup==0.3.3.post2"]);
}

/**
 * What the peers say.
 * @param {string} folder @param {Scope} scope
 * @returns {Promise<{ scores: Scores[], notes: string[] }>}
 */
export async function scorePeers(folder, { list, across }) {
  const python = await nearPython();
  if (python === undefined) return { scores: [], notes: ["The peers cannot be installed here: skipped."] };
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => placeOf(folder, path.join(entry.parentPath, entry.name)))
    .sort();
  const numberOf = new Map(files.map((file, number) => [file, number]));
  const listed = list.pairs.map(({ first, second }) => [numberOf.get(first), numberOf.get(second)]);
  const groups = across ? files.map(topOf) : null;
  const scratch = mkScratch();
  const task = path.join(scratch, "task.json");
  const tools = PEERS.map(({ name }) => name);
  writeFileSync(task, JSON.stringify({ folder, files, tools, listed, groups, onlyListed: list.isSample }));
  const script = fileURLToPath(new URL("near-peers.py", import.meta.url));
  const run = spawnSync(python, [script, task], {
    encoding: "utf8",
    maxBuffer: 2 ** 30,
    stdio: ["ignore", "pipe", "pipe"],
  });
  rmSync(scratch, { recursive: true });
  if (run.status !== 0) throw new Error(`near-peers.py failed: ${run.stderr.trim().slice(-2000)}`);
  /** @type {{ tool: string, hashed: number, listed: (number | null)[], counts: Record<string, number> }[]} */
  const answers = run.stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  const scores = answers.map(({ tool, listed: distances, counts }) => {
    const { threshold = 0, says = "" } = PEERS.find(({ name }) => name === tool) ?? {};
    return {
      ...{ name: tool, says, better: /** @type {const} */ ("lower"), threshold, listed: distances },
      counts: Object.entries(counts).map(([distance, pairs]) => /** @type {const} */ ([Number(distance), pairs])),
    };
  });
  const notes = answers.flatMap(({ tool, hashed }) =>
    hashed === files.length ? [] : [`${tool}: ${files.length - hashed} of ${files.length} files have no hash.`],
  );
  return { scores, notes };
}

function mkScratch() {
  mkdirSync(CACHE, { recursive: true });
  return mkdtempSync(path.join(CACHE, "near-"));
}
