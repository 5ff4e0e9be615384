import assert from "node:assert/strict";
import { CleanSplitError } from "../../../src/core/errors";
import { planRuns } from "../../../src/core/training/runs";
import { DEFAULT_TRAINING, type TrainingSpec } from "../../../src/core/training/training";

function planned(changes: Partial<TrainingSpec>, original: number, sanitized = original): string[] {
  const runs = planRuns({ ...DEFAULT_TRAINING, ...changes }, { original, sanitized });
  return runs.map((run) => `${run.data} ${run.size} ${run.trained}`);
}

describe("planRuns", () => {
  it("trains every size on both kinds of data, pairs together", () => {
    const runs = planRuns(DEFAULT_TRAINING, { original: 20_000, sanitized: 19_000 });
    assert.equal(runs.length, 10);
    assert.deepEqual(runs[0], { data: "original", size: 50, trained: 50, epochs: 20 });
    assert.deepEqual(runs[1], { data: "sanitized", size: 50, trained: 50, epochs: 20 });
    assert.deepEqual(runs[9], { data: "sanitized", size: "all", trained: 19_000, epochs: 20 });
  });

  it("drops sizes that are the same as all", () => {
    assert.deepEqual(planned({ sizes: [50, 100, 1000, "all"] }, 100, 90), [
      "original 50 50",
      "sanitized 50 50",
      "original all 100",
      "sanitized all 90",
    ]);
  });

  it("keeps one size that takes everything when all is not asked for", () => {
    assert.deepEqual(planned({ sizes: [50, 1000, 5000], data: ["original"] }, 100), [
      "original 50 50",
      "original 1000 100",
    ]);
  });

  it("trains nothing twice", () => {
    assert.deepEqual(planned({ sizes: [50, 50, "all", "all"], data: ["original"] }, 100), [
      "original 50 50",
      "original all 100",
    ]);
  });

  const impossible: readonly Partial<TrainingSpec>[] = [
    { sizes: [] },
    { data: [] },
    { sizes: [0] },
    { sizes: [2.5] },
    { epochs: 0 },
    { batchSize: -1 },
    { learningRate: 0 },
    { learningRate: Number.NaN },
    { seed: 0.5 },
  ];
  for (const changes of impossible) {
    it(`refuses ${JSON.stringify(changes)}`, () => {
      assert.throws(
        () => planned(changes, 100),
        (error) => error instanceof CleanSplitError && error.reason === "unsupported" && error.message.endsWith("."),
      );
    });
  }
});
