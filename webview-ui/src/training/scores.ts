import type {
  Cost,
  ExperimentResult,
  Interval,
  ModelName,
  TestSet,
  TrainingData,
  TrainingSize,
} from "../../../src/protocol/training";
import { runViews, type RunView } from "./history";

/** The runs of one model on one number of images of one kind of data: one for each seed. */
export interface Cell {
  readonly model: ModelName;
  readonly size: TrainingSize;
  readonly data: TrainingData;
  readonly trained: number;
  readonly runs: readonly RunView[];
  readonly finished: readonly RunView[];
  readonly cost: Cost | null;
}

/** The cells of an experiment in the order of its plan. */
export function cellsOf(experiment: ExperimentResult): readonly Cell[] {
  const cells = new Map<string, RunView[]>();
  for (const run of runViews(experiment)) {
    const key = `${run.model} ${run.size} ${run.data}`;
    const known = cells.get(key);
    if (known === undefined) cells.set(key, [run]);
    else known.push(run);
  }
  return [...cells.values()].flatMap((runs): Cell[] => {
    const [first] = runs;
    if (first === undefined) return [];
    const { model, size, data, trained } = first;
    const finished = runs.filter(({ result }) => result !== null);
    const cost = experiment.costs.find((other) => other.model === model && other.size === size) ?? null;
    return [{ model, size, data, trained, runs, finished, cost }];
  });
}

/** The cost of a model on the most images; `null` when none is known yet. */
export function mainCost(experiment: ExperimentResult, model: ModelName): Cost | null {
  const own = experiment.costs.filter((cost) => cost.model === model);
  return [...own].sort((a, b) => b.trained.original - a.trained.original)[0] ?? null;
}

/** The accuracy of a cell, and how sure it is. */
export interface CellScore {
  readonly mean: number;
  /** Its 95 % interval; `null` where none was estimated. */
  readonly interval: Interval | null;
  /** The lowest and the highest of its seeds. */
  readonly range: { readonly low: number; readonly high: number };
  /** Test images. */
  readonly samples: number;
}

/** The score of a cell on some test images; `null` while no run is finished, and when there are no such images. */
export function scoreOf(cell: Cell, set: TestSet): CellScore | null {
  const scores = cell.finished.flatMap(({ result }) => result?.scores[set] ?? []);
  const [first] = scores;
  if (first === undefined) return null;
  const values = scores.map(({ accuracy }) => accuracy);
  const interval = intervalOf(cell, set);
  return {
    // An interval is of the runs that have a twin on the other data; the value goes with it.
    mean: interval?.value ?? meanOf(values),
    interval,
    range: { low: Math.min(...values), high: Math.max(...values) },
    samples: first.samples,
  };
}

function intervalOf({ cost, data }: Cell, set: TestSet): Interval | null {
  if (cost === null) return null;
  if (set === "original") return cost[data].test;
  if (set === "sanitized") return data === "sanitized" ? cost.sanitized.sanitized : null;
  return cost[data][set];
}

/** Whether an interval does not tell its value from zero. */
export function includesZero({ low, high }: Interval): boolean {
  return low <= 0 && high >= 0;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
