import { nearnessOf, viewSample, type SampleNames } from "../leakage/buildReport";
import { isFileGroup, type Findings } from "../leakage/findings";
import type { NearFindings } from "../near/findings";
import type { Nearness, SampleView, Tier } from "../leakage/report";
import type { ChangeAction, ChangeReason, PlanChange, PlanSplit, RemovalCounts } from "./plan";
import { isChanged, reasonOf, type Decision } from "./policy";

/** Samples one page may hold at most. */
export const MAX_CHANGES = 500;

/**
 * Every split before and after a decision. `shapeOf` gives the shape of the arrays of a split from its row count, `"before"`
 * or `"after"` the decision.
 */
export function planSplits(
  findings: Findings,
  decision: Decision,
  shapeOf: (split: number, rows: number, when: "before" | "after") => string,
): PlanSplit[] {
  const { table } = findings;
  const rows = decision.splits.map(() => ({
    ...{ before: 0, after: 0, movedOut: 0, movedIn: 0 },
    removed: emptyCounts(),
    classes: table.classes.map(() => ({ before: 0, after: 0 })),
  }));
  for (let sample = 0; sample < table.count; sample++) {
    const [home, to] = [table.splitOf[sample] ?? 0, decision.splitOf[sample] ?? 0];
    const label = table.classOf[sample] ?? -1;
    const [row, target] = [rows[home], rows[to]];
    if (row === undefined || target === undefined) continue;
    row.before += 1;
    const counts = label < 0 ? undefined : row.classes[label];
    if (counts !== undefined) counts.before += 1;
    if (decision.stays[sample] !== 1) {
      row.removed[reasonOf(decision, sample) ?? "edited"] += 1;
      continue;
    }
    target.after += 1;
    const there = label < 0 ? undefined : target.classes[label];
    if (there !== undefined) there.after += 1;
    if (home === to) continue;
    row.movedOut += 1;
    target.movedIn += 1;
  }
  return rows.map(({ classes, ...row }, split) => ({
    name: decision.splits[split]?.name ?? "",
    role: decision.splits[split]?.role ?? "other",
    ...row,
    shapeBefore: shapeOf(split, row.before, "before"),
    shapeAfter: shapeOf(split, row.after, "after"),
    classes: Object.fromEntries(
      table.classes.flatMap((name, label) => {
        const counts = classes[label];
        return counts === undefined || counts.before + counts.after === 0 ? [] : [[name, counts] as const];
      }),
    ),
  }));
}

/** Samples that leave, move or are to be decided, in order. */
export function changedSamples(decision: Decision): number[] {
  const changed: number[] = [];
  for (let sample = 0; sample < decision.stays.length; sample++) if (isChanged(decision, sample)) changed.push(sample);
  return changed;
}

/** One sample that leaves, moves or is to be decided, with its twin and a sentence. */
export function viewChange(findings: Findings, names: SampleNames, decision: Decision, sample: number): PlanChange {
  const reason = reasonOf(decision, sample) ?? "edited";
  const twinIndex = decision.twinOf[sample] ?? -1;
  const view = viewSample(findings, names, sample);
  const twin = twinIndex < 0 ? null : viewSample(findings, names, twinIndex);
  const tier = twinIndex < 0 ? null : tierOf(findings, sample, twinIndex);
  const nearness = tier === "near" && findings.near !== null ? nearnessOf(findings.near, sample, twinIndex) : null;
  const action = actionOf(decision, sample);
  const to = action === "move" ? (decision.splits[decision.splitOf[sample] ?? 0]?.name ?? null) : null;
  const told = { reason, action, to, view, twin, like: likeness(tier, nearness, findings.near) };
  // Equal images with different labels are a conflict; of similar ones the person is told.
  const labels =
    tier !== "near" || twin === null || twin.label === view.label
      ? ""
      : ` It is labelled ${view.label ?? "nothing"} here and ${twin.label ?? "nothing"} there.`;
  const detail = describe(told, fateOf(decision, twinIndex), findings.fingerprints.reasons.get(sample)) + labels;
  return { sample: view, action, to, reason, tier, twin, nearness, detail };
}

/** What becomes of a sample that is changed. */
export function actionOf(decision: Decision, sample: number): ChangeAction {
  if (decision.asks[sample] === 1) return "ask";
  return decision.stays[sample] === 1 ? "move" : "leave";
}

/** What becomes of a twin, to go on with behind its name: it stays or moves to a split, or leaves for a reason. */
function fateOf(decision: Decision, twin: number): { readonly stays: boolean; readonly text: string } {
  if (twin < 0 || decision.stays[twin] !== 1) {
    const isBalance = twin >= 0 && reasonOf(decision, twin) === "balance";
    return { stays: false, text: isBalance ? "which leaves so that classes are balanced" : "which leaves, too" };
  }
  const split = decision.splits[decision.splitOf[twin] ?? 0]?.name ?? "";
  const moves = reasonOf(decision, twin) !== undefined;
  return { stays: true, text: moves ? `which moves to ${split}` : `which stays in ${split}` };
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

/** A change as it is told: what a sentence about it is made of. */
interface Told {
  readonly reason: ChangeReason;
  readonly action: ChangeAction;
  readonly to: string | null;
  readonly view: SampleView;
  readonly twin: SampleView | null;
  /** Begins a sentence that goes on with the name of the twin. */
  readonly like: string;
}

function describe(told: Told, fate: ReturnType<typeof fateOf>, fault: string | undefined): string {
  const { reason, action, to, view, twin, like } = told;
  const same = `${like} ${twin?.id ?? ""}`;
  switch (reason) {
    case "leaks":
      if (action !== "move") return `${same}, ${fate.text}.`;
      return twin === null ? `Its group comes to ${to}.` : `${same}, ${fate.text}; it comes there.`;
    case "duplicate":
      return fate.stays ? `${same}, which stays.` : `${same}, ${fate.text}.`;
    case "conflict":
      return `${same}, but labelled ${view.label ?? "nothing"} here and ${twin?.label ?? "otherwise"} there; ${
        action === "ask" ? "say which of them stay" : fate.stays ? "that one stays" : "both leave"
      }.`;
    case "balance":
      return twin === null
        ? `Its class has more images in ${view.split} than the smallest one; chance chose it.`
        : `${same}, ${fate.text}.`;
    case "split":
      return twin === null ? "The dataset is divided anew." : `The dataset is divided anew. ${same}, ${fate.text}.`;
    case "edited":
      return action === "move" ? "Moved by hand." : "Taken out by hand.";
    case "label":
      return `A person judged its label ${view.label ?? ""} wrong.`;
    case "choice":
      return "A person said that it leaves.";
    case "unreadable":
      return `It cannot be read: ${fault ?? "unknown reason"}.`;
    case "invalid":
      return `It is no valid sample: ${fault ?? "unknown reason"}.`;
  }
}

function emptyCounts(): { -readonly [K in keyof RemovalCounts]: number } {
  const none = { leaks: 0, duplicate: 0, conflict: 0, unreadable: 0, invalid: 0 };
  return { ...none, balance: 0, split: 0, edited: 0, label: 0, choice: 0 };
}
