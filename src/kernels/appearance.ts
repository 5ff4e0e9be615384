/**
 * Grey levels, block means, contrast and hashes of a picture: `src/core/fingerprint/signature.ts` defines all of them. A
 * picture of up to 32 x 32 takes a way of its own: `small.ts`.
 */
import { BLANK, BRIGHTEST, DARKEST, D_HASHES, LINES, LINE_BYTES, LUMA, P_HASHES, SIGNATURES, SPREADS } from "./layout";
import { APPEARANCE, BLOCKS } from "./layout";
import { pHash } from "./phash";
import { MAX_SMALL_SIDE, smallBlocks } from "./small";

/** Writes whether a picture of 8-bit channels is blank, and its contrast, into row `row` of the columns. */
export function measureContrast(pixels: usize, width: u32, height: u32, channels: u32, row: u32): void {
  const count = width * height;
  store<u8>(BLANK + row, isBlank(pixels, count * channels, channels) ? 1 : 0);
  clearContrast();
  addContrast(lumaOf(pixels, count, channels), count);
  storeContrast(count, row);
}

/** Writes what is found in a picture of 8-bit channels into row `row` of the columns. */
export function lookAt(pixels: usize, width: u32, height: u32, channels: u32, row: u32): void {
  const count = width * height;
  store<u8>(BLANK + row, isBlank(pixels, count * channels, channels) ? 1 : 0);
  const luma = lumaOf(pixels, count, channels);
  if (width <= MAX_SMALL_SIDE && height <= MAX_SMALL_SIDE) {
    clearContrast();
    addContrast(luma, count);
    smallBlocks(luma, width, height, SIGNATURES + ((<usize>row) << 6), D_HASHES + ((<usize>row) << 3));
    storeContrast(count, row);
    pHash(BLOCKS, P_HASHES + ((<usize>row) << 3));
    return;
  }
  begin(width, height);
  addRows(luma, height);
  finish(row);
}

/** Whether all pixels are equal, and more than one. */
function isBlank(pixels: usize, bytes: u32, channels: u32): bool {
  if (bytes <= channels) return false;
  const end = pixels + bytes;
  let at = pixels + channels;
  for (; at + 16 <= end; at += 16) {
    if (v128.any_true(v128.xor(v128.load(at), v128.load(at - channels)))) return false;
  }
  for (; at < end; at++) if (load<u8>(at) !== load<u8>(at - channels)) return false;
  return true;
}

/** Where the grey levels of `count` pixels are: `pixels` itself for one channel. */
export function lumaOf(pixels: usize, count: u32, channels: u32): usize {
  if (channels === 1) return pixels;
  const end = LUMA + count;
  if (channels === 2) {
    const low = i16x8.splat(255);
    for (let to = LUMA; to < end; to += 8, pixels += 16) {
      const both = v128.load(pixels);
      const grey = overBlack(v128.and(both, low), i16x8.shr_u(both, 8));
      v128.store64_lane(to, i8x16.narrow_i16x8_u(grey, grey), 0);
    }
  } else if (channels === 3) {
    for (let to = LUMA; to < end; to += 4, pixels += 12) {
      const bytes = v128.load(pixels);
      const grey = greyOf(
        i8x16.shuffle(bytes, i64x2.splat(0), 0, 16, 1, 16, 3, 16, 4, 16, 6, 16, 7, 16, 9, 16, 10, 16),
        i8x16.shuffle(bytes, i64x2.splat(0), 2, 16, 16, 16, 5, 16, 16, 16, 8, 16, 16, 16, 11, 16, 16, 16),
      );
      const words = i16x8.narrow_i32x4_u(grey, grey);
      v128.store32_lane(to, i8x16.narrow_i16x8_u(words, words), 0);
    }
  } else {
    for (let to = LUMA; to < end; to += 4, pixels += 16) {
      const bytes = v128.load(pixels);
      const grey = greyOf(
        i8x16.shuffle(bytes, i64x2.splat(0), 0, 16, 1, 16, 4, 16, 5, 16, 8, 16, 9, 16, 12, 16, 13, 16),
        i8x16.shuffle(bytes, i64x2.splat(0), 2, 16, 16, 16, 6, 16, 16, 16, 10, 16, 16, 16, 14, 16, 16, 16),
      );
      const alpha = i32x4.shr_u(bytes, 24);
      const words = overBlack(i16x8.narrow_i32x4_u(grey, grey), i16x8.narrow_i32x4_u(alpha, alpha));
      v128.store32_lane(to, i8x16.narrow_i16x8_u(words, words), 0);
    }
  }
  return LUMA;
}

