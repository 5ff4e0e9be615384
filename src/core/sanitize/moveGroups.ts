import { componentsOf, Twins } from "./components";
import type { Draft } from "./draft";
import { EVALUATION_FIRST } from "./protect";

/**
 * Moves all of a group that spans splits to one of them: where a person keeps one of it, else to the split that holds most of
 * it, of several the one that is protected most as evaluation. Nothing leaves. Groups are components, so that nothing is
 * equal or similar across splits afterwards.
 */
export function moveGroups(draft: Draft): void {
  const twins = new Twins(draft);
  for (const members of componentsOf(draft).linked) {
    const first = draft.homeOf(members[0] ?? 0);
    if (members.every((sample) => draft.homeOf(sample) === first)) continue;
    const to = keptIn(draft, members) ?? mostIn(draft, members);
    const twinOf = twins.of(members, to);
    for (const sample of members) {
      if (draft.homeOf(sample) !== to) draft.move(sample, to, "leaks", twinOf(sample));
    }
  }
}

/** The split in which a person keeps a sample of a component. Throws a `CleanSplitError` when there are two such splits. */
export function keptIn(draft: Draft, members: readonly number[]): number | undefined {
  const kept = members.filter((sample) => draft.isKept(sample));
  const [first] = kept;
  if (first === undefined) return undefined;
  const other = kept.find((sample) => draft.homeOf(sample) !== draft.homeOf(first));
  if (other !== undefined) throw draft.cannotKeepBoth(first, other);
  return draft.homeOf(first);
}

function mostIn(draft: Draft, members: readonly number[]): number {
  const counts = draft.splits.map(() => 0);
  for (const sample of members) counts[draft.homeOf(sample)] = (counts[draft.homeOf(sample)] ?? 0) + 1;
  const rank = (split: number): number => EVALUATION_FIRST[draft.splits[split]?.role ?? "other"];
  return counts.reduce((best, count, split) => {
    const difference = count - (counts[best] ?? 0);
    return difference > 0 || (difference === 0 && rank(split) < rank(best)) ? split : best;
  }, 0);
}
