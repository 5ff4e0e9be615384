/**
 * The hash of the lowest frequencies of 32 x 32 block means. Cosines are even or odd about the middle of the picture, so
 * sums and differences of opposite rows and columns halve the work.
 */
import { APPEARANCE, BASIS, BLOCKS } from "./layout";

/** `round(128 * cos(m * pi / 64))` for m = 0..32. */
const COSINES = memory.data<i16>([
  128, 128, 127, 127, 126, 124, 122, 121, 118, 116, 113, 110, 106, 103, 99, 95, 91, 86, 81, 76, 71, 66, 60, 55, 49, 43,
  37, 31, 25, 19, 13, 6, 0,
]);

// Sums of opposite rows, then their differences: of rows 2 k and 2 k + 1 side by side, 32 pairs of 16-bit numbers for each k.
const FOLDED: usize = APPEARANCE + 8192;
// For each of 8 frequencies down: 32 numbers across.
const ACROSS: usize = FOLDED + 2048;
const COEFFICIENTS: usize = ACROSS + 1024;

/** Cosines at `u * 16 + x` for the left half. */
export function makeBasis(): void {
  for (let u: u32 = 0; u < 8; u++) {
    for (let x: u32 = 0; x < 16; x++) {
      const turn = ((2 * x + 1) * u) & 127;
      const half = turn > 64 ? 128 - turn : turn;
      const value: i16 = half > 32 ? -load<i16>(COSINES + ((64 - half) << 1)) : load<i16>(COSINES + (half << 1));
      store<i16>(BASIS + (u << 5) + (x << 1), value);
      // The same in 32 bits.
      store<i32>(BASIS + 256 + (u << 6) + (x << 2), value);
    }
  }
}

/** Writes the hash of the means at `BLOCKS` to `hash`. */
export function pHash(blocks: usize, hash: usize): void {
  fold(blocks);
  transformDown();
  transformAcross();
  // The mean is no part of it: as the least of all it never exceeds the median, and it is not counted.
  store<i32>(COEFFICIENTS, i32.MIN_VALUE);
  store<u64>(hash, aboveMedian());
}

function fold(blocks: usize): void {
  for (let pair: usize = 0; pair < 8; pair++) {
    const near = blocks + (pair << 6);
    const far = blocks + ((31 - 2 * pair) << 5);
    const to = FOLDED + (pair << 7);
    for (let half: usize = 0; half < 32; half += 16) {
      const p = v128.load(near + half);
      const q = v128.load(far + half);
      const r = v128.load(near + half, 32);
      const s = v128.load(far + half - 32);
      foldEight(
        i16x8.extend_low_i8x16_u(p),
        i16x8.extend_low_i8x16_u(q),
        i16x8.extend_low_i8x16_u(r),
        i16x8.extend_low_i8x16_u(s),
        to + (half << 2),
      );
      foldEight(
        i16x8.extend_high_i8x16_u(p),
        i16x8.extend_high_i8x16_u(q),
        i16x8.extend_high_i8x16_u(r),
        i16x8.extend_high_i8x16_u(s),
        to + (half << 2) + 32,
      );
    }
  }
}

function foldEight(p: v128, q: v128, r: v128, s: v128, to: usize): void {
  const even = i16x8.add(p, q);
  const evenNext = i16x8.add(r, s);
  v128.store(to, i16x8.shuffle(even, evenNext, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, i16x8.shuffle(even, evenNext, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  const odd = i16x8.sub(p, q);
  const oddNext = i16x8.sub(r, s);
  v128.store(to, i16x8.shuffle(odd, oddNext, 0, 8, 1, 9, 2, 10, 3, 11), 1024);
  v128.store(to, i16x8.shuffle(odd, oddNext, 4, 12, 5, 13, 6, 14, 7, 15), 1040);
}

function transformDown(): void {
  for (let v: usize = 0; v < 8; v++) {
    let from = FOLDED + ((v & 1) << 10);
    let a = i64x2.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let e = a;
    let f = a;
    let g = a;
    let h = a;
    for (let pair: usize = 0; pair < 32; pair += 4, from += 128) {
      const cosines = v128.load32_splat(BASIS + (v << 5) + pair);
      a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load(from), cosines));
      b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load(from, 16), cosines));
      c = i32x4.add(c, i32x4.dot_i16x8_s(v128.load(from, 32), cosines));
      d = i32x4.add(d, i32x4.dot_i16x8_s(v128.load(from, 48), cosines));
      e = i32x4.add(e, i32x4.dot_i16x8_s(v128.load(from, 64), cosines));
      f = i32x4.add(f, i32x4.dot_i16x8_s(v128.load(from, 80), cosines));
      g = i32x4.add(g, i32x4.dot_i16x8_s(v128.load(from, 96), cosines));
      h = i32x4.add(h, i32x4.dot_i16x8_s(v128.load(from, 112), cosines));
    }
    // Opposite columns: sums, then differences, of 16 columns each.
    h = i32x4.shuffle(h, h, 3, 2, 1, 0);
    g = i32x4.shuffle(g, g, 3, 2, 1, 0);
    f = i32x4.shuffle(f, f, 3, 2, 1, 0);
    e = i32x4.shuffle(e, e, 3, 2, 1, 0);
    const to = ACROSS + (v << 7);
    v128.store(to, i32x4.add(a, h));
    v128.store(to, i32x4.add(b, g), 16);
    v128.store(to, i32x4.add(c, f), 32);
    v128.store(to, i32x4.add(d, e), 48);
    v128.store(to, i32x4.sub(a, h), 64);
    v128.store(to, i32x4.sub(b, g), 80);
    v128.store(to, i32x4.sub(c, f), 96);
    v128.store(to, i32x4.sub(d, e), 112);
  }
}

