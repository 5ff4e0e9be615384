import type { SampleView } from "../leakage/report";

/** What a person says of a label: it is right, or it is wrong and its image leaves sanitized copies. */
export type LabelVerdict = "right" | "wrong";

/** A sample whose label is probably wrong. */
export interface Suspect extends SampleView {
  readonly label: string;
  /** The class that the model, trained without this image and without its duplicates, takes it for. */
  readonly suggested: string;
  /** Probabilities of the label and of the suggested class by that model, 0..1. */
  readonly ofLabel: number;
  readonly ofSuggested: number;
  /** Number of its duplicates, equal ones and, where they were searched, near ones; and of those with another label. */
  readonly duplicates: number;
  readonly conflicting: number;
  readonly verdict: LabelVerdict | null;
}

/** How often one class is probably labelled as another one. */
export interface LabelPair {
  readonly label: string;
  readonly suggested: string;
  /** Estimated number of images with this label that are of the other class (calibrated confident joint). */
  readonly estimated: number;
  /** Suspects with this label and this suggested class. */
  readonly suspects: number;
}

/** What an audit of the labels found; its suspects are read page by page. */
export interface LabelAudit {
  readonly schema: "cleansplit/label-audit@1";
  readonly audit: string;
  readonly model: string;
  /** Labelled images that were audited, and the accuracy of the out-of-fold predictions. */
  readonly samples: number;
  readonly accuracy: number;
  readonly folds: number;
  readonly suspects: number;
  /** Suspects with a duplicate of another label. */
  readonly conflicting: number;
  /** Estimated share of wrong labels of all labels (confident joint), 0..1. */
  readonly estimatedErrors: number;
  readonly classes: readonly string[];
  /** Splits with audited images. */
  readonly splits: readonly string[];
  /** The pairs of classes that are confused most often, by suspects and estimate; at most 100. */
  readonly pairs: readonly LabelPair[];
  /** Verdicts about labels of this dataset, suspects or not. */
  readonly judged: Readonly<Record<LabelVerdict, number>>;
  readonly sentence: string;
}

/** Which suspects of an audit are asked for. */
export interface SuspectQuery {
  readonly from: number;
  /** At most 500. */
  readonly count: number;
  readonly split: string | null;
  readonly label: string | null;
  /** Only those whose duplicates carry another label. */
  readonly onlyConflicting: boolean;
  /** Only those that nobody has judged. */
  readonly onlyUnjudged: boolean;
}

/** A page of suspects, the most probable first. */
export interface SuspectPage {
  readonly total: number;
  readonly suspects: readonly Suspect[];
}
