import { DIGEST_BYTES } from "../fingerprint/md5";

/**
 * Groups of two or more samples with one fingerprint, as columns: group g holds
 * `members[offsets[g]] .. members[offsets[g + 1] - 1]`, ascending; groups are in the order of their first member.
 */
export interface Groups {
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly members: Uint32Array;
}

/** Calls `visit` with the members of every group. */
export function forEachGroup(groups: Groups, visit: (members: Uint32Array, group: number) => void): void {
  for (let group = 0; group < groups.count; group++) visit(membersOf(groups, group), group);
}

/** The samples of one group, ascending. */
export function membersOf(groups: Groups, group: number): Uint32Array {
  return groups.members.subarray(groups.offsets[group], groups.offsets[group + 1]);
}

/** What grouping works with: 12 to 16 bytes a sample, which one who groups the same samples again need not take twice. */
export interface GroupingMemory {
  readonly slots: Int32Array;
  readonly links: Int32Array;
}

/** Memory to group `count` samples. */
export function groupingMemory(count: number): GroupingMemory {
  // An open-addressing table from digest to its first sample, at most 2/3 full.
  let capacity = 16;
  while (capacity < count * 1.5) capacity *= 2;
  return { slots: new Int32Array(capacity), links: new Int32Array(count) };
}

/**
 * Groups samples by their fingerprints in time and memory linear in their number. Sample i has the digest at
 * `digests[16 * i ..]`; samples for which `takesPart` is false are in no group.
 */
export function groupByDigest(
  digests: Uint8Array,
  count: number,
  takesPart: (sample: number) => boolean,
  { slots, links } = groupingMemory(count),
): Groups {
  // Signed ones fit into what engines keep without an object of its own.
  const words = new Int32Array(digests.buffer, digests.byteOffset, (count * DIGEST_BYTES) / 4);
  const sameDigest = (a: number, b: number): boolean =>
    words[4 * a] === words[4 * b] &&
    words[4 * a + 1] === words[4 * b + 1] &&
    words[4 * a + 2] === words[4 * b + 2] &&
    words[4 * a + 3] === words[4 * b + 3];

  slots.fill(-1);
  links.fill(NO_GROUP);
  // MD5 is uniform, so any word of it is a hash.
  const mask = slots.length - 1;
  for (let sample = 0; sample < count; sample++) {
    if (!takesPart(sample)) continue;
    let slot = (words[4 * sample] ?? 0) & mask;
    let holder = slots[slot] ?? -1;
    while (holder >= 0 && !sameDigest(holder, sample)) {
      slot = (slot + 1) & mask;
      holder = slots[slot] ?? -1;
    }
    if (holder < 0) {
      slots[slot] = sample;
      links[sample] = -1;
    } else {
      links[sample] = holder;
      links[holder] = (links[holder] ?? 0) - 1;
    }
  }
  return collect(links, count);
}

/** The link of samples that are in no group. */
const NO_GROUP = -0x80000000;

/**
 * Turns links into columns. A sample is linked to the first one with its fingerprint, and that one has the number of
 * samples with it, negated; fingerprints that only one sample has are left out.
 */
function collect(links: Int32Array, count: number): Groups {
  const starts: number[] = [0];
  for (let sample = 0; sample < count; sample++) {
    const link = links[sample] ?? NO_GROUP;
    if (link >= 0 || link === NO_GROUP) continue;
    // From here on a first sample has the number of its group, as -1 - number.
    links[sample] = link === -1 ? NO_GROUP : -starts.length;
    if (link < -1) starts.push((starts.at(-1) ?? 0) - link);
  }
  const offsets = Uint32Array.from(starts);
  const next = offsets.slice();
  const members = new Uint32Array(offsets.at(-1) ?? 0);
  for (let sample = 0; sample < count; sample++) {
    const link = links[sample] ?? NO_GROUP;
    if (link === NO_GROUP) continue;
    const group = -1 - (link >= 0 ? (links[link] ?? 0) : link);
    const at = next[group] ?? 0;
    members[at] = sample;
    next[group] = at + 1;
  }
  return { count: offsets.length - 1, offsets, members };
}
