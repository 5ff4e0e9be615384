import { readFileSync } from "node:fs";
import { LAYOUT_BYTES, layoutOf, LOOK_BYTES, PhotoComparer, sketchesOf, type Photo } from "../../core/near/structure";
import { createPhotoWasm } from "./photosWasm";

/** What is compared of many photos, as columns; photo i is row i. */
export interface PhotoColumns {
  /** `LOOK_BYTES` each. */
  readonly looks: Uint8Array;
  /** `LAYOUT_BYTES` each: see `Layout.shifted`. */
  readonly layouts: Int8Array;
  /** Two words each. */
  readonly hashes: Uint32Array;
  /** The first of the sketches of each. */
  readonly sketches: Uint32Array;
}

/** Photos near one, as columns, valid until the next call. */
export interface Neighbours {
  readonly count: number;
  /** Rows in what was taken. */
  readonly rows: Uint32Array;
  readonly scores: Float32Array;
  readonly transforms: Uint8Array;
  /** Right and down in 1/64 of the side, two entries each. */
  readonly shifts: Int8Array;
}

/** Which photos are near. */
export interface Nearby {
  /** The worst score, -1..1. */
  readonly reach: number;
  /** Whether only those are compared whose sketches are alike. */
  readonly bySketches: boolean;
}

/** Finds layouts, and compares one photo with many, as `PhotoComparer` does. Both implementations answer the same bits. */
export interface PhotoKernel {
  readonly name: "wasm" | "reference";
  /** Fills in layout, hash and sketch of the photos `from` .. `to` - 1 by their looks. */
  findLayouts(photos: PhotoColumns, from: number, to: number): void;
  /** Takes the photos that others are compared with: at most {@link MAX_TAKEN} rows of `photos`, from row `from` on. */
  take(photos: PhotoColumns, from: number, count: number): void;
  /** Those of the taken photos, from the `skip`th on, that photo `first` of `photos` is near to. */
  compare(photos: PhotoColumns, first: number, skip: number, nearby: Nearby): Neighbours;
}

/** Most photos that are taken at a time. */
export const MAX_TAKEN = 8192;

/**
 * The kernel: WebAssembly from `file`, or the plain reference where Node cannot run it (no WebAssembly, no SIMD), or when
 * the environment says `CLEANSPLIT_WASM=0`.
 */
export function loadPhotoKernel(file: string, environment: NodeJS.ProcessEnv = process.env): PhotoKernel {
  const wanted = environment["CLEANSPLIT_WASM"] !== "0";
  return (wanted ? createPhotoWasm(readFileSync(file)) : undefined) ?? createPhotoReference();
}

/** The kernel in plain TypeScript. */
function createPhotoReference(): PhotoKernel {
  let taken: Photo[] = [];
  return {
    name: "reference",
    findLayouts({ looks, layouts, hashes, sketches }, from, to) {
      for (let row = from; row < to; row++) {
        const layout = layoutOf(looks.subarray(row * LOOK_BYTES, (row + 1) * LOOK_BYTES));
        layouts.set(layout.shifted, row * LAYOUT_BYTES);
        hashes.set(layout.hash, 2 * row);
        sketches[row] = sketchesOf(layout)[0] ?? 0;
      }
    },
    take(photos, from, count) {
      taken = Array.from({ length: count }, (_, i) => photoAt(photos, from + i));
    },
    compare(photos, first, skip, { reach, bySketches }) {
      const comparer = new PhotoComparer(photoAt(photos, first));
      const found = taken.flatMap((other, row) => {
        const isPassedOver = row < skip || (bySketches && !comparer.hasSketchLike(other));
        const likeness = isPassedOver ? null : comparer.compare(other);
        return likeness === null || likeness.score < reach ? [] : [{ row, ...likeness }];
      });
      return {
        count: found.length,
        rows: Uint32Array.from(found, ({ row }) => row),
        scores: Float32Array.from(found, ({ score }) => score),
        transforms: Uint8Array.from(found, ({ transform }) => transform),
        shifts: Int8Array.from(found.flatMap(({ shift }) => shift)),
      };
    },
  };
}

function photoAt({ looks, layouts, hashes }: PhotoColumns, row: number): Photo {
  return {
    look: looks.subarray(row * LOOK_BYTES, (row + 1) * LOOK_BYTES),
    shifted: layouts.subarray(row * LAYOUT_BYTES, (row + 1) * LAYOUT_BYTES),
    hash: hashes.subarray(2 * row, 2 * row + 2),
  };
}
