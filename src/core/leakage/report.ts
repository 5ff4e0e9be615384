import type { Layout, Role } from "../dataset/dataset";
import type { FileFormat } from "../fingerprint/fingerprints";
import type { Measure, TransformName } from "../near/near";
import type { Mode } from "../picture";
import type { Choice } from "../review/review";

/**
 * How equal two samples are. Tiers are cumulative: every file-identical pair is also pixel-identical.
 * - `file`: the same bytes.
 * - `pixel`: the same shape, mode and decoded pixels.
 * - `near`: equal, or as similar as the threshold asks. Known once near duplicates were searched.
 */
export type Tier = "file" | "pixel" | "near";

/** Every tier, strictest first. */
export const TIERS: readonly Tier[] = ["file", "pixel", "near"];

/**
 * Duplicates at one tier. A group is two or more samples with one fingerprint; at tier `near`, of which each is equal or
 * near to each, so that a sample can be in several. `samples` counts every sample once. `extra` is what would go so that no
 * two are left: `samples - groups` where groups do not overlap.
 */
export interface DuplicateCounts {
  readonly groups: number;
  readonly samples: number;
  readonly extra: number;
}

/** Duplicates at one tier, with and without blank images. */
export interface TierCounts extends DuplicateCounts {
  readonly withoutBlank: DuplicateCounts;
}

/** One split as it was read. `samples` counts images of any state, also the unreadable and the invalid ones. */
export interface SplitCounts {
  readonly name: string;
  readonly role: Role;
  readonly samples: number;
  readonly unreadable: number;
  readonly invalid: number;
  /** Samples of each class that occurs, by class name. */
  readonly classes: Readonly<Record<string, number>>;
}

/** What of one split occurs in another. */
export interface LeakageCounts {
  /** Images of the split that also occur in the other one. */
  readonly samples: number;
  /** Groups with at least one image in each of the two splits. */
  readonly groups: number;
  /** Pairs of an image of the one and an image of the other. */
  readonly pairs: number;
}

/** Leakage of `split` in `in`, counted in images of `split`. */
export interface Leakage extends LeakageCounts {
  readonly split: string;
  readonly in: string;
  readonly tier: Tier;
  readonly withoutBlank: LeakageCounts;
}

/** A sample that could not be used, and why. */
export interface SampleFault {
  /** Index of the sample in the inspection, for thumbnails and for opening it. */
  readonly sample: number;
  readonly id: string;
  readonly split: string;
  readonly reason: string;
}

/** An image that a check of quality found, and why; with what is needed to open it. */
export interface QualityExample extends SampleFault {
  /** Absolute path of its file, or of the array file, archive or other file that it is in. */
  readonly file: string;
  /** Whether `file` is the image itself and can be opened as one. */
  readonly isImageFile: boolean;
}

/** What one check of quality found. */
export interface QualityCheck {
  readonly samples: number;
  /** The first of them, at most 100. */
  readonly examples: readonly QualityExample[];
}

/** The largest and the smallest class of a split, of those that occur in it, counted in readable images. */
export interface ClassBalance {
  readonly split: string;
  readonly largest: { readonly label: string; readonly samples: number };
  readonly smallest: { readonly label: string; readonly samples: number };
  /** Images of the largest class for each one of the smallest. */
  readonly ratio: number;
  readonly imbalanced: boolean;
}

/**
 * What is odd about images that can be read; nothing of it is a fault by itself. Unreadable and invalid samples take no
 * part. `quality.ts` says how it is measured, and why the thresholds are what they are.
 */
