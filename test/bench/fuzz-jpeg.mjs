// Damages real and made JPEGs at random and asks whether the kernels, their reference and the library agree.
// The library lets warnings pass that come with the last rows; libjpeg's own djpeg, where it is installed, does not.
// node test/bench/fuzz-jpeg.mjs [--count 200000] [--seconds 60] [--seed 1] [--data folder of JPEGs]
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import os from "node:os";
import path from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import sharp from "sharp";
import { tsImport } from "tsx/esm/api";
import { buildKernels } from "../../scripts/kernels.mjs";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "Infinity" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    data: { type: "string" },
  },
});

/** Larger files of a folder take the library too long. */
const MAX_SEED_BYTES = 8192;

/** No file of these sizes may take longer. */
const MAX_MILLISECONDS = 1000;

/** Most that the luma of one pixel changes when colours outside 0..255 are cut off: at Y 0, Cb 0, Cr 0. */
const MAX_CUT = 79;

/** @type {typeof import("../../src/engine/kernels/kernels")} */
const { loadKernels } = await tsImport("../../src/engine/kernels/kernels.ts", import.meta.url);
/** @type {typeof import("../../src/engine/decode/decode")} */
const { decodeImage } = await tsImport("../../src/engine/decode/decode.ts", import.meta.url);
/** @type {typeof import("../../src/core/fingerprint/signature")} */
const { appearanceOf, blockMeans } = await tsImport("../../src/core/fingerprint/signature.ts", import.meta.url);

let state = Number(values.seed);
/** A number below `limit`. */
function below(/** @type {number} */ limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

/** Encodings to start from: of the folder, and by sharp of noise, waves and flats of all kinds that it writes. */
async function seeds() {
  const files = [];
  if (values.data !== undefined) {
    const { data } = values;
    const names = readdirSync(data, { recursive: true, encoding: "utf8" }).filter((name) => /\.jpe?g$/i.test(name));
    for (const name of names) {
      const file = path.join(data, name);
      if (statSync(file).size <= MAX_SEED_BYTES) files.push(readFileSync(file));
    }
  }
  for (let i = 0; i < 240; i++) {
    const [width, height, texture] = [1 + below(i < 200 ? 40 : 120), 1 + below(i < 200 ? 40 : 120), i % 4];
    const channels = i % 5 === 0 ? 1 : 3;
    const amplitude = texture === 3 ? 127 : 50;
    const pixels = Buffer.from(
      Array.from({ length: width * height * channels }, (_, at) => {
        const x = Math.floor(at / channels) % width;
        const y = Math.floor(at / channels / width);
        const wave = 128 + amplitude * Math.sin(x / 5 + (at % channels)) * Math.cos(y / 7);
        return texture === 0 ? 40 + below(170) : texture === 1 ? 60 + (x > y ? 100 : 0) : wave;
      }),
    );
    const image = sharp(pixels, { raw: { width, height, channels } });
    const colour = channels < 3 ? image.toColourspace("b-w") : image;
    const turned = below(4) === 0 ? colour.withMetadata({ orientation: 1 + below(8) }) : colour;
    const options = {
      quality: 5 + below(96),
      chromaSubsampling: below(2) === 0 ? "4:4:4" : "4:2:0",
      progressive: below(3) === 0,
      optimiseCoding: below(2) === 0,
      trellisQuantisation: below(4) === 0,
      optimiseScans: below(4) === 0,
      quantisationTable: below(9),
    };
    files.push(await turned.jpeg(options).toBuffer());
  }
  return files;
}

/** Where the segments of a file start, and behind the last of them where the compressed data does. */
function segmentsOf(/** @type {Buffer} */ bytes) {
  const starts = [];
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    starts.push(at);
    const isScan = bytes[at + 1] === 0xda;
    at += 2 + bytes.readUInt16BE(at + 2);
    if (isScan) break;
  }
  starts.push(Math.min(at, bytes.length));
  return starts;
}

/** A segment with its marker. */
function segment(/** @type {number} */ marker, /** @type {Uint8Array} */ data) {
  return Buffer.concat([Uint8Array.of(0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255), data]);
}

function noise(/** @type {number} */ size) {
  return Uint8Array.from({ length: size }, () => below(256));
}

/** An APP1 segment that says how the picture is turned, damaged in every third. */
function exif() {
  const isBig = below(2) === 0;
  const entries = [0x010f, 0x0112, ...(below(3) === 0 ? [0x0112] : []), ...(below(3) === 0 ? [0x8769] : [])];
  if (below(4) === 0) entries.reverse();
  const data = Buffer.alloc(14 + 2 + 12 * entries.length + 4 + below(20));
  const u16 = (/** @type {number} */ value, /** @type {number} */ at) =>
    isBig ? data.writeUInt16BE(value, at) : data.writeUInt16LE(value, at);
  const u32 = (/** @type {number} */ value, /** @type {number} */ at) =>
    isBig ? data.writeUInt32BE(value, at) : data.writeUInt32LE(value, at);
  data.write(isBig ? "Exif\0\0MM" : "Exif\0\0II", "latin1");
  u16(42, 8);
  u32(8, 10);
  u16(entries.length, 14);
  for (const [i, tag] of entries.entries()) {
    const at = 16 + 12 * i;
    u16(tag, at);
    u16(tag === 0x0112 ? 3 : tag === 0x8769 ? 4 : 2, at + 2);
    u32(1, at + 4);
    if (tag === 0x0112) u16(below(10), at + 8);
    else u32(below(40), at + 8);
  }
  for (let damages = below(3) === 0 ? 1 + below(3) : 0; damages > 0; damages--) data[below(data.length)] = below(256);
  return segment(0xe1, data);
}

