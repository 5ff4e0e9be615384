import { SampleState } from "../dataset/dataset";
import type { Fingerprints } from "../fingerprint/fingerprints";
import { SIGNATURE_BYTES } from "../fingerprint/signature";
import { MODES } from "../picture";
import { forEachGroup, groupByDigest } from "./groups";

/**
 * Grey levels by which each of the 64 block means of two pictures may differ that could still be pixel-identical. The
 * means of a JPEG come from its coefficients and lack what colours lose where they are cut off at 0 and 255; measured on
 * photos and conformance files that is at most a few levels (`docs/decoding.md`).
 */
export const LOOK_TOLERANCE = 10;

/** Pictures of a leaf of the tree: so few are compared one by one. */
const LEAF = 24;

/** Pictures that are looked at to choose the block in which those of a node differ most. */
const PROBED = 48;

/** Comparisons or moves of pictures, about, after which the search gives way to other work. */
const STEPS_A_TURN = 100_000;

/**
 * Samples with a provisional fingerprint whose pixels must be known: those for which there is another picture of their
 * size and mode that looks the same and is another file. All other provisional ones have pixels of their own. Ascending;
 * it yields often, and takes time about linear in the number of samples unless thousands of pictures look alike.
 */
export function* findLookalikes(fingerprints: Fingerprints): Generator<undefined, Uint32Array> {
  const { count, states, provisional, pixelDigests } = fingerprints;
  if (!provisional.includes(1)) return new Uint32Array();
  const readable = (sample: number): boolean => states[sample] !== SampleState.unreadable;
  const groups = groupByDigest(pixelDigests, count, readable);
  yield;
  // One picture stands for all that have its fingerprint.
  const isRepeated = new Uint8Array(count);
  forEachGroup(groups, (members) => members.forEach((sample, at) => (isRepeated[sample] = at === 0 ? 0 : 1)));
  const isFound = new Uint8Array(count);
  for (const pictures of bySize(fingerprints, (sample) => readable(sample) && isRepeated[sample] === 0)) {
    yield* compare(fingerprints, pictures, isFound);
  }
  forEachGroup(groups, (members) => {
    if (isFound[members[0] ?? 0] === 1) for (const sample of members) isFound[sample] = 1;
  });
  return Uint32Array.from(samplesWith(isFound));
}

function* samplesWith(flags: Uint8Array): Generator<number> {
  for (let sample = flags.indexOf(1); sample >= 0; sample = flags.indexOf(1, sample + 1)) yield sample;
}

/** Pictures of one size and mode, for every size of a provisional one that has others. */
function bySize(
  { count, widths, heights, modes, provisional }: Fingerprints,
  takesPart: (sample: number) => boolean,
): number[][] {
  const key = (sample: number): number =>
    ((widths[sample] ?? 0) * 2 ** 22 + (heights[sample] ?? 0)) * MODES.length + (modes[sample] ?? 0);
  const sizes = new Map<number, number[]>();
  for (let sample = 0; sample < count; sample++) if (provisional[sample] === 1) sizes.set(key(sample), []);
  for (let sample = 0; sample < count; sample++) if (takesPart(sample)) sizes.get(key(sample))?.push(sample);
  return [...sizes.values()].filter((pictures) => pictures.length > 1);
}

/** Marks provisional pictures that look like another one of the list. */
function* compare(
  { signatures, provisional }: Fingerprints,
  pictures: readonly number[],
  isFound: Uint8Array,
): Generator<undefined> {
  const tree = new LookTree(signatures, Uint32Array.from(pictures));
  yield* tree.build();
  for (const picture of pictures) {
    if (provisional[picture] === 0 || isFound[picture] === 1) continue;
    const other = tree.lookalikeOf(picture);
    if (other >= 0) {
      isFound[picture] = 1;
      isFound[other] = provisional[other] ?? 0;
    }
    if (tree.isTurnOver()) yield;
  }
}

interface Node {
  readonly from: number;
  readonly to: number;
  /** Block whose mean parts the pictures: below `level` they are in the first child, else in the second. */
  block: number;
  level: number;
  children: readonly [Node, Node] | null;
}

/**
 * A k-d tree (J. L. Bentley, "Multidimensional binary search trees used for associative searching", 1975) over the 64 block
 * means of pictures.
 */
class LookTree {
  private readonly root: Node;
  private steps = 0;

  constructor(
    private readonly signatures: Uint8Array,
    private readonly pictures: Uint32Array,
  ) {
    this.root = { from: 0, to: pictures.length, block: 0, level: 0, children: null };
  }

