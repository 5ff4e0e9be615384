import { viewSample, type SampleNames } from "../leakage/buildReport";
import { isFileGroup, type Findings } from "../leakage/findings";
import type { SampleView } from "../leakage/report";
import type { PlanSplit, Removal, RemovalCounts, RemovalReason } from "./plan";
import { REMOVAL_REASONS, type Decision } from "./policy";

/** Samples one page may hold at most. */
export const MAX_REMOVALS = 500;

/** Every split before and after a decision. `shapeOf` gives the shape of the arrays of a split from its row count. */
export function planSplits(
  findings: Findings,
  decision: Decision,
  shapeOf: (split: number, rows: number) => string,
): PlanSplit[] {
  const { table } = findings;
  const rows = table.splits.map(() => ({
    before: 0,
    after: 0,
    removed: emptyCounts(),
    classes: table.classes.map(() => ({ before: 0, after: 0 })),
  }));
  for (let sample = 0; sample < table.count; sample++) {
    const row = rows[table.splitOf[sample] ?? 0];
    if (row === undefined) continue;
    const label = row.classes[table.classOf[sample] ?? -1];
    const reason = REMOVAL_REASONS[decision.reasonOf[sample] ?? 0];
    row.before += 1;
    if (label !== undefined) label.before += 1;
    if (reason === undefined) {
      row.after += 1;
      if (label !== undefined) label.after += 1;
    } else {
      row.removed[reason] += 1;
    }
  }
  return rows.map((row, split) => ({
    name: table.splits[split]?.name ?? "",
    before: row.before,
    after: row.after,
    removed: row.removed,
    shapeBefore: shapeOf(split, row.before),
    shapeAfter: shapeOf(split, row.after),
    classes: Object.fromEntries(
      table.classes.flatMap((name, label) => {
        const counts = row.classes[label];
        return counts === undefined || counts.before === 0 ? [] : [[name, counts] as const];
      }),
    ),
  }));
}

/** Samples that leave, in order. */
export function removedSamples(decision: Decision): number[] {
  const removed: number[] = [];
  decision.stays.forEach((stays, sample) => {
    if (stays === 0) removed.push(sample);
  });
  return removed;
}

/** One sample that leaves, with its twin and a sentence. */
export function viewRemoval(findings: Findings, names: SampleNames, decision: Decision, sample: number): Removal {
  const reason = REMOVAL_REASONS[decision.reasonOf[sample] ?? 0] ?? "invalid";
  const twinIndex = decision.twinOf[sample] ?? -1;
  const view = viewSample(findings, names, sample);
  const twin = twinIndex < 0 ? null : viewSample(findings, names, twinIndex);
  const sameFile = twinIndex >= 0 && isFileGroup(findings, Uint32Array.of(sample, twinIndex));
  return {
    sample: view,
    reason,
    tier: twin === null ? null : sameFile ? "file" : "pixel",
    twin,
    detail: describe(reason, view, twin, sameFile, findings.fingerprints.reasons.get(sample)),
  };
}

function describe(
  reason: RemovalReason,
  view: SampleView,
  twin: SampleView | null,
  sameFile: boolean,
  fault: string | undefined,
): string {
  const same = sameFile ? "Same file as" : "Same pixels as";
  switch (reason) {
    case "leaks":
      return `${same} ${twin?.id ?? ""}, which stays in ${twin?.split ?? ""}.`;
    case "duplicate":
      return `${same} ${twin?.id ?? ""}, which stays.`;
    case "conflict":
      return `${same} ${twin?.id ?? ""}, but labelled ${view.label ?? "nothing"} here and ${twin?.label ?? "otherwise"} there; both leave.`;
    case "unreadable":
      return `It cannot be read: ${fault ?? "unknown reason"}.`;
    case "invalid":
      return `It is no valid sample: ${fault ?? "unknown reason"}.`;
  }
}

function emptyCounts(): { -readonly [K in keyof RemovalCounts]: number } {
  return { leaks: 0, duplicate: 0, conflict: 0, unreadable: 0, invalid: 0 };
}
