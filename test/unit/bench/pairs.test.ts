import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { bestOf, curveOf, qualityAt, readList, recallByKind, restrictedTo, scoreRows } from "../../bench/pairs.mjs";

const duplicate = (first: string, second: string, kind = "") => ({ first, second, kind, isDuplicate: true });
const near = (first: string, second: string, score: number) => ({ tier: "near", first, second, score: String(score) });
const same = (first: string, second: string) => ({ tier: "pixel", first, second, score: "" });

describe("Labelled pairs", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(os.tmpdir(), "cleansplit-pairs-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (text: string): string => {
    for (const name of ["a.png", "b, c.png", "d.png"]) writeFileSync(path.join(folder, name), "");
    writeFileSync(path.join(folder, "pairs.csv"), text);
    return path.join(folder, "pairs.csv");
  };

  it("are read with quotes, kinds and absolute paths, and are all duplicates without labels", () => {
    const file = write(`\ufefffirst,second,kind\na.png,"b, c.png",shifted\n${folder}/d.png,a.png,\n`);
    assert.deepEqual(readList(file, folder), {
      pairs: [duplicate("a.png", "b, c.png", "shifted"), duplicate("d.png", "a.png")],
      isSample: false,
    });
  });

  it("are a sample when some are different", () => {
    const { pairs, isSample } = readList(write('first,second,label\na.png,d.png,1\na.png,"b, c.png",no\n'), folder);
    assert.deepEqual([pairs.map(({ isDuplicate }) => isDuplicate), isSample], [[true, false], true]);
  });

  for (const [what, text, expected] of [
    ["a file that is not there", "first,second\na.png,x.png\n", /row 2: there is no x\.png/],
    ["a file elsewhere", "first,second\na.png,../../etc/passwd\n", /row 2: there is no \.\.\/\.\.\/etc\/passwd/],
    ["columns of other names", "left,right\na.png,d.png\n", /row 2: expected the columns first,second/],
    ["an unknown label", "first,second,label\na.png,d.png,maybe\n", /row 2: the label is "maybe"/],
    ["no duplicates", "first,second,label\na.png,d.png,0\n", /names no pair of duplicates/],
  ] as const) {
    it(`are refused with ${what}`, () => assert.throws(() => readList(write(text), folder), expected));
  }
});

describe("Precision and recall", () => {
  const pairs = [
    duplicate("a", "b", "x"),
    duplicate("a", "c", "x"),
    duplicate("a", "d", "y"),
    duplicate("a", "e", "y"),
  ];
  const distances = {
    better: "lower" as const,
    listed: [0, 4, 9, null],
    counts: [
      [0, 2],
      [4, 1],
      [9, 5],
    ] as const,
  };

  it("count what is found up to each threshold", () => {
    const curve = curveOf(distances, pairs);
    assert.deepEqual(
      curve.map(({ threshold, found, right }) => [threshold, found, right]),
      [
        [0, 2, 1],
        [4, 3, 2],
        [9, 8, 3],
      ],
    );
    const { precision, recall, f1 } = qualityAt(distances, curve, 5);
    assert.deepEqual([precision, recall, f1], [2 / 3, 2 / 4, 4 / 7]);
    assert.equal(bestOf(curve).threshold, 4);
    assert.equal(qualityAt(distances, curve, -1).recall, 0);
  });

  it("go from the highest score down where higher is better", () => {
    const scores = {
      better: "higher" as const,
      listed: [0.9, 0.8, null, null],
      counts: [
        [0.8, 2],
        [0.9, 1],
      ] as const,
    };
    const curve = curveOf(scores, pairs);
    assert.deepEqual(
      curve.map(({ threshold, precision }) => [threshold, precision]),
      [
        [0.9, 1],
        [0.8, 2 / 3],
      ],
    );
    assert.equal(qualityAt(scores, curve, 0.85).right, 1);
    assert.deepEqual(
      [...recallByKind(scores, pairs, 0.85)],
      [
        ["x", { right: 1, of: 2 }],
        ["y", { right: 0, of: 2 }],
      ],
    );
  });

  it("of some pairs leave out what was found of the others", () => {
    const { scores, pairs: kept } = restrictedTo(distances, pairs, ({ kind }) => kind === "x");
    const { found, right, recall } = qualityAt(scores, curveOf(scores, kept), 9);
    assert.deepEqual([found, right, recall], [7, 2, 1]);
  });
});

describe("Pairs of pictures as pairs of samples", () => {
  const scope = (pairs: ReturnType<typeof duplicate>[], across: boolean) => ({
    list: { pairs, isSample: false },
    across,
  });
  const rows = [
    same("train/a", "train/b"),
    same("train/a", "test/c"),
    near("train/a", "test/d", 5),
    near("test/d", "test/e", 7),
  ];

  it("count every sample of a picture", () => {
    const { listed, counts, wrong } = scoreRows(
      rows,
      scope([duplicate("train/b", "test/c"), duplicate("test/d", "train/b"), duplicate("train/a", "test/x")], false),
      0,
    );
    assert.deepEqual(listed, [0, 5, null]);
    assert.deepEqual(
      new Map(counts),
      new Map([
        [0, 3],
        [5, 3],
        [7, 1],
      ]),
    );
    assert.deepEqual(
      wrong.map(({ score }) => score),
      [7],
    );
  });

  it("count only those of different folders, when asked", () => {
    const { counts } = scoreRows(rows, scope([duplicate("train/b", "test/c")], true), 0);
    assert.deepEqual(
      new Map(counts),
      new Map([
        [0, 2],
        [5, 2],
      ]),
    );
  });

  it("count only those of a sample of pairs", () => {
    const list = {
      pairs: [duplicate("train/a", "test/d"), { ...duplicate("test/d", "test/e"), isDuplicate: false }],
      isSample: true,
    };
    const { listed, counts } = scoreRows(rows, { list, across: false }, 0);
    assert.deepEqual(
      [listed, counts],
      [
        [5, 7],
        [
          [5, 1],
          [7, 1],
        ],
      ],
    );
  });
});
