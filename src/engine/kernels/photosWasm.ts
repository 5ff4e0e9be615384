import {
  CENTRE,
  LAYOUT_BYTES,
  LAYOUT_SIZE,
  LOOK_BYTES,
  MIN_CENTRE,
  MIN_CORRELATION,
  NOISE,
  ROUGH_SCORE,
} from "../../core/near/structure";
import { HASH_BYTES } from "../../core/fingerprint/fingerprints";
import { MAX_TAKEN, type Nearby, type Neighbours, type PhotoColumns, type PhotoKernel } from "./photos";
import { instantiate } from "./wasm";

/** Addresses of buffers in the memory of the module: see `src/kernels/photos/index.ts`. */
type Buffers =
  | "HASHES"
  | "CENTRES"
  | "LAYOUTS"
  | "LOOKS"
  | "FIRST_HASH"
  | "FIRST_LAYOUT"
  | "FIRST_LOOK"
  | "FOUND"
  | "SCORES"
  | "TURNS"
  | "SHIFTS";

interface Exports extends Readonly<Record<Buffers, { readonly value: number }>> {
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(centre: number, correlation: number, rough: number, noise: number): void;
  compare(from: number, to: number, distance: number, reach: number): number;
}

/** Parts of a hash, of 16 bits each: see `Layout.shifted`. */
const PARITIES = 4;

/** The kernel in WebAssembly; undefined where that or SIMD is missing. */
export function createPhotoWasm(module: Uint8Array): PhotoKernel | undefined {
  const exports = instantiate(module) as Exports | undefined;
  return exports === undefined ? undefined : new PhotoWasm(exports);
}

class PhotoWasm implements PhotoKernel {
  readonly name = "wasm";
  private taken = 0;
  private readonly at: Readonly<Record<Buffers, number>>;
  private readonly bytes: Uint8Array;

  constructor(private readonly exports: Exports) {
    exports.configure(MIN_CENTRE, MIN_CORRELATION, ROUGH_SCORE, NOISE);
    // The memory never grows.
    this.bytes = new Uint8Array(exports.memory.buffer);
    this.at = {
      HASHES: exports.HASHES.value,
      CENTRES: exports.CENTRES.value,
      LAYOUTS: exports.LAYOUTS.value,
      LOOKS: exports.LOOKS.value,
      FIRST_HASH: exports.FIRST_HASH.value,
      FIRST_LAYOUT: exports.FIRST_LAYOUT.value,
      FIRST_LOOK: exports.FIRST_LOOK.value,
      FOUND: exports.FOUND.value,
      SCORES: exports.SCORES.value,
      TURNS: exports.TURNS.value,
      SHIFTS: exports.SHIFTS.value,
    };
  }

  take({ looks, layouts, hashes }: PhotoColumns, from: number, count: number): void {
    if (count > MAX_TAKEN) throw new RangeError(`At most ${MAX_TAKEN} photos are taken at a time.`);
    this.taken = count;
    this.bytes.set(looks.subarray(from * LOOK_BYTES, (from + count) * LOOK_BYTES), this.at.LOOKS);
    this.bytes.set(bytesOf(layouts, from * LAYOUT_BYTES, count * LAYOUT_BYTES), this.at.LAYOUTS);
    for (let row = 0; row < count; row++) {
      const centre = (from + row) * LAYOUT_BYTES + CENTRE * LAYOUT_SIZE;
      this.bytes.set(bytesOf(layouts, centre, LAYOUT_SIZE), this.at.CENTRES + row * LAYOUT_SIZE);
    }
    const words = new Uint16Array(hashes.buffer, hashes.byteOffset + from * HASH_BYTES, PARITIES * count);
    for (let parity = 0; parity < PARITIES; parity++) {
      const at = this.at.HASHES + parity * MAX_TAKEN * Uint16Array.BYTES_PER_ELEMENT;
      const column = new Uint16Array(this.exports.memory.buffer, at, count);
      for (let row = 0; row < count; row++) column[row] = words[PARITIES * row + parity] ?? 0;
    }
  }

  compare(
    { looks, layouts, hashes }: PhotoColumns,
    first: number,
    skip: number,
    { reach, maxDistance }: Nearby,
  ): Neighbours {
    this.bytes.set(bytesOf(hashes, 2 * first, 2), this.at.FIRST_HASH);
    const centre = first * LAYOUT_BYTES + CENTRE * LAYOUT_SIZE;
    this.bytes.set(bytesOf(layouts, centre, LAYOUT_SIZE), this.at.FIRST_LAYOUT);
    this.bytes.set(looks.subarray(first * LOOK_BYTES, (first + 1) * LOOK_BYTES), this.at.FIRST_LOOK);
    const count = this.exports.compare(skip, this.taken, maxDistance, reach);
    const { buffer } = this.exports.memory;
    return {
      count,
      rows: new Uint32Array(buffer, this.at.FOUND, count),
      scores: new Float32Array(buffer, this.at.SCORES, count),
      transforms: this.bytes.subarray(this.at.TURNS, this.at.TURNS + count),
      shifts: new Int8Array(buffer, this.at.SHIFTS, 2 * count),
    };
  }
}

/** Some entries of a column, as bytes. */
function bytesOf(column: Int8Array | Uint32Array, from: number, count: number): Uint8Array {
  const { BYTES_PER_ELEMENT: size, buffer, byteOffset } = column;
  return new Uint8Array(buffer, byteOffset + from * size, count * size);
}
