/** Which samples a model was trained and scored on. */
export type TrainingData = "original" | "sanitized";

/** Number of training samples, or all of them. */
export type TrainingSize = number | "all";

/**
 * How to train. The defaults are the published recipe: softmax regression, SGD with learning rate 0.01, batches of 128,
 * 20 epochs, samples shuffled every epoch.
 */
export interface TrainingSpec {
  readonly sizes: readonly TrainingSize[];
  readonly data: readonly TrainingData[];
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
}

export const DEFAULT_TRAINING: TrainingSpec = {
  sizes: [50, 100, 1000, 5000, "all"],
  data: ["original", "sanitized"],
  seed: 1,
  epochs: 20,
  batchSize: 128,
  learningRate: 0.01,
};

/** Mean cross entropy in nats and share of correct predictions (0..1) over `samples` images; NaN never occurs. */
export interface Score {
  readonly loss: number;
  readonly accuracy: number;
  readonly samples: number;
}

/** After one epoch: running mean over the training batches, and the validation split where there is one. */
export interface EpochScore {
  readonly loss: number;
  readonly accuracy: number;
  readonly valLoss: number | null;
  readonly valAccuracy: number | null;
}

/** TensorFlow.js back ends, best first: native library, WebAssembly, plain JavaScript. */
export type BackendName = "tensorflow" | "wasm" | "cpu";

/** The back end a run uses and why none of the better ones. */
export interface BackendChoice {
  readonly backend: BackendName;
  readonly reason: string;
}

/** One trained model. */
export interface TrainingRun {
  readonly data: TrainingData;
  readonly size: TrainingSize;
  /** Samples it really trained on. */
  readonly trained: number;
  readonly seed: number;
  readonly backend: BackendName;
  readonly epochs: readonly EpochScore[];
  /** Score on the test split of its own data: the original one or the sanitized one. */
  readonly test: Score;
  /**
   * The original test split in two parts: images that also occur in train or validation (`leaked`) and the others
   * (`clean`). Both models are scored on the same two parts, so they can be compared. `null` for an empty part.
   */
  readonly parts: { readonly clean: Score | null; readonly leaked: Score | null };
}

/** What a training reports while it runs. `run` counts from 0. */
export type TrainingEvent =
  | { readonly type: "started"; readonly backend: BackendChoice; readonly runs: readonly PlannedRun[] }
  | { readonly type: "loading"; readonly done: number; readonly total: number }
  | { readonly type: "epoch"; readonly run: number; readonly epoch: number; readonly score: EpochScore }
  | { readonly type: "run"; readonly run: number; readonly result: TrainingRun };

/** A run before it is trained. */
export interface PlannedRun {
  readonly data: TrainingData;
  readonly size: TrainingSize;
  readonly trained: number;
  readonly epochs: number;
}

/** The result of a training. */
export interface TrainingResult {
  readonly schema: "cleansplit/training@1";
  readonly spec: TrainingSpec;
  readonly backend: BackendChoice;
  /** How images became numbers, e.g. "28 x 28 grey, (p - 127.5) / 255". */
  readonly features: string;
  readonly classes: readonly string[];
  readonly runs: readonly TrainingRun[];
}
