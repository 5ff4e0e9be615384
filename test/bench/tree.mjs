// Trees of tiny glyph PNGs as the notMNIST archive unpacks to, of any size, the same on every machine, with what is
// wrong with them counted while they are made. `node test/bench/tree.mjs 50000` makes one and prints its truth.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, crc32, deflateSync, inflateSync } from "node:zlib";
import { extract } from "tar-stream";
import { cached, randomOf } from "./cache.mjs";

const SIZE = 28;
const PIXELS = SIZE * SIZE;
const CLASSES = [..."ABCDEFGHIJ"];
/** Chance that a picture has copies; with `COPIES` it makes 1.5 % of the files extra. */
const DUPLICATED = 0.011;
/** Files of a group, each as likely as another. */
const COPIES = [2, 2, 2, 2, 2, 2, 2, 3, 3, 5];
/** Chance that a picture comes again in another spelling: other bytes, the same pixels. */
const SPELLED_TWICE = 0.001;
/** Share of groups whose copies carry another label. */
const CONFLICT = 0.1;
/**
 * In a tree with twins, the chance that a picture is one of a thousand popular shapes again, a little different, and how
 * much more popular the first ones are: about 5 of 100,000 pairs are near, as in notMNIST.
 */
const TWIN = 0.1;
const [SHAPES, STEEPNESS] = [1000, 0.7];
/** Most a value of a popular shape differs, in grey levels. */
const WEAR = 8;

/**
 * `extra`: what would go if one of each group stayed.
 * @typedef {{ groups: number, samples: number, extra: number }} Tier
 */

/**
 * What is in a tree, counted by its maker. Blank pictures are part of duplicates and conflicts.
 * @typedef {object} Truth
 * @property {number} samples @property {number} bytes @property {number} unreadable @property {number} blank
 * @property {{ file: Tier, pixel: Tier }} duplicates
 * @property {{ groups: number, samples: number }} conflicts
 */

/**
 * The tree of so many files; made when it is not there yet.
 * @param {number} files @param {{ readable?: boolean, twins?: boolean }} [options] `readable`: without the unreadable files.
 *   `twins`: with near duplicates, of which there are next to none otherwise.
 * @returns {Promise<{ folder: string, truth: Truth }>} The folder that holds A to J, and the true counts.
 */
export async function prepareTree(files, { readable = false, twins = false } = {}) {
  const name = `tree-1-${files}${readable ? "-readable" : ""}${twins ? "-twins" : ""}`;
  const { folder, made } = await cached(name, (into) =>
    makeTree(path.join(into, "notMNIST_large"), files, { readable, twins }),
  );
  return { folder: path.join(folder, "notMNIST_large"), truth: made };
}

/**
 * @param {string} folder @param {number} files @param {{ readable: boolean, twins: boolean }} options
 * @returns {Promise<Truth>}
 */
async function makeTree(folder, files, { readable, twins }) {
  const glyphs = await readGlyphs();
  const random = randomOf(files);
  const pick = (/** @type {number} */ count) => Math.floor(random() * count);
  const tier = () => ({ groups: 0, samples: 0, extra: 0 });
  /** @type {Truth} */
  const truth = {
    ...{ samples: 0, bytes: 0, unreadable: 0, blank: 0 },
    duplicates: { file: tier(), pixel: tier() },
    conflicts: { groups: 0, samples: 0 },
  };
  const write = (/** @type {number} */ label, /** @type {Uint8Array} */ bytes) => {
    writeFileSync(`${folder}/${CLASSES[label % CLASSES.length]}/${fileName(truth.samples, pick)}`, bytes);
    truth.samples++;
    truth.bytes += bytes.length;
  };
  const count = (/** @type {Tier} */ at, /** @type {number} */ samples) => {
    at.groups++;
    at.samples += samples;
    at.extra += samples - 1;
  };
  for (const label of CLASSES) mkdirSync(path.join(folder, label), { recursive: true });

  // Four equal black pictures under four labels, and two other blank ones.
  for (let label = 0; label < 4; label++) write(label, encode(new Uint8Array(PIXELS)));
  for (const grey of [255, 128]) write(4, encode(new Uint8Array(PIXELS).fill(grey)));
  truth.blank = 6;
  count(truth.duplicates.file, 4);
  count(truth.duplicates.pixel, 4);
  truth.conflicts = { groups: 1, samples: 4 };
  // All different, so that no tool finds duplicates among them.
  for (const bytes of readable ? [] : unreadable(glyphs[0]?.[0] ?? new Uint8Array(PIXELS))) {
    write(5, bytes);
    truth.unreadable++;
  }

  /** MD5 of the pixels of every picture, so that only planted duplicates are equal. */
  const seen = new Set();
  const popular = twins ? popularShapes(glyphs, random) : undefined;
  const fresh = (/** @type {readonly Uint8Array[]} */ ofClass, /** @type {number} */ label) => {
    for (;;) {
      const pixels =
        popular !== undefined && random() < TWIN
          ? wear(popular(label), random)
          : vary(ofClass[pick(ofClass.length)] ?? new Uint8Array(PIXELS), random);
      const key = createHash("md5").update(pixels).digest("base64");
      if (!seen.has(key) && pixels.some((value) => value !== pixels[0])) {
        seen.add(key);
        return pixels;
      }
    }
  };
  for (const [label, ofClass] of glyphs.entries()) {
    const until = Math.round((files * (label + 1)) / CLASSES.length);
    while (truth.samples < until) {
      const pixels = fresh(ofClass, label);
      const bytes = encode(pixels);
      const roll = random();
      const wanted = roll < DUPLICATED ? (COPIES[pick(COPIES.length)] ?? 2) : roll < DUPLICATED + SPELLED_TWICE ? 2 : 1;
      const copies = Math.min(wanted, files - truth.samples);
      const others = copies > 1 && random() < CONFLICT ? label + 1 : label;
      const respelled = roll >= DUPLICATED;
      write(label, bytes);
      for (let copy = 1; copy < copies; copy++) write(others, respelled ? encode(pixels, 0) : bytes);
      if (copies === 1) continue;
      count(truth.duplicates.pixel, copies);
      if (!respelled) count(truth.duplicates.file, copies);
      if (others !== label) {
        truth.conflicts.groups++;
        truth.conflicts.samples += copies;
      }
    }
  }
  return truth;
}