/** Damage to bytes anywhere, or in the compressed data, or to whole segments. */
function damage(/** @type {Buffer} */ whole) {
  let bytes = Buffer.from(whole);
  const starts = segmentsOf(bytes);
  const data = starts.at(-1) ?? 0;
  const way = below(10);
  if (way < 3) return damageBytes(bytes, 2, bytes.length);
  if (way < 6) return damageBytes(bytes, Math.min(data, bytes.length - 1), bytes.length);
  if (way === 6) return damageBytes(bytes, 2, Math.max(3, data));
  if (way === 7 && below(3) === 0) return bytes.subarray(0, below(bytes.length));
  // Segments: more, fewer, twice, in another order.
  for (let changes = 1 + below(2); changes > 0; changes--) {
    const places = segmentsOf(bytes);
    const index = below(Math.max(1, places.length - 1));
    const at = places[index] ?? 2;
    const end = places[index + 1] ?? at;
    const one = bytes.subarray(at, end);
    const insert = (/** @type {Uint8Array} */ more) => Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
    switch (below(10)) {
      case 0:
        bytes = insert(segment(0xe0 + below(16), noise(below(30))));
        break;
      case 1:
        bytes = insert(segment(0xfe, noise(below(30))));
        break;
      case 2:
      case 3:
        bytes = insert(exif());
        break;
      case 4:
        bytes = insert(
          segment(0xee, Uint8Array.of(0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, below(4), ...noise(below(3)))),
        );
        break;
      case 5:
        bytes = insert(one);
        break;
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
        break;
      case 7:
        bytes = insert(Buffer.alloc(1 + below(3), below(2) === 0 ? 0xff : below(256)));
        break;
      case 8:
        bytes = insert(segment(0xdd, Uint8Array.of(0, below(6))));
        break;
      default: {
        // The frame: size, sampling and which tables.
        const frame = places.find((place) => [0xc0, 0xc1, 0xc2].includes(bytes[place + 1] ?? 0));
        if (frame === undefined || frame + 19 > bytes.length) break;
        const field = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15][below(12)] ?? 4;
        if (below(2) === 0) bytes[frame + 1] = 0xc0 + below(3);
        else
          bytes[frame + field] = below(3) === 0 ? below(256) : Math.max(0, (bytes[frame + field] ?? 0) + below(5) - 2);
      }
    }
  }
  return below(3) === 0 ? damageBytes(bytes, 2, bytes.length) : bytes;
}

function damageBytes(/** @type {Buffer} */ whole, /** @type {number} */ from, /** @type {number} */ to) {
  let bytes = whole;
  for (let changes = 1 + below(2); changes > 0 && bytes.length > 4; changes--) {
    const at = Math.min(bytes.length - 1, from + below(Math.max(1, to - from)));
    switch (below(8)) {
      case 0:
        bytes[at] = below(256);
        break;
      case 1:
      case 2:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(4))]);
        break;
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), Buffer.alloc(1 + below(4), below(256)), bytes.subarray(at)]);
        break;
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), Uint8Array.of(0xff, 0xd0 + below(10)), bytes.subarray(at)]);
        break;
      case 6:
        bytes = bytes.subarray(0, at);
        break;
      default:
        bytes.fill(below(3) === 0 ? 0xff : below(256), at, Math.min(bytes.length, at + 1 + below(8)));
    }
  }
  return bytes;
}

/** Files that djpeg shall be asked about, and whether it must warn. @type {{ bytes: Uint8Array, mustWarn: boolean }[]} */
const doubts = [];

/** Asks djpeg about all of them: one process, because starting many takes longer than all the rest. */
function askDjpeg() {
  for (const [i, { bytes }] of doubts.entries()) writeFileSync(path.join(folder, `${i}.jpg`), bytes);
  const script = `command -v djpeg || exit 1; i=0; while [ $i -lt ${doubts.length} ]; do djpeg -outfile /dev/null $i.jpg 2>$i.txt; i=$((i+1)); done`;
  const hasDjpeg = spawnSync("sh", ["-c", script], { cwd: folder }).status === 0;
  for (const [i, { bytes, mustWarn }] of doubts.entries()) {
    if (!hasDjpeg) break;
    counts.askedDjpeg++;
    // Pixels are complete after some warnings: see `decodeImage`.
    const said = readFileSync(path.join(folder, `${i}.txt`), "latin1");
    const warnings = said.replace(/.*(?:extraneous bytes|JFIF revision|Adobe color).*/gi, "").trim();
    if (mustWarn && warnings === "") report("nothing complains of what is called damaged", bytes);
    if (!mustWarn && warnings !== "") report(`djpeg warns of ${warnings}`, bytes);
  }
  doubts.length = 0;
}

