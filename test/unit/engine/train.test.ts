import assert from "node:assert/strict";
import path from "node:path";
import { costSentence } from "../../../src/core/training/cost";
import { DEFAULT_TRAINING, type TrainingEvent } from "../../../src/core/training/training";
import { faultyDataset, inspect, quiet, useEngine, writeTree } from "./support";
import { encodePng } from "../../support/png";

/** A 4 x 4 picture that is bright on the left for class A and on the right for class B, with some noise. */
function picture(label: "A" | "B", seed: number): Buffer {
  const bright = (column: number): boolean => column < 2 === (label === "A");
  const rows = Uint8Array.from(
    { length: 16 },
    (_, index) => (bright(index % 4) ? 180 : 20) + (Math.imul(seed * 31 + index + 1, 0x9e3779b1) >>> 26),
  );
  return encodePng({ width: 4, height: 4, rows });
}

describe("training a baseline", () => {
  const { engine, scratch } = useEngine();

  it("learns, on original and on sanitized data, and scores the leaked part apart", async () => {
    const files: Record<string, Uint8Array> = {};
    for (const label of ["A", "B"] as const) {
      for (let seed = 0; seed < 40; seed++) files[`train/${label}/${seed}.png`] = picture(label, seed);
      for (let seed = 100; seed < 110; seed++) files[`val/${label}/${seed}.png`] = picture(label, seed);
      for (let seed = 35; seed < 50; seed++) files[`test/${label}/${seed}.png`] = picture(label, seed);
    }
    const root = writeTree(path.join(scratch, "toy"), files);
    const { inspection, report } = await inspect(engine, [root]);
    const leaked = report.leakage.find(
      (entry) => entry.split === "test" && entry.in === "train" && entry.tier === "pixel",
    );
    const events: TrainingEvent[] = [];
    const spec = { ...DEFAULT_TRAINING, sizes: [10, "all"] as const, epochs: 40, batchSize: 8 };
    const result = await engine.train({ inspection, spec }, { ...quiet(), progress: (event) => events.push(event) });
    assert.equal(result.schema, "cleansplit/training@1");
    assert.equal(result.features, "4 x 4 grey, (p - 127.5) / 255");
    assert.deepEqual(
      result.runs.map((run) => [run.data, run.size, run.epochs.length]),
      [
        ["original", 10, 40],
        ["sanitized", 10, 40],
        ["original", "all", 40],
        ["sanitized", "all", 40],
      ],
    );
    const all = result.runs.filter((run) => run.size === "all");
    for (const run of all) {
      assert.ok(run.test.accuracy > 0.95, `${run.data} ${run.test.accuracy}`);
      assert.ok((run.epochs.at(-1)?.loss ?? 1) < (run.epochs[0]?.loss ?? 0));
    }
    assert.equal(all[0]?.parts.leaked?.samples, leaked?.samples);
    assert.equal((all[0]?.parts.clean?.samples ?? 0) + (all[0]?.parts.leaked?.samples ?? 0), 30);
    assert.equal(events.filter((event) => event.type === "epoch").length, 160);
    assert.match(costSentence(result.runs) ?? "", /of 30 test images also occur in train or validation/);
  });

  it("says what is missing when a dataset has no splits to train on", async () => {
    const root = writeTree(path.join(scratch, "flat"), { "A/1.png": picture("A", 1), "B/2.png": picture("B", 2) });
    const { inspection } = await inspect(engine, [root]);
    await assert.rejects(
      engine.train({ inspection, spec: DEFAULT_TRAINING }, quiet()),
      /expected labelled images in a train and a test split/,
    );
  });

  it("stops when it is cancelled", async () => {
    const root = faultyDataset(path.join(scratch, "cancel"));
    const { inspection } = await inspect(engine, [root]);
    const abort = new AbortController();
    const training = engine.train(
      { inspection, spec: { ...DEFAULT_TRAINING, epochs: 100_000 } },
      { signal: abort.signal, progress: (event) => event.type === "epoch" && abort.abort() },
    );
    await assert.rejects(training, (error) => error instanceof Error && error.name === "AbortError");
  });
});
