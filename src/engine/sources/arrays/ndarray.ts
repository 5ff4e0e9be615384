import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { type ByteSource } from "./bytes";

/** Type of one element as numpy names it: b1 is bool, u unsigned, i signed, f float; the digit is its bytes. */
export type Dtype = "b1" | "u1" | "i1" | "u2" | "i2" | "u4" | "i4" | "u8" | "i8" | "f2" | "f4" | "f8";

const ITEM_BYTES: ReadonlyMap<string, { readonly dtype: Dtype; readonly bytes: number }> = new Map(
  (["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"] as const).map((dtype) => [
    dtype,
    { dtype, bytes: Number(dtype[1]) },
  ]),
);

/** An array of a file. Its axis 0 counts rows, which are read when they are asked for. */
export interface NdArray {
  /** Where in the file it is, unique there: a key, or keys joined with "/"; "" when the file is the array. */
  readonly key: string;
  readonly dtype: Dtype;
  /** Lengths of the axes, each 0 or more. A scalar has the shape `[]` and one row. */
  readonly shape: readonly number[];
  /**
   * The bytes of rows `[from, from + count)` along axis 0: C order, little endian, `count * rowBytes(array)` of them, in
   * `into`, which has as many, where they are read straight into it, else a fresh copy at offset 0. Throws a RangeError for
   * rows that are not there, and a `CleanSplitError` when the file changed or its compressed data is damaged.
   */
  rows(from: number, count: number, into?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
}

/** An array of a file that CleanSplit does not read, and why, in one sentence. */
export interface SkippedArray {
  readonly key: string;
  readonly reason: string;
}

/** The arrays of a file. The file stays open until `close`; its rows cannot be read afterwards. */
export interface ArrayFile {
  readonly path: string;
  /** In the order of the file, at least one. */
  readonly arrays: readonly NdArray[];
  /** Arrays beside them that hold no numbers, such as class names. */
  readonly skipped: readonly SkippedArray[];
  /** Sentences about how arrays were understood, where that is not plain from the file. */
  readonly notes?: readonly string[];
  close(): void;
}

/** How the elements of an array lie in its bytes. */
export interface Storage {
  readonly bytes: ByteSource;
  readonly bigEndian: boolean;
  /** Shape of the stored array in C order, and for each axis of the array the stored axis it is. C order when absent. */
  readonly permuted?: { readonly shape: readonly number[]; readonly axes: readonly number[] } | undefined;
}

/**
 * What {@link readIntegers} gives for a number that does not fit 32 bits. Classes are 0 or more, so it is never one; a
 * stored −2,147,483,648 reads the same, and is no class either.
 */
export const OUT_OF_RANGE = -0x80000000;

/** What arrays of other dtypes hold, by the letter of the dtype. */
const OTHER_KINDS: ReadonlyMap<string, () => string> = new Map([
  ...["U", "S", "a", "T"].map(
    (letter) =>
      [letter, () => l10n.t({ message: "text", comment: ["What an array holds instead of numbers."] })] as const,
  ),
  ...["M", "m"].map(
    (letter) =>
      [
        letter,
        () => l10n.t({ message: "times", comment: ["Points in time, which an array holds instead of numbers."] }),
      ] as const,
  ),
  ["c", () => l10n.t("complex numbers")],
  ["V", () => l10n.t("structured records")],
]);

/** Arrays whose stored order has to be turned are held in memory; larger ones are refused. */
const MAX_TURNED_BYTES = 2 ** 30;

/** Bytes of one element: 1, 2, 4 or 8. */
export function itemBytes(dtype: Dtype): number {
  return Number(dtype[1]);
}

/** Bytes of one row along axis 0. */
export function rowBytes(array: Pick<NdArray, "dtype" | "shape">): number {
  return array.shape.slice(1).reduce((product, length) => product * length, itemBytes(array.dtype));
}

/** Number of rows along axis 0; 1 for a scalar. */
export function rowCount(array: Pick<NdArray, "shape">): number {
  return array.shape[0] ?? 1;
}

/** Bytes of a whole array, or undefined when there are more than a number can count or a length is no length. */
export function totalBytes(dtype: Dtype, shape: readonly number[]): number | undefined {
  let items = 1;
  // The product of the other lengths counts even where one is 0, so that a row of an empty array is bounded as well.
  for (const length of shape) {
    if (!Number.isSafeInteger(length) || length < 0) return undefined;
    items *= Math.max(length, 1);
  }
  const bytes = items * itemBytes(dtype);
  return bytes > Number.MAX_SAFE_INTEGER ? undefined : shape.includes(0) ? 0 : bytes;
}

/** A dtype as numpy writes it ("<f4", "|u1", ">i2", "f8", "?"); undefined for everything but numbers and bools. */
export function parseDtype(text: string): { readonly dtype: Dtype; readonly bigEndian: boolean } | undefined {
  const match = /^([<>|=]?)([biuf][1248])$/.exec(text === "?" ? "b1" : text);
  const known = ITEM_BYTES.get(match?.[2] ?? "");
  if (known === undefined) return undefined;
  return { dtype: known.dtype, bigEndian: match?.[1] === ">" && known.bytes > 1 };
}

/** The error for a dtype that holds no numbers; `what` names the array. */
export function unsupportedDtype(what: string, text: string): CleanSplitError {
  const kind = text.replace(/^[<>|=]/, "")[0];
  if (kind === "O") {
    return new CleanSplitError(
      "forbidden",
      l10n.t(
        "{0} holds Python objects (dtype object), which would run code when they are loaded. Save it with a dtype of numbers.",
        what,
      ),
    );
  }
  const name = OTHER_KINDS.get(kind ?? "")?.() ?? l10n.t("elements of an unknown kind");
  return new CleanSplitError(
    "unsupported",
    l10n.t(
      "{0} holds {1} (dtype {2}); CleanSplit reads bool, integers of 8 to 64 bits and floats of 16 to 64 bits.",
      what,
      name,
      text,
    ),
  );
}

/** "10,000 x 28 x 28", with the bytes of an element behind it when they are more than 1. */
export function describeSize(dtype: Dtype, shape: readonly number[]): string {
  const lengths = shape.map(integerText);
  if (itemBytes(dtype) > 1 || lengths.length === 0) lengths.push(String(itemBytes(dtype)));
  const total = integerText(totalBytes(dtype, shape) ?? Infinity);
  return lengths.length === 1 ? l10n.t("{0} bytes", total) : l10n.t("{0} = {1} bytes", lengths.join(" x "), total);
}

/** The permutation of an array in Fortran order. */
export function fortranOrder(shape: readonly number[]): { readonly shape: readonly number[]; readonly axes: number[] } {
  return { shape: shape.toReversed(), axes: shape.map((_, axis) => shape.length - 1 - axis) };
}

/**
 * An array over stored bytes; `storage.bytes` must hold exactly `totalBytes(dtype, shape)`. Big-endian elements are
 * swapped while reading. A permuted order that moves axis 0 makes the first read load the whole array, so more than
 * 1 GiB of that is refused with a `CleanSplitError`; `what` names the array in it.
 */
export function storedArray(
  what: string,
  key: string,
  dtype: Dtype,
  shape: readonly number[],
  storage: Storage,
): NdArray {
  const { bytes, bigEndian } = storage;
  const total = totalBytes(dtype, shape);
  if (total === undefined || total !== bytes.length) throw new Error(`${what}: its bytes do not match its shape.`);
  const row = rowBytes({ dtype, shape });
  const item = itemBytes(dtype);
  const permuted = storage.permuted !== undefined && moves(storage.permuted) ? storage.permuted : undefined;
  const rowsStayTogether = permuted === undefined || permuted.axes[0] === 0;
  if (!rowsStayTogether && total > MAX_TURNED_BYTES) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t(
        "{0} is stored in Fortran order, which needs {1} bytes of memory to read. Save numpy.ascontiguousarray of it instead.",
        what,
        integerText(total),
      ),
    );
  }
  let turned: Uint8Array | undefined;

  const load = (from: number, count: number, into?: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const stored = bytes.read(from, count, into);
    if (bigEndian) swapElements(stored, dtype);
    return stored;
  };
  return {
    key,
    dtype,
    shape,
    rows: (from, count, into) => {
      const rows = shape[0] ?? 1;
      if (!Number.isSafeInteger(from) || !Number.isSafeInteger(count) || from < 0 || count < 0 || from + count > rows) {
        throw new RangeError(`Rows ${from} to ${from + count} are outside 0 to ${rows}.`);
      }
      if (permuted === undefined) return load(from * row, count * row, into);
      if (rowsStayTogether) {
        return permute(load(from * row, count * row), [count, ...permuted.shape.slice(1)], permuted.axes, item);
      }
      turned ??= permute(load(0, total), permuted.shape, permuted.axes, item);
      return new Uint8Array(turned.subarray(from * row, (from + count) * row));
    },
  };
}

