// Does every back end take the same steps as PyTorch? Each model is trained on generated pictures from its first
// weights, and torch_equal.py takes the same steps: each one from the parameters that the back end had, and all of them
// in a row.
//   node test/bench/train-equal.mjs [--backends kernel,tensorflow,wasm,cpu] [--steps 20] [--batch 128] [--shape 28x28x1]
// PYTHON names an interpreter with numpy and torch, python3 by default; NODE_PATH a folder of node_modules with the
// native library of TensorFlow. Exit code 1 when something differs by more than the tolerances, or nothing could be
// compared.
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { tsImport } from "tsx/esm/api";
import { randomOf } from "./cache.mjs";

/** @import { Backend, Classifier, FeatureTable } from "../../src/engine/training/classifier" */
/** @import { BackendName } from "../../src/core/training/experiment" */
/** @import { ModelName } from "../../src/core/training/models" */

/** @type {typeof import("../../src/core/training/models")} */
const { MODELS } = await tsImport("../../src/core/training/models.ts", import.meta.url);
/** @type {typeof import("../../src/engine/training/openBackends")} */
const { OPENERS } = await tsImport("../../src/engine/training/openBackends.ts", import.meta.url);

/**
 * What torch_equal.py measures, and how much it may be. Single steps differ by rounding alone. But where that puts a
 * rectified unit or the largest of four values on the other side of a kink for one sample, the step differs by what
 * that sample does to one unit; and the next ones, which start from there, by more and more.
 */
const TOLERANCES = { loss: 1e-5, step: 1e-4, worst: 0.05, course: 1e-2 };
const [CLASSES, ROWS, SEED] = [10, 2000, 1];
const TORCH = path.resolve(import.meta.dirname, "../support/torch_equal.py");
const NAMES = /** @type {const} */ (["loss", "step", "worst", "course"]);

const { values } = parseArgs({
  options: {
    backends: { type: "string", default: "kernel,tensorflow,wasm,cpu" },
    steps: { type: "string", default: "20" },
    batch: { type: "string", default: "128" },
    shape: { type: "string", default: "28x28x1" },
  },
});
const table = generated(values.shape);
const batches = chosen(Number(values.steps), Number(values.batch));

/** Classes are pictures of noise, and samples are their class's with other noise over it. @param {string} shape */
function generated(shape) {
  const [height = 0, width = 0, channels = 0] = shape.split("x").map(Number);
  if (channels !== 1 && channels !== 3) throw new Error(`--shape ${shape} must be HEIGHTxWIDTHx1 or HEIGHTxWIDTHx3`);
  const random = randomOf(SEED);
  const dim = height * width * channels;
  const prototypes = Uint8Array.from({ length: CLASSES * dim }, () => random() * 256);
  const labels = Int32Array.from({ length: ROWS }, () => random() * CLASSES);
  const pixels = new Uint8Array(ROWS * dim);
  labels.forEach((label, row) => {
    for (let i = 0; i < dim; i++) {
      pixels[row * dim + i] = random() < 0.3 ? (prototypes[label * dim + i] ?? 0) : random() * 256;
    }
  });
  return /** @type {FeatureTable} */ ({ pixels, height, width, channels, labels, classes: CLASSES });
}

/** Every second batch is smaller, as the last one of an epoch is. @param {number} steps @param {number} size */
function chosen(steps, size) {
  const random = randomOf(SEED + 1);
  return Array.from({ length: steps }, (_, step) =>
    Uint32Array.from({ length: step % 2 === 0 ? size : Math.ceil(size / 3) }, () => random() * ROWS),
  );
}

/**
 * Trains and describes a model, and writes its parameters.
 * @param {Backend} backend @param {ModelName} name @param {string} folder
 */
function trained(backend, name, folder) {
  const { recipe } = MODELS[name];
  const train = Uint32Array.from({ length: ROWS }, (_, row) => row);
  const classifier = backend.create({ model: name, table, recipe, seed: SEED, train });
  try {
    const file = path.join(folder, `${name}.f32`);
    writeParameters(classifier, file);
    let cpu = 0;
    const losses = batches.map((batch) => {
      const start = process.cpuUsage();
      const { loss } = classifier.step(batch);
      const { user, system } = process.cpuUsage(start);
      cpu += (user + system) / 1000 / batches.length;
      writeParameters(classifier, file);
      return loss;
    });
    const parameters = classifier.parameters().map((parameter) => ({ name: parameter.name, shape: parameter.shape }));
    return { name, recipe, parameters, losses, cpu };
  } finally {
    classifier.dispose();
  }
}

/** @param {Classifier} classifier @param {string} file */
function writeParameters(classifier, file) {
  for (const { values } of classifier.parameters()) {
    appendFileSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
}

/** @param {BackendName} name @param {string} folder */
async function compared(name, folder) {
  const backend = await OPENERS[name]();
  const models = /** @type {ModelName[]} */ (Object.keys(MODELS))
    .filter((model) => MODELS[model].recipe !== null && backend.supports(model, table))
    .map((model) => trained(backend, model, folder));
  await backend.close();
  const { height, width, channels, pixels, labels } = table;
  const rows = batches.map((batch) => [...batch]);
  writeFileSync(path.join(folder, "job.json"), JSON.stringify({ height, width, channels, batches: rows, models }));
  writeFileSync(path.join(folder, "pixels.u8"), pixels);
  writeFileSync(path.join(folder, "labels.i32"), Buffer.from(labels.buffer));
  const run = spawnSync(process.env["PYTHON"] ?? "python3", [TORCH, folder], { encoding: "utf8" });
  if (run.status !== 0) throw new Error(`torch_equal.py failed: ${run.error?.message ?? run.stderr.trim()}`);
  /** @type {{ version: string, models: Record<string, typeof TOLERANCES> }} */
  const torch = JSON.parse(run.stdout);
  return { models, torch };
}

console.log(`${values.shape}, ${batches.length} steps on batches of up to ${values.batch}`);
console.log(`at most                ${NAMES.map((name) => `${name} ${TOLERANCES[name].toExponential(1)}`).join("  ")}`);
let [isEqual, count] = [true, 0];
for (const name of /** @type {BackendName[]} */ (values.backends.split(","))) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-equal-"));
  try {
    const { models, torch } = await compared(name, folder);
    for (const model of models) {
      const differences = torch.models[model.name];
      const isClose = differences !== undefined && NAMES.every((which) => differences[which] <= TOLERANCES[which]);
      isEqual &&= isClose;
      count++;
      const numbers = NAMES.map((which) => `${which} ${differences?.[which].toExponential(1)}`).join("  ");
      const speed = `${model.cpu.toFixed(1).padStart(6)} ms of CPU a step`;
      console.log(
        `${name.padEnd(11)} ${model.name.padEnd(10)} ${numbers}  ${speed}  ${isClose ? "equal" : "DIFFERENT"}`,
      );
    }
    console.log(`${name} against PyTorch ${torch.version}`);
  } catch (error) {
    console.log(`${name}: not compared (${String(error).split("\n", 1)[0]})`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
process.exitCode = isEqual && count > 0 ? 0 : 1;
