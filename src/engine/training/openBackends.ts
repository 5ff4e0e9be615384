import { CleanSplitError, messageOf } from "../../core/errors";
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
const TITLES: Readonly<Record<BackendName, string>> = {
  kernel: "CleanSplit's own kernel",
  tensorflow: "TensorFlow native library",
  wasm: "TensorFlow.js WebAssembly",
  cpu: "TensorFlow.js plain JavaScript",
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
  const passedOver: string[] = [];
  for (const name of BACKENDS) {
    const backend = await opened.get(name);
    if (backend instanceof Error) {
      passedOver.push(failureOf(name, backend));
    } else if (backend.supports(model, table)) {
      return { backend, choice: { backend: name, reason: [TITLES[name], ...passedOver].join("; ") } };
    } else {
      passedOver.push(`${TITLES[name]} does not train it`);
    }
  }
  throw unsupported(`The model "${model}" cannot be trained here: ${passedOver.join("; ")}.`);
}

async function only(opened: Opened, name: BackendName, model: ModelName, table: FeatureTable): Promise<ModelBackend> {
  const backend = await opened.get(name);
  if (backend instanceof Error) {
    throw unsupported(
      `The training back end "${name}" does not work here (${firstLine(backend)}); choose another one.`,
    );
  }
  if (!backend.supports(model, table)) {
    throw unsupported(
      `The training back end "${name}" cannot train the model "${model}"; choose another one, or none, which takes the best.`,
    );
  }
  return { backend, choice: { backend: name, reason: `${TITLES[name]}, as asked for` } };
}

function forcedByEnvironment(): BackendName | null {
  const name = process.env[BACKEND_VARIABLE];
  if (name === undefined || name === "") return null;
  const backend = BACKENDS.find((known) => known === name);
  if (backend !== undefined) return backend;
  throw unsupported(`${BACKEND_VARIABLE} is "${name}"; it must be one of ${BACKENDS.join(", ")}, or not set.`);
}

function checkPictures(model: ModelName, { height, width }: FeatureTable): void {
  if (model !== "cnn" || Math.min(height, width) >= MIN_SIDE) return;
  throw unsupported(
    `The model "${model}" needs pictures of at least ${MIN_SIDE} x ${MIN_SIDE} pixels and these are ` +
      `${height} x ${width} (height x width); choose a larger side or another model.`,
  );
}

function checkMemory(model: ModelName, table: FeatureTable, spec: ExperimentSpec): void {
  const recipe = recipeOf(model, spec);
  if (!isNetwork(model) || recipe === null) return;
  const bytes = trainingBytes(model, table, Math.min(recipe.batchSize, table.labels.length));
  if (bytes <= MAX_BYTES) return;
  const { height, width, channels } = table;
  throw unsupported(
    `The model "${model}" on pictures of ${height} x ${width} x ${channels} values in batches of ${recipe.batchSize} ` +
      `would need about ${(bytes / 2 ** 30).toFixed(1)} GiB and may take ${MAX_BYTES / 2 ** 30}; choose a smaller side or batch size.`,
  );
}

function failureOf(name: BackendName, error: Error): string {
  const missing = "code" in error && error.code === "MODULE_NOT_FOUND";
  if (name === "tensorflow" && missing) return "the native library is not installed";
  const what = name === "tensorflow" ? "the native library does not load" : `${TITLES[name]} does not work here`;
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
