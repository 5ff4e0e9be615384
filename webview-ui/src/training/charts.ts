import * as l10n from "@vscode/l10n";
import { counted, decimalText, percentText } from "../../../src/protocol/language";
import {
  dataText,
  type EpochScore,
  type Evaluation,
  type ExperimentResult,
  type ModelName,
  type TestSet,
  type TrainingData,
} from "../../../src/protocol/training";
import { number, percent } from "../shared/format";
import type { ChartContent, Series, SeriesPoint } from "./chartContent";
import type { RunView } from "./history";
import { cellsOf, meanOf, scoreOf, type Cell } from "./scores";
import { dataLabel, partName, signed } from "./text";

const KINDS: readonly TrainingData[] = ["original", "sanitized"];

/** What of an epoch is drawn. */
export type EpochValue = "loss" | "accuracy";

/**
 * Loss or accuracy over the epochs of runs that differ in their data and seeds alone: their mean, and behind it each seed when
 * there are several.
 */
export function epochChart(runs: readonly RunView[], what: EpochValue): ChartContent {
  const isLoss = what === "loss";
  const series = KINDS.flatMap((data) => {
    const own = runs.filter((run) => run.data === data);
    if (own.length === 0) return [];
    return [
      ...epochSeries(own, data, "training", (score) => (isLoss ? score.loss : score.accuracy)),
      ...epochSeries(own, data, "validation", (score) => (isLoss ? score.valLoss : score.valAccuracy)),
    ];
  });
  const hasBegun = runs.some((run) => run.curve.length > 0);
  return {
    title: isLoss ? l10n.t("Loss over epochs") : l10n.t("Accuracy over epochs"),
    xTitle: l10n.t("Epoch"),
    logarithmic: false,
    range: [0, Math.max(1, ...runs.map((run) => run.epochs))],
    // Without a validation split there is no line to name.
    series: series.filter((line) => line.dashed || line.points.length > 0 || !hasBegun),
    note: null,
    formatX: (value) => (Number.isInteger(value) ? number(value) : ""),
    formatY: isLoss ? (value) => decimalText(value, 3) : (value) => percent(value),
    formatTick: isLoss ? decimalText : percentTick,
    nothing: l10n.t("The lines begin with the first epoch."),
  };
}

function epochSeries(
  runs: readonly RunView[],
  data: TrainingData,
  part: "training" | "validation",
  value: (score: EpochScore) => number | null,
): Series[] {
  const lines = runs.map(({ curve }) =>
    curve.flatMap((score, epoch): SeriesPoint[] => {
      const y = value(score);
      return y === null ? [] : [{ x: epoch + 1, y }];
    }),
  );
  const label =
    part === "training" ? l10n.t("{0}, training", dataLabel(data)) : l10n.t("{0}, validation", dataLabel(data));
  const base = { label, color: data, dashed: part === "training", marker: MARKERS[data] };
  const several = lines.filter((points) => points.length > 0).length > 1;
  const mean: Series = { ...base, points: meanLine(lines) };
  return several ? [...lines.map((points): Series => ({ ...base, faint: true, points })), mean] : [mean];
}

/** The mean of lines at each place that all lines reach which have begun. */
function meanLine(lines: readonly (readonly SeriesPoint[])[]): readonly SeriesPoint[] {
  const begun = lines.filter((points) => points.length > 0);
  const [first] = begun;
  if (first === undefined) return [];
  const length = Math.min(...begun.map((points) => points.length));
  return first.slice(0, length).map(({ x }, at) => ({ x, y: meanOf(begun.flatMap((points) => points[at]?.y ?? [])) }));
}

// Not by colour alone: original is drawn with circles, sanitized with squares.
const MARKERS: Readonly<Record<TrainingData, Series["marker"]>> = { original: "circle", sanitized: "rectRounded" };

/** Accuracy of one model over the number of training images, with bands. */
export function learningCurve(experiment: ExperimentResult, model: ModelName, set: TestSet): ChartContent {
  const cells = cellsOf(experiment).filter((cell) => cell.model === model);
  const hasIntervals = canHaveIntervals(experiment, set);
  return curveChart(
    accuracyTitle(set),
    KINDS.flatMap((data) => {
      const own = cells.filter((cell) => cell.data === data);
      if (own.length === 0) return [];
      const points = curvePoints(own, set, hasIntervals);
      // Dashed, because the lines often lie on each other.
      return [{ label: dataLabel(data), color: data, dashed: data === "sanitized", marker: MARKERS[data], points }];
    }),
    cells,
    bandNote(experiment, hasIntervals),
  );
}

/** The parts of what the leaked test images add to the score, with colours of their own. */
const COST_PARTS = [
  { part: "drop", color: "reference" },
  { part: "memorising", color: 1 },
  { part: "composition", color: 2 },
] as const;

