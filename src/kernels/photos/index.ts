/**
 * Compares one photo with many: `src/core/near/structure.ts` says how and is what this must equal. The host fills the
 * columns of the second photos once, then sets the first one and calls `compare` for each: see
 * `src/engine/kernels/photosWasm.ts`. All addresses are fixed; every buffer has room behind it, because 16 bytes are read
 * at a time.
 */

/** Most second photos at a time. */
export const MAX_SECONDS: u32 = 4096;

const LOOK_SIDE: usize = 32;
const LOOK_BYTES: usize = 1024;
const LAYOUT_BYTES: usize = 576;
const FIELD_FROM: usize = 4;
const FIELD: usize = 24;
const ROOM: usize = 64;

// The second photos. Their hashes as four columns of 16 bits, one a parity; of their layouts the middle again, so that what
// is looked at often lies together.
export const HASHES: usize = 0x10000;
export const CENTRES: usize = HASHES + 4 * 2 * MAX_SECONDS + ROOM;
export const LAYOUTS: usize = CENTRES + 64 * MAX_SECONDS;
export const LOOKS: usize = LAYOUTS + LAYOUT_BYTES * MAX_SECONDS;

// The first photo.
export const FIRST_HASH: usize = LOOKS + LOOK_BYTES * MAX_SECONDS;
export const FIRST_LAYOUT: usize = FIRST_HASH + ROOM;
export const FIRST_LOOK: usize = FIRST_LAYOUT + 64;

// What was found: which of the second photos, its score, transform, and shift right and down.
export const FOUND: usize = FIRST_LOOK + LOOK_BYTES;
export const SCORES: usize = FOUND + 4 * MAX_SECONDS;
export const TURNS: usize = SCORES + 4 * MAX_SECONDS;
export const SHIFTS: usize = TURNS + MAX_SECONDS;

/** The first hash for each turn of the second photo. */
const TURNED_HASHES: usize = SHIFTS + 2 * MAX_SECONDS;
/** The layout of the first photo for each turn of the second one, as 16-bit numbers. */
const TURNED_LAYOUTS: usize = TURNED_HASHES + 64;
/** A look with its border repeated: rows of 64 bytes, the look from byte 16 of row 1 on. */
const PADDED: usize = TURNED_LAYOUTS + 8 * 128;
const PADDED_STRIDE: usize = 64;
const SMOOTH: usize = PADDED + 34 * PADDED_STRIDE + ROOM;
const FIRST_STRUCTURE: usize = SMOOTH + 2 * LOOK_BYTES + ROOM;
const SECOND_STRUCTURE: usize = FIRST_STRUCTURE + 4 * LOOK_BYTES;
export const END: usize = SECOND_STRUCTURE + 4 * LOOK_BYTES + ROOM;

let maxDistance: u32 = 0;
let minCentre: i32 = 0;
let minCorrelation: i32 = 0;
let roughScore: f64 = 0;
let noise: f64 = 0;

/** Sets the thresholds of `structure.ts`. */
export function configure(centre: i32, correlation: i32, rough: f64, weak: f64): void {
  minCentre = centre;
  minCorrelation = correlation;
  roughScore = rough;
  noise = weak * <f64>(FIELD * FIELD);
}

// Of the structure of the first photo: its energy, and the sums of both parts.
let hasStructure: bool = false;
let firstEnergy: i64 = 0;
let firstAcross: i64 = 0;
let firstDown: i64 = 0;

// The best alignment of the photos that are compared; `score` is that of the shift tried last.
let bestScore: f64 = 0;
let bestRight: i32 = 0;
let bestDown: i32 = 0;

/**
 * Compares the first photo with the second ones `from` .. `to` - 1 whose hashes differ in at most `distance` bits. Answers
 * how many of them are as good as `reach`, in order.
 *
 * Eight are passed over at a time when none has a hash near enough. Mirroring inverts the bits of parities 1 and 3, turning
 * upside down those of 2 and 3, so that counts of bits that differ in each parity, less 8 of its 16, serve four turns: the
 * least of them is that of q0 + q3 - |q1 + q2| and q0 - q3 - |q1 - q2|. The other four turns have the hash transposed.
 */
