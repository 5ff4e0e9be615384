import assert from "node:assert/strict";
import fc from "fast-check";
import { mergeScores, scoreLogits } from "../../../src/core/training/metrics";

describe("scoreLogits", () => {
  it("is log(classes) and the first class where all outputs are equal", () => {
    const score = scoreLogits(new Float32Array(6), Int32Array.of(0, 2), 3);
    assert.ok(Math.abs(score.loss - Math.log(3)) < 1e-12);
    assert.deepEqual({ accuracy: score.accuracy, samples: score.samples }, { accuracy: 0.5, samples: 2 });
  });

  it("equals the definition", () => {
    const score = scoreLogits(Float32Array.of(1, 2, 3), Int32Array.of(1), 3);
    assert.ok(Math.abs(score.loss + Math.log(Math.E ** 2 / (Math.E + Math.E ** 2 + Math.E ** 3))) < 1e-12);
    assert.equal(score.accuracy, 0);
  });

  it("stays finite for huge outputs and does not depend on their common offset", () => {
    const score = scoreLogits(Float32Array.of(3e4, -3e4), Int32Array.of(1), 2);
    assert.equal(score.loss, 6e4);
    const finite = { min: -50, max: 50, noNaN: true };
    fc.assert(
      fc.property(fc.float(finite), fc.float(finite), fc.constantFrom(-1024, 4096), (a, b, offset) => {
        const loss = scoreLogits(Float32Array.of(a, b), Int32Array.of(0), 2).loss;
        const moved = scoreLogits(Float32Array.of(a + offset, b + offset), Int32Array.of(0), 2).loss;
        assert.ok(loss >= 0 && Math.abs(loss - moved) < 0.01);
      }),
    );
  });
});

describe("mergeScores", () => {
  it("is the score over all samples, however they were divided", () => {
    const logits = Float32Array.of(1, 2, 0, 5, -1, 3, 2, 2, 4, 0);
    const labels = Int32Array.of(0, 1, 1, 0, 1);
    const whole = scoreLogits(logits, labels, 2);
    const parts = [
      scoreLogits(logits.subarray(0, 2), labels.subarray(0, 1), 2),
      scoreLogits(logits.subarray(2), labels.subarray(1), 2),
    ];
    const merged = mergeScores(parts);
    assert.equal(merged?.samples, 5);
    assert.ok(Math.abs(merged.loss - whole.loss) < 1e-12 && Math.abs(merged.accuracy - whole.accuracy) < 1e-12);
  });

  it("is null without samples", () => {
    assert.equal(mergeScores([]), null);
  });
});
