import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import util from "node:util";
import type * as tfjs from "@tensorflow/tfjs-core";
import { CleanSplitError, messageOf } from "../../core/errors";
import type { BackendChoice, BackendName } from "../../core/training/training";

/** TensorFlow.js as every back end offers it. */
export type TensorFlow = typeof tfjs;

/** An opened back end; it is the current one of `tf`, which is global to the process. */
export interface OpenBackend {
  readonly choice: BackendChoice;
  readonly tf: TensorFlow;
}

/** Environment variable that forces a back end, for tests and for finding faults. */
export const BACKEND_VARIABLE = "CLEANSPLIT_BACKEND";

const BACKENDS: readonly BackendName[] = ["tensorflow", "wasm", "cpu"];
const TITLES: Readonly<Record<BackendName, string>> = {
  tensorflow: "TensorFlow native library",
  wasm: "TensorFlow.js WebAssembly",
  cpu: "TensorFlow.js plain JavaScript",
};
const WASM_FILE = "tfjs-backend-wasm-simd.wasm";

// Hidden from the bundler: the native package is optional and never bundled.
const requireHere = createRequire(__filename);

/**
 * Opens the best back end that works here: the native library, else WebAssembly, else plain JavaScript. For the trainer
 * process only: the native library changes `node:util` and cannot be unloaded.
 *
 * @param preference opens this one and no other; by default what the environment variable CLEANSPLIT_BACKEND names
 * @throws CleanSplitError "unsupported" when the one asked for does not work here
 */
export async function openBackend(preference = preferred()): Promise<OpenBackend> {
  if (preference !== undefined) {
    try {
      const tf = await OPENERS[preference]();
      return { choice: { backend: preference, reason: `${TITLES[preference]}, as asked for` }, tf };
    } catch (error) {
      throw new CleanSplitError(
        "unsupported",
        `The training back end "${preference}" does not work here (${firstLine(error)}); choose another one.`,
      );
    }
  }
  const failures: string[] = [];
  for (const backend of BACKENDS) {
    try {
      const tf = await OPENERS[backend]();
      return { choice: { backend, reason: [TITLES[backend], ...failures].join("; ") }, tf };
    } catch (error) {
      failures.push(failureOf(backend, error));
    }
  }
  throw new CleanSplitError("unsupported", `No training back end works here: ${failures.join("; ")}.`);
}

const OPENERS: Readonly<Record<BackendName, () => Promise<TensorFlow>>> = {
  tensorflow: openNative,
  wasm: openWasm,
  cpu: openCpu,
};

async function openNative(): Promise<TensorFlow> {
  restoreRemovedUtilities();
  const tf = requireHere("@tensorflow/tfjs-node") as TensorFlow;
  return activate(tf, "tensorflow");
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

async function activate(tf: TensorFlow, backend: BackendName): Promise<TensorFlow> {
  // Leaves out TensorFlow's advice on the console and its check of every result for NaN.
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`${TITLES[backend]} did not start`);
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

/** @tensorflow/tfjs-node 4.22 calls two functions that Node 23 removed. */
function restoreRemovedUtilities(): void {
  const target = util as unknown as Record<string, unknown>;
  target["isNullOrUndefined"] ??= (value: unknown): boolean => value === null || value === undefined;
  target["isArray"] ??= Array.isArray;
}

function preferred(): BackendName | undefined {
  const name = process.env[BACKEND_VARIABLE];
  if (name === undefined || name === "") return undefined;
  const backend = BACKENDS.find((known) => known === name);
  if (backend !== undefined) return backend;
  throw new CleanSplitError(
    "unsupported",
    `${BACKEND_VARIABLE} is "${name}"; it must be one of ${BACKENDS.join(", ")}, or not set.`,
  );
}

function failureOf(backend: BackendName, error: unknown): string {
  const missing = error instanceof Error && "code" in error && error.code === "MODULE_NOT_FOUND";
  if (backend === "tensorflow" && missing) return "the native library is not installed";
  return `${backend === "tensorflow" ? "the native library does not load" : `${TITLES[backend]} does not work here`} (${firstLine(error)})`;
}

function firstLine(error: unknown): string {
  return messageOf(error).split("\n", 1)[0] ?? "";
}
