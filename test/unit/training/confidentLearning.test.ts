import assert from "node:assert/strict";
import fc from "fast-check";
import {
  findLabelErrors,
  KEPT_CLASSES,
  marginOf,
  type Predictions,
} from "../../../src/core/training/confidentLearning";
import { Random } from "../../../src/core/training/random";

/** Predictions from whole rows of probabilities. */
function predictionsOf(rows: readonly (readonly number[])[], labels: Int32Array): Predictions {
  const width = Math.min(rows[0]?.length ?? 0, KEPT_CLASSES);
  const ranked = rows.map((row) =>
    [...row.keys()].sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b).slice(0, width),
  );
  return {
    width,
    classes: Uint16Array.from(ranked.flat()),
    probabilities: Float32Array.from(
      ranked.flatMap((order, sample) => order.map((label) => rows[sample]?.[label] ?? 0)),
    ),
    ofLabel: Float32Array.from(rows, (row, sample) => row[labels[sample] ?? 0] ?? 0),
  };
}

/** Rows of probabilities and labels, of 2 to 5 classes. */
function rowsWithLabels(): fc.Arbitrary<{ rows: number[][]; labels: Int32Array; classes: number }> {
  return fc.integer({ min: 2, max: 5 }).chain((classes) =>
    fc
      .array(
        fc.tuple(
          fc.array(fc.integer({ min: 1, max: 50 }), { minLength: classes, maxLength: classes }),
          fc.nat(classes - 1),
        ),
        { minLength: 1, maxLength: 40 },
      )
      .map((samples) => ({
        classes,
        labels: Int32Array.from(samples, ([, label]) => label),
        rows: samples.map(([weights]) => {
          const sum = weights.reduce((total, weight) => total + weight, 0);
          return weights.map((weight) => weight / sum);
        }),
      })),
  );
}

/** `count` samples of `classes` classes, a share of them labelled wrong, and a model that is mostly right. */
function planted(
  count: number,
  classes: number,
  share: number,
): { said: Predictions; labels: Int32Array; wrong: Set<number> } {
  const random = new Random(5);
  const unit = (): number => random.next() / 2 ** 32;
  const wrong = new Set<number>();
  const rows: number[][] = [];
  const labels = Int32Array.from({ length: count }, (_, sample) => {
    const truth = random.below(classes);
    const weights = Array.from({ length: classes }, () => Math.exp(2 * unit()));
    weights[truth] = Math.exp(2 + 4 * unit());
    const sum = weights.reduce((total, weight) => total + weight, 0);
    rows.push(weights.map((weight) => weight / sum));
    if (unit() >= share) return truth;
    wrong.add(sample);
    return (truth + 1 + random.below(classes - 1)) % classes;
  });
  return { said: predictionsOf(rows, labels), labels, wrong };
}

describe("confident learning", () => {
  it("counts as the formulas of the paper say", () => {
    fc.assert(
      fc.property(rowsWithLabels(), ({ rows, labels, classes }) => {
        const { joint, thresholds, share, suspects } = findLabelErrors(labels, classes, predictionsOf(rows, labels));
        // Formulas (1) to (3), word by word.
        const single = rows.map((row) => row.map(Math.fround));
        for (let label = 0; label < classes; label++) {
          const own = single.filter((_, sample) => labels[sample] === label);
          const mean = own.reduce((sum, row) => sum + (row[label] ?? 0), 0) / own.length;
          assert.ok(
            own.length === 0 ? Number.isNaN(thresholds[label]) : Math.abs(mean - (thresholds[label] ?? 0)) < 1e-9,
          );
        }
        const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
        single.forEach((row, sample) => {
          const able = [...row.keys()].filter((label) => (row[label] ?? 0) >= (thresholds[label] ?? NaN) - 1e-6);
          const best = able.sort((a, b) => (row[b] ?? 0) - (row[a] ?? 0) || a - b)[0];
          const counted = counts[labels[sample] ?? 0];
          if (best !== undefined && counted !== undefined) counted[best] = (counted[best] ?? 0) + 1;
        });
        let right = 0;
        counts.forEach((counted, label) => {
          counted[label] = Math.max(1, counted[label] ?? 0);
          const sum = counted.reduce((total, count) => total + count, 0);
          const samples = labels.filter((own) => own === label).length;
          counted.forEach((count, other) => {
            const expected = (count / sum) * samples;
            assert.ok(Math.abs(expected - (joint[label * classes + other] ?? NaN)) < 1e-9);
            if (label === other) right += expected;
          });
        });
        assert.ok(Math.abs(share - (1 - right / labels.length)) < 1e-9);
        assert.equal(new Set(suspects).size, suspects.length);
      }),
    );
  });

  it("suspects no label that the model takes for most probable, and ranks by margin", () => {
    fc.assert(
      fc.property(rowsWithLabels(), ({ rows, labels, classes }) => {
        const said = predictionsOf(rows, labels);
        const { suspects, joint } = findLabelErrors(labels, classes, said);
        let last = Number.NEGATIVE_INFINITY;
        for (const sample of suspects) {
          assert.notEqual(said.classes[sample * said.width], labels[sample]);
          const margin = marginOf(labels, said, sample);
          assert.ok(margin <= 0 && margin >= last);
          last = margin;
        }
        const estimated = joint.reduce(
          (sum, count, pair) => sum + (Math.floor(pair / classes) === pair % classes ? 0 : count),
          0,
        );
        // Rounded once for each class; sums in another order differ in their last bits.
        assert.ok(suspects.length <= estimated + classes / 2 + 1e-9);
      }),
    );
  });

  for (const classes of [2, 10, 50]) {
    it(`finds planted errors and estimates their share, with ${classes} classes`, () => {
      const { said, labels, wrong } = planted(6000, classes, 0.08);
      const { share, suspects } = findLabelErrors(labels, classes, said);
      const found = suspects.filter((sample) => wrong.has(sample)).length;
      assert.ok(Math.abs(share - 0.08) < 0.02, `estimated ${share}`);
      assert.ok(found / suspects.length > 0.85, `precision ${found / suspects.length}`);
      assert.ok(found / wrong.size > 0.8, `recall ${found / wrong.size}`);
      assert.ok(suspects.slice(0, 100).every((sample) => wrong.has(sample)));
    });
  }

  it("has nothing to say of no samples, and of a model that knows nothing", () => {
    const none = findLabelErrors(new Int32Array(), 3, predictionsOf([], new Int32Array()));
    assert.deepEqual([none.share, none.suspects.length], [0, 0]);
    const labels = Int32Array.of(0, 1, 0, 1);
    const even = findLabelErrors(labels, 2, predictionsOf(Array(4).fill([0.5, 0.5]), labels));
    assert.equal(even.suspects.length, 0);
  });
});
