/**
 * Compares one photo with many: `src/core/near/structure.ts` says how and is what this must equal. The host fills the
 * columns of the second photos once, then sets the first one and calls `compare` for each: see
 * `src/engine/kernels/photosWasm.ts`. All addresses are fixed; every buffer has room behind it, because 16 bytes are read
 * at a time.
 */

/** Most second photos at a time. */
export const MAX_SECONDS: u32 = 8192;

const LOOK_SIDE: usize = 32;
const LOOK_BYTES: usize = 1024;
const LAYOUT_BYTES: usize = 576;
const FIELD_FROM: usize = 4;
const FIELD: usize = 24;
const ROOM: usize = 64;
const DOUBTFUL_ENTRY: i32 = 2;
const DOUBTFUL_BALANCE: i32 = 18;

// The second photos. Their hashes as four columns of 16 bits, one a parity; of their layouts the middle again, so that what
// is looked at often lies together. The first sketch of each.
export const HASHES: usize = 0x10000;
export const SKETCHES: usize = HASHES + 4 * 2 * MAX_SECONDS + ROOM;
export const CENTRES: usize = SKETCHES + 4 * MAX_SECONDS;
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
/** Sketches of the first photo: at most eight. */
export const FIRST_SKETCHES: usize = TURNED_LAYOUTS + 8 * 128;
/**
 * The second photos in the order of each byte of their sketches: which they are, their sketches as four columns of 8 bits,
 * and for each value of the byte where those with it begin. In each the first byte, then the second one, and so on.
 */
const ORDERS: usize = FIRST_SKETCHES + 32;
const SORTED: usize = ORDERS + 4 * 2 * MAX_SECONDS;
const STARTS: usize = SORTED + 4 * 4 * MAX_SECONDS + ROOM;
/** A bit for each second photo whose sketch is near enough. */
const ALIKE: usize = STARTS + 4 * 257 * 4;
/** A look with its border repeated: rows of 64 bytes, the look from byte 16 of row 1 on. */
const PADDED: usize = ((ALIKE + (MAX_SECONDS >> 3) + 63) >> 6) << 6;
const PADDED_STRIDE: usize = 64;
const SMOOTH: usize = PADDED + 34 * PADDED_STRIDE + ROOM;
const FIRST_STRUCTURE: usize = SMOOTH + 2 * LOOK_BYTES + ROOM;
const SECOND_STRUCTURE: usize = FIRST_STRUCTURE + 4 * LOOK_BYTES;
/** A layout that was found of the look of the first photo. */
export const FOUND_LAYOUT: usize = SECOND_STRUCTURE + 4 * LOOK_BYTES + ROOM;
/** Filled by the host: the cosines of frequencies 0..7 at 28 levels, 32 numbers of 16 bits a row; the weights of a layout. */
export const BASIS: usize = FOUND_LAYOUT + LAYOUT_BYTES;
export const WEIGHTS: usize = BASIS + 2 * 8 * 32;
/** The same cosines, sums of each row of levels, and frequencies, as 64-bit floats. */
const COSINES: usize = WEIGHTS + 8 * 64;
const ACROSS: usize = COSINES + 8 * 8 * 32;
const FREQUENCIES: usize = ACROSS + 8 * 8 * 32;
export const END: usize = FREQUENCIES + 8 * 64;

let maxDistance: u32 = 0;
let maxSketchDistance: u32 = 0;
let minCentre: i32 = 0;
let minCorrelation: i32 = 0;
let roughScore: f64 = 0;
let noise: f64 = 0;

/** Sets the thresholds of `structure.ts`. */
export function configure(
  distance: u32,
  sketchDistance: u32,
  centre: i32,
  correlation: i32,
  rough: f64,
  weak: f64,
): void {
  maxDistance = distance;
  maxSketchDistance = sketchDistance;
  minCentre = centre;
  minCorrelation = correlation;
  roughScore = rough;
  noise = weak * <f64>(FIELD * FIELD);
  for (let at: usize = 0; at < 8 * 32; at++) store<f64>(COSINES + (at << 3), <f64>load<i16>(BASIS + (at << 1)));
}

/**
 * Finds the layout and the hash of the look of the first photo, and its sketches: see `layoutOf`. Floats hold the sums, which
 * are whole numbers, exactly; what is rounded is so in the same order.
 */
