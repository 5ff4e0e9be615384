import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parse } from "csv-parse/sync";
import type { ExperimentResult } from "../../../src/core/training/experiment";
import { writeExperimentFile, type ExperimentFileRequest } from "../../../src/engine/lab/exports";
import type { ExperimentFormat } from "../../../src/engine/lab/lab";
import { temporaryFolder } from "../arrays/support";
import { quiet } from "../engine/support";
import { COST, rowsOf, toyData, toyExperiment } from "./exportsFixtures";

const DATA = toyData(60);
const EXPERIMENT = toyExperiment(DATA, { sizes: [8, "all"], seeds: [1, 2], epochs: 1 });

describe("exported experiments", () => {
  const folder = temporaryFolder();
  let files = 0;
  const fresh = (): string => {
    const place = path.join(folder.path, String(files++));
    mkdirSync(place);
    return place;
  };
  const write = (
    format: ExperimentFormat,
    file: string,
    more: Partial<ExperimentFileRequest> = {},
  ): Promise<readonly string[]> =>
    writeExperimentFile(
      { experiment: EXPERIMENT, format, file, overwrite: false, rows: async () => rowsOf(DATA), ...more },
      quiet(),
    );
  const readTable = (file: string): Record<string, string>[] =>
    parse(readFileSync(file, "utf8"), { columns: true, relax_column_count: false });

  it("as JSON are the experiment itself", async () => {
    const file = path.join(fresh(), "runs.json");
    assert.deepEqual(await write("json", file), [file]);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), EXPERIMENT);
  });

  it("as tables have a row for each finished run and test set, with all digits", async () => {
    const file = path.join(fresh(), "runs.csv");
    const runs = EXPERIMENT.runs.map((run, index) => (index === 1 ? { ...run, result: null } : run));
    await write("csv", file, { experiment: { ...EXPERIMENT, runs } });
    const rows = readTable(file);
    assert.equal(rows.length, (runs.length - 1) * 4);
    for (const { run, result } of runs) {
      const clean = rows.find((row) => row["run"] === String(run) && row["test_set"] === "clean");
      assert.equal(clean?.["accuracy"] ?? null, result === null ? null : String(result.scores.clean?.accuracy));
    }
  });

  it("as tables say what leakage costs, with intervals, and leave empty what is not known", async () => {
    const file = path.join(fresh(), "runs.csv");
    const written = await write("csv", file, { experiment: { ...EXPERIMENT, costs: [COST] } });
    assert.deepEqual(
      written.map((name) => path.basename(name)),
      ["runs.csv", "runs-costs.csv"],
    );
    const [cost, ...others] = readTable(written[1] ?? "");
    assert.equal(others.length, 0);
    assert.equal(cost?.["original_on_original_high"], "0.75");
    assert.equal(cost["memorising"], "-0.01");
    assert.equal(Number(cost["memorising_high"]), 1e-7);
    assert.equal(cost["drop"], "");
    assert.equal(cost["sentence"], `'${COST.sentence}`);
  });

  it("as tables hold no formula, whatever the dataset is called", async () => {
    for (const name of ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"]) {
      const file = path.join(fresh(), "runs.csv");
      await write("csv", file, { experiment: { ...EXPERIMENT, dataset: { name, fingerprint: "" } } });
      for (const row of readTable(file)) assert.equal(row["dataset"], `'${name}`);
    }
  });

  it("never replace a file unless asked to", async () => {
    for (const [format, name] of [
      ["csv", "a.csv"],
      ["json", "a.json"],
      ["keras", "a.ipynb"],
    ] as const) {
      const file = path.join(fresh(), name);
      writeFileSync(file, "mine");
      await assert.rejects(write(format, file), { reason: "conflict", message: /a\.\w+ exists already/ });
      assert.equal(readFileSync(file, "utf8"), "mine");
      await write(format, file, { overwrite: true });
      assert.notEqual(readFileSync(file, "utf8"), "mine");
    }
  });

  it("never replace a file beside them that CleanSplit did not write, and none of their own", async () => {
    for (const [format, name, beside] of [
      ["csv", "a.csv", "a-costs.csv"],
      ["sklearn", "a.ipynb", "a.npz"],
    ] as const) {
      const place = fresh();
      const file = path.join(place, name);
      writeFileSync(path.join(place, beside), "mine");
      await assert.rejects(write(format, file, { overwrite: true }), { reason: "conflict", message: /did not write/ });
      assert.deepEqual(readdirSync(place), [beside]);
      assert.equal(readFileSync(path.join(place, beside), "utf8"), "mine");
    }
    for (const [format, name] of [
      ["csv", "a.csv"],
      ["sklearn", "a.ipynb"],
    ] as const) {
      const file = path.join(fresh(), name);
      await write(format, file);
      await write(format, file, { overwrite: true });
    }
  });

  it("leave nothing behind and replace nothing when the images cannot be read", async () => {
    const place = fresh();
    const file = path.join(place, "a.ipynb");
    await write("keras", file);
    const before = readFileSync(file);
    const failing = {
      overwrite: true,
      rows: () => Promise.reject(new Error("gone")),
      experiment: { ...EXPERIMENT, costs: [COST] },
    };
    await assert.rejects(write("keras", file, failing), /gone/);
    assert.deepEqual(readdirSync(place).sort(), ["a.ipynb", "a.npz"]);
    assert.deepEqual(readFileSync(file), before);
  });

  it("remove what exports of the same name left when they were killed, and nothing else", async () => {
    const place = fresh();
    const old = new Date(Date.now() - 2 * 3_600_000);
    const left = ["a.json.0123abcd.tmp", "a.json.89abcdef.tmp"];
    const others = ["b.json.0123abcd.tmp", "a.json.tmp", "a.json.mine.tmp", "a.json.0123abcd.tmp.txt"];
    for (const name of [...left, ...others]) {
      writeFileSync(path.join(place, name), "");
      utimesSync(path.join(place, name), old, old);
    }
    mkdirSync(path.join(place, "a.json.00000000.tmp"));
    writeFileSync(path.join(place, "a.json.ffffffff.tmp"), "of an export that is under way");
    await write("json", path.join(place, "a.json"));
    const expected = [...others, "a.json", "a.json.00000000.tmp", "a.json.ffffffff.tmp"];
    assert.deepEqual(readdirSync(place).sort(), expected.sort());
  });

  it("stop when they are cancelled", async () => {
    const place = fresh();
    const stop = new AbortController();
    const rows = async function* (): AsyncGenerator<Uint8Array> {
      yield DATA.table.pixels.subarray(0, 64);
      stop.abort();
      yield DATA.table.pixels.subarray(64);
    };
    await assert.rejects(
      writeExperimentFile(
        {
          experiment: EXPERIMENT,
          format: "keras",
          file: path.join(place, "a.ipynb"),
          overwrite: false,
          rows: async () => ({ ...rowsOf(DATA), pixels: rows() }),
        },
        quiet(stop.signal),
      ),
      { name: "AbortError" },
    );
    assert.deepEqual(readdirSync(place), []);
  });

  it("write through a link, and refuse a folder or a place that is not there", async () => {
    const place = fresh();
    writeFileSync(path.join(place, "real.json"), "");
    symlinkSync("real.json", path.join(place, "link.json"));
    await write("json", path.join(place, "link.json"), { overwrite: true });
    assert.deepEqual(
      (JSON.parse(readFileSync(path.join(place, "real.json"), "utf8")) as ExperimentResult).spec,
      EXPERIMENT.spec,
    );
    await assert.rejects(write("json", place, { overwrite: true }), { reason: "conflict", message: /is no file/ });
    await assert.rejects(write("json", path.join(place, "no", "a.json")), {
      reason: "not-found",
      message: /no folder/,
    });
    assert.equal(existsSync(path.join(place, "no")), false);
  });
});
