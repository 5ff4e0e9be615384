import { setImmediate as nextTurn } from "node:timers/promises";
import type { Tensor2D, Variable } from "@tensorflow/tfjs-core";
import { CleanSplitError } from "../../core/errors";
import { mergeScores, scoreLogits } from "../../core/training/metrics";
import { Random, shuffle } from "../../core/training/random";
import type { EpochScore, Score, TrainingSpec } from "../../core/training/training";
import type { Run } from "../engine";
import { abortError } from "../process/rpc";
import type { TensorFlow } from "./backend";

/** How a pixel value 0..255 becomes a number -0.5..0.5, as people read it. */
export const SCALING_TEXT = "(p - 127.5) / 255";
/** {@link SCALING_TEXT} of every pixel value. */
const SCALED = Float32Array.from({ length: 256 }, (_, p) => (p - 127.5) / 255);

const NONE = new Float32Array(0);
/** Samples scored at once; more are no faster and take more memory. */
const SCORE_BATCH = 512;
/** Longest work, in milliseconds, before the event loop gets a turn to see a cancellation. */
const TURN = 20;

/** Samples as numbers: a matrix of pixel values and a label for every row. */
export interface FeatureTable {
  /** rows x dim pixel values 0..255, row after row. */
  readonly pixels: Uint8Array;
  readonly dim: number;
  /** Class of every row, 0..classes-1; other values mark rows that must not be used. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** What a training trains on and is watched by. */
export interface TrainingRows {
  readonly train: Uint32Array;
  /** Scored after every epoch; may be empty. */
  readonly validation: Uint32Array;
}

/**
 * Softmax regression: probabilities softmax(X W + b) with W (dim x classes) and b (classes), both zero at the start,
 * trained by plain stochastic gradient descent on the mean cross entropy without regularisation. The gradient is written
 * out, X^T (softmax(X W + b) - Y) / samples (Bishop, "Pattern Recognition and Machine Learning", 4.3.4), which is
 * faster than asking TensorFlow.js to derive it. Must be disposed.
 */
export class SoftmaxRegression {
  private readonly weights: Variable;
  private readonly bias: Variable;
  /** Kept between batches; a tensor may use such an array without copying it, but none outlives its batch. */
  private floats = new Float32Array(0);

  constructor(
    private readonly tf: TensorFlow,
    private readonly table: FeatureTable,
  ) {
    // A variable outlives tidy; the zeros it starts from need not.
    this.weights = tf.tidy(() => tf.variable(tf.zeros([table.dim, table.classes])));
    this.bias = tf.tidy(() => tf.variable(tf.zeros([table.classes])));
  }

  /**
   * One step of gradient descent.
   *
   * @param rows the batch, at least one row
   * @returns the score of the batch before the step, as Keras reports it
   */
  step(rows: Uint32Array, learningRate: number): Score {
    const { tf, weights, bias } = this;
    const labels = this.labelsOf(rows);
    let before: Float32Array = NONE;
    tf.tidy(() => {
      // The WebAssembly back end multiplies transposed matrices several times slower and transposes more slowly than
      // this loop, which reads the pixels anyway.
      const { x, transposed } = this.loadWithTransposed(rows);
      const logits = this.logits(x);
      before = logits.dataSync<"float32">();
      const error = tf.sub<Tensor2D>(tf.softmax(logits), this.oneHot(labels));
      const rate = tf.scalar(learningRate / rows.length);
      weights.assign(tf.sub(weights, tf.mul(tf.matMul(transposed, error), rate)));
      bias.assign(tf.sub(bias, tf.mul(tf.sum(error, 0), rate)));
    });
    return scoreLogits(before, labels, this.table.classes);
  }

  /** The score of at least one row; all of them are in memory as 32-bit floats meanwhile. */
  score(rows: Uint32Array): Score {
    const labels = this.labelsOf(rows);
    let logits: Float32Array = NONE;
    // Not as the result of tidy, which would look for tensors in every number of it.
    this.tf.tidy(() => {
      logits = this.logits(this.load(rows)).dataSync<"float32">();
    });
    return scoreLogits(logits, labels, this.table.classes);
  }

  /** Copies of W (dim x classes, row after row) and b. */
  parameters(): { readonly weights: Float32Array; readonly bias: Float32Array } {
    return {
      weights: Float32Array.from(this.weights.dataSync<"float32">()),
      bias: Float32Array.from(this.bias.dataSync<"float32">()),
    };
  }

  /** Frees the parameters. */
  dispose(): void {
    this.weights.dispose();
    this.bias.dispose();
  }

  private logits(x: Tensor2D): Tensor2D {
    return this.tf.add(this.tf.matMul<Tensor2D>(x, this.weights), this.bias);
  }

