import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../errors";
import type { Findings } from "../leakage/findings";
import type { SampleNames } from "../leakage/buildReport";
import { actionOf } from "./buildPlan";
import type { EntryAction, PlanEntry } from "./planFile";
import { CHANGE_REASONS, isChanged, STAYS, type Decision } from "./policy";

/** A decision with what a person changed in its plan file. */
export interface Edited {
  readonly decision: Decision;
  /** The samples that are treated otherwise than the policy decided, also those that stay where they are now. */
  readonly edited: ReadonlySet<number>;
}

/**
 * A decision with the entries of a plan file in place of its changes: a sample without an entry stays where it is. Throws a
 * `CleanSplitError` that names the entry when it is of no sample of the dataset, of another split or label than the
 * sample's, or moves it to a split that there is not.
 */
export function applyEdits(
  base: Decision,
  findings: Findings,
  names: SampleNames,
  entries: ReadonlyMap<string, PlanEntry>,
): Edited {
  const decision = {
    splits: base.splits,
    stays: base.stays.slice(),
    splitOf: base.splitOf.slice(),
    asks: base.asks.slice(),
    reasonOf: base.reasonOf.slice(),
    twinOf: base.twinOf.slice(),
  };
  const edited = new Set<number>();
  const { table } = findings;
  let used = 0;
  for (let sample = 0; sample < table.count; sample++) {
    const id = names.id(sample);
    const entry = entries.get(id);
    const home = table.splitOf[sample] ?? 0;
    if (entry !== undefined) {
      used += 1;
      checkSample(entry, id, findings, sample);
    } else if (!isChanged(base, sample)) continue;
    const to = entry?.action === "move" ? splitNamed(base, id, entry.to) : home;
    const action = entry === undefined || (entry.action === "move" && to === home) ? "stay" : entry.action;
    const before: EntryAction = isChanged(base, sample) ? actionOf(base, sample) : "stay";
    if (action === before && (action !== "move" || to === base.splitOf[sample])) continue;
    if (action === "ask") {
      throw refused(
        id,
        l10n.t("its action cannot become {0}: say {1}, {2} or {3}", '"ask"', '"stay"', '"leave"', '"move"'),
      );
    }
    edited.add(sample);
    decision.stays[sample] = action === "leave" ? 0 : 1;
    decision.splitOf[sample] = to;
    decision.asks[sample] = 0;
    decision.reasonOf[sample] = action === "stay" ? STAYS : CHANGE_REASONS.indexOf("edited");
    decision.twinOf[sample] = -1;
  }
  if (used < entries.size) throw unknownSample(entries, names, table.count);
  return { decision, edited };
}

function checkSample(entry: PlanEntry, id: string, { table }: Findings, sample: number): void {
  const split = table.splits[table.splitOf[sample] ?? 0]?.name ?? "";
  const label = table.classes[table.classOf[sample] ?? -1] ?? null;
  if (entry.split !== undefined && entry.split !== split) {
    throw refused(
      id,
      l10n.t(
        "it is in the split {0}, not in {1}; to move it, say {2} and {3}",
        split,
        entry.split,
        '"action": "move"',
        '"to"',
      ),
    );
  }
  if (entry.label !== undefined && entry.label !== label) {
    const [is, said] = [label, entry.label].map(
      (name) => name ?? l10n.t({ message: "none", comment: ["As in: its label is none."] }),
    );
    throw refused(id, l10n.t("its label is {0}, not {1}; a plan changes no labels", is ?? "", said ?? ""));
  }
}

function splitNamed({ splits }: Decision, id: string, name: string | null): number {
  const split = splits.findIndex((known) => known.name === name);
  if (split >= 0) return split;
  throw refused(
    id,
    l10n.t(
      "there is no split {0} to move it to; there is {1}",
      name ?? "",
      splits.map((known) => known.name).join(", "),
    ),
  );
}

function unknownSample(entries: ReadonlyMap<string, PlanEntry>, names: SampleNames, count: number): CleanSplitError {
  const missing = new Set(entries.keys());
  for (let sample = 0; sample < count; sample++) missing.delete(names.id(sample));
  const [first = ""] = missing;
  const rest = missing.size - 1;
  return refused(
    first,
    rest > 0
      ? l10n.t("there is no such image in the dataset, nor {0} more; remove the entry or correct its id", rest)
      : l10n.t("there is no such image in the dataset; remove the entry or correct its id"),
  );
}

function refused(id: string, what: string): CleanSplitError {
  return new CleanSplitError(
    "refused",
    l10n.t({
      message: "The entry of {0} in the plan file cannot be used: {1}.",
      args: [JSON.stringify(id.slice(0, 300)), what],
      comment: ["{0} an image in quotes, {1} why."],
    }),
  );
}
