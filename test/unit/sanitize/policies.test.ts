import assert from "node:assert/strict";
import fc from "fast-check";
import { SampleState } from "../../../src/core/dataset/dataset";
import { FORMATS } from "../../../src/core/fingerprint/fingerprints";
import { countDuplicates, measureLeakage } from "../../../src/core/leakage/findings";
import { planSplits, viewChange } from "../../../src/core/sanitize/buildPlan";
import { DEFAULT_OPTIONS, type PlanOptions } from "../../../src/core/sanitize/options";
import { POLICIES, POLICY_NAMES, previewPolicy } from "../../../src/core/sanitize/policies";
import { reasonOf, type Decision } from "../../../src/core/sanitize/policy";
import { remainingLeaks } from "../../../src/core/sanitize/remaining";
import { findingsOf, nearFindingsOf, samples, type TestSample } from "../core/support";
import { cases, nearOf, searchOf } from "../near/support";
import { decideFor, isUsable, resultOf } from "./support";

const CONTENTS = 12;

/** Which contents are similar: each pair of them by chance. */
const similarity = fc
  .array(fc.boolean(), { minLength: CONTENTS * CONTENTS, maxLength: CONTENTS * CONTENTS })
  .map((similar) => (a: number, b: number): boolean => {
    return a !== b && similar[(Math.min(a, b) - 1) * CONTENTS + Math.max(a, b) - 1] === true;
  });

/** Two splits suit datasets of few groups better than three. */
const SHARES: PlanOptions["shares"] = [
  { name: "train", role: "train", share: 3 },
  { name: "test", role: "test", share: 1 },
];

const options = fc.record({
  policy: fc.constantFrom(...POLICY_NAMES),
  tier: fc.constantFrom("pixel" as const, "near" as const),
  conflicts: fc.constantFrom("drop" as const, "majority" as const, "ask" as const),
  keep: fc.constantFrom("first" as const, "resolution" as const, "lossless" as const, "largest" as const),
  balance: fc.boolean(),
  shares: fc.constant(SHARES),
  seed: fc.integer({ min: 0, max: 9 }),
});

/** Samples with their sizes and formats, and what is similar. */
const datasets = fc.tuple(samples(), similarity).map(([all, isSimilar]) => {
  const findings = nearFindingsOf(all, isSimilar);
  all.forEach((_, sample) => {
    findings.fingerprints.widths[sample] = 1 + (sample % 3);
    findings.fingerprints.heights[sample] = 2;
    findings.fingerprints.formats[sample] = sample % FORMATS.length;
  });
  return { all, isSimilar, findings };
});

/** The decision, or undefined where the dataset cannot be treated so. */
function decideIfAvailable(findings: ReturnType<typeof findingsOf>, chosen: PlanOptions): Decision | undefined {
  const given = {
    keep: [],
    drop: [],
    wrong: new Set<number>(),
    name: String,
    fileSize: (sample: number) => sample % 5,
  };
  return previewPolicy(findings, chosen, given).unavailable === null ? decideFor(findings, chosen, given) : undefined;
}

