import assert from "node:assert/strict";
import sharp, { type Sharp } from "sharp";
import { turnSquare } from "../../../src/core/near/structure";
import type { Picture } from "../../../src/core/picture";
import { decodeImage } from "../../../src/engine/decode/decode";
import { overlay } from "../../../src/engine/near/overlay";
import { drawScene } from "../../support/scenes";

async function changed(picture: Picture, change: (image: Sharp) => Sharp): Promise<Picture> {
  const { width, height, pixels } = picture;
  const { data, info } = await change(sharp(pixels, { raw: { width, height, channels: 3 } }))
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, mode: "RGB", pixels: Uint8Array.from(data) };
}

describe("two pictures laid over each other", () => {
  const first = drawScene("still life", 50);

  it("are turned and scaled so that a copy is the same everywhere", async () => {
    const second = await changed(first, (image) => image.rotate(90).resize(144, 192));
    const { width, height, nearness, ...pictures } = await overlay(first, second, 64, "photos");
    assert.deepEqual([width, height], [64, 48]);
    assert.deepEqual(
      [nearness.transform, nearness.shift, nearness.verdict],
      ["rotated by 90° anticlockwise", [0, 0], null],
    );
    assert.ok(nearness.score > 0.98);
    const [below, above, difference] = await Promise.all(
      [pictures.first, pictures.second, pictures.difference].map((png) => decodeImage(png)),
    );
    for (const picture of [below, above, difference]) assert.deepEqual([picture?.width, picture?.height], [64, 48]);
    assert.deepEqual([below?.mode, above?.mode, difference?.mode], ["RGB", "RGB", "L"]);
    const levels = difference?.pixels ?? new Uint8Array();
    const mean = levels.reduce((sum, level) => sum + Math.abs(level - 128), 0) / levels.length;
    assert.ok(mean < 6, `${mean}`);
  });

  it("are moved, and what is brighter in the second one is lighter in the difference", async () => {
    const { width, height } = first;
    const pixels = first.pixels.map((_, at) => {
      // Six pixels to the left, and brighter by 20.
      const x = Math.floor(at / 3) % width;
      return Math.min(255, (x + 6 < width ? (first.pixels[at + 18] ?? 0) : 0) + 20);
    });
    const { nearness, ...pictures } = await overlay(first, { ...first, pixels }, 1000, "photos");
    assert.deepEqual([pictures.width, pictures.height, nearness.shift], [width, height, [2, 0]]);
    const { pixels: levels } = await decodeImage(pictures.difference);
    const column = (x: number): number[] => Array.from({ length: height }, (_, y) => levels[y * width + x] ?? 0);
    assert.deepEqual(new Set(column(2)), new Set([128]), "nothing lies there");
    const inside = column(50).sort((a, b) => a - b);
    assert.equal(inside[Math.floor(height / 2)], 148);
  });

  it("that are tiny keep their size, and glyphs lie as they are", async () => {
    const glyph = Uint8Array.from({ length: 64 }, (_, at) => (at * 37) % 200);
    const picture = (pixels: Uint8Array): Picture => ({ width: 8, height: 8, mode: "L", pixels });
    const mirrored = turnSquare(glyph, 8, 1);
    const found = await overlay(picture(glyph), picture(mirrored), 200, "glyphs");
    assert.deepEqual([found.width, found.height, found.nearness.transform], [8, 8, "as it is"]);
    assert.deepEqual((await decodeImage(found.first)).pixels, glyph);
    assert.deepEqual((await decodeImage(found.second)).pixels, mirrored);
    const brighter = await overlay(picture(glyph), picture(glyph.map((level) => level + 9)), 200, "glyphs");
    assert.equal(brighter.nearness.score, 9);
    assert.deepEqual(new Set((await decodeImage(brighter.difference)).pixels), new Set([137]));
  });
});