export interface Quality {
  /** Images whose mean square difference from their mean grey level is below `threshold`; blank ones are not among them. */
  readonly nearlyBlank: QualityCheck & { readonly threshold: number };
  /**
   * Images of a size that is odd within the dataset. `majority`: nearly all others share one size. `deviation`: sizes vary,
   * and these have by far more or fewer pixels. `none`: too few images, or sizes too mixed, for any to be odd.
   */
  readonly oddSize: QualityCheck & { readonly rule: "majority" | "deviation" | "none" };
  /** Images that are by far more or less elongated than the others, and not of odd size. */
  readonly oddAspect: QualityCheck;
  /** Files whose content is of another format than their name says. */
  readonly wrongExtension: QualityCheck & {
    /** The most frequent first. `extension` is in lower case, with its dot. */
    readonly kinds: readonly { readonly extension: string; readonly format: FileFormat; readonly samples: number }[];
  };
  /** Images of another mode than most. */
  readonly mixedModes: QualityCheck & {
    /** Images of every mode that occurs, the most frequent first. */
    readonly modes: readonly { readonly mode: Mode; readonly samples: number }[];
  };
  /** How many sizes there are, and the most common one; `null` when no image can be read. */
  readonly sizes: {
    readonly distinct: number;
    readonly mostCommon: { readonly width: number; readonly height: number; readonly samples: number } | null;
  };
  /** Every split with at least two classes. */
  readonly balance: readonly ClassBalance[];
}

/** How many pictures have their nearest other one at some score. */
export interface NearHistogram {
  /** Bounds of the bins, from best to worst score: bin i is from `bounds[i]` to `bounds[i + 1]`. */
  readonly bounds: readonly number[];
  /** Samples whose nearest different picture in their own split is in the bin. */
  readonly within: readonly number[];
  /** Samples whose nearest picture in another split, equal or different, is in the bin. */
  readonly between: readonly number[];
}

