// Near duplicates: how many planted ones are found, by transform, and how much of what is reported is right, by CleanSplit
// and by tools that compare hashes, on the same pictures in the same run.
import {
  bestOf,
  curveOf,
  qualityAt,
  readList,
  recallByKind,
  restrictedTo,
  scoreCleanSplit,
  scorePeers,
} from "./pairs.mjs";
import { preparePlanted, titleOf, TRANSFORMS } from "./planted.mjs";
import { table } from "./report.mjs";

/** @import { Quality, Scores } from "./pairs.mjs" */
/** @import { Result } from "./report.mjs" */
/** @import { Options } from "./run.mjs" */

const [ORIGINALS, FEW_ORIGINALS] = [100, 25];
/** The peers with a column of their own in the table of transforms; the others are in the table of all tools. */
const COLUMNS = ["CleanSplit", "imagededup PHash", "imagededup DHash", "PDQ", "PDQ, all eight ways"];
const TURNED = new Set(TRANSFORMS.filter(({ turns }) => turns).map(({ kind, strength }) => titleOf(kind, strength)));

/** @param {Options} options @returns {Promise<Result>} */
export async function near(options) {
  const set = await preparePlanted(options.quick ? FEW_ORIGINALS : ORIGINALS);
  const list = readList(set.list, set.folder);
  const scope = { list, across: true };
  const own = await scoreCleanSplit(set.folder, scope);
  const { scores, notes } = await scorePeers(set.folder, scope);
  const tools = [own, ...scores];
  const rows = tools.map((tool) => ({ ...overall(tool, list.pairs), tool }));
  const recalls = tools.map((tool) => recallByKind(tool, list.pairs, tool.threshold));

  const markdown = [
    `${set.originals} originals in train, ${set.photos} photos and ${set.originals - set.photos} generated scenes; ` +
      `${set.copies.toLocaleString("en")} copies in test, each by one transform, ${TRANSFORMS.length} of every original; and ` +
      `${set.lookalikes} pictures in both that only look alike: soft gradients, pages of text, repeated patterns, one layout with ` +
      `different content, surfaces (\`test/bench/planted.mjs\`). Counted are pairs of a picture of train and one of test: ` +
      `those of an original and its copy are right, all others wrong.`,
    `**Recall by transform**, each tool at its default threshold.`,
    transformTable(tools, recalls),
    targets(recalls[0], rows),
    `**All tools**, at their default thresholds and at those where F1 is largest on these very pictures.`,
    overallTable(rows),
    `**CleanSplit at other thresholds.**`,
    curveTable(own, rows[0]?.curve ?? []),
    [...tools.map(({ name, says }) => `${name}: ${says}.`), ...notes].map((note) => `- ${note}`).join("\n"),
  ];
  const missed = list.pairs.filter((_, i) => (own.listed[i] ?? null) === null);
  return {
    data: {
      ...set,
      tools: rows.map(({ tool, ...row }, i) => ({
        name: tool.name,
        ...row,
        recalls: Object.fromEntries(recalls[i] ?? []),
      })),
      wrong: own.wrong,
      missed,
    },
    markdown,
  };
}

/** @param {Scores} tool @param {import("./pairs.mjs").LabelledPair[]} pairs */
function overall(tool, pairs) {
  const curve = curveOf(tool, pairs);
  const lying = restrictedTo(tool, pairs, ({ kind }) => !TURNED.has(kind));
  const curveLying = curveOf(lying.scores, lying.pairs);
  return {
    curve,
    byDefault: qualityAt(tool, curve, tool.threshold),
    atBest: bestOf(curve),
    lying: { byDefault: qualityAt(tool, curveLying, tool.threshold), atBest: bestOf(curveLying) },
  };
}

/** @param {readonly Scores[]} tools @param {readonly ReturnType<typeof recallByKind>[]} recalls */
function transformTable(tools, recalls) {
  const shown = COLUMNS.map((name) => tools.findIndex((tool) => tool.name === name)).filter((index) => index >= 0);
  const rows = TRANSFORMS.map(({ kind, strength }) => {
    const title = titleOf(kind, strength);
    return [title, ...shown.map((index) => share(recalls[index]?.get(title)))];
  });
  return table(["", ...shown.map((index) => tools[index]?.name ?? "")], rows);
}

