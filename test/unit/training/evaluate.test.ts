import assert from "node:assert/strict";
import { countSets, evaluate, mistakesOf, scoresOf } from "../../../src/core/training/evaluate";
import type { Predictions, TestColumns } from "../../../src/core/training/experiment";

/** Five images of the classes a and b: the fourth is leaked, the last is not in the sanitized split. */
const test: TestColumns = {
  labels: Int32Array.of(0, 0, 1, 1, 1),
  stays: Uint8Array.of(1, 1, 1, 1, 0),
  leaked: Uint8Array.of(0, 0, 0, 1, 0),
  groups: Uint32Array.of(0, 1, 2, 3, 3),
};
const predictions: Predictions = {
  predicted: Uint16Array.of(0, 1, 1, 1, 0),
  confidence: Float32Array.of(0.75, 0.55, 1, 0.95, 0.85),
  losses: Float32Array.of(0.25, 1, 0, 0.125, 2),
};

describe("evaluation", () => {
  it("scores the same predictions on the four sets", () => {
    assert.deepEqual(countSets(test), { original: 5, sanitized: 4, clean: 4, leaked: 1 });
    assert.deepEqual(scoresOf(predictions, test), {
      original: { loss: 3.375 / 5, accuracy: 3 / 5, samples: 5 },
      sanitized: { loss: 1.375 / 4, accuracy: 3 / 4, samples: 4 },
      clean: { loss: 3.25 / 4, accuracy: 2 / 4, samples: 4 },
      leaked: { loss: 0.125, accuracy: 1, samples: 1 },
    });
  });

  it("has no score and no details of an empty set", () => {
    const clean = { ...test, leaked: new Uint8Array(5) };
    assert.equal(scoresOf(predictions, clean).leaked, null);
    assert.equal(evaluate(predictions, clean, "leaked", ["a", "b"]), null);
  });

  it("counts confusions by label and prediction, with recall and precision", () => {
    const all = evaluate(predictions, test, "original", ["a", "b", "c"]);
    assert.deepEqual(all?.confusion, [
      [1, 1, 0],
      [1, 2, 0],
      [0, 0, 0],
    ]);
    assert.deepEqual(all.classes, [
      { name: "a", samples: 2, recall: 1 / 2, precision: 1 / 2 },
      { name: "b", samples: 3, recall: 2 / 3, precision: 2 / 3 },
      { name: "c", samples: 0, recall: null, precision: null },
    ]);
  });

  it("compares confidence with what comes true", () => {
    const calibration = evaluate(predictions, test, "original", ["a", "b"])?.calibration;
    const used = calibration?.bins.filter((bin) => bin.samples > 0) ?? [];
    assert.deepEqual(
      used.map((bin) => [bin.from, bin.samples, bin.accuracy]),
      [
        [0.5, 1, 0],
        [0.7, 1, 1],
        [0.8, 1, 0],
        // A confidence of 1 belongs to the last bin.
        [0.9, 2, 1],
      ],
    );
    assert.ok(Math.abs((calibration?.error ?? 0) - (0.55 + 0.25 + 0.85 + 2 * 0.025) / 5) < 1e-6);
  });

  it("lists what is wrong, the surest first", () => {
    assert.deepEqual([...mistakesOf(predictions, test, "original")], [4, 1]);
    assert.deepEqual([...mistakesOf(predictions, test, "sanitized")], [1]);
    assert.deepEqual([...mistakesOf(predictions, test, "original", { label: 0, predicted: 1 })], [1]);
    assert.deepEqual([...mistakesOf(predictions, test, "original", { label: 1, predicted: 1 })], []);
  });
});
