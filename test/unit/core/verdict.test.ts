import assert from "node:assert/strict";
import { buildReport } from "../../../src/core/leakage/buildReport";
import { verdictOf, type Verdict } from "../../../src/core/leakage/verdict";
import { costSentence } from "../../../src/core/training/cost";
import type { Score, TrainingRun } from "../../../src/core/training/training";
import { findingsOf, type TestSample } from "./support";

function verdict(all: readonly TestSample[]): Verdict {
  const layout = { name: "x", inputs: [], units: [], ignored: [], notes: [] };
  const report = buildReport(findingsOf(all), { id: String, file: String, extension: () => "" }, layout, 1);
  // An inspected dataset only has splits that hold samples.
  return verdictOf({ ...report, splits: report.splits.filter((split) => split.samples > 0) });
}

describe("the verdict", () => {
  it("names the leak into train that inflates the test score before any other", () => {
    const { level, text, details } = verdict([
      { split: "train", content: 1 },
      { split: "test", content: 1 },
      { split: "test", content: 2 },
      { split: "validation", content: 2 },
      { split: "validation", content: 3 },
    ]);
    assert.equal(level, "leak");
    assert.equal(text, "1 of 2 test images also occurs in train.");
    assert.deepEqual(details, [
      "1 of 2 validation images also occurs in test.",
      "1 of 2 test images also occurs in validation.",
      "4 images are in 2 groups of equal images; 2 would go if one of each stayed.",
    ]);
  });

  it("says that nothing leaks, and what else is wrong", () => {
    const { level, text, details } = verdict([
      { split: "train", content: 1, label: "A" },
      { split: "train", content: 1, label: "B" },
      { split: "test", content: 2 },
    ]);
    assert.equal(level, "warning");
    assert.equal(text, "No image of one split occurs in another one (3 images in 2 splits).");
    assert.equal(details[1], "1 group of equal images (2 images) carries more than one label.");
  });

  it("is clean when it is", () => {
    const { level, text } = verdict([
      { split: "train", content: 1 },
      { split: "test", content: 2 },
    ]);
    assert.deepEqual([level, text], ["clean", "Clean: 2 images in 2 splits, none occurs twice and all can be read."]);
  });
});

describe("the cost of leakage", () => {
  const score = (accuracy: number, samples: number): Score => ({ loss: 1, accuracy, samples });
  const run = (data: "original" | "sanitized", parts: TrainingRun["parts"]): TrainingRun => ({
    data,
    size: "all",
    trained: 100,
    seed: 1,
    backend: "wasm",
    epochs: [],
    test: score(0.823, 3493),
    parts,
  });

  it("tells what the leaked images add from what was memorised", () => {
    const sentence = costSentence([
      run("original", { clean: score(0.811, 3415), leaked: score(0.936, 78) }),
      run("sanitized", { clean: score(0.812, 3415), leaked: score(0.9, 78) }),
    ]);
    assert.equal(
      sentence,
      "78 of 3,493 test images also occur in train or validation. With them the score is 82.3 %, without them 81.1 %: " +
        "1.2 points less. On those 78 images the model scores 93.6 %, one trained without them 90.0 %.",
    );
  });

  it("claims nothing without leakage or before both are trained", () => {
    assert.match(
      costSentence([run("original", { clean: null, leaked: null }), run("sanitized", { clean: null, leaked: null })]) ??
        "",
      /stands/,
    );
    assert.equal(costSentence([run("original", { clean: null, leaked: null })]), null);
  });
});
