import * as l10n from "@vscode/l10n";
import { SampleState } from "../dataset/dataset";
import { CleanSplitError } from "../errors";
import type { Findings } from "../leakage/findings";
import { balance } from "./balance";
import { settleConflicts } from "./conflicts";
import { Draft, type Given } from "./draft";
import { moveGroups } from "./moveGroups";
import { canDivide, newSplit, withNewSplits } from "./newSplit";
import type { ConflictRule, KeepRule, PlanOptions, PolicyName } from "./options";
import type { PolicyPreview } from "./plan";
import type { Decision } from "./policy";
import { EVALUATION_FIRST, keepOne, TRAIN_FIRST } from "./protect";

/** A way to treat a dataset in which splits share images. */
interface Policy {
  /** Its name for people. */
  title(): string;
  /** What it does, in one sentence. */
  sentence(): string;
  /** Whether one of each group stays, or all of it. */
  readonly keepsOne: boolean;
  /** Why a dataset cannot be treated so; `null` when it can. */
  unavailable(draft: Draft): string | null;
  /** Decides about samples that can be used and are in no conflict. */
  apply(draft: Draft): void;
}

/**
 * Every policy. After each of them no image of a split is equal, at tier `near` or similar, to one of another split, but
 * where a person keeps images of both.
 */
export const POLICIES: Readonly<Record<PolicyName, Policy>> = {
  "protect-evaluation": {
    title: () => l10n.t("Protect evaluation"),
    sentence: () => l10n.t("Test is protected first, then validation: what they share with train leaves train."),
    keepsOne: true,
    unavailable: () => null,
    apply: (draft) => keepOne(draft, EVALUATION_FIRST),
  },
  "protect-train": {
    title: () => l10n.t("Protect training"),
    sentence: () => l10n.t("Train is protected first, then validation: what they share with test leaves test."),
    keepsOne: true,
    unavailable: () => null,
    apply: (draft) => keepOne(draft, TRAIN_FIRST),
  },
  "move-groups": {
    title: () => l10n.t("Move groups"),
    sentence: () =>
      l10n.t("Each group of equal images that spans splits moves to the split that holds most of it; nothing is lost."),
    keepsOne: false,
    unavailable: ({ splits }) =>
      splits.length < 2 ? l10n.t("All images are in one split: there is none that groups could move to.") : null,
    apply: moveGroups,
  },
  "new-split": {
    title: () => l10n.t("New split"),
    sentence: () =>
      l10n.t("The dataset is divided anew by chance, every class alike, and equal images come into one split."),
    keepsOne: false,
    unavailable: (draft) =>
      canDivide(draft)
        ? null
        : l10n.t(
            "There are fewer groups of equal or similar images than the {0} splits to divide them into.",
            draft.options.shares.length,
          ),
    apply: newSplit,
  },
};

/** The names of all policies. */
export const POLICY_NAMES = Object.keys(POLICIES) as readonly PolicyName[];

/**
 * Decides what becomes of every sample: what cannot be used leaves, and what a person drops, conflicts are settled, the policy
 * decides about the others, and classes are balanced at last. What a person keeps stays through all of it, also where that
 * leaves leakage among what is kept. About linear in samples and near pairs; the same input gives the same decision. Throws a
 * `CleanSplitError` when the dataset cannot be treated so, or a sample cannot be kept.
 */
export function decide(findings: Findings, options: PlanOptions, given: Given): Decision {
  const draft = begin(findings, options, given);
  const reason = POLICIES[options.policy].unavailable(draft);
  if (reason !== null) {
    throw new CleanSplitError(
      "refused",
      l10n.t({
        message: "The policy {0} does not fit this dataset. {1} Choose another policy.",
        args: [options.policy, reason],
        comment: ["{1} is a sentence that says why."],
      }),
    );
  }
  return finish(draft);
}

