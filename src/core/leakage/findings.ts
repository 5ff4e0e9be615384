import { SampleState, type SampleTable } from "../dataset/dataset";
import { forEachGroup, groupByDigest, groupingMemory, membersOf, type Groups } from "../duplicates/groups";
import type { Fingerprints } from "../fingerprint/fingerprints";
import { sameDigest } from "../fingerprint/md5";
import { keepOneOfEach, type NearFindings } from "../near/findings";
import type { DuplicateCounts, Leakage, LeakageCounts, Tier, TierCounts } from "./report";

/** Everything an inspection found, as columns; the report and the plan are made from it. */
export interface Findings {
  readonly table: SampleTable;
  readonly fingerprints: Fingerprints;
  /** Label space of every class; only labels of one space can contradict each other. */
  readonly spaceOf: readonly number[];
  readonly groups: Readonly<Record<Exclude<Tier, "near">, Groups>>;
  /** `null` until near duplicates were searched. */
  readonly near: NearFindings | null;
  /** 1 for groups of the tier `pixel` with more than one label. */
  readonly conflicting: Uint8Array;
  /** Groups of different images whose files have the same MD5, which are no duplicates. */
  readonly collisions: { readonly groups: number; readonly samples: number };
}

const NO_GROUPS: Groups = { count: 0, offsets: Uint32Array.of(0), members: new Uint32Array() };

/** Groups equal samples and finds conflicts; linear in the number of samples. */
export function findDuplicates(table: SampleTable, fingerprints: Fingerprints, spaceOf: readonly number[]): Findings {
  const { count, fileDigests, pixelDigests, states, isFile } = fingerprints;
  // Invalid rows have values that can be equal, so they count as duplicates, but never as leakage or conflict.
  const readable = (sample: number): boolean => states[sample] !== SampleState.unreadable;
  const readableFile = (sample: number): boolean => readable(sample) && isFile[sample] === 1;

  const memory = groupingMemory(count);
  const pixel = groupByDigest(pixelDigests, count, readable, memory);
  // Rows of arrays have no bytes of their own.
  const byBytes = isFile.includes(1) ? groupByDigest(fileDigests, count, readableFile, memory) : NO_GROUPS;
  const collisions = countCollisions(byBytes, pixelDigests);
  // Equal bytes decode to equal pixels, so the combination of both digests parts files only when MD5 collided.
  const file =
    collisions.groups === 0 ? byBytes : groupByDigest(combine(fileDigests, pixelDigests), count, readableFile, memory);

  const conflicting = new Uint8Array(pixel.count);
  forEachGroup(pixel, (members, group) => {
    conflicting[group] = contradicts(members, table, fingerprints, spaceOf) ? 1 : 0;
  });
  return { table, fingerprints, spaceOf, groups: { file, pixel }, near: null, conflicting, collisions };
}

/** The groups of a tier; until near duplicates were searched, those of equal pictures stand for theirs. */
export function groupsOf(findings: Findings, tier: Tier): Groups {
  return tier === "near" ? (findings.near?.groups ?? findings.groups.pixel) : findings.groups[tier];
}

/** Duplicates at one tier, with and without groups of blank images. */
export function countDuplicates(findings: Findings, tier: Tier): TierCounts {
  if (tier === "near" && findings.near !== null) return countNear(findings, findings.near);
  const all = { groups: 0, samples: 0, extra: 0 };
  const withoutBlank = { ...all };
  forEachGroup(groupsOf(findings, tier), (members) => {
    add(all, members.length);
    if (!isBlankGroup(findings, members)) add(withoutBlank, members.length);
  });
  return { ...all, withoutBlank };

  function add(counts: { -readonly [K in keyof DuplicateCounts]: number }, size: number): void {
    counts.groups += 1;
    counts.samples += size;
    counts.extra += size - 1;
  }
}

/** Groups overlap: every sample is counted once. */
function countNear(findings: Findings, near: NearFindings): TierCounts {
  const { count } = findings.table;
  const isIn = [new Uint8Array(count), new Uint8Array(count)] as const;
  let [groups, withoutBlank] = [0, 0];
  forEachGroup(near.groups, (members) => {
    const isBlank = isBlankGroup(findings, members);
    groups += 1;
    if (!isBlank) withoutBlank += 1;
    for (const sample of members) {
      isIn[0][sample] = 1;
      if (!isBlank) isIn[1][sample] = 1;
    }
  });
  const keeperOf = keepOneOfEach(near, orderOf(isIn[0]));
  const sum = (counts: (sample: number) => boolean): number =>
    keeperOf.reduce((total, _, sample) => total + (counts(sample) ? 1 : 0), 0);
  const countIn = (flags: Uint8Array): Omit<DuplicateCounts, "groups"> => ({
    samples: sum((sample) => flags[sample] === 1),
    extra: sum((sample) => flags[sample] === 1 && (keeperOf[sample] ?? -1) >= 0),
  });
  return { groups, ...countIn(isIn[0]), withoutBlank: { groups: withoutBlank, ...countIn(isIn[1]) } };
}