/** From red and green, and blue, as pairs of 16 bits, to four grey levels of 32 bits. */
function greyOf(redGreen: v128, blue: v128): v128 {
  const sum = i32x4.add(
    i32x4.dot_i16x8_s(redGreen, i32x4.splat((19235 << 16) | 9798)),
    i32x4.dot_i16x8_s(blue, i32x4.splat(3735)),
  );
  return i32x4.shr_u(i32x4.add(sum, i32x4.splat(16384)), 15);
}

/** `grey * alpha / 255`, rounded, of eight 16-bit numbers. */
function overBlack(grey: v128, alpha: v128): v128 {
  const product = i16x8.add(i16x8.mul(grey, alpha), i16x8.splat(128));
  return i16x8.shr_u(i16x8.add(product, i16x8.shr_u(product, 8)), 8);
}

let darkest: u32 = 0;
let brightest: u32 = 0;
let levelSum: u64 = 0;
let squareSum: u64 = 0;

function clearContrast(): void {
  darkest = 255;
  brightest = 0;
  levelSum = 0;
  squareSum = 0;
}

function addContrast(luma: usize, count: u32): void {
  const end = luma + count;
  let least = i8x16.splat(-1);
  let most = i64x2.splat(0);
  let at = luma;
  while (at + 16 <= end) {
    // In so many turns no lane exceeds 31 bits.
    const stop = at + (min<usize>((end - at) >>> 4, 4096) << 4);
    let sums = i64x2.splat(0);
    let squares = i64x2.splat(0);
    for (; at < stop; at += 16) {
      const levels = v128.load(at);
      least = i8x16.min_u(least, levels);
      most = i8x16.max_u(most, levels);
      const low = i16x8.extend_low_i8x16_u(levels);
      const high = i16x8.extend_high_i8x16_u(levels);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.add(low, high)));
      squares = i32x4.add(squares, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
    }
    levelSum += wideSum(sums);
    squareSum += wideSum(squares);
  }
  v128.store(APPEARANCE, least);
  v128.store(APPEARANCE, most, 16);
  for (let lane: usize = 0; lane < 16; lane++) {
    darkest = min(darkest, <u32>load<u8>(APPEARANCE + lane));
    brightest = max(brightest, <u32>load<u8>(APPEARANCE + lane, 16));
  }
  for (; at < end; at++) {
    const level: u32 = load<u8>(at);
    darkest = min(darkest, level);
    brightest = max(brightest, level);
    levelSum += level;
    squareSum += level * level;
  }
}

function wideSum(lanes: v128): u64 {
  const two = i64x2.add(i64x2.extend_low_i32x4_u(lanes), i64x2.extend_high_i32x4_u(lanes));
  return i64x2.extract_lane(two, 0) + i64x2.extract_lane(two, 1);
}

/** Rounding in the conversion of colours changes equal levels by one at most. */
const FLAT_SPREAD: u64 = 4;

function spreadOf(count: u64): u64 {
  const mean = (2 * levelSum + count) / (2 * count);
  return (squareSum + count * mean * mean - 2 * mean * levelSum) / count;
}

function storeContrast(count: u64, row: u32): void {
  store<u8>(DARKEST + row, <u8>darkest);
  store<u8>(BRIGHTEST + row, <u8>brightest);
  store<u16>(SPREADS + ((<usize>row) << 1), <u16>spreadOf(count));
}

// Block means of any picture, fed in bands of whole rows. A grid of 32 x 32 gives the signature too, as four of its rows
// and columns make one block, and four of its rows make one of the grid of 9 x 8.

/** Sums of the picture rows in the current row of the grid of 32, then in that of 8; in 1/32 of a row. */
const FINE: usize = LINES;
const COARSE: usize = LINES + LINE_BYTES;

