import { nearnessOf, viewSample, type SampleNames } from "../leakage/buildReport";
import { isFileGroup, type Findings } from "../leakage/findings";
import type { NearFindings } from "../near/findings";
import type { Nearness, SampleView, Tier } from "../leakage/report";
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
  const tier = twinIndex < 0 ? null : tierOf(findings, sample, twinIndex);
  const nearness = tier === "near" && findings.near !== null ? nearnessOf(findings.near, sample, twinIndex) : null;
  const like = likeness(tier, nearness, findings.near);
  // Equal images with different labels are a conflict; of similar ones the person is told.
  const labels =
    tier !== "near" || twin === null || twin.label === view.label
      ? ""
      : ` It is labelled ${view.label ?? "nothing"} here and ${twin.label ?? "nothing"} there.`;
  const fault = findings.fingerprints.reasons.get(sample);
  return { sample: view, reason, tier, twin, nearness, detail: describe(reason, view, twin, like, fault) + labels };
}

/** The strictest tier at which two samples are duplicates. */
function tierOf(findings: Findings, sample: number, twin: number): Tier {
  if (isFileGroup(findings, Uint32Array.of(sample, twin))) return "file";
  const { near } = findings;
  return near === null || near.firstOf[sample] === near.firstOf[twin] ? "pixel" : "near";
}

/** What two samples have in common: begins a sentence that goes on with the name of the other one. */
function likeness(tier: Tier | null, nearness: Nearness | null, near: NearFindings | null): string {
  if (tier === "file") return "Same file as";
  if (tier !== "near") return "Same pixels as";
  if (nearness === null || near === null) return "Similar to";
  const { transform, score } = nearness;
  const { name, decimals } = near.search.measure;
  return `Similar${transform === "as it is" ? "" : `, ${transform},`} (${name} ${score.toFixed(decimals)}) to`;
}

function describe(
  reason: RemovalReason,
  view: SampleView,
  twin: SampleView | null,
  like: string,
  fault: string | undefined,
): string {
  switch (reason) {
    case "leaks":
      return `${like} ${twin?.id ?? ""}, which stays in ${twin?.split ?? ""}.`;
    case "duplicate":
      return `${like} ${twin?.id ?? ""}, which stays.`;
    case "conflict":
      return `${like} ${twin?.id ?? ""}, but labelled ${view.label ?? "nothing"} here and ${twin?.label ?? "otherwise"} there; both leave.`;
    case "unreadable":
      return `It cannot be read: ${fault ?? "unknown reason"}.`;
    case "invalid":
      return `It is no valid sample: ${fault ?? "unknown reason"}.`;
  }
}

function emptyCounts(): { -readonly [K in keyof RemovalCounts]: number } {
  return { leaks: 0, duplicate: 0, conflict: 0, unreadable: 0, invalid: 0 };
}
