import type { EpochScore, ExperimentEvent, ExperimentResult, PlannedRun, RunProgress } from "./experiment";

/** An event that changes an experiment that is known. */
export type ExperimentChange = Exclude<ExperimentEvent, { readonly type: "loading" | "snapshot" }>;

/** The experiment after one of its events. */
export function afterEvent(experiment: ExperimentResult, event: ExperimentChange): ExperimentResult {
  switch (event.type) {
    case "status":
      return { ...experiment, status: event.status };
    case "epochs":
      return withRun(experiment, event.run, ({ curve }) => ({
        // Epochs count from 0. A run that begins again begins its curve again.
        curve: [...curve.slice(0, event.epoch), ...event.scores],
        result: null,
      }));
    case "run":
      return withRun(experiment, event.run, () => ({ curve: event.result.curve, result: event.result }));
    case "cost":
      return { ...experiment, costs: event.costs };
  }
}

function withRun(
  experiment: ExperimentResult,
  run: number,
  change: (known: RunProgress) => { readonly curve: readonly EpochScore[]; readonly result: RunProgress["result"] },
): ExperimentResult {
  const at = experiment.runs.findIndex((other) => other.run === run);
  const known = experiment.runs[at] ?? { run, curve: [], result: null };
  const changed = { run, ...change(known) };
  return { ...experiment, runs: at < 0 ? [...experiment.runs, changed] : experiment.runs.with(at, changed) };
}

/** Multiply-adds for each value of a picture that one forward pass of a small convolutional network takes, about. */
const CONVOLUTION_WORK = 2000;
/** Multiply-adds for each value that a forward pass of a hidden layer takes: its units. */
const HIDDEN_WORK = 1024;
/** A step of gradient descent takes a forward pass and a backward pass of twice its work. */
const STEP_PASSES = 3;

/**
 * How far an experiment is, by the arithmetic that its runs take (multiply-adds for each value of a picture, roughly): a run
 * on all images counts for more than one on fifty, and a network for more than a softmax regression.
 */
export function experimentWork(experiment: ExperimentResult): { readonly done: number; readonly total: number } {
  const begun = new Map(experiment.runs.map((progress) => [progress.run, progress]));
  let done = 0;
  let total = 0;
  experiment.plan.forEach((planned, run) => {
    const work = workOf(planned, experiment);
    const progress = begun.get(run);
    total += work;
    if (progress === undefined) return;
    if (progress.result !== null) done += work;
    else if (planned.epochs > 0)
      done += (work * Math.min(progress.curve.length, planned.epochs)) / (planned.epochs + 1);
  });
  return { done, total };
}

function workOf({ model, data, trained, epochs }: PlannedRun, { samples, classes }: ExperimentResult): number {
  const scored = samples.test.original;
  const validated = samples.validation[data];
  if (model === "knn") return trained * (scored + validated);
  const pass = model === "cnn" ? CONVOLUTION_WORK : model === "mlp" ? HIDDEN_WORK : classes.length;
  return pass * (epochs * (STEP_PASSES * trained + validated) + scored);
}
