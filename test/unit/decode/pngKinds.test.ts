import assert from "node:assert/strict";
import fc from "fast-check";
import sharp from "sharp";
import { pixelDigest } from "../../../src/core/fingerprint/pixels";
import { MODES, type Mode, type Picture } from "../../../src/core/picture";
import { decodeImage, tryDecodeFast } from "../../../src/engine/decode/decode";
import type { Kernels } from "../../../src/engine/kernels/kernels";
import { chooseMd5 } from "../../../src/engine/nodeMd5";
import { encodeInterlaced, encodePng, packRows, type PngChunk } from "../../support/png";
import { both, fingerprintWithBoth, randomNumbers } from "../kernels/support";

/** Every kind of PNG there is: colour type and depth. */
const KINDS = [
  ...([1, 2, 4, 8, 16] as const).map((depth) => ({ colourType: 0, channels: 1, depth }) as const),
  ...([8, 16] as const).map((depth) => ({ colourType: 2, channels: 3, depth }) as const),
  ...([1, 2, 4, 8] as const).map((depth) => ({ colourType: 3, channels: 1, depth }) as const),
  ...([8, 16] as const).map((depth) => ({ colourType: 4, channels: 2, depth }) as const),
  ...([8, 16] as const).map((depth) => ({ colourType: 6, channels: 4, depth }) as const),
];

const described = fc.record({
  kind: fc.constantFrom(...KINDS),
  width: fc.integer({ min: 1, max: 40 }),
  height: fc.integer({ min: 1, max: 40 }),
  isInterlaced: fc.boolean(),
  hasTransparency: fc.boolean(),
  filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 5 }),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

type Description = typeof described extends fc.Arbitrary<infer T> ? T : never;

/** The file, and the picture in it by the definition of PNG. */
function make({ kind, width, height, isInterlaced, hasTransparency, filters, seed }: Description): {
  readonly bytes: Buffer;
  readonly expected: Picture;
} {
  const { colourType, channels, depth } = kind;
  const next = randomNumbers(seed);
  const most = 2 ** depth - 1;
  // Few levels, so that the transparent colour is met.
  const levels = Array.from({ length: 3 }, () => (next() >> 8) & most);
  const sample = (): number => (seed % 2 === 0 ? (levels[(next() >> 8) % 3] ?? 0) : (next() >> 8) & most);
  const samples = Array.from({ length: width * height * channels }, sample);
  const palette = Uint8Array.from({ length: 3 * 2 ** depth }, () => next() >> 8);
  const alphas = Uint8Array.from({ length: 1 + ((next() >> 8) % 2 ** Math.min(depth, 8)) }, () => next() >> 8);
  const key = samples.slice(0, channels);

  const before: PngChunk[] = colourType === 3 ? [{ type: "PLTE", data: palette }] : [];
  const keyed = hasTransparency && colourType < 4;
  if (keyed) {
    const data = colourType === 3 ? alphas : Uint8Array.from(key.flatMap((value) => [value >> 8, value & 255]));
    before.push({ type: "tRNS", data });
  }
  const options = { width, height, colourType, depth, filters, before };
  const bytes = isInterlaced
    ? encodeInterlaced(options, samples)
    : encodePng({ ...options, rows: packRows(samples, width * channels, depth) });

  const values: number[] = [];
  const full = depth === 16 ? 65535 : 255;
  for (let i = 0; i < samples.length; i += channels) {
    const pixel = samples.slice(i, i + channels);
    if (colourType === 3) {
      const index = pixel[0] ?? 0;
      values.push(...palette.subarray(index * 3, index * 3 + 3), ...(keyed ? [alphas[index] ?? 255] : []));
    } else {
      values.push(...pixel.map((value) => value * (full / most)));
      if (keyed) values.push(pixel.every((value, channel) => value === key[channel]) ? 0 : full);
    }
  }
  const base = { 0: "L", 2: "RGB", 3: "RGB", 4: "LA", 6: "RGBA" }[colourType];
  const alpha = keyed ? "A" : "";
  const mode = `${base}${alpha}${depth === 16 ? "16" : ""}` as Mode;
  assert.ok(MODES.includes(mode), mode);
  const typed = depth === 16 ? Uint16Array.from(values) : Uint8Array.from(values);
  return { bytes, expected: { width, height, mode, pixels: new Uint8Array(typed.buffer) } };
}

