import type { Score } from "../../../core/training/experiment";
import type { Recipe } from "../../../core/training/models";
import type { Classifier, FeatureTable, Parameter } from "../classifier";
import type { Helper } from "./helper";
import type { KernelMemory } from "./memory";
import { checkLabels, checkRows, denseParameters, dimOf, PART, ratesOf, scoreOf } from "./shared";
import { FLOAT, LANES, PAIR, partBytes, shapeOf, SoftmaxPart, type Shape } from "./softmaxPart";

/** Inputs times classes from which on a helper is worth it: with fewer, meeting takes as long as what it does. */
const HELPED_WEIGHTS = 2000;

/** Bytes of memory that softmax regression takes beside the pixels, at most. */
export function softmaxBytes(dim: number, classes: number): number {
  const shape = shapeOf(dim, classes);
  return 2 * shape.size + 2 * partBytes(shape);
}

/** A part that another thread works on while this one works on its own. */
interface Helped {
  readonly helper: Helper;
  readonly part: SoftmaxPart;
}

/** Softmax regression in WebAssembly; equal to `ReferenceSoftmax` bit for bit, with a helper or without. */
export class WasmSoftmax implements Classifier {
  private readonly shape: Shape;
  /** Addresses of weights and biases, and of the sum of the gradients of a batch. */
  private readonly weights: number;
  private readonly gradient: number;
  private readonly part: SoftmaxPart;
  private readonly helped: Helped | undefined;

  /**
   * @param helperOf asked for a thread that works on every second part of a batch, when that is worth it
   * @throws CleanSplitError "refused" when there is not enough memory
   */
  constructor(
    private readonly memory: KernelMemory,
    private readonly table: FeatureTable,
    private readonly recipe: Recipe,
    helperOf: () => Helper | undefined,
  ) {
    const shape = shapeOf(dimOf(table), table.classes);
    const isHelped = recipe.batchSize > PART && shape.dim * shape.classes >= HELPED_WEIGHTS;
    this.shape = shape;
    this.weights = memory.allocate(2 * shape.size);
    this.gradient = this.weights + shape.size;
    let part: SoftmaxPart | undefined;
    try {
      part = new SoftmaxPart(memory, table, shape, this.weights);
      this.part = part;
      const helper = isHelped ? helperOf() : undefined;
      if (helper !== undefined) {
        this.helped = { helper, part: new SoftmaxPart(memory, table, shape, this.weights) };
      }
    } catch (error) {
      part?.dispose();
      memory.release(this.weights);
      throw error;
    }
    // Classes that only fill up a pair are impossible.
    new Float32Array(memory.buffer, this.weights + shape.weightSize, shape.width).fill(-Infinity, shape.classes);
  }

  step(rows: Uint32Array): Score {
    checkLabels(rows, this.table);
    let [loss, hits] = [0, 0];
    const count = (part: SoftmaxPart, samples: number): void => {
      const score = part.score(samples);
      loss += score.loss;
      hits += score.hits;
      this.memory.exports.add(this.gradient, part.gradient, this.shape.size);
    };
    for (let from = 0; from < rows.length; from += 2 * PART) {
      const first = rows.subarray(from, from + PART);
      const second = rows.subarray(from + PART, from + 2 * PART);
      const helped = second.length > 0 ? this.ask(second) : undefined;
      this.part.learn(first);
      count(this.part, first.length);
      if (second.length === 0) continue;
      const isThere = helped?.helper.answered() === true;
      if (!isThere) this.part.learn(second);
      count(isThere ? helped.part : this.part, second.length);
    }
    this.descend(rows.length);
    return scoreOf(loss, hits, rows.length);
  }

  predict(rows: Uint32Array): Float32Array {
    checkRows(rows, this.table);
    const { slice, classes, width } = this.shape;
    const { logits } = this.part;
    const found = new Float32Array(rows.length * classes);
    for (let from = 0; from < rows.length; from += slice) {
      const part = rows.subarray(from, from + slice);
      this.part.predict(part);
      for (let i = 0; i < part.length; i++) {
        found.set(logits.subarray(i * width, i * width + classes), (from + i) * classes);
      }
    }
    return found;
  }

  parameters(): readonly Parameter[] {
    const { dim, classes, panels, weightSize } = this.shape;
    const { buffer } = this.memory;
    const weights = new Float32Array(buffer, this.weights, weightSize / FLOAT);
    const biases = new Float32Array(buffer, this.weights + weightSize, classes);
    return denseParameters(dim, biases, (input, label) => {
      // [class / 2][input / 4][class % 2][input % 4], with four times as many fours of inputs as panels.
      const pair = Math.floor(label / PAIR) * panels * LANES + Math.floor(input / LANES);
      return weights[(pair * PAIR + (label % PAIR)) * LANES + (input % LANES)] ?? 0;
    });
  }

  dispose(): void {
    this.part.dispose();
    // What a helper may still read and write is not handed out again.
    if (this.helped?.helper.settle() === false) return;
    this.helped?.part.dispose();
    this.memory.release(this.weights);
  }

  /** Asks the helper to learn of rows; undefined when there is none that has time. */
  private ask(rows: Uint32Array): Helped | undefined {
    const { helped } = this;
    if (helped?.helper.isFree() !== true) return undefined;
    helped.part.take(rows);
    helped.helper.ask(helped.part.job, rows.length);
    return helped;
  }

  /** Takes the step for which gradients were added up over a batch. */
  private descend(batch: number): void {
    const { size, weightSize } = this.shape;
    const { exports } = this.memory;
    const rates = ratesOf(this.recipe, batch);
    exports.descend(this.weights, this.gradient, weightSize, rates.decay, rates.weights);
    const [biases, gradient] = [this.weights + weightSize, this.gradient + weightSize];
    exports.descend(biases, gradient, size - weightSize, 1, rates.biases);
  }
}
