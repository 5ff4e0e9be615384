import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { CleanSplitError } from "../../../src/core/errors";
import type { EpochScore, Score } from "../../../src/core/training/experiment";
import { isAbort } from "../../../src/engine/process/rpc";
import type { Classifier } from "../../../src/engine/training/classifier";
import { fit, predictBatch, predictRows, scoreRows, Turns, type FitRows } from "../../../src/engine/training/fit";
import type { Gate } from "../../../src/engine/training/trainerJob";
import { takesAtMost } from "../../support/takesAtMost";
import { bandTable, OPEN, range } from "./bands";

const TABLE = bandTable(100, { classes: 3 });
const NONE = new Uint32Array(0);

interface Fake extends Classifier {
  readonly steps: Uint32Array[];
  readonly predicted: Uint32Array[];
}

/** A classifier that learns nothing; `onStep` answers the loss of a step. */
function fake(onStep: (step: number) => Partial<Score> = () => ({}), logits: readonly number[] = [0, 0, 0]): Fake {
  const [steps, predicted]: [Uint32Array[], Uint32Array[]] = [[], []];
  return {
    steps,
    predicted,
    step: (rows) => {
      steps.push(rows.slice());
      return { loss: 1, accuracy: 0.5, ...onStep(steps.length - 1), samples: rows.length };
    },
    predict: (rows) => {
      predicted.push(rows.slice());
      return Float32Array.from({ length: 3 * rows.length }, (_, i) => logits[i % 3] ?? 0);
    },
    parameters: () => [],
    dispose: () => undefined,
  };
}

/** Keeps the processor busy for longer than work may last before the event loop gets a turn. */
function work(): void {
  const end = performance.now() + 25;
  while (performance.now() < end);
}

async function train(
  model: Classifier,
  {
    rows = {},
    epochs = 2,
    seed = 1,
    signal = new AbortController().signal,
    gate = OPEN,
  }: {
    rows?: Partial<FitRows>;
    epochs?: number;
    seed?: number;
    signal?: AbortSignal;
    gate?: Gate;
  } = {},
): Promise<EpochScore[]> {
  const curve: EpochScore[] = [];
  const all = { table: TABLE, train: range(0, 10), validation: range(90, 100), ...rows };
  await fit(model, all, { epochs, batchSize: 4 }, seed, new Turns(signal, gate), (score) => curve.push(score));
  return curve;
}

describe("fit", () => {
  it("trains on every row once an epoch, in an order of its own, with a smaller last batch", async () => {
    const model = fake();
    await train(model);
    assert.deepEqual(
      model.steps.map((rows) => rows.length),
      [4, 4, 2, 4, 4, 2],
    );
    const epochs = [model.steps.slice(0, 3), model.steps.slice(3)].map((steps) => steps.flatMap((rows) => [...rows]));
    for (const order of epochs)
      assert.deepEqual(
        [...order].sort((a, b) => a - b),
        [...range(0, 10)],
      );
    assert.notDeepEqual(epochs[0], epochs[1]);
    const [same, other] = [fake(), fake()];
    await train(same);
    await train(other, { seed: 2 });
    assert.deepEqual(same.steps, model.steps);
    assert.notDeepEqual(other.steps, model.steps);
  });

  it("leaves out what fills no whole batch where the recipe says so, each epoch something else", async () => {
    const model = fake();
    const rows = { table: TABLE, train: range(0, 10), validation: NONE };
    const recipe = { epochs: 3, batchSize: 4, wholeBatches: true };
    await fit(model, rows, recipe, 1, new Turns(new AbortController().signal, OPEN), () => undefined);
    assert.deepEqual(
      model.steps.map((step) => step.length),
      [4, 4, 4, 4, 4, 4],
    );
    assert.equal(new Set(model.steps.flatMap((step) => [...step])).size, 10);
    const few = fake();
    await fit(
      few,
      { ...rows, train: range(0, 3) },
      recipe,
      1,
      new Turns(new AbortController().signal, OPEN),
      () => undefined,
    );
    assert.deepEqual(
      few.steps.map((step) => step.length),
      [3, 3, 3],
    );
  });

  it("reports means over the batches as they were trained, and the validation rows", async () => {
    const model = fake((step) => ({ loss: step, accuracy: step / 10 }));
    const [first, second] = await train(model);
    // Batches of 4, 4 and 2.
    assert.ok(first !== undefined && second !== undefined);
    assert.ok(Math.abs(first.loss - 0.8) < 1e-12 && Math.abs(first.accuracy - 0.08) < 1e-12);
    assert.ok(Math.abs(second.loss - 3.8) < 1e-12);
    assert.ok(Math.abs((first.valLoss ?? 0) - Math.log(3)) < 1e-6);
    const share = range(90, 100).filter((row) => TABLE.labels[row] === 0).length / 10;
    assert.equal(first.valAccuracy, share);
    const [without] = await train(fake(), { rows: { validation: NONE } });
    assert.deepEqual([without?.valLoss, without?.valAccuracy], [null, null]);
  });

  it("stops at the next batch when it is cancelled, also within an epoch", async () => {
    const abort = new AbortController();
    const model = fake(() => {
      work();
      return {};
    });
    const training = train(model, { rows: { train: range(0, 80) }, epochs: 1000, signal: abort.signal });
    let steps = 0;
    // A turn of the event loop comes after the first batch.
    void nextTurn().then(() => {
      steps = model.steps.length;
      abort.abort();
    });
    await assert.rejects(training, isAbort);
    assert.ok(steps >= 1 && model.steps.length <= steps + 1, `${model.steps.length - steps} more batches`);
  });

  it("waits at a closed gate, and goes on where it was", async () => {
    let open = (): void => undefined;
    const closed = new Promise<void>((resolve) => (open = resolve));
    let waiting = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (waiting = resolve));
    const model = fake(() => {
      work();
      return {};
    });
    const training = train(model, {
      epochs: 1,
      gate: () => {
        waiting();
        return closed;
      },
    });
    await arrived;
    const halted = model.steps.length;
    for (let i = 0; i < 20; i++) await nextTurn();
    assert.equal(model.steps.length, halted);
    open();
    assert.equal((await training).length, 1);
    const free = fake();
    await train(free, { epochs: 1 });
    assert.deepEqual(model.steps, free.steps);
  });

  it("can be cancelled while it is paused", async () => {
    const abort = new AbortController();
    const gate = (): Promise<void> => {
      setImmediate(() => abort.abort());
      return new Promise<void>(() => undefined);
    };
    await assert.rejects(
      train(
        fake(() => (work(), {})),
        { signal: abort.signal, gate },
      ),
      isAbort,
    );
  });

  it("says when the training diverges", async () => {
    for (const loss of [Number.NaN, Infinity]) {
      await assert.rejects(train(fake((step) => (step === 1 ? { loss } : {}))), (error) => {
        assert.ok(error instanceof CleanSplitError);
        assert.match(
          error.message,
          /^The training diverged: its loss is no longer a number; lower the learning rate\.$/,
        );
        return true;
      });
    }
    await assert.rejects(train(fake(undefined, [0, Number.NaN, 0])), CleanSplitError);
  });
});

