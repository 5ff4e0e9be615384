import type { GroupPage, GroupQuery, Report } from "../core/leakage/report";
import type { QualityNote } from "../core/leakage/qualityNotes";
import type { ApplyResult, PlanSummary, RemovalPage } from "../core/sanitize/plan";
import type { Role } from "../core/dataset/dataset";

// What the report page needs of the core, so that webview code imports from here only.
export type { Layout, Role, Unit } from "../core/dataset/dataset";
export type {
  GroupPage,
  GroupQuery,
  GroupView,
  Leakage,
  LeakageCounts,
  Quality,
  QualityCheck,
  QualityExample,
  Report,
  SampleFault,
  SampleView,
  SplitCounts,
  Tier,
} from "../core/leakage/report";
export type { QualityNote } from "../core/leakage/qualityNotes";
export type { ApplyResult, PlanSplit, PlanSummary, Removal, RemovalPage, RemovalReason } from "../core/sanitize/plan";

/** Progress as it is shown. */
export interface ProgressView {
  /** What is being done, e.g. "Reading". */
  readonly title: string;
  /** How far it is, e.g. "1,200 of 21,000 images · 9,800/s · 2 s left"; may be empty. */
  readonly text: string;
  readonly done: number;
  /** 0 while the total is unknown. */
  readonly total: number;
}

/** Everything the report page shows that is not read page by page. */
export interface ReportState {
  readonly name: string;
  /** What is being done with the dataset now; `null` when nothing runs. */
  readonly progress: ProgressView | null;
  /** What is being done is an inspection, which can be paused. */
  readonly canPause: boolean;
  /** How far the inspection was when it was paused; `null` when none is. */
  readonly paused: ProgressView | null;
  /** The message of the last failure, until the next attempt. */
  readonly error: string | null;
  readonly report: Report | null;
  /** The verdict in one true sentence, and the sentences behind it. */
  readonly verdict: {
    readonly level: "clean" | "warning" | "leak";
    readonly text: string;
    readonly details: readonly string[];
  } | null;
  /** What the checks of quality say, in words; empty without a report. */
  readonly quality: readonly QualityNote[];
  /** Paths of units whose split a person corrected. */
  readonly corrected: readonly string[];
  /** A plan that was made and not yet written. */
  readonly plan: PlanSummary | null;
  readonly applied: ApplyResult | null;
  /** Writing and training need a trusted workspace. */
  readonly trusted: boolean;
}

/** A small picture for the page. */
export interface ThumbnailView {
  readonly sample: number;
  /** PNG bytes; empty when there is no picture. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What the report page can ask of the extension host. */
export interface ReportHost {
  /** The page is there: answers the state, and `ReportPage.show` follows whenever it changes. */
  ready(): Promise<ReportState>;
  groups(query: GroupQuery): Promise<GroupPage>;
  thumbnails(samples: readonly number[]): Promise<readonly ThumbnailView[]>;
  removals(from: number, count: number): Promise<RemovalPage>;
  openSample(sample: number): Promise<void>;
  revealSample(sample: number): Promise<void>;
  copySampleId(id: string): Promise<void>;
  /** Corrects what a recognised split is used for; the dataset is inspected again. */
  setRole(split: string, role: Role | null): Promise<void>;
  /** Takes back what was corrected of the unit at `path`; the dataset is inspected again. */
  undoCorrection(path: string): Promise<void>;
  inspect(): Promise<void>;
  /** Stops what is being done, and gives up an inspection that is paused. */
  cancel(): Promise<void>;
  /** Stops an inspection, which goes on with `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  makePlan(): Promise<void>;
  discardPlan(): Promise<void>;
  /** Asks for a folder and writes the plan there. */
  applyPlan(): Promise<void>;
  train(): Promise<void>;
  openFolder(path: string): Promise<void>;
}

/** What the extension host tells the report page. */
export interface ReportPage {
  show(state: ReportState): Promise<void>;
  /** Progress between two states; at most ten a second. */
  progress(progress: ProgressView): Promise<void>;
  /** Scrolls to the groups and filters them, e.g. from the tree. */
  filterGroups(query: Partial<GroupQuery>): Promise<void>;
}
