import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { arrayName, OpenFile, printable, type ByteSource } from "./bytes";
import { returnLibrary, takeLibrary, type Hdf5Library, type Hdf5Metadata } from "./hdf5Library";
import { isPlausible } from "./inflate";
import { describeSize, parseDtype, rowBytes, storedArray, totalBytes, type ArrayFile, type Dtype } from "./ndarray";
import type { NdArray, SkippedArray } from "./ndarray";

const SIGNATURE = Buffer.from("\x89HDF\r\n\x1a\n", "latin1");
/** Where the signature may be: behind the header that MATLAB puts before it, for one. */
const SIGNATURE_PLACES = [0, 512, 1024, 2048];
const MAX_DEPTH = 32;
const MAX_OBJECTS = 10_000;
/** A chunk is unpacked as a whole, and a row read as a whole, in the memory of the library. */
const MAX_BLOCK_BYTES = 2 ** 26;
/** Filters that the library has: deflate, shuffle, Fletcher's checksum, n-bit, scale-offset. */
const KNOWN_FILTERS = new Set([1, 2, 3, 5, 6]);
/** What datasets of other types hold, by the number of the class of the type. */
const OTHER_KINDS: readonly (readonly [type: number, kind: () => string])[] = [
  [2, () => l10n.t({ message: "times", comment: ["Points in time, which an array holds instead of numbers."] })],
  [3, () => l10n.t({ message: "text", comment: ["What an array holds instead of numbers."] })],
  [4, () => l10n.t("bit fields")],
  [5, () => l10n.t("opaque values")],
  [6, () => l10n.t("structured records")],
  [7, () => l10n.t("references")],
  [9, () => l10n.t("lists of different lengths")],
  [10, () => l10n.t("arrays as elements")],
];

/** Whether a file is an HDF5 file by its content. */
export function isHdf5(file: OpenFile): boolean {
  return SIGNATURE_PLACES.some(
    (place) =>
      file.length >= place + SIGNATURE.length && SIGNATURE.equals(Buffer.from(file.read(place, SIGNATURE.length))),
  );
}

/**
 * Reads an HDF5 file; keys are the paths of its datasets, joined with "/". Elements stay in the file. Whatever the file
 * asks for, the library sees nothing but its bytes: data and links that are in other files are skipped, and so are types
 * that are no numbers. A dataset with several names counts at the first.
 *
 * Rejects with a `CleanSplitError`: "corrupt" when the file is damaged, "unsupported" when it holds no dataset of numbers
 * or is nested too deeply.
 */
export async function readHdf5(path: string): Promise<ArrayFile> {
  const file = new OpenFile(path);
  try {
    const opened = new OpenHdf5(file, await takeLibrary());
    try {
      const { arrays, skipped } = opened.find();
      if (arrays.length === 0) {
        const sentences = [l10n.t("{0} holds no datasets of numbers.", file.name), skipped[0]?.reason ?? ""];
        throw new CleanSplitError("unsupported", sentences.join(" ").trimEnd());
      }
      return { path, arrays, skipped, close: () => opened.close() };
    } catch (error) {
      opened.close();
      throw error;
    }
  } catch (error) {
    file.close();
    throw error;
  }
}

/** A file that is open in a library of its own. */
class OpenHdf5 {
  readonly #arrays: NdArray[] = [];
  readonly #skipped: SkippedArray[] = [];
  readonly #seen = new Set<string>();
  readonly #id: bigint | undefined;
  /** Why the file could not be read while the library asked for its bytes. */
  #failure: Error | undefined;
  /** Whether the library failed, so that it is not used for another file: HDF5 does not clean up behind every failure. */
  #hasFailed = false;
  /** Whether it failed inside of itself, so that nothing in its memory can be believed. */
  #isBroken = false;
  #isClosed = false;

