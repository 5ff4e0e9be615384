import * as l10n from "@vscode/l10n";
import { geometryOf } from "../../../core/dataset/arrays";
import { CleanSplitError } from "../../../core/errors";
import { arrayName, type ByteSource } from "./bytes";
import { rowBytes, rowCount, storedArray, type NdArray, type SkippedArray } from "./ndarray";
import { toNumbers } from "./numbers";

/** Which program wrote a file: MATLAB counts samples in the last axis, Python in the first. */
export type Writer = "MATLAB" | "Python";

/** Arrays of a MATLAB file with axis 0 as samples. */
export interface Oriented {
  readonly arrays: readonly NdArray[];
  readonly skipped: readonly SkippedArray[];
  /** How each array of pictures was turned, and why. */
  readonly notes: readonly string[];
}

/** A way to read an array as samples: the stored elements in C order of a shape, and the axes of it that make the array. */
interface Way {
  /** The axis that counts them. */
  readonly axis: "first" | "last";
  readonly shape: readonly number[];
  readonly axes: readonly number[];
  /** Whether its pictures are square, which sides that are no sides of a picture would be by chance only. */
  readonly isSquare: boolean;
}

/** Pictures that are compared, spread over the array. */
const PROBED_PICTURES = 16;
const MOST_PROBED_BYTES = 2 ** 28;
/** Pictures are as much smoother one way that it is no chance. */
const SMOOTHER = 0.8;

/**
 * Turns arrays so that axis 0 counts samples and pictures are upright. `stored` are as MATLAB stores them: the first axis
 * changes fastest, so that in C order their shapes are reversed. N x H x W x C and H x W x C x N, and N x D and D x N where
 * D is a square of one or three channels, are told apart by, in this order: how many labels there are; which way has
 * pictures, and square ones; which way neighbouring pixels are alike; and what is usual for the program that wrote them.
 * Flat pictures are upright when their columns follow one another as in MATLAB, and of Python their rows.
 */
export function orientArrays(
  stored: readonly NdArray[],
  skipped: readonly SkippedArray[],
  writer: Writer,
  file: string,
): Oriented {
  const arrays: NdArray[] = [];
  const refused: SkippedArray[] = [];
  const notes: string[] = [];
  const counts = new Set(stored.flatMap((array) => vectorLength(array) ?? []));
  for (const array of stored) {
    try {
      const { array: turned, note } = orient(array, counts, writer, arrayName(array.key, file));
      arrays.push(turned);
      if (note !== undefined) notes.push(note);
    } catch (error) {
      if (!(error instanceof CleanSplitError) || error.reason !== "unsupported") throw error;
      refused.push({ key: array.key, reason: error.message });
    }
  }
  return { arrays: arrays.map((array) => fittingLabels(array, arrays)), skipped: [...skipped, ...refused], notes };
}

function orient(
  stored: NdArray,
  counts: ReadonlySet<number>,
  writer: Writer,
  what: string,
): { readonly array: NdArray; readonly note?: string } {
  const length = vectorLength(stored);
  if (length !== undefined) return { array: turn(stored, what, { shape: [length], axes: [0] }) };
  const ways = waysOf(stored.shape.toReversed(), writer).filter((way) => geometryOf(turnedShape(way)) !== null);
  const { way, reason } = choose(stored, ways, counts, writer);
  if (way === undefined) return { array: turn(stored, what, plain(stored.shape.toReversed())) };
  const dims = stored.shape.toReversed().join(" x ");
  const array = turn(stored, what, way);
  const geometry = geometryOf(array.shape);
  const count = rowCount(array);
  const pictures =
    geometry === null
      ? l10n.t("{0} pictures", count)
      : l10n.t("{0} pictures of {1} x {2}", count, geometry.height, geometry.width);
  const note =
    way.axis === "last"
      ? l10n.t("{0} ({1}) is read as {2}: its last axis counts them, {3}.", what, dims, pictures, reason)
      : l10n.t("{0} ({1}) is read as {2}: its first axis counts them, {3}.", what, dims, pictures, reason);
  return { array, note };
}

/** The length of an array that is long in one direction only; such hold labels. */
function vectorLength({ shape }: NdArray): number | undefined {
  const long = shape.filter((side) => side !== 1);
  return long.length <= 1 ? (long[0] ?? 1) : undefined;
}

/** The ways that an array of these lengths in MATLAB's order may be read. */
function waysOf(dims: readonly number[], writer: Writer): Way[] {
  const [a = 0, b = 0, c = 0, d = 0] = dims;
  const shape = dims.toReversed();
  switch (dims.length) {
    case 2:
      return flatWays(dims, writer);
    case 3:
      return [
        { axis: "last", shape, axes: [0, 2, 1], isSquare: a === b },
        { axis: "first", ...plain(dims), isSquare: b === c },
      ];
    case 4:
      return [
        { axis: "last", shape, axes: [0, 3, 2, 1], isSquare: a === b },
        { axis: "first", ...plain(dims), isSquare: b === c || c === d },
      ];
    default:
      return [];
  }
}

/** D x N and N x D, where D is a picture. */
function flatWays([rows = 0, columns = 0]: readonly number[], writer: Writer): Way[] {
  const ways: Way[] = [];
  const last = sidesOf(rows);
  if (last !== null) {
    const shape = [columns, ...(writer === "MATLAB" ? last : [rows])];
    const sides = last.map((_, index) => last.length - index);
    ways.push({ axis: "last", shape, axes: writer === "MATLAB" ? [0, ...sides] : [0, 1], isSquare: true });
  }
  const first = sidesOf(columns);
  if (first !== null) {
    const shape = [...(writer === "MATLAB" ? first : [columns]), rows];
    ways.push({ axis: "first", shape, axes: shape.map((_, axis) => shape.length - 1 - axis), isSquare: true });
  }
  return ways;
}

