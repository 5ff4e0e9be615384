import type { FeatureTable } from "../classifier";
import type { KernelMemory } from "./memory";
import { RowReader } from "./rowReader";
import { PART } from "./shared";

/** Inputs of a panel, classes of a pair, and lanes of a vector: see `src/kernels/training/softmax.ts`. */
export const PANEL = 16;
export const PAIR = 2;
export const LANES = 4;
export const FLOAT = 4;
const LINE = 64;

/**
 * Samples are worked on in slices: their inputs shall stay in the second cache. A multiple of eight samples, and a stride of so
 * many lines more, spreads panels over all sets of the first cache.
 */
const SLICE_BYTES = 400 * 1024;
const LEAST_SLICE = 8;
const STRIDE_LINES = 4;

/** Sizes of what the kernel works on. */
export interface Shape {
  readonly dim: number;
  readonly classes: number;
  readonly panels: number;
  readonly pairs: number;
  /** Floats of a row of logits. */
  readonly width: number;
  /** Samples of a slice. */
  readonly slice: number;
  /** Bytes from a panel of inputs to the next. */
  readonly stride: number;
  /** Bytes of weights and biases, which lie one after the other, and of the weights alone. */
  readonly size: number;
  readonly weightSize: number;
}

export function shapeOf(dim: number, classes: number): Shape {
  const panels = Math.ceil(dim / PANEL);
  const pairs = Math.ceil(classes / PAIR);
  const width = Math.ceil(classes / LANES) * LANES;
  const fitting = 8 * Math.floor(SLICE_BYTES / (panels * LINE * 8));
  const slice = Math.min(PART, Math.max(LEAST_SLICE, fitting));
  const weightSize = panels * PANEL * pairs * PAIR * FLOAT;
  const stride = (slice + STRIDE_LINES) * LINE;
  return { dim, classes, panels, pairs, width, slice, stride, weightSize, size: weightSize + width * FLOAT };
}

/** Addresses of what a part is worked on with. */
interface Places {
  readonly job: number;
  readonly labels: number;
  readonly inputs: number;
  readonly logits: number;
  readonly row: number;
  readonly errors: number;
  readonly gradient: number;
  readonly sums: number;
  readonly gaps: number;
  readonly hits: number;
  readonly end: number;
}

/** Numbers of the class Job of the kernel. */
const JOB_NUMBERS = 19;

/** Places one after the other, from address `start` on. */
function placesOf({ panels, pairs, width, slice, stride, size }: Shape, start: number): Places {
  let end = start;
  const place = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / LINE) * LINE;
    return at;
  };
  const places = {
    job: place(JOB_NUMBERS * FLOAT),
    labels: place(PART * FLOAT),
    inputs: place(panels * stride),
    logits: place(slice * width * FLOAT),
    row: place(width * FLOAT),
    errors: place(pairs * slice * PAIR * LANES * FLOAT),
    gradient: place(size),
    sums: place(PART * FLOAT),
    gaps: place(PART * FLOAT),
    hits: place(PART * FLOAT),
  };
  return { ...places, end };
}

/** Bytes of memory that a part takes, at most. */
export function partBytes(shape: Shape): number {
  return placesOf(shape, 0).end + PART * (shape.dim + FLOAT);
}

/** A part of a batch: what the kernel reads and writes when it learns of up to {@link PART} rows, and nobody else does. */
export class SoftmaxPart {
  /** Address of the job for the kernel. */
  readonly job: number;
  /** Address of the gradient, laid out as weights and biases. */
  readonly gradient: number;
  readonly logits: Float32Array;
  private readonly rows: RowReader;
  private readonly labels: Uint32Array;
  private readonly sums: Float32Array;
  private readonly gaps: Float32Array;
  private readonly hits: Uint32Array;

  /**
   * @param weights address of weights and biases
   * @throws CleanSplitError "refused" when there is not enough memory
   */
  constructor(
    private readonly memory: KernelMemory,
    private readonly table: FeatureTable,
    shape: Shape,
    weights: number,
  ) {
    const at = placesOf(shape, memory.allocate(placesOf(shape, 0).end));
    try {
      this.rows = new RowReader(memory, table, shape.dim, PART);
    } catch (error) {
      memory.release(at.job);
      throw error;
    }
    const { buffer } = memory;
    const { dim, panels, pairs, width, slice, stride, weightSize } = shape;
    const numbers = [
      ...[this.rows.address, at.labels, dim, panels, pairs, slice, at.inputs, stride, weights, weights + weightSize],
      ...[at.logits, width, at.row, at.errors, at.gradient, at.gradient + weightSize, at.sums, at.gaps, at.hits],
    ];
    new Uint32Array(buffer, at.job, JOB_NUMBERS).set(numbers);
    this.job = at.job;
    this.gradient = at.gradient;
    // Classes that only fill up a row are impossible.
    this.logits = new Float32Array(buffer, at.logits, slice * width).fill(-Infinity);
    this.labels = new Uint32Array(buffer, at.labels, PART);
    this.sums = new Float32Array(buffer, at.sums, PART);
    this.gaps = new Float32Array(buffer, at.gaps, PART);
    this.hits = new Uint32Array(buffer, at.hits, PART);
  }

  /** Sets of which rows, whose labels are classes, the kernel learns next. */
  take(rows: Uint32Array): void {
    const { labels } = this.table;
    this.rows.take(rows);
    for (let i = 0; i < rows.length; i++) this.labels[i] = labels[rows[i] ?? 0] ?? 0;
  }

  /** Learns of rows: their gradient is there afterwards, and what {@link score} tells. */
  learn(rows: Uint32Array): void {
    this.take(rows);
    this.memory.exports.learn(this.job, rows.length);
  }

  /** Writes the logits of rows, as many as a slice at most. */
  predict(rows: Uint32Array): void {
    this.rows.take(rows);
    this.memory.exports.predict(this.job, rows.length);
  }

  /** The sum of the losses of the samples that were learnt of, and how many were right. */
  score(samples: number): { readonly loss: number; readonly hits: number } {
    let [loss, hits] = [0, 0];
    for (let i = 0; i < samples; i++) {
      loss += Math.log(this.sums[i] ?? 0) + (this.gaps[i] ?? 0);
      hits += this.hits[i] ?? 0;
    }
    return { loss, hits };
  }

  dispose(): void {
    this.rows.dispose();
    this.memory.release(this.job);
  }
}
