import type { Precision } from "../leakage/report";
import { findPair, type NearFindings } from "./findings";
import { isAsGood, type Measure, type NearPairs } from "./near";
import { INNER, OUTER, scoresAt, stratumOf } from "./strata";

/** The 97.5 % quantile of the normal distribution: an interval of 95 % leaves out 2.5 % on each side. */
const Z = 1.959964;

/**
 * What the pairs that people judged say about thresholds around the one that holds, from strict to wide: the share of
 * duplicates among all pairs that the search found at each, whether or not they were judged.
 *
 * People judge where it matters, near the cut, so judged pairs are no sample of all pairs. They are weighed by strata: the
 * pairs at a threshold are parted by their scores, in each part the share of duplicates is that of its judged pairs, and a part
 * counts as much as it has pairs (post-stratification; Cochran, "Sampling Techniques", 1977, chapter 5A). A part without a
 * judged pair is taken together with the next part nearer to the cut, whose pairs are no better than its own. Without a
 * judged pair in the part nearest to the cut nothing is said about a threshold.
 *
 * The interval is Wilson's ("Probable inference, the law of succession, and statistical inference", Journal of the American
 * Statistical Association 22, 1927) for as many pairs as, drawn from all alike, would say as much: 1 / sum(w^2 / n) for parts
 * of weight w with n judged pairs (Kish, "Survey Sampling", 1965). When all parts are judged in proportion, these are the
 * judged pairs.
 */
export function measurePrecision({ search, threshold, verdicts }: NearFindings): Precision[] {
  const { measure, pairs, reach } = search;
  const judged = judgedPairs(pairs, verdicts);
  if (judged.length === 0) return [];
  const round = (score: number): number => Number(score.toFixed(measure.decimals));
  const candidates = scoresAt(measure, threshold, [...INNER, ...OUTER])
    .map((score) => (score === threshold ? score : round(score)))
    .filter((score, index, all) => isAsGood(measure, score, reach) && all.indexOf(score) === index);
  return candidates.flatMap((candidate) => precisionAt(candidate, measure, pairs, judged) ?? []);
}

interface JudgedPair {
  readonly score: number;
  readonly isRight: boolean;
}

/** Pairs that the search found and a person judged. */
function judgedPairs(pairs: NearPairs, verdicts: NearFindings["verdicts"]): JudgedPair[] {
  return [...verdicts].flatMap(([key, verdict]) => {
    const pair = findPair(pairs, Math.floor(key / 2 ** 26), key % 2 ** 26);
    return pair < 0 ? [] : [{ score: pairs.scores[pair] ?? 0, isRight: verdict === "duplicate" }];
  });
}

function precisionAt(
  threshold: number,
  measure: Measure,
  pairs: NearPairs,
  judged: readonly JudgedPair[],
): Precision | null {
  const ends = scoresAt(measure, threshold, INNER);
  const strata = ends.map(() => ({ pairs: 0, judged: 0, right: 0 }));
  for (let pair = 0; pair < pairs.count; pair++) {
    const stratum = strata[stratumOf(measure, pairs.scores[pair] ?? 0, ends)];
    if (stratum !== undefined) stratum.pairs += 1;
  }
  for (const { score, isRight } of judged) {
    const stratum = strata[stratumOf(measure, score, ends)];
    if (stratum === undefined) continue;
    stratum.judged += 1;
    if (isRight) stratum.right += 1;
  }
  const total = strata.reduce((sum, stratum) => sum + stratum.pairs, 0);
  let [estimate, spread, waiting] = [0, 0, 0];
  for (const stratum of strata) {
    waiting += stratum.pairs;
    if (stratum.judged === 0) continue;
    const weight = waiting / total;
    estimate += (weight * stratum.right) / stratum.judged;
    spread += weight ** 2 / stratum.judged;
    waiting = 0;
  }
  // What waits at the end are pairs nearest to the cut of which none was judged.
  if (total === 0 || waiting > 0) return null;
  // The weights add up to 1 but for rounding.
  estimate = Math.min(1, estimate);
  return {
    threshold,
    judged: strata.reduce((sum, stratum) => sum + stratum.judged, 0),
    right: strata.reduce((sum, stratum) => sum + stratum.right, 0),
    estimate,
    ...wilson(estimate, 1 / spread),
  };
}

/** Wilson's interval of 95 % for a share that was seen in `count` draws, which need not be a whole number. */
export function wilson(share: number, count: number): { readonly low: number; readonly high: number } {
  const middle = (share + Z ** 2 / (2 * count)) / (1 + Z ** 2 / count);
  const half = (Z / (1 + Z ** 2 / count)) * Math.sqrt((share * (1 - share)) / count + Z ** 2 / (4 * count ** 2));
  return { low: Math.max(0, Math.min(share, middle - half)), high: Math.min(1, Math.max(share, middle + half)) };
}
