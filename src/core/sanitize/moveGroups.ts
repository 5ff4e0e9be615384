import { componentsOf, Twins } from "./components";
import type { Draft } from "./draft";
import { EVALUATION_FIRST } from "./protect";

/**
 * Moves all of a group that spans splits to one of them: to the split that holds most of it, of several the one that is
 * protected most as evaluation; of splits in which a person keeps one of it, if there are such. What is kept stays. Nothing
 * leaves. Groups are components, so that nothing is equal or similar across splits afterwards, but to what is kept.
 */
export function moveGroups(draft: Draft): void {
  const twins = new Twins(draft);
  for (const members of componentsOf(draft).linked) {
    const first = draft.homeOf(members[0] ?? 0);
    if (members.every((sample) => draft.homeOf(sample) === first)) continue;
    const kept = keptIn(draft, members);
    const to = mostIn(draft, members, kept.length > 0 ? kept : undefined);
    const comeThere = members.filter((sample) => draft.homeOf(sample) === to || !draft.isKept(sample));
    const twinOf = twins.of(comeThere, to);
    for (const sample of comeThere) {
      if (draft.homeOf(sample) !== to) draft.move(sample, to, "leaks", twinOf(sample));
    }
  }
}

/** The splits in which a person keeps samples of a component, ascending. */
export function keptIn(draft: Draft, members: readonly number[]): number[] {
  const kept = members.filter((sample) => draft.isKept(sample)).map((sample) => draft.homeOf(sample));
  return [...new Set(kept)].sort((a, b) => a - b);
}

/** Of some splits, by default all, the one that holds most of a component, of several the one protected most. */
export function mostIn(
  draft: Draft,
  members: readonly number[],
  of: readonly number[] = [...draft.splits.keys()],
): number {
  const counts = draft.splits.map(() => 0);
  for (const sample of members) counts[draft.homeOf(sample)] = (counts[draft.homeOf(sample)] ?? 0) + 1;
  const rank = (split: number): number => EVALUATION_FIRST[draft.splits[split]?.role ?? "other"];
  return of.reduce((best, split) => {
    const difference = (counts[split] ?? 0) - (counts[best] ?? 0);
    return difference > 0 || (difference === 0 && rank(split) < rank(best)) ? split : best;
  });
}