/** The clean glyphs of the sample dataset: by class, 28x28 grey, each once, none blank. */
async function readGlyphs() {
  const archive = fileURLToPath(new URL("../../media/sample/letters.tar.br", import.meta.url));
  const untar = extract();
  untar.end(brotliDecompressSync(readFileSync(archive)));
  /** @type {Map<string, Uint8Array>[]} */
  const classes = CLASSES.map(() => new Map());
  for await (const entry of untar) {
    /** @type {Buffer[]} */
    const parts = [];
    for await (const part of entry) parts.push(Buffer.from(/** @type {Uint8Array} */ (part)));
    const label = CLASSES.indexOf(entry.header.name.split("/").at(-2) ?? "");
    const pixels = decodePlain(Buffer.concat(parts));
    if (pixels !== undefined) classes[label]?.set(createHash("md5").update(pixels).digest("base64"), pixels);
  }
  return classes.map((pictures) => [...pictures.values()]);
}

/**
 * The pixels of a picture in the sample's usual spelling; the others, and the broken ones, are not needed here.
 * @param {Buffer} png
 */
function decodePlain(png) {
  try {
    const start = png.indexOf("IDAT", 0, "latin1") + 4;
    const rows = inflateSync(png.subarray(start, start + png.readUInt32BE(start - 8)));
    const pixels = new Uint8Array(PIXELS);
    for (let y = 0; y < SIZE; y++) {
      if (rows[y * (SIZE + 1)] !== 0) return undefined;
      pixels.set(rows.subarray(y * (SIZE + 1) + 1, (y + 1) * (SIZE + 1)), y * SIZE);
    }
    return pixels.some((value) => value !== pixels[0]) ? pixels : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Another font's drawing of the same letter, as it were: leaned, narrowed, moved and made bolder or lighter. Moves
 * alone would make a few thousand shapes of which each occurs a hundred times, unlike the fonts of the archive.
 * @param {Uint8Array} glyph @param {() => number} random
 */
function vary(glyph, random) {
  const within = (/** @type {number} */ from, /** @type {number} */ to) => from + random() * (to - from);
  const [across, down, lean] = [within(0.95, 1.25), within(0.95, 1.15), within(-0.2, 0.2)];
  const [dx, dy] = [within(-1, 1), within(-1, 1)];
  const [gain, offset] = [within(1, 1.8), within(-40, 30)];
  const middle = (SIZE - 1) / 2;
  const pixels = new Uint8Array(PIXELS);
  for (let y = 0; y < SIZE; y++) {
    const v = (y - middle) * down + middle + dy;
    const top = Math.floor(v);
    if (top < 0 || top >= SIZE - 1) continue;
    const fy = v - top;
    const row = top * SIZE;
    for (let x = 0; x < SIZE; x++) {
      const u = (x - middle) * across + (y - middle) * lean + middle + dx;
      const left = Math.floor(u);
      if (left < 0 || left >= SIZE - 1) continue;
      const fx = u - left;
      const at = row + left;
      const upper = (glyph[at] ?? 0) * (1 - fx) + (glyph[at + 1] ?? 0) * fx;
      const lower = (glyph[at + SIZE] ?? 0) * (1 - fx) + (glyph[at + SIZE + 1] ?? 0) * fx;
      const ink = upper * (1 - fy) + lower * fy;
      pixels[y * SIZE + x] = ink < 8 ? 0 : Math.max(0, Math.min(255, ink * gain + offset));
    }
  }
  return pixels;
}

/**
 * Draws one of a class's popular shapes: the first of them comes most often.
 * @param {readonly (readonly Uint8Array[])[]} glyphs @param {() => number} random
 */
function popularShapes(glyphs, random) {
  const each = SHAPES / CLASSES.length;
  const shapes = glyphs.map((ofClass) =>
    Array.from({ length: each }, () =>
      vary(ofClass[Math.floor(random() * ofClass.length)] ?? new Uint8Array(PIXELS), random),
    ),
  );
  // The shapes of all classes take turns in the order of popularity.
  const bounds = CLASSES.map((_, label) => {
    let sum = 0;
    return Array.from({ length: each }, (__, i) => (sum += (i * CLASSES.length + label + 1) ** -STEEPNESS));
  });
  return (/** @type {number} */ label) => {
    const at = random() * (bounds[label]?.at(-1) ?? 0);
    return shapes[label]?.[bounds[label]?.findIndex((bound) => at < bound) ?? 0] ?? new Uint8Array(PIXELS);
  };
}

/** The same glyph, each value of its ink a little different. @param {Uint8Array} glyph @param {() => number} random */
function wear(glyph, random) {
  return glyph.map((ink) => (ink === 0 ? 0 : Math.max(1, Math.min(255, Math.round(ink + (2 * random() - 1) * WEAR)))));
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const HEAD = Buffer.concat([SIGNATURE, chunk("IHDR", Buffer.from([0, 0, 0, SIZE, 0, 0, 0, SIZE, 8, 0, 0, 0, 0]))]);
const END = chunk("IEND", new Uint8Array(0));

/** @param {string} type @param {Uint8Array} data */
function chunk(type, data) {
  const out = Buffer.allocUnsafe(12 + data.length);
  out.writeUInt32BE(data.length, 0);
  out.write(type, 4, "latin1");
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, 8 + data.length)), 8 + data.length);
  return out;
}

