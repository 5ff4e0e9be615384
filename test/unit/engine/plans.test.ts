import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020 } from "ajv/dist/2020";
import type { InspectionResult } from "../../../src/engine/engine";
import type { PlanOptions } from "../../../src/core/sanitize/options";
import type { PlanSummary } from "../../../src/core/sanitize/plan";
import { faultyDataset, inspect, png, quiet, useEngine, writeTree } from "./support";

/** A plan file as tests change it. */
interface Edit {
  source: { fingerprint: string };
  options: { seed: number };
  basis: string;
  splits: { name: string; before: number; after: number }[];
  changes: Record<string, unknown>[];
}

const validate = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, "../../../docs/plan.schema.json"), "utf8")) as object,
);

describe("plan files", () => {
  const { engine, scratch } = useEngine();
  let datasets = 0;

  async function dataset(): Promise<InspectionResult & { readonly root: string }> {
    const root = faultyDataset(path.join(scratch, `data ${datasets++}`));
    return { ...(await inspect(engine, [root])), root };
  }

  async function fileOf(inspection: string, options: Partial<PlanOptions> = {}): Promise<string> {
    const { plan } = await engine.plan({ inspection, options }, quiet());
    return engine.planFile({ plan }, quiet());
  }

  async function readEdited(inspection: string, file: string, edit: (plan: Edit) => void): Promise<PlanSummary> {
    const plan = JSON.parse(file) as Edit;
    edit(plan);
    return engine.readPlan({ inspection, file: JSON.stringify(plan) }, quiet());
  }

  const entry = (plan: Edit, id: string): Record<string, unknown> => {
    const found = plan.changes.find((change) => change["id"] === id);
    assert.ok(found, `${id} has an entry`);
    return found;
  };

  it("name every change with its reason and twin, one in a line, and are what their schema says", async () => {
    const { inspection } = await dataset();
    const file = await fileOf(inspection);
    const plan = JSON.parse(file) as Edit;
    assert.ok(validate(plan), JSON.stringify(validate.errors, null, 2));
    assert.deepEqual(
      plan.changes.map(({ id, action, reason, tier, twin }) => [id, action, reason, tier, twin]),
      [
        ["test/A/4 as A.png", "leave", "conflict", "file", "train/B/4.png"],
        ["train/A/1.png", "leave", "leaks", "file", "valid/A/1 copy.png"],
        ["train/A/2.png", "leave", "leaks", "pixel", "test/A/2 saved again.png"],
        ["train/A/3.png", "leave", "duplicate", "file", "train/A/3 again.png"],
        ["train/B/4.png", "leave", "conflict", "file", "test/A/4 as A.png"],
        ["train/B/blank.png", "leave", "leaks", "file", "test/B/blank.png"],
        ["valid/B/empty.png", "leave", "unreadable", null, null],
      ],
    );
    assert.equal(file.split("\n").filter((line) => line.startsWith('    {"id":')).length, 7);
    // But for the time of it, the same plan is the same file.
    const undated = (text: string): string => text.replace(/"created": ".*"/, "");
    assert.equal(undated(await fileOf(inspection)), undated(file));
  });

  it("read again are the same plan, also of the same dataset elsewhere", async () => {
    const { inspection, root } = await dataset();
    for (const policy of ["protect-train", "move-groups", "new-split"] as const) {
      const options = { policy, balance: true, conflicts: "majority", keep: "largest" } as const;
      const plan = await engine.plan({ inspection, options }, quiet());
      const file = await engine.planFile({ plan: plan.plan }, quiet());
      assert.ok(validate(JSON.parse(file)), JSON.stringify(validate.errors, null, 2));
      const copy = path.join(scratch, `copy for ${policy}`);
      cpSync(root, copy, { recursive: true });
      const again = await engine.readPlan({ inspection: (await inspect(engine, [copy])).inspection, file }, quiet());
      assert.deepEqual({ ...again, plan: "" }, { ...plan, plan: "" });
    }
  });

  it("honour what people changed, say what leaks then, and are written and read with it again", async () => {
    const { inspection } = await dataset();
    const file = await fileOf(inspection);
    const summary = await readEdited(inspection, file, (plan) => {
      entry(plan, "train/A/1.png")["action"] = "stay";
      Object.assign(entry(plan, "train/A/3.png"), { action: "move", to: "test" });
      plan.changes = plan.changes.filter(({ id }) => id !== "train/B/blank.png");
      plan.changes.push({ id: "test/B/7.png", action: "leave" });
      // The same in other words is no edit.
      delete entry(plan, "train/A/2.png")["detail"];
    });
    assert.deepEqual([summary.edited, summary.moved, summary.undecided], [4, 1, 0]);
    assert.match(
      summary.policy,
      /4 images are treated as edited by hand\. That leaves 6 images with an equal one in another split\.$/,
    );
    assert.deepEqual(
      summary.splits.map(({ name, before, after, movedIn, movedOut, removed }) => [
        ...[name, before, after, movedIn, movedOut, removed.edited],
      ]),
      [
        ["train", 7, 4, 0, 1, 0],
        ["valid", 3, 2, 0, 0, 0],
        ["test", 4, 3, 1, 0, 1],
      ],
    );
    const { changes } = await engine.changes({ plan: summary.plan, from: 0, count: 100 }, quiet());
    assert.deepEqual(
      changes
        .filter(({ reason }) => reason === "edited")
        .map(({ sample, action, to, detail }) => [sample.id, action, to, detail]),
      [
        ["test/B/7.png", "leave", null, "Taken out by hand."],
        ["train/A/3.png", "move", "test", "Moved by hand."],
      ],
    );
    const written = await engine.planFile({ plan: summary.plan }, quiet());
    assert.ok(validate(JSON.parse(written)), JSON.stringify(validate.errors, null, 2));
    const again = await engine.readPlan({ inspection, file: written }, quiet());
    assert.deepEqual({ ...again, plan: "" }, { ...summary, plan: "" });
  });

  it("decide about conflicts that wait, and nothing is written before", async () => {
    const { inspection } = await dataset();
    const waiting = await engine.plan({ inspection, options: { conflicts: "ask" } }, quiet());
    assert.equal(waiting.undecided, 2);
    const out = path.join(scratch, "undecided");
    await assert.rejects(
      engine.apply({ plan: waiting.plan, out }, quiet()),
      /2 images with contradicting labels wait for a word.*"stay", "leave" or "move"/,
    );
    const file = await engine.planFile({ plan: waiting.plan }, quiet());
    const summary = await readEdited(inspection, file, (plan) => {
      entry(plan, "train/B/4.png")["action"] = "stay";
      entry(plan, "test/A/4 as A.png")["action"] = "leave";
    });
    assert.deepEqual([summary.undecided, summary.edited], [0, 2]);
    assert.match(summary.policy, /No leakage is left\.$/);
    const result = await engine.apply({ plan: summary.plan, out }, quiet());
    assert.equal(result.samples, summary.after);
  });

  it("remember which images a person keeps and drops", async () => {
    const { inspection } = await dataset();
    const { changes } = await engine.changes(
      { plan: (await engine.plan({ inspection }, quiet())).plan, from: 0, count: 100 },
      quiet(),
    );
    const kept = changes.find(({ sample }) => sample.id === "train/A/1.png")?.sample.sample ?? -1;
    const dropped = changes.find(({ sample }) => sample.id === "train/A/2.png")?.sample.sample ?? -1;
    const choose = (sample: number, choice: "keep" | "drop" | null): Promise<unknown> =>
      engine.review({ inspection, action: { type: "choose", samples: [sample], choice } }, quiet());
    await choose(kept, "keep");
    await choose(dropped, "drop");
    const plan = await engine.plan({ inspection }, quiet());
    const file = await engine.planFile({ plan: plan.plan }, quiet());
    const { keep, drop } = JSON.parse(file) as Record<string, unknown>;
    assert.deepEqual([keep, drop], [["train/A/1.png"], ["train/A/2.png"]]);
    assert.ok(validate(JSON.parse(file)), JSON.stringify(validate.errors, null, 2));
    // The file says by itself who stays, whatever is said later.
    await choose(kept, null);
    const again = await engine.readPlan({ inspection, file }, quiet());
    assert.deepEqual([again.edited, again.splits], [0, plan.splits]);
    assert.match(again.policy, /1 image that you drop leaves\. 1 image that you keep stays\.$/);
    // Older files know nothing of dropping.
    const { drop: _, ...older } = JSON.parse(await fileOf(inspection)) as Record<string, unknown>;
    assert.ok(validate(older), JSON.stringify(validate.errors, null, 2));
    await choose(dropped, null);
    const { drop: __, ...oldest } = JSON.parse(await fileOf(inspection)) as Record<string, unknown>;
    assert.equal((await engine.readPlan({ inspection, file: JSON.stringify(oldest) }, quiet())).edited, 0);
  });

  it("are refused with the entry that is wrong and what to do", async () => {
    const { inspection } = await dataset();
    const file = await fileOf(inspection);
    const refuses = async (edit: (plan: Edit) => void, message: RegExp): Promise<void> =>
      assert.rejects(readEdited(inspection, file, edit), (error: Error) => {
        assert.equal(error.name, "CleanSplitError");
        assert.match(error.message, message);
        return true;
      });
    const first = (plan: Edit): Record<string, unknown> => entry(plan, "train/A/1.png");
    await refuses(
      (plan) => plan.changes.push({ id: "train/A/99.png", action: "leave" }),
      /"train\/A\/99\.png" .*no such image/,
    );
    await refuses(
      (plan) => (first(plan)["action"] = "remove"),
      /action of "train\/A\/1\.png" is "remove", expected one of stay, leave/,
    );
    await refuses(
      (plan) => Object.assign(first(plan), { action: "move", to: "holdout" }),
      /"train\/A\/1\.png".*no split holdout.*train, valid, test/,
    );
    await refuses(
      (plan) => (first(plan)["action"] = "move"),
      /"to" of "train\/A\/1\.png", the split it moves to, is null/,
    );
    await refuses((plan) => (first(plan)["action"] = "ask"), /"train\/A\/1\.png".*cannot become "ask"/);
    await refuses((plan) => (first(plan)["split"] = "test"), /"train\/A\/1\.png".*is in the split train, not in test/);
    await refuses((plan) => (first(plan)["label"] = "B"), /"train\/A\/1\.png".*its label is A, not B/);
    await refuses((plan) => plan.changes.push({ ...first(plan) }), /"train\/A\/1\.png" has two entries/);
    await refuses((plan) => plan.changes.push({ action: "leave" }), /the "id" of change 8 is missing/);
    await refuses((plan) => (plan.options.seed = -1), /seed is -1; expected a whole number/);
    await refuses(
      (plan) => Object.assign(plan.options, { keep: "largest", conflicts: "ask" }),
      /its options were changed/,
    );
    await assert.rejects(engine.readPlan({ inspection, file: "{" }, quiet()), /no JSON/);
    await assert.rejects(
      engine.readPlan({ inspection, file: "[]" }, quiet()),
      /the file is a list, expected an object/,
    );
    await assert.rejects(
      engine.readPlan({ inspection, file: '{"schema":"x"}' }, quiet()),
      /expected "cleansplit\/plan@1"/,
    );
  });

  it("are refused of another dataset, and of one that changed since", async () => {
    const { inspection, root } = await dataset();
    const file = await fileOf(inspection);
    const other = writeTree(path.join(scratch, "other"), { "train/1.png": png(1), "test/2.png": png(2) });
    const { inspection: elsewhere } = await inspect(engine, [other]);
    await assert.rejects(
      engine.readPlan({ inspection: elsewhere, file }, quiet()),
      /another dataset than .*other, or that changed since\. It is of 14 images, and here are 2\. Make a new plan\./,
    );
    writeFileSync(path.join(root, "train/B/5.png"), png(99));
    const { inspection: changed } = await inspect(engine, [root]);
    await assert.rejects(
      engine.readPlan({ inspection: changed, file }, quiet()),
      /or that changed since\. Make a new plan/,
    );
  });

  it("tell a threshold that near duplicates were not searched with", async () => {
    const { inspection } = await dataset();
    await assert.rejects(engine.plan({ inspection, options: { tier: "near" } }, quiet()), /were not searched/);
    await engine.near({ inspection, threshold: null }, quiet());
    const file = await fileOf(inspection, { tier: "near" });
    assert.ok(validate(JSON.parse(file)), JSON.stringify(validate.errors, null, 2));
    await engine.readPlan({ inspection, file }, quiet());
    await engine.near({ inspection, threshold: 1 }, quiet());
    await assert.rejects(
      engine.readPlan({ inspection, file }, quiet()),
      /has the structural similarity 0\.9; here it is the structural similarity 1\. Search near/,
    );
  });
});

