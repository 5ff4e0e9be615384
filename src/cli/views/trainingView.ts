import { costSentence } from "../../core/training/cost";
import { number, plural } from "../../core/leakage/verdict";
import type {
  EpochScore,
  PlannedRun,
  Score,
  TrainingData,
  TrainingResult,
  TrainingRun,
  TrainingSize,
} from "../../core/training/training";
import { drawChart, type ChartSeries } from "../output/chart";
import { BLANK, line, paragraph, span, type Line } from "../output/text";
import { table, type Cell, type Column, type TableStyle } from "../output/table";
import { bullet, note, section } from "./page";

const KINDS: readonly TrainingData[] = ["original", "sanitized"];
const CHART_HEIGHT = 13;

/** A finished training: the table of scores, the learning curve, and what the leakage costs. */
export function trainingLines(result: TrainingResult, style: TableStyle): readonly Line[] {
  return [
    ...section("Training", recipe(result), style),
    ...scoreLines(result.runs, style),
    ...curveLines(result.runs, style),
    ...sentenceLines(result.runs, style),
  ];
}

/** What the leakage costs, in one sentence. */
export function sentenceLines(runs: readonly TrainingRun[], style: TableStyle): readonly Line[] {
  const sentence = costSentence(runs);
  return sentence === null ? [] : [BLANK, ...paragraph([], sentence, style.width, "title")];
}

function recipe({ spec, backend, features, classes }: TrainingResult): string {
  return (
    `softmax regression, SGD with learning rate ${spec.learningRate}, batches of ${spec.batchSize}, ` +
    `${spec.epochs === 1 ? "1 epoch" : `${spec.epochs} epochs`}, seed ${spec.seed}; ${features}; ` +
    `${number(classes.length)} classes; back end ${backend.backend}`
  );
}

/** One row a size: what each model trained on and its accuracy, original beside sanitized. */
function scoreLines(runs: readonly TrainingRun[], style: TableStyle): readonly Line[] {
  const { none } = style.symbols;
  const kinds = KINDS.filter((data) => runs.some((run) => run.data === data));
  const hasLeaked = runs.some((run) => run.parts.leaked !== null);
  const accuracy = (score: Score | null | undefined): Cell => (score ? percent(score.accuracy) : span(none, "faint"));
  const titles = ["trained", "test", ...(hasLeaked ? ["clean", "leaked"] : [])];
  const columns: readonly Column[] = [
    { title: "size", align: "right" },
    ...kinds.flatMap((data) => titles.map((title): Column => ({ title, align: "right", group: `${data} data` }))),
  ];
  const rows = sizesOf(runs).map((size): readonly Cell[] => [
    sizeText(size),
    ...kinds.flatMap((data): readonly Cell[] => {
      const run = runs.find((candidate) => candidate.data === data && candidate.size === size);
      return [
        run === undefined ? span(none, "faint") : span(number(run.trained), "faint"),
        run === undefined
          ? span(none, "faint")
          : span(percent(run.test.accuracy), data === "original" ? "accent" : "second"),
        ...(hasLeaked ? [accuracy(run?.parts.clean), accuracy(run?.parts.leaked)] : []),
      ];
    }),
  ]);
  const tests = kinds.map(
    (data) => `${number(runs.find((run) => run.data === data)?.test.samples ?? 0)} of ${data} data`,
  );
  const { clean = null, leaked = null } = runs[0]?.parts ?? {};
  return [
    ...table(columns, rows, style),
    ...note("trained: images; the others: share of correct predictions", style),
    ...note(`test: on the test split of the same data, images: ${tests.join(", ")}`, style),
    ...(hasLeaked && clean !== null
      ? note(
          `clean: on the ${plural(clean.samples, "original test image")} that ${clean.samples === 1 ? "occurs" : "occur"} in no other split`,
          style,
        )
      : []),
    ...(hasLeaked && leaked !== null
      ? note(
          `leaked: on the ${number(leaked.samples)} that also ${leaked.samples === 1 ? "occurs" : "occur"} in train or validation`,
          style,
        )
      : []),
  ];
}

/** Accuracy on the test split by the number of samples; with one size, accuracy by epoch. */
function curveLines(runs: readonly TrainingRun[], style: TableStyle): readonly Line[] {
  const kinds = KINDS.filter((data) => runs.some((run) => run.data === data));
  const sizes = sizesOf(runs);
  if (sizes.length > 1) {
    // Samples grow by factors, so the axis is logarithmic.
    const series = kinds.map((data): ChartSeries => ({
      name: data,
      points: runs
        .filter((run) => run.data === data)
        .map((run) => ({ x: Math.log(Math.max(1, run.trained)), y: run.test.accuracy }))
        .sort((a, b) => a.x - b.x),
    }));
    const longest =
      kinds.map((data) => runs.filter((run) => run.data === data)).sort((a, b) => b.length - a.length)[0] ?? [];
    const ticks = longest
      .map((run) => ({ x: Math.log(Math.max(1, run.trained)), label: number(run.trained) }))
      .sort((a, b) => a.x - b.x);
    return [
      ...section("Learning curve", "accuracy on the test split by number of training images", style),
      ...drawChart({ series, ticks, height: CHART_HEIGHT }, style),
    ];
  }
  const epochs = Math.max(0, ...runs.map((run) => run.epochs.length));
  if (epochs < 2) return [];
  const hasValidation = runs.every((run) => run.epochs.every((score) => score.valAccuracy !== null));
  const series = kinds.map((data): ChartSeries => ({
    name: data,
    points: (runs.find((run) => run.data === data)?.epochs ?? []).map((score, index) => ({
      x: index + 1,
      y: score.valAccuracy ?? score.accuracy,
    })),
  }));
  const ticks = [1, Math.round((epochs + 1) / 2), epochs].map((epoch) => ({ x: epoch, label: String(epoch) }));
  return [
    ...section(
      "Learning curve",
      `accuracy on ${hasValidation ? "the validation split" : "training batches"} by epoch`,
      style,
    ),
    ...drawChart({ series, ticks, height: CHART_HEIGHT }, style),
  ];
}

/** The back end and, when it is not the best one, why. */
export function backendLines({ backend, reason }: TrainingResult["backend"], style: TableStyle): readonly Line[] {
  return bullet(`Back end ${backend}: ${reason}`, style);
}

/** A finished run in one line. */
export function runLine(run: TrainingRun, style: TableStyle): Line {
  const last = run.epochs[run.epochs.length - 1];
  return line(
    span(`${style.symbols.check} `, "good"),
    runTitle(run),
    span(last === undefined ? "" : `  ${epochText(last)}`, "faint"),
    `  test ${percent(run.test.accuracy)}`,
  );
}

/** The name of a run, as wide for every run of a training. */
export function runTitle({ data, trained }: Pick<PlannedRun, "data" | "trained">): string {
  return `${data.padEnd(9)} ${number(trained).padStart(7)}`;
}

/** The scores of an epoch. */
export function epochText({ loss, accuracy, valAccuracy }: EpochScore): string {
  const validation = valAccuracy === null ? "" : `  val ${percent(valAccuracy)}`;
  return `loss ${loss.toFixed(4)}  train ${percent(accuracy)}${validation}`;
}

function sizesOf(runs: readonly TrainingRun[]): readonly TrainingSize[] {
  return [...new Set(runs.map((run) => run.size))];
}

function sizeText(size: TrainingSize): string {
  return size === "all" ? "all" : number(size);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
