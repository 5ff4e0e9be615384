import type { Split, SampleTable } from "../dataset/dataset";
import { Random, shuffle } from "../training/random";
import { componentsOf, Twins } from "./components";
import type { Draft } from "./draft";
import { keptIn, mostIn } from "./moveGroups";
import type { Share } from "./options";

/** Splits of a dataset and those of the shares that it does not have, by name. */
export function withNewSplits({ splits }: SampleTable, shares: readonly Share[]): readonly Split[] {
  const added = shares.filter(({ name }) => !splits.some((split) => split.name === name));
  return [...splits, ...added.map(({ name, role }): Split => ({ name, role }))];
}

/** How many samples a division needs: as many components as shares. */
export function canDivide(draft: Draft): boolean {
  const { linked, single } = componentsOf(draft);
  return linked.length + single.length >= draft.options.shares.length;
}

/**
 * Divides the samples that stay anew: as many of each class into each split as its share says, as near as components allow,
 * which come into one split as a whole. Samples without a label are one class more. Chance decides by the seed alone. No split
 * stays empty while there are components enough. A component of which a person keeps a sample stays in that one's split, if
 * it is one of the shares; of which samples are kept in several of these, each of them stays in its own. Linear in the samples, but for the sorting of components.
 */
export function newSplit(draft: Draft): void {
  const { linked, single } = componentsOf(draft);
  const random = new Random(draft.options.seed);
  const division = new Division(draft, [...linked.flat(), ...single]);
  // Large ones first, while there is room for them everywhere.
  const large = shuffled(linked, random).sort((a, b) => b.length - a.length);
  const freeLarge = large.filter((members) => !division.putKept(members));
  const freeSingle = shuffled(single, random).filter((sample) => !division.putKept([sample]));
  for (const members of freeLarge) division.putLarge(members);
  const rest = freeSingle.filter((sample) => !division.putWhole(sample));
  for (const sample of rest) division.putRest(sample);
  division.fillEmpty();
  division.apply(new Twins(draft));
}

/** Which component comes into which split, and how many samples of each class are in each then. */
class Division {
  /** Indexes of the splits of the shares, and the share of each of the whole. */
  private readonly targets: readonly number[];
  private readonly shares: readonly number[];
  /** Samples of each class; the last one counts those without a label. */
  private readonly totals: Float64Array;
  /** Samples of each class in each split of the shares, and in all. */
  private readonly counts: readonly Float64Array[];
  private readonly sizes: number[];
  private readonly placed: (readonly number[])[][];

  constructor(
    private readonly draft: Draft,
    private readonly samples: readonly number[],
  ) {
    const { shares } = draft.options;
    const sum = shares.reduce((total, { share }) => total + share, 0);
    this.targets = shares.map(({ name }) => draft.splits.findIndex((split) => split.name === name));
    this.shares = shares.map(({ share }) => share / sum);
    const classes = draft.findings.table.classes.length + 1;
    this.totals = new Float64Array(classes);
    for (const sample of samples) add(this.totals, this.classOf(sample), 1);
    this.counts = shares.map(() => new Float64Array(classes));
    this.sizes = shares.map(() => 0);
    this.placed = shares.map(() => []);
  }

  /** Puts a component where a person keeps samples of it, and says whether there is such a split. */
  putKept(members: readonly number[]): boolean {
    const { draft, targets } = this;
    const kept = keptIn(draft, members).filter((split) => targets.includes(split));
    if (kept.length === 0) return false;
    const most = mostIn(draft, members, kept);
    const homeOf = (sample: number): number => {
      const home = draft.homeOf(sample);
      return draft.isKept(sample) && kept.includes(home) ? home : most;
    };
    for (const split of kept) {
      const own = kept.length === 1 ? members : members.filter((sample) => homeOf(sample) === split);
      this.put(own, targets.indexOf(split));
    }
    return true;
  }

  /** Puts a component where it brings the numbers of samples nearest to what they shall be, in squares of differences. */
  putLarge(members: readonly number[]): void {
    const classes = new Map<number, number>();
    for (const sample of members) classes.set(this.classOf(sample), (classes.get(this.classOf(sample)) ?? 0) + 1);
    this.put(
      members,
      this.best((at) => [...classes].reduce((sum, [label, n]) => sum + n * this.lack(at, label), 0)),
    );
  }

  /** Puts a sample where a whole one of its class is lacking, and says whether there is such a split. */
  putWhole(sample: number): boolean {
    const label = this.classOf(sample);
    const whole = (at: number): number => Math.floor(this.wanted(at, label)) - (this.counts[at]?.[label] ?? 0);
    const at = this.best(whole);
    const isLacking = whole(at) >= 1;
    if (isLacking) this.put([sample], at);
    return isLacking;
  }

  /** Puts a sample where most are lacking: of the splits that lack a part of one of its class; without those, of all. */
  putRest(sample: number): void {
    const label = this.classOf(sample);
    const { length } = this.samples;
    const lackOfAll = (at: number): number => (this.shares[at] ?? 0) * length - (this.sizes[at] ?? 0);
    this.put(
      [sample],
      this.best((at) => (this.lack(at, label) > 0 ? length : 0) + lackOfAll(at)),
    );
  }

  /** Gives each split without samples the smallest component that can be spared where there are most. */
  fillEmpty(): void {
    for (const components of this.placed) {
      if (components.length > 0) continue;
      const from = this.placed.reduce((most, other) => (other.length > most.length ? other : most), components);
      const spare = from.filter((members) => !members.some((sample) => this.draft.isKept(sample)));
      const [first] = spare;
      if (first === undefined || from.length < 2) continue;
      const smallest = spare.reduce((best, members) => (members.length < best.length ? members : best), first);
      from.splice(from.indexOf(smallest), 1);
      components.push(smallest);
    }
  }

  /** Says of every sample where it comes. */
  apply(twins: Twins): void {
    this.placed.forEach((components, at) => {
      const to = this.targets[at] ?? 0;
      for (const members of components) {
        const twinOf = members.length > 1 ? twins.of(members, to) : () => -1;
        for (const sample of members) {
          if (this.draft.homeOf(sample) !== to) this.draft.move(sample, to, "split", twinOf(sample));
        }
      }
    });
  }

  private put(members: readonly number[], at: number): void {
    this.placed[at]?.push(members);
    this.sizes[at] = (this.sizes[at] ?? 0) + members.length;
    for (const sample of members) add(this.counts[at], this.classOf(sample), 1);
  }

  /** The first share of the greatest value. */
  private best(value: (at: number) => number): number {
    const values = this.shares.map((_, at) => value(at));
    return values.indexOf(Math.max(...values));
  }

  private wanted(at: number, label: number): number {
    // What is 8 but for the rounding of a share is 8.
    return Math.round((this.shares[at] ?? 0) * (this.totals[label] ?? 0) * 1e6) / 1e6;
  }

  private lack(at: number, label: number): number {
    return this.wanted(at, label) - (this.counts[at]?.[label] ?? 0);
  }

  private classOf(sample: number): number {
    const label = this.draft.classOf(sample);
    return label < 0 ? this.totals.length - 1 : label;
  }
}

function add(counts: Float64Array | undefined, at: number, count: number): void {
  if (counts !== undefined) counts[at] = (counts[at] ?? 0) + count;
}

/** In an order that the seed decides. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = Uint32Array.from(items, (_, index) => index);
  shuffle(order, random);
  const result: T[] = [];
  for (const index of order) {
    const item = items[index];
    if (item !== undefined) result.push(item);
  }
  return result;
}
