/**
 * When two photos are near duplicates. Everything is found in their looks: grey levels scaled to 32 x 32 by `blockMeans`.
 * Where a picture was stored in another format or size, its look hardly changes.
 *
 * Two pictures are compared under each of the eight {@link TRANSFORMS} of the second one, in three steps of rising cost.
 * 1. Their {@link Layout.hash} differ in at most {@link MAX_DISTANCE} of 63 bits.
 * 2. Their layouts correlate at one of nine small shifts: see {@link alignLayouts}.
 * 3. The gradients of their looks are compared around that shift: see {@link compareStructures}.
 * The score of a pair is the best of the turns that pass the first two steps; without such a turn it is no pair.
 *
 * Of very many pictures only those are compared whose {@link sketchesOf} are alike, which is several times faster and misses some.
 *
 * This is the definition. Integers make up all of it but for square roots and divisions, which are the same everywhere, so
 * that `src/kernels/photos`, the fast way, gives the same bits.
 */
import { TRANSFORMS } from "./near";

/** Columns and rows of a look. */
export const LOOK_SIDE = 32;

/** Bytes of a look. */
export const LOOK_BYTES = LOOK_SIDE * LOOK_SIDE;

/** Frequencies across and down of a layout. */
export const FREQUENCIES = 8;

/** Numbers of a layout at one shift. */
export const LAYOUT_SIZE = FREQUENCIES * FREQUENCIES;

/** Shifts of a layout: -1, 0, 1 right, and the same down. */
const LAYOUT_SHIFTS = 9;

/** Bytes of all of them. */
export const LAYOUT_BYTES = LAYOUT_SHIFTS * LAYOUT_SIZE;

/** Index of the layout that is not shifted. */
export const CENTRE = 4;

/** What the layout is found in: the middle of the look. Borders are what cropping and shifting replace. */
export const WINDOW = 28;

/**
 * Bits of 63 in which the hashes of a candidate differ at most. Of photos shifted by 3 % right and down, 99 of 100 differ in
 * at most 22; of pairs of distinct pictures 13 in 1000 are as near in one turn.
 */
export const MAX_DISTANCE = 22;

/**
 * Bits of 32 in which the sketches of two pictures differ at most. Of copies that are turned, re-encoded, or shifted by up to
 * 2 % all but one in a hundred differ in no more, of those shifted by 3 % right and down 87 of 100; of pairs of distinct
 * pictures 2 in 1000.
 */
export const MAX_SKETCH_DISTANCE = 6;

/**
 * Which way a picture lies is in doubt where its two lowest frequencies are no larger than this, of 127, or where its
 * structures across and down differ by less than one part of so many.
 */
const DOUBTFUL_ENTRY = 2;
const DOUBTFUL_BALANCE = 18;

/** What a layout is multiplied with, so that it fits into a byte. */
const LAYOUT_SCALE = 127;

/** The least correlation of the layouts of a candidate at the best shift, and without a shift: 0.7 and 0.4. */
export const MIN_CORRELATION = Math.round(0.7 * LAYOUT_SCALE ** 2);
export const MIN_CENTRE = Math.round(0.4 * LAYOUT_SCALE ** 2);

/**
 * `round(128 * cos((2 * x + 1) * u * pi / 56))` at `u * 28 + x`. The right half is made from the left one, so that the
 * symmetries are exact.
 */
export const BASIS = Float64Array.from({ length: FREQUENCIES * WINDOW }, (_, at) => {
  const [u, x] = [Math.floor(at / WINDOW), at % WINDOW];
  const left = Math.min(x, WINDOW - 1 - x);
  const value = Math.round(128 * Math.cos(((2 * left + 1) * u * Math.PI) / (2 * WINDOW)));
  return left === x || u % 2 === 0 ? value : -value;
});

/** The frequencies across (u) and down (v) of the entries of a layout: see {@link Layout.shifted}. */
const ACROSS = Uint8Array.from({ length: LAYOUT_SIZE }, (_, at) => 2 * ((at >> 2) & 3) + ((at >> 4) & 1));
const DOWN = Uint8Array.from({ length: LAYOUT_SIZE }, (_, at) => 2 * (at & 3) + (at >> 5));

/** How much an entry counts in a layout: as much as its frequency does in the gradient of the picture. */
export const WEIGHTS = Float64Array.from({ length: LAYOUT_SIZE }, (_, at) => {
  const [u, v] = [ACROSS[at] ?? 0, DOWN[at] ?? 0];
  return Math.sqrt((u * u + v * v) * (u === 0 ? 0.5 : 1) * (v === 0 ? 0.5 : 1));
});

