import { SampleState } from "../dataset/dataset";
import { forEachGroup } from "../duplicates/groups";
import type { Findings } from "../leakage/findings";
import type { NearHistogram } from "../leakage/report";
import { firstsOf } from "./findings";
import { isAsGood, type NearSearch, type Regime } from "./near";

/** How wide a bin is, in units of the score: about thirty of them reach from the best score to the worst that is searched. */
const BIN: Readonly<Record<Regime, number>> = { glyphs: 0.5, photos: 0.01 };

/**
 * How far the nearest neighbours of samples are, of all samples that took part in the search: within their own split the
 * nearest different picture, in other splits the nearest picture, which may be an equal one. Samples without a neighbour
 * up to the reach are in no bin. What people decided changes nothing here: it is what the pixels say.
 */
export function nearHistogram(findings: Findings, { measure, reach, degenerate, pairs }: NearSearch): NearHistogram {
  const { table, fingerprints, groups } = findings;
  const takesPart = (sample: number): boolean =>
    fingerprints.states[sample] === SampleState.ok && degenerate[sample] !== 1;
  const splitOf = (sample: number): number => table.splitOf[sample] ?? 0;

  // Samples of one split with one picture have the same neighbours: the first of them stands for all.
  const weights = new Uint32Array(table.count);
  const standsFor = new Map<number, readonly number[]>();
  const firstOf = firstsOf(table.count, fingerprints.states, groups.pixel);
  const [within, between] = [new Float32Array(table.count), new Float32Array(table.count)];
  within.fill(Number.NaN);
  between.fill(Number.NaN);
  for (let sample = 0; sample < table.count; sample++) if (takesPart(sample)) weights[sample] = 1;
  forEachGroup(groups.pixel, (members) => {
    const bySplit = new Map<number, number>();
    for (const sample of members) {
      if (!takesPart(sample)) continue;
      const standing = bySplit.get(splitOf(sample));
      if (standing === undefined) bySplit.set(splitOf(sample), sample);
      else {
        weights[standing] = (weights[standing] ?? 0) + 1;
        weights[sample] = 0;
      }
    }
    const standing = [...bySplit.values()];
    standsFor.set(firstOf[members[0] ?? 0] ?? 0, standing);
    if (standing.length > 1) for (const sample of standing) between[sample] = measure.best;
  });
  const improve = (nearest: Float32Array, sample: number, score: number): void => {
    const known = nearest[sample] ?? Number.NaN;
    if (Number.isNaN(known) || isAsGood(measure, score, known)) nearest[sample] = score;
  };
  for (let pair = 0; pair < pairs.count; pair++) {
    const [first, second, score] = [pairs.first[pair] ?? 0, pairs.second[pair] ?? 0, pairs.scores[pair] ?? 0];
    for (const a of standsFor.get(first) ?? [first]) {
      for (const b of standsFor.get(second) ?? [second]) {
        const nearest = splitOf(a) === splitOf(b) ? within : between;
        improve(nearest, a, score);
        improve(nearest, b, score);
      }
    }
  }

  const span = Math.abs(reach - measure.best);
  const bins = Math.max(1, Math.ceil(span / BIN[measure.regime] - 1e-6));
  const sign = measure.better === "lower" ? 1 : -1;
  const bounds = Array.from({ length: bins }, (_, bin) =>
    Number((measure.best + sign * bin * BIN[measure.regime]).toFixed(6)),
  );
  const count = (nearest: Float32Array): number[] => {
    const counts = new Array<number>(bins).fill(0);
    nearest.forEach((score, sample) => {
      if (Number.isNaN(score)) return;
      const bin = Math.min(bins - 1, Math.floor(Math.abs(score - measure.best) / BIN[measure.regime]));
      counts[bin] = (counts[bin] ?? 0) + (weights[sample] ?? 0);
    });
    return counts;
  };
  return { bounds: [...bounds, reach], within: count(within), between: count(between) };
}
