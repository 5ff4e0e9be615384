import assert from "node:assert/strict";
import fc from "fast-check";
import { SampleState } from "../../../src/core/dataset/dataset";
import { groupByDigest, membersOf } from "../../../src/core/duplicates/groups";
import { countDuplicates, findDuplicates, measureLeakage } from "../../../src/core/leakage/findings";
import { reasonOf } from "../../../src/core/sanitize/policy";
import { decideFor, isUsable } from "../sanitize/support";
import { findingsOf, samples, type TestSample } from "./support";

describe("groups of equal samples", () => {
  it("are those of a comparison of every pair", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean()), { maxLength: 60 }), (contents) => {
        const digests = new Uint8Array(contents.length * 16);
        contents.forEach(([content], index) => digests.fill(content, index * 16, index * 16 + 16));
        const groups = groupByDigest(digests, contents.length, (sample) => contents[sample]?.[1] === true);
        const found = Array.from({ length: groups.count }, (_, group) => [...membersOf(groups, group)]);
        const taking = [...contents.keys()].filter((sample) => contents[sample]?.[1] === true);
        const expected = [...new Set(contents.map(([content]) => content))]
          .map((content) => taking.filter((sample) => contents[sample]?.[0] === content))
          .filter((members) => members.length > 1)
          .sort(([a = 0], [b = 0]) => a - b);
        assert.deepEqual(found, expected);
      }),
    );
  });

  it("keep apart digests that differ only in their last byte", () => {
    const digests = new Uint8Array(32);
    digests[31] = 1;
    assert.equal(groupByDigest(digests, 2, () => true).count, 0);
  });
});

describe("leakage", () => {
  it("counts images, groups and pairs of every ordered pair of splits as a comparison of all pairs does", () => {
    fc.assert(
      fc.property(samples(), (all) => {
        const measured = measureLeakage(findingsOf(all), "pixel");
        for (const { split, in: other, samples: images, groups, pairs } of measured) {
          const from = all.filter((sample) => sample.split === split && isUsable(sample));
          const to = all.filter((sample) => sample.split === other && isUsable(sample));
          const leaked = from.filter((a) => to.some((b) => a.content === b.content));
          assert.equal(images, leaked.length);
          assert.equal(groups, new Set(leaked.map((sample) => sample.content)).size);
          assert.equal(pairs, from.flatMap((a) => to.filter((b) => a.content === b.content)).length);
        }
        assert.equal(measured.length, 6);
      }),
    );
  });

  it("is given with and without blank images", () => {
    const findings = findingsOf([
      { split: "train", content: 1, blank: true },
      { split: "test", content: 1, blank: true },
      { split: "train", content: 2 },
      { split: "test", content: 2 },
      { split: "test", content: 2 },
    ]);
    const testInTrain = measureLeakage(findings, "pixel").find(
      (entry) => entry.split === "test" && entry.in === "train",
    );
    assert.deepEqual(
      [testInTrain?.samples, testInTrain?.withoutBlank.samples, testInTrain?.pairs, testInTrain?.withoutBlank.pairs],
      [3, 2, 3, 2],
    );
    const { groups, extra, withoutBlank } = countDuplicates(findings, "pixel");
    assert.deepEqual([groups, extra, withoutBlank.groups, withoutBlank.extra], [2, 3, 1, 2]);
  });
});

describe("tiers", () => {
  it("are cumulative: re-encoded pictures are pixel-identical only, and never are two unreadable ones", () => {
    const findings = findingsOf([
      { split: "train", content: 1, file: 10 },
      { split: "test", content: 1, file: 11 },
      { split: "test", content: 1, file: 10 },
      { split: "train", content: 0, file: 99, state: SampleState.unreadable },
      { split: "test", content: 0, file: 99, state: SampleState.unreadable },
    ]);
    assert.deepEqual([countDuplicates(findings, "file").samples, countDuplicates(findings, "pixel").samples], [2, 3]);
  });

  it("do not believe an MD5 of bytes whose pixels differ, and say so", () => {
    const findings = findingsOf([
      { split: "train", content: 1, file: 10 },
      { split: "test", content: 2, file: 10 },
    ]);
    assert.equal(countDuplicates(findings, "file").groups, 0);
    assert.deepEqual(findings.collisions, { groups: 1, samples: 2 });
  });
});

describe("conflicts", () => {
  it("are groups with more than one label, but not between labels that cannot be compared", () => {
    const all: TestSample[] = [
      { split: "train", content: 1, label: "A" },
      { split: "test", content: 1, label: "B" },
      { split: "train", content: 2, label: "A" },
      { split: "test", content: 2, label: "7" },
      { split: "test", content: 3, label: "A" },
      { split: "test", content: 3 },
    ];
    assert.deepEqual([...findingsOf(all).conflicting], [1, 1, 0]);
    const { table, fingerprints } = findingsOf(all);
    const spaces = table.classes.map((name) => (name === "7" ? 1 : 0));
    assert.deepEqual([...findDuplicates(table, fingerprints, spaces).conflicting], [1, 0, 0]);
  });
});

describe("the policy that protects evaluation", () => {
  it("leaves no leakage, no duplicate and no conflict, whatever the dataset", () => {
    fc.assert(
      fc.property(samples(), (all) => {
        const { stays } = decideFor(findingsOf(all));
        const kept = findingsOf(all.filter((_, sample) => stays[sample] === 1));
        assert.equal(countDuplicates(kept, "pixel").groups, 0);
        assert.ok(measureLeakage(kept, "pixel").every((entry) => entry.samples === 0));
      }),
    );
  });

  it("gives every removed duplicate a twin that stays, and loses no picture but conflicts", () => {
    fc.assert(
      fc.property(samples(), (all) => {
        const decision = decideFor(findingsOf(all));
        const { stays, twinOf } = decision;
        for (const [index, sample] of all.entries()) {
          const reason = reasonOf(decision, index);
          assert.equal(reason === undefined, stays[index] === 1);
          if (reason !== "leaks" && reason !== "duplicate") continue;
          const twin = all[twinOf[index] ?? -1];
          assert.equal(twin?.content, sample.content);
          assert.equal(stays[twinOf[index] ?? -1], 1);
          assert.equal(twin.split === sample.split, reason === "duplicate");
        }
      }),
    );
  });

  it("protects test before validation before train, and keeps the first image of its split", () => {
    const decision = decideFor(
      findingsOf([
        { split: "train", content: 1 },
        { split: "validation", content: 1 },
        { split: "test", content: 1 },
        { split: "test", content: 1 },
        { split: "train", content: 2 },
        { split: "validation", content: 2 },
        { split: "train", content: 3, label: "A" },
        { split: "train", content: 3, label: "B" },
        { split: "test", content: 4, state: SampleState.unreadable },
      ]),
    );
    assert.deepEqual([...decision.stays], [0, 0, 1, 0, 0, 1, 0, 0, 0]);
    const reasons = Array.from(decision.stays, (_, sample) => reasonOf(decision, sample) ?? "stays");
    assert.deepEqual(reasons, [
      "leaks",
      "leaks",
      "stays",
      "duplicate",
      "leaks",
      "stays",
      "conflict",
      "conflict",
      "unreadable",
    ]);
  });
});
