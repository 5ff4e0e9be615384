import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { createMessageConnection, IPCMessageReader, IPCMessageWriter } from "vscode-jsonrpc/node";
import { CleanSplitError, type ErrorReason } from "../../../src/core/errors";
import { isAbort, remote } from "../../../src/engine/process/rpc";
import { runTrainer } from "../../../src/engine/process/trainer";
import { ROLE_CODES, type TrainerApi, type TrainerJob } from "../../../src/engine/process/trainerApi";
import { trainJob } from "../../../src/engine/training/trainJob";
import { recordingRun, TOY_SPEC, toyJob, toyTable } from "./toy";

const requireHere = createRequire(__filename);
const ROOT = path.join(__dirname, "../../..");
const TABLE = toyTable(1000);
const LONG = { ...TOY_SPEC, epochs: 1_000_000 };

function failsWith(reason: ErrorReason, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof CleanSplitError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, message);
    return true;
  };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("training", function () {
  this.timeout(20_000);
  let folder: string;
  let dist: string;
  let features: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "cleansplit-trainer-"));
    dist = path.join(folder, "dist");
    features = path.join(folder, "features.u8");
    await writeFile(features, TABLE.pixels);
    await build({
      absWorkingDir: ROOT,
      entryPoints: { trainer: "src/engine/process/trainerMain.ts" },
      outdir: dist,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      external: ["sharp", "@tensorflow/tfjs-node"],
      logLevel: "warning",
    });
    const wasm = path.dirname(requireHere.resolve("@tensorflow/tfjs-backend-wasm/package.json"));
    for (const file of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"]) {
      await cp(path.join(wasm, "dist", file), path.join(dist, file));
    }
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** A folder whose trainer.js notes its process in the file "pid", runs `code` and then the real one. */
  async function distWith(name: string, code = ""): Promise<string> {
    const into = path.join(folder, name);
    await mkdir(into, { recursive: true });
    const note = `require("node:fs").writeFileSync(${JSON.stringify(path.join(into, "pid"))}, String(process.pid));`;
    const real = `require(${JSON.stringify(path.join(dist, "trainer.js"))});`;
    await writeFile(path.join(into, "trainer.js"), [note, code, real].join("\n"));
    return into;
  }

  async function assertEnded(wrapped: string): Promise<void> {
    const pid = Number(await readFile(path.join(wrapped, "pid"), "utf8"));
    assert.ok(pid > 0 && !isAlive(pid), `process ${pid} is still there`);
  }

  describe("in this process", () => {
    it("reports every epoch and run and scores the parts of the test split", async () => {
      const job = toyJob(features, TABLE);
      const run = recordingRun();
      const result = await trainJob(job, run, "wasm");
      assert.deepEqual(
        result.runs.map((r) => [r.data, r.size, r.trained, r.backend, r.epochs.length]),
        [
          ["original", 40, 40, "wasm", 5],
          ["sanitized", 40, 40, "wasm", 5],
          ["original", "all", 600, "wasm", 5],
          ["sanitized", "all", 540, "wasm", 5],
        ],
      );
      // 200 test rows; every fifth is leaked, every tenth leaves.
      for (const trained of result.runs) {
        assert.equal(trained.test.samples, trained.data === "original" ? 200 : 180);
        assert.deepEqual([trained.parts.clean?.samples, trained.parts.leaked?.samples], [160, 40]);
      }
      assert.ok((result.runs[2]?.test.accuracy ?? 0) > 0.95);
      assert.equal(run.events[0]?.type, "started");
      assert.equal(run.events.filter((event) => event.type === "epoch").length, 20);
      const numbers = run.events.flatMap((event) => (event.type === "epoch" && event.run === 3 ? [event.epoch] : []));
      assert.deepEqual(numbers, [0, 1, 2, 3, 4]);
      const finished = run.events.flatMap((event) => (event.type === "run" ? [event.result] : []));
      assert.deepEqual(finished, result.runs);
    });

    it("leaves rows without a label alone", async () => {
      const job = toyJob(features, TABLE);
      const labels = job.labels.map((label, row) => (row % 2 === 0 ? -1 : label));
      const result = await trainJob({ ...job, labels, leaked: new Uint8Array(job.rows) }, recordingRun(), "wasm");
      assert.deepEqual([result.runs[2]?.trained, result.runs[2]?.test.samples], [300, 100]);
      assert.equal(result.runs[2]?.parts.leaked, null);
    });

    const refused: readonly [string, (job: TrainerJob) => Partial<TrainerJob>, ErrorReason, RegExp][] = [
      [
        "no train split",
        (j) => ({ splitRole: j.splitRole.map((r) => Math.max(r, 1)) }),
        "not-a-dataset",
        /needs a train split/,
      ],
      [
        "no test split",
        (j) => ({ splitRole: j.splitRole.map((r) => Math.min(r, 1)) }),
        "not-a-dataset",
        /needs a test split/,
      ],
      ["one class", (j) => ({ labels: j.labels.map(() => 2) }), "not-a-dataset", /at least two classes.* are "c"\./],
      [
        "nothing left to train on",
        (j) => ({ stays: j.splitRole.map((r) => (r === ROLE_CODES.train ? 0 : 1)) }),
        "not-a-dataset",
        /No labelled training image is left in the sanitized/,
      ],
      [
        "nothing left to test on",
        (j) => ({ stays: j.splitRole.map((r) => (r === ROLE_CODES.test ? 0 : 1)) }),
        "not-a-dataset",
        /No labelled test image is left in the sanitized/,
      ],
      [
        "a feature file of another size",
        (j) => ({ dim: j.dim + 1 }),
        "changed",
        /should hold 1000 x 17 bytes and holds 16000/,
      ],
      [
        "a missing feature file",
        () => ({ featuresFile: path.join(tmpdir(), "cleansplit-missing") }),
        "changed",
        /cannot be read/,
      ],
    ];
    for (const [name, change, reason, message] of refused) {
      it(`refuses ${name}`, async () => {
        const job = toyJob(features, TABLE);
        await assert.rejects(trainJob({ ...job, ...change(job) }, recordingRun()), failsWith(reason, message));
      });
    }
  });

  describe("in a process of its own", () => {
    it("gives the events and the result of training in this process, and ends", async () => {
      const wrapped = await distWith("plain");
      const [there, here] = [recordingRun(), recordingRun()];
      const result = await runTrainer(wrapped, toyJob(features, TABLE), there);
      await assertEnded(wrapped);
      const { runs } = await trainJob(toyJob(features, TABLE), here, "wasm");
      assert.deepEqual(result.runs, runs);
      assert.deepEqual(there.events.slice(1), here.events.slice(1));
    });

    it("is killed within 200 ms of cancelling", async () => {
      const wrapped = await distWith("cancelled");
      let aborted = 0;
      const run = recordingRun((event, abort) => {
        if (event.type !== "epoch" || aborted > 0) return;
        aborted = performance.now();
        abort.abort();
      });
      await assert.rejects(runTrainer(wrapped, toyJob(features, TABLE, LONG), run), isAbort);
      assert.ok(performance.now() - aborted < 200, `${performance.now() - aborted} ms`);
      await assertEnded(wrapped);
      await assert.rejects(runTrainer(wrapped, toyJob(features, TABLE), run), isAbort);
    });

    it("turns being killed into one error that says how far it got", async () => {
      const wrapped = await distWith(
        "killed",
        `const send = process.send.bind(process);
         process.send = (message, handle, options, done) => send(message, handle, options, (error) => {
           done?.(error);
           if (message.params?.event?.type === "run") process.kill(process.pid, "SIGKILL");
         });`,
      );
      const run = recordingRun();
      const failure: unknown = await runTrainer(
        wrapped,
        toyJob(features, TABLE, { ...TOY_SPEC, epochs: 100 }),
        run,
      ).then(
        () => assert.fail("the training finished"),
        (error: unknown) => error,
      );
      const finished = run.events.filter((event) => event.type === "run").length;
      assert.ok(finished >= 1);
      const message = new RegExp(
        `^The trainer process ended unexpectedly \\(signal SIGKILL\\) after ${finished} finished runs of 4;`,
      );
      assert.ok(failsWith("stopped", message)(failure));
      await assertEnded(wrapped);
    });

    it("turns a crash at the start into one error with its cause", async () => {
      const wrapped = await distWith("crashed", `throw new RangeError("no luck");`);
      await assert.rejects(
        runTrainer(wrapped, toyJob(features, TABLE), recordingRun()),
        failsWith("stopped", /\(exit code 1: RangeError: no luck\) before the first run started; train again/),
      );
      await assertEnded(wrapped);
      await assert.rejects(
        runTrainer(path.join(folder, "nowhere"), toyJob(features, TABLE), recordingRun()),
        failsWith("stopped", /exit code 1: Error: Cannot find module/),
      );
    });

    it("passes on errors for people and ends", async () => {
      const wrapped = await distWith("refused");
      const job = toyJob(features, TABLE);
      await assert.rejects(
        runTrainer(wrapped, { ...job, splitRole: new Uint8Array(job.rows) }, recordingRun()),
        failsWith("not-a-dataset", /needs a test split/),
      );
      await assertEnded(wrapped);
    });

    it("ends when the process that started it does", async () => {
      const child = fork(path.join(dist, "trainer.js"), { serialization: "advanced", execArgv: [] });
      const ended = once(child, "exit");
      const connection = createMessageConnection(new IPCMessageReader(child), new IPCMessageWriter(child));
      connection.listen();
      // The death of the other process closes the channel, as disconnecting does.
      const run = recordingRun((event) => {
        if (event.type === "epoch" && child.connected) child.disconnect();
      });
      void remote<TrainerApi>(connection)
        .train(toyJob(features, TABLE, LONG), run)
        .catch(() => undefined);
      assert.deepEqual(await ended, [0, null]);
      connection.dispose();
    });
  });

  describe("with a native library", () => {
    /** Installs a package in the place of the native one. */
    async function withNative(name: string, code: string): Promise<string> {
      const at = path.join(folder, name);
      const module = path.join(at, "node_modules/@tensorflow/tfjs-node");
      await mkdir(module, { recursive: true });
      await writeFile(path.join(module, "index.js"), code);
      await cp(dist, at, { recursive: true });
      return at;
    }

    it("prefers it and gives it what newer Node versions lack", async () => {
      const [core, cpu] = ["@tensorflow/tfjs-core", "@tensorflow/tfjs-backend-cpu"].map((id) =>
        requireHere.resolve(id),
      );
      const at = await withNative(
        "native",
        `const util = require("util");
         if (!util.isArray([]) || !util.isNullOrUndefined(undefined)) throw new Error("util");
         const tf = require(${JSON.stringify(core)});
         const { MathBackendCPU } = require(${JSON.stringify(cpu)});
         tf.registerBackend("tensorflow", () => new MathBackendCPU(), 3);
         tf.copyRegisteredKernels("cpu", "tensorflow");
         module.exports = tf;`,
      );
      const result = await runTrainer(at, toyJob(features, TABLE), recordingRun());
      assert.deepEqual(result.backend, { backend: "tensorflow", reason: "TensorFlow native library" });
      assert.ok((result.runs[2]?.test.accuracy ?? 0) > 0.95);
    });

    it("goes on without one that does not load and says why", async () => {
      const at = await withNative("broken", `throw new Error("tfjs_binding.node is missing\\nPlease run ...");`);
      const { backend } = await runTrainer(at, toyJob(features, TABLE), recordingRun());
      assert.deepEqual(backend, {
        backend: "wasm",
        reason: "TensorFlow.js WebAssembly; the native library does not load (tfjs_binding.node is missing)",
      });
    });
  });
});
