import * as vscode from "vscode";
import type { Candidate } from "../../core/dataset/candidates";
import type { Role, Unit } from "../../core/dataset/dataset";
import { countEntries } from "../../core/leakage/brief";
import {
  TIERS,
  type GroupFilter,
  type GroupView,
  type Leakage,
  type Report,
  type SampleFault,
  type SampleView,
  type SplitCounts,
  type Tier,
} from "../../core/leakage/report";
import { integerText } from "../../core/language";
import type { ExperimentSummary } from "../../core/training/experiment";
import { fileOfFault } from "../samples";
import type { DatasetSession } from "../session";

/** What of one split occurs in another, and how many more of its images occur there only nearly. */
export interface SplitLeak extends Leakage {
  readonly nearly: number;
}

/** Most rows a branch shows before it offers more; VS Code asks for every row of a branch, one by one. */
export const PAGE_SIZE = 500;

/** Rows of a branch that are shown, of all there are: from `from` up to and without `to`. */
export interface Rows {
  readonly from: number;
  readonly to: number;
  readonly total: number;
}

interface Base {
  /** Unique in the tree and the same after a refresh, so that branches stay open. */
  readonly id: string;
  readonly session: DatasetSession;
  readonly parent: DatasetNode | null;
}

/** What was found in the workspace and is not on the list: a row that holds them, and one for each. */
export type FoundNode =
  | { readonly kind: "found"; readonly id: "found"; readonly candidates: readonly Candidate[]; readonly parent: null }
  | { readonly kind: "candidate"; readonly id: string; readonly candidate: Candidate; readonly parent: FoundNode };

/** Any row of the tree. */
export type TreeNode = DatasetNode | FoundNode;

/** A row of a dataset on the list, or below one. */
export type DatasetNode = Base &
  (
    | { readonly kind: "dataset"; readonly isInspected: boolean }
    | { readonly kind: "splits"; readonly report: Report }
    | { readonly kind: "split"; readonly split: SplitCounts }
    | { readonly kind: "class"; readonly name: string; readonly samples: number }
    | { readonly kind: "leftOut"; readonly unit: Unit }
    | { readonly kind: "leakage"; readonly leaks: readonly SplitLeak[] }
    | { readonly kind: "leak"; readonly leak: SplitLeak; readonly role: Role; readonly filter: GroupFilter }
    | { readonly kind: "duplicates"; readonly report: Report }
    | {
        readonly kind: "tier";
        readonly tier: Tier;
        readonly groups: number;
        readonly samples: number;
        readonly filter: GroupFilter;
      }
    | { readonly kind: "conflicts"; readonly report: Report; readonly filter: GroupFilter }
    | { readonly kind: "blank"; readonly report: Report; readonly filter: GroupFilter }
    | {
        readonly kind: "faults";
        readonly of: "unreadable" | "invalid";
        readonly report: Report;
        readonly total: number;
      }
    | { readonly kind: "group"; readonly group: GroupView; readonly filter: GroupFilter; readonly position: number }
    | { readonly kind: "sample"; readonly view: SampleView }
    | { readonly kind: "fault"; readonly fault: SampleFault; readonly file: string | null }
    | { readonly kind: "experiments"; readonly kept: readonly ExperimentSummary[] }
    | { readonly kind: "experiment"; readonly summary: ExperimentSummary }
    | { readonly kind: "more"; readonly of: string; readonly side: "before" | "after"; readonly rows: Rows }
    | { readonly kind: "note"; readonly text: string }
  );

/** A row of one kind. */
export type NodeOf<K extends DatasetNode["kind"]> = Extract<DatasetNode, { kind: K }>;

/**
 * The row of a dataset. VS Code keeps a row that had no children closed when it gets some, so an inspected dataset is
 * another row than it was before.
 */
export function datasetNode(session: DatasetSession): NodeOf<"dataset"> {
  const isInspected = session.result !== null;
  return {
    kind: "dataset",
    id: isInspected ? `${session.id} inspected` : session.id,
    session,
    parent: null,
    isInspected,
  };
}

