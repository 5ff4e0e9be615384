/**
 * Mixes 32 bits so that every input bit changes about half of the output bits; a bijection of the 32-bit numbers.
 * Constants: hash-prospector, "16 21f0aaad 15 735a2d97 15" (https://github.com/skeeto/hash-prospector).
 *
 * @returns 0..2^32-1
 */
export function mix32(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}

/** 2^32 divided by the golden ratio, the step of SplitMix. */
const GOLDEN = 0x9e3779b9;

/**
 * Output number `index` (from 0) of the SplitMix generator that starts at `seed`: Steele, Lea, Flood, "Fast Splittable
 * Pseudorandom Number Generators", OOPSLA 2014, with 32 bits and {@link mix32}. Any output can be had without those
 * before it.
 *
 * @returns 0..2^32-1
 */
export function splitmix32(seed: number, index: number): number {
  return mix32((seed + Math.imul(GOLDEN, index + 1)) | 0);
}

/** Outputs thrown away until the seed has reached all of the state, as in PractRand. */
const WARM_UP = 12;

/**
 * The generator sfc32 (Small Fast Chaotic, 128 bits of state) by Chris Doty-Humphrey, PractRand
 * (https://pracrand.sourceforge.net), seeded by SplitMix. The same seed gives the same numbers on every machine.
 */
export class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  /** @param seed any integer; only its lowest 32 bits count */
  constructor(seed: number) {
    this.a = splitmix32(seed, 0) | 0;
    this.b = splitmix32(seed, 1) | 0;
    this.c = splitmix32(seed, 2) | 0;
    for (let i = 0; i < WARM_UP; i++) this.next();
  }

  /** The next number, 0..2^32-1, all equally likely. */
  next(): number {
    const result = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0;
    return result >>> 0;
  }

  /**
   * A number 0..limit-1, all equally likely.
   *
   * @param limit 1..2^32
   */
  below(limit: number): number {
    // The remainder alone would favour small numbers: what is above the last full multiple is drawn again.
    for (;;) {
      const value = this.next();
      const rest = value % limit;
      if (value - rest <= 2 ** 32 - limit) return rest;
    }
  }
}

/**
 * Puts `values` into random order, in place, all orders equally likely: Fisher-Yates as in Durstenfeld, "Algorithm 235",
 * CACM 1964.
 */
export function shuffle(values: Uint32Array, random: Random): void {
  for (let last = values.length - 1; last > 0; last--) {
    const chosen = random.below(last + 1);
    const value = values[last] ?? 0;
    values[last] = values[chosen] ?? 0;
    values[chosen] = value;
  }
}