/** The coarse structure of a picture, to find out quickly what cannot be near. */
export interface Layout {
  /**
   * Frequencies of the middle 28 x 28 levels, and of windows that lie one level beside it: 64 entries, -127..127, for each
   * of nine windows, which lie at `3 * (down + 1) + right + 1`. See {@link layoutOf}. Entry
   * `16 * parity + 4 * (u >> 1) + (v >> 1)` is of frequency u across and v down, where parity is (u & 1) + 2 * (v & 1): what
   * changes its sign together lies together.
   */
  readonly shifted: Int8Array;
  /** 64 bits as two words, bits 0 to 31 first: 1 where the entry of the middle is positive. */
  readonly hash: Uint32Array;
}

/**
 * The layout of a look g. The discrete cosine transform (DCT-II) of a window of w = 28 levels at (left, top),
 *
 *     c(u, v) = sum of g[top + y][left + x] * cos((2x + 1) u pi / 2w) * cos((2y + 1) v pi / 2w)
 *
 * with cosines in 1/128, is exact in integers. Each is weighted by its frequency, as it counts in the gradient of the
 * picture, and all are scaled to the length 127 and rounded; (0, 0) is only the mean and counts for nothing. The hash is
 * the perceptual hash of C. Zauner (2010) with a threshold of zero in place of the median.
 *
 * Mirroring changes the sign of the coefficients with an odd u, turning upside down that of odd v, and transposing swaps u
 * and v: one transform serves all eight ways that a picture can lie.
 */
export function layoutOf(look: Uint8Array): Layout {
  const shifted = new Int8Array(LAYOUT_BYTES);
  const hash = new Uint32Array(2);
  const margin = (LOOK_SIDE - WINDOW) / 2;
  const across = new Float64Array(FREQUENCIES * LOOK_SIDE);
  const coefficients = new Float64Array(LAYOUT_SIZE);
  for (let right = -1; right <= 1; right++) {
    for (let u = 0; u < FREQUENCIES; u++) {
      for (let y = 0; y < LOOK_SIDE; y++) {
        const from = y * LOOK_SIDE + margin + right;
        let sum = 0;
        for (let x = 0; x < WINDOW; x++) sum += (look[from + x] ?? 0) * (BASIS[u * WINDOW + x] ?? 0);
        across[u * LOOK_SIDE + y] = sum;
      }
    }
    for (let down = -1; down <= 1; down++) {
      let squares = 0;
      for (let at = 1; at < LAYOUT_SIZE; at++) {
        const from = (ACROSS[at] ?? 0) * LOOK_SIDE + margin + down;
        const basis = (DOWN[at] ?? 0) * WINDOW;
        let sum = 0;
        for (let y = 0; y < WINDOW; y++) sum += (across[from + y] ?? 0) * (BASIS[basis + y] ?? 0);
        if (right === 0 && down === 0 && sum > 0) setBit(hash, at);
        const weighted = sum * (WEIGHTS[at] ?? 0);
        coefficients[at] = weighted;
        squares += weighted * weighted;
      }
      if (squares === 0) continue;
      const scale = LAYOUT_SCALE / Math.sqrt(squares);
      const to = (3 * (down + 1) + right + 1) * LAYOUT_SIZE;
      for (let at = 1; at < LAYOUT_SIZE; at++) shifted[to + at] = Math.floor((coefficients[at] ?? 0) * scale + 0.5);
    }
  }
  return { shifted, hash };
}

function setBit(hash: Uint32Array, bit: number): void {
  const word = bit >> 5;
  hash[word] = (hash[word] ?? 0) | (1 << (bit & 31));
}

/** Where an entry of the layout of a turned picture is found in that of the picture, and whether its sign changes. */
function turnedEntry(at: number, transform: number): { readonly from: number; readonly isNegated: boolean } {
  const isTransposed = (transform & 4) !== 0;
  const parity = isTransposed ? ((at >> 4) & 1) * 2 + (at >> 5) : at >> 4;
  const rest = isTransposed ? ((at & 3) << 2) | ((at >> 2) & 3) : at & 15;
  return { from: 16 * parity + rest, isNegated: (((transform & parity) ^ ((transform & parity) >> 1)) & 1) === 1 };
}

/** The transform that undoes one. */
export function inverseOf(transform: number): number {
  // Of the eight only the two rotations by 90 degrees are not their own inverse.
  return transform === 5 ? 6 : transform === 6 ? 5 : transform;
}

