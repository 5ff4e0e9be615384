import { bestFirst, type Measure, type NearPairs } from "./near";

/** Groups in which each picture is near each: samples of group g are `members[offsets[g]] .. members[offsets[g + 1] - 1]`. */
export interface Cliques {
  readonly count: number;
  readonly offsets: Uint32Array;
  /** Ascending within a group; a sample can be in several groups. */
  readonly members: Uint32Array;
  /** The worst score of any pair of each group. */
  readonly worst: Float32Array;
}

/**
 * Groups the pictures of some pairs so that every two pictures of a group are a pair. A chain A~B~C with A unlike C is two
 * groups: nothing is welded together by what lies between.
 *
 * Greedy, from the best pair on. First a pair of two pictures that are in no group yet begins one, and of the pictures in
 * none that are near all of it the nearest joins (the one whose worst score to the group is best; of equal ones the first),
 * until none is left. Then the pairs between groups: one becomes a group of its own when it shows something new, that one of
 * the two is near a picture of a split, of which no group of it has any. So each picture is in a group with one of every
 * split that it is near to, and where thousands resemble each other gradually there are no more groups than pictures and
 * splits. It depends on nothing but the pairs and the splits; time is about linear in the pairs.
 *
 * `splitsOf` says in which splits a picture is, each 0..`splits - 1`.
 */
export function cliquesOf(
  pairs: NearPairs,
  measure: Measure,
  splits: number,
  splitsOf: (sample: number) => readonly number[],
): Cliques {
  const graph = new Graph(pairs);
  // The less the nearer, whatever the measure.
  const sign = measure.better === "lower" ? 1 : -1;
  const distances = pairs.scores.map((score) => sign * score);
  const growing = new GrowingClique(graph, pairs, distances);
  const order = bestFirst(pairs, measure);
  const offsets = [0];
  const members: number[] = [];
  const worst: number[] = [];
  // 1 where a picture is in a group with one of a split.
  const isShown = new Uint8Array(graph.samples * splits);
  const add = (group: readonly number[], score: number): void => {
    const present = new Set(group.flatMap(splitsOf));
    for (const sample of group) {
      members.push(sample);
      for (const split of present) isShown[sample * splits + split] = 1;
    }
    offsets.push(members.length);
    worst.push(score);
  };
  for (const pair of order) {
    if (growing.isTaken(pairs.first[pair] ?? 0) || growing.isTaken(pairs.second[pair] ?? 0)) continue;
    const clique = growing.from(pair).sort((a, b) => a - b);
    add(clique, sign * growing.farthest);
  }
  const isNew = (sample: number, other: number): boolean =>
    splitsOf(other).some((split) => isShown[sample * splits + split] === 0);
  for (const pair of order) {
    const [first, second] = [pairs.first[pair] ?? 0, pairs.second[pair] ?? 0];
    if (isNew(first, second) || isNew(second, first)) add([first, second], pairs.scores[pair] ?? 0);
  }
  return {
    count: worst.length,
    offsets: Uint32Array.from(offsets),
    members: Uint32Array.from(members),
    worst: Float32Array.from(worst),
  };
}

/**
 * A group that pictures join as long as there are some in no group that are near all of it. Its arrays serve one group
 * after another.
 */
class GrowingClique {
  /** The distance of the two members of the group that are farthest from each other. */
  farthest = 0;
  /** Pictures that are near all of the group, ascending, and how far each is from its farthest member. */
  private count = 0;
  private readonly candidates: Uint32Array;
  private readonly reaches: Float32Array;
  /** 1 for pictures that are in a group. */
  private readonly taken: Uint8Array;

  constructor(
    private readonly graph: Graph,
    private readonly pairs: NearPairs,
    private readonly distances: Float32Array,
  ) {
    this.candidates = new Uint32Array(graph.widest);
    this.reaches = new Float32Array(graph.widest);
    this.taken = new Uint8Array(graph.samples);
  }

  isTaken(sample: number): boolean {
    return this.taken[sample] === 1;
  }