/** What is found under an inspected dataset. */
export function findingNodes(parent: NodeOf<"dataset">): readonly DatasetNode[] {
  const { session } = parent;
  const report = session.result?.report;
  const base = (name: string): Base => ({ id: `${parent.id}/${name}`, session, parent });
  const nodes: DatasetNode[] = [];
  if (report !== undefined) {
    const leaks = splitLeaks(report);
    nodes.push({ ...base("splits"), kind: "splits", report });
    if (report.splits.length > 1) nodes.push({ ...base("leakage"), kind: "leakage", leaks });
    nodes.push(
      { ...base("duplicates"), kind: "duplicates", report },
      { ...base("conflicts"), kind: "conflicts", report, filter: { conflict: true } },
      { ...base("unreadable"), kind: "faults", of: "unreadable", report, total: countEntries(report, "unreadable") },
    );
    const invalid = countEntries(report, "invalid");
    if (invalid > 0) nodes.push({ ...base("invalid"), kind: "faults", of: "invalid", report, total: invalid });
    nodes.push({ ...base("blank"), kind: "blank", report, filter: { blank: true } });
  }
  const { kept } = session.training.state;
  if (kept.length > 0) nodes.push({ ...base("experiments"), kind: "experiments", kept });
  return nodes;
}

/** Every direction in which something leaks, counted at tier `pixel` and beyond it. */
function splitLeaks({ leakage }: Report): readonly SplitLeak[] {
  return leakage.flatMap((leak) => {
    if (leak.tier !== "pixel") return [];
    const near = leakage.find((other) => other.tier === "near" && other.split === leak.split && other.in === leak.in);
    const nearly = (near?.samples ?? leak.samples) - leak.samples;
    return leak.samples + nearly > 0 ? [{ ...leak, nearly }] : [];
  });
}

/** The splits of a dataset, and the parts that a person left out. */
export function splitNodes(parent: NodeOf<"splits">): readonly DatasetNode[] {
  const { session, report } = parent;
  const splits = report.splits.map((split): DatasetNode => ({
    kind: "split",
    id: `${parent.id}/${split.name}`,
    session,
    parent,
    split,
  }));
  const leftOut = report.dataset.units
    .filter((unit) => unit.split === null)
    .map((unit): DatasetNode => ({ kind: "leftOut", id: `${parent.id}//${unit.path}`, session, parent, unit }));
  return [...splits, ...leftOut];
}

/** The classes of a split, in the order of the dataset's classes. */
export function classNodes(parent: NodeOf<"split">): readonly DatasetNode[] {
  return Object.entries(parent.split.classes)
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
    .slice(0, PAGE_SIZE)
    .map(([name, samples]): DatasetNode => ({
      kind: "class",
      id: `${parent.id}/${name}`,
      session: parent.session,
      parent,
      name,
      samples,
    }));
}

/** Leakage, what matters most first: of test and validation, then the larger. */
export function leakNodes(parent: NodeOf<"leakage">): readonly DatasetNode[] {
  const splits = parent.session.result?.report.splits ?? [];
  const roleOf = (name: string): Role => splits.find((split) => split.name === name)?.role ?? "other";
  const order: Readonly<Record<Role, number>> = { test: 0, validation: 1, other: 2, train: 3 };
  return [...parent.leaks]
    .sort((a, b) => order[roleOf(a.split)] - order[roleOf(b.split)] || b.samples - a.samples || b.nearly - a.nearly)
    .map((leak): DatasetNode => ({
      kind: "leak",
      id: `${parent.id}/${leak.split}/${leak.in}`,
      session: parent.session,
      parent,
      leak,
      role: roleOf(leak.split),
      filter: { splits: [leak.split, leak.in], ...(leak.nearly > 0 ? { tier: "near" as const } : {}) },
    }));
}

/**
 * The tiers of equality. Each counts the groups of the stricter ones too: the same bytes are the same pixels. Of the groups
 * of similar images those are first that are in most doubt.
 */
export function tierNodes(parent: NodeOf<"duplicates">): readonly DatasetNode[] {
  const { session, report } = parent;
  return TIERS.flatMap((tier): DatasetNode[] => {
    const counts = report.duplicates[tier];
    if (counts === undefined) return [];
    const { groups, samples } = counts;
    const filter: GroupFilter = tier === "near" ? { tier, sort: "doubt" } : { tier };
    return [{ kind: "tier", id: `${parent.id}/${tier}`, session, parent, tier, groups, samples, filter }];
  });
}

