// The tools that CleanSplit is measured against: found on PATH, in the cache folder, or installed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { CACHE, cached } from "./cache.mjs";
import { ROOT } from "./report.mjs";

/** @import { Tier } from "./tree.mjs" */

const CARGO_ROOT = path.join(CACHE, "cargo");
const CLI = path.join(ROOT, "dist/cli.js");

/** What the tools in Python share, so that all environments have the same. */
export const SHARED = ["numpy==2.4.6", "Pillow==13.0.0", "scipy==1.17.1", "scikit-learn==1.9.1", "PyWavelets==1.9.0"];

/**
 * A tool that finds equal files in a folder.
 * @typedef {object} DuplicateFinder
 * @property {string} name
 * @property {{ debian: string } | { crate: string, version: string }} from
 * @property {(folder: string) => string[]} args
 * @property {readonly number[]} [codes] Exit codes that are no failure; 0 when left out.
 * @property {(output: string) => Partial<Tier>} counts What it says it found, as far as it can be read.
 */

/**
 * As people run them, with what they do by default; only progress is turned off.
 * @type {DuplicateFinder[]}
 */
const DUPLICATE_FINDERS = [
  { name: "jdupes", from: { debian: "jdupes" }, args: (folder) => ["-r", "-q", folder], counts: countBlocks },
  { name: "fdupes", from: { debian: "fdupes" }, args: (folder) => ["-r", "-q", folder], counts: countBlocks },
  {
    name: "rdfind",
    from: { debian: "rdfind" },
    args: (folder) => ["-dryrun", "true", "-makeresultsfile", "false", folder],
    counts: (output) => ({ samples: numberIn(output, /you have (\d+) files that are not unique/) }),
  },
  {
    name: "fclones",
    from: { crate: "fclones", version: "0.35.0" },
    args: (folder) => ["-q", "group", folder],
    counts: (output) => ({ extra: numberIn(output, /^# Redundant: .* in (\d+) files/m) }),
  },
  {
    name: "czkawka_cli",
    from: { crate: "czkawka_cli", version: "12.0.2" },
    // Without its cache of hashes, and also for files below 8 KB, which it leaves out by default.
    args: (folder) => ["dup", "-d", folder, "-m", "1", "--disable-cache"],
    // 11 says that it found something.
    codes: [0, 11],
    counts: (output) => ({ extra: numberIn(output, /(\d+) duplicated files/) }),
  },
];

/** @param {string} output @param {RegExp} pattern */
function numberIn(output, pattern) {
  return Number(pattern.exec(output)?.[1] ?? NaN);
}

/** jdupes and fdupes print a line a file, and an empty line after each group. @param {string} output */
function countBlocks(output) {
  const sizes = output
    .split(/\n\n+/)
    .flatMap((block) => (block.trim() === "" ? [] : [block.trim().split("\n").length]));
  const samples = sizes.reduce((sum, size) => sum + size, 0);
  return { groups: sizes.length, samples, extra: samples - sizes.length };
}

/**
 * The duplicate finders that can be had here, with a sentence for each that cannot.
 * @param {{ installSlow: boolean }} options
 */
export function duplicateFinders({ installSlow }) {
  /** @type {(DuplicateFinder & { file: string, version: string })[]} */
  const found = [];
  /** @type {string[]} */
  const missing = [];
  for (const finder of DUPLICATE_FINDERS) {
    const file = locate(finder.name) ?? install(finder.name, finder.from, installSlow);
    if (file !== undefined) found.push({ ...finder, file, version: versionOf(file) });
    else
      missing.push(`${finder.name} is not installed${"crate" in finder.from ? " (`--install-slow`)" : ""}: skipped.`);
  }
  return { found, missing };
}

/** @param {string} name */
function locate(name) {
  const folders = [...(process.env["PATH"] ?? "").split(path.delimiter), path.join(CARGO_ROOT, "bin")];
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}

/** @param {string} name @param {DuplicateFinder["from"]} from @param {boolean} slow */
function install(name, from, slow) {
  if ("debian" in from) {
    if (process.getuid?.() === 0) run(["apt-get", "install", "-y", "-qq", from.debian]);
  } else if (slow) {
    // Ten minutes of compiling are not to disturb what else the machine does.
    const wanted = ["--locked", "--version", `=${from.version}`, "--root", CARGO_ROOT, "-j", "1"];
    run(["nice", "-n", "19", "cargo", "install", "--quiet", ...wanted, from.crate]);
  }
  return locate(name);
}

/** @param {string} file */
function versionOf(file) {
  const { stdout } = spawnSync(file, ["--version"], { encoding: "utf8" });
  return /\d+(\.\d+)+/.exec(stdout ?? "")?.[0] ?? "unknown";
}

/**
 * Runs a step of an installation; false when it fails, and says so.
 * @param {readonly string[]} argv
 */
function run(argv) {
  console.log(`  $ ${argv.join(" ")}`);
  const { status } = spawnSync(argv[0] ?? "", argv.slice(1), { stdio: ["ignore", "ignore", "inherit"] });
  return status === 0;
}

/** Does the command line know this option of `inspect` yet? @param {string} option */
export function inspectKnows(option) {
  return spawnSync(process.execPath, [CLI, "inspect", "--help"], { encoding: "utf8" }).stdout.includes(option);
}

/**
 * The command that inspects, as people run it but without what an earlier run has left.
 * @param {readonly string[]} args
 */
export function inspectCommand(...args) {
  if (!existsSync(CLI)) throw new Error("dist/cli.js is missing: run `npm run build` first.");
  return [process.execPath, CLI, "inspect", ...args, ...(inspectKnows("--no-cache") ? ["--no-cache"] : []), "--quiet"];
}

/**
 * A Python environment with these packages, made once in the cache folder.
 * @param {string} name @param {readonly string[]} packages @param {readonly string[]} bare Installed without what they
 *   depend on.
 * @returns {Promise<string | undefined>} Its interpreter, or undefined when it cannot be made.
 */
export async function pythonWith(name, packages, bare = []) {
  try {
    const { folder } = await cached(name, (into) => {
      const pip = [path.join(into, "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
      const steps = [
        ["python3", "-m", "venv", into],
        [...pip, ...packages],
        ...(bare.length > 0 ? [[...pip, "--no-deps", ...bare]] : []),
      ];
      for (const step of steps) if (!run(step)) throw new Error(`${step.join(" ")} failed`);
      return packages;
    });
    return path.join(folder, "bin/python");
  } catch {
    return undefined;
  }
}
