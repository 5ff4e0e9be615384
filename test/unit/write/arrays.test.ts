import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import type { Split } from "../../../src/core/dataset/dataset";
import { Unpacked } from "../../../src/engine/sources/packed/unpacked";
import { DEFAULT_OPTIONS } from "../../../src/core/sanitize/options";
import { CHANGE_REASONS, type Decision } from "../../../src/core/sanitize/policy";
import { openDataset } from "../../../src/engine/dataset";
import { inspectDataset, type Inspection } from "../../../src/engine/inspection";
import { Pool } from "../../../src/engine/pool/pool";
import { inputsOf } from "../../../src/engine/recognition/inputs";
import { itemBytes, type Dtype } from "../../../src/engine/sources/arrays/ndarray";
import { openArrayFile } from "../../../src/engine/sources/arrays/open";
import { closeShared } from "../../../src/engine/sources/rows";
import type { ArrayEntry } from "../../../src/engine/write/arrayFile";
import { hdf5Writer } from "../../../src/engine/write/hdf5";
import { writeGzippedIdx, writeIdx } from "../../../src/engine/write/idx";
import { writeNpy } from "../../../src/engine/write/npy";
import { writeNpz } from "../../../src/engine/write/npz";
import { outputsOf, type Output, type Plan, type Writing } from "../../../src/engine/write/outputs";
import { bytesOf } from "../arrays/support";

const quiet = { signal: new AbortController().signal, progress: () => undefined };
const DIST = path.resolve(import.meta.dirname, "../../../dist");