/** The entries of the middle, of the picture turned; `shifted` is {@link Layout.shifted}. */
function turnLayout(shifted: Int8Array, transform: number): Int8Array {
  return Int8Array.from({ length: LAYOUT_SIZE }, (_, at) => {
    const { from, isNegated } = turnedEntry(at, transform);
    const value = shifted[CENTRE * LAYOUT_SIZE + from] ?? 0;
    return isNegated ? -value : value;
  });
}

/**
 * The hash that a picture is compared with instead of turning the other one: with coefficients that are exactly zero, bits
 * of a turned picture are not just those of the picture in other places. 64 bits as two words.
 */
export function turnHash(hash: Uint32Array, transform: number): Uint32Array {
  const turned = new Uint32Array(2);
  for (let at = 1; at < LAYOUT_SIZE; at++) {
    const { from, isNegated } = turnedEntry(at, transform);
    const bit = ((hash[from >> 5] ?? 0) >>> (from & 31)) & 1;
    if ((bit === 1) !== isNegated) setBit(turned, at);
  }
  return turned;
}

/** Bits in which two 64-bit numbers differ. */
export function hammingDistance(a: Uint32Array, b: Uint32Array): number {
  return countBits((a[0] ?? 0) ^ (b[0] ?? 0)) + countBits((a[1] ?? 0) ^ (b[1] ?? 0));
}

function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/** Entries of a layout that are in a sketch: eight of each parity, of the lowest frequencies but those that say how it lies. */
const SKETCHED = Uint8Array.from(
  Array.from({ length: LAYOUT_SIZE }, (_, at) => at).filter((at) => {
    const [u, v] = [ACROSS[at] ?? 0, DOWN[at] ?? 0];
    return u < 6 && v < 6 && u + v > 1 && u + v < 10;
  }),
);

/**
 * Sketches of a picture: the 32 bits of its hash that are of the lowest frequencies, of the picture turned so that light
 * falls from the left and from above, and that it changes more across than down. Where one of these is in doubt there is a sketch
 * for either way; the first is the likeliest. So pictures need not be compared under all turns: each with the first sketch
 * of the other.
 */
export function sketchesOf({ shifted, hash }: Layout): Uint32Array {
  return Uint32Array.from(turnsInDoubt(shifted), (turn) => {
    const turned = turnHash(hash, turn);
    let sketch = 0;
    SKETCHED.forEach((at, bit) => (sketch |= (((turned[at >> 5] ?? 0) >>> (at & 31)) & 1) << bit));
    return sketch;
  });
}

/** The turns of which one makes a picture lie as sketches do: see {@link sketchesOf}. The first is the likeliest. */
function turnsInDoubt(shifted: Int8Array): number[] {
  const entry = (at: number): number => shifted[CENTRE * LAYOUT_SIZE + at] ?? 0;
  let [balance, all] = [0, 0];
  for (let at = 1; at < LAYOUT_SIZE; at++) {
    const [u, v] = [ACROSS[at] ?? 0, DOWN[at] ?? 0];
    balance += entry(at) ** 2 * (u - v);
    all += entry(at) ** 2 * (u + v);
  }
  // The lowest frequencies across and down: see `Layout.shifted`.
  const [across, down] = [entry(16), entry(32)];
  let turns = [(balance < 0 ? 4 : 0) | (down < 0 ? 2 : 0) | (across < 0 ? 1 : 0)];
  if (Math.abs(across) <= DOUBTFUL_ENTRY) turns = turns.flatMap((turn) => [turn, turn ^ 1]);
  if (Math.abs(down) <= DOUBTFUL_ENTRY) turns = turns.flatMap((turn) => [turn, turn ^ 2]);
  if (Math.abs(balance) * DOUBTFUL_BALANCE <= all) turns = turns.flatMap((turn) => [turn, turn ^ 4]);
  return turns;
}

/** By how much something must be moved right and down. */
export type Shift = readonly [right: number, down: number];

/**
 * At which of nine shifts, -1, 0, 1 right and down in 1/32 of the side, the layout of the second picture, turned, is most
 * like that of the first one; `null` when they are not alike enough there, or without a shift. What is compared is the sum
 * of products of their entries, 127^2 for equal ones. Of equal shifts the first, by rows. `first` is the layout of the first
 * picture, turned by the inverse of `transform`.
 */
