import { setImmediate as nextTurn } from "node:timers/promises";
import type { NearPairs } from "../../core/near/near";
import { mostSquares, rmsOf } from "../../core/near/rms";
import { PAIR_WORDS } from "./space";

/** Scores at which a search may end when there are too many pairs are multiples of this. */
export const REACH_STEP = 0.25;

/**
 * Pairs of glyphs while they are found. With more than `most`, the reach is the largest multiple of {@link REACH_STEP} up
 * to which there are no more than that: pairs beyond it are dropped and need not be found any more. Where that is depends
 * on nothing but the pairs: it is never below the one for all pairs, because some of them are never more than all.
 */
export class GlyphPairs {
  private numbers = new Uint32Array(PAIR_WORDS * 4096);
  private count = 0;
  /** How many pairs have a score above the step before and up to each step. */
  private readonly counts: number[];
  /** The step that is the reach; -1 when even those of score 0 are too many. */
  private step: number;
  private hasDropped = false;

  /** `reach` is a multiple of {@link REACH_STEP}, `pixels` those of a picture. */
  constructor(
    reach: number,
    private readonly pixels: number,
    private readonly most: number,
  ) {
    this.step = Math.round(reach / REACH_STEP);
    this.counts = Array<number>(this.step + 1).fill(0);
  }

  /** Every pair up to this score is kept; 0 when none is, because those of score 0 were too many. */
  get reach(): number {
    return Math.max(0, this.step) * REACH_STEP;
  }

  /** Pairs up to the reach. */
  get size(): number {
    return this.count;
  }

  /** Whether there were too many. */
  get isLimited(): boolean {
    return this.hasDropped;
  }

  /** The largest sum of squared differences that is searched. */
  get mostSquares(): number {
    return this.step < 0 ? -1 : mostSquares(this.reach, this.pixels);
  }

  /** Adds pairs: two numbers and the sum of the squared differences each. */
  add(pairs: Uint32Array): void {
    for (let at = 0; at < pairs.length; at += PAIR_WORDS) {
      const step = this.stepOf(pairs[at + 2] ?? 0);
      if (step > this.step) continue;
      this.counts[step] = (this.counts[step] ?? 0) + 1;
      this.reserve();
      const into = PAIR_WORDS * this.count++;
      for (let word = 0; word < PAIR_WORDS; word++) this.numbers[into + word] = pairs[at + word] ?? 0;
      if (this.count > this.most) this.drop();
    }
  }

  /** All pairs in their order; `samples` are those of the numbers, ascending. */
  async finish(samples: Uint32Array): Promise<NearPairs> {
    const { count, numbers, pixels } = this;
    // By the second, then by the first number, each time keeping the order of equal ones.
    let order = byNumber(
      numbers,
      1,
      Uint32Array.from({ length: count }, (_, i) => i),
      samples.length,
    );
    await nextTurn();
    order = byNumber(numbers, 0, order, samples.length);
    await nextTurn();
    const [first, second, scores] = [new Uint32Array(count), new Uint32Array(count), new Float32Array(count)];
    for (let i = 0; i < count; i++) {
      const at = PAIR_WORDS * (order[i] ?? 0);
      first[i] = samples[numbers[at] ?? 0] ?? 0;
      second[i] = samples[numbers[at + 1] ?? 0] ?? 0;
      scores[i] = rmsOf(numbers[at + 2] ?? 0, pixels);
    }
    return { count, first, second, scores, transforms: new Uint8Array(count), shifts: new Int8Array(2 * count) };
  }

  /** The first step whose score is not below that of a sum of squares. */
  private stepOf(squares: number): number {
    return Math.ceil(rmsOf(squares, this.pixels) / REACH_STEP);
  }

  /** Shortens the reach until there are not too many pairs. */
  private drop(): void {
    this.hasDropped = true;
    let left = this.count;
    while (left > this.most) left -= this.counts[this.step--] ?? 0;
    let kept = 0;
    for (let pair = 0; pair < this.count; pair++) {
      const from = PAIR_WORDS * pair;
      if (this.stepOf(this.numbers[from + 2] ?? 0) > this.step) continue;
      this.numbers.copyWithin(PAIR_WORDS * kept++, from, from + PAIR_WORDS);
    }
    this.count = kept;
  }

  private reserve(): void {
    if (PAIR_WORDS * (this.count + 1) <= this.numbers.length) return;
    const larger = new Uint32Array(Math.min(2 * this.numbers.length, PAIR_WORDS * (this.most + 1)));
    larger.set(this.numbers);
    this.numbers = larger;
  }
}

/** Orders pairs by one of their numbers, which are below `limit`. */
function byNumber(numbers: Uint32Array, word: number, order: Uint32Array, limit: number): Uint32Array {
  const ends = new Uint32Array(limit + 1);
  for (const pair of order) {
    const number = numbers[PAIR_WORDS * pair + word] ?? 0;
    ends[number + 1] = (ends[number + 1] ?? 0) + 1;
  }
  for (let number = 1; number <= limit; number++) ends[number] = (ends[number] ?? 0) + (ends[number - 1] ?? 0);
  const sorted = new Uint32Array(order.length);
  for (const pair of order) {
    const number = numbers[PAIR_WORDS * pair + word] ?? 0;
    const at = ends[number] ?? 0;
    ends[number] = at + 1;
    sorted[at] = pair;
  }
  return sorted;
}
