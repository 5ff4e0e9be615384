import { ftruncateSync, writeSync, readSync } from "node:fs";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import { OpenFile } from "../sources/arrays/bytes";
import {
  returnLibrary,
  takeLibrary,
  type Hdf5Creation,
  type Hdf5Library,
  type Hdf5Metadata,
} from "../sources/arrays/hdf5Library";
import { itemBytes, rowBytes, type Dtype } from "../sources/arrays/ndarray";
import { checkedChunks, type ArrayEntry, type ArrayWriter } from "./arrayFile";
import { createFile } from "./newFile";

/** Bytes of a chunk, about: readers unpack a chunk at a time. */
const CHUNK_BYTES = 2 ** 20;

/** Datasets of class names and the like are small; larger ones are data that the plan says nothing about. */
const MAX_BESIDE_BYTES = 2 ** 20;

/** Classes of types that can be written: integers, floats, text. */
const [INTEGER, FLOAT, TEXT] = [0, 1, 3];

/** Modes of opening: to read, and to write into what is emptied. */
const [READ, TRUNCATE] = [0, 2];

/** What of an HDF5 file goes into its copy beside the arrays. */
export interface Beside {
  /** The HDF5 file. */
  readonly file: string;
  /** Datasets that are not copied; all others of at most 1 MiB that hold numbers or text are. */
  readonly without: ReadonlySet<string>;
  /** Number of rows of its image arrays: what has as many belongs to them and is not copied as a whole. */
  readonly rows: ReadonlySet<number>;
  /** Where datasets of the copy have their attributes from, by their keys. */
  readonly attributesOf: ReadonlyMap<string, string>;
}

/** Whether HDF5 files with arrays of a dtype can be written: the library has no 16-bit floats and no bools. */
export function isHdf5Dtype(dtype: Dtype): boolean {
  return dtype !== "f2" && dtype !== "b1";
}

/**
 * Writes arrays as an HDF5 file, in chunks of about 1 MiB; keys are paths. Attributes and small datasets `beside` them are
 * copied. See {@link ArrayWriter}.
 */
export function hdf5Writer(beside: Beside | null): ArrayWriter {
  return (path, entries, signal) =>
    createFile(path, signal, async (handle) => {
      const target = new Hdf5File(await takeLibrary(), diskOf(handle.fd, path), TRUNCATE);
      try {
        for (const entry of entries) await target.addArray(entry, signal);
        if (beside !== null) await copyBeside(target, beside, signal);
        target.close();
      } catch (error) {
        target.abandon();
        throw error;
      }
    });
}

async function copyBeside(target: Hdf5File, beside: Beside, signal: AbortSignal): Promise<void> {
  const file = new OpenFile(beside.file);
  try {
    const source = new Hdf5File(await takeLibrary(), sourceOf(file), READ);
    try {
      for (const path of source.paths()) {
        signal.throwIfAborted();
        copyObject(source, target, path, beside);
      }
      for (const [to, from] of beside.attributesOf) copyAttributes(source, target, `/${from}`, `/${to}`);
      copyAttributes(source, target, "/", "/");
      source.close();
    } catch (error) {
      source.abandon();
      throw error;
    }
  } finally {
    file.close();
  }
}

function copyObject(source: Hdf5File, target: Hdf5File, path: string, { without, rows }: Beside): void {
  if (source.isGroup(path)) {
    target.addGroup(path);
    copyAttributes(source, target, path, path);
    return;
  }
  if (without.has(path.slice(1)) || target.has(path)) return;
  const value = source.dataset(path, rows);
  if (value === null) return;
  target.addDataset(path, value);
  copyAttributes(source, target, path, path);
}

function copyAttributes(source: Hdf5File, target: Hdf5File, from: string, to: string): void {
  for (const name of source.attributes(from)) {
    const value = source.attribute(from, name);
    if (value !== null) target.addAttribute(to, name, value);
  }
}

