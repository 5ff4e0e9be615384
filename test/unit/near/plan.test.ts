import assert from "node:assert/strict";
import fc from "fast-check";
import type { Findings } from "../../../src/core/leakage/findings";
import { NO_DECISIONS } from "../../../src/core/near/decisions";
import { findNear, firstsOf } from "../../../src/core/near/findings";
import { MEASURES } from "../../../src/core/near/near";
import { viewRemoval } from "../../../src/core/sanitize/buildPlan";
import { protectEvaluation, REMOVAL_REASONS } from "../../../src/core/sanitize/policy";
import { findingsOf, samples, type TestSample } from "../core/support";

const CONTENTS = 12;

/** Which contents are similar: each pair of them by chance. */
const similarity = fc.array(fc.boolean(), { minLength: CONTENTS * CONTENTS, maxLength: CONTENTS * CONTENTS });

function areSimilar(similar: readonly boolean[], a: number, b: number): boolean {
  return a !== b && similar[(Math.min(a, b) - 1) * CONTENTS + Math.max(a, b) - 1] === true;
}

/** Findings of samples whose contents are similar as said, at RMS 4. */
function withNear(all: readonly TestSample[], isSimilar: (a: number, b: number) => boolean): Findings {
  const findings = findingsOf(all);
  const { table, fingerprints, groups } = findings;
  const firstOf = firstsOf(table.count, fingerprints.states, groups.pixel);
  const firsts = [...all.keys()].filter((sample) => firstOf[sample] === sample && fingerprints.states[sample] === 0);
  const pairs = firsts.flatMap((a) =>
    firsts.filter((b) => b > a && isSimilar(all[a]?.content ?? 0, all[b]?.content ?? 0)).map((b) => [a, b] as const),
  );
  const search = {
    measure: MEASURES.glyphs,
    reason: "",
    reach: 16,
    limited: null,
    compared: firsts.length,
    degenerate: new Uint8Array(table.count),
    pairs: {
      count: pairs.length,
      first: Uint32Array.from(pairs, ([a]) => a),
      second: Uint32Array.from(pairs, ([, b]) => b),
      scores: new Float32Array(pairs.length).fill(4),
      transforms: new Uint8Array(pairs.length),
      shifts: new Int8Array(2 * pairs.length),
    },
  };
  return { ...findings, near: findNear(search, table, fingerprints.states, groups.pixel, 9, NO_DECISIONS) };
}

const PROTECTION = ["test", "validation", "train"];
const names = { id: (sample: number) => `s${sample}`, file: () => "", extension: () => "png" };

describe("a plan for similar images", () => {
  it("leaves no two equal or similar images, and each that leaves has a twin that stays and is no less protected", () => {
    fc.assert(
      fc.property(samples(), similarity, (all, similar) => {
        const findings = withNear(all, (a, b) => areSimilar(similar, a, b));
        const { stays, reasonOf, twinOf } = protectEvaluation(findings, "near");
        const isSame = (a: TestSample, b: TestSample): boolean =>
          a.content === b.content || areSimilar(similar, a.content, b.content);
        const staying = all.filter((_, sample) => stays[sample] === 1);
        staying.forEach((a, at) => staying.slice(at + 1).forEach((b) => assert.ok(!isSame(a, b))));
        all.forEach((sample, index) => {
          const reason = REMOVAL_REASONS[reasonOf[index] ?? 0];
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
    const { stays } = protectEvaluation(
      withNear(chain, (a, b) => Math.abs(a - b) === 1),
      "near",
    );
    assert.deepEqual([...stays], [1, 0, 1]);
  });

  it("does not take similar images for equal ones unless it is asked to", () => {
    const pair = [
      { split: "test", content: 1, label: "A" },
      { split: "train", content: 2, label: "B" },
    ] as const;
    const findings = withNear(pair, () => true);
    assert.deepEqual([...protectEvaluation(findings).stays], [1, 1]);
    const decision = protectEvaluation(findings, "near");
    assert.deepEqual([...decision.stays], [1, 0]);
    const removal = viewRemoval(findings, names, decision, 1);
    assert.equal(removal.tier, "near");
    assert.equal(removal.nearness?.score, 4);
    assert.equal(
      removal.detail,
      "Similar (RMS grey difference 4.0) to s0, which stays in test. It is labelled B here and A there.",
    );
  });
});
