import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CleanSplitError, type ErrorReason } from "../../../src/core/errors";
import type { ExperimentResult } from "../../../src/core/training/experiment";
import { EngineProcess } from "../../../src/engine/process/engineProcess";
import { isAbort } from "../../../src/engine/process/rpc";
import { isTrainerRunning } from "../../../src/engine/process/trainer";
import { readEndpoint } from "../../../src/engine/process/trainerApi";
import { GRACE_VARIABLE } from "../../../src/engine/process/trainerServer";
import { DIST, eventually, Following, LONG, quiet, SHORT, useLab } from "./support";

function failsWith(reason: ErrorReason, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CleanSplitError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  };
}

/** What was trained, without what differs between two times: names and seconds. */
function learnt({ runs, costs }: ExperimentResult): unknown {
  return { costs, runs: runs.map(({ run, curve, result }) => ({ run, curve, scores: result?.scores })) };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("the trainer of an experiment", () => {
  const lab = useLab();
  const engine = lab.engine();
  const { kept } = lab;
  const folderOf = (experiment: string): string => path.join(kept, experiment);
  const statusOf = async (experiment: string): Promise<string> =>
    (await engine.experiment({ experiment }, quiet())).status;

  it("killed, gives one error; what finished is kept, and gone on with it learns the same", async () => {
    const inspection = await lab.inspected(engine);
    // The runs on all images take seconds together: time to kill the trainer after the first ones.
    const spec = { ...SHORT, epochs: 60, batchSize: 1 };
    const whole = await engine.runExperiment({ inspection, spec }, quiet());

    const following = new Following();
    const failed = assert.rejects(
      engine.runExperiment({ inspection, spec }, following),
      failsWith(
        "stopped",
        /^The trainer process ended unexpectedly \(signal SIGKILL\) after [1-7] of 8 runs\. .*resume/,
      ),
    );
    const experiment = await following.experiment();
    await following.until(() => following.of("run").length >= 2);
    const trainer = await lab.trainer(experiment);
    process.kill(trainer.pid, "SIGKILL");
    await failed;
    assert.equal(following.of("status").at(-1)?.status, "interrupted");
    assert.equal(readEndpoint(folderOf(experiment)), null, "its socket was removed");
    const half = await engine.experiment({ experiment }, quiet());
    assert.equal(half.status, "interrupted");
    const before = half.runs.filter(({ result }) => result !== null);
    assert.ok(before.length >= 2 && before.length < 8);

    const again = new Following();
    const resumed = await engine.resumeExperiment({ inspection, experiment }, again);
    assert.equal(resumed.status, "done");
    assert.deepEqual(learnt(resumed), learnt(whole));
    // What the trainer finished before it was followed is in the snapshot.
    const found = again.of("snapshot")[0]?.experiment.runs.filter(({ result }) => result !== null) ?? [];
    const told = [...found, ...again.of("run")].map(({ run }) => run);
    assert.deepEqual(
      told.filter((run) => before.every((known) => known.run !== run)),
      [0, 1, 2, 3, 4, 5, 6, 7].filter((run) => before.every((known) => known.run !== run)),
    );
    assert.equal(existsSync(path.join(folderOf(experiment), "features.bin")), false);
  });

  it("is killed when the experiment is cancelled, which can be gone on with", async () => {
    const inspection = await lab.inspected(engine);
    const following = new Following();
    const cancelled = assert.rejects(engine.runExperiment({ inspection, spec: LONG }, following), isAbort);
    const experiment = await following.experiment();
    await following.epochs(3);
    const { pid } = await lab.trainer(experiment);
    following.cancel();
    await cancelled;
    await eventually(() => !isAlive(pid));
    assert.equal(following.of("status").at(-1)?.status, "cancelled");
    const result = await engine.experiment({ experiment }, quiet());
    assert.equal(result.status, "cancelled");
    assert.ok((result.runs[0]?.curve.length ?? 0) >= 3);

    const again = new Following();
    const stopped = assert.rejects(engine.resumeExperiment({ inspection, experiment }, again), isAbort);
    await again.live(3);
    assert.deepEqual(again.curve(0).slice(0, 3), result.runs[0]?.curve.slice(0, 3));
    again.cancel();
    await stopped;
  });

  it("waits while it is paused", async () => {
    const inspection = await lab.inspected(engine);
    const following = new Following();
    const ended = assert.rejects(engine.runExperiment({ inspection, spec: LONG }, following), isAbort);
    const experiment = await following.experiment();
    await following.epochs(1);
    await engine.pauseExperiment({ experiment, paused: true }, quiet());
    await following.until(() => following.of("status").at(-1)?.status === "paused");
    assert.equal(await statusOf(experiment), "paused");
    // Another window sees it paused and has it go on.
    const other = lab.engine();
    const second = new Following();
    const followed = assert.rejects(
      other.resumeExperiment({ inspection: await lab.inspected(other), experiment }, second),
      isAbort,
    );
    await second.until(() => second.of("snapshot").length > 0);
    assert.equal(second.of("snapshot")[0]?.experiment.status, "paused");
    const journal = path.join(folderOf(experiment), "journal.jsonl");
    const { size } = statSync(journal);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(statSync(journal).size, size);
    await other.pauseExperiment({ experiment, paused: false }, quiet());
    await second.live(1);
    await following.until(() => following.of("status").at(-1)?.status === "training");
    // Who cancels cancels for both.
    second.cancel();
    await Promise.all([ended, followed]);
    await assert.rejects(
      engine.pauseExperiment({ experiment, paused: true }, quiet()),
      failsWith("refused", /does not run/),
    );
  });

  it("goes on when its engine is killed, and no epoch is lost to the next one", async () => {
    const process = new EngineProcess({
      dist: DIST,
      indexFolder: path.join(lab.scratch, "index"),
      bundle: null,
      experimentsFolder: kept,
      nativeFolder: path.join(lab.scratch, "native"),
      log: () => undefined,
    });
    const inspection = await lab.inspected(process.engine);
    const following = new Following();
    const lost = assert.rejects(
      process.engine.runExperiment({ inspection, spec: LONG }, following),
      failsWith("stopped", /The CleanSplit engine ended unexpectedly/),
    );
    const experiment = await following.experiment();
    await following.epochs(3);
    globalThis.process.kill(process.pid ?? 0, "SIGKILL");
    await lost;
    const again = new Following();
    const ended = assert.rejects(
      engine.resumeExperiment({ inspection: await lab.inspected(engine), experiment }, again),
      isAbort,
    );
    await again.live(3);
    assert.equal(again.of("snapshot").length, 1, "the trainer did not begin anew");
    assert.deepEqual(again.curve(0).slice(0, 3), following.curve(0).slice(0, 3));
    again.cancel();
    await ended;
    process.dispose();
  });

  it("ends when nobody follows it for a while; gone on with it learns the same", async () => {
    const inspection = await lab.inspected(engine);
    const first = lab.engine();
    const following = new Following();
    process.env[GRACE_VARIABLE] = "1";
    const left = assert.rejects(
      first.runExperiment({ inspection: await lab.inspected(first), spec: LONG }, following),
      failsWith("stopped", /The engine was closed/),
    );
    const experiment = await following.experiment();
    // As if it had never been set.
    process.env[GRACE_VARIABLE] = "";
    await following.epochs(2);
    await first.close();
    await left;
    // Asking the trainer itself would be following it: it says that it ends by cleaning up.
    await eventually(() => readEndpoint(folderOf(experiment)) === null);
    assert.equal(await isTrainerRunning(folderOf(experiment)), false);
    assert.equal(await statusOf(experiment), "interrupted");
    const again = new Following();
    const ended = assert.rejects(engine.resumeExperiment({ inspection, experiment }, again), isAbort);
    await again.live(2);
    assert.deepEqual(again.curve(0).slice(0, 2), following.curve(0).slice(0, 2));
    again.cancel();
    await ended;
  });

  it("is started once, whoever asks for it at the same time", async () => {
    const inspection = await lab.inspected(engine);
    const first = new Following();
    const cancelled = assert.rejects(engine.runExperiment({ inspection, spec: LONG }, first), isAbort);
    const experiment = await first.experiment();
    await first.epochs(1);
    first.cancel();
    await cancelled;
    const both = [new Following(), new Following()];
    const followed = both.map((one) =>
      assert.rejects(engine.resumeExperiment({ inspection, experiment }, one), isAbort),
    );
    await Promise.all(both.map((one) => one.live(5)));
    assert.deepEqual(both[0]?.curve(0).slice(0, 5), both[1]?.curve(0).slice(0, 5));
    both[0]?.cancel();
    await Promise.all(followed);
  });

  it("that crashes at its start gives one error with the cause", async () => {
    const dist = path.join(lab.scratch, "crashing");
    mkdirSync(dist);
    for (const name of readdirSync(DIST).filter((name) => /^worker\.js|\.wasm$/.test(name))) {
      writeFileSync(path.join(dist, name), readFileSync(path.join(DIST, name)));
    }
    writeFileSync(path.join(dist, "trainer.js"), 'throw new RangeError("no luck");');
    const crashing = lab.engine({ dist });
    const inspection = await lab.inspected(crashing);
    await assert.rejects(
      crashing.runExperiment({ inspection, spec: SHORT }, quiet()),
      failsWith("stopped", /\(exit code 1: RangeError: no luck\) before it began\./),
    );
    const [summary] = await crashing.experiments({ inspection }, quiet());
    assert.equal(summary?.status, "interrupted");
    const { status } = await engine.resumeExperiment(
      { inspection: await lab.inspected(engine), experiment: summary.experiment },
      quiet(),
    );
    assert.equal(status, "done");
  });

  it("that fails by the training gives its error, and is not gone on with", async () => {
    const inspection = await lab.inspected(engine);
    const following = new Following();
    await assert.rejects(
      engine.runExperiment({ inspection, spec: { ...SHORT, learningRate: 1e300 } }, following),
      failsWith("unsupported", /diverge/),
    );
    const experiment = await following.experiment();
    const result = await engine.experiment({ experiment }, quiet());
    assert.equal(result.status, "failed");
    assert.match(result.error ?? "", /diverge/);
    await assert.rejects(
      engine.resumeExperiment({ inspection, experiment }, quiet()),
      failsWith("refused", /failed and cannot go on: .*diverge/),
    );
  });

  it("is not believed, and does not obey, without the token of its experiment", async () => {
    const inspection = await lab.inspected(engine);
    const following = new Following();
    const ended = assert.rejects(engine.runExperiment({ inspection, spec: LONG }, following), isAbort);
    const experiment = await following.experiment();
    const folder = folderOf(experiment);
    const endpoint = readEndpoint(folder);
    assert.ok(endpoint !== null);
    if (process.platform !== "win32") {
      assert.equal(statSync(path.join(folder, "trainer.json")).mode & 0o777, 0o600);
      assert.equal(statSync(path.dirname(endpoint.socket)).mode & 0o777, 0o700);
    }
    const stolen = path.join(lab.scratch, "stolen");
    mkdirSync(stolen);
    writeFileSync(path.join(stolen, "trainer.json"), JSON.stringify({ ...endpoint, token: "another" }));
    assert.equal(await isTrainerRunning(stolen), false);
    assert.equal(await isTrainerRunning(folder), true);
    following.cancel();
    await ended;
  });
});
