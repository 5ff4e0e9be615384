import * as l10n from "@vscode/l10n";
import { integerText } from "../../../../core/language";
import { geometryOf, type Geometry } from "../../../../core/dataset/arrays";
import { recogniseScaling, type Scaling } from "../../../../core/fingerprint/scaling";
import { toPicture } from "../../rows";
import type { PackedImage } from "../packedFile";
import { chunkOf, rowGroupOf, type ImageReader } from "./encoded";
import type { Values } from "./encodings";
import { listPages, readDictionary, readPage, smallerGroups, type Page } from "./pages";
import { Recent } from "./recent";
import { unsupported, type Leaf, type RowGroup, type Table } from "./table";

/** Numbers of a row in one form: bytes when all of its page are, else floats as they are stored, integers as doubles. */
type Numbers = Uint8Array | Float32Array | Float64Array;

/** A row of a column of lists. */
interface Row {
  /** Lengths of its lists from the outer to the inner ones; `null` when a list or a number is absent or lists differ. */
  readonly shape: readonly number[] | null;
  readonly numbers: Numbers;
}

/** What the lists of a column are taken for. */
export interface PixelFormat {
  readonly leaf: Leaf;
  /** Of floats that stand for 8-bit pixels; `null` for bytes and for numbers under no known scaling. */
  readonly scaling: Scaling | null;
  /** Of the first row, for the person. */
  readonly shape: readonly number[];
}

/** Rows that are looked at to recognise pictures. */
const PROBED_ROWS = 50;
/** Numbers of one row group that are read at once: 87,000 pictures of CIFAR. */
const MAX_NUMBERS = 2 ** 28;
/** Row groups that stay in memory. */
const MAX_CACHED_BYTES = 256 * 2 ** 20;

/**
 * What a column of lists of numbers is taken for; `null` when its first rows are no pictures. Flat lists are pictures when
 * they are squares of 8-bit pixels under a known scaling: other flat lists of numbers are vectors.
 */
export function recognisePixels(table: Table, leaf: Leaf): PixelFormat | null {
  const group = table.groups.find(({ rows }) => rows > 0);
  if (!holdsNumbers(leaf) || group === undefined) return null;
  const rows: Row[] = [];
  for (const row of rowsOf(table, group, leaf)) {
    if (row.shape !== null) rows.push(row);
    if (rows.length === PROBED_ROWS) break;
  }
  const shape = rows[0]?.shape;
  if (shape === null || shape === undefined || rows.some((row) => geometryOfRow(row) === null)) return null;
  const areBytes = rows.every(({ numbers }) => numbers instanceof Uint8Array);
  const scaling = areBytes ? null : recogniseScaling(rows.map(({ numbers }) => numbers));
  return shape.length === 1 && !areBytes && scaling === null ? null : { leaf, scaling, shape };
}

function holdsNumbers({ type, maxRepetition }: Leaf): boolean {
  return maxRepetition >= 1 && maxRepetition <= 3 && NUMBER_TYPES.has(type);
}

const NUMBER_TYPES: ReadonlySet<string> = new Set(["INT32", "INT64", "FLOAT", "DOUBLE"]);

/** Reads the pictures of a column of lists of numbers, a row group at a time. */
export class PixelImages implements ImageReader {
  readonly #groups = new Recent<RowGroup, readonly Row[]>(MAX_CACHED_BYTES);

  constructor(
    private readonly table: Table,
    private readonly format: PixelFormat,
  ) {}

  read(from: number, count: number): PackedImage[] {
    return Array.from({ length: count }, (_, index) => {
      const group = rowGroupOf(this.table, from + index);
      const rows = this.#groups.get(group, () => this.#load(group), bytesOf);
      return this.#imageOf(rows[from + index - group.firstRow]);
    });
  }

