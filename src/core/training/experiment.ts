import type { Evaluation, TestSet } from "./evaluation";
import type { Cost } from "./leakageCost";
import type { ModelName } from "./models";

/** What a model is trained on. Sanitized data never holds an image that also occurs in the test split. */
export type TrainingData = "original" | "sanitized";

/** Number of training samples, or all of them. */
export type TrainingSize = number | "all";

/** Where a model is trained: our own kernel, or TensorFlow as native library, in WebAssembly, in plain JavaScript. */
export type BackendName = "kernel" | "tensorflow" | "wasm" | "cpu";

/** What is trained: every model on every size of every kind of data, once for each seed. */
export interface ExperimentSpec {
  readonly models: readonly ModelName[];
  readonly sizes: readonly TrainingSize[];
  readonly data: readonly TrainingData[];
  /** Seeds of the choice of samples, their order, and the first weights; whole numbers from 0 to 2^32 - 1. */
  readonly seeds: readonly number[];
  /** In place of what the recipes of the models say; `null` leaves it to them. */
  readonly epochs: number | null;
  readonly batchSize: number | null;
  readonly learningRate: number | null;
  /** Side in pixels that pictures are resized to; `null`: small pictures of one size keep it, others get 32. */
  readonly side: number | null;
  /** 1 for grey, 3 for colour; `null` as the pictures are. */
  readonly channels: 1 | 3 | null;
  /** At which tier a test image counts as leaked and the sanitized data are free of leakage. */
  readonly tier: "pixel" | "near";
  /** Forces a back end; `null` takes the best for each model. */
  readonly backend: BackendName | null;
}

