import { SampleState, type SampleTable } from "../dataset/dataset";
import { forEachGroup, type Groups } from "../duplicates/groups";
import type { PairVerdict } from "../leakage/report";
import { cliquesOf, Graph } from "./cliques";
import type { PairDecisions } from "./decisions";
import { isAsGood, stricter, type Measure, type NearPairs, type NearSearch } from "./near";

/** What is near at one threshold and with what people decided. */
export interface NearFindings {
  readonly search: NearSearch;
  readonly threshold: number;
  readonly decisions: PairDecisions;
  /** The pairs that count: as good as the threshold and not said to be different, or said to be duplicates. */
  readonly pairs: NearPairs;
  /**
   * Groups of equal or near samples: see `cliquesOf`. Each two of a group are equal or near, and a sample can be in several
   * groups; pairs between groups count, too.
   */
  readonly groups: Groups;
  /** The worst score of each group; NaN where all its samples have one picture. */
  readonly worst: Float32Array;
  /** The first sample with the same picture, of every sample; itself when it is the only one. */
  readonly firstOf: Uint32Array;
  /** What was decided, by {@link pairKey}. */
  readonly verdicts: ReadonlyMap<number, PairVerdict>;
}

/** Names two pictures by their first samples, whatever their order; below 2^53 for any number of samples. */
export function pairKey(a: number, b: number): number {
  return Math.min(a, b) * 2 ** 26 + Math.max(a, b);
}

/** Applies a threshold, no wider than the search reached, and what people decided. `equal` are groups of equal pictures. */
export function findNear(
  search: NearSearch,
  table: SampleTable,
  states: Uint8Array,
  equal: Groups,
  threshold: number,
  decisions: PairDecisions,
): NearFindings {
  const cut = stricter(search.measure, threshold, search.reach);
  const verdicts = new Map(decisions.pairs.map(({ first, second, verdict }) => [pairKey(first, second), verdict]));
  const pairs = countedPairs(search, cut, verdicts);
  const firstOf = firstsOf(table.count, states, equal);
  return {
    search,
    threshold: cut,
    decisions,
    pairs,
    verdicts,
    firstOf,
    ...groupPairs(pairs, search.measure, table, states, equal, firstOf),
  };
}

/** The first usable sample with the same picture, of every sample. */
export function firstsOf(count: number, states: Uint8Array, equal: Groups): Uint32Array {
  const firstOf = Uint32Array.from({ length: count }, (_, sample) => sample);
  forEachGroup(equal, (members) => {
    const first = members.find((sample) => states[sample] === SampleState.ok) ?? members[0] ?? 0;
    for (const sample of members) firstOf[sample] = first;
  });
  return firstOf;
}

function countedPairs(
  { pairs, measure }: NearSearch,
  threshold: number,
  verdicts: ReadonlyMap<number, PairVerdict>,
): NearPairs {
  const missing = new Map([...verdicts].filter(([, verdict]) => verdict === "duplicate"));
  const counted = new Uint32Array(pairs.count);
  let count = 0;
  for (let pair = 0; pair < pairs.count; pair++) {
    const isNear = isAsGood(measure, pairs.scores[pair] ?? 0, threshold);
    if (verdicts.size === 0) {
      if (isNear) counted[count++] = pair;
      continue;
    }
    const key = pairKey(pairs.first[pair] ?? 0, pairs.second[pair] ?? 0);
    const verdict = verdicts.get(key);
    missing.delete(key);
    if (verdict === "duplicate" || (isNear && verdict !== "different")) counted[count++] = pair;
  }
  // Pairs may be millions: they are copied only where some do not count.
  const found = count === pairs.count ? pairs : pickPairs(pairs, counted.subarray(0, count));
  return missing.size === 0 ? found : withPairs(found, [...missing.keys()], measure);
}

/** The pair of two samples, `first < second`; -1 when they are none. */
export function findPair(pairs: NearPairs, first: number, second: number): number {
  let [low, high] = [0, pairs.count];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [a, b] = [pairs.first[middle] ?? 0, pairs.second[middle] ?? 0];
    if (a < first || (a === first && b < second)) low = middle + 1;
    else high = middle;
  }
  return low < pairs.count && pairs.first[low] === first && pairs.second[low] === second ? low : -1;
}

/** Some of the pairs, in the order they are picked in. */
export function pickPairs(pairs: NearPairs, picked: Uint32Array | readonly number[]): NearPairs {
  const count = picked.length;
  const found = {
    count,
    first: new Uint32Array(count),
    second: new Uint32Array(count),
    scores: new Float32Array(count),
    transforms: new Uint8Array(count),
    shifts: new Int8Array(2 * count),
  };
  for (let at = 0; at < count; at++) {
    const pair = picked[at] ?? 0;
    found.first[at] = pairs.first[pair] ?? 0;
    found.second[at] = pairs.second[pair] ?? 0;
    found.scores[at] = pairs.scores[pair] ?? 0;
    found.transforms[at] = pairs.transforms[pair] ?? 0;
    found.shifts[2 * at] = pairs.shifts[2 * pair] ?? 0;
    found.shifts[2 * at + 1] = pairs.shifts[2 * pair + 1] ?? 0;
  }
  return found;
}

