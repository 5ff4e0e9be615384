import type { PairView, SampleView } from "../leakage/report";
import { mix32 } from "../training/random";
import { pairKey, type NearFindings } from "./findings";
import { viewPair } from "./pairs";
import { INNER, OUTER, scoresAt, stratumOf } from "./strata";

/** Strata in the order in which they give a pair: from the cut outwards, on both sides in turn. */
const ORDER = [INNER.length - 1, INNER.length, 2, INNER.length + 1, 1, INNER.length + 2, 0] as const;

/** Pairs that may be asked for at once. */
const MOST = 100;

/**
 * Pairs around the threshold that nobody has judged, at most `count` and 100. They are drawn evenly from the strata of
 * strata.ts on both sides of it, and within a stratum by chance, so that their verdicts say something about all pairs. The
 * same pairs are drawn each time until they are judged, and their order says nothing about their score.
 */
export function doubtfulPairs(
  { search, threshold, verdicts }: NearFindings,
  count: number,
  view: (sample: number) => SampleView,
): PairView[] {
  const { measure, pairs } = search;
  const wanted = Math.min(count, MOST);
  const ends = scoresAt(measure, threshold, [...INNER, ...OUTER]);
  // Of each stratum the pairs that were drawn first, in order.
  const drawn = ends.map((): { readonly rank: number; readonly pair: number }[] => []);
  for (let pair = 0; pair < pairs.count; pair++) {
    const stratum = drawn[stratumOf(measure, pairs.scores[pair] ?? 0, ends)];
    if (stratum === undefined) continue;
    const [first, second] = [pairs.first[pair] ?? 0, pairs.second[pair] ?? 0];
    const rank = mix32(mix32(first) ^ second);
    const last = stratum.at(-1);
    if (stratum.length >= wanted && last !== undefined && last.rank <= rank) continue;
    if (verdicts.has(pairKey(first, second))) continue;
    const at = stratum.findIndex((other) => other.rank > rank);
    stratum.splice(at < 0 ? stratum.length : at, 0, { rank, pair });
    if (stratum.length > wanted) stratum.pop();
  }
  const chosen: { readonly rank: number; readonly pair: number }[] = [];
  for (let round = 0; round < wanted && chosen.length < wanted; round++) {
    for (const stratum of ORDER) {
      const next = drawn[stratum]?.[round];
      if (next !== undefined && chosen.length < wanted) chosen.push(next);
    }
  }
  return chosen.sort((a, b) => a.rank - b.rank).map(({ pair }) => viewPair(pairs, pair, verdicts, view));
}
