import * as l10n from "@vscode/l10n";
import { SampleState } from "../dataset/dataset";
import { keyOf } from "../fingerprint/contentKey";
import type { Findings } from "../leakage/findings";
import { integerText } from "../language";
import { forgetPairs, MAX_PAIRS, MAX_PICTURES, pick, sortedEntry, type DecisionEntry } from "./decisions";
import { firstsOf, pairKey } from "./findings";

/*
 * What people decide of many groups of pictures at once, and how it is taken back.
 */

/** Groups of different pictures of which something is decided. */
export interface JudgedGroups {
  /** Two pictures or more each. */
  readonly groups: readonly JudgedGroup[];
  /** The picture, by any of its keys: see `keyOf`. */
  readonly pictureOf: ReadonlyMap<string, number>;
}

/** Different pictures by their first samples, and one sample of each. */
export interface JudgedGroup {
  readonly pictures: readonly number[];
  readonly samples: readonly number[];
}

/**
 * The pictures of groups of samples; groups of one picture are left out. Linear in the samples of the dataset and of the
 * groups. Throws an error in words that a person can act on when a group has too many pictures, or all have too many pairs.
 */
export function judgedGroups(findings: Findings, sets: readonly (readonly number[] | Uint32Array)[]): JudgedGroups {
  const { table, fingerprints, groups: equal } = findings;
  const firstOf = findings.near?.firstOf ?? firstsOf(table.count, fingerprints.states, equal.pixel);
  const isUsable = (sample: number): boolean => fingerprints.states[sample] === SampleState.ok;
  const groups: JudgedGroup[] = [];
  const known = new Set<number>();
  let pairs = 0;
  for (const set of sets) {
    const samples = new Map<number, number>();
    for (const sample of set) {
      const picture = firstOf[sample] ?? sample;
      if (isUsable(sample) && !samples.has(picture)) samples.set(picture, sample);
    }
    if (samples.size < 2) continue;
    if (samples.size > MAX_PICTURES) {
      throw new Error(
        l10n.t(
          "A group has {0} different pictures; decide about at most {1} at once.",
          integerText(samples.size),
          integerText(MAX_PICTURES),
        ),
      );
    }
    pairs += (samples.size * (samples.size - 1)) / 2;
    if (pairs > MAX_PAIRS) {
      throw new Error(
        l10n.t("These groups hold more than {0} pairs of pictures; decide about fewer groups.", integerText(MAX_PAIRS)),
      );
    }
    for (const picture of samples.keys()) known.add(picture);
    groups.push({ pictures: [...samples.keys()], samples: [...samples.values()] });
  }
  const pictureOf = new Map<string, number>();
  if (known.size > 0) {
    firstOf.forEach((first, sample) => {
      if (known.has(first) && isUsable(sample)) pictureOf.set(keyOf(fingerprints, sample), first);
    });
  }
  return { groups, pictureOf };
}

/**
 * What is left of entries when nothing is decided any more about any two pictures of a group. Throws an error when that would
 * be more than a file can hold.
 */
export function forgetGroups(
  entries: readonly DecisionEntry[],
  { groups, pictureOf }: JudgedGroups,
): readonly DecisionEntry[] {
  const groupsWithTwo = findGroups({ groups, pictureOf });
  let left = 0;
  return entries.flatMap((entry) => {
    const together = groupsWithTwo(entry);
    const [first, second] = together;
    if (first === undefined) return [entry];
    if (second === undefined) {
      const own = new Set(first.pictures);
      const held = entry.keys.map((key) => [key, pictureOf.get(key) ?? -1] as const);
      return forgetPairs([entry], { pictureOf: new Map(held.filter(([, picture]) => own.has(picture))) });
    }
    const parts = pairsLeft(entry, together, pictureOf);
    left += parts.length;
    if (left > MAX_PAIRS) {
      throw new Error(l10n.t("What would be left of earlier decisions is too much for a file."));
    }
    return parts;
  });
}

/** What finds the groups that hold two pictures of an entry or more. */
function findGroups({ groups, pictureOf }: JudgedGroups): (entry: DecisionEntry) => JudgedGroup[] {
  const groupsOf = new Map<number, JudgedGroup[]>();
  for (const group of groups) {
    for (const picture of group.pictures) {
      const known = groupsOf.get(picture);
      if (known === undefined) groupsOf.set(picture, [group]);
      else known.push(group);
    }
  }
  return ({ keys }) => {
    const counts = new Map<JudgedGroup, number>();
    for (const picture of new Set(keys.flatMap((key) => pictureOf.get(key) ?? []))) {
      for (const group of groupsOf.get(picture) ?? []) counts.set(group, (counts.get(group) ?? 0) + 1);
    }
    return [...counts].flatMap(([group, count]) => (count > 1 ? [group] : []));
  };
}

