import type { SampleTable } from "../dataset/dataset";
import { forEachGroup, membersOf, type Groups } from "../duplicates/groups";
import { pairKey, type NearFindings } from "../near/findings";
import { choiceAt, type Choices } from "../review/choices";
import { nearnessOf, viewSample, type SampleNames } from "./buildReport";
import { groupsOf, isBlankGroup, isConflict, isFileGroup, type Findings } from "./findings";
import type { GroupFilter, GroupPage, GroupQuery, GroupView, MemberView, Tier } from "./report";

/** Groups one page may hold at most. */
const MAX_PAGE = 500;

/** What groups are searched in. */
export interface SearchedGroups {
  readonly findings: Findings;
  readonly names: SampleNames;
  readonly choices: Choices;
}

/**
 * The numbers of the groups that pass a filter, in its order. Linear in the samples of groups, but for sorting; `search` is
 * asked for text.
 */
export function filterGroups(searched: SearchedGroups, filter: GroupFilter, search: TextSearch): number[] {
  const { findings } = searched;
  const tier = filter.tier ?? "pixel";
  const groups = groupsOf(findings, tier);
  const worst = worstOf(findings, tier);
  const isPassing = passes(searched, filter, search);
  const passing: number[] = [];
  for (let group = 0; group < groups.count; group++) {
    const isSimilar = !Number.isNaN(worst?.[group] ?? Number.NaN);
    if (filter.similar !== undefined && filter.similar !== isSimilar) continue;
    if (isPassing(membersOf(groups, group))) passing.push(group);
  }
  if (filter.sort === "doubt" && findings.near !== null && worst !== null) {
    const sign = findings.near.search.measure.better === "lower" ? -1 : 1;
    const score = (group: number): number => worst[group] ?? Number.NaN;
    // Groups of equal pictures, which are in no doubt, come last.
    const doubt = (group: number): number => (Number.isNaN(score(group)) ? Infinity : sign * score(group));
    passing.sort((a, b) => (doubt(a) === doubt(b) ? a - b : doubt(a) - doubt(b)));
  }
  if (filter.sort === "size") {
    const size = (group: number): number => membersOf(groups, group).length;
    passing.sort((a, b) => size(b) - size(a) || a - b);
  }
  return passing;
}

/** A page of groups; `passing` are those that pass the filter of the query. */
export function pageGroups(searched: SearchedGroups, query: GroupQuery, passing: readonly number[]): GroupPage {
  const page = passing.slice(query.from, query.from + Math.min(query.count, MAX_PAGE));
  return { total: passing.length, from: query.from, groups: page.map((group) => viewGroup(searched, query, group)) };
}

/**
 * Looks for text in the ids of samples, whatever the case of letters. What it found is kept while the text is the same, and
 * what cannot be found while it grows: ids are made into text once.
 */
export class TextSearch {
  #text = "";
  /** Of each sample: 0 is not known, 1 has the text in its id, 2 has not. */
  #known: Uint8Array;

  constructor(
    private readonly names: SampleNames,
    count: number,
  ) {
    this.#known = new Uint8Array(count);
  }

  /** What says of a sample whether its id contains a text. */
  for(text: string): (sample: number) => boolean {
    const wanted = comparable(text);
    if (wanted !== this.#text) {
      const grows = this.#text !== "" && wanted.includes(this.#text);
      this.#known = this.#known.map((known) => (grows && known === 2 ? 2 : 0));
      this.#text = wanted;
    }
    const known = this.#known;
    return (sample) => {
      if (known[sample] === 0) known[sample] = comparable(this.names.id(sample)).includes(wanted) ? 1 : 2;
      return known[sample] === 1;
    };
  }
}

/** Some systems write letters with accents as two characters. */
function comparable(text: string): string {
  return text.toLowerCase().normalize("NFC");
}

function worstOf({ near }: Findings, tier: GroupFilter["tier"]): Float32Array | null {
  return tier === "near" ? (near?.worst ?? null) : null;
}

function viewGroup(searched: SearchedGroups, { tier = "pixel", membersEach }: GroupQuery, group: number): GroupView {
  const { findings } = searched;
  const { table } = findings;
  const members = membersOf(groupsOf(findings, tier), group);
  const worst = worstOf(findings, tier)?.[group] ?? Number.NaN;
  const isSimilar = !Number.isNaN(worst);
  const labels = new Set(members.map((sample) => (table.classOf[sample] ?? -1) + 1));
  const splits = new Set(members.map((sample) => table.splitOf[sample] ?? 0));
  return {
    group,
    tier: isSimilar ? "near" : isFileGroup(findings, members) ? "file" : "pixel",
    size: members.length,
    splits: table.splits.filter((_, index) => splits.has(index)).map((split) => split.name),
    labels: table.classes.filter((_, index) => labels.has(index + 1)),
    conflict: isConflict(findings, members),
    blank: isBlankGroup(findings, members),
    decided: isDecided(searched, members),
    worst: isSimilar ? worst : null,
    members: Array.from(members.subarray(0, membersEach), (sample) =>
      viewMember(searched, sample, isSimilar ? (members[0] ?? 0) : null),
    ),
  };
}

