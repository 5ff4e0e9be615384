/*
 * Confident learning: Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70,
 * 2021. A label is counted as another class when a model that never saw the sample gives that class a higher probability than
 * it gives on average to samples that carry it. Such counts say how often one class is labelled as another, and with that how
 * many labels are to be looked at; which ones, the margins of the predictions say.
 */

/** Classes that are kept of each prediction; the 33rd has a probability of at most 1/33. */
export const KEPT_CLASSES = 32;

/** What models say of samples that they were not trained on, as columns. */
export interface Predictions {
  /** Classes kept of each sample: all, but at most {@link KEPT_CLASSES}. */
  readonly width: number;
  /** samples x width: the most probable class first. */
  readonly classes: Uint16Array;
  /** samples x width: their probabilities, 0..1, descending. */
  readonly probabilities: Float32Array;
  /** Probability of the label of every sample, 0..1. */
  readonly ofLabel: Float32Array;
}

/** What the predictions say about the labels. */
export interface LabelErrors {
  /** Mean probability of the label of all samples of a class: how sure the model is of it. NaN for a class without samples. */
  readonly thresholds: Float64Array;
  /** Calibrated joint, classes x classes: estimated number of samples by given label (row) and true class (column). */
  readonly joint: Float64Array;
  /** Estimated share of wrong labels, 0..1. */
  readonly share: number;
  /** Samples whose label is probably wrong, the most probable first; their most probable class is never their label. */
  readonly suspects: Uint32Array;
}

/** Probabilities are 32-bit floats: what differs less is equal. cleanlab, by the authors of the paper, has the same number. */
const TOLERANCE = 1e-6;

/**
 * Finds labels that are probably wrong: of each class as many samples as the calibrated joint estimates to be of another one
 * ("prune by class", section 3.2 of the paper), those with the smallest {@link marginOf}, but none that no other class is more
 * probable for. With ten classes, pruning by pairs of classes finds about the same; with many it finds fewer, as most
 * pairs then have no confident example. Linear in samples times width, but for sorting.
 *
 * @param labels class of every sample, 0..classes-1
 */
export function findLabelErrors(labels: Int32Array, classes: number, said: Predictions): LabelErrors {
  const thresholds = meanConfidence(labels, classes, said.ofLabel);
  const joint = calibrate(confidentJoint(labels, classes, said, thresholds), labels, classes);
  let right = 0;
  for (let label = 0; label < classes; label++) right += joint[label * classes + label] ?? 0;
  const share = labels.length === 0 ? 0 : Math.max(0, 1 - right / labels.length);
  return { thresholds, joint, share, suspects: prune(labels, classes, said, joint) };
}

/**
 * How much more probable the label is than every other class, -1..1: the normalised margin of the paper. The lower, the more
 * probably the label is wrong. On letters with planted errors it ranks better than the probability of the label alone from
 * 5 % of errors on and about as well below; docs/label-audit.md has the figures.
 */
export function marginOf(
  labels: Int32Array,
  { width, classes, probabilities, ofLabel }: Predictions,
  sample: number,
): number {
  const at = sample * width;
  const other = classes[at] === labels[sample] ? (width > 1 ? probabilities[at + 1] : 0) : probabilities[at];
  return (ofLabel[sample] ?? 0) - (other ?? 0);
}

/** Puts positions into the order in which they are to be looked at; equal ones stay in the order of the dataset. */
export function rankByMargin(positions: Uint32Array, labels: Int32Array, said: Predictions): Uint32Array {
  const margins = new Map<number, number>();
  for (const sample of positions) margins.set(sample, marginOf(labels, said, sample));
  return positions.slice().sort((a, b) => (margins.get(a) ?? 0) - (margins.get(b) ?? 0) || a - b);
}

/** Formula (2) of the paper: the threshold of a class is the mean probability of it among samples labelled so. */
function meanConfidence(labels: Int32Array, classes: number, ofLabel: Float32Array): Float64Array {
  const sums = new Float64Array(classes);
  const counts = new Uint32Array(classes);
  labels.forEach((label, sample) => {
    sums[label] = (sums[label] ?? 0) + (ofLabel[sample] ?? 0);
    counts[label] = (counts[label] ?? 0) + 1;
  });
  return sums.map((sum, label) => sum / (counts[label] ?? 0));
}

/** Formula (1): counts each sample at the most probable class that reaches its threshold; without one it does not count. */
function confidentJoint(
  labels: Int32Array,
  classes: number,
  { width, classes: candidates, probabilities }: Predictions,
  thresholds: Float64Array,
): Float64Array {
  const joint = new Float64Array(classes * classes);
  labels.forEach((label, sample) => {
    for (let at = sample * width; at < (sample + 1) * width; at++) {
      const candidate = candidates[at] ?? 0;
      // The threshold of a class that no sample carries is NaN, which nothing reaches.
      if (!((probabilities[at] ?? 0) >= (thresholds[candidate] ?? 0) - TOLERANCE)) continue;
      joint[label * classes + candidate] = (joint[label * classes + candidate] ?? 0) + 1;
      break;
    }
  });
  return joint;
}

/** Formula (3): rows are scaled so that each sums up to the number of samples with its label. */
function calibrate(joint: Float64Array, labels: Int32Array, classes: number): Float64Array {
  const counts = new Uint32Array(classes);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  const calibrated = joint.slice();
  for (let label = 0; label < classes; label++) {
    const from = label * classes;
    // A class that the model is never sure of would have nothing to be scaled, or would count as wrong altogether.
    calibrated[from + label] = Math.max(1, calibrated[from + label] ?? 0);
    let sum = 0;
    for (let at = from; at < from + classes; at++) sum += calibrated[at] ?? 0;
    for (let at = from; at < from + classes; at++)
      calibrated[at] = ((calibrated[at] ?? 0) / sum) * (counts[label] ?? 0);
  }
  return calibrated;
}

/** As many of each class as the joint estimates to be of another one, those with the smallest margins. */
function prune(labels: Int32Array, classes: number, said: Predictions, joint: Float64Array): Uint32Array {
  const byLabel = Array.from({ length: classes }, (): number[] => []);
  labels.forEach((label, sample) => {
    if (marginOf(labels, said, sample) < 0) byLabel[label]?.push(sample);
  });
  const chosen = byLabel.flatMap((samples, label) => {
    const row = joint.subarray(label * classes, (label + 1) * classes);
    const wrong = row.reduce((sum, count, other) => sum + (other === label ? 0 : count), 0);
    return Array.from(rankByMargin(Uint32Array.from(samples), labels, said).subarray(0, Math.round(wrong)));
  });
  return rankByMargin(Uint32Array.from(chosen), labels, said);
}
