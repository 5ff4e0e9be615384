import fc from "fast-check";
import { NO_DECISIONS, type PairDecisions } from "../../../src/core/near/decisions";
import { findNear, firstsOf, type NearFindings } from "../../../src/core/near/findings";
import { emptyPairs, MEASURES, type Measure, type NearPairs, type NearSearch } from "../../../src/core/near/near";
import { findingsOf, samples, type TestSample } from "../core/support";
import type { Findings } from "../../../src/core/leakage/findings";

/** A pair as tests write it down. */
export interface TestPair {
  readonly first: number;
  readonly second: number;
  readonly score: number;
}

/** Columns of some pairs, in whatever order they are given; scores are rounded as columns hold them. */
export function pairsOf(all: readonly TestPair[]): NearPairs {
  const sorted = all
    .map(({ first, second, score }) => ({ first: Math.min(first, second), second: Math.max(first, second), score }))
    .sort((a, b) => a.first - b.first || a.second - b.second);
  return {
    count: sorted.length,
    first: Uint32Array.from(sorted, ({ first }) => first),
    second: Uint32Array.from(sorted, ({ second }) => second),
    scores: Float32Array.from(sorted, ({ score }) => score),
    transforms: new Uint8Array(sorted.length),
    shifts: new Int8Array(2 * sorted.length),
  };
}

/** A search that found these pairs among `count` samples. */
export function searchOf(count: number, all: readonly TestPair[], measure: Measure = MEASURES.glyphs): NearSearch {
  return {
    measure,
    reason: "Tests said so.",
    reach: measure.reach,
    limited: null,
    compared: count,
    degenerate: new Uint8Array(count),
    pairs: pairsOf(all),
    emptyPairs: emptyPairs(),
  };
}

/** What is near among samples of which these pairs were found. */
export function nearOf(
  findings: Findings,
  search: NearSearch,
  threshold = search.measure.threshold,
  decisions: PairDecisions = NO_DECISIONS,
): NearFindings {
  const { table, fingerprints, groups } = findings;
  return findNear(search, table, fingerprints.states, groups.pixel, threshold, decisions);
}

/** Up to 40 samples, pairs of some of their different pictures at scores from 0.5 to 16, and decisions about some. */
export interface TestCase {
  readonly all: readonly TestSample[];
  readonly pairs: readonly TestPair[];
  readonly decisions: PairDecisions;
}

/** Cases of few samples with many pairs, so that groups overlap. */
export function cases(): fc.Arbitrary<TestCase> {
  return samples().chain((all) => {
    const { table, fingerprints, groups } = findingsOf(all);
    const firstOf = firstsOf(table.count, fingerprints.states, groups.pixel);
    const pictures = [...all.keys()].filter(
      (sample) => firstOf[sample] === sample && fingerprints.states[sample] === 0,
    );
    const possible = pictures.flatMap((first) =>
      pictures.filter((second) => second > first).map((second) => [first, second] as const),
    );
    return fc
      .record({
        scores: fc.array(fc.option(fc.integer({ min: 1, max: 32 }), { freq: 1 }), {
          minLength: possible.length,
          maxLength: possible.length,
        }),
        verdicts: fc.array(fc.constantFrom(null, null, null, null, "duplicate" as const, "different" as const), {
          minLength: possible.length,
          maxLength: possible.length,
        }),
      })
      .map(({ scores, verdicts }) => ({
        all,
        pairs: possible.flatMap(([first, second], index) => {
          const score = scores[index];
          return score === null || score === undefined ? [] : [{ first, second, score: score / 2 }];
        }),
        decisions: {
          ...NO_DECISIONS,
          pairs: possible.flatMap(([first, second], index) => {
            const verdict = verdicts[index];
            return verdict === null || verdict === undefined ? [] : [{ first, second, verdict }];
          }),
        },
      }));
  });
}