export function compare(from: u32, to: u32, distance: u32, reach: f64): u32 {
  maxDistance = distance;
  turnFirst();
  hasStructure = false;
  let count: u32 = 0;
  const a0 = v128.load16_splat(TURNED_HASHES);
  const a1 = v128.load16_splat(TURNED_HASHES, 2);
  const a2 = v128.load16_splat(TURNED_HASHES, 4);
  const a3 = v128.load16_splat(TURNED_HASHES, 6);
  const b0 = v128.load16_splat(TURNED_HASHES + 32);
  const b1 = v128.load16_splat(TURNED_HASHES + 32, 2);
  const b2 = v128.load16_splat(TURNED_HASHES + 32, 4);
  const b3 = v128.load16_splat(TURNED_HASHES + 32, 6);
  const eight = i16x8.splat(8);
  const most = i16x8.splat(<i16>maxDistance - 24);
  // Lanes before `from` and from `to` on are passed over.
  for (let base = from & ~7; base < to; base += 8) {
    const at = HASHES + ((<usize>base) << 1);
    const h0 = v128.load(at);
    const h1 = v128.load(at + 2 * MAX_SECONDS);
    const h2 = v128.load(at + 4 * MAX_SECONDS);
    const h3 = v128.load(at + 6 * MAX_SECONDS);
    let q1 = i16x8.sub(differences(a1, h1), eight);
    let q2 = i16x8.sub(differences(a2, h2), eight);
    let q3 = differences(a3, h3);
    const straight = i16x8.add(differences(a0, h0), leastOfFour(q1, q2, i16x8.sub(q3, eight)));
    q1 = i16x8.sub(differences(b1, h1), eight);
    q2 = i16x8.sub(differences(b2, h2), eight);
    q3 = differences(b3, h3);
    const transposed = i16x8.add(differences(b0, h0), leastOfFour(q1, q2, i16x8.sub(q3, eight)));
    const isNear = i16x8.le_s(i16x8.min_s(straight, transposed), most);
    if (!v128.any_true(isNear)) continue;
    for (let lanes = i16x8.bitmask(isNear); lanes !== 0; lanes &= lanes - 1) {
      const second = base + ctz(lanes);
      if (second < from || second >= to || !compareWith(second, reach)) continue;
      store<u32>(FOUND + ((<usize>count) << 2), second);
      store<f32>(SCORES + ((<usize>count) << 2), <f32>foundScore);
      store<u8>(TURNS + count, <u8>foundTurn);
      store<i8>(SHIFTS + ((<usize>count) << 1), <i8>foundRight);
      store<i8>(SHIFTS + ((<usize>count) << 1), <i8>foundDown, 1);
      count++;
    }
  }
  return count;
}

function differences(a: v128, b: v128): v128 {
  return i16x8.extadd_pairwise_i8x16_u(i8x16.popcnt(v128.xor(a, b)));
}

function leastOfFour(q1: v128, q2: v128, q3: v128): v128 {
  const same = i16x8.sub(q3, i16x8.abs(i16x8.add(q1, q2)));
  const other = i16x8.sub(i16x8.neg(q3), i16x8.abs(i16x8.sub(q1, q2)));
  return i16x8.min_s(same, other);
}

let foundScore: f64 = 0;
let foundTurn: u32 = 0;
let foundRight: i32 = 0;
let foundDown: i32 = 0;

/** Compares the first photo with one second photo under all turns; false when it is not as good as `reach`. */
function compareWith(second: u32, reach: f64): bool {
  const at = HASHES + ((<usize>second) << 1);
  const low = load<u16>(at) | ((<u32>load<u16>(at + 2 * MAX_SECONDS)) << 16);
  const high = load<u16>(at + 4 * MAX_SECONDS) | ((<u32>load<u16>(at + 6 * MAX_SECONDS)) << 16);
  const hash = (<u64>low) | ((<u64>high) << 32);
  foundScore = -Infinity;
  for (let turn: u32 = 0; turn < 8; turn++) {
    const distance = popcnt(load<u64>(TURNED_HASHES + ((<usize>turn) << 3)) ^ hash);
    if (<u32>distance > maxDistance || !align(second, turn)) continue;
    compareTurned(second, turn);
    if (bestScore <= foundScore) continue;
    foundScore = bestScore;
    foundTurn = turn;
    foundRight = bestRight;
    foundDown = bestDown;
  }
  return foundScore >= reach;
}

