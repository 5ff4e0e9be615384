import type { Score } from "../../../core/training/experiment";
import type { Recipe } from "../../../core/training/models";
import type { Classifier, FeatureTable, Parameter } from "../classifier";
import type { Helper } from "./helper";
import type { KernelMemory } from "./memory";
import { checkLabels, checkRows, denseParameters, dimOf, PART, ratesOf, scoreOf } from "./shared";
import { modelPlaces, partBytes, shapeOf, SoftmaxPart, type ModelPlaces, type Shape } from "./softmaxPart";

/** Inputs times classes from which on a helper is worth it: with fewer, meeting takes as long as what it does. */
const HELPED_WEIGHTS = 2000;

/** Bytes of memory that softmax regression takes beside the pixels, at most. */
export function softmaxBytes(dim: number, classes: number): number {
  const shape = shapeOf(dim, classes);
  return modelPlaces(shape, 0).end + 2 * partBytes(shape);
}

/** A part that another thread works on while this one works on its own. */
interface Helped {
  readonly helper: Helper;
  readonly part: SoftmaxPart;
}

/** Softmax regression in WebAssembly; equal to `ReferenceSoftmax` bit for bit, with a helper or without. */
export class WasmSoftmax implements Classifier {
  private readonly shape: Shape;
  private readonly at: ModelPlaces;
  /** Also holds the sum of the gradients of a batch. */
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
    this.at = modelPlaces(shape, memory.allocate(modelPlaces(shape, 0).end));
    let part: SoftmaxPart | undefined;
    try {
      part = new SoftmaxPart(memory, table, shape, this.at);
      this.part = part;
      const helper = isHelped ? helperOf() : undefined;
      if (helper !== undefined) {
        this.helped = { helper, part: new SoftmaxPart(memory, table, shape, this.at) };
      }
    } catch (error) {
      part?.dispose();
      memory.release(this.at.weights);
      throw error;
    }
    // What only fills up the classes is impossible. Rounded weights are zero, as weights are.
    this.biases(shape.width).fill(-Infinity, shape.classes);
  }

  step(rows: Uint32Array): Score {
    checkLabels(rows, this.table);
    const { part, helped } = this;
    let [loss, hits] = [0, 0];
    const count = (of: SoftmaxPart, samples: number): void => {
      const score = of.score(samples);
      loss += score.loss;
      hits += score.hits;
    };
    for (let from = 0; from < rows.length; from += 2 * PART) {
      const first = rows.subarray(from, from + PART);
      const second = rows.subarray(from + PART, from + 2 * PART);
      const isAsked = second.length > 0 && this.ask(second);
      part.learn(first, from > 0);
      count(part, first.length);
      if (second.length === 0) continue;
      if (isAsked && helped?.helper.answered() === true) {
        this.memory.exports.add(part.gradient, helped.part.gradient, this.shape.size);
        count(helped.part, second.length);
      } else {
        part.learn(second, true);
        count(part, second.length);
      }
    }
    this.descend(rows.length);
    return scoreOf(loss, hits, rows.length);
  }

  predict(rows: Uint32Array): Float32Array {
    checkRows(rows, this.table);
    const { classes, width } = this.shape;
    const { logits } = this.part;
    const found = new Float32Array(rows.length * classes);
    for (let from = 0; from < rows.length; from += PART) {
      const part = rows.subarray(from, from + PART);
      this.part.predict(part);
      for (let i = 0; i < part.length; i++) {
        found.set(logits.subarray(i * width, i * width + classes), (from + i) * classes);
      }
    }
    return found;
  }

  parameters(): readonly Parameter[] {
    const { dim, classes, pitch, weights } = this.shape;
    const values = new Float32Array(this.memory.buffer, this.at.weights, weights);
    return denseParameters(dim, this.biases(classes), (input, label) => values[label * pitch + input] ?? 0);
  }

  dispose(): void {
    this.part.dispose();
    // What a helper may still read and write is not handed out again.
    if (this.helped?.helper.settle() === false) return;
    this.helped?.part.dispose();
    this.memory.release(this.at.weights);
  }

  /** Asks the helper to learn of rows; whether there is one that has time. */
  private ask(rows: Uint32Array): boolean {
    const { helped } = this;
    if (helped?.helper.isFree() !== true) return false;
    helped.part.take(rows);
    helped.helper.ask(helped.part.job, rows.length);
    return true;
  }

  /** Takes the step for which gradients were added up over a batch. */
  private descend(batch: number): void {
    const { exports } = this.memory;
    const { weights } = this.at;
    const { gradient } = this.part;
    const rates = ratesOf(this.recipe, batch);
    const size = this.shape.weights * Float32Array.BYTES_PER_ELEMENT;
    exports.descend(weights, gradient, size, rates.decay, rates.weights);
    exports.descend(weights + size, gradient + size, this.shape.size - size, 1, rates.biases);
    exports.round(this.part.job);
  }

  /** The first biases. */
  private biases(count: number): Float32Array {
    const { weights } = this.shape;
    return new Float32Array(this.memory.buffer, this.at.weights + weights * Float32Array.BYTES_PER_ELEMENT, count);
  }
}