  constructor(
    readonly file: OpenFile,
    readonly library: Hdf5Library,
  ) {
    const node = library.FS.createFile("/", "file", {}, true, false);
    Object.defineProperty(node, "usedBytes", { get: () => file.length });
    node.stream_ops = { ...node.stream_ops, read: this.#read.bind(this) };
    try {
      this.#id = this.#ask(() => library.open("/file", 0, false, -1, -1));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  find(): { readonly arrays: readonly NdArray[]; readonly skipped: readonly SkippedArray[] } {
    this.#visitGroup("", 0);
    return { arrays: this.#arrays, skipped: this.#skipped };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A library that failed is left to the garbage collector, with all its memory.
    if (!this.#hasFailed && this.#id !== undefined) {
      try {
        this.library.close_file(this.#id);
        this.library.FS.unlink("/file");
        returnLibrary(this.library);
      } catch {
        // As one that failed before.
      }
    }
    this.file.close();
  }

  /** Called by the library, which must not see an exception: it would leave its memory half changed. */
  #read(_stream: unknown, memory: Int8Array, at: number, length: number, position: number): number {
    const count = Math.max(0, Math.min(length, this.file.length - position));
    try {
      this.file.readInto(new Uint8Array(memory.buffer, memory.byteOffset + at, count), position);
      return count;
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      return 0;
    }
  }

  /** What the library answers, or a `CleanSplitError` that says why it has none. */
  #ask<T>(question: () => T): T {
    if (this.#isBroken) throw this.#damaged();
    try {
      return question();
    } catch (error) {
      this.#hasFailed = true;
      // A trap of WebAssembly; what HDF5 itself finds wrong is an Error.
      if (error instanceof Error && error.name !== "Error") this.#isBroken = true;
      throw this.#failure ?? this.#damaged();
    }
  }

  #damaged(): CleanSplitError {
    return new CleanSplitError(
      "corrupt",
      l10n.t(
        "{0} is not a valid HDF5 file: it is damaged or cut off. Download it again or save it anew.",
        this.file.name,
      ),
    );
  }

  /** `group` is a path that ends before its last "/": "" for the root. */
  #visitGroup(group: string, depth: number): void {
    if (depth > MAX_DEPTH) {
      throw new CleanSplitError(
        "unsupported",
        l10n.t("{0} is nested more than {1} groups deep.", this.file.name, MAX_DEPTH),
      );
    }
    const id = this.#openId();
    for (const name of this.#ask(() => this.library.get_names(id, group === "" ? "/" : group, false))) {
      // MATLAB keeps what cells and strings refer to in groups of such names.
      if (group === "" && name.startsWith("#")) continue;
      this.#visit(`${group}/${name}`, depth);
    }
  }

  #visit(path: string, depth: number): void {
    const { library } = this;
    const id = this.#openId();
    const key = path.slice(1);
    const name = printable(key);
    try {
      const type = this.#ask(() => library.get_type(id, path));
      if (type === library.H5G_UDLINK) {
        this.#skip(key, l10n.t('"{0}" is a link to another file, which is not followed.', name));
      } else if (type === library.H5G_LINK) this.#skip(key, l10n.t('"{0}" is a link that leads nowhere.', name));
      else if (type === library.H5G_GROUP && this.#isNew(path)) this.#visitGroup(path, depth + 1);
      else if (type === library.H5G_DATASET && this.#isNew(path)) this.#visitDataset(key, path);
    } catch (error) {
      // An object that cannot be read says nothing about the others.
      const isOwn = error instanceof CleanSplitError && error.reason === "corrupt" && this.#failure === undefined;
      if (!isOwn || this.#isBroken) throw error;
      this.#skip(key, l10n.t('"{0}" cannot be read: it is damaged, or a link that leads nowhere.', name));
    }
  }

  /** Whether an object was not seen under another name. */
  #isNew(path: string): boolean {
    const id = this.#openId();
    const address = Buffer.from(this.#ask(() => this.library.create_object_reference(id, path))).toString("hex");
    if (this.#seen.has(address)) return false;
    this.#seen.add(address);
    if (this.#seen.size > MAX_OBJECTS) {
      throw new CleanSplitError(
        "unsupported",
        l10n.t(
          "{0} holds more than {1} datasets and groups. Stack the pictures into one dataset and save that.",
          this.file.name,
          integerText(MAX_OBJECTS),
        ),
      );
    }
    return true;
  }

  #visitDataset(key: string, path: string): void {
    const id = this.#openId();
    const metadata = this.#ask(() => this.library.get_dataset_metadata(id, path));
    const filters = this.#ask(() => this.library.get_dataset_filters(id, path));
    const { shape } = metadata;
    const dtype = dtypeOf(metadata);
    if (dtype === undefined) {
      this.#skip(key, l10n.t('"{0}" holds {1}, not numbers that CleanSplit reads.', printable(key), kindOf(metadata)));
      return;
    }
    if (shape === null || shape.length === 0) {
      this.#skip(key, l10n.t('"{0}" holds no array but a single value or nothing.', printable(key)));
      return;
    }
    const problem = this.#problemOf(printable(key), metadata, dtype, shape, filters);
    if (problem !== undefined) {
      this.#skip(key, problem);
      return;
    }
    const array = this.#arrayOf(key, path, metadata, dtype, shape);
    // Data that is in other files, and damaged data, shows when it is read.
    if ((shape[0] ?? 0) > 0) array.rows(0, 1);
    this.#arrays.push(array);
  }

  /** Why a dataset is skipped, in a sentence; undefined when it is not. */
  #problemOf(
    name: string,
    { size, chunks, virtual_sources: virtual }: Hdf5Metadata,
    dtype: Dtype,
    shape: readonly number[],
    filters: readonly { readonly id: number; readonly name: string }[],
  ): string | undefined {
    const total = totalBytes(dtype, shape);
    if (virtual !== undefined) return l10n.t('"{0}" is a view of data in other files; save it with its data.', name);
    const unknown = filters.find((filter) => !KNOWN_FILTERS.has(filter.id));
    if (unknown !== undefined) {
      const filter = printable(unknown.name) || l10n.t("filter {0}", unknown.id);
      return l10n.t('"{0}" is compressed with {1}; save it with gzip compression.', name, filter);
    }
    if (total === undefined || !isPlausible(this.file.length, total)) {
      return l10n.t(
        '"{0}" declares {1}, which a file of {2} bytes cannot hold.',
        name,
        describeSize(dtype, shape),
        integerText(this.file.length),
      );
    }
    const block = Math.max(
      rowBytes({ dtype, shape }),
      (chunks ?? []).reduce((product, side) => product * side, size),
    );
    return block > MAX_BLOCK_BYTES
      ? l10n.t('"{0}" has rows or chunks of {1} bytes; save it with smaller chunks.', name, integerText(block))
      : undefined;
  }

  #arrayOf(
    key: string,
    path: string,
    { littleEndian, chunks, size }: Hdf5Metadata,
    dtype: Dtype,
    shape: readonly number[],
  ): NdArray {
    const row = rowBytes({ dtype, shape });
    const read = (from: number, count: number): Uint8Array => this.#readRows(path, shape, row, from, count);
    const source = rowSource(shape[0] ?? 0, row, chunks?.[0] ?? 0, read);
    const bytes: ByteSource = {
      length: source.length,
      read: (from, count) => {
        this.#openId();
        return source.read(from, count);
      },
    };
    return storedArray(arrayName(key, this.file.name), key, dtype, shape, {
      bytes,
      bigEndian: !littleEndian && size > 1,
    });
  }

  #readRows(path: string, shape: readonly number[], row: number, from: number, count: number): Uint8Array {
    const { library } = this;
    const id = this.#openId();
    return this.#ask(() => {
      const counts = shape.map((side, axis) => BigInt(axis === 0 ? count : side));
      const offsets = shape.map((_, axis) => BigInt(axis === 0 ? from : 0));
      const strides = shape.map(() => 1n);
      const address = library._malloc(Math.max(1, count * row));
      if (address === 0) throw new Error("There is no memory left.");
      const status = library.get_dataset_data(id, path, counts, offsets, strides, BigInt(address));
      const bytes = library.HEAPU8.slice(address, address + count * row);
      library._free(address);
      if (status < 0 || this.#failure !== undefined) throw new Error("It cannot be read.");
      return bytes;
    });
  }

  #openId(): bigint {
    if (this.#id === undefined || this.#isClosed) throw new Error(`${this.file.path} was read after it was closed.`);
    return this.#id;
  }

  #skip(key: string, reason: string): void {
    this.#skipped.push({ key, reason });
  }
}

