import { Random, shuffle } from "../training/random";
import type { Draft } from "./draft";
import { CHANGE_REASONS, reasonOf } from "./policy";

/**
 * Has images leave until each split has as many of every class as of its smallest one that is not empty. Chance chooses by
 * the seed, but what a person keeps stays. Samples without a label all stay.
 */
export function balance(draft: Draft): void {
  const random = new Random(draft.options.seed);
  for (const classes of samplesByClass(draft)) {
    const least = classes.reduce((fewest, { length }) => Math.min(fewest, length), Number.POSITIVE_INFINITY);
    for (const samples of classes) {
      if (samples.length === least) continue;
      const order = Uint32Array.from(samples.filter((sample) => !draft.isKept(sample)));
      shuffle(order, random);
      const room = Math.max(0, least - (samples.length - order.length));
      for (const sample of order.subarray(room)) leaveHome(draft, sample);
    }
  }
  takeAlong(draft);
}

/** The samples that stay, of each class of each split; classes without any are left out. */
function samplesByClass(draft: Draft): number[][][] {
  const found = draft.splits.map(() => new Map<number, number[]>());
  draft.stays.forEach((stay, sample) => {
    const label = draft.classOf(sample);
    const classes = found[draft.splitOf[sample] ?? 0];
    if (stay !== 1 || label < 0 || classes === undefined) return;
    const samples = classes.get(label);
    if (samples === undefined) classes.set(label, [sample]);
    else samples.push(sample);
  });
  return found.map((classes) => [...classes.values()]);
}

/** What was to move leaves from where it is. */
function leaveHome(draft: Draft, sample: number): void {
  draft.splitOf[sample] = draft.homeOf(sample);
  draft.leave(sample, "balance");
}

/** Who left for an image that leaves now has no twin that stays: it is missing for the balance, too. */
function takeAlong(draft: Draft): void {
  draft.twinOf.forEach((twin, sample) => {
    if (twin < 0 || reasonOf(draft, twin) !== "balance") return;
    if (draft.stays[sample] === 1) draft.twinOf[sample] = -1;
    else if (reasonOf(draft, sample) !== "conflict") draft.reasonOf[sample] = CHANGE_REASONS.indexOf("balance");
  });
}