  /** Its members, beginning with the two of a pair, which are in no group. */
  from(pair: number): number[] {
    const { graph, pairs } = this;
    const [a, b] = [pairs.first[pair] ?? 0, pairs.second[pair] ?? 0];
    // From the picture with fewer neighbours: one that thousands are near would else be gone through for each of them.
    const [first, second] = graph.degreeOf(a) <= graph.degreeOf(b) ? [a, b] : [b, a];
    const members = [first, second];
    this.farthest = this.distances[pair] ?? 0;
    this.count = 0;
    for (let at = graph.startOf(first); at < graph.endOf(first); at++) {
      const candidate = graph.others[at] ?? 0;
      if (candidate === second || this.isTaken(candidate)) continue;
      this.candidates[this.count] = candidate;
      this.reaches[this.count++] = this.distances[graph.pairNumbers[at] ?? 0] ?? 0;
    }
    this.keepNeighboursOf(second);
    while (this.count > 0) {
      const next = this.nearest();
      const sample = this.candidates[next] ?? 0;
      members.push(sample);
      this.farthest = Math.max(this.farthest, this.reaches[next] ?? 0);
      this.keepNeighboursOf(sample);
    }
    for (const sample of members) this.taken[sample] = 1;
    return members;
  }

  private nearest(): number {
    let best = 0;
    for (let at = 1; at < this.count; at++) {
      if ((this.reaches[at] ?? 0) < (this.reaches[best] ?? 0)) best = at;
    }
    return best;
  }

  /** Drops candidates that are not near a picture, and the picture itself. */
  private keepNeighboursOf(sample: number): void {
    let kept = 0;
    for (let at = 0; at < this.count; at++) {
      const candidate = this.candidates[at] ?? 0;
      const pair = candidate === sample ? -1 : this.graph.pairOf(sample, candidate);
      if (pair < 0) continue;
      this.candidates[kept] = candidate;
      this.reaches[kept++] = Math.max(this.reaches[at] ?? 0, this.distances[pair] ?? 0);
    }
    this.count = kept;
  }
}

/** Who is near whom: the neighbours of every sample, ascending. */
export class Graph {
  /** Neighbours, and the number of the pair with each; those of sample s from `startOf(s)` to `endOf(s)`. */
  readonly others: Uint32Array;
  readonly pairNumbers: Uint32Array;
  /** Most neighbours of any sample, and the number after that of the last sample of a pair. */
  readonly widest: number;
  readonly samples: number;
  private readonly ends: Uint32Array;

  constructor({ count, first, second }: NearPairs) {
    const samples = second.reduce((most, sample) => Math.max(most, sample), -1) + 1;
    this.samples = samples;
    const next = new Uint32Array(samples + 1);
    for (let pair = 0; pair < count; pair++) {
      for (const sample of [first[pair] ?? 0, second[pair] ?? 0]) next[sample + 1] = (next[sample + 1] ?? 0) + 1;
    }
    this.widest = next.reduce((most, degree) => Math.max(most, degree), 0);
    for (let sample = 0; sample < samples; sample++) next[sample + 1] = (next[sample + 1] ?? 0) + (next[sample] ?? 0);
    this.ends = next.slice(1);
    this.others = new Uint32Array(2 * count);
    this.pairNumbers = new Uint32Array(2 * count);
    const add = (sample: number, other: number, pair: number): void => {
      const at = next[sample] ?? 0;
      next[sample] = at + 1;
      this.others[at] = other;
      this.pairNumbers[at] = pair;
    };
    // Pairs ascend by their first and then their second sample: what lies below a sample comes before what lies above.
    for (let pair = 0; pair < count; pair++) add(second[pair] ?? 0, first[pair] ?? 0, pair);
    for (let pair = 0; pair < count; pair++) add(first[pair] ?? 0, second[pair] ?? 0, pair);
  }

  startOf(sample: number): number {
    return sample === 0 ? 0 : (this.ends[sample - 1] ?? 0);
  }

  endOf(sample: number): number {
    return this.ends[sample] ?? 0;
  }

  degreeOf(sample: number): number {
    return this.endOf(sample) - this.startOf(sample);
  }

  /** The pair of two samples; -1 when they are none. */
  pairOf(a: number, b: number): number {
    let low = this.startOf(a);
    let high = this.endOf(a);
    const end = high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.others[middle] ?? 0) < b) low = middle + 1;
      else high = middle;
    }
    return low < end && this.others[low] === b ? (this.pairNumbers[low] ?? 0) : -1;
  }
}
