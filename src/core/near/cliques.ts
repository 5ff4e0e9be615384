import { bestFirst, isAsGood, type Measure, type NearPairs } from "./near";

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
 * Groups the pictures of some pairs so that every pair is in a group and every two pictures of a group are a pair. A chain
 * A~B~C with A unlike C is two groups: nothing is welded together by what lies between.
 *
 * Greedy, from the best pair on: a pair that is in no group yet begins one, and of the pictures that are near all of it the
 * nearest joins (the one whose worst score to the group is best; of equal ones the first), until none is left. So it
 * depends on nothing but the pairs. Time is about linear in the pairs of all groups that result.
 */
export function cliquesOf(pairs: NearPairs, measure: Measure): Cliques {
  const graph = new Graph(pairs);
  const isCovered = new Uint8Array(pairs.count);
  const offsets = [0];
  const members: number[] = [];
  const worst: number[] = [];
  for (const pair of bestFirst(pairs, measure)) {
    if (isCovered[pair] === 1) continue;
    const clique = grow(graph, pairs, pair, measure);
    for (const covered of clique.pairs) isCovered[covered] = 1;
    members.push(...clique.members.sort((a, b) => a - b));
    offsets.push(members.length);
    worst.push(clique.worst);
  }
  return {
    count: worst.length,
    offsets: Uint32Array.from(offsets),
    members: Uint32Array.from(members),
    worst: Float32Array.from(worst),
  };
}

interface Clique {
  readonly members: number[];
  readonly pairs: number[];
  readonly worst: number;
}

/** A picture that is near all of a clique, and its pairs with the members. */
interface Candidate {
  readonly sample: number;
  readonly pairs: number[];
  worst: number;
}

function grow(graph: Graph, pairs: NearPairs, start: number, measure: Measure): Clique {
  const scoreOf = (pair: number): number => pairs.scores[pair] ?? 0;
  const isBetter = (a: number, b: number): boolean => a !== b && isAsGood(measure, a, b);
  const ends = [pairs.first[start] ?? 0, pairs.second[start] ?? 0] as const;
  // From the picture with fewer neighbours: one that thousands are near would else be gone through for each of them.
  const [first, second] = graph.degreeOf(ends[0]) <= graph.degreeOf(ends[1]) ? ends : ([ends[1], ends[0]] as const);
  const members = [first, second];
  const covered = [start];
  let worst = scoreOf(start);
  let candidates: Candidate[] = graph
    .neighboursOf(first)
    .filter(({ sample }) => sample !== second)
    .flatMap(({ sample, pair }) => {
      const other = graph.pairOf(second, sample);
      if (other < 0) return [];
      const [a, b] = [scoreOf(pair), scoreOf(other)];
      return [{ sample, pairs: [pair, other], worst: isBetter(a, b) ? b : a }];
    });
  while (candidates.length > 0) {
    const next = candidates.reduce((best, candidate) =>
      isBetter(candidate.worst, best.worst) || (candidate.worst === best.worst && candidate.sample < best.sample)
        ? candidate
        : best,
    );
    members.push(next.sample);
    covered.push(...next.pairs);
    if (isBetter(worst, next.worst)) worst = next.worst;
    candidates = candidates.filter((candidate) => {
      const pair = candidate === next ? -1 : graph.pairOf(next.sample, candidate.sample);
      if (pair < 0) return false;
      candidate.pairs.push(pair);
      if (isBetter(candidate.worst, scoreOf(pair))) candidate.worst = scoreOf(pair);
      return true;
    });
  }
  return { members, pairs: covered, worst };
}

/** Who is near whom: the neighbours of every sample, ascending. */
class Graph {
  private readonly places = new Map<number, number>();
  private readonly ends: Uint32Array;
  private readonly others: Uint32Array;
  private readonly pairNumbers: Uint32Array;

  constructor({ count, first, second }: NearPairs) {
    const degrees: number[] = [];
    const countOne = (sample: number): void => {
      const place = this.places.get(sample) ?? this.places.size;
      this.places.set(sample, place);
      degrees[place] = (degrees[place] ?? 0) + 1;
    };
    for (let pair = 0; pair < count; pair++) {
      countOne(first[pair] ?? 0);
      countOne(second[pair] ?? 0);
    }
    const next = new Uint32Array(degrees.length);
    let end = 0;
    this.ends = Uint32Array.from(degrees, (degree, place) => {
      next[place] = end;
      return (end += degree);
    });
    this.others = new Uint32Array(end);
    this.pairNumbers = new Uint32Array(end);
    const add = (sample: number, other: number, pair: number): void => {
      const place = this.places.get(sample) ?? 0;
      const at = next[place] ?? 0;
      next[place] = at + 1;
      this.others[at] = other;
      this.pairNumbers[at] = pair;
    };
    // Pairs ascend by their first and then their second sample: what lies below a sample comes before what lies above.
    for (let pair = 0; pair < count; pair++) add(second[pair] ?? 0, first[pair] ?? 0, pair);
    for (let pair = 0; pair < count; pair++) add(first[pair] ?? 0, second[pair] ?? 0, pair);
  }

  neighboursOf(sample: number): { readonly sample: number; readonly pair: number }[] {
    const [from, to] = this.rangeOf(sample);
    return Array.from(this.others.subarray(from, to), (other, i) => ({
      sample: other,
      pair: this.pairNumbers[from + i] ?? 0,
    }));
  }

  degreeOf(sample: number): number {
    const [from, to] = this.rangeOf(sample);
    return to - from;
  }

  /** The pair of two samples; -1 when they are none. */
  pairOf(a: number, b: number): number {
    let [low, high] = this.rangeOf(a);
    const end = high;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.others[middle] ?? 0) < b) low = middle + 1;
      else high = middle;
    }
    return low < end && this.others[low] === b ? (this.pairNumbers[low] ?? 0) : -1;
  }

  private rangeOf(sample: number): [number, number] {
    const place = this.places.get(sample);
    return place === undefined ? [0, 0] : [place === 0 ? 0 : (this.ends[place - 1] ?? 0), this.ends[place] ?? 0];
  }
}
