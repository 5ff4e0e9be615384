import { setImmediate as nextTurn } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import type { Measure, NearPairs } from "../../core/near/near";
import { counted } from "../../core/counts";
import { decimalText, integerText } from "../../core/language";
import { mostSquares, rmsOf } from "../../core/near/rms";
import { PAIR_WORDS } from "./glyphSpace";
import { sortedBy } from "./order";

/** Scores at which a search may end when there are too many pairs are multiples of this. */
const REACH_STEP = 0.25;

/**
 * Pairs of glyphs while they are found. With more than `most`, the reach is the largest multiple of {@link REACH_STEP} up
 * to which there are no more than that: pairs beyond it are dropped and need not be found any more. Where that is depends
 * on nothing but the pairs: it is never below the one for all pairs, because some of them are never more than all.
 */
export class GlyphPairs {
  private numbers = new Uint32Array(PAIR_WORDS * 4096);
  /** Pairs in `numbers`, and how many of them are up to the reach: the others go when there is no room left. */
  private count = 0;
  private kept = 0;
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

  /** The largest sum of squared differences that is searched. */
  get mostSquares(): number {
    return this.step < 0 ? -1 : mostSquares(this.reach, this.pixels);
  }

  /** Why the reach is shorter than asked, in one sentence; `null` when it is not. */
  limitedText({ name, reach }: Measure): string | null {
    if (!this.hasDropped) return null;
    const most = integerText(this.most);
    return this.step < 0
      ? l10n.t(
          "More than {0} pairs have an {1} of at most {2}, even of 0, so none is kept.",
          most,
          name,
          decimalText(reach),
        )
      : l10n.t(
          "More than {0} pairs have an {1} of at most {2}, so only those of at most {3} are kept: {4}.",
          most,
          name,
          decimalText(reach),
          decimalText(this.reach),
          counted(this.kept, "pair"),
        );
  }

  /** Adds pairs: two numbers and the sum of the squared differences each. */
  add(pairs: Uint32Array): void {
    for (let at = 0; at < pairs.length; at += PAIR_WORDS) {
      const step = this.stepOf(pairs[at + 2] ?? 0);
      if (step > this.step) continue;
      this.reserve();
      this.counts[step] = (this.counts[step] ?? 0) + 1;
      this.kept++;
      const into = PAIR_WORDS * this.count++;
      for (let word = 0; word < PAIR_WORDS; word++) this.numbers[into + word] = pairs[at + word] ?? 0;
      while (this.kept > this.most) this.shorten();
    }
  }

  /** All pairs in their order; `samples` are those of the numbers, ascending. */
  async finish(samples: Uint32Array): Promise<NearPairs> {
    this.compact();
    const { count, numbers, pixels } = this;
    // By the second, then by the first number, each time keeping the order of equal ones.
    const numberOf = (word: number) => (pair: number) => numbers[PAIR_WORDS * pair + word] ?? 0;
    const all = Uint32Array.from({ length: count }, (_, i) => i);
    let order = sortedBy(numberOf(1), all, samples.length);
    await nextTurn();
    order = sortedBy(numberOf(0), order, samples.length);
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

  private shorten(): void {
    this.hasDropped = true;
    this.kept -= this.counts[this.step--] ?? 0;
  }

  /** Takes out the pairs beyond the reach. */
  private compact(): void {
    if (this.count === this.kept) return;
    const { numbers } = this;
    let into = 0;
    for (let from = 0; from < PAIR_WORDS * this.count; from += PAIR_WORDS) {
      if (this.stepOf(numbers[from + 2] ?? 0) > this.step) continue;
      for (let word = 0; word < PAIR_WORDS; word++) numbers[into + word] = numbers[from + word] ?? 0;
      into += PAIR_WORDS;
    }
    this.count = this.kept;
  }

  /** Makes room for one more: a little more than `most` is enough, because then many can be taken out at a time. */
  private reserve(): void {
    const { numbers, most } = this;
    if (PAIR_WORDS * (this.count + 1) <= numbers.length) return;
    const enough = PAIR_WORDS * (most + (most >> 3) + 1);
    if (numbers.length >= enough) {
      this.compact();
      return;
    }
    this.numbers = new Uint32Array(Math.min(2 * numbers.length, enough));
    this.numbers.set(numbers);
  }
}
