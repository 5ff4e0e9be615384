import { SampleState, type Role } from "../dataset/dataset";
import { forEachGroup } from "../duplicates/groups";
import type { Findings } from "../leakage/findings";
import { keepOneOfEach } from "../near/findings";
import type { Tier } from "../leakage/report";
import type { RemovalReason } from "./plan";

/** Which samples stay, and why the others leave, as columns. */
export interface Decision {
  /** 1 for samples that stay. */
  readonly stays: Uint8Array;
  /** Index into {@link REMOVAL_REASONS}; 255 for samples that stay. */
  readonly reasonOf: Uint8Array;
  /** The equal sample that justifies the removal; -1 without one. */
  readonly twinOf: Int32Array;
}

/** Every reason, in the order of its code. */
export const REMOVAL_REASONS: readonly RemovalReason[] = ["leaks", "duplicate", "conflict", "unreadable", "invalid"];

/** Code of a sample that stays. */
const STAYS = 255;

/** Splits are protected in this order: what an earlier one holds leaves the later ones. */
const PROTECTION: Readonly<Record<Role, number>> = { test: 0, validation: 1, other: 2, train: 3 };

/** The policy in words. */
export const PROTECT_EVALUATION =
  "Test is protected first, then validation: what they share with train leaves train. Within a split one of each " +
  "group of equal images stays. Equal images with different labels leave altogether, as do unreadable images and " +
  "invalid rows.";

/** What is added where similar images count, too. */
export const ALSO_NEAR =
  "Of similar images one stays, too, the protected one first; each one that leaves is similar to one that stays.";

/** Decides by the policy {@link PROTECT_EVALUATION} which samples stay. Linear in the number of samples and of pairs. */
export function protectEvaluation(findings: Findings, tier: Exclude<Tier, "file"> = "pixel"): Decision {
  const { table, fingerprints, groups, near, conflicting } = findings;
  const decision: Decision = {
    stays: new Uint8Array(table.count).fill(1),
    reasonOf: new Uint8Array(table.count).fill(STAYS),
    twinOf: new Int32Array(table.count).fill(-1),
  };
  const remove = (sample: number, reason: RemovalReason, twin: number): void => {
    decision.stays[sample] = 0;
    decision.reasonOf[sample] = REMOVAL_REASONS.indexOf(reason);
    decision.twinOf[sample] = twin;
  };
  fingerprints.states.forEach((state, sample) => {
    if (state === SampleState.unreadable) remove(sample, "unreadable", -1);
    if (state === SampleState.invalid) remove(sample, "invalid", -1);
  });
  const splitOf = (sample: number): number => table.splitOf[sample] ?? 0;
  const protection = (sample: number): number => {
    const role = table.splits[splitOf(sample)]?.role ?? "other";
    // Splits of one role are protected in their own order, so that no two keep the same picture.
    return PROTECTION[role] * table.splits.length + splitOf(sample);
  };
  const removeFor = (keeper: number, sample: number): void =>
    remove(sample, splitOf(sample) === splitOf(keeper) ? "duplicate" : "leaks", keeper);
  forEachGroup(groups.pixel, (all, group) => {
    const members = all.filter((sample) => fingerprints.states[sample] === SampleState.ok);
    if (members.length < 2) return;
    if (conflicting[group] === 1) {
      for (const sample of members) remove(sample, "conflict", otherLabel(members, sample, table.classOf));
      return;
    }
    const keeper = members.reduce((best, sample) => (protection(sample) < protection(best) ? sample : best));
    for (const sample of members) if (sample !== keeper) removeFor(keeper, sample);
  });
  if (tier === "pixel" || near === null) return decision;

  // Of equal images one is left by now. Which one matters: it is the most protected of them.
  const left = [...new Set(near.groups.members)].filter((sample) => decision.stays[sample] === 1);
  const order = left.sort((a, b) => protection(a) - protection(b) || a - b);
  keepOneOfEach(near, order).forEach((keeper, sample) => {
    if (keeper >= 0) removeFor(keeper, sample);
  });
  // An equal image that left for one that leaves now has its twin in the one that stays.
  decision.twinOf.forEach((twin, sample) => {
    const isEqual = decision.reasonOf[sample] !== REMOVAL_REASONS.indexOf("conflict");
    const keeper = twin < 0 || !isEqual || decision.stays[twin] === 1 ? -1 : (decision.twinOf[twin] ?? -1);
    if (keeper >= 0) removeFor(keeper, sample);
  });
  return decision;
}

function otherLabel(members: Uint32Array, sample: number, classOf: Int32Array): number {
  return members.find((other) => classOf[other] !== classOf[sample]) ?? -1;
}