/** With pairs that were said to be duplicates though the search did not find them: of the worst score there is. */
function withPairs(pairs: NearPairs, keys: readonly number[], measure: Measure): NearPairs {
  const count = pairs.count + keys.length;
  const added = {
    count,
    first: new Uint32Array(count),
    second: new Uint32Array(count),
    scores: new Float32Array(count).fill(measure.worst),
    transforms: new Uint8Array(count),
    shifts: new Int8Array(2 * count),
  };
  added.first.set(pairs.first);
  added.second.set(pairs.second);
  added.scores.set(pairs.scores);
  added.transforms.set(pairs.transforms);
  added.shifts.set(pairs.shifts);
  keys.forEach((key, index) => {
    added.first[pairs.count + index] = Math.floor(key / 2 ** 26);
    added.second[pairs.count + index] = key % 2 ** 26;
  });
  const order = Array.from({ length: count }, (_, i) => i);
  order.sort(
    (a, b) => (added.first[a] ?? 0) - (added.first[b] ?? 0) || (added.second[a] ?? 0) - (added.second[b] ?? 0),
  );
  return pickPairs(added, order);
}

function groupPairs(
  pairs: NearPairs,
  measure: Measure,
  { splits, splitOf }: SampleTable,
  states: Uint8Array,
  equal: Groups,
  firstOf: Uint32Array,
): Pick<NearFindings, "groups" | "worst"> {
  const equalTo = new Map<number, Uint32Array>();
  forEachGroup(equal, (members) => equalTo.set(firstOf[members[0] ?? 0] ?? 0, members));
  const alone = splits.map((_, split) => [split]);
  const splitsOf = (sample: number): readonly number[] => {
    const members = equalTo.get(sample);
    if (members === undefined) return alone[splitOf[sample] ?? 0] ?? [];
    return [
      ...new Set(
        Array.from(
          members.filter((member) => states[member] === SampleState.ok),
          (member) => splitOf[member] ?? 0,
        ),
      ),
    ];
  };
  const cliques = cliquesOf(pairs, measure, splits.length, splitsOf);
  const found: { readonly members: Uint32Array; readonly worst: number }[] = [];
  const isNear = new Set<number>();
  for (let clique = 0; clique < cliques.count; clique++) {
    const firsts = cliques.members.subarray(cliques.offsets[clique], cliques.offsets[clique + 1]);
    const members = Array.from(firsts).flatMap((sample) => {
      isNear.add(sample);
      return Array.from(equalTo.get(sample) ?? [sample]);
    });
    found.push({ members: Uint32Array.from(members).sort(), worst: cliques.worst[clique] ?? 0 });
  }
  // Equal pictures that are near no other one are a group of this tier, too: tiers are cumulative.
  for (const [first, members] of equalTo) if (!isNear.has(first)) found.push({ members, worst: Number.NaN });
  found.sort((a, b) => (a.members[0] ?? 0) - (b.members[0] ?? 0) || (a.members[1] ?? 0) - (b.members[1] ?? 0));
  const offsets = new Uint32Array(found.length + 1);
  found.forEach(({ members }, group) => (offsets[group + 1] = (offsets[group] ?? 0) + members.length));
  const members = new Uint32Array(offsets.at(-1) ?? 0);
  found.forEach((group, index) => members.set(group.members, offsets[index]));
  return {
    groups: { count: found.length, offsets, members },
    worst: Float32Array.from(found, (group) => group.worst),
  };
}

/**
 * Goes through samples in an order and keeps those that are not equal or near to one that is kept: `keeperOf` is the sample
 * that is kept instead, or -1; an equal one before the nearest. Each sample that goes has one that stays and that it is
 * directly near or equal to. Samples that `stays` names are kept in any case; they come first in the order.
 */
export function keepOneOfEach(
  { pairs, firstOf, search: { measure } }: Pick<NearFindings, "pairs" | "firstOf" | "search">,
  order: readonly number[] | Uint32Array,
  stays: (sample: number) => boolean = () => false,
): Int32Array {
  const graph = new Graph(pairs);
  const keeperOf = new Int32Array(firstOf.length).fill(-1);
  /** The sample that is kept of each picture, by its first sample. */
  const kept = new Int32Array(firstOf.length).fill(-1);
  for (const sample of order) {
    const picture = firstOf[sample] ?? sample;
    if (stays(sample)) {
      if ((kept[picture] ?? -1) < 0) kept[picture] = sample;
      continue;
    }
    let [keeper, best] = [kept[picture] ?? -1, Number.NaN];
    if (keeper < 0 && picture < graph.samples) {
      for (let at = graph.startOf(picture); at < graph.endOf(picture); at++) {
        const other = kept[graph.others[at] ?? 0] ?? -1;
        const score = pairs.scores[graph.pairNumbers[at] ?? 0] ?? 0;
        if (other < 0 || (keeper >= 0 && isAsGood(measure, best, score))) continue;
        [keeper, best] = [other, score];
      }
    }
    if (keeper < 0) kept[picture] = sample;
    else keeperOf[sample] = keeper;
  }
  return keeperOf;
}
