import assert from "node:assert/strict";
import { geometryOf, recogniseArrays } from "../../../src/core/dataset/arrays";
import { recogniseFolders } from "../../../src/core/dataset/folders";
import { joinClasses, labelRange } from "../../../src/core/dataset/labels";
import { roleOfName, roleWithin } from "../../../src/core/dataset/splits";

/** What folders are recognised as: "split (role) class" each. */
function recognised(paths: readonly string[], name = "data"): string[] {
  return recogniseFolders(
    paths.map((path) => ({ path, images: 1 })),
    name,
  ).map(({ split, role, label }) => `${split} (${role}) ${label ?? "-"}`);
}

describe("split names", () => {
  it("are known in any case, with years and in compounds", () => {
    const names = [
      "Train",
      "TRAINING",
      "valid",
      "Validation",
      "val2017",
      "dev",
      "Test",
      "testing",
      "holdout",
      "hold-out",
      "hold_out",
    ];
    assert.deepEqual(names.map(roleOfName), [
      ...["train", "train", "validation", "validation", "validation", "validation"],
      ...["test", "test", "test", "test", "test"],
    ]);
    assert.equal(roleWithin("notMNIST_train")?.role, "train");
    assert.equal(roleWithin("xTest")?.role, "test");
    assert.equal(roleWithin("train_test_mix"), null);
    assert.equal(roleOfName("A"), null);
  });
});

describe("image folders", () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["split/class", ["train/A", "Val/A", "test/B"], ["train (train) A", "Val (validation) A", "test (test) B"]],
    ["class/split", ["A/train", "A/test", "B/train"], ["train (train) A", "test (test) A", "train (train) B"]],
    ["a common parent", ["images/train/A", "images/test/A"], ["train (train) A", "test (test) A"]],
    ["splits without classes", ["images/train", "images/test"], ["train (train) -", "test (test) -"]],
    [
      "an extra folder beside splits",
      ["train/A", "test/A", "extra/A"],
      ["train (train) A", "test (test) A", "extra (other) A"],
    ],
    ["classes only", ["A", "B"], ["data (other) A", "data (other) B"]],
    ["one folder", [""], ["data (other) -"]],
    ["a class called train", ["car", "train", "bus"], ["data (other) car", "data (other) train", "data (other) bus"]],
    [
      "classes with words of splits",
      ["test tube", "bullet train", "cat"],
      ["data (other) test tube", "data (other) bullet train", "data (other) cat"],
    ],
    ["only a train folder", ["train/A", "train/B"], ["train (train) A", "train (train) B"]],
    [
      "the course's folders side by side",
      ["notMNIST_large/A", "notMNIST_large/B", "notMNIST_small/A", "notMNIST_small/B"],
      ["notMNIST_large (train) A", "notMNIST_large (train) B", "notMNIST_small (test) A", "notMNIST_small (test) B"],
    ],
    [
      "folders with different classes",
      ["animals/cat", "animals/dog", "cars/vw"],
      ["data (other) animals/cat", "data (other) animals/dog", "data (other) cars/vw"],
    ],
    [
      "nested classes",
      ["train/animals/cat", "train/cars", "test/animals/cat"],
      ["train (train) animals/cat", "train (train) cars", "test (test) animals/cat"],
    ],
    ["images/split/class", ["images/train/A", "images/val/A"], ["train (train) A", "val (validation) A"]],
    ["COCO", ["train2017", "val2017"], ["train2017 (train) -", "val2017 (validation) -"]],
    ["COCO in images", ["images/train2017", "images/val2017"], ["train2017 (train) -", "val2017 (validation) -"]],
    ["Roboflow", ["train/images", "valid/images"], ["train (train) -", "valid (validation) -"]],
    ["one folder of images", ["images"], ["data (other) -"]],
    ["classes within images", ["images/cat", "images/dog"], ["data (other) cat", "data (other) dog"]],
    ["images within classes", ["train/A/images", "val/B/images"], ["train (train) A", "val (validation) B"]],
    ["a class called images", ["train/images", "train/text"], ["train (train) images", "train (train) text"]],
    ["names that are not ASCII", ["train/猫", "test/Größe"], ["train (train) 猫", "test (test) Größe"]],
  ];
  for (const [name, paths, expected] of cases) {
    it(`recognise ${name}`, () => assert.deepEqual(recognised(paths), expected));
  }

  it("say why", () => {
    const reasons = recogniseFolders(
      [
        { path: "train/A", images: 1 },
        { path: "test/A", images: 1 },
      ],
      "data",
    ).map((m) => m.reason);
    assert.deepEqual(reasons, ['Folder "train" is named as a train split.', 'Folder "test" is named as a test split.']);
  });
});

