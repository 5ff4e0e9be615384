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
    if (action === "ask") throw refused(id, 'its action cannot become "ask": say "stay", "leave" or "move"');
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
    throw refused(id, `it is in the split ${split}, not in ${entry.split}; to move it, say "action": "move" and "to"`);
  }
  if (entry.label !== undefined && entry.label !== label) {
    const [is, said] = [label ?? "none", entry.label ?? "none"];
    throw refused(id, `its label is ${is}, not ${said}; a plan changes no labels`);
  }
}

function splitNamed({ splits }: Decision, id: string, name: string | null): number {
  const split = splits.findIndex((known) => known.name === name);
  if (split >= 0) return split;
  throw refused(
    id,
    `there is no split ${name ?? ""} to move it to; there is ${splits.map((known) => known.name).join(", ")}`,
  );
}

function unknownSample(entries: ReadonlyMap<string, PlanEntry>, names: SampleNames, count: number): CleanSplitError {
  const missing = new Set(entries.keys());
  for (let sample = 0; sample < count; sample++) missing.delete(names.id(sample));
  const [first = ""] = missing;
  const more = missing.size > 1 ? `, nor ${missing.size - 1} more` : "";
  return refused(first, `there is no such image in the dataset${more}; remove the entry or correct its id`);
}

function refused(id: string, what: string): CleanSplitError {
  return new CleanSplitError(
    "refused",
    `The entry of ${JSON.stringify(id.slice(0, 300))} in the plan file cannot be used: ${what}.`,
  );
}
