import { number, plural } from "../../core/english";
import { headlineCost } from "../../core/training/costs";
import type { TestSet } from "../../core/training/evaluation";
import type {
  ExperimentResult,
  ExperimentSpec,
  ExperimentStatus,
  ExperimentSummary,
  TrainingData,
  TrainingRun,
  TrainingSize,
} from "../../core/training/experiment";
import type { Cost, Interval } from "../../core/training/leakageCost";
import { MODELS, type ModelName } from "../../core/training/models";
import { recipeOf } from "../../core/training/planRuns";
import { drawChart, type ChartSeries } from "../output/chart";
import { BLANK, line, paragraph, span, type Line } from "../output/text";
import { table, type Cell, type Column, type TableStyle } from "../output/table";
import { bullet, commandLines, note, section } from "./page";

const KINDS: readonly TrainingData[] = ["original", "sanitized"];
const CHART_HEIGHT = 13;

/** Columns between which an interval stands below its value: on less the table becomes a list, on more there is room. */
const NARROW = { from: 76, to: 112 };

/** An experiment: what the leakage costs, then for each model the table of accuracies and the learning curve. */
export function experimentLines(result: ExperimentResult, style: TableStyle): readonly Line[] {
  const models = result.spec.models.flatMap((model) => modelLines(result, model, style));
  const sentences = sentenceLines(result, style);
  // A section begins with an empty line, which nothing needs that stands at the top.
  return sentences.length === 0 ? models.slice(1) : [...sentences, ...models];
}

/** What the leakage costs each model on the most samples, in plain words. */
export function sentenceLines({ spec, costs }: ExperimentResult, style: TableStyle): readonly Line[] {
  const sentences = spec.models.flatMap(
    (model) => headlineCost(costs.filter((cost) => cost.model === model))?.sentence ?? [],
  );
  return sentences.flatMap((sentence, index) => [
    ...(index === 0 ? [] : [BLANK]),
    ...paragraph([], sentence, style.width, "title"),
  ]);
}

function modelLines(result: ExperimentResult, model: ModelName, style: TableStyle): readonly Line[] {
  const runs = finishedRuns(result).filter((run) => run.model === model);
  if (runs.length === 0) return [];
  return [
    ...section(MODELS[model].title, recipeText(result, model), style),
    ...scoreLines(result, runs, style),
    ...curveLines(runs, style),
  ];
}

function recipeText({ spec, features, classes, backends }: ExperimentResult, model: ModelName): string {
  const recipe = recipeOf(model, spec);
  const epochs = recipe === null ? "" : recipe.epochs === 1 ? "1 epoch" : `${recipe.epochs} epochs`;
  const how =
    recipe === null
      ? ""
      : `SGD with learning rate ${recipe.learningRate}, batches of ${recipe.batchSize}, ${epochs}` +
        `${recipe.l2 === 0 ? "" : `, L2 ${recipe.l2}`}; `;
  const backend = backends[model]?.backend;
  return (
    `${how}${seedsText(spec)}; ${features}; ${plural(classes.length, "class", "classes")}` +
    (backend === undefined ? "" : `; back end ${backend}`)
  );
}

function seedsText({ seeds }: ExperimentSpec): string {
  return seeds.length === 1 ? `seed ${seeds[0] ?? 0}` : `${seeds.length} seeds`;
}

/** For every size and kind of data the accuracy on the four sets of test images, with intervals. */
function scoreLines(result: ExperimentResult, runs: readonly TrainingRun[], style: TableStyle): readonly Line[] {
  const { test } = result.samples;
  const sets: readonly TestSet[] = test.leaked > 0 ? ["original", "sanitized", "clean", "leaked"] : ["original"];
  const columns: readonly Column[] = [
    { title: "size", align: "right" },
    { title: "data" },
    { title: "trained", align: "right" },
    ...sets.map((set): Column => ({ title: set === "original" ? "test" : set, align: "right" })),
  ];
  const below = style.width >= NARROW.from && style.width < NARROW.to;
  const rows = sizesOf(runs).flatMap((size) =>
    KINDS.flatMap((data, index) => {
      const cell = runs.filter((run) => run.size === size && run.data === data);
      const cost = result.costs.find((cost) => cost.model === cell[0]?.model && cost.size === size);
      if (cell.length === 0) return [];
      const tone = data === "original" ? "accent" : "second";
      const head = [
        index === 0 || !runs.some((run) => run.size === size && run.data === "original") ? sizeText(size) : "",
        span(data, tone),
        span(number(cell[0]?.trained ?? 0), "faint"),
      ];
      const values = sets.map((set) => meanOf(cell, set));
      const ranges = sets.map((set) => rangeOf(cell, set, cost));
      const texts = values.map((value) => (value === null ? style.symbols.none : percent(value)));
      if (!below) {
        return [[...head, ...texts.map((text, at) => `${text}${ranges[at] === "" ? "" : ` (${ranges[at] ?? ""})`}`)]];
      }
      const blank = ["", "", ""];
      const second = ranges.some((range) => range !== "");
      return [
        [...head, ...texts],
        ...(second ? [[...blank, ...ranges.map((range): Cell => span(range, "faint"))]] : []),
      ];
    }),
  );
  return [...table(columns, rows, style), ...setNotes(result, style)];
}

