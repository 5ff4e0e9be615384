import type { TrainingSize } from "./experiment";
import type { ModelName } from "./models";

/** A value with its 95 % interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * What the leakage costs one model at one size, over all seeds. With A(o, s) the accuracy of the models trained on data o on
 * test set s, and f the share of leaked test images:
 *
 * drop = A(original, original) - A(original, clean) = composition + memorising
 * composition = f (A(sanitized, leaked) - A(sanitized, clean)): the leaked images are easier also for who never saw them
 * memorising = f ((A(original, leaked) - A(sanitized, leaked)) - (A(original, clean) - A(sanitized, clean)))
 *
 * Intervals: paired bootstrap over seeds and test images.
 */
export interface Cost {
  readonly model: ModelName;
  readonly size: TrainingSize;
  /** Samples trained on, by kind of data. */
  readonly trained: { readonly original: number; readonly sanitized: number };
  readonly seeds: number;
  /** Labelled test images, the leaked ones of them, and how many of those differ from each other. */
  readonly samples: { readonly test: number; readonly leaked: number; readonly leakedGroups: number };
  /** Accuracy of models trained on original data: on all test images, on the clean and on the leaked ones. */
  readonly original: { readonly test: Interval; readonly clean: Interval | null; readonly leaked: Interval | null };
  /** The same of models trained on sanitized data, and on the sanitized test split. */
  readonly sanitized: {
    readonly test: Interval;
    readonly clean: Interval | null;
    readonly leaked: Interval | null;
    readonly sanitized: Interval | null;
  };
  /** `null` when there are no leaked images, or only such. */
  readonly drop: Interval | null;
  readonly composition: Interval | null;
  readonly memorising: Interval | null;
  /** A(original, original) - A(sanitized, sanitized): the two numbers that people compare. */
  readonly difference: Interval | null;
  /** All of it in plain words that claim no more than the intervals allow; in English, see `costSentence` for others. */
  readonly sentence: string;
}
