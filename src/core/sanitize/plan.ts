import type { Role } from "../dataset/dataset";
import type { Nearness, SampleView, Tier } from "../leakage/report";
import type { PlanOptions, PolicyName } from "./options";

/** Why a sample leaves, moves or waits for a person's word. */
export type ChangeReason =
  /** It, or at tier `near` a similar one, also occurs in a split that goes before its own. */
  | "leaks"
  /** Another sample of its own split is equal, or at tier `near` similar, and stays. */
  | "duplicate"
  /** Its group carries more than one label. */
  | "conflict"
  | "unreadable"
  | "invalid"
  /** Its class has more images than the smallest one of its split; or the image for which it left went because of that. */
  | "balance"
  /** The dataset is divided anew. */
  | "split"
  /** A person said so in the plan file. */
  | "edited"
  /** A person judged its label wrong. */
  | "label"
  /** A person said that it leaves. */
  | "choice";

/** What becomes of a sample that does not stay where it is; `ask` is for a person to say. */
export type ChangeAction = "leave" | "move" | "ask";

/** Samples of one split that leave or wait for a person's word, by reason. */
export type RemovalCounts = Readonly<Record<ChangeReason, number>>;

/** One split before and after. */
export interface PlanSplit {
  readonly name: string;
  readonly role: Role;
  /** 0 for a split that the plan makes. */
  readonly before: number;
  readonly after: number;
  readonly removed: RemovalCounts;
  /** Samples that move to another split, and those that come from one. */
  readonly movedOut: number;
  readonly movedIn: number;
  /** Shapes of its arrays before and after, e.g. "823 x 28 x 28"; for folders the number of images. */
  readonly shapeBefore: string;
  readonly shapeAfter: string;
  /** Samples of each class before and after. */
  readonly classes: Readonly<Record<string, { readonly before: number; readonly after: number }>>;
}

/** A plan as it is previewed; its changes are read page by page. */
export interface PlanSummary {
  readonly plan: string;
  readonly options: PlanOptions;
  /** The rule in sentences. */
  readonly policy: string;
  readonly splits: readonly PlanSplit[];
  readonly before: number;
  readonly after: number;
  /** Samples that stay in another split. */
  readonly moved: number;
  /** Samples of conflicts that a person has to decide about before the plan can be written. */
  readonly undecided: number;
  /** Samples that a person changed in the plan file. */
  readonly edited: number;
  /** What will be written, relative to the target folder, e.g. "train/ (13,901 images)". */
  readonly outputs: readonly string[];
  /** Ids of different samples that have one MD5 by a collision, which is forged as a rule: both stay where they are. */
  readonly collisions: readonly (readonly [string, string])[];
}

/** What a policy would do with a dataset, in numbers of samples. */
export interface PolicyPreview {
  readonly policy: PolicyName;
  /** Its name for people, and what it does in one sentence. */
  readonly title: string;
  readonly sentence: string;
  readonly leave: number;
  readonly move: number;
  /** Samples of each split after it. */
  readonly splits: readonly { readonly name: string; readonly before: number; readonly after: number }[];
  /** Why this dataset cannot be treated so; `null` when it can. */
  readonly unavailable: string | null;
}

/** One sample that leaves, moves or is to be decided. */
export interface PlanChange {
  readonly sample: SampleView;
  readonly action: ChangeAction;
  /** Split it moves to; `null` unless it moves. */
  readonly to: string | null;
  readonly reason: ChangeReason;
  /** Tier at which it equals its twin; `null` without a twin. */
  readonly tier: Tier | null;
  /**
   * The equal or similar sample that stays, for a move in the split it moves to. For a conflict a sample with another label,
   * which leaves, too, unless its label is right. For `balance` the one for which the sample left, and which leaves as well.
   * What people edit may let twins of others leave.
   */
  readonly twin: SampleView | null;
  /** How near they are at tier `near`; else `null`. */
  readonly nearness: Nearness | null;
  /** One sentence for a person. */
  readonly detail: string;
}

/** A page of changes. */
export interface ChangePage {
  readonly total: number;
  readonly from: number;
  readonly changes: readonly PlanChange[];
}

/**
 * How images of folders come into the copy. `copy` shares the blocks of the disk where the file system can; `reflink`
 * insists on that. `index` writes no images: lists in CSV and JSON and lines of Python that read the source by them.
 */
export type ImageTransfer = "copy" | "reflink" | "hardlink" | "symlink" | "index";

/** What was written and checked. */
export interface ApplyResult {
  readonly folder: string;
  /** Manifest that names every changed sample with its reason and its twin. */
  readonly manifest: string;
  /** What the copy was made of and checked against; see {@link Certificate}. */
  readonly certificate: string;
  readonly files: number;
  readonly samples: number;
  /** What was verified after writing, one sentence each. */
  readonly verified: readonly string[];
}

/** What taking back did. */
export interface UndoResult {
  readonly folder: string;
  /** Files that were removed, or put back where they were. */
  readonly files: number;
  /** Files that people added or changed since; they were left alone. */
  readonly kept: readonly string[];
}

/** What a check of a written folder found. */
export interface VerifyResult {
  readonly folder: string;
  readonly ok: boolean;
  readonly files: number;
  readonly samples: number;
  /** What holds, one sentence each. */
  readonly verified: readonly string[];
  /** What does not, one sentence each that names the file; empty when `ok`. */
  readonly problems: readonly string[];
}

/** What was moved out of the way in place. */
export interface QuarantineResult {
  /** The folder beside the dataset that holds what was moved. */
  readonly folder: string;
  readonly files: number;
}
