import assert from "node:assert/strict";
import fc from "fast-check";
import sharp from "sharp";
import { channelsOf, type Mode, type Picture } from "../../../src/core/picture";
import { decodeImage } from "../../../src/engine/decode/decode";
import { encodeThumbnail, resizeTo } from "../../../src/engine/decode/thumbnail";

function picture(width: number, height: number, mode: Mode, pixels: ArrayLike<number>): Picture {
  return { width, height, mode, pixels: Uint8Array.from(pixels) };
}

function filled(width: number, height: number, mode: Mode, pixel: readonly number[]): Picture {
  const pixels = Array.from({ length: width * height * pixel.length }, (_, i) => pixel[i % pixel.length] ?? 0);
  return picture(width, height, mode, pixels);
}

describe("thumbnails", () => {
  it("keep small pictures as they are", async () => {
    const pictures = fc
      .record({
        width: fc.integer({ min: 1, max: 30 }),
        height: fc.integer({ min: 1, max: 30 }),
        mode: fc.constantFrom<Mode>("L", "LA", "RGB", "RGBA"),
      })
      .chain(({ width, height, mode }) => {
        const length = width * height * channelsOf(mode);
        return fc
          .uint8Array({ minLength: length, maxLength: length })
          .map((pixels) => picture(width, height, mode, pixels));
      });
    await fc.assert(
      fc.asyncProperty(pictures, async (original) => {
        const { png, width, height } = await encodeThumbnail(original, 30);
        assert.deepEqual([width, height], [original.width, original.height]);
        assert.deepEqual(await decodeImage(png), original);
        assert.equal((await sharp(png).metadata()).format, "png");
      }),
      { numRuns: 60 },
    );
  });

  it("shrink large pictures to the longer side and keep their mode", async () => {
    for (const [mode, pixel] of [
      ["L", [90]],
      ["LA", [90, 40]],
      ["RGB", [10, 90, 200]],
      ["RGBA", [12, 90, 200, 255]],
    ] as const) {
      const { png, width, height } = await encodeThumbnail(filled(200, 50, mode, pixel), 64);
      assert.deepEqual([width, height], [64, 16]);
      const small = await decodeImage(png);
      assert.equal(small.mode, mode);
      for (const [channel, value] of pixel.entries()) {
        assert.ok(Math.abs((small.pixels[channel] ?? 0) - value) <= 3, `${mode} ${String(small.pixels[channel])}`);
      }
    }
    const { width, height } = await encodeThumbnail(filled(300, 1, "L", [5]), 10);
    assert.deepEqual([width, height], [10, 1]);
  });

  it("scale 16 bits and floats", async () => {
    const sixteen = picture(3, 1, "L16", new Uint8Array(Uint16Array.of(0, 32896, 65535).buffer));
    assert.deepEqual((await decodeImage((await encodeThumbnail(sixteen, 9)).png)).pixels, Uint8Array.of(0, 128, 255));
    const floats = picture(4, 1, "F32", new Uint8Array(Float32Array.of(-0.5, 0.5, 0, NaN).buffer));
    const shown = await decodeImage((await encodeThumbnail(floats, 9)).png);
    assert.deepEqual([shown.mode, ...shown.pixels], ["L", 0, 255, 128, 0]);
    const flat = picture(2, 1, "F64", new Uint8Array(Float64Array.of(3, 3).buffer));
    assert.deepEqual((await decodeImage((await encodeThumbnail(flat, 9)).png)).pixels, Uint8Array.of(128, 128));
  });
});

describe("features for training", () => {
  it("leave pictures of the right size alone", async () => {
    const grey = picture(2, 2, "L", [1, 2, 3, 4]);
    assert.deepEqual(await resizeTo(grey, 2, 1), grey.pixels);
    assert.deepEqual([...(await resizeTo(grey, 2, 3))], [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
  });

  it("weigh colours and lay alpha over black", async () => {
    assert.deepEqual([...(await resizeTo(picture(1, 1, "RGB", [100, 200, 50]), 1, 1))], [153]);
    assert.deepEqual([...(await resizeTo(picture(1, 1, "RGBA", [100, 200, 50, 51]), 1, 3))], [20, 40, 10]);
    assert.deepEqual([...(await resizeTo(picture(1, 1, "LA", [200, 51]), 1, 1))], [40]);
  });

  it("have the exact size whatever the picture's", async () => {
    for (const [width, height] of [
      [1, 1],
      [100, 3],
      [28, 28],
      [7, 90],
    ] as const) {
      for (const channels of [1, 3] as const) {
        const pixels = await resizeTo(filled(width, height, "RGB", [40, 40, 40]), 28, channels);
        assert.equal(pixels.length, 28 * 28 * channels);
        assert.ok(
          pixels.every((value) => value === 40),
          `${String(width)}×${String(height)}`,
        );
      }
    }
  });
});
