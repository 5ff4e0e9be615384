import { number, plural } from "../leakage/verdict";
import type { TrainingRun } from "./training";

/**
 * What the leakage costs, in sentences, from the runs on the most samples with original and with sanitized data; `null`
 * until both are there. Two effects are told apart: the score with and without the leaked test images (they may only be
 * easier than the others), and the leaked images scored by a model that has seen them and by one that has not (what was
 * memorised). One seed allows no more than that.
 */
export function costSentence(runs: readonly TrainingRun[]): string | null {
  const largest = (data: TrainingRun["data"]): TrainingRun | undefined =>
    runs.filter((run) => run.data === data).sort((a, b) => b.trained - a.trained)[0];
  const [original, sanitized] = [largest("original"), largest("sanitized")];
  if (original === undefined || sanitized === undefined) return null;
  const { test } = original;
  const { clean, leaked } = original.parts;
  if (leaked === null) {
    return `No test image occurs in another split: the score of ${percent(test.accuracy)} on ${plural(test.samples, "test image")} stands.`;
  }
  if (clean === null) {
    return "Every test image also occurs in train or validation: its score says nothing about new images.";
  }
  const points = Math.round((test.accuracy - clean.accuracy) * 1000) / 10;
  const worth = points === 0 ? "the same" : `${Math.abs(points).toFixed(1)} points ${points > 0 ? "less" : "more"}`;
  const unseen = sanitized.parts.leaked;
  return (
    `${number(leaked.samples)} of ${number(test.samples)} test images also occur in train or validation. ` +
    `With them the score is ${percent(test.accuracy)}, without them ${percent(clean.accuracy)}: ${worth}.` +
    (unseen === null
      ? ""
      : ` On those ${plural(leaked.samples, "image")} the model scores ${percent(leaked.accuracy)}, ` +
        `one trained without them ${percent(unseen.accuracy)}.`)
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
