import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { scalingTerms } from "../../core/fingerprint/scaling";
import { appearanceOf, SIGNATURE_BYTES, type Appearance } from "../../core/fingerprint/signature";
import { bytesPerChannel, channelsOf, type Picture } from "../../core/picture";
import { mayBeSeen, viewOf, type JpegView } from "../decode/jpeg";
import type { Fault } from "../decode/scan";
import type { Dtype } from "../sources/arrays/ndarray";
import type { RowFormat } from "../sources/sources";
import {
  areForKernels,
  FULL_BYTES,
  MAX_FILES,
  type FileColumns,
  type FileLooks,
  type Kernels,
  type Looks,
} from "./kernels";

/** The part of the WebAssembly interface that is used; Node's types do not declare it. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object) => { readonly exports: unknown };
}

interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Addresses of buffers in the memory of the module: see `src/kernels/layout.ts`. */
type Buffers =
  | "FILES"
  | "FILE_DIGESTS"
  | "COVERED"
  | "WIDTHS"
  | "HEIGHTS"
  | "MODES"
  | "PIXEL_DIGESTS"
  | "BLANK"
  | "SIGNATURES"
  | "D_HASHES"
  | "P_HASHES"
  | "DARKEST"
  | "BRIGHTEST"
  | "SPREADS"
  | "CONTENT"
  | "INPUT";

/** What `src/kernels/index.ts` exports. */
interface Exports extends Readonly<
  Record<
    Buffers | "MAX_RAW_BYTES" | "MAX_WIDTH" | "jpegWidth" | "jpegHeight" | "jpegChannels",
    { readonly value: number }
  >
> {
  readonly memory: Memory;
  fingerprintFiles(count: number, free: number): void;
  lookAtFiles(count: number, width: number, height: number, looks: number, free: number): void;
  fingerprintRows(
    rows: number,
    count: number,
    width: number,
    height: number,
    channels: number,
    channelsFirst: boolean,
    floats: boolean,
    factor: number,
    offset: number,
    looks: number,
  ): void;
  beginPicture(width: number, height: number): void;
  addBand(pixels: number, rows: number, width: number, channels: number): void;
  finishPicture(): void;
  jpeg(file: number, length: number, free: number): number;
  jpegPosition(): number;
}

/** What `jpeg` answers, by its number: see `src/kernels/scan.ts`. */
const JPEG_ANSWERS: readonly ("seen" | Fault)[] = [
  ...(["other", "seen", "cut off", "invalid code", "ends early", "wrong restart"] as const),
];

/** Bytes behind a file that the kernels may write, and behind all files that they may read. */
const PADDING = 96;
const ROOM = 4096;

const PAGE_BYTES = 1 << 16;

/** By their number: see `src/kernels/rows.ts`. */
const LOOKS: readonly Looks[] = ["none", "contrast", "all"];

/** Bytes stand for themselves. */
const IDENTITY = { factor: 1, offset: 0 };

/** Sums over rows of higher pictures could exceed 32 bits. */
const MAX_HEIGHT = 1 << 20;

/** The kernels in WebAssembly; undefined where that or SIMD is missing. */
export function createWasm(module: Uint8Array): Kernels | undefined {
  const exports = instantiate(module);
  return exports === undefined ? undefined : new WasmKernels(exports as Exports);
}

/** What a module exports; undefined where Node cannot run it. */
export function instantiate(module: Uint8Array): unknown {
  const api = (globalThis as { WebAssembly?: WebAssemblyApi }).WebAssembly;
  if (api === undefined || !api.validate(module)) return undefined;
  return new api.Instance(new api.Module(module)).exports;
}

class WasmKernels implements Kernels {
  readonly name = "wasm";
  private count = 0;
  /** Offsets from `INPUT` and sizes of the files of the batch: written to the memory of the module when it runs. */
  private readonly files = new Uint32Array(2 * MAX_FILES);
  /** Where the last room is, from `INPUT` on; with `count` files before it. */
  private at = 0;
  /** Where the last room starts and ends, and where the files end of the batch that ran last while they can be asked for. */
  private roomStart = 0;
  private roomEnd = 0;
  private batchEnd = 0;

  constructor(private readonly exports: Exports) {}

  room(size: number): Uint8Array<ArrayBuffer> {
    const start = this.exports.INPUT.value + this.at;
    this.reserve(start + size + ROOM);
    this.roomStart = start;
    this.roomEnd = start + size;
    this.batchEnd = 0;
    return this.bytes(start, size);
  }

  lastRoom(): Uint8Array<ArrayBuffer> {
    return this.bytes(this.roomStart, this.roomEnd - this.roomStart);
  }

  add(size: number): boolean {
    if (this.count === MAX_FILES) throw new RangeError(`A batch has at most ${MAX_FILES} files.`);
    this.files[2 * this.count] = this.at;
    this.files[2 * this.count + 1] = size;
    this.count += 1;
    this.at = (this.at + size + PADDING + 15) & ~15;
    return this.count === MAX_FILES || this.at >= FULL_BYTES;
  }

  run(): FileColumns {
    const { count } = this;
    const free = this.endBatch();
    this.reserve(free + ROOM);
    this.exports.fingerprintFiles(count, free);
    return this.columns(count);
  }

