import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { findCandidates } from "../../../src/core/dataset/candidates";
import { walkForCandidates } from "../../../src/engine/recognition/candidates";

describe("dataset candidates", () => {
  let root: string;
  const never = new AbortController().signal;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), "cleansplit-candidates-")));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  /** Writes empty files: nothing of them is ever read. */
  function write(...files: readonly string[]): void {
    for (const file of files) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), "");
    }
  }
  const images = (folder: string, count = 10): string[] =>
    Array.from({ length: count }, (_, index) => `${folder}/${index}.png`);
  const found = async (signal = never): Promise<string[]> =>
    (await walkForCandidates(root, signal)).map(
      ({ inputs, layout, parts }) =>
        `${inputs.map((input) => path.relative(root, input) || ".").join("+")}: ${layout} ${parts.join(",")}`,
    );

  it("finds splits in folders, also below a folder of images, wherever they lie", async () => {
    write(...images("data/letters/test/A", 2), ...images("data/letters/train/A", 2), "data/letters/README.md");
    write(...images("yolo/images/val2017"), ...images("yolo/images/train2017"), "yolo/labels/train2017/0.txt");
    write(...images("robo/train/images"), "robo/train/labels/0.txt", ...images("robo/valid/images"), "robo/data.yaml");
    write("src/main.py", "docs/logo.png");
    assert.deepEqual(await found(), [
      "data/letters: splits train,test",
      "robo: splits train,valid",
      "yolo: splits train2017,val2017",
    ]);
  });

  it("finds the workspace itself, and folders side by side with the same classes", async () => {
    write(...images("large/A"), ...images("large/B"), ...images("small/A"), ...images("small/B"));
    assert.deepEqual(await found(), [".: splits large,small"]);
  });

  it("finds folders of classes when they hold nothing but many images", async () => {
    write(...images("flowers/rose"), ...images("flowers/tulip"));
    write(...images("site/icons", 3), ...images("site/photos"));
    write(...images("mixed/icons"), ...images("mixed/photos"), "mixed/icons/index.js");
    write(...images("part/a"), ...images("part/b"), "part/code/main.py");
    assert.deepEqual(await found(), ["flowers: classes rose,tulip"]);
  });

  it("finds arrays and archives that are called like a dataset", async () => {
    write("main.py", "sets/notMNIST.pickle", "sets/model.h5", "sets/weights.npz");
    write("idx/train-images-idx3-ubyte.gz", "idx/train-labels-idx1-ubyte.gz", "idx/t10k-images-idx3-ubyte.gz");
    write("cifar/data_batch_1", "cifar/data_batch_2", "cifar/test_batch", "cifar/batches.meta");
    write("hub/train-00000-of-00001.parquet", "hub/test-00000-of-00001.parquet", "hub/y_train.npy");
    assert.deepEqual(await found(), [
      "cifar: files data_batch_1,data_batch_2,test_batch",
      "hub: files test-00000-of-00001.parquet,train-00000-of-00001.parquet",
      "idx: files t10k-images-idx3-ubyte.gz,train-images-idx3-ubyte.gz",
      "sets/notMNIST.pickle: files notMNIST.pickle",
    ]);
  });

  it("does not take a whole workspace for the files of a dataset in it", async () => {
    write("train.npz", "test.npz", "src/main.py");
    assert.deepEqual(await found(), ["test.npz+train.npz: files test.npz,train.npz"]);
  });

  it("leaves out copies, quarantines, hidden folders and those of programs", async () => {
    for (const folder of ["a-sanitized", "b", "node_modules/c", ".git/d", "venv/e"]) {
      write(...images(`${folder}/train`), ...images(`${folder}/test`));
    }
    write("a-sanitized/cleansplit-certificate.json", "b/cleansplit-quarantine.json");
    // A copy without folders of its own has so many images that its certificate is not listed.
    write(...images("flat", 400), "flat/cleansplit-certificate.json");
    assert.deepEqual(await found(), []);
  });

  it("ends: in loops, huge folders, deep trees, and where nothing can be read", async () => {
    write(...images("set/train", 3000), ...images("set/test", 5));
    symlinkSync(root, path.join(root, "set", "loop"));
    symlinkSync("/nowhere", path.join(root, "broken"));
    mkdirSync(path.join(root, "deep", ...Array.from({ length: 60 }, () => "d")), { recursive: true });
    for (let index = 0; index < 300; index++) mkdirSync(path.join(root, "wide", `${index}`), { recursive: true });
    mkdirSync(path.join(root, "closed"), { mode: 0o000 });
    write("<img src=x onerror=alert(1)>\n\u202e/x.txt");
    assert.deepEqual(await found(), ["set: splits train,test"]);
    assert.deepEqual(await walkForCandidates(path.join(root, "gone"), never), []);
  });

  it("ends at once when it is cancelled", async () => {
    write(...images("train"), ...images("test"));
    assert.deepEqual(await found(AbortSignal.abort()), []);
  });

  it("answers places that are there, whatever the names", () => {
    const name = fc.oneof(
      fc.constantFrom("train", "test", "images", "A", "B", "__proto__"),
      fc.string({ maxLength: 4 }),
    );
    const folder = fc.record({
      path: fc.array(name, { maxLength: 5 }).map((names) => names.filter((part) => !/^$|\//.test(part)).join("/")),
      images: fc.nat(20),
      dataFiles: fc.uniqueArray(fc.constantFrom("train.npz", "test.npz", "mnist.pickle", "y.npy", "x.zip")),
      others: fc.nat(1),
    });
    fc.assert(
      fc.property(fc.uniqueArray(folder, { selector: ({ path: own }) => own, maxLength: 30 }), (folders) => {
        const candidates = findCandidates(folders, 3);
        const paths = new Set(folders.flatMap(({ path: own }) => withFoldersAbove(own)));
        for (const { folder: own, inputs, parts } of candidates) {
          assert(paths.has(own));
          assert(inputs.length > 0 && parts.length > 0);
          assert(own.split("/").length <= 3);
        }
        assert.equal(
          new Set(candidates.flatMap(({ inputs }) => inputs)).size,
          candidates.flatMap(({ inputs }) => inputs).length,
        );
      }),
      { numRuns: 300 },
    );
  });
});

function withFoldersAbove(folder: string): string[] {
  const names = folder.split("/");
  return ["", ...names.map((_, index) => names.slice(0, index + 1).join("/"))];
}
