import { Graph } from "../near/cliques";
import type { Findings } from "../leakage/findings";
import { firstsOf } from "../near/findings";
import { isAsGood } from "../near/near";
import type { Draft } from "./draft";
import type { PlanOptions } from "./options";

/** Staying samples that are linked: each is equal or near to another one of its component, at tier `pixel` equal to all. */
export interface Components {
  /** Components of two or more samples, in the order of their first ones; samples ascend. */
  readonly linked: readonly (readonly number[])[];
  /** Samples that are linked to none. */
  readonly single: readonly number[];
}

/** The components of the samples that stay in a draft, at its tier. Linear in samples and pairs. */
export function componentsOf(draft: Draft): Components {
  const { pictureOf, stays } = draft;
  const parents = Int32Array.from(stays, (_, sample) => sample);
  const shown = shownBy(draft);
  stays.forEach((stay, sample) => {
    if (stay === 1) unite(parents, sample, shown[pictureOf[sample] ?? 0] ?? sample);
  });
  const pairs = draft.options.tier === "near" ? draft.findings.near?.pairs : undefined;
  for (let pair = 0; pair < (pairs?.count ?? 0); pair++) {
    const [a = -1, b = -1] = [shown[pairs?.first[pair] ?? 0], shown[pairs?.second[pair] ?? 0]];
    if (a >= 0 && b >= 0) unite(parents, a, b);
  }
  const byRoot = new Map<number, number[]>();
  stays.forEach((stay, sample) => {
    if (stay !== 1) return;
    const root = rootOf(parents, sample);
    const members = byRoot.get(root);
    if (members === undefined) byRoot.set(root, [sample]);
    else members.push(sample);
  });
  const all = [...byRoot.values()];
  return {
    linked: all.filter((members) => members.length > 1),
    single: all.flatMap((members) => (members.length === 1 ? members : [])),
  };
}

/** One sample of the component of each: linked are equal ones, at tier `near` those that are near, too. */
export function linkedTo(findings: Findings, tier: PlanOptions["tier"]): Int32Array {
  const { table, fingerprints, groups, near } = findings;
  const parents = Int32Array.from(firstsOf(table.count, fingerprints.states, groups.pixel));
  const pairs = tier === "near" ? near?.pairs : undefined;
  for (let pair = 0; pair < (pairs?.count ?? 0); pair++) {
    unite(parents, pairs?.first[pair] ?? 0, pairs?.second[pair] ?? 0);
  }
  return parents.map((_, sample) => rootOf(parents, sample));
}

/** The first staying sample of each picture, by the picture's first sample; -1 when none stays. */
function shownBy({ pictureOf, stays }: Draft): Int32Array {
  const shown = new Int32Array(stays.length).fill(-1);
  stays.forEach((stay, sample) => {
    const picture = pictureOf[sample] ?? sample;
    if (stay === 1 && (shown[picture] ?? -1) < 0) shown[picture] = sample;
  });
  return shown;
}

/** The root of a sample is the first one of its component; `parents` holds itself for what is not united. */
export function rootOf(parents: Int32Array, sample: number): number {
  let root = sample;
  while (parents[root] !== root) {
    // Halves the way for the next time.
    const above = parents[parents[root] ?? root] ?? root;
    parents[root] = above;
    root = above;
  }
  return root;
}

/** Makes one component of those of two samples. */
export function unite(parents: Int32Array, a: number, b: number): void {
  const [one, other] = [rootOf(parents, a), rootOf(parents, b)];
  parents[Math.max(one, other)] = Math.min(one, other);
}

/** Finds twins of samples whose component comes into one split. */
export class Twins {
  private readonly graph: Graph | null;

  constructor(private readonly draft: Draft) {
    const { near } = draft.findings;
    this.graph = draft.options.tier === "near" && near !== null ? new Graph(near.pairs) : null;
  }

  /**
   * The twin of each of `members`, a component of two or more: an equal one, else the nearest; one that was in the split `to`
   * before, if there is one.
   */
  of(members: readonly number[], to: number): (sample: number) => number {
    const { pictureOf } = this.draft;
    const [atHome, first, second] = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()];
    for (const sample of members) {
      const picture = pictureOf[sample] ?? sample;
      if (this.draft.homeOf(sample) === to && !atHome.has(picture)) atHome.set(picture, sample);
      if (!first.has(picture)) first.set(picture, sample);
      else if (!second.has(picture)) second.set(picture, sample);
    }
    // A picture that many samples have is looked for once.
    const nearOf = new Map<number, number>();
    return (sample) => {
      const picture = pictureOf[sample] ?? sample;
      const near = nearOf.get(picture) ?? this.nearest(picture, atHome);
      nearOf.set(picture, near);
      const equal = first.get(picture) === sample ? second.get(picture) : first.get(picture);
      return atHome.get(picture) ?? (near >= 0 ? near : (equal ?? this.nearest(picture, first)));
    };
  }

  /** The sample of `candidates`, which are by picture, that is nearest to a picture; -1 without one. */
  private nearest(picture: number, candidates: ReadonlyMap<number, number>): number {
    const { graph } = this;
    const near = this.draft.findings.near;
    let [twin, best] = [-1, Number.NaN];
    if (graph === null || near === null || picture >= graph.samples) return twin;
    for (let at = graph.startOf(picture); at < graph.endOf(picture); at++) {
      const candidate = candidates.get(graph.others[at] ?? 0);
      const score = near.pairs.scores[graph.pairNumbers[at] ?? 0] ?? 0;
      if (candidate === undefined || (twin >= 0 && isAsGood(near.search.measure, best, score))) continue;
      [twin, best] = [candidate, score];
    }
    return twin;
  }
}
