import { readFileSync } from "node:fs";
import { AXES } from "../../core/near/axes";
import { squareDifference } from "../../core/near/rms";
import {
  boxAt,
  GROUP,
  LEAF,
  PAIR_WORDS,
  pairsOf,
  ROOM,
  viewsOf,
  type MakeMemory,
  type SharedMemory,
  type Space,
} from "./glyphSpace";

/** Up to where pairs are searched: the largest sums of squared differences of coordinates, and of pixels. */
export interface Limits {
  readonly farthest: number;
  readonly mostSquares: number;
}

/** Searches pairs in one space. Both implementations find the same pairs in the same order. */
export interface GlyphKernel {
  readonly name: "wasm" | "reference";
  /**
   * Compares the pictures of a leaf with those that come after them, in the leaves from `from` on, which is at least `leaf`.
   * Writes pairs to those of `slot`, from pair `at` on, and answers how many they are now, and the leaf from which to go on,
   * because there is no room left or because it took long; the count of leaves when it is done.
   */
  searchLeaf(
    leaf: number,
    from: number,
    limits: Limits,
    slot: number,
    at: number,
  ): { readonly end: number; readonly next: number };
}

/** Pictures that are compared by their pixels in one call, about: some 20 milliseconds. */
const COMPARISONS = 100_000;

/** The part of the WebAssembly interface that is used; Node's types do not declare it. */
interface WebAssemblyApi {
  validate(bytes: Uint8Array): boolean;
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
  Memory: new (options: { initial: number; maximum: number; shared: true }) => SharedMemory;
}

/** What `src/kernels/glyphs/index.ts` exports. */
interface Exports {
  readonly found: { readonly value: number };
  setSpace(
    looks: number,
    order: number,
    leaves: number,
    boxes: number,
    pixels: number,
    pictures: number,
    depth: number,
  ): void;
  searchLeaf(
    leaf: number,
    from: number,
    farthest: number,
    mostSquares: number,
    out: number,
    room: number,
    comparisons: number,
  ): number;
}

const api = (globalThis as unknown as { WebAssembly?: WebAssemblyApi }).WebAssembly;

/**
 * What makes the memory of a space for the kernel in `file`; undefined where Node cannot run it (no WebAssembly, no SIMD),
 * or when the environment says `CLEANSPLIT_WASM=0`.
 */
export function memoryMaker(file: string, environment: NodeJS.ProcessEnv = process.env): MakeMemory | undefined {
  if (environment["CLEANSPLIT_WASM"] === "0" || api?.validate(readFileSync(file)) !== true) return undefined;
  return (pages) => new api.Memory({ initial: pages, maximum: pages, shared: true });
}

let compiled: object | undefined;

/** The kernel for a space: that in `file` when its memory is one of WebAssembly, else the plain reference. */
export function glyphKernel(space: Space, file: string): GlyphKernel {
  const { memory } = space;
  if (memory instanceof SharedArrayBuffer || api === undefined) return reference(space);
  compiled ??= new api.Module(readFileSync(file));
  const exports = new api.Instance(compiled, { env: { memory } }).exports as Exports;
  const { looksAt, orderAt, leavesAt, boxesAt, pairsAt, width, height, count, depth } = space;
  exports.setSpace(looksAt, orderAt, leavesAt, boxesAt, width * height, count, depth);
  return {
    name: "wasm",
    searchLeaf(leaf, from, { farthest, mostSquares }, slot, at) {
      const out = pairsAt + 4 * PAIR_WORDS * (slot * ROOM + at);
      const next = exports.searchLeaf(leaf, from, farthest, mostSquares, out, ROOM - at, COMPARISONS);
      return { end: at + exports.found.value, next };
    },
  };
}

/** The kernel in plain TypeScript: what `src/kernels/glyphs` must equal. */
function reference(space: Space): GlyphKernel {
  const { leafCount, count } = space;
  const pixels = space.width * space.height;
  const { order, leaves, boxes, looks } = viewsOf(space);

  const isApart = (a: number, b: number, farthest: number): boolean => {
    let sum = 0;
    for (let axis = 0; axis < AXES; axis++) {
      const under = (boxes[b + axis] ?? 0) - (boxes[a + AXES + axis] ?? 0);
      const over = (boxes[a + axis] ?? 0) - (boxes[b + AXES + axis] ?? 0);
      const gap = Math.max(0, under, over);
      sum += gap * gap;
    }
    return sum > farthest;
  };
  const isFar = (place: number, other: number, farthest: number): boolean => {
    const [a, b] = [coordinateOf(place), coordinateOf(other)];
    let sum = 0;
    for (let axis = 0; axis < AXES; axis++) {
      const at = (axis >> 1) * 2 * GROUP + (axis & 1);
      const difference = (leaves[a + at] ?? 0) - (leaves[b + at] ?? 0);
      sum += difference * difference;
    }
    return sum > farthest;
  };

  return {
    name: "reference",
    searchLeaf(leaf, from, { farthest, mostSquares }, slot, at) {
      const pairs = pairsOf(space, slot);
      const box = boxAt(space, 0, leaf);
      const last = Math.min(count, (leaf + 1) * LEAF);
      let [compared, end] = [0, at];
      for (let other = from; other < leafCount; other++) {
        if (isApart(box, boxAt(space, 0, other), farthest)) continue;
        if (ROOM - end < LEAF * LEAF || compared >= COMPARISONS) return { end, next: other };
        const behind = Math.min(count, (other + 1) * LEAF);
        for (let place = leaf * LEAF; place < last; place++) {
          for (let next = Math.max(place + 1, other * LEAF); next < behind; next++) {
            if (isFar(place, next, farthest)) continue;
            compared++;
            const [first, second] = [order[place] ?? 0, order[next] ?? 0];
            const squares = squareDifference(looks, first * pixels, looks, second * pixels, pixels);
            if (squares > mostSquares) continue;
            pairs.set([Math.min(first, second), Math.max(first, second), squares], PAIR_WORDS * end++);
          }
        }
      }
      return { end, next: leafCount };
    },
  };
}

/** Where the first coordinate of the picture at a place is in `Views.leaves`. */
function coordinateOf(place: number): number {
  return (place - (place % GROUP)) * AXES + (place % GROUP) * 2;
}
