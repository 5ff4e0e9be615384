import { SampleState, type Layout, type SampleTable } from "../dataset/dataset";
import { membersOf, type Groups } from "../duplicates/groups";
import { findPair, type NearFindings } from "../near/findings";
import { nearnessAt } from "../near/pairs";
import { nearReport } from "../near/report";
import {
  countDuplicates,
  groupsOf,
  isBlankGroup,
  isConflict,
  isFileGroup,
  measureLeakage,
  type Findings,
} from "./findings";
import { measureQuality } from "./quality";
import {
  TIERS,
  type GroupPage,
  type GroupQuery,
  type GroupView,
  type Nearness,
  type Report,
  type SampleFault,
  type SampleView,
  type SplitCounts,
} from "./report";

/** Names of samples, which only their sources know. */
export interface SampleNames {
  /** Stable name of a sample within its dataset: `train/A/x.png`, `notMNIST.pickle#train_dataset[17]`. */
  id(sample: number): string;
  /** Absolute path of its file, or of the array file, archive or other file that it is in. */
  file(sample: number): string;
  /** Whether it is a file of its own, which can be opened as an image. */
  isOwnFile(sample: number): boolean;
  /** Extension of its file in lower case, without the dot; `""` for a row of an array. */
  extension(sample: number): string;
}

/** Groups one page may hold at most. */
const MAX_PAGE = 500;

/** Puts a report together. `seconds` is how long the inspection took. */
export function buildReport(findings: Findings, names: SampleNames, layout: Layout, seconds: number): Report {
  const { table, fingerprints, groups, near, conflicting } = findings;
  const conflicts = { groups: 0, samples: 0 };
  conflicting.forEach((conflict, group) => {
    if (conflict === 0) return;
    conflicts.groups += 1;
    conflicts.samples += membersOf(groups.pixel, group).length;
  });
  return {
    schema: "cleansplit/report@1",
    dataset: layout,
    splits: countSplits(table, fingerprints.states),
    classes: table.classes,
    duplicates: {
      file: countDuplicates(findings, "file"),
      pixel: countDuplicates(findings, "pixel"),
      ...(near === null ? {} : { near: countDuplicates(findings, "near") }),
    },
    near: near === null ? null : nearReport(findings, near),
    leakage: TIERS.flatMap((tier) => (tier === "near" && near === null ? [] : measureLeakage(findings, tier))),
    conflicts,
    blank: { samples: fingerprints.blank.reduce((sum, blank) => sum + blank, 0) },
    unreadable: faults(findings, names, SampleState.unreadable),
    invalid: faults(findings, names, SampleState.invalid),
    collisions: findings.collisions,
    quality: measureQuality(findings, names),
    timing: { seconds, samples: table.count },
  };
}

/** One sample as it is shown. */
export function viewSample(findings: Findings, names: SampleNames, sample: number): SampleView {
  const { table, fingerprints } = findings;
  const label = table.classOf[sample] ?? -1;
  return {
    sample,
    id: names.id(sample),
    split: splitName(table, sample),
    label: table.classes[label] ?? null,
    width: fingerprints.widths[sample] ?? 0,
    height: fingerprints.heights[sample] ?? 0,
    file: names.file(sample),
    isImageFile: names.isOwnFile(sample),
  };
}

/** Reads a page of the groups that pass a query. */
export function queryGroups(findings: Findings, names: SampleNames, query: GroupQuery): GroupPage {
  const tier = query.tier ?? "pixel";
  const groups = groupsOf(findings, tier);
  const worst = tier === "near" ? (findings.near?.worst ?? null) : null;
  const passing: number[] = [];
  for (let group = 0; group < groups.count; group++) {
    const isSimilar = !Number.isNaN(worst?.[group] ?? Number.NaN);
    if (query.similar !== undefined && query.similar !== isSimilar) continue;
    if (passes(findings, membersOf(groups, group), query)) passing.push(group);
  }
  if (query.sort === "doubt" && findings.near !== null && worst !== null) {
    const sign = findings.near.search.measure.better === "lower" ? -1 : 1;
    const score = (group: number): number => worst[group] ?? Number.NaN;
    // Groups of equal pictures, which are in no doubt, come last.
    const doubt = (group: number): number => (Number.isNaN(score(group)) ? Infinity : sign * score(group));
    passing.sort((a, b) => (doubt(a) === doubt(b) ? a - b : doubt(a) - doubt(b)));
  }
  if (query.sort === "size") {
    const size = (group: number): number => membersOf(groups, group).length;
    passing.sort((a, b) => size(b) - size(a) || a - b);
  }
  const page = passing.slice(query.from, query.from + Math.min(query.count, MAX_PAGE));
  return {
    total: passing.length,
    from: query.from,
    groups: page.map((group) => viewGroup(findings, names, groups, group, query.membersEach, worst?.[group])),
  };
}

