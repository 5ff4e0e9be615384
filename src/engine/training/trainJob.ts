import { open } from "node:fs/promises";
import { CleanSplitError, messageOf } from "../../core/errors";
import { mergeScores } from "../../core/training/metrics";
import { planRuns } from "../../core/training/runs";
import { balancedSubset } from "../../core/training/subset";
import type {
  BackendName,
  EpochScore,
  PlannedRun,
  Score,
  TrainingData,
  TrainingEvent,
  TrainingResult,
  TrainingRun,
} from "../../core/training/training";
import type { Run } from "../engine";
import { abortError } from "../process/rpc";
import { ROLE_CODES, type TrainerJob } from "../process/trainerApi";
import { openBackend, type TensorFlow } from "./backend";
import { fit, scoreAll, SoftmaxRegression, type FeatureTable } from "./softmax";

/** Bytes of the feature file that are read at once, so that a cancellation is seen in between. */
const READ_BLOCK = 32 * 2 ** 20;

/** Labelled rows of one kind of data. */
interface DataRows {
  readonly train: Uint32Array;
  readonly validation: Uint32Array;
}

/** A part of the labelled test rows; the four parts together are all of them. */
interface TestPart {
  readonly rows: Uint32Array;
  /** Whether the rows are part of the sanitized data. */
  readonly stays: boolean;
  readonly leaked: boolean;
}

/** What all runs of a job share. */
interface Setting {
  readonly job: TrainerJob;
  readonly rows: Readonly<Record<TrainingData, DataRows>>;
  readonly test: readonly TestPart[];
  readonly backend: BackendName;
  readonly tf: TensorFlow;
  readonly table: FeatureTable;
}

/**
 * Trains every run of a job in this process, see {@link TrainerJob}. Memory: the feature file once, plus a few batches.
 *
 * @param preference forces a back end
 * @throws CleanSplitError "not-a-dataset" when there is nothing to train or test on, "changed" when the feature file is
 *   not what the job says, "unsupported" when the specification, the back end or the size does not work
 * @throws AbortError when cancelled
 */
export async function trainJob(
  job: TrainerJob,
  run: Run<TrainingEvent>,
  preference?: BackendName,
): Promise<TrainingResult> {
  const rows = { original: dataRows(job, () => true), sanitized: dataRows(job, (row) => job.stays[row] === 1) };
  const test = testParts(job);
  for (const data of job.spec.data) checkData(job, data, rows[data].train, test);
  const plan = planRuns(job.spec, { original: rows.original.train.length, sanitized: rows.sanitized.train.length });

  const pixels = await readFeatures(job, run.signal);
  const { choice, tf } = await openBackend(preference);
  const table: FeatureTable = { pixels, dim: job.dim, labels: job.labels, classes: job.classes.length };
  const setting: Setting = { job, rows, test, backend: choice.backend, tf, table };

  run.progress({ type: "started", backend: choice, runs: plan });
  const runs: TrainingRun[] = [];
  for (const planned of plan) {
    const index = runs.length;
    let epoch = 0;
    const result = await trainRun(setting, planned, {
      signal: run.signal,
      progress: (score) => run.progress({ type: "epoch", run: index, epoch: epoch++, score }),
    });
    runs.push(result);
    run.progress({ type: "run", run: index, result });
  }
  const { spec, featuresText: features, classes } = job;
  return { schema: "cleansplit/training@1", spec, backend: choice, features, classes, runs };
}

