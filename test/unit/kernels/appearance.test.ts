import assert from "node:assert/strict";
import fc from "fast-check";
import { appearanceOf, blockMeans, contrastOf, dHash, lumaOf, pHash } from "../../../src/core/fingerprint/signature";
import { bytesPerChannel, channelsOf, MODES, type Mode, type Picture } from "../../../src/core/picture";
import type { Kernels } from "../../../src/engine/kernels/kernels";
import { both, randomNumbers } from "./support";

function grey(width: number, height: number, level: (x: number, y: number) => number): Picture {
  const pixels = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels[y * width + x] = level(x, y);
  return { width, height, mode: "L", pixels };
}

/** A picture of uneven blobs, in which hardly two blocks are equal. */
function blobs(width: number, height: number, seed: number): Picture {
  const next = randomNumbers(seed);
  const waves = Array.from({ length: 6 }, () => [1 + (next() % 300) / 60, (next() % 300) / 60, (next() % 628) / 100]);
  return grey(width, height, (x, y) => {
    let sum = 0;
    for (const [a = 0, b = 0, c = 0] of waves) sum += Math.sin((a * x) / width + (b * y) / height + c);
    return Math.round(127 + 20 * sum);
  });
}

/** The picture with its pixel at (x, y) taken from where `from` says. */
function moved(
  picture: Picture,
  width: number,
  height: number,
  from: (x: number, y: number) => [number, number],
): Picture {
  return grey(width, height, (x, y) => {
    const [fromX, fromY] = from(x, y);
    return picture.pixels[fromY * picture.width + fromX] ?? 0;
  });
}

function bit(hash: Uint32Array, at: number): number {
  return ((hash[at >> 5] ?? 0) >>> (at & 31)) & 1;
}

const picture = fc
  .record({
    width: fc.oneof(fc.integer({ min: 1, max: 34 }), fc.integer({ min: 1, max: 300 })),
    height: fc.oneof(fc.integer({ min: 1, max: 34 }), fc.integer({ min: 1, max: 200 })),
    mode: fc.constantFrom(...MODES),
    levels: fc.constantFrom(1, 2, 5, 256),
    seed: fc.integer({ min: 1, max: 1e6 }),
  })
  .map(({ width, height, mode, levels, seed }): Picture => {
    const next = randomNumbers(seed);
    const size = width * height * channelsOf(mode) * bytesPerChannel(mode);
    const step = Math.floor(255 / Math.max(1, levels - 1));
    const pixels = Uint8Array.from({ length: size }, () => ((next() >> 10) % levels) * step);
    return { width, height, mode, pixels };
  });

describe("kernels on pictures decoded elsewhere", () => {
  let kernels: { readonly wasm: Kernels; readonly reference: Kernels };

  before(async () => {
    kernels = await both();
  });

  it("see what the reference sees, in all modes and sizes", () => {
    fc.assert(
      fc.property(picture, (picture) => {
        assert.deepEqual(kernels.wasm.appearance(picture), kernels.reference.appearance(picture));
      }),
      { numRuns: 400 },
    );
  });

  it("see what the reference sees in pictures of more than one band, and in very wide ones", () => {
    const rows = grey(1500, 900, (x, y) => (x * y) >> 4);
    assert.deepEqual(kernels.wasm.appearance(rows), appearanceOf(rows));
    for (const [width, height] of [
      [600_000, 1],
      [524_288, 2],
      [1, 40_000],
    ] as const) {
      const stripe = grey(width, height, (x, y) => (x >> 7) ^ y);
      assert.deepEqual(kernels.wasm.appearance(stripe), appearanceOf(stripe));
    }
  });
});

