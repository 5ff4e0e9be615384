import { integerText } from "../language";
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
  const details: string[] = [];
  const leaks = report.leakage.filter((entry) => entry.tier === equal && entry.samples > 0);
  // Without an exact leak of a pair of splits, what is similar is told on its own.
  const similar = report.leakage.filter(
    (entry) => entry.tier === "near" && entry.samples > 0 && !leaks.some((leak) => isOfPair(leak, entry)),
  );
  const worst = worstLeak(report, leaks);
  const worstSimilar = worst === undefined ? worstLeak(report, similar) : undefined;
  for (const leak of [...leaks, ...similar]) {
    if (leak === worst || leak === worstSimilar || roleOf(report, leak.split) === "train") continue;
    details.push(`${leak.tier === "near" ? similarText(report, leak) : leakText(report, leak)}.`);
  }
  const counts = report.duplicates[equal];
  if (counts.groups > 0) {
    details.push(
      `${plural(counts.samples, "image is", "images are")} in ${plural(counts.groups, "group")} of ${equalText(equal)}; ` +
        `${number(counts.extra)} would go if one of each stayed.`,
    );
  }
  if (report.near !== null && report.near.pairs > 0) details.push(nearText(report.near));
  if (report.conflicts.groups > 0) {
    details.push(
      `${plural(report.conflicts.groups, "group")} of equal images (${plural(report.conflicts.samples, "image")}) ` +
        `${report.conflicts.groups === 1 ? "carries" : "carry"} more than one label.`,
    );
  }
  const [unreadable, invalid] = [countEntries(report, "unreadable"), countEntries(report, "invalid")];
  if (unreadable > 0) {
    details.push(`${plural(unreadable, "image")} cannot be read.`);
  }
  if (invalid > 0) {
    details.push(`${plural(invalid, "row")} of the arrays ${invalid === 1 ? "is" : "are"} no valid sample.`);
  }
  if (report.collisions.groups > 0) {
    details.push(
      `${plural(report.collisions.samples, "different image has", "different images have")} the MD5 of another one; they are not treated as duplicates.`,
    );
  }
  const faults = details.length;
  // What is odd is worth a look, but no fault.
  if (report.blank.samples > 0) {
    details.push(`${plural(report.blank.samples, "image is", "images are")} blank: all pixels equal.`);
  }
  const { nearlyBlank, wrongExtension } = report.quality;
  if (nearlyBlank.samples > 0) {
    details.push(`${plural(nearlyBlank.samples, "image is", "images are")} nearly blank: next to nothing to see.`);
  }
  if (wrongExtension.samples > 0) {
    details.push(
      `${plural(wrongExtension.samples, "file holds", "files hold")} an image of another format than the name says.`,
    );
  }
  const total = report.splits.reduce((sum, split) => sum + split.samples, 0);
  if (worst !== undefined) return { level: "leak", text: `${leakText(report, worst)}.`, details };
  const several = report.splits.length > 1;
  if (worstSimilar !== undefined) {
    const text = `No image of one split occurs in another one, but ${similarText(report, worstSimilar)}.`;
    return { level: "warning", text, details };
  }
  if (faults > 0) {
    const text = several
      ? `No image of one split occurs in another one (${number(total)} images in ${report.splits.length} splits).`
      : (details.shift() ?? "");
    return { level: "warning", text, details };
  }
  return {
    level: "clean",
    text: several
      ? `Clean: ${number(total)} images in ${report.splits.length} splits, none occurs twice and all can be read.`
      : `Clean: none of ${number(total)} images occurs twice and all can be read.`,
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
  const similar = more > 0 ? `, and ${number(more)} more ${more === 1 ? "is" : "are"} similar to one there` : "";
  return `${number(leak.samples)} of ${imagesOf(report, leak)} also ${leak.samples === 1 ? "occurs" : "occur"} in ${leak.in}${similar}`;
}

function similarText(report: Report, leak: Leakage): string {
  return `${number(leak.samples)} of ${imagesOf(report, leak)} ${leak.samples === 1 ? "is" : "are"} similar to one in ${leak.in}`;
}

function imagesOf(report: Report, { split: name }: Leakage): string {
  return `${number(report.splits.find((split) => split.name === name)?.samples ?? 0)} ${name} images`;
}

function isOfPair(a: Leakage, b: Leakage): boolean {
  return a.split === b.split && a.in === b.in;
}

/** How many pairs are similar, and by what. */
function nearText({ pairs, measure, threshold }: NearReport): string {
  const cut = threshold.toFixed(measure.decimals);
  const limit = measure.better === "lower" ? `up to ${cut}` : `${cut} or more`;
  return `${plural(pairs, "pair")} of different images ${pairs === 1 ? "is" : "are"} similar (${measure.name} ${limit}).`;
}

function roleOf(report: Report, name: string): "train" | "validation" | "test" | "other" {
  return report.splits.find((split) => split.name === name)?.role ?? "other";
}

/** What counts as duplicates at a tier, in the plural. */
export function equalText(tier: Tier): string {
  return { file: "identical files", pixel: "equal images", near: "equal or similar images" }[tier];
}

/** A whole number with thousands separators, e.g. "15,364". */
export function number(value: number): string {
  return integerText(value);
}

/** A count with its noun, e.g. "1 image", "2 images"; the plural is given or gets an s. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}