/** Rows of groups that pass a filter, from the one at `from`; `total` is how many pass. */
export function groupNodes(
  parent: DatasetNode,
  filter: GroupFilter,
  groups: readonly GroupView[],
  from: number,
  total: number,
): readonly DatasetNode[] {
  const { session } = parent;
  const rows = groups.map((group, index): DatasetNode => {
    const position = from + index;
    return { kind: "group", id: `${parent.id}/${group.group}`, session, parent, group, filter, position };
  });
  return withMore(parent, rows, from, total);
}

/** The samples of a group. */
export function sampleNodes(parent: NodeOf<"group">, members: readonly SampleView[]): readonly DatasetNode[] {
  const { session } = parent;
  const rows = members.map((view): DatasetNode => ({
    kind: "sample",
    id: `${parent.id}/${view.sample}`,
    session,
    parent,
    view,
  }));
  if (rows.length >= parent.group.size) return rows;
  const text = vscode.l10n.t("{0} more in the report", integerText(parent.group.size - rows.length));
  return [...rows, noteNode(parent, text)];
}

/** Samples that cannot be used. */
export function faultNodes(parent: NodeOf<"faults">, shown: number): readonly DatasetNode[] {
  const { session, report, of, total } = parent;
  const faults = report[of];
  const rows = faults.slice(0, shown).map((fault): DatasetNode => ({
    kind: "fault",
    id: `${parent.id}/${fault.sample}`,
    session,
    parent,
    fault,
    file: of === "unreadable" ? fileOfFault(session, fault) : null,
  }));
  if (rows.length < faults.length || faults.length === total) return withMore(parent, rows, 0, faults.length);
  return [
    ...rows,
    noteNode(parent, vscode.l10n.t("{0} more are listed by the command line", integerText(total - rows.length))),
  ];
}

/** Kept experiments, the newest first. */
export function experimentNodes(parent: NodeOf<"experiments">): readonly DatasetNode[] {
  return parent.kept.slice(0, PAGE_SIZE).map((summary): DatasetNode => ({
    kind: "experiment",
    id: `${parent.id}/${summary.experiment}`,
    session: parent.session,
    parent,
    summary,
  }));
}

/** A row that only says something. */
export function noteNode(parent: DatasetNode, text: string): DatasetNode {
  return { kind: "note", id: `${parent.id}/note`, session: parent.session, parent, text };
}

/** The image file a node stands for; `null` for everything else. */
export function fileOfNode(node: DatasetNode): string | null {
  switch (node.kind) {
    case "sample":
      return node.view.file;
    case "fault":
      return node.file;
    case "leftOut":
      return node.unit.path.replace(/#[^#/\\]*$/, "");
    case "split": {
      const unit = node.session.result?.report.dataset.units.find(({ split }) => split === node.split.name);
      return unit === undefined ? null : unit.path.replace(/#[^#/\\]*$/, "");
    }
    default:
      return node.session.request.inputs[0] ?? null;
  }
}

function withMore(
  parent: DatasetNode,
  nodes: readonly DatasetNode[],
  from: number,
  total: number,
): readonly DatasetNode[] {
  const rows: Rows = { from, to: from + nodes.length, total };
  const more = (side: "before" | "after"): DatasetNode => {
    return { kind: "more", id: `${parent.id}/${side}`, session: parent.session, parent, of: parent.id, side, rows };
  };
  return [...(rows.from > 0 ? [more("before")] : []), ...nodes, ...(rows.to < total ? [more("after")] : [])];
}

/** The row of all that was found, and below it one for each. */
export function foundNode(candidates: readonly Candidate[]): FoundNode & { readonly kind: "found" } {
  return { kind: "found", id: "found", candidates, parent: null };
}

/** What was found, each as a row. */
export function candidateNodes(parent: FoundNode & { readonly kind: "found" }): readonly FoundNode[] {
  return parent.candidates.map((candidate): FoundNode => {
    return { kind: "candidate", id: `found/${candidate.inputs.join("\n")}`, candidate, parent };
  });
}
