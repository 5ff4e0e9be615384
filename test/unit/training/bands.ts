import { DEFAULT_EXPERIMENT, type ExperimentSpec, type PlannedRun } from "../../../src/core/training/experiment";
import { MODELS } from "../../../src/core/training/models";
import { Random } from "../../../src/core/training/random";
import type { Backend, Classifier, ClassifierRequest, FeatureTable } from "../../../src/engine/training/classifier";
import type { Openers } from "../../../src/engine/training/openBackends";
import { ROLE_CODES, type TrainerJob } from "../../../src/engine/training/trainerJob";

/** Height, width, channels and classes of pictures. */
export type Shape = Pick<FeatureTable, "height" | "width" | "channels" | "classes">;

/** Noisy pictures with a bright band across them; which one is the class. */
export function bandTable(rows: number, shape: Partial<Shape> = {}, seed = 7): FeatureTable {
  const { height = 8, width = 8, channels = 1, classes = 4 } = shape;
  const random = new Random(seed);
  const labels = Int32Array.from({ length: rows }, () => random.below(classes));
  const dim = height * width * channels;
  const pixels = new Uint8Array(rows * dim);
  labels.forEach((label, row) => {
    for (let i = 0; i < dim; i++) {
      const isBright = Math.floor((i * classes) / dim) === label;
      pixels[row * dim + i] = (isBright ? 128 : 0) + random.below(128);
    }
  });
  return { pixels, height, width, channels, labels, classes };
}

/** The numbers `from` to `to` - 1. */
export function range(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

/** A gate that is always open. */
export const OPEN = (): Promise<void> => Promise.resolve();

/** An experiment on WebAssembly that takes no time. */
export const SMALL: ExperimentSpec = {
  ...DEFAULT_EXPERIMENT,
  sizes: [40, "all"],
  seeds: [3],
  epochs: 5,
  batchSize: 32,
  learningRate: 0.5,
  backend: "wasm",
};

/** A job over the rows of a table: 60 % train, 20 % validation, 20 % test. Every tenth row leaves. */
export function bandJob(table: FeatureTable, spec: ExperimentSpec = SMALL): TrainerJob {
  const rows = table.labels.length;
  const splitRole = Uint8Array.from({ length: rows }, (_, row) => {
    if (row < rows * 0.6) return ROLE_CODES.train;
    return row < rows * 0.8 ? ROLE_CODES.validation : ROLE_CODES.test;
  });
  return {
    table,
    classes: Array.from({ length: table.classes }, (_, c) => `class ${c}`),
    splitRole,
    stays: splitRole.map((_, row) => (row % 10 === 0 ? 0 : 1)),
    spec,
    plan: everyRun(spec, Math.floor(rows * 0.6)),
    finished: new Set(),
  };
}

function everyRun(spec: ExperimentSpec, rows: number): PlannedRun[] {
  return spec.models.flatMap((model) =>
    spec.sizes.flatMap((size) =>
      spec.seeds.flatMap((seed) =>
        spec.data.map((data) => {
          const epochs = MODELS[model].recipe === null ? 0 : (spec.epochs ?? 1);
          return { model, data, size, trained: size === "all" ? rows : size, seed, epochs };
        }),
      ),
    ),
  );
}

/** A back end whose classifiers say the same of every row; what is done with them is kept. */
export class FakeBackend implements Backend {
  readonly requests: ClassifierRequest[] = [];
  readonly steps: Uint32Array[] = [];
  readonly predicted: Uint32Array[] = [];
  disposed = 0;
  closed = 0;

  constructor(
    readonly name: Backend["name"],
    private readonly models: readonly ClassifierRequest["model"][],
    /** Called by every step; answers its loss. */
    private readonly onStep: () => number = () => 1,
  ) {}

  supports(model: ClassifierRequest["model"]): boolean {
    return this.models.includes(model);
  }

  create(request: ClassifierRequest): Classifier {
    this.requests.push(request);
    return {
      step: (rows) => {
        this.steps.push(rows.slice());
        return { loss: this.onStep(), accuracy: 0.5, samples: rows.length };
      },
      predict: (rows) => {
        this.predicted.push(rows.slice());
        return new Float32Array(rows.length * request.table.classes);
      },
      parameters: () => [{ name: "dense/bias", shape: [1], values: new Float32Array(1) }],
      dispose: () => {
        this.disposed++;
      },
    };
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

/** How the given back ends are opened; others fail as if they were not installed. */
export function openersOf(...backends: readonly FakeBackend[]): Openers {
  const opener = (name: Backend["name"]) => async (): Promise<Backend> => {
    const backend = backends.find((one) => one.name === name);
    if (backend !== undefined) return backend;
    throw Object.assign(new Error(`no ${name}\nRequire stack: ...`), { code: "MODULE_NOT_FOUND" });
  };
  return { kernel: opener("kernel"), tensorflow: opener("tensorflow"), wasm: opener("wasm"), cpu: opener("cpu") };
}
