import assert from "node:assert/strict";
import { deflateSync, inflateSync } from "node:zlib";
import fc from "fast-check";
import sharp from "sharp";
import type { Picture } from "../../../src/core/picture";
import { crc32 } from "../../../src/engine/decode/crc32";
import { decodeImage } from "../../../src/engine/decode/decode";
import { inflateInto } from "../../../src/engine/decode/inflate";
import { decodePng } from "../../../src/engine/decode/png";
import { UnreadableImage } from "../../../src/engine/decode/unreadable";
import { encodePng, plainCrc32, type PngChunk, type PngOptions } from "../../support/png";

const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 } as const;
const COVERED = [0, 2, 4, 6] as const;

/** What the library alone answers: RGB or RGBA as it gives grey, or undefined when it refuses. */
async function library(bytes: Uint8Array): Promise<{ width: number; height: number; rgba: Buffer } | undefined> {
  try {
    const image = sharp(bytes, { failOn: "error", ignoreIcc: true, autoOrient: true });
    const { data, info } = await image.ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgba: data };
  } catch {
    return undefined;
  }
}

function toRgba({ width, height, mode, pixels }: Picture): Buffer {
  const out = Buffer.alloc(width * height * 4, 255);
  const channels = mode.length;
  for (let i = 0; i < width * height; i++) {
    for (let channel = 0; channel < 3; channel++) {
      out[i * 4 + channel] = pixels[i * channels + (channels >= 3 ? channel : 0)] ?? 0;
    }
    if (channels === 2 || channels === 4) out[i * 4 + 3] = pixels[i * channels + channels - 1] ?? 0;
  }
  return out;
}

/** Chunks that the fast path takes, with data that may make no sense. */
const ancillary: fc.Arbitrary<PngChunk> = fc.record({
  type: fc.constantFrom("gAMA", "cHRM", "sRGB", "pHYs", "tEXt", "tIME", "bKGD", "sBIT"),
  data: fc.uint8Array({ maxLength: 40 }),
});

const generated: fc.Arbitrary<PngOptions> = fc
  .record({
    width: fc.integer({ min: 1, max: 40 }),
    height: fc.integer({ min: 1, max: 20 }),
    colourType: fc.constantFrom(...COVERED),
    smooth: fc.boolean(),
    seed: fc.integer({ min: 1, max: 1e6 }),
    filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 }),
    zlib: fc.record({
      level: fc.integer({ min: 0, max: 9 }),
      strategy: fc.integer({ min: 0, max: 4 }),
      windowBits: fc.integer({ min: 9, max: 15 }),
      memLevel: fc.integer({ min: 1, max: 9 }),
    }),
    split: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 3 }),
    before: fc.array(ancillary, { maxLength: 3 }),
    after: fc.array(ancillary, { maxLength: 1 }),
  })
  .map(({ smooth, seed, ...options }) => {
    const rows = new Uint8Array(options.width * options.height * CHANNELS[options.colourType]);
    let state = seed;
    for (let i = 0; i < rows.length; i++) {
      state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      rows[i] = smooth ? (i >> 2) + (state >> 28) : state >> 16;
    }
    return { ...options, rows };
  });