/**
 * A PNG as PIL writes it: each row with the filter whose values are smallest, zlib's default level.
 * @param {Uint8Array} pixels @param {number} level
 */
function encode(pixels, level = 6) {
  // zlib needs no larger window for 812 bytes, and a small one spares the time to clear it.
  const data = deflateSync(filterRows(pixels), { level, windowBits: 10, memLevel: 5, strategy: 1 });
  return Buffer.concat([HEAD, chunk("IDAT", data), END]);
}

const rows = new Uint8Array(SIZE * (SIZE + 1));
const row = new Uint8Array(SIZE);

/** @param {Uint8Array} pixels */
function filterRows(pixels) {
  for (let y = 0; y < SIZE; y++) {
    const into = y * (SIZE + 1);
    let least = Infinity;
    for (let filter = 0; filter < 5; filter++) {
      let sum = 0;
      for (let x = 0; x < SIZE && sum < least; x++) {
        const at = y * SIZE + x;
        const a = x > 0 ? (pixels[at - 1] ?? 0) : 0;
        const b = y > 0 ? (pixels[at - SIZE] ?? 0) : 0;
        let predicted = 0;
        if (filter === 1) predicted = a;
        else if (filter === 2) predicted = b;
        else if (filter === 3) predicted = (a + b) >> 1;
        else if (filter === 4) predicted = paeth(a, b, x > 0 && y > 0 ? (pixels[at - SIZE - 1] ?? 0) : 0);
        const value = ((pixels[at] ?? 0) - predicted) & 255;
        row[x] = value;
        sum += value < 128 ? value : 256 - value;
      }
      if (sum >= least) continue;
      least = sum;
      rows[into] = filter;
      rows.set(row, into + 1);
    }
  }
  return rows;
}

/** @param {number} a @param {number} b @param {number} c */
function paeth(a, b, c) {
  const [pa, pb, pc] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
}

/** @param {Uint8Array} pixels */
function unreadable(pixels) {
  const good = encode(pixels);
  const texts = [1, 2, 3].map((number) => Buffer.from(`404 Not Found: glyph ${number} has moved.\n`, "latin1"));
  return [
    new Uint8Array(0),
    ...texts,
    ...[0.3, 0.5, 0.7].map((part) => good.subarray(0, Math.floor(good.length * part))),
  ];
}

const FAMILIES = ["Marlin", "Brass Band", "Quill", "Northgate Sans", "Lark", "Deco Slab", "Holm", "Verve Grotesk"];
const STYLES = ["", " Bold", " Italic", " Light", " Condensed"];

/**
 * A name like those of the archive: a font's file name in base64. The number makes it the only one.
 * @param {number} number @param {(count: number) => number} pick
 */
function fileName(number, pick) {
  const font = `${FAMILIES[pick(FAMILIES.length)]}${STYLES[pick(STYLES.length)]} ${number.toString(36)}.ttf`;
  return `${Buffer.from(font, "latin1").toString("base64")}.png`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const started = performance.now();
  const { folder, truth } = await prepareTree(Number(process.argv[2] ?? 50_000));
  console.log(folder, truth, `${((performance.now() - started) / 1000).toFixed(1)} s`);
}
