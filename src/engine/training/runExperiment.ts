import type { Role } from "../../core/dataset/dataset";
import { CleanSplitError } from "../../core/errors";
import type { EpochScore, PlannedRun, TrainingData } from "../../core/training/experiment";
import { recipeOf } from "../../core/training/planRuns";
import { balancedSubset } from "../../core/training/subset";
import type { Run } from "../engine";
import type { FeatureTable } from "./classifier";
import { fit, predictBatch, predictRows, scoreRows, Turns } from "./fit";
import { openBackends, type ModelBackend, type Openers } from "./openBackends";
import { ROLE_CODES, type Gate, type RunOutcome, type TrainerEvent, type TrainerJob } from "./trainerJob";
import { nothingLabelledText, oneClassText } from "./untrainable";

/** Comparisons of two values that nearest neighbours makes at once: about a tenth of a second. */
const PREDICT_COMPARISONS = 2 ** 29;

/** Labelled rows of one kind of data. */
interface DataRows {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** Labelled rows of a job. */
interface JobRows extends Readonly<Record<TrainingData, DataRows>> {
  readonly test: Uint32Array;
}

/**
 * Trains every run of the plan that is not finished, in order, in this process, and has it predict the labelled test
 * rows. The same job gives the same numbers on the same back end. Memory: the table, one model, and a few batches.
 *
 * @param gate awaited between batches, at most every 20 ms
 * @param openers of the back ends; by default those there are
 * @throws CleanSplitError "not-a-dataset" or "unsupported" as {@link checkJob} and `openBackends`, and "unsupported"
 *   when a training diverges
 * @throws AbortError when cancelled
 */
export async function runExperiment(
  job: TrainerJob,
  run: Run<TrainerEvent>,
  gate: Gate,
  openers?: Openers,
): Promise<void> {
  checkJob(job);
  const rows = rowsOf(job);
  const backends = await openBackends(job.spec, job.table, openers);
  try {
    const choices = [...backends.models].map(([model, { choice }]) => [model, choice] as const);
    run.progress({ type: "started", backends: Object.fromEntries(choices) });
    for (const [number, planned] of job.plan.entries()) {
      if (job.finished.has(number)) continue;
      const backend = backends.models.get(planned.model);
      if (backend === undefined) throw new Error(`The model ${planned.model} is planned and not in the specification.`);
      let epoch = 0;
      const outcome = await trainRun(job, rows, planned, backend, new Turns(run.signal, gate), (score) =>
        run.progress({ type: "epoch", run: number, epoch: epoch++, score }),
      );
      run.progress({ type: "run", run: number, outcome });
    }
  } finally {
    await backends.close();
  }
}

/**
 * Looks whether there is something to train and to test on.
 *
 * @throws CleanSplitError "not-a-dataset" that says what is missing
 */
export function checkJob(job: TrainerJob): void {
  const rows = rowsOf(job);
  for (const data of new Set(job.plan.map((planned) => planned.data))) checkData(job, data, rows);
}

async function trainRun(
  job: TrainerJob,
  rows: JobRows,
  { model, data, size, seed, epochs }: PlannedRun,
  { backend }: ModelBackend,
  turns: Turns,
  onEpoch: (score: EpochScore) => void,
): Promise<RunOutcome> {
  const { table } = job;
  const started = performance.now();
  const train = balancedSubset(table.labels, rows[data].train, size, table.classes, seed);
  const recipe = recipeOf(model, job.spec);
  const classifier = backend.create({ model, table, recipe, seed, train });
  try {
    const { validation } = rows[data];
    const batch = recipe === null ? neighbourBatch(table, train.length) : predictBatch(table);
    const validated =
      recipe === null
        ? await scoreRows(classifier, table, validation, turns, batch)
        : await fit(classifier, { table, train, validation }, { ...recipe, epochs }, seed, turns, onEpoch);
    return {
      backend: backend.name,
      validation: validated,
      predictions: await predictRows(classifier, table, rows.test, turns, batch),
      parameters: classifier.parameters(),
      seconds: (performance.now() - started - turns.paused) / 1000,
    };
  } finally {
    classifier.dispose();
  }
}

/** Rows that nearest neighbours predicts at once: it compares each of them with all that it was trained on. */
function neighbourBatch(table: FeatureTable, trained: number): number {
  const comparisons = trained * table.height * table.width * table.channels;
  return Math.max(1, Math.min(predictBatch(table), Math.floor(PREDICT_COMPARISONS / comparisons)));
}

function rowsOf(job: TrainerJob): JobRows {
  const of = (data: TrainingData): DataRows => ({
    train: labelledRows(job, "train", data),
    validation: labelledRows(job, "validation", data),
  });
  return { original: of("original"), sanitized: of("sanitized"), test: labelledRows(job, "test", "original") };
}

/** The rows whose label is one of the classes, in the order of the table. */
function labelledRows({ table, splitRole, stays }: TrainerJob, role: Role, data: TrainingData): Uint32Array {
  const rows = new Uint32Array(table.labels.length);
  let count = 0;
  table.labels.forEach((label, row) => {
    const isWanted = splitRole[row] === ROLE_CODES[role] && (data === "original" || stays[row] === 1);
    if (isWanted && label >= 0 && label < table.classes) rows[count++] = row;
  });
  return rows.slice(0, count);
}

function checkData({ table, stays, classes }: TrainerJob, data: TrainingData, rows: JobRows): void {
  const sanitized = data === "sanitized";
  const { train } = rows[data];
  const tested = sanitized ? rows.test.some((row) => stays[row] === 1) : rows.test.length > 0;
  for (const [split, isThere] of [
    ["train", train.length > 0],
    ["test", tested],
  ] as const) {
    if (!isThere) fail(nothingLabelledText(split, sanitized));
  }
  const first = table.labels[train[0] ?? 0] ?? 0;
  if (train.some((row) => table.labels[row] !== first)) return;
  fail(oneClassText(classes[first] ?? "", sanitized));
}

function fail(sentence: string): never {
  throw new CleanSplitError("not-a-dataset", sentence);
}
