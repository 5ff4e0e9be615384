/**
 * Block means of pictures of up to 32 x 32, where no block of the grid of 32 touches more than two pixels of a row or of a
 * column. What to add to what depends on the size only, and is kept from one picture to the next.
 */
import { APPEARANCE, BLOCKS } from "./layout";

export const MAX_SMALL_SIDE: u32 = 32;

// Across: of 16 blocks each, the places of the two pixels from a start, and their shares as 16-bit numbers.
const ACROSS: usize = APPEARANCE + 2048;
// Down: for each of 32 rows of blocks, where the first line of sums is, and the shares of it and the next as a pair.
const DOWN: usize = ACROSS + 2 * 96;
// Of each of 8 rows of blocks: which picture row is the first, and the shares of it and the four that follow.
const ROWS: usize = DOWN + 32 * 8;
// Of each of 9 columns of blocks: which column is the first, and the shares of it and the five that follow as three pairs.
const COLUMNS: usize = ROWS + 8 * 24;
/** Sums across of each picture row: 32 16-bit numbers. */
const LINES: usize = COLUMNS + 9 * 16;
/** Sums down of each of the 8 rows of blocks: 32 16-bit numbers. Then the same, column by column. */
const SUMS: usize = LINES + 34 * 64;
const TURNED: usize = SUMS + 8 * 64;

let plannedWidth: u32 = 0;
let plannedHeight: u32 = 0;

/** The share of pixel `at` in block `block` when `size` pixels make `blocks` blocks, in 1/blocks of a pixel. */
function shareOf(at: i32, block: i32, size: i32, blocks: i32): i32 {
  return max(0, min((at + 1) * blocks, (block + 1) * size) - max(at * blocks, block * size));
}

function plan(width: i32, height: i32): void {
  plannedWidth = width;
  plannedHeight = height;
  for (let block = 0; block < 32; block++) {
    const half: i32 = block >> 4;
    const table = ACROSS + half * 96;
    const at = (block * width) >> 5;
    const start = half === 0 ? 0 : width >> 1;
    store<u8>(table + (block & 15), <u8>(at - start));
    store<u8>(table + (block & 15), <u8>(at - start + 1), 16);
    store<u16>(table + ((block & 15) << 1), <u16>shareOf(at, block, width, 32), 32);
    store<u16>(table + ((block & 15) << 1), <u16>shareOf(at + 1, block, width, 32), 64);
    const line = (block * height) >> 5;
    store<u32>(DOWN + (block << 3), <u32>(LINES + (line << 6)));
    const pair = shareOf(line, block, height, 32) | (shareOf(line + 1, block, height, 32) << 16);
    store<u32>(DOWN + (block << 3), pair, 4);
  }
  for (let block = 0; block < 8; block++) {
    const first = (block * height) >> 3;
    store<u32>(ROWS + block * 24, first);
    for (let i = 0; i < 5; i++) store<u32>(ROWS + block * 24 + (i << 2), shareOf(first + i, block, height, 8), 4);
  }
  for (let block = 0; block < 9; block++) {
    const first = (block * width) / 9;
    store<u32>(COLUMNS + (block << 4), <u32>(TURNED + (first << 4)));
    for (let i = 0; i < 3; i++) {
      const pair = shareOf(first + 2 * i, block, width, 9) | (shareOf(first + 2 * i + 1, block, width, 9) << 16);
      store<u32>(COLUMNS + (block << 4) + (i << 2), pair, 4);
    }
  }
}

/**
 * Means of 32 x 32 blocks to `BLOCKS`, those of 8 x 8 to `signature`, and of 9 x 8 the hash of their differences to `hash`.
 */
export function smallBlocks(luma: usize, width: u32, height: u32, signature: usize, hash: usize): void {
  if (width !== plannedWidth || height !== plannedHeight) plan(width, height);
  sumAcross(luma, width, height);
  fineMeans(width * height, signature);
  sumDown(luma, width);
  turn();
  store<u64>(hash, differences(width * height));
}

