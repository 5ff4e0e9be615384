import assert from "node:assert/strict";
import { CleanSplitError } from "../../../src/core/errors";
import type { BackendName, EpochScore } from "../../../src/core/training/training";
import { isAbort } from "../../../src/engine/process/rpc";
import { openBackend, type TensorFlow } from "../../../src/engine/training/backend";
import { fit, scoreAll, SoftmaxRegression, type FeatureTable } from "../../../src/engine/training/softmax";
import { range, recordingRun, TOY_SPEC, toyTable } from "./toy";

/** The same step as plain loops in double precision: parameters after it, and the mean cross entropy before it. */
function referenceStep(table: FeatureTable, rows: Uint32Array, rate: number, w: Float64Array, b: Float64Array): number {
  const { pixels, dim, labels, classes } = table;
  const gradientW = new Float64Array(w.length);
  const gradientB = new Float64Array(b.length);
  let loss = 0;
  for (const row of rows) {
    const x = Array.from(pixels.subarray(row * dim, (row + 1) * dim), (p) => (p - 127.5) / 255);
    const exps = Array.from(b, (bias, c) =>
      Math.exp(x.reduce((sum, value, i) => sum + value * (w[i * classes + c] ?? 0), bias)),
    );
    const sum = exps.reduce((total, value) => total + value, 0);
    exps.forEach((value, c) => {
      const error = value / sum - (labels[row] === c ? 1 : 0);
      if (labels[row] === c) loss -= Math.log(value / sum);
      x.forEach((value, i) => (gradientW[i * classes + c] = (gradientW[i * classes + c] ?? 0) + value * error));
      gradientB[c] = (gradientB[c] ?? 0) + error;
    });
  }
  gradientW.forEach((g, i) => (w[i] = (w[i] ?? 0) - (rate * g) / rows.length));
  gradientB.forEach((g, i) => (b[i] = (b[i] ?? 0) - (rate * g) / rows.length));
  return loss / rows.length;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  assert.equal(a.length, b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? Number.NaN))), 0);
}

async function curve(tf: TensorFlow, seed = TOY_SPEC.seed): Promise<readonly EpochScore[]> {
  const model = new SoftmaxRegression(tf, toyTable(300));
  try {
    const rows = { train: range(0, 200), validation: range(200, 300) };
    return await fit(model, rows, { ...TOY_SPEC, seed }, recordingRun<EpochScore>());
  } finally {
    model.dispose();
  }
}

