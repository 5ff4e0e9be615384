// Damages real and made PNGs at random and asks whether the kernels, their reference and sharp agree.
// node test/bench/fuzz-png.mjs [--seconds 60] [--seed 1] [--data folder of PNGs]
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
    seed: { type: "string", default: "1" },
    data: { type: "string" },
  },
});

/** @type {typeof import("../../src/engine/kernels/kernels")} */
const { fingerprintBatch, loadKernels } = await tsImport("../../src/engine/kernels/kernels.ts", import.meta.url);
/** @type {typeof import("../../src/engine/decode/png")} */
const { decodePng } = await tsImport("../../src/engine/decode/png.ts", import.meta.url);

let state = Number(values.seed);
/** A number below `limit`. */
function below(/** @type {number} */ limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

/** Encodings to start from: of the folder, and by sharp of noise, slopes and flats in the four kinds that are covered. */
async function seeds() {
  const files = [];
  if (values.data !== undefined) {
    const names = readdirSync(values.data, { recursive: true, encoding: "utf8" }).filter((name) =>
      /\.png$/i.test(name),
    );
    for (let i = 0; i < 400 && names.length > 0; i++) {
      files.push(readFileSync(path.join(values.data, names[below(names.length)] ?? "")));
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
      files.push(await colour.png({ compressionLevel: below(10), adaptiveFiltering: below(2) === 1 }).toBuffer());
    }
  }
  return files.filter((bytes) => decodePng(bytes) !== undefined);
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

const start = await seeds();
const counts = { files: 0, covered: 0, decodedBySharp: 0, disagreements: 0 };
function report(/** @type {string} */ what, /** @type {Buffer} */ bytes) {
  counts.disagreements++;
  const file = path.join(os.tmpdir(), `fuzz-png-${values.seed}-${counts.disagreements}.png`);
  writeFileSync(file, bytes);
  console.log(`${what}: ${file}`);
}

const until = Date.now() + Number(values.seconds) * 1000;
while (Date.now() < until) {
  const files = Array.from({ length: 500 }, () => damage(start[below(start.length)] ?? Buffer.alloc(0)));
  const found = fingerprintBatch(wasm, files);
  const expected = fingerprintBatch(reference, files);
  for (const [row, bytes] of files.entries()) {
    counts.files++;
    const column = difference(found, expected, row);
    if (column !== undefined) report(`the kernels differ in ${column}`, bytes);
    if (expected.covered[row] === 0) continue;
    counts.covered++;
    // sharp is a thousand times slower.
    if (below(8) !== 0) continue;
    counts.decodedBySharp++;
    if (!(await sharpAgrees(bytes).catch(() => false))) report("sharp disagrees", bytes);
  }
}
console.log(counts);
process.exitCode = counts.disagreements === 0 ? 0 : 1;