export function findLayout(): void {
  store<u64>(FIRST_HASH, 0);
  memory.fill(FOUND_LAYOUT, 0, LAYOUT_BYTES);
  for (let right: usize = 0; right < 3; right++) {
    for (let u: usize = 0; u < 8; u++) {
      for (let y: usize = 0; y < LOOK_SIDE; y++) {
        store<f64>(ACROSS + (((u << 5) + y) << 3), <f64>sumAcross(FIRST_LOOK + (y << 5) + 1 + right, BASIS + (u << 6)));
      }
    }
    for (let below: usize = 0; below < 3; below++) findFrequencies(right, below);
  }
  memory.copy(FIRST_LAYOUT, FOUND_LAYOUT + 4 * 64, 64);
  turnFirst();
  sketchFirst();
}

/** The sum of 28 levels times cosines; rows of cosines go on with zeros. */
function sumAcross(levels: usize, cosines: usize): i32 {
  let sum = i32x4.splat(0);
  for (let x: usize = 0; x < 32; x += 8) {
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load8x8_u(levels + x), v128.load(cosines + (x << 1))));
  }
  return total(sum);
}

/** Writes the layout of the window that lies `right` - 1 levels to the right and `below` - 1 below the middle. */
function findFrequencies(right: usize, below: usize): void {
  let squares: f64 = 0;
  for (let at: u32 = 1; at < 64; at++) {
    const levels = ACROSS + ((((<usize>across(at)) << 5) + 1 + below) << 3);
    const cosines = COSINES + ((<usize>down(at)) << 8);
    let sums = f64x2.splat(0);
    for (let y: usize = 0; y < 28 << 3; y += 16) {
      sums = f64x2.add(sums, f64x2.mul(v128.load(levels + y), v128.load(cosines + y)));
    }
    const sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
    if (right === 1 && below === 1 && sum > 0) store<u64>(FIRST_HASH, load<u64>(FIRST_HASH) | ((<u64>1) << at));
    const weighted = sum * load<f64>(WEIGHTS + ((<usize>at) << 3));
    store<f64>(FREQUENCIES + ((<usize>at) << 3), weighted);
    squares += weighted * weighted;
  }
  if (squares === 0) return;
  const scale = 127 / sqrt(squares);
  const layout = FOUND_LAYOUT + ((3 * below + right) << 6);
  for (let at: usize = 1; at < 64; at++) {
    store<i8>(layout + at, <i8>floor(load<f64>(FREQUENCIES + (at << 3)) * scale + 0.5));
  }
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

let reachedScore: f64 = 0;
let foundCount: u32 = 0;

/**
 * Compares the first photo with the second ones `from` .. `to` - 1, or only with those whose sketches are like one of its
 * own. Answers how many of them are as good as `reach`, in order.
 */
export function compare(from: u32, to: u32, reach: f64, bySketches: bool): u32 {
  turnFirst();
  hasStructure = false;
  reachedScore = reach;
  foundCount = 0;
  if (bySketches) scanSketches(from, to);
  else scanHashes(from, to);
  return foundCount;
}

/**
 * Eight are passed over at a time when none has a hash near enough. Mirroring inverts the bits of parities 1 and 3, turning
 * upside down those of 2 and 3, so that counts of bits that differ in each parity, less 8 of its 16, serve four turns: the
 * least of them is that of q0 + q3 - |q1 + q2| and q0 - q3 - |q1 - q2|. The other four turns have the hash transposed.
 */
function scanHashes(from: u32, to: u32): void {
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
      if (second >= from && second < to) compareAndKeep(second);
    }
  }
}

/** Sorts the sketches of the second photos, of which there are `count`: once for all first photos. */
export function sortSketches(count: u32): void {
  for (let byte: usize = 0; byte < 4; byte++) {
    const starts = STARTS + byte * 257 * 4;
    memory.fill(starts, 0, 257 * 4);
    for (let row: usize = 0; row < count; row++) {
      const counter = starts + ((<usize>load<u8>(SKETCHES + (row << 2) + byte) + 1) << 2);
      store<u32>(counter, load<u32>(counter) + 1);
    }
    for (let value: usize = 1; value < 257; value++) {
      const start = starts + (value << 2);
      store<u32>(start, load<u32>(start) + load<u32>(start - 4));
    }
    // From the last row on each start moves from the end of its rows to their beginning.
    for (let row: isize = <isize>count - 1; row >= 0; row--) {
      const start = starts + ((<usize>load<u8>(SKETCHES + (row << 2) + byte) + 1) << 2);
      const at: usize = load<u32>(start) - 1;
      store<u32>(start, <u32>at);
      store<u16>(ORDERS + ((byte * MAX_SECONDS + at) << 1), <u16>row);
      for (let column: usize = 0; column < 4; column++) {
        store<u8>(SORTED + (byte * 4 + column) * MAX_SECONDS + at, load<u8>(SKETCHES + (row << 2) + column));
      }
    }
    // Now entry v + 1 says where value v begins; where the last one ends is known.
    memory.copy(starts, starts + 4, 256 * 4);
    store<u32>(starts + 256 * 4, count);
  }
}

