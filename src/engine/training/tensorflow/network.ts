import type { Tensor, Tensor2D, Tensor4D } from "@tensorflow/tfjs-core";
import type { Score } from "../../../core/training/experiment";
import { scoreLogits } from "../../../core/training/metrics";
import type { Recipe } from "../../../core/training/models";
import type { Classifier, FeatureTable, Parameter } from "../classifier";
import type { Layer, Learnt, Pass } from "./layers";
import type { TensorFlow } from "./openTensorFlow";

/** `SCALING_TEXT` of every pixel value. */
const SCALED = Float32Array.from({ length: 256 }, (_, p) => (p - 127.5) / 255);

const NONE = new Float32Array(0);

/** Has work done on the back end of the network and frees the tensors that it made. */
export type Tidy = (work: () => void) => void;

/**
 * A network of layers that ends in a softmax, trained by plain stochastic gradient descent on the mean cross entropy.
 * Its gradient by the logits is (softmax - one-hot label) / samples (Bishop, "Pattern Recognition and Machine
 * Learning", 4.3.4); the layers take it further, which is faster than asking TensorFlow.js to derive it. Memory: the
 * parameters three times, and what a batch needs.
 */
export class Network implements Classifier {
  /** Kept between batches; a tensor may use such an array without copying it, but none outlives its batch. */
  private floats = new Float32Array(0);

  constructor(
    private readonly tf: TensorFlow,
    private readonly tidy: Tidy,
    private readonly layers: readonly Layer[],
    private readonly table: FeatureTable,
    private readonly recipe: Pick<Recipe, "learningRate" | "l2">,
  ) {}

  step(rows: Uint32Array): Score {
    const labels = Int32Array.from(rows, (row) => this.table.labels[row] ?? -1);
    let logits: Float32Array = NONE;
    this.tidy(() => {
      const { tf } = this;
      const batch = this.load(rows);
      const passes = this.forward(batch);
      const output = (passes.at(-1)?.output ?? batch) as Tensor2D;
      logits = output.dataSync<"float32">();
      let gradient: Tensor = tf.div(tf.sub(tf.softmax(output), this.oneHot(labels)), rows.length);
      for (const pass of passes.reverse()) {
        const { layer, input } = pass;
        const above = { ...pass, gradient };
        // By the weights as they were in the forward pass, so before they change. Nobody asks for it below the first
        // layer.
        if (input !== batch) gradient = layer.backward(above);
        if (layer.learnt !== null) this.learn(layer.learnt, above);
      }
    });
    return scoreLogits(logits, labels, this.table.classes);
  }

  predict(rows: Uint32Array): Float32Array {
    let logits: Float32Array = NONE;
    // Not as the result of tidy, which would look for tensors in every number of it.
    this.tidy(() => {
      const output = this.layers.reduce<Tensor>((input, layer) => layer.forward(input), this.load(rows));
      logits = output.dataSync<"float32">();
    });
    return logits;
  }

  parameters(): readonly Parameter[] {
    return this.learnt().map(({ name, variable }) => ({
      name,
      shape: variable.shape,
      values: Float32Array.from(variable.dataSync<"float32">()),
    }));
  }

  dispose(): void {
    for (const { variable } of this.learnt()) variable.dispose();
  }

  private learnt(): Learnt[] {
    return this.layers.flatMap(({ learnt }) => learnt ?? []);
  }

  /** What goes into and comes out of each layer, first to last. */
  private forward(batch: Tensor): Omit<Pass, "gradient">[] {
    let output = batch;
    return this.layers.map((layer) => {
      const input = output;
      output = layer.forward(input);
      return { layer, input, output };
    });
  }

  private learn(learnt: Learnt, pass: Pass): void {
    const { tf } = this;
    const { learningRate, l2 } = this.recipe;
    const { variable } = learnt;
    const slope = learnt.gradient(pass);
    const whole = learnt.decays && l2 > 0 ? tf.add(slope, tf.mul(variable, l2)) : slope;
    variable.assign(tf.sub(variable, tf.mul(whole, learningRate)));
  }

  /** The rows as samples x height x width x channels. */
  private load(rows: Uint32Array): Tensor4D {
    const { pixels, height, width, channels } = this.table;
    const dim = height * width * channels;
    const length = rows.length * dim;
    if (this.floats.length < length) this.floats = new Float32Array(length);
    const { floats } = this;
    let to = 0;
    for (const row of rows) {
      let from = row * dim;
      for (const end = from + dim; from < end; from++) floats[to++] = SCALED[pixels[from] ?? 0] ?? 0;
    }
    return this.tf.tensor4d(floats.subarray(0, length), [rows.length, height, width, channels]);
  }

  private oneHot(labels: Int32Array): Tensor2D {
    const { classes } = this.table;
    const values = new Float32Array(labels.length * classes);
    labels.forEach((label, sample) => (values[sample * classes + label] = 1));
    return this.tf.tensor2d(values, [labels.length, classes]);
  }
}
