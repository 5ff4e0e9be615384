import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { LabelAudit, LabelVerdict, Suspect, SuspectQuery } from "../../../src/core/training/labelAudit";
import { Random } from "../../../src/core/training/random";
import type { Progress } from "../../../src/engine/engine";
import { encodePng } from "../../support/png";
import { npy } from "../arrays/support";
import { inspect, quiet, useEngine, writeTree } from "./support";

const ALL: SuspectQuery = {
  from: 0,
  count: 500,
  split: null,
  label: null,
  onlyConflicting: false,
  onlyUnjudged: false,
};

/** A noisy picture of 8 x 8 pixels that is bright on the left for A, on the right for B and in the middle for C. */
function picture(label: string, seed: number): Uint8Array {
  const random = new Random(seed);
  const from = label === "A" ? 0 : label === "B" ? 5 : 3;
  return Uint8Array.from({ length: 64 }, (_, at) => {
    const isBright = at % 8 >= from && at % 8 < from + 3;
    return (isBright ? 160 : 40) + random.below(60);
  });
}

const png = (rows: Uint8Array): Buffer => encodePng({ width: 8, height: 8, rows });

/** 240 pictures in two splits, of which five lie in the folder of another class; one of those also lies in its own. */
const WRONG = ["train/B/A 3.png", "train/C/A 4.png", "train/A/C 5.png", "test/A/B 62.png", "test/B/C 63.png"];
function dataset(root: string): string {
  const files: Record<string, Uint8Array> = {};
  for (const label of ["A", "B", "C"]) {
    for (let seed = 0; seed < 80; seed++) {
      const split = seed < 60 ? "train" : "test";
      const name = `${label} ${seed}.png`;
      const wrong = WRONG.find((id) => id.startsWith(split) && id.endsWith(`/${name}`));
      files[wrong ?? `${split}/${label}/${name}`] = png(picture(label, 1000 * label.charCodeAt(0) + seed));
    }
  }
  files["test/A/3 again.png"] = png(picture("A", 1000 * "A".charCodeAt(0) + 3));
  files["test/A/damaged.png"] = new Uint8Array(0);
  return writeTree(root, files);
}

