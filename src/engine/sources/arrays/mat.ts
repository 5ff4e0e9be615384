import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { arrayName, bytesInMemory, OpenFile, printable, sliceOf, type ByteSource } from "./bytes";
import { isHdf5, readHdf5 } from "./hdf5";
import { inflate, inflateBeginning, isPlausible, keepRecent, MAX_INFLATED_BYTES } from "./inflate";
import { orientArrays } from "./matOrientation";
import { describeSize, storedArray, totalBytes, type ArrayFile, type Dtype } from "./ndarray";
import type { NdArray, SkippedArray } from "./ndarray";

const HEADER_BYTES = 128;
const TEXT_BYTES = 116;
/** Enough of compressed data for the names and lengths of any array; unpacks to 4 MiB at most. */
const BEGINNING_BYTES = 4096;
const MAX_DEPTH = 8;
const MAX_ELEMENTS = 100_000;
const MAX_AXES = 32;
const MAX_NAME_BYTES = 1 << 16;

/** Types of data elements. */
const MATRIX = 14;
const COMPRESSED = 15;
const DTYPES: ReadonlyMap<number, Dtype> = new Map([
  [1, "i1"],
  [2, "u1"],
  [3, "i2"],
  [4, "u2"],
  [5, "i4"],
  [6, "u4"],
  [7, "f4"],
  [9, "f8"],
  [12, "i8"],
  [13, "u8"],
]);
/** Classes of arrays. */
const STRUCT = 2;
const FIRST_NUMERIC = 6;
const LAST_NUMERIC = 15;
/** Objects of newer classes, which have no lengths. */
const OPAQUE = 17;
const LOGICAL = 0x200;
const COMPLEX = 0x800;
const OTHER_CLASSES: ReadonlyMap<number, () => string> = new Map([
  [1, () => l10n.t("a cell array")],
  [3, () => l10n.t("an object")],
  [4, () => l10n.t({ message: "text", comment: ["What an array holds instead of numbers."] })],
  [5, () => l10n.t("a sparse matrix")],
  [16, () => l10n.t("a function")],
]);

/** Whether bytes begin as a MATLAB file of version 5 or later does. */
export function isMat(beginning: Uint8Array): boolean {
  const [a, b, c, d] = beginning.subarray(TEXT_BYTES + 8, HEADER_BYTES);
  const little = a === 0 && (b === 1 || b === 2) && c === 0x49 && d === 0x4d;
  const big = (a === 1 || a === 2) && b === 0 && c === 0x4d && d === 0x49;
  return little || big;
}

/**
 * Reads a MATLAB file of version 5 to 7.3 (the last is HDF5). Keys are the names of its variables; fields of structures are
 * joined with "/". What is not compressed stays in the file; compressed variables are unpacked when their rows are first
 * read, never beyond the size that they declare. MATLAB counts samples in the last axis and other programs in the first:
 * arrays are turned so that axis 0 counts them and pictures are upright, as `notes` says of each.
 *
 * Rejects with a `CleanSplitError`: "corrupt" for a damaged or forged file, "unsupported" for one without arrays of numbers
 * and for version 4. Text, cells and sparse matrices are named in `skipped`.
 */
export async function readMat(path: string): Promise<ArrayFile> {
  const file = new OpenFile(path);
  const close = (): void => file.close();
  try {
    if (isHdf5(file)) {
      const opened = await readHdf5(path);
      close();
      return { ...opened, ...orientArrays(opened.arrays, opened.skipped, "MATLAB", file.name) };
    }
    const header = file.read(0, Math.min(HEADER_BYTES, file.length));
    if (!isMat(header)) throw noMat(file);
    const finder = new Finder(file, header[TEXT_BYTES + 10] === 0x49);
    finder.visitFile();
    const text = Buffer.from(header.subarray(0, TEXT_BYTES)).toString("latin1");
    // SciPy names the system as Python does; MATLAB says PCWIN64, GLNXA64 or MACI64.
    const writer = /Platform: (?:posix|nt)\b/.test(text) ? "Python" : "MATLAB";
    const found = orientArrays(finder.arrays, finder.skipped, writer, file.name);
    if (found.arrays.length === 0) {
      const sentences = [l10n.t("{0} holds no arrays of numbers.", file.name), found.skipped[0]?.reason ?? ""];
      throw new CleanSplitError("unsupported", sentences.join(" ").trimEnd());
    }
    return { path, ...found, close };
  } catch (error) {
    close();
    throw error;
  }
}

function noMat(file: OpenFile): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t(
      "{0} is not a MATLAB file of version 5 or later. If it is of version 4, save it anew in MATLAB with -v7; else download it again.",
      file.name,
    ),
  );
}

/** A data element: what kind it is, and where its data lies in its source. */
interface Element {
  readonly type: number;
  readonly at: number;
  readonly size: number;
  /** Where the next element begins. */
  readonly end: number;
}

