import assert from "node:assert/strict";
import { CleanSplitError } from "../../../src/core/errors";
import type { ExperimentSpec } from "../../../src/core/training/experiment";
import { balancedSubset } from "../../../src/core/training/subset";
import { isAbort } from "../../../src/engine/process/rpc";
import { checkJob, runExperiment } from "../../../src/engine/training/runExperiment";
import {
  ROLE_CODES,
  type RunExperiment,
  type RunOutcome,
  type TrainerEvent,
  type TrainerJob,
} from "../../../src/engine/training/trainerJob";
import { bandJob, bandTable, FakeBackend, OPEN, openersOf, range, SMALL } from "./bands";
import { recordingRun } from "./toy";

const TABLE = bandTable(500);
const kernel = (): FakeBackend => new FakeBackend("kernel", ["softmax", "knn"]);
const free = (changes: Partial<ExperimentSpec> = {}): ExperimentSpec => ({ ...SMALL, backend: null, ...changes });

/** The events of a job. */
async function eventsOf(job: TrainerJob, backend?: FakeBackend): Promise<TrainerEvent[]> {
  const run = recordingRun<TrainerEvent>();
  const trainer: RunExperiment = runExperiment;
  await (backend === undefined ? trainer(job, run, OPEN) : runExperiment(job, run, OPEN, openersOf(backend)));
  return run.events;
}

/** What came of each run, without the time it took. */
function outcomesOf(events: readonly TrainerEvent[]): Omit<RunOutcome, "seconds">[] {
  return events.flatMap((event) => {
    if (event.type !== "run") return [];
    const { seconds, ...rest } = event.outcome;
    assert.ok(seconds > 0);
    return [rest];
  });
}

describe("runExperiment", () => {
  it("learns, tells every epoch and run, and predicts the test rows in their order", async () => {
    const events = await eventsOf(bandJob(TABLE));
    assert.deepEqual(
      events.map((event) => (event.type === "started" ? event.type : `${event.type} ${event.run}`)),
      ["started", ...[0, 1, 2, 3].flatMap((run) => [...Array<string>(5).fill(`epoch ${run}`), `run ${run}`])],
    );
    const [started] = events;
    assert.ok(started?.type === "started");
    assert.deepEqual(started.backends, {
      softmax: { backend: "wasm", reason: "TensorFlow.js WebAssembly, as asked for" },
    });
    const numbers = events.flatMap((event) => (event.type === "epoch" && event.run === 2 ? [event.epoch] : []));
    assert.deepEqual(numbers, [0, 1, 2, 3, 4]);

    const [, , all] = outcomesOf(events);
    assert.ok(all !== undefined);
    const { predicted, losses, confidence } = all.predictions;
    assert.deepEqual([predicted.length, losses.length, confidence.length], [100, 100, 100]);
    const right = predicted.filter((label, i) => label === TABLE.labels[400 + i]).length;
    assert.ok(right >= 95, `${right} of 100 are right`);
    const validated = events.flatMap((event) => {
      if (event.type !== "epoch" || event.run !== 2) return [];
      return [{ loss: event.score.valLoss, accuracy: event.score.valAccuracy, samples: 100 }];
    });
    assert.deepEqual(all.validation, validated.at(-1));
    assert.deepEqual(
      all.parameters.map(({ name, shape }) => [name, shape]),
      [
        ["dense/kernel", [64, 4]],
        ["dense/bias", [4]],
      ],
    );
  });

  it("gives the same numbers twice, with every model", async () => {
    const spec: ExperimentSpec = {
      ...SMALL,
      models: ["softmax", "softmax-l2", "mlp", "cnn"],
      sizes: [40],
      data: ["original"],
      epochs: 2,
      learningRate: 0.1,
    };
    const first = await eventsOf(bandJob(TABLE, spec));
    const second = await eventsOf(bandJob(TABLE, spec));
    assert.equal(outcomesOf(first).length, 4);
    assert.deepEqual(outcomesOf(second), outcomesOf(first));
    const curves = [first, second].map((events) => events.filter((event) => event.type === "epoch"));
    assert.deepEqual(curves[1], curves[0]);
    const [other] = outcomesOf(await eventsOf(bandJob(TABLE, { ...spec, models: ["softmax"], seeds: [4] })));
    assert.notDeepEqual(other, outcomesOf(first)[0]);
  });

  it("trains on the balanced subset of its seed, and never on what left, has no label or is no training row", async () => {
    const labels = TABLE.labels.map((label, row) => (row % 7 === 0 ? ([-1, 4, 99][row % 3] ?? 0) : label));
    const backend = kernel();
    const job = bandJob({ ...TABLE, labels }, free());
    await eventsOf(job, backend);
    const usable = (row: number): boolean => row % 7 !== 0;
    const candidates = range(0, 300).filter(usable);
    const staying = candidates.filter((row) => row % 10 !== 0);
    const sets = backend.requests.map(({ train }) => train);
    assert.deepEqual(sets, [
      balancedSubset(labels, candidates, 40, 4, 3),
      balancedSubset(labels, staying, 40, 4, 3),
      candidates,
      staying,
    ]);
    // Batches hold rows of their set; validation after each of 5 epochs, and the test rows once.
    const trainedOn = new Set(backend.steps.flatMap((rows) => [...rows]));
    assert.deepEqual(
      [...trainedOn].sort((a, b) => a - b),
      [...candidates],
    );
    const validation = [range(300, 400).filter(usable), range(300, 400).filter((row) => usable(row) && row % 10 !== 0)];
    const test = range(400, 500).filter(usable);
    const expected = validation.concat(validation).flatMap((rows) => [...Array<Uint32Array>(5).fill(rows), test]);
    assert.deepEqual(backend.predicted, expected);
    assert.deepEqual([backend.disposed, backend.closed], [4, 1]);
    assert.ok(backend.requests.every(({ seed, recipe }) => seed === 3 && recipe?.learningRate === 0.5));
  });

  it("has nearest neighbours predict without epochs, few rows at once", async () => {
    const large = bandTable(500, { height: 128, width: 128 });
    const backend = kernel();
    const events = await eventsOf(
      bandJob(large, free({ models: ["knn"], sizes: ["all"], data: ["original"] })),
      backend,
    );
    assert.deepEqual(
      events.map(({ type }) => type),
      ["started", "run"],
    );
    assert.equal(backend.requests[0]?.recipe, null);
    assert.equal(backend.steps.length, 0);
    assert.equal(outcomesOf(events)[0]?.validation?.samples, 100);
    assert.ok(backend.predicted.every((rows) => rows.length * 300 * 128 * 128 <= 2 ** 29));
  });

  it("leaves out finished runs, without a change to the others", async () => {
    const job = bandJob(TABLE);
    const all = await eventsOf(job);
    const rest = await eventsOf({ ...job, finished: new Set([0, 2]) });
    const wanted = all.filter((event) => event.type === "started" || event.run === 1 || event.run === 3);
    assert.deepEqual(outcomesOf(rest), outcomesOf(wanted));
    assert.deepEqual(
      rest.map((event) => ("run" in event ? event.run : -1)),
      wanted.map((event) => ("run" in event ? event.run : -1)),
    );
  });

  it("works without validation rows", async () => {
    const job = bandJob(TABLE);
    const splitRole = job.splitRole.map((role) => (role === ROLE_CODES.validation ? ROLE_CODES.other : role));
    const events = await eventsOf({ ...job, splitRole });
    assert.ok(outcomesOf(events).every(({ validation }) => validation === null));
  });

  it("ends its back ends when it is cancelled and when a training fails", async () => {
    const cancelled = kernel();
    const run = recordingRun<TrainerEvent>((event, abort) => {
      if (event.type === "epoch") abort.abort();
    });
    await assert.rejects(runExperiment(bandJob(TABLE, free()), run, OPEN, openersOf(cancelled)), isAbort);
    assert.equal(run.events.filter(({ type }) => type === "run").length, 0);
    assert.deepEqual([cancelled.disposed, cancelled.closed], [1, 1]);
    const diverging = new FakeBackend("kernel", ["softmax"], () => Number.NaN);
    await assert.rejects(eventsOf(bandJob(TABLE, free()), diverging), CleanSplitError);
    assert.deepEqual([diverging.disposed, diverging.closed], [1, 1]);
  });
});

