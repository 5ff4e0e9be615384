import { CleanSplitError } from "../../core/errors";
import { recogniseScaling, unscale, type Scaling } from "../../core/fingerprint/scaling";
import type { Geometry } from "../../core/dataset/arrays";
import type { Mode, Picture } from "../../core/picture";
import { itemBytes, rowBytes, rowCount, type ArrayFile, type Dtype, type NdArray } from "./arrays/ndarray";
import { openArrayFile } from "./arrays/open";
import type { RowFormat } from "./sources";

/** Rows that are looked at to recognise a scaling. */
const PROBED_ROWS = 200;

/**
 * Array files that stay open in this thread. Opening a large pickle or gzip reads all of it, and rows of one file are
 * read in many jobs.
 */
const MAX_OPEN_FILES = 4;
const open = new Map<string, ArrayFile>();

/** Opens an array file, or gives the one that is open already. */
export function openShared(file: string): ArrayFile {
  const known = open.get(file);
  const opened = known ?? openArrayFile(file);
  if (opened === undefined) {
    throw new CleanSplitError(
      "unsupported",
      `${file} is no array file that CleanSplit reads: expected a pickle, IDX, .npy or .npz file with image arrays. ` +
        "Save its arrays with numpy.savez and inspect that file.",
    );
  }
  open.delete(file);
  open.set(file, opened);
  for (const [oldest, entry] of open) {
    if (open.size <= MAX_OPEN_FILES) break;
    entry.close();
    open.delete(oldest);
  }
  return opened;
}

/** Closes an array file, e.g. because it may have changed since it was opened. */
export function closeShared(file: string): void {
  open.get(file)?.close();
  open.delete(file);
}

/** The array of a file with this key. */
export function openArray(file: string, key: string): NdArray {
  const found = openShared(file).arrays.find((array) => array.key === key);
  if (found === undefined) throw new CleanSplitError("changed", `${file} no longer holds "${key}". Inspect it again.`);
  return found;
}

/**
 * The scaling of an array's numbers, probed on rows spread over all of it; `null` for bytes and for floats that are no
 * 8-bit pixels under any known scaling.
 */
export function probeScaling(array: NdArray): Scaling | null {
  if (isBytes(array.dtype) || array.dtype === "u2") return null;
  const rows = rowCount(array);
  const probed = Math.min(rows, PROBED_ROWS);
  const samples = Array.from({ length: probed }, (_, index) =>
    toNumbers(array.dtype, array.rows(Math.floor((index * rows) / probed), 1)),
  );
  return recogniseScaling(samples);
}

/** A row as a picture. `fits` is false when its values are no 8-bit pixels under the array's scaling; they are then kept. */
export interface RowPicture {
  readonly picture: Picture;
  readonly fits: boolean;
}

/** The pictures of the rows `[from, from + count)`. */
export function readRows(format: RowFormat, from: number, count: number): RowPicture[] {
  const array = openArray(format.file, format.key);
  const bytes = array.rows(from, count);
  const size = rowBytes(array);
  return Array.from({ length: count }, (_, index) =>
    toPicture(array.dtype, bytes.subarray(index * size, (index + 1) * size), format),
  );
}

function toPicture(dtype: Dtype, row: Uint8Array, { geometry, scaling }: RowFormat): RowPicture {
  const { width, height } = geometry;
  const valid = (picture: Picture): RowPicture => ({ picture, fits: true });
  const mode = (wide: "" | "16"): Mode =>
    `${(["L", "LA", "RGB", "RGBA"] as const)[geometry.channels - 1] ?? "L"}${wide}`;
  if (isBytes(dtype)) {
    const pixels = dtype === "b1" ? row.map((value) => (value === 0 ? 0 : 255)) : row;
    return valid({ width, height, mode: mode(""), pixels: interleave(pixels, geometry, 1) });
  }
  if (dtype === "u2") return valid({ width, height, mode: mode("16"), pixels: interleave(row, geometry, 2) });
  const numbers = toNumbers(dtype, row);
  if (scaling !== null) {
    const pixels = unscale(scaling, numbers);
    if (pixels !== null) return valid({ width, height, mode: mode(""), pixels: interleave(pixels, geometry, 1) });
  }
  // Floats under no known scaling are compared as they are. Their mode has one channel, so channels become width.
  const floats = dtype === "f4" || dtype === "f2" ? Float32Array.from(numbers) : Float64Array.from(numbers);
  const pixels = interleave(new Uint8Array(floats.buffer), geometry, floats.BYTES_PER_ELEMENT);
  const floatMode = floats.BYTES_PER_ELEMENT === 4 ? "F32" : "F64";
  return { picture: { width: width * geometry.channels, height, mode: floatMode, pixels }, fits: scaling === null };
}

/** Puts the channels of each pixel together when the array keeps them apart. `size` is the bytes of one channel. */
function interleave(bytes: Uint8Array, { width, height, channels, channelsFirst }: Geometry, size: number): Uint8Array {
  if (!channelsFirst || channels === 1) return bytes;
  const area = width * height;
  const result = new Uint8Array(bytes.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0; pixel < area; pixel++) {
      const from = (channel * area + pixel) * size;
      result.set(bytes.subarray(from, from + size), (pixel * channels + channel) * size);
    }
  }
  return result;
}

function isBytes(dtype: Dtype): boolean {
  return dtype === "u1" || dtype === "b1";
}

/** The numbers in little-endian bytes; 64-bit integers become floats, which is exact for every pixel and label. */
function toNumbers(dtype: Dtype, bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = itemBytes(dtype);
  const read = READERS[dtype];
  return Float64Array.from({ length: bytes.length / size }, (_, index) => read(view, index * size));
}

const READERS: Readonly<Record<Dtype, (view: DataView, at: number) => number>> = {
  b1: (view, at) => view.getUint8(at),
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  u2: (view, at) => view.getUint16(at, true),
  i2: (view, at) => view.getInt16(at, true),
  u4: (view, at) => view.getUint32(at, true),
  i4: (view, at) => view.getInt32(at, true),
  u8: (view, at) => Number(view.getBigUint64(at, true)),
  i8: (view, at) => Number(view.getBigInt64(at, true)),
  f2: (view, at) => halfToNumber(view.getUint16(at, true)),
  f4: (view, at) => view.getFloat32(at, true),
  f8: (view, at) => view.getFloat64(at, true),
};

/** An IEEE 754 half-precision number. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
