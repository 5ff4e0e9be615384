import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020";
import type { Engine } from "../../../src/engine/engine";
import {
  AUDIT,
  cleanReport,
  experimentResult,
  experimentSummary,
  GROUPS,
  leakyReport,
  CHANGES,
  run,
  SUSPECTS,
  withNear,
} from "./stub";

const DOCS = path.join(__dirname, "../../../docs");

async function schema(name: string): Promise<ValidateFunction> {
  const text = await readFile(path.join(DOCS, `${name}.schema.json`), "utf8");
  return new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(JSON.parse(text) as object);
}

function assertValid(validate: ValidateFunction, value: unknown): void {
  assert.ok(validate(value), JSON.stringify(validate.errors, null, 2));
}

describe("JSON output", () => {
  it("inspect --json - prints the report and nothing else", async () => {
    const { code, stdout, stderr } = await run(["inspect", "letters", "--json", "-"]);
    assert.equal(code, 0);
    const report: unknown = JSON.parse(stdout);
    assert.deepEqual(report, withNear(leakyReport()));
    assertValid(await schema("report"), report);
    assert.match(stderr, /^Reading 500 of 1,000 images\n$/);
  });

  it("inspect --groups adds the groups", async () => {
    const { stdout } = await run(["inspect", "letters", "--json=-", "--groups", "2", "--quiet"]);
    const report = JSON.parse(stdout) as { groups: unknown };
    assert.deepEqual(report.groups, GROUPS.slice(0, 2));
    assertValid(await schema("report"), report);
  });

  it("a report without faults is valid too", async () => {
    assertValid(await schema("report"), cleanReport());
  });

  it("what people decided and judged of near duplicates is described", async () => {
    const report = withNear(leakyReport(), 5, {
      limited: "Too many pairs are near each other.",
      chance: null,
      precision: [{ threshold: 9, judged: 20, right: 19, estimate: 0.95, low: 0.76, high: 0.99 }],
      decisions: { file: "/data/.cleansplit/decisions.json", duplicate: 19, different: 1, stale: 2 },
    });
    assertValid(await schema("report"), report);
  });

  it("train prints the experiment", async () => {
    const { stdout, stderr } = await run(["train", "letters", "--json", "-", "--quiet"]);
    assert.deepEqual(JSON.parse(stdout), experimentResult());
    assertValid(await schema("experiment"), JSON.parse(stdout));
    assert.equal(stderr, "");
  });

  it("an experiment without validation and leaked images, and one that was interrupted, are valid", async () => {
    const result = experimentResult();
    const runs = result.runs.map(({ run, curve, result: trained }) => ({
      run,
      curve: curve.map((epoch) => ({ ...epoch, valLoss: null, valAccuracy: null })),
      result: trained === null || run === 11 ? null : { ...trained, scores: { ...trained.scores, leaked: null } },
    }));
    const costs = result.costs.map((cost) => ({
      ...cost,
      original: { ...cost.original, leaked: null },
      sanitized: { ...cost.sanitized, leaked: null },
      drop: null,
      composition: null,
      memorising: null,
    }));
    assertValid(await schema("experiment"), { ...result, status: "interrupted", runs, costs });
    assertValid(await schema("experiment"), {
      ...result,
      status: "failed",
      error: "No.",
      backends: {},
      runs: [],
      costs: [],
    });
  });

  it("experiments prints the list", async () => {
    const { stdout } = await run(["experiments", "letters", "--json", "-"]);
    assert.deepEqual(JSON.parse(stdout), { schema: "cleansplit/experiments@1", experiments: [experimentSummary()] });
    assertValid(await schema("experiments"), JSON.parse(stdout));
  });

  it("audit-labels prints the audit and the first suspects", async () => {
    const { stdout } = await run(["audit-labels", "letters", "--json", "-", "--top", "1", "--quiet"]);
    const { audit: _, ...told } = AUDIT;
    assert.deepEqual(JSON.parse(stdout), { ...told, list: SUSPECTS.slice(0, 1) });
    assertValid(await schema("label-audit"), JSON.parse(stdout));
  });

  it("sanitize prints plan, every removal and result", async () => {
    const { stdout } = await run(["sanitize", "letters", "--out", "x", "--json", "-"]);
    const value = JSON.parse(stdout) as {
      plan: { changes: readonly { id: string; twin: string | null }[] };
      result: unknown;
    };
    assertValid(await schema("sanitize"), value);
    assert.equal(value.plan.changes.length, CHANGES.length);
    assert.deepEqual(value.plan.changes[1]?.twin, "test/A/1.png");
    assert.ok(value.result);
  });

  it("sanitize says of similar images how near they are to the one that stays", async () => {
    const nearness = { score: 4.5, transform: "mirrored", shift: [0, 0], verdict: null } as const;
    const changes: Engine["changes"] = async ({ from }) => ({
      total: 1,
      from,
      changes: CHANGES.slice(1, 2).map((removal) => ({ ...removal, tier: "near", nearness })),
    });
    const words = ["sanitize", "letters", "--dry-run", "--tier", "near", "--json", "-"];
    const { stdout } = await run(words, { engine: { changes } });
    assertValid(await schema("sanitize"), JSON.parse(stdout));
    assert.match(stdout, /"tier": ?"near",\s*"score": ?4\.5,\s*"transform": ?"mirrored"/);
  });

  it("sanitize --dry-run has no result", async () => {
    const { stdout } = await run(["sanitize", "letters", "--dry-run", "--json", "-"]);
    assertValid(await schema("sanitize"), JSON.parse(stdout));
    assert.equal((JSON.parse(stdout) as { result: unknown }).result, null);
  });

  it("a schema refuses what it does not describe", async () => {
    const validate = await schema("report");
    assert.equal(validate({ ...leakyReport(), surprise: 1 }), false);
    assert.equal(validate({ ...leakyReport(), conflicts: { groups: -1, samples: 0 } }), false);
    assert.equal((await schema("experiment"))({ ...experimentResult(), classes: [1] }), false);
  });

  it("control characters of names never reach the terminal by way of JSON", async () => {
    const id = "a\u001b[2J\u009b2J\u202eb\u007f.png";
    const report = leakyReport({ unreadable: [{ sample: 1, id, split: "test", reason: "empty" }] });
    const { stdout } = await run(["inspect", "letters", "--json", "-", "--tier", "pixel"], {
      engine: { inspect: async () => ({ inspection: "i", report }) },
    });
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    assert.deepEqual(JSON.parse(stdout), report);
  });

  describe("to a file", () => {
    let folder = "";
    beforeEach(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), "cleansplit-cli-"));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it("is written whole, replaces the old one and leaves nothing else behind", async () => {
      await writeFile(path.join(folder, "report.json"), "old");
      const words = ["inspect", "letters", "--tier", "pixel", "--json", "report.json"];
      const { stdout } = await run(words, { cwd: folder });
      assert.match(stdout, /73 of 3,493 test images also occur in train/);
      assert.deepEqual(JSON.parse(await readFile(path.join(folder, "report.json"), "utf8")), leakyReport());
      assert.deepEqual(await readdir(folder), ["report.json"]);
    });

    it("is refused before the work starts when it cannot be written", async () => {
      const inspect = (): never => assert.fail("must not be inspected");
      const missing = await run(["inspect", "letters", "--json", "no/such.json"], { cwd: folder, engine: { inspect } });
      assert.equal(missing.code, 2);
      assert.match(missing.stderr, /Cannot write no\/such\.json: the folder .* does not exist/);
      const isFolder = await run(["inspect", "letters", "--json", "."], { cwd: folder, engine: { inspect } });
      assert.equal(isFolder.code, 2);
      assert.match(isFolder.stderr, /it is a folder/);
    });
  });
});
