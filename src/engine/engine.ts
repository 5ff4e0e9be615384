import type { DatasetRequest } from "../core/dataset/dataset";
import type {
  GroupFilter,
  GroupPage,
  GroupPlace,
  GroupQuery,
  Nearness,
  PairPage,
  PairView,
  Report,
  SampleView,
  Tier,
} from "../core/leakage/report";
import type { ReportFormat } from "../core/leakage/reportFormat";
import type { Phase } from "../core/progress";
import type { ReviewAction, ReviewState } from "../core/review/review";
import type { PlanOptions } from "../core/sanitize/options";
import type {
  ApplyResult,
  ChangePage,
  ImageTransfer,
  PlanSummary,
  PolicyPreview,
  QuarantineResult,
  UndoResult,
  VerifyResult,
} from "../core/sanitize/plan";
import type { Lab } from "./lab/lab";

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

/** What an installation of the native back end is at: its step, and more of it where there is more to say. */
export interface InstallStep {
  /** e.g. "Fetching packages". */
  readonly step: string;
  /** e.g. "210 MB unpacked"; may be empty. */
  readonly detail: string;
}

/** Native TensorFlow that has been installed and works. */
export interface NativeInstallation {
  /** Absolute path of the folder whose node_modules holds it. */
  readonly folder: string;
  /** Version of its package. */
  readonly version: string;
}