/** Goes through the elements of a file and collects its arrays in the order they are stored in: shapes are reversed. */
class Finder {
  readonly arrays: NdArray[] = [];
  readonly skipped: SkippedArray[] = [];
  readonly #keys = new Map<string, number>();
  readonly #unpacked: (packed: Packed) => Uint8Array;
  #elements = 0;

  constructor(
    readonly file: OpenFile,
    readonly isLittle: boolean,
  ) {
    this.#unpacked = keepRecent((packed) => unpack(file, packed));
  }

  visitFile(): void {
    for (let at = HEADER_BYTES; at < this.file.length;) {
      const element = this.#elementAt(this.file, at);
      if (element.type === COMPRESSED) {
        this.#visitCompressed(element);
        // Compressed elements are the only ones that are not padded.
        at = element.at + element.size;
      } else {
        if (element.type === MATRIX) this.#visitMatrix(sliceOf(this.file, element.at, element.size), "", 0);
        at = element.end;
      }
    }
  }

  #visitCompressed({ at, size }: Element): void {
    const beginning = inflateBeginning(this.file.read(at, Math.min(size, BEGINNING_BYTES)), "zlib");
    if (beginning === undefined || beginning.length < 8)
      throw damaged(this.file, l10n.t("its compressed data is damaged"));
    const view = new DataView(beginning.buffer, beginning.byteOffset, 8);
    if (view.getUint32(0, this.isLittle) !== MATRIX) return;
    const declared = 8 + view.getUint32(4, this.isLittle);
    if (!isPlausible(size, declared)) {
      throw damaged(
        this.file,
        l10n.t("{0} compressed bytes cannot hold the {1} that it declares", integerText(size), integerText(declared)),
      );
    }
    if (declared > MAX_INFLATED_BYTES) {
      throw new CleanSplitError(
        "unsupported",
        l10n.t(
          "{0} holds a variable of {1} bytes that is compressed. Save it with -v7.3.",
          this.file.name,
          integerText(declared),
        ),
      );
    }
    const packed: Packed = { at, size, unpacked: declared };
    const source: ByteSource = {
      length: declared,
      // Names and lengths are read from the beginning, so that opening a file unpacks little else.
      read: (from, count) =>
        bytesInMemory(from + count <= beginning.length ? beginning : this.#unpacked(packed)).read(from, count),
    };
    this.#visitMatrix(sliceOf(source, 8, declared - 8), "", 0);
  }