  /** Whether it is time to give way; asking begins the next turn. */
  isTurnOver(): boolean {
    if (this.steps < STEPS_A_TURN) return false;
    this.steps = 0;
    return true;
  }

  *build(): Generator<undefined> {
    const open = [this.root];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.to - node.from <= LEAF || !this.split(node)) continue;
      open.push(...(node.children ?? []));
      if (this.isTurnOver()) yield;
    }
  }

  /** Another picture whose block means are all within the tolerance; -1 when there is none. */
  lookalikeOf(picture: number): number {
    const { signatures, pictures } = this;
    const at = picture * SIGNATURE_BYTES;
    const open = [this.root];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      this.steps++;
      if (node.children !== null) {
        const level = signatures[at + node.block] ?? 0;
        const [below, above] = node.children;
        if (level + LOOK_TOLERANCE >= node.level) open.push(above);
        if (level - LOOK_TOLERANCE < node.level) open.push(below);
        continue;
      }
      this.steps += node.to - node.from;
      for (let i = node.from; i < node.to; i++) {
        const other = pictures[i] ?? 0;
        if (other !== picture && lookAlike(signatures, at, other * SIGNATURE_BYTES)) return other;
      }
    }
    return -1;
  }

  /** Parts the pictures of a node at about the median of one block; false when they all look the same. */
  private split(node: Node): boolean {
    const { signatures, pictures } = this;
    const size = node.to - node.from;
    this.steps += size + PROBED * SIGNATURE_BYTES;
    node.block = this.widestBlock(node);
    const histogram = new Uint32Array(256);
    const levelAt = (i: number): number => signatures[(pictures[i] ?? 0) * SIGNATURE_BYTES + node.block] ?? 0;
    for (let i = node.from; i < node.to; i++) {
      const level = levelAt(i);
      histogram[level] = (histogram[level] ?? 0) + 1;
    }
    let below = histogram[0] ?? 0;
    let level = 1;
    while (level < 255 && (below < size / 2 || below === 0)) below += histogram[level++] ?? 0;
    // All of the upper half may be of one level: then that one goes up.
    if (below === size) below -= histogram[--level] ?? 0;
    if (below === 0 || below === size) return false;
    node.level = level;
    let middle = node.from;
    for (let i = node.from; i < node.to; i++) {
      if (levelAt(i) >= level) continue;
      [pictures[i], pictures[middle]] = [pictures[middle] ?? 0, pictures[i] ?? 0];
      middle++;
    }
    node.children = [
      { from: node.from, to: middle, block: 0, level: 0, children: null },
      { from: middle, to: node.to, block: 0, level: 0, children: null },
    ];
    return true;
  }

  private widestBlock({ from, to }: Node): number {
    const { signatures, pictures } = this;
    const step = Math.max(1, Math.floor((to - from) / PROBED));
    let widest = 0;
    let most = -1;
    for (let block = 0; block < SIGNATURE_BYTES; block++) {
      let [least, greatest] = [255, 0];
      for (let i = from; i < to; i += step) {
        const level = signatures[(pictures[i] ?? 0) * SIGNATURE_BYTES + block] ?? 0;
        least = Math.min(least, level);
        greatest = Math.max(greatest, level);
      }
      if (greatest - least > most) [widest, most] = [block, greatest - least];
    }
    return widest;
  }
}

/**
 * Whether two pictures, samples of two sets, may have the same pixels: they have one size and mode, and all their block means
 * are the same up to the tolerance.
 */
export function mayBeEqual(ofOne: Fingerprints, sample: number, ofOther: Fingerprints, other: number): boolean {
  const isSame = (column: "widths" | "heights" | "modes"): boolean => ofOne[column][sample] === ofOther[column][other];
  return (
    isSame("widths") &&
    isSame("heights") &&
    isSame("modes") &&
    lookAlike(ofOne.signatures, sample * SIGNATURE_BYTES, other * SIGNATURE_BYTES, ofOther.signatures)
  );
}

/** Whether two signatures are the same up to the tolerance, at these places of their columns. */
function lookAlike(signatures: Uint8Array, a: number, b: number, others = signatures): boolean {
  for (let i = 0; i < SIGNATURE_BYTES; i++) {
    if (Math.abs((signatures[a + i] ?? 0) - (others[b + i] ?? 0)) > LOOK_TOLERANCE) return false;
  }
  return true;
}
