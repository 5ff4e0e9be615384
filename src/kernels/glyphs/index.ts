/**
 * Finds the pictures of one leaf of a tree that are near to those of the leaves behind it. `src/engine/near/glyphSpace.ts` says
 * what the tree is and where it lies in the memory, which all threads share: nothing is written but what is found.
 */

/** Pictures of a leaf, and of a group whose coordinates lie side by side. */
const LEAF: u32 = 64;
const GROUP: u32 = 4;
/** Bytes of the coordinates of a leaf and of a group, and of a box. */
const LEAF_BYTES: usize = 2048;
const GROUP_BYTES: usize = 128;
const BOX_BYTES: usize = 64;
/** Bytes of a pair that was found. */
const PAIR_BYTES: usize = 12;

let looks: usize = 0;
let order: usize = 0;
let leaves: usize = 0;
let boxes: usize = 0;
let pixels: u32 = 0;
let count: u32 = 0;
let leafCount: u32 = 0;
let depth: u32 = 0;

/** Where things are; see `Space`. */
export function setSpace(
  looksAt: usize,
  orderAt: usize,
  leavesAt: usize,
  boxesAt: usize,
  pixelsOfPicture: u32,
  pictures: u32,
  depthOfTree: u32,
): void {
  looks = looksAt;
  order = orderAt;
  leaves = leavesAt;
  boxes = boxesAt;
  pixels = pixelsOfPicture;
  count = pictures;
  leafCount = (pictures + LEAF - 1) / LEAF;
  depth = depthOfTree;
}

/** Pairs that `searchLeaf` found. */
export let found: u32 = 0;

/** Largest sums of squares for coordinates and for pixels, and how many pictures were compared by their pixels. */
let far: i32 = 0;
let most: i32 = 0;
let compared: u32 = 0;
let output: usize = 0;

/**
 * Compares the pictures of leaf `leaf` with those of the leaves from `from` on, which is at least `leaf`. Writes pairs to
 * `out`: two pictures by their numbers, the lower one first, and the sum of their squared differences. Answers the leaf
 * that it did not come to, because no leaf could be left for which there is room, or because so many pictures were
 * compared; the count of leaves when it is done.
 */
export function searchLeaf(
  leaf: u32,
  from: u32,
  farthest: i32,
  mostSquares: i32,
  out: usize,
  room: u32,
  comparisons: u32,
): u32 {
  far = farthest;
  most = mostSquares;
  output = out;
  found = 0;
  compared = 0;
  const box = boxOf(0, leaf);
  let other = from;
  let level = levelAt(other);
  while (other < leafCount) {
    if (isApart(box, boxOf(level, other >> level))) {
      other += 1 << level;
      level = levelAt(other);
    } else if (level > 0) {
      level--;
    } else {
      if (room - found < LEAF * LEAF || compared >= comparisons) return other;
      compareLeaves(leaf, other);
      other++;
      level = levelAt(other);
    }
  }
  return leafCount;
}

/** The largest node that begins with a leaf. */
function levelAt(leaf: u32): u32 {
  return min(<u32>ctz(leaf), depth);
}

/** Nodes of a level follow those of the level below; level 0 has room for 2^depth of them. */
function boxOf(level: u32, node: u32): usize {
  const all: u32 = 2 << depth;
  return boxes + <usize>(all - (all >> level) + node) * BOX_BYTES;
}

/** How far 8 coordinates are outside of an interval. */
function gap(least: v128, most: v128, low: v128, high: v128): v128 {
  return i16x8.max_s(i16x8.max_s(i16x8.sub(low, most), i16x8.sub(least, high)), i64x2.splat(0));
}

/** Whether no picture in one box can be near to one in the other. */
function isApart(a: usize, b: usize): bool {
  const first = gap(v128.load(a), v128.load(a, 32), v128.load(b), v128.load(b, 32));
  const second = gap(v128.load(a, 16), v128.load(a, 48), v128.load(b, 16), v128.load(b, 48));
  return sum(i32x4.add(i32x4.dot_i16x8_s(first, first), i32x4.dot_i16x8_s(second, second))) > far;
}

function sum(lanes: v128): i32 {
  const two = i32x4.add(lanes, i64x2.shuffle(lanes, lanes, 1, 0));
  return i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
}

