import assert from "node:assert/strict";
import { coordinatesOf, farthest, findAxes } from "../../../src/core/near/axes";
import { mostSquares, rmsOf } from "../../../src/core/near/rms";
import { glyphKernel, memoryMaker } from "../../../src/engine/near/glyphKernel";
import { GlyphPairs } from "../../../src/engine/near/glyphPairs";
import { createSpace, pairsOf, ROOM, viewsOf, type Space } from "../../../src/engine/near/glyphSpace";
import { orderNode, writeBoxes } from "../../../src/engine/near/glyphTree";
import { compiled } from "../kernels/support";
import { bruteForce, glyphs, textOf } from "./glyphSupport";

const REACH = 16;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** A space with pictures, as the search makes it ready. */
function spaceOf(looks: Uint8Array, size: Size, file: string, environment: NodeJS.ProcessEnv): Space {
  const count = looks.length / (size.width * size.height);
  const space = createSpace(size, count, 2, memoryMaker(file, environment));
  const views = viewsOf(space);
  views.looks.set(looks);
  coordinatesOf(findAxes(looks, size.width, size.height), views.looks, 0, count, views.coordinates);
  views.order.set(views.order.map((_, i) => i));
  orderNode(views, space, 0, space.depth);
  writeBoxes(views, space);
  return space;
}

/** What the kernel finds, in the order in which it does: numbers of two pictures and the sum of squares. */
function search(space: Space, file: string, reach: number): number[] {
  const kernel = glyphKernel(space, file);
  const limits = { farthest: farthest(reach), mostSquares: mostSquares(reach, space.width * space.height) };
  const found: number[] = [];
  for (let leaf = 0; leaf < space.leafCount; leaf++) {
    for (let from = leaf; from < space.leafCount;) {
      const { end, next } = kernel.searchLeaf(leaf, from, limits, 1, 0);
      found.push(...pairsOf(space, 1).subarray(0, 3 * end));
      from = next;
    }
  }
  return found;
}

async function sorted(found: readonly number[], size: Size, count: number): Promise<string[]> {
  const pairs = new GlyphPairs(REACH, size.width * size.height, 1e6);
  pairs.add(Uint32Array.from(found));
  return textOf(await pairs.finish(Uint32Array.from({ length: count }, (_, i) => i)));
}

describe("the search of near glyphs", () => {
  let file = "";

  before(async () => {
    file = await compiled("glyphs");
  });

  /** Asserts that both kernels find what brute force finds, and answers how many pairs there are. */
  async function check(looks: Uint8Array, size: Size): Promise<number> {
    const expected = bruteForce(looks, size.width * size.height, REACH);
    const wasm = search(spaceOf(looks, size, file, {}), file, REACH);
    const reference = search(spaceOf(looks, size, file, { CLEANSPLIT_WASM: "0" }), file, REACH);
    assert.deepEqual(wasm, reference, "in the same order");
    assert.deepEqual(await sorted(wasm, size, looks.length / (size.width * size.height)), expected);
    return expected.length;
  }

  it("runs in WebAssembly, and in plain TypeScript where that is switched off", async () => {
    const looks = glyphs(3, 4, 4, 1);
    const kernelFor = (environment: NodeJS.ProcessEnv): string =>
      glyphKernel(spaceOf(looks, { width: 4, height: 4 }, file, environment), file).name;
    assert.deepEqual([kernelFor({}), kernelFor({ CLEANSPLIT_WASM: "0" })], ["wasm", "reference"]);
  });

  for (const [width, height, count] of [
    [1, 1, 300],
    [2, 1, 200],
    [3, 5, 500],
    [7, 7, 700],
    [9, 8, 400],
    [17, 31, 300],
    [28, 28, 900],
    [30, 30, 300],
    [48, 48, 300],
  ] as const) {
    it(`finds all pairs of ${count} pictures of ${width} x ${height}, and no other`, async () => {
      const found = await check(glyphs(count, width, height, width * 100 + height), { width, height });
      assert.ok(found > 100, `${found} pairs`);
    });
  }

  it("finds pairs for every count of pictures around the size of a leaf", async () => {
    for (const count of [1, 2, 63, 64, 65, 127, 128, 129, 193, 321]) {
      await check(glyphs(count, 5, 6, count), { width: 5, height: 6 });
    }
  });

  it("finds pictures that are exactly as far apart as the reach, and not those a bit farther", async () => {
    // Evenly brighter pictures are as far apart by their means as by their pixels: no bound may be too long.
    const size = { width: 28, height: 28 };
    const pixels = size.width * size.height;
    const base = glyphs(1, size.width, size.height, 7).map((level) => Math.min(level, 200));
    const looks = Buffer.concat([
      base,
      base.map((level) => level + 16),
      base.map((level, i) => level + (i === 400 ? 17 : 16)),
      base.map((level, i) => level + (i % 2 === 0 ? 32 : 0) * (i % 4 === 0 ? 1 : 0)),
      base.map((level) => level + 9),
    ]);
    await check(looks, size);
    const found = bruteForce(looks, pixels, REACH);
    assert.ok(found.includes("0 1 16") && found.includes("0 3 16") && found.includes("0 4 9"), found.join("; "));
    assert.ok(!found.some((pair) => pair.startsWith("0 2 ")), found.join("; "));
  });

  it("goes on where it stopped because there was no room left", async () => {
    // All are near each other: the pairs of the first leaf are more than there is room for.
    const looks = Uint8Array.from({ length: 700 * 16 }, (_, i) => 100 + ((i * 7) % 5) + (i >> 11));
    const found = await check(looks, { width: 4, height: 4 });
    assert.equal(found, (700 * 699) / 2);
    assert.ok(64 * (700 - 64) > ROOM);
  });

  it("takes pictures that are all alike, or lie along one axis only", async () => {
    await check(new Uint8Array(150 * 9).fill(77), { width: 3, height: 3 });
    await check(
      Uint8Array.from({ length: 250 * 9 }, (_, i) => Math.floor(i / 9)),
      { width: 3, height: 3 },
    );
    await check(
      Uint8Array.from({ length: 250 * 9 }, (_, i) => (Math.floor(i / 9) % 2) * 255),
      { width: 3, height: 3 },
    );
  });
});

