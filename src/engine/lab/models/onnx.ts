import * as l10n from "@vscode/l10n";
import { version } from "../../../../package.json";
import { CleanSplitError } from "../../../core/errors";
import type { Parameter } from "../../training/classifier";
import type { PictureSize } from "../exports";
import { bytesOf, type Layer } from "./layers";
import { bytesIn, integer, message, text, type Pieces } from "./protobuf";

/** Version of the operators; 13 is the first with Softmax over one axis, and is read by everything that reads ONNX today. */
const OPSET = 13;
/** Version of the format that came with {@link OPSET}. */
const IR_VERSION = 7;
/** Element types of tensors, `TensorProto.DataType`. */
const [FLOAT, UINT8] = [1, 2];
/** Longest message that protocol buffers allow. */
const MAX_BYTES = 2 ** 31 - 1;

/** Names of the input and the output of the graph. */
const [PIXELS, PROBABILITIES] = ["pixels", "probabilities"];

/**
 * The model as an ONNX file, see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto: `pixels`, uint8 of shape batch x
 * height x width x channels, becomes `probabilities`, float32 of shape batch x classes. `metadata` is kept in the model.
 *
 * Throws a `CleanSplitError` ("unsupported") for a model that no ONNX file can hold in one piece.
 */
export function onnxModel(
  layers: readonly Layer[],
  { height, width, channels }: PictureSize,
  classes: number,
  metadata: Readonly<Record<string, string>>,
): Pieces {
  const graph = new Graph();
  graph.add("Cast", [PIXELS], "floats", integerAttribute("to", FLOAT));
  graph.add("Sub", ["floats", graph.scalar("middle", 127.5)], "centred");
  graph.add("Div", ["centred", graph.scalar("range", 255)], "scaled");
  addLayers(graph, layers);
  const input = valueInfo(11, PIXELS, UINT8, ["batch", height, width, channels]);
  const output = valueInfo(12, PROBABILITIES, FLOAT, ["batch", classes]);
  const pieces = [
    integer(1, IR_VERSION),
    text(2, "CleanSplit"),
    text(3, version),
    message(7, ...graph.nodes, text(2, "classifier"), ...graph.initializers, input, output),
    message(8, text(1, ""), integer(2, OPSET)),
    ...Object.entries(metadata).map(([key, value]) => message(14, text(1, key), text(2, value))),
  ].flat();
  if (bytesIn(pieces) <= MAX_BYTES) return pieces;
  throw new CleanSplitError(
    "unsupported",
    l10n.t(
      "An ONNX file holds at most 2 GB, and this model has {0} bytes. Save it as NumPy arrays instead.",
      bytesIn(pieces),
    ),
  );
}

/** The nodes and the constants of a graph. */
class Graph {
  readonly nodes: Pieces[] = [];
  readonly initializers: Pieces[] = [];

  /** Adds a node that makes `output`; answers that name. */
  add(type: string, inputs: readonly string[], output: string, ...attributes: readonly Pieces[]): string {
    const ends = [...inputs.map((input) => text(1, input)), text(2, output)];
    this.nodes.push(message(1, ...ends, text(3, output), text(4, type), ...attributes.map((one) => message(5, one))));
    return output;
  }

  /** Adds a constant; answers its name. */
  constant({ name, shape, values }: Parameter): string {
    const dims = shape.map((length) => integer(1, length));
    this.initializers.push(message(5, ...dims, integer(2, FLOAT), text(8, name), message(9, [bytesOf({ values })])));
    return name;
  }

  scalar(name: string, value: number): string {
    return this.constant({ name, shape: [], values: Float32Array.of(value) });
  }
}

/** Adds the layers, from "scaled" to the probabilities. Between convolutions ONNX has the channels first. */
function addLayers(graph: Graph, layers: readonly Layer[]): void {
  const isPicture = layers.some(({ kind }) => kind === "conv");
  let last = isPicture
    ? graph.add("Transpose", ["scaled"], "channels_first", integersAttribute("perm", [0, 3, 1, 2]))
    : "scaled";
  for (const layer of layers) {
    const { kind, name } = layer;
    switch (kind) {
      case "conv": {
        const kernel = channelsFirst(layer.kernel);
        const pads = integersAttribute("pads", samePads(layer.kernel.shape));
        graph.add("Conv", [last, graph.constant(kernel), graph.constant(layer.bias)], `${name}/sum`, pads);
        last = graph.add("Relu", [`${name}/sum`], name);
        break;
      }
      case "pool":
        last = graph.add(
          "MaxPool",
          [last],
          name,
          integersAttribute("kernel_shape", [2, 2]),
          integersAttribute("strides", [2, 2]),
        );
        break;
      case "flatten":
        if (isPicture) last = graph.add("Transpose", [last], "channels_last", integersAttribute("perm", [0, 2, 3, 1]));
        last = graph.add("Flatten", [last], name, integerAttribute("axis", 1));
        break;
      case "dense": {
        const isLast = layer.activation === "softmax";
        graph.add("Gemm", [last, graph.constant(layer.kernel), graph.constant(layer.bias)], `${name}/sum`);
        last = graph.add(isLast ? "Softmax" : "Relu", [`${name}/sum`], isLast ? PROBABILITIES : name);
        break;
      }
    }
  }
}

/** Pads above, left, below and right that keep the size of a picture, as TensorFlow has them for stride 1. */
function samePads([height = 1, width = 1]: readonly number[]): readonly number[] {
  const [above, left] = [Math.floor((height - 1) / 2), Math.floor((width - 1) / 2)];
  return [above, left, height - 1 - above, width - 1 - left];
}

/** A kernel of height x width x in x out as out x in x height x width. */
function channelsFirst({ name, shape, values }: Parameter): Parameter {
  const [height = 0, width = 0, channels = 0, filters = 0] = shape;
  const turned = new Float32Array(values.length);
  let from = 0;
  for (let place = 0; place < height * width; place++) {
    for (let channel = 0; channel < channels; channel++) {
      for (let filter = 0; filter < filters; filter++) {
        turned[(filter * channels + channel) * height * width + place] = values[from++] ?? 0;
      }
    }
  }
  return { name, shape: [filters, channels, height, width], values: turned };
}

/** What goes in or comes out: its name, its type, and its shape with names for lengths that may vary. */
function valueInfo(field: number, name: string, type: number, shape: readonly (number | string)[]): Pieces {
  const dims = shape.map((length) => message(1, typeof length === "string" ? text(2, length) : integer(1, length)));
  return message(field, text(1, name), message(2, message(1, integer(1, type), message(2, ...dims))));
}

/** Attributes of a node; the last field is their type, `AttributeProto.AttributeType`. */
function integerAttribute(name: string, value: number): Pieces {
  return [text(1, name), integer(3, value), integer(20, 2)].flat();
}

function integersAttribute(name: string, values: readonly number[]): Pieces {
  return [text(1, name), ...values.map((value) => integer(8, value)), integer(20, 7)].flat();
}