function orderOf(flags: Uint8Array): Uint32Array {
  const order: number[] = [];
  flags.forEach((flag, sample) => {
    if (flag === 1) order.push(sample);
  });
  return Uint32Array.from(order);
}

/** Leakage of every ordered pair of different splits at one tier, in split order. */
export function measureLeakage(findings: Findings, tier: Tier): Leakage[] {
  if (tier === "near" && findings.near !== null) return measureNearLeakage(findings, findings.near);
  const { splits, splitOf } = findings.table;
  const width = splits.length;
  const [all, withoutBlank] = [emptyMatrix(width), emptyMatrix(width)];
  const inSplit = new Uint32Array(width);
  forEachGroup(groupsOf(findings, tier), (members) => {
    inSplit.fill(0);
    for (const sample of members) {
      if (findings.fingerprints.states[sample] !== SampleState.ok) continue;
      const split = splitOf[sample] ?? 0;
      inSplit[split] = (inSplit[split] ?? 0) + 1;
    }
    addGroup(all, inSplit);
    if (!isBlankGroup(findings, members)) addGroup(withoutBlank, inSplit);
  });
  return leakageOf(findings, tier, all, withoutBlank);
}

function leakageOf(
  { table: { splits } }: Findings,
  tier: Tier,
  all: readonly Counts[],
  withoutBlank: readonly Counts[],
): Leakage[] {
  return splits.flatMap((from, a) =>
    splits.flatMap((to, b) => {
      const counts = all[a * splits.length + b];
      const others = withoutBlank[a * splits.length + b];
      if (a === b || counts === undefined || others === undefined) return [];
      return [{ split: from.name, in: to.name, tier, ...counts, withoutBlank: others }];
    }),
  );
}

/**
 * Groups overlap: samples are counted once. Each that leaks is in a group with one of the split that it leaks into. Pairs are
 * those of equal pictures and those that are near, in whatever groups.
 */
function measureNearLeakage(findings: Findings, near: NearFindings): Leakage[] {
  const { table, fingerprints } = findings;
  const width = table.splits.length;
  const matrices = [emptyMatrix(width), emptyMatrix(width)] as const;
  const isOk = (sample: number): boolean => fingerprints.states[sample] === SampleState.ok;
  const splitOf = (sample: number): number => table.splitOf[sample] ?? 0;
  // Samples that were counted, by the split that they leak into.
  const counted = [new Map<number, Uint8Array>(), new Map<number, Uint8Array>()] as const;
  const countMembers = (which: 0 | 1, members: Uint32Array): void => {
    const usable = members.filter(isOk);
    const present = [...new Set(usable.map(splitOf))];
    for (const to of present) {
      if (present.length < 2) break;
      const known = counted[which].get(to) ?? new Uint8Array(table.count);
      counted[which].set(to, known);
      for (const from of present) {
        const counts = matrices[which][from * width + to];
        if (from !== to && counts !== undefined) counts.groups += 1;
      }
      for (const sample of usable) {
        const counts = matrices[which][splitOf(sample) * width + to];
        if (splitOf(sample) === to || known[sample] === 1 || counts === undefined) continue;
        known[sample] = 1;
        counts.samples += 1;
      }
    }
  };
  forEachGroup(near.groups, (members) => {
    countMembers(0, members);
    if (!isBlankGroup(findings, members)) countMembers(1, members);
  });

  const addPairs = (which: 0 | 1, from: number, to: number, pairs: number): void => {
    const counts = matrices[which][from * width + to];
    if (from !== to && counts !== undefined) counts.pairs += pairs;
  };
  const inSplits = new Map<number, ReadonlyMap<number, number>>();
  forEachGroup(findings.groups.pixel, (members) => {
    const counts = new Map<number, number>();
    for (const sample of members) {
      if (isOk(sample)) counts.set(splitOf(sample), (counts.get(splitOf(sample)) ?? 0) + 1);
    }
    inSplits.set(near.firstOf[members[0] ?? 0] ?? 0, counts);
    const isBlank = isBlankGroup(findings, members);
    for (const [from, a] of counts) {
      for (const [to, b] of counts) {
        addPairs(0, from, to, a * b);
        if (!isBlank) addPairs(1, from, to, a * b);
      }
    }
  });
  // Pairs may be millions: what a picture without twins has is made once a split.
  const alone = table.splits.map((_, split): ReadonlyMap<number, number> => new Map([[split, 1]]));
  const none: ReadonlyMap<number, number> = new Map();
  const splitsOf = (sample: number): ReadonlyMap<number, number> =>
    inSplits.get(sample) ?? (isOk(sample) ? alone[splitOf(sample)] : undefined) ?? none;
  for (let pair = 0; pair < near.pairs.count; pair++) {
    const others = splitsOf(near.pairs.second[pair] ?? 0);
    for (const [from, a] of splitsOf(near.pairs.first[pair] ?? 0)) {
      for (const [to, b] of others) {
        for (const which of [0, 1] as const) {
          addPairs(which, from, to, a * b);
          addPairs(which, to, from, a * b);
        }
      }
    }
  }
  return leakageOf(findings, "near", ...matrices);
}

