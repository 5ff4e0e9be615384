// What the benches of damaged files have in common: damage by a seed, one file after the other, and a table of what became of
// them. Options of each: [--count 1000000 | --seconds 60] (for each format), [--seed 1], [--format NAME]...
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setImmediate } from "node:timers/promises";
import { parseArgs } from "node:util";

/**
 * How files of one format are damaged and read.
 * @typedef {object} Format
 * @property {string} file What its files are called.
 * @property {() => Uint8Array} make A damaged file.
 * @property {(file: string, bytes: Uint8Array) => Promise<unknown>} read Reads all that the file says it holds. Rejects with a
 *   `CleanSplitError`, or answers "refused", when it is refused; any other error is a finding.
 * @property {() => void} [renew] Has the next file read in a state that no other file left behind.
 */

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    count: { type: "string" },
    seed: { type: "string", default: "1" },
    format: { type: "string", multiple: true, default: [] },
  },
});

/** What a file may take at most: processor time, as other work on the machine must not count, and memory of the process. */
const MAX_SECONDS = 1;
const MAX_MEGABYTES = 2048;
/** The memory is looked at after so many files, and whether somebody wants to have an end. */
const LOOK = 256;

/** A folder in memory where the system has one; what is unpacked while a file is read lies there, too. */
export const folder = mkdtempSync(path.join(existsSync("/dev/shm") ? "/dev/shm" : os.tmpdir(), "cleansplit-fuzz-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const kept = os.tmpdir();
process.env["TMPDIR"] = folder;

let isStopped = false;
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => (isStopped = true));

let state = Number(values.seed);

/** A whole number from 0 to below `limit`. */
export function below(/** @type {number} */ limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

/** One of some things; the first if there is none at all. */
export function oneOf(/** @type {readonly Uint8Array[]} */ seeds) {
  return seeds[below(seeds.length)] ?? new Uint8Array(0);
}

/** What sizes, counts and places are forged to, and parts of names. */
const VALUES = [
  ...["00", "ff", "80", "7f", "ffff", "ffffffff", "7fffffff", "ffffff7f", "00000080", "ffffffffffffffff"],
  ...["ffffffffffffff7f", "0000000000000080", "0000000000002000", "2e2e2f", "2f", "37373737373737", "504b0102"],
].map((hex) => Buffer.from(hex, "hex"));

/** A copy with up to four changes, two in three of them within the first `head` bytes. */
export function damaged(/** @type {Uint8Array} */ whole, head = whole.length) {
  let bytes = Buffer.from(whole);
  for (let changes = 1 + below(4); changes > 0 && bytes.length > 0; changes--) {
    const at = below(below(3) === 0 ? bytes.length : Math.min(bytes.length, head));
    const kind = below(16);
    const insert = (/** @type {Uint8Array} */ part) => Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at)]);
    if (kind < 4) bytes[at] = below(256);
    else if (kind < 8) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    else if (kind < 10) bytes.set(oneOf(VALUES).subarray(0, bytes.length - at), at);
    else if (kind < 11) bytes.fill(below(2) * 255, at, Math.min(bytes.length, at + 1 + below(8)));
    else if (kind < 12) bytes = insert(below(2) === 0 ? oneOf(VALUES) : Buffer.alloc(1 + below(4), below(256)));
    else if (kind < 13) bytes = insert(bytes.subarray(at, at + 1 + below(40)));
    else if (kind < 14) bytes.copy(bytes, at, below(bytes.length));
    else if (kind < 15) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(below(600) + 1))]);
    else if (below(4) === 0) bytes = bytes.subarray(0, at);
  }
  return bytes;
}

/** Damages and reads files of the chosen formats, all without a choice, and says what became of them. */
export async function fuzz(/** @type {Readonly<Record<string, Format>>} */ formats) {
  const names = values.format.length === 0 ? Object.keys(formats) : values.format;
  for (const name of names) {
    const format = formats[name];
    if (format === undefined)
      throw new Error(`There is no format ${name}; expected ${Object.keys(formats).join(", ")}.`);
    const { findings, ...found } = await fuzzFormat(name, format);
    if (found.files === 0) continue;
    console.log(JSON.stringify({ format: name, seed: Number(values.seed), ...found, findings }));
    if (findings > 0) process.exitCode = 1;
  }
}

async function fuzzFormat(/** @type {string} */ name, /** @type {Format} */ format) {
  const until = values.count === undefined ? Date.now() + Number(values.seconds) * 1000 : Infinity;
  const most = Number(values.count ?? Infinity);
  const found = { files: 0, read: 0, refused: 0, findings: 0, unrepeated: 0, slowestMs: 0, megabytes: 0 };
  const began = performance.now();
  for (; found.files < most && Date.now() < until && !isStopped; found.files++) {
    const bytes = format.make();
    let result = await attempt(format, bytes);
    if (result.finding !== null) {
      // What was left behind by others, or by a busy machine, does not come again.
      format.renew?.();
      const again = await attempt(format, bytes);
      if (again.finding === null) found.unrepeated++;
      else report(name, ++found.findings, again.finding, format, bytes);
      result = again;
    }
    if (result.isRead) found.read++;
    else found.refused++;
    found.slowestMs = Math.max(found.slowestMs, Math.round(result.seconds * 1000));
    if (found.files % LOOK === 0) {
      await setImmediate();
      found.megabytes = Math.max(found.megabytes, Math.round(process.memoryUsage.rss() / 1e6));
      if (found.megabytes > MAX_MEGABYTES) report(name, ++found.findings, "takes too much memory", format, bytes);
    }
  }
  return { ...found, seconds: Math.round((performance.now() - began) / 1000) };
}

/** Reads one file: whether it was read or refused, and what was wrong with that. */
async function attempt(/** @type {Format} */ format, /** @type {Uint8Array} */ bytes) {
  const file = path.join(folder, format.file);
  writeFileSync(file, bytes);
  let isRead = false;
  /** @type {string | null} */
  let finding = null;
  const before = process.cpuUsage();
  try {
    isRead = (await format.read(file, bytes)) !== "refused";
  } catch (error) {
    // By its name, because each import by tsx has classes of its own.
    if (!(error instanceof Error && error.name === "CleanSplitError")) {
      finding =
        error instanceof Error ? (error.stack ?? error.message).replaceAll(/data:[^\s)]*/g, "…") : String(error);
    } else if (!error.message.endsWith(".")) finding = `is refused without a sentence: ${error.message}`;
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  if (seconds > MAX_SECONDS) finding ??= `takes ${seconds.toFixed(1)} s`;
  return { isRead, finding, seconds };
}

function report(
  /** @type {string} */ name,
  /** @type {number} */ number,
  /** @type {string} */ what,
  /** @type {Format} */ format,
  /** @type {Uint8Array} */ bytes,
) {
  const file = path.join(kept, `fuzz-${name}-${values.seed}-${number}-${format.file}`);
  writeFileSync(file, bytes);
  console.log(`${file}: ${what}`);
}
