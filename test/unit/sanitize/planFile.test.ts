import assert from "node:assert/strict";
import fc from "fast-check";
import { CleanSplitError } from "../../../src/core/errors";
import type { SampleNames } from "../../../src/core/leakage/buildReport";
import { viewChange } from "../../../src/core/sanitize/buildPlan";
import { applyEdits } from "../../../src/core/sanitize/edits";
import { DEFAULT_OPTIONS } from "../../../src/core/sanitize/options";
import {
  parsePlanFile,
  plainChange,
  writePlanFile,
  type PlanEntry,
  type PlanHead,
  type PlanTotals,
} from "../../../src/core/sanitize/planFile";
import { POLICY_NAMES } from "../../../src/core/sanitize/policies";
import { isChanged, reasonOf } from "../../../src/core/sanitize/policy";
import { remainingLeaks } from "../../../src/core/sanitize/remaining";
import { measureLeakage } from "../../../src/core/leakage/findings";
import { findingsOf, samples } from "../core/support";
import { decideFor, resultOf } from "./support";

const HEAD: PlanHead = {
  created: "2024-01-01T00:00:00.000Z",
  inputs: ["/data"],
  source: { fingerprint: "sha256:0", samples: 3 },
  options: DEFAULT_OPTIONS,
  keep: ["train/a.png"],
  drop: ["train/b.png"],
  near: { measure: "RMS grey difference", threshold: 9 },
  basis: "sha256:1",
};

const TOTALS: PlanTotals = {
  policy: "",
  before: 3,
  after: 2,
  moved: 0,
  undecided: 0,
  edited: 0,
  collisions: [],
  splits: [],
};

/** Any 16 bits, also halves of characters. */
const codeUnit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code));

function namesOf(name: (sample: number) => string): SampleNames {
  return { id: name, file: () => "", isOwnFile: () => true, extension: () => "png" };
}

describe("the text of a plan file", () => {
  it("is read as it was written, whatever images are called", () => {
    const id = fc.string({ unit: codeUnit, maxLength: 10 });
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 8 }), (ids) => {
        const all = ids.map(() => ({ split: "train", content: 1 }) as const);
        const findings = findingsOf(all);
        const decision = decideFor(findings);
        const names = namesOf((sample) => ids[sample] ?? "");
        const changes = ids.flatMap((_, sample) =>
          isChanged(decision, sample) ? [plainChange(viewChange(findings, names, decision, sample))] : [],
        );
        const text = writePlanFile(HEAD, TOTALS, changes);
        // Nothing in it acts on a terminal.
        assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/);
        const { entries, ...head } = parsePlanFile(text);
        assert.deepEqual(head, HEAD);
        assert.deepEqual(
          [...entries],
          changes.map(({ id: name, action, to, split, label }) => [name, { action, to, split, label }]),
        );
      }),
    );
  });

  it("is refused, in a sentence, when it is anything else", () => {
    const text = writePlanFile(HEAD, TOTALS, []);
    const file = JSON.parse(text) as Record<string, unknown>;
    const key = fc.constantFrom(...Object.keys(file), "id", "action", "__proto__");
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constant([
        { id: "a", action: "leave" },
        { id: "a", action: "stay" },
      ]),
      fc.array(fc.dictionary(fc.constantFrom("id", "action", "to", "split", "label"), fc.jsonValue({ maxDepth: 1 }))),
    );
    const damaged = fc.oneof(
      fc.tuple(key, value).map(([name, other]) => JSON.stringify({ ...file, [name]: other })),
      fc.tuple(fc.nat(text.length), fc.nat(40)).map(([at, length]) => text.slice(0, at) + text.slice(at + length)),
      fc.string({ unit: codeUnit }),
      fc.constant("[".repeat(10_000)),
    );
    fc.assert(
      fc.property(damaged, (other) => {
        try {
          parsePlanFile(other);
        } catch (error) {
          assert.ok(error instanceof CleanSplitError, String(error));
          assert.ok(error.message.length < 1000);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("edits", () => {
  const action = fc.constantFrom("stay", "leave", "move" as const);
  const edits = fc.array(
    fc.option(fc.record({ action, to: fc.constantFrom("train", "validation", "test") }), { freq: 2 }),
    { minLength: 40, maxLength: 40 },
  );

  it("decide what becomes of each image, and leakage that they leave is counted", () => {
    fc.assert(
      fc.property(samples(), fc.constantFrom(...POLICY_NAMES.slice(0, 3)), edits, (all, policy, said) => {
        const findings = findingsOf(all);
        const base = decideFor(findings, { policy, conflicts: "ask" });
        const entries = new Map<string, PlanEntry>();
        all.forEach((_, sample) => {
          const edit = said[sample];
          if (edit !== null && edit !== undefined)
            entries.set(`s${sample}`, { ...edit, to: edit.action === "move" ? edit.to : null });
        });
        const { decision, edited } = applyEdits(
          base,
          findings,
          namesOf((sample) => `s${sample}`),
          entries,
        );
        all.forEach((sample, index) => {
          const entry = entries.get(`s${index}`);
          const stays = entry?.action !== "leave";
          assert.equal(decision.stays[index] === 1, stays);
          const to = entry?.action === "move" ? entry.to : sample.split;
          if (stays) assert.equal(decision.splits[decision.splitOf[index] ?? 0]?.name, to);
          assert.equal(isChanged(decision, index), !stays || to !== sample.split);
          assert.equal(decision.asks[index], 0);
          const isSame =
            base.asks[index] === 0 &&
            base.stays[index] === decision.stays[index] &&
            (!stays || base.splitOf[index] === decision.splitOf[index]);
          assert.equal(edited.has(index), !isSame);
          if (!isSame && isChanged(decision, index)) assert.equal(reasonOf(decision, index), "edited");
        });
        const leaking = new Set(
          measureLeakage(findingsOf(resultOf(all, decision)), "pixel").flatMap((entry) =>
            entry.samples > 0 ? [entry.split] : [],
          ),
        );
        assert.equal(remainingLeaks(findings, decision, "pixel") > 0, leaking.size > 0);
      }),
    );
  });
});
