import type { GroupFilter, PairVerdict } from "../leakage/report";

/*
 * What people say while they look through a dataset: which images stay in sanitized copies, which leave, and which pictures are
 * duplicates. It is kept as it is said, and every step can be taken back.
 */

/** What a person says becomes of an image under every policy: it stays where it is, or it leaves. */
export type Choice = "keep" | "drop";

/** What can be said of many groups at once. */
export type GroupChange =
  /** Of each group the image stays that comes first in the group; what was said of the others is forgotten. */
  | { readonly type: "keep-first" }
  /** All images stay where they are, although they are equal or similar. */
  | { readonly type: "keep-all" }
  /** Images of one split leave. */
  | { readonly type: "drop-split"; readonly split: string }
  /** Each two different pictures are no duplicates. Equal pictures are always duplicates: groups of them alone stay as they are. */
  | { readonly type: "different" }
  /** Whatever was said of the images and their pairs is forgotten. */
  | { readonly type: "forget" };

/** One step of a review: it is done as a whole, kept at once, and taken back as a whole. */
export type ReviewAction =
  /** Each of some images stays or leaves; `null` forgets what was said of it. */
  | { readonly type: "choose"; readonly samples: readonly number[]; readonly choice: Choice | null }
  /** One image of a group stays instead of the others: what was said of these is forgotten. */
  | { readonly type: "keep-one"; readonly sample: number; readonly insteadOf: readonly number[] }
  /** Each two of some images with different pictures are duplicates or are not; `null` forgets it. */
  | { readonly type: "judge"; readonly samples: readonly number[]; readonly verdict: PairVerdict | null }
  /**
   * Something is said of all groups that pass a filter, or of those of its tier that have some numbers (`GroupView.group`),
   * also when they do not pass it any more. At tier `near` judging pairs numbers groups anew.
   */
  | {
      readonly type: "groups";
      readonly filter: GroupFilter;
      readonly groups: readonly number[] | "all";
      readonly change: GroupChange;
    };

/** What was said so far. */
export interface ReviewState {
  /** Images of the dataset that are to stay, and that are to leave, because a person said so. */
  readonly keep: number;
  readonly drop: number;
  /** Pairs of pictures of the dataset that people judged; 0 until near duplicates were searched. */
  readonly judged: number;
  /** Choices about images that are not in the dataset any more, or have another content now. */
  readonly stale: number;
  /** The file that holds the choices; `null` when there is none. */
  readonly file: string | null;
  /** What would be taken back or done again, in words, e.g. "keep a.png"; `null` when there is nothing. */
  readonly undo: string | null;
  readonly redo: string | null;
}

/** Nobody said anything. */
export const NOTHING_SAID: ReviewState = { keep: 0, drop: 0, judged: 0, stale: 0, file: null, undo: null, redo: null };
