import assert from "node:assert/strict";
import path from "node:path";
import type { Report } from "../../../src/core/leakage/report";
import { npy } from "../arrays/support";
import { hdf5 } from "../../support/hdf5";
import { mat } from "../../support/mat";
import { pickledDict } from "../../support/pickle";
import { inspect, leaks, quiet, useEngine, writeTree } from "./support";

const NAMES = ["airplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const CIFAR_BYTES = 3072;

/** Pictures of some bytes; equal seeds give equal pictures. */
function pictures(seeds: readonly number[], bytes: number): Uint8Array {
  return Uint8Array.from({ length: seeds.length * bytes }, (_, at) => {
    const seed = seeds[Math.floor(at / bytes)] ?? 0;
    return (seed * 31 + (at % bytes) * (seed + 7)) % 251;
  });
}

function splitsOf({ splits }: Report): Record<string, number> {
  return Object.fromEntries(splits.map(({ name, samples }) => [name, samples]));
}

function array(shape: string, data: Uint8Array): Buffer {
  return npy(`{'descr': '|u1', 'fortran_order': False, 'shape': (${shape}), }\n`, data);
}

describe("datasets of array files", () => {
  const { engine, scratch } = useEngine();

  it("CIFAR-10 in Python's format is train and test, and its classes have names", async () => {
    const batch = (seeds: readonly number[]): Buffer =>
      pickledDict({
        labels: { ints: seeds.map((seed) => seed % 10) },
        data: { rows: seeds.length, data: pictures(seeds, CIFAR_BYTES) },
        batch_label: { bytes: "a batch" },
      });
    const root = writeTree(path.join(scratch, "cifar-10-batches-py"), {
      data_batch_1: batch([1, 2, 3]),
      data_batch_2: batch([3, 4]),
      test_batch: batch([5, 1]),
      "batches.meta": pickledDict({ num_cases_per_batch: { bytes: "2" }, label_names: { texts: NAMES } }),
      "readme.html": "about",
    });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { train: 5, test: 2 });
    assert.deepEqual(leaks(report), { "test in train": 1, "train in test": 1 });
    assert.deepEqual(
      report.dataset.units.map(({ samples }) => samples),
      [3, 2, 2],
    );
    assert.deepEqual(report.classes, ["bird", "car", "cat", "deer", "dog"]);
    assert(report.dataset.notes.includes("Classes are called as batches.meta says."));
  });

  it("CIFAR-100 in binary batches has the fine labels; a cut one is refused", async () => {
    const records = (seeds: readonly number[]): Buffer =>
      Buffer.concat(seeds.map((seed) => Buffer.concat([Buffer.of(seed % 20, seed), pictures([seed], CIFAR_BYTES)])));
    const names = Array.from({ length: 100 }, (_, index) => `fine ${index}`);
    const root = writeTree(path.join(scratch, "cifar-100-binary"), {
      "train.bin": records([30, 41, 41]),
      "test.bin": records([30]),
      "fine_label_names.txt": `${names.join("\n")}\n`,
    });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { train: 3, test: 1 });
    assert.deepEqual(report.classes, ["fine 30", "fine 41"]);
    assert.equal(leaks(report)["test in train"], 1);
    writeTree(root, { "test.bin": records([30]).subarray(1) });
    const { report: cut } = await inspect(engine, [root]);
    assert.match(
      cut.dataset.ignored.find((entry) => entry.path === "test.bin")?.reason ?? "",
      /test\.bin is no batch of CIFAR: it has 3,073 bytes/,
    );
  });

  it(".npy files of a folder are images and labels of each other, alone or together", async () => {
    const root = writeTree(path.join(scratch, "npy"), {
      "x_train.npy": array("3, 3, 8, 8", pictures([1, 2, 3], 192)),
      "y_train.npy": array("3,", Uint8Array.of(0, 1, 1)),
      "x_test.npy": array("2, 3, 8, 8", pictures([3, 4], 192)),
      "y_test.npy": array("2,", Uint8Array.of(1, 0)),
      "notes.npy": "damaged",
    });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { train: 3, test: 2 });
    assert.deepEqual(report.classes, ["0", "1"]);
    assert.deepEqual(
      report.dataset.ignored.map((entry) => entry.path),
      ["notes.npy"],
    );
    const { report: alone } = await inspect(engine, [path.join(root, "x_train.npy")]);
    assert.deepEqual(alone.classes, ["0", "1"]);
    const drawings = writeTree(path.join(scratch, "drawings"), {
      "apple.npy": array("2, 784", pictures([1, 2], 784)),
      "pear.npy": array("1, 784", pictures([3], 784)),
    });
    assert.deepEqual(splitsOf((await inspect(engine, [drawings])).report), { apple: 2, pear: 1 });
  });

  it("HDF5 and MATLAB files share images, whichever way each stores them", async () => {
    const seeds = [1, 2, 3, 4];
    const upright = pictures(seeds, 64);
    // Columns of pictures one after another, as MATLAB stores them.
    const turned = upright.map((_, at) => upright[(at & ~63) + (at % 8) * 8 + ((at >> 3) % 8)] ?? 0);
    const root = writeTree(path.join(scratch, "mixed"), {
      "train.h5": await hdf5((made) => {
        made.create_dataset({ name: "images", data: upright, shape: [4, 8, 8], chunks: [3, 8, 8], compression: 4 });
        made.create_dataset({ name: "labels", data: Int32Array.of(0, 1, 0, 1) });
      }),
      "test.mat": mat([
        { name: "X", dims: [8, 8, 4], data: turned },
        { name: "y", dims: [4, 1], data: Uint8Array.of(0, 1, 0, 1) },
      ]),
    });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { train: 4, test: 4 });
    assert.deepEqual(leaks(report), { "test in train": 4, "train in test": 4 });
    assert.equal(report.conflicts.groups, 0);
  });

  it("a damaged HDF5 file beside a whole one does not harm it", async () => {
    const whole = await hdf5((made) =>
      made.create_dataset({ name: "x", data: pictures([1, 2], 64), shape: [2, 8, 8] }),
    );
    const root = writeTree(path.join(scratch, "damaged"), { "a.h5": whole.subarray(0, 400), "b.h5": whole });
    const { report } = await inspect(engine, [root]);
    assert.deepEqual(splitsOf(report), { b: 2 });
    assert.match(report.dataset.ignored[0]?.reason ?? "", /a\.h5 is not a valid HDF5 file/);
  });

  it("labels are those that a person says, and what cannot be is refused", async () => {
    const file = path.join(scratch, "odd.h5");
    writeTree(scratch, {
      "odd.h5": await hdf5((made) => {
        made.create_dataset({ name: "X", data: pictures([1, 2], 64), shape: [2, 8, 8] });
        made.create_dataset({ name: "kind", data: Int32Array.of(4, 5) });
        made.create_dataset({ name: "label", data: Int32Array.of(0, 1) });
        made.create_dataset({ name: "short", data: Int32Array.of(0) });
      }),
    });
    const asked = async (key: string | null): Promise<Report> => {
      const labels = [{ images: `${file}#X`, labels: key === null ? null : `${file}#${key}` }];
      return (await engine.inspect({ inputs: [file], assignments: [], labels }, quiet())).report;
    };
    assert.deepEqual((await inspect(engine, [file])).report.classes, ["0", "1"]);
    assert.deepEqual((await asked("kind")).classes, ["4", "5"]);
    assert.deepEqual((await asked(null)).classes, []);
    await assert.rejects(asked("short"), /it has 1 rows, and the images are 2\. Correct it\./);
    await assert.rejects(asked("none"), /there is no such array/);
  });
});
