/** Undoes the filters of PNG (section 9 of the specification). */
import { ZEROS } from "./layout";

/**
 * Turns `height` filtered rows at `raw`, each a filter byte and `stride` bytes, into the pixels at `out`; false when a
 * filter is unknown. `bpp` is the bytes of a pixel, 1 to 4. Reads and writes up to 32 bytes behind.
 */
export function unfilter(raw: usize, out: usize, stride: usize, height: u32, bpp: u32): bool {
  let above = ZEROS;
  for (let y: u32 = 0; y < height; y++) {
    const filter = load<u8>(raw++);
    if (filter === 0) copyRow(raw, out, stride);
    else if (filter === 1) sub(raw, out, stride, bpp);
    else if (filter === 2) up(raw, out, above, stride);
    else if (filter === 3) average(raw, out, above, stride, bpp);
    else if (filter === 4) {
      if (bpp === 1) paethBytes(raw, out, above, stride);
      else paethPixels(raw, out, above, stride, bpp);
    } else return false;
    above = out;
    raw += stride;
    out += stride;
  }
  return true;
}

function copyRow(raw: usize, out: usize, stride: usize): void {
  for (let x: usize = 0; x < stride; x += 16) v128.store(out + x, v128.load(raw + x));
}

function up(raw: usize, out: usize, above: usize, stride: usize): void {
  for (let x: usize = 0; x < stride; x += 16) {
    v128.store(out + x, i8x16.add(v128.load(raw + x), v128.load(above + x)));
  }
}

/** Running sums: within 16 bytes by doubling steps, then what came before is added to all. */
function sub(raw: usize, out: usize, stride: usize, bpp: u32): void {
  const none = i64x2.splat(0);
  let carry = none;
  if (bpp === 1) {
    for (let x: usize = 0; x < stride; x += 16) {
      let sum = v128.load(raw + x);
      sum = i8x16.add(sum, i8x16.shuffle(none, sum, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30));
      sum = i8x16.add(sum, i8x16.shuffle(none, sum, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29));
      sum = i8x16.add(sum, i8x16.shuffle(none, sum, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27));
      sum = i8x16.add(sum, i64x2.shuffle(none, sum, 1, 2));
      sum = i8x16.add(sum, carry);
      v128.store(out + x, sum);
      carry = i8x16.splat(i8x16.extract_lane_s(sum, 15));
    }
  } else if (bpp === 2) {
    for (let x: usize = 0; x < stride; x += 16) {
      let sum = v128.load(raw + x);
      sum = i8x16.add(sum, i16x8.shuffle(none, sum, 7, 8, 9, 10, 11, 12, 13, 14));
      sum = i8x16.add(sum, i16x8.shuffle(none, sum, 6, 7, 8, 9, 10, 11, 12, 13));
      sum = i8x16.add(sum, i64x2.shuffle(none, sum, 1, 2));
      sum = i8x16.add(sum, carry);
      v128.store(out + x, sum);
      carry = i16x8.splat(i16x8.extract_lane_s(sum, 7));
    }
  } else if (bpp === 4) {
    for (let x: usize = 0; x < stride; x += 16) {
      let sum = v128.load(raw + x);
      sum = i8x16.add(sum, i32x4.shuffle(none, sum, 3, 4, 5, 6));
      sum = i8x16.add(sum, i64x2.shuffle(none, sum, 1, 2));
      sum = i8x16.add(sum, carry);
      v128.store(out + x, sum);
      carry = i32x4.shuffle(sum, sum, 3, 3, 3, 3);
    }
  } else {
    // Five pixels and one byte that the next turn writes again.
    for (let x: usize = 0; x < stride; x += 15) {
      let sum = v128.load(raw + x);
      sum = i8x16.add(sum, i8x16.shuffle(none, sum, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28));
      sum = i8x16.add(sum, i8x16.shuffle(none, sum, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25));
      sum = i8x16.add(sum, i8x16.shuffle(none, sum, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19));
      sum = i8x16.add(sum, carry);
      v128.store(out + x, sum);
      carry = i8x16.shuffle(sum, sum, 12, 13, 14, 12, 13, 14, 12, 13, 14, 12, 13, 14, 12, 13, 14, 12);
    }
  }
}

function average(raw: usize, out: usize, above: usize, stride: usize, bpp: u32): void {
  let x: usize = 0;
  for (; x < bpp; x++) store<u8>(out + x, load<u8>(raw + x) + (load<u8>(above + x) >> 1));
  for (; x < stride; x++) {
    const mean = (<u32>load<u8>(out + x - bpp) + <u32>load<u8>(above + x)) >> 1;
    store<u8>(out + x, <u8>(<u32>load<u8>(raw + x) + mean));
  }
}

/**
 * Paeth's choice between left a, above b and above left c without distances: it is c when a and b are on both sides of it,
 * otherwise the one of them further away.
 */
function paethBytes(raw: usize, out: usize, above: usize, stride: usize): void {
  let a: i32 = 0;
  let c: i32 = 0;
  for (let x: usize = 0; x < stride; x++) {
    const b: i32 = load<u8>(above + x);
    const low = select(a, b, a < b);
    const high = select(b, a, a < b);
    const tilt = 3 * c - b - a;
    let choice = select(low, c, high <= tilt);
    choice = select(high, choice, tilt <= low);
    a = (choice + <i32>load<u8>(raw + x)) & 255;
    c = b;
    store<u8>(out + x, <u8>a);
  }
}

/** The same, all channels of a pixel at once. */
function paethPixels(raw: usize, out: usize, above: usize, stride: usize, bpp: u32): void {
  let a = i64x2.splat(0);
  let c = a;
  const byte = i16x8.splat(255);
  for (let x: usize = 0; x < stride; x += bpp) {
    const b = i16x8.extend_low_i8x16_u(v128.load32_zero(above + x));
    const low = i16x8.min_s(a, b);
    const high = i16x8.max_s(a, b);
    const tilt = i16x8.sub(i16x8.sub(i16x8.add(i16x8.shl(c, 1), c), b), a);
    let choice = v128.bitselect(low, c, i16x8.le_s(high, tilt));
    choice = v128.bitselect(high, choice, i16x8.le_s(tilt, low));
    a = v128.and(i16x8.add(choice, i16x8.extend_low_i8x16_u(v128.load32_zero(raw + x))), byte);
    c = b;
    v128.store32_lane(out + x, i8x16.narrow_i16x8_u(a, a), 0);
  }
}
