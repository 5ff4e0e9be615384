import type { FeatureTable, Parameter } from "../../../src/engine/training/classifier";

/** Values of one picture between two layers: height x width x channels. */
interface Volume {
  readonly height: number;
  readonly width: number;
  readonly values: Float64Array;
}

/** Numbers that a model has learnt, by name, in double precision. */
export type Values = ReadonlyMap<string, Float64Array>;

export function valuesOf(parameters: readonly Parameter[]): Map<string, Float64Array> {
  return new Map(parameters.map(({ name, values }) => [name, Float64Array.from(values)]));
}

/**
 * Mean cross entropy of a network on rows in plain loops, as the definitions say: convolution of 5 x 5 with zeros around
 * the picture, ReLU, largest of 2 x 2; then dense layers with ReLU between them. The names say which layers there are.
 */
export function referenceLoss(parameters: Values, table: FeatureTable, rows: Uint32Array): number {
  const { height, width, channels, labels, pixels } = table;
  const dim = height * width * channels;
  let loss = 0;
  for (const row of rows) {
    let picture: Volume = {
      height,
      width,
      values: Float64Array.from(pixels.subarray(row * dim, (row + 1) * dim), (p) => (p - 127.5) / 255),
    };
    for (const name of ["conv1", "conv2"]) {
      if (parameters.has(`${name}/kernel`)) picture = pooled(convolved(picture, of(parameters, name)));
    }
    let values = picture.values;
    const layers = ["dense", "dense1", "dense2"].filter((name) => parameters.has(`${name}/kernel`));
    layers.forEach((name, i) => {
      values = dense(values, of(parameters, name));
      if (i < layers.length - 1) values = values.map((value) => Math.max(0, value));
    });
    const sum = values.reduce((total, value) => total + Math.exp(value), 0);
    loss += Math.log(sum) - (values[labels[row] ?? 0] ?? 0);
  }
  return loss / rows.length;
}

interface Layer {
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
}

function of(parameters: Values, name: string): Layer {
  const [kernel, bias] = [parameters.get(`${name}/kernel`), parameters.get(`${name}/bias`)];
  if (kernel === undefined || bias === undefined) throw new Error(`${name} has no kernel or no bias`);
  return { kernel, bias };
}

function dense(inputs: Float64Array, { kernel, bias }: Layer): Float64Array {
  const sums = Float64Array.from(bias);
  inputs.forEach((value, i) => {
    for (let unit = 0; unit < sums.length; unit++) {
      sums[unit] = (sums[unit] ?? 0) + value * (kernel[i * sums.length + unit] ?? 0);
    }
  });
  return sums;
}

/** With ReLU. */
function convolved({ height, width, values }: Volume, { kernel, bias }: Layer): Volume {
  const [filters, channels] = [bias.length, values.length / (height * width)];
  const result = new Float64Array(height * width * filters);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sums = Float64Array.from(bias);
      for (let v = 0; v < 5; v++) {
        for (let u = 0; u < 5; u++) {
          const [above, left] = [y + v - 2, x + u - 2];
          if (above < 0 || above >= height || left < 0 || left >= width) continue;
          for (let c = 0; c < channels; c++) {
            const value = values[(above * width + left) * channels + c] ?? 0;
            const weights = ((v * 5 + u) * channels + c) * filters;
            for (let f = 0; f < filters; f++) sums[f] = (sums[f] ?? 0) + value * (kernel[weights + f] ?? 0);
          }
        }
      }
      result.set(
        sums.map((sum) => Math.max(0, sum)),
        (y * width + x) * filters,
      );
    }
  }
  return { height, width, values: result };
}

function pooled({ height, width, values }: Volume): Volume {
  const channels = values.length / (height * width);
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  const at = (y: number, x: number, c: number): number => values[(y * width + x) * channels + c] ?? 0;
  const result = Float64Array.from({ length: rows * columns * channels }, (_, i) => {
    const [y, x, c] = [Math.floor(i / (columns * channels)), Math.floor(i / channels) % columns, i % channels];
    return Math.max(at(2 * y, 2 * x, c), at(2 * y, 2 * x + 1, c), at(2 * y + 1, 2 * x, c), at(2 * y + 1, 2 * x + 1, c));
  });
  return { height: rows, width: columns, values: result };
}
