import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeBmp } from "../../../src/engine/decode/bmp";
import { DEFAULT_LIMITS } from "../../../src/engine/decode/limits";
import { decodePnm } from "../../../src/engine/decode/pnm";
import { UnreadableImage } from "../../../src/engine/decode/unreadable";

function pnm(text: string) {
  const { mode, pixels, ...size } = decodePnm(Buffer.from(text, "latin1"), DEFAULT_LIMITS);
  return { size: [size.width, size.height], mode, pixels: [...pixels] };
}

interface BmpParts {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly compression?: number;
  readonly data: readonly number[];
  readonly palette?: readonly number[];
  readonly masks?: readonly number[];
  readonly core?: boolean;
}

function bmp({
  width,
  height,
  depth,
  compression = 0,
  data,
  palette = [],
  masks = [],
  core = false,
}: BmpParts): Buffer {
  const header = Buffer.alloc(core ? 12 : 40);
  header.writeUInt32LE(header.length, 0);
  if (core) {
    header.writeUInt16LE(width, 4);
    header.writeUInt16LE(height, 6);
    header.writeUInt16LE(1, 8);
    header.writeUInt16LE(depth, 10);
  } else {
    header.writeInt32LE(width, 4);
    header.writeInt32LE(height, 8);
    header.writeUInt16LE(1, 12);
    header.writeUInt16LE(depth, 14);
    header.writeUInt32LE(compression, 16);
    header.writeUInt32LE(palette.length / 4, 32);
  }
  const masked = Buffer.alloc(masks.length * 4);
  for (const [i, mask] of masks.entries()) masked.writeUInt32LE(mask >>> 0, i * 4);
  const start = Buffer.from("BM\0\0\0\0\0\0\0\0\0\0\0\0", "latin1");
  start.writeUInt32LE(14 + header.length + masked.length + palette.length, 10);
  return Buffer.concat([start, header, masked, Buffer.from(palette), Buffer.from(data)]);
}

function decoded(parts: BmpParts) {
  const { mode, pixels } = decodeBmp(bmp(parts), DEFAULT_LIMITS);
  return [mode, ...pixels];
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof UnreadableImage, String(error));
    return error.message;
  }
  return assert.fail("accepted");
}

/** Blue, green, red, unused: black, red, and a grey. */
const PALETTE = [0, 0, 0, 0, 0, 0, 255, 0, 7, 7, 7, 0];
const GREYS = [0, 0, 0, 0, 255, 255, 255, 0];

describe("decoding PNM", () => {
  it("decodes text and binary of every kind", () => {
    assert.deepEqual(pnm("P1\n# note\n3 2\n1 0 1\n010"), { size: [3, 2], mode: "L", pixels: [0, 255, 0, 255, 0, 255] });
    assert.deepEqual(pnm("P4 3 2\n\xa0\x40"), { size: [3, 2], mode: "L", pixels: [0, 255, 0, 255, 0, 255] });
    assert.deepEqual(pnm("P2 2 1 255 7 #x\n 9"), { size: [2, 1], mode: "L", pixels: [7, 9] });
    assert.deepEqual(pnm("P3 1 1 255 1 2 3"), { size: [1, 1], mode: "RGB", pixels: [1, 2, 3] });
    assert.deepEqual(pnm("P5 2 1 255\n\n\x05"), { size: [2, 1], mode: "L", pixels: [10, 5] });
    assert.deepEqual(pnm("P6 1 1 255 \x01\x02\x03"), { size: [1, 1], mode: "RGB", pixels: [1, 2, 3] });
    const pam = "P7\nWIDTH 1\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n\x01\x02\x03\x04";
    assert.deepEqual(pnm(pam), { size: [1, 1], mode: "RGBA", pixels: [1, 2, 3, 4] });
  });

  it("stretches ranges and keeps 16 bits, little endian", () => {
    assert.deepEqual(pnm("P2 3 1 100 0 50 100").pixels, [0, 128, 255]);
    assert.deepEqual(pnm("P5 1 1 65535\n\x12\x34"), { size: [1, 1], mode: "L16", pixels: [0x34, 0x12] });
    assert.deepEqual(pnm("P5 2 1 1023\n\x03\xff\x00\x00").pixels, [255, 255, 0, 0]);
  });

  it("refuses what is cut off, out of range or too large", () => {
    assert.equal(
      refusal(() => pnm("P5 2 2 255\n123")),
      "PNM is cut off after 14 of 15 bytes",
    );
    assert.equal(
      refusal(() => pnm("P2 2 1 255 7")),
      "PNM is cut off after 12 bytes",
    );
    assert.equal(
      refusal(() => pnm("P5 2")),
      "PNM is cut off after 4 bytes",
    );
    assert.match(
      refusal(() => pnm("P5 1 1 100\n\xff")),
      /exceeds the declared largest value 100/,
    );
    assert.match(
      refusal(() => pnm("P2 1 1 9 10")),
      /not between 0 and 9/,
    );
    assert.match(
      refusal(() => pnm("P5 1 1 0\n\x01")),
      /between 1 and 65535/,
    );
    assert.match(
      refusal(() => pnm("P5 0 5 255\n")),
      /declares no pixels/,
    );
    assert.match(
      refusal(() => pnm("P5 99999 99999 255\n")),
      /too large/,
    );
  });
});

