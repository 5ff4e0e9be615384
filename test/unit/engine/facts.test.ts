import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import type { Report } from "../../../src/core/leakage/report";
import { extractPublished, inspect, leaks, PUBLISHED_DATA as DATA, quiet, treeOf, useEngine } from "./support";

interface Counted {
  readonly groups: number;
  readonly samples: number;
  readonly extra: number;
}

/** The counts beside the sample dataset, made by a program of their own. */
interface Truth extends Pick<Report, "conflicts" | "blank"> {
  readonly splits: readonly unknown[];
  readonly duplicates: Readonly<Record<"file" | "pixel", Counted>>;
  readonly leakage: readonly Pick<
    Report["leakage"][number],
    "split" | "in" | "tier" | "samples" | "groups" | "pairs"
  >[];
  readonly unreadable: readonly { readonly id: string }[];
  readonly stray: readonly string[];
}

function counts(report: Report): unknown {
  const { duplicates, conflicts, unreadable, invalid } = report;
  return {
    splits: report.splits.map(({ name, samples }) => `${name} ${samples}`),
    file: [duplicates.file.groups, duplicates.file.extra],
    pixel: [duplicates.pixel.groups, duplicates.pixel.extra],
    conflicts: [conflicts.groups, conflicts.samples],
    unreadable: unreadable.map(({ id }) => id),
    invalid: invalid.length,
    leaks: leaks(report),
  };
}

const NOTHING = { file: [0, 0], pixel: [0, 0], conflicts: [0, 0], unreadable: [], invalid: 0, leaks: {} };

