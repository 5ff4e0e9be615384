import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { runCli } from "../../../src/cli/cli";
import { CleanSplitError } from "../../../src/core/errors";
import type { NearReport, Report } from "../../../src/core/leakage/report";
import { createEngineForTest, glyph, inspect, leaks, quiet, useEngine, writeTree } from "./support";

/** Glyph 1 of train is in test at an RMS of 5, and saved again; glyph 2 is twice in train, at an RMS of 4 and of 12. */
function dataset(root: string): string {
  return writeTree(root, {
    "train/A/1.png": glyph(1),
    "train/A/2.png": glyph(2),
    "train/A/2 a.png": glyph(2, 64),
    "train/A/2 b.png": glyph(2, 192),
    "train/B/3.png": glyph(3),
    "test/A/1 near.png": glyph(1, 80),
    "test/A/1 near again.png": glyph(1, 80, 0),
    "test/B/4.png": glyph(4),
  });
}

describe("decisions of people", () => {
  const { engine, scratch } = useEngine();
  let home = "";
  let root = "";
  beforeEach(() => {
    home = mkdtempSync(path.join(scratch, "home-"));
    root = dataset(path.join(home, "set"));
  });

  const file = (folder = home): string => path.join(folder, ".cleansplit", "decisions.json");
  const decisionsOf = (folder = home): string => readFileSync(file(folder), "utf8");

  /** An inspection with near duplicates, and how to decide about images of it by name. */
  const opened = async (
    input = root,
  ): Promise<{
    inspection: string;
    report: Report;
    decide: (names: readonly string[], verdict: "duplicate" | "different" | null, newHome?: string) => Promise<Report>;
  }> => {
    const { inspection } = await inspect(engine, [input]);
    const report = await engine.near({ inspection, threshold: null }, quiet());
    const query = { tier: "near", from: 0, count: 100, membersEach: 100 } as const;
    const { groups } = await engine.groups({ inspection, query }, quiet());
    const numbers = new Map(
      groups.flatMap(({ members }) => members.map(({ id, sample }) => [path.basename(id), sample])),
    );
    return {
      inspection,
      report,
      decide: async (names, verdict, newHome) => {
        const samples = names.map((name) => numbers.get(`${name}.png`) ?? assert.fail(`${name} is in no group`));
        const action = { type: "judge", samples, verdict } as const;
        const home = newHome === undefined ? {} : { newHome };
        const { report: counted } = await engine.review({ inspection, action, ...home }, quiet());
        return counted ?? report;
      },
    };
  };
  const counts = ({ near }: Report): [number, NearReport["decisions"]] => {
    assert.ok(near !== null);
    return [near.pairs, near.decisions];
  };
  const cli = async (...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
    const written = { stdout: "", stderr: "" };
    const output = (name: "stdout" | "stderr"): { write(text: string): void; isTTY: boolean; columns: undefined } => ({
      write: (text) => void (written[name] += text),
      isTTY: false,
      columns: undefined,
    });
    const code = await runCli(words, {
      stdout: output("stdout"),
      stderr: output("stderr"),
      env: {},
      cwd: home,
      signal: new AbortController().signal,
      platform: "linux",
      createEngine: () => createEngineForTest(1),
    });
    return { code, ...written };
  };

  it("change what the command line answers in the same workspace, and are taken back", async () => {
    const words = ["inspect", "set", "--fail-on", "leakage", "--quiet"];
    const { report, decide } = await opened();
    assert.deepEqual(leaks(report, "pixel"), {});
    assert.deepEqual(leaks(report, "near"), { "train in test": 1, "test in train": 2 });
    const before = await cli(...words);
    assert.equal(before.code, 1);
    assert.match(before.stderr, /2 of 3 test images are similar to one in train/);

    const after = await decide(["1", "1 near"], "different");
    assert.deepEqual(leaks(after, "near"), {});
    const { code, stderr } = await cli(...words);
    assert.deepEqual([code, stderr], [0, ""]);
    const { stdout } = await cli("inspect", "set");
    assert.match(stdout, /People decided that 0 pairs are duplicates and 1 pair is different/);
    assert.ok(stdout.includes(`Decisions are kept in ${file()}`));

    await decide(["1 near again", "1"], null);
    assert.equal((await cli(...words)).code, 1);
    assert.match(decisionsOf(), /"decisions": \[\]/);
  });

  it("hold for a later inspection, and wherever the files are moved to", async () => {
    const { decide } = await opened();
    await decide(["1", "1 near"], "different");
    renameSync(path.join(root, "test/A/1 near.png"), path.join(root, "test/B/renamed.png"));
    rmSync(path.join(root, "test/A/1 near again.png"));
    const again = await opened();
    assert.deepEqual(leaks(again.report, "near"), {});
    assert.deepEqual(counts(again.report)[1], { file: file(), duplicate: 0, different: 1, stale: 0 });
    // The picture itself goes: the decision is stale, and not about another picture in its place.
    writeFileSync(path.join(root, "test/B/renamed.png"), glyph(1, 96));
    const changed = await opened();
    assert.deepEqual(leaks(changed.report, "near"), { "train in test": 1, "test in train": 1 });
    assert.deepEqual(counts(changed.report)[1], { file: file(), duplicate: 0, different: 0, stale: 1 });
    assert.match((await cli("inspect", "set")).stdout, /1 decision is stale/);
    // Of a part of the dataset alone nobody knows what is stale.
    const part = await opened(path.join(root, "train"));
    assert.equal(counts(part.report)[1].stale, 0);
  });

  it("add what the threshold leaves out, of each two of a group", async () => {
    const { report, decide, inspection } = await opened();
    assert.equal(counts(report)[0], 3);
    // 2 and 2 b are 12 apart; 2 a and 2 b are 8 apart.
    assert.equal(counts(await decide(["2", "2 a", "2 b"], "duplicate"))[0], 4);
    const query = { tier: "near", similar: true, from: 0, count: 9, membersEach: 9 } as const;
    const { groups } = await engine.groups({ inspection, query }, quiet());
    assert.deepEqual(
      groups.map(({ members }) => members.length),
      [3, 3],
    );
    const { pairs } = await engine.pairs({ inspection, from: 0, count: 9 }, quiet());
    assert.deepEqual(
      pairs.map(({ nearness }) => [nearness.score, nearness.verdict]),
      [
        [4, "duplicate"],
        [5, null],
        [8, "duplicate"],
        [12, "duplicate"],
      ],
    );
    assert.equal(counts(await decide(["2", "2 b"], "different"))[0], 3);
    assert.equal(decisionsOf().match(/"keys"/g)?.length, 3);
  });

  it("lie in the nearest folder that has some, else beside the dataset or where they are wanted", async () => {
    const wanted = await opened();
    await wanted.decide(["1", "1 near"], "different", root);
    assert.deepEqual(readdirSync(path.join(root, ".cleansplit")), ["decisions.json"]);
    assert.match(decisionsOf(root), /"ids":\["t[a-z]+\/A\/1[^"]*","t[a-z]+\/A\/1[^"]*"\]/);
    rmSync(path.join(root, ".cleansplit"), { recursive: true });
    // A folder that is not above the dataset would not be found again.
    await wanted.decide(["1", "1 near"], "different", path.join(scratch, "elsewhere"));
    assert.match(decisionsOf(), /"ids":\["set\/t[a-z]+\/A/);
    await wanted.decide(["2", "2 a"], "duplicate", root);
    assert.equal(decisionsOf().match(/"keys"/g)?.length, 2);
  });

  it("keep what others wrote into the file", async () => {
    mkdirSync(path.dirname(file()));
    const other = `{"keys":["file:${"0".repeat(32)}","file:${"1".repeat(32)}"],"verdict":"duplicate","ids":["other/a.png","other/b.png"],"by":"me"}`;
    writeFileSync(file(), `\ufeff{"version": 1, "team": ["a"], "decisions": [${other}]}`);
    const { report, decide } = await opened();
    assert.equal(counts(report)[1].stale, 0);
    await decide(["1", "1 near"], "different");
    await decide(["1", "1 near"], "duplicate");
    assert.ok(decisionsOf().includes(`    ${other},\n`));
    assert.match(decisionsOf(), /"team": \["a"\]/);
    assert.equal(decisionsOf().match(/"keys"/g)?.length, 2);
    assert.deepEqual(readdirSync(path.dirname(file())), ["decisions.json"]);
  });

  it("are refused about equal images, and where near duplicates were not searched", async () => {
    const { decide } = await opened();
    const refused = (message: RegExp) => (error: unknown) =>
      error instanceof CleanSplitError && error.reason === "refused" && message.test(error.message);
    await assert.rejects(decide(["1 near", "1 near again"], "different"), refused(/1 near\.png and .*same pixels/));
    const { inspection } = await inspect(engine, [root]);
    await assert.rejects(
      engine.review({ inspection, action: { type: "judge", samples: [0, 1], verdict: null } }, quiet()),
      refused(/not searched/),
    );
  });

  it("that are damaged stop the search before it starts, say what to do, and are never overwritten", async () => {
    const { decide } = await opened();
    await decide(["1", "1 near"], "different");
    const good = decisionsOf();
    const [line = ""] = good.split("\n").filter((text) => text.includes("keys"));
    const cases: readonly (readonly [string, RegExp])[] = [
      ["{", /JSON.*Repair it or delete it; it was not changed/],
      ["[]", /expected an object with "version" and "decisions"/],
      [good.replace("version", "versions"), /expected "version": 1/],
      [
        good.replace(line, `<<<<<<< HEAD\n${line}\n=======\n${line}\n>>>>>>> theirs`),
        /line 4 is the mark of a merge that is not finished/,
      ],
      [" ".repeat(17e6), /more than 16777216 bytes/],
      ["[".repeat(5e6), /cannot be used/],
    ];
    for (const [text, message] of cases) {
      writeFileSync(file(), text);
      const isExpected = (error: unknown): boolean =>
        error instanceof CleanSplitError && message.test(error.message) && error.message.includes(file());
      await assert.rejects(opened(), isExpected, text.slice(0, 200));
      await assert.rejects(decide(["1", "1 near"], "duplicate"), isExpected, text.slice(0, 200));
      assert.equal(decisionsOf(), text);
    }
    const { code, stderr } = await cli("inspect", "set");
    assert.equal(code, 2);
    assert.ok(stderr.includes(file()));
    assert.doesNotMatch(stderr, /Searching/);
    // Without near duplicates nobody asks for decisions.
    assert.equal((await cli("inspect", "set", "--tier", "pixel")).code, 0);
  });

  it("that contradict each other name both lines, and deciding again settles it", async () => {
    const { decide } = await opened();
    await decide(["1", "1 near"], "different");
    const [line = ""] = decisionsOf()
      .split("\n")
      .filter((text) => text.includes("keys"));
    writeFileSync(file(), decisionsOf().replace(line, `${line},\n${line.replace("different", "duplicate")}`));
    await assert.rejects(opened(), /line 4 says "different" and line 5 says "duplicate" of the same two pictures/);
    assert.deepEqual(leaks(await decide(["1", "1 near"], "different"), "near"), {});
    assert.equal(decisionsOf().match(/"keys"/g)?.length, 1);
  });

  it("and thresholds beyond the search are told from those that it reached", async () => {
    const { inspection } = await opened();
    const pairsAt = async (threshold: number): Promise<number> =>
      counts(await engine.near({ inspection, threshold }, quiet()))[0];
    assert.deepEqual([await pairsAt(4), await pairsAt(16)], [1, 4]);
    for (const threshold of [16.1, -1, Number.NaN]) {
      await assert.rejects(pairsAt(threshold), /RMS grey difference, from 0 to 16; 9 is the default/);
    }
    const { code, stderr } = await cli("inspect", "set", "--threshold", "20");
    assert.equal(code, 2);
    assert.match(stderr, /Error: A threshold of 20 is out of range/);
  });
});
