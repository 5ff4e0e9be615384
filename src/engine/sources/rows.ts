import * as l10n from "@vscode/l10n";
import { statSync } from "node:fs";
import { CleanSplitError } from "../../core/errors";
import { recogniseScaling, unscale, type Scaling } from "../../core/fingerprint/scaling";
import type { Geometry } from "../../core/dataset/arrays";
import type { Mode, Picture } from "../../core/picture";
import { rowBytes, rowCount, type ArrayFile, type Dtype, type NdArray } from "./arrays/ndarray";
import { toNumbers } from "./arrays/numbers";
import { openArrayFile } from "./arrays/open";
import type { RowFormat } from "./sources";

/** Rows that are looked at to recognise a scaling. */
const PROBED_ROWS = 200;

/**
 * Array files that stay open in this thread. Opening a large pickle or gzip reads all of it, and rows of one file are
 * read in many jobs.
 */
const MAX_OPEN_FILES = 4;
const open = new Map<string, Promise<ArrayFile>>();
/** What each open file was when it was opened. */
const stamps = new WeakMap<Promise<ArrayFile>, string>();

/**
 * Opens an array file, or gives the one that is open already unless another one took its place or it was changed. Of the one
 * that is given rows are read at once.
 */
export async function openShared(file: string): Promise<ArrayFile> {
  const stamp = stampOf(file);
  const known = open.get(file);
  if (known !== undefined && stamps.get(known) !== stamp) closeShared(file);
  const opening = open.get(file) ?? openFile(file);
  stamps.set(opening, stamp);
  open.delete(file);
  open.set(file, opening);
  for (const oldest of open.keys()) {
    if (open.size <= MAX_OPEN_FILES) break;
    closeShared(oldest);
  }
  try {
    return await opening;
  } catch (error) {
    if (open.get(file) === opening) open.delete(file);
    throw error;
  }
}

async function openFile(file: string): Promise<ArrayFile> {
  const opened = await openArrayFile(file);
  if (opened !== undefined) return opened;
  throw new CleanSplitError(
    "unsupported",
    l10n.t(
      "{0} is no array file that CleanSplit reads: expected a pickle, IDX, .npy, .npz, HDF5, MATLAB (.mat) or CIFAR file with image arrays. Save its arrays with numpy.savez and inspect that file.",
      file,
    ),
  );
}

/** Tells a file from what it was before it was changed or replaced; empty for none. */
function stampOf(file: string): string {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats === undefined ? "" : [stats.dev, stats.ino, stats.size, stats.mtimeMs].join(" ");
}

/** Closes an array file, e.g. because it may have changed since it was opened. */
export function closeShared(file: string): void {
  const opening = open.get(file);
  open.delete(file);
  opening?.then(
    (opened) => opened.close(),
    () => undefined,
  );
}

/** The array of a file with this key. */
export async function openArray(file: string, key: string): Promise<NdArray> {
  const found = (await openShared(file)).arrays.find((array) => array.key === key);
  if (found === undefined)
    throw new CleanSplitError("changed", l10n.t('{0} no longer holds "{1}". Inspect it again.', file, key));
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
export async function readRows(format: RowFormat, from: number, count: number): Promise<RowPicture[]> {
  const array = await openArray(format.file, format.key);
  const bytes = array.rows(from, count);
  const size = rowBytes(array);
  return Array.from({ length: count }, (_, index) =>
    toPicture(array.dtype, bytes.subarray(index * size, (index + 1) * size), format),
  );
}

/** A row of numbers, little endian, as a picture. */
export function toPicture(
  dtype: Dtype,
  row: Uint8Array,
  { geometry, scaling }: Pick<RowFormat, "geometry" | "scaling">,
): RowPicture {
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
