import { forEachGroup } from "../duplicates/groups";
import type { Draft } from "./draft";
import type { ConflictRule } from "./options";

/**
 * Settles what becomes of equal images with different labels. A sample that a person keeps says which label is right; where
 * those that are kept say different ones, they stay alone.
 */
export function settleConflicts(draft: Draft): void {
  const { groups, conflicting } = draft.findings;
  forEachGroup(groups.pixel, (all, group) => {
    if (conflicting[group] !== 1) return;
    // A label that was judged wrong contradicts nobody any more.
    const members = Array.from(all).filter((sample) => draft.isUsable(sample) && draft.stays[sample] === 1);
    const right = rightLabels(draft, members, draft.options.conflicts);
    if (right === null) settleWhole(draft, members);
    else settleByLabels(draft, members, right);
  });
}

/** Nobody knows the right label: all go, or wait, but for those that a person keeps. */
function settleWhole(draft: Draft, members: readonly number[]): void {
  const kept = members.find((sample) => draft.isKept(sample));
  for (const sample of members) {
    if (draft.isKept(sample)) continue;
    const twin = kept ?? members.find((other) => draft.classOf(other) !== draft.classOf(sample)) ?? -1;
    if (draft.options.conflicts === "ask" && kept === undefined) draft.ask(sample, twin);
    else draft.leave(sample, "conflict", twin);
  }
}

/** Those with another than the right label go; who of the others stays is for the policy to say. */
function settleByLabels(draft: Draft, members: readonly number[], right: ReadonlyMap<number, RightLabel>): void {
  for (const sample of members) {
    const label = right.get(spaceOf(draft, sample));
    if (label === undefined || label === draft.classOf(sample) || draft.isKept(sample)) continue;
    const isRight = (other: number): boolean =>
      label === SEVERAL
        ? draft.isKept(other) && draft.classOf(other) !== draft.classOf(sample)
        : draft.classOf(other) === label;
    draft.leave(sample, "conflict", members.find(isRight) ?? -1);
  }
}

/** The label of a space that is right, or that people keep samples of several: then no other one is. */
type RightLabel = number | typeof SEVERAL;
const SEVERAL = "several";

/** The right label of each label space in which labels contradict each other; `null` when one of them has none. */
function rightLabels(draft: Draft, members: readonly number[], rule: ConflictRule): Map<number, RightLabel> | null {
  const votes = new Map<number, Map<number, number>>();
  const right = new Map<number, RightLabel>();
  for (const sample of members) {
    const label = draft.classOf(sample);
    if (label < 0) continue;
    const space = spaceOf(draft, sample);
    const counts = votes.get(space) ?? new Map<number, number>();
    votes.set(space, counts.set(label, (counts.get(label) ?? 0) + 1));
    if (draft.isKept(sample)) right.set(space, (right.get(space) ?? label) === label ? label : SEVERAL);
  }
  for (const [space, counts] of votes) {
    if (counts.size < 2 || right.has(space)) continue;
    const label = rule === "majority" ? majorityOf(counts) : undefined;
    if (label === undefined) return null;
    right.set(space, label);
  }
  return right;
}

function majorityOf(counts: ReadonlyMap<number, number>): number | undefined {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [...counts].find(([, count]) => 2 * count > total)?.[0];
}

/** The label space of a sample; -1 without a label. */
function spaceOf(draft: Draft, sample: number): number {
  return draft.findings.spaceOf[draft.classOf(sample)] ?? -1;
}
