// Runs `cleansplit sanitize` on a made dataset, kills it at some moment, and says what is wrong afterwards. Used by a unit test
// and by test/bench/kills.mjs.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import zlib from "node:zlib";

/**
 * What is killed.
 * @typedef {object} Scene
 * @property {string} cli Path of the bundled command line.
 * @property {string} source
 * @property {string} out
 */

/** Writes a dataset of tiny PNGs in two splits and two classes; every tenth image of train also occurs in test. */
export function makeDataset(/** @type {string} */ root, /** @type {number} */ images) {
  for (let image = 0; image < images; image++) {
    const [split, label] = [image % 4 === 0 ? "test" : "train", image % 2 === 0 ? "A" : "B"];
    const seed = image % 10 === 1 ? image - 1 : image;
    const folder = path.join(root, split, seed === image ? label : "A");
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, `${image}.png`), pngOf(seed));
  }
}

/** A grey PNG of 12 x 12 pixels; equal seeds give equal files. */
function pngOf(/** @type {number} */ seed) {
  const rows = Buffer.alloc(13 * 12);
  for (let i = 0; i < rows.length; i++)
    rows[i] = i % 13 === 0 ? 0 : (seed * 131 + i * i * (seed + 7) + (seed >> 3)) % 256;
  const head = Buffer.from([0, 0, 0, 12, 0, 0, 0, 12, 8, 0, 0, 0, 0]);
  const chunk = (/** @type {string} */ type, /** @type {Buffer} */ data) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    check.writeUInt32BE(zlib.crc32 === undefined ? crc32(body) : zlib.crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", head),
    chunk("IDAT", zlib.deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** For Node before 22. */
function crc32(/** @type {Buffer} */ bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ -1) >>> 0;
}

/** One digest over the paths and bytes of all files below a folder. */
export function digestTree(/** @type {string} */ root) {
  const hash = createHash("sha256");
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => !entry.isDirectory());
  const paths = files.map((entry) => path.join(entry.parentPath, entry.name)).sort();
  for (const file of paths) hash.update(`${path.relative(root, file)}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

/**
 * Begins to write and kills it `delay` milliseconds after it began to; `null` lets it come to its end. Answers the milliseconds
 * from the begin of writing to the end, and whether it was killed.
 * @param {Scene} scene
 * @param {number | null} delay
 */
export async function sanitize({ cli, source, out }, delay) {
  const child = spawn(process.execPath, [cli, "sanitize", source, "--out", out, "--no-cache", "--quiet"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (/** @type {string} */ text) => (said += text));
  let isOver = false;
  const ended = new Promise((resolve) => {
    child.on("close", (code, signal) => {
      isOver = true;
      resolve({ code, signal });
    });
  });
  while (!isOver && !existsSync(partOf(out)) && !existsSync(out)) await wait(1);
  const began = performance.now();
  if (delay !== null) {
    await wait(delay);
    if (!isOver) process.kill(child.pid ?? 0, "SIGKILL");
  }
  const { code, signal } = /** @type {{ code: number | null, signal: string | null }} */ (await ended);
  if (signal === null && code !== 0) throw new Error(`sanitize ended with ${code}: ${said}`);
  return { milliseconds: performance.now() - began, killed: signal !== null };
}

/** The folder that an interrupted run leaves. */
export function partOf(/** @type {string} */ out) {
  return path.join(path.dirname(out), `.${path.basename(out)}.cleansplit-part`);
}

/**
 * What is wrong after a kill; empty when all is well: the source is as it was, and there is no copy or a whole one.
 * @param {Scene} scene
 * @param {string} before
 */
export function faultsAfterKill(scene, before) {
  const faults = [];
  if (digestTree(scene.source) !== before) faults.push("the source changed");
  if (existsSync(scene.out)) faults.push(...command(scene, "verify"));
  return faults;
}

/** Runs a command on the copy; what it says when it fails. */
export function command(/** @type {Scene} */ { cli, out }, /** @type {string} */ name) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, name, out, "--quiet"], { encoding: "utf8" });
  return status === 0 ? [] : [`${name} ended with ${status}: ${stdout}${stderr}`];
}

/** What an undo left behind. */
export function faultsAfterUndo(/** @type {Scene} */ scene, /** @type {string} */ before) {
  const faults = command(scene, "undo");
  if (existsSync(scene.out) || existsSync(partOf(scene.out))) faults.push("undo left something");
  if (digestTree(scene.source) !== before) faults.push("the source changed");
  return faults;
}
