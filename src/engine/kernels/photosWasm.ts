import {
  BASIS,
  CENTRE,
  FREQUENCIES,
  LAYOUT_BYTES,
  LAYOUT_SIZE,
  LOOK_BYTES,
  MAX_DISTANCE,
  MAX_SKETCH_DISTANCE,
  MIN_CENTRE,
  MIN_CORRELATION,
  NOISE,
  ROUGH_SCORE,
  WEIGHTS,
  WINDOW,
} from "../../core/near/structure";
import { HASH_BYTES } from "../../core/fingerprint/fingerprints";
import { MAX_TAKEN, type Nearby, type Neighbours, type PhotoColumns, type PhotoKernel } from "./photos";
import { instantiate } from "./wasm";

/** Addresses of buffers in the memory of the module: see `src/kernels/photos/index.ts`. */
type Buffers =
  | "HASHES"
  | "SKETCHES"
  | "CENTRES"
  | "LAYOUTS"
  | "LOOKS"
  | "FIRST_HASH"
  | "FIRST_LAYOUT"
  | "FIRST_LOOK"
  | "FIRST_SKETCHES"
  | "FOUND_LAYOUT"
  | "BASIS"
  | "WEIGHTS"
  | "FOUND"
  | "SCORES"
  | "TURNS"
  | "SHIFTS";

interface Exports extends Readonly<Record<Buffers, { readonly value: number }>> {
  readonly memory: { readonly buffer: ArrayBuffer };
  configure(distance: number, sketch: number, centre: number, correlation: number, rough: number, noise: number): void;
  findLayout(): void;
  sortSketches(count: number): void;
  compare(from: number, to: number, reach: number, bySketches: boolean): number;
}

/** A row of the cosines: 32 numbers of 16 bits. */
const BASIS_ROW_BYTES = 64;

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
    // The memory never grows.
    this.bytes = new Uint8Array(exports.memory.buffer);
    this.at = {
      HASHES: exports.HASHES.value,
      SKETCHES: exports.SKETCHES.value,
      CENTRES: exports.CENTRES.value,
      LAYOUTS: exports.LAYOUTS.value,
      LOOKS: exports.LOOKS.value,
      FIRST_HASH: exports.FIRST_HASH.value,
      FIRST_LAYOUT: exports.FIRST_LAYOUT.value,
      FIRST_LOOK: exports.FIRST_LOOK.value,
      FIRST_SKETCHES: exports.FIRST_SKETCHES.value,
      FOUND_LAYOUT: exports.FOUND_LAYOUT.value,
      BASIS: exports.BASIS.value,
      WEIGHTS: exports.WEIGHTS.value,
      FOUND: exports.FOUND.value,
      SCORES: exports.SCORES.value,
      TURNS: exports.TURNS.value,
      SHIFTS: exports.SHIFTS.value,
    };
    const { buffer } = exports.memory;
    for (let u = 0; u < FREQUENCIES; u++) {
      new Int16Array(buffer, this.at.BASIS + u * BASIS_ROW_BYTES).set(BASIS.subarray(u * WINDOW, (u + 1) * WINDOW));
    }
    new Float64Array(buffer, this.at.WEIGHTS).set(WEIGHTS);
    exports.configure(MAX_DISTANCE, MAX_SKETCH_DISTANCE, MIN_CENTRE, MIN_CORRELATION, ROUGH_SCORE, NOISE);
  }

  findLayouts({ looks, layouts, hashes, sketches }: PhotoColumns, from: number, to: number): void {
    const { buffer } = this.exports.memory;
    const layout = new Int8Array(buffer, this.at.FOUND_LAYOUT, LAYOUT_BYTES);
    const hash = new Uint32Array(buffer, this.at.FIRST_HASH, 2);
    const found = new Uint32Array(buffer, this.at.FIRST_SKETCHES, 1);
    for (let row = from; row < to; row++) {
      this.bytes.set(looks.subarray(row * LOOK_BYTES, (row + 1) * LOOK_BYTES), this.at.FIRST_LOOK);
      this.exports.findLayout();
      layouts.set(layout, row * LAYOUT_BYTES);
      hashes.set(hash, 2 * row);
      sketches[row] = found[0] ?? 0;
    }
  }

  take({ looks, layouts, hashes, sketches }: PhotoColumns, from: number, count: number): void {
    if (count > MAX_TAKEN) throw new RangeError(`At most ${MAX_TAKEN} photos are taken at a time.`);
    this.taken = count;
    this.bytes.set(looks.subarray(from * LOOK_BYTES, (from + count) * LOOK_BYTES), this.at.LOOKS);
    this.bytes.set(bytesOf(layouts, from * LAYOUT_BYTES, count * LAYOUT_BYTES), this.at.LAYOUTS);
    for (let row = 0; row < count; row++) {
      const centre = (from + row) * LAYOUT_BYTES + CENTRE * LAYOUT_SIZE;
      this.bytes.set(bytesOf(layouts, centre, LAYOUT_SIZE), this.at.CENTRES + row * LAYOUT_SIZE);
    }
    const { buffer } = this.exports.memory;
    const words = new Uint16Array(hashes.buffer, hashes.byteOffset + from * HASH_BYTES, PARITIES * count);
    for (let parity = 0; parity < PARITIES; parity++) {
      const column = new Uint16Array(
        buffer,
        this.at.HASHES + parity * MAX_TAKEN * Uint16Array.BYTES_PER_ELEMENT,
        count,
      );
      for (let row = 0; row < count; row++) column[row] = words[PARITIES * row + parity] ?? 0;
    }
    this.bytes.set(bytesOf(sketches, from, count), this.at.SKETCHES);
    this.exports.sortSketches(count);
  }

  compare(
    { looks, layouts, hashes }: PhotoColumns,
    first: number,
    skip: number,
    { reach, bySketches }: Nearby,
  ): Neighbours {
    this.bytes.set(bytesOf(hashes, 2 * first, 2), this.at.FIRST_HASH);
    const centre = first * LAYOUT_BYTES + CENTRE * LAYOUT_SIZE;
    this.bytes.set(bytesOf(layouts, centre, LAYOUT_SIZE), this.at.FIRST_LAYOUT);
    this.bytes.set(looks.subarray(first * LOOK_BYTES, (first + 1) * LOOK_BYTES), this.at.FIRST_LOOK);
    const count = this.exports.compare(skip, this.taken, reach, bySketches);
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
