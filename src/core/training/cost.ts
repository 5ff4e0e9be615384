import { number } from "../leakage/verdict";
import type { TrainingRun } from "./training";

/**
 * What the leakage costs, in one sentence, from the runs on the most samples with original and with sanitized data;
 * `null` until both are there. It compares both models on the same clean test images and says how the leaked ones were
 * scored; a single seed allows no more.
 */
export function costSentence(runs: readonly TrainingRun[]): string | null {
  const largest = (data: TrainingRun["data"]): TrainingRun | undefined =>
    runs.filter((run) => run.data === data).sort((a, b) => b.trained - a.trained)[0];
  const [original, sanitized] = [largest("original"), largest("sanitized")];
  if (original === undefined || sanitized === undefined) return null;
  const { clean, leaked } = original.parts;
  if (leaked === null || clean === null) {
    return `No test image occurs in another split: the score of ${percent(original.test.accuracy)} stands (${number(original.test.samples)} test images).`;
  }
  const points = (original.test.accuracy - clean.accuracy) * 100;
  const worth =
    Math.abs(points) < 0.05
      ? "they do not change the score"
      : `they ${points > 0 ? "add" : "take"} ${Math.abs(points).toFixed(1)} points ${points > 0 ? "to" : "from"} the score`;
  return (
    `${number(leaked.samples)} of ${number(original.test.samples)} test images also occur in train or validation; ${worth}: ` +
    `${percent(original.test.accuracy)} on all test images, ${percent(clean.accuracy)} without them ` +
    `(on them ${percent(leaked.accuracy)}).` +
    (sanitized.parts.clean === null
      ? ""
      : ` Trained on sanitized data the model scores ${percent(sanitized.parts.clean.accuracy)} on the same clean images.`)
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