function transformAcross(): void {
  for (let u: usize = 0; u < 8; u++) {
    const cosines = BASIS + 256 + (u << 6);
    const a = v128.load(cosines);
    const b = v128.load(cosines, 16);
    const c = v128.load(cosines, 32);
    const d = v128.load(cosines, 48);
    for (let v: usize = 0; v < 8; v += 4) {
      const from = ACROSS + (v << 7) + ((u & 1) << 6);
      const p = product(from, a, b, c, d);
      const q = product(from + 128, a, b, c, d);
      const r = product(from + 256, a, b, c, d);
      const s = product(from + 384, a, b, c, d);
      // Four sums of four lanes each.
      const pq = i32x4.add(i32x4.shuffle(p, q, 0, 4, 1, 5), i32x4.shuffle(p, q, 2, 6, 3, 7));
      const rs = i32x4.add(i32x4.shuffle(r, s, 0, 4, 1, 5), i32x4.shuffle(r, s, 2, 6, 3, 7));
      v128.store(
        COEFFICIENTS + (u << 5) + (v << 2),
        i32x4.add(i64x2.shuffle(pq, rs, 0, 2), i64x2.shuffle(pq, rs, 1, 3)),
      );
    }
  }
}

function product(from: usize, a: v128, b: v128, c: v128, d: v128): v128 {
  const left = i32x4.add(i32x4.mul(v128.load(from), a), i32x4.mul(v128.load(from, 16), b));
  return i32x4.add(left, i32x4.add(i32x4.mul(v128.load(from, 32), c), i32x4.mul(v128.load(from, 48), d)));
}

/**
 * Which coefficients exceed the median. Any threshold with exactly 32 of the 63 at or below it does what the median does;
 * it is found by halving the range. When several equal the median there is none, and halving ends at the median itself.
 */
function aboveMedian(): u64 {
  let low: i64 = i32.MIN_VALUE;
  let high: i64 = i32.MAX_VALUE;
  let threshold = i32x4.splat(0);
  while (low < high) {
    const middle = <i32>((low + high) >> 1);
    threshold = i32x4.splat(middle);
    let above = i64x2.splat(0);
    for (let at: usize = COEFFICIENTS; at < COEFFICIENTS + 256; at += 64) {
      above = i32x4.sub(above, i32x4.gt_s(v128.load(at), threshold));
      above = i32x4.sub(above, i32x4.gt_s(v128.load(at, 16), threshold));
      above = i32x4.sub(above, i32x4.gt_s(v128.load(at, 32), threshold));
      above = i32x4.sub(above, i32x4.gt_s(v128.load(at, 48), threshold));
    }
    const two = i32x4.add(above, i32x4.shuffle(above, above, 2, 3, 0, 1));
    const count = i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
    if (count === 31) return bitsAbove(threshold);
    if (count > 31) low = <i64>middle + 1;
    else high = middle;
  }
  return bitsAbove(i32x4.splat(<i32>low));
}

function bitsAbove(threshold: v128): u64 {
  let bits: u64 = 0;
  for (let at: usize = 0; at < 64; at += 4) {
    bits |= (<u64>i32x4.bitmask(i32x4.gt_s(v128.load(COEFFICIENTS + (at << 2)), threshold))) << at;
  }
  return bits;
}