describe("published datasets, counted independently", () => {
  const { engine, scratch } = useEngine();

  before(function () {
    if (existsSync(DATA)) return;
    console.log(`    skipped: ${DATA} is not there; set CLEANSPLIT_TEST_DATA to a folder with the published datasets`);
    this.skip();
  });

  function extract(name: string, folder: string): string {
    return path.join(extractPublished(name), folder);
  }

  it("notMNIST_small", async () => {
    const { report, inspection } = await inspect(engine, [extract("notmnist_small", "notMNIST_small")]);
    assert.deepEqual(counts(report), {
      ...NOTHING,
      splits: ["notMNIST_small 18726"],
      file: [236, 492],
      pixel: [236, 492],
      conflicts: [2, 8],
      unreadable: ["A/RGVtb2NyYXRpY2FCb2xkT2xkc3R5bGUgQm9sZC50dGY=.png", "F/Q3Jvc3NvdmVyIEJvbGRPYmxpcXVlLnR0Zg==.png"],
    });
    assert.deepEqual(Object.values(report.splits[0]?.classes ?? {}), [
      ...Array<number>(6).fill(1873),
      ...Array<number>(4).fill(1872),
    ]);
    assert.deepEqual(
      report.dataset.ignored.map((entry) => entry.path),
      [".DS_Store"],
    );
    const page = await engine.groups(
      { inspection, query: { sort: "size", from: 0, count: 500, membersEach: 1 } },
      quiet(),
    );
    const sizes = page.groups.map((group) => group.size);
    assert.deepEqual([sizes[0], sizes[1], sizes.filter((size) => size === 2).length], [254, 6, 234]);
    assert.deepEqual([page.groups[0]?.blank, page.groups[0]?.labels], [true, ["I"]]);
  });

  it("notmnist_split, and its sanitized copy", async () => {
    const root = extract("notmnist_split", "notmnist_split");
    const { report, inspection } = await inspect(engine, [root]);
    assert.deepEqual(counts(report), {
      splits: ["train 15364", "validation 3362", "test 3493"],
      file: [269, 572],
      pixel: [269, 572],
      conflicts: [2, 11],
      unreadable: [
        "validation/A/RGVtb2NyYXRpY2FCb2xkT2xkc3R5bGUgQm9sZC50dGY=.png",
        "validation/F/Q3Jvc3NvdmVyIEJvbGRPYmxpcXVlLnR0Zg==.png",
      ],
      invalid: 0,
      leaks: {
        "train in validation": 272,
        "train in test": 236,
        "validation in train": 122,
        "validation in test": 61,
        "test in train": 73,
        "test in validation": 49,
      },
    });
    const spanning = await engine.groups(
      { inspection, query: { leaking: true, from: 0, count: 1, membersEach: 1 } },
      quiet(),
    );
    assert.equal(spanning.total, 102);
    const before = treeOf(root);
    const out = path.join(scratch, "sanitized");
    const { plan } = await engine.plan({ inspection }, quiet());
    await engine.apply({ plan, out }, quiet());
    const known = new Set(before);
    const written = treeOf(out).filter((line) => !line.startsWith("cleansplit-"));
    assert.deepEqual(
      written.filter((line) => !known.has(line)),
      [],
      "every image lies under the label it had",
    );
    assert.deepEqual(treeOf(root), before);
    const again = await inspect(engine, [out]);
    assert.deepEqual(leaks(again.report), {});
    assert.equal(again.report.duplicates.pixel.groups, 0);
  });

  const formats: readonly (readonly [string, object])[] = [
    [
      "notMNIST.pickle",
      {
        splits: ["train 823", "valid 100", "test 100"],
        pixel: [2, 14],
        invalid: 3,
        leaks: {
          "train in valid": 9,
          "train in test": 9,
          "valid in train": 3,
          "valid in test": 3,
          "test in train": 1,
          "test in valid": 1,
        },
      },
    ],
    [
      "notMNIST_py2.pickle",
      {
        splits: ["train 100", "valid 100", "test 100"],
        pixel: [5, 8],
        leaks: { "train in test": 7, "test in train": 6 },
      },
    ],
    ["idx", { splits: ["test 10000"], pixel: [57, 196] }],
    ["idx/t10k-images-idx3-ubyte.gz", { splits: ["test 10000"], pixel: [57, 196] }],
    [
      "pneumoniamnist.npz",
      { splits: ["train 2428", "val 270", "test 468"], pixel: [7, 8], leaks: { "train in val": 4, "val in train": 3 } },
    ],
    ["quickdraw_apple.npy", { splits: ["quickdraw_apple 3000"] }],
    ["test_signs.h5", { splits: ["test 120"], pixel: [1, 1] }],
    ["olivettifaces.mat", { splits: ["olivettifaces 400"] }],
  ];
  for (const [name, expected] of formats) {
    it(name, async () => {
      const { report } = await inspect(engine, [path.join(DATA, "formats", name)]);
      assert.deepEqual(counts(report), { ...NOTHING, ...expected });
    });
  }

  it("a folder against a pickle and against IDX files", async () => {
    const folder = extract("notmnist_small", "notMNIST_small");
    const { report } = await inspect(engine, [
      folder,
      path.join(DATA, "formats", "idx"),
      path.join(DATA, "formats", "notMNIST.pickle"),
    ]);
    const inFolder = leaks(report);
    assert.ok((inFolder["notMNIST.pickle/test in idx/test"] ?? 0) > 0, JSON.stringify(inFolder));
    assert.ok(report.dataset.notes.some((note) => note.includes("(p - 127.5) / 255")));
    assert.ok(report.dataset.notes.some((note) => note.includes("are read as the classes A to J")));
  });

  it("an IDX file that is cut off is refused with its name and what is missing", async () => {
    await assert.rejects(
      inspect(engine, [path.join(DATA, "formats", "idx_truncated")]),
      /t10k-images-idx3-ubyte\.gz ends early: its header declares 10,000 x 28 x 28/,
    );
  });

  it("forged files with one MD5 are collisions, not duplicates", async () => {
    const { report } = await inspect(engine, [extractPublished("md5_collisions")]);
    assert.ok(report.collisions.groups > 0);
    assert.equal(report.duplicates.file.groups, 0);
  });
});

describe("the sample dataset", () => {
  const { engine, scratch } = useEngine();

  it("has the counts that stand beside it", async () => {
    const { folder } = await engine.sample({ into: scratch }, quiet());
    const { report } = await inspect(engine, [folder]);
    const file = path.resolve(import.meta.dirname, "../../../media/sample/truth.json");
    const truth = JSON.parse(readFileSync(file, "utf8")) as Truth;
    assert.deepEqual(
      report.splits.map(({ name, samples, unreadable, classes }) => ({ name, samples, unreadable, classes })),
      truth.splits,
    );
    const counted = ({ groups, samples, extra }: Counted): Counted => ({ groups, samples, extra });
    assert.deepEqual(
      { file: counted(report.duplicates.file), pixel: counted(report.duplicates.pixel) },
      truth.duplicates,
    );
    const byName = (entries: Truth["leakage"]): string[] =>
      entries.map((e) => `${e.split} in ${e.in}, ${e.tier}: ${e.samples} ${e.groups} ${e.pairs}`).sort();
    assert.deepEqual(byName(report.leakage), byName(truth.leakage));
    assert.deepEqual(report.conflicts, truth.conflicts);
    assert.deepEqual(report.blank, truth.blank);
    assert.deepEqual(report.unreadable.map(({ id }) => id).sort(), truth.unreadable.map(({ id }) => id).sort());
    assert.deepEqual(report.dataset.ignored.map((entry) => entry.path).sort(), truth.stray);
  });
});
