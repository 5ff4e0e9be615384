import { Random, shuffle } from "./random";

/** Parts that labelled samples are divided into; each is predicted by a model that was trained on the others. */
export const FOLDS = 5;

/** The fold of a sample that is in none. */
export const NO_FOLD = 255;

/**
 * Divides samples into {@link FOLDS} folds with as many of each class in each as groups allow, which come into one fold as a
 * whole. Large groups are placed first, where their classes are fewest. The same seed gives the same folds. Linear in the
 * samples, but for sorting groups of several.
 *
 * @param labels class of every sample, 0..classes-1
 * @param groupOf group of every sample, a number below 2^26
 * @returns the fold of every sample; {@link NO_FOLD} for classes of fewer than {@link FOLDS} groups, which cannot be learned
 *   without each of their samples
 */
export function foldsOf(labels: Int32Array, groupOf: Uint32Array, classes: number, seed: number): Uint8Array {
  const order = Uint32Array.from(labels.keys());
  shuffle(order, new Random(seed));
  const { linked, single } = groupsIn(order, groupOf);
  const learnable = learnableClasses(linked, single, labels, classes);
  const division = new Division(labels, classes);
  const isUsed = (sample: number): boolean => learnable[labels[sample] ?? -1] === 1;
  for (const members of linked.sort((a, b) => b.length - a.length)) division.put(members.filter(isUsed));
  for (const sample of single) if (isUsed(sample)) division.put([sample]);
  return division.folds;
}

/** The groups of several samples, and the samples that are alone, in an order. */
function groupsIn(order: Uint32Array, groupOf: Uint32Array): { linked: number[][]; single: Uint32Array } {
  const sizes = new Uint32Array(groupOf.reduce((most, group) => Math.max(most, group), -1) + 1);
  for (const group of groupOf) sizes[group] = (sizes[group] ?? 0) + 1;
  const linked = new Map<number, number[]>();
  const single = order.filter((sample) => {
    const group = groupOf[sample] ?? 0;
    if (sizes[group] === 1) return true;
    const members = linked.get(group);
    if (members === undefined) linked.set(group, [sample]);
    else members.push(sample);
    return false;
  });
  return { linked: [...linked.values()], single };
}

/** 1 for classes of enough groups. */
function learnableClasses(
  linked: readonly (readonly number[])[],
  single: Uint32Array,
  labels: Int32Array,
  classes: number,
): Uint8Array {
  const counts = new Uint32Array(classes);
  const count = (label: number): void => {
    counts[label] = (counts[label] ?? 0) + 1;
  };
  for (const sample of single) count(labels[sample] ?? 0);
  for (const members of linked) new Set(members.map((sample) => labels[sample] ?? 0)).forEach(count);
  return Uint8Array.from(counts, (groups) => (groups >= FOLDS ? 1 : 0));
}

/** Which sample comes into which fold, and how many of each class are in each then. */
class Division {
  readonly folds: Uint8Array;
  private readonly counts: readonly Uint32Array[];
  private readonly sizes = new Uint32Array(FOLDS);

  constructor(
    private readonly labels: Int32Array,
    classes: number,
  ) {
    this.folds = new Uint8Array(labels.length).fill(NO_FOLD);
    this.counts = Array.from({ length: FOLDS }, () => new Uint32Array(classes));
  }

  /** Puts samples where fewest of their classes are; of several such folds into the smallest. */
  put(members: readonly number[]): void {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    this.counts.forEach((counts, fold) => {
      let same = 0;
      for (const sample of members) same += counts[this.labels[sample] ?? 0] ?? 0;
      if (same > least || (same === least && (this.sizes[fold] ?? 0) >= (this.sizes[best] ?? 0))) return;
      [best, least] = [fold, same];
    });
    const counts = this.counts[best];
    for (const sample of members) {
      const label = this.labels[sample] ?? 0;
      if (counts !== undefined) counts[label] = (counts[label] ?? 0) + 1;
      this.folds[sample] = best;
    }
    this.sizes[best] = (this.sizes[best] ?? 0) + members.length;
  }
}