function sumAcross(luma: usize, width: u32, height: u32): void {
  for (let half: usize = 0; half < 2; half++) {
    const table = ACROSS + half * 96;
    const first = v128.load(table);
    const second = v128.load(table, 16);
    const firstLow = v128.load(table, 32);
    const firstHigh = v128.load(table, 48);
    const secondLow = v128.load(table, 64);
    const secondHigh = v128.load(table, 80);
    let from = half === 0 ? luma : luma + (width >> 1);
    let to = LINES + (half << 5);
    for (let y: u32 = 0; y < height; y++, from += width, to += 64) {
      const levels = v128.load(from);
      const p = i8x16.swizzle(levels, first);
      const q = i8x16.swizzle(levels, second);
      const low = i16x8.mul(i16x8.extend_low_i8x16_u(p), firstLow);
      const high = i16x8.mul(i16x8.extend_high_i8x16_u(p), firstHigh);
      v128.store(to, i16x8.add(low, i16x8.mul(i16x8.extend_low_i8x16_u(q), secondLow)));
      v128.store(to, i16x8.add(high, i16x8.mul(i16x8.extend_high_i8x16_u(q), secondHigh)), 16);
    }
  }
}

/**
 * What `rounded` multiplies with: 1 / area and a little more, so that halves are rounded up. Exact: of 255 or less that is
 * at most 1/4000 too much, while sums that must be rounded down stay 1/2000 below a half.
 */
function factorOf(area: u32): v128 {
  return f32x4.splat((1 + 1 / 1048576) / <f32>area);
}

/** `sum / area` of 32-bit sums, rounded: the lowest bits of a float of 2^23 or more are its integer. */
function rounded(sums: v128, factor: v128): v128 {
  const float = f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sums), factor), f32x4.splat(8388608));
  return v128.and(float, i32x4.splat(255));
}

function fineMeans(area: u32, signature: usize): void {
  const factor = factorOf(area);
  for (let part: usize = 0; part < 64; part += 16) {
    // Eight columns of the grid of 32 are two of the signature.
    for (let row: usize = 0; row < 32;) {
      let left = i64x2.splat(0);
      let right = i64x2.splat(0);
      for (const stop = row + 4; row < stop; row++) {
        const line = <usize>load<u32>(DOWN + (row << 3)) + part;
        const shares = v128.load32_splat(DOWN + (row << 3), 4);
        const p = v128.load(line);
        const q = v128.load(line, 64);
        const low = i32x4.dot_i16x8_s(i16x8.shuffle(p, q, 0, 8, 1, 9, 2, 10, 3, 11), shares);
        const high = i32x4.dot_i16x8_s(i16x8.shuffle(p, q, 4, 12, 5, 13, 6, 14, 7, 15), shares);
        left = i32x4.add(left, low);
        right = i32x4.add(right, high);
        const means = i16x8.narrow_i32x4_s(rounded(low, factor), rounded(high, factor));
        v128.store64_lane(BLOCKS + (row << 5) + (part >> 1), i8x16.narrow_i16x8_u(means, means), 0);
      }
      const at = signature + ((row - 4) << 1) + (part >> 3);
      store<u8>(at, coarseMean(left, area));
      store<u8>(at, coarseMean(right, area), 1);
    }
  }
}

/** The mean of 16 blocks whose sums are in four lanes. */
function coarseMean(lanes: v128, area: u32): u8 {
  const two = i32x4.add(lanes, i32x4.shuffle(lanes, lanes, 2, 3, 0, 1));
  const sum: u32 = i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
  return <u8>((sum + 8 * area) / (16 * area));
}

function sumDown(luma: usize, width: u32): void {
  for (let block: usize = 0; block < 8; block++) {
    const row = ROWS + block * 24;
    let from = luma + load<u32>(row) * width;
    let a = i64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    for (let i: usize = 0; i < 20; i += 4, from += width) {
      const share = load<u32>(row + i, 4);
      if (share === 0) break;
      const factor = i16x8.splat(<i16>share);
      const left = v128.load(from);
      const right = v128.load(from, 16);
      a = i16x8.add(a, i16x8.mul(i16x8.extend_low_i8x16_u(left), factor));
      b = i16x8.add(b, i16x8.mul(i16x8.extend_high_i8x16_u(left), factor));
      c = i16x8.add(c, i16x8.mul(i16x8.extend_low_i8x16_u(right), factor));
      d = i16x8.add(d, i16x8.mul(i16x8.extend_high_i8x16_u(right), factor));
    }
    const to = SUMS + (block << 6);
    v128.store(to, a);
    v128.store(to, b, 16);
    v128.store(to, c, 32);
    v128.store(to, d, 48);
  }
}