/** What judged pairs say about a threshold. */
export interface Precision {
  readonly threshold: number;
  /** Judged pairs at least as good as the threshold, and how many of them were said to be duplicates. */
  readonly judged: number;
  readonly right: number;
  /** Share of duplicates among all pairs at the threshold, 0..1, with its interval of 95 %: see `precision.ts`. */
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** What a search for near duplicates found, at one threshold. */
export interface NearReport {
  readonly measure: Measure;
  /** Why pictures are compared in this way, in one sentence. */
  readonly reason: string;
  readonly threshold: number;
  /** The worst threshold that can be chosen without another search; `limited` says why when it is stricter than usual. */
  readonly reach: number;
  readonly limited: string | null;
  /** Different pictures that were compared, and samples that took no part because they are nearly empty. */
  readonly compared: number;
  readonly degenerate: number;
  /** Pairs of different pictures that count as near: by the threshold, and by what people decided. */
  readonly pairs: number;
  /** About how many of these pairs would be there by chance: see `chance.ts`; `null` when there are too few to tell. */
  readonly chance: number | null;
  readonly histogram: NearHistogram;
  /** Groups of more than one picture whose labels contradict each other, and samples in them. */
  readonly conflicts: { readonly groups: number; readonly samples: number };
  /** At several thresholds, from strict to wide; empty while nothing near the cut was judged. */
  readonly precision: readonly Precision[];
  readonly decisions: {
    /** The file that holds them; `null` when there is none. */
    readonly file: string | null;
    /** Pairs of this dataset that people said are duplicates, and are none. */
    readonly duplicate: number;
    readonly different: number;
    /** Decisions about pictures that are not in this dataset any more. */
    readonly stale: number;
  };
}

/** The result of an inspection: plain, serialisable, complete but for the groups, which are read page by page. */
export interface Report {
  readonly schema: "cleansplit/report@1";
  readonly dataset: Layout;
  readonly splits: readonly SplitCounts[];
  /** All class names, in order. */
  readonly classes: readonly string[];
  /** `near` is absent until near duplicates were searched. */
  readonly duplicates: Readonly<Record<Exclude<Tier, "near">, TierCounts>> & { readonly near?: TierCounts };
  /** `null` until near duplicates were searched. */
  readonly near: NearReport | null;
  /** Every ordered pair of different splits, at every tier that is known. */
  readonly leakage: readonly Leakage[];
  /** Groups at tier `pixel` with more than one label. */
  readonly conflicts: { readonly groups: number; readonly samples: number };
  /** Images whose pixels are all equal. */
  readonly blank: { readonly samples: number };
  readonly unreadable: readonly SampleFault[];
  /** Array rows that are no samples: label out of range or pixels outside the array's scaling. */
  readonly invalid: readonly SampleFault[];
  /** Different images with the same MD5 of their bytes: never treated as duplicates. */
  readonly collisions: { readonly groups: number; readonly samples: number };
  readonly quality: Quality;
  /** Entries that the lists of a brief report leave out; absent when they are whole. */
  readonly unlisted?: { readonly unreadable: number; readonly invalid: number; readonly ignored: number };
  /** Seconds the inspection took, and how many samples it read. */
  readonly timing: { readonly seconds: number; readonly samples: number };
}

/** One sample as it is shown in a group, a list or a plan. */
export interface SampleView {
  readonly sample: number;
  readonly id: string;
  readonly split: string;
  readonly label: string | null;
  readonly width: number;
  readonly height: number;
  /** Absolute path of its file, or of the array file, archive or other file that it is in. */
  readonly file: string;
  /** Whether `file` is the image itself and can be opened as one. */
  readonly isImageFile: boolean;
}

/** How a picture is near another one. */
export interface Nearness {
  readonly score: number;
  /** How it must be turned to look like the other one. */
  readonly transform: TransformName;
  /** By how much it must then be moved right and down, in 1/32 of its side. */
  readonly shift: readonly [number, number];
  /** What a person decided about the two; `null` while nobody did. */
  readonly verdict: PairVerdict | null;
}

/** What a person says of two pictures. */
export type PairVerdict = "duplicate" | "different";

/** Two samples with different pictures, and how near they are. */
export interface PairView {
  readonly first: SampleView;
  readonly second: SampleView;
  readonly nearness: Nearness;
}

/** A page of the near pairs that count, those with the best score first. */
export interface PairPage {
  /** Pairs over all pages. */
  readonly total: number;
  readonly from: number;
  /** At most 500. */
  readonly pairs: readonly PairView[];
}

/** A sample of a group; at tier `near`, how near it is to the first one, or `null` when it has the same picture. */
export interface MemberView extends SampleView {
  readonly nearness: Nearness | null;
  /** Whether a person said that it stays or leaves; `null` while nobody did. */
  readonly choice: Choice | null;
}

/** One group of equal or similar samples. */
export interface GroupView {
  /** Index among the groups of the tier that was asked for. */
  readonly group: number;
  /** The strictest tier that holds for the whole group. */
  readonly tier: Tier;
  readonly size: number;
  /** Names of the splits it occurs in, in split order. */
  readonly splits: readonly string[];
  readonly labels: readonly string[];
  readonly conflict: boolean;
  readonly blank: boolean;
  /** A person said of one of its images that it stays or leaves, or of two of its pictures whether they are duplicates. */
  readonly decided: boolean;
  /** The worst score of any two of its pictures; `null` when there is only one picture. */
  readonly worst: number | null;
  /** Its first samples, at most {@link GroupQuery.membersEach}. */
  readonly members: readonly MemberView[];
}

/** Which groups to read. Filters that are absent let everything pass. */
export interface GroupQuery {
  /**
   * Whose groups: `pixel` (the default) reads those of equal pictures, `file` those of identical files alone, `near` also
   * those of similar pictures; tiers are cumulative.
   */
  readonly tier?: Tier;
  /** Only groups that occur in every one of these splits. */
  readonly splits?: readonly string[];
  /** Only groups that span at least two splits. */
  readonly leaking?: boolean;
  readonly conflict?: boolean;
  readonly blank?: boolean;
  /** Only groups with more than one picture. */
  readonly similar?: boolean;
  readonly label?: string;
  /** Only groups of which a person said something, or nothing. */
  readonly decided?: boolean;
  /** Only groups with an image whose id contains this, whatever the case of letters. */
  readonly text?: string;
  /** Largest first, in the order of their first sample, or those of the most doubtful pictures first. */
  readonly sort?: "size" | "first" | "doubt";
  readonly from: number;
  /** At most 500. */
  readonly count: number;
  readonly membersEach: number;
}

/** Which groups pass, and their order, without the page of them. */
export type GroupFilter = Omit<GroupQuery, "from" | "count" | "membersEach">;

/** Where a group is among those that pass a filter. */
export interface GroupPlace {
  /** Its row, from 0, among those that pass; and its number, as `GroupView.group`. */
  readonly row: number;
  readonly group: number;
}

/** A page of groups. */
export interface GroupPage {
  /** Groups that pass the filter, over all pages. */
  readonly total: number;
  readonly from: number;
  readonly groups: readonly GroupView[];
}