  /** The rows as a matrix, samples x dim. */
  private load(rows: Uint32Array): Tensor2D {
    const { pixels, dim } = this.table;
    const matrix = this.room(rows.length * dim);
    let to = 0;
    for (const row of rows) {
      let from = row * dim;
      for (const end = from + dim; from < end; from++) matrix[to++] = SCALED[pixels[from] ?? 0] ?? 0;
    }
    return this.tf.tensor2d(matrix, [rows.length, dim]);
  }

  /** The rows as a matrix, samples x dim, and as its transposed one. */
  private loadWithTransposed(rows: Uint32Array): { readonly x: Tensor2D; readonly transposed: Tensor2D } {
    const { pixels, dim } = this.table;
    const samples = rows.length;
    const length = samples * dim;
    const room = this.room(2 * length);
    const matrix = room.subarray(0, length);
    const transposed = room.subarray(length);
    let to = 0;
    // Plain loops: with a closure around the counter this takes almost twice as long, and it is half of a step.
    for (let sample = 0; sample < samples; sample++) {
      let from = (rows[sample] ?? 0) * dim;
      for (let across = sample; across < length; across += samples) {
        const value = SCALED[pixels[from++] ?? 0] ?? 0;
        matrix[to++] = value;
        transposed[across] = value;
      }
    }
    return {
      x: this.tf.tensor2d(matrix, [samples, dim]),
      transposed: this.tf.tensor2d(transposed, [dim, samples]),
    };
  }

  private room(length: number): Float32Array {
    if (this.floats.length < length) this.floats = new Float32Array(length);
    return this.floats.subarray(0, length);
  }

  private labelsOf(rows: Uint32Array): Int32Array {
    return Int32Array.from(rows, (row) => this.table.labels[row] ?? -1);
  }

  private oneHot(labels: Int32Array): Tensor2D {
    const { classes } = this.table;
    const values = new Float32Array(labels.length * classes);
    labels.forEach((label, sample) => (values[sample * classes + label] = 1));
    return this.tf.tensor2d(values, [labels.length, classes]);
  }
}

/**
 * Trains `model` and scores the validation rows after every epoch. The training rows are put into a new order for every
 * epoch and the last batch may be smaller; loss and accuracy of an epoch are running means over its batches, as Keras
 * reports them.
 *
 * @param run told the scores of every finished epoch
 * @throws AbortError when cancelled, within two batches or a fifth of a second, whichever is longer
 * @throws CleanSplitError "unsupported" when the loss grows out of bounds
 */
export async function fit(
  model: SoftmaxRegression,
  rows: TrainingRows,
  spec: Pick<TrainingSpec, "epochs" | "batchSize" | "learningRate" | "seed">,
  run: Run<EpochScore>,
): Promise<readonly EpochScore[]> {
  const random = new Random(spec.seed);
  const order = Uint32Array.from(rows.train);
  const turn = new Turn(run.signal);
  const epochs: EpochScore[] = [];
  while (epochs.length < spec.epochs) {
    shuffle(order, random);
    const batches: Score[] = [];
    for (const batch of slices(order, spec.batchSize)) {
      batches.push(model.step(batch, spec.learningRate));
      await turn.pass();
    }
    const train = finite(mergeScores(batches));
    if (train === null) throw new Error("There are no rows to train on.");
    const validation = await scoreAll(model, rows.validation, run.signal);
    const epoch: EpochScore = {
      loss: train.loss,
      accuracy: train.accuracy,
      valLoss: validation?.loss ?? null,
      valAccuracy: validation?.accuracy ?? null,
    };
    epochs.push(epoch);
    run.progress(epoch);
  }
  return epochs;
}

/** The score of any number of rows, `null` for none. Errors as for {@link fit}. */
export async function scoreAll(
  model: SoftmaxRegression,
  rows: Uint32Array,
  signal: AbortSignal,
): Promise<Score | null> {
  const turn = new Turn(signal);
  const scores: Score[] = [];
  for (const batch of slices(rows, SCORE_BATCH)) {
    scores.push(model.score(batch));
    await turn.pass();
  }
  return finite(mergeScores(scores));
}

function* slices(rows: Uint32Array, size: number): Generator<Uint32Array> {
  for (let start = 0; start < rows.length; start += size) yield rows.subarray(start, start + size);
}

function finite(score: Score | null): Score | null {
  if (score === null || Number.isFinite(score.loss)) return score;
  throw new CleanSplitError(
    "unsupported",
    "The training diverged: its loss is no longer a number; lower the learning rate.",
  );
}

/** Lets the event loop run now and then during long synchronous work, so that a cancellation arrives. */
class Turn {
  private since = performance.now();

  constructor(private readonly signal: AbortSignal) {}

  async pass(): Promise<void> {
    if (performance.now() - this.since >= TURN) {
      await nextTurn();
      this.since = performance.now();
    }
    if (this.signal.aborted) throw abortError();
  }
}