/** What a policy would do, in numbers. */
export function previewPolicy(findings: Findings, options: PlanOptions, given: Given): PolicyPreview {
  const policy = POLICIES[options.policy];
  const [title, sentence] = [policy.title(), policy.sentence()];
  const draft = begin(findings, options, given);
  const known = { policy: options.policy, title, sentence, unavailable: policy.unavailable(draft) };
  if (known.unavailable !== null) return { ...known, leave: 0, move: 0, splits: [] };
  finish(draft);
  const counts = draft.splits.map(({ name }) => ({ name, before: 0, after: 0 }));
  let [leave, move] = [0, 0];
  draft.stays.forEach((stay, sample) => {
    const [home, to] = [counts[draft.homeOf(sample)], counts[draft.splitOf[sample] ?? 0]];
    if (home !== undefined) home.before += 1;
    if (stay === 1 && to !== undefined) to.after += 1;
    if (stay === 0) leave += 1;
    else if (home !== to) move += 1;
  });
  return { ...known, leave, move, splits: counts };
}

function begin(findings: Findings, options: PlanOptions, given: Given): Draft {
  const { table, fingerprints } = findings;
  const splits = options.policy === "new-split" ? withNewSplits(table, options.shares) : table.splits;
  const draft = new Draft(findings, options, given, splits);
  fingerprints.states.forEach((state, sample) => {
    if (state === SampleState.unreadable) draft.leave(sample, "unreadable");
    if (state === SampleState.invalid) draft.leave(sample, "invalid");
  });
  for (const sample of given.wrong) draft.leave(sample, "label");
  for (const sample of given.drop) {
    if (draft.isKept(sample)) throw keptAndDropped(given.name(sample));
    draft.leave(sample, "choice");
  }
  settleConflicts(draft);
  return draft;
}

function keptAndDropped(name: string): CleanSplitError {
  return new CleanSplitError("conflict", l10n.t("{0} is said both to stay and to leave. Keep one of both.", name));
}

function finish(draft: Draft): Decision {
  POLICIES[draft.options.policy].apply(draft);
  if (draft.options.balance) balance(draft);
  return draft;
}

const CONFLICT_TEXTS: Readonly<Record<ConflictRule, () => string>> = {
  drop: () => l10n.t("Equal images with different labels leave altogether, as do unreadable images and invalid rows."),
  majority: () =>
    l10n.t(
      "Of equal images with different labels those stay that carry the label of more than half; without such a label they all leave, as do unreadable images and invalid rows.",
    ),
  ask: () =>
    l10n.t(
      "Equal images with different labels wait for a person to say which of them stay. Unreadable images and invalid rows leave.",
    ),
};

const KEEP_TEXTS: Readonly<Record<KeepRule, () => string>> = {
  first: () => l10n.t("Within a split one of each group of equal images stays."),
  resolution: () =>
    l10n.t("Within a split one of each group of equal images stays, the one with the most pixels first."),
  lossless: () => l10n.t("Within a split one of each group of equal images stays, one in a lossless format first."),
  largest: () => l10n.t("Within a split one of each group of equal images stays, the one with the largest file first."),
};

/** What these options mean, in sentences. */
export function policyText({ policy, tier, conflicts, keep, balance: isBalanced }: PlanOptions): string {
  const { keepsOne } = POLICIES[policy];
  const sentences = [
    POLICIES[policy].sentence(),
    ...(keepsOne ? [KEEP_TEXTS[keep]()] : []),
    CONFLICT_TEXTS[conflicts](),
  ];
  if (tier === "near" && keepsOne) {
    sentences.push(
      l10n.t(
        "Of similar images one stays, too, the protected one first; each one that leaves is similar to one that stays.",
      ),
    );
  }
  if (tier === "near" && !keepsOne) {
    sentences.push(l10n.t("Similar images count as equal, and so do images that others between them are similar to."));
  }
  if (isBalanced) {
    sentences.push(l10n.t("Each split keeps as many images of every class as of its smallest one."));
  }
  return sentences.join(" ");
}
