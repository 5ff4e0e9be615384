import type { GroupFilter, GroupPage, GroupQuery, Nearness, PairView, Report } from "../core/leakage/report";
import type { QualityNote } from "../core/leakage/qualityNotes";
import type { ReportFormat } from "../core/leakage/reportFormat";
import type { PlanOptions } from "../core/sanitize/options";
import type { ApplyResult, ChangePage, ImageTransfer, PlanSummary, PolicyPreview } from "../core/sanitize/plan";
import type { ReviewAction, ReviewState } from "../core/review/review";
import type { ExperimentSummary } from "../core/training/experiment";
import type { Role } from "../core/dataset/dataset";

// What the report page needs of the core, so that webview code imports from here only.
export type { Layout, Role, Unit } from "../core/dataset/dataset";
export { measureText, scoreText, TRANSFORMS } from "../core/near/near";
export { transformText } from "../core/near/transformText";
export type { Measure } from "../core/near/near";
export { NOTHING_SAID } from "../core/review/review";
export type { Choice, GroupChange, ReviewAction, ReviewState } from "../core/review/review";
export type {
  GroupFilter,
  GroupPage,
  GroupQuery,
  GroupView,
  Leakage,
  LeakageCounts,
  MemberView,
  Nearness,
  NearReport,
  PairVerdict,
  PairView,
  Precision,
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
export type { ReportSnapshot, SnapshotGroups } from "../core/leakage/snapshot";

export { DEFAULT_OPTIONS } from "../core/sanitize/options";
export type { ConflictRule, KeepRule, PlanOptions, PolicyName, Share } from "../core/sanitize/options";
export type {
  ApplyResult,
  ChangeAction,
  ChangePage,
  ChangeReason,
  ImageTransfer,
  PlanChange,
  PlanSplit,
  PlanSummary,
  PolicyPreview,
} from "../core/sanitize/plan";

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

/**
 * How far the search for near duplicates got; what it found is in the report. `idle` was not asked for, and a search that
 * was cancelled or failed leaves the report without near duplicates.
 */
export interface SearchView {
  readonly status: "idle" | "searching" | "done" | "cancelled" | "failed";
  /** Only while it is searching. */
  readonly progress: ProgressView | null;
  /** Why it failed. */
  readonly error: string | null;
}

/** What became of a dataset since it was inspected. */
export interface ChangesView {
  /** e.g. "3 images added, 1 image removed". */
  readonly text: string;
  /** Of each image that came and equals one of another split, a sentence. */
  readonly leaks: readonly string[];
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
  /** Names the inspection that the report is of: samples have their numbers for as long as it is the same. */
  readonly inspection: string | null;
  readonly report: Report | null;
  /** `null` while the dataset is as it was inspected, as far as is known. */
  readonly datasetChanges: ChangesView | null;
  readonly search: SearchView;
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
  /** Name of the file that the plan was read from; `null` when it was worked out. */
  readonly planFile: string | null;
  /** What people said of images and groups, and what of it can be taken back. */
  readonly review: ReviewState;
  /** How image files come into the copy. */
  readonly images: ImageTransfer;
  readonly applied: ApplyResult | null;
  /** The folder of a copy whose writing was begun and did not end; `null` without one. */
  readonly interrupted: string | null;
  /** Experiments on the dataset that are kept, the newest first. */
  readonly runs: readonly ExperimentSummary[];
  /** Images may be moved out of the dataset in place: a setting. */
  readonly canQuarantine: boolean;
  /** Writing, training and keeping decisions need a trusted workspace. */
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

/** Two pictures laid over each other, as PNG of one size. */
export interface ComparisonView {
  readonly first: Uint8Array;
  /** Turned, moved and scaled to lie on the first one. */
  readonly second: Uint8Array;
  /** Grey where they are the same, lighter or darker where the second one is. */
  readonly difference: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly nearness: Nearness;
}

/** What the report page can ask of the extension host. */
export interface ReportHost {
  /** The page is there: answers the state, and `ReportPage.show` follows whenever it changes. */
  ready(): Promise<ReportState>;
  groups(query: GroupQuery): Promise<GroupPage>;
  thumbnails(samples: readonly number[]): Promise<readonly ThumbnailView[]>;
  changes(from: number, count: number): Promise<ChangePage>;
  openSample(sample: number): Promise<void>;
  revealSample(sample: number): Promise<void>;
  /** Shows a sample where it is in the tree of datasets. */
  revealInTree(sample: number): Promise<void>;
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
  /** Searches near duplicates when that was not done by itself. */
  searchNear(): Promise<void>;
  cancelSearch(): Promise<void>;
  /** Counts near duplicates at another threshold; `null` is the default. */
  setThreshold(threshold: number | null): Promise<void>;
  /** Pairs near the threshold that nobody has judged, at most `count`. */
  doubtful(count: number): Promise<readonly PairView[]>;
  /** Keeps what a person says; a plan that was worked out is so anew. `ReportPage.show` follows with what came of it. */
  review(action: ReviewAction): Promise<void>;
  /** Takes the last step of the review back, or does it again; does nothing when there is none. */
  undoReview(): Promise<void>;
  redoReview(): Promise<void>;
  compare(first: number, second: number): Promise<ComparisonView>;
  /** What each policy would do under some options; a newer call makes an older one reject. */
  previews(options: PlanOptions): Promise<readonly PolicyPreview[]>;
  /** Works out a sanitized copy. */
  makePlan(options: PlanOptions): Promise<void>;
  discardPlan(): Promise<void>;
  setImages(images: ImageTransfer): Promise<void>;
  /** Opens the plan as JSON that can be edited. */
  openPlan(): Promise<void>;
  /** Asks for a folder and writes the plan there. */
  applyPlan(): Promise<void>;
  /** Goes on with the attempt that was interrupted. */
  resumeWriting(): Promise<void>;
  /** Asks, and moves the images that leave out of the dataset. */
  quarantine(): Promise<void>;
  /** Asks, and removes what was written into `folder`. */
  undoCopy(folder: string): Promise<void>;
  inspectFolder(folder: string): Promise<void>;
  /** Opens a text file in an editor. */
  openFile(path: string): Promise<void>;
  train(): Promise<void>;
  /** Shows a kept experiment on the training page. */
  openRun(experiment: string): Promise<void>;
  /** Asks for a place and writes the report there. */
  exportReport(format: ReportFormat): Promise<void>;
  /** Asks for a place and writes a picture of the charts there. */
  saveCharts(png: Uint8Array): Promise<void>;
  /** Finds labels that are probably wrong, on a page of its own. */
  auditLabels(): Promise<void>;
  openFolder(path: string): Promise<void>;
}

/** What the extension host tells the report page. */
export interface ReportPage {
  show(state: ReportState): Promise<void>;
  /** Progress between two states; at most ten a second. */
  progress(progress: ProgressView): Promise<void>;
  /** Progress of the search for near duplicates between two states. */
  searchProgress(progress: ProgressView): Promise<void>;
  /** Scrolls to the groups and filters them, e.g. from the tree. */
  filterGroups(query: Partial<GroupQuery>): Promise<void>;
  /** Scrolls to the group at a row of those that pass a filter, in its order, and puts the focus on it. */
  showGroup(filter: GroupFilter, row: number): Promise<void>;
  /** Scrolls to where a plan is made and reviewed. */
  showPlan(): Promise<void>;
  /** Draws the charts and hands the picture to `ReportHost.saveCharts`. */
  drawCharts(): Promise<void>;
}
