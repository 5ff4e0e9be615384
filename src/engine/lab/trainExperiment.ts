import { rm } from "node:fs/promises";
import { CleanSplitError, messageOf } from "../../core/errors";
import { scoresOf } from "../../core/training/evaluate";
import type { PlannedRun } from "../../core/training/experiment";
import { readPixels } from "../training/pixels";
import type { Gate, RunExperiment, RunOutcome, TrainerEvent, TrainerJob } from "../training/trainerJob";
import type { ExperimentHead } from "./experimentFile";
import type { ExperimentFolder } from "./experimentStore";
import { JournalWriter, type FinishedRun } from "./journal";
import { testRows, type RowColumns, type TestRows } from "./rows";

/**
 * Trains what is not finished of a kept experiment, and keeps everything that finishes: in the journal, and predictions and
 * parameters in files of their own, which are there before the journal names their run. The images of an experiment that is
 * done or failed are needed no more and are removed.
 *
 * @param grew told whenever the journal grew
 * @throws what cannot be kept, e.g. because the disk is full; a failure of the training itself is kept as its end
 */
export async function trainExperiment(
  kept: ExperimentFolder,
  train: RunExperiment,
  gate: Gate,
  grew: () => void,
): Promise<void> {
  const journal = new JournalWriter(kept.journal);
  try {
    try {
      const head = kept.head();
      const rows = await kept.readRows(head);
      const keeper = new Keeper(kept, head, testRows(rows), journal, grew);
      const job = await jobOf(kept, head, rows);
      await train(job, { signal: new AbortController().signal, progress: (event) => keeper.keep(event) }, gate);
      journal.add({ type: "done" });
    } catch (error) {
      if (error instanceof NotKept) throw error.cause;
      const reason = error instanceof CleanSplitError ? error.reason : null;
      journal.add({ type: "failed", reason, message: messageOf(error) });
    }
    await rm(kept.features, { force: true });
    grew();
  } finally {
    journal.close();
  }
}

/** A failure to keep what was trained, which is no failure of the training: with a disk that has room it can go on. */
class NotKept extends Error {}

/** Keeps what a training tells. */
class Keeper {
  constructor(
    private readonly kept: ExperimentFolder,
    private readonly head: ExperimentHead,
    private readonly test: TestRows,
    private readonly journal: JournalWriter,
    private readonly grew: () => void,
  ) {}

  keep(event: TrainerEvent): void {
    try {
      this.journal.add(event.type === "run" ? this.finished(event.run, event.outcome) : event);
    } catch (cause) {
      throw new NotKept("What was trained cannot be kept.", { cause });
    }
    this.grew();
  }

  private finished(run: number, outcome: RunOutcome): { type: "run"; run: number; finished: FinishedRun } {
    const { backend, seconds, predictions, parameters } = outcome;
    const isKept = parameters.length > 0 && keepsParameters(this.head.plan, run);
    this.kept.writePredictions(run, predictions);
    if (isKept) this.kept.writeParameters(run, parameters);
    return { type: "run", run, finished: { backend, seconds, scores: scoresOf(predictions, this.test), isKept } };
  }
}

/** Whether a run is the one of its model and data on the most samples, with the first seed: its parameters are kept. */
export function keepsParameters(plan: readonly PlannedRun[], run: number): boolean {
  const own = plan[run];
  const alike = plan.filter(({ model, data }) => model === own?.model && data === own.data);
  const most = Math.max(...alike.map(({ trained }) => trained));
  return own !== undefined && alike.find(({ trained }) => trained === most) === own;
}

async function jobOf(kept: ExperimentFolder, head: ExperimentHead, rows: RowColumns): Promise<TrainerJob> {
  const { height, width, channels } = head.shape;
  const { labels, roles: splitRole, stays } = rows;
  const pixels = await readPixels(kept.features, head.rows, height * width * channels);
  const { classes, spec, plan } = head;
  return {
    table: { pixels, height, width, channels, labels, classes: classes.length },
    classes,
    splitRole,
    stays,
    spec,
    plan,
    finished: kept.progress(head).finished,
  };
}
