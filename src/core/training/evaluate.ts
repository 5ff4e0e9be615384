import { TEST_SETS, type CalibrationBin, type ClassScore, type Evaluation, type TestSet } from "./evaluation";
import type { Predictions, Score, TestColumns } from "./experiment";

/** Intervals of confidence of a calibration. */
const BINS = 10;

/** Whether an image, by its position in the test columns, belongs to a set. */
export function isInSet({ stays, leaked }: TestColumns, set: TestSet, image: number): boolean {
  switch (set) {
    case "original":
      return true;
    case "sanitized":
      return stays[image] === 1;
    case "clean":
      return leaked[image] !== 1;
    case "leaked":
      return leaked[image] === 1;
  }
}

/** Images of each set. */
export function countSets(test: TestColumns): Readonly<Record<TestSet, number>> {
  const counts = { original: 0, sanitized: 0, clean: 0, leaked: 0 };
  for (let image = 0; image < test.labels.length; image++) {
    for (const set of TEST_SETS) if (isInSet(test, set, image)) counts[set]++;
  }
  return counts;
}

/** The score of a model on each set; `null` for an empty one. */
export function scoresOf(predictions: Predictions, test: TestColumns): Readonly<Record<TestSet, Score | null>> {
  return {
    original: scoreOf(predictions, test, "original"),
    sanitized: scoreOf(predictions, test, "sanitized"),
    clean: scoreOf(predictions, test, "clean"),
    leaked: scoreOf(predictions, test, "leaked"),
  };
}

function scoreOf({ predicted, losses }: Predictions, test: TestColumns, set: TestSet): Score | null {
  let samples = 0;
  let correct = 0;
  let loss = 0;
  for (let image = 0; image < test.labels.length; image++) {
    if (!isInSet(test, set, image)) continue;
    samples++;
    loss += losses[image] ?? 0;
    if (predicted[image] === test.labels[image]) correct++;
  }
  return samples === 0 ? null : { loss: loss / samples, accuracy: correct / samples, samples };
}

/** Everything that predictions say about a set of test images; `null` for an empty one. */
export function evaluate(
  predictions: Predictions,
  test: TestColumns,
  set: TestSet,
  classes: readonly string[],
): Evaluation | null {
  const score = scoreOf(predictions, test, set);
  if (score === null) return null;
  const confusion = classes.map(() => classes.map(() => 0));
  test.labels.forEach((label, image) => {
    const row = confusion[label];
    const prediction = predictions.predicted[image] ?? 0;
    if (row !== undefined && isInSet(test, set, image)) row[prediction] = (row[prediction] ?? 0) + 1;
  });
  return {
    set,
    score,
    classes: classes.map((name, index) => classScore(name, index, confusion)),
    confusion,
    calibration: calibrationOf(predictions, test, set),
  };
}

function classScore(name: string, index: number, confusion: readonly (readonly number[])[]): ClassScore {
  const samples = sum(confusion[index] ?? []);
  const predicted = sum(confusion.map((row) => row[index] ?? 0));
  const right = confusion[index]?.[index] ?? 0;
  return {
    name,
    samples,
    recall: samples === 0 ? null : right / samples,
    precision: predicted === 0 ? null : right / predicted,
  };
}

/**
 * Reliability diagram with bins of equal width, and the expected calibration error: the mean of |accuracy - confidence| over
 * the images (Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, equation 3).
 */
function calibrationOf(
  { predicted, confidence }: Predictions,
  test: TestColumns,
  set: TestSet,
): Evaluation["calibration"] {
  const sums = Array.from({ length: BINS }, () => ({ samples: 0, confidence: 0, correct: 0 }));
  test.labels.forEach((label, image) => {
    const sure = confidence[image] ?? 0;
    const bin = sums[Math.min(Math.floor(sure * BINS), BINS - 1)];
    if (bin === undefined || !isInSet(test, set, image)) return;
    bin.samples++;
    bin.confidence += sure;
    if (predicted[image] === label) bin.correct++;
  });
  const bins = sums.map((bin, index): CalibrationBin => ({
    from: index / BINS,
    to: (index + 1) / BINS,
    samples: bin.samples,
    confidence: bin.samples === 0 ? 0 : bin.confidence / bin.samples,
    accuracy: bin.samples === 0 ? 0 : bin.correct / bin.samples,
  }));
  const samples = sum(bins.map((bin) => bin.samples));
  const error = sum(bins.map((bin) => (bin.samples * Math.abs(bin.accuracy - bin.confidence)) / samples));
  return { bins, error };
}

/** One cell of a confusion matrix, by the numbers of the classes. */
export interface ConfusionCell {
  readonly label: number;
  readonly predicted: number;
}

/**
 * Positions in the test columns of the images of a set that a model got wrong, of all of them or of one cell of the confusion
 * matrix; those it was surest about first.
 */
export function mistakesOf(
  { predicted, confidence }: Predictions,
  test: TestColumns,
  set: TestSet,
  cell: ConfusionCell | null = null,
): Uint32Array {
  const isAsked = (image: number): boolean =>
    cell === null || (test.labels[image] === cell.label && predicted[image] === cell.predicted);
  const wrong: number[] = [];
  test.labels.forEach((label, image) => {
    if (predicted[image] !== label && isInSet(test, set, image) && isAsked(image)) wrong.push(image);
  });
  return Uint32Array.from(wrong.sort((a, b) => (confidence[b] ?? 0) - (confidence[a] ?? 0) || a - b));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