/** Whether the pictures of a group are blank; equal pictures are all blank or none is. */
export function isBlankGroup(findings: Findings, members: Uint32Array): boolean {
  return findings.fingerprints.blank[members[0] ?? 0] === 1;
}

/** Whether all samples of a group are files with the same bytes. */
export function isFileGroup(findings: Findings, members: Uint32Array): boolean {
  const { isFile, fileDigests } = findings.fingerprints;
  const first = members[0] ?? 0;
  return members.every((sample) => isFile[sample] === 1 && sameDigest(fileDigests, first, fileDigests, sample));
}

/** Whether the samples of a group carry more than one label that can be compared. */
export function isConflict({ table, fingerprints, spaceOf }: Findings, members: Uint32Array): boolean {
  return contradicts(members, table, fingerprints, spaceOf);
}

/**
 * Samples that also occur in a split for which `counts` is true: they are equal to a usable sample there, or at tier `near`,
 * which needs near duplicates to have been searched, directly near to one; 1 each.
 */
export function occursIn(
  findings: Findings,
  counts: (split: number) => boolean,
  tier: Exclude<Tier, "file"> = "pixel",
): Uint8Array {
  const { splitOf, count } = findings.table;
  const { states } = findings.fingerprints;
  const isThere = (sample: number): boolean => states[sample] === SampleState.ok && counts(splitOf[sample] ?? 0);
  const occurs = new Uint8Array(count);
  forEachGroup(findings.groups.pixel, (members) => {
    if (members.some(isThere)) for (const sample of members) occurs[sample] = 1;
  });
  if (tier === "pixel" || findings.near === null) return occurs;
  // Pairs name pictures by their first samples.
  const { pairs, firstOf } = findings.near;
  const pictures = occurs.map((occurs, sample) => (occurs === 1 || isThere(sample) ? 1 : 0));
  const isNear = new Uint8Array(count);
  for (let pair = 0; pair < pairs.count; pair++) {
    const [first, second] = [pairs.first[pair] ?? 0, pairs.second[pair] ?? 0];
    if (pictures[first] === 1) isNear[second] = 1;
    if (pictures[second] === 1) isNear[first] = 1;
  }
  return occurs.map((occurs, sample) => (occurs === 1 || isNear[firstOf[sample] ?? sample] === 1 ? 1 : 0));
}

type Counts = { -readonly [K in keyof LeakageCounts]: number };

function emptyMatrix(width: number): Counts[] {
  return Array.from({ length: width * width }, () => ({ samples: 0, groups: 0, pairs: 0 }));
}

function addGroup(matrix: readonly Counts[], inSplit: Uint32Array): void {
  const width = inSplit.length;
  inSplit.forEach((a, from) => {
    if (a === 0) return;
    inSplit.forEach((b, to) => {
      const counts = matrix[from * width + to];
      if (b === 0 || from === to || counts === undefined) return;
      counts.samples += a;
      counts.groups += 1;
      counts.pairs += a * b;
    });
  });
}

/** Whether samples carry more than one label of one label space. */
function contradicts(
  members: Uint32Array,
  { classOf }: SampleTable,
  { states }: Fingerprints,
  spaceOf: readonly number[],
): boolean {
  const seen = new Map<number, number>();
  for (const sample of members) {
    const label = classOf[sample] ?? -1;
    if (label < 0 || states[sample] !== SampleState.ok) continue;
    const space = spaceOf[label] ?? 0;
    const known = seen.get(space);
    if (known !== undefined && known !== label) return true;
    seen.set(space, label);
  }
  return false;
}

function countCollisions(byFile: Groups, pixelDigests: Uint8Array): { groups: number; samples: number } {
  let [groups, samples] = [0, 0];
  for (let group = 0; group < byFile.count; group++) {
    const members = membersOf(byFile, group);
    const first = members[0] ?? 0;
    if (members.every((sample) => sameDigest(pixelDigests, first, pixelDigests, sample))) continue;
    groups += 1;
    samples += members.length;
  }
  return { groups, samples };
}

function combine(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ (b[index] ?? 0));
}
