import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import type { Report } from "../../../src/core/leakage/report";
import { tarOf, zipOf } from "../../support/archives";
import {
  createEngineForTest,
  faultyDataset,
  inspect,
  leaks,
  png,
  PUBLISHED_DATA,
  quiet,
  treeOf,
  useEngine,
  writeTree,
} from "./support";

/** All files below a folder as the content of an archive, in the order of the file system. */
function filesOf(root: string, below = ""): Record<string, Buffer> {
  return Object.fromEntries(
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const place = path.join(entry.parentPath, entry.name);
        return [below + path.relative(root, place).split(path.sep).join("/"), readFileSync(place)];
      }),
  );
}

/** What a report says of the images, whatever they are in. */
function counts(report: Report): unknown {
  const { splits, duplicates, leakage, conflicts, blank, quality, classes, collisions } = report;
  const shown = Object.fromEntries(
    Object.entries(quality as unknown as Record<string, object>).map(([check, found]) => [
      check,
      "samples" in found ? found.samples : null,
    ]),
  );
  return { splits, duplicates, leakage, conflicts, blank, classes, collisions, shown };
}

describe("archives as datasets", () => {
  const { engine, scratch } = useEngine();

  it("of a folder have the counts of the folder, with one top folder or none, and leak into it", async () => {
    const root = faultyDataset(path.join(scratch, "same/letters"));
    const folder = await inspect(engine, [root]);
    const plan = await engine.plan({ inspection: folder.inspection }, quiet());
    for (const [name, bytes] of [
      ["flat.tar", await tarOf(filesOf(root))],
      ["letters.tar.gz", gzipSync(await tarOf(filesOf(root, "letters/")))],
      ["letters.tgz", gzipSync(await tarOf(filesOf(root, "./data/letters/")))],
      ["letters.zip", await zipOf(filesOf(root, "letters/"))],
    ] as const) {
      const file = path.join(scratch, name);
      writeFileSync(file, bytes);
      const { report, inspection } = await inspect(engine, [file]);
      assert.deepEqual(counts(report), counts(folder.report), name);
      assert.ok(
        report.dataset.units.every((unit) => unit.path.startsWith(`${file}/`)),
        name,
      );
      const own = await engine.plan({ inspection }, quiet());
      assert.deepEqual([own.before, own.after, own.splits], [plan.before, plan.after, plan.splits], name);
      const both = await inspect(engine, [root, file]);
      assert.equal(leaks(both.report)[`${name}/train in letters/train`], 7, name);
    }
  });

  it("name images by their paths in them, show them, compare them and mark the archive", async () => {
    const root = faultyDataset(path.join(scratch, "shown"));
    const file = path.join(scratch, "shown.zip");
    writeFileSync(file, await zipOf(filesOf(root, "shown/")));
    const { inspection } = await inspect(engine, [file]);
    const { groups } = await engine.groups(
      { inspection, query: { sort: "first", from: 0, count: 500, membersEach: 9 } },
      quiet(),
    );
    const members = groups.flatMap((group) => group.members);
    const one = members.find(({ id }) => id === "shown.zip/shown/train/A/1.png");
    assert.deepEqual([one?.file, one?.isImageFile, one?.label], [file, false, "A"]);
    const samples = members.map(({ sample }) => sample);
    const loose = await inspect(engine, [root]);
    const ask = { samples, size: 32 };
    assert.deepEqual(
      await engine.thumbnails({ inspection, ...ask }, quiet()),
      await engine.thumbnails({ inspection: loose.inspection, ...ask }, quiet()),
    );
    const [first = 0, second = 0] = samples;
    const compared = await engine.compare({ inspection, first, second, size: 32 }, quiet());
    assert.equal(compared.first.length > 0, true);
    const marks = await engine.marks({ inspection, paths: [file, scratch, root] }, quiet());
    assert.deepEqual(
      marks.map((mark) => mark?.kind ?? null),
      ["unreadable", "unreadable", null],
    );
  });

  it("find the pixel-identical twin of a packed photo, packed or loose", async () => {
    const pixels = Buffer.from(Uint8Array.from({ length: 60 * 50 * 3 }, (_, at) => (at * 7 + (at % 11) * 5) % 251));
    const jpeg = await sharp(pixels, { raw: { width: 60, height: 50, channels: 3 } })
      .jpeg()
      .toBuffer();
    const comment = Buffer.from("\xff\xfe\0\x07hello", "latin1");
    const again = Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
    const root = writeTree(path.join(scratch, "photos"), { "train/a/1.jpg": jpeg });
    const file = path.join(scratch, "test.tar");
    writeFileSync(file, await tarOf({ "test/a/2.jpg": again, "test/a/3.jpg": again, "test/a/4.png": png(3) }));
    const { report, inspection } = await inspect(engine, [root, file]);
    assert.equal(report.duplicates.file.extra, 1);
    assert.equal(report.duplicates.pixel.extra, 2);
    assert.deepEqual(leaks(report), { "train in test": 1, "test in train": 2 });
    const near = await engine.near({ inspection, threshold: null }, quiet());
    assert.equal(near.near?.pairs, 0);
    await engine.review({ inspection, action: { type: "judge", samples: [0, 3], verdict: "different" } }, quiet());
    const decisions = readFileSync(path.join(scratch, ".cleansplit/decisions.json"), "utf8");
    assert.ok(decisions.includes("photos/train/a/1.jpg") && decisions.includes("test.tar/test/a/4.png"), decisions);
  });

  it("in a folder are found by name: splits, shards and classes; and not where they lie unpacked beside", async () => {
    const cases: readonly (readonly [string, Record<string, Uint8Array>, readonly string[]])[] = [
      [
        "splits",
        {
          "train.zip": await zipOf({ "train/A/1.png": png(1), "train/B/2.png": png(2) }),
          "test.zip": await zipOf({ "test/A/1.png": png(1) }),
        },
        ["train (train) A B", "test (test) A"],
      ],
      [
        "shards",
        {
          "set/train-000000.tar": await tarOf({ "0.png": png(1), "0.cls": "5" }),
          "set/train-000001.tar": await tarOf({ "1.png": png(2), "1.cls": "6" }),
          "set/val-000000.tar": await tarOf({ "2.png": png(3), "2.cls": "5" }),
        },
        ["train (train) 5 6", "val (validation) 5"],
      ],
      [
        "classes",
        {
          "train/cat.tar": await tarOf({ "1.png": png(1) }),
          "train/dog.tar": await tarOf({ "1.png": png(2) }),
          "val/cat.tar": await tarOf({ "1.png": png(3) }),
        },
        ["train (train) cat dog", "val (validation) cat"],
      ],
      [
        "course",
        {
          "notMNIST_large.tar": await tarOf({ "notMNIST_large/A/1.png": png(1), "notMNIST_large/B/2.png": png(2) }),
          "notMNIST_small.tar": await tarOf({ "notMNIST_small/A/3.png": png(3), "notMNIST_small/B/4.png": png(4) }),
        },
        ["notMNIST_large (train) A B", "notMNIST_small (test) A B"],
      ],
      ["one", { "letters.tar": await tarOf({ "A/1.png": png(1), "B/1.png": png(2) }) }, ["letters (other) A B"]],
      [
        "unpacked",
        { "letters.tar": await tarOf({ "A/1.png": png(1) }), "letters/A/1.png": png(1), "letters/B/2.png": png(2) },
        ["unpacked (other) letters/A letters/B"],
      ],
    ];
    for (const [name, files, expected] of cases) {
      const { report } = await inspect(engine, [writeTree(path.join(scratch, "found", name), files)]);
      assert.deepEqual(
        report.splits.map((split) => `${split.name} (${split.role}) ${Object.keys(split.classes).join(" ")}`),
        expected,
        name,
      );
      if (name === "unpacked") assert.match(report.dataset.ignored[0]?.reason ?? "", /folder of its name beside it/);
    }
  });

  it("are corrected by paths within them", async () => {
    const root = faultyDataset(path.join(scratch, "corrected"));
    const file = path.join(scratch, "corrected.tar");
    writeFileSync(file, await tarOf(filesOf(root)));
    const { report, inspection } = await inspect(
      engine,
      [file],
      [
        { path: path.join(file, "valid"), split: "test" },
        { path: path.join(file, "train/B"), split: null },
      ],
    );
    assert.deepEqual(
      report.splits.map(({ name, samples }) => [name, samples]),
      [
        ["train", 4],
        ["test", 7],
      ],
    );
    const { plan } = await engine.plan({ inspection }, quiet());
    const out = path.join(scratch, "corrected out");
    const result = await engine.apply({ plan, out }, quiet());
    const again = await inspect(engine, [path.join(out, "corrected.tar")]);
    assert.equal(again.report.timing.samples, result.samples);
    assert.ok(again.report.splits.every(({ name }) => name !== "B"));
  });

  it("are written as they are, in their places, and are clean then", async () => {
    const root = faultyDataset(path.join(scratch, "written/data"));
    const set = writeTree(path.join(scratch, "written/set"), {
      "a/data.tar.gz": gzipSync(await tarOf(filesOf(root, "data/"))),
      "b/more.zip": await zipOf({ "test/A/1.png": png(1), "train/A/50.png": png(50) }),
      "train/A/51.png": png(51),
      "test/A/52.png": png(51, 1),
    });
    const before = treeOf(set);
    const { inspection } = await inspect(engine, [set]);
    const summary = await engine.plan({ inspection }, quiet());
    const out = path.join(scratch, "written/out");
    const result = await engine.apply({ plan: summary.plan, out }, quiet());
    assert.deepEqual(treeOf(set), before);
    assert.deepEqual(
      treeOf(out).map((line) => line.replace(/ [0-9a-f]+$/, "")),
      ["a/data.tar.gz", "b/more.zip", "cleansplit-certificate.json", "cleansplit-manifest.json", "test/A/52.png"],
    );
    const { report } = await inspect(engine, [out]);
    assert.equal(report.timing.samples, summary.after);
    assert.deepEqual([result.samples, leaks(report), report.duplicates.pixel.groups], [summary.after, {}, 0]);
    assert.deepEqual(
      report.splits.map(({ name, samples }) => [name, samples]),
      summary.splits.map(({ name, after }) => [name, after]),
    );
  });

  it("that changed since they were inspected are neither shown nor written", async () => {
    const file = path.join(scratch, "changing.tar");
    writeFileSync(file, await tarOf({ "train/A/1.png": png(1), "test/A/1.png": png(2) }));
    const { inspection } = await inspect(engine, [file]);
    const { plan } = await engine.plan({ inspection }, quiet());
    const { mtimeMs } = statSync(file);
    writeFileSync(file, await tarOf({ "train/A/1.png": png(3), "test/A/1.png": png(4) }));
    utimesSync(file, mtimeMs / 1000 + 10, mtimeMs / 1000 + 10);
    const out = path.join(scratch, "changing out");
    await assert.rejects(engine.apply({ plan, out }, quiet()), /changed since|is not what was inspected/);
    assert.ok(!existsSync(out));
  });

  it("that are damaged are refused by name, and in a folder ignored with the reason", async () => {
    const cut = gzipSync(await tarOf({ "train/A/1.png": png(1) })).subarray(0, 60);
    const file = path.join(scratch, "cut.tar.gz");
    writeFileSync(file, cut);
    await assert.rejects(inspect(engine, [file]), /cut\.tar\.gz ends early: its compressed data is cut off/);
    const root = writeTree(path.join(scratch, "damaged"), { "a/1.png": png(1), "cut.tar.gz": cut, "no.zip": "PK" });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(
      report.dataset.ignored.map((entry) => entry.path),
      ["cut.tar.gz", "no.zip"],
    );
    const bomb = path.join(scratch, "bomb.tar.gz");
    const member = gzipSync(Buffer.alloc(2 ** 22));
    writeFileSync(bomb, Buffer.concat(Array.from({ length: 20 }, () => member)));
    await assert.rejects(
      inspect(engine, [bomb]),
      /bomb\.tar\.gz is not read: .* unpack to more than 200 times as many/,
    );
    const empty = path.join(scratch, "empty.tar");
    writeFileSync(empty, await tarOf({ "README.md": "nothing" }));
    await assert.rejects(inspect(engine, [empty]), /empty\.tar holds no images/);
  });

  it("leave no unpacked copy behind when the engine ends, nor those of a process that is no more", async () => {
    const copies = (): string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith(`cleansplit-unpacked-${process.pid}-`));
    const before = copies();
    // No process has this number.
    const left = mkdtempSync(path.join(tmpdir(), "cleansplit-unpacked-4194305-"));
    const own = createEngineForTest(1);
    const file = path.join(scratch, "copy.tgz");
    writeFileSync(file, gzipSync(await tarOf({ "train/A/1.png": png(1) })));
    await inspect(own, [file]);
    assert.ok(!existsSync(left));
    assert.equal(copies().length, before.length + 1);
    await own.close();
    assert.deepEqual(copies(), before);
  });

  it("stop being unpacked when the inspection is cancelled", async () => {
    const file = path.join(scratch, "long.tar.gz");
    const entry = gzipSync(await tarOf({ "a.bin": Buffer.alloc(2 ** 20, 1) }), { level: 0 });
    writeFileSync(file, Buffer.concat(Array.from({ length: 100 }, () => entry)));
    const abort = new AbortController();
    const stopping = engine.inspect({ inputs: [file], assignments: [] }, quiet(abort.signal));
    setTimeout(() => abort.abort(), 20);
    const began = performance.now();
    await assert.rejects(stopping, { name: "AbortError" });
    assert.ok(performance.now() - began < 2000);
  });
});

