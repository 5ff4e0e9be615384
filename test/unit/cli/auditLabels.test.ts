import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { parse } from "csv-parse/sync";
import type { Engine } from "../../../src/engine/engine";
import { AUDIT, leakyReport, run, SUSPECTS, withNear } from "./stub";

const HOSTILE = '=1+1,"a"\r\nb\u001b[2J.png';

describe("audit-labels", () => {
  it("says the sentence first, then classes and suspects, and what comes next", async () => {
    const { code, stdout, stderr, open } = await run(["audit-labels", "letters", "--top", "1"]);
    assert.deepEqual([code, open], [0, 0]);
    assert.equal(stdout.split("\n")[0], AUDIT.sentence);
    assert.match(stdout, /label\s+looks like\s+suspects\s+estimated\n.*\n\s+D\s+B\s+2\s+2\n/);
    assert.match(stdout, /test\/A\/0\.png\s+D\s+0\.000\s+B\s+0\.995\s+2, 1 with another label/);
    assert.doesNotMatch(stdout, /train\/A\/1\.png/);
    assert.match(stdout, /and 1 more; --top 2 lists all/);
    assert.match(stdout, /cleansplit audit-labels letters --wrong ID --right ID/);
    assert.doesNotMatch(stdout, /cleansplit sanitize/);
    assert.match(stderr, /Checking labels 500 of 1,000 images/);
  });

  it("--quiet says the sentence alone", async () => {
    const { stdout } = await run(["audit-labels", "letters", "--quiet"]);
    assert.equal(stdout, `${AUDIT.sentence}\n`);
  });

  it("--tier near searches near duplicates before", async () => {
    const asked: string[] = [];
    const near: Engine["near"] = async () => {
      asked.push("near");
      return withNear(leakyReport());
    };
    const auditLabels: Engine["auditLabels"] = async () => {
      asked.push("audit");
      return AUDIT;
    };
    await run(["audit-labels", "letters", "--tier", "near"], { engine: { near, auditLabels } });
    assert.deepEqual(asked, ["near", "audit"]);
  });

  it("keeps what --wrong, --right and --forget say of suspects", async () => {
    const said: unknown[] = [];
    const judgeLabels: Engine["judgeLabels"] = async ({ samples, verdict }) => {
      said.push([samples, verdict]);
      return { ...AUDIT, judged: { right: 1, wrong: 1 } };
    };
    const words = ["audit-labels", "letters", "--wrong", "test/A/0.png", "--right", "train/A/1.png"];
    const { code, stdout } = await run(words, { engine: { judgeLabels } });
    assert.equal(code, 0);
    assert.deepEqual(said, [
      [[0], "wrong"],
      [[1], "right"],
    ]);
    assert.match(stdout, /Judged so far: 1 right, 1 wrong; its image leaves sanitized copies\./);
    assert.match(stdout, /cleansplit sanitize letters --out letters-sanitized\s+# without the images judged wrong/);

    said.length = 0;
    await run(["audit-labels", "letters", "--forget", "test/A/0.png"], { engine: { judgeLabels } });
    assert.deepEqual(said, [[[0], null]]);
  });

  it("refuses to mark what is no suspect, or two things of one, and keeps nothing then", async () => {
    const judgeLabels = (): never => assert.fail("must not be kept");
    const words = ["audit-labels", "letters", "--wrong", "test/A/0.png"];
    const missing = await run([...words, "--right", "no.png"], { engine: { judgeLabels } });
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /no\.png is no suspect of this audit; nothing was kept/);
    const twice = await run([...words, "--right", "test/A/0.png"], { engine: { judgeLabels } });
    assert.equal(twice.code, 2);
    assert.match(twice.stderr, /test\/A\/0\.png is marked twice/);
  });

  describe("--csv", () => {
    let folder = "";
    beforeEach(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), "cleansplit-cli-"));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    it("writes all suspects, page by page, whatever they are called", async () => {
      const many = Array.from({ length: 1203 }, (_, at) => ({
        ...(SUSPECTS[0] ?? assert.fail()),
        id: at === 0 ? HOSTILE : `a${at}`,
      }));
      const suspects: Engine["suspects"] = async ({ query: { from, count } }) => ({
        total: many.length,
        suspects: many.slice(from, from + count),
      });
      await run(["audit-labels", "letters", "--csv", "s.csv", "--quiet"], { cwd: folder, engine: { suspects } });
      const rows: Record<string, string>[] = parse(await readFile(path.join(folder, "s.csv")), { columns: true });
      assert.equal(rows.length, many.length);
      assert.deepEqual(rows[0], {
        id: HOSTILE,
        split: "test",
        label: "D",
        suggested: "B",
        probability_of_label: "0.000400000",
        probability_of_suggested: "0.995300",
        duplicates: "2",
        conflicting: "1",
        verdict: "",
      });
    });

    it("needs a file that can be written", async () => {
      const inspect = (): never => assert.fail("must not be inspected");
      const { code, stderr } = await run(["audit-labels", "letters", "--csv", "-"], { engine: { inspect } });
      assert.equal(code, 2);
      assert.match(stderr, /--csv needs a file/);
    });
  });
});
