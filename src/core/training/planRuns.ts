import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../errors";
import {
  DEFAULT_EXPERIMENT,
  type BackendName,
  type ExperimentSpec,
  type PlannedRun,
  type TrainingData,
  type TrainingSize,
} from "./experiment";
import { MODELS, type ModelName, type Recipe } from "./models";

/** Back ends in the order in which they are offered. */
export const BACKEND_NAMES: readonly BackendName[] = ["kernel", "tensorflow", "wasm", "cpu"];

/** The largest seed: those of 32 bits are told apart. */
export const MAX_TRAINING_SEED = 2 ** 32 - 1;

/** The largest side that pictures are resized to; a picture of it is one million values. */
export const MAX_SIDE = 1024;

/** Models that an experiment may train; beyond that a mistake is more likely than patience. */
const MAX_RUNS = 10_000;

/**
 * A specification with the defaults for what is left out, each value once and in its order.
 *
 * @throws CleanSplitError "unsupported" that says which value is wrong and what it may be
 */
export function completeExperiment(spec: Partial<ExperimentSpec>): ExperimentSpec {
  const complete: ExperimentSpec = { ...DEFAULT_EXPERIMENT, ...spec };
  checkLists(complete);
  checkNumbers(complete);
  return {
    ...complete,
    models: [...new Set(complete.models)],
    sizes: [...new Set(complete.sizes)],
    data: [...new Set(complete.data)],
    seeds: [...new Set(complete.seeds)],
  };
}

/** The recipe of a model under a specification; `null` for a model that is not trained in epochs. */
export function recipeOf(model: ModelName, spec: ExperimentSpec): Recipe | null {
  const { recipe } = MODELS[model];
  if (recipe === null) return null;
  return {
    ...recipe,
    epochs: spec.epochs ?? recipe.epochs,
    batchSize: spec.batchSize ?? recipe.batchSize,
    learningRate: spec.learningRate ?? recipe.learningRate,
  };
}

/**
 * Decides which models are trained, in order: by model and size as in the specification, then by seed and data, so that what
 * is compared is finished together.
 *
 * A size that is not below the number of samples trains on all of them. It is dropped when another run of that data does
 * so already: "all" wherever it is asked for, otherwise the first such size. Where seeds make no difference, as for nearest
 * neighbours that remember all samples, there is one run.
 *
 * @param available labelled training samples of each kind of data
 * @throws CleanSplitError "unsupported" when there would be too many
 */
export function planRuns(
  spec: ExperimentSpec,
  available: Readonly<Record<TrainingData, number>>,
): readonly PlannedRun[] {
  const runs = spec.models.flatMap((model) => runsOf(model, spec, available));
  if (runs.length > MAX_RUNS) {
    fail(
      l10n.t(
        "The training cannot start: {0} models would be trained, and {1} are the most; choose fewer sizes or seeds.",
        runs.length,
        MAX_RUNS,
      ),
    );
  }
  return runs;
}

function runsOf(
  model: ModelName,
  spec: ExperimentSpec,
  available: Readonly<Record<TrainingData, number>>,
): PlannedRun[] {
  const epochs = recipeOf(model, spec)?.epochs ?? 0;
  const runs: PlannedRun[] = [];
  for (const size of spec.sizes) {
    const data = spec.data.filter((kind) => {
      const everything = size === "all" || size >= available[kind];
      if (everything && size !== "all" && spec.sizes.includes("all")) return false;
      return !runs.some((run) => run.data === kind && run.trained === trainedOn(size, available[kind]));
    });
    for (const seed of spec.seeds) {
      for (const kind of data) {
        const trained = trainedOn(size, available[kind]);
        const isRepeated = epochs === 0 && trained === available[kind] && seed !== spec.seeds[0];
        if (!isRepeated) runs.push({ model, data: kind, size, trained, seed, epochs });
      }
    }
  }
  return runs;
}

function trainedOn(size: TrainingSize, available: number): number {
  return size === "all" ? available : Math.min(size, available);
}

function checkLists({ models, sizes, data, seeds, tier, backend }: ExperimentSpec): void {
  if (models.length === 0) fail(l10n.t("The training cannot start: choose at least one model."));
  if (data.length === 0) fail(l10n.t("The training cannot start: choose at least one kind of data."));
  known(models, Object.keys(MODELS), (value, all) =>
    l10n.t('The training cannot start: there is no model "{0}"; there are {1}.', value, all),
  );
  known(data, ["original", "sanitized"], (value, all) =>
    l10n.t('The training cannot start: there is no kind of data "{0}"; there are {1}.', value, all),
  );
  known([tier], ["pixel", "near"], (value, all) =>
    l10n.t('The training cannot start: there is no tier "{0}"; there are {1}.', value, all),
  );
  known(backend === null ? [] : [backend], BACKEND_NAMES, (value, all) =>
    l10n.t('The training cannot start: there is no back end "{0}"; there are {1}.', value, all),
  );
  if (sizes.length === 0) fail(l10n.t("The training cannot start: choose at least one size."));
  const size = sizes.find((s) => s !== "all" && !isCount(s));
  if (size !== undefined) {
    fail(
      l10n.t('The training cannot start: the size {0} must be a whole number of at least 1, or "all".', String(size)),
    );
  }
  if (seeds.length === 0) fail(l10n.t("The training cannot start: choose at least one seed."));
  const seed = seeds.find((s) => !Number.isInteger(s) || s < 0 || s > MAX_TRAINING_SEED);
  if (seed !== undefined) {
    fail(
      l10n.t(
        "The training cannot start: the seed {0} must be a whole number from 0 to {1}.",
        String(seed),
        MAX_TRAINING_SEED,
      ),
    );
  }
}

function checkNumbers({ epochs, batchSize, learningRate, side, channels }: ExperimentSpec): void {
  if (epochs !== null && !isCount(epochs)) {
    fail(
      l10n.t(
        "The training cannot start: the number of epochs, {0}, must be a whole number of at least 1.",
        String(epochs),
      ),
    );
  }
  if (batchSize !== null && !isCount(batchSize)) {
    fail(
      l10n.t(
        "The training cannot start: the batch size, {0}, must be a whole number of at least 1.",
        String(batchSize),
      ),
    );
  }
  if (learningRate !== null && !(learningRate > 0 && Number.isFinite(learningRate))) {
    fail(l10n.t("The training cannot start: the learning rate, {0}, must be above 0.", String(learningRate)));
  }
  if (side !== null && !(isCount(side) && side <= MAX_SIDE)) {
    fail(
      l10n.t(
        "The training cannot start: the side, {0}, must be a whole number of pixels from 1 to {1}.",
        String(side),
        MAX_SIDE,
      ),
    );
  }
  const depth: number | null = channels;
  if (depth !== null && depth !== 1 && depth !== 3) {
    fail(
      l10n.t(
        "The training cannot start: the number of channels, {0}, must be 1 for grey or 3 for colour.",
        String(depth),
      ),
    );
  }
}

/** Refuses a value that is not one of those that are known. */
function known(
  values: readonly string[],
  all: readonly string[],
  sentence: (value: string, all: string) => string,
): void {
  const unknown = values.find((value) => !all.includes(value));
  if (unknown !== undefined) fail(sentence(unknown, all.join(", ")));
}

function fail(sentence: string): never {
  throw new CleanSplitError("unsupported", sentence);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}
