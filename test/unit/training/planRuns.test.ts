import assert from "node:assert/strict";
import { CleanSplitError } from "../../../src/core/errors";
import { DEFAULT_EXPERIMENT, type ExperimentSpec } from "../../../src/core/training/experiment";
import { completeExperiment, planRuns, recipeOf } from "../../../src/core/training/planRuns";

function planned(changes: Partial<ExperimentSpec>, original: number, sanitized = original): string[] {
  const runs = planRuns(completeExperiment({ seeds: [1], ...changes }), { original, sanitized });
  return runs.map((run) => `${run.model} ${run.data} ${run.size} ${run.trained}`);
}

describe("planRuns", () => {
  it("trains every size with every seed on both kinds of data, pairs together", () => {
    const runs = planRuns(DEFAULT_EXPERIMENT, { original: 20_000, sanitized: 19_000 });
    assert.equal(runs.length, 50);
    const first = { model: "softmax", size: 50, trained: 50, epochs: 20 };
    assert.deepEqual(runs[0], { ...first, data: "original", seed: 1 });
    assert.deepEqual(runs[1], { ...first, data: "sanitized", seed: 1 });
    assert.deepEqual(runs[2], { ...first, data: "original", seed: 2 });
    assert.deepEqual(runs[49], { ...first, data: "sanitized", size: "all", trained: 19_000, seed: 5 });
  });

  it("drops sizes that are the same as all", () => {
    assert.deepEqual(planned({ sizes: [50, 100, 1000, "all"] }, 100, 90), [
      "softmax original 50 50",
      "softmax sanitized 50 50",
      "softmax original all 100",
      "softmax sanitized all 90",
    ]);
  });

  it("keeps one size that takes everything when all is not asked for", () => {
    assert.deepEqual(planned({ sizes: [50, 1000, 5000], data: ["original"] }, 100), [
      "softmax original 50 50",
      "softmax original 1000 100",
    ]);
  });

  it("trains a model that remembers all samples once, whatever the seeds", () => {
    const seeds = [1, 2, 3];
    assert.deepEqual(planned({ models: ["knn"], sizes: [50, "all"], data: ["original"], seeds }, 100), [
      ...seeds.map(() => "knn original 50 50"),
      "knn original all 100",
    ]);
  });

  it("lets a specification change the recipe of a model, but not of one that has none", () => {
    const spec = completeExperiment({ epochs: 3, learningRate: 0.5 });
    assert.deepEqual(recipeOf("softmax-l2", spec), { epochs: 3, batchSize: 128, learningRate: 0.5, l2: 0.01 });
    assert.equal(recipeOf("knn", spec), null);
  });

  it("takes repeated values once", () => {
    const spec = completeExperiment({ sizes: [50, 50, "all"], seeds: [2, 2], models: ["knn", "knn"] });
    assert.deepEqual([spec.sizes, spec.seeds, spec.models], [[50, "all"], [2], ["knn"]]);
  });

  const wrong: readonly [string, Partial<ExperimentSpec>, RegExp][] = [
    ["no sizes", { sizes: [] }, /at least one size/],
    ["no models", { models: [] }, /at least one model/],
    ["an unknown model", { models: ["svm" as "knn"] }, /no model "svm"; there are softmax, /],
    ["half a sample", { sizes: [0.5] }, /size 0\.5 must be a whole number/],
    ["a negative seed", { seeds: [-1] }, /seed -1 must be a whole number from 0/],
    ["no epochs", { epochs: 0 }, /number of epochs, 0,/],
    ["a rate of nothing", { learningRate: 0 }, /learning rate, 0, must be above 0/],
    ["an endless rate", { learningRate: Infinity }, /learning rate, Infinity,/],
    ["a huge side", { side: 5000 }, /side, 5000, .* from 1 to 1024/],
    ["two channels", { channels: 2 as 1 }, /1 for grey or 3 for colour/],
    ["an unknown back end", { backend: "gpu" as "cpu" }, /no back end "gpu"/],
  ];
  for (const [what, changes, message] of wrong) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => completeExperiment(changes),
        (error) => error instanceof CleanSplitError && error.reason === "unsupported" && message.test(error.message),
      );
    });
  }

  it("refuses more runs than anyone waits for", () => {
    const seeds = Array.from({ length: 6000 }, (_, seed) => seed);
    assert.throws(() => planned({ seeds, sizes: [50] }, 1000), /12000 models would be trained/);
  });
});
