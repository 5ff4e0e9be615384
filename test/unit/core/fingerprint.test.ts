import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import type { Md5 } from "../../../src/core/fingerprint/md5";
import { sparkMd5 } from "../../../src/core/fingerprint/sparkMd5";
import { isBlank, pixelDigest } from "../../../src/core/fingerprint/pixels";
import { recogniseScaling, unscale, type Scaling } from "../../../src/core/fingerprint/scaling";
import type { Picture } from "../../../src/core/picture";
import { chooseMd5, nodeMd5 } from "../../../src/engine/nodeMd5";

function hex(md5: Md5, ...parts: readonly Uint8Array[]): string {
  const digest = new Uint8Array(18);
  md5.into(digest, 1, ...parts);
  assert.deepEqual([digest[0], digest[17]], [0, 0]);
  return Buffer.from(digest.subarray(1, 17)).toString("hex");
}

describe("MD5", () => {
  it("is the same by spark-md5 and node:crypto, for any bytes in any parts and windows", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), fc.nat(5), (parts, offset) => {
        const windows = parts.map((part) =>
          Uint8Array.from([...new Uint8Array(offset), ...part, 7]).subarray(offset, -1),
        );
        const expected = createHash("md5").update(Buffer.concat(parts)).digest("hex");
        assert.equal(hex(sparkMd5, ...windows), expected);
        assert.equal(hex(nodeMd5, ...windows), expected);
      }),
    );
  });

  it("falls back to spark-md5 where node:crypto refuses it", () => {
    const refusing: Md5 = {
      name: "node:crypto",
      into: () => {
        throw new Error("error:0308010C:digital envelope routines::unsupported");
      },
    };
    assert.equal(chooseMd5(refusing).name, "spark-md5");
    assert.equal(chooseMd5().name, "node:crypto");
  });
});

describe("pixel fingerprints", () => {
  const digest = (picture: Picture): string => {
    const target = new Uint8Array(16);
    pixelDigest(nodeMd5, picture, target, 0);
    return Buffer.from(target).toString("hex");
  };
  const grey: Picture = { width: 2, height: 3, mode: "L", pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) };

  it("tell shape, mode and pixels apart", () => {
    const others: Picture[] = [
      { ...grey, width: 3, height: 2 },
      { ...grey, mode: "RGB", height: 1 },
      { ...grey, pixels: Uint8Array.of(1, 2, 3, 4, 5, 7) },
    ];
    assert.equal(new Set([grey, ...others].map(digest)).size, 4);
    assert.equal(digest({ ...grey, pixels: grey.pixels.slice() }), digest(grey));
  });

  it("call a picture blank when all its pixels, not all its bytes, are equal", () => {
    assert.equal(isBlank({ width: 2, height: 1, mode: "RGB", pixels: Uint8Array.of(1, 2, 3, 1, 2, 3) }), true);
    assert.equal(isBlank({ width: 2, height: 1, mode: "RGB", pixels: Uint8Array.of(1, 2, 3, 1, 2, 4) }), false);
    assert.equal(isBlank({ width: 1, height: 1, mode: "L", pixels: Uint8Array.of(9) }), false);
  });
});

describe("scaling of floats", () => {
  const formulas: Readonly<Record<Scaling, (pixel: number) => number>> = {
    course: (pixel) => (pixel - 255 / 2) / 255,
    unit: (pixel) => pixel / 255,
    symmetric: (pixel) => pixel / 127.5 - 1,
    identity: (pixel) => pixel,
    signed: (pixel) => (pixel - 128) / 128,
    power: (pixel) => pixel / 256,
  };
  const pictures = fc.array(fc.uint8Array({ minLength: 64, maxLength: 64 }), { minLength: 5, maxLength: 5 });

  for (const [scaling, formula] of Object.entries(formulas)) {
    it(`${scaling} is recognised in 32-bit floats and gives the pixels back`, () => {
      fc.assert(
        fc.property(pictures, (rows) => {
          const floats = rows.map((row) => Float32Array.from(row, formula));
          assert.equal(recogniseScaling([...floats, Float32Array.of(formula(0), formula(255), formula(3))]), scaling);
          floats.forEach((row, index) => assert.deepEqual(unscale(scaling as Scaling, row), rows[index]));
        }),
      );
    });
  }

  it("is not found in other floats, and rows that do not fit are told", () => {
    assert.equal(recogniseScaling([Float32Array.of(0.1234567, 0.7654321, -0.3)]), null);
    assert.equal(unscale("course", Float32Array.of(0)), null);
    assert.equal(unscale("unit", Float32Array.of(Number.NaN)), null);
    assert.equal(unscale("unit", Float32Array.of(1.004)), null);
  });
});