/**
 * Rows as bytes. Rows that are stored in chunks are read by whole chunks, of which the last is kept, so that reading a few
 * rows at a time does not unpack a chunk as often.
 */
function rowSource(
  rows: number,
  row: number,
  chunkRows: number,
  read: (from: number, count: number) => Uint8Array,
): ByteSource {
  const most = Math.max(1, Math.floor(MAX_BLOCK_BYTES / Math.max(1, row)));
  const step = chunkRows > 0 ? Math.min(chunkRows, most) : most;
  let kept: { readonly from: number; readonly bytes: Uint8Array } | undefined;
  const block = (from: number, count: number): Uint8Array => {
    if (chunkRows === 0) return read(from, count);
    const start = from - (from % step);
    if (kept?.from !== start) kept = { from: start, bytes: read(start, Math.min(step, rows - start)) };
    return kept.bytes.subarray((from - start) * row, (from - start + count) * row);
  };
  return {
    length: rows * row,
    read(from, count) {
      const bytes = new Uint8Array(count);
      if (row === 0) return bytes;
      const end = (from + count) / row;
      for (let at = from / row; at < end;) {
        const next = Math.min(end, at - (at % step) + step);
        bytes.set(block(at, next - at), at * row - from);
        at = next;
      }
      return bytes;
    },
  };
}

function dtypeOf({ type, size, signed, enum_type: members }: Hdf5Metadata): Dtype | undefined {
  if (type === 8) {
    // h5py keeps bools as an enumeration of FALSE and TRUE.
    const names = Object.keys(members?.members ?? {}).map((name) => name.toUpperCase());
    return size === 1 && names.length === 2 && names.includes("TRUE") && names.includes("FALSE") ? "b1" : undefined;
  }
  if (type !== 0 && type !== 1) return undefined;
  return parseDtype(`${type === 1 ? "f" : signed ? "i" : "u"}${size}`)?.dtype;
}

function kindOf({ type }: Hdf5Metadata): string {
  return OTHER_KINDS.find(([number]) => number === type)?.[1]() ?? l10n.t("values of an unusual type");
}
