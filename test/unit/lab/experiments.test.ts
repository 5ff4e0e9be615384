import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import fc from "fast-check";
import { CleanSplitError, type ErrorReason } from "../../../src/core/errors";
import { TEST_SETS } from "../../../src/core/training/evaluation";
import type { ExperimentResult } from "../../../src/core/training/experiment";
import { ExperimentStore, MAX_EXPERIMENTS, MAX_FEATURES } from "../../../src/engine/lab/experimentStore";
import { mix32 } from "../../../src/core/training/random";
import { isAbort } from "../../../src/engine/process/rpc";
import { encodePng } from "../../support/png";
import { writeTree } from "../engine/support";
import { Following, LONG, picture, quiet, SHORT, toyDataset, TOY_LEAKED, useLab } from "./support";

function failsWith(reason: ErrorReason, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CleanSplitError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  };
}

describe("experiments", () => {
  const lab = useLab();
  const engine = lab.engine();
  let inspection = "";
  let done: ExperimentResult;
  const following = new Following();

  before(async () => {
    inspection = await lab.inspected(engine);
    done = await engine.runExperiment({ inspection, spec: { ...SHORT, epochs: 20, learningRate: 0.5 } }, following);
  });

  it("train every size, seed and kind of data, and score each model on the same four sets", () => {
    assert.equal(done.schema, "cleansplit/experiment@1");
    assert.equal(done.status, "done");
    assert.equal(done.features, "4 x 4 grey, (p - 127.5) / 255");
    assert.deepEqual(done.samples.test, { original: 30, sanitized: 30, clean: 30 - TOY_LEAKED, leaked: TOY_LEAKED });
    assert.deepEqual(done.samples.train, { original: 80, sanitized: 80 - TOY_LEAKED });
    assert.equal(done.plan.length, 8);
    for (const { run, curve, result } of done.runs) {
      assert.ok(result !== null);
      assert.equal(curve.length, 20);
      assert.deepEqual(result.curve, curve);
      assert.deepEqual(
        TEST_SETS.map((set) => result.scores[set]?.samples),
        TEST_SETS.map((set) => done.samples.test[set]),
      );
      if (result.size === "all") assert.ok((result.scores.original?.accuracy ?? 0) > 0.9);
      // On the most samples, with the first seed.
      assert.equal(result.isKept, result.size === "all" && result.seed === 1, `run ${run}`);
    }
    assert.deepEqual(
      done.costs.map(({ size, seeds }) => [size, seeds]),
      [
        [10, 2],
        ["all", 2],
      ],
    );
    assert.equal(done.backends.softmax?.backend, "cpu");
  });

  it("tell loading, a snapshot, every epoch and run, and costs as soon as they are known", async () => {
    assert.equal(following.events[0]?.type, "status");
    assert.deepEqual(following.of("loading").at(-1), { type: "loading", done: 130, total: 130 });
    assert.deepEqual(following.curve(7), done.runs[7]?.curve);
    assert.deepEqual(following.of("cost").at(-1)?.costs, done.costs);
    assert.deepEqual(following.of("status").at(-1), { type: "status", status: "done" });
  });

  it("are kept, for other windows too, without their images", async () => {
    const other = lab.engine();
    const own = await lab.inspected(other);
    assert.deepEqual(await other.experiment({ experiment: done.experiment }, quiet()), done);
    const [summary] = await other.experiments({ inspection: own }, quiet());
    assert.equal(summary?.experiment, done.experiment);
    assert.deepEqual([summary.finished, summary.planned, summary.status], [8, 8, "done"]);
    assert.equal(summary.sentence, done.costs[1]?.sentence);
    const again = new Following();
    assert.deepEqual(await other.resumeExperiment({ inspection: own, experiment: done.experiment }, again), done);
    assert.deepEqual(again.events, [{ type: "snapshot", experiment: done }]);
    assert.equal(existsSync(path.join(lab.kept, done.experiment, "features.bin")), false);
  });

  it("have costs also when nobody was there to compute them", async () => {
    rmSync(path.join(lab.kept, done.experiment, "costs.json"));
    assert.deepEqual((await engine.experiment({ experiment: done.experiment }, quiet())).costs, done.costs);
  });

  it("say of each run what it got wrong", async () => {
    const { experiment } = done;
    for (const set of TEST_SETS) {
      const { run, evaluation } = await engine.runDetails({ experiment, run: 0, set }, quiet());
      assert.deepEqual(evaluation.score, run.scores[set]);
      const query = { inspection, experiment, run: 0, set, from: 0, count: 500 };
      const page = await engine.mistakes({ ...query, cell: null }, quiet());
      const wrong = evaluation.score.samples * (1 - evaluation.score.accuracy);
      assert.equal(page.total, Math.round(wrong));
      for (const { id, label, predicted, leaked } of page.mistakes) {
        assert.ok(id.startsWith(`test/${label}/`));
        assert.notEqual(predicted, label);
        if (set !== "original" && set !== "sanitized") assert.equal(leaked, set === "leaked");
      }
      const confused = await engine.mistakes({ ...query, cell: { label: 0, predicted: 1 } }, quiet());
      assert.equal(confused.total, evaluation.confusion[0]?.[1]);
    }
    const missing = engine.runDetails({ experiment, run: 8, set: "clean" }, quiet());
    await assert.rejects(missing, failsWith("not-found", /Run 8 .* has not finished/));
  });

  it("name images by their sample while the dataset is the same, and by their id for good", async () => {
    const root = toyDataset(path.join(lab.scratch, "changing"));
    const first = await lab.inspected(engine, root);
    const spec = { ...SHORT, sizes: [2], seeds: [1], epochs: 1 };
    const { experiment } = await engine.runExperiment({ inspection: first, spec }, quiet());
    const query = { experiment, run: 0, set: "original", cell: null, from: 0, count: 9 } as const;
    const before = await engine.mistakes({ inspection: first, ...query }, quiet());
    writeTree(root, { "train/A/new.png": picture("A", 900) });
    const second = await lab.inspected(engine, root);
    const after = await engine.mistakes({ inspection: second, ...query }, quiet());
    assert.ok(before.mistakes.every(({ sample }) => sample !== null));
    assert.deepEqual(
      after.mistakes,
      before.mistakes.map((mistake) => ({ ...mistake, sample: null })),
    );
    const listed = await engine.experiments({ inspection: second }, quiet());
    assert.deepEqual(
      listed.map((summary) => summary.experiment),
      [experiment],
    );
    const file = path.join(lab.scratch, "changed.ipynb");
    await assert.rejects(
      engine.exportExperiment({ inspection: second, experiment, format: "keras", file, overwrite: false }, quiet()),
      failsWith("changed", /no longer what the experiment/),
    );
  });

  it("are written as files, and their kept models as folders", async () => {
    const { experiment } = done;
    const at = (name: string): string => path.join(lab.scratch, name);
    for (const [format, name] of [
      ["json", "x.json"],
      ["csv", "x.csv"],
      ["sklearn", "x.ipynb"],
    ] as const) {
      const request = { inspection, experiment, format, file: at(name), overwrite: false };
      const { files } = await engine.exportExperiment(request, quiet());
      assert.equal(files[0], at(name));
      assert.ok(files.every((file) => existsSync(file)));
    }
    assert.deepEqual(JSON.parse(readFileSync(at("x.json"), "utf8")), done);
    const { files } = await engine.exportModel({ experiment, run: 4, format: "npz", folder: at("model") }, quiet());
    assert.deepEqual(readdirSync(at("model")).sort(), [...files].map((file) => path.basename(file)).sort());
    await assert.rejects(
      engine.exportModel({ experiment, run: 0, format: "npz", folder: at("other") }, quiet()),
      failsWith("refused", /parameters of run 0 are not kept/),
    );
  });

  it("are not forgotten while they run", async () => {
    const running = new Following();
    const ended = assert.rejects(engine.runExperiment({ inspection, spec: LONG }, running), isAbort);
    const experiment = await running.experiment();
    await assert.rejects(engine.forgetExperiment({ experiment }, quiet()), failsWith("refused", /Cancel it first/));
    running.cancel();
    await ended;
    await engine.forgetExperiment({ experiment }, quiet());
    await engine.forgetExperiment({ experiment }, quiet());
    assert.equal(existsSync(path.join(lab.kept, experiment)), false);
    await assert.rejects(engine.experiment({ experiment }, quiet()), failsWith("not-found", /There is no experiment/));
  });

  it("go on without the images that were prepared, which are read again", async () => {
    const running = new Following();
    const ended = assert.rejects(engine.runExperiment({ inspection, spec: LONG }, running), isAbort);
    const experiment = await running.experiment();
    await running.epochs(2);
    running.cancel();
    await ended;
    rmSync(path.join(lab.kept, experiment, "features.bin"));
    const again = new Following();
    const resumed = assert.rejects(engine.resumeExperiment({ inspection, experiment }, again), isAbort);
    await again.live(2);
    assert.deepEqual(again.curve(0).slice(0, 2), running.curve(0).slice(0, 2));
    assert.ok(again.of("loading").length > 0);
    again.cancel();
    await resumed;
  });

  it("cancelled while images are read leave nothing", async () => {
    const before = readdirSync(lab.kept);
    const running = new Following();
    const ended = assert.rejects(engine.runExperiment({ inspection, spec: LONG }, running), isAbort);
    await running.until(() => running.of("loading").length > 0);
    running.cancel();
    await ended;
    const left = readdirSync(lab.kept).filter((name) => !before.includes(name));
    // The reading may have been over by then.
    if (running.of("snapshot").length === 0) assert.deepEqual(left, []);
  });

  it("without a place to be kept end with their engine", async () => {
    const other = lab.engine({ kept: null });
    const own = await lab.inspected(other);
    const running = new Following();
    const ended = assert.rejects(other.runExperiment({ inspection: own, spec: LONG }, running));
    await running.epochs(1);
    await other.close();
    await ended;
  });

  it("say what is missing when a dataset cannot be trained on", async () => {
    const root = writeTree(path.join(lab.scratch, "flat"), { "A/1.png": picture("A", 1), "B/2.png": picture("B", 2) });
    const flat = await lab.inspected(engine, root);
    await assert.rejects(
      engine.runExperiment({ inspection: flat, spec: {} }, quiet()),
      failsWith("not-a-dataset", /expected labelled images in a train and a test split/),
    );
    const one = writeTree(path.join(lab.scratch, "one"), {
      "train/A/1.png": picture("A", 1),
      "test/A/2.png": picture("A", 2),
    });
    await assert.rejects(
      engine.runExperiment({ inspection: await lab.inspected(engine, one), spec: {} }, quiet()),
      failsWith("not-a-dataset", /at least two classes, .* are "A"\.$/),
    );
    await assert.rejects(
      engine.runExperiment({ inspection, spec: { sizes: [0] } }, quiet()),
      failsWith("unsupported", /the size 0/),
    );
  });

  it("search near duplicates for tier near, and count them as leaked", async () => {
    const root = path.join(lab.scratch, "near");
    const { shifted, plain } = nearPictures();
    writeTree(root, { ...plain, ...shifted });
    const near = await lab.inspected(engine, root);
    const running = new Following();
    const spec = { ...SHORT, sizes: ["all" as const], seeds: [1], tier: "near" as const };
    const { samples } = await engine.runExperiment({ inspection: near, spec }, running);
    assert.ok(running.of("loading").some(({ phase }) => phase === "near"));
    assert.equal(samples.test.leaked, Object.keys(shifted).length);
    const pixel = await engine.runExperiment({ inspection: near, spec: { ...spec, tier: "pixel" } }, quiet());
    assert.equal(pixel.samples.test.leaked, 0);
    assert.ok(samples.train.sanitized < pixel.samples.train.sanitized);
  });

  it("tell thousands of short epochs in few events, none of them lost", async () => {
    const fast = new Following();
    const spec = { ...SHORT, sizes: [10], seeds: [1], epochs: 5000, batchSize: 10, backend: "kernel" as const };
    const begun = performance.now();
    const { runs } = await engine.runExperiment({ inspection, spec }, fast);
    const seconds = (performance.now() - begun) / 1000;
    for (const { run, result } of runs) {
      assert.equal(result?.curve.length, 5000);
      assert.deepEqual(fast.curve(run), result.curve);
    }
    // Twenty a second, one more for each run, and one for what was there before.
    assert.ok(
      fast.of("epochs").length <= 20 * seconds + runs.length + 1,
      `${fast.of("epochs").length} in ${seconds} s`,
    );
  });
});

