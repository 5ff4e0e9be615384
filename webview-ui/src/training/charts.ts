import type {
  EpochScore,
  RunView,
  Score,
  TrainingData,
  TrainingRun,
  TrainingSize,
} from "../../../src/protocol/training";
import { number, percent } from "../shared/format";
import type { ChartContent, Series } from "./LineChart";

/** Which images a model is scored on. */
export type ScoredOn = "test" | "clean" | "leaked";

/** How a size reads. */
export function sizeText(size: TrainingSize): string {
  return size === "all" ? "All" : number(size);
}

/** The score of a run on the chosen images; `null` when there are none of them. */
export function scoreOn(run: TrainingRun, on: ScoredOn): Score | null {
  return on === "test" ? run.test : run.parts[on];
}

/** Loss or accuracy over the epochs of the runs of one size. */
export function epochChart(runs: readonly RunView[], what: "loss" | "accuracy"): ChartContent {
  const isLoss = what === "loss";
  const series = runs.flatMap((run) => [
    epochSeries(run, "training", (score) => (isLoss ? score.loss : score.accuracy)),
    epochSeries(run, "validation", (score) => (isLoss ? score.valLoss : score.valAccuracy)),
  ]);
  return {
    title: isLoss ? "Loss over epochs" : "Accuracy over epochs",
    xTitle: "Epoch",
    logarithmic: false,
    range: [0, Math.max(1, ...runs.map((run) => run.epochs))],
    // Without a validation split there is no line to name.
    series: series.filter(
      (line) => line.dashed || line.points.length > 0 || !runs.some((run) => run.scores.length > 0),
    ),
    formatX: (value) => (Number.isInteger(value) ? number(value) : ""),
    formatY: isLoss ? (value) => value.toFixed(3) : (value) => percent(value),
    formatTick: isLoss ? (value, digits) => value.toFixed(digits) : percentTick,
    nothing: "The lines begin with the first epoch.",
  };
}

function epochSeries(
  run: RunView,
  part: "training" | "validation",
  value: (score: EpochScore) => number | null,
): Series {
  const points = run.scores.flatMap((score, index) => {
    const y = value(score);
    return y === null ? [] : [{ x: index + 1, y }];
  });
  const data: TrainingData = run.data;
  return { label: `${capital(data)}, ${part}`, data, dashed: part === "training", points };
}

/** Accuracy over the number of training images. */
export function learningCurve(runs: readonly RunView[], on: ScoredOn): ChartContent {
  const kinds: readonly TrainingData[] = ["original", "sanitized"];
  return {
    title: "Learning curve: accuracy over the number of training images",
    xTitle: "Training images",
    logarithmic: true,
    range: [Math.min(...runs.map((run) => run.trained)) * 0.9, Math.max(...runs.map((run) => run.trained)) * 1.1],
    series: kinds.flatMap((data) => {
      const own = runs.filter((run) => run.data === data);
      if (own.length === 0) return [];
      const points = own.flatMap(({ result }) => {
        const score = result === null ? null : scoreOn(result, on);
        return result === null || score === null ? [] : [{ x: result.trained, y: score.accuracy }];
      });
      return [{ label: capital(data), data, dashed: false, points: points.sort((a, b) => a.x - b.x) }];
    }),
    formatX: number,
    formatY: (value) => percent(value),
    formatTick: percentTick,
    nothing: "A point appears for each size that is trained.",
  };
}

function percentTick(value: number, digits: number): string {
  return `${(value * 100).toFixed(Math.max(0, digits - 2))} %`;
}

/** With a capital, for the beginning of a line. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
