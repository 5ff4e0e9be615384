import { SampleState } from "../dataset/dataset";
import type { Fingerprints } from "../fingerprint/fingerprints";
import { SIGNATURE_BYTES, SIGNATURE_SIDE } from "../fingerprint/signature";
import { MODES } from "../picture";
import { forEachGroup, groupByDigest } from "./groups";

/**
 * Grey levels by which each of the 64 block means of two pictures may differ that could still be pixel-identical. The
 * means of a JPEG come from its coefficients and lack what colours lose where they are cut off at 0 and 255; measured on
 * photos and conformance files that is at most a few levels (`docs/decoding.md`).
 */
export const LOOK_TOLERANCE = 10;

/** Up to here all pairs of a set of one size are compared; beyond, only those in neighbouring cells. */
const FEW = 64;

/** Cells along each of four axes, the mean grey levels of the quarters of a picture; a power of two for their number. */
const CELLS = 32;

/** Pictures after which the search gives way to other work. */
const PICTURES_A_TURN = 1024;

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
  const cells = pictures.length > FEW ? new Cells(signatures, pictures) : null;
  for (const [index, picture] of pictures.entries()) {
    if (index % PICTURES_A_TURN === PICTURES_A_TURN - 1) yield;
    if (provisional[picture] === 0 || isFound[picture] === 1) continue;
    for (const other of cells?.around(picture) ?? pictures) {
      if (other === picture || !lookAlike(signatures, picture, other)) continue;
      isFound[picture] = 1;
      isFound[other] = provisional[other] ?? 0;
      break;
    }
  }
}

function lookAlike(signatures: Uint8Array, a: number, b: number): boolean {
  const [from, other] = [a * SIGNATURE_BYTES, b * SIGNATURE_BYTES];
  for (let i = 0; i < SIGNATURE_BYTES; i++) {
    if (Math.abs((signatures[from + i] ?? 0) - (signatures[other + i] ?? 0)) > LOOK_TOLERANCE) return false;
  }
  return true;
}

/** Pictures by the means of their quarters: those that look alike are in the same cell or in neighbours. */
class Cells {
  private readonly first = new Int32Array(CELLS ** 4).fill(-1);
  /** Index of the next picture of the same cell; -1 after the last. */
  private readonly next: Int32Array;

  constructor(
    private readonly signatures: Uint8Array,
    private readonly pictures: readonly number[],
  ) {
    this.next = new Int32Array(pictures.length);
    pictures.forEach((picture, index) => {
      const cell = this.cellOf(picture).reduce((number, at) => number * CELLS + at, 0);
      this.next[index] = this.first[cell] ?? -1;
      this.first[cell] = index;
    });
  }

  /** The pictures in the cell of a picture and around it, itself too. */
  *around(picture: number): Generator<number> {
    const [a = 0, b = 0, c = 0, d = 0] = this.cellOf(picture);
    for (let neighbour = 0; neighbour < 81; neighbour++) {
      const [da, db, dc, dd] = [
        neighbour % 3,
        Math.floor(neighbour / 3) % 3,
        Math.floor(neighbour / 9) % 3,
        Math.floor(neighbour / 27),
      ];
      const cell = (((a + da - 1) * CELLS + b + db - 1) * CELLS + c + dc - 1) * CELLS + d + dd - 1;
      for (let index = this.first[cell] ?? -1; index >= 0; index = this.next[index] ?? -1) {
        yield this.pictures[index] ?? 0;
      }
    }
  }

  /** Where a picture is on each axis, from 1 on, so that every neighbour is on it too. */
  private cellOf(picture: number): readonly number[] {
    const sums = [0, 0, 0, 0];
    const half = SIGNATURE_SIDE / 2;
    for (let i = 0; i < SIGNATURE_BYTES; i++) {
      const quarter = (i < SIGNATURE_BYTES / 2 ? 0 : 2) + (i % SIGNATURE_SIDE < half ? 0 : 1);
      sums[quarter] = (sums[quarter] ?? 0) + (this.signatures[picture * SIGNATURE_BYTES + i] ?? 0);
    }
    return sums.map((sum) => 1 + Math.floor(sum / (SIGNATURE_BYTES / 4) / LOOK_TOLERANCE));
  }
}