describe("every policy", () => {
  it("leaves no leakage at its tier, by an inspection of what stays", () => {
    fc.assert(
      fc.property(datasets, options, ({ all, isSimilar, findings }, chosen) => {
        const decision = decideIfAvailable(findings, chosen);
        if (decision === undefined) return;
        const result = resultOf(all, decision);
        const after = chosen.tier === "near" ? nearFindingsOf(result, isSimilar) : findingsOf(result);
        assert.ok(measureLeakage(after, chosen.tier).every((entry) => entry.samples === 0));
        assert.ok(after.conflicting.every((conflict) => conflict === 0));
        assert.equal(remainingLeaks(findings, decision, chosen.tier), 0);
        assert.ok(result.every(isUsable));
        if (POLICIES[chosen.policy].keepsOne) assert.equal(countDuplicates(after, chosen.tier).extra, 0);
      }),
      { numRuns: 600 },
    );
  });

  it("heeds what people decided of near duplicates", () => {
    fc.assert(
      fc.property(cases(), options, ({ all, pairs, decisions }, chosen) => {
        const plain = findingsOf(all);
        const near = nearOf(plain, searchOf(all.length, pairs), 9, decisions);
        const findings = { ...plain, near };
        const decision = decideIfAvailable(findings, { ...chosen, tier: "near" });
        if (decision === undefined) return;
        const placeOf = (picture: number): Set<number> =>
          new Set(
            all.flatMap((_, sample) =>
              near.firstOf[sample] === picture && decision.stays[sample] === 1 ? [decision.splitOf[sample] ?? 0] : [],
            ),
          );
        for (let pair = 0; pair < near.pairs.count; pair++) {
          const together = new Set([...placeOf(near.pairs.first[pair] ?? 0), ...placeOf(near.pairs.second[pair] ?? 0)]);
          assert.ok(together.size < 2);
        }
        assert.equal(remainingLeaks(findings, decision, "near"), 0);
      }),
    );
  });

  it("changes nothing without a reason, and who leaves for another image leaves for one that stays", () => {
    fc.assert(
      fc.property(datasets, options, ({ all, isSimilar, findings }, chosen) => {
        const decision = decideIfAvailable(findings, chosen);
        if (decision === undefined) return;
        all.forEach((sample, index) => {
          const reason = reasonOf(decision, index);
          const stays = decision.stays[index] === 1;
          const moves = stays && decision.splitOf[index] !== findings.table.splitOf[index];
          assert.equal(reason !== undefined, !stays || moves);
          if (moves) assert.ok(!POLICIES[chosen.policy].keepsOne);
          const twin = decision.twinOf[index] ?? -1;
          if (reason === "leaks" || reason === "duplicate") assert.ok(twin >= 0 || (moves && chosen.balance));
          if (twin < 0) return;
          const other = all[twin];
          assert.ok(other !== undefined && twin !== index);
          assert.ok(
            other.content === sample.content || (chosen.tier === "near" && isSimilar(other.content, sample.content)),
          );
          if (reason === "leaks" || reason === "duplicate" || moves) assert.equal(decision.stays[twin], 1);
          if (moves) assert.equal(decision.splitOf[twin], decision.splitOf[index]);
        });
      }),
      { numRuns: 600 },
    );
  });

  it("loses no picture but by conflicts and balance, and moving loses no image but by those", () => {
    fc.assert(
      fc.property(samples(), options, (all, chosen) => {
        const findings = findingsOf(all);
        const decision = decideIfAvailable(findings, { ...chosen, tier: "pixel", balance: false });
        if (decision === undefined) return;
        const staying = new Set(resultOf(all, decision).map(({ content }) => content));
        all.filter(isUsable).forEach(({ content }) => {
          const labels = new Set(
            all.filter((other) => isUsable(other) && other.content === content).map(({ label }) => label),
          );
          if (labels.size === 1) assert.ok(staying.has(content));
        });
        if (POLICIES[chosen.policy].keepsOne) return;
        all.forEach((_, index) => {
          const reason = reasonOf(decision, index) ?? "stays";
          if (decision.stays[index] === 0) assert.ok(["conflict", "unreadable", "invalid"].includes(reason));
        });
      }),
      { numRuns: 300 },
    );
  });

  it("does what its preview says, and the table of splits counts the same", () => {
    fc.assert(
      fc.property(datasets, options, ({ all, findings }, chosen) => {
        const given = { keep: [], drop: [], wrong: new Set<number>(), name: String, fileSize: () => 0 };
        const preview = previewPolicy(findings, chosen, given);
        if (preview.unavailable !== null) {
          assert.throws(() => decideFor(findings, chosen), /does not fit this dataset/);
          return;
        }
        const decision = decideFor(findings, chosen);
        const splits = planSplits(findings, decision, () => "");
        assert.deepEqual(
          preview.splits,
          splits.map(({ name, before, after }) => ({ name, before, after })),
        );
        const removed = splits.flatMap((split) => Object.values(split.removed)).reduce((sum, count) => sum + count, 0);
        const moved = splits.reduce((sum, { movedIn }) => sum + movedIn, 0);
        assert.deepEqual([preview.leave, preview.move], [removed, moved]);
        for (const { before, after, removed: counts, movedIn, movedOut, classes } of splits) {
          const left = Object.values(counts).reduce((sum, count) => sum + count, 0);
          assert.equal(after, before - left - movedOut + movedIn);
          assert.equal(
            Object.values(classes).reduce((sum, counted) => sum + counted.after, 0),
            after,
          );
        }
        assert.equal(resultOf(all, decision).length, all.length - preview.leave);
      }),
    );
  });

  it("keeps what a person chose, and what is equal gives way", () => {
    fc.assert(
      fc.property(datasets, options, fc.nat(), ({ all, isSimilar, findings }, chosen, pick) => {
        const usable = all.flatMap((sample, index) => (isUsable(sample) ? [index] : []));
        const kept = usable[pick % Math.max(1, usable.length)];
        if (kept === undefined || decideIfAvailable(findings, chosen) === undefined) return;
        let decision;
        try {
          decision = decideFor(findings, chosen, { keep: [kept] });
        } catch (error) {
          // One that others lacked before may be what is missing for a division.
          assert.match(String(error), /fewer groups/);
          return;
        }
        assert.equal(decision.stays[kept], 1);
        const isShare = SHARES.some(({ name }) => name === all[kept]?.split);
        if (chosen.policy !== "new-split" || isShare)
          assert.equal(decision.splitOf[kept], findings.table.splitOf[kept]);
        const result = resultOf(all, decision);
        const after = chosen.tier === "near" ? nearFindingsOf(result, isSimilar) : findingsOf(result);
        assert.ok(measureLeakage(after, chosen.tier).every((entry) => entry.samples === 0));
      }),
      { numRuns: 300 },
    );
  });

  it("balances the classes of each split", () => {
    fc.assert(
      fc.property(datasets, options, ({ all, findings }, chosen) => {
        const decision = decideIfAvailable(findings, { ...chosen, balance: true });
        if (decision === undefined) return;
        const result = resultOf(all, decision);
        for (const split of ["train", "validation", "test"]) {
          const counts = ["A", "B"]
            .map((label) => result.filter((sample) => sample.split === split && sample.label === label).length)
            .filter((count) => count > 0);
          assert.ok(new Set(counts).size <= 1, counts.join(", "));
        }
      }),
    );
  });

  it("decides the same from the same", () => {
    fc.assert(
      fc.property(datasets, options, ({ findings }, chosen) => {
        const [one, other] = [decideIfAvailable(findings, chosen), decideIfAvailable(findings, chosen)];
        for (const column of ["stays", "splitOf", "asks", "reasonOf", "twinOf"] as const) {
          assert.deepEqual(one?.[column], other?.[column]);
        }
      }),
    );
  });
});

