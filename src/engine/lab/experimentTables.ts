import path from "node:path";
import { TEST_SETS, type TestSet } from "../../core/training/evaluation";
import type { ExperimentResult, TrainingRun } from "../../core/training/experiment";
import type { Cost, Interval } from "../../core/training/leakageCost";
import { harmless } from "../exports/csv";
import { csvRow } from "../sources/lists/csv";
import { textWriter, type ExportFile } from "../exports/exportFiles";

const RUN_COLUMNS = [
  "experiment",
  "dataset",
  "run",
  "model",
  "data",
  "size",
  "trained",
  "seed",
  "epochs",
  "backend",
  "seconds",
  "test_set",
  "samples",
  "accuracy",
  "loss",
];

/** The values of a cost that have an interval, by the names of their columns: accuracy of models trained on one, on a test set. */
const COST_VALUES: Readonly<Record<string, (cost: Cost) => Interval | null>> = {
  original_on_original: ({ original }) => original.test,
  original_on_clean: ({ original }) => original.clean,
  original_on_leaked: ({ original }) => original.leaked,
  sanitized_on_original: ({ sanitized }) => sanitized.test,
  sanitized_on_sanitized: ({ sanitized }) => sanitized.sanitized,
  sanitized_on_clean: ({ sanitized }) => sanitized.clean,
  sanitized_on_leaked: ({ sanitized }) => sanitized.leaked,
  drop: ({ drop }) => drop,
  composition: ({ composition }) => composition,
  memorising: ({ memorising }) => memorising,
  difference: ({ difference }) => difference,
};

const COST_COLUMNS = [
  "experiment",
  "dataset",
  "model",
  "size",
  "trained_original",
  "trained_sanitized",
  "seeds",
  "test_images",
  "leaked_images",
  "leaked_groups",
  ...Object.keys(COST_VALUES).flatMap((name) => [name, `${name}_low`, `${name}_high`]),
  "sentence",
];

/**
 * The tables of an experiment: `file` has one row for each finished run and test set, and `NAME-costs.csv` beside it one for
 * each model and size of which both kinds of data are trained. RFC 4180 but for line feeds as line ends; values that do not
 * exist are empty.
 */
export function experimentTables(experiment: ExperimentResult, file: string): readonly ExportFile[] {
  const costs = path.join(path.dirname(file), `${path.parse(file).name}-costs.csv`);
  return [
    { file, write: textWriter(() => runTable(experiment)) },
    {
      file: costs,
      write: textWriter(() => costTable(experiment)),
      isOwn: (head) => head.toString().startsWith(csvRow(COST_COLUMNS)),
    },
  ];
}

function runTable(experiment: ExperimentResult): string {
  const rows = experiment.runs.flatMap(({ run, result }) =>
    result === null
      ? []
      : TEST_SETS.map((set) => csvRow([...keysOf(experiment), String(run), ...runCells(result, set)])),
  );
  return csvRow(RUN_COLUMNS) + rows.join("");
}

function runCells(run: TrainingRun, set: TestSet): readonly string[] {
  const { model, data, size, trained, seed, epochs, backend, seconds } = run;
  const score = run.scores[set];
  const scored = score === null ? [0, "", ""] : [score.samples, score.accuracy, score.loss];
  return [model, data, size, trained, seed, epochs, backend, seconds, set, ...scored].map(String);
}

function costTable(experiment: ExperimentResult): string {
  const rows = experiment.costs.map((cost) => csvRow([...keysOf(experiment), ...costCells(cost)]));
  return csvRow(COST_COLUMNS) + rows.join("");
}

function costCells(cost: Cost): readonly string[] {
  const { model, size, trained, seeds, samples } = cost;
  const values = Object.values(COST_VALUES).flatMap((valueOf): readonly (string | number)[] => {
    const interval = valueOf(cost);
    return interval === null ? ["", "", ""] : [interval.value, interval.low, interval.high];
  });
  const counts = [
    model,
    size,
    trained.original,
    trained.sanitized,
    seeds,
    samples.test,
    samples.leaked,
    samples.leakedGroups,
  ];
  return [...[...counts, ...values].map(String), harmless(cost.sentence)];
}

/** What tells the rows of several experiments apart. */
function keysOf({ experiment, dataset }: ExperimentResult): readonly string[] {
  return [experiment, dataset.name].map(harmless);
}
