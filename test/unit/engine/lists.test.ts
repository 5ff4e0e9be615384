import assert from "node:assert/strict";
import { readFileSync, renameSync, symlinkSync } from "node:fs";
import path from "node:path";
import type { Report } from "../../../src/core/leakage/report";
import { withCorrections, writeCorrections } from "../../../src/engine/corrections";
import { inspect, leaks, png, quiet, treeOf, useEngine, writeTree } from "./support";

/** Splits with the number of images of each class, "-" for images without one. */
function splitsOf(report: Report): Record<string, Record<string, number>> {
  return Object.fromEntries(
    report.splits.map(({ name, samples, classes }) => {
      const labelled = Object.values(classes).reduce((sum, count) => sum + count, 0);
      return [name, { ...classes, ...(labelled < samples ? { "-": samples - labelled } : {}) }];
    }),
  );
}

function ignoredOf(report: Report): Record<string, string> {
  return Object.fromEntries(report.dataset.ignored.map(({ path: place, reason }) => [place, reason]));
}

/** Images 0.png, 1.png ... in a folder. */
function images(folder: string, count: number, first = 0): Record<string, Buffer> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => [path.posix.join(folder, `${first + index}.png`), png(first + index)]),
  );
}

describe("lists of images in a dataset", () => {
  const { engine, scratch } = useEngine();
  let number = 0;
  const write = (files: Readonly<Record<string, Uint8Array | string>>): string =>
    writeTree(path.join(scratch, `${number++}`, "set"), files);

  it("give label and split, also to images of one folder", async () => {
    const root = write({
      ...images("images", 4),
      "labels.csv": "file,label,split\n0.png,cat,train\n1.png,dog,train\n2.png,cat,test\n3.png,,test\n",
    });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { train: { cat: 1, dog: 1 }, test: { cat: 1, "-": 1 } });
    assert.deepEqual(
      report.dataset.units.map((unit) => [path.relative(root, unit.path), unit.split, unit.samples, unit.reason]),
      [
        ["labels.csv#train", "train", 2, 'Column "split" of labels.csv says so. Labels from column "label".'],
        ["labels.csv#test", "test", 2, 'Column "split" of labels.csv says so. Labels from column "label".'],
      ],
    );
    assert.deepEqual(report.dataset.notes, [
      'labels.csv lists images: paths from column "file", labels from column "label", splits from column "split"; 4 rows, of which 4 name an image.',
    ]);
    assert.deepEqual(report.dataset.ignored, []);
  });

  it("for each split, by their names, with ids without extension as on Kaggle", async () => {
    const root = write({
      ...images("train", 3),
      ...images("test", 2),
      "train.csv": "id,breed\n0,cat\n1,dog\n2,cat\n",
      "sample_submission.csv": "id,breed\n0,cat\n1,cat\n",
    });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { train: { cat: 2, dog: 1 }, test: { "-": 2 } });
    assert.deepEqual(Object.keys(ignoredOf(report)), ["sample_submission.csv"]);
    assert.match(report.dataset.notes[1] ?? "", /^2 images are named by no row of train.csv, e.g. test\/0.png/);
    const three = write({
      ...images("images", 3),
      "train.csv": "image,label\n0.png,a\n",
      "val.csv": "image,label\n1.png,a\n",
      "test.csv": "image,label\n2.png,b\n",
    });
    assert.deepEqual(splitsOf((await inspect(engine, [three])).report), {
      train: { a: 1 },
      val: { a: 1 },
      test: { b: 1 },
    });
  });

  it("of Hugging Face in the folder of each split, and of images in several folders", async () => {
    const face = write({
      ...images("train", 1),
      ...images("test", 1, 1),
      "train/metadata.jsonl": '{"file_name":"0.png","label":"cat"}\n',
      "test/metadata.csv": "file_name,label\n1.png,dog\n",
    });
    const { report } = await inspect(engine, [face]);
    assert.deepEqual(splitsOf(report), { train: { cat: 1 }, test: { dog: 1 } });
    assert.match(
      report.dataset.units[0]?.reason ?? "",
      /named as a test split.*Labels from column "label" of test\/metadata.csv/,
    );
    const parts = write({
      ...images("part_1", 2),
      ...images("part_2", 2, 2),
      "metadata.csv": "image_id,dx\n0,nv\n1,mel\n2,nv\n3,nv\n",
    });
    assert.deepEqual(splitsOf((await inspect(engine, [parts])).report), { set: { mel: 1, nv: 3 } });
  });

  it("find images by paths from Windows, from above, absolute, and in either form of Unicode", async () => {
    const root = write({
      ...images("train/cat", 2),
      "train/caf\u00e9/2.png": png(2),
      "train/cafe\u0301/3.png": png(3),
      "odd/back\\slash.png": png(4),
    });
    const rows = [
      "train\\cat\\0.png,a",
      `${root}/train/cat/1.png,b`,
      "./train/cafe\u0301/2.png,c",
      "train/cat/../cafe\u0301/3.png,d",
      "odd/back\\slash.png,e",
    ];
    writeTree(root, { "list.csv": `path,label\n${rows.join("\n")}\n` });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(report.classes, ["a", "b", "d", "e"]);
    assert.match(report.dataset.notes.join(" "), /gives an image another label|named by no row/);
    const above = write({ ...images("cat", 2), "l.csv": "path,label\nset/cat/0.png,x\nset/cat/1.png,y\n" });
    assert.deepEqual((await inspect(engine, [above])).report.classes, ["x", "y"]);
  });

  it("have their missing, foreign, contradictory and repeated rows counted", async () => {
    const outside = writeTree(path.join(scratch, "outside"), { "secret.png": png(9) });
    const root = write({
      ...images("", 12),
      "labels.csv":
        "path,label,split\n" +
        Array.from({ length: 10 }, (_, row) => `${row}.png,${row % 2},${row < 5 ? "train" : "test"}\n`).join("") +
        `0.png,1,train\n1.png,1,test\n2.png,0,train\ngone.png,1,train\n../../outside/secret.png,1,train\n` +
        `${outside}/secret.png,1,train\nC:\\secret.png,1,train\n,1,train\n`,
    });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { train: { 0: 3, 1: 2 }, test: { 0: 2, 1: 3 }, "not listed": { "-": 2 } });
    assert.deepEqual(report.dataset.notes.slice(1), [
      "2 rows of labels.csv name images that are missing, e.g. row 14: gone.png.",
      "3 rows of labels.csv lead out of the dataset and were not followed, e.g. row 15: ../../outside/secret.png.",
      "1 row of labels.csv gives an image another label than a row before, which counts, e.g. 0.png.",
      "1 row of labels.csv puts an image into another split than a row before, which counts, e.g. 1.png.",
      "1 row of labels.csv repeats a row before.",
      "2 images are named by no row of labels.csv, e.g. 10.png: only folders say what they are.",
    ]);
  });

  it("are believed only when more than half of their rows name images", async () => {
    const root = write({
      ...images("train/cat", 2),
      ...images("test/dog", 2),
      "other.csv": "path,label\ntrain/cat/0.png,x\nmissing.png,y\n",
      "sizes.csv": "path,width\ntrain/cat/0.png,6\n",
      "instances.json": '{"images":[],"annotations":[]}',
      "broken.json": "{",
      "config.json": '{"a":{"b":1}}',
    });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { train: { cat: 2 }, test: { dog: 2 } });
    const ignored = ignoredOf(report);
    assert.match(
      ignored["other.csv"] ?? "",
      /^only 1 of its 2 rows names? images? here, and a list is used when more than half do$/,
    );
    assert.match(ignored["sizes.csv"] ?? "", /^is not used as a list of images: no column is named label/);
    assert.match(ignored["instances.json"] ?? "", /^holds annotations of objects/);
    assert.match(ignored["broken.json"] ?? "", /^is damaged/);
    assert.match(ignored["config.json"] ?? "", /^is no list of images/);
  });

  it("are not read by the hundred: one annotation beside each image is one entry", async () => {
    const json = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`train/${index}.json`, "{}"]));
    const root = write({ ...images("train", 40), ...images("test", 1), ...json });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(ignoredOf(report), { "train/*.json": "40 files: too many in one folder to be lists of images" });
  });

  it("may be the input itself: then only what they list is read", async () => {
    const root = write({
      ...images("images", 6),
      "labels.csv": "file,label,split\nimages/0.png,cat,train\nimages/1.png,dog,test\n",
      "other.csv": "file,label\nimages/2.png,x\n",
      "a.npy": "no array",
    });
    const { report } = await inspect(engine, [path.join(root, "labels.csv")]);
    assert.deepEqual(splitsOf(report), { train: { cat: 1 }, test: { dog: 1 } });
    assert.equal(report.dataset.name, "labels.csv");
    assert.match(report.dataset.notes[1] ?? "", /^4 images are left out because no row of labels.csv names them/);
    const foreign = write({ ...images("", 1), "l.csv": "file,label\na.png,x\nb.png,y\n" });
    await assert.rejects(
      inspect(engine, [path.join(foreign, "l.csv")]),
      /l.csv cannot be inspected: only 0 of its 2 rows/,
    );
    await assert.rejects(
      inspect(engine, [path.join(root, "gone.csv")]),
      /does not exist. Expected a folder of images, a list/,
    );
  });

  it("as inputs can be corrected where folders give their splits", async () => {
    const root = write({
      ...images("a", 2),
      ...images("b", 2, 2),
      "labels.csv": "path,label\na/0.png,x\na/1.png,x\nb/2.png,y\n",
    });
    const list = path.join(root, "labels.csv");
    const assignments = [
      { path: path.join(root, "a"), split: "train" },
      { path: path.join(root, "b"), split: "test" },
    ];
    const { report } = await inspect(engine, [list], assignments);
    assert.deepEqual(report.dataset.inputs, [list]);
    assert.deepEqual(splitsOf(report), { train: { x: 2 }, test: { y: 1 } });
    writeCorrections([list], assignments, () => root);
    assert.deepEqual(withCorrections({ inputs: [list], assignments: [] }).assignments.length, 2);
  });

  it("give way to a person: splits of a list, whole lists and folders can be corrected", async () => {
    const root = write({
      ...images("a", 2),
      ...images("b", 2, 2),
      "labels.csv": "path,label,split\na/0.png,x,train\na/1.png,x,dev\nb/2.png,y,train\nb/3.png,y,dev\n",
    });
    const list = path.join(root, "labels.csv");
    const corrected = async (place: string, split: string | null): Promise<Record<string, Record<string, number>>> =>
      splitsOf((await inspect(engine, [root], [{ path: place, split }])).report);
    assert.deepEqual(await corrected(`${list}#dev`, "test"), { train: { x: 1, y: 1 }, test: { x: 1, y: 1 } });
    assert.deepEqual(await corrected(`${list}#dev`, null), { train: { x: 1, y: 1 } });
    assert.deepEqual(await corrected(path.join(root, "b"), "test"), { train: { x: 1 }, dev: { x: 1 }, test: { y: 2 } });
    assert.deepEqual(await corrected(list, null), { set: { a: 2, b: 2 } });
  });

  it("keep labels and splits with their images in a sanitized copy", async () => {
    const root = write({
      ...images("images", 4),
      "images/leak.png": png(0),
      "labels.csv":
        "file,label,split\n0.png,cat,train\n1.png,dog,train\n2.png,cat,test\n3.png,dog,test\nleak.png,cat,test\n",
    });
    const before = treeOf(root);
    const { report, inspection } = await inspect(engine, [root]);
    assert.deepEqual(leaks(report), { "train in test": 1, "test in train": 1 });
    const plan = await engine.plan({ inspection }, quiet());
    assert.ok(
      plan.outputs.some((line) => line.startsWith("labels.csv: the label and split")),
      plan.outputs.join(),
    );
    const out = path.join(path.dirname(root), "clean");
    await engine.apply({ plan: plan.plan, out }, quiet());
    assert.equal(
      readFileSync(path.join(out, "labels.csv"), "utf8"),
      "path,label,split\nimages/1.png,dog,train\nimages/2.png,cat,test\nimages/3.png,dog,test\nimages/leak.png,cat,test\n",
    );
    assert.deepEqual(treeOf(root), before);
    const again = (await inspect(engine, [out])).report;
    assert.deepEqual(splitsOf(again), { train: { dog: 1 }, test: { cat: 2, dog: 1 } });
  });

  it("never lead to files that links hide, and may vanish", async () => {
    const root = write({ ...images("a", 2), "labels.csv": "path,label\na/0.png,x\na/1.png,y\na/out.png,z\n" });
    const outside = writeTree(path.join(scratch, "elsewhere"), { "9.png": png(9) });
    symlinkSync(path.join(outside, "9.png"), path.join(root, "a/out.png"));
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(report.classes, ["x", "y"]);
    assert.match(
      report.dataset.notes[1] ?? "",
      /1 row of labels.csv names an image that is missing, e.g. row 3: a\/out.png/,
    );
    renameSync(path.join(root, "labels.csv"), path.join(root, "gone.csv"));
    symlinkSync("gone", path.join(root, "labels.csv"));
    assert.equal(ignoredOf((await inspect(engine, [root])).report)["labels.csv"], "broken link");
  });
});
