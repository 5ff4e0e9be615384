import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { CleanSplitError } from "../../../src/core/errors";
import { readCifar } from "../../../src/engine/sources/arrays/cifar";
import { readHdf5 } from "../../../src/engine/sources/arrays/hdf5";
import { readIdx } from "../../../src/engine/sources/arrays/idx";
import { readMat } from "../../../src/engine/sources/arrays/mat";
import { readIntegers, rowBytes, rowCount, type ArrayFile } from "../../../src/engine/sources/arrays/ndarray";
import { readNpy } from "../../../src/engine/sources/arrays/npy";
import { readNpz } from "../../../src/engine/sources/arrays/npz";
import { openArrayFile } from "../../../src/engine/sources/arrays/open";
import { readPickle } from "../../../src/engine/sources/arrays/pickle";
import { hdf5 } from "../../support/hdf5";
import { mat, type MatVariable } from "../../support/mat";
import { CIFAR_PICKLE, DEFLATED_NPZ, PICKLES, STORED_NPZ, TURNED_PICKLE } from "./fixtures";
import { bytesOf, npy, temporaryFolder } from "./support";

const decode = (base64: string): Buffer => Buffer.from(base64, "base64");
const NPY = npy("{'descr': '>f4', 'fortran_order': True, 'shape': (2, 3), }\n", Buffer.alloc(24, 7));
const IDX = Buffer.of(0, 0, 0x0b, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);

const VARIABLES: readonly MatVariable[] = [
  { name: "X", dims: [4, 4, 3], data: Buffer.alloc(48, 7) },
  { name: "s", fields: [{ name: "y", dims: [1, 3], data: Buffer.alloc(24, 1), type: 9, kind: 6 }] },
  { name: "text", kind: 4, dims: [1, 2], type: 4, data: Buffer.alloc(4, 65) },
];
const MATS = [mat(VARIABLES), mat(VARIABLES, { compressed: true }), mat(VARIABLES, { bigEndian: true })];

/** A change of a file: bytes replaced, inserted, removed or repeated at a relative place. */
const change = fc.record({
  kind: fc.constantFrom("replace", "replace", "insert", "remove", "repeat", "cut"),
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  bytes: fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 4 }),
    fc.constantFrom(Uint8Array.of(255, 255, 255, 255), Uint8Array.of(255, 255, 255, 127), new Uint8Array(4)),
    // Instructions of pickles.
    fc
      .stringMatching(/^[().012aebdlostuRciPQ\]}hgpqj]{1,4}$/)
      .map((text) => Uint8Array.from(Buffer.from(text, "latin1"))),
  ),
  length: fc.integer({ min: 1, max: 40 }),
});

function mutate(
  valid: Uint8Array,
  changes: readonly (typeof change extends fc.Arbitrary<infer T> ? T : never)[],
): Uint8Array {
  let content: Uint8Array = valid;
  for (const { kind, place, bytes, length } of changes) {
    const at = Math.floor(place * content.length);
    const before = content.subarray(0, at);
    const part = content.subarray(at, at + length);
    const after =
      kind === "replace"
        ? [bytes, content.subarray(at + bytes.length)]
        : kind === "insert"
          ? [bytes, content.subarray(at)]
          : kind === "remove"
            ? [content.subarray(at + length)]
            : kind === "repeat"
              ? [part, content.subarray(at)]
              : [];
    content = Buffer.concat([before, ...after]);
  }
  return content;
}

type Opening = ArrayFile | undefined | Promise<ArrayFile | undefined>;

