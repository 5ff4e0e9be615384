// Where benches keep what is expensive to make: trees of files, tools, Python environments. Outside the repository.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";

export const CACHE = path.resolve(process.env["CLEANSPLIT_BENCH_DIR"] ?? path.join(os.tmpdir(), "cleansplit-bench"));

/**
 * Makes a folder once. The stamp beside its content is written last, so what was interrupted is made again.
 * @template T
 * @param {string} name The folder's name; part of it is a version, to be raised when what is made changes.
 * @param {(folder: string) => T | Promise<T>} make Fills the folder; what it answers is kept in the stamp.
 * @returns {Promise<{ folder: string, made: T }>}
 */
export async function cached(name, make) {
  const folder = path.join(CACHE, name);
  const stamp = path.join(folder, "complete.json");
  if (existsSync(stamp)) return { folder, made: JSON.parse(readFileSync(stamp, "utf8")) };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const made = await make(folder);
  writeFileSync(stamp, JSON.stringify(made, undefined, 2));
  return { folder, made };
}

/**
 * Mulberry32: the same numbers from 0 to below 1 on every machine.
 * @param {number} seed
 */
export function randomOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
