/**
 * What a picture looks like, small enough to compare half a million of them: grey levels averaged over a few blocks, and
 * two 64-bit hashes of them. All of it is arithmetic on integers, so that every implementation gives the same bits: this
 * one is the definition, `src/kernels` is the fast one.
 */
import { bytesPerChannel, channelsOf, type Picture } from "../picture";

/** Columns and rows of a signature. */
export const SIGNATURE_SIDE = 8;

/** Bytes of a signature. */
export const SIGNATURE_BYTES = SIGNATURE_SIDE * SIGNATURE_SIDE;

/** How a picture looks. Hashes are 64 bits as two words, bits 0 to 31 first; their distance is the count of bits that differ. */
export interface Appearance {
  /** Mean grey level, 0..255, of each of 8 x 8 blocks, row by row: see {@link blockMeans}. */
  readonly signature: Uint8Array;
  /** See {@link dHash}. */
  readonly dHash: Uint32Array;
  /** See {@link pHash}. */
  readonly pHash: Uint32Array;
  readonly contrast: Contrast;
}

/** How far a picture is from showing nothing. */
export interface Contrast {
  /** The lowest and the highest grey level, 0..255. */
  readonly darkest: number;
  readonly brightest: number;
  /**
   * Mean square of the difference from the mean, in grey levels squared, 0..16384. A picture of spread s is at an RMS
   * difference of sqrt(s) from an empty one.
   */
  readonly spread: number;
}

/** Signature, hashes and contrast of a picture of any size and mode. */
export function appearanceOf(picture: Picture): Appearance {
  const luma = lumaOf(picture);
  const { width, height } = picture;
  return {
    signature: blockMeans(luma, width, height, SIGNATURE_SIDE, SIGNATURE_SIDE),
    dHash: dHash(blockMeans(luma, width, height, DHASH_COLUMNS, DHASH_ROWS)),
    pHash: pHash(blockMeans(luma, width, height, PHASH_SIDE, PHASH_SIDE)),
    contrast: contrastOf(luma),
  };
}

/**
 * The grey level of every pixel, 0..255; `picture.pixels` itself for mode L. Colours by the weights of ITU-R BT.601,
 * 0.299 R + 0.587 G + 0.114 B, in 1/32768 and rounded; with alpha over black; of 16 bits the upper 8; floats are scaled
 * from their lowest and highest finite value to 0 and 255, and what is not a number is 0.
 */
export function lumaOf(picture: Picture): Uint8Array {
  const { mode, pixels } = picture;
  if (mode === "L") return pixels;
  if (mode === "F32" || mode === "F64") return scaleFloats(picture);
  const channels = channelsOf(mode);
  const size = bytesPerChannel(mode);
  const step = channels * size;
  const luma = new Uint8Array(picture.width * picture.height);
  // The last byte of a channel is its upper one.
  let at = size - 1;
  for (let i = 0; i < luma.length; i++, at += step) {
    const first = pixels[at] ?? 0;
    const grey = channels < 3 ? first : greyOf(first, pixels[at + size] ?? 0, pixels[at + 2 * size] ?? 0);
    luma[i] = channels % 2 === 1 ? grey : overBlack(grey, pixels[at + step - size] ?? 0);
  }
  return luma;
}

function greyOf(red: number, green: number, blue: number): number {
  return (red * 9798 + green * 19235 + blue * 3735 + 16384) >> 15;
}

/** `grey * alpha / 255`, rounded. */
function overBlack(grey: number, alpha: number): number {
  const product = grey * alpha + 128;
  return (product + (product >> 8)) >> 8;
}

function scaleFloats({ mode, pixels, width, height }: Picture): Uint8Array {
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const valueAt = (i: number): number => (mode === "F32" ? view.getFloat32(i * 4, true) : view.getFloat64(i * 8, true));
  const luma = new Uint8Array(width * height);
  let least = Infinity;
  let most = -Infinity;
  for (let i = 0; i < luma.length; i++) {
    const value = valueAt(i);
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  // Halves, because the difference of two finite numbers may be infinite.
  const range = most / 2 - least / 2;
  if (!(range > 0)) return luma;
  for (let i = 0; i < luma.length; i++) {
    const level = ((valueAt(i) / 2 - least / 2) / range) * 255;
    luma[i] = Number.isNaN(level) ? 0 : Math.floor(Math.min(255, Math.max(0, level)) + 0.5);
  }
  return luma;
}

/**
 * The mean grey level, 0..255 and rounded (halves up), of each block when the picture is cut into `columns` x `rows`
 * blocks of equal size, row by row. A pixel that a cut runs through counts in each block by its share, so this works for
 * pictures larger and smaller than the grid.
 */
export function blockMeans(
  luma: Uint8Array,
  width: number,
  height: number,
  columns: number,
  rows: number,
): Uint8Array<ArrayBuffer> {
  const means = new Uint8Array(columns * rows);
  // Lengths are in 1/columns and 1/rows of a pixel: then a block is `width` x `height`, and all sums are exact.
  const area = width * height;
  const line = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    line.fill(0);
    const top = row * height;
    const bottom = top + height;
    for (let y = Math.floor(top / rows); y * rows < bottom; y++) {
      const share = Math.min(bottom, (y + 1) * rows) - Math.max(top, y * rows);
      for (let x = 0; x < width; x++) line[x] = (line[x] ?? 0) + share * (luma[y * width + x] ?? 0);
    }
    for (let column = 0; column < columns; column++) {
      const left = column * width;
      const right = left + width;
      let sum = 0;
      for (let x = Math.floor(left / columns); x * columns < right; x++) {
        sum += (Math.min(right, (x + 1) * columns) - Math.max(left, x * columns)) * (line[x] ?? 0);
      }
      means[row * columns + column] = Math.floor((2 * sum + area) / (2 * area));
    }
  }
  return means;
}

