import assert from "node:assert/strict";
import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { readMat } from "../../../src/engine/sources/arrays/mat";
import { openArrayFile } from "../../../src/engine/sources/arrays/open";
import { hdf5 } from "../../support/hdf5";
import { mat, type MatOptions, type MatVariable } from "../../support/mat";
import { bytesOf, refusesLater, summary, temporaryFolder } from "./support";

/** A smooth picture that is no mirror image of itself, as levels by row and column. */
function level(picture: number, y: number, x: number): number {
  return Math.min(255, picture * 7 + y * 9 + x * 3);
}

/** The numbers of an array in MATLAB's order: the first axis changes fastest. */
function columnMajor(dims: readonly number[], at: (...place: number[]) => number): Uint8Array {
  const data = new Uint8Array(dims.reduce((a, b) => a * b, 1));
  data.forEach((_, index) => {
    let rest = index;
    const place = dims.map((side) => {
      const digit = rest % side;
      rest = Math.floor(rest / side);
      return digit;
    });
    data[index] = at(...place);
  });
  return data;
}

/** N x H x W pictures in C order, as they must come out. */
function upright(count: number, side: number): Uint8Array {
  return Uint8Array.from({ length: count * side * side }, (_, index) =>
    level(Math.floor(index / side ** 2), Math.floor(index / side) % side, index % side),
  );
}