describe("array files of a plan", () => {
  const scratch = mkdtempSync(path.join(tmpdir(), "cleansplit-write-"));
  const pool = new Pool(path.join(DIST, "worker.js"), 2);
  let folders = 0;

  after(async () => {
    await pool.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  function fresh(): string {
    const folder = path.join(scratch, String(folders++));
    mkdirSync(folder);
    return folder;
  }

  const writing = (): Writing => ({
    pool,
    signal: quiet.signal,
    images: "copy",
    advance: () => undefined,
    begun: async () => undefined,
    wrote: async () => undefined,
  });

  async function inspect(input: string): Promise<Inspection> {
    const dataset = await openDataset(
      inputsOf({ inputs: [input], assignments: [] }),
      [],
      pool,
      quiet,
      null,
      new Unpacked(),
    );
    return inspectDataset(dataset, pool, quiet, new Map());
  }

  /** A plan by which sample i is afterwards in split `to[i]`, by name, or leaves where it is null. */
  function planOf(
    inspection: Inspection,
    made: readonly Split[],
    to: (sample: number, own: string) => string | null,
  ): Plan {
    const { table } = inspection.dataset;
    const splits = [...table.splits, ...made];
    const decision: Decision = {
      splits,
      stays: new Uint8Array(table.count).fill(1),
      splitOf: Uint8Array.from(table.splitOf),
      asks: new Uint8Array(table.count),
      reasonOf: new Uint8Array(table.count).fill(CHANGE_REASONS.indexOf("edited")),
      twinOf: new Int32Array(table.count).fill(-1),
    };
    for (let sample = 0; sample < table.count; sample++) {
      const name = to(sample, table.splits[table.splitOf[sample] ?? 0]?.name ?? "");
      if (name === null) decision.stays[sample] = 0;
      else decision.splitOf[sample] = splits.findIndex((split) => split.name === name);
    }
    return {
      inspection,
      options: DEFAULT_OPTIONS,
      chosen: { keep: [], drop: [] },
      decision,
      basis: "",
      collisions: [],
      edited: new Set(),
      leaks: 0,
      policy: () => "",
      splits: [],
      shapeOf: () => "",
    };
  }

  /** Writes a plan and verifies it; answers the arrays of what was written as "file#key [shape] bytes". */
  async function write(
    plan: Plan,
    out = fresh(),
  ): Promise<{ out: string; arrays: Record<string, string>; outputs: Output[] }> {
    const outputs = outputsOf(plan);
    const arrays: Record<string, string> = {};
    for (const output of outputs) {
      const before = output.bytes;
      for (const file of await output.write(out, writing())) {
        assert.ok(typeof before === "number");
        assert.ok(statSync(path.join(out, file)).size <= before, `${file} takes no more than was said`);
        const read = await openArrayFile(path.join(out, file));
        assert.ok(read);
        for (const array of read.arrays) {
          const bytes = Buffer.from(bytesOf(array)).toString("hex");
          arrays[`${file}#${array.key}`] = `${array.dtype} [${array.shape.join(" ")}] ${bytes}`;
        }
        read.close();
      }
      assert.match((await output.verify(out, writing(), null))?.() ?? "", /read again/);
    }
    return { out, arrays, outputs };
  }

  /** Rows of 4 x 4 elements, each of its own; element bytes are any for ints, whole numbers for floats. */
  function entry(key: string, dtype: Dtype, count: number, seed = 0): ArrayEntry {
    return { key, dtype, shape: [count, 4, 4], chunks: [rowsOf(dtype, count, 16, seed)] };
  }

  function labels(key: string, dtype: Dtype, count: number, seed = 0): ArrayEntry {
    return { key, dtype, shape: [count], chunks: [rowsOf(dtype, count, 1, seed)] };
  }

  function rowsOf(dtype: Dtype, count: number, width: number, seed: number): Buffer {
    const item = itemBytes(dtype);
    const bytes = Buffer.alloc(count * width * item);
    for (let i = 0; i < count * width; i++) {
      const value = width === 1 ? (i + seed) % 3 : (i * 7 + Math.floor(i / width) * 31 + seed) % 100;
      if (dtype === "b1") bytes[i] = value % 2;
      else if (dtype === "f4") bytes.writeFloatLE(value / 255, i * 4);
      else if (dtype === "f8") bytes.writeDoubleLE(value / 255, i * 8);
      else if (dtype === "f2") bytes.writeUInt16LE(0x3c00 + value, i * 2);
      else bytes[i * item] = value;
    }
    return bytes;
  }

  /** The same rows as a written array should hold. */
  function expected(dtype: Dtype, shape: readonly number[], rows: Buffer, kept: readonly number[]): string {
    const size = shape.reduce((product, side) => product * side, itemBytes(dtype));
    const bytes = Buffer.concat(kept.map((row) => rows.subarray(row * size, (row + 1) * size)));
    return `${dtype} [${[kept.length, ...shape].join(" ")}] ${bytes.toString("hex")}`;
  }

  const ALL: readonly Dtype[] = ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"];
  const ROLES = ["train", "test"];

  it("keep every pixel and label of every dtype when samples leave and move", async () => {
    const sets = fc.record({
      dtype: fc.constantFrom(...ALL),
      labelType: fc.constantFrom<Dtype>("u1", "i4", "i8", "u2"),
      counts: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 })),
      fates: fc.array(fc.constantFrom("train", "test", null), { minLength: 24, maxLength: 24 }),
    });
    await fc.assert(
      fc.asyncProperty(sets, async ({ dtype, labelType, counts, fates }) => {
        const folder = fresh();
        const file = path.join(folder, "set.npz");
        const entries = ROLES.flatMap((role, index) => [
          entry(`x_${role}`, dtype, counts[index] ?? 0, index * 50),
          labels(`y_${role}`, labelType, counts[index] ?? 0, index),
        ]);
        await writeNpz(file, entries, quiet.signal);
        closeShared(file);
        const inspection = await inspect(file);
        const { starts, sources } = inspection.dataset;
        const { arrays } = await write(planOf(inspection, [], (sample) => fates[sample] ?? null));
        for (const [at, role] of ROLES.entries()) {
          // Own rows first, then those that come from the other split.
          const [x, y] = [at, 1 - at].reduce<[Buffer[], Buffer[]]>(
            ([images, classes], from) => {
              const source = sources[from];
              const start = starts[from] ?? 0;
              const count = counts[from] ?? 0;
              const kept = Array.from({ length: count }, (_, row) => row).filter((row) => fates[start + row] === role);
              assert.equal(source?.size, count);
              const pixels = rowsOf(dtype, count, 16, from * 50);
              const numbers = rowsOf(labelType, count, 1, from);
              const cut = (bytes: Buffer, size: number): Buffer =>
                Buffer.concat(kept.map((row) => bytes.subarray(row * size, (row + 1) * size)));
              return [
                [...images, cut(pixels, 16 * itemBytes(dtype))],
                [...classes, cut(numbers, itemBytes(labelType))],
              ];
            },
            [[], []],
          );
          const size = 16 * itemBytes(dtype);
          const images = Buffer.concat(x);
          const staysEmpty = images.length === 0 && arrays[`set.npz#x_${role}`] === undefined;
          if (staysEmpty) continue;
          const count = images.length / size;
          assert.equal(arrays[`set.npz#x_${role}`], `${dtype} [${count} 4 4] ${images.toString("hex")}`);
          assert.equal(arrays[`set.npz#y_${role}`], `${labelType} [${count}] ${Buffer.concat(y).toString("hex")}`);
        }
      }),
      { numRuns: 25 },
    );
  });

  it("of files that are one array are copied in parts, in the byte order of their format", async () => {
    for (const dtype of ["u1", "i2", "f4", "f8"] as const) {
      for (const [name, make] of [
        ["set.npy", writeNpy],
        ["train-images-idx3-ubyte", writeIdx],
      ] as const) {
        // More rows than one job takes; and many with gaps between them.
        const count = dtype === "u1" ? 40_000 : 50;
        const file = path.join(fresh(), name);
        await make(file, [entry("", dtype, count)], quiet.signal);
        const kept = Array.from({ length: count }, (_, row) => row).filter((row) => row % 7 !== 3 && row % 501 > 2);
        const stays = new Set(kept);
        const { arrays } = await write(planOf(await inspect(file), [], (row, own) => (stays.has(row) ? own : null)));
        assert.equal(arrays[`${name}#`], expected(dtype, [4, 4], rowsOf(dtype, count, 16, 0), kept), dtype);
      }
    }
  });

  it("of a set without splits get arrays, or files, named after the new splits", async () => {
    const made: Split[] = [
      { name: "train", role: "train" },
      { name: "../te st", role: "test" },
    ];
    const to = (sample: number): string => (sample % 3 === 0 ? "../te st" : "train");
    const npz = path.join(fresh(), "all.npz");
    await writeNpz(npz, [entry("images", "u1", 5), labels("labels", "i8", 5)], quiet.signal);
    const one = await write(planOf(await inspect(npz), made, to));
    const pixels = rowsOf("u1", 5, 16, 0);
    assert.deepEqual(Object.keys(one.arrays).sort(), [
      "all.npz#_te_st_images",
      "all.npz#_te_st_labels",
      "all.npz#train_images",
      "all.npz#train_labels",
    ]);
    assert.equal(one.arrays["all.npz#train_images"], expected("u1", [4, 4], pixels, [1, 2, 4]));
    assert.equal(one.arrays["all.npz#_te_st_labels"], expected("i8", [], rowsOf("i8", 5, 1, 0), [0, 3]));

    const npy = path.join(fresh(), "all.npy");
    await writeNpy(npy, [entry("", "f4", 5)], quiet.signal);
    const two = await write(planOf(await inspect(npy), made, to));
    assert.deepEqual(Object.keys(two.arrays).sort(), ["_te_st-all.npy#", "train-all.npy#"]);
    assert.equal(two.arrays["_te_st-all.npy#"], expected("f4", [4, 4], rowsOf("f4", 5, 16, 0), [0, 3]));
  });

  it("take with their rows the other arrays that belong to them", async () => {
    const file = path.join(fresh(), "set.npz");
    const more: ArrayEntry = { key: "boxes", dtype: "f8", shape: [4, 2], chunks: [rowsOf("f8", 4, 2, 0)] };
    await writeNpz(file, [entry("images", "u1", 4), labels("labels", "u1", 4), more], quiet.signal);
    const { arrays } = await write(planOf(await inspect(file), [], (sample, own) => (sample === 1 ? null : own)));
    assert.equal(arrays["set.npz#boxes"], expected("f8", [2], rowsOf("f8", 4, 2, 0), [0, 2, 3]));
  });

  it("of IDX are IDX, gzipped where they were, with rows moved between files", async () => {
    const folder = fresh();
    const name = (role: string, what: string, axes: number): string => `${role}-${what}-idx${axes}-ubyte`;
    for (const [index, role] of ["train", "t10k"].entries()) {
      const images = path.join(folder, `${name(role, "images", 3)}.gz`);
      await writeGzippedIdx(images, [entry("", "u1", 4, index * 50)], quiet.signal);
      await writeIdx(path.join(folder, `${name(role, "labels", 1)}.gz`), [labels("", "u1", 4, index)], quiet.signal);
    }
    const { arrays, out } = await write(
      planOf(await inspect(folder), [], (sample, own) => (sample === 4 ? "test" : own)),
    );
    const [train, test] = [rowsOf("u1", 4, 16, 0), rowsOf("u1", 4, 16, 50)];
    const both = Buffer.concat([test, train.subarray(0, 16)]);
    assert.equal(arrays[`${name("t10k", "images", 3)}.gz#`], expected("u1", [4, 4], both, [0, 1, 2, 3, 4]));
    assert.equal(arrays[`${name("train", "images", 3)}.gz#`], expected("u1", [4, 4], train, [1, 2, 3]));
    // What was plain in spite of its name stays plain.
    assert.equal(readFileSync(path.join(out, `${name("t10k", "labels", 1)}.gz`))[0], 0);
  });

  it("of CIFAR are its records, with all labels, also in files of new splits", async () => {
    const file = path.join(fresh(), "train.bin");
    const size = 2 + 3072;
    const records = Buffer.from(
      Uint8Array.from({ length: 4 * size }, (_, at) => (at % size < 2 ? at % 7 : (at * 31) >> 5)),
    );
    writeFileSync(file, records);
    const made: Split[] = [{ name: "validation", role: "validation" }];
    const plan = planOf(await inspect(file), made, (sample, own) => [own, null, "validation", own][sample] ?? null);
    const { out } = await write(plan);
    const rowsAt = (...rows: number[]): Buffer =>
      Buffer.concat(rows.map((row) => records.subarray(row * size, (row + 1) * size)));
    assert.deepEqual(readFileSync(path.join(out, "train.bin")), rowsAt(0, 3));
    assert.deepEqual(readFileSync(path.join(out, "validation-train.bin")), rowsAt(2));
  });

  it("of HDF5 are HDF5, with rows moved, and with attributes and class names of their source", async () => {
    const [source, file] = [path.join(fresh(), "first.h5"), path.join(fresh(), "set.h5")];
    const classes: ArrayEntry = { key: "info/sizes", dtype: "i4", shape: [3], chunks: [rowsOf("i4", 3, 1, 0)] };
    const entries = [
      entry("train/x", "f4", 5),
      labels("train/y", "i8", 5),
      entry("test/x", "f4", 4, 50),
      labels("test/y", "i8", 4, 1),
      classes,
    ];
    await hdf5Writer(null)(file, entries, quiet.signal);
    const { arrays } = await write(planOf(await inspect(file), [], (sample, own) => (sample === 4 ? "test" : own)));
    const [train, test] = [rowsOf("f4", 5, 16, 0), rowsOf("f4", 4, 16, 50)];
    assert.equal(arrays["set.h5#train/x"], expected("f4", [4, 4], train, [1, 2, 3, 4]));
    const both = Buffer.concat([test, train.subarray(0, 64)]);
    assert.equal(arrays["set.h5#test/x"], expected("f4", [4, 4], both, [0, 1, 2, 3, 4]));
    assert.equal(arrays["set.h5#info/sizes"], expected("i4", [], rowsOf("i4", 3, 1, 0), [0, 1, 2]));
    // What is left out of the copy is not brought back as something beside the arrays.
    const without = { file, without: new Set(["train/x", "train/y", "test/x", "test/y", "info/sizes"]) };
    const beside = { ...without, rows: new Set([5]), attributesOf: new Map<string, string>() };
    await hdf5Writer(beside)(source, [entry("x", "u1", 2)], quiet.signal);
    const read = await openArrayFile(source);
    assert.ok(read);
    assert.deepEqual(
      read.arrays.map(({ key }) => key),
      ["x"],
    );
    read.close();
  });

  it("refuse to put rows of another type behind an array, and name both", async () => {
    const file = path.join(fresh(), "set.npz");
    const entries = [
      entry("x_train", "u1", 3),
      labels("y_train", "u1", 3),
      entry("x_test", "u1", 3, 9),
      labels("y_test", "i8", 3),
    ];
    await writeNpz(file, entries, quiet.signal);
    const plan = planOf(await inspect(file), [], () => "test");
    assert.throws(() => outputsOf(plan), {
      name: "CleanSplitError",
      reason: "refused",
      message:
        /"x_train" in set.npz move to test.*"x_test" in set.npz.*"y_test" holds labels of i8, "y_train" labels of u1/,
    });
  });

  it("are written again over what a killed attempt left", async () => {
    const file = path.join(fresh(), "set.npz");
    await writeNpz(file, [entry("images", "u1", 4), labels("labels", "u1", 4)], quiet.signal);
    const plan = planOf(await inspect(file), [], (sample, own) => (sample === 1 ? null : own));
    const { out, arrays } = await write(plan);
    const written = readFileSync(path.join(out, "set.npz"));
    for (const length of [0, 10, written.length - 1, written.length]) {
      truncateSync(path.join(out, "set.npz"), length);
      assert.deepEqual((await write(plan, out)).arrays, arrays);
      assert.deepEqual(readFileSync(path.join(out, "set.npz")), written);
    }
  });

  for (const dtype of ["f4", "u1"] as const) {
    it(`are not taken for right when a pixel or a label differs, of ${dtype}`, async () => {
      const file = path.join(fresh(), "set.npz");
      await writeNpz(file, [entry("images", dtype, 40), labels("labels", "i8", 40)], quiet.signal);
      const { out, outputs } = await write(
        planOf(await inspect(file), [], (sample, own) => (sample % 7 === 1 ? null : own)),
      );
      const target = path.join(out, "set.npz");
      const good = readFileSync(target);
      const headers = [...good.toString("latin1").matchAll(/PK\x03\x04/g)].map(({ index }) => index);
      // Before the second array: of floats the last bits of one, whose pixel stays the same. In it, a label.
      const at = {
        pixel: (headers[1] ?? 0) - 16 - 64,
        label: (headers[1] ?? 0) + 30 + "labels.npy".length + 128 + 8 * 5,
      };
      assert.match((await outputs[0]?.verify(out, writing(), await inspect(out)))?.() ?? "", /read again/);
      for (const [what, position] of Object.entries(at)) {
        const bad = Buffer.from(good);
        // The reader of stored arrays does not look at the checksum: it reads rows.
        bad[position] = (bad[position] ?? 0) ^ 1;
        writeFileSync(target, bad);
        // By reading it again, and by what an inspection of the copy read.
        for (const inspected of [null, await inspect(out)]) {
          const verified = outputs[0]?.verify(out, writing(), inspected);
          assert.ok(verified);
          await assert.rejects(
            verified,
            { name: "CleanSplitError", reason: "changed", message: /Row \d+ of "(images|labels)"/ },
            what,
          );
        }
      }
    });
  }
});
