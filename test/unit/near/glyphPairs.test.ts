import assert from "node:assert/strict";
import { isAsGood, MEASURES } from "../../../src/core/near/near";
import { rmsOf } from "../../../src/core/near/rms";
import { GlyphPairs } from "../../../src/engine/near/glyphPairs";
import { randomNumbers } from "../kernels/support";
import { textOf } from "./glyphSupport";

const PIXELS = 100;
const SAMPLES = Uint32Array.from({ length: 200 }, (_, i) => 1000 + 3 * i);

/** Pairs of different pictures, each once, with sums of squares up to 16 levels a pixel. */
function randomPairs(count: number, seed: number): Uint32Array[] {
  const next = randomNumbers(seed);
  const keys = new Set<number>();
  while (keys.size < count) {
    const [a, b] = [(next() >> 8) % 200, (next() >> 8) % 200];
    if (a < b) keys.add(a * 200 + b);
  }
  return Array.from(keys, (key) =>
    Uint32Array.of(Math.floor(key / 200), key % 200, (next() >> 6) % (256 * PIXELS + 1)),
  );
}

function collect(pairs: readonly Uint32Array[], most: number, inOneJob = 7): GlyphPairs {
  const all = new GlyphPairs(16, PIXELS, most);
  for (let at = 0; at < pairs.length; at += inOneJob) {
    all.add(Uint32Array.from(pairs.slice(at, at + inOneJob).flatMap((pair) => Array.from(pair))));
  }
  return all;
}

describe("pairs of glyphs while they are found", () => {
  it("are in ascending order with the score of the definition, in whatever order they came", async () => {
    const pairs = randomPairs(500, 1);
    const all = collect(pairs, 500);
    const expected = pairs
      .toSorted((p, q) => (p[0] ?? 0) - (q[0] ?? 0) || (p[1] ?? 0) - (q[1] ?? 0))
      .map(([a = 0, b = 0, squares = 0]) => `${1000 + 3 * a} ${1000 + 3 * b} ${rmsOf(squares, PIXELS)}`);
    assert.deepEqual(textOf(await all.finish(SAMPLES)), expected);
    assert.deepEqual([all.reach, all.limitedText(MEASURES.glyphs)], [16, null]);
    assert.deepEqual(textOf(await collect(pairs.toReversed(), 500, 3).finish(SAMPLES)), expected);
  });

  it("that are too many are kept up to the largest quarter of a level at which they are not", async () => {
    const pairs = randomPairs(9000, 2);
    const scores = pairs.map((pair) => rmsOf(pair[2] ?? 0, PIXELS));
    const within = (reach: number): number => scores.filter((score) => isAsGood(MEASURES.glyphs, score, reach)).length;
    for (const most of [8999, 5000, 400, 20]) {
      const all = collect(pairs, most);
      let reach = 16;
      while (within(reach) > most) reach -= 0.25;
      const found = await all.finish(SAMPLES);
      assert.deepEqual([all.reach, found.count], [reach, within(reach)]);
      assert.ok(found.scores.every((score) => score <= reach));
      const other = collect(pairs.toReversed(), most, 1);
      assert.deepEqual(textOf(await other.finish(SAMPLES)), textOf(found), "whatever the order");
      const text = `More than ${most.toLocaleString("en")} pairs have an RMS grey difference of at most 16, so only those of at most ${reach} are kept: ${found.count.toLocaleString("en")} pairs.`;
      assert.equal(all.limitedText(MEASURES.glyphs), text);
    }
  });

  it("are not kept at all when those without any difference are too many", async () => {
    const pairs = randomPairs(60, 3).map(([a = 0, b = 0]) => Uint32Array.of(a, b, 0));
    const all = collect(pairs, 50);
    assert.deepEqual([(await all.finish(SAMPLES)).count, all.reach], [0, 0]);
    assert.ok(all.mostSquares < 0, "nothing more is searched");
    assert.match(all.limitedText(MEASURES.glyphs) ?? "", /^More than 50 pairs .* even of 0, so none is kept\.$/);
  });
});