/** A picture of 16 x 16 black and white squares; one that is `off` at one pixel by 80 differs from it by an RMS of 5. */
function glyph(seed: number, off = 0): Buffer {
  const rows = Uint8Array.from(
    { length: 256 },
    (_, i) => (mix32(seed * 64 + (i >> 6) * 4 + ((i & 15) >> 2)) & 1) * 255,
  );
  rows[0] = Math.abs((rows[0] ?? 0) - off);
  return encodePng({ width: 16, height: 16, rows });
}

/** Glyphs in train and test; those of `shifted` are near to one in train. */
function nearPictures(): Readonly<Record<"shifted" | "plain", Record<string, Buffer>>> {
  const files = (split: string, seeds: readonly number[], off = 0): Record<string, Buffer> =>
    Object.fromEntries(seeds.map((seed) => [`${split}/${seed % 2 === 0 ? "A" : "B"}/${seed}.png`, glyph(seed, off)]));
  return {
    plain: { ...files("train", [1, 2, 3, 4, 5, 6, 7, 8]), ...files("test", [21, 22, 23]) },
    shifted: files("test", [1, 2, 3], 80),
  };
}

describe("the folder of experiments", () => {
  const lab = useLab();
  const lines: string[] = [];
  const engine = lab.engine({ log: (line) => lines.push(line) });
  let inspection = "";
  let experiment = "";
  const fileOf = (name: string): string => path.join(lab.kept, experiment, name);

  before(async () => {
    inspection = await lab.inspected(engine);
    const spec = { ...SHORT, sizes: ["all" as const], seeds: [1], epochs: 1 };
    ({ experiment } = await engine.runExperiment({ inspection, spec }, quiet()));
  });

  it("leaves out experiments that are damaged, in whatever way, and says why", async () => {
    const whole = readFileSync(fileOf("experiment.json"), "utf8");
    const head = JSON.parse(whole) as Record<string, unknown>;
    const damaged: readonly string[] = [
      "",
      "{",
      "[]",
      JSON.stringify({ ...head, version: 2 }),
      JSON.stringify({ ...head, experiment: "../../elsewhere" }),
      JSON.stringify({ ...head, plan: [{ model: "none" }] }),
      JSON.stringify({ ...head, spec: { sizes: [-1] } }),
      JSON.stringify({ ...head, rows: 1e300 }),
      whole.slice(0, -9),
    ];
    for (const text of damaged) {
      writeFileSync(fileOf("experiment.json"), text);
      lines.length = 0;
      assert.deepEqual(await engine.experiments({ inspection }, quiet()), []);
      assert.match(
        lines.join("\n"),
        new RegExp(`^The experiment ${experiment} is left out: .*experiment\\.json cannot be used`),
      );
      await assert.rejects(engine.experiment({ experiment }, quiet()), failsWith("corrupt", /cannot be used/));
    }
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(head)), fc.jsonValue(), async (name, value) => {
        writeFileSync(fileOf("experiment.json"), JSON.stringify({ ...head, [name]: value }));
        const found = await engine.experiment({ experiment }, quiet()).catch((error: unknown) => error);
        const isUsable = found instanceof CleanSplitError || (found as ExperimentResult).experiment === experiment;
        assert.ok(isUsable, String(found));
      }),
      { numRuns: 40 },
    );
    writeFileSync(fileOf("experiment.json"), whole);
    assert.equal((await engine.experiments({ inspection }, quiet())).length, 1);
  });

  it("says what is damaged of predictions, and shows all else", async () => {
    renameSync(fileOf("predictions-0.columns"), fileOf("away"));
    await assert.rejects(
      engine.runDetails({ experiment, run: 0, set: "original" }, quiet()),
      failsWith("corrupt", /predictions-0\.columns cannot be used/),
    );
    rmSync(fileOf("costs.json"), { force: true });
    const result = await engine.experiment({ experiment }, quiet());
    assert.deepEqual([result.status, result.costs], ["done", []]);
    renameSync(fileOf("away"), fileOf("predictions-0.columns"));
  });

  it("is never left by the name of an experiment", async () => {
    for (const name of ["..", "../experiments", "", "a/b", `${experiment}/../${experiment}`]) {
      await assert.rejects(engine.experiment({ experiment: name }, quiet()), failsWith("not-found", /There is no/));
    }
    await assert.rejects(engine.forgetExperiment({ experiment: "" }, quiet()), failsWith("not-found", /There is no/));
    assert.ok(existsSync(fileOf("experiment.json")));
  });

  it("keeps the newest experiments, and the images of a few that are not finished", async () => {
    const folder = path.join(lab.scratch, "many");
    const store = new ExperimentStore(folder, () => undefined);
    const head = JSON.parse(readFileSync(fileOf("experiment.json"), "utf8")) as Record<string, unknown>;
    const names = Array.from({ length: MAX_EXPERIMENTS + 3 }, (_, index) => {
      const started = new Date(Date.UTC(2026, 0, 1, 0, index)).toISOString();
      const name = `20260101-00${String(index).padStart(2, "0")}00-abcdef`;
      mkdirSync(path.join(folder, name), { recursive: true });
      writeFileSync(path.join(folder, name, "experiment.json"), JSON.stringify({ ...head, experiment: name, started }));
      writeFileSync(path.join(folder, name, "features.bin"), "x");
      return name;
    });
    mkdirSync(path.join(folder, "not ours"));
    await store.tidy();
    assert.deepEqual(readdirSync(folder).sort(), [...names.slice(3), "not ours"]);
    const withImages = names.filter((name) => existsSync(path.join(folder, name, "features.bin")));
    assert.deepEqual(withImages, names.slice(-MAX_FEATURES));
  });
});
