import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { CleanSplitError } from "../../../src/core/errors";
import type { GroupFilter, GroupView } from "../../../src/core/leakage/report";
import type { GroupChange, ReviewAction, ReviewState } from "../../../src/core/review/review";
import type { ReviewResult } from "../../../src/engine/engine";
import { writeAllKept } from "../../../src/engine/home";
import { npy } from "../arrays/support";
import { glyph, inspect, leaks, quiet, useEngine, writeTree } from "./support";

/** Glyphs 1 and 2 are in train and in test, 3 is twice in train; 4 is in train and, at an RMS of 5, in test. */
function dataset(root: string): string {
  return writeTree(root, {
    "train/A/1.png": glyph(1),
    "train/A/2.png": glyph(2),
    "train/A/3.png": glyph(3),
    "train/A/3 again.png": glyph(3, 0, 1),
    "train/B/4.png": glyph(4),
    "train/B/empty.png": Buffer.alloc(0),
    "test/A/1.png": glyph(1),
    "test/A/Zwei.png": glyph(2, 0, 1),
    "test/B/4 near.png": glyph(4, 80),
  });
}

/** An inspection, and what is done with it by names of images. */
interface Opened {
  readonly inspection: string;
  /** The number of an image by its id. */
  readonly sample: (id: string) => number;
  readonly review: (action: ReviewAction) => Promise<ReviewResult>;
  readonly choose: (choice: "keep" | "drop" | null, ...ids: readonly string[]) => Promise<ReviewState>;
  readonly change: (
    change: GroupChange,
    filter?: GroupFilter,
    groups?: readonly number[] | "all",
  ) => Promise<ReviewState>;
  readonly undo: () => Promise<ReviewState>;
  readonly redo: () => Promise<ReviewState>;
  readonly state: () => Promise<ReviewState>;
  readonly groups: (filter?: GroupFilter) => Promise<readonly GroupView[]>;
}

