import { version } from "../../../../package.json";
import type { Parameter } from "../../training/classifier";
import type { PictureSize } from "../exports";
import { bytesOf, type Layer } from "./layers";

/** The files of a TensorFlow.js LayersModel; the first one names the second. */
export const TFJS_FILES = ["model.json", "weights.bin"] as const;

/** Layers are filled with the saved weights at once, so what they begin with need not be drawn. */
const ZEROS = { class_name: "Zeros", config: {} };

/** What TensorFlow.js names a layer, and how it is set up. */
interface LayerConfig {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * The text of `model.json` of a TensorFlow.js LayersModel, as `model.save` of @tensorflow/tfjs-layers 4.22 writes it. It takes
 * pixels 0..255 of shape batch x height x width x channels and gives probabilities. `metadata` is kept as
 * `userDefinedMetadata`.
 */
export function tfjsTopology(
  layers: readonly Layer[],
  { height, width, channels }: PictureSize,
  metadata: Readonly<Record<string, unknown>>,
): string {
  const rescaling = {
    name: "rescaling",
    batch_input_shape: [null, height, width, channels],
    dtype: "float32",
    // (p - 127.5) / 255
    scale: 1 / 255,
    offset: -0.5,
  };
  const model = {
    format: "layers-model",
    generatedBy: `CleanSplit ${version}`,
    convertedBy: null,
    modelTopology: {
      class_name: "Sequential",
      config: { name: "classifier", layers: [{ class_name: "Rescaling", config: rescaling }, ...layers.map(configOf)] },
      keras_version: "tfjs-layers 4.22.0",
      backend: "tensor_flow.js",
    },
    weightsManifest: [{ paths: [TFJS_FILES[1]], weights: weightsOf(layers).map(specOf) }],
    userDefinedMetadata: metadata,
  };
  return `${JSON.stringify(model, null, 2)}\n`;
}

/** The pieces of `weights.bin`, in the order of `model.json`. */
export function tfjsWeights(layers: readonly Layer[]): readonly Uint8Array[] {
  return weightsOf(layers).map(bytesOf);
}

function configOf(layer: Layer): LayerConfig {
  const { kind, name } = layer;
  switch (kind) {
    case "conv": {
      const [height, width, , filters] = layer.kernel.shape;
      const config = { filters, kernel_size: [height, width], padding: "same", activation: "relu" };
      return { class_name: "Conv2D", config: { name, ...config, ...EMPTY } };
    }
    case "pool":
      return { class_name: "MaxPooling2D", config: { name, pool_size: [2, 2], strides: [2, 2], padding: "valid" } };
    case "flatten":
      return { class_name: "Flatten", config: { name } };
    case "dense": {
      const { kernel, activation } = layer;
      return { class_name: "Dense", config: { name, units: kernel.shape[1], activation, ...EMPTY } };
    }
  }
}

const EMPTY = { use_bias: true, kernel_initializer: ZEROS, bias_initializer: ZEROS };

function weightsOf(layers: readonly Layer[]): readonly Parameter[] {
  return layers.flatMap((layer) => ("kernel" in layer ? [layer.kernel, layer.bias] : []));
}

function specOf({ name, shape }: Parameter): object {
  return { name, shape, dtype: "float32" };
}
