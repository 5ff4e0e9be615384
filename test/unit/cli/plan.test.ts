import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import type { Engine } from "../../../src/engine/engine";
import { NOTHING_SAID } from "../../../src/core/review/review";
import { DEFAULT_OPTIONS, type PlanOptions } from "../../../src/core/sanitize/options";
import type { PlanSummary, PolicyPreview } from "../../../src/core/sanitize/plan";
import { writePlanFile, type PlanHead } from "../../../src/core/sanitize/planFile";
import { leakyReport, PLAN, run } from "./stub";

const PREVIEWS: readonly PolicyPreview[] = [
  {
    policy: "protect-evaluation",
    title: "Protect evaluation",
    sentence: "Test goes first.",
    leave: 467,
    move: 0,
    splits: [{ name: "train", before: 15364, after: 14900 }],
    unavailable: null,
  },
  {
    policy: "move-groups",
    title: "Move groups",
    sentence: "Groups move.",
    leave: 0,
    move: 0,
    splits: [],
    unavailable: "There is one split.",
  },
];

/** A plan file of near duplicates at a threshold. */
function planFile(options: Partial<PlanOptions> = {}): string {
  const { policy, before, after, moved, undecided, edited, collisions, splits } = PLAN;
  const head: PlanHead = {
    created: "2024-01-01T00:00:00.000Z",
    inputs: ["/data/letters"],
    source: { fingerprint: "sha256:0", samples: 18857 },
    options: { ...DEFAULT_OPTIONS, ...options },
    keep: [],
    drop: [],
    near: options.tier === "near" ? { measure: "RMS grey difference", threshold: 7 } : null,
    basis: "sha256:0",
  };
  return writePlanFile(head, { policy, before, after, moved, undecided, edited, collisions, splits }, []);
}

/** An engine that remembers how it was asked for a plan. */
function recording(change: Partial<PlanSummary> = {}): { engine: Partial<Engine>; asked: Record<string, unknown> } {
  const asked: Record<string, unknown> = {};
  const engine: Partial<Engine> = {
    plan: async ({ options, choices }) => {
      asked["options"] = options;
      asked["choices"] = choices;
      return { ...PLAN, ...change };
    },
    near: async ({ threshold }) => {
      asked["threshold"] = threshold;
      return leakyReport();
    },
    previews: async ({ options }) => {
      asked["previews"] = options;
      return [...PREVIEWS];
    },
    readPlan: async ({ file }) => {
      asked["file"] = file;
      return { ...PLAN, ...change };
    },
    planFile: async () => planFile(),
    apply: () => assert.fail("nothing must be written"),
  };
  return { engine, asked };
}

