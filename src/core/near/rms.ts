/**
 * The measure of glyphs: the root of the mean square difference of the grey levels of two pictures of one size, 0..255.
 * Sums of squares are whole numbers and every score follows from one, so all ways to compute it give the same bits.
 */

/** Sum of the squared differences of `count` grey levels: of `a` from `from` on, of `b` from `to` on. */
export function squareDifference(a: Uint8Array, from: number, b: Uint8Array, to: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const difference = (a[from + i] ?? 0) - (b[to + i] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

/** The RMS grey difference of pictures of `pixels` pixels whose squared differences add up to `squares`, as a 32-bit float. */
export function rmsOf(squares: number, pixels: number): number {
  return Math.fround(Math.sqrt(squares / pixels));
}

/** The largest sum of squared differences whose RMS grey difference, as {@link rmsOf} rounds it, is at most `reach`. */
export function mostSquares(reach: number, pixels: number): number {
  let squares = Math.floor(reach * reach * pixels);
  while (squares > 0 && rmsOf(squares, pixels) > reach) squares--;
  while (rmsOf(squares + 1, pixels) <= reach) squares++;
  return squares;
}