describe("a review", () => {
  const { engine, scratch } = useEngine();
  let home = "";
  let root = "";
  beforeEach(() => {
    home = mkdtempSync(path.join(scratch, "home-"));
    root = dataset(path.join(home, "set"));
  });

  const file = (folder = home): string => path.join(folder, ".cleansplit", "choices.json");
  const text = (folder = home): string => readFileSync(file(folder), "utf8");
  /** What the file says, as "keep train/A/1.png". */
  const said = (): string[] => {
    const { choices } = JSON.parse(text()) as { choices: { id: string; choice: string }[] };
    return choices.map(({ id, choice }) => `${choice} ${id.replace("set/", "")}`);
  };

  const opened = async (inputs: readonly string[] = [root], near = false): Promise<Opened> => {
    const { inspection, report } = await inspect(engine, inputs);
    if (near) await engine.near({ inspection, threshold: null }, quiet());
    const groups = async (filter: GroupFilter = {}): Promise<readonly GroupView[]> =>
      (await engine.groups({ inspection, query: { ...filter, from: 0, count: 99, membersEach: 99 } }, quiet())).groups;
    const numbers = new Map(report.unreadable.map(({ id, sample }) => [id, sample]));
    for (const { members } of await groups(near ? { tier: "near" } : {})) {
      for (const { id, sample } of members) numbers.set(id, sample);
    }
    const sample = (id: string): number => numbers.get(id) ?? assert.fail(`${id} is in no group`);
    const review = (action: ReviewAction): Promise<ReviewResult> => engine.review({ inspection, action }, quiet());
    return {
      inspection,
      sample,
      review,
      groups,
      choose: async (choice, ...ids) => (await review({ type: "choose", samples: ids.map(sample), choice })).review,
      change: async (change, filter = {}, of = "all") =>
        (await review({ type: "groups", filter, groups: of, change })).review,
      undo: async () => (await engine.undoReview({ inspection }, quiet())).review,
      redo: async () => (await engine.redoReview({ inspection }, quiet())).review,
      state: () => engine.reviewState({ inspection }, quiet()),
    };
  };
  const refused = (message: RegExp) => (error: unknown) =>
    error instanceof CleanSplitError && message.test(error.message);

  it("is kept at once, one choice a line, and undone and done again", async () => {
    const { choose, undo, redo, state } = await opened();
    assert.deepEqual(await state(), { keep: 0, drop: 0, judged: 0, stale: 0, file: null, undo: null, redo: null });
    await choose("keep", "train/A/1.png");
    const dropped = await choose("drop", "test/A/1.png", "train/A/3.png");
    assert.deepEqual(dropped, {
      ...{ keep: 1, drop: 2, judged: 0, stale: 0, file: file() },
      ...{ undo: "drop 2 images", redo: null },
    });
    assert.match(text(), /^ {4}\{"id":"set\/test\/A\/1\.png","choice":"drop","key":"file:[0-9a-f]{32}"\},$/m);
    assert.deepEqual(said(), ["drop test/A/1.png", "keep train/A/1.png", "drop train/A/3.png"]);
    // Saying it once more is no step.
    assert.equal((await choose("drop", "test/A/1.png")).undo, "drop 2 images");

    assert.deepEqual([(await undo()).redo, said()], ["drop 2 images", ["keep train/A/1.png"]]);
    assert.deepEqual([(await undo()).undo, said()], [null, []]);
    assert.equal((await undo()).redo, "keep 1.png");
    await redo();
    assert.equal((await redo()).redo, null);
    assert.deepEqual(said(), ["drop test/A/1.png", "keep train/A/1.png", "drop train/A/3.png"]);
    // A new step takes the place of those that were taken back.
    await undo();
    assert.equal((await choose(null, "train/A/1.png")).redo, null);
    assert.deepEqual(said(), []);
    assert.deepEqual(readdirSync(path.dirname(file())), ["choices.json"]);
  });

  it("has one image of a group stay instead of others", async () => {
    const { choose, review, sample } = await opened();
    await choose("drop", "train/A/1.png");
    await choose("keep", "test/A/1.png");
    const action = { type: "keep-one", sample: sample("train/A/1.png"), insteadOf: [sample("test/A/1.png")] } as const;
    assert.equal((await review(action)).review.undo, "keep 1.png");
    assert.deepEqual(said(), ["keep train/A/1.png"]);
  });

  it("says something of many groups at once", async () => {
    const { change, undo, groups } = await opened();
    assert.equal((await change({ type: "keep-first" })).undo, "keep the first image of 3 groups");
    assert.deepEqual(said(), ["keep test/A/1.png", "keep test/A/Zwei.png", "keep train/A/3 again.png"]);
    await change({ type: "drop-split", split: "train" }, { leaking: true });
    assert.deepEqual(said().slice(0, 4), [
      "keep test/A/1.png",
      "keep test/A/Zwei.png",
      "drop train/A/1.png",
      "drop train/A/2.png",
    ]);
    await undo();
    const [first] = await groups({ text: "zwei" });
    const dropped = await change({ type: "drop-split", split: "test" }, {}, [first?.group ?? -1]);
    assert.equal(dropped.undo, "drop 1 image of test");
    assert.deepEqual(said(), ["keep test/A/1.png", "drop test/A/Zwei.png", "keep train/A/3 again.png"]);
    assert.equal((await change({ type: "keep-all" })).keep, 6);
    assert.equal((await change({ type: "forget" }, { leaking: true })).keep, 2);
    // Equal pictures are always duplicates.
    const before = await change({ type: "different" });
    assert.equal(before.undo, "forget what was said of 2 groups");
    await assert.rejects(change({ type: "drop-split", split: "holdout" }), refused(/no split holdout/));
    await assert.rejects(change({ type: "forget" }, {}, [99]), refused(/no group number 99 any more\. Choose again/));
  });

  it("finds groups by text whatever the case of letters, and by whether something is said of them", async () => {
    const { choose, groups } = await opened([root], true);
    const found = async (filter: GroupFilter): Promise<number[]> => (await groups(filter)).map(({ group }) => group);
    const sizes = async (filter: GroupFilter): Promise<number[]> => (await groups(filter)).map(({ size }) => size);
    assert.equal((await found({ text: "ZWEI" })).length, 1);
    assert.equal((await found({ text: "a/3" })).length, 1);
    assert.deepEqual(await found({ text: "nothing" }), []);
    assert.equal((await found({ text: "n" })).length, 3);
    assert.equal((await found({ text: "near", tier: "near" })).length, 1);
    assert.equal((await found({ decided: false })).length, 3);
    await choose("drop", "train/A/3.png");
    assert.deepEqual(await sizes({ decided: true }), [2]);
    assert.equal((await found({ decided: false })).length, 2);
    const [group] = await groups({ text: "3 again" });
    assert.equal(group?.decided, true);
    assert.deepEqual(
      group.members.map(({ choice }) => choice),
      [null, "drop"],
    );
    // What another window says is seen, too.
    const other = await opened();
    await other.choose("keep", "test/A/Zwei.png");
    assert.equal((await found({ decided: true })).length, 2);
  });

  it("of two windows is one: each reads what the other says, and undoes its own steps alone", async () => {
    const [mine, theirs] = [await opened(), await opened()];
    await mine.choose("keep", "train/A/1.png", "train/A/2.png");
    await theirs.choose("drop", "test/A/1.png");
    await theirs.choose("drop", "train/A/2.png");
    assert.deepEqual(said(), ["drop test/A/1.png", "keep train/A/1.png", "drop train/A/2.png"]);
    const state = await mine.state();
    assert.deepEqual([state.keep, state.drop, state.undo], [1, 2, "keep 2 images"]);
    // Only what the step said is as before it.
    await mine.undo();
    assert.deepEqual(said(), ["drop test/A/1.png"]);
    await mine.redo();
    assert.deepEqual(said(), ["drop test/A/1.png", "keep train/A/1.png", "keep train/A/2.png"]);
    // They had found it kept.
    assert.equal((await theirs.undo()).undo, "drop 1.png");
    assert.deepEqual(said(), ["drop test/A/1.png", "keep train/A/1.png", "keep train/A/2.png"]);
    await theirs.undo();
    assert.deepEqual(said(), ["keep train/A/1.png", "keep train/A/2.png"]);
  });

  it("judges pairs, counts them anew, and takes that back with the file as it was", async () => {
    const decisions = path.join(home, ".cleansplit", "decisions.json");
    const { review, sample, inspection, change, state, groups } = await opened([root], true);
    const pair = [sample("train/B/4.png"), sample("test/B/4 near.png")];
    const judged = await review({ type: "judge", samples: pair, verdict: "different" });
    assert.deepEqual([judged.review.judged, judged.review.undo], [1, "2 pictures are not duplicates"]);
    assert.ok(judged.report !== null);
    assert.deepEqual(leaks(judged.report, "near"), leaks(judged.report, "pixel"));
    const undone = await engine.undoReview({ inspection }, quiet());
    assert.deepEqual([undone.review.judged, leaks(undone.report ?? judged.report, "near")["train in test"]], [0, 3]);
    assert.match(readFileSync(decisions, "utf8"), /"decisions": \[\]/);
    assert.equal((await engine.redoReview({ inspection }, quiet())).review.judged, 1);
    await engine.undoReview({ inspection }, quiet());

    const filter = { tier: "near", similar: true } as const;
    assert.equal((await change({ type: "different" }, filter)).judged, 1);
    assert.equal((await groups(filter)).length, 0);
    assert.equal((await state()).undo, "the pictures of a group are not duplicates");
    const { review: last } = await engine.undoReview({ inspection }, quiet());
    assert.deepEqual([last.judged, last.redo], [0, "the pictures of a group are not duplicates"]);
    await review({ type: "judge", samples: pair, verdict: "duplicate" });
    assert.equal((await groups({ ...filter, decided: true })).length, 1);
    assert.equal((await change({ type: "forget" }, filter)).judged, 0);
  });

  it("forgets choices about what changed, and keeps what others wrote", async () => {
    const first = await opened();
    await first.choose("drop", "train/A/1.png", "test/A/1.png");
    const other = `{"id":"other/x.png","choice":"keep","key":"file:${"0".repeat(32)}","by":"me"}`;
    writeFileSync(file(), text().replace('"choices": [', `"team": ["a"],\n  "choices": [\n    ${other},`));
    writeFileSync(path.join(root, "train/A/1.png"), glyph(2));
    const again = await opened();
    const { drop, stale } = await again.state();
    assert.deepEqual([drop, stale], [1, 1]);
    // Something new is said of the place.
    assert.equal((await again.choose("keep", "train/A/1.png")).stale, 0);
    assert.equal((await again.undo()).stale, 1);
    assert.ok(text().includes(other) && text().includes('"team": ["a"]'));
    rmSync(path.join(root, "test/A/1.png"));
    assert.equal((await (await opened()).state()).stale, 2);
  });

  it("reads what is written by hand, without keys, and puts it back as it was", async () => {
    mkdirSync(path.dirname(file()));
    const entry = '{"note":"blurred","choice":"drop","id":"set/train/A/3.png"}';
    const written = `{"choices": [${entry}, {"id": "set/train/B/empty.png", "choice": "keep"}], "version": 1}`;
    writeFileSync(file(), written);
    const { state, choose, undo } = await opened();
    const { drop, keep, stale } = await state();
    // What cannot be read cannot be kept.
    assert.deepEqual([drop, keep, stale], [1, 0, 1]);
    await choose("keep", "train/A/3.png");
    assert.ok(!text().includes("blurred"));
    await undo();
    assert.ok(text().includes(entry));
  });

  it("keeps nothing of what cannot be used, and drops it", async () => {
    const { choose, review } = await opened();
    await assert.rejects(choose("keep", "train/A/1.png", "train/B/empty.png"), refused(/empty\.png cannot be kept/));
    await assert.rejects(
      review({ type: "choose", samples: [99], choice: "drop" }),
      refused(/There is no image number 99 in this dataset/),
    );
    await assert.rejects(
      review({ type: "judge", samples: [0, 1], verdict: "different" }),
      refused(/were not searched/),
    );
    assert.throws(text, /ENOENT/);
    assert.equal((await choose("drop", "train/B/empty.png")).drop, 1);
  });

  it("does not keep what has a wrong label", async () => {
    const { choose, change, inspection } = await opened();
    mkdirSync(path.dirname(file()));
    const wrong = '{"version": 1, "labels": [{"id": "set/test/A/1.png", "label": "A", "verdict": "wrong"}]}';
    writeFileSync(path.join(home, ".cleansplit", "labels.json"), wrong);
    await assert.rejects(
      choose("keep", "test/A/1.png"),
      refused(/1\.png cannot be kept, because its label was judged/),
    );
    await change({ type: "keep-first" }, { leaking: true });
    assert.deepEqual(said(), ["keep test/A/Zwei.png", "keep train/A/1.png"]);
    await engine.plan({ inspection }, quiet());
  });

  it("with a damaged file is refused with what to do, and the file is never overwritten", async () => {
    const { choose, groups, state, inspection } = await opened();
    await choose("keep", "train/A/1.png");
    const good = text();
    const [line = ""] = good.split("\n").filter((one) => one.includes('"id"'));
    const cases: readonly (readonly [string, RegExp])[] = [
      ["{", /JSON.*Repair it or delete it; it was not changed/],
      ["[]", /expected an object with "version" and "choices"/],
      [good.replace("1,", "2,"), /version 2, and this CleanSplit knows 1; a newer one reads it/],
      [good.replace("keep", "maybe"), /entry 1 of "choices" needs a "choice" that is "keep" or "drop"/],
      [
        good.replace(line, `${line},\n${line.replace("keep", "drop")}`),
        /two entries of "set\/train\/A\/1\.png"; keep one/,
      ],
      [good.replace(line, `<<<<<<< HEAD\n${line}\n=======\n${line}\n>>>>>>> theirs`), /line 4 is the mark of a merge/],
      [good.replace("file:", "file:../"), /"key" that is not "file:"/],
    ];
    for (const [content, message] of cases) {
      writeFileSync(file(), content);
      const isExpected = (error: unknown): boolean => refused(message)(error) && String(error).includes(file());
      await assert.rejects(state(), isExpected, content);
      await assert.rejects(groups(), isExpected, content);
      await assert.rejects(choose("drop", "train/A/1.png"), isExpected, content);
      await assert.rejects(engine.plan({ inspection }, quiet()), isExpected, content);
      await engine.plan({ inspection, choices: false }, quiet());
      assert.equal(text(), content);
    }
  });

  it("keeps nothing when one of its files cannot be written", async () => {
    const { review, sample, change, choose, state } = await opened([root], true);
    const decisions = path.join(home, ".cleansplit", "decisions.json");
    await review({
      type: "judge",
      samples: [sample("train/B/4.png"), sample("test/B/4 near.png")],
      verdict: "duplicate",
    });
    await choose("drop", "train/B/4.png");
    const [before, judged] = [text(), readFileSync(decisions, "utf8")];
    writeFileSync(decisions, "{");
    await assert.rejects(change({ type: "forget" }, { tier: "near" }), refused(/decisions\.json cannot be used/));
    assert.equal(text(), before);
    writeFileSync(decisions, judged);
    assert.equal((await state()).undo, "drop 4.png");
    assert.equal((await change({ type: "forget" }, { tier: "near" })).drop, 0);
  });

  it("puts back what was written when a later file cannot be", () => {
    const [known, fresh, blocked] = ["known.json", "fresh.json", "blocked/x.json"].map((name) => path.join(home, name));
    writeFileSync(known ?? "", "before");
    writeFileSync(path.join(home, "blocked"), "a file where a folder is needed");
    const files = [known, fresh, blocked].map((one = "") => ({ file: one, text: "after" }));
    assert.throws(() => writeAllKept(files), refused(/blocked\/x\.json cannot be written/));
    assert.equal(readFileSync(known ?? "", "utf8"), "before");
    assert.deepEqual(readdirSync(home).sort(), ["blocked", "known.json", "set"]);
  });

  it("takes the last 200 steps back and no more", async () => {
    const { choose, undo } = await opened();
    for (let step = 0; step < 201; step++) await choose(step % 2 === 0 ? "keep" : "drop", "train/A/1.png");
    let steps = 0;
    while ((await undo()).undo !== null) steps += 1;
    assert.equal(steps, 199);
    // What the first step said is what is left.
    assert.deepEqual(said(), ["keep train/A/1.png"]);
  });

  it("is kept for rows of arrays by their pixels, and for several inputs in the file nearest to each", async () => {
    const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 2, 2), }";
    const rows = npy(header, Buffer.from([1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4]));
    const arrays = writeTree(path.join(home, "arrays"), { "x_train.npy": rows });
    mkdirSync(path.join(arrays, ".cleansplit"));
    const { groups, review, state } = await opened([root, arrays]);
    const found = await groups({ text: "x_train" });
    const [row = -1] = found.flatMap(({ members }) => members.map(({ sample }) => sample)).slice(1);
    await review({ type: "choose", samples: [row], choice: "drop" });
    assert.match(text(arrays), /"id":"x_train\.npy#\[2\]","choice":"drop","key":"pixels:/);
    assert.throws(() => text(), /ENOENT/);
    const { drop, stale, file: kept } = await state();
    assert.deepEqual([drop, stale, kept], [1, 0, file(arrays)]);
    assert.equal((await (await opened([root, arrays])).state()).drop, 1);
  });

  it("is followed by plans and previews, which say what leakage is kept, and what is written is checked for just that", async () => {
    const { choose, inspection } = await opened();
    await choose("keep", "train/A/1.png", "test/A/1.png");
    await choose("drop", "test/A/Zwei.png");
    const plan = await engine.plan({ inspection }, quiet());
    assert.match(
      plan.policy,
      /1 image that you drop leaves\. 2 images that you keep stay\. Because of what you keep, 2 images have an equal one in another split\.$/,
    );
    const { changes } = await engine.changes({ plan: plan.plan, from: 0, count: 99 }, quiet());
    assert.deepEqual(
      changes.map(({ sample, reason, detail }) => [sample.id, reason, detail.split(" ")[0]]),
      [
        ["test/A/Zwei.png", "choice", "A"],
        ["train/A/3.png", "duplicate", "Same"],
        ["train/B/empty.png", "unreadable", "It"],
      ],
    );
    const [preview] = await engine.previews({ inspection }, quiet());
    assert.equal(preview?.leave, 3);
    const [without] = await engine.previews({ inspection, choices: false }, quiet());
    assert.equal(without?.leave, 4);
    const out = path.join(home, "written");
    const { verified } = await engine.apply({ plan: plan.plan, out }, quiet());
    assert.ok(
      verified.includes(
        "2 images have an equal one in another split, because a person keeps images of both; no other has.",
      ),
      verified.join("\n"),
    );
    assert.equal((await engine.verify({ folder: out }, quiet())).ok, true);
    assert.deepEqual(leaks((await inspect(engine, [out])).report), { "train in test": 1, "test in train": 1 });
  });
});
