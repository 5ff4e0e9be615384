import assert from "node:assert/strict";
import { Random, shuffle, splitmix32 } from "../../../src/core/training/random";
import { range } from "./toy";

describe("random numbers", () => {
  it("are the same for a seed on every machine", () => {
    const random = new Random(1);
    // Computed by an independent implementation. Results of trainings can be repeated only as long as these numbers stay.
    assert.deepEqual(
      Array.from({ length: 4 }, () => random.next()),
      [2420951833, 2513034076, 3847892949, 4064752930],
    );
    assert.deepEqual([splitmix32(0, 0), splitmix32(0, 1)], [1684164658, 3653269916]);
  });

  it("differ between seeds, also negative and large ones", () => {
    const firsts = [0, 1, 2, -1, 2 ** 31, 12345678].map((seed) => new Random(seed).next());
    assert.equal(new Set(firsts).size, firsts.length);
  });

  it("are equally likely below any limit", () => {
    const random = new Random(5);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) {
      const value = random.below(7);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    // 99.9 % quantile of chi square with 6 degrees of freedom.
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    assert.ok(chiSquare < 22.5, `chi square ${chiSquare}`);
  });

  it("reach the whole range", () => {
    const random = new Random(5);
    const values = Array.from({ length: 1000 }, () => random.below(2 ** 32));
    assert.ok(Math.max(...values) > 2 ** 31 && values.every((value) => Number.isInteger(value) && value >= 0));
  });
});

describe("shuffle", () => {
  it("keeps every value", () => {
    const values = range(0, 1000);
    shuffle(values, new Random(1));
    assert.notDeepEqual(values, range(0, 1000));
    assert.deepEqual(values.toSorted(), range(0, 1000));
  });

  it("makes all orders equally likely", () => {
    const random = new Random(2);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const values = range(0, 4);
      shuffle(values, random);
      counts.set(values.join(), (counts.get(values.join()) ?? 0) + 1);
    }
    assert.equal(counts.size, 24);
    // 99.9 % quantile of chi square with 23 degrees of freedom.
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    assert.ok(chiSquare < 49.7, `chi square ${chiSquare}`);
  });
});
