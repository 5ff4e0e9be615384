// One contestant of train.mjs that runs in Node: softmax regression by our kernel, or by TensorFlow.js on WebAssembly.
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { Random, shuffle } from "../../src/core/training/random";
import type { Backend } from "../../src/engine/training/classifier";
import { openKernelBackend } from "../../src/engine/training/kernel/kernelBackend";
import { openTensorFlowBackend } from "../../src/engine/training/tensorflow/tensorflowBackend";

const [SIDE, CLASSES, BATCH, RATE] = [28, 10, 128, 0.01];

/** A model as the contest needs it: takes a step, and says which share of rows it gets right. */
interface Contestant {
  step(rows: Uint32Array): void;
  accuracy(rows: Uint32Array): number;
}

const [name = "", folder = "", dist = ""] = process.argv.slice(2);
const pixelsFile = path.join(folder, "pixels.bin");
const labels = Int32Array.from(readFileSync(path.join(folder, "labels.bin")));

/** @param isHelped whether a second thread helps */
async function ours(isHelped: boolean): Promise<Contestant> {
  const backend = await openKernelBackend({ dist, isHelped });
  if (backend.variant !== "wasm") throw new Error("WebAssembly with SIMD does not run here");
  return contestant(backend, backend.allocatePixels(statSync(pixelsFile).size));
}

function contestant(backend: Backend, pixels: Uint8Array): Contestant {
  read(pixels);
  const table = { pixels, labels, height: SIDE, width: SIDE, channels: 1, classes: CLASSES } as const;
  const recipe = { epochs: 1, batchSize: BATCH, learningRate: RATE, l2: 0 };
  const model = backend.create({ model: "softmax", table, recipe, seed: 1, train: new Uint32Array(0) });
  const hits = (rows: Uint32Array): number => {
    const logits = model.predict(rows);
    return rows.filter((row, i) => {
      const own = logits.subarray(i * CLASSES, (i + 1) * CLASSES);
      return own.indexOf(Math.max(...own)) === labels[row];
    }).length;
  };
  return {
    step: (rows) => model.step(rows),
    accuracy(rows) {
      let sum = 0;
      for (let from = 0; from < rows.length; from += BATCH) sum += hits(rows.subarray(from, from + BATCH));
      return sum / rows.length;
    },
  };
}

async function tensorFlow(threads: boolean): Promise<Contestant> {
  if (threads) {
    const { env } = await import("@tensorflow/tfjs-core");
    await import("@tensorflow/tfjs-backend-wasm");
    env().set("WASM_HAS_MULTITHREAD_SUPPORT", true);
  }
  return contestant(await openTensorFlowBackend("wasm"), new Uint8Array(statSync(pixelsFile).size));
}

/** Reads the pixels where they are to be: reading the file whole would take its size again. */
function read(pixels: Uint8Array): void {
  const file = openSync(pixelsFile, "r");
  for (let at = 0; at < pixels.length; at += readSync(file, pixels, at, pixels.length - at, at));
  closeSync(file);
}

async function main(): Promise<void> {
  const model = name.startsWith("tfjs") ? await tensorFlow(name === "tfjs-threads") : await ours(name === "kernel");
  const order = Uint32Array.from(labels, (_, row) => row);
  const random = new Random(1);
  console.log("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    if (line !== "epoch") {
      console.log(JSON.stringify({ accuracy: model.accuracy(order.slice().sort().subarray(0, 2000)) }));
      continue;
    }
    const [wall, cpu] = [performance.now(), process.cpuUsage()];
    shuffle(order, random);
    for (let from = 0; from < order.length; from += BATCH) model.step(order.subarray(from, from + BATCH));
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ wall: (performance.now() - wall) / 1000, cpu: (user + system) / 1e6 }));
  }
  process.exit(0);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
