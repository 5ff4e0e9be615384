import type { FeatureTable } from "../classifier";
import type { KernelMemory } from "./memory";
import { RowReader } from "./rowReader";
import { PART } from "./shared";

/** Inputs of a panel, classes of a pair, and lanes of a vector: see `src/kernels/training/softmax.ts`. */
const PANEL = 16;
const PAIR = 2;
const LANES = 4;
/** Inputs and samples whose pixels it has at hand at a time. */
const [CHUNK, GROUP] = [1024, 4];
const LINE = 64;
/** Bytes of numbers of 16, 32 and 64 bits. */
const [SHORT, FLOAT, DOUBLE] = [2, 4, 8];

/** Sizes of what the kernel works on. */
export interface Shape {
  readonly dim: number;
  readonly classes: number;
  readonly panels: number;
  readonly pairs: number;
  /** Classes, filled up to a multiple of four. */
  readonly width: number;
  /** Weights of a class, which lie one after the other, filled up to whole panels; and those of all classes of the pairs. */
  readonly pitch: number;
  readonly weights: number;
  /** Bytes of weights and biases, which lie one after the other. */
  readonly size: number;
}

export function shapeOf(dim: number, classes: number): Shape {
  const panels = Math.ceil(dim / PANEL);
  const pairs = Math.ceil(classes / PAIR);
  const width = Math.ceil(classes / LANES) * LANES;
  const pitch = panels * PANEL;
  const weights = pitch * pairs * PAIR;
  return { dim, classes, panels, pairs, width, pitch, weights, size: (weights + width) * FLOAT };
}

type Places<Name extends string> = Readonly<Record<Name | "end", number>>;

/** Places of so many bytes one after the other, from address `start` on. */
function placed<Name extends string>(start: number, bytes: Readonly<Record<Name, number>>): Places<Name> {
  const places: Record<string, number> = {};
  let end = start;
  for (const [name, size] of Object.entries<number>(bytes)) {
    places[name] = end;
    end += Math.ceil(size / LINE) * LINE;
  }
  return { ...places, end } as Places<Name>;
}

/** Addresses of what all parts share. */
export type ModelPlaces = Places<"weights" | "rounded" | "units" | "starts">;

/** Places of weights and biases, and of the weights as they are multiplied by. */
export function modelPlaces({ size, weights, width }: Shape, start: number): ModelPlaces {
  return placed(start, {
    weights: size,
    rounded: weights * SHORT,
    units: width * FLOAT,
    starts: width * DOUBLE,
  });
}

/** Numbers of the class Job of the kernel. */
const JOB_NUMBERS = 22;

/** Addresses of what a part is worked on with. */
function partPlaces({ width, size }: Shape, start: number) {
  return placed(start, {
    job: JOB_NUMBERS * FLOAT,
    labels: PART * FLOAT,
    sums: PART * width * DOUBLE,
    logits: PART * width * FLOAT,
    errors: PART * width * SHORT,
    errorUnits: width * FLOAT,
    errorSums: width * FLOAT,
    pixels: CHUNK * GROUP * SHORT,
    gradient: size,
    powers: PART * FLOAT,
    gaps: PART * FLOAT,
    hits: PART * FLOAT,
  });
}

/** Bytes of memory that a part takes, at most. */
export function partBytes(shape: Shape): number {
  return partPlaces(shape, 0).end + PART * (shape.dim + FLOAT);
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
  private readonly powers: Float32Array;
  private readonly gaps: Float32Array;
  private readonly hits: Uint32Array;

  /**
   * @param model addresses of what all parts share
   * @throws CleanSplitError "refused" when there is not enough memory
   */
  constructor(
    private readonly memory: KernelMemory,
    private readonly table: FeatureTable,
    shape: Shape,
    model: ModelPlaces,
  ) {
    const at = partPlaces(shape, memory.allocate(partPlaces(shape, 0).end));
    try {
      this.rows = new RowReader(memory, table, shape.dim, PART);
    } catch (error) {
      memory.release(at.job);
      throw error;
    }
    const { buffer } = memory;
    const { dim, panels, pairs, width, weights } = shape;
    const numbers = [
      ...[this.rows.address, at.labels, dim, panels, pairs, width],
      ...[model.weights, model.weights + weights * FLOAT, model.rounded, model.units, model.starts],
      ...[at.sums, at.logits, at.errors, at.errorUnits, at.errorSums, at.pixels],
      ...[at.gradient, at.gradient + weights * FLOAT, at.powers, at.gaps, at.hits],
    ];
    new Uint32Array(buffer, at.job, JOB_NUMBERS).set(numbers);
    this.job = at.job;
    this.gradient = at.gradient;
    this.logits = new Float32Array(buffer, at.logits, PART * width);
    this.labels = new Uint32Array(buffer, at.labels, PART);
    this.powers = new Float32Array(buffer, at.powers, PART);
    this.gaps = new Float32Array(buffer, at.gaps, PART);
    this.hits = new Uint32Array(buffer, at.hits, PART);
  }

  /** Sets of which rows, whose labels are classes, the kernel learns next. */
  take(rows: Uint32Array): void {
    const { labels, table } = this;
    this.rows.take(rows);
    for (let i = 0; i < rows.length; i++) labels[i] = table.labels[rows[i] ?? 0] ?? 0;
  }

  /** Learns of rows: their gradient is there afterwards, or was added to the one before, and what {@link score} tells. */
  learn(rows: Uint32Array, isAdded: boolean): void {
    this.take(rows);
    this.memory.exports.learn(this.job, rows.length, isAdded);
  }

  /** Writes the logits of rows, at most {@link PART}. */
  predict(rows: Uint32Array): void {
    this.rows.take(rows);
    this.memory.exports.predict(this.job, rows.length);
  }

  /** The sum of the losses of the samples that were learnt of, and how many were right. */
  score(samples: number): { readonly loss: number; readonly hits: number } {
    const { powers, gaps, hits } = this;
    let [loss, right] = [0, 0];
    for (let i = 0; i < samples; i++) {
      loss += Math.log(powers[i] ?? 0) + (gaps[i] ?? 0);
      right += hits[i] ?? 0;
    }
    return { loss, hits: right };
  }

  dispose(): void {
    this.rows.dispose();
    this.memory.release(this.job);
  }
}
