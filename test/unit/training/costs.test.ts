import assert from "node:assert/strict";
import { useTranslations } from "../../../src/core/language";
import { costSentence } from "../../../src/core/training/costSentence";
import { headlineCost, leakageCosts, type CostRun } from "../../../src/core/training/costs";
import type { Predictions, TestColumns, TrainingData } from "../../../src/core/training/experiment";
import type { Cost, Interval } from "../../../src/core/training/leakageCost";
import type { ModelName } from "../../../src/core/training/models";
import { Random } from "../../../src/core/training/random";

const SEEDS = [1, 2, 3, 4, 5];
const ALL_SIZES = "all";

function contains(interval: Interval | null, value: number): boolean {
  return interval !== null && interval.low <= value && value <= interval.high;
}

/** Test images of which the first `leaked` are leaked, each in a group of its own, all of class 0. */
function columns(samples: number, leaked: number): TestColumns {
  return {
    labels: new Int32Array(samples),
    stays: new Uint8Array(samples).fill(1),
    leaked: Uint8Array.from({ length: samples }, (_, image) => (image < leaked ? 1 : 0)),
    groups: Uint32Array.from({ length: samples }, (_, image) => image),
  };
}

function run(data: TrainingData, seed: number, predicted: Uint16Array, model: ModelName = "softmax"): CostRun {
  const planned = { model, data, size: ALL_SIZES, trained: 1000, seed, epochs: 20 } as const;
  const { length } = predicted;
  const predictions: Predictions = {
    predicted,
    confidence: new Float32Array(length).fill(0.5),
    losses: new Float32Array(length),
  };
  return { planned, predictions };
}

/** Models that are right with a given probability on leaked and on clean images, the same images being hard for all. */
function simulated(
  test: TestColumns,
  right: Readonly<Record<TrainingData, { readonly leaked: number; readonly clean: number }>>,
  seeds: readonly number[] = SEEDS,
): CostRun[] {
  const random = new Random(7);
  const uniform = (): number => random.next() / 2 ** 32;
  const hardness = Float64Array.from(test.labels, uniform);
  return seeds.flatMap((seed) =>
    (["original", "sanitized"] as const).map((data) => {
      const predicted = Uint16Array.from(hardness, (hard, image) => {
        const limit = right[data][test.leaked[image] === 1 ? "leaked" : "clean"];
        return hard * 0.9 + uniform() * 0.1 < limit ? 0 : 1;
      });
      return run(data, seed, predicted);
    }),
  );
}

function only(costs: readonly Cost[]): Cost {
  const [cost] = costs;
  assert.ok(cost !== undefined && costs.length === 1);
  return cost;
}

