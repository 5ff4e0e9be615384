import type { Score } from "../../../core/training/experiment";
import type { Recipe } from "../../../core/training/models";
import type { FeatureTable, Parameter } from "../classifier";

/** Pixels are divided by this after {@link CENTRE} was taken from them; the weights of the kernels are divided by it instead. */
export const SCALE = 255;
export const CENTRE = 127.5;

/** Samples of a batch whose gradients are added up by themselves, before those of the parts are, so that threads can share it. */
export const PART = 64;

/** How far a step goes, as 32-bit floats. */
export interface Rates {
  /** Weights are multiplied by it first. */
  readonly decay: number;
  /** What sums of gradients over the batch are multiplied by: for weights of p - 127.5, and for biases. */
  readonly weights: number;
  readonly biases: number;
}

/** The rates of a step of gradient descent on the mean over a batch. */
export function ratesOf({ learningRate, l2 }: Pick<Recipe, "learningRate" | "l2">, samples: number): Rates {
  return {
    decay: Math.fround(1 - learningRate * l2),
    weights: Math.fround(learningRate / samples / SCALE ** 2),
    biases: Math.fround(learningRate / samples),
  };
}

/**
 * What softmax regression has learnt, named and laid out as that of a dense layer of Keras, for pixels (p - 127.5) / 255.
 *
 * @param weightOf the weight of an input p - 127.5 for a class
 */
export function denseParameters(
  dim: number,
  biases: Float32Array,
  weightOf: (input: number, label: number) => number,
): readonly Parameter[] {
  const classes = biases.length;
  const kernel = new Float32Array(dim * classes);
  for (let input = 0; input < dim; input++) {
    for (let label = 0; label < classes; label++) kernel[input * classes + label] = weightOf(input, label) * SCALE;
  }
  return [
    { name: "dense/kernel", shape: [dim, classes], values: kernel },
    { name: "dense/bias", shape: [classes], values: Float32Array.from(biases) },
  ];
}

/** The score of a batch of which losses and hits were added up. */
export function scoreOf(loss: number, hits: number, samples: number): Score {
  return { loss: loss / samples, accuracy: hits / samples, samples };
}

/** Numbers of a row. */
export function dimOf({ height, width, channels }: FeatureTable): number {
  return height * width * channels;
}

// These look at every row of every batch: going by index, without an iterator, takes half as long.

/** Throws a RangeError unless all rows are in the table: kernels would read what is beside it. */
export function checkRows(rows: Uint32Array, { labels }: FeatureTable): void {
  const { length } = labels;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    if (row >= length) throw new RangeError(`There is no row ${row} in a table of ${length}.`);
  }
}

/** Throws a RangeError unless all rows are in the table and have labels. */
export function checkLabels(rows: Uint32Array, table: FeatureTable): void {
  checkRows(rows, table);
  const { labels, classes } = table;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const label = labels[row] ?? -1;
    if (label < 0 || label >= classes) throw new RangeError(`Row ${row} has no label to train on.`);
  }
}

/**
 * Log probabilities by the votes of neighbours: log((votes + 1) / (neighbours + classes)), Laplace's rule of succession, so
 * that no class is impossible.
 *
 * @param votes labels of the neighbours
 */
export function voteLogits(votes: Iterable<number>, classes: number): Float32Array {
  const counts = new Float32Array(classes);
  let neighbours = 0;
  for (const label of votes) {
    counts[label] = (counts[label] ?? 0) + 1;
    neighbours++;
  }
  return counts.map((count) => Math.log((count + 1) / (neighbours + classes)));
}
