import type { Score } from "../../../core/training/experiment";
import type { Recipe } from "../../../core/training/models";
import type { Classifier, FeatureTable, Parameter } from "../classifier";
import { CENTRE, checkLabels, checkRows, denseParameters, dimOf, PART, ratesOf, scoreOf, voteLogits } from "./shared";

const { fround } = Math;

/** Lanes of a vector. The powers of the classes are added up in so many parts, that of class c in part c % 4. */
const LANES = 4;

/** The largest whole number that numbers are rounded to, and the least float that a number is not zero for it. */
const [LARGEST, TINY] = [32767, fround(1e-30)];

/** What a part of a batch says. */
interface PartGradient {
  readonly gradient: Float32Array;
  readonly biasGradient: Float32Array;
  readonly loss: number;
  readonly hits: number;
}

/**
 * Softmax regression in plain TypeScript: probabilities softmax(x W + b) of pixels x, with W and b zero at the start, by
 * gradient descent on the mean cross entropy, whose gradient by the logits is softmax less one at the label (Bishop, "Pattern
 * Recognition and Machine Learning", 4.3.4). What `src/kernels/training/softmax.ts` must equal bit for bit: numbers are 32-bit
 * floats, but what pixels are multiplied by is rounded before (see {@link rounded}), so those sums are of whole numbers and
 * exact; of floats, the sums here say in which order the kernel adds.
 */
export class ReferenceSoftmax implements Classifier {
  private readonly dim: number;
  /** classes x inputs, for inputs p - 127.5. */
  private readonly weights: Float32Array;
  private readonly biases: Float32Array;
  /** The weights of each class as they are multiplied by. */
  private readonly rounded: Rounded[] = [];

  constructor(
    private readonly table: FeatureTable,
    private readonly recipe: Recipe,
  ) {
    this.dim = dimOf(table);
    this.weights = new Float32Array(table.classes * this.dim);
    this.biases = new Float32Array(table.classes);
    this.round();
  }

  step(rows: Uint32Array): Score {
    checkLabels(rows, this.table);
    const gradient = new Float32Array(this.weights.length);
    const biasGradient = new Float32Array(this.biases.length);
    let [loss, hits] = [0, 0];
    for (let from = 0; from < rows.length; from += PART) {
      const part = this.learn(rows.subarray(from, from + PART));
      addTo(gradient, part.gradient);
      addTo(biasGradient, part.biasGradient);
      loss += part.loss;
      hits += part.hits;
    }
    const rates = ratesOf(this.recipe, rows.length);
    descend(this.weights, gradient, rates.decay, rates.weights);
    descend(this.biases, biasGradient, 1, rates.biases);
    this.round();
    return scoreOf(loss, hits, rows.length);
  }

  predict(rows: Uint32Array): Float32Array {
    checkRows(rows, this.table);
    const { classes } = this.table;
    const logits = new Float32Array(rows.length * classes);
    rows.forEach((row, i) => this.findLogits(row, logits.subarray(i * classes, (i + 1) * classes)));
    return logits;
  }

  parameters(): readonly Parameter[] {
    return denseParameters(this.dim, this.biases, (input, label) => this.weights[label * this.dim + input] ?? 0);
  }

  dispose(): void {
    // Nothing is held that would not go by itself.
  }

  private round(): void {
    for (let c = 0; c < this.table.classes; c++) {
      this.rounded[c] = roundedOf(this.weights.subarray(c * this.dim, (c + 1) * this.dim));
    }
  }

  /** The gradient of a part of a batch, the sum of its losses, and how many of its rows are right. */
  private learn(rows: Uint32Array): PartGradient {
    const { classes, labels } = this.table;
    const errors = Array.from({ length: classes }, () => new Float32Array(rows.length));
    const z = new Float32Array(classes);
    let [loss, hits] = [0, 0];
    rows.forEach((row, i) => {
      this.findLogits(row, z);
      const label = labels[row] ?? 0;
      const largest = largestOf(z);
      if (z.indexOf(largest) === label) hits++;
      const gap = fround(largest - (z[label] ?? 0));
      loss += Math.log(softmax(z, largest)) + gap;
      errors.forEach((of, c) => (of[i] = (z[c] ?? 0) - (c === label ? 1 : 0)));
    });
    const gradient = new Float32Array(this.weights.length);
    errors.forEach((of, c) => this.findGradient(rows, of, gradient.subarray(c * this.dim, (c + 1) * this.dim)));
    const biasGradient = Float32Array.from(errors, (of) => of.reduce((sum, error) => fround(sum + error), 0));
    return { gradient, biasGradient, loss, hits };
  }

  /** Writes the gradient of the weights of a class, from its errors of rows. */
  private findGradient(rows: Uint32Array, errors: Float32Array, gradient: Float32Array): void {
    const { dim } = this;
    const { pixels } = this.table;
    const { wholes, unit } = roundedOf(errors);
    const sums = new Float64Array(dim);
    rows.forEach((row, i) => {
      const error = wholes[i] ?? 0;
      for (let k = 0, at = row * dim; k < dim; k++, at++) {
        sums[k] = (sums[k] ?? 0) + ((pixels[at] ?? 0) - CENTRE) * error;
      }
    });
    // As a 32-bit float, since the kernel multiplies such.
    sums.forEach((sum, k) => (gradient[k] = fround(sum) * unit));
  }

  /** Writes the logits of a row. */
  private findLogits(row: number, z: Float32Array): void {
    const { dim } = this;
    const { pixels } = this.table;
    this.rounded.forEach(({ wholes, unit }, c) => {
      let sum = 0;
      for (let i = 0, at = row * dim; i < dim; i++, at++) sum += ((pixels[at] ?? 0) - CENTRE) * (wholes[i] ?? 0);
      z[c] = fround(sum * unit) + (this.biases[c] ?? 0);
    });
  }
}