/** A value with its type: bytes, or texts of any length. */
interface Hdf5Value {
  readonly metadata: Hdf5Creation;
  readonly value: Uint8Array | readonly string[];
}

/** Where the library reads and writes. */
interface Disk {
  length(): number;
  read(bytes: Uint8Array, position: number): number;
  write(bytes: Uint8Array, position: number): void;
  resize(length: number): void;
  readonly path: string;
}

function diskOf(descriptor: number, path: string): Disk {
  let length = 0;
  return {
    path,
    length: () => length,
    read: (bytes, position) => readSync(descriptor, bytes, 0, bytes.length, position),
    write(bytes, position) {
      for (let done = 0; done < bytes.length;) {
        done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
      }
      length = Math.max(length, position + bytes.length);
    },
    resize(size) {
      ftruncateSync(descriptor, size);
      length = size;
    },
  };
}

function sourceOf(file: OpenFile): Disk {
  const refuse = (): never => {
    throw new Error(`${file.path} is only read.`);
  };
  return {
    path: file.path,
    length: () => file.length,
    read(bytes, position) {
      const count = Math.max(0, Math.min(bytes.length, file.length - position));
      file.readInto(bytes.subarray(0, count), position);
      return count;
    },
    write: refuse,
    resize: refuse,
  };
}

/** An HDF5 file in a library of its own, which sees nothing but its bytes. */
class Hdf5File {
  private readonly id: bigint;
  private readonly known = new Set<string>(["/"]);
  /** Why the disk failed while the library used it. */
  private failure: Error | undefined;

  constructor(
    private readonly library: Hdf5Library,
    private readonly disk: Disk,
    mode: number,
  ) {
    const node = library.FS.createFile("/", "file", {}, true, mode !== READ);
    Object.defineProperty(node, "usedBytes", { get: () => disk.length() });
    node.stream_ops = { ...node.stream_ops, read: this.read.bind(this), write: this.write.bind(this) };
    node.node_ops = { ...node.node_ops, setattr: this.setAttributes.bind(this) };
    this.id = this.ask(() => library.open("/file", mode, false, -1, -1));
  }

  close(): void {
    this.ask(() => this.library.close_file(this.id));
    this.library.FS.unlink("/file");
    returnLibrary(this.library);
  }

  /** Leaves a library that failed to the garbage collector, with all its memory. */
  abandon(): void {
    this.failure ??= new Error(`${this.disk.path} was given up.`);
  }

  has(path: string): boolean {
    return this.known.has(path);
  }

  /** All groups and datasets, a group before what is in it; no links, which may lead anywhere. */
  paths(): string[] {
    const found: string[] = [];
    const visit = (group: string): void => {
      for (const name of this.ask(() => this.library.get_names(this.id, group === "" ? "/" : group, false))) {
        const path = `${group}/${name}`;
        const type = this.ask(() => this.library.get_type(this.id, path));
        if (type === this.library.H5G_DATASET) found.push(path);
        if (type !== this.library.H5G_GROUP || !this.isNew(path)) continue;
        found.push(path);
        visit(path);
      }
    };
    visit("");
    return found;
  }

  isGroup(path: string): boolean {
    return this.ask(() => this.library.get_type(this.id, path)) === this.library.H5G_GROUP;
  }

  attributes(path: string): readonly string[] {
    return this.ask(() => this.library.get_attribute_names(this.id, path));
  }

  /** A small dataset of numbers or text; null for others, and for those with one of these numbers of rows. */
  dataset(path: string, rows: ReadonlySet<number>): Hdf5Value | null {
    const metadata = this.ask(() => this.library.get_dataset_metadata(this.id, path));
    const { shape } = metadata;
    if (shape === null || rows.has(shape[0] ?? 0)) return null;
    const all = shape.map(BigInt);
    const zeros = shape.map(() => 0n);
    const ones = shape.map(() => 1n);
    return this.valueOf(metadata, (address) =>
      this.library.get_dataset_data(this.id, path, all, zeros, ones, BigInt(address)),
    );
  }

