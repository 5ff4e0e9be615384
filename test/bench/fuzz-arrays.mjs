// Damages small array files of every format at random and asks whether each is read or refused in an orderly way, in little
// time and memory. node test/bench/fuzz-arrays.mjs [--format npy]... and the options in fuzzing.mjs
import { crc32, gzipSync } from "node:zlib";
import h5wasm from "h5wasm";
import { tsImport } from "tsx/esm/api";
import { below, damaged, fuzz, oneOf } from "./fuzzing.mjs";

/** @import { Hdf5Library } from "./fuzzed" */

/** @type {typeof import("./fuzzed")} */
const { mat, openArrayFile, pickledDict, returnLibrary, rowBytes, rowCount, takeLibrary, zipOf } = await tsImport(
  "./fuzzed.ts",
  import.meta.url,
);

/** Most damage is in as many bytes from the beginning, where headers are. */
const HEAD = 512;

function npy(/** @type {string} */ header, /** @type {number} */ bytes) {
  const start = Buffer.from(`\x93NUMPY\x01\0${String.fromCharCode(header.length)}\0${header}`, "latin1");
  return Buffer.concat([start, Buffer.alloc(bytes, 7)]);
}

const FLOATS = npy("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n", 24);
const BYTES = npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 4), }\n", 32);
const IDX = Buffer.of(0, 0, 0x0b, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
const PACKED_IDX = gzipSync(IDX);
const CIFAR = Buffer.alloc(2 * 3074, 7);
const ENTRIES = { "x_train.npy": FLOATS, "y_train.npy": BYTES };
const VARIABLES = [
  { name: "X", dims: [4, 4, 3], data: Buffer.alloc(48, 7) },
  { name: "s", fields: [{ name: "y", dims: [1, 3], data: Buffer.alloc(24, 1), type: 9, kind: 6 }] },
];
const MATS = [mat(VARIABLES), mat(VARIABLES, { compressed: true }), mat(VARIABLES, { bigEndian: true })];
const PICKLES = [
  pickledDict({ data: { rows: 3, data: Buffer.alloc(48, 7) }, labels: { ints: [1, 2, 3] } }),
  pickledDict({
    data: { rows: 2, data: Buffer.alloc(32, 7) },
    fine_labels: { ints: [1, 2] },
    names: { texts: ["a", "b"] },
  }),
];
const STORED = await zipOf(ENTRIES, false);
const DEFLATED = await zipOf(ENTRIES);

/** A stored npz with an array damaged within it, its checksums made right: else that is all a reader sees. */
function npzOfDamaged() {
  const bytes = Buffer.from(STORED);
  const [at, length] = [STORED.indexOf(FLOATS), FLOATS.length];
  damaged(FLOATS).copy(bytes, at, 0, length);
  const sum = crc32(bytes.subarray(at, at + length));
  const old = Buffer.alloc(4);
  old.writeUInt32LE(crc32(FLOATS));
  for (let place = bytes.indexOf(old); place >= 0; place = bytes.indexOf(old, place + 4)) {
    bytes.writeUInt32LE(sum, place);
  }
  return bytes;
}

async function hdf5Seeds() {
  const { FS } = await h5wasm.ready;
  return [{}, { chunks: [2, 4, 4], compression: 4 }].map((packed) => {
    const file = new h5wasm.File("/made", "w");
    file.create_group("group");
    file.create_dataset({ name: "group/x", data: new Float32Array(48), shape: [3, 4, 4], ...packed });
    file.create_dataset({ name: "y", data: Int32Array.of(1, 2, 3) });
    file.close();
    return Buffer.from(FS.readFile("/made", { encoding: "binary" }));
  });
}

/** Opens a file and reads all of it. */
async function readAll(/** @type {string} */ file, /** @type {Uint8Array} */ bytes) {
  const opened = await openArrayFile(file);
  try {
    for (const array of opened?.arrays ?? []) {
      const total = rowCount(array) * rowBytes(array);
      // What is in memory is in the file, or was packed in it, at most 1032 to 1.
      if (total > bytes.length * 1100 + 4096) throw new Error(`${total} bytes are in ${bytes.length}`);
      if (array.rows(0, rowCount(array)).length !== total) throw new Error(`There are not ${total} bytes`);
    }
  } finally {
    opened?.close();
  }
}

/**
 * Reads HDF5 files with one instance of the library for many of them, also when it refused some; in the product it gets a new
 * one then, which takes many times as long as the file. An instance that failed inside of itself is left, and that file read anew.
 */
class Hdf5Files {
  file = "x.h5";
  static #MOST_FILES = 500;
  #seeds;
  /** @type {Hdf5Library | null} */
  #library = null;
  #files = 0;
  #isBroken = false;

  constructor(/** @type {readonly Buffer[]} */ seeds) {
    this.#seeds = seeds;
  }

  make() {
    // The last one shows that the instance still reads.
    return this.#files === Hdf5Files.#MOST_FILES - 1 ? oneOf(this.#seeds) : damaged(oneOf(this.#seeds));
  }

  renew() {
    this.#files = Infinity;
  }

  async read(/** @type {string} */ file, /** @type {Uint8Array} */ bytes) {
    const isGood = this.#files === Hdf5Files.#MOST_FILES - 1;
    try {
      await this.#readOnce(file, bytes);
    } catch (error) {
      if (isGood) throw new Error("an undamaged file is refused after others", { cause: error });
      if (!this.#isBroken || this.#files === 1) throw error;
      this.renew();
      await this.#readOnce(file, bytes);
    }
  }

  async #readOnce(/** @type {string} */ file, /** @type {Uint8Array} */ bytes) {
    const library = await this.#ready();
    this.#files++;
    // The next file that is opened is read with it.
    returnLibrary(library);
    try {
      await readAll(file, bytes);
    } finally {
      unlink(library);
    }
  }

  /** An instance that may read one more file. */
  async #ready() {
    const isUsable = this.#files < Hdf5Files.#MOST_FILES && !this.#isBroken;
    if (this.#library !== null && isUsable && this.#library.HEAPU8.length <= 2 ** 26) return this.#library;
    const idle = await takeLibrary();
    this.#library = this.#watched(idle === this.#library ? await takeLibrary() : idle);
    this.#files = 0;
    this.#isBroken = false;
    return this.#library;
  }

  /** The same library, of which it is known when it failed otherwise than by an error of HDF5. */
  #watched(/** @type {Hdf5Library} */ library) {
    const watched = Object.create(library);
    for (const [name, member] of Object.entries(library)) {
      if (typeof member !== "function") continue;
      watched[name] = (/** @type {unknown[]} */ ...parameters) => {
        try {
          return member(...parameters);
        } catch (error) {
          if (error instanceof Error && error.name !== "Error") this.#isBroken = true;
          throw error;
        }
      };
    }
    return /** @type {Hdf5Library} */ (watched);
  }
}

/** Removes the file that was read; what was refused is still there. */
function unlink(/** @type {Hdf5Library} */ library) {
  try {
    library.FS.unlink("/file");
  } catch {
    // The reader removed it.
  }
}

/** @returns {import("./fuzzing.mjs").Format} */
function format(/** @type {string} */ file, /** @type {() => Buffer} */ make) {
  return { file, make, read: readAll };
}

await fuzz({
  npy: format("x.npy", () => damaged(oneOf([FLOATS, BYTES]), HEAD)),
  npz: format("x.npz", () => (below(2) === 0 ? npzOfDamaged() : damaged(oneOf([STORED, DEFLATED])))),
  idx: format("x.idx", () => damaged(IDX)),
  "idx-gzip": format("x.idx.gz", () => (below(2) === 0 ? gzipSync(damaged(IDX), { level: 1 }) : damaged(PACKED_IDX))),
  cifar: format("train.bin", () => damaged(CIFAR, HEAD)),
  pickle: format("x.pickle", () => damaged(oneOf(PICKLES))),
  mat: format("x.mat", () => damaged(oneOf(MATS), HEAD)),
  hdf5: new Hdf5Files(await hdf5Seeds()),
});