/** What the leaked test images add to the score of a model, over the number of training images; `null` without any. */
export function costCurve(experiment: ExperimentResult, model: ModelName): ChartContent | null {
  if (experiment.samples.test.leaked === 0 || experiment.spec.data.length < 2) return null;
  const costs = experiment.costs.filter((cost) => cost.model === model);
  const planned = experiment.plan.filter((run) => run.model === model && run.data === "original");
  const series = COST_PARTS.map(({ part, color }): Series => {
    const points = costs.flatMap((cost): SeriesPoint[] => {
      const interval = cost[part];
      if (interval === null) return [];
      return [{ x: cost.trained.original, y: interval.value, low: interval.low, high: interval.high }];
    });
    return { label: partName(part), color, dashed: false, marker: "circle", points: points.sort((a, b) => a.x - b.x) };
  });
  return {
    ...curveChart(
      l10n.t("What the leaked images add, in points"),
      series,
      planned,
      l10n.t("Bands: 95 % intervals. One that includes 0 may be nothing."),
    ),
    formatY: signed,
    formatTick: pointsTick,
  };
}

/** The learning curves of several experiments over each other, each with one model. */
export function overlaidCurves(
  compared: readonly { readonly name: string; readonly experiment: ExperimentResult; readonly model: ModelName }[],
  set: TestSet,
): ChartContent {
  const cells = compared.map(({ experiment, model }) => cellsOf(experiment).filter((cell) => cell.model === model));
  const series = compared.flatMap(({ name }, index) =>
    KINDS.flatMap((data): Series[] => {
      const own = cells[index]?.filter((cell) => cell.data === data) ?? [];
      if (own.length === 0) return [];
      const points = curvePoints(own, set, false).map(({ x, y }) => ({ x, y }));
      const marker = MARKERS[data];
      return [{ label: `${name}, ${dataText(data)}`, color: index, dashed: data === "sanitized", marker, points }];
    }),
  );
  return curveChart(accuracyTitle(set), series, cells.flat(), null);
}

function curveChart(
  title: string,
  series: readonly Series[],
  cells: readonly Pick<Cell, "trained">[],
  note: string | null,
): ChartContent {
  const trained = cells.map((cell) => cell.trained);
  return {
    title,
    xTitle: l10n.t("Training images"),
    logarithmic: true,
    range: trained.length === 0 ? [1, 10] : [Math.min(...trained) * 0.9, Math.max(...trained) * 1.1],
    series,
    note,
    formatX: number,
    formatY: (value) => percent(value),
    formatTick: percentTick,
    nothing: l10n.t("A point appears for each number of images that is trained."),
  };
}

function curvePoints(cells: readonly Cell[], set: TestSet, hasIntervals: boolean): SeriesPoint[] {
  return cells
    .flatMap((cell): SeriesPoint[] => {
      const score = scoreOf(cell, set);
      if (score === null) return [];
      const band = hasIntervals ? score.interval : cell.finished.length > 1 ? score.range : null;
      return [{ x: cell.trained, y: score.mean, ...(band === null ? {} : { low: band.low, high: band.high }) }];
    })
    .sort((a, b) => a.x - b.x);
}

/** Intervals need both kinds of data, and of models of original data there is none on the sanitized test split. */
function canHaveIntervals({ spec }: ExperimentResult, set: TestSet): boolean {
  return spec.data.length === 2 && set !== "sanitized";
}

function bandNote({ spec }: ExperimentResult, hasIntervals: boolean): string | null {
  if (hasIntervals) return l10n.t("Bands: 95 % intervals over seeds and test images.");
  if (spec.seeds.length < 2) return null;
  return l10n.t("Bands: the lowest and the highest of {0}.", counted(spec.seeds.length, "seed"));
}

const ACCURACY_TITLES: Readonly<Record<TestSet, () => string>> = {
  original: () => l10n.t("Accuracy on all test images"),
  sanitized: () => l10n.t("Accuracy on the sanitized test split"),
  clean: () => l10n.t("Accuracy on the clean part"),
  leaked: () => l10n.t("Accuracy on the leaked part"),
};

function accuracyTitle(set: TestSet): string {
  return ACCURACY_TITLES[set]();
}

/** How often predictions come true that claim to be so sure. */
export function calibrationChart({ bins, error }: Evaluation["calibration"], data: TrainingData): ChartContent {
  const points = bins.filter((bin) => bin.samples > 0).map((bin) => ({ x: bin.confidence, y: bin.accuracy }));
  return {
    title: l10n.t("Confidence and truth"),
    xTitle: l10n.t("Confidence"),
    logarithmic: false,
    range: [0, 1],
    yRange: [0, 1],
    series: [
      {
        label: l10n.t("Share that is right"),
        color: data,
        dashed: false,
        marker: MARKERS[data],
        points,
        showsPoints: true,
      },
      {
        label: l10n.t("As it should be"),
        color: "reference",
        dashed: true,
        faint: true,
        marker: "circle",
        points: [
          { x: 0, y: 0 },
          { x: 1, y: 1 },
        ],
      },
    ],
    note: l10n.t(
      "Below the dashed line the model is surer than it may be. Expected calibration error: {0}.",
      percent(error),
    ),
    formatX: (value) => percent(value, 0),
    formatY: (value) => percent(value),
    formatTick: percentTick,
    nothing: l10n.t("There are no predictions."),
  };
}

function pointsTick(value: number, digits: number): string {
  return decimalText(value * 100, Math.max(0, digits - 2));
}

function percentTick(value: number, digits: number): string {
  return percentText(value, Math.max(0, digits - 2));
}
