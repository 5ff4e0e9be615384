/**
 * Few numbers a picture that tell most pictures apart: where it lies along the directions in which the pictures of a dataset
 * differ most. The distance of two pictures along them is never larger than that of their pixels, so a search that goes by
 * it loses no pair.
 */

/** Coordinates of a picture. */
export const AXES = 16;

/** Coordinates are whole numbers of this part of an RMS grey level: with 128, all differences fit 16 bits. */
export const STEPS = 128;

/** Blocks of pixels across and down at most, of which the directions are found. */
const BLOCKS = 8;

/** How coordinates follow from grey levels. */
export interface Axes {
  readonly width: number;
  readonly height: number;
  /** First column of each block, and `width`; first row of each block, and `height`. */
  readonly columns: Uint8Array;
  readonly rows: Uint8Array;
  /** What the sums of the blocks are multiplied with, {@link AXES} rows of a number a block. */
  readonly weights: Float64Array;
  /** What is added to each coordinate. */
  readonly offsets: Float64Array;
}

/**
 * The directions in which pictures differ most: principal components (K. Pearson, 1901) of the means of up to 8 x 8 blocks,
 * of some pictures that stand for all. `looks` are their grey levels, `width * height` (each at most 255) a picture.
 *
 * Let u be the sums of the grey levels of a picture over its blocks, each divided by the root of the pixels in it. By
 * Cauchy and Schwarz |u - u'|^2 is at most the sum of squared differences of the pixels, and directions that are orthogonal
 * and of length one keep that. Coordinates are these numbers, less those of middle grey, in 1/128 of an RMS grey level.
 */
export function findAxes(looks: Uint8Array, width: number, height: number): Axes {
  const [columns, rows] = [cutsOf(width), cutsOf(height)];
  const blocks = (columns.length - 1) * (rows.length - 1);
  const pixels = width * height;
  const axes = {
    ...{ width, height, columns, rows },
    weights: new Float64Array(AXES * blocks),
    offsets: new Float64Array(AXES),
  };
  const roots = Float64Array.from({ length: blocks }, (_, block) => {
    const [x, y] = [block % (columns.length - 1), Math.floor(block / (columns.length - 1))];
    return Math.sqrt(((columns[x + 1] ?? 0) - (columns[x] ?? 0)) * ((rows[y + 1] ?? 0) - (rows[y] ?? 0)));
  });
  const { values, vectors } = eigen(covariance(axes, looks, roots), blocks);
  const largest = Array.from(values.keys()).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
  const scale = STEPS / Math.sqrt(pixels);
  for (let axis = 0; axis < Math.min(AXES, blocks); axis++) {
    let offset = 0;
    for (let block = 0; block < blocks; block++) {
      const along = (vectors[block * blocks + (largest[axis] ?? 0)] ?? 0) * scale;
      const root = roots[block] ?? 1;
      axes.weights[axis * blocks + block] = along / root;
      offset -= along * root * 127.5;
    }
    axes.offsets[axis] = offset;
  }
  return axes;
}

/**
 * Writes the coordinates of the pictures `[from, to)` of `looks`, {@link AXES} of them a picture, each -16320..16320: those
 * of a picture are at most 128 * 127.5 from middle grey. Rounded, so each is at most 1/2 off, and one of the difference of
 * two pictures at most 1: see {@link farthest}.
 */
export function coordinatesOf(axes: Axes, looks: Uint8Array, from: number, to: number, into: Int16Array): void {
  const { width, height, weights, offsets } = axes;
  const sums = new Float64Array((axes.columns.length - 1) * (axes.rows.length - 1));
  const blocks = sums.length;
  for (let picture = from; picture < to; picture++) {
    sumBlocks(axes, looks, picture * width * height, sums);
    for (let axis = 0; axis < AXES; axis++) {
      let sum = offsets[axis] ?? 0;
      const row = axis * blocks;
      for (let block = 0; block < blocks; block++) sum += (sums[block] ?? 0) * (weights[row + block] ?? 0);
      into[picture * AXES + axis] = Math.round(sum);
    }
  }
}

/**
 * The largest sum of squared differences of coordinates that two pictures can have whose RMS grey difference is at most
 * `reach`: rounding makes the distance longer by at most the root of 16 times 1. The thousandths are for the rounding of
 * doubles, and of the score to a 32-bit float, which are a million times smaller.
 */