const DHASH_COLUMNS = 9;
const DHASH_ROWS = 8;

/**
 * The difference hash of 9 x 8 block means (N. Krawetz, "Kind of Like That", 2013): bit `8 * column + row`, for the left 8
 * columns, is 1 where the block to the right is brighter. Equal blocks give 0.
 */
export function dHash(means: Uint8Array): Uint32Array {
  const hash = new Uint32Array(2);
  for (let row = 0; row < DHASH_ROWS; row++) {
    for (let column = 0; column < 8; column++) {
      const at = row * DHASH_COLUMNS + column;
      if ((means[at] ?? 0) < (means[at + 1] ?? 0)) setBit(hash, column * 8 + row);
    }
  }
  return hash;
}

const PHASH_SIDE = 32;
const FREQUENCIES = 8;

/** `round(128 * cos(m * pi / 64))` for m = 0..32. */
const COSINES = Int16Array.of(
  ...[128, 128, 127, 127, 126, 124, 122, 121, 118, 116, 113, 110, 106, 103, 99, 95, 91],
  ...[86, 81, 76, 71, 66, 60, 55, 49, 43, 37, 31, 25, 19, 13, 6, 0],
);

/** `128 * cos((2 * x + 1) * u * pi / 64)`, at `u * 32 + x`. */
const BASIS = Int16Array.from({ length: FREQUENCIES * PHASH_SIDE }, (_, at) =>
  cosine((2 * (at % PHASH_SIDE) + 1) * Math.floor(at / PHASH_SIDE)),
);

function cosine(m: number): number {
  const turn = m % 128;
  const half = turn > 64 ? 128 - turn : turn;
  return half > 32 ? -(COSINES[64 - half] ?? 0) : (COSINES[half] ?? 0);
}

/**
 * The perceptual hash of 32 x 32 block means (N. Krawetz, "Looks Like It", 2011, with the median as in C. Zauner's pHash,
 * 2010): bit `8 * u + v` is 1 where the coefficient of frequency u across and v down, each 0..7, exceeds the median of
 * the 63 coefficients other than (0, 0). That one is only the mean: bit 0 is always 0. Coefficients equal to the median
 * give 0.
 */
export function pHash(means: Uint8Array): Uint32Array {
  const coefficients = cosineTransform(means);
  const median = coefficients.slice(1).sort()[31] ?? 0;
  const hash = new Uint32Array(2);
  for (let i = 1; i < coefficients.length; i++) if ((coefficients[i] ?? 0) > median) setBit(hash, i);
  return hash;
}

/**
 * The lowest 8 x 8 frequencies of the discrete cosine transform (DCT-II) of 32 x 32 levels g, at `8 * u + v`:
 * `sum of g[y][x] * cos((2x + 1) u pi / 64) * cos((2y + 1) v pi / 64)`, with cosines in 1/128, so exact and below 2^31 but
 * for (0, 0). The usual factors are left out: they scale whole rows and columns by at most the square root of 2.
 */
function cosineTransform(means: Uint8Array): Float64Array {
  const across = new Float64Array(FREQUENCIES * PHASH_SIDE);
  for (let u = 0; u < FREQUENCIES; u++) {
    for (let y = 0; y < PHASH_SIDE; y++) {
      let sum = 0;
      for (let x = 0; x < PHASH_SIDE; x++) sum += (means[y * PHASH_SIDE + x] ?? 0) * (BASIS[u * PHASH_SIDE + x] ?? 0);
      across[u * PHASH_SIDE + y] = sum;
    }
  }
  const coefficients = new Float64Array(FREQUENCIES * FREQUENCIES);
  for (let u = 0; u < FREQUENCIES; u++) {
    for (let v = 0; v < FREQUENCIES; v++) {
      let sum = 0;
      for (let y = 0; y < PHASH_SIDE; y++) {
        sum += (across[u * PHASH_SIDE + y] ?? 0) * (BASIS[v * PHASH_SIDE + y] ?? 0);
      }
      coefficients[u * FREQUENCIES + v] = sum;
    }
  }
  return coefficients;
}

function setBit(hash: Uint32Array, bit: number): void {
  const word = bit >> 5;
  hash[word] = (hash[word] ?? 0) | (1 << (bit & 31));
}

/** The range of grey levels and their mean square difference from the mean, which is rounded as in {@link blockMeans}. */
export function contrastOf(luma: Uint8Array): Contrast {
  let darkest = 255;
  let brightest = 0;
  let sum = 0;
  let squares = 0;
  // Iterating over its values takes ten times as long.
  for (let i = 0; i < luma.length; i++) {
    const level = luma[i] ?? 0;
    if (level < darkest) darkest = level;
    if (level > brightest) brightest = level;
    sum += level;
    squares += level * level;
  }
  const count = luma.length;
  const mean = Math.floor((2 * sum + count) / (2 * count));
  return { darkest, brightest, spread: Math.floor((squares - 2 * mean * sum + count * mean * mean) / count) };
}