/**
 * Compares with those that have a sketch near to one of the first photo. Of four bytes that differ in at most 7 bits
 * together one differs in at most one bit: of each only second photos with those nine values are looked at.
 */
function scanSketches(from: u32, to: u32): void {
  memory.fill(ALIKE, 0, MAX_SECONDS >> 3);
  const end = FIRST_SKETCHES + ((<usize>sketchFirst()) << 2);
  for (let sketch = FIRST_SKETCHES; sketch < end; sketch += 4) {
    const s0 = v128.load8_splat(sketch);
    const s1 = v128.load8_splat(sketch, 1);
    const s2 = v128.load8_splat(sketch, 2);
    const s3 = v128.load8_splat(sketch, 3);
    for (let byte: usize = 0; byte < 4; byte++) {
      const value = <u32>load<u8>(sketch + byte);
      scanValue(byte, value, s0, s1, s2, s3);
      for (let bit: u32 = 1; bit < 256; bit <<= 1) scanValue(byte, value ^ bit, s0, s1, s2, s3);
    }
  }
  for (let base: u32 = from & ~63; base < to; base += 64) {
    const alike = load<u64>(ALIKE + (base >> 3));
    for (let lanes = alike; lanes !== 0; lanes &= lanes - 1) {
      const second = base + <u32>ctz(lanes);
      if (second >= from && second < to) compareAndKeep(second);
    }
  }
}

/** Marks which second photos of those with this value of a byte have a sketch that is near enough. */
function scanValue(byte: usize, value: u32, s0: v128, s1: v128, s2: v128, s3: v128): void {
  const start = STARTS + ((byte * 257 + value) << 2);
  const end: usize = load<u32>(start, 4);
  const most = i8x16.splat(<i8>maxSketchDistance);
  for (let at: usize = load<u32>(start); at < end; at += 16) {
    const column = SORTED + byte * 4 * MAX_SECONDS + at;
    const low = i8x16.add(
      i8x16.popcnt(v128.xor(s0, v128.load(column))),
      i8x16.popcnt(v128.xor(s1, v128.load(column + MAX_SECONDS))),
    );
    const high = i8x16.add(
      i8x16.popcnt(v128.xor(s2, v128.load(column + 2 * MAX_SECONDS))),
      i8x16.popcnt(v128.xor(s3, v128.load(column + 3 * MAX_SECONDS))),
    );
    const isNear = i8x16.le_s(i8x16.add(low, high), most);
    if (!v128.any_true(isNear)) continue;
    for (let lanes = i8x16.bitmask(isNear); lanes !== 0; lanes &= lanes - 1) {
      const place = at + ctz(lanes);
      if (place >= end) break;
      const row: u32 = load<u16>(ORDERS + ((byte * MAX_SECONDS + place) << 1));
      const flag = ALIKE + (row >> 3);
      store<u8>(flag, <u8>((<u32>load<u8>(flag)) | (1 << (row & 7))));
    }
  }
}