/** Turns the 8 x 32 sums, so that the eight rows lie side by side. */
function turn(): void {
  for (let part: usize = 0; part < 64; part += 16) {
    const from = SUMS + part;
    const r0 = v128.load(from);
    const r1 = v128.load(from, 64);
    const r2 = v128.load(from, 128);
    const r3 = v128.load(from, 192);
    const r4 = v128.load(from, 256);
    const r5 = v128.load(from, 320);
    const r6 = v128.load(from, 384);
    const r7 = v128.load(from, 448);
    const a0 = i16x8.shuffle(r0, r1, 0, 8, 1, 9, 2, 10, 3, 11);
    const a1 = i16x8.shuffle(r0, r1, 4, 12, 5, 13, 6, 14, 7, 15);
    const a2 = i16x8.shuffle(r2, r3, 0, 8, 1, 9, 2, 10, 3, 11);
    const a3 = i16x8.shuffle(r2, r3, 4, 12, 5, 13, 6, 14, 7, 15);
    const a4 = i16x8.shuffle(r4, r5, 0, 8, 1, 9, 2, 10, 3, 11);
    const a5 = i16x8.shuffle(r4, r5, 4, 12, 5, 13, 6, 14, 7, 15);
    const a6 = i16x8.shuffle(r6, r7, 0, 8, 1, 9, 2, 10, 3, 11);
    const a7 = i16x8.shuffle(r6, r7, 4, 12, 5, 13, 6, 14, 7, 15);
    const b0 = i32x4.shuffle(a0, a2, 0, 4, 1, 5);
    const b1 = i32x4.shuffle(a0, a2, 2, 6, 3, 7);
    const b2 = i32x4.shuffle(a4, a6, 0, 4, 1, 5);
    const b3 = i32x4.shuffle(a4, a6, 2, 6, 3, 7);
    const b4 = i32x4.shuffle(a1, a3, 0, 4, 1, 5);
    const b5 = i32x4.shuffle(a1, a3, 2, 6, 3, 7);
    const b6 = i32x4.shuffle(a5, a7, 0, 4, 1, 5);
    const b7 = i32x4.shuffle(a5, a7, 2, 6, 3, 7);
    const to = TURNED + (part << 3);
    v128.store(to, i64x2.shuffle(b0, b2, 0, 2));
    v128.store(to, i64x2.shuffle(b0, b2, 1, 3), 16);
    v128.store(to, i64x2.shuffle(b1, b3, 0, 2), 32);
    v128.store(to, i64x2.shuffle(b1, b3, 1, 3), 48);
    v128.store(to, i64x2.shuffle(b4, b6, 0, 2), 64);
    v128.store(to, i64x2.shuffle(b4, b6, 1, 3), 80);
    v128.store(to, i64x2.shuffle(b5, b7, 0, 2), 96);
    v128.store(to, i64x2.shuffle(b5, b7, 1, 3), 112);
  }
}

function differences(area: u32): u64 {
  const factor = factorOf(area);
  let hash: u64 = 0;
  let left = i64x2.splat(0);
  for (let block: u32 = 0; block < 9; block++) {
    const column = COLUMNS + (block << 4);
    const from: usize = load<u32>(column);
    let low = i64x2.splat(0);
    let high = low;
    for (let pair: usize = 0; pair < 3; pair++) {
      const shares = v128.load32_splat(column + (pair << 2), 4);
      const p = v128.load(from + (pair << 5));
      const q = v128.load(from + (pair << 5), 16);
      low = i32x4.add(low, i32x4.dot_i16x8_s(i16x8.shuffle(p, q, 0, 8, 1, 9, 2, 10, 3, 11), shares));
      high = i32x4.add(high, i32x4.dot_i16x8_s(i16x8.shuffle(p, q, 4, 12, 5, 13, 6, 14, 7, 15), shares));
    }
    const means = i16x8.narrow_i32x4_s(rounded(low, factor), rounded(high, factor));
    if (block !== 0) {
      const brighter = i16x8.lt_s(left, means);
      hash |= (<u64>i16x8.bitmask(brighter)) << (8 * (block - 1));
    }
    left = means;
  }
  return hash;
}