describe("auditing labels", () => {
  const { engine, scratch } = useEngine();
  let home = "";
  let root = "";
  let inspection = "";
  let audit: LabelAudit;
  let list: readonly Suspect[] = [];

  const suspects = async (of: LabelAudit, query: Partial<SuspectQuery> = {}): Promise<readonly Suspect[]> =>
    (await engine.suspects({ audit: of.audit, query: { ...ALL, ...query } }, quiet())).suspects;
  before(async () => {
    home = mkdtempSync(path.join(scratch, "home-"));
    root = dataset(path.join(home, "set"));
    ({ inspection } = await inspect(engine, [root]));
    audit = await engine.auditLabels({ inspection, seed: 1 }, quiet());
    list = await suspects(audit);
  });
  afterEach(() => rmSync(path.join(home, ".cleansplit"), { recursive: true, force: true }));

  const file = (): string => path.join(home, ".cleansplit", "labels.json");
  const sampleOf = (id: string): number =>
    list.find((suspect) => suspect.id === id)?.sample ?? assert.fail(`${id} is no suspect`);
  const judge = (ids: readonly string[], verdict: LabelVerdict | null): Promise<LabelAudit> =>
    engine.judgeLabels({ audit: audit.audit, samples: ids.map(sampleOf), verdict }, quiet());
  /** Images that leave under a plan of an inspection, and why. */
  const leaving = async (of = inspection): Promise<string[]> => {
    const { plan } = await engine.plan({ inspection: of }, quiet());
    const { changes } = await engine.changes({ plan, from: 0, count: 500 }, quiet());
    return changes.map(({ sample, reason }) => `${sample.id} ${reason}`);
  };
  const DAMAGED = "test/A/damaged.png unreadable";
  const CONFLICT = ["test/A/3 again.png conflict", DAMAGED, "train/B/A 3.png conflict"];

  it("lists the wrong labels first, with what duplicates say, the same for a seed", async () => {
    assert.deepEqual([...list.slice(0, WRONG.length)].map(({ id }) => id).sort(), [...WRONG].sort());
    assert.equal(audit.samples, 241);
    assert.ok(audit.accuracy > 0.95, String(audit.accuracy));
    assert.ok(Math.abs(audit.estimatedErrors - 5 / 241) < 0.01, String(audit.estimatedErrors));
    assert.deepEqual([audit.suspects, audit.judged], [list.length, { right: 0, wrong: 0 }]);
    const twin = list.find(({ id }) => id === "train/B/A 3.png");
    assert.deepEqual([twin?.label, twin?.suggested, twin?.duplicates, twin?.conflicting], ["B", "A", 1, 1]);
    assert.ok((twin?.ofSuggested ?? 0) > 0.5 && (twin?.ofLabel ?? 1) < 0.5);
    const again = await engine.auditLabels({ inspection, seed: 1 }, quiet());
    assert.deepEqual({ ...again, audit: "" }, { ...audit, audit: "" });
    assert.deepEqual(await suspects(again), list);
  });

  it("changes nothing by itself", async () => {
    assert.deepEqual(await leaving(), CONFLICT);
    assert.ok(!existsSync(file()));
  });

  it("keeps verdicts in a file, and a plan leaves out what was judged wrong", async () => {
    await judge(["train/C/A 4.png"], "wrong");
    const judged = await judge(["test/A/B 62.png"], "right");
    assert.deepEqual(judged.judged, { right: 1, wrong: 1 });
    const line = /^ {4}\{"id":"set\/train\/C\/A 4\.png","label":"C","verdict":"wrong","key":"file:[0-9a-f]{32}"\}$/m;
    assert.match(readFileSync(file(), "utf8"), line);
    assert.equal((await suspects(audit, { onlyUnjudged: true })).length, list.length - 2);

    // A later inspection, of the command line perhaps, knows them.
    const later = await inspect(engine, [root]);
    const plan = await engine.plan({ inspection: later.inspection }, quiet());
    assert.match(plan.policy, /1 image whose label was judged wrong leaves\./);
    assert.equal(
      plan.splits.reduce((sum, { removed }) => sum + removed.label, 0),
      1,
    );
    assert.deepEqual(await leaving(later.inspection), [...CONFLICT, "train/C/A 4.png label"]);
    const [preview] = await engine.previews({ inspection: later.inspection }, quiet());
    assert.equal(preview?.leave, 4);
    const copy = path.join(home, "copy");
    await engine.apply({ plan: plan.plan, out: copy }, quiet());
    assert.ok(!existsSync(path.join(copy, "train/C/A 4.png")) && existsSync(path.join(copy, "test/A/B 62.png")));
    assert.ok((await engine.verify({ folder: copy }, quiet())).ok);
    assert.match(
      readFileSync(path.join(copy, "cleansplit-manifest.json"), "utf8"),
      /A person judged its label C wrong/,
    );

    await judge(["train/C/A 4.png", "test/A/B 62.png"], null);
    assert.deepEqual(await leaving(), CONFLICT);
  });

  it("ends a conflict by the label that was judged wrong", async () => {
    await judge(["train/B/A 3.png"], "wrong");
    assert.deepEqual(await leaving(), [DAMAGED, "train/B/A 3.png label"]);
  });

  it("asks anew about a label that was corrected, and refuses a plan file from before", async () => {
    const { plan } = await engine.plan({ inspection }, quiet());
    const planFile = await engine.planFile({ plan }, quiet());
    await judge(["train/C/A 4.png"], "wrong");
    await assert.rejects(engine.readPlan({ inspection, file: planFile }, quiet()), /of near duplicates or labels was/);
    const [before, after] = ["train/C/A 4.png", "train/A/A 4.png"].map((id) => path.join(root, id));
    renameSync(before ?? "", after ?? "");
    const corrected = await inspect(engine, [root]);
    renameSync(after ?? "", before ?? "");
    assert.deepEqual(await leaving(corrected.inspection), CONFLICT);
  });

  it("says what is wrong with a damaged file before it trains, and refuses what cannot be judged", async () => {
    const unknown = { audit: audit.audit, samples: [99_999], verdict: "wrong" } as const;
    await assert.rejects(engine.judgeLabels(unknown, quiet()), /has no label that could be judged/);
    assert.ok(!existsSync(file()));
    await judge(["train/C/A 4.png"], "wrong");
    writeFileSync(file(), "{");
    await assert.rejects(engine.auditLabels({ inspection, seed: 1 }, quiet()), /labels\.json cannot be used/);
    await assert.rejects(engine.plan({ inspection }, quiet()), /labels\.json cannot be used/);
    await assert.rejects(engine.suspects({ audit: "none", query: ALL }, quiet()), { reason: "not-found" });
  });

  it("stops when it is cancelled, while it reads and while it trains", async () => {
    for (const phase of ["preparing", "predicting"]) {
      const abort = new AbortController();
      const progress = (event: Progress): void => {
        if (event.phase === phase) abort.abort();
      };
      const running = engine.auditLabels({ inspection, seed: 1 }, { signal: abort.signal, progress });
      await assert.rejects(running, { name: "AbortError" });
    }
  });

  it("audits rows of arrays and names them", async () => {
    const labels = Array.from({ length: 60 }, (_, row) => row % 2);
    const rows = labels.map((label, row) => picture(label === 0 ? "A" : "B", row + 1));
    const said = labels.map((label, row) => (row === 7 ? 1 - label : label));
    const header = (shape: string): string => `{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}), }`;
    const folder = writeTree(path.join(home, "arrays"), {
      "x_train.npy": npy(header("60, 8, 8"), Buffer.concat(rows)),
      "y_train.npy": npy(header("60,"), Buffer.from(said)),
    });
    const arrays = await inspect(engine, [folder]);
    const found = await engine.auditLabels({ inspection: arrays.inspection, seed: 1 }, quiet());
    const [first] = await suspects(found);
    assert.match(first?.id ?? "", /x_train\.npy.*\[7\]$/);
    const samples = [first?.sample ?? -1];
    await engine.judgeLabels({ audit: found.audit, samples, verdict: "wrong" }, quiet());
    assert.match(readFileSync(file(), "utf8"), /"key":"pixels:/);
    assert.match((await leaving(arrays.inspection)).join(), /\[7\] label$/);
  });

  it("says what it needs when there is nothing to compare", async () => {
    const few = writeTree(path.join(home, "few"), { "A/1.png": png(picture("A", 1)), "B/2.png": png(picture("B", 2)) });
    const found = await inspect(engine, [few]);
    await assert.rejects(
      engine.auditLabels({ inspection: found.inspection, seed: 1 }, quiet()),
      /expected at least two classes with at least 5 different images each, found 2 labelled images/,
    );
  });
});