/** A small picture of a sample, encoded as PNG. */
export interface Thumbnail {
  readonly sample: number;
  /** Empty when the sample has no picture. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Two pictures laid over each other, all of one size, encoded as PNG. */
export interface Comparison {
  readonly first: Uint8Array;
  /** Turned, moved and scaled to lie on the first one. */
  readonly second: Uint8Array;
  /** Where they differ: grey where they are the same, lighter or darker where the second one is. */
  readonly difference: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly nearness: Nearness;
}

/** How a file, or a folder that is gone, stands to an inspection. */
export interface ExaminedFile {
  /** Its absolute path. */
  readonly file: string;
  /** 1, and for a folder that is gone all images that it held. */
  readonly images: number;
  /** What became of it since the dataset was inspected. */
  readonly change: "added" | "changed" | "removed";
  /** The split of the place where it lies; `null` where no split of the dataset is known to lie. */
  readonly split: string | null;
  /** Why it cannot be read; `null` when it can. */
  readonly unreadable: string | null;
  /** The first images of the dataset that have the same pixels now, how many there are, and their splits. */
  readonly equal: readonly SampleView[];
  readonly equalImages: number;
  readonly splits: readonly string[];
}

/** What an explorer marks on an image file; `near` is an image with a near duplicate in another split. */
export type MarkKind = "leaks" | "near" | "conflict" | "duplicate" | "unreadable";

/** How a file or folder is marked; `text` says in one sentence what is the matter. */
export interface Mark {
  readonly kind: MarkKind;
  readonly isFolder: boolean;
  readonly text: string;
}

/** What a step of a review led to. */
export interface ReviewResult {
  readonly review: ReviewState;
  /** The report that counts what was judged; `null` when it is the same as before. */
  readonly report: Report | null;
}

/**
 * Everything CleanSplit can do, without an editor. Implemented by `createEngine`, used directly by the command line and
 * through a typed connection by the editor; the wire types are derived from this interface. Every call takes one plain
 * parameter and a {@link Run}, rejects with a `CleanSplitError` when a person can act on it, and with an `AbortError`
 * when its signal aborted.
 */
export interface Engine extends Lab {
  /** Reads every sample of a dataset and says what is wrong with it. The source is never changed. */
  inspect(request: DatasetRequest, run: Run<Progress>): Promise<InspectionResult>;
  /**
   * Searches near duplicates among the samples of an inspection, and answers its report with them. Searched once: another
   * `threshold` only counts anew, `null` is the default; one beyond the reach of the search rejects. What people decided is read from the dataset's file each time.
   */
  near(request: { inspection: string; threshold: number | null }, run: Run<Progress>): Promise<Report>;
  /** A page of the near pairs that count, those with the best score first; at most 500. */
  pairs(request: { inspection: string; from: number; count: number }, run: Run): Promise<PairPage>;
  /** Some pairs near the threshold that nobody has judged, at most `count`, chosen so that they say most about it. */
  doubtful(request: { inspection: string; count: number }, run: Run): Promise<PairView[]>;
  /**
   * Keeps one step of a review in files of the dataset's home, and answers what follows from it: `report` is another one when
   * pairs were judged, else `null`. Where no folder at or above the dataset has such files yet, `newHome` gets them, which is
   * at or above the dataset; by default the folder that holds the dataset. Rejects, and keeps nothing, when a file cannot be
   * read or written.
   */
  review(request: { inspection: string; action: ReviewAction; newHome?: string }, run: Run): Promise<ReviewResult>;
  /** Takes the last step of the review of an inspection back; its steps are known for as long as the inspection is held. */
  undoReview(request: { inspection: string }, run: Run): Promise<ReviewResult>;
  redoReview(request: { inspection: string }, run: Run): Promise<ReviewResult>;
  /** What people said so far, read from the files. */
  reviewState(request: { inspection: string }, run: Run): Promise<ReviewState>;
  /** Lays one picture over another; the longer side is at most `size` pixels. */
  compare(request: { inspection: string; first: number; second: number; size: number }, run: Run): Promise<Comparison>;
  /** A page of the groups of equal or similar samples. */
  groups(request: { inspection: string; query: GroupQuery }, run: Run): Promise<GroupPage>;
  /** Where the first group that holds a sample is among those that pass a filter; `null` when none of them does. */
  findGroup(request: { inspection: string; filter: GroupFilter; sample: number }, run: Run): Promise<GroupPlace | null>;
  /**
   * Samples by what files call them, in their order: by id, or by absolute path, for which a sample of an archive or array is
   * one of its file; `null` for a name that means none. At most 1,000 names.
   */
  findSamples(request: { inspection: string; names: readonly string[] }, run: Run): Promise<(SampleView | null)[]>;
  /**
   * Writes the report of an inspection into `file`, an absolute path; answers all files written, `file` first. Tables and JSON hold
   * all groups of `tier`. HTML holds the first groups of every tier that is known with their pictures, the experiments that are
   * kept, and a plan and what was written, where they are given; nothing in it names a place on this disk.
   */
  exportReport(
    request: {
      inspection: string;
      format: ReportFormat;
      file: string;
      overwrite: boolean;
      tier: Tier;
      plan?: string | null;
      applied?: ApplyResult | null;
    },
    run: Run<Progress>,
  ): Promise<{ files: readonly string[] }>;
  /** Small pictures of samples; the longer side is at most `size` pixels, smaller pictures keep their size. */
  thumbnails(request: { inspection: string; samples: readonly number[]; size: number }, run: Run): Promise<Thumbnail[]>;
  /**
   * How files and folders are marked in an explorer, by absolute path and in their order; `null` for what is not. A folder
   * has the worst kind of what lies below it, but for duplicates.
   */
  marks(request: { inspection: string; paths: readonly string[] }, run: Run): Promise<(Mark | null)[]>;
  /**
   * Says how files, by absolute paths, stand to an inspection, and which images equal them: only these are read. Files that
   * are no images of the dataset, and those that are as they were, are left out. At most 1,000 files.
   */
  examine(request: { inspection: string; files: readonly string[] }, run: Run): Promise<ExaminedFile[]>;
  /**
   * What each policy would do with a dataset under these options, whose own policy does not matter. Nothing is written.
   * Tier `near` needs near duplicates to have been searched, here and in `plan`.
   */
  previews(
    request: { inspection: string; options?: Partial<PlanOptions>; choices?: boolean },
    run: Run,
  ): Promise<PolicyPreview[]>;
  /**
   * What sanitizing would do; nothing is written. What `options` leaves out is as in `DEFAULT_OPTIONS`. Images that a person
   * keeps stay whatever the rule of their group says, and what is equal to them gives way; those that a person drops leave.
   * With `choices` false nobody keeps or drops any.
   */
  plan(
    request: { inspection: string; options?: Partial<PlanOptions>; choices?: boolean },
    run: Run,
  ): Promise<PlanSummary>;
  /** A page of the samples that leave, move or are to be decided under a plan; at most 500. */
  changes(request: { plan: string; from: number; count: number }, run: Run): Promise<ChangePage>;
  /** A plan as a file for people: JSON that names every change, to be read, edited and given to `readPlan`. */
  planFile(request: { plan: string }, run: Run): Promise<string>;
  /** The plan in a file that `planFile` made of the same dataset, with what a person changed in it. */
  readPlan(request: { inspection: string; file: string }, run: Run): Promise<PlanSummary>;
  /**
   * Writes the sanitized dataset into the new folder `out` and verifies it. One that was begun by the same plan and
   * interrupted is gone on with.
   */
  apply(request: { plan: string; out: string; images?: ImageTransfer }, run: Run<Progress>): Promise<ApplyResult>;
  /** Checks a folder that `apply` wrote against its certificate: nothing is missing, added or changed. */
  verify(request: { folder: string }, run: Run<Progress>): Promise<VerifyResult>;
  /** Removes a folder that `apply` wrote, or what an interrupted one left of it: just the files it wrote, as it wrote them. */
  undo(request: { folder: string }, run: Run<Progress>): Promise<UndoResult>;
  /** Moves the image files that leave under a plan into a new folder beside their dataset. This changes the dataset. */
  quarantine(request: { plan: string }, run: Run<Progress>): Promise<QuarantineResult>;
  /** Puts back what `quarantine` moved into `folder`. */
  restore(request: { folder: string }, run: Run<Progress>): Promise<UndoResult>;
  /**
   * Installs native TensorFlow with npm, from the internet, unless it is there and works. Trainings that start afterwards
   * use it.
   */
  installNative(request: Record<string, never>, run: Run<InstallStep>): Promise<NativeInstallation>;
  /** Unpacks the shipped sample dataset into `into` and answers its folder. */
  sample(request: { into: string }, run: Run): Promise<{ folder: string }>;
  /** Ends workers, and hangs up on trainers, which go on for a while. The engine takes no calls afterwards. */
  close(): Promise<void>;
}
