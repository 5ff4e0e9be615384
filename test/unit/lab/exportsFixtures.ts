import { TEST_SETS, type TestSet } from "../../../src/core/training/evaluation";
import type { ExperimentResult, ExperimentSpec, Score, TrainingRun } from "../../../src/core/training/experiment";
import type { Cost } from "../../../src/core/training/leakageCost";
import type { ModelName } from "../../../src/core/training/models";
import { completeExperiment, planRuns, recipeOf } from "../../../src/core/training/planRuns";
import { Random, shuffle } from "../../../src/core/training/random";
import { balancedSubset } from "../../../src/core/training/subset";
import type { ExperimentRows, PictureSize } from "../../../src/engine/lab/exports";
import type { FeatureTable, Parameter } from "../../../src/engine/training/classifier";
import { ROLE_CODES } from "../../../src/engine/training/trainerJob";

/** Pictures with everything that an experiment knows of them. */
export interface ToyData {
  readonly table: FeatureTable;
  readonly classes: readonly string[];
  readonly ids: readonly string[];
  readonly splitRole: Uint8Array;
  readonly stays: Uint8Array;
  readonly leaked: Uint8Array;
}

/** Noisy pictures of which a quarter is bright, which one is the class; every seventh test picture is one of train. */
export function toyData(count: number, size: PictureSize = { height: 8, width: 8, channels: 1 }): ToyData {
  const random = new Random(11);
  const dim = size.height * size.width * size.channels;
  const classes = ["a", "b", "c", "d"];
  const labels = Int32Array.from({ length: count }, () => random.below(classes.length));
  const pixels = new Uint8Array(count * dim);
  const splitRole = Uint8Array.from({ length: count }, (_, row) =>
    row % 10 < 6 ? ROLE_CODES.train : row % 10 < 7 ? ROLE_CODES.validation : ROLE_CODES.test,
  );
  const [stays, leaked] = [new Uint8Array(count).fill(1), new Uint8Array(count)];
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < dim; i++) {
      const isBright = Math.floor((i * classes.length) / dim) === labels[row];
      pixels[row * dim + i] = random.below(isBright ? 256 : 200);
    }
    if (splitRole[row] !== ROLE_CODES.test || row % 7 !== 0) continue;
    const twin = row - (row % 10);
    pixels.copyWithin(row * dim, twin * dim, (twin + 1) * dim);
    labels[row] = labels[twin] ?? 0;
    leaked[row] = 1;
    stays[twin] = 0;
  }
  // A row that must not be used.
  labels[count - 1] = -1;
  const ids = Array.from({ length: count }, (_, row) => `train/${row}.png`);
  return { table: { pixels, ...size, labels, classes: classes.length }, classes, ids, splitRole, stays, leaked };
}

/** The rows as an export asks for them, in pieces that end in the middle of a picture. */
export function rowsOf({ table, ids, splitRole, stays, leaked }: ToyData): ExperimentRows {
  const { pixels, height, width, channels, labels } = table;
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < pixels.length; start += 1000) yield pixels.subarray(start, start + 1000);
  }
  return { height, width, channels, pixels: pieces(), id: (row) => ids[row] ?? "", labels, splitRole, stays, leaked };
}

/** Softmax regression trained by plain loops as the recipe says, and its parameters. */
export function trainSoftmax(
  { table }: ToyData,
  train: Uint32Array,
  { model, seed, epochs }: Pick<TrainingRun, "model" | "seed" | "epochs">,
  spec: ExperimentSpec,
): readonly Parameter[] {
  const { pixels, labels, classes } = table;
  const dim = pixels.length / labels.length;
  const recipe = recipeOf(model, spec);
  if (recipe === null) throw new Error(`${model} has no recipe.`);
  const [kernel, bias] = [new Float32Array(dim * classes), new Float32Array(classes)];
  const parameters: Parameter[] = [
    { name: "dense/kernel", shape: [dim, classes], values: kernel },
    { name: "dense/bias", shape: [classes], values: bias },
  ];
  const random = new Random(seed);
  const order = Uint32Array.from(train);
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    for (let start = 0; start < order.length; start += recipe.batchSize) {
      const batch = order.subarray(start, start + recipe.batchSize);
      const [dKernel, dBias] = [kernel.map((weight) => weight * recipe.l2), new Float32Array(classes)];
      for (const row of batch) {
        const x = scaledRow(table, row);
        const error = softmax(dense(x, parameters, "dense"));
        const label = labels[row] ?? 0;
        error[label] = (error[label] ?? 0) - 1;
        error.forEach((value, c) => {
          const share = value / batch.length;
          dBias[c] = (dBias[c] ?? 0) + share;
          for (let i = 0; i < dim; i++)
            dKernel[i * classes + c] = (dKernel[i * classes + c] ?? 0) + share * (x[i] ?? 0);
        });
      }
      dKernel.forEach((value, i) => (kernel[i] = (kernel[i] ?? 0) - recipe.learningRate * value));
      dBias.forEach((value, i) => (bias[i] = (bias[i] ?? 0) - recipe.learningRate * value));
    }
  }
  return parameters;
}

