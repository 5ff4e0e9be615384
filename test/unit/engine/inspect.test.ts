import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import path from "node:path";
import { CleanSplitError } from "../../../src/core/errors";
import { verdictOf } from "../../../src/core/leakage/verdict";
import type { Progress } from "../../../src/engine/engine";
import { createEngineForTest, faultyDataset, inspect, leaks, png, quiet, useEngine, writeTree } from "./support";

describe("inspecting image folders", () => {
  const { engine, scratch } = useEngine();

  it("finds every kind of fault and counts what it says", async () => {
    const root = faultyDataset(path.join(scratch, "faulty"));
    const { report, inspection } = await inspect(engine, [root]);
    assert.deepEqual(
      report.splits.map(({ name, role, samples, unreadable }) => [name, role, samples, unreadable]),
      [
        ["train", "train", 7, 0],
        ["valid", "validation", 3, 1],
        ["test", "test", 4, 0],
      ],
    );
    assert.deepEqual(leaks(report), {
      "train in valid": 1,
      "train in test": 3,
      "valid in train": 1,
      "test in train": 3,
    });
    assert.deepEqual(leaks(report, "file")["test in train"], 2);
    const { file, pixel } = report.duplicates;
    assert.deepEqual([file.groups, file.extra, pixel.groups, pixel.samples, pixel.extra], [4, 4, 5, 10, 5]);
    assert.deepEqual([pixel.withoutBlank.groups, report.blank.samples], [4, 2]);
    assert.deepEqual(report.conflicts, { groups: 1, samples: 2 });
    assert.deepEqual(
      report.unreadable.map(({ id, reason }) => [id, reason]),
      [["valid/B/empty.png", "empty file (0 bytes)"]],
    );
    assert.deepEqual(
      report.dataset.ignored.map((entry) => entry.path),
      [".DS_Store", "train/notes.txt"],
    );
    assert.equal(verdictOf(report).text, "3 of 4 test images also occur in train.");

    const query = { from: 0, count: 10, membersEach: 9 };
    const leaking = await engine.groups({ inspection, query: { ...query, splits: ["test", "train"] } }, quiet());
    assert.equal(leaking.total, 3);
    const conflicts = await engine.groups({ inspection, query: { ...query, conflict: true } }, quiet());
    assert.deepEqual(conflicts.groups[0]?.labels, ["A", "B"]);
  });

  it("says how files and folders are marked, as far as it is asked", async () => {
    const root = faultyDataset(path.join(scratch, "marked"));
    const { inspection } = await inspect(engine, [root]);
    const expected = {
      "train/B/4.png": "conflict: CleanSplit: 1 other image with the same file but another label",
      "test/A/2 saved again.png": "leaks: CleanSplit: 1 other image with the same pixels, in train, test",
      "train/A/3.png": "duplicate: CleanSplit: 1 other image with the same file",
      "valid/B/empty.png": "unreadable: CleanSplit: empty file (0 bytes)",
      "test/B/7.png": null,
      "train/notes.txt": null,
      "test/B/none.png": null,
      "test/C": null,
      "valid/B": "unreadable: CleanSplit: 1 image cannot be read",
      test: "conflict: CleanSplit: 1 image with another label elsewhere, 2 images also in another split",
      "train/A": "leaks: CleanSplit: 2 images also in another split",
      "": "unreadable: CleanSplit: 1 image cannot be read, 2 images with another label elsewhere, 6 images also in another split",
      "..": "unreadable: CleanSplit: 1 image cannot be read, 2 images with another label elsewhere, 6 images also in another split",
      "../elsewhere": null,
    };
    const paths = Object.keys(expected).map((name) => path.join(root, name));
    const marks = await engine.marks({ inspection, paths }, quiet());
    const found = marks.map((mark) => (mark === null ? null : `${mark.kind}: ${mark.text}`));
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name, i) => [name, found[i]])), expected);
  });

  it("says which files are named for another format than they hold", async () => {
    const root = writeTree(path.join(scratch, "names"), {
      "train/A/1.png": png(1),
      "train/B/2.jpg": png(2),
      "test/A/3.JPEG": png(3),
      "test/B/4.gif": "no image",
    });
    const { report } = await inspect(engine, [root]);
    const { wrongExtension } = report.quality;
    assert.deepEqual(
      wrongExtension.examples.map(({ id, split, file, reason }) => [id, split, path.relative(root, file), reason]),
      [
        ["test/A/3.JPEG", "test", "test/A/3.JPEG", "named .jpeg, but it is a PNG file"],
        ["train/B/2.jpg", "train", "train/B/2.jpg", "named .jpg, but it is a PNG file"],
      ],
    );
    const { details } = verdictOf(report);
    assert.ok(details.includes("2 files hold an image of another format than the name says."), details.join(" "));
  });

  it("gives the same report with one worker as with three", async () => {
    const root = faultyDataset(path.join(scratch, "workers"));
    const [one, three] = [createEngineForTest(1), createEngineForTest(3)];
    const reports = await Promise.all([inspect(one, [root]), inspect(three, [root])]);
    const [a, b] = reports.map(({ report }) => ({ ...report, timing: null }));
    assert.deepEqual(a, b);
    await Promise.all([one.close(), three.close()]);
  });

  it("lets a person correct what was recognised, and leave parts out", async () => {
    const root = writeTree(path.join(scratch, "roles"), {
      "first/A/1.png": png(1),
      "first/B/2.png": png(2),
      "second/A/1.png": png(1),
      "second/B/3.png": png(3),
      "third/A/1.png": png(1),
      "third/B/4.png": png(4),
    });
    const recognised = await inspect(engine, [root]);
    assert.deepEqual(
      recognised.report.splits.map((split) => [split.name, split.role]),
      [
        ["first", "other"],
        ["second", "other"],
        ["third", "other"],
      ],
    );
    const { report } = await inspect(
      engine,
      [root],
      [
        { path: path.join(root, "first"), split: "train" },
        { path: path.join(root, "second"), split: "test" },
        { path: path.join(root, "third"), split: null },
      ],
    );
    assert.deepEqual(
      report.splits.map((split) => [split.name, split.role, Object.keys(split.classes)]),
      [
        ["train", "train", ["A", "B"]],
        ["test", "test", ["A", "B"]],
      ],
    );
    assert.deepEqual(leaks(report), { "train in test": 1, "test in train": 1 });
  });

  it("takes splits that are given one by one, without a common folder", async () => {
    const root = writeTree(path.join(scratch, "apart"), {
      "x/A/1.png": png(1),
      "y/A/1.png": png(1),
      "y/A/2.png": png(2),
    });
    const { report } = await inspect(
      engine,
      [],
      [
        { path: path.join(root, "x"), split: "train" },
        { path: path.join(root, "y"), split: "test" },
      ],
    );
    assert.deepEqual(leaks(report), { "train in test": 1, "test in train": 1 });
  });

  it("joins what is corrected to a role with the split of that name", async () => {
    const root = writeTree(path.join(scratch, "joined"), {
      "train/A/1.png": png(1),
      "test/A/2.png": png(2),
      "valid/A/1.png": png(1),
    });
    const { report } = await inspect(engine, [root], [{ path: path.join(root, "valid"), split: "test" }]);
    assert.deepEqual(
      report.splits.map(({ name, role, samples }) => [name, role, samples]),
      [
        ["train", "train", 1],
        ["test", "test", 2],
      ],
    );
    assert.deepEqual(leaks(report), { "train in test": 1, "test in train": 1 });
  });

  it("keeps splits of one name apart when they come from different inputs", async () => {
    const one = writeTree(path.join(scratch, "one"), { "train/A/1.png": png(1), "test/A/2.png": png(2) });
    const two = writeTree(path.join(scratch, "two"), { "train/A/2.png": png(2) });
    const { report } = await inspect(engine, [one, two]);
    assert.deepEqual(leaks(report), { "two/train in one/test": 1, "one/test in two/train": 1 });
  });

  it("ignores links out of the dataset and links to folders, and says so", async () => {
    const root = writeTree(path.join(scratch, "links"), { "A/1.png": png(1), "B/2.png": png(2) });
    const outside = writeTree(path.join(scratch, "outside"), { "3.png": png(3) });
    symlinkSync(path.join(outside, "3.png"), path.join(root, "A/out.png"));
    symlinkSync(path.join(root, "B"), path.join(root, "A/loop"));
    symlinkSync(path.join(root, "B/2.png"), path.join(root, "A/in.png"));
    const { report } = await inspect(engine, [root]);
    assert.equal(report.splits[0]?.samples, 3);
    assert.equal(report.duplicates.file.groups, 1);
    assert.deepEqual(
      report.dataset.ignored.map((entry) => entry.path),
      ["A/loop", "A/out.png"],
    );
  });

  it("treats hostile names as names", async () => {
    const name = "A/<img src=x onerror=alert(1)> \u202e\n'\"$(rm -rf ~).png";
    const root = writeTree(path.join(scratch, "names"), { [name]: png(1), "B/2.png": png(1) });
    const { inspection } = await inspect(engine, [root]);
    const page = await engine.groups({ inspection, query: { from: 0, count: 1, membersEach: 2 } }, quiet());
    assert.equal(page.groups[0]?.members[0]?.id, name);
  });

  it("says what is missing", async () => {
    const missing = path.join(scratch, "nowhere");
    await assert.rejects(
      inspect(engine, [missing]),
      new RegExp(`${missing} does not exist. Expected a folder of images`),
    );
    const empty = writeTree(path.join(scratch, "empty"), { "readme.txt": "hello" });
    await assert.rejects(inspect(engine, [empty]), /holds no images.*1 entry was ignored, e.g. readme.txt/);
    const text = writeTree(path.join(scratch, "text"), { "notes.txt": "hello" });
    await assert.rejects(inspect(engine, [path.join(text, "notes.txt")]), /notes.txt is no array file/);
  });

  it("reports progress and stops when it is cancelled", async () => {
    const pictures = Array.from({ length: 200 }, (_, seed) => png(seed));
    const files = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`A/${index}.png`, pictures[index % 200] ?? ""]),
    );
    const root = writeTree(path.join(scratch, "many"), files);
    const events: Progress[] = [];
    const abort = new AbortController();
    const inspecting = engine.inspect(
      { inputs: [root], assignments: [] },
      {
        signal: abort.signal,
        progress(event) {
          events.push(event);
          if (event.phase === "reading") abort.abort();
        },
      },
    );
    await assert.rejects(inspecting, (error) => error instanceof Error && error.name === "AbortError");
    assert.ok(events.some((event) => event.phase === "reading" && event.total === 3000));
    // The engine is as good as new.
    const { report } = await inspect(engine, [root]);
    assert.equal(report.duplicates.pixel.groups, 200);
  });

  it("names what it no longer holds", async () => {
    await assert.rejects(
      engine.groups({ inspection: "gone", query: { from: 0, count: 1, membersEach: 1 } }, quiet()),
      (error) => error instanceof CleanSplitError && error.reason === "not-found",
    );
  });
});
