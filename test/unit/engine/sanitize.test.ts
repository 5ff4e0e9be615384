import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { CleanSplitError } from "../../../src/core/errors";
import { faultyDataset, inspect, png, quiet, treeOf, useEngine, writeTree } from "./support";

/** An IDX file of unsigned bytes. */
function idx(shape: readonly number[], data: readonly number[]): Buffer {
  const head = Buffer.alloc(4 + 4 * shape.length);
  head.set([0, 0, 8, shape.length]);
  shape.forEach((side, axis) => head.writeUInt32BE(side, 4 + 4 * axis));
  return Buffer.concat([head, Buffer.from(data)]);
}

/** Rows of 4 x 4 pixels; equal seeds give equal rows. */
function rows(seeds: readonly number[]): number[] {
  return seeds.flatMap((seed) => Array.from({ length: 16 }, (_, index) => (seed * 13 + index * index) % 256));
}

describe("sanitizing", () => {
  const { engine, scratch } = useEngine();

  async function sanitize(root: string, out: string): Promise<string> {
    const { inspection } = await inspect(engine, [root]);
    const { plan } = await engine.plan({ inspection }, quiet());
    await engine.apply({ plan, out }, quiet());
    return out;
  }

  it("writes folders with no leakage left, every image under its own label, and the source untouched", async () => {
    const root = faultyDataset(path.join(scratch, "folders"));
    const before = treeOf(root);
    const out = await sanitize(root, path.join(scratch, "folders clean"));
    assert.deepEqual(treeOf(root), before);
    const written = treeOf(out).filter((line) => !line.startsWith("cleansplit-"));
    assert.ok(
      written.every((line) => before.includes(line)),
      "every written file is a file of the source, at its path",
    );
    const { report } = await inspect(engine, [out]);
    assert.ok(report.leakage.every((entry) => entry.samples === 0));
    assert.deepEqual([report.duplicates.pixel.groups, report.conflicts.groups, report.unreadable.length], [0, 0, 0]);
    assert.deepEqual(
      report.splits.map(({ name, samples }) => [name, samples]),
      [
        ["train", 2],
        ["valid", 2],
        ["test", 3],
      ],
    );
  });

  it("previews exactly what it writes, and the manifest names every removed sample with reason and twin", async () => {
    const root = faultyDataset(path.join(scratch, "preview"));
    const { inspection } = await inspect(engine, [root]);
    const plan = await engine.plan({ inspection }, quiet());
    const page = await engine.changes({ plan: plan.plan, from: 0, count: 100 }, quiet());
    const out = path.join(scratch, "preview clean");
    const result = await engine.apply({ plan: plan.plan, out }, quiet());
    assert.equal(plan.before - plan.after, page.total);
    assert.equal(result.samples, plan.after);
    assert.equal(treeOf(out).length, plan.after + 2);
    const manifest = JSON.parse(readFileSync(result.manifest, "utf8")) as {
      changes: { id: string; reason: string; twin: string | null }[];
    };
    assert.deepEqual(
      manifest.changes.map(({ id, reason, twin }) => [id, reason, twin]),
      [
        ["test/A/4 as A.png", "conflict", "train/B/4.png"],
        ["train/A/1.png", "leaks", "valid/A/1 copy.png"],
        ["train/A/2.png", "leaks", "test/A/2 saved again.png"],
        ["train/A/3.png", "duplicate", "train/A/3 again.png"],
        ["train/B/4.png", "conflict", "test/A/4 as A.png"],
        ["train/B/blank.png", "leaks", "test/B/blank.png"],
        ["valid/B/empty.png", "unreadable", null],
      ],
    );
  });

  it("writes IDX files as such, gzipped where they were, whose labels belong to their images", async () => {
    const root = path.join(scratch, "idx");
    mkdirSync(root);
    const seeds = { train: [1, 2, 3, 3, 4, 5], t10k: [2, 6, 7, 7] };
    const labels = { train: [1, 2, 3, 3, 4, 5], t10k: [2, 6, 7, 7] };
    for (const split of ["train", "t10k"] as const) {
      writeFileSync(
        path.join(root, `${split}-images-idx3-ubyte.gz`),
        gzipSync(idx([seeds[split].length, 4, 4], rows(seeds[split]))),
      );
      writeFileSync(path.join(root, `${split}-labels-idx1-ubyte`), idx([labels[split].length], labels[split]));
    }
    const out = await sanitize(root, path.join(scratch, "idx clean"));
    for (const [split, expected] of [
      ["train", [1, 3, 4, 5]],
      ["t10k", [2, 6, 7]],
    ] as const) {
      assert.deepEqual(
        gunzipSync(readFileSync(path.join(out, `${split}-images-idx3-ubyte.gz`))),
        idx([expected.length, 4, 4], rows(expected)),
      );
      assert.deepEqual(readFileSync(path.join(out, `${split}-labels-idx1-ubyte`)), idx([expected.length], expected));
    }
    const { report } = await inspect(engine, [out]);
    assert.deepEqual(
      report.splits.map(({ name, samples }) => [name, samples]),
      [
        ["train", 4],
        ["test", 3],
      ],
    );
    assert.equal(report.duplicates.pixel.groups, 0);
  });

  it("refuses to overwrite anything, and to write into or around the source", async () => {
    const root = faultyDataset(path.join(scratch, "refuse/data"));
    const { inspection } = await inspect(engine, [root]);
    const { plan } = await engine.plan({ inspection }, quiet());
    const before = treeOf(path.join(scratch, "refuse"));
    writeTree(path.join(scratch, "taken"), { "mine.txt": "keep" });
    const apply = (out: string): Promise<unknown> => engine.apply({ plan, out }, quiet());
    await assert.rejects(apply(path.join(scratch, "taken")), /exists already.*nothing is ever overwritten/);
    await assert.rejects(apply(path.join(root, "clean")), /lie in one another/);
    await assert.rejects(apply(path.join(root, "..clean")), /lie in one another/);
    await assert.rejects(apply(root), /exists already/);
    assert.deepEqual(treeOf(path.join(scratch, "refuse")), before);
    assert.deepEqual(treeOf(path.join(scratch, "taken")).length, 1);
  });

  it("writes nothing when the source changed since it was inspected", async () => {
    const root = faultyDataset(path.join(scratch, "changed"));
    const { inspection } = await inspect(engine, [root]);
    const { plan } = await engine.plan({ inspection }, quiet());
    writeFileSync(path.join(root, "train/B/5.png"), png(99));
    const out = path.join(scratch, "changed clean");
    await assert.rejects(
      engine.apply({ plan, out }, quiet()),
      (error) => error instanceof CleanSplitError && /train\/B\/5.png is not what it was/.test(error.message),
    );
    assert.ok(!existsSync(out));
    assert.deepEqual(
      treeOf(scratch).filter((line) => line.startsWith(".")),
      [],
    );
  });

  it("leaves nothing behind when it is cancelled", async () => {
    const root = faultyDataset(path.join(scratch, "cancel"));
    const { inspection } = await inspect(engine, [root]);
    const { plan } = await engine.plan({ inspection }, quiet());
    const abort = new AbortController();
    const out = path.join(scratch, "cancel clean");
    const applying = engine.apply({ plan, out }, { signal: abort.signal, progress: () => abort.abort() });
    await assert.rejects(applying, (error) => error instanceof Error && error.name === "AbortError");
    assert.deepEqual(
      treeOf(scratch).filter((line) => line.startsWith("cancel clean") || line.startsWith(".")),
      [],
    );
  });

  it("keeps several inputs apart in one target", async () => {
    const one = faultyDataset(path.join(scratch, "several/one"));
    const two = path.join(scratch, "several/two");
    cpSync(one, two, { recursive: true });
    writeTree(two, { "test/A/only here.png": png(200) });
    const { inspection } = await inspect(engine, [one, two]);
    const { plan } = await engine.plan({ inspection }, quiet());
    const out = path.join(scratch, "several clean");
    await engine.apply({ plan, out }, quiet());
    const written = treeOf(out).map((line) => line.split(" ")[0]?.split("/")[0]);
    assert.deepEqual([...new Set(written)].sort(), [
      "cleansplit-certificate.json",
      "cleansplit-manifest.json",
      "one",
      "two",
    ]);
    const { report } = await inspect(engine, [path.join(out, "one"), path.join(out, "two")]);
    assert.equal(report.duplicates.pixel.groups, 0);
  });
});