describe("signature", () => {
  it("takes grey levels by BT.601, over black, of the upper 8 of 16 bits", () => {
    const luma = (mode: Mode, ...pixels: number[]): number[] => [
      ...lumaOf({ width: 1, height: 1, mode, pixels: Uint8Array.from(pixels) }),
    ];
    assert.deepEqual(luma("L", 77), [77]);
    assert.deepEqual(luma("LA", 200, 255), [200]);
    assert.deepEqual(luma("LA", 200, 128), [100]);
    assert.deepEqual(luma("RGB", 255, 255, 255), [255]);
    assert.deepEqual(luma("RGB", 255, 0, 0), [76]);
    assert.deepEqual(luma("RGB", 0, 255, 0), [150]);
    assert.deepEqual(luma("RGB", 0, 0, 255), [29]);
    assert.deepEqual(luma("RGBA", 255, 255, 255, 51), [51]);
    assert.deepEqual(luma("L16", 255, 12), [12]);
    assert.deepEqual(luma("RGBA16", 0, 255, 0, 255, 0, 255, 9, 255), [255]);
  });

  it("scales floats from the lowest to the highest finite one", () => {
    const luma = (...values: number[]): number[] => {
      const pixels = new Uint8Array(Float32Array.from(values).buffer);
      return [...lumaOf({ width: values.length, height: 1, mode: "F32", pixels })];
    };
    assert.deepEqual(luma(-1, 0, 1), [0, 128, 255]);
    assert.deepEqual(luma(NaN, 5, Infinity, 7, -Infinity), [0, 0, 255, 255, 0]);
    assert.deepEqual(luma(3, 3, 3), [0, 0, 0]);
    assert.deepEqual(luma(-3e38, 3e38), [0, 255]);
    assert.deepEqual(luma(NaN), [0]);
  });

  it("averages areas exactly, with fractions of pixels, rounding halves up", () => {
    assert.deepEqual([...blockMeans(Uint8Array.of(10), 1, 1, 2, 2)], [10, 10, 10, 10]);
    // Three pixels in two blocks: (0 + 30 / 2) / 1.5 and (30 / 2 + 90) / 1.5.
    assert.deepEqual([...blockMeans(Uint8Array.of(0, 30, 90), 3, 1, 2, 1)], [10, 70]);
    assert.deepEqual([...blockMeans(Uint8Array.of(0, 1), 2, 1, 1, 1)], [1]);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer(),
        (width, height, seed) => {
          const { pixels } = blobs(width, height, seed | 1);
          const means = blockMeans(pixels, width, height, 9, 8);
          for (let row = 0; row < 8; row++) {
            for (let column = 0; column < 9; column++) {
              let sum = 0n;
              for (let y = 0; y < height; y++) {
                for (let x = 0; x < width; x++) {
                  const across = Math.min((x + 1) * 9, (column + 1) * width) - Math.max(x * 9, column * width);
                  const down = Math.min((y + 1) * 8, (row + 1) * height) - Math.max(y * 8, row * height);
                  if (across > 0 && down > 0) sum += BigInt(across * down * (pixels[y * width + x] ?? 0));
                }
              }
              const area = BigInt(width * height);
              assert.equal(means[row * 9 + column], Number((2n * sum + area) / (2n * area)));
            }
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  it("says of an empty picture that there is nothing in it", () => {
    for (const level of [0, 100, 255]) {
      const { signature, dHash, pHash, contrast } = appearanceOf(grey(28, 28, () => level));
      assert.ok(signature.every((mean) => mean === level));
      assert.deepEqual([...dHash, ...pHash], [0, 0, 0, 0]);
      assert.deepEqual(contrast, { darkest: level, brightest: level, spread: 0 });
    }
    assert.deepEqual(contrastOf(Uint8Array.of(0, 255)), { darkest: 0, brightest: 255, spread: 16256 });
  });

  it("hashes slopes by their direction", () => {
    const across = grey(90, 80, (x) => x);
    assert.deepEqual([...appearanceOf(across).dHash], [0xffffffff, 0xffffffff]);
    assert.deepEqual([...appearanceOf(grey(90, 80, (x) => 90 - x)).dHash], [0, 0]);
    assert.deepEqual([...appearanceOf(grey(90, 80, (_, y) => y)).dHash], [0, 0]);
    // Bit 8 * column + row: only the left column of blocks is darker than the one to its right.
    assert.deepEqual([...dHash(Uint8Array.from({ length: 72 }, (_, i) => (i % 9 === 0 ? 1 : 2)))], [255, 0]);
  });

  it("turns and mirrors with the picture", () => {
    for (const [width, height] of [
      [28, 28],
      [45, 31],
      [200, 120],
    ] as const) {
      const picture = blobs(width, height, width);
      const look = appearanceOf(picture);
      const mirrored = appearanceOf(moved(picture, width, height, (x, y) => [width - 1 - x, y]));
      const turned = appearanceOf(moved(picture, height, width, (x, y) => [y, x]));
      for (let y = 0; y < 8; y++) {
        for (let x = 0; x < 8; x++) {
          assert.equal(mirrored.signature[y * 8 + x], look.signature[y * 8 + 7 - x]);
          assert.equal(turned.signature[y * 8 + x], look.signature[x * 8 + y]);
          // Frequencies across and down change places: the median stays.
          assert.equal(bit(turned.pHash, 8 * x + y), bit(look.pHash, 8 * y + x));
        }
      }
      assert.deepEqual(mirrored.contrast, look.contrast);
      // Odd frequencies change their sign: about half of the bits that stand for them do, too.
      const even = [2, 4, 6].filter((u) => bit(mirrored.pHash, 8 * u) === bit(look.pHash, 8 * u));
      assert.ok(even.length >= 2);
    }
  });

  it("hashes the frequencies that a cosine transform in floats has", () => {
    for (let seed = 1; seed <= 5; seed++) {
      const means = blobs(32, 32, seed).pixels;
      const coefficients: number[] = [];
      for (let u = 0; u < 8; u++) {
        for (let v = 0; v < 8; v++) {
          let sum = 0;
          for (let y = 0; y < 32; y++) {
            for (let x = 0; x < 32; x++) {
              const wave = Math.cos(((2 * x + 1) * u * Math.PI) / 64) * Math.cos(((2 * y + 1) * v * Math.PI) / 64);
              sum += (means[y * 32 + x] ?? 0) * wave;
            }
          }
          coefficients.push(sum);
        }
      }
      const median = coefficients.slice(1).sort((a, b) => a - b)[31] ?? 0;
      const hash = pHash(means);
      // Cosines in 1/128 are off by 1/256 at most: coefficients further than that from the median decide alike.
      const tolerance = Math.max(...coefficients.slice(1).map(Math.abs)) / 64;
      let decided = 0;
      for (let i = 1; i < 64; i++) {
        const above = (coefficients[i] ?? 0) - median;
        if (Math.abs(above) < tolerance) continue;
        assert.equal(bit(hash, i), above > 0 ? 1 : 0);
        decided++;
      }
      assert.ok(decided > 5, `only ${decided} bits are beyond doubt`);
      assert.equal(bit(hash, 0), 0);
    }
  });

  it("has 31 of the 63 bits set unless coefficients are equal", () => {
    for (let seed = 1; seed < 20; seed++) {
      const next = randomNumbers(seed);
      const hash = pHash(Uint8Array.from({ length: 1024 }, () => next() >> 11));
      let count = 0;
      for (let i = 0; i < 64; i++) count += bit(hash, i);
      assert.equal(count, 31);
    }
  });
});
