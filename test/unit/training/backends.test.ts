import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { CleanSplitError } from "../../../src/core/errors";
import { DEFAULT_EXPERIMENT, type ExperimentSpec } from "../../../src/core/training/experiment";
import { MODELS, type ModelName } from "../../../src/core/training/models";
import type { Backend, Classifier, FeatureTable, Parameter } from "../../../src/engine/training/classifier";
import { openBackends } from "../../../src/engine/training/openBackends";
import { openTensorFlowBackend } from "../../../src/engine/training/tensorflow/tensorflowBackend";
import { bandTable, FakeBackend, openersOf, range } from "./bands";
import { referenceLoss, valuesOf } from "./reference";

/** Odd in every way: 4 x 5 and then 2 x 2 after pooling. */
const ODD = bandTable(60, { height: 9, width: 11, channels: 3, classes: 3 });
const NETWORKS: readonly ModelName[] = ["softmax", "softmax-l2", "mlp", "cnn"];

interface Settings {
  readonly table?: FeatureTable;
  readonly seed?: number;
  readonly learningRate?: number;
  readonly l2?: number;
}

function create(backend: Backend, model: ModelName, { table = ODD, seed = 1, ...changes }: Settings = {}): Classifier {
  const { recipe } = MODELS[model];
  assert.ok(recipe !== null);
  return backend.create({ model, table, recipe: { ...recipe, ...changes }, seed, train: new Uint32Array(0) });
}

/** Parameters after a few steps, the last of them on fewer rows. */
function trained(backend: Backend, model: ModelName): { losses: number[]; parameters: readonly Parameter[] } {
  const classifier = create(backend, model);
  const losses = [range(0, 16), range(16, 32), range(32, 37)].map((rows) => classifier.step(rows).loss);
  const parameters = classifier.parameters();
  classifier.dispose();
  return { losses, parameters };
}

function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

/** Largest difference, relative to the largest of `b`. */
function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return largest(Array.from(a, (value, i) => value - (b[i] ?? Number.NaN))) / Math.max(largest(b), 1e-6);
}

for (const name of ["wasm", "cpu"] as const) {
  describe(`networks on ${name}`, () => {
    let backend: Backend;
    before(async () => {
      backend = await openTensorFlowBackend(name);
    });

    for (const model of NETWORKS) {
      it(`steps down the gradient of ${model}, as differences of a plain reference say`, () => {
        const [rows, l2] = [range(0, 4), model === "softmax-l2" ? 0.3 : 0];
        const classifier = create(backend, model, { learningRate: 1, l2 });
        // Away from the zeros that softmax regression starts with.
        classifier.step(range(6, 12));
        const before = valuesOf(classifier.parameters());
        const { loss } = classifier.step(rows);
        assert.ok(Math.abs(loss - referenceLoss(before, ODD, rows)) < 1e-5);
        const after = valuesOf(classifier.parameters());
        classifier.dispose();

        for (const [block, values] of before) {
          const steps = values.map((value, i) => value - (after.get(block)?.[i] ?? Number.NaN));
          // Some of the numbers, in all places.
          for (let i = 0; i < values.length; i += Math.max(1, Math.floor(values.length / 5))) {
            const decay = block.endsWith("kernel") ? l2 * (values[i] ?? 0) : 0;
            const expected = slope(before, block, i, rows) + decay;
            const apart = Math.abs((steps[i] ?? Number.NaN) - expected);
            assert.ok(apart <= 1e-3 * largest(steps), `${block}[${i}]: ${steps[i]}, not ${expected}`);
          }
        }
      });
    }

    it("starts softmax regression at zero and networks at Glorot's uniform weights", () => {
      const softmax = create(backend, "softmax");
      assert.deepEqual(
        softmax.parameters().map(({ name: block, shape, values }) => [block, shape, largest(values)]),
        [
          ["dense/kernel", [297, 3], 0],
          ["dense/bias", [3], 0],
        ],
      );
      const cnn = create(backend, "cnn");
      const limits = cnn.parameters().map(({ name: block, shape, values }) => {
        const sum = values.reduce((total, value) => total + value, 0);
        if (values.length > 1000) assert.ok(Math.abs(sum / values.length) < 0.01, "the mean is not zero");
        return [block, shape, Math.round(largest(values) * 100) / 100] as const;
      });
      const uniform = (fans: number): number => Math.round(Math.sqrt(6 / fans) * 100) / 100;
      assert.deepEqual(limits, [
        ["conv1/kernel", [5, 5, 3, 16], uniform(25 * 19)],
        ["conv1/bias", [16], 0],
        ["conv2/kernel", [5, 5, 16, 16], uniform(25 * 32)],
        ["conv2/bias", [16], 0],
        ["dense1/kernel", [64, 64], uniform(128)],
        ["dense1/bias", [64], 0],
        ["dense2/kernel", [64, 3], uniform(67)],
        ["dense2/bias", [3], 0],
      ]);
      const other = create(backend, "cnn", { seed: 2 });
      assert.notDeepEqual(other.parameters(), cnn.parameters());
      for (const classifier of [softmax, cnn, other]) classifier.dispose();
    });

    it("takes pictures from 8 x 8 pixels up", () => {
      for (const [height, width, channels] of [
        [8, 8, 1],
        [8, 21, 3],
      ] as const) {
        const table = bandTable(4, { height, width, channels });
        assert.ok(backend.supports("cnn", table));
        const classifier = create(backend, "cnn", { table });
        classifier.step(range(0, 4));
        assert.equal(classifier.predict(range(1, 4)).length, 3 * 4);
        classifier.dispose();
      }
      assert.ok(!backend.supports("cnn", bandTable(4, { height: 7, width: 30 })));
      assert.ok(!backend.supports("knn", ODD));
    });

    it("predicts the same with and without other rows", () => {
      for (const model of NETWORKS) {
        const classifier = create(backend, model);
        classifier.step(range(0, 16));
        const [all, one] = [classifier.predict(range(0, 20)), classifier.predict(range(13, 14))];
        assert.ok(difference(all.subarray(13 * 3, 14 * 3), one) < 1e-5);
        classifier.dispose();
      }
    });

    it("keeps nothing but parameters between steps, and nothing in the end", () => {
      const atFirst = tf.memory().numTensors;
      for (const model of NETWORKS) {
        const classifier = create(backend, model);
        const count = classifier.parameters().length;
        for (const rows of [range(0, 16), range(16, 21)]) {
          classifier.step(rows);
          classifier.predict(rows);
          assert.equal(tf.memory().numTensors, atFirst + count);
        }
        classifier.dispose();
        assert.equal(tf.memory().numTensors, atFirst);
      }
    });
  });
}