  attribute(path: string, name: string): Hdf5Value | null {
    const metadata = this.ask(() => this.library.get_attribute_metadata(this.id, path, name));
    return this.valueOf(metadata, (address) => this.library.get_attribute_data(this.id, path, name, BigInt(address)));
  }

  addGroup(path: string): void {
    if (this.known.has(path)) return;
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (parent !== "") this.addGroup(parent);
    this.ask(() => this.library.create_group(this.id, path, false));
    this.known.add(path);
  }

  addDataset(path: string, { metadata, value }: Hdf5Value): void {
    this.begin(path);
    if (!(value instanceof Uint8Array)) {
      this.ask(() => this.library.create_vlen_str_dataset(this.id, path, value, metadata));
      return;
    }
    this.withMemory(value, (address) => this.library.create_dataset(this.id, path, BigInt(address), metadata));
  }

  addAttribute(path: string, name: string, { metadata, value }: Hdf5Value): void {
    if (!(value instanceof Uint8Array)) {
      this.ask(() => this.library.create_vlen_str_attribute(this.id, path, name, value, metadata));
      return;
    }
    this.withMemory(value, (address) => this.library.create_attribute(this.id, path, name, BigInt(address), metadata));
  }

  async addArray(entry: ArrayEntry, signal: AbortSignal): Promise<void> {
    const path = `/${entry.key}`;
    const row = rowBytes(entry);
    const [count = 0, ...sides] = entry.shape;
    const chunkRows = Math.max(1, Math.min(count, Math.floor(CHUNK_BYTES / Math.max(1, row))));
    const isEmpty = count === 0 || row === 0;
    const metadata = {
      ...typeOf(entry),
      // An empty dataset has no chunks, and one that is not is made larger than none when it is there.
      shape: [isEmpty ? count : 0, ...sides].map(BigInt),
      maxshape: entry.shape.map(BigInt),
      chunks: isEmpty ? null : [chunkRows, ...sides].map(BigInt),
    };
    this.addDataset(path, { metadata, value: new Uint8Array() });
    if (!isEmpty) this.ask(() => this.library.resize_dataset(this.id, path, entry.shape.map(BigInt)));
    let at = 0;
    for await (const bytes of wholeRows(checkedChunks(entry, signal), row)) {
      const counts = [bytes.length / row, ...sides].map(BigInt);
      const offsets = [at, ...sides.map(() => 0)].map(BigInt);
      const strides = counts.map(() => 1n);
      this.withMemory(bytes, (address) =>
        this.library.set_dataset_data(this.id, path, counts, offsets, strides, BigInt(address)),
      );
      at += bytes.length / row;
    }
  }

  private begin(path: string): void {
    if (this.known.has(path) || path === "/") {
      throw new CleanSplitError(
        "conflict",
        l10n.t('Two arrays of {0} cannot both be named "{1}".', this.disk.path, path.slice(1)),
      );
    }
    const parent = path.slice(0, path.lastIndexOf("/"));
    if (parent !== "") this.addGroup(parent);
    this.known.add(path);
  }

  /** Whether an object was not seen under another name. */
  private isNew(path: string): boolean {
    const address = this.ask(() => this.library.create_object_reference(this.id, path));
    const name = Buffer.from(address).toString("hex");
    if (this.known.has(name)) return false;
    this.known.add(name);
    return true;
  }

  private valueOf(metadata: Hdf5Metadata, read: (address: number) => number): Hdf5Value | null {
    const { type, size, signed, vlen, shape } = metadata;
    const cset = metadata.cset ?? 1;
    if (shape === null || (type !== INTEGER && type !== FLOAT && type !== TEXT)) return null;
    if (type === FLOAT && size !== 4 && size !== 8) return null;
    const count = shape.reduce((product, side) => product * side, 1);
    if (count * size > MAX_BESIDE_BYTES) return null;
    const lengths = shape.map(BigInt);
    const created = { type, size, signed, vlen, cset, shape: lengths, maxshape: lengths, chunks: null };
    const bytes = this.withMemory(new Uint8Array(count * size), read);
    if (!vlen) return { metadata: created, value: bytes };
    const addresses = new Uint32Array(bytes.buffer, 0, count);
    return { metadata: created, value: Array.from(addresses, (address) => this.textAt(address)) };
  }