describe("checkJob", () => {
  const job = bandJob(TABLE);
  const without = (role: keyof typeof ROLE_CODES): Partial<TrainerJob> => ({
    splitRole: job.splitRole.map((code) => (code === ROLE_CODES[role] ? ROLE_CODES.other : code)),
  });
  const cases: readonly [string, Partial<TrainerJob>, RegExp][] = [
    [
      "no train split",
      without("train"),
      /^Training needs a train split with labelled images and there is none; say which/,
    ],
    [
      "no test split",
      without("test"),
      /^Training needs a test split with labelled images and there is none; say which/,
    ],
    [
      "no labels",
      { table: { ...TABLE, labels: TABLE.labels.map(() => -1) } },
      /^Training needs a train split with labelled images and there is none/,
    ],
    [
      "no training image that stays",
      { stays: job.stays.map((stay, row) => (row < 300 ? 0 : stay)) },
      /^No labelled training image is left in the sanitized data; train on the original data only\.$/,
    ],
    [
      "no test image that stays",
      { stays: job.stays.map((stay, row) => (row >= 400 ? 0 : stay)) },
      /^No labelled test image is left in the sanitized data; train on the original data only\.$/,
    ],
    [
      "one class",
      { table: { ...TABLE, labels: TABLE.labels.map((label, row) => (row < 300 ? 2 : label)) } },
      /^Training needs images of at least two classes, and all labelled training images are "class 2"\.$/,
    ],
    [
      "one class that stays",
      { stays: job.stays.map((stay, row) => (row < 300 && TABLE.labels[row] !== 1 ? 0 : stay)) },
      /^Training needs images of at least two classes, and all labelled training images in the sanitized data are "class 1"\.$/,
    ],
  ];
  for (const [name, changes, message] of cases) {
    it(`refuses a job with ${name}`, async () => {
      const broken = { ...job, ...changes };
      const isRefusal = (error: unknown): boolean =>
        error instanceof CleanSplitError && error.reason === "not-a-dataset" && message.test(error.message);
      assert.throws(() => checkJob(broken), isRefusal);
      await assert.rejects(eventsOf(broken), isRefusal);
    });
  }

  it("asks nothing of sanitized data that are not trained on", () => {
    const plan = job.plan.filter(({ data }) => data === "original");
    checkJob({ ...job, plan, stays: job.stays.map(() => 0) });
  });
});
