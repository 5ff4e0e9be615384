// Damages real and made PNGs at random and asks whether the kernels, their reference and sharp agree, whether what they
// do not cover is decoded or refused in an orderly way, and whether any file takes over a second.
// node test/bench/fuzz-png.mjs [--seconds 60 | --count 100000] [--seed 1] [--data folder of PNGs]...
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import zlib from "node:zlib";
import sharp from "sharp";
import { tsImport } from "tsx/esm/api";
import { buildKernels } from "../../scripts/kernels.mjs";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    count: { type: "string" },
    seed: { type: "string", default: "1" },
    data: { type: "string", multiple: true, default: [] },
  },
});

/** @type {typeof import("../../src/engine/kernels/kernels")} */
const { fingerprintBatch, loadKernels } = await tsImport("../../src/engine/kernels/kernels.ts", import.meta.url);
/** @type {typeof import("../../src/engine/decode/png")} */
const { decodePng } = await tsImport("../../src/engine/decode/png.ts", import.meta.url);
/** @type {typeof import("../../src/engine/decode/decode")} */
const { decodeImage } = await tsImport("../../src/engine/decode/decode.ts", import.meta.url);

let state = Number(values.seed);
/** A number below `limit`. */
function below(/** @type {number} */ limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

/** Encodings to start from: of the folder, and by sharp of noise, slopes and flats, mostly of the kinds that are covered. */
async function seeds() {
  const files = [];
  for (const folder of values.data) {
    const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => /\.png$/i.test(name));
    for (let i = 0; i < 400 && names.length > 0; i++) {
      files.push(readFileSync(path.join(folder, names[below(names.length)] ?? "")));
    }
  }
  for (const channels of /** @type {const} */ ([1, 2, 3, 4])) {
    for (let i = 0; i < 60; i++) {
      const [width, height, texture] = [1 + below(i < 50 ? 40 : 200), 1 + below(i < 50 ? 40 : 200), i % 3];
      const level = () => (texture === 0 ? below(256) : 0);
      const pixels = Buffer.from(
        Array.from({ length: width * height * channels }, (_, at) => level() + (texture === 1 ? at >> 3 : 99)),
      );
      const image = sharp(pixels, { raw: { width, height, channels } });
      const colour = channels < 3 ? image.toColourspace("b-w") : image;
      const kind = i % 20 === 19 ? { palette: true } : i % 20 === 18 ? { progressive: true } : {};
      files.push(
        await colour.png({ compressionLevel: below(10), adaptiveFiltering: below(2) === 1, ...kind }).toBuffer(),
      );
    }
  }
  return files;
}

/** Damage anywhere, or only to the decompressed rows or the compressed data, with checksums corrected half of the time. */
function damage(/** @type {Buffer} */ whole) {
  const way = below(4);
  if (way === 0) return recompressed(whole);
  let bytes = Buffer.from(whole);
  for (let changes = 1 + below(3); changes > 0 && bytes.length > 0; changes--) {
    const at = below(bytes.length);
    switch (below(5)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(4))]);
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + below(4), below(256)), bytes.subarray(at)]);
        break;
      default:
        bytes =
          below(4) === 0
            ? bytes.subarray(0, at)
            : bytes.fill(below(256), at, Math.min(bytes.length, at + 1 + below(8)));
    }
  }
  if (way > 1) repairChecksums(bytes);
  return bytes;
}

