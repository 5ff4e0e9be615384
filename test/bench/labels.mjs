// How well a label audit finds labels that are known to be wrong: letters of the sample dataset are put into folders of other
// letters by chance, and audited by the command line. Needs `npm run build` before.
//   node test/bench/labels.mjs [--seed N]
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { randomOf } from "./cache.mjs";
import { ROOT, table } from "./report.mjs";

const RATES = [0, 0.02, 0.05, 0.1];
const FIRST = 100;
const CLI = path.join(ROOT, "dist", "cli.js");

const { values } = parseArgs({ options: { seed: { type: "string", default: "1" } } });
const scratch = mkdtempSync(path.join(os.tmpdir(), "cleansplit-labels-"));
try {
  execFileSync(process.execPath, [CLI, "sample", scratch]);
  const letters = path.join(scratch, "letters");
  const rows = RATES.map((rate) => measure(letters, path.join(scratch, `wrong-${rate}`), rate));
  console.log(
    table(
      ["planted", "wrong", "estimated", "model right", "suspects", "wrong of them", "found", `of first ${FIRST}`],
      rows,
    ),
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * Plants wrong labels and audits.
 * @param {string} letters @param {string} root @param {number} rate @returns {string[]}
 */
function measure(letters, root, rate) {
  const random = randomOf(Number(values.seed) + Math.round(1000 * rate));
  const wrong = new Set();
  let total = 0;
  for (const entry of readdirSync(letters, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith(".png")) continue;
    const folder = path.relative(letters, entry.parentPath);
    const [split = "", label = ""] = folder.split(path.sep);
    const others = [..."ABCDEFGHIJ"].filter((letter) => letter !== label);
    const isWrong = random() < rate;
    const to = isWrong ? (others[Math.floor(random() * others.length)] ?? label) : label;
    // A name of its own, so that nothing is overwritten in the other folder.
    const id = `${split}/${to}/${label} ${entry.name}`;
    mkdirSync(path.join(root, split, to), { recursive: true });
    cpSync(path.join(entry.parentPath, entry.name), path.join(root, id));
    total += 1;
    if (isWrong) wrong.add(id);
  }
  const [csv, json] = [`${root}.csv`, `${root}.json`];
  const options = ["--top", "0", "--quiet", "--no-cache", "--seed", values.seed, "--csv", csv, "--json", json];
  execFileSync(process.execPath, [CLI, "audit-labels", root, ...options]);
  const audit = JSON.parse(readFileSync(json, "utf8"));
  /** @type {{ id: string }[]} */
  const suspects = parse(readFileSync(csv), { columns: true });
  const found = suspects.filter(({ id }) => wrong.has(id)).length;
  const first = suspects.slice(0, FIRST).filter(({ id }) => wrong.has(id)).length;
  return [
    percent(rate),
    percent(wrong.size / total),
    percent(audit.estimatedErrors),
    percent(audit.accuracy),
    String(suspects.length),
    suspects.length === 0 ? "" : percent(found / suspects.length),
    wrong.size === 0 ? "" : percent(found / wrong.size),
    String(first),
  ];
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