/** Hash and layout of the first photo, turned so that the second one need not be. */
function turnFirst(): void {
  for (let t: usize = 0; t < 8; t++) {
    let hash: u64 = 0;
    for (let at: usize = 0; at < 64; at++) {
      const parity = at >> 4;
      const rest = at & 15;
      const from = t < 4 ? at : (((parity & 1) * 2 + (parity >> 1)) << 4) | ((rest & 3) << 2) | (rest >> 2);
      // The inverse of a turn with transposition changes the signs of what it changed before that.
      const isNegated = (popcnt(<u32>(t & 3 & parity)) & 1) === 1;
      const value: i16 = load<i8>(FIRST_LAYOUT + from);
      store<i16>(TURNED_LAYOUTS + (t << 7) + (at << 1), isNegated ? -value : value);
      const bit = (load<u64>(FIRST_HASH) >> from) & 1;
      if (at !== 0) hash |= (bit ^ (isNegated ? 1 : 0)) << at;
    }
    store<u64>(TURNED_HASHES + (t << 3), hash);
  }
}

/** Finds the shift at which the layouts are most alike; false when they are not alike enough. */
function align(second: u32, turn: u32): bool {
  const first = TURNED_LAYOUTS + ((<usize>turn) << 7);
  if (correlate(first, CENTRES + ((<usize>second) << 6)) < minCentre) return false;
  const layout = LAYOUTS + <usize>second * LAYOUT_BYTES;
  let most: i32 = i32.MIN_VALUE;
  for (let down: i32 = -1; down <= 1; down++) {
    for (let right: i32 = -1; right <= 1; right++) {
      let x = (turn & 4) === 0 ? -right : -down;
      let y = (turn & 4) === 0 ? -down : -right;
      if ((turn & 2) !== 0) y = -y;
      if ((turn & 1) !== 0) x = -x;
      const correlation = correlate(first, layout + ((<usize>(3 * (y + 1) + x + 1)) << 6));
      if (correlation <= most) continue;
      most = correlation;
      bestRight = 2 * right;
      bestDown = 2 * down;
    }
  }
  return most >= minCorrelation;
}

/** The sum of products of 64 numbers of 16 bits and 64 of 8 bits. */
function correlate(first: usize, second: usize): i32 {
  let sum = i64x2.splat(0);
  for (const end = second + 64; second < end; second += 16, first += 32) {
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load(first), v128.load8x8_s(second)));
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load(first, 16), v128.load8x8_s(second, 8)));
  }
  return total(sum);
}

function total(lanes: v128): i32 {
  const two = i32x4.add(lanes, i32x4.shuffle(lanes, lanes, 2, 3, 0, 1));
  return i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
}

/** Leaves the best score of the structures, and its shift in half levels, searched from the shift in `best...` on. */
function compareTurned(second: u32, turn: u32): void {
  if (!hasStructure) prepareFirst();
  pad(LOOKS + ((<usize>second) << 10), turn);
  findStructure(SECOND_STRUCTURE);
  bestScore = scoreAt(bestRight, bestDown);
  if (bestScore < roughScore) return;
  for (let step = 2; step > 0; step--) {
    improve(step, 0);
    improve(0, step);
  }
}

/** Takes the shift that differs by x and y, in either direction, when it is better. */
function improve(x: i32, y: i32): void {
  const right = bestRight;
  const down = bestDown;
  for (let sign = -1; sign <= 1; sign += 2) {
    const score = scoreAt(right + sign * x, down + sign * y);
    if (score <= bestScore) continue;
    bestScore = score;
    bestRight = right + sign * x;
    bestDown = down + sign * y;
  }
}

function prepareFirst(): void {
  hasStructure = true;
  pad(FIRST_LOOK, 0);
  findStructure(FIRST_STRUCTURE);
  firstEnergy = 0;
  for (let part: usize = 0; part < 2; part++) {
    let squares: i64 = 0;
    let sum: i64 = 0;
    for (let y = FIELD_FROM; y < FIELD_FROM + FIELD; y++) {
      for (let x = FIELD_FROM; x < FIELD_FROM + FIELD; x++) {
        const value: i32 = load<i16>(FIRST_STRUCTURE + (part << 11) + (((y << 5) + x) << 1));
        squares += value * value;
        sum += value;
      }
    }
    firstEnergy += squares * (FIELD * FIELD) - sum * sum;
    if (part === 0) firstAcross = sum;
    else firstDown = sum;
  }
}

