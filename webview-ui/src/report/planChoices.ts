import * as l10n from "@vscode/l10n";
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
export function conflictChoices(): readonly Choice<ConflictRule>[] {
  return [
    { value: "drop", label: l10n.t({ message: "all leave", comment: ["Equal images with different labels."] }) },
    { value: "majority", label: l10n.t("those with the label of most stay") },
    { value: "ask", label: l10n.t("I decide about each") },
  ];
}

/** Which one of a group stays. */
export function keepChoices(): readonly Choice<KeepRule>[] {
  return [
    { value: "first", label: l10n.t("the first by path") },
    { value: "resolution", label: l10n.t("the one with most pixels") },
    { value: "lossless", label: l10n.t("lossless before lossy") },
    { value: "largest", label: l10n.t("the largest file") },
  ];
}

/** How image files come into the copy, and what that means. */
export function transferChoices(): readonly (Choice<ImageTransfer> & { readonly meaning: string })[] {
  return [
    {
      value: "copy",
      label: l10n.t({ message: "Copy", comment: ["How image files are written: as copies."] }),
      meaning: l10n.t("Files of their own, byte for byte."),
    },
    {
      value: "reflink",
      label: l10n.t("Shared blocks"),
      meaning: l10n.t("Copies that share disk space with the originals; writing stops where the file system cannot."),
    },
    {
      value: "hardlink",
      label: l10n.t("Hard links"),
      meaning: l10n.t("Second names of the same files: who edits an image in the copy edits the original."),
    },
    {
      value: "symlink",
      label: l10n.t("Symbolic links"),
      meaning: l10n.t("Links to the originals, which have to stay where they are."),
    },
    {
      value: "index",
      label: l10n.t("Index only"),
      meaning: l10n.t("No images: lists of those that stay, and lines of Python that read the dataset by them."),
    },
  ];
}

const POLICY_TEXTS: Readonly<Record<PolicyName, () => string>> = {
  "protect-evaluation": () => l10n.t("evaluation is protected"),
  "protect-train": () => l10n.t("training is protected"),
  "move-groups": () => l10n.t("groups move"),
  "new-split": () => l10n.t("a new split"),
};

const CONFLICT_TEXTS: Readonly<Record<ConflictRule, () => string>> = {
  drop: () => l10n.t("of conflicts all leave"),
  majority: () => l10n.t("of conflicts those with the label of most stay"),
  ask: () => l10n.t("of conflicts I decide about each"),
};

const KEEP_TEXTS: Readonly<Record<KeepRule, () => string>> = {
  first: () => l10n.t("the first by path stays"),
  resolution: () => l10n.t("the one with most pixels stays"),
  lossless: () => l10n.t("lossless before lossy stays"),
  largest: () => l10n.t("the largest file stays"),
};

/** What of some options is not as usual, in few words; empty when all is. */
export function unusual(options: PlanOptions): readonly string[] {
  const { policy, tier, conflicts, keep, balance } = options;
  return [
    ...(policy === DEFAULT_OPTIONS.policy ? [] : [POLICY_TEXTS[policy]()]),
    ...(tier === DEFAULT_OPTIONS.tier ? [] : [l10n.t("similar images, too")]),
    ...(conflicts === DEFAULT_OPTIONS.conflicts ? [] : [CONFLICT_TEXTS[conflicts]()]),
    ...(keep === DEFAULT_OPTIONS.keep || !keepsOne(options) ? [] : [KEEP_TEXTS[keep]()]),
    ...(balance ? [l10n.t("classes balanced")] : []),
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