/** Exact sums of up to 32 blocks, as doubles: below 2^53. */
const SUMS: usize = APPEARANCE + 32;
/** Those of one row of the signature. */
const SIGNATURE_SUMS: usize = SUMS + 32 * 8;
const SIGNATURE: usize = SIGNATURE_SUMS + 8 * 8;
/** Means of the grid of 9 x 8, or 8 x 9, row by row. */
const GRID: usize = SIGNATURE + 64;
/** Where means wait while they change places. */
const MOVED: usize = GRID + 80;

let pictureWidth: u32 = 0;
let pictureHeight: u32 = 0;
let nextRow: u32 = 0;
let gridRow: u32 = 0;
/** Whether rows will become columns, so that the grid of 9 x 8 must be one of 8 x 9 before; and in which of its rows. */
let transposed: bool = false;
let coarseRow: u32 = 0;

export function begin(width: u32, height: u32, willTranspose: bool = false): void {
  transposed = willTranspose;
  coarseRow = 0;
  pictureWidth = width;
  pictureHeight = height;
  nextRow = 0;
  gridRow = 0;
  clearContrast();
  memory.fill(FINE, 0, width << 2);
  memory.fill(COARSE, 0, width << 2);
  memory.fill(SIGNATURE_SUMS, 0, 64);
}

/** The next rows of grey levels. */
export function addRows(luma: usize, rows: u32): void {
  addContrast(luma, rows * pictureWidth);
  for (let i: u32 = 0; i < rows; i++, luma += pictureWidth) {
    let at = nextRow << 5;
    const end = at + 32;
    nextRow++;
    while (at < end) {
      const bottom = (gridRow + 1) * pictureHeight;
      const share = min(end, bottom) - at;
      addLine(FINE, luma, share);
      at += share;
      if (at === bottom) finishGridRow();
    }
    if (transposed) addToNine(luma);
  }
}

/** The row before `nextRow` to the grid of 8 x 9. */
function addToNine(luma: usize): void {
  let at = (nextRow - 1) * 9;
  const end = at + 9;
  while (at < end) {
    const bottom = (coarseRow + 1) * pictureHeight;
    const share = min(end, bottom) - at;
    addLine(COARSE, luma, share);
    at += share;
    if (at !== bottom) continue;
    sumBlocks(COARSE, 8);
    storeGridRow(coarseRow++, 8, <f64>pictureWidth * <f64>pictureHeight);
  }
}

/** Means of the sums of one row, and clears the line they came from. */
function storeGridRow(row: usize, columns: usize, area: f64): void {
  for (let column: usize = 0; column < columns; column++) {
    store<u8>(GRID + row * columns + column, mean(load<f64>(SUMS + (column << 3)), area));
  }
  memory.fill(COARSE, 0, pictureWidth << 2);
}

function addLine(line: usize, luma: usize, share: u32): void {
  const factor = i16x8.splat(<i16>share);
  const end = luma + pictureWidth;
  for (let to = line; luma < end; luma += 16, to += 64) {
    const levels = v128.load(luma);
    const low = i16x8.mul(i16x8.extend_low_i8x16_u(levels), factor);
    const high = i16x8.mul(i16x8.extend_high_i8x16_u(levels), factor);
    v128.store(to, i32x4.add(v128.load(to), i32x4.extend_low_i16x8_u(low)));
    v128.store(to, i32x4.add(v128.load(to, 16), i32x4.extend_high_i16x8_u(low)), 16);
    v128.store(to, i32x4.add(v128.load(to, 32), i32x4.extend_low_i16x8_u(high)), 32);
    v128.store(to, i32x4.add(v128.load(to, 48), i32x4.extend_high_i16x8_u(high)), 48);
  }
}