describe("Turns", () => {
  it("counts the time at the gate, and no other", async () => {
    const turns = (): Turns =>
      new Turns(new AbortController().signal, () => new Promise((resolve) => setTimeout(resolve, 60)));
    await takesAtMost(0, async () => {
      const early = turns();
      await early.pass();
      return early.paused;
    });
    const late = turns();
    work();
    await late.pass();
    assert.ok(late.paused >= 50);
  });
});

describe("predictions", () => {
  const turns = (): Turns => new Turns(new AbortController().signal, OPEN);

  it("are those of the rows in their order, in batches of one size", async () => {
    const model = fake(undefined, [1, 3, 2]);
    const rows = Uint32Array.of(7, 3, 99, 0, 50);
    const { predicted, confidence, losses } = await predictRows(model, TABLE, rows, turns(), 2);
    assert.deepEqual(model.predicted, [Uint32Array.of(7, 3), Uint32Array.of(99, 0), Uint32Array.of(50)]);
    assert.deepEqual(predicted, new Uint16Array(5).fill(1));
    const total = Math.exp(1) + Math.exp(3) + Math.exp(2);
    for (const [i, row] of rows.entries()) {
      const expected = Math.log(total) - ([1, 3, 2][TABLE.labels[row] ?? 0] ?? 0);
      assert.ok(Math.abs((losses[i] ?? 0) - expected) < 1e-6);
      assert.ok(Math.abs((confidence[i] ?? 0) - Math.exp(3) / total) < 1e-6);
    }
  });

  it("are finite, whatever finite numbers a model says, and agree with the score", async () => {
    const logit = fc.oneof(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, -0, 1e38, -3.4e38));
    await fc.assert(
      fc.asyncProperty(fc.tuple(logit, logit, logit), async (logits) => {
        const rows = range(0, 20);
        const model = fake(undefined, logits);
        const { predicted, confidence, losses } = await predictRows(model, TABLE, rows, turns());
        assert.ok(losses.every((loss) => loss >= 0 && Number.isFinite(loss)));
        assert.ok(confidence.every((share) => share > 0.33 && share <= 1));
        const right = rows.filter((row) => predicted[row] === TABLE.labels[row]).length;
        const score = await scoreRows(model, TABLE, rows, turns());
        assert.ok(Math.abs((score?.accuracy ?? -1) - right / rows.length) < 1e-12);
      }),
      { numRuns: 50 },
    );
  });

  it("are refused when a model says what is no number", async () => {
    for (const logits of [
      [Number.NaN, 0, 0],
      [0, Infinity, 0],
    ]) {
      await assert.rejects(predictRows(fake(undefined, logits), TABLE, range(0, 3), turns()), CleanSplitError);
    }
    // Impossible classes are possible, and cost the most there is.
    const { losses } = await predictRows(fake(undefined, [0, -Infinity, -Infinity]), TABLE, range(0, 20), turns());
    assert.ok(losses.every((loss) => Number.isFinite(loss)));
  });

  it("of nothing are nothing", async () => {
    const model = fake();
    assert.equal(await scoreRows(model, TABLE, NONE, turns()), null);
    assert.equal((await predictRows(model, TABLE, NONE, turns())).predicted.length, 0);
    assert.equal(model.predicted.length, 0);
  });

  it("are made of at most 512 rows at once, and of fewer where pictures are large", () => {
    assert.equal(predictBatch(bandTable(0)), 512);
    assert.equal(predictBatch(bandTable(0, { height: 28, width: 28 })), 167);
    assert.equal(predictBatch({ ...TABLE, height: 1024, width: 1024, channels: 3 }), 1);
  });
});
