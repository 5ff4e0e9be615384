import assert from "node:assert/strict";
import fc from "fast-check";
import { measureLeakage, type Findings } from "../../../src/core/leakage/findings";
import { DEFAULT_OPTIONS, type PlanOptions } from "../../../src/core/sanitize/options";
import { POLICY_NAMES, previewPolicy } from "../../../src/core/sanitize/policies";
import { reasonOf, type Decision } from "../../../src/core/sanitize/policy";
import { remainingLeaks } from "../../../src/core/sanitize/remaining";
import { findingsOf, nearFindingsOf, samples, type TestSample } from "../core/support";
import { decideFor, isUsable, resultOf } from "./support";

const SHARES: PlanOptions["shares"] = [
  { name: "train", role: "train", share: 3 },
  { name: "test", role: "test", share: 1 },
];

const options = fc.record({
  policy: fc.constantFrom(...POLICY_NAMES),
  tier: fc.constantFrom("pixel" as const, "near" as const),
  conflicts: fc.constantFrom("drop" as const, "majority" as const, "ask" as const),
  balance: fc.boolean(),
  seed: fc.integer({ min: 0, max: 9 }),
});

/** What is said of each sample; most are not spoken of. */
const said = fc.array(fc.constantFrom(null, null, "keep" as const, "drop" as const), { minLength: 40, maxLength: 40 });

/** Contents next to each other are similar, so that there are chains. */
const isSimilar = (a: number, b: number): boolean => Math.abs(a - b) === 1;

interface Case {
  readonly all: readonly TestSample[];
  readonly findings: Findings;
  readonly keep: readonly number[];
  readonly drop: readonly number[];
  readonly chosen: PlanOptions;
  readonly decision: Decision;
}

/** Calls `check` with decisions about datasets in which people said something, where they can be treated so. */
function forDecisions(check: (found: Case) => void): void {
  fc.assert(
    fc.property(samples(), said, options, (all, choices, picked) => {
      const of = (choice: string): number[] => all.flatMap((_, index) => (choices[index] === choice ? [index] : []));
      const keep = of("keep").filter((index) => isUsable(all[index] ?? { split: "train", content: 0, state: 1 }));
      const drop = of("drop");
      const chosen = { ...DEFAULT_OPTIONS, ...picked, shares: SHARES };
      const findings = nearFindingsOf(all, isSimilar);
      const given = { keep, drop, wrong: new Set<number>(), name: String, fileSize: () => 0 };
      if (previewPolicy(findings, chosen, given).unavailable !== null) return;
      check({ all, findings, keep, drop, chosen, decision: decideFor(findings, chosen, { keep, drop }) });
    }),
    { numRuns: 500 },
  );
}

describe("what people keep and drop", () => {
  it("stays and leaves under every policy, where it is and with the reason", () => {
    forDecisions(({ findings, keep, drop, chosen, decision }) => {
      for (const sample of drop) {
        assert.deepEqual([decision.stays[sample], reasonOf(decision, sample)], [0, "choice"]);
      }
      for (const sample of keep) {
        assert.equal(decision.stays[sample], 1);
        assert.equal(decision.asks[sample], 0);
        const home = findings.table.splits[findings.table.splitOf[sample] ?? 0]?.name;
        const isThere = chosen.policy !== "new-split" || SHARES.some(({ name }) => name === home);
        if (isThere) assert.equal(reasonOf(decision, sample), undefined);
      }
    });
  });

  it("leaves just the leakage that is said, by an inspection of what stays", () => {
    forDecisions(({ all, findings, keep, chosen, decision }) => {
      const remaining = remainingLeaks(findings, decision, chosen.tier);
      const result = resultOf(all, decision);
      const after = chosen.tier === "near" ? nearFindingsOf(result, isSimilar) : findingsOf(result);
      const again = { stays: new Uint8Array(result.length).fill(1), splitOf: after.table.splitOf };
      assert.equal(remainingLeaks(after, again, chosen.tier), remaining);
      const isClean = measureLeakage(after, chosen.tier).every((entry) => entry.samples === 0);
      assert.equal(isClean, remaining === 0);
      if (keep.length < 2) assert.equal(remaining, 0);
    });
  });

  it("leaves leakage among what is kept alone, where one of each group stays", () => {
    forDecisions(({ findings, keep, chosen, decision }) => {
      if (!chosen.policy.startsWith("protect")) return;
      const unkept = { stays: decision.stays.slice(), splitOf: decision.splitOf };
      const leaks = remainingLeaks(findings, decision, chosen.tier);
      assert.ok(leaks <= keep.length);
      for (const sample of keep) unkept.stays[sample] = 0;
      assert.equal(remainingLeaks(findings, unkept, chosen.tier), 0);
      // Who leaves for another image leaves for one that stays.
      decision.twinOf.forEach((twin, sample) => {
        const reason = reasonOf(decision, sample);
        if (twin >= 0 && (reason === "leaks" || reason === "duplicate")) assert.equal(decision.stays[twin], 1);
      });
    });
  });

  it("names as the twin of what moves one that is where it comes", () => {
    forDecisions(({ decision, findings }) => {
      decision.twinOf.forEach((twin, sample) => {
        const moves = decision.stays[sample] === 1 && decision.splitOf[sample] !== findings.table.splitOf[sample];
        if (moves && twin >= 0) assert.equal(decision.splitOf[twin], decision.splitOf[sample]);
      });
    });
  });

  it("of one group all stays, in several splits, too", () => {
    const all: TestSample[] = [
      { split: "train", content: 1 },
      { split: "train", content: 1 },
      { split: "validation", content: 1 },
      { split: "test", content: 1 },
    ];
    const fate = (keep: readonly number[], drop: readonly number[] = []): (string | undefined)[] => {
      const decision = decideFor(findingsOf(all), {}, { keep, drop });
      return all.map((_, sample) => reasonOf(decision, sample));
    };
    assert.deepEqual(fate([]), ["leaks", "leaks", "leaks", undefined]);
    assert.deepEqual(fate([0, 3]), [undefined, "leaks", "leaks", undefined]);
    assert.deepEqual(fate([0, 1, 2, 3]), [undefined, undefined, undefined, undefined]);
    // Another one of the group of a dropped one stays.
    assert.deepEqual(fate([], [3]), ["leaks", "leaks", undefined, "choice"]);
  });

  it("settles a conflict by dropping, and cannot be both", () => {
    const all: TestSample[] = [
      { split: "train", content: 1, label: "A" },
      { split: "test", content: 1, label: "B" },
    ];
    for (const conflicts of ["drop", "majority", "ask"] as const) {
      const decision = decideFor(findingsOf(all), { conflicts }, { drop: [1] });
      assert.deepEqual([...decision.stays], [1, 0]);
    }
    assert.throws(
      () => decideFor(findingsOf(all), {}, { keep: [1], drop: [1] }),
      /s1 is said both to stay and to leave\. Keep one of both\./,
    );
  });
});