/** What becomes of samples, by the names of splits: where each is then, or why it left. */
function fates(all: readonly TestSample[], chosen: Partial<PlanOptions>, keep: readonly number[] = []): string[] {
  const decision = decideFor(findingsOf(all), chosen, { keep, fileSize: (sample) => [10, 30, 20][sample] ?? 0 });
  return all.map((_, sample) => {
    if (decision.asks[sample] === 1) return "ask";
    if (decision.stays[sample] === 0) return reasonOf(decision, sample) ?? "";
    return decision.splits[decision.splitOf[sample] ?? 0]?.name ?? "";
  });
}

describe("protecting training", () => {
  it("prunes evaluation of what train has, then test of what validation has", () => {
    const all: TestSample[] = [
      { split: "train", content: 1 },
      { split: "validation", content: 1 },
      { split: "test", content: 1 },
      { split: "validation", content: 2 },
      { split: "test", content: 2 },
      { split: "test", content: 3 },
    ];
    assert.deepEqual(fates(all, { policy: "protect-train" }), [
      "train",
      "leaks",
      "leaks",
      "validation",
      "leaks",
      "test",
    ]);
  });
});

describe("moving groups", () => {
  it("brings a group to the split with most of it, of equal ones to the one that is protected most", () => {
    const all: TestSample[] = [
      { split: "train", content: 1 },
      { split: "train", content: 1 },
      { split: "test", content: 1 },
      { split: "train", content: 2 },
      { split: "test", content: 2 },
      { split: "train", content: 3 },
      { split: "train", content: 3 },
    ];
    const expected = ["train", "train", "train", "test", "test", "train", "train"];
    assert.deepEqual(fates(all, { policy: "move-groups" }), expected);
    assert.equal(fates(all, { policy: "move-groups" }, [2])[0], "test");
    // What is kept stays in its split; the others go where most of those are.
    assert.deepEqual(fates(all, { policy: "move-groups" }, [0, 2]).slice(0, 3), ["train", "train", "test"]);
  });

  it("brings a chain of similar images to one split, and names the nearest as the twin", () => {
    const chain = [
      { split: "test", content: 1 },
      { split: "train", content: 2 },
      { split: "validation", content: 3 },
      { split: "test", content: 4 },
    ] as const;
    const findings = nearFindingsOf(chain, (a, b) => Math.abs(a - b) === 1);
    const decision = decideFor(findings, { policy: "move-groups", tier: "near" });
    assert.deepEqual([...decision.splitOf], [2, 2, 2, 2]);
    const names = {
      id: (sample: number) => `s${sample}`,
      file: () => "",
      isOwnFile: () => true,
      extension: () => "png",
    };
    const change = viewChange(findings, names, decision, 1);
    assert.deepEqual(
      [change.action, change.to, change.reason, change.tier, change.twin?.id],
      ["move", "test", "leaks", "near", "s0"],
    );
    assert.equal(change.detail, "Similar (RMS grey difference 4.0) to s0, which stays in test; it comes there.");
  });

  it("needs another split", () => {
    const findings = findingsOf([{ split: "train", content: 1 }]);
    const table = { ...findings.table, splits: findings.table.splits.slice(0, 1) };
    assert.throws(
      () => decideFor({ ...findings, table }, { policy: "move-groups" }),
      /The policy move-groups does not fit this dataset\. All images are in one split/,
    );
  });
});

