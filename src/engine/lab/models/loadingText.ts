import type { PictureSize } from "../exports";
import type { ModelFormat } from "../lab";
import type { Layer } from "./layers";

/** Code in Markdown that loads an exported model and predicts. It holds nothing of the dataset but the size of its pictures. */
export function loadingText(format: ModelFormat, layers: readonly Layer[], input: PictureSize): string {
  switch (format) {
    case "tfjs":
      return fenced("js", tfjsCode(input));
    case "onnx":
      return fenced("python", onnxCode(input));
    case "npz":
      return fenced(
        "python",
        layers.some(({ kind }) => kind === "conv") ? kerasCode(layers, input) : numpyCode(layers, input),
      );
  }
}

function fenced(language: string, code: string): string {
  return `\`\`\`${language}\n${code}\n\`\`\``;
}

function tfjsCode({ height, width, channels }: PictureSize): string {
  return `import * as tf from "@tensorflow/tfjs";

const model = await tf.loadLayersModel("model.json"); // its URL; in Node, "file://" and its path with @tensorflow/tfjs-node
const images = tf.tensor4d(pixels, [batch, ${height}, ${width}, ${channels}]); // pixels: batch x ${height} x ${width} x ${channels} numbers 0..255
const probabilities = model.predict(images); // batch x classes`;
}

function onnxCode(input: PictureSize): string {
  return `import json
import numpy as np
import onnxruntime

classes = json.load(open("classes.json", encoding="utf-8"))
session = onnxruntime.InferenceSession("model.onnx")
${pixelsComment(input)}
probabilities = session.run(None, {"pixels": pixels})[0]
print([classes[best] for best in probabilities.argmax(axis=1)])`;
}

function numpyCode(layers: readonly Layer[], input: PictureSize): string {
  const lines = layers.flatMap((layer) => {
    if (layer.kind !== "dense") return [];
    const sum = `x @ model["${layer.kernel.name}"] + model["${layer.bias.name}"]`;
    return [layer.activation === "relu" ? `x = np.maximum(${sum}, 0)` : `logits = ${sum}`];
  });
  return `import json
import numpy as np

classes = json.load(open("classes.json", encoding="utf-8"))
model = np.load("model.npz")
${pixelsComment(input)}
x = ((pixels - np.float32(127.5)) / 255).reshape(len(pixels), -1)
${lines.join("\n")}
print([classes[best] for best in logits.argmax(axis=1)])`;
}

function kerasCode(layers: readonly Layer[], input: PictureSize): string {
  const lines = layers.map((layer) => `    ${kerasLayer(layer)},`);
  const names = layers.flatMap((layer) => ("kernel" in layer ? [layer.kernel.name, layer.bias.name] : []));
  return `import json
import keras
import numpy as np

classes = json.load(open("classes.json", encoding="utf-8"))
arrays = np.load("model.npz")
model = keras.Sequential([
    keras.Input((${input.height}, ${input.width}, ${input.channels})),
    keras.layers.Rescaling(1 / 255, -0.5),
${lines.join("\n")}
])
model.set_weights([arrays[name] for name in ${JSON.stringify(names)}])
${pixelsComment(input)}
probabilities = model.predict(pixels.astype("float32"))
print([classes[best] for best in probabilities.argmax(axis=1)])`;
}

function kerasLayer(layer: Layer): string {
  switch (layer.kind) {
    case "conv": {
      const [height, width, , filters] = layer.kernel.shape;
      return `keras.layers.Conv2D(${filters}, (${height}, ${width}), padding="same", activation="relu", name="${layer.name}")`;
    }
    case "pool":
      return `keras.layers.MaxPooling2D(2, name="${layer.name}")`;
    case "flatten":
      return `keras.layers.Flatten(name="${layer.name}")`;
    case "dense":
      return `keras.layers.Dense(${layer.kernel.shape[1]}, activation="${layer.activation}", name="${layer.name}")`;
  }
}

function pixelsComment({ height, width, channels }: PictureSize): string {
  return `# pixels: a uint8 array of shape (batch, ${height}, ${width}, ${channels})`;
}
