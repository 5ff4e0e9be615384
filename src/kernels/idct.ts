/**
 * The inverse cosine transform of 8 x 8 coefficients as libjpeg's "islow" does it (C. Loeffler, A. Ligtenberg, G. Moschytz,
 * "Practical Fast 1-D DCT Algorithms with 11 Multiplications", 1989), bit for bit, so that grey levels are those of the
 * library. `inverseTransform` of `src/engine/decode/jpeg.ts` is the plain one.
 */

/** Sums of products with factors in 1/8192, of pairs side by side: `dot(a, b | c << 16)`. */
function pair(first: i32, second: i32): v128 {
  return i32x4.splat((first & 0xffff) | (second << 16));
}

/**
 * One direction of all 8 rows, down, to the same place with rows and columns exchanged. T is as many bytes large as
 * directions are done then: a shift that the compiler knows takes a third of the instructions.
 */
function pass<T>(at: usize): void {
  const shift: i32 = sizeof<T>() === 1 ? 11 : 18;
  const in0 = v128.load(at);
  const in1 = v128.load(at, 16);
  const in2 = v128.load(at, 32);
  const in3 = v128.load(at, 48);
  const in4 = v128.load(at, 64);
  const in5 = v128.load(at, 80);
  const in6 = v128.load(at, 96);
  const in7 = v128.load(at, 112);
  const round = i32x4.splat(1 << (shift - 1));
  const sum = i16x8.add(in0, in4);
  const difference = i16x8.sub(in0, in4);
  const z3 = i16x8.add(in7, in3);
  const z4 = i16x8.add(in5, in1);

  const lowEven = i16x8.shuffle(in2, in6, 0, 8, 1, 9, 2, 10, 3, 11);
  const lowSums = i16x8.shuffle(z3, z4, 0, 8, 1, 9, 2, 10, 3, 11);
  const low71 = i16x8.shuffle(in7, in1, 0, 8, 1, 9, 2, 10, 3, 11);
  const low53 = i16x8.shuffle(in5, in3, 0, 8, 1, 9, 2, 10, 3, 11);
  const highEven = i16x8.shuffle(in2, in6, 4, 12, 5, 13, 6, 14, 7, 15);
  const highSums = i16x8.shuffle(z3, z4, 4, 12, 5, 13, 6, 14, 7, 15);
  const high71 = i16x8.shuffle(in7, in1, 4, 12, 5, 13, 6, 14, 7, 15);
  const high53 = i16x8.shuffle(in5, in3, 4, 12, 5, 13, 6, 14, 7, 15);

  let a = i32x4.add(i32x4.shl(i32x4.extend_low_i16x8_s(sum), 13), round);
  let b = i32x4.dot_i16x8_s(lowEven, pair(10703, 4433));
  let even0 = i32x4.add(a, b);
  let even3 = i32x4.sub(a, b);
  a = i32x4.add(i32x4.shl(i32x4.extend_low_i16x8_s(difference), 13), round);
  b = i32x4.dot_i16x8_s(lowEven, pair(4433, -10704));
  let even1 = i32x4.add(a, b);
  let even2 = i32x4.sub(a, b);
  a = i32x4.dot_i16x8_s(lowSums, pair(-6436, 9633));
  b = i32x4.dot_i16x8_s(lowSums, pair(9633, 6437));
  let odd0 = i32x4.add(i32x4.dot_i16x8_s(low71, pair(-4927, -7373)), a);
  let odd3 = i32x4.add(i32x4.dot_i16x8_s(low71, pair(-7373, 4926)), b);
  let odd1 = i32x4.add(i32x4.dot_i16x8_s(low53, pair(-4176, -20995)), b);
  let odd2 = i32x4.add(i32x4.dot_i16x8_s(low53, pair(-20995, 4177)), a);
  const low0 = i32x4.shr_s(i32x4.add(even0, odd3), shift);
  const low1 = i32x4.shr_s(i32x4.add(even1, odd2), shift);
  const low2 = i32x4.shr_s(i32x4.add(even2, odd1), shift);
  const low3 = i32x4.shr_s(i32x4.add(even3, odd0), shift);
  const low4 = i32x4.shr_s(i32x4.sub(even3, odd0), shift);
  const low5 = i32x4.shr_s(i32x4.sub(even2, odd1), shift);
  const low6 = i32x4.shr_s(i32x4.sub(even1, odd2), shift);
  const low7 = i32x4.shr_s(i32x4.sub(even0, odd3), shift);

  a = i32x4.add(i32x4.shl(i32x4.extend_high_i16x8_s(sum), 13), round);
  b = i32x4.dot_i16x8_s(highEven, pair(10703, 4433));
  even0 = i32x4.add(a, b);
  even3 = i32x4.sub(a, b);
  a = i32x4.add(i32x4.shl(i32x4.extend_high_i16x8_s(difference), 13), round);
  b = i32x4.dot_i16x8_s(highEven, pair(4433, -10704));
  even1 = i32x4.add(a, b);
  even2 = i32x4.sub(a, b);
  a = i32x4.dot_i16x8_s(highSums, pair(-6436, 9633));
  b = i32x4.dot_i16x8_s(highSums, pair(9633, 6437));
  odd0 = i32x4.add(i32x4.dot_i16x8_s(high71, pair(-4927, -7373)), a);
  odd3 = i32x4.add(i32x4.dot_i16x8_s(high71, pair(-7373, 4926)), b);
  odd1 = i32x4.add(i32x4.dot_i16x8_s(high53, pair(-4176, -20995)), b);
  odd2 = i32x4.add(i32x4.dot_i16x8_s(high53, pair(-20995, 4177)), a);
  const row0 = i16x8.narrow_i32x4_s(low0, i32x4.shr_s(i32x4.add(even0, odd3), shift));
  const row1 = i16x8.narrow_i32x4_s(low1, i32x4.shr_s(i32x4.add(even1, odd2), shift));
  const row2 = i16x8.narrow_i32x4_s(low2, i32x4.shr_s(i32x4.add(even2, odd1), shift));
  const row3 = i16x8.narrow_i32x4_s(low3, i32x4.shr_s(i32x4.add(even3, odd0), shift));
  const row4 = i16x8.narrow_i32x4_s(low4, i32x4.shr_s(i32x4.sub(even3, odd0), shift));
  const row5 = i16x8.narrow_i32x4_s(low5, i32x4.shr_s(i32x4.sub(even2, odd1), shift));
  const row6 = i16x8.narrow_i32x4_s(low6, i32x4.shr_s(i32x4.sub(even1, odd2), shift));
  const row7 = i16x8.narrow_i32x4_s(low7, i32x4.shr_s(i32x4.sub(even0, odd3), shift));

  // Pairs of rows, of pairs, of fours.
  const p0 = i16x8.shuffle(row0, row1, 0, 8, 1, 9, 2, 10, 3, 11);
  const p1 = i16x8.shuffle(row0, row1, 4, 12, 5, 13, 6, 14, 7, 15);
  const p2 = i16x8.shuffle(row2, row3, 0, 8, 1, 9, 2, 10, 3, 11);
  const p3 = i16x8.shuffle(row2, row3, 4, 12, 5, 13, 6, 14, 7, 15);
  const p4 = i16x8.shuffle(row4, row5, 0, 8, 1, 9, 2, 10, 3, 11);
  const p5 = i16x8.shuffle(row4, row5, 4, 12, 5, 13, 6, 14, 7, 15);
  const p6 = i16x8.shuffle(row6, row7, 0, 8, 1, 9, 2, 10, 3, 11);
  const p7 = i16x8.shuffle(row6, row7, 4, 12, 5, 13, 6, 14, 7, 15);
  const q0 = i32x4.shuffle(p0, p2, 0, 4, 1, 5);
  const q1 = i32x4.shuffle(p0, p2, 2, 6, 3, 7);
  const q2 = i32x4.shuffle(p1, p3, 0, 4, 1, 5);
  const q3 = i32x4.shuffle(p1, p3, 2, 6, 3, 7);
  const q4 = i32x4.shuffle(p4, p6, 0, 4, 1, 5);
  const q5 = i32x4.shuffle(p4, p6, 2, 6, 3, 7);
  const q6 = i32x4.shuffle(p5, p7, 0, 4, 1, 5);
  const q7 = i32x4.shuffle(p5, p7, 2, 6, 3, 7);
  v128.store(at, i64x2.shuffle(q0, q4, 0, 2));
  v128.store(at, i64x2.shuffle(q0, q4, 1, 3), 16);
  v128.store(at, i64x2.shuffle(q1, q5, 0, 2), 32);
  v128.store(at, i64x2.shuffle(q1, q5, 1, 3), 48);
  v128.store(at, i64x2.shuffle(q2, q6, 0, 2), 64);
  v128.store(at, i64x2.shuffle(q2, q6, 1, 3), 80);
  v128.store(at, i64x2.shuffle(q3, q7, 0, 2), 96);
  v128.store(at, i64x2.shuffle(q3, q7, 1, 3), 112);
}

/** The levels of the coefficients at `from`, row by row 16-bit numbers, to 8 rows of 8 bytes at `to`; clears `from`. */
export function inverseTransform(from: usize, to: usize, stride: usize): void {
  pass<u8>(from);
  pass<u16>(from);
  const none = i64x2.splat(0);
  const middle = i8x16.splat(-128);
  for (let row: usize = 0; row < 8; row += 2, from += 32) {
    const levels = v128.xor(i8x16.narrow_i16x8_s(v128.load(from), v128.load(from, 16)), middle);
    v128.store64_lane(to, levels, 0);
    v128.store64_lane(to + stride, levels, 1);
    to += 2 * stride;
    v128.store(from, none);
    v128.store(from, none, 16);
  }
}

/** The same where only the mean is not 0. */
export function fillBlock(mean: i32, to: usize, stride: usize): void {
  const level = i16x8.splat(<i16>((mean + 4) >> 3));
  const levels = v128.xor(i8x16.narrow_i16x8_s(level, level), i8x16.splat(-128));
  for (let row = 0; row < 8; row++, to += stride) v128.store64_lane(to, levels, 0);
}
