/** One direction of the transform: eight 16-bit numbers of `block`, `step` apart; sums are in 1/8192 before the shift. */
function pass(block: Int16Array, at: number, step: number, shift: number): void {
  const in0 = block[at] ?? 0;
  const in1 = block[at + step] ?? 0;
  const in2 = block[at + 2 * step] ?? 0;
  const in3 = block[at + 3 * step] ?? 0;
  const in4 = block[at + 4 * step] ?? 0;
  const in5 = block[at + 5 * step] ?? 0;
  const in6 = block[at + 6 * step] ?? 0;
  const in7 = block[at + 7 * step] ?? 0;
  const round = 1 << (shift - 1);
  const sum = (wrap(in0 + in4) << 13) + round;
  const difference = (wrap(in0 - in4) << 13) + round;
  const z3 = wrap(in7 + in3);
  const z4 = wrap(in5 + in1);
  // All sums of products are below 2^53: wrapping around at the end is the same as at every step.
  const outer = in2 * 10703 + in6 * 4433;
  const inner = in2 * 4433 - in6 * 10704;
  const a = z3 * -6436 + z4 * 9633;
  const b = z3 * 9633 + z4 * 6437;
  const odd0 = in7 * -4927 + in1 * -7373 + a;
  const odd3 = in7 * -7373 + in1 * 4926 + b;
  const odd1 = in5 * -4176 + in3 * -20995 + b;
  const odd2 = in5 * -20995 + in3 * 4177 + a;
  block[at] = descale(sum + outer + odd3, shift);
  block[at + step] = descale(difference + inner + odd2, shift);
  block[at + 2 * step] = descale(difference - inner + odd1, shift);
  block[at + 3 * step] = descale(sum - outer + odd0, shift);
  block[at + 4 * step] = descale(sum - outer - odd0, shift);
  block[at + 5 * step] = descale(difference - inner - odd1, shift);
  block[at + 6 * step] = descale(difference + inner - odd2, shift);
  block[at + 7 * step] = descale(sum + outer - odd3, shift);
}

function wrap(number: number): number {
  return (number << 16) >> 16;
}

function descale(number: number, shift: number): number {
  return Math.min(32767, Math.max(-32768, (number | 0) >> shift));
}

/**
 * The inverse cosine transform of 8 x 8 coefficients as libjpeg's "islow" does it (C. Loeffler, A. Ligtenberg, G. Moschytz,
 * "Practical Fast 1-D DCT Algorithms with 11 Multiplications", 1989), bit for bit, so that grey levels are those of the
 * library. Writes 8 rows of 8 levels, 0..255, to `levels` from `to` on, and clears `block`.
 */
export function inverseTransform(block: Int16Array, levels: Uint8Array, to: number, stride: number): void {
  for (let column = 0; column < 8; column++) pass(block, column, 8, 11);
  for (let row = 0; row < 8; row++) {
    pass(block, 8 * row, 1, 18);
    for (let column = 0; column < 8; column++) {
      const level = (block[8 * row + column] ?? 0) + 128;
      levels[to + row * stride + column] = Math.min(255, Math.max(0, level));
    }
  }
  block.fill(0);
}
