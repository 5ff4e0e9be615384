import { CleanSplitError } from "../errors";
import type { PlannedRun, TrainingData, TrainingSize, TrainingSpec } from "./training";

/**
 * Decides which models are trained, in order: by size as in the specification and, within a size, by data, so that what
 * belongs together is finished together.
 *
 * A size that is not below the number of samples trains on all of them. It is dropped when another run of that data does
 * so already: "all" wherever it is asked for, otherwise the first such size. `trained` says how many it really are.
 *
 * @param available labelled training samples of each kind of data
 * @throws CleanSplitError "unsupported" for a specification that nothing can be trained by
 */
export function planRuns(spec: TrainingSpec, available: Readonly<Record<TrainingData, number>>): readonly PlannedRun[] {
  checkSpec(spec);
  const runs: PlannedRun[] = [];
  for (const size of spec.sizes) {
    for (const data of spec.data) {
      const trained = trainedOn(size, available[data]);
      const everything = trained === available[data];
      if (everything && size !== "all" && spec.sizes.includes("all")) continue;
      if (runs.some((run) => run.data === data && run.trained === trained)) continue;
      runs.push({ data, size, trained, epochs: spec.epochs });
    }
  }
  return runs;
}

function trainedOn(size: TrainingSize, available: number): number {
  return size === "all" ? available : Math.min(size, available);
}

function checkSpec(spec: TrainingSpec): void {
  const fail = (what: string): never => {
    throw new CleanSplitError("unsupported", `The training cannot start: ${what}.`);
  };
  if (spec.sizes.length === 0 || spec.data.length === 0) fail("choose at least one size and one kind of data");
  const size = spec.sizes.find((s) => s !== "all" && !isCount(s));
  if (size !== undefined) fail(`the size ${size} must be a whole number of at least 1, or "all"`);
  if (!isCount(spec.epochs)) fail(`the number of epochs, ${spec.epochs}, must be a whole number of at least 1`);
  if (!isCount(spec.batchSize)) fail(`the batch size, ${spec.batchSize}, must be a whole number of at least 1`);
  if (!(spec.learningRate > 0 && Number.isFinite(spec.learningRate))) {
    fail(`the learning rate, ${spec.learningRate}, must be above 0`);
  }
  if (!Number.isSafeInteger(spec.seed)) fail(`the seed, ${spec.seed}, must be a whole number`);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 1;
}
