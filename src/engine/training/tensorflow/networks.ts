import type { Rank, Variable } from "@tensorflow/tfjs-core";
import { HIDDEN_UNITS, type ModelName } from "../../../core/training/models";
import { Random } from "../../../core/training/random";
import type { ClassifierRequest, FeatureTable } from "../classifier";
import { bias, convolution, maxPool, product, relu, type Layer } from "./layers";
import type { TensorFlow } from "./openTensorFlow";

/** Models that are networks of layers. */
export type NetworkName = Exclude<ModelName, "knn">;

/** The smallest height and width that the convolutional network takes: pooled twice, 2 x 2 values a filter are left. */
export const MIN_SIDE = 8;

/** Side in pixels, filters and hidden units of the convolutional network. */
const PATCH = 5;
const FILTERS = 16;
const DENSE_UNITS = 64;

/** Keeps the first weights independent of the choice and order of samples, which are drawn from the same seed. */
const STREAM = 0x3e19_47a5;

/** Makes the layers of one network, whose variables the caller disposes of. */
class Builder {
  private readonly random: Random;

  constructor(
    private readonly tf: TensorFlow,
    seed: number,
  ) {
    this.random = new Random(seed ^ STREAM);
  }

  /** X W + b with everything zero at the start. */
  zeroDense(name: string, inputs: number, outputs: number): Layer[] {
    return [product(this.tf, name, this.zeros([inputs, outputs])), this.bias(name, outputs)];
  }

  /** X W + b. */
  dense(name: string, inputs: number, outputs: number): Layer[] {
    const kernel = this.glorot<Rank.R2>([inputs, outputs], inputs, outputs);
    return [product(this.tf, name, kernel), this.bias(name, outputs)];
  }

  /**
   * Convolution, bias, ReLU and pooling, computed with the pooling right after the convolution: the largest value is
   * the same one whether or not all have the same number added and are then cut off at zero, and there are four times
   * fewer to do it to.
   */
  convolution(name: string, channels: number): Layer[] {
    const shape: [number, number, number, number] = [PATCH, PATCH, channels, FILTERS];
    const area = PATCH * PATCH;
    const kernel = this.glorot<Rank.R4>(shape, area * channels, area * FILTERS);
    return [convolution(this.tf, name, kernel), maxPool(this.tf), this.bias(name, FILTERS), relu(this.tf)];
  }

  private bias(name: string, units: number): Layer {
    return bias(this.tf, name, this.zeros<Rank.R1>([units]));
  }

  private zeros<R extends Rank>(shape: number[]): Variable<R> {
    return this.tf.tidy(() => this.tf.variable(this.tf.zeros<R>(shape as never)));
  }

  /**
   * Weights uniform in -a..a with a = sqrt(6 / (fan in + fan out)): Glorot, Bengio, "Understanding the difficulty of
   * training deep feedforward neural networks", AISTATS 2010; the default of Keras. Drawn by our own generator, so that
   * they are the same on every back end.
   */
  private glorot<R extends Rank>(shape: number[], fanIn: number, fanOut: number): Variable<R> {
    const limit = Math.sqrt(6 / (fanIn + fanOut));
    const count = shape.reduce((product, length) => product * length, 1);
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = (this.random.next() / 2 ** 31 - 1) * limit;
    return this.tf.tidy(() => this.tf.variable(this.tf.tensor<R>(values, shape as never)));
  }
}

/** Whether a model is one of layers, that is, any but nearest neighbours. */
export function isNetwork(model: ModelName): model is NetworkName {
  return model !== "knn";
}

/** The layers of a model, first to last, with their first weights. */
export function layersOf(
  tf: TensorFlow,
  model: NetworkName,
  { table, seed }: Pick<ClassifierRequest, "table" | "seed">,
): readonly Layer[] {
  const { height, width, channels, classes } = table;
  const inputs = height * width * channels;
  const build = new Builder(tf, seed);
  switch (model) {
    case "softmax":
    case "softmax-l2":
      return build.zeroDense("dense", inputs, classes);
    case "mlp":
      return [
        ...build.dense("dense1", inputs, HIDDEN_UNITS),
        relu(tf),
        ...build.dense("dense2", HIDDEN_UNITS, classes),
      ];
    case "cnn":
      return [
        ...build.convolution("conv1", channels),
        ...build.convolution("conv2", FILTERS),
        ...build.dense("dense1", pooledTwice(height) * pooledTwice(width) * FILTERS, DENSE_UNITS),
        relu(tf),
        ...build.dense("dense2", DENSE_UNITS, classes),
      ];
  }
}

/**
 * About how many bytes training takes at its peak, beside the table: with the tensors of a batch and of its gradient,
 * which are freed together, and the parameters four times (themselves, their gradient, the step, and what they become).
 */
export function trainingBytes(model: NetworkName, table: FeatureTable, batchSize: number): number {
  const { height, width, channels, classes } = table;
  const area = height * width;
  const inputs = area * channels;
  const [parameters, values] = {
    softmax: [inputs * classes, 3 * inputs],
    "softmax-l2": [inputs * classes, 3 * inputs],
    mlp: [inputs * HIDDEN_UNITS, 3 * inputs + 6 * HIDDEN_UNITS],
    // Per filter: the convolution, its gradient, that transposed, copies of two of them; and a quarter as many after
    // pooling.
    cnn: [area * DENSE_UNITS, 3 * inputs + 8 * FILTERS * area],
  }[model];
  return Float32Array.BYTES_PER_ELEMENT * (4 * (parameters ?? 0) + batchSize * (values ?? 0));
}

function pooledTwice(side: number): number {
  return Math.floor(Math.floor(side / 2) / 2);
}
