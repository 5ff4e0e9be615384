import assert from "node:assert/strict";
import fc from "fast-check";
import { readHdf5 } from "../../../src/engine/sources/arrays/hdf5";
import { readIntegers } from "../../../src/engine/sources/arrays/ndarray";
import { openArrayFile } from "../../../src/engine/sources/arrays/open";
import { hdf5 } from "../../support/hdf5";
import { bytesOf, refusesLater, summary, temporaryFolder } from "./support";

const DTYPES = { B: "u1", b: "i1", H: "u2", h: "i2", I: "u4", i: "i4", Q: "u8", q: "i8", f: "f4", d: "f8" } as const;
const BUILDERS = {
  B: Uint8Array,
  b: Int8Array,
  H: Uint16Array,
  h: Int16Array,
  I: Uint32Array,
  i: Int32Array,
  Q: BigUint64Array,
  q: BigInt64Array,
  f: Float32Array,
  d: Float64Array,
} as const;

describe("HDF5 files", () => {
  const folder = temporaryFolder();
  let files = 0;
  const file = (bytes: Uint8Array): string => folder.file(`${files++}.h5`, bytes);

  it("give back what was written, for every dtype, shape, chunk and part", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...(Object.keys(DTYPES) as (keyof typeof DTYPES)[])),
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (code, shape, isPacked, stream, part) => {
          const row = shape.slice(1).reduce((a, b) => a * b, 1) * BUILDERS[code].BYTES_PER_ELEMENT;
          const bytes = Uint8Array.from([...stream.take(row * (shape[0] ?? 0))]);
          const data = new BUILDERS[code](bytes.buffer);
          const chunks = isPacked ? shape.map((side) => Math.max(1, side - 1)) : null;
          const written = await hdf5((made) => {
            made.create_group("deep");
            const set = { name: "deep/x", data, shape: [...shape], dtype: `<${code}`, chunks };
            made.create_dataset(isPacked ? { ...set, compression: "gzip", compression_opts: 4 } : set);
          });
          const opened = await readHdf5(file(written));
          const [array] = opened.arrays;
          assert(array !== undefined);
          assert.deepEqual([array.key, array.dtype, array.shape], ["deep/x", DTYPES[code], shape]);
          const from = Math.floor(part * (shape[0] ?? 0));
          assert.deepEqual(array.rows(from, (shape[0] ?? 0) - from), bytes.subarray(from * row));
          assert.deepEqual(bytesOf(array), bytes);
          assert.throws(() => array.rows(0, (shape[0] ?? 0) + 1), RangeError);
          opened.close();
          assert.throws(() => array.rows(0, 1), /closed/);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("are opened by their content, and say what they skip and why", async () => {
    const written = await hdf5((made) => {
      made.create_dataset({ name: "x", data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2] });
      made.create_dataset({ name: "names", data: ["cat", "dog"] });
      made.create_dataset({ name: "one", data: 7 });
      made.create_soft_link("/x", "alias");
      made.create_soft_link("/nowhere", "broken");
      made.create_soft_link("/circle", "circle");
      made.create_hard_link("/x", "same");
      made.create_external_link("/etc/passwd", "/x", "outside");
    });
    const opened = await openArrayFile(folder.file("no-name", written));
    assert(opened !== undefined);
    const skipped = opened.skipped.map(({ reason }) => reason).join("\n");
    assert.match(skipped, /"outside" is a link to another file, which is not followed\./);
    assert.match(skipped, /"names" holds text/);
    assert.match(skipped, /"one" holds no array/);
    assert.match(skipped, /"broken" .*leads nowhere/);
    assert.match(skipped, /"circle" .*leads nowhere/);
    // One dataset with three names counts once.
    assert.deepEqual(
      summary(opened).map((array) => array.replace(/^\w+/, "")),
      [" u1 [2,2] 01020304"],
    );
  });

  it("end where groups lead in a circle", async () => {
    const written = await hdf5((made) => {
      made.create_group("a");
      made.create_hard_link("/", "a/root");
      made.create_hard_link("/a", "b");
      made.create_dataset({ name: "a/y", data: Int32Array.of(1, 2) });
    });
    assert.equal(summary(await readHdf5(file(written))).length, 1);
  });

  it("that are no HDF5, cut off, or hold no numbers are refused", async () => {
    const whole = await hdf5((made) => made.create_dataset({ name: "x", data: new Uint8Array(4096), shape: [64, 64] }));
    const textOnly = await hdf5((made) => made.create_dataset({ name: "x", data: ["a"] }));
    await refusesLater(() => readHdf5(file(Buffer.from("hello"))), "corrupt", /\.h5 is not a valid HDF5 file/);
    await refusesLater(() => readHdf5(file(whole.subarray(0, 300))), "corrupt", /\.h5 is not a valid HDF5 file/);
    await refusesLater(() => readHdf5(file(textOnly)), "unsupported", /holds no datasets of numbers\. "x" holds text/);
    await refusesLater(() => readHdf5(folder.path), "unsupported", /is not a file/);
  });

  it("that declare more than they can hold are refused before memory is taken", async () => {
    const written = await hdf5((made) => {
      made.create_dataset({
        name: "x",
        data: new Uint8Array(16),
        shape: [1, 4, 4],
        maxshape: [null, 4, 4],
        chunks: [1, 4, 4],
      });
      const set = made.get("x");
      if (set !== null && "resize" in set) set.resize([1_000_000_000, 4, 4]);
    });
    await refusesLater(() => readHdf5(file(written)), "unsupported", /declares 1,000,000,000 x 4 x 4 = .* cannot hold/);
  });

  it("are read by parts: rows of a large one take little memory and few reads", async () => {
    const rows = 2000;
    const data = Uint8Array.from({ length: rows * 1024 }, (_, at) => (at >> 10) & 255);
    const written = await hdf5((made) =>
      made.create_dataset({ name: "x", data, shape: [rows, 32, 32], chunks: [100, 8, 8], compression: 4 }),
    );
    const opened = await readHdf5(file(written));
    const [array] = opened.arrays;
    assert(array !== undefined);
    for (let row = 0; row < rows; row += 50) assert.equal(array.rows(row, 50)[49 * 1024], (row + 49) & 255);
    opened.close();
  });

  it("have labels", async () => {
    const written = await hdf5((made) =>
      made.create_dataset({ name: "y", data: BigInt64Array.of(3n, 0n), shape: [2, 1] }),
    );
    const opened = await readHdf5(file(written));
    assert.deepEqual(opened.arrays.map(readIntegers), [Int32Array.of(3, 0)]);
    opened.close();
  });
});