describe("decoding PNG", () => {
  it("gives back the rows of every covered kind, whatever the filters, level, window and chunks", () => {
    fc.assert(
      fc.property(generated, (options) => {
        const picture = decodePng(encodePng({ ...options, before: [], after: [] }));
        // A window smaller than the picture is left to the library.
        const { windowBits = 15 } = options.zlib ?? {};
        const size = (options.rows.length / options.height + 1) * options.height;
        if (picture === undefined) assert.ok(windowBits < 15 && size > 1 << windowBits);
        else assert.deepEqual(Buffer.from(picture.pixels), Buffer.from(options.rows));
      }),
      { numRuns: 300 },
    );
  });

  it("equals the library pixel for pixel", async () => {
    await fc.assert(
      fc.asyncProperty(generated, async (options) => {
        const bytes = encodePng(options);
        const fast = decodePng(bytes);
        const reference = await library(bytes);
        if (fast === undefined) return;
        assert.ok(reference, "accepted what the library refuses");
        assert.deepEqual(
          { width: fast.width, height: fast.height },
          { width: reference.width, height: reference.height },
        );
        assert.ok(toRgba(fast).equals(reference.rgba));
      }),
      { numRuns: 150 },
    );
  });

  it("never disagrees with the library about a damaged file, and throws nothing but UnreadableImage", async () => {
    const damage = fc.array(
      fc.record({
        kind: fc.constantFrom("flip", "cut", "remove", "insert", "zero"),
        at: fc.double({ min: 0, max: 1, noNaN: true }),
        value: fc.integer({ min: 1, max: 255 }),
        repair: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(generated, damage, async (options, changes) => {
        let bytes = encodePng(options);
        for (const { kind, at, value, repair } of changes) {
          const index = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
          if (kind === "flip") bytes[index] = (bytes[index] ?? 0) ^ value;
          else if (kind === "zero") bytes.fill(0, index, Math.min(bytes.length, index + value));
          else if (kind === "cut") bytes = bytes.subarray(0, index);
          else {
            const rest = bytes.subarray(kind === "remove" ? index + value : index);
            const inserted = kind === "insert" ? [Buffer.alloc(value, value)] : [];
            bytes = Buffer.concat([bytes.subarray(0, index), ...inserted, rest]);
          }
          if (repair) repairChecksums(bytes);
          if (bytes.length === 0) break;
        }
        const fast = decodePng(bytes);
        if (fast !== undefined) {
          const reference = await library(bytes);
          assert.ok(reference, "accepted what the library refuses");
          assert.ok(toRgba(fast).equals(reference.rgba));
        }
        await decodeImage(bytes).catch((error: unknown) => {
          assert.ok(error instanceof UnreadableImage, String(error));
          assert.match(error.message, /^.{8,120}$/);
        });
      }),
      { numRuns: 300 },
    );
  });

  it("leaves to the library what it does not cover", () => {
    const rows = new Uint8Array(64 * 8);
    const base = { width: 8, height: 8 };
    const cases: Record<string, PngOptions> = {
      "16 bits": { ...base, depth: 16, rows: rows.subarray(0, 128) },
      "1 bit": { ...base, depth: 1, rows: rows.subarray(0, 8) },
      palette: {
        ...base,
        colourType: 3,
        rows: rows.subarray(0, 64),
        before: [{ type: "PLTE", data: new Uint8Array(3) }],
      },
      "transparent grey": { ...base, rows: rows.subarray(0, 64), before: [{ type: "tRNS", data: new Uint8Array(2) }] },
      animation: { ...base, rows: rows.subarray(0, 64), before: [{ type: "acTL", data: new Uint8Array(8) }] },
      orientation: { ...base, rows: rows.subarray(0, 64), before: [{ type: "eXIf", data: new Uint8Array(8) }] },
      "unknown filter": { ...base, rows: rows.subarray(0, 64), filters: [5] },
      "wrong checksum": { ...base, rows: rows.subarray(0, 64), wrongChecksumOf: "IDAT" },
      "wrong end": { ...base, rows: rows.subarray(0, 64), wrongChecksumOf: "IEND" },
      "too few rows": { ...base, height: 9, rows: rows.subarray(0, 64) },
      "too many rows": { ...base, height: 7, rows: rows.subarray(0, 64) },
    };
    for (const [name, options] of Object.entries(cases)) assert.equal(decodePng(encodePng(options)), undefined, name);
    const whole = encodePng({ ...base, rows: rows.subarray(0, 64) });
    assert.ok(decodePng(whole));
    for (let cut = 0; cut < whole.length; cut++) assert.equal(decodePng(whole.subarray(0, cut)), undefined);
  });

  it("decodes one pixel, and pictures above the size of the own inflate", () => {
    assert.deepEqual(decodePng(encodePng({ width: 1, height: 1, rows: Uint8Array.of(7) })), {
      width: 1,
      height: 1,
      mode: "L",
      pixels: Uint8Array.of(7),
    });
    const rows = Uint8Array.from({ length: 300 * 200 * 3 }, (_, i) => (i * i) >> 7);
    const options = { width: 300, height: 200, colourType: 2, rows, filters: [0, 1, 2, 3, 4], split: [100] } as const;
    assert.deepEqual(decodePng(encodePng(options))?.pixels, rows);
  });

  it("owns the pixels it answers", () => {
    const bytes = encodePng({ width: 2, height: 2, rows: Uint8Array.of(1, 2, 3, 4) });
    const first = decodePng(bytes);
    decodePng(encodePng({ width: 2, height: 2, rows: Uint8Array.of(9, 9, 9, 9) }));
    assert.deepEqual(first?.pixels, Uint8Array.of(1, 2, 3, 4));
    assert.equal(first.pixels.buffer.byteLength, 4);
  });
});

/** Corrects the checksums of all chunks that can be found, so that damage gets past them. */
function repairChecksums(bytes: Buffer): void {
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) return;
    bytes.writeUInt32BE(plainCrc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
}

describe("inflating", () => {
  const source = fc
    .record({ bytes: fc.uint8Array({ maxLength: 600 }), repeat: fc.integer({ min: 1, max: 9 }) })
    .map(({ bytes, repeat }) => Buffer.concat(Array.from({ length: repeat }, () => bytes)));

  it("undoes every way of deflating", () => {
    const ways = fc.record({
      level: fc.integer({ min: 0, max: 9 }),
      strategy: fc.integer({ min: 0, max: 4 }),
      memLevel: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(source, ways, (bytes, way) => {
        const packed = deflateSync(bytes, way);
        const out = new Uint8Array(bytes.length);
        assert.ok(inflateInto(packed, 0, packed.length, out, out.length));
        assert.ok(bytes.equals(out));
        assert.ok(!inflateInto(packed, 0, packed.length, new Uint8Array(bytes.length + 1), bytes.length + 1));
        if (bytes.length > 0) assert.ok(!inflateInto(packed, 0, packed.length, out, bytes.length - 1));
      }),
      { numRuns: 300 },
    );
  });

  it("accepts no more than zlib does", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(source, changes, fc.nat(20), (bytes, flips, missing) => {
        const packed = deflateSync(bytes);
        for (const [at, value] of flips) packed[at % packed.length] = (packed[at % packed.length] ?? 0) ^ value;
        const input = packed.subarray(0, packed.length - (missing < 15 ? 0 : missing));
        const out = new Uint8Array(bytes.length);
        if (inflateInto(input, 0, input.length, out, out.length)) assert.ok(inflateSync(input).equals(out));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("CRC-32", () => {
  it("equals the plain definition at every length", () => {
    const bytes = Uint8Array.from({ length: 3000 }, (_, i) => (i * 31) ^ (i >> 3));
    for (const to of [0, 1, 7, 8, 9, 15, 16, 17, 100, 1023, 1024, 1025, 3000]) {
      assert.equal(crc32(bytes, 0, to), plainCrc32(bytes.subarray(0, to)));
    }
    assert.equal(crc32(bytes, 5, 50), plainCrc32(bytes.subarray(5, 50)));
  });
});