/**
 * Labels out of an array: one 32-bit number a row, or undefined when the array holds no labels.
 *
 * Shapes `(n)` and `(n, 1)` of any integer dtype or bool give the numbers; of f4 or f8 they do when every one is whole.
 * Numbers beyond 32 bits become {@link OUT_OF_RANGE}. Shape `(n, k)` with k > 1 and n > 0 is taken as one-hot when every
 * row holds exactly one 1 and otherwise zeros, and gives the column of the 1.
 */
export function readIntegers(array: NdArray): Int32Array | undefined {
  const [rows, columns = 1] = array.shape;
  if (rows === undefined || array.shape.length > 2 || columns === 0) return undefined;
  const element = elementReader(array.dtype);
  if (element === undefined || (columns > 1 && rows === 0)) return undefined;
  const item = itemBytes(array.dtype);
  const labels = new Int32Array(rows);
  // By blocks, and ending at the first row that is no label: the array may as well be a gigabyte of flat pictures.
  const block = Math.max(1, Math.floor(65536 / (columns * item)));
  for (let from = 0; from < rows; from += block) {
    const count = Math.min(block, rows - from);
    const view = new DataView(array.rows(from, count).buffer);
    for (let row = 0; row < count; row++) {
      const label =
        columns === 1 ? element(view, row * item) : oneHot(view, row * columns * item, columns, element, item);
      if (label === undefined || !Number.isInteger(label)) return undefined;
      labels[from + row] = label > 0x7fffffff || label < -0x80000000 ? OUT_OF_RANGE : label;
    }
  }
  return labels;
}

