import type { Role } from "../../core/dataset/dataset";
import type {
  BackendChoice,
  EpochScore,
  ExperimentSpec,
  PlannedRun,
  Predictions,
  Score,
} from "../../core/training/experiment";
import type { ModelName } from "../../core/training/models";
import type { Run } from "../engine";
import type { FeatureTable, Parameter } from "./classifier";

/** The numbers of {@link TrainerJob.splitRole}. */
export const ROLE_CODES = { train: 0, validation: 1, test: 2, other: 3 } as const satisfies Record<Role, number>;

/** What a trainer is to do. Columns have one entry per row of the feature table. */
export interface TrainerJob {
  readonly table: FeatureTable;
  readonly classes: readonly string[];
  /** What the split of the row is used for, see {@link ROLE_CODES}. */
  readonly splitRole: Uint8Array;
  /** 1 when the row is part of the sanitized data. */
  readonly stays: Uint8Array;
  readonly spec: ExperimentSpec;
  readonly plan: readonly PlannedRun[];
  /** Numbers of runs that need no training, because an earlier attempt finished them. */
  readonly finished: ReadonlySet<number>;
}

/** What a trainer tells while it works. */
export type TrainerEvent =
  | { readonly type: "started"; readonly backends: Readonly<Partial<Record<ModelName, BackendChoice>>> }
  | { readonly type: "epoch"; readonly run: number; readonly epoch: number; readonly score: EpochScore }
  | { readonly type: "run"; readonly run: number; readonly outcome: RunOutcome };

/** A trained model and what it says of the labelled test rows, in the order of the table. */
export interface RunOutcome {
  readonly backend: BackendChoice["backend"];
  readonly seconds: number;
  /** The score on the validation rows of its data; `null` without such. */
  readonly validation: Score | null;
  readonly predictions: Predictions;
  readonly parameters: readonly Parameter[];
}

/** Waits while a training is paused; called between batches. */
export type Gate = () => Promise<void>;

/** Trains every run of the plan that is not finished, in order. See `runExperiment` of runExperiment.ts. */
export type RunExperiment = (job: TrainerJob, run: Run<TrainerEvent>, gate: Gate) => Promise<void>;
