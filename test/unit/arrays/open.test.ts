import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { isArrayFileName, openArrayFile } from "../../../src/engine/sources/arrays/open";
import { CIFAR_PICKLE, DEFLATED_NPZ } from "./fixtures";
import { bytes, npy, refusesLater, summary, temporaryFolder, zip } from "./support";

const NPY = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", Uint8Array.of(1, 2));
const IDX = Buffer.of(0, 0, 8, 1, 0, 0, 0, 2, 1, 2);

describe("names of array files", () => {
  const names = ["a.pickle", "a.PKL", "a.p", "a.npy", "a.npz", "train-images-idx3-ubyte", "train-images-idx3-ubyte.gz"];
  const cifar = ["data_batch_1", "test_batch", "train", "test", "data_batch_5.bin", "test_batch.bin", "train.bin"];
  const others = ["train-images.idx3-ubyte", "a.idx", "a.idx.gz", "a.mat", "a.h5", "model.hdf5", ...cifar];
  for (const name of [...names, ...others]) {
    it(`${name} is one`, () => assert(isArrayFileName(name)));
  }
  for (const name of [
    "data_batch",
    "a.png",
    "a.gz",
    "a.php",
    "npy",
    "a.npy.txt",
    "a-idx-ubyte",
    "data.bin",
    "train.txt",
  ]) {
    it(`${name} is none`, () => assert(!isArrayFileName(name)));
  }
});

describe("opening array files", () => {
  const folder = temporaryFolder();
  const open = async (name: string, content: Uint8Array): Promise<string[] | undefined> => {
    const file = await openArrayFile(folder.file(name, content));
    return file && summary(file);
  };

  it("goes by the content", async () => {
    assert.deepEqual(await open("a.dat", NPY), [" u1 [2] 0102"]);
    assert.deepEqual(await open("b.npz", NPY), [" u1 [2] 0102"]);
    assert.deepEqual(await open("c.bin", IDX), [" u1 [2] 0102"]);
    assert.deepEqual(await open("d", gzipSync(IDX)), [" u1 [2] 0102"]);
    assert.deepEqual(await open("e.zip", zip([{ name: "x.npy", data: NPY }])), ["x u1 [2] 0102"]);
    assert.equal(await open("f.npz", Buffer.from(DEFLATED_NPZ, "base64")).then((arrays) => arrays?.length), 3);
    assert.deepEqual(
      (await open("data_batch_1", Buffer.from(CIFAR_PICKLE, "base64")))?.map((array) =>
        array.split(" ").slice(0, 3).join(" "),
      ),
      ["labels i4 [2]", "data u1 [2,12]"],
    );
  });

  it("goes by the name for old pickles, which have no magic number", async () => {
    const list = bytes(
      "(lp0\ncnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n(I2\nt",
      "cnumpy\ndtype\n(S'u1'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntbI00\nS'\\x01\\x02'\ntba.",
    );
    for (const name of ["a.p", "a.pkl", "a.pickle"]) assert.deepEqual(await open(name, list), ["0 u1 [2] 0102"]);
    assert.equal(await open("a", list), undefined);
  });

  it("gives undefined for anything else", async () => {
    assert.equal(await open("a.txt", Buffer.from("hello")), undefined);
    assert.equal(await open("empty", Buffer.of()), undefined);
    assert.equal(await open("a.png", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")), undefined);
    assert.equal(await open("a.zip", zip([{ name: "x.png", data: IDX }])), undefined);
    assert.equal(await open("a.gz", gzipSync(Buffer.from("hello"))), undefined);
    assert.equal(await open("a.ico", Buffer.of(0, 0, 1, 0, 1, 0)), undefined);
    assert.equal(await open("a.bin", Buffer.of(0, 0, 8, 1, 0, 0, 0, 9, 1, 2)), undefined);
    assert.equal(await open("a.bin", Buffer.of(0x80, 2, 3, 4)), undefined);
    assert.equal(await open("plot.p", Buffer.from("set terminal png\nplot sin(x)\n")), undefined);
  });

  it("lets the reader of a name say what is wrong", async () => {
    await refusesLater(() => open("a.npy", Buffer.from("hello")), "corrupt", /a\.npy is not a valid npy file/);
    await refusesLater(() => open("a.npz", Buffer.from("hello")), "corrupt", /a\.npz ends early/);
    await refusesLater(() => open("a.pkl", Buffer.from("hello")), "corrupt", /a\.pkl is not a valid pickle/);
    await refusesLater(() => open("a.pkl", zip([])), "unsupported", /a\.pkl is a zip file/);
    await refusesLater(
      () => open("a.pkl", zip([{ name: "a/data.pkl", data: IDX }])),
      "unsupported",
      /a\.pkl is a zip file/,
    );
    await refusesLater(() => open("a.pkl", gzipSync(IDX.subarray(1))), "unsupported", /a\.pkl is compressed with gzip/);
    await refusesLater(() => open("t-idx1-ubyte", Buffer.from("hello")), "corrupt", /is not an IDX file/);
    await refusesLater(() => open("t-idx1-ubyte.gz", gzipSync(IDX).subarray(0, 15)), "corrupt", /t-idx1-ubyte\.gz/);
    await refusesLater(
      () => openArrayFile(join(folder.path, "missing.npy")),
      "not-found",
      /missing\.npy does not exist/,
    );
  });
});