/** Parameters of a model, random and small. */
export function randomParameters(model: ModelName, size: PictureSize, classes: number): readonly Parameter[] {
  const random = new Random(5);
  const parameter = (name: string, ...shape: number[]): Parameter => {
    const length = shape.reduce((product, side) => product * side, 1);
    return { name, shape, values: Float32Array.from({ length }, () => (random.next() / 2 ** 32 - 0.5) / 2) };
  };
  const layer = (name: string, units: number, ...inputs: number[]): Parameter[] => [
    parameter(`${name}/kernel`, ...inputs, units),
    parameter(`${name}/bias`, units),
  ];
  const { height, width, channels } = size;
  const dim = height * width * channels;
  switch (model) {
    case "softmax":
    case "softmax-l2":
      return layer("dense", classes, dim);
    case "mlp":
      return [...layer("dense1", 20, dim), ...layer("dense2", classes, 20)];
    case "cnn": {
      const pooled = Math.floor(Math.floor(height / 2) / 2) * Math.floor(Math.floor(width / 2) / 2) * 16;
      return [
        ...layer("conv1", 16, 5, 5, channels),
        ...layer("conv2", 16, 5, 5, 16),
        ...layer("dense1", 64, pooled),
        ...layer("dense2", classes, 64),
      ];
    }
    case "knn":
      return [];
  }
}

/** The probabilities that a model gives one row, by plain loops and the definitions of its layers. */
export function predictRow(
  model: ModelName,
  parameters: readonly Parameter[],
  table: FeatureTable,
  row: number,
): Float32Array {
  const x = scaledRow(table, row);
  const relu = (values: Float32Array): Float32Array => values.map((value) => Math.max(0, value));
  switch (model) {
    case "softmax":
    case "softmax-l2":
      return softmax(dense(x, parameters, "dense"));
    case "mlp":
      return softmax(dense(relu(dense(x, parameters, "dense1")), parameters, "dense2"));
    case "cnn": {
      const { height, width, channels } = table;
      const first = pool(relu(conv(x, height, width, channels, parameters, "conv1")), height, width);
      const [h, w] = [Math.floor(height / 2), Math.floor(width / 2)];
      const second = pool(relu(conv(first, h, w, 16, parameters, "conv2")), h, w);
      return softmax(dense(relu(dense(second, parameters, "dense1")), parameters, "dense2"));
    }
    case "knn":
      throw new Error("Nearest neighbours have no parameters.");
  }
}

function scaledRow({ pixels, labels }: FeatureTable, row: number): Float32Array {
  const dim = pixels.length / labels.length;
  return Float32Array.from(pixels.subarray(row * dim, (row + 1) * dim), (p) => (p - 127.5) / 255);
}

function values(parameters: readonly Parameter[], name: string): Float32Array {
  const found = parameters.find((parameter) => parameter.name === name);
  if (found === undefined) throw new Error(`There is no ${name}.`);
  return found.values;
}

function dense(x: Float32Array, parameters: readonly Parameter[], name: string): Float32Array {
  const [kernel, bias] = [values(parameters, `${name}/kernel`), values(parameters, `${name}/bias`)];
  return bias.map((start, unit) =>
    x.reduce((sum, value, i) => sum + value * (kernel[i * bias.length + unit] ?? 0), start),
  );
}

function conv(
  x: Float32Array,
  height: number,
  width: number,
  channels: number,
  parameters: readonly Parameter[],
  name: string,
): Float32Array {
  const [kernel, bias] = [values(parameters, `${name}/kernel`), values(parameters, `${name}/bias`)];
  const filters = bias.length;
  const out = new Float32Array(height * width * filters);
  for (let place = 0; place < out.length; place++) {
    const [filter, column, row] = [
      place % filters,
      Math.floor(place / filters) % width,
      Math.floor(place / filters / width),
    ];
    let sum = bias[filter] ?? 0;
    for (let dy = 0; dy < 5; dy++) {
      for (let dx = 0; dx < 5; dx++) {
        const [from, at] = [row + dy - 2, column + dx - 2];
        if (from < 0 || from >= height || at < 0 || at >= width) continue;
        for (let channel = 0; channel < channels; channel++) {
          const weight = kernel[((dy * 5 + dx) * channels + channel) * filters + filter] ?? 0;
          sum += weight * (x[(from * width + at) * channels + channel] ?? 0);
        }
      }
    }
    out[place] = sum;
  }
  return out;
}

