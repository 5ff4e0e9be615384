import assert from "node:assert/strict";
import fc from "fast-check";
import type { PairVerdict, SampleView } from "../../../src/core/leakage/report";
import { chancePairs, rateOfTruncated } from "../../../src/core/near/chance";
import { NO_DECISIONS } from "../../../src/core/near/decisions";
import { doubtfulPairs } from "../../../src/core/near/doubtful";
import type { NearFindings } from "../../../src/core/near/findings";
import { nearHistogram } from "../../../src/core/near/histogram";
import { isAsGood, MEASURES, type Measure } from "../../../src/core/near/near";
import { measurePrecision, wilson } from "../../../src/core/near/precision";
import { nearReport } from "../../../src/core/near/report";
import { Random } from "../../../src/core/training/random";
import { findingsOf, type TestSample } from "../core/support";
import { cases, nearOf, searchOf, type TestPair } from "./support";

const view = (sample: number): SampleView => ({
  sample,
  id: String(sample),
  split: "train",
  label: null,
  width: 1,
  height: 1,
  file: "",
  isImageFile: true,
});

/** Pairs with these scores, each of pictures of their own. */
const apart = (scores: readonly number[]): TestPair[] =>
  scores.map((score, i) => ({ first: 2 * i, second: 2 * i + 1, score }));

/** What is near among pictures of which each pair stands alone, with verdicts for some of the pairs. */
function nearWith(
  scores: readonly number[],
  options: { readonly measure?: Measure; readonly verdicts?: ReadonlyMap<number, PairVerdict> } = {},
): NearFindings {
  const { measure = MEASURES.glyphs, verdicts = new Map<number, PairVerdict>() } = options;
  const count = 2 * scores.length;
  const all = Array.from({ length: count }, (): TestSample => ({ split: "train", content: 0 }));
  const base = findingsOf(all);
  // Contents of tests are bytes: so many different pictures need digests of their own.
  const words = new Uint32Array(base.fingerprints.pixelDigests.buffer);
  for (let sample = 0; sample < count; sample++) words[4 * sample] = sample + 1;
  const findings = {
    ...base,
    groups: { ...base.groups, pixel: { count: 0, offsets: Uint32Array.of(0), members: new Uint32Array() } },
  };
  const pairs = [...verdicts].map(([pair, verdict]) => ({ first: 2 * pair, second: 2 * pair + 1, verdict }));
  return nearOf(findings, searchOf(count, apart(scores), measure), measure.threshold, { ...NO_DECISIONS, pairs });
}

describe("the histogram of nearest neighbours", () => {
  it("has for every sample the nearest of its split and of another one, as a comparison of each two says", () => {
    fc.assert(
      fc.property(cases(), ({ all, pairs }) => {
        const findings = findingsOf(all);
        const histogram = nearHistogram(findings, searchOf(all.length, pairs));
        const usable = [...all.keys()].filter((sample) => (all[sample]?.state ?? 0) === 0);
        const picture = (sample: number): number => all[sample]?.content ?? 0;
        const split = (sample: number): string => all[sample]?.split ?? "";
        const scoreOf = (a: number, b: number): number =>
          Math.min(
            picture(a) === picture(b) ? 0 : Infinity,
            ...pairs
              .filter(({ first, second }) => {
                const [one, other] = [picture(first), picture(second)];
                return (one === picture(a) && other === picture(b)) || (one === picture(b) && other === picture(a));
              })
              .map(({ score }) => score),
          );
        const expected = (others: (a: number, b: number) => boolean): number[] => {
          const counts = new Array<number>(32).fill(0);
          for (const a of usable) {
            const nearest = Math.min(...usable.filter((b) => b !== a && others(a, b)).map((b) => scoreOf(a, b)));
            const bin = Math.min(31, Math.floor(nearest * 2));
            if (nearest <= 16) counts[bin] = (counts[bin] ?? 0) + 1;
          }
          return counts;
        };
        assert.equal(histogram.bounds.length, 33);
        assert.deepEqual([histogram.bounds[0], histogram.bounds[1], histogram.bounds[32]], [0, 0.5, 16]);
        assert.deepEqual(
          histogram.within,
          expected((a, b) => split(a) === split(b) && picture(a) !== picture(b)),
        );
        assert.deepEqual(
          histogram.between,
          expected((a, b) => split(a) !== split(b)),
        );
      }),
    );
  });

  it("goes from the best score down, and no farther than was searched", () => {
    const all: TestSample[] = [
      { split: "train", content: 1 },
      { split: "test", content: 2 },
      { split: "train", content: 3 },
    ];
    const search = searchOf(3, [{ first: 0, second: 1, score: 0.955 }], MEASURES.photos);
    const { bounds, between, within } = nearHistogram(findingsOf(all), { ...search, reach: 0.895 });
    assert.deepEqual(bounds.slice(0, 3), [1, 0.99, 0.98]);
    assert.deepEqual(bounds.slice(-2), [0.9, 0.895]);
    assert.equal(between[4], 2);
    assert.equal(
      [...between, ...within].reduce((sum, count) => sum + count, 0),
      2,
    );
  });
});

