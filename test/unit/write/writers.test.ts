import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { itemBytes, totalBytes, type Dtype } from "../../../src/engine/sources/arrays/ndarray";
import { openArrayFile } from "../../../src/engine/sources/arrays/open";
import type { ArrayEntry, ArrayWriter } from "../../../src/engine/write/arrayFile";
import { hdf5Writer } from "../../../src/engine/write/hdf5";
import { writeGzippedIdx, writeIdx } from "../../../src/engine/write/idx";
import { writeNpy } from "../../../src/engine/write/npy";
import { writeNpz } from "../../../src/engine/write/npz";
import { writeRecords } from "../../../src/engine/write/records";
import { bytesOf, temporaryFolder } from "../arrays/support";

const ALL: readonly Dtype[] = ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"];
const OF_IDX: readonly Dtype[] = ["u1", "i1", "i2", "i4", "f4", "f8"];

/** Formats that hold arrays as such, by what their files are called; `key` is that of the array in them. */
const FORMATS: readonly {
  readonly name: string;
  readonly key: string;
  readonly dtypes: readonly Dtype[];
  readonly write: ArrayWriter;
}[] = [
  { name: "a.npz", key: "x_train", dtypes: ALL, write: writeNpz },
  {
    name: "a.h5",
    key: "sets/x",
    dtypes: ALL.filter((dtype) => dtype !== "b1" && dtype !== "f2"),
    write: hdf5Writer(null),
  },
  { name: "a.npy", key: "", dtypes: ALL, write: writeNpy },
  { name: "a-idx", key: "", dtypes: OF_IDX, write: writeIdx },
  { name: "a-idx.gz", key: "", dtypes: OF_IDX, write: writeGzippedIdx },
];

/** Any bytes, in pieces that end between elements. */
function piecesOf(bytes: Uint8Array, item: number, cuts: readonly number[]): Uint8Array[] {
  const count = bytes.length / item;
  const ends = [...cuts.map((cut) => (cut % (count + 1)) * item), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

describe("array files that are written", () => {
  const folder = temporaryFolder();
  const never = new AbortController().signal;
  let files = 0;
  const fresh = (name: string): string => join(folder.path, `${files++}-${name}`);

  for (const { name, key, dtypes, write } of FORMATS) {
    it(`as ${name} hold every element of every dtype and shape, and are the same each time`, async () => {
      const arrays = fc.record({
        dtype: fc.constantFrom(...dtypes),
        shape: fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 4 }),
        seed: fc.nat(),
        cuts: fc.array(fc.nat(), { maxLength: 3 }),
      });
      await fc.assert(
        fc.asyncProperty(arrays, async ({ dtype, shape, seed, cuts }) => {
          const size = totalBytes(dtype, shape) ?? 0;
          const bytes = Uint8Array.from({ length: size }, (_, at) => ((at + seed) * 2654435761) >>> 24);
          const chunks = piecesOf(bytes, itemBytes(dtype), cuts);
          const copies = chunks.map((chunk) => chunk.slice());
          const [one, two] = [fresh(name), fresh(name)];
          await write(one, [{ key, dtype, shape, chunks }], never);
          assert.deepEqual(chunks, copies, "what was given is as it was");
          await write(two, [{ key, dtype, shape, chunks: [bytes] }], never);
          assert.deepEqual(readFileSync(one), readFileSync(two));
          const read = await openArrayFile(one);
          assert.ok(read);
          const [array] = read.arrays;
          assert.ok(array);
          assert.deepEqual([array.key, array.dtype, array.shape], [key, dtype, shape]);
          assert.deepEqual(Buffer.from(bytesOf(array)), Buffer.from(bytes));
          read.close();
        }),
        { numRuns: 40 },
      );
    });

    it(`as ${name} are never written over a file, and are removed when writing fails`, async () => {
      const file = fresh(name);
      const entry: ArrayEntry = { key, dtype: "u1", shape: [2, 3], chunks: [new Uint8Array(5)] };
      await assert.rejects(write(file, [entry], never), { name: "CleanSplitError", reason: "corrupt" });
      assert.ok(!existsSync(file));
      writeFileSync(file, "mine");
      await assert.rejects(write(file, [entry], never), { name: "CleanSplitError", reason: "conflict" });
      assert.equal(readFileSync(file, "utf8"), "mine");
      const abort = new AbortController();
      const endless = function* (): Generator<Uint8Array> {
        for (let given = 0; given < 100; given++) {
          if (given === 3) abort.abort();
          yield new Uint8Array(1);
        }
      };
      const long = fresh(name);
      const aborted = write(long, [{ ...entry, shape: [100], chunks: endless() }], abort.signal);
      await assert.rejects(aborted, { name: "AbortError" });
      assert.ok(!existsSync(long));
    });
  }

  it("as records are their bytes and nothing else", async () => {
    const file = fresh("batch.bin");
    const rows = Uint8Array.from({ length: 12 }, (_, at) => at);
    const chunks = [rows.subarray(0, 4), rows.subarray(4)];
    await writeRecords(file, [{ key: "", dtype: "u1", shape: [3, 4], chunks }], never);
    assert.deepEqual([...readFileSync(file)], [...rows]);
  });

  it("as IDX refuse what IDX cannot hold before they write anything", async () => {
    const file = fresh("a-idx");
    const entry: ArrayEntry = { key: "x", dtype: "u8", shape: [1], chunks: [new Uint8Array(8)] };
    assert.throws(() => void writeIdx(file, [entry], never), { name: "CleanSplitError", reason: "refused" });
    assert.ok(!existsSync(file));
  });
});