/** An entry as one of each two of its pictures that are together in none of some groups. */
function pairsLeft(
  entry: DecisionEntry,
  groups: readonly JudgedGroup[],
  pictureOf: ReadonlyMap<string, number>,
): DecisionEntry[] {
  const pictures = entry.keys.map((key) => pictureOf.get(key));
  const held = new Set(pictures);
  const forgotten = new Set<number>();
  for (const group of groups) {
    const own = group.pictures.filter((picture) => held.has(picture));
    own.forEach((a, at) => own.slice(at + 1).forEach((b) => forgotten.add(pairKey(a, b))));
  }
  const parts: DecisionEntry[] = [];
  pictures.forEach((a, first) => {
    for (let second = first + 1; second < pictures.length; second++) {
      const b = pictures[second];
      if (a !== undefined && b !== undefined && (a === b || forgotten.has(pairKey(a, b)))) continue;
      parts.push(pick(entry, [first, second]));
    }
  });
  return parts;
}

/** Entries with new ones for some of the groups, after what was decided of the pictures of all was forgotten. */
export function judgeGroups(
  entries: readonly DecisionEntry[],
  judged: JudgedGroups,
  groups: readonly JudgedGroup[],
  entryOf: (group: JudgedGroup) => DecisionEntry,
): DecisionEntry[] {
  return [...forgetGroups(entries, judged), ...groups.map(entryOf)];
}

/** Entries that a step took out of a file, and those that it put into it. */
export interface ExchangedEntries {
  /** All that said something of two pictures of one of its groups. */
  readonly removed: readonly DecisionEntry[];
  readonly added: readonly DecisionEntry[];
}

/** What a step about some groups exchanged; `null` when it says just what was said before. */
export function exchangedEntries(
  before: readonly DecisionEntry[],
  after: readonly DecisionEntry[],
  judged: JudgedGroups,
): ExchangedEntries | null {
  const groupsWithTwo = findGroups(judged);
  const removed = before.filter((entry) => groupsWithTwo(entry).length > 0);
  const others = before.filter((entry) => groupsWithTwo(entry).length === 0);
  const added = without(after, others).left;
  const isSame = removed.length === added.length && without(added, removed).left.length === 0;
  return isSame ? null : { removed, added };
}

/**
 * Takes a step back: entries with those that it removed in place of those that it added. When these are not as the step
 * left them, because somebody decided something else since, only what is said of the groups of the step is exchanged.
 */
export function takeBack(
  entries: readonly DecisionEntry[],
  { removed, added }: ExchangedEntries,
  judged: JudgedGroups,
): DecisionEntry[] {
  const { left, missing } = without(entries, added);
  const groupsWithTwo = findGroups(judged);
  // After the step nothing else said anything of two pictures of its groups.
  if (missing === 0 && left.every((entry) => groupsWithTwo(entry).length === 0)) return [...left, ...removed];
  const ofGroups = removed.flatMap((entry) =>
    groupsWithTwo(entry).map(({ pictures }) => {
      const own = new Set(pictures);
      const isOwn = (at: number): boolean => own.has(judged.pictureOf.get(entry.keys[at] ?? "") ?? -1);
      return pick(entry, [...entry.keys.keys()].filter(isOwn));
    }),
  );
  return [...forgetGroups(entries, judged), ...ofGroups];
}

/** Entries without others, each as often as it is among them, and how many of those were missing. */
function without(
  entries: readonly DecisionEntry[],
  others: readonly DecisionEntry[],
): { readonly left: readonly DecisionEntry[]; readonly missing: number } {
  const counts = new Map<string, number>();
  for (const entry of others) counts.set(textOf(entry), (counts.get(textOf(entry)) ?? 0) + 1);
  let missing = others.length;
  const left = entries.filter((entry) => {
    const text = textOf(entry);
    const count = counts.get(text) ?? 0;
    if (count === 0) return true;
    counts.set(text, count - 1);
    missing -= 1;
    return false;
  });
  return { left, missing };
}

function textOf(entry: DecisionEntry): string {
  return JSON.stringify(sortedEntry(entry));
}
