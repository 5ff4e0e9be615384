import assert from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_OPTIONS, type PlanOptions } from "../../../src/core/sanitize/options";
import { POLICY_NAMES } from "../../../src/core/sanitize/policies";
import { reasonOf } from "../../../src/core/sanitize/policy";
import { remainingLeaks } from "../../../src/core/sanitize/remaining";
import { findingsOf, samples, type TestSample } from "../core/support";
import { decideFor, isUsable } from "./support";

/** Where samples are after a decision, or why they left. */
function fates(all: readonly TestSample[], wrong: readonly number[], options: Partial<PlanOptions> = {}): string[] {
  const decision = decideFor(findingsOf(all), options, { wrong: new Set(wrong) });
  return all.map((_, at) => (decision.stays[at] === 1 ? "stays" : (reasonOf(decision, at) ?? "")));
}

describe("labels that a person judged wrong", () => {
  const conflict: readonly TestSample[] = [
    { split: "train", content: 1, label: "A" },
    { split: "train", content: 1, label: "B" },
    { split: "train", content: 2, label: "A" },
  ];

  it("end a conflict: the other label stays", () => {
    assert.deepEqual(fates(conflict, []), ["conflict", "conflict", "stays"]);
    for (const conflicts of ["drop", "majority", "ask"] as const) {
      assert.deepEqual(fates(conflict, [1], { conflicts }), ["stays", "label", "stays"]);
    }
  });

  it("leave a conflict among the others as it is", () => {
    const three = [...conflict, { split: "train", content: 1, label: "C" } as const];
    assert.deepEqual(fates(three, [0]), ["label", "conflict", "stays", "conflict"]);
  });

  it("protect nobody: what leaked into them may stay", () => {
    const leak: readonly TestSample[] = [
      { split: "train", content: 1, label: "A" },
      { split: "test", content: 1, label: "A" },
    ];
    assert.deepEqual(fates(leak, []), ["leaks", "stays"]);
    assert.deepEqual(fates(leak, [1]), ["stays", "label"]);
  });

  it("cannot be kept, which is said with what to do", () => {
    assert.throws(
      () => decideFor(findingsOf(conflict), { ...DEFAULT_OPTIONS }, { wrong: new Set([0]), keep: [0] }),
      /s0 cannot be kept, because its label was judged wrong\. Judge it right, or take back that it is kept\./,
    );
  });

  it("leave under every policy, and nothing leaks among the others", () => {
    const policies = POLICY_NAMES.filter((policy) => policy !== "new-split");
    fc.assert(
      fc.property(samples(), fc.constantFrom(...policies), fc.array(fc.nat(39)), (all, policy, picked) => {
        const wrong = new Set(picked.filter((at) => isUsable(all[at] ?? { split: "train", content: 0, state: 1 })));
        const findings = findingsOf(all);
        const decision = decideFor(findings, { policy }, { wrong });
        for (const at of wrong) {
          assert.equal(decision.stays[at], 0);
          assert.equal(reasonOf(decision, at), "label");
        }
        assert.equal(remainingLeaks(findings, decision, "pixel"), 0);
        // Nobody leaves for an image that has left because of its label.
        decision.twinOf.forEach((twin) => assert.ok(!wrong.has(twin)));
      }),
    );
  });
});
