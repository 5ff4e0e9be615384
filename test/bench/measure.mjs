// Runs commands and says what their whole process tree took: wall time, CPU time, peak memory. Linux only: /proc.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { performance } from "node:perf_hooks";

const SAMPLE_EVERY_MS = 20;
const MB = 1e6;
/** GNU time tells the exact peak of the largest process, which samples can miss by a little. */
const GNU_TIME = "/usr/bin/time";
const hasGnuTime = existsSync(GNU_TIME) && spawnSync(GNU_TIME, ["-f", "%M", "true"]).status === 0;
/** @param {string} name @param {number} otherwise */
const getconf = (name, otherwise) =>
  Number(spawnSync("getconf", [name], { encoding: "utf8" }).stdout?.trim()) || otherwise;
const PAGE = getconf("PAGESIZE", 4096);
const TICKS = getconf("CLK_TCK", 100);

/**
 * @typedef {object} Measurement
 * @property {number} wall Seconds.
 * @property {number} cpu Seconds, user and system, of the whole tree.
 * @property {number} memory Peak of the tree's resident sets added up, MB (10^6 bytes). Shared pages count again in
 *   every process, so it says too much for a tool of many processes.
 * @property {number} largest Peak resident set of the largest process, MB.
 */

/**
 * @typedef {object} Command
 * @property {readonly string[]} argv
 * @property {string} [cwd]
 * @property {Record<string, string>} [env] Added to the environment.
 * @property {readonly number[]} [codes] Exit codes that are no failure; 0 when left out.
 */

/**
 * Runs a command and measures it; throws with its last words when it fails.
 * @param {Command} command
 * @param {{ keep?: boolean }} [options] `keep`: its standard output is wanted, not thrown away.
 * @returns {Promise<Measurement & { output: string }>}
 */
export async function measure({ argv, cwd, env, codes = [0] }, { keep = false } = {}) {
  const accounts = path.join(os.tmpdir(), `cleansplit-bench-${process.pid}.time`);
  const timed = hasGnuTime ? [GNU_TIME, "-q", "-f", "%U %S %M", "-o", accounts, ...argv] : argv;
  const before = childTicks();
  const started = performance.now();
  const child = spawn(timed[0] ?? "", timed.slice(1), {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", keep ? "pipe" : "ignore", "pipe"],
  });
  const peaks = { sum: 0, largest: 0 };
  const sample = () => {
    const sizes = residentSets(child.pid ?? 0, hasGnuTime);
    peaks.sum = Math.max(
      peaks.sum,
      sizes.reduce((sum, size) => sum + size, 0),
    );
    peaks.largest = Math.max(peaks.largest, ...sizes);
  };
  const timer = setInterval(sample, SAMPLE_EVERY_MS);
  /** @type {Buffer[]} */
  const output = [];
  let errors = "";
  child.stdout?.on("data", (data) => output.push(data));
  child.stderr?.on("data", (data) => (errors = (errors + String(data)).slice(-2000)));
  let wall = 0;
  child.on("exit", () => (wall = (performance.now() - started) / 1000));
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  }).finally(() => clearInterval(timer));
  if (!codes.includes(code)) throw new Error(`${argv.join(" ")} ended with ${code}: ${errors.trim()}`);

  let cpu = (childTicks() - before) / TICKS;
  if (hasGnuTime) {
    const [user = 0, system = 0, kilobytes = 0] = readFileSync(accounts, "utf8").trim().split(" ").map(Number);
    rmSync(accounts);
    cpu = user + system;
    peaks.largest = kilobytes * 1024;
  }
  const memory = Math.max(peaks.sum, peaks.largest) / MB;
  return { wall, cpu, memory, largest: peaks.largest / MB, output: Buffer.concat(output).toString() };
}

/** CPU time of all children that have ended, and of theirs: what wait4 adds up. */
function childTicks() {
  // The name in parentheses can hold anything; cutime and cstime are the 14th and 15th field after it.
  const fields = readFileSync("/proc/self/stat", "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[13]) + Number(fields[14]);
}

/**
 * Bytes of the resident set of a process and of all below it.
 * @param {number} pid @param {boolean} onlyBelow
 * @returns {number[]}
 */
function residentSets(pid, onlyBelow) {
  try {
    const own = onlyBelow ? [] : [Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE];
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").split(" ").filter(Boolean),
    );
    return [...own, ...children.flatMap((child) => residentSets(Number(child), false))];
  } catch {
    // It ended while it was looked at.
    return [];
  }
}

/**
 * Measures commands in turn, A B C A B C …, so that what else the machine does hits all alike.
 * @template {Command & { name: string, once?: boolean }} T `once`: it takes part in the first run that counts only.
 * @param {readonly T[]} commands
 * @param {number} runs
 * @param {{ warm?: boolean, before?: (command: T) => void }} [options] `warm`: one run of each first, not counted.
 *   `before`: done before every run, not timed.
 * @returns {Promise<Map<string, Measurement[]>>} By name.
 */
export async function interleave(commands, runs, { warm = true, before } = {}) {
  /** @type {Map<string, Measurement[]>} */
  const results = new Map(commands.map(({ name }) => [name, []]));
  for (let run = warm ? -1 : 0; run < runs; run++) {
    for (const command of commands) {
      if (command.once === true && run !== 0) continue;
      before?.(command);
      const { wall, cpu, memory, largest } = await measure(command);
      if (run >= 0) results.get(command.name)?.push({ wall, cpu, memory, largest });
      const which = run < 0 ? "warm-up" : `run ${run + 1}`;
      console.log(`  ${which}: ${command.name} ${wall.toFixed(2)} s, CPU ${cpu.toFixed(2)} s, ${memory.toFixed(0)} MB`);
    }
  }
  return results;
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/**
 * @typedef {{ median: number, min: number, max: number }} Spread
 * @param {readonly number[]} values
 * @returns {Spread}
 */
export function spread(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
