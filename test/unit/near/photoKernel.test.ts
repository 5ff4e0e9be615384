import assert from "node:assert/strict";
import { blockMeans, lumaOf } from "../../../src/core/fingerprint/signature";
import { splitmix32 } from "../../../src/core/training/random";
import { LAYOUT_BYTES, LOOK_BYTES, LOOK_SIDE, turnSquare } from "../../../src/core/near/structure";
import { loadPhotoKernel, type Nearby, type PhotoColumns, type PhotoKernel } from "../../../src/engine/kernels/photos";
import { drawScene } from "../../support/scenes";
import { compiled } from "../kernels/support";

/** Looks of noise, waves and extremes; every third is one before it, changed, turned and moved. */
function hardLooks(count: number, seed: number): Uint8Array {
  const looks = new Uint8Array(count * LOOK_BYTES);
  let drawn = 0;
  const next = (limit: number): number => splitmix32(seed, drawn++) % limit;
  for (let row = 0; row < count; row++) {
    const look = looks.subarray(row * LOOK_BYTES, (row + 1) * LOOK_BYTES);
    if (row > 0 && row % 3 === 0) {
      const other = next(row);
      const turned = turnSquare(looks.subarray(other * LOOK_BYTES, (other + 1) * LOOK_BYTES), LOOK_SIDE, next(8));
      const [step, noise] = [next(3) + LOOK_SIDE * next(3), 1 + next(40)];
      look.forEach((_, at) => (look[at] = Math.min(255, (turned[(at + step) % LOOK_BYTES] ?? 0) + next(noise))));
      continue;
    }
    const kind = next(6);
    const [a, b, c] = [1 + next(7), 1 + next(7), 1 + next(30)];
    look.forEach((_, at) => {
      const [x, y] = [at % LOOK_SIDE, at >> 5];
      const wave = Math.sin((a * x + b * y) / c) + Math.sin((b * x * y) / (40 * a)) + Math.cos((y * c) / 50);
      const kinds = [128 + 42 * wave, next(256), ((x + y) & 2) * 127.5, 255 * ((x >> 2) & 1), 200, 128 + 3 * wave];
      look[at] = kinds[kind] ?? 0;
    });
  }
  return looks;
}

function columnsOf(looks: Uint8Array, kernel: PhotoKernel): PhotoColumns {
  const count = looks.length / LOOK_BYTES;
  const photos = {
    looks,
    layouts: new Int8Array(count * LAYOUT_BYTES),
    hashes: new Uint32Array(2 * count),
    sketches: new Uint32Array(count),
  };
  kernel.findLayouts(photos, 0, count);
  return photos;
}

function found(kernel: PhotoKernel, photos: PhotoColumns, first: number, skip: number, nearby: Nearby): unknown[][] {
  const { count, rows, scores, transforms, shifts } = kernel.compare(photos, first, skip, nearby);
  return Array.from({ length: count }, (_, i) => [rows[i], scores[i], transforms[i], shifts[2 * i], shifts[2 * i + 1]]);
}

describe("the kernel of photos", () => {
  let file = "";

  before(async () => {
    file = await compiled("photos");
  });

  it("finds what the plain reference finds, to the bit", () => {
    const [wasm, reference] = [loadPhotoKernel(file, {}), loadPhotoKernel(file, { CLEANSPLIT_WASM: "0" })];
    assert.deepEqual([wasm.name, reference.name], ["wasm", "reference"]);
    let all = 0;
    for (const [seed, nearby] of [
      { reach: 0.7, bySketches: false },
      { reach: -1, bySketches: false },
      { reach: 0.5, bySketches: true },
      { reach: -1, bySketches: true },
    ].entries()) {
      const count = 110;
      const photos = columnsOf(hardLooks(count, seed), wasm);
      assert.deepEqual(photos, columnsOf(photos.looks, reference));
      // Not from the start, and not a multiple of eight.
      const from = 3;
      for (const kernel of [wasm, reference]) kernel.take(photos, from, count - from);
      for (let first = 0; first < count; first++) {
        const skip = Math.max(0, first + 1 - from);
        const expected = found(reference, photos, first, skip, nearby);
        assert.deepEqual(found(wasm, photos, first, skip, nearby), expected, `photo ${first}`);
        all += expected.length;
      }
    }
    assert.ok(all > 100, `${all} pairs`);
  });

  it("finds turned copies by their sketches, too", () => {
    const scenes = Array.from({ length: 24 }, (_, seed) => {
      const picture = drawScene(seed % 2 === 0 ? "landscape" : "still life", seed);
      return blockMeans(lumaOf(picture), picture.width, picture.height, LOOK_SIDE, LOOK_SIDE);
    });
    const looks = Buffer.concat(
      scenes.flatMap((look, seed) => [
        look,
        turnSquare(
          look.map((level) => level * 0.9 + (seed % 7)),
          LOOK_SIDE,
          seed % 8,
        ),
      ]),
    );
    const kernel = loadPhotoKernel(file, {});
    const photos = columnsOf(looks, kernel);
    kernel.take(photos, 0, 2 * scenes.length);
    scenes.forEach((_, seed) => {
      const pairs = found(kernel, photos, 2 * seed, 2 * seed + 1, { reach: 0.9, bySketches: true });
      assert.equal(pairs[0]?.[0], 2 * seed + 1, `scene ${seed}`);
    });
  });
});
