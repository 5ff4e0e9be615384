import {
  afterEvent,
  type ExperimentResult,
  type PlannedRun,
  type RunProgress,
  type TrainingDelta,
  type TrainingState,
} from "../../../src/protocol/training";

/**
 * The state after a delta; the same state for one that it includes already; `null` when deltas between are missing, so
 * that the whole state has to be asked for again.
 */
export function afterDelta(state: TrainingState, delta: TrainingDelta): TrainingState | null {
  if (delta.sequence <= state.sequence) return state;
  // A whole state says everything, whatever was missed before it.
  if (delta.type === "state") return delta.state;
  if (delta.sequence !== state.sequence + 1 || state.experiment === null) return null;
  const experiment = afterEvent(state.experiment, delta.event);
  return { ...state, experiment, status: experiment.status, secondsLeft: delta.secondsLeft, sequence: delta.sequence };
}

/** A run as it was planned, and how far it got. */
export type RunView = PlannedRun & RunProgress;

/** The runs of an experiment in the order of its plan, also those that did not begin. */
export function runViews({ plan, runs }: ExperimentResult): readonly RunView[] {
  const begun = new Map(runs.map((progress) => [progress.run, progress]));
  return plan.map((planned, run) => ({ ...planned, ...(begun.get(run) ?? { run, curve: [], result: null }) }));
}

/** The run that is being trained: the last that began and is not finished. */
export function currentRun(experiment: ExperimentResult, runs: readonly RunView[]): RunView | null {
  if (experiment.status !== "training" && experiment.status !== "paused") return null;
  const last = experiment.runs.findLast(({ result }) => result === null);
  return runs.find(({ run }) => run === last?.run) ?? null;
}
