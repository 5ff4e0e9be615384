import assert from "node:assert/strict";
import fc from "fast-check";
import { balancedSubset } from "../../../src/core/training/subset";
import { range } from "./toy";

const CLASSES = 4;
const cases = fc.record({
  labels: fc
    .array(fc.integer({ min: -1, max: CLASSES - 1 }), { minLength: 1, maxLength: 80 })
    .map((l) => Int32Array.from(l)),
  size: fc.integer({ min: 1, max: 90 }),
  seed: fc.integer(),
});

function choose(labels: Int32Array, size: number | "all", seed: number): Uint32Array {
  return balancedSubset(labels, range(0, labels.length), size, CLASSES, seed);
}

function perClass(labels: Int32Array, rows: Uint32Array): number[] {
  const counts = new Array<number>(CLASSES).fill(0);
  for (const row of rows) counts[labels[row] ?? 0] = (counts[labels[row] ?? 0] ?? 0) + 1;
  return counts;
}

describe("balancedSubset", () => {
  it("chooses labelled candidates, each once, as many as asked for or there are", () => {
    fc.assert(
      fc.property(cases, ({ labels, size, seed }) => {
        const chosen = choose(labels, size, seed);
        assert.equal(chosen.length, Math.min(size, labels.filter((label) => label >= 0).length));
        assert.equal(new Set(chosen).size, chosen.length);
        assert.ok(chosen.every((row) => (labels[row] ?? -1) >= 0));
      }),
    );
  });

  it("has equally many of every class as far as there are", () => {
    fc.assert(
      fc.property(cases, ({ labels, size, seed }) => {
        const chosen = choose(labels, size, seed);
        const has = perClass(labels, chosen);
        const there = perClass(labels, choose(labels, "all", seed));
        const most = Math.max(...has);
        has.forEach((count, label) =>
          assert.ok(count >= Math.min(most - 1, there[label] ?? 0), `${has.join()} of ${there.join()}`),
        );
      }),
    );
  });

  it("is nested: a smaller subset is the start of a larger one", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 90 }), ({ labels, size, seed }, other) => {
        const all = new Set(choose(labels, Math.max(size, other), seed));
        assert.ok(choose(labels, Math.min(size, other), seed).every((row) => all.has(row)));
      }),
    );
  });

  it("depends on the seed alone, not on the order of the candidates", () => {
    const labels = Int32Array.from({ length: 400 }, (_, row) => row % CLASSES);
    assert.deepEqual(choose(labels, 40, 1), choose(labels, 40, 1));
    assert.notDeepEqual(choose(labels, 40, 1), choose(labels, 40, 2));
    const backwards = balancedSubset(labels, range(0, 400).reverse(), 40, CLASSES, 1);
    assert.deepEqual(backwards.toSorted(), choose(labels, 40, 1).toSorted());
  });

  it("chooses the same samples from sanitized data as far as they stay", () => {
    const labels = Int32Array.from({ length: 400 }, (_, row) => row % CLASSES);
    const before = choose(labels, 40, 1);
    const gone = new Set([before[0], before[7]]);
    const after = balancedSubset(
      labels,
      range(0, 400).filter((row) => !gone.has(row)),
      40,
      CLASSES,
      1,
    );
    assert.equal(before.filter((row) => after.includes(row)).length, 38);
  });

  it("keeps everything for all", () => {
    const labels = Int32Array.of(0, -1, 3, 2, 9, 1, 1);
    assert.deepEqual(choose(labels, "all", 1), Uint32Array.of(0, 2, 3, 5, 6));
    assert.deepEqual(choose(labels, 5, 1), choose(labels, "all", 1));
  });

  it("is evenly spread over the candidates", () => {
    const labels = new Int32Array(1000);
    const chosen = choose(labels, 500, 11);
    const firstHalf = chosen.filter((row) => row < 500).length;
    assert.ok(firstHalf > 210 && firstHalf < 290, `${firstHalf} of 500 from the first half`);
  });
});
