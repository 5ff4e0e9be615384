import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import { decimalText, inEnglish } from "../../core/language";
import type { BackendChoice, BackendName, ExperimentSpec } from "../../core/training/experiment";
import type { ModelName } from "../../core/training/models";
import { recipeOf } from "../../core/training/planRuns";
import type { Backend, FeatureTable } from "./classifier";
import { kernelOfProcess } from "./pixels";
import { isNetwork, MIN_SIDE, trainingBytes } from "./tensorflow/networks";
import { openTensorFlowBackend } from "./tensorflow/tensorflowBackend";

/** Environment variable that forces a back end, for tests and for finding faults; a specification has precedence. */
export const BACKEND_VARIABLE = "CLEANSPLIT_BACKEND";

/** How each back end is opened, best first. */
export type Openers = Readonly<Record<BackendName, () => Promise<Backend>>>;

/** The back ends there are. */
export const OPENERS: Openers = {
  kernel: kernelOfProcess,
  tensorflow: () => openTensorFlowBackend("tensorflow"),
  wasm: () => openTensorFlowBackend("wasm"),
  cpu: () => openTensorFlowBackend("cpu"),
};
const BACKENDS = Object.keys(OPENERS) as readonly BackendName[];
const TITLES: Readonly<Record<BackendName, () => string>> = {
  kernel: () => l10n.t("CleanSplit's own kernel"),
  tensorflow: () => l10n.t("TensorFlow native library"),
  wasm: () => l10n.t("TensorFlow.js WebAssembly"),
  cpu: () => l10n.t("TensorFlow.js plain JavaScript"),
};
/** Memory that a training by TensorFlow.js may take; WebAssembly has 4 GiB and copies some of it. */
const MAX_BYTES = 2 ** 31;

/** An opened back end, and why it was chosen. */
export interface ModelBackend {
  readonly backend: Backend;
  readonly choice: BackendChoice;
}

/** The back ends of an experiment. */
export interface OpenBackends {
  readonly models: ReadonlyMap<ModelName, ModelBackend>;
  /** Ends their threads. */
  close(): Promise<void>;
}

/**
 * Opens the best back end for each model of a specification: our own kernel, else the native library, else WebAssembly,
 * else plain JavaScript; or the one that the specification or the environment variable CLEANSPLIT_BACKEND forces. A
 * back end that no model needs is not opened.
 *
 * @throws CleanSplitError "unsupported" when a model cannot be trained here, on these pictures, or by the back end that
 *   is forced
 */
export async function openBackends(
  spec: ExperimentSpec,
  table: FeatureTable,
  openers: Openers = OPENERS,
): Promise<OpenBackends> {
  const forced = spec.backend ?? forcedByEnvironment();
  const opened = new Opened(openers);
  const models = new Map<ModelName, ModelBackend>();
  try {
    for (const model of spec.models) {
      checkPictures(model, table);
      const chosen = forced === null ? await best(opened, model, table) : await only(opened, forced, model, table);
      if (chosen.choice.backend !== "kernel") checkMemory(model, table, spec);
      models.set(model, chosen);
    }
  } catch (error) {
    await opened.close();
    throw error;
  }
  return { models, close: () => opened.close() };
}

/** Opens each back end once, and remembers why one did not open. */
class Opened {
  private readonly tried = new Map<BackendName, Promise<Backend | Error>>();

  constructor(private readonly openers: Openers) {}

  get(name: BackendName): Promise<Backend | Error> {
    let opening = this.tried.get(name);
    if (opening === undefined) {
      opening = this.openers[name]().catch(asError);
      this.tried.set(name, opening);
    }
    return opening;
  }

  async close(): Promise<void> {
    for (const backend of await Promise.all(this.tried.values())) {
      if (!(backend instanceof Error)) await backend.close();
    }
  }
}

async function best(opened: Opened, model: ModelName, table: FeatureTable): Promise<ModelBackend> {
  const passedOver: (() => string)[] = [];
  for (const name of BACKENDS) {
    const backend = await opened.get(name);
    if (backend instanceof Error) {
      passedOver.push(() => failureOf(name, backend));
    } else if (backend.supports(model, table)) {
      return { backend, choice: { backend: name, reason: kept([TITLES[name], ...passedOver]) } };
    } else {
      passedOver.push(() => l10n.t("{0} does not train it", TITLES[name]()));
    }
  }
  const why = passedOver.map((say) => say()).join("; ");
  throw unsupported(l10n.t('The model "{0}" cannot be trained here: {1}.', model, why));
}

/** Reasons as they are kept with the experiment. */
function kept(reasons: readonly (() => string)[]): string {
  return inEnglish(() => reasons.map((say) => say()).join("; "));
}

async function only(opened: Opened, name: BackendName, model: ModelName, table: FeatureTable): Promise<ModelBackend> {
  const backend = await opened.get(name);
  if (backend instanceof Error) {
    throw unsupported(
      l10n.t('The training back end "{0}" does not work here ({1}); choose another one.', name, firstLine(backend)),
    );
  }
  if (!backend.supports(model, table)) {
    throw unsupported(
      l10n.t(
        'The training back end "{0}" cannot train the model "{1}"; choose another one, or none, which takes the best.',
        name,
        model,
      ),
    );
  }
  return { backend, choice: { backend: name, reason: kept([() => l10n.t("{0}, as asked for", TITLES[name]())]) } };
}

function forcedByEnvironment(): BackendName | null {
  const name = process.env[BACKEND_VARIABLE];
  if (name === undefined || name === "") return null;
  const backend = BACKENDS.find((known) => known === name);
  if (backend !== undefined) return backend;
  throw unsupported(
    l10n.t('{0} is "{1}"; it must be one of {2}, or not set.', BACKEND_VARIABLE, name, BACKENDS.join(", ")),
  );
}

function checkPictures(model: ModelName, { height, width }: FeatureTable): void {
  if (model !== "cnn" || Math.min(height, width) >= MIN_SIDE) return;
  throw unsupported(
    l10n.t(
      'The model "{0}" needs pictures of at least {1} x {1} pixels and these are {2} x {3} (height x width); choose a larger side or another model.',
      model,
      MIN_SIDE,
      height,
      width,
    ),
  );
}

function checkMemory(model: ModelName, table: FeatureTable, spec: ExperimentSpec): void {
  const recipe = recipeOf(model, spec);
  if (!isNetwork(model) || recipe === null) return;
  const bytes = trainingBytes(model, table, Math.min(recipe.batchSize, table.labels.length));
  if (bytes <= MAX_BYTES) return;
  const { height, width, channels } = table;
  throw unsupported(
    l10n.t(
      'The model "{0}" on pictures of {1} x {2} x {3} values in batches of {4} would need about {5} GiB and may take {6}; choose a smaller side or batch size.',
      model,
      height,
      width,
      channels,
      recipe.batchSize,
      decimalText(bytes / 2 ** 30, 1),
      MAX_BYTES / 2 ** 30,
    ),
  );
}

function failureOf(name: BackendName, error: Error): string {
  const missing = "code" in error && error.code === "MODULE_NOT_FOUND";
  if (name === "tensorflow" && missing) return l10n.t("the native library is not installed");
  const what =
    name === "tensorflow"
      ? l10n.t("the native library does not load")
      : l10n.t("{0} does not work here", TITLES[name]());
  return `${what} (${firstLine(error)})`;
}

function unsupported(sentence: string): CleanSplitError {
  return new CleanSplitError("unsupported", sentence);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n", 1)[0] ?? "";
}