  rows(bytes: Uint8Array, count: number, dtype: Dtype, format: RowFormat, looks: Looks): FileColumns | null {
    if (this.count > 0 || count > MAX_FILES) throw new RangeError(`${count} rows cannot be read now.`);
    const { width, height, channels, channelsFirst } = format.geometry;
    if (!areForKernels(dtype, format) || width * height * channels > this.exports.MAX_RAW_BYTES.value) return null;
    // What was read into the room lies there.
    const isHere = bytes.buffer === this.exports.memory.buffer;
    const room = isHere ? bytes : this.room(bytes.length);
    if (!isHere) room.set(bytes);
    const { factor, offset } = dtype === "f4" && format.scaling !== null ? scalingTerms(format.scaling) : IDENTITY;
    this.exports.fingerprintRows(
      room.byteOffset,
      count,
      width,
      height,
      channels,
      channelsFirst,
      dtype === "f4",
      factor,
      offset,
      LOOKS.indexOf(looks),
    );
    return this.columns(count);
  }

  /** What was found in the first rows of the columns. */
  private columns(count: number): FileColumns {
    return {
      count,
      fileDigests: this.column("FILE_DIGESTS", count * DIGEST_BYTES),
      covered: this.column("COVERED", count),
      widths: this.words("WIDTHS", count),
      heights: this.words("HEIGHTS", count),
      modes: this.column("MODES", count),
      pixelDigests: this.column("PIXEL_DIGESTS", count * DIGEST_BYTES),
      blank: this.column("BLANK", count),
      signatures: this.column("SIGNATURES", count * SIGNATURE_BYTES),
      dHashes: this.words("D_HASHES", count * 2),
      pHashes: this.words("P_HASHES", count * 2),
      darkest: this.column("DARKEST", count),
      brightest: this.column("BRIGHTEST", count),
      spreads: new Uint16Array(this.exports.memory.buffer, this.exports.SPREADS.value, count),
    };
  }

  looks(width: number, height: number): FileLooks {
    const { count } = this;
    const looks = this.endBatch();
    const bytes = count * width * height;
    const free = looks + bytes + PADDING;
    this.reserve(free + ROOM);
    this.exports.lookAtFiles(count, width, height, looks, free);
    return { covered: this.column("COVERED", count), looks: this.bytes(looks, bytes) };
  }

  bytesOf(row: number): Uint8Array {
    const [at = 0, size = 0] = this.files.subarray(2 * row);
    return this.bytes(this.exports.INPUT.value + at, size);
  }

  appearance(picture: Picture): Appearance {
    const { width, height, mode, pixels } = picture;
    const widest = this.exports.MAX_WIDTH.value;
    // The others are rare.
    if (bytesPerChannel(mode) > 1 || width > widest || height > MAX_HEIGHT) return appearanceOf(picture);
    const channels = channelsOf(mode);
    const stride = width * channels;
    const rows = Math.floor(widest / width);
    this.exports.beginPicture(width, height);
    for (let y = 0; y < height; y += rows) {
      const band = pixels.subarray(y * stride, (y + rows) * stride);
      // Behind the files of the batch that is under way.
      const room = this.room(band.length);
      room.set(band);
      this.exports.addBand(room.byteOffset, band.length / stride, width, channels);
    }
    this.exports.finishPicture();
    return this.firstAppearance();
  }

  jpeg(bytes: Uint8Array): JpegView {
    if (!mayBeSeen(bytes)) return { kind: "other" };
    const { length } = bytes;
    const isHere = bytes.buffer === this.exports.memory.buffer;
    const used = Math.max(this.exports.INPUT.value + this.at, this.roomEnd, this.batchEnd);
    const file = isHere ? bytes.byteOffset : used;
    if (!isHere) {
      this.reserve(file + length + ROOM);
      this.bytes(file, length).set(bytes);
    }
    const free = Math.max(used, file + length) + PADDING;
    // For its data without stuffing; the kernel takes more when it knows the size of the picture.
    this.reserve(free + 2 * length + ROOM);
    const answer = JPEG_ANSWERS[this.exports.jpeg(file, length, free)] ?? "other";
    if (answer !== "seen") return viewOf(answer, length, () => this.exports.jpegPosition() - file);
    return {
      kind: "seen",
      width: this.exports.jpegWidth.value,
      height: this.exports.jpegHeight.value,
      mode: this.exports.jpegChannels.value === 1 ? "L" : "RGB",
      appearance: this.firstAppearance(),
      content: this.column("CONTENT", 8).slice(),
    };
  }

  /** Makes ready for the next batch; answers where memory is free behind the files of this one. */
  private endBatch(): number {
    this.words("FILES", 2 * this.count).set(this.files.subarray(0, 2 * this.count));
    const free = this.exports.INPUT.value + this.at;
    this.count = 0;
    this.at = 0;
    this.roomStart = 0;
    this.roomEnd = 0;
    this.batchEnd = free;
    return free;
  }

  /** Row 0 of the columns. */
  private firstAppearance(): Appearance {
    return {
      signature: this.column("SIGNATURES", SIGNATURE_BYTES).slice(),
      dHash: this.words("D_HASHES", 2).slice(),
      pHash: this.words("P_HASHES", 2).slice(),
      contrast: {
        darkest: this.column("DARKEST", 1)[0] ?? 0,
        brightest: this.column("BRIGHTEST", 1)[0] ?? 0,
        spread: new Uint16Array(this.exports.memory.buffer, this.exports.SPREADS.value, 1)[0] ?? 0,
      },
    };
  }

  /** Growing memory replaces its buffer: views are made anew each time. */
  private bytes(address: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.exports.memory.buffer, address, length);
  }

  private column(name: Buffers, length: number): Uint8Array {
    return this.bytes(this.exports[name].value, length);
  }

  private words(name: Buffers, length: number): Uint32Array {
    return new Uint32Array(this.exports.memory.buffer, this.exports[name].value, length);
  }

  private reserve(end: number): void {
    const { memory } = this.exports;
    const missing = end - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
  }
}
