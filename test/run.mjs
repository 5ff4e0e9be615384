// `npm test`: builds, checks and runs every lane, then prints one line `N passed, N failed`.
// `npm test -- unit e2e` runs only the named lanes (after a build); `npm test -- --list` names them.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";

const ROOT = path.resolve(import.meta.dirname, "..");
const node = process.execPath;
const bin = (/** @type {string} */ name) => path.join(ROOT, "node_modules", name);
const mocha = [node, bin("mocha/bin/mocha.js")];

/** Two files at a time, which wait for browsers most of the time. */
const BY_TWO = ["--parallel", "--jobs", "2"];

const { version } = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
/** The extension as its users install it. */
const PACKAGE = path.join(ROOT, "artifacts", `cleansplit-${version}-universal.vsix`);

/**
 * A lane counts as one check, or as the tests it ran when it runs mocha. Lanes that are `beside` the one before run with it.
 * @type {Record<string, { what: string, command: string[], runsMocha?: boolean, beside?: boolean, env?: Record<string, string> }>}
 */
const LANES = {
  build: { what: "Bundles", command: [node, "esbuild.mjs"] },
  types: { what: "Types of every part", command: [node, "scripts/typecheck.mjs"] },
  lint: { what: "Lint and import rules", command: [node, bin("eslint/bin/eslint.js"), "."], beside: true },
  format: {
    what: "Formatting",
    command: [node, bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."],
    beside: true,
  },
  unit: { what: "Unit tests", command: [...mocha, "test/unit/**/*.test.ts"], runsMocha: true },
  wasm: {
    what: "Decoding with sharp in WebAssembly",
    command: [node, "test/support/sharpInWasm.mjs", "test/unit/decode/*.test.ts"],
    runsMocha: true,
  },
  vscode: { what: "VS Code and Chromium for the next lanes", command: [node, "test/support/vscode/prepare.mjs"] },
  webview: {
    what: "Pages in Chromium",
    command: [...mocha, ...BY_TWO, "test/webview/**/*.test.ts"],
    runsMocha: true,
  },
  integration: { what: "Extension in VS Code", command: [node, "test/integration/run.mjs"], runsMocha: true },
  restricted: {
    what: "Extension in Restricted Mode",
    command: [node, "test/integration/run.mjs", "--restricted"],
    runsMocha: true,
  },
  package: {
    what: "Package of all platforms",
    command: [node, "scripts/package.mjs", "universal", "--starts", "3", "--out", path.dirname(PACKAGE)],
  },
  e2e: {
    what: "Clicking through VS Code with the package installed and the network off",
    command: [node, "test/support/offline.mjs", ...mocha, ...BY_TWO, "test/e2e/**/*.test.mts"],
    env: { CLEANSPLIT_EXTENSION: PACKAGE },
    runsMocha: true,
  },
  demo: { what: "Demo on the sample dataset", command: [node, "scripts/demo.mjs"] },
};

const asked = process.argv.slice(2);
if (asked.includes("--list")) {
  for (const [name, { what }] of Object.entries(LANES)) console.log(`${name.padEnd(12)} ${what}`);
  process.exit(0);
}
const unknown = asked.filter((name) => !(name in LANES));
if (unknown.length > 0) {
  console.error(`There is no lane ${unknown.join(", ")}. Lanes: ${Object.keys(LANES).join(", ")}.`);
  process.exit(2);
}
const first = asked.includes("e2e") ? ["build", "package"] : ["build"];
const needed = asked.length === 0 ? Object.keys(LANES) : [...first, ...asked.filter((name) => !first.includes(name))];

let [passed, failed] = [0, 0];
/** @type {string[]} */
const summary = [];
/** What each lane that failed said of it. @type {string[]} */
const failures = [];
for (const names of rounds(needed)) {
  const results = await Promise.all(names.map((name) => runLane(name, names.length > 1)));
  for (const { line, good, bad, why } of results) {
    passed += good;
    failed += bad;
    summary.push(line);
    if (bad > 0) failures.push(`=== ${line}\n${why}`);
  }
  // Without bundles every later lane would fail for the same reason.
  if (names.includes("build") && failed > 0) break;
}
// Said again, as the failure of a lane stands far above the end, which is all that some logs keep.
if (failures.length > 0) console.log(`\n${failures.join("\n\n")}`);
console.log(`\n${summary.join("\n")}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

/**
 * Lanes in their order, those together that run beside each other.
 * @param {string[]} names
 */
function rounds(names) {
  /** @type {string[][]} */
  const all = [];
  for (const name of names) {
    const last = all.at(-1);
    if (LANES[name]?.beside === true && last !== undefined && !last.includes("build")) last.push(name);
    else all.push([name]);
  }
  return all;
}

/**
 * Runs a lane and says what came of it. Its output is shown as it comes, or at once in the end when others run beside it.
 * @param {string} name @param {boolean} isBeside
 */
async function runLane(name, isBeside) {
  const lane = LANES[name];
  if (lane === undefined) throw new Error(`There is no lane ${name}.`);
  const title = `\n=== ${lane.what} (${name})`;
  if (!isBeside) console.log(title);
  const started = performance.now();
  const { code, output } = await run(lane.command, lane.env, !isBeside);
  if (isBeside) console.log(`${title}\n${output}`);
  const [good = 0, bad = 0] = lane.runsMocha === true ? mochaCounts(code, output) : code === 0 ? [1, 0] : [0, 1];
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  return {
    good,
    bad,
    why: lane.runsMocha === true ? mochaFailures(output) : lastLines(output),
    line: `${bad > 0 ? "FAILED" : "passed"} ${lane.what}: ${good} passed, ${bad} failed, ${seconds} s`,
  };
}

/**
 * What mocha counted. A lane that ended badly without a failed test, or ran no test at all, is one failure.
 * @param {number} code @param {string} output
 */
function mochaCounts(code, output) {
  const last = (/** @type {string} */ word) => {
    const found = [...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}`, "gm"))].at(-1);
    return Number(found?.[1] ?? 0);
  };
  const [passing, failing] = [last("passing"), last("failing")];
  return [passing, failing === 0 && (code !== 0 || passing === 0) ? 1 : failing];
}

/**
 * The failed tests as mocha lists them in the end, or the last lines if it never came so far.
 * @param {string} output
 */
function mochaFailures(output) {
  const at = output.search(/^\s*\d+ failing$/m);
  return at < 0 ? lastLines(output) : output.slice(at).trimEnd();
}

/** @param {string} output */
function lastLines(output) {
  return output.trimEnd().split("\n").slice(-30).join("\n");
}

/**
 * Runs a command, showing its output as it comes or not at all.
 * @param {string[]} command @param {Record<string, string> | undefined} env @param {boolean} isShown
 * @returns {Promise<{ code: number, output: string }>}
 */
function run([file = "", ...args], env, isShown) {
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, CI: "true", ...env },
    });
    let output = "";
    const show = (/** @type {NodeJS.WriteStream} */ to) => (/** @type {Buffer} */ data) => {
      output += data.toString();
      if (isShown) to.write(data);
    };
    child.stdout.on("data", show(process.stdout));
    child.stderr.on("data", show(process.stderr));
    child.on("error", (error) => resolve({ code: 1, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