/** Reads everything of a file, which may only end in a `CleanSplitError`, and takes little memory. */
async function readsOrRefuses(read: () => Opening, size: number): Promise<void> {
  let file: ArrayFile | undefined;
  try {
    file = await read();
    for (const array of file?.arrays ?? []) {
      const total = rowCount(array) * rowBytes(array);
      // What is in memory is in the file, or was packed in it, at most 1032 to 1; text has at most 8 bytes an int.
      assert(total <= size * 1100 + 4096, `${total} bytes from ${size}`);
      assert.equal(bytesOf(array).length, total);
      readIntegers(array);
    }
    if (file !== undefined) assert.equal(new Set(file.arrays.map(({ key }) => key)).size, file.arrays.length);
  } catch (error) {
    if (!(error instanceof CleanSplitError)) throw error;
    assert.match(error.message, /\.$/);
  } finally {
    file?.close();
  }
}

describe("damaged array files are read or refused, and nothing else", () => {
  const folder = temporaryFolder();
  const kinds: readonly (readonly [string, string, (path: string) => Opening, readonly Uint8Array[]])[] = [
    [
      "pickle",
      "x.pickle",
      readPickle,
      [...PICKLES.map(([, base64]) => decode(base64)), decode(TURNED_PICKLE), decode(CIFAR_PICKLE)],
    ],
    ["npy", "x.npy", readNpy, [NPY]],
    ["npz", "x.npz", readNpz, [decode(STORED_NPZ), decode(DEFLATED_NPZ)]],
    ["IDX", "x.idx", readIdx, [IDX, gzipSync(IDX)]],
    ["MATLAB", "x.mat", readMat, MATS],
    ["CIFAR", "train.bin", readCifar, [Buffer.alloc(2 * 3074, 7)]],
    ["any", "x", openArrayFile, [decode(PICKLES[2]?.[1] ?? ""), NPY, decode(DEFLATED_NPZ), IDX, gzipSync(IDX)]],
  ];
  for (const [kind, name, read, files] of kinds) {
    it(kind, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...files),
          fc.array(change, { minLength: 1, maxLength: 4 }),
          (valid, changes) => {
            const content = mutate(valid, changes);
            return readsOrRefuses(() => read(folder.file(name, content)), content.length);
          },
        ),
        { numRuns: kind === "pickle" ? 1500 : 400 },
      );
    });
  }

  it("HDF5", async () => {
    const made = await Promise.all(
      [null, [2, 4, 4]].map((chunks) =>
        hdf5((file) => {
          file.create_group("group");
          const packed = chunks === null ? {} : { chunks, compression: 4 };
          file.create_dataset({ name: "group/x", data: new Float32Array(48), shape: [3, 4, 4], ...packed });
          file.create_dataset({ name: "y", data: Int32Array.of(1, 2, 3) });
          file.create_soft_link("/y", "alias");
        }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...made), fc.array(change, { minLength: 1, maxLength: 3 }), (valid, changes) => {
        const content = mutate(valid, changes);
        return readsOrRefuses(() => readHdf5(folder.file("x.h5", content)), content.length);
      }),
      { numRuns: 25 },
    );
  });

  it("instructions of pickles in any order", async () => {
    const instruction = fc.oneof(
      fc.constantFrom(...Array.from("().012NabdelostuR]}\x81\x85\x86\x87\x88\x8f\x90\x91\x93\x94")),
      fc.constantFrom(
        "K\x01",
        "h\0",
        "h\x01",
        "q\0",
        "I5\n",
        "S'a'\n",
        "Va\n",
        "C\x01a",
        "\x8c\x01a",
        "F1\n",
        "\x8a\x01\x05",
      ),
      fc.constantFrom("cnumpy.core.multiarray\n_reconstruct\n", "cnumpy\nndarray\n", "cnumpy\ndtype\n", "\x8c\x02u1"),
      fc.constantFrom("c_codecs\nencode\n", "ccollections\nOrderedDict\n", "cnumpy.core.numeric\n_frombuffer\n"),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(instruction, { maxLength: 60, size: "max" }), (instructions) => {
        const content = Buffer.from(`${instructions.join("")}.`, "latin1");
        return readsOrRefuses(() => readPickle(folder.file("y.pickle", content)), content.length);
      }),
      { numRuns: 1500 },
    );
  });
});