/** Writes a look to `PADDED`, turned. */
function pad(look: usize, turn: u32): void {
  const isTransposed = (turn & 4) !== 0;
  const flipX: usize = (turn & 1) !== 0 ? 31 : 0;
  const flipY: usize = (turn & 2) !== 0 ? 31 : 0;
  for (let y: usize = 0; y < LOOK_SIDE; y++) {
    const to = PADDED + (y + 1) * PADDED_STRIDE + 16;
    if (turn === 0) {
      v128.store(to, v128.load(look + (y << 5)));
      v128.store(to, v128.load(look + (y << 5), 16), 16);
    } else {
      for (let x: usize = 0; x < LOOK_SIDE; x++) {
        const fromX = (isTransposed ? y : x) ^ flipX;
        const fromY = (isTransposed ? x : y) ^ flipY;
        store<u8>(to + x, load<u8>(look + (fromY << 5) + fromX));
      }
    }
    store<u8>(to - 1, load<u8>(to));
    store<u8>(to + 32, load<u8>(to + 31));
  }
  memory.copy(PADDED, PADDED + PADDED_STRIDE, PADDED_STRIDE);
  memory.copy(PADDED + 33 * PADDED_STRIDE, PADDED + 32 * PADDED_STRIDE, PADDED_STRIDE);
}

/** Writes the gradient of the smoothed look at `PADDED`; the border of the structure stays zero. */
function findStructure(structure: usize): void {
  const two = i16x8.splat(2);
  for (let y: usize = 0; y < LOOK_SIDE; y++) {
    for (let x: usize = 0; x < LOOK_SIDE; x += 8) {
      const at = PADDED + y * PADDED_STRIDE + 16 + x;
      const middle = smoothAcross(at + PADDED_STRIDE);
      const outer = i16x8.add(smoothAcross(at), smoothAcross(at + 2 * PADDED_STRIDE));
      const sum = i16x8.add(i16x8.add(outer, i16x8.shl(middle, 1)), two);
      v128.store(SMOOTH + (((y << 5) + x) << 1), i16x8.shr_u(sum, 2));
    }
  }
  for (let y: usize = 1; y < LOOK_SIDE - 1; y++) {
    for (let x: usize = 0; x < LOOK_SIDE; x += 8) {
      const at = ((y << 5) + x) << 1;
      let across = i16x8.sub(v128.load(SMOOTH + at + 2), v128.load(SMOOTH + at - 2));
      let down = i16x8.sub(v128.load(SMOOTH + at + 64), v128.load(SMOOTH + at - 64));
      if (x === 0) {
        across = i16x8.replace_lane(across, 0, 0);
        down = i16x8.replace_lane(down, 0, 0);
      } else if (x === 24) {
        across = i16x8.replace_lane(across, 7, 0);
        down = i16x8.replace_lane(down, 7, 0);
      }
      v128.store(structure + at, across);
      v128.store(structure + 2 * LOOK_BYTES + at, down);
    }
  }
}

/** 1, 2, 1 times three neighbouring levels, of eight levels. */
function smoothAcross(at: usize): v128 {
  const outer = i16x8.add(v128.load8x8_u(at - 1), v128.load8x8_u(at + 1));
  return i16x8.add(outer, i16x8.shl(v128.load8x8_u(at), 1));
}

function scoreAt(right: i32, down: i32): f64 {
  const stepX: usize = (right & 1) << 1;
  const stepY: usize = (down & 1) << 6;
  const from: isize = -(((((down + 1) >> 1) << 5) + ((right + 1) >> 1)) << 1);
  let product: i64 = 0;
  let energy: i64 = 0;
  for (let part: usize = 0; part < 2; part++) {
    let products = i64x2.splat(0);
    let squares = products;
    let sums = products;
    const ones = i16x8.splat(1);
    for (let y = FIELD_FROM; y < FIELD_FROM + FIELD; y++) {
      const row = (part << 11) + (y << 6) + (FIELD_FROM << 1);
      for (let at = row; at < row + 2 * FIELD; at += 16) {
        const value = v128.load(FIRST_STRUCTURE + at);
        const beside = SECOND_STRUCTURE + at + from;
        let other = v128.load(beside);
        if ((stepX | stepY) !== 0) {
          const above = i16x8.shr_s(i16x8.add(other, v128.load(beside + stepX)), 1);
          const below = i16x8.shr_s(i16x8.add(v128.load(beside + stepY), v128.load(beside + stepY + stepX)), 1);
          other = i16x8.shr_s(i16x8.add(above, below), 1);
        }
        products = i32x4.add(products, i32x4.dot_i16x8_s(value, other));
        squares = i32x4.add(squares, i32x4.dot_i16x8_s(other, other));
        sums = i32x4.add(sums, i32x4.dot_i16x8_s(other, ones));
      }
    }
    const sum: i64 = total(sums);
    product += <i64>total(products) * <i64>(FIELD * FIELD) - sum * (part === 0 ? firstAcross : firstDown);
    energy += <i64>total(squares) * <i64>(FIELD * FIELD) - sum * sum;
  }
  return <f64>product / sqrt((<f64>firstEnergy + noise) * (<f64>energy + noise));
}