describe("a plan under which no image stays", () => {
  const { engine, scratch } = useEngine();

  it("is shown, and refused before anything is written, with what to do", async () => {
    const root = writeTree(path.join(scratch, "contradictory"), {
      "train/A/1.png": png(1),
      "train/B/1.png": png(1),
      "train/B/empty.png": "",
    });
    const { inspection } = await inspect(engine, [root]);
    const { plan, after } = await engine.plan({ inspection, options: { conflicts: "drop" } }, quiet());
    assert.equal(after, 0);
    const out = path.join(scratch, "nothing");
    const refused = {
      name: "CleanSplitError",
      message:
        /No image would stay.* settle conflicts by another rule .*; or replace the images that cannot be read\.$/,
    };
    await assert.rejects(engine.apply({ plan, out }, quiet()), refused);
    await assert.rejects(engine.apply({ plan, out, images: "index" }, quiet()), refused);
    await assert.rejects(engine.quarantine({ plan }, quiet()), refused);
    assert.deepEqual(readdirSync(scratch), ["contradictory"]);
  });

  it("is refused as edited by hand, too", async () => {
    const root = writeTree(path.join(scratch, "edited"), { "train/1.png": png(1), "test/1.png": png(1) });
    const { inspection } = await inspect(engine, [root]);
    const made = await engine.plan({ inspection }, quiet());
    const plan = JSON.parse(await engine.planFile({ plan: made.plan }, quiet())) as Edit;
    plan.changes.push({ id: "test/1.png", action: "leave" });
    const edited = await engine.readPlan({ inspection, file: JSON.stringify(plan) }, quiet());
    await assert.rejects(
      engine.apply({ plan: edited.plan, out: path.join(scratch, "nothing") }, quiet()),
      /No image would stay.* remove entries that say "leave" from the plan file\.$/,
    );
  });
});

