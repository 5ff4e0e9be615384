import assert from "node:assert/strict";
import fc from "fast-check";
import { bytesInMemory } from "../../../src/engine/sources/arrays/bytes";
import {
  describeSize,
  fortranOrder,
  OUT_OF_RANGE,
  parseDtype,
  readIntegers,
  rowBytes,
  rowCount,
  storedArray,
  totalBytes,
  type Dtype,
  type NdArray,
} from "../../../src/engine/sources/arrays/ndarray";
import { bytesOf } from "./support";

function array(dtype: Dtype, shape: readonly number[], data: ArrayBufferView, bigEndian = false): NdArray {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return storedArray("array", "", dtype, shape, { bytes: bytesInMemory(bytes), bigEndian });
}

describe("arrays of numbers", () => {
  it("reads ranges of rows and refuses others", () => {
    const rows = array("i2", [3, 2], Int16Array.of(1, 2, 3, 4, 5, 6));
    assert.equal(rowBytes(rows), 4);
    assert.equal(rowCount(rows), 3);
    assert.deepEqual(new Int16Array(rows.rows(1, 2).buffer), Int16Array.of(3, 4, 5, 6));
    assert.equal(rows.rows(3, 0).length, 0);
    for (const [from, count] of [
      [-1, 1],
      [2, 2],
      [0.5, 1],
      [NaN, 1],
      [0, Infinity],
    ] as const) {
      assert.throws(() => rows.rows(from, count), RangeError);
    }
  });

  it("gives copies that may be changed", () => {
    const rows = array("u1", [2], Uint8Array.of(1, 2));
    rows.rows(0, 2).fill(9);
    assert.deepEqual(bytesOf(rows), Uint8Array.of(1, 2));
  });

  it("counts a scalar as one row", () => {
    const scalar = array("f8", [], Float64Array.of(2.5));
    assert.equal(rowCount(scalar), 1);
    assert.deepEqual(new Float64Array(scalar.rows(0, 1).buffer), Float64Array.of(2.5));
  });

  it("swaps big-endian elements of every width", () => {
    assert.deepEqual(bytesOf(array("u2", [2], Uint8Array.of(1, 2, 3, 4), true)), Uint8Array.of(2, 1, 4, 3));
    assert.deepEqual(bytesOf(array("f4", [1], Uint8Array.of(1, 2, 3, 4), true)), Uint8Array.of(4, 3, 2, 1));
    const wide = array("i8", [1], Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), true);
    assert.deepEqual(bytesOf(wide), Uint8Array.of(8, 7, 6, 5, 4, 3, 2, 1));
  });

  it("turns any order of axes into C order, by any rows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
        fc.constantFrom<Dtype>("u1", "i2", "f4", "i8"),
        fc.infiniteStream(fc.nat()),
        fc.boolean(),
        (stored, dtype, random, bigEndian) => {
          const axes = stored
            .map((_, axis) => ({ axis, key: random.next().value as number }))
            .sort((a, b) => a.key - b.key)
            .map(({ axis }) => axis);
          const shape = axes.map((axis) => stored[axis] ?? 0);
          const item = Number(dtype[1]);
          const items = shape.reduce((a, b) => a * b, 1);
          const source = Uint8Array.from({ length: items * item }, (_, index) => index);
          const turned = storedArray("array", "", dtype, shape, {
            bytes: bytesInMemory(source),
            bigEndian,
            permuted: { shape: stored, axes },
          });
          const expected: number[] = [];
          for (let index = 0; index < items; index++) {
            // The position of element `index` of the result, in the order it is stored.
            let rest = index;
            const position = stored.map(() => 0);
            for (let axis = shape.length - 1; axis >= 0; axis--) {
              const length = shape[axis] ?? 1;
              position[axes[axis] ?? 0] = rest % length;
              rest = Math.floor(rest / length);
            }
            const at = position.reduce((sum, value, axis) => sum * (stored[axis] ?? 1) + value, 0);
            const element = [...source.subarray(at * item, (at + 1) * item)];
            expected.push(...(bigEndian ? element.reverse() : element));
          }
          const byRow = Array.from({ length: rowCount(turned) }, (_, row) => [...turned.rows(row, 1)]).flat();
          assert.deepEqual(byRow, expected);
          assert.deepEqual([...bytesOf(turned)], expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("refuses to turn what does not fit memory", () => {
    const length = 2 ** 31;
    const bytes = { length, read: () => new Uint8Array() };
    const permuted = fortranOrder([2 ** 16, 2 ** 15]);
    assert.throws(
      () => storedArray("x.npy", "", "u1", [2 ** 16, 2 ** 15], { bytes, bigEndian: false, permuted }),
      /x\.npy is stored in Fortran order, which needs 2,147,483,648 bytes of memory/,
    );
    // A column is the same in both orders.
    storedArray("x.npy", "", "u1", [length, 1], { bytes, bigEndian: false, permuted: fortranOrder([length, 1]) });
  });

  it("knows the dtypes of numbers only", () => {
    assert.deepEqual(parseDtype(">f4"), { dtype: "f4", bigEndian: true });
    assert.deepEqual(parseDtype(">u1"), { dtype: "u1", bigEndian: false });
    assert.deepEqual(parseDtype("?"), { dtype: "b1", bigEndian: false });
    assert.deepEqual(parseDtype("=i8"), { dtype: "i8", bigEndian: false });
    for (const other of ["|O", "<U3", "S1", "<c8", "f16", "f1", "b2", "M8[ns]", "V4", "", "<", "<<f4", "f4 "]) {
      assert.equal(parseDtype(other), undefined, other);
    }
  });

  it("counts bytes without overflowing", () => {
    assert.equal(totalBytes("f4", [10, 28, 28]), 31360);
    assert.equal(totalBytes("f4", []), 4);
    assert.equal(totalBytes("u1", [0, 28]), 0);
    assert.equal(totalBytes("u1", [2 ** 40, 2 ** 40]), undefined);
    assert.equal(totalBytes("u1", [0, 2 ** 40, 2 ** 40]), undefined);
    assert.equal(totalBytes("u1", [-1]), undefined);
    assert.equal(describeSize("u1", [10000, 28, 28]), "10,000 x 28 x 28 = 7,840,000 bytes");
    assert.equal(describeSize("i4", [1000]), "1,000 x 4 = 4,000 bytes");
    assert.equal(describeSize("u1", [1000]), "1,000 bytes");
  });
});

describe("labels out of an array", () => {
  const cases: readonly (readonly [string, NdArray, readonly number[] | undefined])[] = [
    ["i4", array("i4", [3], Int32Array.of(1, -1, 7)), [1, -1, 7]],
    ["u1 as a column", array("u1", [3, 1], Uint8Array.of(1, 0, 255)), [1, 0, 255]],
    ["i1", array("i1", [2], Int8Array.of(-1, 1)), [-1, 1]],
    ["u2", array("u2", [1], Uint16Array.of(65535)), [65535]],
    ["i2, big endian", array("i2", [1], Uint8Array.of(1, 2), true), [258]],
    ["b1", array("b1", [2], Uint8Array.of(0, 1)), [0, 1]],
    ["u4 beyond 32 bits", array("u4", [2], Uint32Array.of(2 ** 31 - 1, 2 ** 31)), [2 ** 31 - 1, OUT_OF_RANGE]],
    [
      "i8 beyond 32 bits",
      array("i8", [3], BigInt64Array.of(5n, 2n ** 40n, -(2n ** 40n))),
      [5, OUT_OF_RANGE, OUT_OF_RANGE],
    ],
    ["u8 beyond 53 bits", array("u8", [1], BigUint64Array.of(2n ** 64n - 1n)), [OUT_OF_RANGE]],
    ["whole f4", array("f4", [2], Float32Array.of(3, -1)), [3, -1]],
    ["whole f8 beyond 32 bits", array("f8", [1], Float64Array.of(1e300)), [OUT_OF_RANGE]],
    ["f8 with a fraction", array("f8", [2], Float64Array.of(3, 0.5)), undefined],
    ["f4 with NaN", array("f4", [1], Float32Array.of(NaN)), undefined],
    ["f4 with infinity", array("f4", [1], Float32Array.of(Infinity)), undefined],
    ["f2", array("f2", [1], Uint16Array.of(0)), undefined],
    ["nothing", array("i4", [0], new Int32Array()), []],
    ["a scalar", array("i4", [], Int32Array.of(1)), undefined],
    ["pictures", array("u1", [1, 1, 1], Uint8Array.of(1)), undefined],
    ["one-hot u1", array("u1", [2, 3], Uint8Array.of(0, 0, 1, 1, 0, 0)), [2, 0]],
    ["one-hot b1", array("b1", [1, 2], Uint8Array.of(0, 1)), [1]],
    ["one-hot f4", array("f4", [1, 3], Float32Array.of(0, 1, 0)), [1]],
    ["two 1s in a row", array("u1", [2, 2], Uint8Array.of(0, 1, 1, 1)), undefined],
    ["no 1 in a row", array("u1", [2, 2], Uint8Array.of(0, 1, 0, 0)), undefined],
    ["another number in a row", array("u1", [1, 2], Uint8Array.of(0, 2)), undefined],
    ["no rows of several columns", array("u1", [0, 10], new Uint8Array()), undefined],
    ["no columns", array("u1", [5, 0], new Uint8Array()), undefined],
  ];
  for (const [name, given, expected] of cases) {
    it(`${name}: ${expected === undefined ? "none" : expected.join(", ")}`, () => {
      assert.deepEqual(readIntegers(given), expected === undefined ? undefined : Int32Array.from(expected));
    });
  }

  it("reads many blocks", () => {
    const labels = Int32Array.from({ length: 100_000 }, (_, row) => row % 10);
    assert.deepEqual(readIntegers(array("i4", [100_000], labels)), labels);
  });

  it("stops at the first row that is no label", () => {
    let read = 0;
    const flat = {
      key: "",
      dtype: "u1",
      shape: [1e6, 784],
      rows: (_: number, count: number) => {
        read += count * 784;
        return new Uint8Array(count * 784).fill(7);
      },
    } as const;
    assert.equal(readIntegers(flat), undefined);
    assert(read < 100_000);
  });
});