/** The learning curve of the course, with five seeds. */
export const DEFAULT_EXPERIMENT: ExperimentSpec = {
  models: ["softmax"],
  sizes: [50, 100, 1000, 5000, "all"],
  data: ["original", "sanitized"],
  seeds: [1, 2, 3, 4, 5],
  epochs: null,
  batchSize: null,
  learningRate: null,
  side: null,
  channels: null,
  tier: "pixel",
  backend: null,
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

/** The back end that trains a model and why none of the better ones. */
export interface BackendChoice {
  readonly backend: BackendName;
  readonly reason: string;
}

/** A run before it is trained. Runs of an experiment are known by their number, from 0, in the order of its plan. */
export interface PlannedRun {
  readonly model: ModelName;
  readonly data: TrainingData;
  readonly size: TrainingSize;
  /** Samples it trains on. */
  readonly trained: number;
  readonly seed: number;
  /** 0 for a model that is not trained in epochs. */
  readonly epochs: number;
}

/** One trained model. */
export interface TrainingRun extends PlannedRun {
  readonly backend: BackendName;
  readonly curve: readonly EpochScore[];
  /** All models are scored on the same four sets of test images; `null` for an empty one. */
  readonly scores: Readonly<Record<TestSet, Score | null>>;
  /** Seconds it took. */
  readonly seconds: number;
  /** Whether its parameters are kept, so that it can be exported. */
  readonly isKept: boolean;
}

/** Where an experiment is. `interrupted`: its trainer ended before it was done; it can be gone on with, as a cancelled one. */
export type ExperimentStatus = "loading" | "training" | "paused" | "done" | "cancelled" | "interrupted" | "failed";

/** An experiment as it is kept, with everything that finished; also what is exported as JSON. */
export interface ExperimentResult {
  readonly schema: "cleansplit/experiment@1";
  /** Names it in calls; a folder name. */
  readonly experiment: string;
  /** `fingerprint` says what was inspected, see `datasetFingerprint`; images can be shown while it is still the same. */
  readonly dataset: { readonly name: string; readonly fingerprint: string };
  /** ISO 8601. */
  readonly started: string;
  readonly status: ExperimentStatus;
  /** Message of the failure. */
  readonly error: string | null;
  readonly spec: ExperimentSpec;
  /** The back end of each model of the specification. */
  readonly backends: Readonly<Partial<Record<ModelName, BackendChoice>>>;
  /** How images became numbers, e.g. "28 x 28 grey, (p - 127.5) / 255". */
  readonly features: string;
  readonly classes: readonly string[];
  /** Labelled images of the train and validation split by kind of data, and of the four test sets. */
  readonly samples: {
    readonly train: Readonly<Record<TrainingData, number>>;
    readonly validation: Readonly<Record<TrainingData, number>>;
    readonly test: Readonly<Record<TestSet, number>>;
  };
  readonly plan: readonly PlannedRun[];
  /** The runs that began, by their number; `result` is `null` for one that did not finish. */
  readonly runs: readonly RunProgress[];
  /** What the leakage costs, for each model and size of which both kinds of data are trained. */
  readonly costs: readonly Cost[];
}

/** A run as far as it got. */
export interface RunProgress {
  readonly run: number;
  readonly curve: readonly EpochScore[];
  readonly result: TrainingRun | null;
}

/** One line of the list of kept experiments. */
export interface ExperimentSummary extends Pick<
  ExperimentResult,
  "experiment" | "dataset" | "started" | "status" | "spec"
> {
  readonly finished: number;
  readonly planned: number;
  /** The sentence of its first model on the most samples; `null` before that is known. */
  readonly sentence: string | null;
  /**
   * What that model scores (0..1), as mean over seeds: trained on original data on all test images, and trained on sanitized data
   * on the sanitized test split, which is `null` when that is empty. `null` before it is known.
   */
  readonly accuracy: { readonly original: number; readonly sanitized: number | null } | null;
}

/** What an experiment reports while it runs; a page that comes later is told by a `snapshot` first. */
export type ExperimentEvent =
  /** Images are read, or first near duplicates searched among them: then `phase` says so. */
  | { readonly type: "loading"; readonly phase?: "near"; readonly done: number; readonly total: number }
  | { readonly type: "snapshot"; readonly experiment: ExperimentResult }
  | { readonly type: "status"; readonly status: ExperimentStatus }
  /** Epochs of a run that ended since the last event, the first of them number `epoch`, from 0. */
  | { readonly type: "epochs"; readonly run: number; readonly epoch: number; readonly scores: readonly EpochScore[] }
  | { readonly type: "run"; readonly run: number; readonly result: TrainingRun }
  | { readonly type: "cost"; readonly costs: readonly Cost[] };

/** What a model says of each labelled test image, as columns with one entry an image. */
export interface Predictions {
  /** The most probable class. */
  readonly predicted: Uint16Array;
  /** Its probability, 0..1. */
  readonly confidence: Float32Array;
  /** Cross entropy in nats: minus the logarithm of the probability of the label. */
  readonly losses: Float32Array;
}

/** The labelled test images, as columns in the order of {@link Predictions}. */
export interface TestColumns {
  readonly labels: Int32Array;
  /** 1 for images of the sanitized test split. */
  readonly stays: Uint8Array;
  /** 1 for images that also occur in train or validation. */
  readonly leaked: Uint8Array;
  /**
   * Images with the same number are equal, or at tier `near` similar: they say the same about a model, so they are drawn
   * together when intervals are estimated. Any numbers; an image that is like no other has one of its own.
   */
  readonly groups: Uint32Array;
}

/** A test image that a model got wrong. */
export interface Mistake {
  /** Number in the inspection; `null` when the dataset is no longer the one that was trained on. */
  readonly sample: number | null;
  readonly id: string;
  readonly label: string;
  readonly predicted: string;
  /** Probability of the predicted class, 0..1. */
  readonly confidence: number;
  readonly leaked: boolean;
}

/** A page of mistakes, the most confident first. */
export interface MistakePage {
  readonly total: number;
  readonly mistakes: readonly Mistake[];
}

/** Everything about one run on one set of test images. */
export interface RunDetails {
  readonly run: TrainingRun;
  readonly evaluation: Evaluation;
}