const backends: readonly BackendName[] = ["wasm", "cpu"];
for (const backend of backends) {
  describe(`softmax regression on ${backend}`, () => {
    let tf: TensorFlow;
    before(async () => {
      ({ tf } = await openBackend(backend));
    });

    it("makes the steps of a plain reference, to 1e-5", () => {
      const table = toyTable(100);
      const model = new SoftmaxRegression(tf, table);
      const w = new Float64Array(table.dim * table.classes);
      const b = new Float64Array(table.classes);
      // The last batch is a partial one.
      for (const [from, to] of [
        [0, 32],
        [32, 64],
        [64, 96],
        [96, 100],
      ] as const) {
        const rows = range(from, to).reverse();
        const expected = referenceStep(table, rows, 0.3, w, b);
        assert.ok(Math.abs(model.step(rows, 0.3).loss - expected) < 1e-5);
        const { weights, bias } = model.parameters();
        assert.ok(largestDifference(weights, w) < 1e-5 && largestDifference(bias, b) < 1e-5);
      }
      model.dispose();
    });

    it("learns a separable problem", async () => {
      const epochs = await curve(tf);
      assert.equal(epochs.length, TOY_SPEC.epochs);
      const [first, last] = [epochs[0], epochs.at(-1)];
      assert.ok(first !== undefined && last !== undefined && last.loss < first.loss);
      assert.ok((last.valAccuracy ?? 0) > 0.95, `validation accuracy ${last.valAccuracy}`);
    });

    it("gives the same curve for the same seed and another one for another", async () => {
      const one = await curve(tf, 1);
      assert.deepEqual(await curve(tf, 1), one);
      assert.notDeepEqual(await curve(tf, 2), one);
    });

    it("leaks no tensor", async () => {
      const before = tf.memory().numTensors;
      const counts: number[] = [];
      const model = new SoftmaxRegression(tf, toyTable(300));
      const watched = recordingRun<EpochScore>(() => counts.push(tf.memory().numTensors));
      await fit(model, { train: range(0, 200), validation: range(200, 300) }, TOY_SPEC, watched);
      assert.deepEqual(new Set(counts), new Set([before + 2]));
      model.dispose();
      assert.equal(tf.memory().numTensors, before);
    });

    it("says when the training diverges", async () => {
      const model = new SoftmaxRegression(tf, toyTable(300));
      const spec = { ...TOY_SPEC, learningRate: 1e300 };
      const rows = { train: range(0, 200), validation: range(200, 300) };
      await assert.rejects(
        fit(model, rows, spec, recordingRun<EpochScore>()),
        (error) => error instanceof CleanSplitError && error.reason === "unsupported",
      );
      model.dispose();
    });

    it("works without validation and with fewer rows than a batch", async () => {
      const model = new SoftmaxRegression(tf, toyTable(10));
      const none = new Uint32Array(0);
      const epochs = await fit(model, { train: range(0, 10), validation: none }, TOY_SPEC, recordingRun<EpochScore>());
      assert.deepEqual([epochs[0]?.valLoss, epochs[0]?.valAccuracy], [null, null]);
      assert.equal(await scoreAll(model, none, new AbortController().signal), null);
      model.dispose();
    });
  });
}

describe("softmax regression", () => {
  it("has curves on wasm and cpu that agree within 1e-4 in loss and one sample in accuracy", async () => {
    const wasm = await curve((await openBackend("wasm")).tf);
    const cpu = await curve((await openBackend("cpu")).tf);
    wasm.forEach((epoch, i) => {
      assert.ok(Math.abs(epoch.loss - (cpu[i]?.loss ?? Number.NaN)) < 1e-4);
      assert.ok(Math.abs((epoch.valLoss ?? 0) - (cpu[i]?.valLoss ?? Number.NaN)) < 1e-4);
      assert.ok(Math.abs((epoch.valAccuracy ?? 0) - (cpu[i]?.valAccuracy ?? Number.NaN)) <= 1 / 100 + 1e-9);
    });
  });

  it("stops within 200 ms, also in the middle of an epoch", async () => {
    const { tf } = await openBackend("wasm");
    const table = toyTable(200_000);
    const model = new SoftmaxRegression(tf, table);
    const abort = new AbortController();
    let aborted = 0;
    setTimeout(() => {
      aborted = performance.now();
      abort.abort();
    }, 50);
    const run = { signal: abort.signal, progress: () => assert.fail("an epoch was finished") };
    const rows = { train: range(0, 200_000), validation: new Uint32Array(0) };
    await assert.rejects(fit(model, rows, { ...TOY_SPEC, batchSize: 4 }, run), isAbort);
    assert.ok(performance.now() - aborted < 200);
    model.dispose();
  });
});

describe("openBackend", () => {
  it("says what it opened and why nothing better", async () => {
    const { choice } = await openBackend();
    assert.equal(choice.backend, "wasm");
    assert.match(choice.reason, /^TensorFlow\.js WebAssembly; the native library is not installed$/);
  });

  it("refuses a back end that does not work here and an unknown name", async () => {
    await assert.rejects(openBackend("tensorflow"), (error) => error instanceof CleanSplitError);
    process.env["CLEANSPLIT_BACKEND"] = "gpu";
    try {
      await assert.rejects(openBackend(), /CLEANSPLIT_BACKEND is "gpu"; it must be one of tensorflow, wasm, cpu/);
      process.env["CLEANSPLIT_BACKEND"] = "cpu";
      assert.equal((await openBackend()).choice.backend, "cpu");
    } finally {
      delete process.env["CLEANSPLIT_BACKEND"];
    }
  });
});
