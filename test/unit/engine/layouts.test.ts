import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Report } from "../../../src/core/leakage/report";
import { inspect, png, quiet, useEngine, writeTree } from "./support";

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

describe("layouts of folders", () => {
  const { engine, scratch } = useEngine();

  it("of Keras and torchvision: root/class, and root/split/class with nested classes", async () => {
    const flat = writeTree(path.join(scratch, "flat"), { "cat/1.png": png(1), "dog/2.png": png(2) });
    assert.deepEqual(splitsOf((await inspect(engine, [flat])).report), { flat: { cat: 1, dog: 1 } });
    const nested = writeTree(path.join(scratch, "nested"), {
      "train/animals/cat/1.png": png(1),
      "train/cars/2.png": png(2),
      "val/animals/cat/3.png": png(3),
    });
    assert.deepEqual(splitsOf((await inspect(engine, [nested])).report), {
      train: { "animals/cat": 1, cars: 1 },
      val: { "animals/cat": 1 },
    });
  });

  it("of YOLO and Roboflow: label files are one entry a folder, and images have no class", async () => {
    const labels = (folder: string): Record<string, string> =>
      Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`${folder}/${index}.txt`, "0 0.5 0.5 0.1 0.1"]));
    const yolo = writeTree(path.join(scratch, "yolo"), {
      "images/train/1.png": png(1),
      "images/val/2.png": png(2),
      ...labels("labels/train"),
      ...labels("labels/val"),
      "data.yaml": "nc: 1",
    });
    const { report } = await inspect(engine, [yolo]);
    assert.deepEqual(splitsOf(report), { train: { "-": 1 }, val: { "-": 1 } });
    assert.deepEqual(Object.keys(ignoredOf(report)), ["data.yaml", "labels/train/*.txt", "labels/val/*.txt"]);
    assert.match(ignoredOf(report)["labels/val/*.txt"] ?? "", /^30 files: not an image/);
    assert.match(report.dataset.units[0]?.reason ?? "", /Files in "labels\/train" annotate them one by one/);
    const roboflow = writeTree(path.join(scratch, "roboflow"), {
      "train/images/1.png": png(1),
      "valid/images/2.png": png(2),
      ...labels("train/labels"),
      ...labels("valid/labels"),
    });
    const second = (await inspect(engine, [roboflow])).report;
    assert.deepEqual(splitsOf(second), { train: { "-": 1 }, valid: { "-": 1 } });
    assert.match(second.dataset.units[0]?.reason ?? "", /Files in "train\/labels" annotate them/);
  });
});

