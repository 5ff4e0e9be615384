import type { Measure, Nearness, Precision } from "../../../src/protocol/report";
import { percent, plural } from "../shared/format";

/** Sides of a picture are divided into this many steps to say by how much it was moved. */
const STEPS = 32;

/** A score alone, e.g. "4.1". */
export function scoreValue({ decimals }: Measure, score: number): string {
  return score.toFixed(decimals);
}

/** A score with what it is, e.g. "RMS grey difference 4.1". */
export function scoreText(measure: Measure, score: number): string {
  return `${measure.name} ${scoreValue(measure, score)}`;
}

/** What a threshold lets pass, e.g. "9.0 or less". */
export function thresholdText(measure: Measure, threshold: number): string {
  return `${scoreValue(measure, threshold)} or ${measure.better === "lower" ? "less" : "more"}`;
}

/** How a picture was turned and moved to lie on another one, e.g. "mirrored, moved 3 % right"; empty when it was not. */
export function placementText({ transform, shift: [right, down] }: Nearness): string {
  const steps = (count: number, positive: string, negative: string): string =>
    count === 0 ? "" : `${percent(Math.abs(count) / STEPS, 0)} ${count > 0 ? positive : negative}`;
  const moves = [steps(right, "right", "left"), steps(down, "down", "up")].filter((move) => move !== "");
  return [
    ...(transform === "as it is" ? [] : [transform]),
    ...(moves.length === 0 ? [] : [`moved ${moves.join(" and ")}`]),
  ].join(", ");
}

/** What judged pairs say about a threshold, in one sentence; `null` when they say nothing about it. */
export function precisionText(measure: Measure, threshold: number, all: readonly Precision[]): string | null {
  const step = 10 ** -measure.decimals;
  const found = all.find((entry) => Math.abs(entry.threshold - threshold) < step / 2);
  if (found === undefined) return null;
  const { judged, estimate, low, high } = found;
  return (
    `About ${percent(estimate, 0)} of the pairs at ${thresholdText(measure, threshold)} are duplicates, by ` +
    `${plural(judged, "judged pair")} (95 % interval: ${percent(low, 0)} to ${percent(high, 0)}).`
  );
}
