import * as l10n from "@vscode/l10n";
import { AXES } from "../../core/near/axes";
import { CleanSplitError } from "../../core/errors";
import { integerText } from "../../core/language";

/**
 * Memory in which glyphs are compared, that all threads share. Pictures are ordered as leaves of a k-d tree (J. L. Bentley,
 * 1975): {@link LEAF} pictures each that follow one another, and node i of level l are the leaves `[i * 2^l, (i + 1) * 2^l)`,
 * as far as there are so many. Addresses are in bytes.
 */
export interface Space {
  readonly memory: SharedMemory | SharedArrayBuffer;
  readonly width: number;
  readonly height: number;
  /** Pictures. */
  readonly count: number;
  readonly leafCount: number;
  /** The level of the root. */
  readonly depth: number;
  /** The number of the picture at each place, as 32 bits; pictures are numbered in the order of their samples. */
  readonly orderAt: number;
  /** Coordinates of each picture as 16-bit numbers, by its number: 16 of them. */
  readonly coordinatesAt: number;
  /**
   * The same by its place, as kernels read them: of each four pictures coordinates 0 and 1 of the first, of the second, ...,
   * then 2 and 3 of the first, and so on. Behind the last picture its own are repeated until the leaf is full.
   */
  readonly leavesAt: number;
  /** The least 16 and the most 16 coordinates of each node, levels one after the other: see {@link boxAt}. */
  readonly boxesAt: number;
  /** Where threads write pairs, {@link ROOM} of them each: two numbers and the sum of squared differences. */
  readonly pairsAt: number;
  /** Grey levels, by number: `width * height` bytes a picture. */
  readonly looksAt: number;
}

/** A `WebAssembly.Memory` that threads share. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer;
}

/** Pictures of a leaf: few enough for tight boxes, and enough to compare many at a time. */
export const LEAF = 64;

/** Pictures whose coordinates lie side by side. */
export const GROUP = 4;

/** Pairs that a thread has room for: more than two leaves can have. */
export const ROOM = 32_768;

/** 32-bit numbers of a pair. */
export const PAIR_WORDS = 3;

/** 16-bit numbers of a box. */
export const BOX = 2 * AXES;

/** A page of WebAssembly; the first one is left to what the compiler places there. */
const PAGE = 1 << 16;
const MAX_PAGES = 1 << 16;

/** What makes memory that WebAssembly can use; undefined where kernels do not run. */
export type MakeMemory = (pages: number) => SharedMemory;

/**
 * Makes room for so many pictures, of which `threads` threads search pairs at a time. Throws a `CleanSplitError` when that
 * is more than there is.
 */
export function createSpace(
  { width, height }: { readonly width: number; readonly height: number },
  count: number,
  threads: number,
  makeMemory: MakeMemory | undefined,
): Space {
  const leafCount = Math.ceil(count / LEAF);
  const depth = Math.ceil(Math.log2(Math.max(1, leafCount)));
  let at = PAGE;
  const place = (bytes: number): number => {
    const start = at;
    at += Math.ceil(bytes / 16) * 16;
    return start;
  };
  const space = {
    ...{ width, height, count, leafCount, depth },
    orderAt: place(4 * count),
    coordinatesAt: place(2 * AXES * count),
    leavesAt: place(2 * AXES * LEAF * leafCount),
    boxesAt: place(2 * BOX * (2 << depth)),
    pairsAt: place(4 * PAIR_WORDS * ROOM * threads),
    looksAt: place(width * height * count),
  };
  const pages = Math.ceil(at / PAGE);
  try {
    if (pages > MAX_PAGES) throw new RangeError();
    return { ...space, memory: makeMemory?.(pages) ?? new SharedArrayBuffer(pages * PAGE) };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CleanSplitError(
      "refused",
      l10n.t(
        "Comparing {0} pictures of {1} x {2} pixels needs {3} MB of memory, which cannot be had. Inspect parts of the dataset.",
        integerText(count),
        width,
        height,
        integerText(Math.ceil(at / 1e6)),
      ),
    );
  }
}

/** What lies in a space. */
export interface Views {
  readonly order: Uint32Array;
  readonly coordinates: Int16Array;
  readonly leaves: Int16Array;
  readonly boxes: Int16Array;
  readonly looks: Uint8Array;
}

export function viewsOf(space: Space): Views {
  const { count, leafCount, depth, width, height } = space;
  const buffer = bufferOf(space);
  return {
    order: new Uint32Array(buffer, space.orderAt, count),
    coordinates: new Int16Array(buffer, space.coordinatesAt, AXES * count),
    leaves: new Int16Array(buffer, space.leavesAt, AXES * LEAF * leafCount),
    boxes: new Int16Array(buffer, space.boxesAt, BOX * (2 << depth)),
    looks: new Uint8Array(buffer, space.looksAt, width * height * count),
  };
}

/** Where thread `slot` writes pairs. */
export function pairsOf(space: Space, slot: number): Uint32Array {
  return new Uint32Array(bufferOf(space), space.pairsAt + 4 * PAIR_WORDS * ROOM * slot, PAIR_WORDS * ROOM);
}

/** Where the box of a node is in `Views.boxes`. */
export function boxAt({ depth }: Pick<Space, "depth">, level: number, node: number): number {
  const all = 2 << depth;
  return BOX * (all - (all >> level) + node);
}

function bufferOf({ memory }: Space): SharedArrayBuffer {
  return memory instanceof SharedArrayBuffer ? memory : memory.buffer;
}