describe("pairs by chance", () => {
  /** Distances of a continuum of `k` dimensions, as far as `reach`, `count` of them within it. */
  const continuum = (k: number, count: number, reach: number, seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: count }, () => reach * ((random.next() + 0.5) / 2 ** 32) ** (1 / k));
  };
  const scoresOf = (measure: Measure, distances: readonly number[]): number[] =>
    measure.regime === "glyphs" ? [...distances] : distances.map((r) => 1 - (r * r) / 2);

  for (const [measure, k] of [
    [MEASURES.glyphs, 3],
    [MEASURES.glyphs, 12],
    [MEASURES.photos, 8],
  ] as const) {
    it(`are told from planted ones among ${measure.regime} of ${k} dimensions`, () => {
      const end = measure.regime === "glyphs" ? measure.reach : Math.sqrt(2 * (1 - measure.reach));
      let [sum, truth] = [0, 0];
      for (let seed = 0; seed < 20; seed++) {
        const chance = continuum(k, 4000, end, seed);
        const planted = continuum(2, 300, end / 4, 100 + seed);
        const scores = scoresOf(measure, [...chance, ...planted]);
        sum += chancePairs(nearWith(scores, { measure })) ?? assert.fail("must be known");
        truth += scoresOf(measure, chance).filter((score) => isAsGood(measure, score, measure.threshold)).length;
      }
      // Twenty runs: the fit itself is off by a few per cent.
      assert.ok(Math.abs(sum - truth) <= 0.1 * truth + 20, `${sum} estimated, ${truth} true`);
    });
  }

  it("are never more than there are, and unknown without a continuum", () => {
    const chance = continuum(3, 4000, 16, 1);
    const beyond = chance.filter((score) => score > 9);
    assert.equal(chancePairs(nearWith(beyond)), 0);
    assert.equal(chancePairs(nearWith([5, ...beyond])), 1);
    assert.equal(chancePairs(nearWith([1, 2, 3, ...beyond.slice(0, 19)])), null);
    // True pairs that become fewer with the distance are no chance.
    assert.equal(chancePairs(nearWith(Array.from({ length: 200 }, (_, i) => 16 * (i / 200) ** 3))), null);
  });

  it("do not count what people judged", () => {
    const scores = continuum(3, 1000, 16, 2);
    const within = scores.flatMap((score, i) => (score <= 9 ? [i] : []));
    const all = new Map(within.map((i) => [i, "duplicate" as const]));
    assert.equal(chancePairs(nearWith(scores, { verdicts: all })), 0);
  });

  it("follow from a fit that finds the rate of what it is given", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 200, noNaN: true }),
        fc.double({ min: 0.05, max: 5, noNaN: true }),
        (rate, length) => {
          const mean = 1 / rate - length / Math.expm1(rate * length);
          const found = rateOfTruncated(mean, length);
          // Where rate and length are small the mean hardly depends on the rate.
          if (rate * length > 0.1)
            assert.ok(found !== null && Math.abs(found / rate - 1) < 1e-3, `${found} for ${rate}`);
        },
      ),
    );
  });
});