describe("arrays", () => {
  const heads = (shapes: Readonly<Record<string, readonly number[]>>): Parameters<typeof recogniseArrays>[0] =>
    Object.entries(shapes).map(([key, shape]) => ({ key, kind: shape.length > 1 ? "f" : "i", shape }));

  it("of the course's pickle get their labels and roles", () => {
    const found = recogniseArrays(
      heads({
        test_labels: [100],
        train_dataset: [823, 28, 28],
        valid_labels: [100],
        train_labels: [823],
        valid_dataset: [100, 28, 28],
        test_dataset: [100, 28, 28],
      }),
      "notMNIST",
    );
    assert.deepEqual(
      found.map(({ key, labelKey, split, role }) => [key, labelKey, split, role]),
      [
        ["train_dataset", "train_labels", "train", "train"],
        ["valid_dataset", "valid_labels", "valid", "validation"],
        ["test_dataset", "test_labels", "test", "test"],
      ],
    );
  });

  it("of IDX files and of x/y pairs are found by their names", () => {
    const idx = recogniseArrays(
      heads({ "t10k-images-idx3-ubyte.gz": [10, 28, 28], "t10k-labels-idx1-ubyte.gz": [10] }),
      "idx",
    );
    assert.deepEqual(
      idx.map(({ labelKey, split }) => [labelKey, split]),
      [["t10k-labels-idx1-ubyte.gz", "test"]],
    );
    const keras = recogniseArrays(
      heads({ x_train: [5, 8, 8, 3], y_train: [5, 1], x_test: [5, 8, 8, 3], y_test: [5, 1] }),
      "a",
    );
    assert.deepEqual(
      keras.map(({ key, labelKey }) => [key, labelKey]),
      [
        ["x_train", "y_train"],
        ["x_test", "y_test"],
      ],
    );
  });

  it("belong to the split that their file is called after", () => {
    const splits = (name: string, keys: Readonly<Record<string, readonly number[]>> = { data: [5, 8, 8], y: [5] }) =>
      recogniseArrays(heads(keys), name).map(({ split, role, labelKey }) => [split, role, labelKey]);
    assert.deepEqual(splits("test_signs"), [["test", "test", "y"]]);
    assert.deepEqual(splits("data_batch_3"), [["train", "train", "y"]]);
    assert.deepEqual(splits("test_batch"), [["test", "test", "y"]]);
    assert.deepEqual(splits("faces"), [["faces", "other", "y"]]);
    // Two arrays of one file cannot both be its split.
    assert.deepEqual(splits("train", { a: [5, 8, 8], b: [6, 8, 8] }), [
      ["train/a", "other", null],
      ["train/b", "other", null],
    ]);
  });

  it("of CIFAR-100 have the fine labels", () => {
    const [found] = recogniseArrays(heads({ coarse_labels: [5], data: [5, 3072], fine_labels: [5] }), "train");
    assert.equal(found?.labelKey, "fine_labels");
  });

  it("have the labels that a person says, or none", () => {
    const keys = heads({ x: [5, 8, 8], y: [5], other: [5], codes: [5, 4, 4] });
    const given = new Map([["x", "codes"]]);
    const said = recogniseArrays(keys, "a", given);
    assert.deepEqual(
      said.map(({ key, labelKey }) => [key, labelKey]),
      [["x", "codes"]],
    );
    assert.match(said[0]?.reason ?? "", /labels from "codes", as you said\./);
    const [none] = recogniseArrays(keys, "a", new Map([["x", null]]));
    assert.equal(none?.labelKey, null);
    assert.match(none.reason, /it has no labels, as you said\./);
  });

  it("have a geometry when rows are pictures", () => {
    assert.deepEqual(geometryOf([9, 32, 32, 3]), { height: 32, width: 32, channels: 3, channelsFirst: false });
    assert.deepEqual(geometryOf([9, 3, 32, 32]), { height: 32, width: 32, channels: 3, channelsFirst: true });
    assert.deepEqual(geometryOf([9, 1, 784]), { height: 28, width: 28, channels: 1, channelsFirst: false });
    assert.deepEqual(geometryOf([9, 3072]), { height: 32, width: 32, channels: 3, channelsFirst: true });
    assert.equal(geometryOf([9, 10]), null);
    assert.equal(geometryOf([9, 5, 6, 7, 8]), null);
  });
});

describe("labels", () => {
  const rows = (classes: number, each: number): number[] =>
    Array.from({ length: classes * each }, (_, row) => row % classes);

  it("far beyond the others are no classes", () => {
    const range = labelRange([Int32Array.from([...rows(10, 80), 108, 107, 101, -3])]);
    assert.deepEqual(
      [9, 0, 10, 108, -3].map((label) => range.isClass(label)),
      [true, true, false, false, false],
    );
    assert.equal(range.text, "0 to 9");
  });

  it("of a set that lacks a class stay", () => {
    const range = labelRange([Int32Array.from(rows(10, 80).filter((label) => label !== 4))]);
    assert.equal(range.isClass(9), true);
  });

  it("of numbers beside as many names are those names in order; others are not compared", () => {
    const letters = { source: "folder", names: new Set(["B", "A"]) };
    const joined = joinClasses([letters, { source: "x.pickle", names: new Set(["1", "0"]) }]);
    assert.deepEqual(joined.classes, ["A", "B"]);
    assert.equal(joined.indexOf[1]?.get("1"), 1);
    assert.equal(joined.notes.length, 1);
    const apart = joinClasses([letters, { source: "y", names: new Set(["cat"]) }]);
    assert.equal(new Set(apart.spaceOf).size, 2);
    const shared = joinClasses([letters, { source: "z", names: new Set(["B", "C"]) }]);
    assert.equal(new Set(shared.spaceOf).size, 1);
  });

  it("sort by value when they are numbers", () => {
    assert.deepEqual(joinClasses([{ source: "", names: new Set(["10", "9", "b", "a"]) }]).classes, [
      "9",
      "10",
      "a",
      "b",
    ]);
  });
});