function compareLeaves(a: u32, b: u32): void {
  const box = boxOf(0, b);
  const limit = i32x4.splat(far);
  for (let group: u32 = 0; group < LEAF / GROUP; group++) {
    const at = leaves + <usize>a * LEAF_BYTES + <usize>group * GROUP_BYTES;
    // Of a group, the pictures that are near enough to the box.
    let distance = i64x2.splat(0);
    for (let pair: usize = 0; pair < 8; pair++) {
      const outside = gap(
        v128.load(at + (pair << 4)),
        v128.load(at + (pair << 4)),
        v128.load32_splat(box + (pair << 2)),
        v128.load32_splat(box + (pair << 2), 32),
      );
      distance = i32x4.add(distance, i32x4.dot_i16x8_s(outside, outside));
    }
    let lanes = i32x4.bitmask(i32x4.le_s(distance, limit));
    while (lanes !== 0) {
      const lane: u32 = ctz(lanes);
      lanes &= lanes - 1;
      const place = a * LEAF + group * GROUP + lane;
      if (place >= count) return;
      compareWithLeaf(place, at + ((<usize>lane) << 2), b, limit);
    }
  }
}

function squares(own: v128, at: usize): v128 {
  const difference = i16x8.sub(v128.load(at), own);
  return i32x4.dot_i16x8_s(difference, difference);
}

/** Compares a picture, whose coordinates are at `at`, with those of a leaf that come after it. */
function compareWithLeaf(place: u32, at: usize, leaf: u32, limit: v128): void {
  const p0 = v128.load32_splat(at);
  const p1 = v128.load32_splat(at, 16);
  const p2 = v128.load32_splat(at, 32);
  const p3 = v128.load32_splat(at, 48);
  const p4 = v128.load32_splat(at, 64);
  const p5 = v128.load32_splat(at, 80);
  const p6 = v128.load32_splat(at, 96);
  const p7 = v128.load32_splat(at, 112);
  let other = leaves + <usize>leaf * LEAF_BYTES;
  for (let group: u32 = 0; group < LEAF / GROUP; group++, other += GROUP_BYTES) {
    // The first four coordinates tell most pictures apart.
    let distance = i32x4.add(squares(p0, other), squares(p1, other + 16));
    if (!v128.any_true(i32x4.le_s(distance, limit))) continue;
    distance = i32x4.add(distance, i32x4.add(squares(p2, other + 32), squares(p3, other + 48)));
    distance = i32x4.add(distance, i32x4.add(squares(p4, other + 64), squares(p5, other + 80)));
    distance = i32x4.add(distance, i32x4.add(squares(p6, other + 96), squares(p7, other + 112)));
    let lanes = i32x4.bitmask(i32x4.le_s(distance, limit));
    while (lanes !== 0) {
      const next = leaf * LEAF + group * GROUP + <u32>ctz(lanes);
      lanes &= lanes - 1;
      if (next > place && next < count) comparePixels(place, next);
    }
  }
}

/** Pixels after which it is looked whether two pictures are apart already. */
const PIXELS_AT_ONCE: u32 = 112;

function comparePixels(place: u32, next: u32): void {
  compared++;
  const first = load<u32>(order + ((<usize>place) << 2));
  const second = load<u32>(order + ((<usize>next) << 2));
  let a = looks + <usize>first * pixels;
  let b = looks + <usize>second * pixels;
  const end = a + pixels;
  let lanes = i64x2.splat(0);
  while (a + 16 <= end) {
    const stop = a + (min<usize>(PIXELS_AT_ONCE, end - a) & ~15);
    for (; a < stop; a += 16, b += 16) {
      const x = v128.load(a);
      const y = v128.load(b);
      const difference = v128.or(i8x16.sub_sat_u(x, y), i8x16.sub_sat_u(y, x));
      const low = i16x8.extend_low_i8x16_u(difference);
      const high = i16x8.extend_high_i8x16_u(difference);
      lanes = i32x4.add(lanes, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
    }
    if (sum(lanes) > most) return;
  }
  let total = sum(lanes);
  for (; a < end; a++, b++) {
    const difference = <i32>load<u8>(a) - <i32>load<u8>(b);
    total += difference * difference;
  }
  if (total > most) return;
  const at = output + <usize>found * PAIR_BYTES;
  store<u32>(at, min(first, second));
  store<u32>(at, max(first, second), 4);
  store<u32>(at, total, 8);
  found++;
}
