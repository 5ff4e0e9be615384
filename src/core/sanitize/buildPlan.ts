import * as l10n from "@vscode/l10n";
import { decimalText } from "../language";
import { measureText } from "../near/near";
import { transformText } from "../near/transformText";
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
  const told = { reason, action, to, view, twin, same: likeness(tier, twin, nearness, findings.near) };
  const sentences = [describe(told, fateOf(decision, twinIndex), findings.fingerprints.reasons.get(sample))];
  // Equal images with different labels are a conflict; of similar ones the person is told.
  if (tier === "near" && twin !== null && twin.label !== view.label) {
    sentences.push(l10n.t("It is labelled {0} here and {1} there.", labelOf(view), labelOf(twin)));
  }
  return { sample: view, action, to, reason, tier, twin, nearness, detail: sentences.join(" ") };
}

/** The label of a sample in a sentence that says how it is labelled. */
function labelOf({ label }: SampleView): string {
  return label ?? l10n.t({ message: "nothing", comment: ["As in: labelled nothing."] });
}

/** What becomes of a sample that is changed. */
export function actionOf(decision: Decision, sample: number): ChangeAction {
  if (decision.asks[sample] === 1) return "ask";
  return decision.stays[sample] === 1 ? "move" : "leave";
}

/** What becomes of the twin of a sample that is changed: it stays or moves to a split, or leaves, perhaps for balance. */
type Fate = { readonly kind: "stays" | "moves"; readonly split: string } | { readonly kind: "leaves" | "balances" };

/** Whether a twin is in the copy. */
function isThere(fate: Fate): fate is Extract<Fate, { readonly split: string }> {
  return fate.kind === "stays" || fate.kind === "moves";
}

function fateOf(decision: Decision, twin: number): Fate {
  if (twin < 0 || decision.stays[twin] !== 1) {
    return { kind: twin >= 0 && reasonOf(decision, twin) === "balance" ? "balances" : "leaves" };
  }
  const split = decision.splits[decision.splitOf[twin] ?? 0]?.name ?? "";
  return { kind: reasonOf(decision, twin) === undefined ? "stays" : "moves", split };
}

/** The strictest tier at which two samples are duplicates. */
function tierOf(findings: Findings, sample: number, twin: number): Tier {
  if (isFileGroup(findings, Uint32Array.of(sample, twin))) return "file";
  const { near } = findings;
  return near === null || near.firstOf[sample] === near.firstOf[twin] ? "pixel" : "near";
}

/** What two samples have in common, with the name of the other one. */
function likeness(
  tier: Tier | null,
  twin: SampleView | null,
  nearness: Nearness | null,
  near: NearFindings | null,
): string {
  const name = twin?.id ?? "";
  if (tier === "file") return l10n.t("Same file as {0}", name);
  if (tier !== "near") return l10n.t("Same pixels as {0}", name);
  if (nearness === null || near === null) return l10n.t("Similar to {0}", name);
  const { transform, score } = nearness;
  const { measure } = near.search;
  const args = [measureText(measure), decimalText(score, measure.decimals), name];
  return transform === "as it is"
    ? l10n.t({ message: "Similar ({0} {1}) to {2}", args, comment: ["{0} and {1} e.g. RMS grey difference 4.1."] })
    : l10n.t({
        message: "Similar, {3}, ({0} {1}) to {2}",
        args: [...args, transformText(transform)],
        comment: ["{0} and {1} e.g. RMS grey difference 4.1, {2} an image, {3} e.g. mirrored."],
      });
}

/** A change as it is told: what a sentence about it is made of. */
interface Told {
  readonly reason: ChangeReason;
  readonly action: ChangeAction;
  readonly to: string | null;
  readonly view: SampleView;
  readonly twin: SampleView | null;
  /** What it has in common with the twin, with the name of that. */
  readonly same: string;
}

