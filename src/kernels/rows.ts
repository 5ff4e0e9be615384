/**
 * Rows of arrays of 8-bit pixels, or of floats that stand for them. What is found in a row is what is found in a PNG of the
 * same pixels.
 */
import { lookAt, measureContrast } from "./appearance";
import { COVERED, HEIGHTS, MAX_RAW_BYTES, MODES, PIXEL_DIGESTS, PIXELS, PIXELS_END, RAW, WIDTHS } from "./layout";
import { addJob, MAX_JOBS, runJobs, waitingJobs } from "./md5";

/** Width, height and mode precede the pixels in what their MD5 is taken of. */
export const HEAD: u32 = 12;

/** How far a value may lie from a whole grey level: see `src/core/fingerprint/scaling.ts`. */
const TOLERANCE: f64 = 0.01;

/**
 * Fills the columns for `count` rows of at most `MAX_RAW_BYTES` pixels and channels, which lie one after the other from
 * `rows` on: of bytes or, when `floats`, of 32-bit floats that stand for the pixels `value * factor + offset`. Those that
 * hold another value are not covered. What is found beside the MD5 of pixels: nothing with `looks` 0, shape and contrast
 * with 1, everything with 2.
 */
export function fingerprintRows(
  rows: usize,
  count: u32,
  width: u32,
  height: u32,
  channels: u32,
  channelsFirst: bool,
  floats: bool,
  factor: f64,
  offset: f64,
  looks: u32,
): void {
  const area = width * height;
  const bytes = area * channels;
  const apart = channelsFirst && channels > 1;
  let message = PIXELS;
  for (let row: u32 = 0; row < count; row++) {
    const pixels = message + HEAD;
    const flat = apart ? RAW : pixels;
    let covered = true;
    if (floats) {
      covered = unscale(rows, flat, bytes, factor, offset);
      rows += (<usize>bytes) << 2;
      if (covered && apart) interleave(flat, pixels, area, channels);
    } else {
      if (apart) interleave(rows, pixels, area, channels);
      else memory.copy(pixels, rows, bytes);
      rows += bytes;
    }
    store<u8>(COVERED + row, covered ? 1 : 0);
    if (!covered) continue;
    if (looks !== 0) {
      store<u32>(WIDTHS + ((<usize>row) << 2), width);
      store<u32>(HEIGHTS + ((<usize>row) << 2), height);
      store<u8>(MODES + row, <u8>(channels - 1));
      if (looks === 1) measureContrast(pixels, width, height, channels, row);
      else lookAt(pixels, width, height, channels, row);
    }
    store<u32>(message, width);
    store<u32>(message, height, 4);
    // L, LA, RGB, RGBA are modes 0 to 3.
    store<u32>(message, channels - 1, 8);
    addJob(message, HEAD + bytes, PIXEL_DIGESTS + ((<usize>row) << 4));
    message = (pixels + bytes + 127) & ~15;
    if (waitingJobs() === MAX_JOBS || PIXELS_END - message < MAX_RAW_BYTES) {
      runJobs();
      message = PIXELS;
    }
  }
  runJobs();
}

/** Puts the channels of each pixel together. */
function interleave(from: usize, to: usize, area: u32, channels: u32): void {
  for (let channel: u32 = 0; channel < channels; channel++) {
    let at = to + channel;
    for (const end = from + area; from < end; from++, at += channels) store<u8>(at, load<u8>(from));
  }
}

/** Writes the pixels that `count` floats stand for; false when one of them stands for none. */
function unscale(from: usize, to: usize, count: u32, factor: f64, offset: f64): bool {
  const factors = f64x2.splat(factor);
  const offsets = f64x2.splat(offset);
  const end = to + count;
  let good = i64x2.splat(-1);
  for (; to + 4 <= end; to += 4, from += 16) {
    const values = v128.load(from);
    const low = f64x2.add(f64x2.mul(f64x2.promote_low_f32x4(values), factors), offsets);
    const upper = f64x2.promote_low_f32x4(i64x2.shuffle(values, values, 1, 1));
    const high = f64x2.add(f64x2.mul(upper, factors), offsets);
    const first = f64x2.nearest(low);
    const last = f64x2.nearest(high);
    good = v128.and(good, v128.and(arePixels(low, first), arePixels(high, last)));
    const words = i64x2.shuffle(i32x4.trunc_sat_f64x2_u_zero(first), i32x4.trunc_sat_f64x2_u_zero(last), 0, 2);
    const halves = i16x8.narrow_i32x4_u(words, words);
    v128.store32_lane(to, i8x16.narrow_i16x8_u(halves, halves), 0);
  }
  if (!i64x2.all_true(good)) return false;
  for (; to < end; to++, from += 4) {
    const exact = <f64>load<f32>(from) * factor + offset;
    const pixel = nearest(exact);
    // Written so that what is not a number fails too.
    if (!(abs(exact - pixel) <= TOLERANCE && pixel >= 0 && pixel <= 255)) return false;
    store<u8>(to, <u8>pixel);
  }
  return true;
}

/** All ones in lanes whose `exact` number is near enough to a pixel; zeros also where it is not a number. */
function arePixels(exact: v128, pixels: v128): v128 {
  const near = f64x2.le(f64x2.abs(f64x2.sub(exact, pixels)), f64x2.splat(TOLERANCE));
  return v128.and(near, v128.and(f64x2.ge(pixels, f64x2.splat(0)), f64x2.le(pixels, f64x2.splat(255))));
}
