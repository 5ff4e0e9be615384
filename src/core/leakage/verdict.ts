import * as l10n from "@vscode/l10n";
import { counted } from "../counts";
import { decimalText, integerText } from "../language";
import { measureText } from "../near/near";
import { countEntries } from "./brief";
import type { Leakage, NearReport, Report, Tier } from "./report";

/** The result of an inspection in words. */
export interface Verdict {
  readonly level: "clean" | "warning" | "leak";
  /** One true sentence. */
  readonly text: string;
  /** Further sentences, most important first. */
  readonly details: readonly string[];
}

/**
 * Says in one sentence, and some behind it, what an inspection found. Every number says what it counts. `equal` is the tier
 * of what counts as equal.
 */
export function verdictOf(report: Report, equal: Exclude<Tier, "near"> = "pixel"): Verdict {
  const leaks = report.leakage.filter((entry) => entry.tier === equal && entry.samples > 0);
  // Without an exact leak of a pair of splits, what is similar is told on its own.
  const similar = report.leakage.filter(
    (entry) => entry.tier === "near" && entry.samples > 0 && !leaks.some((leak) => isOfPair(leak, entry)),
  );
  const worst = worstLeak(report, leaks);
  const worstSimilar = worst === undefined ? worstLeak(report, similar) : undefined;
  const others = [...leaks, ...similar].filter(
    (leak) => leak !== worst && leak !== worstSimilar && roleOf(report, leak.split) !== "train",
  );
  const faults = [
    ...others.map((leak) => (leak.tier === "near" ? similarText(report, leak) : leakText(report, leak))),
    ...faultTexts(report, equal),
  ];
  const details = [...faults, ...oddTexts(report)];
  if (worst !== undefined) return { level: "leak", text: leakText(report, worst), details };
  const total = counted(
    report.splits.reduce((sum, split) => sum + split.samples, 0),
    "image",
  );
  const splits = report.splits.length > 1 ? counted(report.splits.length, "split") : null;
  if (worstSimilar !== undefined) return { level: "warning", text: onlySimilarText(report, worstSimilar), details };
  const [first, ...rest] = details;
  if (faults.length > 0) {
    return splits === null
      ? { level: "warning", text: first ?? "", details: rest }
      : {
          level: "warning",
          text: l10n.t("No image of one split occurs in another one ({0} in {1}).", total, splits),
          details,
        };
  }
  return {
    level: "clean",
    text:
      splits === null
        ? l10n.t("Clean: none of {0} occurs twice and all can be read.", total)
        : l10n.t("Clean: {0} in {1}, none occurs twice and all can be read.", total, splits),
    details,
  };
}

/** The leak that matters most: test in train before validation in train before the rest, then the largest. */
function worstLeak(report: Report, leaks: readonly Leakage[]): Leakage | undefined {
  const weight = (leak: Leakage): number => {
    const order = { test: 0, validation: 1, other: 2, train: 3 };
    return order[roleOf(report, leak.split)] * 10 + (roleOf(report, leak.in) === "train" ? 0 : 1);
  };
  return [...leaks].sort((a, b) => weight(a) - weight(b) || b.samples - a.samples)[0];
}

function leakText(report: Report, leak: Leakage): string {
  const near = report.leakage.find((entry) => entry.tier === "near" && isOfPair(entry, leak));
  const more = (near?.samples ?? 0) - leak.samples;
  const args = [...partsOf(report, leak), integerText(more)];
  const isOne = leak.samples === 1;
  if (more <= 0) {
    return isOne
      ? l10n.t("{0} of {1} {2} images also occurs in {3}.", ...args)
      : l10n.t("{0} of {1} {2} images also occur in {3}.", ...args);
  }
  if (more === 1) {
    return isOne
      ? l10n.t("{0} of {1} {2} images also occurs in {3}, and {4} more is similar to one there.", ...args)
      : l10n.t("{0} of {1} {2} images also occur in {3}, and {4} more is similar to one there.", ...args);
  }
  return isOne
    ? l10n.t("{0} of {1} {2} images also occurs in {3}, and {4} more are similar to one there.", ...args)
    : l10n.t("{0} of {1} {2} images also occur in {3}, and {4} more are similar to one there.", ...args);
}

function similarText(report: Report, leak: Leakage): string {
  const args = partsOf(report, leak);
  return leak.samples === 1
    ? l10n.t("{0} of {1} {2} images is similar to one in {3}.", ...args)
    : l10n.t("{0} of {1} {2} images are similar to one in {3}.", ...args);
}

function onlySimilarText(report: Report, leak: Leakage): string {
  const args = partsOf(report, leak);
  return leak.samples === 1
    ? l10n.t(
        "No image of one split occurs in another one, but {0} of {1} {2} images is similar to one in {3}.",
        ...args,
      )
    : l10n.t(
        "No image of one split occurs in another one, but {0} of {1} {2} images are similar to one in {3}.",
        ...args,
      );
}

