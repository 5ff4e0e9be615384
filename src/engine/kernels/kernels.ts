import { readFileSync } from "node:fs";
import type { Appearance } from "../../core/fingerprint/signature";
import type { Picture } from "../../core/picture";
import type { JpegView } from "../decode/jpeg";
import type { Dtype } from "../sources/arrays/ndarray";
import type { RowFormat } from "../sources/sources";
import { createReference } from "./reference";
import { createWasm } from "./wasm";

/**
 * What was found in a batch of files, as columns; file i is row i. All but `count`, `fileDigests` and `covered` mean
 * something only where `covered` is 1. The columns are valid until the next call.
 */
export interface FileColumns {
  readonly count: number;
  /** MD5 of the bytes of the file, 16 bytes each. */
  readonly fileDigests: Uint8Array;
  /** 1 where the file was decoded here; 0 leaves it to `decodeImage`, whatever it is. */
  readonly covered: Uint8Array;
  readonly widths: Uint32Array;
  readonly heights: Uint32Array;
  /** Index into `MODES`. */
  readonly modes: Uint8Array;
  /** MD5 of shape, mode and pixels, 16 bytes each: see `pixelDigest`. */
  readonly pixelDigests: Uint8Array;
  /** 1 for pictures whose pixels are all equal: see `isBlank`. */
  readonly blank: Uint8Array;
  /** The fields of {@link Appearance}: 64 bytes each, two words each, two words each, and one number each. */
  readonly signatures: Uint8Array;
  readonly dHashes: Uint32Array;
  readonly pHashes: Uint32Array;
  readonly darkest: Uint8Array;
  readonly brightest: Uint8Array;
  readonly spreads: Uint16Array;
}

/**
 * What is found in rows of arrays beside the MD5 of their pixels: nothing; their shape, whether they are blank, and their
 * contrast, which is all that rows are told by among themselves; or all that encoded images have, to be compared with those.
 */
export type Looks = "none" | "contrast" | "all";

/** Grey levels of a batch of files. They are valid until the next call. */
export interface FileLooks {
  /** 1 where the file was decoded here and is of the size that was asked for. */
  readonly covered: Uint8Array;
  /** See `lumaOf`: `width * height` bytes a file, which mean something only where `covered` is 1. */
  readonly looks: Uint8Array;
}

/**
 * All that is found in the bytes of files in one pass. Both implementations answer the same bits. One thread uses it, and
 * one batch is under way at a time: `room`, `add`, `room`, `add`, ..., `run`.
 */
export interface Kernels {
  readonly name: "wasm" | "reference";
  /** Where to write the bytes of the next file: `size` bytes, valid until the next call. */
  room(size: number): Uint8Array<ArrayBuffer>;
  /** The last room once more, with what was written there: a view of it may be empty when memory has grown. */
  lastRoom(): Uint8Array<ArrayBuffer>;
  /** Takes the first `size` bytes of the last room as the next file; true when the batch is full and must run. */
  add(size: number): boolean;
  /** Ends the batch. */
  run(): FileColumns;
  /** Ends the batch, and finds nothing but the grey levels of its files; see {@link FileLooks}. */
  looks(width: number, height: number): FileLooks;
  /** The bytes of file `row` of the batch that ran last, valid until the next call: to decode what was not covered. */
  bytesOf(row: number): Uint8Array;
  /**
   * What is found in `count` rows of an array that lie in `bytes` one after the other, as columns that mean what they do
   * of files but for `fileDigests`, which means nothing; `null` for arrays and rows too large that are left to
   * `Rows.addPicture`, as are single rows where `covered` is 0. `looks` says which columns are found. At most `MAX_FILES`
   * rows, and no batch of files may be under way. Bytes in the room that was given last are read where they are.
   */
  rows(bytes: Uint8Array, count: number, dtype: Dtype, format: RowFormat, looks: Looks): FileColumns | null;
  /** The look of a picture decoded elsewhere; see `appearanceOf`. */
  appearance(picture: Picture): Appearance;
  /**
   * What a JPEG looks like, or how it is damaged: see `readJpeg`. Bytes in the room that was given last, or of the batch
   * that ran last, are read where they are; but a view of them may be empty afterwards: see `lastRoom`.
   */
  jpeg(bytes: Uint8Array): JpegView;
}

/** Whether rows of an array are for the kernels: bytes, and 32-bit floats that stand for 8-bit pixels. */
export function areForKernels(dtype: Dtype, { scaling }: RowFormat): boolean {
  return dtype === "u1" || (dtype === "f4" && scaling !== null);
}

/** Most files of a batch. */
export const MAX_FILES = 1024;

/** A batch of so many bytes is full, too. */
export const FULL_BYTES = 1 << 22;

/**
 * The kernels: WebAssembly from `file`, or the plain reference where Node cannot run it (no WebAssembly, no SIMD), or when
 * the environment says `CLEANSPLIT_WASM=0`.
 */
export function loadKernels(file: string, environment: NodeJS.ProcessEnv = process.env): Kernels {
  const wanted = environment["CLEANSPLIT_WASM"] !== "0";
  return (wanted ? createWasm(readFileSync(file)) : undefined) ?? createReference();
}

/** Copies files into one batch and runs it; at most `MAX_FILES`. */
export function fingerprintBatch(kernels: Kernels, files: readonly Uint8Array[]): FileColumns {
  for (const bytes of files) {
    kernels.room(bytes.length).set(bytes);
    kernels.add(bytes.length);
  }
  return kernels.run();
}
