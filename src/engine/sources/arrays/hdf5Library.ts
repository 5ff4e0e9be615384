import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { runInThisContext } from "node:vm";

/** What of h5wasm, the HDF5 library compiled to WebAssembly, is used. Its functions throw an Error when HDF5 fails. */
export interface Hdf5Library {
  /** The memory of the library; another object after it has grown. */
  readonly HEAPU8: Uint8Array;
  readonly FS: {
    createFile(folder: string, name: string, properties: object, canRead: boolean, canWrite: boolean): FileNode;
    unlink(path: string): void;
  };
  readonly H5G_GROUP: number;
  readonly H5G_DATASET: number;
  readonly H5G_LINK: number;
  readonly H5G_UDLINK: number;
  readonly H5G_TYPE: number;
  _malloc(bytes: number): number;
  _free(address: number): void;
  activate_throwing_error_handler(): void;
  open(path: string, mode: number, keepsOrder: boolean, oldest: number, newest: number): bigint;
  close_file(file: bigint): void;
  get_names(file: bigint, group: string, recursive: boolean): readonly string[];
  get_type(file: bigint, path: string): number;
  /** Bytes that are the same for all names of one object. */
  create_object_reference(file: bigint, path: string): Uint8Array;
  get_dataset_metadata(file: bigint, path: string): Hdf5Metadata;
  get_dataset_filters(file: bigint, path: string): readonly { readonly id: number; readonly name: string }[];
  /** Reads a part into the memory at `address`; less than 0 when it failed. */
  get_dataset_data(
    file: bigint,
    path: string,
    counts: readonly bigint[],
    offsets: readonly bigint[],
    strides: readonly bigint[],
    address: bigint,
  ): number;
  get_attribute_names(file: bigint, path: string): readonly string[];
  get_attribute_metadata(file: bigint, path: string, name: string): Hdf5Metadata;
  /** Reads all of it into the memory at `address`; less than 0 when it failed. */
  get_attribute_data(file: bigint, path: string, name: string, address: bigint): number;
  create_group(file: bigint, path: string, keepsOrder: boolean): number;
  /** Creates a dataset of the values in the memory at `address`. */
  create_dataset(file: bigint, path: string, address: bigint, metadata: Hdf5Creation): number;
  create_vlen_str_dataset(file: bigint, path: string, texts: readonly string[], metadata: Hdf5Creation): number;
  create_attribute(file: bigint, path: string, name: string, address: bigint, metadata: Hdf5Creation): number;
  create_vlen_str_attribute(
    file: bigint,
    path: string,
    name: string,
    texts: readonly string[],
    metadata: Hdf5Creation,
  ): number;
  resize_dataset(file: bigint, path: string, shape: readonly bigint[]): number;
  /** Writes a part from the memory at `address`; less than 0 when it failed. */
  set_dataset_data(
    file: bigint,
    path: string,
    counts: readonly bigint[],
    offsets: readonly bigint[],
    strides: readonly bigint[],
    address: bigint,
  ): number;
}

/** What a new dataset or attribute is. */
export interface Hdf5Creation extends Pick<Hdf5Metadata, "type" | "size" | "signed" | "vlen" | "cset"> {
  readonly shape: readonly bigint[];
  readonly maxshape: readonly bigint[];
  readonly chunks: readonly bigint[] | null;
}

/** What the library says of a dataset. */
export interface Hdf5Metadata {
  /** Class of its type: 0 integer, 1 float, 3 text, 8 enumeration, and others. */
  readonly type: number;
  readonly signed: boolean;
  readonly littleEndian: boolean;
  /** Whether it is text of any length. */
  readonly vlen: boolean;
  /** How text is encoded: 0 ASCII, 1 UTF-8. */
  readonly cset?: number;
  /** Bytes of an element. */
  readonly size: number;
  /** Null for an empty dataset, `[]` for a single value. */
  readonly shape: readonly number[] | null;
  readonly chunks: readonly number[] | null;
  readonly enum_type?: { readonly members: Readonly<Record<string, number>> };
  /** Other files that its data is in. */
  readonly virtual_sources?: readonly unknown[];
}

/** A file of the library's own file system, which is in memory and knows nothing of the real one. */
export interface FileNode {
  usedBytes: number;
  node_ops: Readonly<Record<string, unknown>>;
  stream_ops: Readonly<Record<string, unknown>>;
}

const FILE = "h5wasm.js";
/** The library takes 2 GiB if a file makes it; this is enough for the largest chunks that are read, several times. */
const MOST_MEMORY = 2 ** 29;
const MEMORY_LIMIT = "getHeapMax = () => 2147483648";
/** A library that took more than this is not kept for the next file: its memory never becomes smaller. */
const KEPT_MEMORY = 2 ** 26;
const idle: Hdf5Library[] = [];

/** A library for one file, ready to be used; it is started when none is idle, which takes some 50 ms. */
export async function takeLibrary(): Promise<Hdf5Library> {
  return idle.pop() ?? (await start());
}

/** Gives back a library that no file is open in. One that failed inside of itself must not be given back. */
export function returnLibrary(library: Hdf5Library): void {
  if (idle.length === 0 && library.HEAPU8.length <= KEPT_MEMORY) idle.push(library);
}

/** HDF5 writes into a file when that was; with this the same arrays give the same bytes. */
class StoppedClock extends Date {
  static override now(): number {
    return 0;
  }
}

/**
 * A new instance of the library. A module is loaded once in a thread, but a file can damage the memory of the instance that
 * reads it; so the script is run anew for each, without a console to complain on.
 */
async function start(): Promise<Hdf5Library> {
  const file = libraryFile();
  const script = readFileSync(file, "utf8");
  const limited = script.replace(MEMORY_LIMIT, `getHeapMax = () => ${MOST_MEMORY}`);
  if (limited === script) throw new Error(`${file} is of another version: its limit of memory was not found.`);
  const run = runInThisContext(`(console, Date) => {${limited}\nreturn h5wasm;}`, { filename: file }) as (
    console: object,
    date: typeof StoppedClock,
  ) => { readonly ready: Promise<Hdf5Library> };
  const silent = (): void => undefined;
  const library = await run({ log: silent, warn: silent, error: silent }, StoppedClock).ready;
  library.activate_throwing_error_handler();
  return library;
}

/** The script lies next to the bundle, or in its package when the sources run unbundled. */
function libraryFile(): string {
  const bundled = path.join(__dirname, FILE);
  if (existsSync(bundled)) return bundled;
  return path.resolve(__dirname, "../../../../node_modules/h5wasm/dist/iife", FILE);
}
