import { SampleState, type SampleTable } from "../dataset/dataset";
import { forEachGroup, groupByDigest, membersOf, type Groups } from "../duplicates/groups";
import type { Fingerprints } from "../fingerprint/fingerprints";
import type { DuplicateCounts, Leakage, LeakageCounts, Tier, TierCounts } from "./report";

/** Everything an inspection found, as columns; the report and the plan are made from it. */
export interface Findings {
  readonly table: SampleTable;
  readonly fingerprints: Fingerprints;
  /** Label space of every class; only labels of one space can contradict each other. */
  readonly spaceOf: readonly number[];
  readonly groups: Readonly<Record<Tier, Groups>>;
  /** 1 for groups of the tier `pixel` with more than one label. */
  readonly conflicting: Uint8Array;
  /** Groups of different images whose files have the same MD5, which are no duplicates. */
  readonly collisions: { readonly groups: number; readonly samples: number };
}

/** Groups equal samples and finds conflicts; linear in the number of samples. */
export function findDuplicates(table: SampleTable, fingerprints: Fingerprints, spaceOf: readonly number[]): Findings {
  const { count, fileDigests, pixelDigests, states, isFile } = fingerprints;
  // Invalid rows have values that can be equal, so they count as duplicates, but never as leakage or conflict.
  const readable = (sample: number): boolean => states[sample] !== SampleState.unreadable;
  const readableFile = (sample: number): boolean => readable(sample) && isFile[sample] === 1;

  const pixel = groupByDigest(pixelDigests, count, readable);
  const byBytes = groupByDigest(fileDigests, count, readableFile);
  const collisions = countCollisions(byBytes, pixelDigests);
  // Equal bytes decode to equal pixels, so the combination of both digests parts files only when MD5 collided.
  const file =
    collisions.groups === 0 ? byBytes : groupByDigest(combine(fileDigests, pixelDigests), count, readableFile);

  const conflicting = new Uint8Array(pixel.count);
  forEachGroup(pixel, (members, group) => {
    conflicting[group] = contradicts(members, table, fingerprints, spaceOf) ? 1 : 0;
  });
  return { table, fingerprints, spaceOf, groups: { file, pixel }, conflicting, collisions };
}

/** Duplicates at one tier, with and without groups of blank images. */
export function countDuplicates(findings: Findings, tier: Tier): TierCounts {
  const all = { groups: 0, samples: 0, extra: 0 };
  const withoutBlank = { ...all };
  forEachGroup(findings.groups[tier], (members) => {
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

/** Leakage of every ordered pair of different splits at one tier, in split order. */
export function measureLeakage(findings: Findings, tier: Tier): Leakage[] {
  const { splits, splitOf } = findings.table;
  const width = splits.length;
  const [all, withoutBlank] = [emptyMatrix(width), emptyMatrix(width)];
  const inSplit = new Uint32Array(width);
  forEachGroup(findings.groups[tier], (members) => {
    inSplit.fill(0);
    for (const sample of members) {
      if (findings.fingerprints.states[sample] !== SampleState.ok) continue;
      const split = splitOf[sample] ?? 0;
      inSplit[split] = (inSplit[split] ?? 0) + 1;
    }
    addGroup(all, inSplit);
    if (!isBlankGroup(findings, members)) addGroup(withoutBlank, inSplit);
  });
  return splits.flatMap((from, a) =>
    splits.flatMap((to, b) => {
      const counts = all[a * width + b];
      const others = withoutBlank[a * width + b];
      if (a === b || counts === undefined || others === undefined) return [];
      return [{ split: from.name, in: to.name, tier, ...counts, withoutBlank: others }];
    }),
  );
}

/** Whether the pictures of a group are blank; equal pictures are all blank or none is. */
export function isBlankGroup(findings: Findings, members: Uint32Array): boolean {
  return findings.fingerprints.blank[members[0] ?? 0] === 1;
}

/** Whether all samples of a group are files with the same bytes. */
export function isFileGroup(findings: Findings, members: Uint32Array): boolean {
  const { isFile, fileDigests } = findings.fingerprints;
  const first = members[0] ?? 0;
  return members.every((sample) => isFile[sample] === 1 && sameDigest(fileDigests, first, sample));
}

/** Whether the samples of a group carry more than one label that can be compared. */
export function isConflict({ table, fingerprints, spaceOf }: Findings, members: Uint32Array): boolean {
  return contradicts(members, table, fingerprints, spaceOf);
}

/** Samples that also occur in a split for which `counts` is true, at tier `pixel`; 1 each. */
export function occursIn(findings: Findings, counts: (split: number) => boolean): Uint8Array {
  const { splitOf } = findings.table;
  const { states } = findings.fingerprints;
  const occurs = new Uint8Array(findings.table.count);
  forEachGroup(findings.groups.pixel, (members) => {
    if (members.some((sample) => states[sample] === SampleState.ok && counts(splitOf[sample] ?? 0)))
      for (const sample of members) occurs[sample] = 1;
  });
  return occurs;
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
    if (members.every((sample) => sameDigest(pixelDigests, first, sample))) continue;
    groups += 1;
    samples += members.length;
  }
  return { groups, samples };
}

function combine(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, index) => byte ^ (b[index] ?? 0));
}

function sameDigest(digests: Uint8Array, a: number, b: number): boolean {
  for (let i = 0; i < 16; i++) if (digests[16 * a + i] !== digests[16 * b + i]) return false;
  return true;
}
