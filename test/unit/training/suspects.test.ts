import assert from "node:assert/strict";
import { DuplicateLabels } from "../../../src/core/training/duplicateLabels";
import { auditSentence, findSuspects, pageSuspects } from "../../../src/core/training/suspects";
import type { SuspectQuery } from "../../../src/core/training/labelAudit";
import { findingsOf, nearFindingsOf, type TestSample } from "../core/support";

const sample = (content: number, label: string | undefined, split: TestSample["split"] = "train"): TestSample =>
  label === undefined ? { split, content } : { split, content, label };

const NAMES = {
  id: (at: number) => `s${at}`,
  file: (at: number) => `/s${at}`,
  isOwnFile: () => true,
  extension: () => "png",
};
const ALL: SuspectQuery = {
  from: 0,
  count: 10,
  split: null,
  label: null,
  onlyConflicting: false,
  onlyUnjudged: false,
};

/** Twenty good samples; 20 is an A that looks like B, 21 a B that looks like A and equals 22, an A in test. */
const SAMPLES: readonly TestSample[] = [
  ...Array.from({ length: 20 }, (_, at) => sample(10 + at, at % 2 === 0 ? "A" : "B")),
  sample(50, "A"),
  sample(60, "B"),
  sample(60, "A", "test"),
];
const FINDINGS = findingsOf(SAMPLES);
const AUDITED = {
  samples: Uint32Array.from(SAMPLES.keys()),
  labels: FINDINGS.table.classOf,
  classes: [0, 1],
  leftOut: 0,
};
/** Probability of A. */
const OF_A = SAMPLES.map(({ label }, at) => (at === 20 ? 0.05 : at >= 21 ? 0.8 : label === "A" ? 0.9 : 0.1));
const SAID = {
  width: 2,
  classes: Uint16Array.from(OF_A.flatMap((share) => (share > 0.5 ? [0, 1] : [1, 0]))),
  probabilities: Float32Array.from(OF_A.flatMap((share) => [Math.max(share, 1 - share), Math.min(share, 1 - share)])),
  ofLabel: Float32Array.from(OF_A, (share, at) => (SAMPLES[at]?.label === "A" ? share : 1 - share)),
};

describe("suspects", () => {
  const found = findSuspects(FINDINGS, AUDITED, SAID);

  it("are those of the predictions, joined with what their duplicates say", () => {
    const { suspects } = pageSuspects(FINDINGS, NAMES, found.suspects, new Map(), ALL);
    assert.deepEqual(
      suspects.map(({ id, split, label, suggested, duplicates, conflicting }) => [
        ...[id, split, label, suggested, duplicates, conflicting],
      ]),
      [
        ["s20", "train", "A", "B", 0, 0],
        // Confident learning alone would not have listed it: only its duplicate says so.
        ["s21", "train", "B", "A", 1, 1],
      ],
    );
    assert.equal(found.accuracy, 21 / 23);
    assert.deepEqual(
      found.pairs.map(({ label, suggested, suspects: count }) => [label, suggested, count]),
      [
        ["A", "B", 1],
        ["B", "A", 1],
      ],
    );
  });

  it("pass filters by split, label, contradiction and verdict, page by page", () => {
    const ids = (query: Partial<SuspectQuery>, verdicts = new Map<number, "right" | "wrong">()): string[] =>
      pageSuspects(FINDINGS, NAMES, found.suspects, verdicts, { ...ALL, ...query }).suspects.map(({ id }) => id);
    assert.deepEqual(ids({ label: "B" }), ["s21"]);
    assert.deepEqual(ids({ split: "test" }), []);
    assert.deepEqual(ids({ onlyConflicting: true }), ["s21"]);
    assert.deepEqual(ids({ onlyUnjudged: true }, new Map([[20, "right"]])), ["s21"]);
    assert.deepEqual(ids({ from: 1, count: 1 }), ["s21"]);
    assert.deepEqual(ids({ from: -5, count: -1 }), []);
    assert.deepEqual(ids({ label: "no such class" }), []);
  });

  it("count equal and near duplicates of their label space, usable ones only", () => {
    const all = [
      sample(1, "A"),
      sample(1, "A"),
      sample(1, "B"),
      sample(1, undefined),
      { ...sample(1, "B"), state: 1 as const },
      sample(2, "B"),
      sample(5, "A"),
    ];
    const exact = new DuplicateLabels(findingsOf(all));
    assert.deepEqual(exact.of(0), { all: 3, conflicting: 1 });
    assert.deepEqual(exact.of(2), { all: 3, conflicting: 2 });
    assert.deepEqual(exact.of(6), { all: 0, conflicting: 0 });
    const near = new DuplicateLabels(nearFindingsOf(all, (a, b) => a + b === 3));
    assert.deepEqual(near.of(0), { all: 4, conflicting: 2 });
    assert.deepEqual(near.of(5), { all: 4, conflicting: 2 });
  });

  it("are told in sentences that fit their numbers", () => {
    assert.equal(
      auditSentence({ ...AUDITED, leftOut: 3 }, found),
      "2 of 23 labels should be looked at: to a model that did not see their images, they look wrong. " +
        `About ${(found.estimatedErrors * 100).toFixed(1)} % of all labels are estimated to be wrong; the model itself is ` +
        "right about 91.3 % of them. 1 of the images has duplicates that carry another label. " +
        "3 images of classes with too few different images could not be checked.",
    );
    const none = findSuspects(FINDINGS, { ...AUDITED, samples: new Uint32Array(), labels: new Int32Array() }, SAID);
    assert.match(auditSentence(AUDITED, none), /^None of 23 labels looks wrong/);
  });
});