  #visitMatrix(source: ByteSource, prefix: string, depth: number, field?: string): void {
    // An empty field of a structure has nothing in it at all.
    if (source.length === 0) return;
    const flags = this.#elementAt(source, 0);
    if (flags.type !== 6 || flags.size !== 8) throw damaged(this.file, l10n.t("an array has no class"));
    const word = new DataView(source.read(flags.at, 4).buffer).getUint32(0, this.isLittle);
    const kind = word & 0xff;
    if (kind === OPAQUE) {
      const name = field ?? this.#text(source, this.#elementAt(source, flags.end));
      this.#skipOther(this.#keyOf(prefix, name), l10n.t("an object"));
      return;
    }
    const dims = this.#elementAt(source, flags.end);
    const shape = this.#lengths(source, dims);
    const named = this.#elementAt(source, dims.end);
    const name = field ?? this.#text(source, named);
    // What MATLAB keeps of functions and objects is behind the variables and has no name.
    if (prefix === "" && name === "") return;
    const key = this.#keyOf(prefix, name);
    if (kind === STRUCT) this.#visitStruct(source, named.end, shape, key, depth);
    else if (kind < FIRST_NUMERIC || kind > LAST_NUMERIC) {
      this.#skipOther(key, OTHER_CLASSES.get(kind)?.() ?? l10n.t("an array of an unknown class"));
    } else if ((word & COMPLEX) !== 0) this.#skip(key, l10n.t('"{0}" holds complex numbers.', printable(key)));
    else if (shape.includes(0)) this.#skip(key, l10n.t('"{0}" is empty.', printable(key)));
    else this.#addArray(source, this.#elementAt(source, named.end), shape, key, (word & LOGICAL) !== 0);
  }

  #visitStruct(source: ByteSource, from: number, shape: readonly number[], key: string, depth: number): void {
    if (shape.some((length) => length !== 1)) {
      this.#skip(key, l10n.t('"{0}" holds a list of structures.', printable(key)));
      return;
    }
    if (depth >= MAX_DEPTH) {
      throw new CleanSplitError(
        "unsupported",
        l10n.t("{0} is nested more than {1} structures deep.", this.file.name, MAX_DEPTH),
      );
    }
    const width = this.#elementAt(source, from);
    const length = width.size === 4 ? new DataView(source.read(width.at, 4).buffer).getInt32(0, this.isLittle) : 0;
    const names = this.#elementAt(source, width.end);
    if (length < 1 || names.size % length !== 0 || names.size > MAX_NAME_BYTES) {
      throw damaged(this.file, l10n.t("the fields of a structure have no names"));
    }
    const text = Buffer.from(source.read(names.at, names.size)).toString("latin1");
    let at = names.end;
    for (let start = 0; start < text.length; start += length) {
      const element = this.#elementAt(source, at);
      if (element.type !== MATRIX) throw damaged(this.file, l10n.t("a field of a structure is no array"));
      const name = text.slice(start, start + length).replace(/\0.*$/s, "");
      this.#visitMatrix(sliceOf(source, element.at, element.size), `${key}/`, depth + 1, name);
      at = element.end;
    }
  }

  #addArray(source: ByteSource, data: Element, shape: readonly number[], key: string, isLogical: boolean): void {
    const stored = DTYPES.get(data.type);
    const what = arrayName(key, this.file.name);
    if (stored === undefined) throw damaged(this.file, l10n.t("{0} has elements of no known type", printable(key)));
    // MATLAB keeps whole numbers of any class in the smallest type that holds them: what is stored is what is there.
    const dtype = isLogical && stored === "u1" ? "b1" : stored;
    const total = totalBytes(dtype, shape);
    if (total !== data.size) {
      throw damaged(
        this.file,
        l10n.t("{0} declares {1} and has {2}", printable(key), describeSize(dtype, shape), integerText(data.size)),
      );
    }
    const bytes = sliceOf(source, data.at, data.size);
    this.arrays.push(storedArray(what, key, dtype, shape.toReversed(), { bytes, bigEndian: !this.isLittle }));
  }

  #elementAt(source: ByteSource, at: number): Element {
    if (++this.#elements > MAX_ELEMENTS) {
      throw new CleanSplitError(
        "unsupported",
        l10n.t(
          "{0} holds more than {1} parts. Stack the pictures into one array.",
          this.file.name,
          integerText(MAX_ELEMENTS),
        ),
      );
    }
    const left = source.length - at;
    if (left < 8) throw endsEarly(this.file);
    const view = new DataView(source.read(at, 8).buffer);
    const word = view.getUint32(0, this.isLittle);
    // Elements of up to 4 bytes have their length in the upper half of the type.
    const isSmall = word >>> 16 !== 0;
    const size = isSmall ? word >>> 16 : view.getUint32(4, this.isLittle);
    if (isSmall && size > 4) throw damaged(this.file, l10n.t("an element has an impossible length"));
    const start = at + (isSmall ? 4 : 8);
    if (!isSmall && size > left - 8) throw endsEarly(this.file);
    const end = isSmall ? at + 8 : start + Math.ceil(size / 8) * 8;
    return { type: isSmall ? word & 0xffff : word, at: start, size, end: Math.min(end, source.length) };
  }

  #lengths(source: ByteSource, { type, at, size }: Element): number[] {
    if (type !== 5 || size % 4 !== 0 || size < 8 || size > 4 * MAX_AXES)
      throw damaged(this.file, l10n.t("an array has no shape"));
    const view = new DataView(source.read(at, size).buffer);
    const lengths = Array.from({ length: size / 4 }, (_, axis) => view.getInt32(4 * axis, this.isLittle));
    if (lengths.some((length) => length < 0)) throw damaged(this.file, l10n.t("an array has an impossible shape"));
    return lengths;
  }

  #text(source: ByteSource, { at, size }: Element): string {
    if (size > MAX_NAME_BYTES) throw damaged(this.file, l10n.t("a variable has an impossible name"));
    return Buffer.from(source.read(at, size)).toString("utf8");
  }

  /** A name that is there twice gets a number the second time. */
  #keyOf(prefix: string, name: string): string {
    const wanted = prefix + name;
    const count = this.#keys.get(wanted) ?? 0;
    this.#keys.set(wanted, count + 1);
    return count === 0 ? wanted : this.#keyOf(wanted, ` (${count})`);
  }

  #skipOther(key: string, kind: string): void {
    this.#skip(key, l10n.t('"{0}" holds {1}, no array of numbers.', printable(key), kind));
  }

  #skip(key: string, reason: string): void {
    this.skipped.push({ key, reason });
  }
}

/** A compressed variable: where it is in the file, its bytes there, and those that it unpacks to. */
interface Packed {
  readonly at: number;
  readonly size: number;
  readonly unpacked: number;
}

function unpack(file: OpenFile, { at, size, unpacked }: Packed): Uint8Array {
  const result = inflate(file.read(at, size), "zlib", unpacked);
  if (result.state === "complete") return result.bytes;
  if (result.state === "cut" || result.state === "short") throw endsEarly(file);
  throw damaged(
    file,
    result.state === "long"
      ? l10n.t("a variable unpacks to more than it declares")
      : l10n.t("its compressed data does not match its checksum"),
  );
}

function endsEarly(file: OpenFile): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} ends early: a variable has fewer bytes than it declares. Download it again.", file.name),
  );
}

function damaged(file: OpenFile, problem: string): CleanSplitError {
  return new CleanSplitError(
    "corrupt",
    l10n.t("{0} is a damaged MATLAB file: {1}. Download it again.", file.name, problem),
  );
}