function alignLayouts(first: Int8Array, second: Int8Array, transform: number): Shift | null {
  if (correlate(first, second, CENTRE) < MIN_CENTRE) return null;
  let most = -Infinity;
  let shift: Shift = [0, 0];
  for (let down = -1; down <= 1; down++) {
    for (let right = -1; right <= 1; right++) {
      // What must be moved right is found to the left; in the picture as it is stored that is another direction.
      let [x, y] = (transform & 4) === 0 ? [-right, -down] : [-down, -right];
      if ((transform & 2) !== 0) y = -y;
      if ((transform & 1) !== 0) x = -x;
      const correlation = correlate(first, second, 3 * (y + 1) + x + 1);
      if (correlation <= most) continue;
      most = correlation;
      shift = [right, down];
    }
  }
  return most < MIN_CORRELATION ? null : shift;
}

function correlate(first: Int8Array, second: Int8Array, window: number): number {
  const at = window * LAYOUT_SIZE;
  let sum = 0;
  for (let i = 0; i < LAYOUT_SIZE; i++) sum += (first[i] ?? 0) * (second[at + i] ?? 0);
  return sum;
}

/** A square of levels, turned: see {@link TRANSFORMS}. `transform` is 0..7. */
export function turnSquare(levels: Uint8Array, side: number, transform: number): Uint8Array {
  const turned = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      // Undone in the opposite order: where the level at x, y comes from.
      let [fromX, fromY] = (transform & 4) === 0 ? [x, y] : [y, x];
      if ((transform & 2) !== 0) fromY = side - 1 - fromY;
      if ((transform & 1) !== 0) fromX = side - 1 - fromX;
      turned[y * side + x] = levels[fromY * side + fromX] ?? 0;
    }
  }
  return turned;
}

/** The gradient of a look: 32 x 32 differences across, then as many downwards. See {@link structureOf}. */
export type Structure = Int16Array;

/**
 * The gradient of a look, as differences of the two neighbours of each level, in 1/4 of a grey level; zero at the border.
 * The look is smoothed before (by 1, 2, 1 across and down), so that it matters less when a picture was shifted by a part of
 * a level.
 */
function structureOf(look: Uint8Array): Structure {
  const side = LOOK_SIDE;
  const within = (at: number): number => Math.min(side - 1, Math.max(0, at));
  const smooth = new Int16Array(LOOK_BYTES);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const [left, right] = [within(x - 1), within(x + 1)];
      const row = (of: number): number =>
        (look[of * side + left] ?? 0) + 2 * (look[of * side + x] ?? 0) + (look[of * side + right] ?? 0);
      smooth[y * side + x] = (row(within(y - 1)) + 2 * row(y) + row(within(y + 1)) + 2) >> 2;
    }
  }
  const structure = new Int16Array(2 * LOOK_BYTES);
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      const at = y * side + x;
      structure[at] = (smooth[at + 1] ?? 0) - (smooth[at - 1] ?? 0);
      structure[LOOK_BYTES + at] = (smooth[at + side] ?? 0) - (smooth[at - side] ?? 0);
    }
  }
  return structure;
}

/** The structure of the first picture counts in its middle 24 x 24 levels; around them there is room for shifts. */
const FIELD = 24;
const FIELD_FROM = (LOOK_SIDE - FIELD) / 2;

/**
 * Added to the energy of both pictures, in 1/16 of a grey level squared: as much as a gradient of half a level everywhere.
 * What is weaker may be rounding, and smooth pictures such as skies would correlate by chance.
 */
export const NOISE = 2 * FIELD * FIELD * 4;

/** By how much the shift is changed to find a better one, in 1/64 of the side: in each direction, one after the other. */
const STEPS: readonly Shift[] = [
  [2, 0],
  [0, 2],
  [1, 0],
  [0, 1],
];

/** What is less like each other than this at the shift of the layouts is not compared at others. */
export const ROUGH_SCORE = 0.4;

/** How alike two pictures are, and where. */
export interface Alignment {
  /** -1..1. */
  readonly score: number;
  /** By how much the second picture must be moved right and down, in 1/64 of its side. */
  readonly shift: Shift;
}

/**
 * How alike two structures are: the correlation of the gradients (dx, dy) of the first picture with those of the second
 * one, moved,
 *
 *     sum of (dx1 dx2 + dy1 dy2) / sqrt((n + sum of (dx1^2 + dy1^2)) * (n + sum of (dx2^2 + dy2^2)))
 *
 * over the middle 24 x 24 levels of the first one, with n = {@link NOISE}. The means of dx and of dy are subtracted before:
 * light that falls evenly from one side is no structure. Brightness and contrast do not change the score. The shift is
 * searched from `start` (in 1/32) on, by whole and then by half levels, where levels between are means of their
 * neighbours: see {@link STEPS}. Of equally good shifts the one tried first.
 */
