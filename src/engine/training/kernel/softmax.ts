import type { Score } from "../../../core/training/experiment";
import type { Recipe } from "../../../core/training/models";
import type { Classifier, FeatureTable, Parameter } from "../classifier";
import type { KernelMemory } from "./memory";
import { RowReader } from "./rowReader";
import { checkLabels, checkRows, denseParameters, dimOf, ratesOf, scoreOf } from "./shared";

/** Inputs of a panel, classes of a tile, and inputs of a tile: see `src/kernels/training/softmax.ts`. */
const PANEL = 16;
const TILE_CLASSES = 2;
const TILE_INPUTS = 4;
const FLOAT = 4;

/**
 * A batch is worked on in slices: their inputs shall stay in the second cache, but more samples do not make it faster. A
 * multiple of eight samples, and a stride of so many lines more, spreads panels over all sets of the first cache.
 */
const SLICE_BYTES = 400 * 1024;
const [LEAST_SLICE, MOST_SLICE] = [8, 128];
const STRIDE_LINES = 4;
const LINE = 64;

/** Addresses of what a classifier works on. */
interface Places {
  readonly weights: number;
  readonly biases: number;
  readonly inputs: number;
  readonly errors: number;
  readonly biasGradient: number;
  readonly labels: number;
  readonly sums: number;
  readonly gaps: number;
  readonly hits: number;
  readonly end: number;
}

/** Sizes of what the kernel works on. */
interface Shape {
  readonly dim: number;
  readonly classes: number;
  readonly panels: number;
  readonly tiles: number;
  /** Floats of a row of logits. */
  readonly width: number;
  /** Samples of a slice. */
  readonly slice: number;
  /** Bytes from a panel of inputs to the next. */
  readonly stride: number;
}

function shapeOf(dim: number, classes: number): Shape {
  const panels = Math.ceil(dim / PANEL);
  const tiles = Math.ceil(classes / TILE_CLASSES);
  const fitting = 8 * Math.floor(SLICE_BYTES / (panels * LINE * 8));
  const slice = Math.min(MOST_SLICE, Math.max(LEAST_SLICE, fitting));
  return {
    dim,
    classes,
    panels,
    tiles,
    width: Math.ceil(classes / 4) * 4,
    slice,
    stride: (slice + STRIDE_LINES) * LINE,
  };
}

/** Bytes of the weights. */
function weightBytes({ panels, tiles }: Shape): number {
  return panels * PANEL * tiles * TILE_CLASSES * FLOAT;
}

/** Places one after the other, from address `start` on. */
function placesOf(shape: Shape, start: number): Places {
  const { slice, width, panels, stride } = shape;
  let end = start;
  const place = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / LINE) * LINE;
    return at;
  };
  const places = {
    weights: place(weightBytes(shape)),
    biases: place(width * FLOAT),
    inputs: place(panels * stride),
    errors: place(slice * width * FLOAT),
    biasGradient: place(width * FLOAT),
    labels: place(slice * FLOAT),
    sums: place(slice * FLOAT),
    gaps: place(slice * FLOAT),
    hits: place(slice * FLOAT),
  };
  return { ...places, end };
}

/** Bytes of memory that softmax regression takes beside the pixels, at most. */
export function softmaxBytes(dim: number, classes: number): number {
  const shape = shapeOf(dim, classes);
  return placesOf(shape, 0).end + weightBytes(shape) + shape.slice * (dim + FLOAT);
}

/** Softmax regression in WebAssembly; equal to `ReferenceSoftmax` bit for bit. */
export class WasmSoftmax implements Classifier {
  private readonly shape: Shape;
  private readonly places: Places;
  private readonly rows: RowReader;
  private readonly labels: Uint32Array;
  private readonly sums: Float32Array;
  private readonly gaps: Float32Array;
  private readonly hits: Uint32Array;
  /** Sums of earlier slices of a batch; 0 until a batch has more than one. */
  private gradient = 0;

