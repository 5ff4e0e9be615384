import type { Score } from "./experiment";

/** All test images; those of the sanitized test split; those that occur in no other split; and those that do. */
export type TestSet = "original" | "sanitized" | "clean" | "leaked";

/** The four sets, in the order in which they are shown. */
export const TEST_SETS: readonly TestSet[] = ["original", "sanitized", "clean", "leaked"];

/** How a model did with one class. */
export interface ClassScore {
  readonly name: string;
  readonly samples: number;
  /** Share of the images of this class that are recognised; `null` without images. */
  readonly recall: number | null;
  /** Share of the predictions of this class that are right; `null` without predictions. */
  readonly precision: number | null;
}

/** Predictions whose confidence lies in one interval: do they come true as often as they claim? */
export interface CalibrationBin {
  readonly from: number;
  readonly to: number;
  readonly samples: number;
  /** Mean confidence and share that is right; 0 in an empty bin. */
  readonly confidence: number;
  readonly accuracy: number;
}

/** Everything that the predictions of one model on one set of test images say. */
export interface Evaluation {
  readonly set: TestSet;
  readonly score: Score;
  readonly classes: readonly ClassScore[];
  /** Number of images by label (row) and prediction (column), in the order of the classes. */
  readonly confusion: readonly (readonly number[])[];
  readonly calibration: {
    readonly bins: readonly CalibrationBin[];
    /** Expected calibration error, 0..1. */
    readonly error: number;
  };
}
