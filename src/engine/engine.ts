import type { DatasetRequest } from "../core/dataset/dataset";
import type { GroupPage, GroupQuery, Report } from "../core/leakage/report";
import type { Phase } from "../core/progress";
import type { ApplyResult, PlanSummary, RemovalPage } from "../core/sanitize/plan";
import type { TrainingEvent, TrainingResult, TrainingSpec } from "../core/training/training";

/** How long work is run: stopped by `signal`, told about by `progress`. */
export interface Run<E = never> {
  readonly signal: AbortSignal;
  progress(event: E): void;
}

/** Progress of an inspection or of writing; at most ten a second. */
export interface Progress {
  readonly phase: Phase;
  readonly done: number;
  /** 0 while the total is unknown. */
  readonly total: number;
}

/** A finished inspection; `inspection` names it in later calls. */
export interface InspectionResult {
  readonly inspection: string;
  readonly report: Report;
}

/** A small picture of a sample, encoded as PNG. */
export interface Thumbnail {
  readonly sample: number;
  /** Empty when the sample has no picture. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What an explorer marks on an image file. */
export type MarkKind = "leaks" | "conflict" | "duplicate" | "unreadable";

/** How a file or folder is marked; `text` says in one sentence what is the matter. */
export interface Mark {
  readonly kind: MarkKind;
  readonly isFolder: boolean;
  readonly text: string;
}

/**
 * Everything CleanSplit can do, without an editor. Implemented by `createEngine`, used directly by the command line and
 * through a typed connection by the editor; the wire types are derived from this interface. Every call takes one plain
 * parameter and a {@link Run}, rejects with a `CleanSplitError` when a person can act on it, and with an `AbortError`
 * when its signal aborted.
 */
export interface Engine {
  /** Reads every sample of a dataset and says what is wrong with it. The source is never changed. */
  inspect(request: DatasetRequest, run: Run<Progress>): Promise<InspectionResult>;
  /** A page of the groups of equal samples. */
  groups(request: { inspection: string; query: GroupQuery }, run: Run): Promise<GroupPage>;
  /** Small pictures of samples; the longer side is at most `size` pixels, smaller pictures keep their size. */
  thumbnails(request: { inspection: string; samples: readonly number[]; size: number }, run: Run): Promise<Thumbnail[]>;
  /**
   * How files and folders are marked in an explorer, by absolute path and in their order; `null` for what is not. A folder
   * has the worst kind of what lies below it, but for duplicates.
   */
  marks(request: { inspection: string; paths: readonly string[] }, run: Run): Promise<(Mark | null)[]>;
  /** What sanitizing would do; nothing is written. */
  plan(request: { inspection: string }, run: Run): Promise<PlanSummary>;
  /** A page of the samples that leave under a plan. */
  removals(request: { plan: string; from: number; count: number }, run: Run): Promise<RemovalPage>;
  /** Writes the sanitized dataset into the new folder `out` and verifies it. */
  apply(request: { plan: string; out: string }, run: Run<Progress>): Promise<ApplyResult>;
  /** Trains the baseline on original and sanitized data. */
  train(request: { inspection: string; spec: TrainingSpec }, run: Run<TrainingEvent>): Promise<TrainingResult>;
  /** Unpacks the shipped sample dataset into `into` and answers its folder. */
  sample(request: { into: string }, run: Run): Promise<{ folder: string }>;
  /** Ends workers and processes. The engine takes no calls afterwards. */
  close(): Promise<void>;
}
