import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type * as tfjs from "@tensorflow/tfjs-core";
import type { BackendName } from "../../../core/training/experiment";
import { loadNative } from "../native";

/** TensorFlow.js as every back end offers it. */
export type TensorFlow = typeof tfjs;

/** The back ends that run on TensorFlow.js: its native library, WebAssembly, plain JavaScript. */
export type TensorFlowName = Exclude<BackendName, "kernel">;

const WASM_FILE = "tfjs-backend-wasm-simd.wasm";

const requireHere = createRequire(__filename);

const OPENERS: Readonly<Record<TensorFlowName, () => Promise<TensorFlow>>> = {
  tensorflow: openNative,
  wasm: openWasm,
  cpu: openCpu,
};

/**
 * Opens TensorFlow.js on one back end, which becomes its current one; TensorFlow.js has only one of itself in a
 * process. For the trainer process: the native library changes `node:util` and cannot be unloaded.
 *
 * @throws Error when it does not work here, "MODULE_NOT_FOUND" when the native package is not installed
 */
export function openTensorFlow(name: TensorFlowName): Promise<TensorFlow> {
  return OPENERS[name]();
}

async function openNative(): Promise<TensorFlow> {
  return activate(loadNative(), "tensorflow");
}

async function openWasm(): Promise<TensorFlow> {
  const tf = await import("@tensorflow/tfjs-core");
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  // With a folder instead of a URL nothing is fetched: the file is read from disk.
  setWasmPaths(wasmFolder() + path.sep);
  return activate(tf, "wasm");
}

async function openCpu(): Promise<TensorFlow> {
  const tf = await import("@tensorflow/tfjs-core");
  await import("@tensorflow/tfjs-backend-cpu");
  return activate(tf, "cpu");
}

async function activate(tf: TensorFlow, name: TensorFlowName): Promise<TensorFlow> {
  // Leaves out TensorFlow's advice on the console and its check of every result for NaN.
  tf.enableProdMode();
  if (!(await tf.setBackend(name))) throw new Error("it did not start");
  await tf.ready();
  return tf;
}

/** The .wasm files lie next to the bundle, or in their package when the sources run unbundled. */
function wasmFolder(): string {
  if (existsSync(path.join(__dirname, WASM_FILE))) return __dirname;
  const folder = path.join(path.dirname(requireHere.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "wasm-out");
  // Emscripten would only say that it aborted.
  if (!existsSync(path.join(folder, WASM_FILE))) throw new Error(`${WASM_FILE} is missing`);
  return folder;
}
