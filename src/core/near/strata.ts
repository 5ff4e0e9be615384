import { isAsGood, type Measure } from "./near";

/*
 * Pairs by how near they are to a threshold, in parts of its distance from the best score: what is to be judged is drawn
 * evenly from these strata, and what was judged is weighed by them.
 */

/** Where the strata of pairs at a threshold end. Those near it are narrow: there right and wrong pairs meet. */
export const INNER = [0.5, 0.7, 0.85, 1] as const;

/** Where the strata beyond it end, for those who think of a wider one. */
export const OUTER = [1.15, 1.3, 1.5] as const;

/** The scores at some parts of the distance of a threshold from the best score. */
export function scoresAt(measure: Measure, threshold: number, parts: readonly number[]): number[] {
  return parts.map((part) => (part === 1 ? threshold : measure.best + (threshold - measure.best) * part));
}

/** The first of some strata, named by the scores at which they end, that a score is in; -1 when it is beyond all. */
export function stratumOf(measure: Measure, score: number, ends: readonly number[]): number {
  return ends.findIndex((end) => isAsGood(measure, score, end));
}