/** A flat picture in the order that MATLAB stores it: channels, columns, rows; `null` when it is none. */
function sidesOf(length: number): readonly number[] | null {
  const geometry = geometryOf([1, length]);
  if (geometry === null) return null;
  const { width, height, channels } = geometry;
  return channels === 1 ? [width, height] : [channels, width, height];
}

function choose(
  stored: NdArray,
  ways: readonly Way[],
  counts: ReadonlySet<number>,
  writer: Writer,
): { readonly way: Way | undefined; readonly reason: string } {
  const countOf = (way: Way): number => turnedShape(way)[0] ?? 0;
  const labelled = ways.filter((way) => countOf(way) > 1 && counts.has(countOf(way)));
  if (labelled.length === 1) return { way: labelled[0], reason: l10n.t("as there are as many labels") };
  if (ways.length <= 1) return { way: ways[0], reason: l10n.t("since only so it holds pictures") };
  const square = ways.filter(({ isSquare }) => isSquare);
  if (square.length === 1) return { way: square[0], reason: l10n.t("since only so its pictures are square") };
  const [smoothest, other] = ways
    .map((way) => ({ way, roughness: roughnessOf(stored, way) }))
    .filter(({ roughness }) => Number.isFinite(roughness))
    .sort((one, two) => one.roughness - two.roughness);
  if (smoothest !== undefined && other !== undefined && smoothest.roughness < SMOOTHER * other.roughness) {
    return { way: smoothest.way, reason: l10n.t("since neighbouring pixels are alike that way") };
  }
  const usual = writer === "MATLAB" ? "last" : "first";
  return { way: ways.find(({ axis }) => axis === usual), reason: l10n.t("as is usual in files of {0}", writer) };
}

/** How much neighbouring pixels differ, against pixels of one picture chosen at will: 1 for noise, 0 for one level. */
function roughnessOf(stored: NdArray, way: Way): number {
  // To look at a few pictures of the first axis takes all of the array; of a large one MATLAB's habit is believed.
  if (way.axes[0] !== 0 && rowBytes(stored) * rowCount(stored) > MOST_PROBED_BYTES) return Infinity;
  const array = turn(stored, stored.key, way);
  const geometry = geometryOf(array.shape);
  if (geometry === null || rowBytes(array) === 0) return Infinity;
  const { width, height, channels, channelsFirst } = geometry;
  const [right, down] = channelsFirst ? [1, width] : [channels, width * channels];
  const count = Math.min(PROBED_PICTURES, rowCount(array));
  let [differences, spread] = [0, 0];
  for (let picture = 0; picture < count; picture++) {
    const pixels = toNumbers(array.dtype, array.rows(Math.floor((picture * rowCount(array)) / count), 1));
    // The first channel says enough.
    const at = (x: number, y: number): number => pixels[x * right + y * down] ?? 0;
    const area = width * height;
    let [sum, squares] = [0, 0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = at(x, y);
        sum += value;
        squares += value * value;
        if (x > 0) differences += (value - at(x - 1, y)) ** 2;
        if (y > 0) differences += (value - at(x, y - 1)) ** 2;
      }
    }
    spread += 4 * (squares - (sum * sum) / area);
  }
  return spread > 0 ? differences / spread : Infinity;
}

/** An array of these lengths in MATLAB's order with its axes in that order, as Python has it. */
function plain(dims: readonly number[]): Pick<Way, "shape" | "axes"> {
  return { shape: dims.toReversed(), axes: dims.map((_, axis) => dims.length - 1 - axis) };
}

function turnedShape({ shape, axes }: Pick<Way, "shape" | "axes">): number[] {
  return axes.map((axis) => shape[axis] ?? 1);
}

function turn(stored: NdArray, what: string, permuted: Pick<Way, "shape" | "axes">): NdArray {
  return storedArray(what, stored.key, stored.dtype, turnedShape(permuted), {
    bytes: bytesOfRows(stored),
    bigEndian: false,
    permuted,
  });
}

/** Rows as bytes; whoever reads them reads whole rows, since that is how arrays are turned. */
function bytesOfRows(array: NdArray): ByteSource {
  const row = rowBytes(array);
  return {
    length: row * rowCount(array),
    read: (from, count) => {
      const start = Math.floor(from / row);
      const end = Math.ceil((from + count) / row);
      const rows = array.rows(start, end - start);
      return from === start * row && count === rows.length
        ? rows
        : rows.slice(from - start * row, from - start * row + count);
    },
  };
}

/** One-hot labels of K x N become N x K where pictures are N. */
function fittingLabels(array: NdArray, arrays: readonly NdArray[]): NdArray {
  const [rows = 0, columns = 0, ...rest] = array.shape;
  if (rest.length > 0 || array.shape.length !== 2 || geometryOf(array.shape) !== null) return array;
  const counts = new Set(arrays.filter((other) => geometryOf(other.shape) !== null).map(rowCount));
  if (counts.has(rows) || !counts.has(columns)) return array;
  return turn(array, array.key, { shape: [rows, columns], axes: [1, 0] });
}
