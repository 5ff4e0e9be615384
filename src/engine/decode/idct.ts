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
  if ((in1 | in2 | in3 | in4 | in5 | in6 | in7) === 0) {
    // As below.
    const level = saturate(((in0 << 13) + round) >> shift);
    for (let i = 0; i < 8; i++) block[at + i * step] = level;
    return;
  }
  const sum = (wrap(in0 + in4) << 13) + round;
  const difference = (wrap(in0 - in4) << 13) + round;
  const z3 = wrap(in7 + in3);
  const z4 = wrap(in5 + in1);
  const outer = (Math.imul(in2, 10703) + Math.imul(in6, 4433)) | 0;
  const inner = (Math.imul(in2, 4433) - Math.imul(in6, 10704)) | 0;
  const a = (Math.imul(z3, -6436) + Math.imul(z4, 9633)) | 0;
  const b = (Math.imul(z3, 9633) + Math.imul(z4, 6437)) | 0;
  const odd0 = (Math.imul(in7, -4927) - Math.imul(in1, 7373) + a) | 0;
  const odd3 = (Math.imul(in1, 4926) - Math.imul(in7, 7373) + b) | 0;
  const odd1 = (b - Math.imul(in5, 4176) - Math.imul(in3, 20995)) | 0;
  const odd2 = (Math.imul(in3, 4177) - Math.imul(in5, 20995) + a) | 0;
  const even0 = (sum + outer) | 0;
  const even1 = (difference + inner) | 0;
  const even2 = (difference - inner) | 0;
  const even3 = (sum - outer) | 0;
  block[at] = saturate((even0 + odd3) >> shift);
  block[at + step] = saturate((even1 + odd2) >> shift);
  block[at + 2 * step] = saturate((even2 + odd1) >> shift);
  block[at + 3 * step] = saturate((even3 + odd0) >> shift);
  block[at + 4 * step] = saturate((even3 - odd0) >> shift);
  block[at + 5 * step] = saturate((even2 - odd1) >> shift);
  block[at + 6 * step] = saturate((even1 - odd2) >> shift);
  block[at + 7 * step] = saturate((even0 - odd3) >> shift);
}

function wrap(number: number): number {
  return (number << 16) >> 16;
}

function saturate(number: number): number {
  return number > 32767 ? 32767 : number < -32768 ? -32768 : number;
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
      levels[to + row * stride + column] = level > 255 ? 255 : level < 0 ? 0 : level;
    }
  }
  block.fill(0);
}
