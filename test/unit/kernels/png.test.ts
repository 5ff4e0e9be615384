import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import type { Kernels } from "../../../src/engine/kernels/kernels";
import { encodePng, plainCrc32 } from "../../support/png";
import { both, fingerprintWithBoth, randomNumbers } from "./support";

const CHANNELS = { 0: 1, 2: 3, 4: 2, 6: 4 } as const;

type Texture = "noise" | "smooth" | "flat";

/** Rows of noise, of slopes, or of a few levels with long runs. */
function makeRows(size: number, texture: Texture, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  let level = 0;
  return Uint8Array.from({ length: size }, (_, i) => {
    const number = next() >> 8;
    if (texture === "noise") return number;
    if (texture === "smooth") return (i >> 2) + (number & 3);
    if ((number & 31) === 0) level = number >> 5;
    return level;
  });
}

const chunk = fc.record({
  type: fc.constantFrom("gAMA", "cHRM", "sRGB", "pHYs", "tEXt", "tIME", "bKGD", "sBIT", "tRNS", "eXIf"),
  data: fc.uint8Array({ maxLength: 20 }),
});

/** Described, not encoded: a counterexample should be short. */
const described = fc.record({
  width: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 300 })),
  height: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 120 })),
  colourType: fc.constantFrom<keyof typeof CHANNELS>(0, 2, 4, 6),
  texture: fc.constantFrom<Texture>("noise", "smooth", "flat"),
  seed: fc.integer({ min: 1, max: 1e6 }),
  filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 6 }),
  zlib: fc.record({
    level: fc.integer({ min: 0, max: 9 }),
    strategy: fc.integer({ min: 0, max: 4 }),
    windowBits: fc.constantFrom(15, 15, 15, 9, 12),
    memLevel: fc.integer({ min: 1, max: 9 }),
  }),
  split: fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 3 }),
  before: fc.oneof(fc.constant([]), fc.array(chunk, { maxLength: 2 })),
  after: fc.oneof(fc.constant([]), fc.array(chunk, { maxLength: 1 })),
});

type Description = typeof described extends fc.Arbitrary<infer T> ? T : never;

function encode({ texture, seed, ...options }: Description): Buffer {
  const size = options.width * options.height * CHANNELS[options.colourType];
  return encodePng({ ...options, rows: makeRows(size, texture, seed) });
}

const damage = fc.array(
  fc.record({
    kind: fc.constantFrom("flip", "cut", "remove", "insert", "zero"),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  { minLength: 1, maxLength: 3 },
);

/** Corrects the checksums of all chunks that can be found, so that damage gets past them. */
function repairChecksums(bytes: Buffer): void {
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at);
    if (end + 4 > bytes.length) return;
    bytes.writeUInt32BE(plainCrc32(bytes.subarray(at + 4, end)), end);
    at = end + 4;
  }
}

function damaged(whole: Buffer, changes: readonly { kind: string; at: number; value: number }[]): Buffer {
  let bytes = Buffer.from(whole);
  for (const { kind, at, value } of changes) {
    const index = Math.min(bytes.length - 1, Math.floor(at * bytes.length));
    if (bytes.length === 0) break;
    if (kind === "flip") bytes[index] = (bytes[index] ?? 0) ^ value;
    else if (kind === "zero") bytes.fill(0, index, Math.min(bytes.length, index + value));
    else if (kind === "cut") bytes = bytes.subarray(0, index);
    else {
      const rest = bytes.subarray(kind === "remove" ? index + (value & 7) : index);
      const inserted = kind === "insert" ? [Buffer.alloc(value & 15, value)] : [];
      bytes = Buffer.concat([bytes.subarray(0, index), ...inserted, rest]);
    }
  }
  return bytes;
}