describe("a published archive", () => {
  const { engine, scratch } = useEngine();

  it("has the counts that others counted, and is sanitized as an archive", async function () {
    const file = path.join(PUBLISHED_DATA, "notmnist_split.tar.gz");
    if (!existsSync(file)) {
      console.log(
        `    skipped: ${file} is not there; set CLEANSPLIT_TEST_DATA to a folder with the published datasets`,
      );
      this.skip();
    }
    const { report, inspection } = await inspect(engine, [file]);
    assert.deepEqual(
      report.splits.map(({ name, samples, unreadable }) => [name, samples, unreadable]),
      [
        ["train", 15364, 0],
        ["validation", 3362, 2],
        ["test", 3493, 0],
      ],
    );
    assert.deepEqual([report.duplicates.file.groups, report.duplicates.file.extra], [269, 572]);
    assert.deepEqual([report.conflicts.groups, report.conflicts.samples], [2, 11]);
    const { "validation in train": a, "test in train": b, "test in validation": c } = leaks(report);
    assert.deepEqual([a, b, c], [122, 73, 49]);
    const summary = await engine.plan({ inspection }, quiet());
    const out = path.join(scratch, "clean");
    await engine.apply({ plan: summary.plan, out }, quiet());
    const again = await inspect(engine, [path.join(out, "notmnist_split.tar.gz")]);
    assert.deepEqual([leaks(again.report), again.report.timing.samples], [{}, summary.after]);
  });
});