  #load(group: RowGroup): readonly Row[] {
    const { values } = chunkOf(group, this.format.leaf);
    if (values > MAX_NUMBERS) {
      throw unsupported(
        this.table.file,
        l10n.t("it has a row group of {0} numbers", integerText(values)),
        smallerGroups(),
      );
    }
    return [...rowsOf(this.table, group, this.format.leaf)];
  }

  #imageOf(row: Row | undefined): PackedImage {
    if (row === undefined || row.numbers.length === 0) return { kind: "fault", reason: "the row holds no numbers" };
    const geometry = geometryOfRow(row);
    if (geometry === null) {
      const lists = row.shape === null ? "lists of different lengths" : `${row.shape.join(" x ")} numbers`;
      return { kind: "fault", reason: `the row holds ${lists}, which are no picture` };
    }
    const { numbers } = row;
    const dtype = numbers instanceof Uint8Array ? "u1" : numbers instanceof Float32Array ? "f4" : "f8";
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    const { picture, fits } = toPicture(dtype, bytes, { geometry, scaling: this.format.scaling });
    if (!fits) return { kind: "fault", reason: "its numbers are not on the scale of the other rows" };
    return { kind: "pixels", picture: { ...picture, pixels: picture.pixels.slice() } };
  }
}

function geometryOfRow({ shape }: Row): Geometry | null {
  return shape === null ? null : geometryOf([1, ...shape]);
}

function bytesOf(rows: readonly Row[]): number {
  return rows.reduce((sum, { numbers }) => sum + numbers.byteLength + 64, 0);
}

/** Numbers of a page, or of several that hold one row together, with the levels of each. */
interface Piece {
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  readonly numbers: Numbers;
}

/** The rows of a column of lists in one row group. A row may go on in the next page. */
function* rowsOf(table: Table, group: RowGroup, leaf: Leaf): Generator<Row> {
  const { file } = table;
  const chunk = chunkOf(group, leaf);
  const heads = listPages(file, chunk, leaf);
  const dictionary = readDictionary(file, chunk, leaf, heads[0]);
  let rest: Piece[] = [];
  let count = 0;
  for (const head of heads) {
    if (head.kind === "dictionary") continue;
    const page = readPage(file, chunk, leaf, head, dictionary);
    for (const piece of rowPieces(pieceOf(page, leaf), leaf)) {
      if (piece.repetitions[0] === 0 && rest.length > 0) {
        count++;
        yield rowOf(joined(rest), leaf);
        rest = [];
      }
      rest.push(piece);
    }
  }
  if (rest.length > 0) {
    count++;
    yield rowOf(joined(rest), leaf);
  }
  for (; count < group.rows; count++) yield { shape: null, numbers: new Uint8Array(0) };
}

function pieceOf({ count, definitions, repetitions, values, indexes }: Page, { type, maxDefinition }: Leaf): Piece {
  return {
    repetitions: repetitions ?? new Uint8Array(count),
    definitions: definitions ?? new Uint8Array(count).fill(maxDefinition),
    numbers: narrowed(numbersOf(values, indexes, type)),
  };
}

/** Cuts a page at the beginnings of rows. */
function* rowPieces(page: Piece, { maxDefinition }: Leaf): Generator<Piece> {
  const { repetitions, definitions, numbers } = page;
  let [from, place] = [0, 0];
  while (from < repetitions.length) {
    let to = from + 1;
    let there = definitions[from] === maxDefinition ? 1 : 0;
    for (; to < repetitions.length && repetitions[to] !== 0; to++) if (definitions[to] === maxDefinition) there++;
    yield {
      repetitions: repetitions.subarray(from, to),
      definitions: definitions.subarray(from, to),
      numbers: numbers.subarray(place, place + there),
    };
    [from, place] = [to, place + there];
  }
}