function setNotes({ samples: { test }, spec, costs }: ExperimentResult, style: TableStyle): readonly Line[] {
  const mean = spec.seeds.length === 1 ? "" : `, mean over ${spec.seeds.length} seeds`;
  const range =
    costs.length > 0 ? "; 95 % intervals" : spec.seeds.length > 1 ? "; the lowest and the highest of them" : "";
  const count = (images: number): string => plural(images, "image");
  const [neither, also] =
    spec.tier === "near"
      ? ["are like none in train or validation", "are equal or similar to one in train or validation"]
      : ["occur neither in train nor in validation", "also occur in train or validation"];
  return [
    ...note(`% of correct predictions${mean}${range}`, style),
    ...note(`test: all ${count(test.original)} of the test split`, style),
    ...(test.leaked === 0
      ? []
      : [
          ...note(`sanitized: the ${count(test.sanitized)} of the sanitized test split`, style),
          ...note(`clean: the ${count(test.clean)} that ${neither}`, style),
          ...note(`leaked: the ${count(test.leaked)} that ${also}`, style),
        ]),
  ];
}

function meanOf(runs: readonly TrainingRun[], set: TestSet): number | null {
  const values = runs.flatMap(({ scores }) => scores[set]?.accuracy ?? []);
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The interval of an accuracy, or without one how far the seeds lie apart. */
function rangeOf(runs: readonly TrainingRun[], set: TestSet, cost: Cost | undefined): string {
  const interval = cost === undefined ? null : intervalOf(cost, runs[0]?.data ?? "original", set);
  if (interval !== null) return rangeText(interval.low, interval.high);
  const values = runs.flatMap(({ scores }) => scores[set]?.accuracy ?? []);
  return cost !== undefined || values.length < 2 ? "" : rangeText(Math.min(...values), Math.max(...values));
}

function intervalOf(cost: Cost, data: TrainingData, set: TestSet): Interval | null {
  const { test, clean, leaked } = cost[data];
  switch (set) {
    case "original":
      return test;
    case "sanitized":
      return data === "sanitized" ? cost.sanitized.sanitized : null;
    case "clean":
      return clean;
    case "leaked":
      return leaked;
  }
}

/** Accuracy by the number of samples; with one size, accuracy by epoch. */
function curveLines(runs: readonly TrainingRun[], style: TableStyle): readonly Line[] {
  const kinds = KINDS.filter((data) => runs.some((run) => run.data === data));
  const sizes = sizesOf(runs);
  if (sizes.length > 1) {
    // Samples grow by factors, so the axis is logarithmic.
    const place = (run: TrainingRun | undefined): number => Math.log(Math.max(1, run?.trained ?? 1));
    const series = kinds.map((data): ChartSeries => ({
      name: data,
      points: sizes
        .flatMap((size) => {
          const cell = runs.filter((run) => run.data === data && run.size === size);
          const mean = meanOf(cell, data);
          return mean === null ? [] : [{ x: place(cell[0]), y: mean }];
        })
        .sort((a, b) => a.x - b.x),
    }));
    const ticks = sizes
      .map((size) => runs.find((run) => run.size === size))
      .map((run) => ({ x: place(run), label: number(run?.trained ?? 0) }))
      .sort((a, b) => a.x - b.x);
    return [
      ...section("Learning curve", "accuracy on the test split of the same data by number of training images", style),
      ...drawChart({ series, ticks, height: CHART_HEIGHT }, style),
    ];
  }
  const firsts = kinds.map((data) => ({ data, curve: runs.find((run) => run.data === data)?.curve ?? [] }));
  const epochs = Math.max(0, ...firsts.map(({ curve }) => curve.length));
  if (epochs < 2) return [];
  const hasValidation = firsts.every(({ curve }) => curve.every((score) => score.valAccuracy !== null));
  const series = firsts.map(({ data, curve }): ChartSeries => ({
    name: data,
    points: curve.map((score, index) => ({ x: index + 1, y: score.valAccuracy ?? score.accuracy })),
  }));
  const ticks = [1, Math.round((epochs + 1) / 2), epochs].map((epoch) => ({ x: epoch, label: String(epoch) }));
  const what = hasValidation ? "the validation split" : "training batches";
  return [
    ...section("Learning curve", `accuracy on ${what} by epoch, seed ${runs[0]?.seed ?? 0}`, style),
    ...drawChart({ series, ticks, height: CHART_HEIGHT }, style),
  ];
}

/** What was written, and the commands that say more. */
export function detailLines(
  { experiment }: ExperimentResult,
  {
    dataset,
    written,
    isKept,
  }: { readonly dataset: string; readonly written: readonly string[]; readonly isKept: boolean },
  style: TableStyle,
): readonly Line[] {
  const again = `cleansplit train ${dataset} --resume ${experiment}`;
  return [
    ...(written.length === 0 ? [] : section("Written", "", style)),
    ...written.map((file) => line("  ", span(file, "accent"))),
    ...(isKept
      ? [
          ...section("Kept", `as experiment ${experiment}`, style),
          ...commandLines(`${again} --csv runs.csv`, "every run, and what the leakage costs", style),
          ...commandLines(`${again} --notebook runs.ipynb`, "repeat the runs in Keras", style),
          ...commandLines(`cleansplit experiments ${dataset}`, "all that was trained on it", style),
        ]
      : []),
  ];
}

/** Kept experiments, each with what it found. */
export function summaryLines(
  summaries: readonly ExperimentSummary[],
  dataset: string,
  style: TableStyle,
): readonly Line[] {
  if (summaries.length === 0) {
    return [
      line("No experiment on this dataset is kept."),
      ...commandLines(`cleansplit train ${dataset}`, "start one", style),
    ];
  }
  return summaries.flatMap(({ experiment, started, status, spec, finished, planned, sentence }, index) => [
    ...(index === 0 ? [] : [BLANK]),
    ...paragraph(
      line(span(experiment, "title"), "  "),
      `${started.slice(0, 16).replace("T", " ")} UTC  ${statusText(status)}`,
      style.width,
      status === "done" ? "good" : "warning",
    ),
    ...note(
      `${spec.models.join(", ")}; ${spec.sizes.map(sizeText).join(", ")} images; ${seedsText(spec)}; ` +
        `${spec.data.join(" and ")} data; tier ${spec.tier}; ${finished} of ${plural(planned, "run")} finished`,
      style,
    ),
    ...(sentence === null ? [] : paragraph(line("  "), sentence, style.width)),
    ...(isResumable(status)
      ? commandLines(`cleansplit train ${dataset} --resume ${experiment}`, "go on with it", style)
      : []),
  ]);
}

function statusText(status: ExperimentStatus): string {
  return status === "training" ? "runs" : status;
}

function isResumable(status: ExperimentStatus): boolean {
  return status !== "done" && status !== "failed";
}

/** The back end of each model and, when it is not the best one, why. */
export function backendLines({ backends }: ExperimentResult, style: TableStyle): readonly Line[] {
  return Object.entries(backends).flatMap(([model, { backend, reason }]) =>
    bullet(`${model}: back end ${backend}, ${reason}`, style),
  );
}

/** Runs that differ by seed alone in one line. */
export function finishedLine(runs: readonly TrainingRun[], style: TableStyle): Line {
  const [first] = runs;
  const mean = meanOf(runs, "original");
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  return line(
    span(`${style.symbols.check} `, "good"),
    `${(first?.model ?? "").padEnd(10)} ${(first?.data ?? "").padEnd(9)} ${number(first?.trained ?? 0).padStart(7)}`,
    mean === null ? "" : `  test ${percent(mean)} %`,
    span(`  ${plural(runs.length, "seed")}, ${seconds.toFixed(1)} s`, "faint"),
  );
}

function finishedRuns({ runs }: ExperimentResult): readonly TrainingRun[] {
  return runs.flatMap(({ result }) => result ?? []);
}

function sizesOf(runs: readonly TrainingRun[]): readonly TrainingSize[] {
  return [...new Set(runs.map((run) => run.size))];
}

function sizeText(size: TrainingSize): string {
  return size === "all" ? "all" : number(size);
}

function percent(share: number): string {
  return (share * 100).toFixed(1);
}

function rangeText(low: number, high: number): string {
  return `${percent(low)}–${percent(high)}`;
}
