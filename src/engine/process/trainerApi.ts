import type { Role } from "../../core/dataset/dataset";
import type { TrainingEvent, TrainingResult, TrainingSpec } from "../../core/training/training";
import type { Run } from "../engine";

/** The numbers of {@link TrainerJob.splitRole}. */
export const ROLE_CODES = { train: 0, validation: 1, test: 2, other: 3 } as const satisfies Record<Role, number>;

/** What a trainer process is to do. Columns have one entry per row of the feature file. */
export interface TrainerJob {
  /**
   * Absolute path of the pixel values: rows x dim unsigned bytes, row after row, nothing else. Who wrote it deletes it
   * once the training has settled.
   */
  readonly featuresFile: string;
  readonly rows: number;
  readonly dim: number;
  /** How images became numbers, for people, e.g. "28 x 28 grey, (p - 127.5) / 255". */
  readonly featuresText: string;
  /** Index into `classes`; -1 for a row without a label or whose image cannot be used. */
  readonly labels: Int32Array;
  readonly classes: readonly string[];
  /** What the split of the row is used for, see {@link ROLE_CODES}. */
  readonly splitRole: Uint8Array;
  /** 1 when the row is part of the sanitized data. */
  readonly stays: Uint8Array;
  /** 1 for a test image that also occurs in train or validation. */
  readonly leaked: Uint8Array;
  readonly spec: TrainingSpec;
}

/** What the trainer process can do; it ends when its connection does. */
export interface TrainerApi {
  /** Trains every planned run. Reports "started" once, then "epoch" and "run" events. */
  train(job: TrainerJob, run: Run<TrainingEvent>): Promise<TrainingResult>;
}
