// Array files of 32 x 32 grey pictures that are compared as photos are: many made up ones, and windows of real photos.
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import path from "node:path";
import { cached, randomOf } from "./cache.mjs";
import { openOriginal, readOriginals } from "./planted.mjs";
import { normal } from "./scenes.mjs";

export const SIDE = 32;
const PIXELS = SIDE * SIDE;
const AT_ONCE = 4096;

/** The pictures of an array file that `writeArray` has written. @param {string} file */
export function readArray(file) {
  const bytes = readFileSync(file);
  return bytes.subarray(10 + bytes.readUInt16LE(8));
}

/**
 * Writes pictures as a NumPy array of bytes (version 1.0 of the format), as many at a time as fit into memory well.
 * @param {string} file @param {number} count @param {(number: number) => Uint8Array | Promise<Uint8Array>} draw
 */
async function writeArray(file, count, draw) {
  const shape = `{'descr': '|u1', 'fortran_order': False, 'shape': (${count}, ${SIDE}, ${SIDE}), }`;
  // The header ends with a line feed, at a multiple of 64 bytes.
  const head = `\x93NUMPY\x01\x00--${shape.padEnd(Math.ceil((11 + shape.length) / 64) * 64 - 11)}\n`;
  const bytes = Buffer.from(head, "latin1");
  bytes.writeUInt16LE(bytes.length - 10, 8);
  const descriptor = openSync(file, "w");
  writeSync(descriptor, bytes);
  const rows = Buffer.alloc(AT_ONCE * PIXELS);
  for (let from = 0; from < count; from += AT_ONCE) {
    const end = Math.min(count, from + AT_ONCE);
    for (let number = from; number < end; number++) rows.set(await draw(number), (number - from) * PIXELS);
    writeSync(descriptor, rows, 0, (end - from) * PIXELS);
  }
  closeSync(descriptor);
}

const FREQUENCIES = 12;
/** Every so many pictures one is an earlier one again. */
const PLANTED_EVERY = 50;

/** cos((2x + 1) u pi / 64). */
const BASIS = Array.from({ length: FREQUENCIES }, (_, u) =>
  Float32Array.from({ length: SIDE }, (__, x) => Math.cos(((2 * x + 1) * u * Math.PI) / (2 * SIDE))),
);

/**
 * Pictures with the spectrum of photos: amplitudes fall as 1/f (Field, "Relations between the statistics of natural images
 * and the response properties of cortical cells", 1987), and it is mostly brighter above. Every 50th is an earlier one
 * again, turned or mirrored, of another brightness and contrast and with noise. Made when they are not there yet.
 * @param {number} count
 * @returns {Promise<{ file: string, planted: [number, number][] }>} An array file, and which rows are again which later ones.
 */
export async function prepareLooks(count) {
  const { folder, made } = await cached(`looks-1-${count}`, async (into) => {
    /** @type {[number, number][]} */
    const planted = [];
    await writeArray(path.join(into, "looks.npy"), count, (number) => {
      if (number % PLANTED_EVERY !== PLANTED_EVERY - 1) return drawLook(number);
      const random = randomOf(30_000_000 + number);
      const earlier = Math.floor(random() * number);
      // Not of one that is itself a copy.
      const original = earlier % PLANTED_EVERY === PLANTED_EVERY - 1 ? earlier - 1 : earlier;
      planted.push([original, number]);
      return change(turn(drawLook(original), Math.floor(random() * 8)), random);
    });
    return planted;
  });
  return { file: path.join(folder, "looks.npy"), planted: made };
}

/** @param {number} number */
function drawLook(number) {
  const random = randomOf(number + 1);
  const across = BASIS.map((_, v) => {
    const row = new Float32Array(SIDE);
    for (const [u, wave] of BASIS.entries()) {
      if (u + v === 0) continue;
      const light = u === 0 && v === 1 ? 1 : 0;
      const amplitude = (normal(random) + light) / Math.hypot(u, v);
      for (let x = 0; x < SIDE; x++) row[x] = (row[x] ?? 0) + amplitude * (wave[x] ?? 0);
    }
    return row;
  });
  const look = new Uint8ClampedArray(PIXELS);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      let value = 0;
      for (let v = 0; v < FREQUENCIES; v++) value += (across[v]?.[x] ?? 0) * (BASIS[v]?.[y] ?? 0);
      look[y * SIDE + x] = 128 + 28 * value;
    }
  }
  return new Uint8Array(look.buffer);
}

/** Mirrored, turned upside down and transposed by the bits of the code. @param {Uint8Array} look @param {number} code */
function turn(look, code) {
  return look.map((_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE)];
    const [u, v] = (code & 4) === 0 ? [x, y] : [y, x];
    return look[((code & 2) === 0 ? v : SIDE - 1 - v) * SIDE + ((code & 1) === 0 ? u : SIDE - 1 - u)] ?? 0;
  });
}

/** Of another brightness and contrast, and with noise. @param {Uint8Array} look @param {() => number} random */
function change(look, random) {
  const [gain, offset] = [0.8 + 0.4 * random(), 20 * random() - 10];
  return Uint8Array.from(
    Uint8ClampedArray.from(look, (value) => 128 + (value - 128) * gain + offset + 3 * normal(random)),
  );
}

/**
 * Square windows of photos, or of scenes where there are none, of any size up to half of the photo, anywhere and any way round: many pairs of them
 * overlap by more or less. Every tenth is an earlier one again, changed. Made when they are not there yet.
 * @param {number} count @returns {Promise<string>} An array file.
 */
export async function prepareWindows(count) {
  const originals = await readOriginals(12);
  const { folder } = await cached(
    `windows-1-${count}-${originals.map(({ name }) => name[0]).join("")}`,
    async (into) => {
      /** @type {Uint8Array[]} */
      const windows = [];
      await writeArray(path.join(into, "windows.npy"), count, async (number) => {
        const random = randomOf(40_000_000 + number);
        const copied = number % 10 === 9 ? windows[Math.floor(random() * number)] : undefined;
        const code = Math.floor(random() * 8);
        const window =
          copied === undefined ? turn(await cut(originals, random), code) : change(turn(copied, code), random);
        windows.push(window);
        return window;
      });
      return { count };
    },
  );
  return path.join(folder, "windows.npy");
}

/** @param {Awaited<ReturnType<typeof readOriginals>>} originals @param {() => number} random */
async function cut(originals, random) {
  const { original } = originals[Math.floor(random() * originals.length)] ?? {};
  if (original === undefined) throw new Error("There are no pictures to cut windows from.");
  const most = Math.min(original.width, original.height);
  const side = Math.round(most * (0.12 + 0.4 * random()));
  const [left, top] = [original.width - side, original.height - side].map((spare) =>
    Math.floor(random() * (spare + 1)),
  );
  return openOriginal(original)
    .extract({ left: left ?? 0, top: top ?? 0, width: side, height: side })
    .greyscale()
    .resize(SIDE, SIDE)
    .raw()
    .toBuffer();
}
