import type { LabelAudit, LabelVerdict, SuspectPage, SuspectQuery } from "../core/training/labelAudit";
import type { ProgressView, ThumbnailView } from "./report";

// What the page of the label audit needs of the core, so that webview code imports from here only.
export type {
  LabelAudit,
  LabelPair,
  LabelVerdict,
  Suspect,
  SuspectPage,
  SuspectQuery,
} from "../core/training/labelAudit";
export type { ProgressView, ThumbnailView } from "./report";

/** Everything the page shows that is not read page by page. */
export interface LabelsState {
  readonly name: string;
  readonly status: "idle" | "running" | "done" | "cancelled" | "failed";
  /** Only while an audit runs. */
  readonly progress: ProgressView | null;
  /** The message of the last failure, until the next attempt. */
  readonly error: string | null;
  /** The last audit that finished; it stays while another one runs. */
  readonly audit: LabelAudit | null;
  /** Auditing trains a model, and verdicts are written: both need a trusted workspace. */
  readonly trusted: boolean;
}

/** What the page can ask of the extension host. */
export interface LabelsHost {
  /** The page is there: answers the state, and `LabelsPage.show` follows whenever it changes. */
  ready(): Promise<LabelsState>;
  start(): Promise<void>;
  cancel(): Promise<void>;
  suspects(query: SuspectQuery): Promise<SuspectPage>;
  thumbnails(samples: readonly number[]): Promise<readonly ThumbnailView[]>;
  /** Keeps what a person says of labels; `null` forgets it. */
  judge(samples: readonly number[], verdict: LabelVerdict | null): Promise<void>;
  openSample(sample: number): Promise<void>;
  openReport(): Promise<void>;
  /** Makes a plan with what was judged and shows it in the report. */
  reviewPlan(): Promise<void>;
}

/** What the extension host tells the page. */
export interface LabelsPage {
  show(state: LabelsState): Promise<void>;
  /** Progress between two states; at most ten a second. */
  progress(progress: ProgressView): Promise<void>;
}
