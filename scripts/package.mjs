// `npm run package`: one .vsix for each platform, with its binaries, and one for all others. What they weigh and how long
// VS Code takes to activate them is printed.
//   npm run package                       all of them
//   npm run package -- universal          only this one
//   npm run package -- --starts 0         without starting VS Code to measure the activation
import { createVSIX } from "@vscode/vsce";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { activationTimes } from "../test/support/vscode/activation.mjs";
import { stageBinaries, stageExtension, TARGETS } from "./package/stage.mjs";

const ROOT = path.resolve(import.meta.dirname, "..");
/** What the package of all platforms may weigh, in bytes. */
const UNIVERSAL_LIMIT = 15_000_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: "string", default: path.join(ROOT, "artifacts") },
    starts: { type: "string", default: "5" },
  },
});
const unknown = positionals.filter((name) => !(name in TARGETS));
const starts = Number(values.starts);
if (unknown.length > 0 || !Number.isInteger(starts) || starts < 0) {
  console.error(`npm run package -- [TARGET...] [--out DIR] [--starts N]\nTargets: ${Object.keys(TARGETS).join(", ")}`);
  process.exit(2);
}

const out = path.resolve(values.out);
mkdirSync(out, { recursive: true });
process.env["SOURCE_DATE_EPOCH"] ??= dateOfSources();
const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
const stage = mkdtempSync(path.join(os.tmpdir(), "cleansplit-package-"));
try {
  stageExtension(ROOT, stage);
  for (const [target, platform] of Object.entries(TARGETS)) {
    if (positionals.length > 0 && !positionals.includes(target)) continue;
    stageBinaries(stage, platform);
    const file = await pack(target);
    const { size } = statSync(file);
    console.log(`${path.relative(process.cwd(), file)}  ${(size / 1e6).toFixed(1)} MB`);
    if (target === "universal" && size > UNIVERSAL_LIMIT) {
      console.error(`That is more than the ${UNIVERSAL_LIMIT / 1e6} MB that it may weigh.`);
      process.exitCode = 1;
    }
    if (starts > 0 && runsHere(target)) console.log(`  ${activationText(await activationTimes(file, starts))}`);
  }
} finally {
  rmSync(stage, { recursive: true, force: true, maxRetries: 5 });
}

/** @param {string} target @returns {Promise<string>} the .vsix */
async function pack(target) {
  const packagePath = path.join(out, `cleansplit-${version}-${target}.vsix`);
  const { log } = console;
  // vsce lists every file that it packs.
  console.log = () => {};
  try {
    await createVSIX({
      cwd: stage,
      packagePath,
      ...(target === "universal" ? {} : { target }),
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
  } finally {
    console.log = log;
  }
  return packagePath;
}

/** Files in a package are as old as the last commit, so that the same sources give the same package. */
function dateOfSources() {
  try {
    return execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: ROOT, encoding: "utf8" }).trim();
  } catch {
    // Not a checkout: zip files know no earlier date.
    return String(Date.UTC(1980, 1, 1) / 1000);
  }
}

/** @param {string} target */
function runsHere(target) {
  return target === "universal" || target === `${process.platform}-${process.arch}`;
}

/** @param {readonly import("../test/support/vscode/activation.mjs").Activation[]} times */
function activationText(times) {
  const list = (/** @type {"wall" | "cpu"} */ of) => times.map((time) => time[of].toFixed(0));
  const median = (/** @type {"wall" | "cpu"} */ of) =>
    list(of).sort((a, b) => Number(a) - Number(b))[Math.floor(times.length / 2)];
  return (
    `activated in ${median("wall")} ms (median of ${list("wall").join(", ")}), ` +
    `${median("cpu")} ms of CPU (${list("cpu").join(", ")})`
  );
}