describe("previews of policies", () => {
  const { engine, scratch } = useEngine();

  it("say what each would do, in numbers that its plan has, too", async () => {
    const { inspection } = await inspect(engine, [faultyDataset(path.join(scratch, "previewed"))]);
    const previews = await engine.previews({ inspection }, quiet());
    assert.deepEqual(
      previews.map(({ policy, leave, move, splits }) => [policy, leave, move, splits.map(({ after }) => after)]),
      [
        ["protect-evaluation", 7, 0, [2, 2, 3]],
        ["protect-train", 7, 0, [5, 1, 1]],
        ["move-groups", 3, 3, [3, 3, 5]],
        ["new-split", 3, 6, [9, 1, 1]],
      ],
    );
    for (const { policy, leave, move } of previews) {
      const plan = await engine.plan({ inspection, options: { policy } }, quiet());
      assert.deepEqual([plan.before - plan.after, plan.moved], [leave, move]);
    }
  });

  it("say why a policy does not fit", async () => {
    const root = writeTree(path.join(scratch, "one split"), { "a/1.png": png(1), "b/2.png": png(1) });
    const { inspection } = await inspect(engine, [root]);
    const previews = await engine.previews({ inspection, options: { conflicts: "majority" } }, quiet());
    assert.deepEqual(
      previews.flatMap(({ policy, unavailable }) => (unavailable === null ? [] : [policy])),
      ["move-groups", "new-split"],
    );
  });

  it("refuse options that cannot be", async () => {
    const { inspection } = await inspect(engine, [faultyDataset(path.join(scratch, "options"))]);
    const refuses = (options: object, message: RegExp): Promise<void> =>
      assert.rejects(engine.plan({ inspection, options: options }, quiet()), message);
    await refuses({ policy: "x" }, /policy is "x"; expected one of protect-evaluation/);
    await refuses({ seed: 0.5 }, /seed is 0\.5; expected a whole number/);
    const share = (name: string, share = 1): object => ({ name, role: "other", share });
    await refuses({ shares: [share("a")] }, /there are 1 shares; expected at least 2/);
    await refuses({ shares: [share("a", 0), share("b")] }, /the share of a is 0; expected a number above 0/);
    await refuses({ shares: [share("../a"), share("b")] }, /name "\.\.\/a"; expected a name that a folder can have/);
    await refuses({ shares: [share("a"), share("A")] }, /two shares called A; expected shares of different names/);
  });
});