/** Numbers as whole multiples of a unit. */
interface Rounded {
  readonly wholes: Int16Array;
  readonly unit: number;
}

/**
 * The nearest multiples of 1/32767 of the largest of these numbers. What is multiplied by them is whole, too, so sums are exact.
 * The unit is NaN when one of them is no number or infinite.
 */
function roundedOf(values: Float32Array): Rounded {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest < TINY) return { wholes: new Int16Array(values.length), unit: 0 };
  const rate = fround(LARGEST / largest);
  const wholes = Int16Array.from(values, (value) => nearest(fround(value * rate)));
  return { wholes, unit: Number.isFinite(largest) ? fround(largest / LARGEST) : NaN };
}

function addTo(sum: Float32Array, values: Float32Array): void {
  values.forEach((value, i) => (sum[i] = (sum[i] ?? 0) + value));
}

/** The sum of four lanes, (0 + 2) + (1 + 3). */
function totalOf(lanes: Float32Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = lanes;
  return fround(fround(a + c) + fround(b + d));
}

/** The largest logit; NaN when one is. */
function largestOf(z: Float32Array): number {
  return z.reduce((largest, value) => Math.max(largest, value), -Infinity);
}

/** Makes probabilities of logits, in place, and answers the sum of e^(logit - largest). */
function softmax(z: Float32Array, largest: number): number {
  const lanes = new Float32Array(LANES);
  for (let c = 0; c < z.length; c++) {
    const power = exponential(fround((z[c] ?? 0) - largest));
    z[c] = power;
    lanes[c % LANES] = (lanes[c % LANES] ?? 0) + power;
  }
  const sum = totalOf(lanes);
  for (let c = 0; c < z.length; c++) z[c] = (z[c] ?? 0) / sum;
  return sum;
}

/** `values * decay - gradient * rate`, in place. */
function descend(values: Float32Array, gradient: Float32Array, decay: number, rate: number): void {
  for (let i = 0; i < values.length; i++) {
    values[i] = fround((values[i] ?? 0) * decay) - fround((gradient[i] ?? 0) * rate);
  }
}

const LEAST = -64;
const LOG2_E = fround(1.4426950408889634);
/** The natural logarithm of 2 in two parts; the first has few bits, so its multiples are exact. */
const [LOG_2, LOG_2_REST] = [fround(0.693359375), fround(-2.1219444e-4)];
const POLYNOMIAL = Float32Array.of(
  ...[1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
);
const bits = new Int32Array(1);
const float = new Float32Array(bits.buffer);

/** e^x as a 32-bit float, with the error that the kernel states; 0 below -64 and for NaN. */
export function exponential(x: number): number {
  if (!(x >= LEAST)) return 0;
  const n = nearest(fround(x * LOG2_E));
  let r = fround(x - fround(n * LOG_2));
  r = fround(r - fround(n * LOG_2_REST));
  const y = POLYNOMIAL.reduce((sum, coefficient) => fround(fround(sum * r) + coefficient));
  float[0] = fround(fround(fround(y * r) * r) + r) + 1;
  bits[0] = (bits[0] ?? 0) + (n << 23);
  return float[0];
}

/** The nearest whole number, of two equally near ones the even one. */
function nearest(value: number): number {
  const above = Math.round(value);
  return above - value === 0.5 && above % 2 !== 0 ? above - 1 : above;
}

/** Nearest neighbours in plain TypeScript: each row is compared with each, and the farthest found so far is a limit. */
export class ReferenceNeighbours implements Classifier {
  private readonly dim: number;
  private readonly train: Uint32Array;

  /**
   * @param train rows that are searched; of equally near ones that with the smaller number counts first
   * @param neighbours that vote, or all rows where there are fewer
   */
  constructor(
    private readonly table: FeatureTable,
    train: Uint32Array,
    private readonly neighbours: number,
  ) {
    checkLabels(train, table);
    this.train = train.toSorted();
    this.dim = dimOf(table);
  }

  step(): Score {
    throw new Error("Nearest neighbours are not trained in steps.");
  }

  predict(rows: Uint32Array): Float32Array {
    checkRows(rows, this.table);
    const { classes, labels } = this.table;
    const logits = new Float32Array(rows.length * classes);
    rows.forEach((row, i) => {
      const votes = this.nearest(row).map((near) => labels[near] ?? 0);
      logits.set(voteLogits(votes, classes), i * classes);
    });
    return logits;
  }

  parameters(): readonly Parameter[] {
    return [];
  }

  dispose(): void {
    // Nothing is held that would not go by itself.
  }

  /** The nearest rows, the nearest first. */
  private nearest(row: number): number[] {
    const found: { readonly row: number; readonly distance: number }[] = [];
    for (const other of this.train) {
      const farthest = found.length < this.neighbours ? Infinity : (found.at(-1)?.distance ?? 0);
      const distance = this.distance(row, other, farthest);
      if (distance >= farthest) continue;
      const place = found.findIndex((near) => near.distance > distance);
      found.splice(place === -1 ? found.length : place, 0, { row: other, distance });
      found.length = Math.min(found.length, this.neighbours);
    }
    return found.map((near) => near.row);
  }

  /** The sum of squared differences; something from `enough` on as soon as it is certain to be that much. */
  private distance(row: number, other: number, enough: number): number {
    const { pixels } = this.table;
    let [a, b, sum] = [row * this.dim, other * this.dim, 0];
    for (const end = a + this.dim; a < end && sum < enough; a++, b++) {
      const difference = (pixels[a] ?? 0) - (pixels[b] ?? 0);
      sum += difference * difference;
    }
    return sum;
  }
}