/** What the library alone answers, RGBA with 16 bits: 8 bits are times 257. */
async function library(bytes: Uint8Array, isWide: boolean): Promise<Uint16Array> {
  const image = sharp(bytes, { failOn: "error", ignoreIcc: true }).ensureAlpha();
  const data = await (isWide ? image.toColourspace("rgb16").raw({ depth: "ushort" }) : image.raw()).toBuffer();
  return isWide ? new Uint16Array(Uint8Array.from(data).buffer) : Uint16Array.from(data, (value) => value * 257);
}

function toRgba16({ width, height, mode, pixels }: Picture): Uint16Array {
  const isWide = mode.endsWith("16");
  const values = isWide
    ? new Uint16Array(Uint8Array.from(pixels).buffer)
    : Uint16Array.from(pixels, (value) => value * 257);
  const channels = mode.replace("16", "").length;
  const out = new Uint16Array(width * height * 4).fill(65535);
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      out[i * 4 + channel] = values[i * channels + (channels >= 3 ? channel : 0)] ?? 0;
    }
    if (channels % 2 === 0) out[i * 4 + 3] = values[i * channels + channels - 1] ?? 0;
  }
  return out;
}

describe("PNGs of every kind", () => {
  let kernels: { readonly wasm: Kernels; readonly reference: Kernels };

  before(async () => {
    kernels = await both();
  });

  it("are decoded as PNG defines them, and by every way that decodes them alike", async () => {
    const md5 = chooseMd5();
    const ways = { quick: 0, kernels: 0, all: 0 };
    const check = async (description: Description): Promise<void> => {
      const { bytes, expected } = make(description);
      const { pixels, ...rest } = await decodeImage(bytes);
      const { pixels: right, ...expectedRest } = expected;
      assert.deepEqual(rest, expectedRest);
      assert.ok(Buffer.from(pixels).equals(right), "decodeImage differs from the definition");
      assert.deepEqual(await library(bytes, expected.mode.endsWith("16")), toRgba16(expected), "the library differs");
      const quick = tryDecodeFast(bytes);
      if (quick !== undefined) assert.deepEqual(quick, expected);
      const columns = fingerprintWithBoth(kernels, [bytes]);
      if (columns.covered[0] === 1) {
        const digest = new Uint8Array(16);
        pixelDigest(md5, expected, digest, 0);
        assert.deepEqual(columns.pixelDigests.subarray(0, 16), digest);
        assert.equal(MODES[columns.modes[0] ?? 0], expected.mode);
      }
      ways.quick += quick === undefined ? 0 : 1;
      ways.kernels += columns.covered[0] ?? 0;
      ways.all++;
    };
    // Each kind at least once as it is, interlaced and with transparency; then anything.
    for (const kind of KINDS) {
      for (const flags of [0, 1, 2, 3]) {
        const [isInterlaced, hasTransparency] = [(flags & 1) === 1, (flags & 2) === 2];
        await check({ kind, width: 9, height: 7, isInterlaced, hasTransparency, filters: [4, 2], seed: 20 + flags });
      }
    }
    await fc.assert(fc.asyncProperty(described, check), { numRuns: 250 });
    assert.ok(ways.quick > 10 && ways.kernels > 10 && ways.all >= 300, JSON.stringify(ways));
  });

  it("are the picture that is not animated when they are animated", async () => {
    const [first, second] = [Uint8Array.from({ length: 16 }, (_, i) => i), new Uint8Array(16).fill(200)];
    const still = encodePng({ width: 4, height: 4, rows: first });
    const other = encodePng({ width: 4, height: 4, rows: second });
    const u32 = (...values: number[]): Buffer =>
      Buffer.concat(values.map((v) => Buffer.from([v >> 24, v >> 16, v >> 8, v])));
    const control = (sequence: number): PngChunk => ({
      type: "fcTL",
      data: Buffer.concat([u32(sequence, 4, 4, 0, 0), Buffer.from([0, 10, 0, 100, 0, 0])]),
    });
    const data = other.subarray(41, other.length - 16);
    const animated = encodePng({
      width: 4,
      height: 4,
      rows: first,
      before: [{ type: "acTL", data: u32(2, 0) }, control(0)],
      after: [control(1), { type: "fdAT", data: Buffer.concat([u32(2), data]) }],
    });
    assert.deepEqual(await decodeImage(animated), await decodeImage(still));
  });
});