function slope(parameters: Map<string, Float64Array>, block: string, i: number, rows: Uint32Array): number {
  const values = parameters.get(block) ?? new Float64Array(0);
  const value = values[i] ?? 0;
  const loss = (at: number): number => {
    values[i] = at;
    return referenceLoss(parameters, ODD, rows);
  };
  const result = (loss(value + 1e-5) - loss(value - 1e-5)) / 2e-5;
  values[i] = value;
  return result;
}

describe("networks on different back ends", () => {
  it("start from the same numbers and stay within 1e-5 of the loss and 1e-4 of the largest parameter", async () => {
    const [wasm, cpu] = [await openTensorFlowBackend("wasm"), await openTensorFlowBackend("cpu")];
    for (const model of NETWORKS) {
      const starts = [wasm, cpu].map((backend) => {
        const classifier = create(backend, model);
        const parameters = classifier.parameters();
        classifier.dispose();
        return parameters;
      });
      assert.deepEqual(starts[0], starts[1]);
      const [one, other] = [trained(wasm, model), trained(cpu, model)];
      assert.ok(difference(one.losses, other.losses) < 1e-5, model);
      one.parameters.forEach(({ values }, i) =>
        assert.ok(difference(values, other.parameters[i]?.values ?? []) < 1e-4, model),
      );
    }
  });

  it("can be used in turn", async () => {
    const wasm = await openTensorFlowBackend("wasm");
    const alone = trained(wasm, "mlp");
    const cpu = await openTensorFlowBackend("cpu");
    assert.deepEqual(trained(wasm, "mlp"), alone);
    assert.notDeepEqual(trained(cpu, "mlp"), alone);
  });
});

