import type { BackendName, Score } from "../../core/training/experiment";
import type { ModelName, Recipe } from "../../core/training/models";

/** Samples as numbers: pixel values and a label for every row. */
export interface FeatureTable {
  /** rows x height x width x channels values 0..255, row after row; in shared memory where threads read it. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** Class of every row, 0..classes-1; other values mark rows that must not be used. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** How a pixel value 0..255 becomes a number -0.5..0.5, as people read it. */
export const SCALING_TEXT = "(p - 127.5) / 255";

/** A named block of numbers of a model; names, shapes and layouts are those of Keras. */
export interface Parameter {
  /** "dense/kernel", "dense/bias", "conv1/kernel" ... */
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A model that is being trained. Calls are synchronous: the loop around them gives the event loop its turns. */
export interface Classifier {
  /**
   * One step of gradient descent on a batch of at least one row.
   *
   * @returns the score of the batch before the step, as Keras reports it, without the penalty of the weights
   */
  step(rows: Uint32Array): Score;
  /** Log probabilities up to a constant of each row (logits), rows x classes; at least one row, at most 512. */
  predict(rows: Uint32Array): Float32Array;
  /** Copies of what was learnt; empty for a model that only remembers its training data. */
  parameters(): readonly Parameter[];
  /** Frees what it holds. */
  dispose(): void;
}

/** What a classifier is made of. */
export interface ClassifierRequest {
  readonly model: ModelName;
  readonly table: FeatureTable;
  /** Its recipe; `null` for a model that has none. */
  readonly recipe: Recipe | null;
  /** Decides about the first weights; the same for all back ends. */
  readonly seed: number;
  /** The rows it is going to be trained on, which is all that nearest neighbours needs. */
  readonly train: Uint32Array;
}

/** An opened back end. */
export interface Backend {
  readonly name: BackendName;
  /** Whether it can train a model on this table. */
  supports(model: ModelName, table: FeatureTable): boolean;
  create(request: ClassifierRequest): Classifier;
  /** Ends its threads. */
  close(): Promise<void>;
}