function viewGroup(
  findings: Findings,
  names: SampleNames,
  groups: Groups,
  group: number,
  membersEach: number,
  worst = Number.NaN,
): GroupView {
  const { table, near } = findings;
  const members = membersOf(groups, group);
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
    worst: isSimilar ? worst : null,
    members: Array.from(members.subarray(0, membersEach), (sample) => ({
      ...viewSample(findings, names, sample),
      nearness: near === null || !isSimilar ? null : nearnessOf(near, sample, members[0] ?? 0),
    })),
  };
}

/** How near a sample is to another one by a pair that counts; `null` when there is none, as of equal pictures. */
export function nearnessOf(near: NearFindings, sample: number, other: number): Nearness | null {
  const { pairs, firstOf, verdicts } = near;
  const [own, others] = [firstOf[sample] ?? 0, firstOf[other] ?? 0];
  const pair = findPair(pairs, Math.min(own, others), Math.max(own, others));
  return pair < 0 ? null : nearnessAt(pairs, pair, verdicts);
}

function passes(findings: Findings, members: Uint32Array, query: GroupQuery): boolean {
  const { table } = findings;
  const inSplit = (name: string): boolean => members.some((sample) => splitName(table, sample) === name);
  if (query.splits !== undefined && !query.splits.every(inSplit)) return false;
  if (query.leaking === true && !members.some((sample) => table.splitOf[sample] !== table.splitOf[members[0] ?? 0])) {
    return false;
  }
  if (query.blank !== undefined && query.blank !== isBlankGroup(findings, members)) return false;
  if (query.conflict !== undefined && query.conflict !== isConflict(findings, members)) return false;
  if (query.label === undefined) return true;
  const label = table.classes.indexOf(query.label);
  return members.some((sample) => table.classOf[sample] === label);
}

function countSplits(table: SampleTable, states: Uint8Array): SplitCounts[] {
  const perSplit = table.splits.map(() => ({
    samples: 0,
    unreadable: 0,
    invalid: 0,
    classes: new Map<number, number>(),
  }));
  for (let sample = 0; sample < table.count; sample++) {
    const counts = perSplit[table.splitOf[sample] ?? 0];
    if (counts === undefined) continue;
    counts.samples += 1;
    if (states[sample] === SampleState.unreadable) counts.unreadable += 1;
    if (states[sample] === SampleState.invalid) counts.invalid += 1;
    const label = table.classOf[sample] ?? -1;
    if (label >= 0) counts.classes.set(label, (counts.classes.get(label) ?? 0) + 1);
  }
  return table.splits.flatMap((split, index) => {
    const counts = perSplit[index];
    if (counts === undefined) return [];
    const classes = table.classes.flatMap((name, label) => {
      const samples = counts.classes.get(label);
      return samples === undefined ? [] : [[name, samples] as const];
    });
    return [{ ...split, ...counts, classes: Object.fromEntries(classes) }];
  });
}

function faults(findings: Findings, names: SampleNames, state: SampleState): SampleFault[] {
  const { table, fingerprints } = findings;
  const found: SampleFault[] = [];
  for (let sample = 0; sample < table.count; sample++) {
    if (fingerprints.states[sample] !== state) continue;
    const reason = fingerprints.reasons.get(sample) ?? "unknown";
    found.push({ sample, id: names.id(sample), split: splitName(table, sample), reason });
  }
  return found;
}

function splitName(table: SampleTable, sample: number): string {
  return table.splits[table.splitOf[sample] ?? 0]?.name ?? "";
}
