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

/** What grouping works with: 16 to 32 bytes a sample, which one who groups the same samples again need not take twice. */
export interface GroupingMemory {
  readonly slots: Int32Array;
  readonly first: Int32Array;
  readonly sizes: Uint32Array;
}

/** Memory to group `count` samples. */
export function groupingMemory(count: number): GroupingMemory {
  // An open-addressing table from digest to its first sample, at most 2/3 full.
  let capacity = 16;
  while (capacity < count * 1.5) capacity *= 2;
  return { slots: new Int32Array(capacity), first: new Int32Array(count), sizes: new Uint32Array(count) };
}

/**
 * Groups samples by their fingerprints in time and memory linear in their number. Sample i has the digest at
 * `digests[16 * i ..]`; samples for which `takesPart` is false are in no group.
 */
export function groupByDigest(
  digests: Uint8Array,
  count: number,
  takesPart: (sample: number) => boolean,
  { slots, first, sizes } = groupingMemory(count),
): Groups {
  const words = new Uint32Array(digests.buffer, digests.byteOffset, (count * DIGEST_BYTES) / 4);
  const sameDigest = (a: number, b: number): boolean =>
    words[4 * a] === words[4 * b] &&
    words[4 * a + 1] === words[4 * b + 1] &&
    words[4 * a + 2] === words[4 * b + 2] &&
    words[4 * a + 3] === words[4 * b + 3];

  slots.fill(-1);
  first.fill(-1);
  sizes.fill(0);
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
      holder = sample;
    }
    first[sample] = holder;
    sizes[holder] = (sizes[holder] ?? 0) + 1;
  }
  return collect(first, sizes, count);
}

/** Stands for the group of samples that are in none. */
const NO_GROUP = 0xffffffff;

/** Turns "the first sample with my fingerprint" into columns; fingerprints that only one sample has are left out. */
function collect(first: Int32Array, sizes: Uint32Array, count: number): Groups {
  // The number of a group takes the place of its size, at its first sample.
  const groupOf = sizes;
  const starts: number[] = [0];
  for (let sample = 0; sample < count; sample++) {
    const size = sizes[sample] ?? 0;
    groupOf[sample] = size < 2 ? NO_GROUP : starts.length - 1;
    if (size >= 2) starts.push((starts.at(-1) ?? 0) + size);
  }
  const offsets = Uint32Array.from(starts);
  const next = offsets.slice();
  const members = new Uint32Array(offsets.at(-1) ?? 0);
  for (let sample = 0; sample < count; sample++) {
    const holder = first[sample] ?? -1;
    const group = holder < 0 ? NO_GROUP : (groupOf[holder] ?? NO_GROUP);
    if (group === NO_GROUP) continue;
    const at = next[group] ?? 0;
    members[at] = sample;
    next[group] = at + 1;
  }
  return { count: offsets.length - 1, offsets, members };
}
