import assert from "node:assert/strict";
import fc from "fast-check";
import type { Split } from "../../../src/core/dataset/dataset";
import { movedPaths } from "../../../src/core/sanitize/movedPath";
import { roleOfSplit } from "../../../src/core/dataset/splits";

/** An image: its path, its split, and the one it comes into, or null when it leaves. */
type Image = readonly [path: string, from: string, to: string | null];

/** The path that each image has afterwards; null for those that leave. */
function after(images: readonly Image[], names = ["train", "validation", "test"]): (string | null)[] {
  const splits = names.map((name): Split => ({ name, role: roleOfSplit(name) }));
  const moved = movedPaths({
    count: images.length,
    splits,
    path: (image) => images[image]?.[0] ?? "",
    from: (image) => names.indexOf(images[image]?.[1] ?? ""),
    to: (image) => {
      const to = images[image]?.[2] ?? null;
      return to === null ? null : names.indexOf(to);
    },
  });
  return images.map(([path, , to], image) => (to === null ? null : (moved.get(image) ?? path)));
}

describe("paths of images that move to another split", () => {
  it("exchange the folder that names the split, at whatever level", () => {
    const at = (layout: (split: string) => string): (string | null)[] =>
      after([
        [layout("train"), "train", "test"],
        [layout("test"), "test", null],
      ]);
    assert.deepEqual(
      at((split) => `${split}/A/x.png`),
      ["test/A/x.png", null],
    );
    assert.deepEqual(
      at((split) => `images/${split}/x.png`),
      ["images/test/x.png", null],
    );
    assert.deepEqual(
      at((split) => `A/${split}/x.png`),
      ["A/test/x.png", null],
    );
    assert.deepEqual(
      at((split) => `notMNIST_${split}/A/x.png`),
      ["notMNIST_test/A/x.png", null],
    );
  });

  it("know the folders of splits that people named otherwise", () => {
    const images = [
      ["2019/A/x.png", "train", "test"],
      ["2020/A/y.png", "test", "test"],
      ["2021/A/z.png", "test", "train"],
    ] as const;
    assert.deepEqual(after(images), ["2020/A/x.png", "2020/A/y.png", "2019/A/z.png"]);
  });

  it("take no class for a split", () => {
    const images = [
      ["train/test/x.png", "train", "test"],
      ["train/car/y.png", "train", "train"],
      ["test/test/z.png", "test", "test"],
    ] as const;
    assert.deepEqual(after(images), ["test/test/x.png", "train/car/y.png", "test/test/z.png"]);
  });

  it("get a folder of the split where none names it", () => {
    assert.deepEqual(
      after(
        [
          ["A/x.png", "letters", "train"],
          ["B/y.png", "letters", "test"],
        ],
        ["letters", "train", "test"],
      ),
      ["train/A/x.png", "test/B/y.png"],
    );
    assert.deepEqual(
      after(
        [
          ["images/x.png", "letters", "test"],
          ["images/train/y.png", "train", "train"],
          ["images/train/z.png", "train", "validation"],
        ],
        ["letters", "train", "validation", "test"],
      ),
      ["images/test/x.png", "images/train/y.png", "images/validation/z.png"],
    );
  });

  it("get a number where a path is taken, by a file, by a folder or in another case", () => {
    const images = [
      ["train/a.png", "train", "test"],
      ["test/A.PNG", "test", "test"],
      ["train/b.png", "train", "test"],
      ["test/b.png/c.png", "test", "test"],
      ["test/b.png/d", "test", "train"],
      ["train/a-2.png", "train", "test"],
    ] as const;
    assert.deepEqual(after(images), [
      "test/a-2.png",
      "test/A.PNG",
      "test/b-2.png",
      "test/b.png/c.png",
      "train/b.png/d",
      "test/a-2-2.png",
    ]);
    // An image that moves away leaves its path to others.
    assert.deepEqual(
      after([
        ["train/a.png", "train", "test"],
        ["test/a.png", "test", "train"],
      ]),
      ["test/a.png", "train/a.png"],
    );
  });

  it("lie below the target whatever splits are called", () => {
    for (const name of ["..", "../../x", "/etc", "C:\\x", "", ".", "a\0b"]) {
      const [path = ""] = after([["x.png", "train", name]], ["train", name]);
      assert.match(path ?? "", /^[^/\\:\0]+\/x\.png$/);
      assert.ok(!["..", "."].includes(path?.split("/")[0] ?? ""), path ?? "");
    }
  });

  it("are all different, and none is a folder of another one", () => {
    const part = fc.constantFrom("train", "test", "a", "b", "x.png", "X.png");
    const splits = ["train", "validation", "test"];
    const image = fc.tuple(
      fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/")),
      fc.constantFrom(...splits),
      fc.constantFrom(...splits, null),
    );
    fc.assert(
      fc.property(fc.array(image, { maxLength: 12 }), (all) => {
        // Paths as a file system without cases can hold them.
        const images = all.filter(([path], index) => !all.slice(0, index).some(([other]) => overlap(path, other)));
        const paths = after(images).flatMap((path) => path ?? []);
        paths.forEach((path, index) => paths.slice(0, index).forEach((other) => assert.ok(!overlap(path, other))));
      }),
    );
  });

  it("are found quickly for many images of one name", () => {
    const images = Array.from({ length: 5000 }, (_, index): Image => [`train/${index}/x.png`, "train", "test"]);
    const flat = images.map((_, index): Image => [`${index}/x.png`, "train", "test"]);
    const paths = after([...images, ...flat.map(([path], index): Image => [`train/q${index}/${path}`, "train", null])]);
    assert.equal(paths[7], "test/7/x.png");
  });
});

function overlap(a: string, b: string): boolean {
  const [one, other] = [a.toLowerCase(), b.toLowerCase()];
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}