describe("decoding BMP", () => {
  it("decodes every depth", () => {
    assert.deepEqual(decoded({ width: 3, height: 1, depth: 1, palette: GREYS, data: [0xa0, 0, 0, 0] }), [
      "L",
      255,
      0,
      255,
    ]);
    const four = { width: 3, height: 1, depth: 4, palette: PALETTE, data: [0x12, 0x00, 0, 0] };
    assert.deepEqual(decoded(four), ["RGB", 255, 0, 0, 7, 7, 7, 0, 0, 0]);
    const eight = { width: 1, height: 2, depth: 8, palette: PALETTE, data: [1, 0, 0, 0, 2, 0, 0, 0] };
    assert.deepEqual(decoded(eight), ["RGB", 7, 7, 7, 255, 0, 0]);
    assert.deepEqual(decoded({ width: 1, height: 1, depth: 16, data: [0xff, 0x7c, 0, 0] }), ["RGB", 255, 57, 255]);
    assert.deepEqual(decoded({ width: 1, height: 1, depth: 24, data: [1, 2, 3, 0] }), ["RGB", 3, 2, 1]);
    assert.deepEqual(decoded({ width: 1, height: 1, depth: 32, data: [1, 2, 3, 4] }), ["RGB", 3, 2, 1]);
    assert.deepEqual(decoded({ width: 1, height: 1, depth: 24, data: [1, 2, 3], core: true }), ["RGB", 3, 2, 1]);
  });

  it("decodes bit fields and top-down rows", () => {
    const fields = { width: 1, height: 1, compression: 3, masks: [0xf800, 0x7e0, 0x1f] };
    assert.deepEqual(decoded({ ...fields, depth: 16, data: [0xe0, 0x07, 0, 0] }), ["RGB", 0, 255, 0]);
    const alpha = { width: 1, height: 1, compression: 6, masks: [0xff, 0xff00, 0xff0000, 0xff000000] };
    assert.deepEqual(decoded({ ...alpha, depth: 32, data: [1, 2, 3, 4] }), ["RGBA", 1, 2, 3, 4]);
    const down = { width: 1, height: -2, depth: 24, data: [1, 2, 3, 0, 4, 5, 6, 0] };
    assert.deepEqual(decoded(down), ["RGB", 3, 2, 1, 6, 5, 4]);
  });

  it("decodes runs", () => {
    const rle8 = { width: 4, height: 2, depth: 8, compression: 1, palette: GREYS };
    const data = [3, 1, 0, 0, 0, 3, 1, 0, 1, 0, 1, 1, 0, 1];
    assert.deepEqual(decoded({ ...rle8, data }), ["L", 255, 0, 255, 255, 255, 255, 255, 0]);
    assert.deepEqual(decoded({ ...rle8, data: [0, 2, 1, 1, 2, 1, 0, 1] }), ["L", 0, 255, 255, 0, 0, 0, 0, 0]);
    const rle4 = { width: 4, height: 1, depth: 4, compression: 2, palette: GREYS };
    assert.deepEqual(decoded({ ...rle4, data: [4, 0x10, 0, 1] }), ["L", 255, 0, 255, 0]);
    assert.deepEqual(decoded({ ...rle4, data: [0, 4, 0x01, 0x11, 0, 1] }), ["L", 0, 255, 255, 255]);
  });

  it("refuses what is cut off, damaged or unknown", () => {
    const refused = (parts: BmpParts): string => refusal(() => decoded(parts));
    assert.equal(refused({ width: 2, height: 2, depth: 24, data: [1, 2, 3] }), "BMP is cut off after 57 of 68 bytes");
    assert.match(refused({ width: 1, height: 1, depth: 8, palette: GREYS, data: [2, 0, 0, 0] }), /outside its palette/);
    assert.match(refused({ width: 1, height: 1, depth: 8, compression: 1, palette: GREYS, data: [9, 1] }), /leaves/);
    assert.match(refused({ width: 9, height: 9, depth: 8, compression: 1, palette: GREYS, data: [9, 1] }), /cut off/);
    assert.match(refused({ width: 1, height: 1, depth: 24, compression: 4, data: [0] }), /compression 4/);
    assert.match(refused({ width: 1, height: 1, depth: 7, data: [0] }), /7 bits/);
    assert.match(refused({ width: 99999, height: 99999, depth: 24, data: [] }), /too large/);
    assert.match(refused({ width: -1, height: 1, depth: 24, data: [] }), /no pixels/);
  });
});

describe("decoding damaged BMP and PNM", () => {
  it("throws nothing but UnreadableImage", () => {
    const bases = [
      bmp({
        width: 4,
        height: 2,
        depth: 8,
        compression: 1,
        palette: GREYS,
        data: [3, 1, 0, 0, 0, 3, 1, 0, 1, 0, 1, 1, 0, 1],
      }),
      bmp({ width: 3, height: 1, depth: 4, palette: PALETTE, data: [0x12, 0x00, 0, 0] }),
      bmp({ width: 1, height: 1, depth: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f], data: [0xe0, 0x07, 0, 0] }),
      Buffer.from("P5 3 2 255\nabcdef"),
      Buffer.from("P3 1 1 255 1 2 3"),
      Buffer.from("P7\nWIDTH 1\nHEIGHT 1\nDEPTH 1\nMAXVAL 255\nENDHDR\nx"),
    ];
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(...bases), changes, fc.nat(8), (base, flips, missing) => {
        const bytes = Buffer.from(base.subarray(0, base.length - (missing > 5 ? missing : 0)));
        for (const [at, value] of flips) bytes[at % bytes.length] = value;
        try {
          const limits = { pixels: 1e6 };
          const { pixels } = bytes[0] === 0x50 ? decodePnm(bytes, limits) : decodeBmp(bytes, limits);
          assert.ok(pixels.length > 0);
        } catch (error) {
          assert.ok(error instanceof UnreadableImage, String(error));
        }
      }),
      { numRuns: 3000 },
    );
  });
});
