import type { RunView, TrainingDelta, TrainingState } from "../../../src/protocol/training";

/**
 * The state after a delta; the same state for one that it includes already; `null` when deltas between are missing, so
 * that the whole state has to be asked for again.
 */
export function afterDelta(state: TrainingState, delta: TrainingDelta): TrainingState | null {
  if (delta.sequence <= state.sequence) return state;
  // A whole state says everything, whatever was missed before it.
  if (delta.type === "state") return delta.state;
  if (delta.sequence !== state.sequence + 1 || delta.run >= state.runs.length) return null;
  const change = (run: RunView): RunView =>
    delta.type === "epoch" ? { ...run, scores: [...run.scores, delta.score] } : { ...run, result: delta.result };
  return {
    ...state,
    sequence: delta.sequence,
    runs: state.runs.map((run, index) => (index === delta.run ? change(run) : run)),
  };
}

/** The run that is being trained now: the first one without a result. */
export function currentRun(state: TrainingState): RunView | undefined {
  return state.status === "training" ? state.runs.find((run) => run.result === null) : undefined;
}

/** Epochs trained so far over all runs, and all there will be. */
export function epochProgress(state: TrainingState): { readonly done: number; readonly total: number } {
  let done = 0;
  let total = 0;
  for (const run of state.runs) {
    done += run.result === null ? run.scores.length : run.epochs;
    total += run.epochs;
  }
  return { done, total };
}
