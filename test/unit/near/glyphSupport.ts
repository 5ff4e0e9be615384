import type { NearPairs } from "../../../src/core/near/near";
import { randomNumbers } from "../kernels/support";

/**
 * Grey levels of pictures in two tones, `width * height` bytes each: bars and boxes drawn anew in one picture of eight, the
 * others are one before with noise of some strength, so that pairs of every nearness are among them.
 */
export function glyphs(count: number, width: number, height: number, seed: number): Uint8Array {
  const next = randomNumbers(seed);
  const below = (limit: number): number => (next() >> 8) % limit;
  const size = width * height;
  const looks = new Uint8Array(count * size);
  for (let picture = 0; picture < count; picture++) {
    const own = looks.subarray(picture * size, (picture + 1) * size);
    if (picture % 8 === 0) {
      for (let stroke = 0; stroke < 4; stroke++) {
        const [left, top] = [below(width), below(height)];
        const [right, bottom] = [left + 1 + below(width), top + 1 + below(height)];
        const tone = below(4) === 0 ? 0 : 200 + below(56);
        for (let y = top; y < Math.min(bottom, height); y++) {
          own.fill(tone, y * width + left, y * width + Math.min(right, width));
        }
      }
    } else {
      const like = picture - 1 - below(Math.min(picture, 8));
      const strength = 1 + below(60);
      for (let i = 0; i < size; i++) {
        const level = (looks[like * size + i] ?? 0) + ((next() >> 8) % strength) - (strength >> 1);
        own[i] = Math.max(0, Math.min(255, level));
      }
    }
  }
  return looks;
}

/** All pairs whose RMS difference is at most `reach`, by the definition alone: "first second score", ascending. */
export function bruteForce(looks: Uint8Array, pixels: number, reach: number): string[] {
  const count = looks.length / pixels;
  const found: string[] = [];
  for (let first = 0; first < count; first++) {
    for (let second = first + 1; second < count; second++) {
      let squares = 0;
      for (let i = 0; i < pixels; i++) {
        squares += ((looks[first * pixels + i] ?? 0) - (looks[second * pixels + i] ?? 0)) ** 2;
      }
      const score = Math.fround(Math.sqrt(squares / pixels));
      if (score <= reach) found.push(`${first} ${second} ${score}`);
    }
  }
  return found;
}

/** Pairs as {@link bruteForce} writes them. */
export function textOf({ count, first, second, scores }: NearPairs): string[] {
  return Array.from({ length: count }, (_, i) => `${first[i] ?? 0} ${second[i] ?? 0} ${scores[i] ?? 0}`);
}