/** @param {{ right: number, of: number } | undefined} found */
const share = (found) => (found === undefined ? "" : rate(found.right / found.of));

/** Rounded down, so that 1 and .99 say what they promise. @param {number} value */
export const rate = (value) => (Number.isNaN(value) ? "–" : (Math.floor(value * 1000 + 1e-6) / 1000).toFixed(3));

/**
 * What is asked of CleanSplit, and whether it is so.
 * @param {ReturnType<typeof recallByKind> | undefined} recalls
 * @param {readonly { tool: Scores, byDefault: Quality }[]} rows CleanSplit first.
 */
function targets(recalls, [own, ...peers]) {
  const wanted = TRANSFORMS.filter(({ target }) => target !== undefined);
  const short = wanted.flatMap(({ kind, strength, target = 0 }) => {
    const found = recalls?.get(titleOf(kind, strength)) ?? { right: 0, of: 1 };
    return found.right / found.of >= target ? [] : [`${titleOf(kind, strength)} (${rate(found.right / found.of)})`];
  });
  const [precision, f1] = [own?.byDefault.precision ?? NaN, own?.byDefault.f1 ?? NaN];
  const ahead = peers.filter(({ byDefault }) => byDefault.f1 >= f1).map(({ tool }) => tool.name);
  return (
    `Recall of CleanSplit is to be at least .99 for re-encoding, resizing to a half, grey, flips and rotations, brightness and contrast, ` +
    `and shifts, ${wanted.length} rows: ${short.length === 0 ? "it is in all of them" : `it is not for ${short.join(", ")}`}. ` +
    `Its precision is to be at least .99: it is ${rate(precision)}. Its F1 is to be above that of every peer: ` +
    `${ahead.length === 0 ? "it is" : `it is not above that of ${ahead.join(", ")}`}.`
  );
}

/** @param {readonly (ReturnType<typeof overall> & { tool: Scores })[]} rows */
function overallTable(rows) {
  const head = ["", "threshold", "pairs", "right", "precision", "recall", "F1", "F1 without turned"];
  const best = ["best threshold", "precision", "recall", "F1", "F1 without turned"];
  return table(
    [...head, ...best],
    rows.map(({ tool, byDefault, atBest, lying }) => [
      tool.name,
      String(byDefault.threshold),
      ...[byDefault.found, byDefault.right].map((count) => count.toLocaleString("en")),
      ...[byDefault.precision, byDefault.recall, byDefault.f1, lying.byDefault.f1].map(rate),
      thresholdText(atBest.threshold),
      ...[atBest.precision, atBest.recall, atBest.f1, lying.atBest.f1].map(rate),
    ]),
  );
}

/** @param {number} threshold */
const thresholdText = (threshold) => String(Number(threshold.toFixed(3)));

/** About ten round thresholds from the strictest to the widest score. @param {Scores} tool @param {readonly Quality[]} curve */
export function curveTable(tool, curve) {
  const [strictest, widest] = [curve[0]?.threshold ?? 0, curve.at(-1)?.threshold ?? 0];
  const step = roundStep(Math.abs(widest - strictest) / 10);
  const [from, to] = [strictest, widest].map((threshold) => Math.round(threshold / step)).sort((a, b) => a - b);
  const ascending = Array.from({ length: (to ?? 0) - (from ?? 0) + 1 }, (_, i) => ((from ?? 0) + i) * step);
  return table(
    ["threshold", "pairs", "right", "precision", "recall", "F1"],
    (tool.better === "lower" ? ascending : ascending.toReversed()).map((threshold) => {
      const { found, right, precision, recall, f1 } = qualityAt(tool, curve, threshold);
      const counts = [found, right].map((count) => count.toLocaleString("en"));
      return [thresholdText(threshold), ...counts, ...[precision, recall, f1].map(rate)];
    }),
  );
}

/** 1, 2 or 5 times a power of ten, the next one above a number; 1 for 0. @param {number} least */
function roundStep(least) {
  if (least === 0) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return ([1, 2, 5].find((times) => times * power >= least) ?? 10) * power;
}
