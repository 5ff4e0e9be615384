import assert from "node:assert/strict";
import fc from "fast-check";
import { viewChange } from "../../../src/core/sanitize/buildPlan";
import { reasonOf } from "../../../src/core/sanitize/policy";
import { decideFor } from "../sanitize/support";
import { nearFindingsOf, samples, type TestSample } from "../core/support";

const CONTENTS = 12;

/** Which contents are similar: each pair of them by chance. */
const similarity = fc.array(fc.boolean(), { minLength: CONTENTS * CONTENTS, maxLength: CONTENTS * CONTENTS });

function areSimilar(similar: readonly boolean[], a: number, b: number): boolean {
  return a !== b && similar[(Math.min(a, b) - 1) * CONTENTS + Math.max(a, b) - 1] === true;
}

const PROTECTION = ["test", "validation", "train"];
const names = { id: (sample: number) => `s${sample}`, file: () => "", isOwnFile: () => true, extension: () => "png" };

describe("a plan for similar images", () => {
  it("leaves no two equal or similar images, and each that leaves has a twin that stays and is no less protected", () => {
    fc.assert(
      fc.property(samples(), similarity, (all, similar) => {
        const findings = nearFindingsOf(all, (a, b) => areSimilar(similar, a, b));
        const decision = decideFor(findings, { tier: "near" });
        const { stays, twinOf } = decision;
        const isSame = (a: TestSample, b: TestSample): boolean =>
          a.content === b.content || areSimilar(similar, a.content, b.content);
        const staying = all.filter((_, sample) => stays[sample] === 1);
        staying.forEach((a, at) => staying.slice(at + 1).forEach((b) => assert.ok(!isSame(a, b))));
        all.forEach((sample, index) => {
          const reason = reasonOf(decision, index);
          if (reason !== "leaks" && reason !== "duplicate") return;
          const twin = all[twinOf[index] ?? -1];
          assert.ok(twin !== undefined && stays[twinOf[index] ?? 0] === 1 && isSame(sample, twin));
          assert.equal(reason, twin.split === sample.split ? "duplicate" : "leaks");
          assert.ok(PROTECTION.indexOf(twin.split) <= PROTECTION.indexOf(sample.split));
        });
      }),
    );
  });

  it("keeps what only something between resembles", () => {
    // A chain: 1 like 2, 2 like 3, but 1 unlike 3.
    const chain = [
      { split: "test", content: 1 },
      { split: "train", content: 2 },
      { split: "train", content: 3 },
    ] as const;
    const { stays } = decideFor(
      nearFindingsOf(chain, (a, b) => Math.abs(a - b) === 1),
      { tier: "near" },
    );
    assert.deepEqual([...stays], [1, 0, 1]);
  });

  it("does not take similar images for equal ones unless it is asked to", () => {
    const pair = [
      { split: "test", content: 1, label: "A" },
      { split: "train", content: 2, label: "B" },
    ] as const;
    const findings = nearFindingsOf(pair, () => true);
    assert.deepEqual([...decideFor(findings).stays], [1, 1]);
    const decision = decideFor(findings, { tier: "near" });
    assert.deepEqual([...decision.stays], [1, 0]);
    const removal = viewChange(findings, names, decision, 1);
    assert.equal(removal.tier, "near");
    assert.equal(removal.nearness?.score, 4);
    assert.equal(
      removal.detail,
      "Similar (RMS grey difference 4.0) to s0, which stays in test. It is labelled B here and A there.",
    );
  });
});
