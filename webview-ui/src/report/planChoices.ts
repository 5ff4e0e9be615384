import {
  DEFAULT_OPTIONS,
  type ConflictRule,
  type ImageTransfer,
  type KeepRule,
  type PlanOptions,
  type PolicyName,
} from "../../../src/protocol/report";
import type { Choice } from "../shared/Controls";

/** What becomes of equal images with different labels. */
export const CONFLICT_RULES: readonly Choice<ConflictRule>[] = [
  { value: "drop", label: "all leave" },
  { value: "majority", label: "those with the label of most stay" },
  { value: "ask", label: "I decide about each" },
];

/** Which one of a group stays. */
export const KEEP_RULES: readonly Choice<KeepRule>[] = [
  { value: "first", label: "the first by path" },
  { value: "resolution", label: "the one with most pixels" },
  { value: "lossless", label: "lossless before lossy" },
  { value: "largest", label: "the largest file" },
];

/** How image files come into the copy, and what that means. */
export const TRANSFERS: readonly (Choice<ImageTransfer> & { readonly meaning: string })[] = [
  { value: "copy", label: "Copy", meaning: "Files of their own, byte for byte." },
  {
    value: "reflink",
    label: "Shared blocks",
    meaning: "Copies that share disk space with the originals; writing stops where the file system cannot.",
  },
  {
    value: "hardlink",
    label: "Hard links",
    meaning: "Second names of the same files: who edits an image in the copy edits the original.",
  },
  {
    value: "symlink",
    label: "Symbolic links",
    meaning: "Links to the originals, which have to stay where they are.",
  },
  {
    value: "index",
    label: "Index only",
    meaning: "No images: lists of those that stay, and lines of Python that read the dataset by them.",
  },
];

const POLICY_NAMES: Readonly<Record<PolicyName, string>> = {
  "protect-evaluation": "evaluation is protected",
  "protect-train": "training is protected",
  "move-groups": "groups move",
  "new-split": "a new split",
};

/** What of some options is not as usual, in few words; empty when all is. */
export function unusual(options: PlanOptions): readonly string[] {
  const { policy, tier, conflicts, keep, balance } = options;
  return [
    ...(policy === DEFAULT_OPTIONS.policy ? [] : [POLICY_NAMES[policy]]),
    ...(tier === DEFAULT_OPTIONS.tier ? [] : ["similar images, too"]),
    ...(conflicts === DEFAULT_OPTIONS.conflicts ? [] : [`of conflicts ${labelOf(CONFLICT_RULES, conflicts)}`]),
    ...(keep === DEFAULT_OPTIONS.keep || !keepsOne(options) ? [] : [`${labelOf(KEEP_RULES, keep)} stays`]),
    ...(balance ? ["classes balanced"] : []),
  ];
}

/** Whether one of each group stays, so that it matters which; else groups stay whole. */
export function keepsOne({ policy }: PlanOptions): boolean {
  return policy === "protect-evaluation" || policy === "protect-train";
}

/** Whether chance decides something, so that the seed matters. */
export function usesChance({ policy, balance }: PlanOptions): boolean {
  return balance || policy === "new-split";
}

/** The share of each split in whole percent of all. */
export function percentOf(share: number): number {
  return Math.round(share * 100);
}

function labelOf<T extends string>(choices: readonly Choice<T>[], value: T): string {
  return choices.find((choice) => choice.value === value)?.label ?? value;
}
