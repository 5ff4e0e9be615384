import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../errors";
import { decimalText } from "../language";

/**
 * Near duplicates: what is compared, how, and what a search found. Two regimes, chosen by the data: glyphs and other tiny
 * pictures of nearly two tones are compared pixel by pixel, photos by the structure of their grey levels.
 */

/** How pictures are compared. */
export type Regime = "glyphs" | "photos";

/** What a score means; documented in `docs/near-duplicates.md`. */
export interface Measure {
  readonly regime: Regime;
  /** Its name in files that are kept and on the command line; elsewhere it is told by {@link measureText}. */
  readonly name: string;
  /** The better of two scores is the lower or the higher one. */
  readonly better: "lower" | "higher";
  /** The worst and the best score there can be. */
  readonly worst: number;
  readonly best: number;
  /** Default for what counts as near: a score as good as this or better. */
  readonly threshold: number;
  /** The worst threshold that can be chosen. Pairs up to it are found by a search. */
  readonly reach: number;
  /** Decimals a score is shown with. */
  readonly decimals: number;
}

/**
 * Where the defaults are from: `docs/near-duplicates.md`.
 * - `glyphs`: root of the mean square difference of the grey levels, 0..255; up to about 8 two glyphs of notMNIST look the
 *   same to people, from about 12 on they are of another font.
 * - `photos`: see `structure.ts`; about 98 of 100 pairs of CIFAR-10 at .9 or better are right by eye.
 */
export const MEASURES: Readonly<Record<Regime, Measure>> = {
  glyphs: {
    regime: "glyphs",
    name: "RMS grey difference",
    better: "lower",
    worst: 255,
    best: 0,
    threshold: 9,
    reach: 16,
    decimals: 1,
  },
  photos: {
    regime: "photos",
    name: "structural similarity",
    better: "higher",
    worst: -1,
    best: 1,
    threshold: 0.9,
    reach: 0.7,
    decimals: 2,
  },
};

/**
 * The eight ways a picture can lie, by their code: how the second picture of a pair must be turned to look like the first.
 * A code is 4 * transposed + 2 * upside down + mirrored, applied in this order: mirror left and right, turn upside down,
 * then swap rows and columns.
 */
export const TRANSFORMS = [
  "as it is",
  "mirrored",
  "upside down",
  "rotated by 180°",
  "transposed",
  "rotated by 90° anticlockwise",
  "rotated by 90° clockwise",
  "transversed",
] as const;

export type TransformName = (typeof TRANSFORMS)[number];

/**
 * Near pairs, as columns. A pair is of two different pictures, named by their first samples, `first[i] < second[i]`, and
 * pairs are in ascending order. Equal pictures are no pair: groups of the tier `pixel` say who shares a picture.
 */
export interface NearPairs {
  readonly count: number;
  readonly first: Uint32Array;
  readonly second: Uint32Array;
  readonly scores: Float32Array;
  /** Index into {@link TRANSFORMS}. */
  readonly transforms: Uint8Array;
  /** By how much the second picture, turned, must be moved right and down, in 1/32 of its side: two entries a pair. */
  readonly shifts: Int8Array;
}

/** What a search found, before any threshold or decision of a person. */
export interface NearSearch {
  readonly measure: Measure;
  /** Why this regime was chosen, in one sentence. */
  readonly reason: string;
  /** The worst score up to which every pair was found; stricter than that of the measure when there were too many. */
  readonly reach: number;
  /** Why `reach` is stricter, in one sentence; `null` when it is not. */
  readonly limited: string | null;
  /** Different pictures that were compared, but for those that are nearly empty. */
  readonly compared: number;
  /** 1 for samples that can be read, but are blank or nearly empty: see {@link DEGENERATE_SPREAD}. */
  readonly degenerate: Uint8Array;
  readonly pairs: NearPairs;
  /** Pairs with a nearly empty picture, which are told apart; none where there are too many of those to compare them. */
  readonly emptyPairs: NearPairs;
}

/** Whether a score is as good as a threshold, or better. Scores are 32-bit floats, so the threshold is rounded to one. */
export function isAsGood(measure: Measure, score: number, threshold: number): boolean {
  const cut = Math.fround(threshold);
  return measure.better === "lower" ? score <= cut : score >= cut;
}

/** What a score measures, for a sentence: "RMS grey difference". */
export function measureText({ regime }: Measure): string {
  return regime === "glyphs" ? l10n.t("RMS grey difference") : l10n.t("structural similarity");
}

/** A score with what it is, for a sentence: "RMS grey difference 4.1". */
export function scoreText(measure: Measure, score: number): string {
  return `${measureText(measure)} ${decimalText(score, measure.decimals)}`;
}

/** Throws a `CleanSplitError` when a threshold is no score that a search reached. */
export function assertReached({ measure, reach, limited }: NearSearch, threshold: number): void {
  if (isAsGood(measure, threshold, reach) && isAsGood(measure, measure.best, threshold)) return;
  const [low, high] = [Math.min(measure.best, reach), Math.max(measure.best, reach)];
  const range = l10n.t({
    message: "A threshold of {0} is out of range: in this dataset it is the {1}, from {2} to {3}; {4} is the default.",
    args: [
      decimalText(threshold),
      measureText(measure),
      decimalText(low),
      decimalText(high),
      decimalText(measure.threshold),
    ],
    comment: ["{0}, {2}, {3} and {4} scores, {1} what they measure."],
  });
  throw new CleanSplitError("refused", limited === null ? range : `${range} ${limited}`);
}

/** The stricter of two thresholds. */
export function stricter(measure: Measure, a: number, b: number): number {
  return measure.better === "lower" ? Math.min(a, b) : Math.max(a, b);
}

/** The numbers of all pairs, those with the best score first and equal ones in their order. */
export function bestFirst({ count, scores }: NearPairs, measure: Measure): Uint32Array {
  const sign = measure.better === "lower" ? 1 : -1;
  const distances = scores.map((score) => sign * score);
  return Uint32Array.from({ length: count }, (_, pair) => pair).sort(
    (a, b) => (distances[a] ?? 0) - (distances[b] ?? 0) || a - b,
  );
}

/**
 * Mean square difference from its mean, in grey levels squared, below which a picture is nearly empty: it is less than the
 * default threshold of glyphs from a picture of one level, so such pictures are near each other whatever they show, and
 * what structure a photo like that has is mostly noise. Pairs with one count for nothing.
 */
export const DEGENERATE_SPREAD = MEASURES.glyphs.threshold ** 2;

/** No pairs. */
export function emptyPairs(): NearPairs {
  return {
    count: 0,
    first: new Uint32Array(),
    second: new Uint32Array(),
    scores: new Float32Array(),
    transforms: new Uint8Array(),
    shifts: new Int8Array(),
  };
}
