import * as l10n from "@vscode/l10n";
import { membersOf } from "../duplicates/groups";
import { CleanSplitError } from "../errors";
import { groupsOf, type Findings } from "../leakage/findings";
import type { GroupFilter, PairVerdict } from "../leakage/report";
import { integerText } from "../language";
import { canBeKept, CHOICES } from "./choices";
import type { Choice, GroupChange, ReviewAction } from "./review";

/** What a step of a review says of images and pictures, before anything is kept. */
export interface Saying {
  /** Index into `CHOICES` of every sample of which something is said, or nothing any more. */
  readonly codes: ReadonlyMap<number, number>;
  /** Of the pictures of each of these groups of samples `verdict` holds, or with `null` nothing any more. */
  readonly judged: readonly (readonly number[] | Uint32Array)[];
  readonly verdict: PairVerdict | null;
  /** What is done, in words that go on after "Undo: ", e.g. "keep a.png". */
  readonly label: string;
}

/** What a step is taken in. */
export interface ReviewedDataset {
  readonly findings: Findings;
  /** Name of a sample. */
  readonly id: (sample: number) => string;
  /** Whether a person judged the label of a sample wrong. */
  readonly isWrong: (sample: number) => boolean;
  /** The numbers of the groups that pass a filter. */
  readonly groupsThatPass: (filter: GroupFilter) => readonly number[];
}

const NOTHING = CHOICES.indexOf(null);
const KEEP = CHOICES.indexOf("keep");
const DROP = CHOICES.indexOf("drop");

/**
 * What an action says. Throws a `CleanSplitError` when it names samples, groups or a split that there are not, or keeps an image
 * that cannot be used or whose label was judged wrong; what is said of whole groups passes over such images.
 */
export function sayingOf(action: ReviewAction, dataset: ReviewedDataset): Saying {
  switch (action.type) {
    case "choose": {
      checkSamples(action.samples, dataset);
      if (action.choice === "keep") for (const sample of action.samples) checkKept(sample, dataset);
      const code = CHOICES.indexOf(action.choice);
      return ofImages(new Map(action.samples.map((sample) => [sample, code])), chosenLabel(action, dataset));
    }
    case "keep-one": {
      checkSamples([action.sample, ...action.insteadOf], dataset);
      checkKept(action.sample, dataset);
      const codes = new Map(action.insteadOf.map((sample) => [sample, NOTHING]));
      return ofImages(codes.set(action.sample, KEEP), l10n.t("keep {0}", nameOf(action.sample, dataset)));
    }
    case "judge": {
      checkSamples(action.samples, dataset);
      const { samples, verdict } = action;
      return { codes: new Map(), judged: [samples], verdict, label: judgedLabel(samples.length, verdict) };
    }
    case "groups": {
      const groups = action.groups === "all" ? dataset.groupsThatPass(action.filter) : action.groups;
      return ofGroups(membersOfAll(groups, action.filter, dataset), action.change, dataset);
    }
  }
}

function ofImages(codes: ReadonlyMap<number, number>, label: string): Saying {
  return { codes, judged: [], verdict: null, label };
}

function ofGroups(groups: readonly Uint32Array[], change: GroupChange, dataset: ReviewedDataset): Saying {
  const count = groups.length;
  switch (change.type) {
    case "keep-first":
      return ofImages(
        keepFirst(groups, dataset),
        count === 1
          ? l10n.t("keep the first image of a group")
          : l10n.t("keep the first image of {0} groups", integerText(count)),
      );
    case "keep-all": {
      const codes = codesOf(groups, KEEP, (sample) => mayBeKept(sample, dataset));
      return ofImages(
        codes,
        count === 1
          ? l10n.t("keep all images of a group")
          : l10n.t("keep {0} images of {1} groups", integerText(codes.size), integerText(count)),
      );
    }
    case "drop-split": {
      const { split } = change;
      const { splits, splitOf } = dataset.findings.table;
      const index = splits.findIndex(({ name }) => name === split);
      if (index < 0) throw notFound(l10n.t("There is no split {0} in this dataset.", split));
      const codes = codesOf(groups, DROP, (sample) => splitOf[sample] === index);
      return ofImages(codes, dropLabel(codes.size, split));
    }
    case "different":
      return { codes: new Map(), judged: groups, verdict: "different", label: differentLabel(count) };
    case "forget":
      return {
        ...ofImages(
          codesOf(groups, NOTHING, () => true),
          forgetLabel(count),
        ),
        judged: groups,
      };
  }
}

