import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import type { ExperimentResult, ExperimentSpec } from "../../../src/core/training/experiment";
import { NATIVE_PACKAGE, NATIVE_VARIABLE, packageIn } from "../../../src/engine/training/native";
import { BACKEND_VARIABLE } from "../../../src/engine/training/openBackends";
import { quiet, useLab } from "../lab/support";

const requireHere = createRequire(__filename);
/** A folder with a native TensorFlow that works, e.g. of test/support/native-tensorflow.sh. */
const REAL = process.env[NATIVE_VARIABLE];

function setVariables(variables: readonly (readonly [string, string | null])[]): void {
  for (const [name, value] of variables) {
    if (value === null) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
}

describe("training with the native package", () => {
  const lab = useLab();

  /** Trains in a process that sees these variables; null takes one away. */
  async function train(
    variables: Readonly<Record<string, string | null>>,
    spec: Partial<ExperimentSpec>,
    nativeFolder: string | null = null,
  ): Promise<ExperimentResult> {
    const before = Object.keys(variables).map((name) => [name, process.env[name] ?? null] as const);
    setVariables(Object.entries(variables));
    try {
      const engine = lab.engine({ nativeFolder });
      const inspection = await lab.inspected(engine);
      const few = { models: ["mlp"], sizes: ["all"], seeds: [1], data: ["original"], epochs: 5 } as const;
      return await engine.runExperiment({ inspection, spec: { ...few, ...spec } }, quiet());
    } finally {
      setVariables(before);
    }
  }

  it("the one that is installed is used, and what keeps one from loading is told", async () => {
    const installed = path.join(lab.scratch, "native");
    await mkdir(packageIn(installed), { recursive: true });
    await writeFile(path.join(packageIn(installed), "package.json"), JSON.stringify({ name: NATIVE_PACKAGE.name }));
    const resolved = (name: string): string => JSON.stringify(requireHere.resolve(name));
    // Stands in for the native library: plain JavaScript under its name.
    const standIn = `
      const tf = require(${resolved("@tensorflow/tfjs-core")});
      const { MathBackendCPU } = require(${resolved("@tensorflow/tfjs-backend-cpu")});
      tf.registerBackend("tensorflow", () => new MathBackendCPU());
      tf.copyRegisteredKernels("cpu", "tensorflow");
      module.exports = tf;`;
    await writeFile(path.join(packageIn(installed), "index.js"), standIn);
    const variables = { [NATIVE_VARIABLE]: null, [BACKEND_VARIABLE]: null };
    const used = await train(variables, {}, installed);
    assert.equal(used.backends.mlp?.backend, "tensorflow");

    await writeFile(path.join(packageIn(installed), "index.js"), `throw new Error("wrong ELF class");`);
    const { mlp } = (await train(variables, {}, installed)).backends;
    assert.equal(mlp?.backend, "wasm");
    assert.match(mlp.reason, /the native library does not load \(wrong ELF class, in .*tfjs-node\)/);
  });

  it("the real one gives the losses of WebAssembly to 1e-5", async function () {
    if (REAL === undefined || REAL === "") this.skip();
    const native = await train({ [NATIVE_VARIABLE]: REAL, [BACKEND_VARIABLE]: null }, { backend: "tensorflow" });
    const wasm = await train({ [NATIVE_VARIABLE]: null, [BACKEND_VARIABLE]: null }, { backend: "wasm" });
    const losses = ({ runs }: ExperimentResult): number[] => runs.flatMap(({ curve }) => curve.map(({ loss }) => loss));
    const expected = losses(wasm);
    assert.equal(expected.length, 5);
    losses(native).forEach((loss, index) => assert.ok(Math.abs(loss - (expected[index] ?? NaN)) < 1e-5, `${index}`));
  });
});