/** Pieces of one row as one. */
function joined(pieces: readonly Piece[]): Piece {
  const [first] = pieces;
  if (first !== undefined && pieces.length === 1) return first;
  const sameKind = pieces.every(({ numbers }) => numbers.constructor === first?.numbers.constructor);
  const length = pieces.reduce((sum, { numbers }) => sum + numbers.length, 0);
  const numbers: Numbers =
    sameKind && first?.numbers instanceof Uint8Array
      ? new Uint8Array(length)
      : sameKind && first?.numbers instanceof Float32Array
        ? new Float32Array(length)
        : new Float64Array(length);
  let at = 0;
  for (const piece of pieces) {
    numbers.set(piece.numbers, at);
    at += piece.numbers.length;
  }
  return {
    repetitions: Buffer.concat(pieces.map(({ repetitions }) => repetitions)),
    definitions: Buffer.concat(pieces.map(({ definitions }) => definitions)),
    numbers,
  };
}

function rowOf({ repetitions, definitions, numbers }: Piece, { maxDefinition, maxRepetition }: Leaf): Row {
  let isWhole = true;
  for (const level of definitions) if (level !== maxDefinition) isWhole = false;
  return { shape: isWhole ? shapeOf(repetitions, maxRepetition) : null, numbers };
}

/**
 * Lengths of lists by the list that each number continues: in a row of 2 x 3 numbers these are 0 2 2 1 2 2. `null` when lists
 * on one depth have different lengths.
 */
function shapeOf(repetitions: Uint8Array, depth: number): number[] | null {
  const shape: number[] = [];
  let size = 1;
  for (let level = depth; level >= 1; level--) {
    const next = repetitions.findIndex((entry, index) => index > 0 && entry < level);
    const end = next < 0 ? repetitions.length : next;
    shape.unshift(end / size);
    size = end;
  }
  return shape.every(Number.isInteger) && isRegular(repetitions, shape) ? shape : null;
}

/** Whether each number continues the list that it continues in lists of this shape. */
function isRegular(repetitions: Uint8Array, shape: readonly number[]): boolean {
  const [inner = 1, middle = 1] = shape.toReversed();
  const depth = shape.length;
  if (repetitions[0] !== 0) return false;
  for (let i = 1; i < repetitions.length; i++) {
    const ends = i % inner !== 0 ? 0 : i % (inner * middle) !== 0 ? 1 : 2;
    if (repetitions[i] !== Math.max(depth - ends, 1)) return false;
  }
  return shape.reduce((product, length) => product * length, 1) === repetitions.length;
}

/** Values of a page as numbers. Those of a dictionary are put into their places. */
function numbersOf(
  values: Values,
  indexes: Uint32Array | null,
  type: Leaf["type"],
): Int32Array | BigInt64Array | Numbers {
  const { buffer } = values.data.slice();
  const entries =
    type === "INT32"
      ? new Int32Array(buffer)
      : type === "INT64"
        ? new BigInt64Array(buffer)
        : type === "FLOAT"
          ? new Float32Array(buffer)
          : new Float64Array(buffer);
  if (indexes === null) return entries;
  if (entries instanceof BigInt64Array) return gathered(entries, indexes, new BigInt64Array(indexes.length), 0n);
  return gathered(entries, indexes, new (entries.constructor as NumbersConstructor)(indexes.length), 0);
}

type NumbersConstructor = new (length: number) => Int32Array | Float32Array | Float64Array;

interface Slots<T> {
  readonly length: number;
  [index: number]: T;
}

function gathered<T, S extends Slots<T>>(entries: Slots<T>, indexes: Uint32Array, target: S, none: T): S {
  // A plain loop: there may be a hundred million numbers.
  for (let i = 0; i < indexes.length; i++) target[i] = entries[indexes[i] ?? 0] ?? none;
  return target;
}

/** Integers as bytes when all of them are, else as doubles. */
function narrowed(numbers: Int32Array | BigInt64Array | Numbers): Numbers {
  if (numbers instanceof BigInt64Array) {
    return numbers.every((number) => number >= 0n && number <= 255n)
      ? Uint8Array.from(numbers, Number)
      : Float64Array.from(numbers, Number);
  }
  if (!(numbers instanceof Int32Array)) return numbers;
  let bits = 0;
  for (const number of numbers) bits |= number;
  return bits >= 0 && bits <= 255 ? new Uint8Array(numbers) : new Float64Array(numbers);
}
