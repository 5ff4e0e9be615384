import { pairKey, type NearFindings } from "./findings";
import { isAsGood, type Measure } from "./near";

/** With fewer pairs beyond the threshold the fit says nothing. */
const FEWEST = 20;

/** No set of pictures has more dimensions than this; where the fit ends. */
const MOST_DIMENSIONS = 1000;

/**
 * About how many of the pairs that count as near are there by chance; `null` when too few lie beyond the threshold to tell,
 * or when these do not become more with the distance, as chance pairs do.
 *
 * Pictures that have nothing to do with each other lie as densely around a picture as their set has dimensions: within a
 * distance r there are about c r^k of them, k being the intrinsic dimension (Levina and Bickel, "Maximum likelihood
 * estimation of intrinsic dimension", NIPS 17, 2004; it is Hill's estimator of a tail, Annals of Statistics 3, 1975). So the
 * pairs between the threshold t and the reach R, taken for chance, have the density k r^(k-1) / (R^k - t^k). With u = r / R,
 * L = ln(R / t), the likelihood is greatest where the mean of -ln u is 1 / k - L / (exp(k L) - 1), the mean of an exponential
 * distribution cut off at L. Below the threshold then lie n t^k / (R^k - t^k), n being the pairs beyond it.
 *
 * The distance is the score itself for glyphs, a Euclidean one; for photos sqrt(2 (1 - score)), which is the Euclidean one of
 * vectors of length 1 whose inner product is the score. Pairs that were judged are known: they are counted neither beyond
 * nor within the threshold. Beyond it there still are true duplicates, so the estimate is high rather than low; it is never
 * more than the pairs that are there.
 */
export function chancePairs({ search, threshold, verdicts }: NearFindings): number | null {
  const { measure, pairs, reach } = search;
  const [cut, end] = [distanceOf(measure, threshold), distanceOf(measure, reach)];
  let [within, beyond, sum] = [0, 0, 0];
  for (let pair = 0; pair < pairs.count; pair++) {
    if (verdicts.size > 0 && verdicts.has(pairKey(pairs.first[pair] ?? 0, pairs.second[pair] ?? 0))) continue;
    const score = pairs.scores[pair] ?? 0;
    if (isAsGood(measure, score, threshold)) within += 1;
    else {
      beyond += 1;
      // Rounding may leave a score a trifle beyond the reach.
      sum += Math.max(0, Math.log(end / distanceOf(measure, score)));
    }
  }
  if (beyond < FEWEST) return null;
  if (cut <= 0) return 0;
  const length = Math.log(end / cut);
  const dimension = rateOfTruncated(sum / beyond, length);
  // Below one dimension pairs would be densest where pictures are equal: what is fitted is no chance.
  if (dimension === null || dimension < 1) return null;
  return Math.min(within, beyond / Math.expm1(dimension * length));
}

function distanceOf(measure: Measure, score: number): number {
  return measure.regime === "glyphs" ? score : Math.sqrt(Math.max(0, 2 * (1 - score)));
}

/** The rate of an exponential distribution cut off at `length` that has this mean; `null` when its density would rise. */
export function rateOfTruncated(mean: number, length: number): number | null {
  if (mean >= length / 2) return null;
  let [low, high] = [0, MOST_DIMENSIONS];
  // The mean falls from length / 2 to 0 as the rate grows, so halving finds it; 60 times is beyond the digits of a number.
  for (let step = 0; step < 60; step++) {
    const rate = (low + high) / 2;
    if (1 / rate - length / Math.expm1(rate * length) > mean) low = rate;
    else high = rate;
  }
  return (low + high) / 2;
}
