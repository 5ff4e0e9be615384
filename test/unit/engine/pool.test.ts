import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { JobParameter } from "../../../src/engine/pool/jobs";
import { Pool } from "../../../src/engine/pool/pool";
import { Pace } from "../../../src/engine/reading";

/** Jobs that say that they run, and end when they are told to: `[running, released]`, shared by all. */
const WORKER = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", ({ parameter: counts }) => {
    Atomics.add(counts, 0, 1);
    Atomics.notify(counts, 0);
    while (Atomics.load(counts, 1) === 0) Atomics.wait(counts, 1, 0);
    Atomics.add(counts, 1, -1);
    Atomics.add(counts, 0, -1);
    parentPort.postMessage({ ok: true, value: null });
  });
`;

describe("a pool of worker threads", () => {
  const folder = mkdtempSync(path.join(tmpdir(), "cleansplit-pool-"));
  const script = path.join(folder, "worker.js");
  before(() => writeFileSync(script, WORKER));
  after(() => rmSync(folder, { recursive: true }));

  it("has more of them work while a disk is slow, and as few as before when it no longer is", async () => {
    const counts = new Int32Array(new SharedArrayBuffer(8));
    const pool = new Pool(script, 1, 3);
    const { signal } = new AbortController();
    // What the worker does with it is said above.
    const parameter = counts as unknown as JobParameter<"lookRows">;
    const jobs = (count: number): Promise<unknown>[] =>
      Array.from({ length: count }, () => pool.run("lookRows", parameter, signal));
    /** How many run when no more begin: a job that has begun by then has said so. */
    const running = async (expected: number): Promise<number> => {
      while (Atomics.load(counts, 0) < expected) await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return Atomics.load(counts, 0);
    };
    const release = async (asked: Promise<unknown>[]): Promise<void> => {
      Atomics.store(counts, 1, asked.length);
      Atomics.notify(counts, 1);
      await Promise.all(asked);
    };
    try {
      const first = jobs(4);
      assert.equal(await running(1), 1);
      pool.adapt("slow");
      assert.equal(await running(3), 3);
      pool.adapt(null);
      assert.equal(pool.size, 3);
      await release(first);
      pool.adapt("warm");
      assert.equal(pool.size, 1);
      const second = jobs(4);
      assert.equal(await running(1), 1);
      await release(second);
    } finally {
      await pool.close();
    }
  });
});

describe("the pace of reading", () => {
  it("takes no disk for slow that was hardly read from, however long reading took", () => {
    const pace = new Pace();
    assert.equal(pace.learn({ done: 1000, time: 3000, readingTime: 3000 }), null);
    assert.equal(pace.learn({ done: 1000, time: 3000, readingTime: 3000 }), "warm");
  });

  it("asks for as many files as take a job's time", () => {
    const pace = new Pace();
    for (let job = 0; job < 20; job++) pace.learn({ done: 100, time: 10, readingTime: 1 });
    assert.ok(pace.files > 250 && pace.files <= 300, `${pace.files} files`);
    for (let job = 0; job < 20; job++) pace.learn({ done: 1, time: 500, readingTime: 1 });
    assert.equal(pace.files, 8);
  });
});
