import type { Rank, Tensor, Tensor2D, Tensor4D, Variable } from "@tensorflow/tfjs-core";
import type { TensorFlow } from "./openTensorFlow";

/** What went through a layer, and how the loss changes with what came out of it. */
export interface Pass {
  readonly layer: Layer;
  readonly input: Tensor;
  readonly output: Tensor;
  /** Gradient of the loss by `output`. */
  readonly gradient: Tensor;
}

/** Numbers of a layer that are learnt. */
export interface Learnt {
  /** As Keras names it, e.g. "dense/kernel". */
  readonly name: string;
  readonly variable: Variable;
  /** Whether weight decay applies: to weights, not to biases. */
  readonly decays: boolean;
  /** Gradient of the loss by the variable, of its shape. */
  gradient(pass: Pass): Tensor;
}

/** A step of a network, with its gradients written out; both methods run within a tidy. */
export interface Layer {
  readonly learnt: Learnt | null;
  forward(input: Tensor): Tensor;
  /** Gradient of the loss by the input of the pass. */
  backward(pass: Pass): Tensor;
}

/** X W: rows of any shape are flattened and multiplied by a matrix of `kernel`'s shape, inputs x outputs. */
export function product(tf: TensorFlow, name: string, kernel: Variable<Rank.R2>): Layer {
  const [inputs, outputs] = kernel.shape;
  const flat = (input: Tensor): Tensor2D => tf.reshape(input, [-1, inputs]);
  // The WebAssembly back end multiplies matrices that are stored transposed many times slower than it transposes them.
  return {
    learnt: {
      name: `${name}/kernel`,
      variable: kernel,
      decays: true,
      gradient: ({ input, gradient }) => tf.matMul(tf.transpose(flat(input)), tf.reshape(gradient, [-1, outputs])),
    },
    forward: (input) => tf.matMul(flat(input), kernel),
    backward: ({ input, gradient }) =>
      tf.reshape(tf.matMul(tf.reshape(gradient, [-1, outputs]), tf.transpose(kernel)), input.shape),
  };
}

/**
 * Convolution with steps of 1 whose output is as high and wide as its input.
 *
 * Its gradients are convolutions again, so that every back end computes them by its fastest code. By the input: of the
 * output's gradient with the kernel turned by 180 degrees. By the kernel: of the input with the output's gradient as
 * the kernel, where samples take the place of channels (Dumoulin, Visin, "A guide to convolution arithmetic for deep
 * learning", 2016, chapter 4). The kernels that TensorFlow.js has for this are 10 times slower in WebAssembly, and
 * missing there for the second, and 50 times slower in plain JavaScript.
 *
 * @param kernel height x width x input channels x output channels; height and width are odd
 */
export function convolution(tf: TensorFlow, name: string, kernel: Variable<Rank.R4>): Layer {
  const [above, left] = [(kernel.shape[0] - 1) / 2, (kernel.shape[1] - 1) / 2];
  const padding: [[number, number], [number, number], [number, number], [number, number]] = [
    [0, 0],
    [above, above],
    [left, left],
    [0, 0],
  ];
  return {
    learnt: {
      name: `${name}/kernel`,
      variable: kernel,
      decays: true,
      gradient: ({ input, gradient }) => {
        const channelsFirst = tf.transpose(input as Tensor4D, [3, 1, 2, 0]);
        const asKernel = tf.transpose(gradient as Tensor4D, [1, 2, 0, 3]);
        return tf.transpose(tf.conv2d(channelsFirst, asKernel, 1, padding), [1, 2, 0, 3]);
      },
    },
    forward: (input) => tf.conv2d(input as Tensor4D, kernel, 1, "same"),
    backward: ({ gradient }) => {
      const turned = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]);
      return tf.conv2d(gradient as Tensor4D, turned, 1, "same");
    },
  };
}

/** Adds a number to every unit or channel, the last axis. */
export function bias(tf: TensorFlow, name: string, values: Variable<Rank.R1>): Layer {
  return {
    learnt: {
      name: `${name}/bias`,
      variable: values,
      decays: false,
      gradient: ({ gradient }) => tf.sum(tf.reshape(gradient, [-1, values.size]), 0),
    },
    forward: (input) => tf.add(input, values),
    backward: ({ gradient }) => gradient,
  };
}

/** Rectified linear units: max(0, x), with the gradient 0 at 0. */
export function relu(tf: TensorFlow): Layer {
  return {
    learnt: null,
    forward: (input) => tf.relu(input),
    backward: ({ output, gradient }) => tf.mul(gradient, tf.step(output)),
  };
}

/** The largest of every 2 x 2 values of a channel; what is left over at the right and below is not looked at. */
export function maxPool(tf: TensorFlow): Layer {
  return {
    learnt: null,
    forward: (input) => tf.maxPool(input as Tensor4D, 2, 2, "valid"),
    backward: ({ input, gradient }) => {
      const [, height = 0, width = 0, channels = 0] = input.shape;
      const values = input.dataSync<"float32">();
      const result = poolGradient(values, gradient.dataSync<"float32">(), height, width, channels);
      return tf.tensor(result, input.shape);
    },
  };
}

/**
 * Gradient by the input of 2 x 2 pooling: it goes to the largest value, the first of equal ones, as in PyTorch. A loop
 * of our own, because TensorFlow.js takes 6 times as long in WebAssembly and its back ends differ in which of equal
 * values they choose.
 *
 * @param values samples x height x width x channels
 * @param gradient by the output, samples x floor(height / 2) x floor(width / 2) x channels
 */
function poolGradient(
  values: Float32Array,
  gradient: Float32Array,
  height: number,
  width: number,
  channels: number,
): Float32Array {
  const result = new Float32Array(values.length);
  const row = width * channels;
  const samples = values.length / (height * row);
  const [pooledHeight, pooledRow] = [Math.floor(height / 2), Math.floor(width / 2) * channels];
  let from = 0;
  for (let sample = 0; sample < samples; sample++) {
    for (let y = 0; y < pooledHeight; y++) {
      let start = (sample * height + 2 * y) * row;
      for (let x = 0; x < pooledRow; x += channels) {
        for (const end = start + channels; start < end; start++) {
          result[largest(values, start, channels, row)] = gradient[from++] ?? 0;
        }
        start += channels;
      }
    }
  }
  return result;
}

/** Where the largest of four values is: at `start`, `right` of it, `below` it or both; the first of equal ones. */
function largest(values: Float32Array, start: number, right: number, below: number): number {
  let best = start;
  let most = values[start] ?? 0;
  for (let i = 1; i < 4; i++) {
    const at = start + (i & 1) * right + (i >> 1) * below;
    const value = values[at] ?? 0;
    if (value > most) {
      most = value;
      best = at;
    }
  }
  return best;
}
