// A labelled list of pairs of images against what CleanSplit and its peers find in a dataset.
import { writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { curveTable, rate } from "./near.mjs";
import { bestOf, curveOf, qualityAt, readList, recallByKind, scoreCleanSplit, scorePeers } from "./pairs.mjs";
import { table } from "./report.mjs";

const USAGE = `npm run bench:pairs -- FOLDER PAIRS.csv [--across] [--no-peers] [--json FILE]

PAIRS.csv has the columns first,second[,label][,kind]. Files are named by their paths below FOLDER. A label is duplicate or
different (or 1 or 0, yes or no). A list without different pairs is taken to name all duplicates there are: whatever else a
tool reports counts as wrong. Of a list that has both, only the pairs it names count. Each kind has a recall of its own.
  --across     only pairs of files in different folders right below FOLDER count, such as train and test
  --no-peers   only CleanSplit
  --json FILE  everything, with the whole curves; of CleanSplit also which pairs are wrong and which are missed`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    across: { type: "boolean", default: false },
    "no-peers": { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (values.help || positionals.length !== 2) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const [folder = "", file = ""] = positionals.map((each) => path.resolve(each));
const list = readList(file, folder);
const scope = { list, across: values.across };
const own = await scoreCleanSplit(folder, scope);
const { scores, notes } = values["no-peers"] ? { scores: [], notes: [] } : await scorePeers(folder, scope);
const tools = [own, ...scores].map((tool) => {
  const curve = curveOf(tool, list.pairs);
  const recalls = recallByKind(tool, list.pairs, tool.threshold);
  return { tool, curve, byDefault: qualityAt(tool, curve, tool.threshold), atBest: bestOf(curve), recalls };
});

const duplicates = list.pairs.filter(({ isDuplicate }) => isDuplicate).length;
console.log(
  `${list.pairs.length} pairs, ${duplicates} of them duplicates. ` +
    (list.isSample ? "Only these pairs count." : "Every other pair that is reported counts as wrong."),
);
const head = ["", "threshold", "pairs", "precision", "recall", "F1", "best threshold", "precision", "recall", "F1"];
console.log(
  `\n${table(
    head,
    tools.map(({ tool, byDefault, atBest }) => [
      tool.name,
      ...[byDefault, atBest].flatMap(({ threshold, found, precision, recall, f1 }, i) => [
        String(Number(threshold.toFixed(3))),
        ...(i === 0 ? [String(found)] : []),
        ...[precision, recall, f1].map(rate),
      ]),
    ]),
  )}`,
);
const kinds = [...new Set(list.pairs.map(({ kind }) => kind))].filter((kind) => kind !== "");
if (kinds.length > 0) {
  const rows = kinds.map((kind) => [
    kind,
    ...tools.map(({ recalls }) => {
      const { right, of } = recalls.get(kind) ?? { right: 0, of: 0 };
      return rate(right / of);
    }),
  ]);
  console.log(
    `\nRecall by kind, at the default thresholds\n${table(["", ...tools.map(({ tool }) => tool.name)], rows)}`,
  );
}
for (const { tool, curve } of tools) console.log(`\n${tool.name} (${tool.says})\n${curveTable(tool, curve)}`);
for (const note of notes) console.log(`- ${note}`);

if (values.json !== undefined) {
  const missed = list.pairs.filter((_, i) => list.pairs[i]?.isDuplicate && (own.listed[i] ?? null) === null);
  const everything = tools.map(({ tool: { name, says }, recalls, ...rest }) => ({
    ...{ name, says, ...rest },
    recalls: Object.fromEntries(recalls),
  }));
  writeFileSync(
    values.json,
    `${JSON.stringify({ list: file, tools: everything, wrong: own.wrong, missed }, undefined, 2)}\n`,
  );
}