describe("bounds of the search of glyphs", () => {
  it("are below the distance of any two pictures, the farthest ones too", () => {
    for (const [width, height] of [
      [1, 1],
      [3, 5],
      [28, 28],
      [47, 48],
    ] as const) {
      const pixels = width * height;
      const looks = Buffer.concat([
        glyphs(60, width, height, pixels),
        new Uint8Array(pixels),
        new Uint8Array(pixels).fill(255),
        Uint8Array.from({ length: pixels }, (_, i) => (i % 2) * 255),
      ]);
      const count = looks.length / pixels;
      const coordinates = new Int16Array(count * 16);
      coordinatesOf(findAxes(looks.subarray(0, 40 * pixels), width, height), looks, 0, count, coordinates);
      for (let a = 0; a < count; a++) {
        for (let b = 0; b < a; b++) {
          let [squares, distance] = [0, 0];
          for (let i = 0; i < pixels; i++) {
            squares += ((looks[a * pixels + i] ?? 0) - (looks[b * pixels + i] ?? 0)) ** 2;
          }
          for (let i = 0; i < 16; i++) {
            distance += ((coordinates[a * 16 + i] ?? 0) - (coordinates[b * 16 + i] ?? 0)) ** 2;
          }
          assert.ok(distance <= farthest(rmsOf(squares, pixels)), `${width} x ${height}: ${a}, ${b}`);
        }
      }
    }
  });

  it("tell most pictures apart that are apart", () => {
    const looks = glyphs(800, 28, 28, 5);
    const coordinates = new Int16Array(800 * 16);
    coordinatesOf(findAxes(looks, 28, 28), looks, 0, 800, coordinates);
    let left = 0;
    for (let a = 0; a < 800; a++) {
      for (let b = 0; b < a; b++) {
        let distance = 0;
        for (let i = 0; i < 16; i++) {
          distance += ((coordinates[a * 16 + i] ?? 0) - (coordinates[b * 16 + i] ?? 0)) ** 2;
        }
        if (distance <= farthest(REACH)) left++;
      }
    }
    const near = bruteForce(looks, 784, REACH).length;
    assert.ok(left < 4 * near, `${left} pairs are left to compare, ${near} are near`);
  });

  it("of sums of squares are where the score is still within the reach", () => {
    for (const pixels of [1, 15, 784, 900, 2304]) {
      for (let reach = 0; reach <= 16; reach += 0.25) {
        const most = mostSquares(reach, pixels);
        assert.ok(rmsOf(most, pixels) <= reach && rmsOf(most + 1, pixels) > reach, `${reach} of ${pixels}`);
      }
    }
  });
});