function compareStructures(first: Structure, second: Structure, start: Shift): Alignment {
  let best = scoreAt(first, second, [2 * start[0], 2 * start[1]]);
  if (best.score < ROUGH_SCORE) return best;
  for (const [x, y] of STEPS) {
    const [right, down] = best.shift;
    for (const sign of [-1, 1]) {
      const found = scoreAt(first, second, [right + sign * x, down + sign * y]);
      if (found.score > best.score) best = found;
    }
  }
  return best;
}

/** The score at one shift in 1/64 of the side, -5..5. */
function scoreAt(first: Structure, second: Structure, shift: Shift): Alignment {
  const [right, down] = shift;
  const [stepX, stepY] = [right & 1, (down & 1) * LOOK_SIDE];
  // Half a level to the right is between a level and its left neighbour.
  const from = -((down + 1) >> 1) * LOOK_SIDE - ((right + 1) >> 1);
  const area = FIELD * FIELD;
  let [product, energy, otherEnergy] = [0, 0, 0];
  for (const part of [0, LOOK_BYTES]) {
    let [sum, otherSum] = [0, 0];
    for (let y = FIELD_FROM; y < FIELD_FROM + FIELD; y++) {
      for (let x = FIELD_FROM; x < FIELD_FROM + FIELD; x++) {
        const at = part + y * LOOK_SIDE + x;
        const value = first[at] ?? 0;
        const above = ((second[at + from] ?? 0) + (second[at + from + stepX] ?? 0)) >> 1;
        const below = ((second[at + from + stepY] ?? 0) + (second[at + from + stepY + stepX] ?? 0)) >> 1;
        const other = (above + below) >> 1;
        product += area * value * other;
        energy += area * value * value;
        otherEnergy += area * other * other;
        sum += value;
        otherSum += other;
      }
    }
    product -= sum * otherSum;
    energy -= sum * sum;
    otherEnergy -= otherSum * otherSum;
  }
  const noise = area * NOISE;
  return { score: product / Math.sqrt((energy + noise) * (otherEnergy + noise)), shift };
}

/** What is compared of a picture. */
export interface Photo extends Layout {
  readonly look: Uint8Array;
}

/** A photo by its look. */
export function photoOf(look: Uint8Array): Photo {
  return { look, ...layoutOf(look) };
}

/** How near two photos are, and how the second one must be turned and moved. */
export interface Likeness extends Alignment {
  readonly transform: number;
}

/** Compares one photo with others: what is the same for all of them is found once. */
export class PhotoComparer {
  /** Hash and layout for each turn of the other photo. */
  private readonly turned: readonly { readonly hash: Uint32Array; readonly layout: Int8Array }[];
  private structure: Structure | undefined;

  private sketches: Uint32Array | undefined;

  constructor(private readonly photo: Photo) {
    this.turned = TRANSFORMS.map((_, transform) => {
      const inverse = inverseOf(transform);
      return { hash: turnHash(photo.hash, inverse), layout: turnLayout(photo.shifted, inverse) };
    });
  }

  /** How near a second photo is; `null` when it is no candidate. Of equally good turns the first counts. */
  compare(second: Photo): Likeness | null {
    let best: Likeness | null = null;
    for (const [transform, { hash, layout }] of this.turned.entries()) {
      if (hammingDistance(hash, second.hash) > MAX_DISTANCE) continue;
      const shift = alignLayouts(layout, second.shifted, transform);
      if (shift === null) continue;
      const found = this.compareTurned(second, transform, shift);
      if (best === null || found.score > best.score) best = found;
    }
    return best;
  }

  /** Whether one of the sketches of this photo is like the first one of the second photo. */
  hasSketchLike(second: Photo): boolean {
    this.sketches ??= sketchesOf(this.photo);
    const [other = 0] = sketchesOf(second);
    return this.sketches.some((sketch) => countBits(sketch ^ other) <= MAX_SKETCH_DISTANCE);
  }

  /** How a second photo lies best on this one, though it may be no candidate. */
  align(second: Photo): Likeness {
    return TRANSFORMS.map((_, transform) => this.compareTurned(second, transform, [0, 0])).reduce((best, found) =>
      found.score > best.score ? found : best,
    );
  }

  private compareTurned(second: Photo, transform: number, start: Shift): Likeness {
    this.structure ??= structureOf(this.photo.look);
    const turned = structureOf(turnSquare(second.look, LOOK_SIDE, transform));
    return { ...compareStructures(this.structure, turned, start), transform };
  }
}
