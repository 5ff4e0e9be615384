import { countEntries } from "./brief";
import type { Leakage, Report, Tier } from "./report";

/** The result of an inspection in words. */
export interface Verdict {
  readonly level: "clean" | "warning" | "leak";
  /** One true sentence. */
  readonly text: string;
  /** Further sentences, most important first. */
  readonly details: readonly string[];
}

/**
 * Says in one sentence, and some behind it, what an inspection found at a tier: by default with near duplicates where they
 * were searched. Every number says what it counts.
 */
export function verdictOf(report: Report, tier: Tier = report.near === null ? "pixel" : "near"): Verdict {
  const details: string[] = [];
  const leaks = report.leakage.filter((entry) => entry.tier === tier && entry.samples > 0);
  const worst = worstLeak(report, leaks);
  for (const leak of leaks) {
    if (leak !== worst && roleOf(report, leak.split) !== "train") details.push(`${leakText(report, leak)}.`);
  }
  const counts = report.duplicates[tier] ?? report.duplicates.pixel;
  if (counts.groups > 0) {
    details.push(
      `${plural(counts.samples, "image is", "images are")} in ${plural(counts.groups, "group")} of ${equalText(tier)}; ` +
        `${number(counts.extra)} would go if one of each stayed.`,
    );
  }
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
  const of = report.splits.find((split) => split.name === leak.split)?.samples ?? 0;
  return `${number(leak.samples)} of ${number(of)} ${leak.split} images also ${leak.samples === 1 ? "occurs" : "occur"} in ${leak.in}`;
}

function roleOf(report: Report, name: string): "train" | "validation" | "test" | "other" {
  return report.splits.find((split) => split.name === name)?.role ?? "other";
}

/** What counts as duplicates at a tier, in the plural. */
export function equalText(tier: Tier): string {
  return { file: "identical files", pixel: "equal images", near: "equal or near images" }[tier];
}

/** A whole number with thousands separators, e.g. "15,364". */
export function number(value: number): string {
  return value.toLocaleString("en-US");
}

/** A count with its noun, e.g. "1 image", "2 images"; the plural is given or gets an s. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number(count)} ${count === 1 ? one : many}`;
}