describe("options of plans", () => {
  it("reach the engine, and what is left out is for the engine to say", async () => {
    const { engine, asked } = recording();
    await run(["sanitize", "x", "--dry-run"], { engine });
    assert.deepEqual(asked["options"], { tier: "pixel", balance: false });
    const words =
      "--policy new-split --conflicts majority --keep largest --balance --shares train=3,dev=.5,x=1 --seed 7";
    const { code } = await run(["sanitize", "x", "--dry-run", ...words.split(" ")], { engine });
    assert.equal(code, 0);
    assert.deepEqual(asked["options"], {
      policy: "new-split",
      conflicts: "majority",
      keep: "largest",
      balance: true,
      shares: [
        { name: "train", role: "train", share: 3 },
        { name: "dev", role: "validation", share: 0.5 },
        { name: "x", role: "other", share: 1 },
      ],
      seed: 7,
      tier: "pixel",
    });
    assert.deepEqual(asked["previews"], asked["options"]);
  });

  it("heed what people said of images, which a line says, unless it is to be ignored", async () => {
    const { engine, asked } = recording();
    const said =
      /^3 images kept and 2 dropped as .*choices\.json says; 1 choice is stale \(--no-choices ignores it\)\.$/m;
    for (const words of ["sanitize x --dry-run", "quarantine x"]) {
      const { stderr } = await run(words.split(" "), { engine });
      assert.match(stderr, said);
      assert.equal(asked["choices"], true);
      const { stderr: ignoring } = await run([...words.split(" "), "--no-choices"], { engine });
      assert.doesNotMatch(ignoring, /kept and/);
      assert.equal(asked["choices"], false);
    }
    const { stderr } = await run(["sanitize", "x", "--dry-run", "--quiet"], { engine });
    assert.equal(stderr, "");
    const nobody: Partial<Engine> = { ...engine, reviewState: async () => NOTHING_SAID };
    assert.doesNotMatch((await run(["sanitize", "x", "--dry-run"], { engine: nobody })).stderr, /kept and/);
  });

  for (const [what, words, message] of [
    ["an unknown policy", "--policy protect", /--policy cannot be "protect"; did you mean protect-/],
    ["shares of no new split", "--shares a=1,b=1", /Add --policy new-split/],
    ["one share", "--policy new-split --shares a=1", /two splits at least/],
    ["a share of nothing", "--policy new-split --shares a=0,b=1", /numbers above 0.* not "a=0"/],
    ["a share without a number", "--policy new-split --shares a,b=1", /not "a"/],
    ["a seed without chance", "--seed 3", /Add --policy new-split or --balance/],
    ["a seed that is no whole number", "--balance --seed 0.5", /--seed needs a whole number/],
    ["a plan with options of its own", "--plan p.json --policy move-groups", /Leave --policy out/],
    ["a plan among the report", "--plan-out -", /--plan-out needs a file/],
    ["a plan with a tier", "--plan p.json --tier near", /Leave --tier out/],
  ] as const) {
    it(`refuse ${what}`, async () => {
      const { code, stderr } = await run(["sanitize", "x", "--dry-run", ...words.split(" ")]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }
});

describe("a dry run", () => {
  it("shows what each policy would do, and every class before and after", async () => {
    const { engine } = recording();
    for (const columns of [100, 40]) {
      const { stdout } = await run(["sanitize", "x", "--dry-run"], { engine, columns });
      assert.match(stdout, /Classes/);
      assert.match(stdout, /protect-evaluation/);
      assert.match(stdout.replaceAll(/\s+/g, " "), /move-groups: There is one split\./);
    }
    const { stdout } = await run(["sanitize", "x", "--dry-run"], { engine });
    assert.match(stdout, /\n {2}A +15,364 +14,900 +3,493 +3,490\n/);
    assert.match(stdout, /\n {2}protect-evaluation +467 +0 +14,900\n/);
  });

  it("shows what moves and what waits", async () => {
    const splits = PLAN.splits.map((split) => ({ ...split, movedIn: 3, movedOut: 4 }));
    const { engine } = recording({ splits, moved: 7, undecided: 1 });
    const { stdout } = await run(["sanitize", "x", "--dry-run"], { engine });
    assert.match(stdout, /removed {2}moved out {2}moved in\n/);
    assert.match(stdout, /464 {10}4 {9}3\n/);
    assert.match(stdout, /1 image of the removed waits for your word/);
  });

  it("says that no image would stay, and what to do", async () => {
    const splits = PLAN.splits.map((split) => ({ ...split, after: 0, removed: { ...split.removed, conflict: 20 } }));
    const { engine } = recording({ after: 0, splits });
    const { code, stdout } = await run(["sanitize", "x", "--dry-run"], { engine, columns: 200 });
    assert.equal(code, 0);
    assert.match(
      stdout,
      /No image would stay, so there is nothing to write\. To keep some, settle conflicts by another rule/,
    );
  });
});

describe("plan files", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "cleansplit-cli-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("are written by --plan-out, which needs no target, with what to do next", async () => {
    const { engine } = recording();
    const { code, stdout } = await run(["sanitize", "my set", "--plan-out", "plan.json"], { engine, cwd: folder });
    assert.equal(code, 0);
    assert.equal(await readFile(path.join(folder, "plan.json"), "utf8"), planFile());
    assert.match(stdout, /The plan was written to plan\.json, and nothing else\./);
    assert.match(stdout, /cleansplit sanitize 'my set' --plan plan\.json --out DIR/);
  });

  it("are used by --plan, with the tier and the threshold they were made with", async () => {
    const text = planFile({ tier: "near" });
    await writeFile(path.join(folder, "plan.json"), text);
    const { engine, asked } = recording();
    const { code } = await run(["sanitize", "x", "--dry-run", "--plan", "plan.json"], { engine, cwd: folder });
    assert.equal(code, 0);
    assert.deepEqual([asked["file"], asked["threshold"], asked["options"]], [text, 7, undefined]);
  });

  it("are refused before the dataset is read", async () => {
    const engine = { inspect: (): never => assert.fail("must not be inspected") };
    await writeFile(path.join(folder, "plan.json"), '{"schema": 1}');
    const broken = await run(["sanitize", "x", "--out", "y", "--plan", "plan.json"], { engine, cwd: folder });
    assert.deepEqual([broken.code, /expected "cleansplit\/plan@1"/.test(broken.stderr)], [2, true]);
    const missing = await run(["sanitize", "x", "--out", "y", "--plan", "no.json"], { engine, cwd: folder });
    assert.deepEqual([missing.code, /Cannot read the plan no\.json/.test(missing.stderr)], [2, true]);
  });

  it("are asked for while labels contradict each other", async () => {
    const { engine } = recording({ undecided: 2 });
    const words = ["sanitize", "x", "--conflicts", "ask", "--out", "y", "--plan-out", "plan.json"];
    const { code, stderr } = await run(words, { engine, cwd: folder });
    assert.equal(code, 2);
    assert.match(
      stderr.replaceAll(/\s+/g, " "),
      /2 images with contradicting labels wait.*--plan-out FILE.*--conflicts majority/,
    );
    // The plan is there to be edited, and what was edited is not lost by making another one.
    const again = await run(words, { engine, cwd: folder });
    assert.match(again.stderr, /plan\.json exists already, and may have been edited/);
    assert.equal(await readFile(path.join(folder, "plan.json"), "utf8"), planFile());
  });
});