/** Bits that differ. */
function distance(/** @type {Uint32Array} */ a, /** @type {Uint32Array} */ b) {
  let count = 0;
  for (let word = 0; word < 2; word++) {
    for (let bits = ((a[word] ?? 0) ^ (b[word] ?? 0)) >>> 0; bits !== 0; bits &= bits - 1) count++;
  }
  return count;
}

/**
 * What is wrong with a view of a file that the library decodes to `picture`. Grey pictures must be alike to the bit. Of
 * colours every block may differ by rounding, and by the share of its pixels in which a colour is cut off.
 * @param {Extract<import("../../src/engine/decode/jpeg").JpegView, { kind: "seen" }>} view
 * @param {import("../../src/core/picture").Picture} picture
 */
function disagreement(view, picture) {
  const { width, height, mode, pixels } = picture;
  if (view.width !== width || view.height !== height || view.mode !== mode) return "shape";
  const look = appearanceOf(picture);
  if (mode === "L") return isDeepStrictEqual(look, view.appearance) ? undefined : "appearance of grey";
  const isCut = Uint8Array.from({ length: width * height }, (_, i) =>
    pixels.subarray(3 * i, 3 * i + 3).some((level) => level === 0 || level === 255) ? 255 : 0,
  );
  const cut = blockMeans(isCut, width, height, 8, 8);
  for (let i = 0; i < 64; i++) {
    const off = Math.abs((look.signature[i] ?? 0) - (view.appearance.signature[i] ?? 0));
    const share = (cut[i] ?? 0) === 0 ? 1 / 510 : ((cut[i] ?? 0) + 0.5) / 255;
    deviations.signature = Math.max(deviations.signature, off);
    if (!isCut.includes(255)) deviations.signatureUncut = Math.max(deviations.signatureUncut, off);
    if (off > 1.5 + MAX_CUT * share) return `signature: ${off} levels`;
  }
  if (!isCut.includes(255)) {
    deviations.uncut++;
    deviations.dHash += distance(look.dHash, view.appearance.dHash);
    deviations.pHash += distance(look.pHash, view.appearance.pHash);
  }
  return undefined;
}

const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-fuzz-"));
await buildKernels(folder);
const wasm = loadKernels(path.join(folder, "kernels.wasm"), {});
const reference = loadKernels("", { CLEANSPLIT_WASM: "0" });

const start = await seeds();
const counts = {
  files: 0,
  seen: 0,
  damaged: 0,
  other: 0,
  damagedButDecoded: 0,
  askedDjpeg: 0,
  slowest: 0,
  disagreements: 0,
};
/** The largest in levels, and sums of bits over pictures in which no colour is cut off. */
const deviations = { signature: 0, signatureUncut: 0, uncut: 0, dHash: 0, pHash: 0 };
function report(/** @type {string} */ what, /** @type {Uint8Array} */ bytes) {
  counts.disagreements++;
  const file = path.join(os.tmpdir(), `fuzz-jpeg-${values.seed}-${counts.disagreements}.jpg`);
  writeFileSync(file, bytes);
  console.log(`${what}: ${file}`);
}

async function check(/** @type {Buffer} */ bytes) {
  const before = performance.now();
  const found = wasm.jpeg(bytes);
  const between = performance.now();
  const expected = reference.jpeg(bytes);
  const slowest = Math.max(between - before, performance.now() - between);
  counts.slowest = Math.max(counts.slowest, Math.round(slowest));
  if (slowest > MAX_MILLISECONDS) report(`took ${slowest.toFixed(0)} ms`, bytes);
  if (!isDeepStrictEqual(found, expected)) report("the kernels differ", bytes);
  counts.files++;
  counts[found.kind]++;
  if (found.kind === "other") return;
  // Messages of files that are decoded side by side get mixed up, and harmless ones with others.
  const again = () => decodeImage(bytes).catch(() => undefined);
  const picture = await decodeImage(bytes).catch(() => (found.kind === "seen" ? again() : undefined));
  if (found.kind === "damaged") {
    if (picture === undefined) return;
    counts.damagedButDecoded++;
    doubts.push({ bytes, mustWarn: true });
    return;
  }
  if (below(16) === 0) doubts.push({ bytes, mustWarn: false });
  const what = picture === undefined ? "the library refuses it" : disagreement(found, picture);
  if (what !== undefined) report(what, bytes);
}

const until = Date.now() + Number(values.seconds) * 1000;
while (Date.now() < until && counts.files < Number(values.count)) {
  // Some whole ones, too.
  const files = Array.from({ length: 200 }, () => {
    const whole = start[below(start.length)] ?? Buffer.alloc(0);
    return below(50) === 0 ? Buffer.from(whole) : damage(whole);
  });
  await Promise.all(files.map(check));
  askDjpeg();
}
rmSync(folder, { recursive: true });
console.log(counts, deviations);
process.exitCode = counts.disagreements === 0 ? 0 : 1;
