/**
 * Exact nearest neighbours among rows of 8-bit pixels, by the sum of squared differences. Each row has an outline: the means
 * of its cells in quarters of a grey level, rounded down, so 0..1020. The mean over a cell of n pixels differs by D only where
 * the pixels differ by n D^2 at least (Cauchy and Schwarz), and rounding moves the difference of two means by less than a
 * quarter, so rows whose outlines lie too far apart need not be compared: see {@link limitOf}.
 *
 * Outlines of the rows that are searched lie in groups of eight, `[row / 8][cell / 2][row % 8][cell % 2]` as 16-bit numbers.
 */

const GROUP: u32 = 8;
/** Bytes of two cells of the rows of a group. */
const STEP: usize = 32;
/** Pixels after which it is looked whether two rows are too far apart already. */
const STRETCH: u32 = 112;

/**
 * Writes the outline of a row: means over cells of `side` x `side` pixels of a channel, rows of cells from the top, channels
 * innermost. Cells at the right and lower edge that have fewer pixels count as if the others were black.
 *
 * @param pitch bytes from the start of two cells to that of the next two
 */
export function outline(row: usize, height: u32, width: u32, channels: u32, side: u32, to: usize, pitch: usize): void {
  const size = side * side;
  let cell: u32 = 0;
  for (let top: u32 = 0; top < height; top += side) {
    const bottom = min(height, top + side);
    for (let left: u32 = 0; left < width; left += side) {
      const right = min(width, left + side);
      for (let channel: u32 = 0; channel < channels; channel++, cell++) {
        let sum: u32 = 0;
        for (let y = top; y < bottom; y++) {
          let at = row + <usize>(y * width + left) * channels + channel;
          for (let x = left; x < right; x++, at += channels) sum += load<u8>(at);
        }
        store<u16>(to + <usize>(cell >> 1) * pitch + ((cell & 1) << 1), <u16>((4 * sum) / size));
      }
    }
  }
}

/** Largest sum of squares between outlines of rows that are `distance` apart, at most 2^31 - 1; a little more, as floats round. */
function limitOf(distance: u64, size: u32, cells: u32): i32 {
  const root = Math.sqrt((16 * <f64>distance) / <f64>size) + Math.sqrt(<f64>cells);
  return <i32>min<f64>(root * root * (1 + 1e-9) + 1, <f64>i32.MAX_VALUE);
}

/**
 * Looks for rows that are nearer to `query` than the farthest of `count` neighbours, from position `from`, a multiple of eight,
 * to `to` - 1, and keeps the nearest: in order of distance, those that are equally far in order of position.
 *
 * @param list addresses of the rows, as 32-bit numbers
 * @param cells of an outline, and `size` pixels of a cell
 * @param distances 64-bit numbers, as many as neighbours; 2^64 - 1 where none was found yet
 * @param positions 32-bit numbers
 */
export function search(
  query: usize,
  queryOutline: usize,
  list: usize,
  outlines: usize,
  from: u32,
  to: u32,
  dim: u32,
  cells: u32,
  size: u32,
  count: u32,
  distances: usize,
  positions: usize,
): void {
  const pairs: usize = (cells + 1) >> 1;
  const last = distances + ((<usize>count - 1) << 3);
  let farthest = load<u64>(last);
  let limit = limitOf(farthest, size, cells);
  let at = outlines + <usize>(from / GROUP) * pairs * STEP;
  for (let group = from; group < to; group += GROUP) {
    let a = i64x2.splat(0);
    let b = a;
    let q = queryOutline;
    for (const end = at + pairs * STEP; at < end; at += STEP, q += 4) {
      const own = v128.load32_splat(q);
      const first = i16x8.sub(v128.load(at), own);
      const second = i16x8.sub(v128.load(at, 16), own);
      a = i32x4.add(a, i32x4.dot_i16x8_s(first, first));
      b = i32x4.add(b, i32x4.dot_i16x8_s(second, second));
    }
    const most = i32x4.splat(limit);
    let lanes = i32x4.bitmask(i32x4.le_s(a, most)) | (i32x4.bitmask(i32x4.le_s(b, most)) << 4);
    for (; lanes !== 0; lanes &= lanes - 1) {
      const position = group + <u32>ctz(lanes);
      if (position >= to) break;
      const distance = distanceOf(query, load<u32>(list + ((<usize>position) << 2)), dim, farthest);
      if (distance >= farthest) continue;
      keep(distance, position, count, distances, positions);
      farthest = load<u64>(last);
      limit = limitOf(farthest, size, cells);
    }
  }
}

/** Puts a neighbour before the first that is farther; the last one leaves. */
function keep(distance: u64, position: u32, count: u32, distances: usize, positions: usize): void {
  let place = <usize>count - 1;
  for (; place > 0 && load<u64>(distances + ((place - 1) << 3)) > distance; place--) {
    store<u64>(distances + (place << 3), load<u64>(distances + ((place - 1) << 3)));
    store<u32>(positions + (place << 2), load<u32>(positions + ((place - 1) << 2)));
  }
  store<u64>(distances + (place << 3), distance);
  store<u32>(positions + (place << 2), position);
}

/** The sum of squared differences; something from `enough` on as soon as it is certain to be that much. */
function distanceOf(a: usize, b: usize, dim: u32, enough: u64): u64 {
  const end = a + dim;
  let sum: u64 = 0;
  while (a + 16 <= end) {
    let lanes = i64x2.splat(0);
    const stop = a + (min<usize>(STRETCH, end - a) & ~15);
    for (; a < stop; a += 16, b += 16) {
      const x = v128.load(a);
      const y = v128.load(b);
      const difference = v128.or(i8x16.sub_sat_u(x, y), i8x16.sub_sat_u(y, x));
      const low = i16x8.extend_low_i8x16_u(difference);
      const high = i16x8.extend_high_i8x16_u(difference);
      lanes = i32x4.add(lanes, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
    }
    const two = i32x4.add(lanes, i64x2.shuffle(lanes, lanes, 1, 0));
    sum += <u32>(i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1));
    if (sum >= enough) return sum;
  }
  for (; a < end; a++, b++) {
    const difference = <i32>load<u8>(a) - <i32>load<u8>(b);
    sum += <u32>(difference * difference);
  }
  return sum;
}