function describe(told: Told, fate: Fate, fault: string | undefined): string {
  const { reason, action, to, view, twin, same } = told;
  switch (reason) {
    case "leaks":
      if (action !== "move") return twinText(same, fate);
      return twin === null
        ? l10n.t({ message: "Its group comes to {0}.", args: [to ?? ""], comment: ["{0} the name of a split."] })
        : followText(same, fate);
    case "duplicate":
      return isThere(fate)
        ? l10n.t({
            message: "{0}, which stays.",
            args: [same],
            comment: ["{0} e.g. Same pixels as test/A/b.png, and that image stays."],
          })
        : twinText(same, fate);
    case "conflict":
      return conflictText(told, fate);
    case "balance":
      return twin === null
        ? l10n.t("Its class has more images in {0} than the smallest one; chance chose it.", view.split)
        : twinText(same, fate);
    case "split": {
      const anew = l10n.t("The dataset is divided anew.");
      return twin === null ? anew : `${anew} ${twinText(same, fate)}`;
    }
    case "edited":
      return action === "move" ? l10n.t("Moved by hand.") : l10n.t("Taken out by hand.");
    case "label":
      return l10n.t("A person judged its label {0} wrong.", view.label ?? "");
    case "choice":
      return l10n.t("A person said that it leaves.");
    case "unreadable":
      return l10n.t("It cannot be read: {0}.", fault ?? l10n.t("unknown reason"));
    case "invalid":
      return l10n.t("It is no valid sample: {0}.", fault ?? l10n.t("unknown reason"));
  }
}

/** What a sample and its twin have in common, and what becomes of the twin. */
function twinText(same: string, fate: Fate): string {
  switch (fate.kind) {
    case "stays":
      return l10n.t({
        message: "{0}, which stays in {1}.",
        args: [same, fate.split],
        comment: ["{0} e.g. Same pixels as test/A/b.png, and that image stays; {1} the name of a split."],
      });
    case "moves":
      return l10n.t({
        message: "{0}, which moves to {1}.",
        args: [same, fate.split],
        comment: ["{0} e.g. Same pixels as test/A/b.png, and that image moves; {1} the name of a split."],
      });
    case "leaves":
      return l10n.t({
        message: "{0}, which leaves, too.",
        args: [same],
        comment: ["{0} e.g. Same pixels as test/A/b.png, and that image leaves."],
      });
    case "balances":
      return l10n.t({
        message: "{0}, which leaves so that classes are balanced.",
        args: [same],
        comment: ["{0} e.g. Same pixels as test/A/b.png, and that image leaves."],
      });
  }
}

/** What is said of a sample that moves to where its twin is. */
function followText(same: string, fate: Fate): string {
  if (!isThere(fate)) return twinText(same, fate);
  const args = [same, fate.split];
  return fate.kind === "moves"
    ? l10n.t({
        message: "{0}, which moves to {1}; it comes there.",
        args,
        comment: ["{0} e.g. Same pixels as test/A/b.png, and that image moves to the split {1}; this one follows it."],
      })
    : l10n.t({
        message: "{0}, which stays in {1}; it comes there.",
        args,
        comment: ["{0} e.g. Same pixels as test/A/b.png, and that image stays in the split {1}; this one comes there."],
      });
}

function conflictText({ action, view, twin, same }: Told, fate: Fate): string {
  const other = twin?.label ?? l10n.t({ message: "otherwise", comment: ["As in: labelled otherwise."] });
  const args = [same, labelOf(view), other];
  if (action === "ask") {
    return l10n.t({
      message: "{0}, but labelled {1} here and {2} there; say which of them stay.",
      args,
      comment: ["{0} e.g. Same pixels as test/A/b.png."],
    });
  }
  return isThere(fate)
    ? l10n.t({
        message: "{0}, but labelled {1} here and {2} there; that one stays.",
        args,
        comment: ["{0} e.g. Same pixels as test/A/b.png."],
      })
    : l10n.t({
        message: "{0}, but labelled {1} here and {2} there; both leave.",
        args,
        comment: ["{0} e.g. Same pixels as test/A/b.png."],
      });
}

function emptyCounts(): { -readonly [K in keyof RemovalCounts]: number } {
  const none = { leaks: 0, duplicate: 0, conflict: 0, unreadable: 0, invalid: 0 };
  return { ...none, balance: 0, split: 0, edited: 0, label: 0, choice: 0 };
}