describe("kernels on PNGs", () => {
  let kernels: { readonly wasm: Kernels; readonly reference: Kernels };

  before(async () => {
    kernels = await both();
  });

  it("equal the reference on every covered kind, size, filter, level, strategy and window, and on others", () => {
    let covered = 0;
    fc.assert(
      fc.property(fc.array(described, { minLength: 1, maxLength: 12 }), (pictures) => {
        for (const is of fingerprintWithBoth(kernels, pictures.map(encode)).covered) covered += is;
      }),
      { numRuns: 150 },
    );
    assert.ok(covered > 300, `only ${covered} were covered`);
  });

  it("equal the reference on damaged files, with wrong checksums and with right ones", () => {
    let covered = 0;
    const small = described.filter(({ width, height }) => width * height < 1500);
    fc.assert(
      fc.property(small, fc.array(damage, { minLength: 8, maxLength: 8 }), (picture, damages) => {
        const whole = encode({ ...picture, before: [], after: [] });
        const files = damages.flatMap((changes) => {
          const wrong = damaged(whole, changes);
          const right = Buffer.from(wrong);
          repairChecksums(right);
          return [wrong, right];
        });
        for (const is of fingerprintWithBoth(kernels, files).covered) covered += is;
      }),
      { numRuns: 150 },
    );
    assert.ok(covered > 10, `only ${covered} were covered`);
  });

  it("equal the reference on damaged compressed data whose last checksum is right or missing", () => {
    // Most damage to the compressed bytes is found by their own checksum only: this asks what comes before.
    const random = randomNumbers(7);
    const rows = makeRows(28 * 28, "smooth", 3);
    const raw = new Uint8Array(29 * 28);
    for (let y = 0; y < 28; y++) raw.set(rows.subarray(y * 28, (y + 1) * 28), y * 29 + 1);
    const files: Buffer[] = [];
    for (let i = 0; i < 900; i++) {
      const data = deflateSync(raw, { level: 1 + (i % 9), strategy: i % 5 });
      for (let changes = random() & 3; changes >= 0; changes--) {
        const at = 2 + ((random() >> 8) % Math.min(data.length - 6, i % 2 === 0 ? 60 : 1e6));
        data[at] = (data[at] ?? 0) ^ (1 << ((random() >> 8) & 7));
      }
      const whole = encodePng({ width: 28, height: 28, rows });
      const head = whole.subarray(0, 33);
      const chunkOf = Buffer.alloc(12 + data.length);
      chunkOf.writeUInt32BE(data.length, 0);
      chunkOf.write("IDAT", 4, "latin1");
      chunkOf.set(data, 8);
      const file = Buffer.concat([head, chunkOf, whole.subarray(whole.length - 12)]);
      repairChecksums(file);
      files.push(file);
    }
    fingerprintWithBoth(kernels, files);
  });

  it("cover what they should", () => {
    const rows = makeRows(64 * 64 * 4, "smooth", 1);
    for (const colourType of [0, 2, 4, 6] as const) {
      const size = 64 * 64 * CHANNELS[colourType];
      const png = encodePng({
        width: 64,
        height: 64,
        colourType,
        rows: rows.subarray(0, size),
        filters: [0, 1, 2, 3, 4],
      });
      assert.equal(fingerprintWithBoth(kernels, [png]).covered[0], 1);
    }
    const cases: Record<string, Uint8Array> = {
      "no bytes": new Uint8Array(),
      JPEG: Uint8Array.of(0xff, 0xd8, 0xff, 0xe0),
      "16 bits": encodePng({ width: 8, height: 8, depth: 16, rows: rows.subarray(0, 128) }),
      palette: encodePng({ width: 8, height: 8, colourType: 3, rows: rows.subarray(0, 64) }),
      "more than 512 KiB": encodePng({ width: 1024, height: 512, rows: new Uint8Array(1024 * 512) }),
    };
    for (const [name, bytes] of Object.entries(cases)) {
      assert.equal(fingerprintWithBoth(kernels, [bytes]).covered[0], 0, name);
    }
    const largest = encodePng({ width: 1023, height: 512, rows: makeRows(1023 * 512, "noise", 1), filters: [4, 3] });
    const tiny = encodePng({ width: 1, height: 1, rows: Uint8Array.of(7) });
    assert.deepEqual(
      [...fingerprintWithBoth(kernels, [tiny, largest, largest, largest, tiny]).covered],
      [1, 1, 1, 1, 1],
    );
    const split = encodePng({ width: 1023, height: 512, rows: makeRows(1023 * 512, "noise", 1), split: [9, 70000] });
    assert.deepEqual([...fingerprintWithBoth(kernels, [split, tiny, split]).covered], [1, 1, 1]);
  });

  it("equal the reference on every cut of a file", () => {
    const whole = encodePng({ width: 9, height: 5, colourType: 2, rows: makeRows(135, "noise", 5), split: [40] });
    const cuts = Array.from({ length: whole.length }, (_, size) => whole.subarray(0, size));
    assert.ok(fingerprintWithBoth(kernels, cuts).covered.every((is) => is === 0));
  });
});