describe("conflicts", () => {
  const all: TestSample[] = [
    { split: "train", content: 1, label: "A" },
    { split: "train", content: 1, label: "B" },
    { split: "test", content: 1, label: "A" },
    { split: "train", content: 2, label: "A" },
    { split: "train", content: 2, label: "B" },
  ];

  it("drop, go by the majority, or wait", () => {
    assert.deepEqual(fates(all, { conflicts: "drop" }), Array(5).fill("conflict"));
    assert.deepEqual(fates(all, { conflicts: "majority" }), ["leaks", "conflict", "test", "conflict", "conflict"]);
    assert.deepEqual(fates(all, { conflicts: "ask" }), Array(5).fill("ask"));
  });

  it("are settled by an image that a person keeps", () => {
    for (const conflicts of ["drop", "majority", "ask"] as const) {
      assert.deepEqual(fates(all, { conflicts }, [1]).slice(0, 3), ["conflict", "train", "conflict"]);
    }
    // Who keeps images with different labels has said that both stay; nobody else does.
    assert.deepEqual(fates(all, {}, [0, 1]).slice(0, 3), ["train", "train", "conflict"]);
  });

  it("say in the majority's favour which one stays", () => {
    const findings = findingsOf(all);
    const decision = decideFor(findings, { conflicts: "majority" });
    const names = {
      id: (sample: number) => `s${sample}`,
      file: () => "",
      isOwnFile: () => true,
      extension: () => "png",
    };
    assert.match(
      viewChange(findings, names, decision, 1).detail,
      /s2, but labelled B here and A there; that one stays\.$/,
    );
    assert.match(viewChange(findings, names, decision, 3).detail, /s4, but labelled A here and B there; both leave\.$/);
  });
});

describe("of a group stays", () => {
  it("the first, the largest picture, a lossless one or the largest file, in the split that may keep it", () => {
    const all: TestSample[] = [
      { split: "train", content: 1 },
      { split: "train", content: 1 },
      { split: "train", content: 1 },
    ];
    const findings = findingsOf(all);
    findings.fingerprints.widths.set([5, 5, 9]);
    findings.fingerprints.heights.set([5, 5, 9]);
    findings.fingerprints.formats.set([FORMATS.indexOf("jpeg"), FORMATS.indexOf("jpeg"), FORMATS.indexOf("png")]);
    const keeper = (keep: PlanOptions["keep"]): number =>
      decideFor(findings, { keep }, { fileSize: (sample) => [10, 30, 20][sample] ?? 0 }).stays.indexOf(1);
    assert.deepEqual([keeper("first"), keeper("resolution"), keeper("lossless"), keeper("largest")], [0, 2, 2, 1]);
  });

  it("one with a label before one without", () => {
    const all: TestSample[] = [
      { split: "train", content: 1 },
      { split: "train", content: 1, label: "A" },
    ];
    assert.deepEqual(fates(all, {}), ["duplicate", "train"]);
  });

  it("none that cannot be used, whoever wants to keep it", () => {
    const all: TestSample[] = [{ split: "train", content: 1, state: SampleState.unreadable }];
    assert.throws(() => fates(all, {}, [0]), /s0 cannot be kept, because it cannot be read/);
    assert.throws(() => fates(all, {}, [1]), /There is no image number 1 to keep/);
  });
});