function pool(x: Float32Array, height: number, width: number): Float32Array {
  const filters = x.length / height / width;
  const [rows, columns] = [Math.floor(height / 2), Math.floor(width / 2)];
  return Float32Array.from({ length: rows * columns * filters }, (_, place) => {
    const [filter, column, row] = [
      place % filters,
      Math.floor(place / filters) % columns,
      Math.floor(place / filters / columns),
    ];
    const at = (dy: number, dx: number): number =>
      x[((2 * row + dy) * width + 2 * column + dx) * filters + filter] ?? 0;
    return Math.max(at(0, 0), at(0, 1), at(1, 0), at(1, 1));
  });
}

function softmax(logits: Float32Array): Float32Array {
  const largest = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((power) => power / sum);
}

/** The scores of a model on the four sets of test images. */
export function scoresOfModel(
  data: ToyData,
  model: ModelName,
  parameters: readonly Parameter[],
): TrainingRun["scores"] {
  const test = usableRows(data, ROLE_CODES.test, () => true);
  const predicted = Array.from(test, (row) => ({ row, probabilities: predictRow(model, parameters, data.table, row) }));
  const inside: Readonly<Record<TestSet, (row: number) => boolean>> = {
    original: () => true,
    sanitized: (row) => data.stays[row] === 1,
    clean: (row) => data.leaked[row] === 0,
    leaked: (row) => data.leaked[row] === 1,
  };
  const scoreOf = (set: TestSet): Score | null => {
    const chosen = predicted.filter(({ row }) => inside[set](row));
    if (chosen.length === 0) return null;
    let [loss, right] = [0, 0];
    for (const { row, probabilities } of chosen) {
      const label = data.table.labels[row] ?? 0;
      loss -= Math.log(probabilities[label] ?? 0);
      if (probabilities.indexOf(Math.max(...probabilities)) === label) right++;
    }
    return { loss: loss / chosen.length, accuracy: right / chosen.length, samples: chosen.length };
  };
  return Object.fromEntries(TEST_SETS.map((set) => [set, scoreOf(set)])) as Record<TestSet, Score | null>;
}

/** Labelled rows with a role for which `isWanted` holds, in order. */
export function usableRows(
  { table, splitRole }: ToyData,
  role: number,
  isWanted: (row: number) => boolean,
): Uint32Array {
  const rows = Array.from(splitRole.keys()).filter(
    (row) => splitRole[row] === role && (table.labels[row] ?? -1) >= 0 && isWanted(row),
  );
  return Uint32Array.from(rows);
}

/** An experiment whose softmax models are really trained; the other models are said to have scored the same. */
export function toyExperiment(data: ToyData, partial: Partial<ExperimentSpec>): ExperimentResult {
  const spec = completeExperiment(partial);
  const trainOf = {
    original: usableRows(data, ROLE_CODES.train, () => true),
    sanitized: usableRows(data, ROLE_CODES.train, (row) => data.stays[row] === 1),
  };
  const available = { original: trainOf.original.length, sanitized: trainOf.sanitized.length };
  const plan = planRuns(spec, available);
  const runs = plan.map((planned, run) => {
    const train = balancedSubset(
      data.table.labels,
      trainOf[planned.data],
      planned.size,
      data.classes.length,
      planned.seed,
    );
    const isSoftmax = planned.model.startsWith("softmax");
    const parameters = trainSoftmax(
      data,
      train,
      isSoftmax ? planned : { ...planned, model: "softmax", epochs: 1 },
      spec,
    );
    const scores = scoresOfModel(data, "softmax", parameters);
    const result: TrainingRun = { ...planned, backend: "kernel", curve: [], scores, seconds: 0.25, isKept: true };
    return { run, curve: [], result };
  });
  const scores = runs[0]?.result.scores;
  const count = (set: TestSet): number => scores?.[set]?.samples ?? 0;
  return {
    schema: "cleansplit/experiment@1",
    experiment: "2026-11-26-toy",
    dataset: { name: "toy", fingerprint: "0123456789abcdef" },
    started: "2026-11-26T04:00:00.000Z",
    status: "done",
    error: null,
    spec,
    backends: {},
    features: `${data.table.height} x ${data.table.width} pixels, (p - 127.5) / 255`,
    classes: data.classes,
    samples: {
      train: available,
      validation: { original: 10, sanitized: 10 },
      test: {
        original: count("original"),
        sanitized: count("sanitized"),
        clean: count("clean"),
        leaked: count("leaked"),
      },
    },
    plan,
    runs,
    costs: [],
  };
}

/** A cost of which little is known, with a sentence that is a formula for a spreadsheet. */
export const COST: Cost = {
  model: "softmax",
  size: "all",
  trained: { original: 36, sanitized: 34 },
  seeds: 2,
  samples: { test: 18, leaked: 3, leakedGroups: 3 },
  original: { test: { value: 0.5, low: 0.25, high: 0.75 }, clean: null, leaked: null },
  sanitized: { test: { value: 0.5, low: 0.25, high: 0.75 }, clean: null, leaked: null, sanitized: null },
  drop: null,
  composition: null,
  memorising: { value: -0.01, low: -0.02, high: 1e-7 },
  difference: null,
  sentence: '=It "costs", in words\nand lines',
};