export function farthest(reach: number): number {
  return Math.ceil((STEPS * reach + Math.sqrt(AXES) + 0.002) ** 2);
}

function cutsOf(length: number): Uint8Array {
  const blocks = Math.min(BLOCKS, length);
  return Uint8Array.from({ length: blocks + 1 }, (_, cut) => Math.floor((cut * length) / blocks));
}

function sumBlocks({ width, columns, rows }: Axes, looks: Uint8Array, at: number, sums: Float64Array): void {
  const across = columns.length - 1;
  for (let y = 0; y + 1 < rows.length; y++) {
    const [top, bottom] = [rows[y] ?? 0, rows[y + 1] ?? 0];
    for (let x = 0; x < across; x++) {
      const [left, right] = [columns[x] ?? 0, columns[x + 1] ?? 0];
      let sum = 0;
      for (let line = top; line < bottom; line++) {
        const start = at + line * width;
        for (let i = start + left; i < start + right; i++) sum += looks[i] ?? 0;
      }
      sums[y * across + x] = sum;
    }
  }
}

/** Covariance of the block sums over the roots of their sizes. */
function covariance(axes: Axes, looks: Uint8Array, roots: Float64Array): Float64Array {
  const blocks = roots.length;
  const size = axes.width * axes.height;
  const count = Math.floor(looks.length / size);
  const products = new Float64Array(blocks * blocks);
  const means = new Float64Array(blocks);
  const sums = new Float64Array(blocks);
  for (let picture = 0; picture < count; picture++) {
    sumBlocks(axes, looks, picture * size, sums);
    for (let i = 0; i < blocks; i++) {
      const value = (sums[i] ?? 0) / (roots[i] ?? 1);
      sums[i] = value;
      means[i] = (means[i] ?? 0) + value / count;
      for (let j = 0; j <= i; j++) {
        products[i * blocks + j] = (products[i * blocks + j] ?? 0) + (value * (sums[j] ?? 0)) / count;
      }
    }
  }
  for (let i = 0; i < blocks; i++) {
    for (let j = 0; j <= i; j++) {
      const value = (products[i * blocks + j] ?? 0) - (means[i] ?? 0) * (means[j] ?? 0);
      products[i * blocks + j] = products[j * blocks + i] = value;
    }
  }
  return products;
}

/** Sweeps of rotations after which a matrix is as diagonal as doubles can say; 6 to 10 are needed. */
const SWEEPS = 16;

/**
 * Eigenvalues and eigenvectors (the columns of `vectors`) of a symmetric matrix, which is overwritten, by Jacobi's rotations
 * (C. G. J. Jacobi, 1846; in this form G. H. Golub and C. F. Van Loan, Matrix Computations, 8.5). A product of rotations is
 * orthogonal but for the last bits of doubles, whatever the matrix was.
 */
function eigen(matrix: Float64Array, size: number): { values: Float64Array; vectors: Float64Array } {
  const vectors = new Float64Array(size * size);
  for (let i = 0; i < size; i++) vectors[i * size + i] = 1;
  const at = (row: number, column: number): number => matrix[row * size + column] ?? 0;
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const off = at(p, q);
        if (Math.abs(off) <= 1e-12 * Math.sqrt(Math.abs(at(p, p) * at(q, q))) || off === 0) continue;
        rotated = true;
        const ratio = (at(q, q) - at(p, p)) / (2 * off);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.sqrt(1 + ratio * ratio));
        const cosine = 1 / Math.sqrt(1 + tangent * tangent);
        const sine = tangent * cosine;
        rotate(matrix, p, q, size, cosine, sine);
        rotate(matrix, p * size, q * size, 1, cosine, sine);
        rotate(vectors, p, q, size, cosine, sine);
      }
    }
    if (!rotated) break;
  }
  return { values: Float64Array.from({ length: size }, (_, i) => at(i, i)), vectors };
}

/** Turns two rows (`step` 1) or two columns (`step` is their length) of a square matrix into each other. */
function rotate(values: Float64Array, a: number, b: number, step: number, cosine: number, sine: number): void {
  const size = Math.sqrt(values.length);
  for (let i = 0; i < size; i++) {
    const [p, q] = [a + i * step, b + i * step];
    const [x, y] = [values[p] ?? 0, values[q] ?? 0];
    values[p] = cosine * x - sine * y;
    values[q] = sine * x + cosine * y;
  }
}