/** What sentences about a leak are made of: how many images, of how many, of which split, in which other one. */
function partsOf({ splits }: Report, { samples, split, in: other }: Leakage): readonly string[] {
  const all = splits.find(({ name }) => name === split)?.samples ?? 0;
  return [integerText(samples), integerText(all), split, other];
}

/** What is wrong beside leaks, most important first. */
function faultTexts(report: Report, equal: Exclude<Tier, "near">): readonly string[] {
  const { duplicates, near, conflicts, collisions } = report;
  const [unreadable, invalid] = [countEntries(report, "unreadable"), countEntries(report, "invalid")];
  return [
    ...(duplicates[equal].groups > 0 ? [duplicatesText(report, equal)] : []),
    ...(near !== null && near.pairs > 0 ? [nearText(near)] : []),
    ...(conflicts.groups > 0 ? [conflictsText(report)] : []),
    ...(unreadable > 0 ? [unreadableText(unreadable)] : []),
    ...(invalid > 0 ? [invalidText(invalid)] : []),
    ...(collisions.groups > 0 ? [collisionsText(report)] : []),
  ];
}

function duplicatesText({ duplicates }: Report, equal: Exclude<Tier, "near">): string {
  const { samples, groups, extra } = duplicates[equal];
  const args = [counted(samples, "image"), counted(groups, "group"), integerText(extra)];
  return equal === "file"
    ? l10n.t("{0} are in {1} of identical files; {2} would go if one of each stayed.", ...args)
    : l10n.t("{0} are in {1} of equal images; {2} would go if one of each stayed.", ...args);
}

function conflictsText({ conflicts: { groups, samples } }: Report): string {
  const args = [counted(groups, "group"), counted(samples, "image")];
  return groups === 1
    ? l10n.t("{0} of equal images ({1}) carries more than one label.", ...args)
    : l10n.t("{0} of equal images ({1}) carry more than one label.", ...args);
}

function unreadableText(count: number): string {
  const images = counted(count, "image");
  return count === 1
    ? l10n.t({ message: "{0} cannot be read.", args: [images], comment: ["{0} is one image."] })
    : l10n.t({ message: "{0} cannot be read.", args: [images], comment: ["{0} are several images."] });
}

function invalidText(count: number): string {
  const rows = counted(count, "row");
  return count === 1
    ? l10n.t("{0} of the arrays is no valid sample.", rows)
    : l10n.t("{0} of the arrays are no valid sample.", rows);
}

function collisionsText({ collisions: { samples } }: Report): string {
  const images = counted(samples, "different image");
  return samples === 1
    ? l10n.t("{0} has the MD5 of another one; they are not treated as duplicates.", images)
    : l10n.t("{0} have the MD5 of another one; they are not treated as duplicates.", images);
}

/** What is worth a look, but no fault. */
function oddTexts({ blank, quality: { nearlyBlank, wrongExtension } }: Report): readonly string[] {
  return [
    ...(blank.samples > 0 ? [blankText(blank.samples)] : []),
    ...(nearlyBlank.samples > 0 ? [nearlyBlankText(nearlyBlank.samples)] : []),
    ...(wrongExtension.samples > 0 ? [wrongExtensionText(wrongExtension.samples)] : []),
  ];
}

function blankText(count: number): string {
  const images = counted(count, "image");
  return count === 1
    ? l10n.t("{0} is blank: all pixels equal.", images)
    : l10n.t("{0} are blank: all pixels equal.", images);
}

function nearlyBlankText(count: number): string {
  const images = counted(count, "image");
  return count === 1
    ? l10n.t("{0} is nearly blank: next to nothing to see.", images)
    : l10n.t("{0} are nearly blank: next to nothing to see.", images);
}

function wrongExtensionText(count: number): string {
  const files = counted(count, "file");
  return count === 1
    ? l10n.t("{0} holds an image of another format than the name says.", files)
    : l10n.t("{0} hold an image of another format than the name says.", files);
}

function isOfPair(a: Leakage, b: Leakage): boolean {
  return a.split === b.split && a.in === b.in;
}

/** How many pairs are similar, and by what. */
function nearText({ pairs, measure, threshold }: NearReport): string {
  const args = [counted(pairs, "pair"), measureText(measure), decimalText(threshold, measure.decimals)];
  if (measure.better === "lower") {
    return pairs === 1
      ? l10n.t("{0} of different images is similar ({1} up to {2}).", ...args)
      : l10n.t("{0} of different images are similar ({1} up to {2}).", ...args);
  }
  return pairs === 1
    ? l10n.t("{0} of different images is similar ({1} {2} or more).", ...args)
    : l10n.t("{0} of different images are similar ({1} {2} or more).", ...args);
}

function roleOf(report: Report, name: string): "train" | "validation" | "test" | "other" {
  return report.splits.find((split) => split.name === name)?.role ?? "other";
}
