import assert from "node:assert/strict";
import fc from "fast-check";
import { linkedTo } from "../../../src/core/sanitize/components";
import { foldsOf, FOLDS, NO_FOLD } from "../../../src/core/training/folds";
import { findingsOf, nearFindingsOf, type TestSample } from "../core/support";

const CLASSES = 4;

/** Labels and groups of up to 120 samples; about half of the groups have one sample. */
function labelled(): fc.Arbitrary<{ labels: Int32Array; groups: Uint32Array }> {
  const sample = fc.tuple(fc.nat(CLASSES - 1), fc.nat(80));
  return fc.array(sample, { maxLength: 120 }).map((samples) => ({
    labels: Int32Array.from(samples, ([label]) => label),
    groups: Uint32Array.from(samples, ([, group]) => group),
  }));
}

describe("folds", () => {
  it("part no group, leave out classes of too few groups, and are the same for a seed", () => {
    fc.assert(
      fc.property(labelled(), fc.nat(), ({ labels, groups }, seed) => {
        const folds = foldsOf(labels, groups, CLASSES, seed);
        assert.deepEqual(foldsOf(labels, groups, CLASSES, seed), folds);
        const foldOf = new Map<number, number>();
        folds.forEach((fold, sample) => {
          const label = labels[sample] ?? 0;
          const groupsOfClass = new Set(groups.filter((_, other) => labels[other] === label));
          assert.equal(fold === NO_FOLD, groupsOfClass.size < FOLDS);
          if (fold === NO_FOLD) return;
          const group = groups[sample] ?? 0;
          assert.equal(foldOf.get(group) ?? fold, fold);
          foldOf.set(group, fold);
        });
      }),
    );
  });

  it("have as many of each class as possible when nothing is linked", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(CLASSES - 1), { minLength: 60, maxLength: 200 }), fc.nat(), (list, seed) => {
        const labels = Int32Array.from(list);
        const folds = foldsOf(labels, Uint32Array.from(list.keys()), CLASSES, seed);
        for (let label = 0; label < CLASSES; label++) {
          const counts = Array.from(
            { length: FOLDS },
            (_, fold) => labels.filter((own, sample) => own === label && folds[sample] === fold).length,
          );
          if (counts.some((count) => count > 0)) assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
        }
      }),
    );
  });

  it("link equal samples, and near ones with what is between them", () => {
    const samples = [1, 1, 2, 3, 4, 9].map((content): TestSample => ({ split: "train", content }));
    const exact = linkedTo(findingsOf(samples), "near");
    assert.deepEqual([...exact], [0, 0, 2, 3, 4, 5]);
    const near = linkedTo(
      nearFindingsOf(samples, (a, b) => Math.abs(a - b) === 1),
      "near",
    );
    assert.deepEqual([...near], [0, 0, 0, 0, 0, 5]);
  });
});