describe("a new split", () => {
  /** 20 classes of 30 images, and 40 groups of 5 equal ones. */
  function dataset(): TestSample[] {
    const single = Array.from({ length: 600 }, (_, index): TestSample => ({
      split: "train",
      content: 1,
      label: `c${index % 20}`,
    }));
    const grouped = Array.from({ length: 200 }, (_, index): TestSample => ({
      split: "test",
      content: 1,
      label: `c${Math.floor(index / 5) % 20}`,
    }));
    return [...single, ...grouped];
  }

  /** Findings of which every sample is its own picture, but for those of the test split, of which each five are equal. */
  function findings(): ReturnType<typeof findingsOf> {
    const all = dataset();
    const contents = all.map((_, index) => (index < 600 ? index : 600 + Math.floor((index - 600) / 5)));
    return findingsOf(all, contents);
  }

  const counts = (decision: Decision, found: ReturnType<typeof findingsOf>): number[][] =>
    decision.splits.map((_, split) =>
      found.table.classes.map(
        (_name, label) =>
          [...decision.splitOf.keys()].filter(
            (sample) => decision.splitOf[sample] === split && found.table.classOf[sample] === label,
          ).length,
      ),
    );

  it("has the shares, of every class", () => {
    const found = findings();
    const decision = decideFor(found, { policy: "new-split" });
    assert.ok(decision.stays.every((stay) => stay === 1));
    const sums = counts(decision, found).map((classes) => classes.reduce((sum, count) => sum + count, 0));
    assert.deepEqual(sums, [640, 80, 80]);
    // 40 images of each class: 32, 4 and 4.
    for (const [split, wanted] of [32, 4, 4].entries()) {
      for (const count of counts(decision, found)[split] ?? []) assert.ok(Math.abs(count - wanted) <= 2, `${count}`);
    }
  });

  it("has the shares also where classes are smaller than the number of splits", () => {
    const all = Array.from({ length: 300 }, (_, index): TestSample => ({
      split: "train",
      content: 1,
      label: `c${index % 100}`,
    }));
    const found = findingsOf(
      all,
      all.map((_, index) => index),
    );
    const sums = counts(decideFor(found, { policy: "new-split" }), found).map((classes) =>
      classes.reduce((sum, n) => sum + n, 0),
    );
    assert.deepEqual(sums, [240, 30, 30]);
  });

  it("is another one by another seed, and leaves no split empty", () => {
    const found = findings();
    const of = (seed: number): Uint8Array => decideFor(found, { policy: "new-split", seed }).splitOf;
    assert.deepEqual(of(1), of(1));
    assert.notDeepEqual(of(1), of(2));
    const few = findingsOf([1, 2, 3].map((content) => ({ split: "train", content })));
    assert.deepEqual([...decideFor(few, { policy: "new-split" }).splitOf].sort(), [0, 1, 2]);
    const two = findingsOf([1, 2, 2].map((content) => ({ split: "train", content })));
    assert.throws(
      () => decideFor(two, { policy: "new-split" }),
      /fewer groups of equal or similar images than the 3 splits/,
    );
  });

  it("makes splits that the dataset does not have, after its own", () => {
    const shares = [
      { name: "train", role: "train", share: 1 },
      { name: "holdout", role: "test", share: 1 },
    ] as const;
    const found = findingsOf([1, 2, 3, 4].map((content) => ({ split: "test", content })));
    const decision = decideFor(found, { policy: "new-split", shares, seed: DEFAULT_OPTIONS.seed });
    assert.deepEqual(
      planSplits(found, decision, () => "").map(({ name, role, before, after }) => [name, role, before, after]),
      [
        ["train", "train", 0, 2],
        ["validation", "validation", 0, 0],
        ["test", "test", 4, 0],
        ["holdout", "test", 0, 2],
      ],
    );
  });
});
