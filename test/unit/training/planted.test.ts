import assert from "node:assert/strict";
import { leakageCosts, type CostRun } from "../../../src/core/training/costs";
import type { TestColumns } from "../../../src/core/training/experiment";
import type { Cost } from "../../../src/core/training/leakageCost";
import type { ModelName } from "../../../src/core/training/models";
import { completeExperiment, planRuns } from "../../../src/core/training/planRuns";
import { Random } from "../../../src/core/training/random";
import type { FeatureTable } from "../../../src/engine/training/classifier";
import { runExperiment } from "../../../src/engine/training/runExperiment";
import { ROLE_CODES } from "../../../src/engine/training/trainerJob";

const SIDE = 6;
const DIM = SIDE * SIDE;
const CLASSES = 4;
const TRAIN = 1500;
const TEST = 600;
/** Images that nobody trains on, which say how good a model is on new ones: the truth. */
const FRESH = 3000;

const DATASETS = [11, 12, 13, 14, 15, 16];

/** Draws images of a class: its picture, with noise that makes classes overlap. */
class Pictures {
  private readonly random: Random;
  private readonly means: Float64Array;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.means = Float64Array.from({ length: CLASSES * DIM }, () => 110 + 36 * this.uniform());
  }

  label(): number {
    return this.random.below(CLASSES);
  }

  draw(label: number, noise: number, into: Uint8Array): void {
    for (let i = 0; i < DIM; i++) {
      const bell = this.uniform() + this.uniform() + this.uniform() + this.uniform() - 2;
      into[i] = Math.max(0, Math.min(255, Math.round((this.means[label * DIM + i] ?? 0) + noise * bell)));
    }
  }

  private uniform(): number {
    return this.random.next() / 2 ** 32;
  }
}

/** A dataset with train and test, of whose test images a share are copies of images in train. */
function planted(
  leakedShare: number,
  easyCopies: boolean,
  seed: number,
): { table: FeatureTable; leaked: Uint8Array; stays: Uint8Array } {
  const pictures = new Pictures(seed);
  const rows = TRAIN + TEST + FRESH;
  const pixels = new Uint8Array(rows * DIM);
  const labels = Int32Array.from({ length: rows }, () => pictures.label());
  const leaked = new Uint8Array(rows);
  const stays = new Uint8Array(rows).fill(1);
  const copies = Math.round(leakedShare * TEST);
  for (let row = 0; row < rows; row++) {
    // Images with less noise are recognised by every model, whether it saw them or not.
    const isCopied = row < copies;
    pictures.draw(labels[row] ?? 0, easyCopies && isCopied ? 20 : 60, pixels.subarray(row * DIM, (row + 1) * DIM));
  }
  for (let copy = 0; copy < copies; copy++) {
    pixels.copyWithin((TRAIN + copy) * DIM, copy * DIM, (copy + 1) * DIM);
    labels[TRAIN + copy] = labels[copy] ?? 0;
    leaked[TRAIN + copy] = 1;
    // The test split is protected: train gives way.
    stays[copy] = 0;
  }
  return { table: { pixels, height: SIDE, width: SIDE, channels: 1, labels, classes: CLASSES }, leaked, stays };
}

/** What the lab says of a planted dataset, and the accuracy of the model on images that were in no split. */
async function measure(
  model: ModelName,
  leakedShare: number,
  { easyCopies = false, seed = 11 } = {},
): Promise<{ readonly cost: Cost; readonly fresh: number }> {
  const { table, leaked, stays } = planted(leakedShare, easyCopies, seed);
  const rows = table.labels.length;
  const splitRole = new Uint8Array(rows).fill(ROLE_CODES.test).fill(ROLE_CODES.train, 0, TRAIN);
  const spec = completeExperiment({ models: [model], sizes: ["all"], seeds: [1, 2, 3] });
  const kept = stays.subarray(0, TRAIN).reduce((sum, stay) => sum + stay, 0);
  const plan = planRuns(spec, { original: TRAIN, sanitized: kept });
  const runs: CostRun[] = [];
  let fresh = 0;
  const job = {
    table,
    classes: Array.from({ length: CLASSES }, (_, index) => `class ${index}`),
    splitRole,
    stays,
    spec,
    plan,
    finished: new Set<number>(),
  };
  await runExperiment(
    job,
    {
      signal: new AbortController().signal,
      progress: (event) => {
        if (event.type !== "run") return;
        const { predicted, confidence, losses } = event.outcome.predictions;
        const planned = plan[event.run];
        assert.ok(planned !== undefined);
        // The fresh images came along as test images, so that the truth is measured by the same model.
        const right = predicted
          .subarray(TEST)
          .filter((label, index) => label === table.labels[TRAIN + TEST + index]).length;
        if (planned.data === "sanitized")
          fresh += right / FRESH / plan.filter((run) => run.data === "sanitized").length;
        runs.push({
          planned,
          predictions: {
            predicted: predicted.slice(0, TEST),
            confidence: confidence.slice(0, TEST),
            losses: losses.slice(0, TEST),
          },
        });
      },
    },
    () => Promise.resolve(),
  );
  const test: TestColumns = {
    labels: table.labels.slice(TRAIN, TRAIN + TEST),
    stays: new Uint8Array(TEST).fill(1),
    leaked: leaked.slice(TRAIN, TRAIN + TEST),
    groups: Uint32Array.from({ length: TEST }, (_, image) => image),
  };
  const [cost] = leakageCosts(runs, test);
  assert.ok(cost !== undefined);
  return { cost, fresh };
}

describe("planted leakage, where the truth is known", () => {
  it("costs nothing where there is none", async () => {
    const { cost } = await measure("knn", 0);
    assert.equal(cost.memorising, null);
    assert.match(cost.sentence, /^No test image has a duplicate in train or validation/);
  });

  for (const share of [0.05, 0.2, 0.5]) {
    it(`finds what nearest neighbours memorise of ${share * 100} % of the test images`, async () => {
      let covered = 0;
      for (const seed of DATASETS) {
        const { cost, fresh } = await measure("knn", share, { seed });
        // A copy of an image in train is always recognised; without it the model is as good as on any new image.
        const truth = share * (1 - fresh);
        const { memorising, composition } = cost;
        assert.ok(memorising !== null && composition !== null);
        assert.ok(memorising.low > 0, JSON.stringify(memorising));
        if (memorising.low <= truth && truth <= memorising.high) covered++;
        assert.match(cost.sentence, /points are memorising .*because it has seen them\.$/);
      }
      // Of six intervals of 95 %, fewer than five cover with a chance of 3 %.
      assert.ok(covered >= 5, `${covered} of ${DATASETS.length}`);
    });

    it(`says that softmax regression memorises next to nothing of ${share * 100} %`, async () => {
      let sum = 0;
      for (const seed of DATASETS) {
        const { memorising } = (await measure("softmax", share, { seed })).cost;
        assert.ok(memorising !== null);
        sum += memorising.value / DATASETS.length;
        // 37 weights a class against hundreds of images of it leave next to no room to remember single ones.
        assert.ok(memorising.low <= 0.005, JSON.stringify(memorising));
      }
      assert.ok(Math.abs(sum) < 0.03 * share + 0.002, `${sum}`);
    });
  }

  it("does not take easy images for memorised ones", async () => {
    const { cost } = await measure("softmax", 0.2, { easyCopies: true });
    const { composition, memorising, drop } = cost;
    assert.ok(composition !== null && memorising !== null && drop !== null);
    assert.ok(composition.low > 0 && composition.value > 0.9 * drop.value, JSON.stringify(cost));
    assert.match(cost.sentence, /find them easier, too/);
  });
});