/** The same rows with other filter bytes, compressed in another way, in pieces, and with a damaged bit now and then. */
function recompressed(/** @type {Buffer} */ whole) {
  const picture = decodePng(whole);
  if (picture === undefined) return whole;
  const stride = picture.pixels.length / picture.height;
  const raw = Buffer.alloc((stride + 1) * picture.height);
  for (let y = 0; y < picture.height; y++) {
    raw[y * (stride + 1)] = below(40) === 0 ? below(256) : below(5);
    raw.set(picture.pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  const options = {
    level: below(10),
    strategy: below(5),
    memLevel: 1 + below(9),
    windowBits: below(4) === 0 ? 9 + below(7) : 15,
  };
  const data = zlib.deflateSync(raw, options);
  if (below(2) === 0) {
    const at = below(Math.min(data.length, below(2) === 0 ? 80 : data.length));
    data[at] = (data[at] ?? 0) ^ (1 << below(8));
  }
  const cut = below(data.length);
  const pieces = below(3) === 0 && cut > 0 ? [data.subarray(0, cut), data.subarray(cut)] : [data];
  const bytes = Buffer.concat([
    whole.subarray(0, 33),
    ...pieces.flatMap((piece) => [Buffer.alloc(4), Buffer.from("IDAT"), piece, Buffer.alloc(4)]),
    whole.subarray(whole.length - 12),
  ]);
  let at = 33;
  for (const piece of pieces) {
    bytes.writeUInt32BE(piece.length, at);
    at += piece.length + 12;
  }
  repairChecksums(bytes);
  return bytes;
}

function repairChecksums(/** @type {Buffer} */ bytes) {
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) return;
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
}

function crc32(/** @type {Buffer} */ bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** Whether sharp decodes the file to the same pixels. */
async function sharpAgrees(/** @type {Buffer} */ bytes) {
  const picture = decodePng(bytes);
  if (picture === undefined) return false;
  const image = sharp(bytes, { failOn: "error", ignoreIcc: true, autoOrient: true });
  const { data, info } = await image.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  if (info.width !== picture.width || info.height !== picture.height) return false;
  const channels = picture.mode.length;
  for (let i = 0; i < info.width * info.height; i++) {
    for (let channel = 0; channel < 4; channel++) {
      const alpha = channels % 2 === 0 ? picture.pixels[i * channels + channels - 1] : 255;
      const level = channel === 3 ? alpha : picture.pixels[i * channels + (channels >= 3 ? channel : 0)];
      if (data[i * 4 + channel] !== level) return false;
    }
  }
  return true;
}

const COLUMNS = /** @type {const} */ ([
  ...["fileDigests", "covered", "widths", "heights", "modes", "pixelDigests", "blank"],
  ...["signatures", "dHashes", "pHashes", "darkest", "brightest", "spreads"],
]);

/** The first column in which two answers differ in a row. */
function difference(/** @type {any} */ a, /** @type {any} */ b, /** @type {number} */ row) {
  return COLUMNS.find((name) => {
    if (b.covered[row] === 0 && name !== "fileDigests" && name !== "covered") return false;
    const size = b[name].length / b.count;
    for (let i = row * size; i < (row + 1) * size; i++) if (a[name][i] !== b[name][i]) return true;
    return false;
  });
}

const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-fuzz-"));
await buildKernels(folder);
const wasm = loadKernels(path.join(folder, "kernels.wasm"), {});
const reference = loadKernels("", { CLEANSPLIT_WASM: "0" });
rmSync(folder, { recursive: true });

/** Processor time this process has taken, in seconds: other work on the machine does not count. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Processor time of a file that takes longer than this is a finding. */
const MAX_SECONDS = 1;

const start = await seeds();
const counts = { files: 0, covered: 0, comparedWithSharp: 0, decoded: 0, refused: 0, slowest: 0, disagreements: 0 };
function report(/** @type {string} */ what, /** @type {Buffer} */ bytes) {
  counts.disagreements++;
  const file = path.join(os.tmpdir(), `fuzz-png-${values.seed}-${counts.disagreements}.png`);
  writeFileSync(file, bytes);
  console.log(`${what}: ${file}`);
}

/** Runs one batch; when it took long, every file of it alone, so that the slow one is found. */
function timed(
  /** @type {import("../../src/engine/kernels/kernels").Kernels} */ kernels,
  /** @type {Buffer[]} */ files,
) {
  const before = cpuSeconds();
  const columns = fingerprintBatch(kernels, files);
  if (cpuSeconds() - before > MAX_SECONDS && files.length > 1) for (const bytes of files) timed(kernels, [bytes]);
  else if (files.length === 1) checkTime(before, files[0] ?? Buffer.alloc(0));
  return columns;
}

function checkTime(/** @type {number} */ before, /** @type {Buffer} */ bytes) {
  const seconds = cpuSeconds() - before;
  counts.slowest = Math.max(counts.slowest, seconds);
  if (seconds > MAX_SECONDS) report(`takes ${seconds.toFixed(1)} s`, bytes);
}

/** Asks the whole decoder about a file that the kernels leave to it. */
async function decodeOther(/** @type {Buffer} */ bytes) {
  const before = cpuSeconds();
  try {
    const { width, height, pixels } = await decodeImage(bytes);
    counts.decoded++;
    if (pixels.length < width * height) report("too few pixels", bytes);
  } catch (error) {
    counts.refused++;
    if (!(error instanceof Error && error.name === "UnreadableImage")) report(String(error), bytes);
  }
  checkTime(before, bytes);
}

const until = values.count === undefined ? Date.now() + Number(values.seconds) * 1000 : Infinity;
const most = Number(values.count ?? Infinity);
while (Date.now() < until && counts.files < most) {
  const files = Array.from({ length: Math.min(500, most - counts.files) }, () =>
    damage(start[below(start.length)] ?? Buffer.alloc(0)),
  );
  const expected = timed(reference, files);
  const found = timed(wasm, files);
  for (const [row, bytes] of files.entries()) {
    counts.files++;
    const column = difference(found, expected, row);
    if (column !== undefined) report(`the kernels differ in ${column}`, bytes);
    // sharp is a thousand times slower.
    const asked = below(8) === 0;
    if (expected.covered[row] === 0) {
      if (asked) await decodeOther(bytes);
      continue;
    }
    counts.covered++;
    if (!asked) continue;
    counts.comparedWithSharp++;
    if (!(await sharpAgrees(bytes).catch(() => false))) report("sharp disagrees", bytes);
  }
}
console.log(counts);
process.exitCode = counts.disagreements === 0 ? 0 : 1;
