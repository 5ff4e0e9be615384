import assert from "node:assert/strict";
import { SampleState } from "../../../src/core/dataset/dataset";
import { briefReport, countEntries } from "../../../src/core/leakage/brief";
import { buildReport } from "../../../src/core/leakage/buildReport";
import type { Findings } from "../../../src/core/leakage/findings";
import type { Report } from "../../../src/core/leakage/report";
import { verdictOf, type Verdict } from "../../../src/core/leakage/verdict";
import { findingsOf, nearFindingsOf, type TestSample } from "./support";

function reportOf(all: readonly TestSample[], ignored: Report["dataset"]["ignored"] = []): Report {
  return reportFor(findingsOf(all), ignored);
}

function reportFor(findings: Findings, ignored: Report["dataset"]["ignored"] = []): Report {
  const layout = { name: "x", inputs: [], units: [], ignored, notes: [] };
  const report = buildReport(
    findings,
    { id: String, file: String, isOwnFile: () => true, extension: () => "" },
    layout,
    1,
  );
  // An inspected dataset only has splits that hold samples.
  return { ...report, splits: report.splits.filter((split) => split.samples > 0) };
}

function verdict(all: readonly TestSample[]): Verdict {
  return verdictOf(reportOf(all));
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

  it("adds what is similar to what is equal, and does not count it as the same", () => {
    const near = (all: readonly TestSample[]): Verdict =>
      verdictOf(reportFor(nearFindingsOf(all, (a, b) => Math.abs(a - b) === 1)));
    const exact = near([
      { split: "train", content: 1 },
      { split: "test", content: 1 },
      { split: "test", content: 2 },
    ]);
    assert.equal(exact.level, "leak");
    assert.equal(exact.text, "1 of 2 test images also occurs in train, and 1 more is similar to one there.");
    const similar = near([
      { split: "train", content: 1 },
      { split: "test", content: 2 },
      { split: "test", content: 5 },
    ]);
    assert.equal(similar.level, "warning");
    assert.equal(
      similar.text,
      "No image of one split occurs in another one, but 1 of 2 test images is similar to one in train.",
    );
    assert.deepEqual(similar.details, ["1 pair of different images is similar (RMS grey difference up to 9.0)."]);
  });

  it("says the same of a report whose long lists are cut", () => {
    const { unreadable, invalid } = SampleState;
    const samples = Array.from({ length: 12 }, (_, i): TestSample => ({
      split: "train",
      content: i,
      state: i < 7 ? unreadable : i < 11 ? invalid : SampleState.ok,
    }));
    const ignored = ["a", "b", "c"].map((name) => ({ path: name, reason: "no image" }));
    const whole = reportOf(samples, ignored);
    const brief = briefReport(whole, 2);
    assert.deepEqual([brief.unreadable, brief.invalid], [whole.unreadable.slice(0, 2), whole.invalid.slice(0, 2)]);
    assert.deepEqual(brief.unlisted, { unreadable: 5, invalid: 2, ignored: 1 });
    for (const report of [whole, brief]) {
      const counts = (["unreadable", "invalid", "ignored"] as const).map((list) => countEntries(report, list));
      assert.deepEqual(counts, [7, 4, 3]);
    }
    assert.deepEqual(verdictOf(brief), verdictOf(whole));
    assert.equal(briefReport(whole), whole);
  });

  it("is clean when it is", () => {
    const { level, text } = verdict([
      { split: "train", content: 1 },
      { split: "test", content: 2 },
    ]);
    assert.deepEqual([level, text], ["clean", "Clean: 2 images in 2 splits, none occurs twice and all can be read."]);
  });
});