describe("odd names, links and changes", () => {
  const { engine, scratch } = useEngine();

  it("reads names of any letters, of 255 bytes, and paths of over 260 letters", async () => {
    const long = "n".repeat(251);
    const deep = Array.from({ length: 12 }, () => "d".repeat(250)).join("/");
    const root = writeTree(path.join(scratch, "names"), {
      "train/猫/ネコ.png": png(1),
      "train/caf\u00e9/nfc \u00e9.png": png(2),
      "train/cafe\u0301/nfd e\u0301.png": png(3),
      [`train/${long}/${long}.png`]: png(4),
      [`train/${deep}/x.png`]: png(5),
      "train/new\nline/a\nb.png": png(6),
    });
    const { report } = await inspect(engine, [root]);
    assert.equal(report.splits[0]?.samples, 6);
    assert.deepEqual(report.unreadable, []);
    assert.equal(Object.keys(report.splits[0].classes).length, 6);
  });

  it("lists a folder beyond the longest path as one that cannot be read", async () => {
    const root = writeTree(path.join(scratch, "deep"), { "A/1.png": png(1) });
    // Only steps from folder to folder lead so deep.
    const make = `name=$(printf 'd%.0s' $(seq 250)); for i in $(seq 20); do mkdir "$name" && cd "$name"; done`;
    execFileSync("bash", ["-c", make], { cwd: root });
    const { report } = await inspect(engine, [root]);
    assert.equal(report.splits[0]?.samples, 1);
    const [reason] = Object.values(ignoredOf(report));
    assert.equal(reason, "folder cannot be read: its path is longer than the system can open");
    execFileSync("rm", ["-rf", root]);
  });

  it("lists names whose bytes are no UTF-8", async function () {
    if (process.platform !== "linux") this.skip();
    const root = writeTree(path.join(scratch, "bytes"), { "A/1.png": png(1), "A/really \ufffd.png": png(2) });
    writeFileSync(Buffer.concat([Buffer.from(`${root}/A/caf`), Buffer.of(0xe9), Buffer.from(".png")]), png(3));
    mkdirSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff)]));
    const { report } = await inspect(engine, [root]);
    assert.equal(report.splits[0]?.samples, 2);
    const reason = "its name holds bytes that are no UTF-8, so it cannot be opened; rename it";
    assert.deepEqual(ignoredOf(report), { "A/caf\ufffd.png": reason, "\ufffd/": reason });
  });

  it("says where links lead that are left out", async () => {
    const root = writeTree(path.join(scratch, "links"), {
      "A/1.png": png(1),
      "B/2.png": png(2),
      "..odd/3.png": png(3),
    });
    const outside = writeTree(path.join(scratch, "outside"), { "4.png": png(4) });
    const link = (target: string, name: string): void => symlinkSync(target, path.join(root, name));
    link("../B/2.png", "A/in.png");
    link("../..odd/3.png", "A/odd.png");
    link(path.join(outside, "4.png"), "A/out.png");
    link(outside, "out");
    link("..", "A/loop");
    link("gone.png", "A/dangling.png");
    link("b.png", "A/a.png");
    link("a.png", "A/b.png");
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(ignoredOf(report), {
      "..odd/": "hidden folder",
      "A/a.png": "link that leads in a circle",
      "A/b.png": "link that leads in a circle",
      "A/dangling.png": "broken link",
      "A/loop": "link to a folder of the dataset, whose images count where they are",
      "A/out.png": "link to a file outside the dataset",
      out: "link to a folder outside the dataset; inspect that folder beside this one",
    });
    assert.equal(report.splits[0]?.samples, 4);
    // A link may be the dataset itself.
    symlinkSync(root, path.join(scratch, "link to it"));
    assert.equal((await inspect(engine, [path.join(scratch, "link to it")])).report.splits[0]?.samples, 4);
  });

  it("lists folders without permission, and says when it is the dataset itself", async function () {
    if (process.getuid?.() === 0) this.skip();
    const root = writeTree(path.join(scratch, "closed"), { "A/1.png": png(1), "B/2.png": png(2) });
    chmodSync(path.join(root, "B"), 0);
    assert.deepEqual(ignoredOf((await inspect(engine, [root])).report), {
      "B/": "folder cannot be read: no permission",
    });
    chmodSync(root, 0);
    await assert.rejects(inspect(engine, [root]), /closed cannot be read: no permission. Make it readable/);
    chmodSync(root, 0o700);
    chmodSync(path.join(root, "B"), 0o700);
  });

  it("reports files that vanish, shrink or change between listing and reading", async () => {
    const files = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`A/${index}.png`, png(index % 100)]));
    const root = writeTree(path.join(scratch, "changing"), {
      ...files,
      "Z/gone.png": png(1),
      "Z/replaced.png": png(2),
      "Z/shrunk.png": png(3),
    });
    let changed = false;
    const run = quiet();
    const { report } = await engine.inspect(
      { inputs: [root], assignments: [] },
      {
        signal: run.signal,
        progress({ phase }) {
          if (phase !== "reading" || changed) return;
          changed = true;
          rmSync(path.join(root, "Z/gone.png"));
          writeFileSync(path.join(root, "Z/replaced.png"), "something else");
          truncateSync(path.join(root, "Z/shrunk.png"), 20);
        },
      },
    );
    assert.ok(changed);
    assert.deepEqual(
      report.unreadable.map(({ id }) => id),
      ["Z/gone.png", "Z/replaced.png", "Z/shrunk.png"],
    );
    assert.match(report.unreadable[0]?.reason ?? "", /the file cannot be read: ENOENT/);
    assert.equal(report.splits[0]?.samples, 5003);
  });
});