describe("precision", () => {
  it("has Wilson's interval", () => {
    // Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I, method 3.
    for (const [right, count, low, high] of [
      [81, 263, 0.2553, 0.3662],
      [15, 148, 0.0624, 0.1605],
      [0, 20, 0, 0.1611],
      [1, 29, 0.0061, 0.1718],
    ] as const) {
      const interval = wilson(right / count, count);
      assert.ok(Math.abs(interval.low - low) < 5e-5 && Math.abs(interval.high - high) < 5e-5, JSON.stringify(interval));
    }
    assert.equal(wilson(1, 20).high, 1);
  });

  it("says nothing while nothing near the cut was judged", () => {
    assert.deepEqual(measurePrecision(nearWith([1, 2, 8.5, 8.6])), []);
    const judged = new Map([[0, "duplicate" as const]]);
    assert.deepEqual(
      measurePrecision(nearWith([1, 2, 8.5, 8.6], { verdicts: judged })).map(({ threshold }) => threshold),
      [4.5, 6.3, 7.6],
    );
  });

  it("is the share of right pairs where all are judged, at every threshold within reach", () => {
    const scores = Array.from({ length: 320 }, (_, i) => (i + 0.5) / 20);
    const verdicts = new Map(
      scores.map((score, i) => [i, score < 6 ? ("duplicate" as const) : ("different" as const)]),
    );
    const found = measurePrecision(nearWith(scores, { verdicts }));
    assert.deepEqual(
      found.map(({ threshold }) => threshold),
      [4.5, 6.3, 7.6, 9, 10.3, 11.7, 13.5],
    );
    for (const { threshold, judged, right, estimate, low, high } of found) {
      const within = scores.filter((score) => score <= threshold);
      assert.deepEqual([judged, right], [within.length, within.filter((score) => score < 6).length]);
      assert.ok(Math.abs(estimate - right / judged) < 1e-9);
      assert.ok(0 <= low && low < estimate && estimate <= high && high <= 1);
    }
  });

  it("is not biased by which pairs were judged, and its interval holds the truth about as often as it says", () => {
    // Pairs up to 5 are right; beyond, fewer and fewer. Twenty are judged, most of them near the cut.
    const probability = (score: number): number => Math.max(0, Math.min(1, (11 - score) / 6));
    let [sum, naive, held, runs] = [0, 0, 0, 0];
    for (let seed = 0; seed < 100; seed++) {
      const random = new Random(seed);
      const uniform = (): number => random.next() / 2 ** 32;
      const scores = Array.from({ length: 1000 }, () => 16 * uniform() ** 0.2);
      const isRight = scores.map((score) => uniform() < probability(score));
      const within = scores.flatMap((score, i) => (score <= 9 ? [i] : []));
      const truth = within.filter((i) => isRight[i]).length / within.length;
      const asked = doubtfulPairs(nearWith(scores), 20, view).map(({ first }) => first.sample / 2);
      const verdicts = new Map(
        asked.map((i) => [i, isRight[i] === true ? ("duplicate" as const) : ("different" as const)]),
      );
      const known = measurePrecision(nearWith(scores, { verdicts })).find(({ threshold }) => threshold === 9);
      assert.ok(known !== undefined);
      runs += 1;
      sum += known.estimate - truth;
      naive += known.right / known.judged - truth;
      if (known.low <= truth && truth <= known.high) held += 1;
    }
    assert.ok(naive / runs > 0.05);
    assert.ok(
      Math.abs(sum / runs) < 0.02,
      `estimate is off by ${sum / runs} on average, judged pairs alone by ${naive / runs}`,
    );
    assert.ok(held / runs > 0.9, `held ${held} of ${runs}`);
  });
});

describe("pairs to judge", () => {
  const scores = Array.from({ length: 2000 }, (_, i) => (i % 160) / 10 + 0.05);

  it("lie on both sides of the cut, most of them near it, and none was judged", () => {
    for (const measure of [MEASURES.glyphs, MEASURES.photos]) {
      const own = measure.regime === "glyphs" ? scores : scores.map((score) => 1 - (score * 0.3) / 16);
      const verdicts = new Map(
        own.map((_, i) => [i, "duplicate" as const]).filter((_, i) => i % 2 === 0) as [number, PairVerdict][],
      );
      const asked = doubtfulPairs(nearWith(own, { measure, verdicts }), 20, view);
      assert.equal(asked.length, 20);
      assert.equal(new Set(asked.map(({ first }) => first.sample)).size, 20);
      assert.ok(asked.every(({ first, nearness }) => nearness.verdict === null && (first.sample / 2) % 2 === 1));
      const parts = asked.map(({ nearness }) => (nearness.score - measure.best) / (measure.threshold - measure.best));
      const share = (from: number, to: number): number => parts.filter((part) => part > from && part <= to).length;
      assert.ok(share(0, 1) >= 9 && share(1, 1.5) >= 7, parts.join(" "));
      assert.ok(share(0.7, 1.3) >= 10 && parts.every((part) => part <= 1.5001));
    }
  });

  it("are the same until they are judged, then others", () => {
    const first = doubtfulPairs(nearWith(scores), 20, view);
    assert.deepEqual(doubtfulPairs(nearWith(scores), 20, view), first);
    const verdicts = new Map(first.map((pair) => [pair.first.sample / 2, "different" as const]));
    const next = doubtfulPairs(nearWith(scores, { verdicts }), 20, view);
    assert.equal(next.length, 20);
    assert.ok(next.every((pair) => !first.some((other) => other.first.sample === pair.first.sample)));
  });

  it("are as many as there are", () => {
    assert.equal(doubtfulPairs(nearWith([1, 8, 10, 15]), 20, view).length, 3);
    assert.deepEqual(doubtfulPairs(nearWith([]), 20, view), []);
    assert.equal(doubtfulPairs(nearWith(scores), 1e9, view).length, 100);
  });
});

describe("the report on near duplicates", () => {
  it("counts groups of similar pictures with more than one label, each sample once", () => {
    const findings = findingsOf([
      { split: "train", content: 1, label: "A" },
      { split: "train", content: 2, label: "A" },
      { split: "test", content: 3, label: "B" },
      { split: "test", content: 4, label: "B" },
      { split: "test", content: 4, label: "A" },
    ]);
    const chain = [
      { first: 0, second: 1, score: 2 },
      { first: 1, second: 2, score: 3 },
      { first: 0, second: 2, score: 12 },
    ];
    const near = nearOf(findings, searchOf(5, chain));
    assert.deepEqual(nearReport(findings, near).conflicts, { groups: 1, samples: 2 });
    const wide = nearOf(findings, searchOf(5, chain), 12);
    assert.deepEqual(nearReport(findings, wide).conflicts, { groups: 1, samples: 3 });
  });
});
