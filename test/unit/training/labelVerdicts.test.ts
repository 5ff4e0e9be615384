import assert from "node:assert/strict";
import fc from "fast-check";
import { keyOf } from "../../../src/core/fingerprint/contentKey";
import {
  applyVerdicts,
  formatVerdicts,
  parseVerdicts,
  replaceVerdicts,
  type VerdictEntry,
} from "../../../src/core/training/labelVerdicts";
import { findingsOf } from "../core/support";

const FINDINGS = findingsOf([
  { split: "train", content: 1, label: "A" },
  { split: "train", content: 2, label: "B" },
  { split: "test", content: 3 },
  { split: "test", content: 4, label: "A", state: 1 },
]);
const place = (sample: number): string => `/data/${sample}`;
const key = (sample: number): string => keyOf(FINDINGS.fingerprints, sample);

/** What entries say of the samples, which are called by their numbers. */
function verdictsOf(entries: readonly VerdictEntry[]): Record<string, string> {
  const placed = entries.map((entry) => ({ entry, place: `/data/${entry.id}` }));
  return Object.fromEntries(applyVerdicts(placed, { findings: FINDINGS, place }));
}

describe("verdicts about labels", () => {
  it("are one sorted line each, and come back as they were", () => {
    const text = `{
  "version": 1,
  "by": {"name":"hand"},
  "labels": [
    {"id":"data/train/A/1.png","label":"A","verdict":"wrong","key":"${key(0)}","note":"a B"},
    {"id":"data/train/B/2.png","label":"B","verdict":"right"}
  ]
}
`;
    const list = parseVerdicts(JSON.parse(text) as Record<string, unknown>);
    assert.equal(formatVerdicts({ ...list, labels: [...list.labels].reverse() }), text);
  });

  it("survive writing and reading, whatever they hold", () => {
    const entry = fc.record({
      id: fc.string({ minLength: 1 }),
      label: fc.string(),
      verdict: fc.constantFrom("right" as const, "wrong" as const),
    });
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ id, label }) => JSON.stringify([id, label]) }), (labels) => {
        const text = formatVerdicts({ version: 1, labels });
        const read = parseVerdicts(JSON.parse(text) as Record<string, unknown>);
        assert.equal(formatVerdicts(read), text);
        assert.equal(read.labels.length, labels.length);
      }),
    );
  });

  it("of wrong form are refused, with what is wrong", () => {
    const parse = (value: unknown): (() => unknown) => {
      return () => parseVerdicts(value as Record<string, unknown>);
    };
    const entry = { id: "a", label: "A", verdict: "wrong" };
    const of = (change: object): object => ({ version: 1, labels: [entry, { ...entry, id: "b", ...change }] });
    assert.throws(parse({ version: 2, labels: [] }), /a newer one reads it/);
    assert.throws(parse({ labels: [] }), /expected "version": 1/);
    assert.throws(parse({ version: 1, labels: {} }), /expected "labels", a list/);
    assert.throws(parse({ version: 1, labels: [null] }), /entry 1 of "labels" is no object/);
    assert.throws(parse(of({ id: "" })), /entry 2 of "labels" needs an "id"/);
    assert.throws(parse(of({ label: null })), /needs a "label"/);
    assert.throws(parse(of({ verdict: "maybe" })), /"right" or "wrong"/);
    assert.throws(parse(of({ key: "md5:1" })), /32 hexadecimal digits/);
    assert.throws(parse(of({ id: "a", verdict: "right" })), /both "right" and "wrong" of "a"/);
  });

  it("apply to a sample with the label and the content that were judged", () => {
    assert.deepEqual(verdictsOf([{ id: "0", label: "A", verdict: "wrong", key: key(0) }]), { 0: "wrong" });
    assert.deepEqual(verdictsOf([{ id: "0", label: "A", verdict: "right" }]), { 0: "right" });
    // The label was corrected since; another image lies there; the image lies elsewhere.
    assert.deepEqual(verdictsOf([{ id: "0", label: "B", verdict: "wrong", key: key(0) }]), {});
    assert.deepEqual(verdictsOf([{ id: "0", label: "A", verdict: "wrong", key: key(1) }]), {});
    assert.deepEqual(verdictsOf([{ id: "1", label: "A", verdict: "wrong", key: key(0) }]), {});
    // Without a label, and unreadable.
    assert.deepEqual(verdictsOf([{ id: "2", label: "", verdict: "wrong" }]), {});
    assert.deepEqual(verdictsOf([{ id: "3", label: "A", verdict: "wrong" }]), {});
  });

  it("replace what was said of the same id and label, and null forgets it", () => {
    const before: VerdictEntry[] = [
      { id: "0", label: "A", verdict: "wrong" },
      { id: "0", label: "B", verdict: "right" },
      { id: "1", label: "B", verdict: "wrong" },
    ];
    const changed = replaceVerdicts(before, [
      { id: "0", label: "A", verdict: "right" },
      { id: "1", label: "B", verdict: null },
    ]);
    assert.deepEqual(changed, [before[1], { id: "0", label: "A", verdict: "right" }]);
  });
});