function codesOf(
  groups: readonly Uint32Array[],
  code: number,
  isMeant: (sample: number) => boolean,
): Map<number, number> {
  const codes = new Map<number, number>();
  for (const members of groups) for (const sample of members) if (isMeant(sample)) codes.set(sample, code);
  return codes;
}

/**
 * One image of each group stays. Groups of similar images overlap: an image that gave way in one group is not kept by another
 * one, and of images that others kept one stays. So no two that are kept are of one group.
 */
function keepFirst(groups: readonly Uint32Array[], dataset: ReviewedDataset): Map<number, number> {
  const codes = new Map<number, number>();
  for (const members of groups) {
    const kept =
      members.find((sample) => codes.get(sample) === KEEP) ??
      members.find((sample) => !codes.has(sample) && mayBeKept(sample, dataset));
    for (const sample of members) codes.set(sample, sample === kept ? KEEP : NOTHING);
  }
  return codes;
}

function mayBeKept(sample: number, { findings, isWrong }: ReviewedDataset): boolean {
  return canBeKept(findings, sample) && !isWrong(sample);
}

function checkKept(sample: number, dataset: ReviewedDataset): void {
  const name = dataset.id(sample);
  if (!canBeKept(dataset.findings, sample)) {
    throw new CleanSplitError(
      "refused",
      l10n.t("{0} cannot be kept, because it cannot be read or is no valid sample. Keep another image.", name),
    );
  }
  if (dataset.isWrong(sample)) {
    throw new CleanSplitError(
      "refused",
      l10n.t(
        "{0} cannot be kept, because its label was judged wrong. Judge it right first, or keep another image.",
        name,
      ),
    );
  }
}

function checkSamples(samples: readonly number[], { findings: { table } }: ReviewedDataset): void {
  const odd = samples.find((sample) => !isIndex(sample, table.count));
  if (odd !== undefined) throw notFound(l10n.t("There is no image number {0} in this dataset.", odd));
}

function membersOfAll(
  numbers: readonly number[],
  { tier = "pixel" }: GroupFilter,
  { findings }: ReviewedDataset,
): Uint32Array[] {
  const groups = groupsOf(findings, tier);
  const odd = numbers.find((group) => !isIndex(group, groups.count));
  if (odd !== undefined) throw notFound(l10n.t("There is no group number {0} any more.", odd));
  return numbers.map((group) => membersOf(groups, group));
}

function isIndex(value: number, count: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < count;
}

function notFound(what: string): CleanSplitError {
  return new CleanSplitError(
    "not-found",
    l10n.t("{0} Choose again in the report, or inspect the dataset again.", what),
  );
}

/** The last part of the name of a sample. */
function nameOf(sample: number, { id }: ReviewedDataset): string {
  const name = id(sample);
  return name.slice(name.lastIndexOf("/") + 1);
}

function chosenLabel(
  { samples, choice }: { readonly samples: readonly number[]; readonly choice: Choice | null },
  dataset: ReviewedDataset,
): string {
  const [first, second] = samples;
  if (first === undefined || second !== undefined) {
    const count = integerText(samples.length);
    if (choice === null) return l10n.t("forget the choices about {0} images", count);
    return choice === "keep" ? l10n.t("keep {0} images", count) : l10n.t("drop {0} images", count);
  }
  const name = nameOf(first, dataset);
  if (choice === null) return l10n.t("forget the choice about {0}", name);
  return choice === "keep" ? l10n.t("keep {0}", name) : l10n.t("drop {0}", name);
}

function dropLabel(count: number, split: string): string {
  return count === 1
    ? l10n.t("drop 1 image of {0}", split)
    : l10n.t("drop {0} images of {1}", integerText(count), split);
}

function judgedLabel(count: number, verdict: PairVerdict | null): string {
  if (verdict === null) return l10n.t("forget what was said of {0} pictures", integerText(count));
  return verdict === "duplicate"
    ? l10n.t("{0} pictures are duplicates", integerText(count))
    : l10n.t("{0} pictures are not duplicates", integerText(count));
}

function differentLabel(count: number): string {
  return count === 1
    ? l10n.t("the pictures of a group are not duplicates")
    : l10n.t("the pictures of {0} groups are not duplicates", integerText(count));
}

function forgetLabel(count: number): string {
  return count === 1
    ? l10n.t("forget what was said of a group")
    : l10n.t("forget what was said of {0} groups", integerText(count));
}