type ElementReader = (view: DataView, at: number) => number;

function oneHot(view: DataView, at: number, columns: number, element: ElementReader, item: number): number | undefined {
  let hot: number | undefined;
  for (let column = 0; column < columns; column++) {
    const value = element(view, at + column * item);
    if (value === 0) continue;
    if (value !== 1 || hot !== undefined) return undefined;
    hot = column;
  }
  return hot;
}

function elementReader(dtype: Dtype): ElementReader | undefined {
  switch (dtype) {
    case "b1":
      return (view, at) => (view.getUint8(at) === 0 ? 0 : 1);
    case "u1":
      return (view, at) => view.getUint8(at);
    case "i1":
      return (view, at) => view.getInt8(at);
    case "u2":
      return (view, at) => view.getUint16(at, true);
    case "i2":
      return (view, at) => view.getInt16(at, true);
    case "u4":
      return (view, at) => view.getUint32(at, true);
    case "i4":
      return (view, at) => view.getInt32(at, true);
    // Rounding to a double is harmless: what it rounds is far beyond 32 bits.
    case "u8":
      return (view, at) => Number(view.getBigUint64(at, true));
    case "i8":
      return (view, at) => Number(view.getBigInt64(at, true));
    case "f4":
      return (view, at) => view.getFloat32(at, true);
    case "f8":
      return (view, at) => view.getFloat64(at, true);
    case "f2":
      return undefined;
  }
}

/** Puts the bytes of each element into the other order, in place. */
export function swapElements(bytes: Uint8Array, dtype: Dtype): void {
  const item = itemBytes(dtype);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (item === 2) buffer.swap16();
  else if (item === 4) buffer.swap32();
  else if (item === 8) buffer.swap64();
}

/** Whether a permutation changes the order of elements: axes of length 1 may be anywhere. */
function moves(permuted: { readonly shape: readonly number[]; readonly axes: readonly number[] }): boolean {
  const long = permuted.axes.filter((axis) => permuted.shape[axis] !== 1);
  return long.some((axis, index) => index > 0 && axis < (long[index - 1] ?? 0)) && !permuted.shape.includes(0);
}

function permute(
  bytes: Uint8Array<ArrayBuffer>,
  storedShape: readonly number[],
  axes: readonly number[],
  item: number,
): Uint8Array<ArrayBuffer> {
  const target = new Uint8Array(bytes.length);
  if (item === 1) permuteItems(bytes, target, storedShape, axes);
  else if (item === 2) permuteItems(new Uint16Array(bytes.buffer), new Uint16Array(target.buffer), storedShape, axes);
  else if (item === 4) permuteItems(new Uint32Array(bytes.buffer), new Uint32Array(target.buffer), storedShape, axes);
  else permuteItems(new BigUint64Array(bytes.buffer), new BigUint64Array(target.buffer), storedShape, axes);
  return target;
}

/** Writes `source`, stored in C order of `storedShape`, in C order of the shape that `axes` of it make. */
function permuteItems<T extends number | bigint>(
  source: { readonly length: number; readonly [index: number]: T },
  target: { [index: number]: T },
  storedShape: readonly number[],
  axes: readonly number[],
): void {
  if (source.length === 0) return;
  const storedStrides = storedShape.map((_, axis) => storedShape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const lengths = axes.map((axis) => storedShape[axis] ?? 1);
  const strides = axes.map((axis) => storedStrides[axis] ?? 0);
  const last = lengths.length - 1;
  const lastLength = lengths[last] ?? 1;
  const lastStride = strides[last] ?? 0;
  const counters = lengths.map(() => 0);
  let start = 0;
  for (let written = 0; written < source.length;) {
    for (let i = 0, from = start; i < lastLength; i++, from += lastStride) {
      const value = source[from];
      if (value !== undefined) target[written] = value;
      written++;
    }
    for (let axis = last - 1; axis >= 0; axis--) {
      const next = (counters[axis] ?? 0) + 1;
      const stride = strides[axis] ?? 0;
      start += stride;
      if (next < (lengths[axis] ?? 1)) {
        counters[axis] = next;
        break;
      }
      start -= stride * next;
      counters[axis] = 0;
    }
  }
}