describe("cost of leakage", () => {
  it("takes memorising apart from composition, and both sum to the drop", () => {
    const test = columns(4000, 800);
    const cost = only(
      leakageCosts(
        simulated(test, { original: { leaked: 0.98, clean: 0.7 }, sanitized: { leaked: 0.8, clean: 0.7 } }),
        test,
      ),
    );
    const { drop, composition, memorising } = cost;
    assert.ok(drop !== null && composition !== null && memorising !== null);
    assert.ok(Math.abs(drop.value - composition.value - memorising.value) < 1e-12);
    assert.ok(contains(drop, 0.2 * 0.28), JSON.stringify(drop));
    assert.ok(contains(composition, 0.2 * 0.1), JSON.stringify(composition));
    assert.ok(contains(memorising, 0.2 * 0.18), JSON.stringify(memorising));
    assert.ok(composition.low > 0 && memorising.low > 0.03);
    assert.match(
      cost.sentence,
      /^The score counts 800 of 4,000 test images that have a duplicate in train or validation\./,
    );
    assert.match(cost.sentence, /find them easier, too\..* are memorising .*because it has seen them\.$/);
  });

  it("shows parts that add up to the drop that it shows", () => {
    for (const share of [0.71, 0.747, 0.78, 0.8]) {
      const test = columns(3493, 200);
      const { sentence } = only(
        leakageCosts(
          simulated(test, { original: { leaked: 0.96, clean: 0.7 }, sanitized: { leaked: share, clean: 0.7 } }),
          test,
        ),
      );
      const [, drop, composition, memorising] =
        /(?:drop|difference) of ([\d.−]+) points.*Of that ([\d.−]+) points.* ([\d.−]+) points are memorising/.exec(
          sentence,
        ) ?? [];
      const value = (text = ""): number => Number(text.replace("−", "-"));
      assert.ok(drop !== undefined, sentence);
      assert.ok(Math.abs(value(drop) - value(composition) - value(memorising)) < 1e-9, sentence);
    }
  });

  it("calls what cannot be told from zero so", () => {
    const test = columns(2000, 60);
    const same = { leaked: 0.8, clean: 0.8 };
    const { sentence, drop, memorising } = only(
      leakageCosts(simulated(test, { original: same, sanitized: same }), test),
    );
    assert.ok(contains(drop, 0) && contains(memorising, 0));
    assert.match(sentence, /difference of [\d.]+ points can be chance \(95 % interval −[\d.]+ to [\d.]+\)/);
    assert.match(sentence, /memorising .*, which cannot be told from none\.$/);
  });

  it("tells a rise as one, where the leaked images are harder than others", () => {
    const test = columns(4000, 800);
    const harder = { leaked: 0.6, clean: 0.8 };
    const { sentence } = only(leakageCosts(simulated(test, { original: harder, sanitized: harder }), test));
    assert.match(
      sentence,
      /: a rise of [\d.]+ points \(95 % interval [\d.]+ to [\d.]+\)\. Counting them adds −[\d.]+ points: −/,
    );
    assert.match(
      sentence,
      /composition \(95 % interval −[\d.]+ to −[\d.]+\): models that never saw these images find them harder, too/,
    );
  });

  it("is kept in English, and told in the language of the reader", () => {
    const test = columns(2000, 60);
    const same = { leaked: 0.8, clean: 0.8 };
    useTranslations(JSON.stringify({ "(95 % interval {0})": "(intervalo del 95 %: {0})" }));
    try {
      const cost = only(leakageCosts(simulated(test, { original: same, sanitized: same }), test));
      assert.match(cost.sentence, /\(95 % interval /);
      assert.match(costSentence(cost), /\(intervalo del 95 %: /);
    } finally {
      useTranslations("{}");
    }
  });

  it("says nothing of the worth of a handful of leaked images", () => {
    const test = columns(1000, 4);
    const { sentence } = only(
      leakageCosts(
        simulated(test, { original: { leaked: 1, clean: 0.8 }, sanitized: { leaked: 0, clean: 0.8 } }),
        test,
      ),
    );
    assert.match(sentence, /They are too few to tell what of it is memorising\.$/);
  });

  it("counts copies of one image as one when it says how sure it is", () => {
    const test = columns(2000, 200);
    // The leaked images are ten, twenty times each.
    const copied = { ...test, groups: test.groups.map((group) => (group < 200 ? Math.floor(group / 20) : group)) };
    const runs = simulated(test, { original: { leaked: 0.6, clean: 0.7 }, sanitized: { leaked: 0.5, clean: 0.7 } });
    // What a model says of an image it says of its copies.
    for (const { predictions } of runs) {
      for (let image = 0; image < 200; image++) {
        predictions.predicted[image] = predictions.predicted[Math.floor(image / 20) * 20] ?? 0;
      }
    }
    const width = (interval: Interval | null): number => (interval?.high ?? 0) - (interval?.low ?? 0);
    const apart = only(leakageCosts(runs, test));
    const together = only(leakageCosts(runs, copied));
    assert.equal(together.samples.leakedGroups, 10);
    assert.ok(width(together.drop) > 2 * width(apart.drop));
  });

  it("is not certain of a score of 100 %", () => {
    const test = columns(100, 20);
    const leaked = only(
      leakageCosts(simulated(test, { original: { leaked: 1, clean: 1 }, sanitized: { leaked: 1, clean: 1 } }), test),
    ).original.leaked;
    assert.equal(leaked?.value, 1);
    assert.ok(Math.abs(leaked.low - 0.025 ** (1 / 20)) < 1e-12);
  });

  it("speaks of data without leakage, and of data that are all leaked", () => {
    const right = { leaked: 0.9, clean: 0.8 };
    const clean = only(
      leakageCosts(simulated(columns(500, 0), { original: right, sanitized: right }), columns(500, 0)),
    );
    assert.match(clean.sentence, /^No test image has a duplicate .* owe nothing to leakage\.$/);
    assert.deepEqual([clean.drop, clean.original.leaked], [null, null]);
    const all = only(
      leakageCosts(simulated(columns(500, 500), { original: right, sanitized: right }), columns(500, 500)),
    );
    assert.match(all.sentence, /^Every test image has a duplicate .* say nothing about new images\.$/);
    assert.equal(all.original.clean, null);
    assert.equal(all.original.test.value, all.original.leaked?.value);
  });

  it("says that one seed is not many", () => {
    const test = columns(1000, 100);
    const right = { leaked: 0.95, clean: 0.8 };
    const { sentence, seeds } = only(leakageCosts(simulated(test, { original: right, sanitized: right }, [3]), test));
    assert.equal(seeds, 1);
    assert.match(sentence, /Only one seed was trained/);
  });

  it("needs both kinds of data with one seed", () => {
    const test = columns(10, 2);
    const predicted = new Uint16Array(10);
    assert.deepEqual(leakageCosts([], test), []);
    assert.deepEqual(leakageCosts([run("original", 1, predicted), run("sanitized", 2, predicted)], test), []);
  });

  it("gives the same intervals twice, and the headline to the most samples of the first model", () => {
    const test = columns(300, 30);
    const right = { original: { leaked: 0.9, clean: 0.8 }, sanitized: { leaked: 0.85, clean: 0.8 } };
    const runs = simulated(test, right);
    assert.deepEqual(leakageCosts(runs, test), leakageCosts(runs, test));
    const small = runs.map(({ planned, predictions }): CostRun => ({
      planned: { ...planned, size: 50, trained: 50 },
      predictions,
    }));
    assert.equal(headlineCost(leakageCosts([...small, ...runs], test))?.size, "all");
    assert.equal(headlineCost([]), null);
  });

  it("covers the truth about as often as it says", () => {
    let covered = 0;
    const rounds = 40;
    for (let round = 0; round < rounds; round++) {
      const random = new Random(round);
      const uniform = (): number => random.next() / 2 ** 32;
      const test = columns(250, 50);
      const runs = SEEDS.flatMap((seed) =>
        (["original", "sanitized"] as const).map((data) => {
          const bias = (uniform() - 0.5) * 0.04;
          const predicted = Uint16Array.from(test.leaked, (leaked) => {
            const right = leaked === 0 ? 0.75 : data === "original" ? 0.95 : 0.8;
            return uniform() < right + bias ? 0 : 1;
          });
          return run(data, seed, predicted);
        }),
      );
      if (contains(only(leakageCosts(runs, test)).memorising, 0.2 * 0.15)) covered++;
    }
    assert.ok(covered >= 0.85 * rounds, `${covered} of ${rounds}`);
  });
});
