import * as vscode from "vscode";
import type { Candidate } from "../../core/dataset/candidates";
import { verdictOf } from "../../core/leakage/verdict";
import { DatasetSession, type DatasetSessions } from "../session";
import type { DatasetNode } from "../views/datasetNodes";
import { plainLabel } from "../plainText";

/** Finds out which dataset a command is about. */
export class DatasetPicker {
  readonly #sessions: DatasetSessions;

  constructor(sessions: DatasetSessions) {
    this.#sessions = sessions;
  }

  /**
   * The dataset a command was given, by its id or a tree row; else the only one there is, else the one a person picks.
   * Without any that fits it offers to inspect one. `null` when the person wants none.
   */
  async pick(
    parameter: unknown,
    placeHolder: string,
    fits: (session: DatasetSession) => boolean = () => true,
  ): Promise<DatasetSession | null> {
    const given = this.given(parameter);
    if (given !== null) return given;
    const candidates = this.#sessions.all.filter(fits);
    const [first, second] = candidates;
    if (first === undefined) {
      await offerToInspect();
      return null;
    }
    if (second === undefined) return first;
    const items = candidates.map((session) => ({
      label: plainLabel(session.name),
      detail: plainLabel(detailOf(session)),
      session,
    }));
    const picked = await vscode.window.showQuickPick(items, { placeHolder, matchOnDetail: true });
    return picked?.session ?? null;
  }

  /** The dataset that an argument of a command names; `null` when it names none. */
  given(parameter: unknown): DatasetSession | null {
    if (typeof parameter === "string") return this.#sessions.find(parameter) ?? null;
    return nodeOf(parameter)?.session ?? null;
  }
}

/** The tree row that a command was given; `null` when it was given something else. */
export function nodeOf(parameter: unknown): DatasetNode | null {
  if (typeof parameter !== "object" || parameter === null || !("session" in parameter)) return null;
  // Only rows of our own tree carry a session.
  return parameter.session instanceof DatasetSession ? (parameter as DatasetNode) : null;
}

/** The tree rows that a command was given: those that are selected together with the one it was called on. */
export function nodesOf(clicked: unknown, selected: unknown): readonly DatasetNode[] {
  const given: readonly unknown[] = Array.isArray(selected) && selected.length > 0 ? selected : [clicked];
  return given.flatMap((one) => nodeOf(one) ?? []);
}

/** The rows of what was found in the workspace that a command was given. */
export function candidatesOf(clicked: unknown, selected: unknown): readonly Candidate[] {
  const given: readonly unknown[] = Array.isArray(selected) && selected.length > 0 ? selected : [clicked];
  return given.flatMap((one) => {
    if (typeof one !== "object" || one === null || !("candidate" in one)) return [];
    const { candidate } = one as { readonly candidate: Partial<Candidate> | null };
    const isCandidate =
      Array.isArray(candidate?.inputs) && candidate.inputs.every((input) => typeof input === "string");
    return isCandidate ? [candidate as Candidate] : [];
  });
}

function detailOf({ result, request }: DatasetSession): string {
  return result === null ? request.inputs.join(", ") : verdictOf(result.report).text;
}

async function offerToInspect(): Promise<void> {
  const inspect = vscode.l10n.t("Inspect Dataset");
  const sample = vscode.l10n.t("Open Sample Dataset");
  const question = vscode.l10n.t("No dataset was inspected yet.");
  const choice = await vscode.window.showInformationMessage(question, inspect, sample);
  if (choice === inspect) await vscode.commands.executeCommand("cleansplit.inspectDataset");
  if (choice === sample) await vscode.commands.executeCommand("cleansplit.openSampleDataset");
}