/** Compares the first photo with a second one, and keeps what is as good as asked for. */
function compareAndKeep(second: u32): void {
  if (!compareWith(second, reachedScore)) return;
  const at = <usize>foundCount;
  store<u32>(FOUND + (at << 2), second);
  store<f32>(SCORES + (at << 2), <f32>foundScore);
  store<u8>(TURNS + at, <u8>foundTurn);
  store<i8>(SHIFTS + (at << 1), <i8>foundRight);
  store<i8>(SHIFTS + (at << 1), <i8>foundDown, 1);
  foundCount++;
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

/** The hash of the first photo, turned so that the second one need not be. */
function turnFirst(): void {
  // The lowest bit is of the mean and counts for nothing.
  const hash = load<u64>(FIRST_HASH) & ~1;
  const transposed = transpose(hash);
  for (let turn: usize = 0; turn < 8; turn++) {
    store<u64>(TURNED_HASHES + (turn << 3), (turn < 4 ? hash : transposed) ^ load<u64>(NEGATED + ((turn & 3) << 3)));
  }
  turnedLayouts = 0;
}

/** Bits that mirroring (1) and turning upside down (2) invert: those of parities 1 and 3, and of 2 and 3. */
const NEGATED = memory.data<u64>([0, 0xffff_0000_ffff_0000, 0xffff_ffff_0000_0000, 0x0000_ffff_ffff_0000]);

/** A hash with frequencies across and down exchanged: the squares of 4 x 4 bits of each parity, and parities 1 and 2. */
function transpose(hash: u64): u64 {
  let moved = (hash ^ (hash >> 3)) & 0x0a0a_0a0a_0a0a_0a0a;
  hash ^= moved ^ (moved << 3);
  moved = (hash ^ (hash >> 6)) & 0x00cc_00cc_00cc_00cc;
  hash ^= moved ^ (moved << 6);
  moved = (hash ^ (hash >> 16)) & 0x0000_0000_ffff_0000;
  return hash ^ moved ^ (moved << 16);
}

/** A bit for each turn of which `TURNED_LAYOUTS` holds the layout of the first photo. */
let turnedLayouts: u32 = 0;

/** The layout of the first photo for a turn of the second one. */
function turnedLayout(turn: u32): usize {
  const layout = TURNED_LAYOUTS + ((<usize>turn) << 7);
  if (((turnedLayouts >> turn) & 1) !== 0) return layout;
  turnedLayouts |= 1 << turn;
  const negated = load<u64>(NEGATED + ((<usize>(turn & 3)) << 3));
  for (let at: usize = 0; at < 64; at++) {
    const rest = at & 15;
    const from = turn < 4 ? at : ((((at >> 4) & 1) * 2 + (at >> 5)) << 4) | ((rest & 3) << 2) | (rest >> 2);
    const value: i16 = load<i8>(FIRST_LAYOUT + from);
    store<i16>(layout + (at << 1), ((negated >> at) & 1) !== 0 ? -value : value);
  }
  return layout;
}

/** Writes the sketches of the first photo and answers how many there are: see `sketchesOf`. */
function sketchFirst(): u32 {
  let balance: i32 = 0;
  let all: i32 = 0;
  for (let at: u32 = 1; at < 64; at++) {
    const entry: i32 = load<i8>(FIRST_LAYOUT + at);
    balance += entry * entry * (across(at) - down(at));
    all += entry * entry * (across(at) + down(at));
  }
  const right: i32 = load<i8>(FIRST_LAYOUT + 16);
  const below: i32 = load<i8>(FIRST_LAYOUT + 32);
  const likely: u32 = (balance < 0 ? 4 : 0) | (below < 0 ? 2 : 0) | (right < 0 ? 1 : 0);
  const doubts: u32 =
    (abs(balance) * DOUBTFUL_BALANCE <= all ? 4 : 0) |
    (abs(below) <= DOUBTFUL_ENTRY ? 2 : 0) |
    (abs(right) <= DOUBTFUL_ENTRY ? 1 : 0);
  let count: u32 = 0;
  for (let change: u32 = 0; change < 8; change++) {
    if ((change & ~doubts) !== 0) continue;
    store<u32>(FIRST_SKETCHES + ((<usize>count) << 2), sketchOf(likely ^ change));
    count++;
  }
  return count;
}

/** The sketch of the first photo when it is turned. */
function sketchOf(turn: u32): u32 {
  // Hashes are those of inverse turns; only the two rotations by 90 degrees are not their own.
  const inverse: u32 = turn === 5 ? 6 : turn === 6 ? 5 : turn;
  const hash = load<u64>(TURNED_HASHES + ((<usize>inverse) << 3));
  let sketch: u32 = 0;
  let bit: u32 = 0;
  for (let at: u32 = 1; at < 64; at++) {
    const u = across(at);
    const v = down(at);
    if (u < 6 && v < 6 && u + v > 1 && u + v < 10) sketch |= ((<u32>(hash >> at)) & 1) << bit++;
  }
  return sketch;
}

/** Frequencies of an entry of a layout. */
function across(at: u32): i32 {
  return 2 * ((at >> 2) & 3) + ((at >> 4) & 1);
}

function down(at: u32): i32 {
  return 2 * (at & 3) + (at >> 5);
}

/** Finds the shift at which the layouts are most alike; false when they are not alike enough. */
function align(second: u32, turn: u32): bool {
  const first = turnedLayout(turn);
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
