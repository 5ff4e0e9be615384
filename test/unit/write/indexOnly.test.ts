import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { readCsv } from "../../../src/engine/sources/lists/csv";
import { writeGzippedIdx } from "../../../src/engine/write/idx";
import { writeNpz } from "../../../src/engine/write/npz";
import { mat } from "../../support/mat";
import { faultyDataset, inspect, quiet, treeOf, useEngine } from "../engine/support";

/** Debian's Python, if it has numpy: what the written code is run with. */
const PYTHON = "/usr/bin/python3";
const hasNumpy = existsSync(PYTHON) && spawnSync(PYTHON, ["-c", "import numpy"]).status === 0;

describe("an index instead of images", () => {
  const { engine, scratch } = useEngine();

  async function writeIndex(input: string, name: string): Promise<string> {
    const out = path.join(scratch, name);
    const { inspection } = await inspect(engine, [input]);
    const { plan } = await engine.plan({ inspection }, quiet());
    await engine.apply({ plan, out, images: "index" }, quiet());
    return out;
  }

  function csvOf(out: string): string[][] {
    const rows: string[][] = [];
    const file = path.join(out, "samples.csv");
    readCsv(readFileSync(file, "utf8"), file, (cells) => rows.push([...cells]));
    return rows;
  }

  async function writeArrays(file: string): Promise<void> {
    const rows = Uint8Array.from({ length: 5 * 16 }, (_, at) => (at * 7 + (at >> 4)) % 256);
    // Row 3 of train is row 0 again; row 1 is in test.
    rows.copyWithin(48, 0, 16);
    const never = new AbortController().signal;
    const entries = [
      { key: "x_train", dtype: "u1", shape: [5, 16], chunks: [rows] },
      {
        key: "y_train",
        dtype: "i8",
        shape: [5],
        chunks: [new Uint8Array(BigInt64Array.of(0n, 1n, 2n, 0n, 1n).buffer)],
      },
      { key: "x_test", dtype: "u1", shape: [1, 16], chunks: [rows.slice(16, 32)] },
      { key: "y_test", dtype: "i8", shape: [1], chunks: [new Uint8Array(BigInt64Array.of(1n).buffer)] },
    ] as const;
    await writeNpz(file, entries, never);
  }

  it("names every image file that stays, and writes no image", async () => {
    const root = faultyDataset(path.join(scratch, "folders"));
    const out = await writeIndex(root, "folders index");
    const [head, ...rows] = csvOf(out);
    assert.deepEqual(head, ["id", "file", "key", "row", "split", "label"]);
    assert.deepEqual(rows[0], [
      "test/A/2 saved again.png",
      path.join(root, "test/A/2 saved again.png"),
      "",
      "",
      "test",
      "A",
    ]);
    const { report } = await inspect(engine, [root]);
    assert.ok(rows.length > 0 && rows.length < report.splits.reduce((sum, { samples }) => sum + samples, 0));
    assert.ok(rows.every(([, file = ""]) => existsSync(file)));
    const names = treeOf(out).map((line) => line.split(" ")[0]);
    for (const name of [
      "samples.csv",
      "samples.json",
      "samples.py",
      "load_numpy.py",
      "load_torchvision.py",
      "load_keras.py",
    ])
      assert.ok(names.includes(name), name);
    assert.ok(!names.some((name) => name?.endsWith(".png")));
    const json = JSON.parse(readFileSync(path.join(out, "samples.json"), "utf8")) as {
      samples: Record<string, unknown>[];
    };
    assert.deepEqual(
      json.samples.map(({ id, file, split, label }) => [id, file, split, label]),
      rows.map(([id, file, , , split, label]) => [id, file, split, label]),
    );
  });

  it("names rows of arrays, which the code in Python reads", async function () {
    const file = path.join(scratch, "set.npz");
    await writeArrays(file);
    const out = await writeIndex(file, "arrays index");
    assert.deepEqual(
      csvOf(out)
        .slice(1)
        .map(([, , key, row, split, label]) => [key, row, split, label]),
      [
        ["x_train", "0", "train", "0"],
        ["x_train", "2", "train", "2"],
        ["x_train", "4", "train", "1"],
        ["x_test", "0", "test", "1"],
      ],
    );
    if (!hasNumpy) {
      console.log("      skipped: no python3 with numpy to run the written code");
      this.skip();
    }
    const script = "from load_numpy import load; x, y = load('train'); print(x.shape, x[1, 0].tolist(), y.tolist())";
    const run = spawnSync(PYTHON, ["-c", script], { cwd: out, encoding: "utf8" });
    assert.equal(run.stdout.trim(), "(3, 4, 4) [226, 233, 240, 247] [0, 2, 1]", run.stderr);
  });

  it("reads gzipped IDX files in Python, too", async function () {
    if (!hasNumpy) {
      console.log("      skipped: no python3 with numpy to run the written code");
      this.skip();
    }
    const file = path.join(scratch, "train-images-idx3-ubyte.gz");
    const chunks = [Uint8Array.from({ length: 32 }, (_, at) => at)];
    await writeGzippedIdx(file, [{ key: "", dtype: "u1", shape: [2, 4, 4], chunks }], new AbortController().signal);
    const out = await writeIndex(file, "idx index");
    const script = "from load_numpy import load; x, y = load('train'); print(x[1, 3].tolist(), y.tolist())";
    const run = spawnSync(PYTHON, ["-c", script], { cwd: out, encoding: "utf8" });
    assert.equal(run.stdout.trim(), "[28, 29, 30, 31] [-1, -1]", run.stderr);
  });

  it("is refused of MATLAB files, in which rows are not what Python sees as such", async () => {
    const file = path.join(scratch, "faces.mat");
    const data = Buffer.from(Uint8Array.from({ length: 3 * 64 }, (_, at) => (at * 7) % 256));
    writeFileSync(file, mat([{ name: "train", dims: [64, 3], data }]));
    await assert.rejects(writeIndex(file, "mat index"), /An index cannot name the rows of .*faces\.mat.*Write a copy/);
    assert.ok(!existsSync(path.join(scratch, "mat index")));
  });

  it("is valid Python in every file", function () {
    if (!existsSync(PYTHON)) this.skip();
    const out = path.join(scratch, "folders index");
    const files = ["samples.py", "load_numpy.py", "load_torchvision.py", "load_keras.py"];
    const script = "import ast, sys; [ast.parse(open(name).read()) for name in sys.argv[1:]]";
    const run = spawnSync(PYTHON, ["-c", script, ...files], { cwd: out, encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
  });
});
