import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import type { GroupView, Report } from "../../../src/core/leakage/report";
import type { ReportFormat } from "../../../src/core/leakage/reportFormat";
import { MAX_SNAPSHOT_GROUPS, type ReportSnapshot } from "../../../src/core/leakage/snapshot";
import { csvRow, harmless } from "../../../src/engine/exports/csv";
import { withoutPlaces } from "../../../src/engine/exports/places";
import { npy, zip } from "../arrays/support";
import { faultyDataset, inspect, png, quiet, useEngine, writeTree } from "../engine/support";

describe("exported reports", () => {
  const { engine, scratch } = useEngine();
  let places = 0;
  const fresh = (): string => {
    const folder = path.join(scratch, `out ${String(places++)}`);
    mkdirSync(folder);
    return folder;
  };

  async function write(
    inspection: string,
    format: ReportFormat,
    more: Partial<Parameters<typeof engine.exportReport>[0]> = {},
  ): Promise<readonly string[]> {
    const file = path.join(fresh(), `report.${format}`);
    const request = { inspection, format, file, overwrite: false, tier: "pixel" as const, ...more };
    return (await engine.exportReport(request, quiet())).files;
  }
  const readTable = (file: string | undefined): Record<string, string>[] =>
    parse(readFileSync(file ?? "", "utf8"), { columns: true, relax_column_count: false });
  const readSnapshot = (file: string | undefined): ReportSnapshot => {
    const [, json = ""] = /<script type="application\/json" id="snapshot">(.*?)<\/script>/s.exec(readText(file)) ?? [];
    return JSON.parse(json) as ReportSnapshot;
  };
  const readText = (file: string | undefined): string => readFileSync(file ?? "", "utf8");

  it("as tables hold every image of every group, the leakage, and what is unusable", async () => {
    const { inspection, report } = await inspect(engine, [faultyDataset(path.join(scratch, "tables"))]);
    const files = await write(inspection, "csv");
    assert.deepEqual(
      files.map((file) => path.basename(file)),
      ["report.csv", "report-leakage.csv", "report-unusable.csv"],
    );
    const members = readTable(files[0]);
    assert.equal(members.length, report.duplicates.pixel.samples);
    assert.equal(new Set(members.map((row) => row["group"])).size, report.duplicates.pixel.groups);
    const spans = members.map((row) => row["spans_splits"]);
    assert.deepEqual(spans, [...spans].sort().reverse(), "groups that span splits come first");
    const conflict = members.filter((row) => row["conflict"] === "true");
    assert.deepEqual(conflict.map((row) => `${row["label"] ?? ""} ${row["id"] ?? ""}`).sort(), [
      "A test/A/4 as A.png",
      "B train/B/4.png",
    ]);
    const leak = readTable(files[1]).find((row) => row["split"] === "test" && row["in"] === "train");
    const counted = report.leakage.find(
      ({ split, in: other, tier }) => split === "test" && other === "train" && tier === "file",
    );
    assert.equal(Number(leak?.["images"]), counted?.samples);
    assert.deepEqual(
      readTable(files[2]).map((row) => row["id"]),
      ["valid/B/empty.png"],
    );
  });

  it("as JSON are the report with all groups and all their members", async () => {
    const folder = writeTree(
      path.join(scratch, "many"),
      Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`train/A/${String(index)}.png`, png(index % 3)])),
    );
    const { inspection, report } = await inspect(engine, [folder]);
    const { groups, ...rest } = JSON.parse(readText((await write(inspection, "json"))[0])) as Report & {
      groups: GroupView[];
    };
    assert.deepEqual(rest, report);
    assert.deepEqual(
      groups.map(({ size, members }) => [size, members.length]),
      [
        [14, 14],
        [13, 13],
        [13, 13],
      ],
    );
    const query = { from: 0, count: 9, membersEach: 40, sort: "size" } as const;
    assert.deepEqual(groups, (await engine.groups({ inspection, query }, quiet())).groups);
  });

  it("without groups are valid, too", async () => {
    const folder = writeTree(path.join(scratch, "clean"), { "train/A/1.png": png(1), "test/A/2.png": png(2) });
    const { inspection } = await inspect(engine, [folder]);
    assert.deepEqual((JSON.parse(readText((await write(inspection, "json"))[0])) as { groups: unknown }).groups, []);
    assert.deepEqual(readTable((await write(inspection, "csv"))[0]), []);
    assert.deepEqual(readSnapshot((await write(inspection, "html"))[0]).groups.pixel, { total: 0, groups: [] });
  });

  it("as HTML hold groups with their pictures, each picture once, and a plan with its changes", async () => {
    const { inspection, report } = await inspect(engine, [faultyDataset(path.join(scratch, "page"))]);
    const plan = await engine.plan({ inspection }, quiet());
    const { near } = await engine.near({ inspection, threshold: null }, quiet());
    const snapshot = readSnapshot((await write(inspection, "html", { plan: plan.plan, tier: "near" }))[0]);
    assert.equal(snapshot.groups.pixel.total, report.duplicates.pixel.groups);
    assert.equal(snapshot.groups.pixel.groups.length, report.duplicates.pixel.groups);
    assert.equal(snapshot.report.near?.pairs, near?.pairs);
    for (const { members } of snapshot.groups.pixel.groups) {
      const pictures = members.map(({ sample }) => snapshot.pictureOf[sample]);
      assert.equal(new Set(pictures).size, 1);
      assert.ok(snapshot.pictures[pictures[0] ?? -1]?.png.startsWith("iVBOR"), "a PNG");
    }
    assert.equal(new Set(snapshot.pictures.map((picture) => picture.png)).size, snapshot.pictures.length);
    assert.equal(snapshot.plan?.after, plan.after);
    assert.equal(snapshot.changes.total, plan.before - plan.after);
    assert.equal(snapshot.changes.changes.length, snapshot.changes.total);
  });

  it("as HTML and as tables name no folder of the disk", async () => {
    const place = path.join(scratch, "somebody", "secret place");
    const folder = faultyDataset(path.join(place, "letters"));
    const { inspection } = await inspect(engine, [folder]);
    const plan = await engine.plan({ inspection }, quiet());
    const near = await engine.near({ inspection, threshold: null }, quiet());
    assert.ok(near.near !== null);
    const out = path.join(scratch, "somebody", "clean");
    const applied = await engine.apply({ plan: plan.plan, out }, quiet());
    const pages = await write(inspection, "html", { plan: plan.plan, applied, tier: "near" });
    const tables = await write(inspection, "csv", { tier: "near" });
    for (const file of [...pages, ...tables]) {
      for (const secret of ["secret place", "somebody", scratch]) assert.ok(!readText(file).includes(secret), file);
    }
    const snapshot = readSnapshot(pages[0]);
    assert.deepEqual(snapshot.report.dataset.units.map((unit) => unit.path).sort(), [
      "letters/test",
      "letters/train",
      "letters/valid",
    ]);
    assert.equal(snapshot.applied?.folder, "clean");
  });

  it("as HTML keep the first groups of very many, those that span splits before larger ones", async () => {
    // In train all pictures but the last occur twice; that one occurs in test, too.
    const count = MAX_SNAPSHOT_GROUPS + 20;
    const pixels = 64;
    const train = new Uint8Array(pixels * (2 * count + 1));
    for (let row = 0; row < 2 * count; row++) train.set([row % count, (row % count) >> 8, 7, 9], pixels * row);
    const last = train.subarray(2 * count * pixels).fill(200);
    const array = (name: string, data: Uint8Array): { name: string; data: Uint8Array } => {
      const shape = `(${String(data.length / pixels)}, 8, 8)`;
      return { name, data: npy(`{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }\n`, data) };
    };
    const file = path.join(scratch, "many.npz");
    writeFileSync(file, zip([array("x_train.npy", train), array("x_test.npy", last)]));
    const { inspection } = await inspect(engine, [file]);
    const { total, groups } = readSnapshot((await write(inspection, "html"))[0]).groups.pixel;
    assert.equal(total, count + 1);
    assert.equal(groups.length, MAX_SNAPSHOT_GROUPS);
    assert.deepEqual(groups[0]?.splits, ["train", "test"]);
    assert.equal(readTable((await write(inspection, "csv"))[0]).length, 2 * count + 2);
  });

  it("hold hostile names as text that ends nothing", async function () {
    if (process.platform === "win32") this.skip();
    const names = [
      "<img src=x onerror=alert(1)>.png",
      "<!-- <script>.png",
      "=1+1.png",
      "quote\"s and 'more'.png",
      "line\nbreak\u2028.png",
      "\u202Egnp.exe.png",
      `${"n".repeat(251)}.png`,
    ];
    const folder = path.join(scratch, "<b>&\"dataset' ");
    writeTree(folder, Object.fromEntries(names.map((name) => [`train/</script>/${name}`, png(1)])));
    const { inspection, report } = await inspect(engine, [folder]);
    const html = readText((await write(inspection, "html"))[0]);
    assert.equal(html.match(/<script/g)?.length, 2, "one with data, one that runs");
    assert.equal(html.match(/<\/script/g)?.length, 2);
    assert.ok(!html.includes("<img src=x"));
    const members = readSnapshot((await write(inspection, "html"))[0]).groups.pixel.groups[0]?.members ?? [];
    assert.deepEqual(members.map(({ id }) => id).sort(), names.map((name) => `train/</script>/${name}`).sort());
    const table = readTable((await write(inspection, "csv"))[0]);
    assert.deepEqual(table.map((row) => row["id"]).sort(), members.map(({ id }) => id).sort());
    assert.equal(report.duplicates.pixel.samples, names.length);
  });

  it("are replaced only where that was allowed, and never over what is not CleanSplit's", async () => {
    const { inspection } = await inspect(engine, [faultyDataset(path.join(scratch, "again"))]);
    const folder = fresh();
    const file = path.join(folder, "report.csv");
    await write(inspection, "csv", { file });
    await assert.rejects(write(inspection, "csv", { file }), /exists already/);
    await write(inspection, "csv", { file, overwrite: true });
    writeFileSync(path.join(folder, "report-leakage.csv"), "my own notes\n");
    const before = readText(file);
    await assert.rejects(write(inspection, "csv", { file, overwrite: true }), /did not write/);
    assert.equal(readText(file), before);
    assert.deepEqual(readdirSync(folder).sort(), ["report-leakage.csv", "report-unusable.csv", "report.csv"]);
    const missing = path.join(folder, "no", "report.html");
    await assert.rejects(write(inspection, "html", { file: missing }), /there is no folder/);
  });

  it("leave nothing behind when they are cancelled", async () => {
    const { inspection } = await inspect(engine, [faultyDataset(path.join(scratch, "cancelled"))]);
    const file = path.join(fresh(), "report.html");
    const abort = new AbortController();
    const run = { signal: abort.signal, progress: () => abort.abort() };
    const request = { inspection, format: "html", file, overwrite: false, tier: "pixel" } as const;
    await assert.rejects(engine.exportReport(request, run), { name: "AbortError" });
    assert.equal(existsSync(file), false);
    assert.deepEqual(readdirSync(path.dirname(file)), []);
  });
});

describe("text of exported tables", () => {
  it("reads back as it was, and never begins a formula", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 12 }), { minLength: 2, maxLength: 5 }), (cells) => {
        const safe = cells.map(harmless);
        const rows: string[][] = parse(csvRow(safe), { relax_column_count: false });
        assert.deepEqual(rows, [safe]);
        for (const [index, cell] of safe.entries()) {
          assert.ok(!/^[=+\-@\t\r\n]/.test(cell));
          assert.ok(cell === cells[index] || cell === `'${cells[index] ?? ""}`);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("names places within the dataset where it named them on the disk", () => {
    const clean = withoutPlaces(["/home/me/data/letters", "/home/me/more/digits.npz"]);
    assert.equal(clean("/home/me/data/letters/train"), "letters/train");
    assert.equal(clean("EACCES: open '/home/me/more/digits.npz'"), "EACCES: open 'digits.npz'");
    assert.equal(clean("train/home/me/data/x.png"), "train/home/me/data/x.png");
    assert.equal(withoutPlaces(["/data"])("/data/train and data/train"), "data/train and data/train");
  });
});