async function trainRun(setting: Setting, planned: PlannedRun, run: Run<EpochScore>): Promise<TrainingRun> {
  const { job, tf, table, test, backend } = setting;
  const { data, size } = planned;
  const { train, validation } = setting.rows[data];
  const { seed } = job.spec;
  const chosen = balancedSubset(job.labels, train, size, table.classes, seed);
  const model = new SoftmaxRegression(tf, table);
  try {
    const epochs = await fit(model, { train: chosen, validation }, job.spec, run);
    const scored: { readonly part: TestPart; readonly score: Score }[] = [];
    for (const part of test) {
      const score = await scoreAll(model, part.rows, run.signal);
      if (score !== null) scored.push({ part, score });
    }
    const over = (wanted: (part: TestPart) => boolean): Score | null =>
      mergeScores(scored.filter(({ part }) => wanted(part)).map(({ score }) => score));
    const own = over((part) => data === "original" || part.stays);
    if (own === null) throw new Error("There are no rows to test on.");
    const parts = { clean: over((part) => !part.leaked), leaked: over((part) => part.leaked) };
    return { data, size, trained: chosen.length, seed, backend, epochs, test: own, parts };
  } finally {
    model.dispose();
  }
}

function dataRows(job: TrainerJob, wanted: (row: number) => boolean): DataRows {
  return {
    train: labelledRows(job, ROLE_CODES.train, wanted),
    validation: labelledRows(job, ROLE_CODES.validation, wanted),
  };
}

function testParts(job: TrainerJob): readonly TestPart[] {
  return [true, false].flatMap((stays) =>
    [true, false].map((leaked) => ({
      stays,
      leaked,
      rows: labelledRows(
        job,
        ROLE_CODES.test,
        (row) => (job.stays[row] === 1) === stays && (job.leaked[row] === 1) === leaked,
      ),
    })),
  );
}

function labelledRows(job: TrainerJob, role: number, wanted: (row: number) => boolean): Uint32Array {
  const rows = new Uint32Array(job.rows);
  let count = 0;
  for (let row = 0; row < job.rows; row++) {
    const label = job.labels[row] ?? -1;
    const labelled = label >= 0 && label < job.classes.length;
    if (labelled && job.splitRole[row] === role && wanted(row)) rows[count++] = row;
  }
  return rows.slice(0, count);
}

function checkData(job: TrainerJob, data: TrainingData, train: Uint32Array, test: readonly TestPart[]): void {
  const fail = (sentence: string): never => {
    throw new CleanSplitError("not-a-dataset", sentence);
  };
  const sanitized = data === "sanitized";
  const tested = test.some((part) => part.rows.length > 0 && (!sanitized || part.stays));
  if (train.length === 0) {
    if (sanitized) fail("No labelled training image is left in the sanitized data; train on the original data only.");
    fail("Training needs a train split with labelled images and there is none; say which folder or file is train.");
  }
  if (!tested) {
    if (sanitized) fail("No labelled test image is left in the sanitized data; train on the original data only.");
    fail("Training needs a test split with labelled images and there is none; say which folder or file is test.");
  }
  const first = job.labels[train[0] ?? 0] ?? 0;
  if (train.every((row) => job.labels[row] === first)) {
    const name = job.classes[first] ?? "";
    const where = sanitized ? " in the sanitized data" : "";
    fail(`Training needs images of at least two classes, and all labelled training images${where} are "${name}".`);
  }
}

async function readFeatures(job: TrainerJob, signal: AbortSignal): Promise<Uint8Array> {
  const { featuresFile, rows, dim } = job;
  const length = rows * dim;
  const pixels = allocate(length, `${rows} images of ${dim} values each`);
  const file = await open(featuresFile, "r").catch((error: unknown) => {
    throw new CleanSplitError("changed", `The prepared images cannot be read (${messageOf(error)}); train again.`);
  });
  try {
    const { size } = await file.stat();
    let done = 0;
    while (size === length && done < length) {
      if (signal.aborted) throw abortError();
      const { bytesRead } = await file.read(pixels, done, Math.min(READ_BLOCK, length - done), done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    if (done === length && size === length) return pixels;
    throw new CleanSplitError(
      "changed",
      `${featuresFile} should hold ${rows} x ${dim} bytes and holds ${size}; train again to prepare the images anew.`,
    );
  } finally {
    await file.close();
  }
}

function allocate(length: number, what: string): Uint8Array {
  try {
    return new Uint8Array(length);
  } catch {
    throw new CleanSplitError(
      "unsupported",
      `Training on ${what} needs more memory than there is; use fewer or smaller images.`,
    );
  }
}