describe("openBackends", () => {
  const ALL: readonly ModelName[] = ["softmax", "softmax-l2", "knn", "mlp", "cnn"];
  const spec = (changes: Partial<ExperimentSpec> = {}): ExperimentSpec => ({ ...DEFAULT_EXPERIMENT, ...changes });
  const kernel = (): FakeBackend => new FakeBackend("kernel", ["softmax", "softmax-l2", "knn"]);
  const refuses = async (opening: Promise<unknown>, message: RegExp): Promise<void> => {
    await assert.rejects(opening, (error) => {
      assert.ok(error instanceof CleanSplitError, String(error));
      assert.equal(error.reason, "unsupported");
      assert.match(error.message, message);
      return true;
    });
  };

  it("takes our kernel where it has the model, and opens no other one without need", async () => {
    const native = new FakeBackend("tensorflow", NETWORKS);
    let opened = 0;
    const openers = { ...openersOf(kernel()), tensorflow: () => (opened++, Promise.resolve(native)) };
    const first = await openBackends(spec({ models: ["softmax", "knn"] }), ODD, openers);
    assert.deepEqual(
      [...first.models].map(([model, { choice }]) => [model, choice]),
      [
        ["softmax", { backend: "kernel", reason: "CleanSplit's own kernel" }],
        ["knn", { backend: "kernel", reason: "CleanSplit's own kernel" }],
      ],
    );
    assert.equal(opened, 0);
    const { models } = await openBackends(spec({ models: ["mlp", "cnn"] }), ODD, openers);
    assert.equal(opened, 1);
    assert.deepEqual(models.get("cnn")?.choice, {
      backend: "tensorflow",
      reason: "TensorFlow native library; CleanSplit's own kernel does not train it",
    });
  });

  it("says why nothing better is taken", async () => {
    const wasm = new FakeBackend("wasm", NETWORKS);
    const broken = { ...openersOf(wasm), tensorflow: () => Promise.reject(new Error("no library\nPlease run ...")) };
    const { models } = await openBackends(spec({ models: ["softmax"] }), ODD, broken);
    assert.equal(
      models.get("softmax")?.choice.reason,
      "TensorFlow.js WebAssembly; CleanSplit's own kernel does not work here (no kernel); " +
        "the native library does not load (no library)",
    );
    const { models: others } = await openBackends(spec({ models: ["mlp"] }), ODD, openersOf(kernel(), wasm));
    assert.equal(
      others.get("mlp")?.choice.reason,
      "TensorFlow.js WebAssembly; CleanSplit's own kernel does not train it; the native library is not installed",
    );
  });

  it("takes the one that is asked for, by the specification before the environment", async () => {
    const openers = openersOf(kernel(), new FakeBackend("wasm", NETWORKS), new FakeBackend("cpu", NETWORKS));
    process.env["CLEANSPLIT_BACKEND"] = "cpu";
    try {
      const byVariable = await openBackends(spec(), ODD, openers);
      assert.deepEqual(byVariable.models.get("softmax")?.choice, {
        backend: "cpu",
        reason: "TensorFlow.js plain JavaScript, as asked for",
      });
      const bySpec = await openBackends(spec({ backend: "wasm" }), ODD, openers);
      assert.equal(bySpec.models.get("softmax")?.choice.backend, "wasm");
      process.env["CLEANSPLIT_BACKEND"] = "gpu";
      await refuses(
        openBackends(spec(), ODD, openers),
        /^CLEANSPLIT_BACKEND is "gpu"; it must be one of kernel, tensorflow, wasm, cpu, or not set\.$/,
      );
    } finally {
      delete process.env["CLEANSPLIT_BACKEND"];
    }
  });

  it("refuses one that does not work or cannot train a model, and ends those that it opened", async () => {
    const [own, wasm] = [kernel(), new FakeBackend("wasm", NETWORKS)];
    const openers = openersOf(own, wasm);
    await refuses(
      openBackends(spec({ backend: "cpu" }), ODD, openers),
      /^The training back end "cpu" does not work here \(no cpu\); choose another one\.$/,
    );
    await refuses(
      openBackends(spec({ models: ["softmax", "mlp"], backend: "kernel" }), ODD, openers),
      /^The training back end "kernel" cannot train the model "mlp"; choose another one, or none, which takes the best\.$/,
    );
    assert.equal(own.closed, 1);
    await refuses(
      openBackends(spec({ models: ALL }), ODD, openersOf(wasm)),
      /^The model "knn" cannot be trained here: CleanSplit's own kernel does not work here \(no kernel\); the native library /,
    );
    assert.equal(wasm.closed, 1);
  });

  it("refuses pictures that are too small or too large for a model", async () => {
    const openers = openersOf(kernel(), new FakeBackend("wasm", NETWORKS));
    await refuses(
      openBackends(spec({ models: ["cnn"] }), bandTable(2, { height: 7, width: 28 }), openers),
      /^The model "cnn" needs pictures of at least 8 x 8 pixels and these are 7 x 28 \(height x width\); choose a larger side/,
    );
    const large = { ...ODD, height: 1024, width: 1024, labels: new Int32Array(1000) };
    await refuses(
      openBackends(spec({ models: ["cnn"] }), large, openers),
      /^The model "cnn" on pictures of 1024 x 1024 x 3 values in batches of 128 would need about \d+\.\d GiB and may take 2;/,
    );
    await refuses(openBackends(spec({ models: ["mlp"] }), large, openers), /would need about \d+\.\d GiB/);
    await openBackends(spec({ models: ["mlp", "cnn"] }), { ...large, height: 96, width: 96 }, openers);
  });
});
