import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parse } from "csv-parse/sync";
import type { GroupView, PairView } from "../../../src/core/leakage/report";
import type { Engine } from "../../../src/engine/engine";
import { run, sampleView } from "./stub";

const HOSTILE = '=1+1,"a"\r\nb\u001b[2J;é.png';

/** 1, 2 and 3 are equal, of which 1 and 3 are one file; 5 and 6 are one file. */
const group = (members: readonly number[]): GroupView => ({
  group: members[0] ?? 0,
  tier: "pixel",
  size: members.length,
  splits: ["train"],
  labels: [],
  conflict: false,
  blank: false,
  decided: false,
  worst: null,
  members: members.map((sample) => ({ ...sampleView(sample), nearness: null, choice: null })),
});
const GROUPS = { file: [group([1, 3]), group([5, 6])], pixel: [group([1, 2, 3]), group([5, 6])] };

/** More than one page of near pairs, of which the first has a name to be quoted. */
const PAIRS = Array.from({ length: 1203 }, (_, index): PairView => ({
  first: { ...sampleView(index), id: index === 0 ? HOSTILE : `a${index}` },
  second: sampleView(index + 1, "test"),
  nearness: {
    score: Math.fround(0.1 + index),
    transform: index === 0 ? "rotated by 180°" : "as it is",
    shift: [index === 0 ? -2 : 0, 0],
    verdict: index === 1 ? "duplicate" : null,
  },
}));

describe("pairs as CSV", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "cleansplit-cli-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const engine: Partial<Engine> = {
    groups: async ({ query: { tier, from, count } }) => {
      const all = tier === "file" ? GROUPS.file : GROUPS.pixel;
      return { total: all.length, from, groups: all.slice(from, from + Math.min(1, count)) };
    },
    pairs: async ({ from, count }) => ({ total: PAIRS.length, from, pairs: PAIRS.slice(from, from + count) }),
  };
  const written = async (...words: string[]): Promise<string[][]> => {
    const { code, stderr } = await run(["inspect", "x", "--quiet", "--pairs", "p.csv", ...words], {
      engine,
      cwd: folder,
    });
    assert.equal(code, 0, stderr);
    assert.deepEqual(await readdir(folder), ["p.csv"]);
    return parse(await readFile(path.join(folder, "p.csv"), "utf8"));
  };

  const EQUAL = [
    ["file", "train/A/1.png", "train/A/3.png", "", "", "", "", ""],
    ["file", "train/A/5.png", "train/A/6.png", "", "", "", "", ""],
  ];

  it("has every pair once, equal pictures with the first of their group, near ones with their score", async () => {
    const [titles, ...rows] = await written();
    assert.deepEqual(titles, ["tier", "first", "second", "score", "transform", "shift_x", "shift_y", "verdict"]);
    assert.deepEqual(rows.slice(0, 3), [["pixel", "train/A/1.png", "train/A/2.png", "", "", "", "", ""], ...EQUAL]);
    assert.equal(rows.length, 3 + PAIRS.length);
    assert.deepEqual(rows[3], ["near", HOSTILE, "test/A/1.png", "0.100000001", "rotated by 180°", "-2", "0", ""]);
    assert.deepEqual(rows[4], ["near", "a1", "test/A/2.png", "1.10000002", "as it is", "0", "0", "duplicate"]);
    assert.deepEqual(new Set(rows.map((row) => row[1])).size, rows.length - 1);
  });

  it("stops at the tier that counts", async () => {
    assert.equal((await written("--tier", "pixel")).length, 1 + 3);
    assert.deepEqual((await written("--tier", "file")).slice(1), EQUAL);
  });

  it("is refused before the work starts when it cannot be written, and leaves nothing when it fails", async () => {
    const missing = await run(["inspect", "x", "--pairs", "no/p.csv"], {
      cwd: folder,
      engine: { inspect: () => assert.fail("must not be inspected") },
    });
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /Cannot write no\/p\.csv: the folder .* does not exist/);
    const failing = await run(["inspect", "x", "--pairs", "p.csv"], {
      cwd: folder,
      engine: { ...engine, pairs: () => Promise.reject(new Error("broken")) },
    });
    assert.equal(failing.code, 2);
    assert.deepEqual(await readdir(folder), []);
  });
});
