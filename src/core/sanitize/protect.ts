import type { Role } from "../dataset/dataset";
import { forEachGroup } from "../duplicates/groups";
import { FORMATS } from "../fingerprint/fingerprints";
import { keepOneOfEach } from "../near/findings";
import type { Draft } from "./draft";
import { reasonOf } from "./policy";

/** Splits in the order in which they keep what others have, too: those with the least number first. */
export type Protection = Readonly<Record<Role, number>>;

/** Evaluation keeps what it shares with train. */
export const EVALUATION_FIRST: Protection = { test: 0, validation: 1, other: 2, train: 3 };

/** Train keeps what it shares with evaluation. */
export const TRAIN_FIRST: Protection = { train: 0, validation: 1, test: 2, other: 3 };

/**
 * Leaves one of each group of equal images, at tier `near` also of similar ones: all that a person keeps, else what is in the
 * split that is protected most, there one with a label before one without, then by the rule, then by order. Each that
 * leaves is equal or directly near to one that stays.
 */
export function keepOne(draft: Draft, protection: Protection): void {
  const isBefore = precedence(draft, protection);
  const { groups, near } = draft.findings;
  forEachGroup(groups.pixel, (all) => {
    const members = Array.from(all).filter((sample) => draft.stays[sample] === 1);
    if (members.length < 2) return;
    const keeper = members.reduce((best, sample) => (isBefore(sample, best) < 0 ? sample : best));
    for (const sample of members) {
      if (sample !== keeper && !draft.isKept(sample)) leaveFor(draft, keeper, sample);
    }
  });
  if (draft.options.tier === "near" && near !== null) {
    // Of equal images one is left by now, or those that are kept. Which one matters: it is the most protected of them.
    const left = [...new Set(near.groups.members)].filter((sample) => draft.stays[sample] === 1);
    const isKept = (sample: number): boolean => draft.isKept(sample);
    keepOneOfEach(near, left.sort(isBefore), isKept).forEach((keeper, sample) => {
      if (keeper >= 0) leaveFor(draft, keeper, sample);
    });
  }
  followTwins(draft);
}

function leaveFor(draft: Draft, keeper: number, sample: number): void {
  draft.leave(sample, draft.homeOf(sample) === draft.homeOf(keeper) ? "duplicate" : "leaks", keeper);
}

/** Who left for an image that left itself has its twin in the one that stays. */
function followTwins(draft: Draft): void {
  const hasLeft = (sample: number): boolean => draft.stays[sample] === 0 && reasonOf(draft, sample) !== "conflict";
  draft.twinOf.forEach((twin, sample) => {
    let keeper = twin;
    while (keeper >= 0 && hasLeft(keeper)) keeper = draft.twinOf[keeper] ?? -1;
    if (keeper === twin) return;
    if (reasonOf(draft, sample) === "conflict") draft.twinOf[sample] = keeper;
    else leaveFor(draft, keeper, sample);
  });
}

/** Orders samples: below 0 when the first one is to stay rather than the second. */
function precedence(draft: Draft, protection: Protection): (a: number, b: number) => number {
  const { splits } = draft;
  // Splits of one role are protected in their own order, so that no two keep the same picture.
  const ranks = splits.map(({ role }, split) => protection[role] * splits.length + split);
  const rank = (sample: number): number => ranks[draft.homeOf(sample)] ?? 0;
  const kept = (sample: number): number => (draft.isKept(sample) ? 0 : 1);
  const labelled = (sample: number): number => (draft.classOf(sample) < 0 ? 1 : 0);
  const rule = ruleOf(draft);
  return (a, b) => kept(a) - kept(b) || rank(a) - rank(b) || labelled(a) - labelled(b) || rule(a) - rule(b) || a - b;
}

/** By the name of a format: 0 where decoding gives what was encoded, 2 where it does not, 1 where that depends. */
const LOSS: Readonly<Record<(typeof FORMATS)[number], number>> = {
  "": 0,
  png: 0,
  bmp: 0,
  pnm: 0,
  svg: 0,
  gif: 0,
  tiff: 1,
  webp: 1,
  heif: 2,
  jpeg: 2,
};

/** The less, the rather a sample stays by the rule of the options. */
function ruleOf({ findings: { fingerprints }, given, options }: Draft): (sample: number) => number {
  switch (options.keep) {
    case "first":
      return () => 0;
    case "resolution":
      return (sample) => -(fingerprints.widths[sample] ?? 0) * (fingerprints.heights[sample] ?? 0);
    case "lossless":
      return (sample) => LOSS[FORMATS[fingerprints.formats[sample] ?? 0] ?? ""];
    case "largest":
      return (sample) => -given.fileSize(sample);
  }
}
