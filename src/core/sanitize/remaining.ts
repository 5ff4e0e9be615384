import { SampleState } from "../dataset/dataset";
import { forEachGroup } from "../duplicates/groups";
import type { Findings } from "../leakage/findings";
import type { PlanOptions } from "./options";
import type { Decision } from "./policy";

/**
 * How many of the samples that stay are equal, at tier `near` or similar, to one that stays in another split. A policy leaves
 * none; what people change by hand may. Samples that cannot be used do not count. Linear in samples and near pairs.
 */
export function remainingLeaks(
  findings: Findings,
  decision: Pick<Decision, "stays" | "splitOf">,
  tier: PlanOptions["tier"],
): number {
  const { fingerprints, groups, near } = findings;
  const staying = (members: Uint32Array): Uint32Array =>
    members.filter((sample) => decision.stays[sample] === 1 && fingerprints.states[sample] === SampleState.ok);
  const splitOf = (sample: number): number => decision.splitOf[sample] ?? 0;
  const leaks = new Set<number>();
  const check = (first: Uint32Array, second: Uint32Array): void => {
    if (first.length === 0 || second.length === 0) return;
    const [one, other] = [new Set(first.map(splitOf)), new Set(second.map(splitOf))];
    const isElsewhere = (splits: ReadonlySet<number>, sample: number): boolean =>
      splits.size > 1 || !splits.has(splitOf(sample));
    for (const sample of first) if (isElsewhere(other, sample)) leaks.add(sample);
    for (const sample of second) if (isElsewhere(one, sample)) leaks.add(sample);
  };
  const equal = new Map<number, Uint32Array>();
  forEachGroup(groups.pixel, (all) => {
    const members = staying(all);
    check(members, members);
    if (near !== null) equal.set(near.firstOf[all[0] ?? 0] ?? 0, members);
  });
  if (tier === "near" && near !== null) {
    const alike = (picture: number): Uint32Array => equal.get(picture) ?? staying(Uint32Array.of(picture));
    for (let pair = 0; pair < near.pairs.count; pair++) {
      check(alike(near.pairs.first[pair] ?? 0), alike(near.pairs.second[pair] ?? 0));
    }
  }
  return leaks.size;
}