function finishGridRow(): void {
  const area = <f64>pictureWidth * <f64>pictureHeight;
  sumBlocks(FINE, 32);
  for (let column: usize = 0; column < 32; column++) {
    const sum = load<f64>(SUMS + (column << 3));
    store<u8>(BLOCKS + ((<usize>gridRow) << 5) + column, mean(sum, area));
    const block = SIGNATURE_SUMS + ((column >> 2) << 3);
    store<f64>(block, load<f64>(block) + sum);
  }
  if (transposed) {
    memory.fill(FINE, 0, pictureWidth << 2);
  } else {
    const end = COARSE + ((<usize>pictureWidth) << 2);
    for (let to = COARSE, from = FINE; to < end; to += 16, from += 16) {
      v128.store(to, i32x4.add(v128.load(to), v128.load(from)));
      v128.store(from, i64x2.splat(0));
    }
  }
  gridRow++;
  if ((gridRow & 3) !== 0) return;
  const row: usize = (gridRow >> 2) - 1;
  for (let column: usize = 0; column < 8; column++) {
    store<u8>(SIGNATURE + (row << 3) + column, mean(load<f64>(SIGNATURE_SUMS + (column << 3)), 16 * area));
  }
  memory.fill(SIGNATURE_SUMS, 0, 64);
  if (transposed) return;
  sumBlocks(COARSE, 9);
  storeGridRow(row, 9, 4 * area);
}

/** Sums of the blocks when a line is cut into `columns` of equal length, in 1/columns of a pixel. */
function sumBlocks(line: usize, columns: u32): void {
  let used: u32 = 0;
  for (let column: u32 = 0; column < columns; column++) {
    let need = pictureWidth;
    let sum: u64 = 0;
    if (used !== 0) {
      const share = min(columns - used, need);
      sum = <u64>load<u32>(line) * share;
      need -= share;
      used += share;
      if (used === columns) {
        used = 0;
        line += 4;
      }
    }
    if (need !== 0) {
      let whole: u64 = 0;
      for (; need >= columns; need -= columns, line += 4) whole += load<u32>(line);
      sum += whole * columns;
      if (need !== 0) {
        sum += <u64>load<u32>(line) * need;
        used = need;
      }
    }
    store<f64>(SUMS + (column << 3), <f64>sum);
  }
}

/** `sum / area` rounded, halves up. Exact: the quotient of doubles is off by less than half of 1 / (2 * area). */
function mean(sum: f64, area: f64): u8 {
  return <u8>(<u32>((2 * sum + area) / (2 * area)));
}

/** Whether all that was added differs so little that only pixels tell whether they are all equal. */
export function isNearlyFlat(): bool {
  return spreadOf(<u64>pictureWidth * pictureHeight) < FLAT_SPREAD;
}

/** Turns the means of all rows, as orientation 1 to 8 of EXIF says; 5 to 8 only when `begin` knew of it. */
export function turn(orientation: u32): void {
  if (orientation === 1) return;
  move(BLOCKS, 32, 32, orientation);
  move(SIGNATURE, 8, 8, orientation);
  if (orientation > 4) move(GRID, 8, 9, orientation);
  else move(GRID, 9, 8, orientation);
}

/** Turns a grid of bytes. */
function move(grid: usize, columns: usize, rows: usize, orientation: u32): void {
  const flipAcross = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
  const flipDown = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
  for (let y: usize = 0; y < rows; y++) {
    for (let x: usize = 0; x < columns; x++) {
      const across = flipAcross ? columns - 1 - x : x;
      const down = flipDown ? rows - 1 - y : y;
      const to = orientation > 4 ? across * rows + down : down * columns + across;
      store<u8>(MOVED + to, load<u8>(grid + y * columns + x));
    }
  }
  memory.copy(grid, MOVED, columns * rows);
}

/** When all rows were added: writes signature, hashes and contrast into row `row` of the columns. */
export function finish(row: u32): void {
  memory.copy(SIGNATURES + ((<usize>row) << 6), SIGNATURE, 64);
  let hash: u64 = 0;
  for (let y: usize = 0; y < 8; y++) {
    for (let x: usize = 0; x < 8; x++) {
      const at = GRID + y * 9 + x;
      if (load<u8>(at) < load<u8>(at, 1)) hash |= (<u64>1) << (8 * x + y);
    }
  }
  store<u64>(D_HASHES + ((<usize>row) << 3), hash);
  pHash(BLOCKS, P_HASHES + ((<usize>row) << 3));
  storeContrast(<u64>pictureWidth * pictureHeight, row);
}
