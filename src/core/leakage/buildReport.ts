import * as l10n from "@vscode/l10n";
import { SampleState, type Layout, type SampleTable } from "../dataset/dataset";
import { membersOf } from "../duplicates/groups";
import { findPair, type NearFindings } from "../near/findings";
import { nearnessAt } from "../near/pairs";
import { nearReport } from "../near/report";
import { countDuplicates, measureLeakage, type Findings } from "./findings";
import { measureQuality } from "./quality";
import { TIERS, type Nearness, type Report, type SampleFault, type SampleView, type SplitCounts } from "./report";

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

/** How near a sample is to another one by a pair that counts; `null` when there is none, as of equal pictures. */
export function nearnessOf(near: NearFindings, sample: number, other: number): Nearness | null {
  const { pairs, firstOf, verdicts } = near;
  const [own, others] = [firstOf[sample] ?? 0, firstOf[other] ?? 0];
  const pair = findPair(pairs, Math.min(own, others), Math.max(own, others));
  return pair < 0 ? null : nearnessAt(pairs, pair, verdicts);
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
  const { states, reasons } = fingerprints;
  const found: SampleFault[] = [];
  for (let sample = states.indexOf(state); sample >= 0; sample = states.indexOf(state, sample + 1)) {
    const reason = reasons.get(sample) ?? l10n.t("unknown reason");
    found.push({ sample, id: names.id(sample), split: splitName(table, sample), reason });
  }
  return found;
}

/** The name of the split of a sample. */
export function splitName(table: SampleTable, sample: number): string {
  return table.splits[table.splitOf[sample] ?? 0]?.name ?? "";
}
