import assert from "node:assert/strict";
import { CleanSplitError } from "../../../src/core/errors";
import type { Report, Tier } from "../../../src/core/leakage/report";
import type { Engine } from "../../../src/engine/engine";
import { cleanReport, leakyReport, run, withNear } from "./stub";

const inspecting = (report: Report): Partial<Engine> => ({ inspect: async () => ({ inspection: "i", report }) });

describe("exit codes", () => {
  it("0 when all is fine, also with faults that nobody asked about", async () => {
    assert.equal((await run(["inspect", "x"])).code, 0);
    assert.equal((await run(["inspect", "x", "--fail-on", "leakage"], { engine: inspecting(cleanReport()) })).code, 0);
    assert.equal((await run(["sanitize", "x", "--out", "y"])).code, 0);
    assert.equal((await run(["train", "x"])).code, 0);
    assert.equal((await run(["sample", "x"])).code, 0);
    assert.equal((await run(["install-tensorflow"])).code, 0);
  });

  const conditions: readonly (readonly [string, Tier, RegExp])[] = [
    ["leakage", "file", /^Failed: leakage: 70 of 3,493 test images/],
    ["leakage", "pixel", /^Failed: leakage: 73 of 3,493 test images also occur in train\.\n$/],
    [
      "leakage",
      "near",
      /^Failed: leakage: 73 of 3,493 test images also occur in train, and 5 more are similar to one there\.\n$/,
    ],
    [
      "conflicts",
      "file",
      /^Failed: conflicts: 3 groups of identical files \(24 images\) with more than one label\.\n$/,
    ],
    ["conflicts", "pixel", /^Failed: conflicts: 2 groups of equal images \(11 images\) with more than one label\.\n$/],
    ["conflicts", "near", /^Failed: conflicts: 2 groups of equal images \(11 images\) with more than one label\.\n$/],
    ["unreadable", "near", /^Failed: unreadable: 2 unreadable images and 1 invalid row\.\n$/],
    ["duplicates", "file", /^Failed: duplicates: 200 groups of identical files, 500 images, 300 extra\.\n$/],
    ["duplicates", "pixel", /^Failed: duplicates: 210 groups of equal images, 520 images, 310 extra\.\n$/],
    ["duplicates", "near", /^Failed: duplicates: 216 groups of equal or similar images, 532 images, 316 extra\.\n$/],
  ];
  for (const [condition, tier, message] of conditions) {
    it(`1 and the reason for --fail-on ${condition} at tier ${tier}`, async () => {
      const words = ["inspect", "x", "--quiet", "--tier", tier, "--fail-on", condition];
      const found = await run(words);
      assert.equal(found.code, 1);
      assert.match(found.stderr, message);
      const noGroups: Engine["groups"] = async ({ query }) => ({ total: 0, from: query.from, groups: [] });
      const clean = await run(words, { engine: { ...inspecting(cleanReport()), groups: noGroups } });
      assert.equal(clean.code, 0);
      assert.equal(clean.stderr, "");
    });
  }

  it("what is only near fails at tier near alone, which is the default", async () => {
    const conflicts = { groups: 1, samples: 3 };
    const engine = { ...inspecting(cleanReport()), near: async () => withNear(cleanReport(), 5, { conflicts }) };
    const words = ["inspect", "x", "--quiet", "--fail-on", "leakage,conflicts,duplicates"];
    const near = await run(words, { engine });
    assert.equal(near.code, 1);
    assert.equal(near.stderr.match(/^Failed: /gm)?.length, 3);
    assert.match(near.stderr, /conflicts: 1 group of similar images \(3 images\) with more than one label/);
    const noSearch = { ...engine, near: () => assert.fail("must not be searched") };
    assert.equal((await run([...words, "--tier", "pixel"], { engine: noSearch })).code, 0);
  });

  it("every condition that holds is named, also with JSON on standard output", async () => {
    const { code, stdout, stderr } = await run([
      ...["inspect", "x", "--json", "-", "--quiet"],
      ...["--fail-on", "leakage,conflicts", "--fail-on", "duplicates"],
    ]);
    assert.equal(code, 1);
    assert.equal((JSON.parse(stdout) as Report).schema, "cleansplit/report@1");
    assert.equal(stderr.match(/^Failed: /gm)?.length, 3);
  });

  it("2 with the message of the error and no stack", async () => {
    const message = "/data/x does not exist. Name a folder or an array file.";
    const engine: Partial<Engine> = { inspect: () => Promise.reject(new CleanSplitError("not-found", message)) };
    const { code, stdout, stderr, open } = await run(["inspect", "x"], { engine });
    assert.deepEqual([code, stdout, stderr, open], [2, "", `Error: ${message}\n`, 0]);
    const debug = await run(["inspect", "x"], { engine, env: { CLEANSPLIT_DEBUG: "1" } });
    assert.match(debug.stderr, /\n\s+at /);
  });

  it("2 and a way to learn more for an error nobody expected", async () => {
    const engine: Partial<Engine> = { plan: () => Promise.reject(new Error("broken")) };
    const { code, stderr } = await run(["sanitize", "x", "--out", "y"], { engine });
    assert.equal(code, 2);
    assert.match(stderr, /Error: broken \(set CLEANSPLIT_DEBUG=1 to see where\)/);
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  for (const [signal, expected, told] of [
    ["SIGINT", 130, "Cancelled.\n"],
    ["SIGTERM", 143, "Cancelled.\n"],
    ["SIGPIPE", 141, ""],
  ] as const) {
    it(`${expected} after ${signal}, with the cursor shown and the engine closed`, async () => {
      const abort = new AbortController();
      const engine: Partial<Engine> = {
        apply: async (_, stopped) => {
          stopped.progress({ phase: "writing", done: 1, total: 10 });
          abort.abort(signal);
          stopped.signal.throwIfAborted();
          return assert.fail("must be aborted");
        },
      };
      const { code, stderr, open } = await run(["sanitize", "x", "--out", "y"], {
        engine,
        columns: 80,
        signal: abort.signal,
      });
      assert.equal(code, expected);
      assert.equal(open, 0);
      assert.ok(stderr.endsWith(told));
      assert.ok(stderr.lastIndexOf("\u001b[?25h") > stderr.lastIndexOf("\u001b[?25l"));
    });
  }

  for (const [what, words, told] of [
    ["image files", ["inspect", "."], "Stopped. What was read is kept; the same command goes on from there.\n"],
    ["image files that are not kept", ["inspect", ".", "--no-cache"], "Cancelled.\n"],
    ["an array file", ["inspect", "a.npz"], "Cancelled.\n"],
  ] as const) {
    it(`Ctrl+C says whether it goes on from there: ${what}`, async () => {
      const abort = new AbortController();
      const engine: Partial<Engine> = {
        inspect: async (_, stopped) => {
          stopped.progress({ phase: "reading", done: 1, total: 10 });
          abort.abort("SIGINT");
          stopped.signal.throwIfAborted();
          return assert.fail("must be aborted");
        },
      };
      const { code, stderr } = await run(words, { engine, cwd: import.meta.dirname, signal: abort.signal });
      assert.equal(code, 130);
      assert.ok(stderr.endsWith(told), stderr);
    });
  }

  it("nothing starts after an early signal", async () => {
    const signal = AbortSignal.abort("SIGINT");
    const { code } = await run(["inspect", "x"], { signal, engine: { inspect: () => assert.fail("must not run") } });
    assert.equal(code, 130);
  });

  it("leakage below the tier of pixels does not count twice", async () => {
    const report = leakyReport({
      leakage: leakyReport().leakage.map((leak) => ({ ...leak, samples: leak.tier === "pixel" ? 0 : 1 })),
    });
    const words = ["inspect", "x", "--tier", "pixel", "--fail-on", "leakage"];
    assert.equal((await run(words, { engine: inspecting(report) })).code, 0);
  });
});
