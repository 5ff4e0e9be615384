import type { ApplyResult, PlanChange, PlanSummary } from "../sanitize/plan";
import type { ExperimentSummary } from "../training/experiment";
import type { QualityNote } from "./qualityNotes";
import type { GroupView, Report, Tier } from "./report";
import type { Verdict } from "./verdict";

/** Groups of one tier that a snapshot holds: those that span splits first, then the largest. */
export interface SnapshotGroups {
  /** Groups that the dataset has at this tier. */
  readonly total: number;
  /** At most {@link MAX_SNAPSHOT_GROUPS}, with at most {@link MAX_SNAPSHOT_MEMBERS} members each. */
  readonly groups: readonly GroupView[];
}

/** A small picture. */
export interface SnapshotPicture {
  readonly width: number;
  readonly height: number;
  /** PNG in base64. */
  readonly png: string;
}

/**
 * A report as it was at one moment, with everything that its page shows and nothing that needs the dataset: what a report in
 * one HTML file holds. It names no place on a disk: paths are relative to the dataset, and `file` of samples is empty.
 */
export interface ReportSnapshot {
  readonly schema: "cleansplit/snapshot@1";
  /** Version of CleanSplit. */
  readonly version: string;
  /** When it was made, ISO 8601. */
  readonly made: string;
  /** A brief report: see `briefReport`. */
  readonly report: Report;
  readonly verdict: Verdict;
  readonly quality: readonly QualityNote[];
  /** `file` is absent when those groups are the same as at `pixel`, `near` when near duplicates were not searched. */
  readonly groups: { readonly [tier in Tier]?: SnapshotGroups } & { readonly pixel: SnapshotGroups };
  readonly plan: PlanSummary | null;
  /** The first {@link MAX_SNAPSHOT_CHANGES} of what the plan changes, of `total`. */
  readonly changes: { readonly total: number; readonly changes: readonly PlanChange[] };
  readonly applied: ApplyResult | null;
  /** Kept experiments on the dataset, the newest first. */
  readonly runs: readonly ExperimentSummary[];
  /** Pictures, each once however many samples have it. */
  readonly pictures: readonly SnapshotPicture[];
  /** Index into `pictures` by the number of the sample; samples without a picture are left out. */
  readonly pictureOf: Readonly<Record<number, number>>;
}

/** More groups than anybody looks through on a page; the whole list is a table. */
export const MAX_SNAPSHOT_GROUPS = 500;

/** As many members as the widest page shows of a group. */
export const MAX_SNAPSHOT_MEMBERS = 12;

/** Changes of a plan that are kept one by one. */
export const MAX_SNAPSHOT_CHANGES = 500;

/** Bytes of all pictures, so that the file can be sent by mail: in base64 they are a third more. */
export const MAX_SNAPSHOT_BYTES = 15 * 2 ** 20;
