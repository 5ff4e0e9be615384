/*
 * Writes every export of a small experiment into a folder, with what a model must say of some pictures, for check_exports.py:
 *
 *   node --import tsx test/support/export-samples.mts FOLDER
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { MODEL_NAMES, type ModelName } from "../../src/core/training/models";
import { Random, shuffle } from "../../src/core/training/random";
import { balancedSubset } from "../../src/core/training/subset";
import { writeExperimentFile, writeModelFolder } from "../../src/engine/lab/exports";
import { ROLE_CODES } from "../../src/engine/training/trainerJob";
import { predictRow, randomParameters, rowsOf, toyData, toyExperiment, usableRows } from "../unit/lab/exportsFixtures";

const folder = path.resolve(process.argv[2] ?? "exports");
const PREDICTED = 20;
const run = { signal: new AbortController().signal, progress: (): void => undefined };

await mkdir(folder, { recursive: true });
const data = toyData(900, { height: 9, width: 11, channels: 3 });
const experiment = toyExperiment(data, {
  models: [...MODEL_NAMES],
  sizes: [50, 203, "all"],
  seeds: [1, 4_000_000_000],
  epochs: 6,
  learningRate: 0.05,
});
for (const format of ["csv", "json", "keras", "sklearn"] as const) {
  const file = path.join(
    folder,
    { csv: "runs.csv", json: "runs.json", keras: "keras.ipynb", sklearn: "sklearn.ipynb" }[format],
  );
  await writeExperimentFile({ experiment, format, file, overwrite: true, rows: async () => rowsOf(data) }, run);
}
await writeFile(path.join(folder, "choices.json"), JSON.stringify(choices()));

const models: Partial<Record<ModelName, number[][]>> = {};
for (const model of MODEL_NAMES.filter((name) => name !== "knn")) {
  const trained = experiment.runs.findLast(({ result }) => result?.model === model)?.result;
  if (trained === undefined || trained === null) throw new Error(`${model} was not trained.`);
  const parameters = randomParameters(model, data.table, data.classes.length);
  for (const format of ["tfjs", "onnx", "npz"] as const) {
    const target = path.join(folder, `${model}-${format}`);
    await writeModelFolder({ experiment, run: trained, parameters, input: data.table, format, folder: target }, run);
  }
  models[model] = Array.from({ length: PREDICTED }, (_, row) =>
    Array.from(predictRow(model, parameters, data.table, row)),
  );
}
const { pixels, height, width, channels } = data.table;
const shown = Array.from(pixels.subarray(0, PREDICTED * height * width * channels));
await writeFile(
  path.join(folder, "expected.json"),
  JSON.stringify({ shape: [PREDICTED, height, width, channels], pixels: shown, models }),
);

/** What the program chooses and in which order it trains on it, which the notebooks must do as well. */
function choices(): object[] {
  const train = usableRows(data, ROLE_CODES.train, () => true);
  return [0, 1, 77, 2 ** 31, 2 ** 32 - 1].flatMap((seed) =>
    [1, 7, 50, 203, train.length].map((size) => {
      const rows = balancedSubset(data.table.labels, train, size, data.classes.length, seed);
      const order = Uint32Array.from(rows);
      const random = new Random(seed);
      shuffle(order, random);
      shuffle(order, random);
      return { seed, size, rows: Array.from(rows), second: Array.from(order) };
    }),
  );
}