  private textAt(address: number): string {
    const memory = this.library.HEAPU8;
    const end = address === 0 ? 0 : memory.indexOf(0, address);
    return Buffer.from(memory.subarray(address, Math.min(end, address + MAX_BESIDE_BYTES))).toString("utf8");
  }

  /** Has the library work on a copy of `bytes` in its memory, and answers what the copy is then. */
  private withMemory(bytes: Uint8Array, use: (address: number) => number): Uint8Array<ArrayBuffer> {
    return this.ask(() => {
      const address = this.library._malloc(Math.max(1, bytes.length));
      if (address === 0) throw new Error(l10n.t("there is no memory left"));
      this.library.HEAPU8.set(bytes, address);
      const status = use(address);
      const result = this.library.HEAPU8.slice(address, address + bytes.length);
      this.library._free(address);
      if (status < 0) throw new Error(l10n.t("HDF5 failed"));
      return result;
    });
  }

  /** What the library answers, or why it has none. */
  private ask<T>(question: () => T): T {
    this.throwIfFailed();
    try {
      return question();
    } catch (error) {
      throw new CleanSplitError("refused", l10n.t("{0} cannot be used: {1}.", this.disk.path, messageOf(error)));
    } finally {
      // What the disk said goes before what the library makes of it, if anything.
      this.throwIfFailed();
    }
  }

  private throwIfFailed(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  private read(_stream: unknown, memory: Int8Array, at: number, length: number, position: number): number {
    return this.onDisk(() => this.disk.read(viewOf(memory, at, length), position));
  }

  private write(_stream: unknown, memory: Int8Array, at: number, length: number, position: number): number {
    return this.onDisk(() => {
      this.disk.write(viewOf(memory, at, length), position);
      return length;
    });
  }

  private setAttributes(_node: unknown, { size }: { readonly size?: number }): void {
    if (size !== undefined) this.onDisk(() => this.disk.resize(size));
  }

  /** The library must not see an exception but its own, which makes it stop: any other leaves its memory half changed. */
  private onDisk<T>(use: () => T): T {
    try {
      return use();
    } catch (error) {
      this.failure ??= error instanceof Error ? error : new Error(String(error));
      throw Object.assign(new Error("The disk failed."), { name: "ErrnoError", errno: INPUT_OUTPUT_ERROR });
    }
  }
}

/** EIO, by its number in WebAssembly. */
const INPUT_OUTPUT_ERROR = 29;

function viewOf(memory: Int8Array, at: number, length: number): Uint8Array {
  return new Uint8Array(memory.buffer, memory.byteOffset + at, length);
}

function typeOf({ key, dtype }: ArrayEntry): Pick<Hdf5Creation, "type" | "size" | "signed" | "vlen"> {
  if (!isHdf5Dtype(dtype)) {
    throw new CleanSplitError(
      "refused",
      l10n.t('"{0}" holds {1}, which CleanSplit cannot write into an HDF5 file.', key, dtype),
    );
  }
  return {
    type: dtype.startsWith("f") ? FLOAT : INTEGER,
    size: itemBytes(dtype),
    signed: !dtype.startsWith("u"),
    vlen: false,
  };
}

/** The same bytes in pieces of whole rows. */
async function* wholeRows(chunks: AsyncIterable<Uint8Array>, row: number): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array();
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const whole = bytes.length - (bytes.length % row);
    if (whole > 0) yield bytes.subarray(0, whole);
    rest = bytes.subarray(whole);
  }
}