/** A sample of a group; `reference` is the first one of a group of similar pictures. */
function viewMember(
  { findings, names, choices }: SearchedGroups,
  sample: number,
  reference: number | null,
): MemberView {
  const { near } = findings;
  return {
    ...viewSample(findings, names, sample),
    nearness: near === null || reference === null ? null : nearnessOf(near, sample, reference),
    choice: choiceAt(choices, sample),
  };
}

/** A group, and all its members, of which a view is made when it is their turn: one group can hold most of a dataset. */
export interface WalkedGroup {
  /** Without members. */
  readonly group: GroupView;
  readonly members: Iterable<MemberView>;
}

/** All groups of a tier: those that span splits first, then the largest, then in the order of their first sample. */
export function* walkGroups(searched: SearchedGroups, tier: Tier): Generator<WalkedGroup> {
  const groups = groupsOf(searched.findings, tier);
  const query = { tier, from: 0, count: 1, membersEach: 0 };
  for (const index of spanningFirst(searched.findings.table, groups)) {
    const group = viewGroup(searched, query, index);
    const samples = membersOf(groups, index);
    yield { group, members: walkMembers(searched, samples, group.worst === null ? null : (samples[0] ?? 0)) };
  }
}

function* walkMembers(searched: SearchedGroups, samples: Uint32Array, reference: number | null): Generator<MemberView> {
  for (const sample of samples) yield viewMember(searched, sample, reference);
}

function spanningFirst(table: SampleTable, groups: Groups): Uint32Array {
  const spans = new Uint8Array(groups.count);
  const sizes = new Uint32Array(groups.count);
  forEachGroup(groups, (members, group) => {
    const split = table.splitOf[members[0] ?? 0];
    spans[group] = members.some((sample) => table.splitOf[sample] !== split) ? 1 : 0;
    sizes[group] = members.length;
  });
  return Uint32Array.from(spans.keys()).sort(
    (a, b) => (spans[b] ?? 0) - (spans[a] ?? 0) || (sizes[b] ?? 0) - (sizes[a] ?? 0) || a - b,
  );
}

/** What says of the members of a group whether it passes what a filter says of them. */
function passes(searched: SearchedGroups, filter: GroupFilter, search: TextSearch): (members: Uint32Array) => boolean {
  const { findings } = searched;
  const { table } = findings;
  const splits = filter.splits?.map((name) => indexOfSplit(table, name));
  const label = filter.label === undefined ? null : table.classes.indexOf(filter.label);
  const hasText = filter.text === undefined || filter.text === "" ? null : search.for(filter.text);
  const isIn = (members: Uint32Array, split: number): boolean =>
    members.some((sample) => table.splitOf[sample] === split);
  return (members) => {
    if (splits?.every((split) => isIn(members, split)) === false) return false;
    if (filter.leaking === true && !members.some((at) => table.splitOf[at] !== table.splitOf[members[0] ?? 0])) {
      return false;
    }
    if (filter.blank !== undefined && filter.blank !== isBlankGroup(findings, members)) return false;
    if (filter.conflict !== undefined && filter.conflict !== isConflict(findings, members)) return false;
    if (label !== null && !members.some((sample) => table.classOf[sample] === label)) return false;
    if (filter.decided !== undefined && filter.decided !== isDecided(searched, members)) return false;
    return hasText === null || members.some(hasText);
  };
}

function indexOfSplit({ splits }: SampleTable, name: string): number {
  return splits.findIndex((split) => split.name === name);
}

/** Whether a person said of one of the members that it stays or leaves, or judged two of their pictures. */
function isDecided({ findings: { near }, choices }: SearchedGroups, members: Uint32Array): boolean {
  if (members.some((sample) => choices.codes[sample] !== 0)) return true;
  if (near === null || near.verdicts.size === 0) return false;
  const judged = judgedPictures(near);
  const pictures = [...new Set(members.map((sample) => near.firstOf[sample] ?? sample))].filter((at) => judged.has(at));
  return pictures.some((a, at) => pictures.slice(at + 1).some((b) => near.verdicts.has(pairKey(a, b))));
}

const judgedIn = new WeakMap<NearFindings, ReadonlySet<number>>();

/** The pictures that any verdict is about. */
function judgedPictures(near: NearFindings): ReadonlySet<number> {
  const known = judgedIn.get(near);
  if (known !== undefined) return known;
  const judged = new Set(near.decisions.pairs.flatMap(({ first, second }) => [first, second]));
  judgedIn.set(near, judged);
  return judged;
}