  /** @throws CleanSplitError "refused" when there is not enough memory */
  constructor(
    private readonly memory: KernelMemory,
    private readonly table: FeatureTable,
    private readonly recipe: Recipe,
  ) {
    this.shape = shapeOf(dimOf(table), table.classes);
    const { slice, dim, classes, width } = this.shape;
    this.places = placesOf(this.shape, memory.allocate(placesOf(this.shape, 0).end));
    try {
      this.rows = new RowReader(memory, table, dim, slice);
    } catch (error) {
      memory.release(this.places.weights);
      throw error;
    }
    const { buffer } = memory;
    this.labels = new Uint32Array(buffer, this.places.labels, slice);
    this.sums = new Float32Array(buffer, this.places.sums, slice);
    this.gaps = new Float32Array(buffer, this.places.gaps, slice);
    this.hits = new Uint32Array(buffer, this.places.hits, slice);
    // Classes that only fill up a tile are impossible.
    new Float32Array(buffer, this.places.biases, width).fill(-Infinity, classes);
  }

  step(rows: Uint32Array): Score {
    checkLabels(rows, this.table);
    const { slice } = this.shape;
    if (rows.length > slice && this.gradient === 0) this.gradient = this.memory.allocate(weightBytes(this.shape));
    let [loss, hits] = [0, 0];
    for (let from = 0; from < rows.length; from += slice) {
      const part = rows.subarray(from, from + slice);
      this.forward(part);
      this.findErrors(part);
      this.backward(part.length, rows.length, from === 0, from + slice >= rows.length);
      for (let i = 0; i < part.length; i++) {
        loss += Math.log(this.sums[i] ?? 0) + (this.gaps[i] ?? 0);
        hits += this.hits[i] ?? 0;
      }
    }
    return scoreOf(loss, hits, rows.length);
  }

  predict(rows: Uint32Array): Float32Array {
    checkRows(rows, this.table);
    const { slice, classes, width } = this.shape;
    const found = new Float32Array(rows.length * classes);
    const logits = new Float32Array(this.memory.buffer, this.places.errors, slice * width);
    for (let from = 0; from < rows.length; from += slice) {
      const part = rows.subarray(from, from + slice);
      this.forward(part);
      for (let i = 0; i < part.length; i++) {
        found.set(logits.subarray(i * width, i * width + classes), (from + i) * classes);
      }
    }
    return found;
  }

  parameters(): readonly Parameter[] {
    const { dim, classes, panels } = this.shape;
    const { buffer } = this.memory;
    const weights = new Float32Array(buffer, this.places.weights, weightBytes(this.shape) / FLOAT);
    const biases = new Float32Array(buffer, this.places.biases, classes);
    const row = panels * PANEL;
    return denseParameters(dim, biases, (input, label) => {
      const tile = (label >> 1) * row * TILE_CLASSES + (input >> 2) * TILE_INPUTS * TILE_CLASSES;
      return weights[tile + (label & 1) * TILE_INPUTS + (input & 3)] ?? 0;
    });
  }

  dispose(): void {
    this.rows.dispose();
    this.memory.release(this.places.weights);
    if (this.gradient !== 0) this.memory.release(this.gradient);
  }

  private forward(rows: Uint32Array): void {
    const { dim, panels, tiles, width, stride } = this.shape;
    const { inputs, weights, biases, errors } = this.places;
    const { exports } = this.memory;
    exports.gather(this.rows.addresses(rows), rows.length, dim, inputs, stride);
    exports.forward(inputs, stride, 0, rows.length, panels, weights, biases, tiles, errors, width);
  }

  private findErrors(rows: Uint32Array): void {
    const { tiles, width } = this.shape;
    const { errors, labels, sums, gaps, hits } = this.places;
    for (let i = 0; i < rows.length; i++) this.labels[i] = this.table.labels[rows[i] ?? 0] ?? 0;
    this.memory.exports.findErrors(errors, rows.length, tiles * TILE_CLASSES, width, labels, sums, gaps, hits);
  }

  private backward(samples: number, batch: number, isFirst: boolean, isLast: boolean): void {
    const { panels, tiles, width, stride } = this.shape;
    const { inputs, weights, biases, errors, biasGradient } = this.places;
    const { exports } = this.memory;
    const rates = ratesOf(this.recipe, batch);
    exports.backward(
      inputs,
      stride,
      samples,
      0,
      panels,
      panels,
      weights,
      tiles,
      errors,
      width,
      this.gradient,
      isFirst,
      isLast,
      rates.decay,
      rates.weights,
    );
    exports.backwardBiases(biases, samples, errors, width, biasGradient, isFirst, isLast, rates.biases);
  }
}