describe("MATLAB files", () => {
  const folder = temporaryFolder();
  let files = 0;
  const write = (bytes: Uint8Array): string => folder.file(`${files++}.mat`, bytes);
  const read = async (variables: readonly MatVariable[], options: MatOptions = {}): ReturnType<typeof readMat> =>
    readMat(write(mat(variables, options)));

  const ways: readonly (readonly [what: string, dims: number[], at: (...place: number[]) => number, reason: RegExp])[] =
    [
      [
        "H x W x N",
        [8, 8, 3],
        (y = 0, x = 0, n = 0) => level(n, y, x),
        /last axis counts them, since only so .* square/,
      ],
      [
        "N x H x W",
        [3, 8, 8],
        (n = 0, y = 0, x = 0) => level(n, y, x),
        /first axis counts them, since only so .* square/,
      ],
      ["D x N", [64, 3], (d = 0, n = 0) => level(n, d % 8, d >> 3), /last axis counts them, since only so it holds/],
      ["N x D", [3, 64], (n = 0, d = 0) => level(n, d % 8, d >> 3), /first axis counts them, since only so it holds/],
      // Both sides are squares: 16 pictures of 8 x 8, or 64 of 4 x 4.
      [
        "D x N, both squares",
        [64, 16],
        (d = 0, n = 0) => level(n * 5, d % 8, d >> 3),
        /last axis .* neighbouring pixels/,
      ],
      [
        "N x D, both squares",
        [16, 64],
        (n = 0, d = 0) => level(n * 5, d % 8, d >> 3),
        /first axis .* neighbouring pixels/,
      ],
    ];
  for (const [what, dims, at, reason] of ways) {
    for (const options of [{}, { compressed: true }, { bigEndian: true }] satisfies MatOptions[]) {
      it(`${what} are upright pictures with the samples first ${JSON.stringify(options)}`, async () => {
        const opened = await read([{ name: "X", dims, data: columnMajor(dims, at) }], options);
        const [array] = opened.arrays;
        assert(array !== undefined);
        const count = what.includes("both") ? 16 : 3;
        assert.deepEqual(array.shape, [count, 8, 8]);
        const expected = what.includes("both")
          ? Uint8Array.from({ length: 1024 }, (_, i) => level((i >> 6) * 5, (i >> 3) & 7, i & 7))
          : upright(3, 8);
        assert.deepEqual(bytesOf(array), expected);
        assert.deepEqual(array.rows(count - 1, 1), expected.subarray((count - 1) * 64));
        assert.match(opened.notes?.join() ?? "", reason);
        opened.close();
      });
    }
  }

  it("H x W x C x N, as SVHN is, and its labels", async () => {
    const dims = [4, 5, 3, 2];
    const at = (y = 0, x = 0, c = 0, n = 0): number => n * 100 + y * 20 + x * 3 + c;
    const opened = await read([
      { name: "X", dims, data: columnMajor(dims, at) },
      { name: "y", dims: [2, 1], data: Uint8Array.of(10, 1) },
    ]);
    assert.deepEqual(
      opened.arrays.map(({ shape }) => shape),
      [[2, 4, 5, 3], [2]],
    );
    const [images] = opened.arrays;
    assert(images !== undefined);
    const [n, y, x, c] = [1, 2, 3, 1];
    assert.equal(bytesOf(images)[((n * 4 + y) * 5 + x) * 3 + c], at(y, x, c, n));
    opened.close();
  });

  it("as many labels decide before everything else", async () => {
    const data = columnMajor([64, 16], (d = 0, n = 0) => level(n, d % 8, d >> 3));
    const labels = { name: "y", dims: [1, 64], data: new Uint8Array(64) };
    const opened = await read([{ name: "X", dims: [64, 16], data }, labels]);
    assert.deepEqual(opened.arrays[0]?.shape, [64, 4, 4]);
    assert.match(opened.notes?.join() ?? "", /as there are as many labels/);
    opened.close();
  });

  it("of Python keep rows of flat pictures, and count samples first where nothing tells", async () => {
    const noise = Uint8Array.from({ length: 512 }, (_, i) => (i * 167 + (i >> 3) * 89) & 255);
    const python = await read([{ name: "X", dims: [8, 8, 8], data: noise }], { platform: "posix" });
    assert.match(python.notes?.join() ?? "", /first axis counts them, as is usual in files of Python/);
    const matlab = await read([{ name: "X", dims: [8, 8, 8], data: noise }]);
    assert.match(matlab.notes?.join() ?? "", /last axis counts them, as is usual in files of MATLAB/);
    const flat = await read([{ name: "X", dims: [3, 64], data: columnMajor([3, 64], (n = 0, d = 0) => n * 64 + d) }], {
      platform: "posix",
    });
    assert.deepEqual(flat.arrays[0]?.shape, [3, 64]);
    assert.deepEqual([...bytesOf(flat.arrays[0])].slice(0, 5), [0, 1, 2, 3, 4]);
    for (const opened of [python, matlab, flat]) opened.close();
  });

  it("give structures, bools, one-hot labels, and say what they skip", async () => {
    const opened = await read([
      {
        name: "dataset",
        fields: [
          { name: "train", fields: [{ name: "images", dims: [64, 3], data: upright(3, 8) }] },
          { name: "text", kind: 4, dims: [1, 1], type: 4, data: Uint8Array.of(65, 0) },
        ],
      },
      { name: "flags", dims: [1, 3], data: Uint8Array.of(0, 1, 1), flags: 0x200 },
      { name: "hot", dims: [2, 3], data: Uint8Array.of(1, 0, 0, 1, 1, 0) },
      { name: "cells", kind: 1, dims: [0, 0] },
    ]);
    assert.deepEqual(
      opened.skipped.map(({ reason }) => reason),
      ['"dataset/text" holds text, no array of numbers.', '"cells" holds a cell array, no array of numbers.'],
    );
    const [images, ...others] = summary(opened);
    assert.match(images ?? "", /^dataset\/train\/images u1 \[3,8,8\]/);
    assert.deepEqual(others, ["flags b1 [3] 000101", "hot u1 [3,2] 010000010100"]);
  });

  it("of version 7.3 are HDF5, in the same order", async () => {
    const written = await hdf5((made) => {
      // What MATLAB calls 8 x 8 x 3 is 3 x 8 x 8 in HDF5.
      const data = columnMajor([8, 8, 3], (y = 0, x = 0, n = 0) => level(n, y, x));
      made.create_dataset({ name: "X", data, shape: [3, 8, 8] });
      made.create_group("#refs#");
    });
    const opened = await readMat(write(written));
    assert.deepEqual(summary(opened), [`X u1 [3,8,8] ${Buffer.from(upright(3, 8)).toString("hex")}`]);
  });

  it("give back every dtype and shape", async () => {
    const types = { 1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8" };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.entries(types)),
        fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 1, maxLength: 5 }),
        fc.record({ bigEndian: fc.boolean(), compressed: fc.boolean() }),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        async ([type, dtype], sides, options, stream) => {
          const dims = sides.length === 1 ? [1, ...sides] : sides;
          const size = dims.reduce((a, b) => a * b, Number(dtype[1]));
          const data = Uint8Array.from([...stream.take(size)]);
          const opened = await read([{ name: "data", dims, data, type: Number(type) }], options);
          const [array] = opened.arrays;
          assert(array !== undefined);
          assert.equal(array.dtype, dtype);
          // The same elements, whichever way they are turned.
          const elements = (bytes: Uint8Array, swapped: boolean): string[] =>
            Array.from({ length: bytes.length / Number(dtype[1]) }, (_, index) => {
              const element = [...bytes.subarray(index * Number(dtype[1]), (index + 1) * Number(dtype[1]))];
              return (swapped ? element.reverse() : element).join();
            }).sort();
          assert.deepEqual(elements(bytesOf(array), false), elements(data, options.bigEndian));
          opened.close();
        },
      ),
      { numRuns: 100 },
    );
  });

  it("that are damaged, forged or of version 4 are refused by name", async () => {
    const whole = mat([{ name: "X", dims: [64, 3], data: upright(3, 8) }]);
    const forged = Buffer.from(whole);
    forged.writeInt32LE(0x7fffffff, forged.indexOf(Buffer.of(64, 0, 0, 0, 3, 0, 0, 0)));
    await refusesLater(() => readMat(write(whole.subarray(0, 250))), "corrupt", /\.mat ends early/);
    await refusesLater(() => readMat(write(forged)), "corrupt", /X declares 2,147,483,647 x 3 .* and has 192/);
    await refusesLater(() => readMat(write(Buffer.alloc(200))), "corrupt", /not a MATLAB file of version 5 .*-v7/);
    await refusesLater(
      () => readMat(write(mat([{ name: "t", kind: 4, type: 4, data: Uint8Array.of(65, 0) }]))),
      "unsupported",
      /holds no arrays of numbers\. "t" holds text/,
    );
    const bomb = deflateSync(Buffer.concat([Buffer.of(14, 0, 0, 0, 0xff, 0xff, 0xff, 0x7f), Buffer.alloc(64)]));
    const size = Buffer.of(15, 0, 0, 0, bomb.length, 0, 0, 0);
    await refusesLater(
      () => readMat(write(Buffer.concat([whole.subarray(0, 128), size, bomb]))),
      "corrupt",
      /compressed bytes cannot hold the 2,147,483,655 that it declares/,
    );
  });

  it("are opened by their content", async () => {
    const bytes = mat([{ name: "y", dims: [1, 2], data: Uint8Array.of(1, 2) }]);
    const opened = await openArrayFile(folder.file("nothing", bytes));
    assert.deepEqual(opened && summary(opened), ["y u1 [2] 0102"]);
  });
});
