import type { Nearness, SampleView, Tier } from "../leakage/report";

/** Why a sample leaves. */
export type RemovalReason =
  /** It, or at tier `near` a similar one, also occurs in a split that is protected before its own. */
  | "leaks"
  /** Another sample of its own split is equal, or at tier `near` similar, and stays. */
  | "duplicate"
  /** Its group carries more than one label. */
  | "conflict"
  | "unreadable"
  | "invalid";

/** Samples of one split that leave, by reason. */
export type RemovalCounts = Readonly<Record<RemovalReason, number>>;

/** One split before and after. */
export interface PlanSplit {
  readonly name: string;
  readonly before: number;
  readonly after: number;
  readonly removed: RemovalCounts;
  /** Shapes of its arrays before and after, e.g. "823 x 28 x 28"; for folders the number of images. */
  readonly shapeBefore: string;
  readonly shapeAfter: string;
  /** Samples of each class before and after. */
  readonly classes: Readonly<Record<string, { readonly before: number; readonly after: number }>>;
}

/** A plan as it is previewed; its removals are read page by page. */
export interface PlanSummary {
  readonly plan: string;
  /** The rule in one sentence. */
  readonly policy: string;
  readonly splits: readonly PlanSplit[];
  readonly before: number;
  readonly after: number;
  /** What will be written, relative to the target folder, e.g. "train/ (13,901 images)". */
  readonly outputs: readonly string[];
}

/** One sample that leaves. */
export interface Removal {
  readonly sample: SampleView;
  readonly reason: RemovalReason;
  /** Tier at which it equals its twin; `null` without a twin. */
  readonly tier: Tier | null;
  /** The equal or similar sample that stays; for a conflict a sample of the group with another label, which leaves too. */
  readonly twin: SampleView | null;
  /** How near they are at tier `near`; else `null`. */
  readonly nearness: Nearness | null;
  /** One sentence for a person. */
  readonly detail: string;
}

/** A page of removals. */
export interface RemovalPage {
  readonly total: number;
  readonly from: number;
  readonly removals: readonly Removal[];
}

/** What was written and checked. */
export interface ApplyResult {
  readonly folder: string;
  /** Manifest that names every removed sample with its reason and its twin. */
  readonly manifest: string;
  readonly files: number;
  readonly samples: number;
  /** What was verified after writing, one sentence each. */
  readonly verified: readonly string[];
}
