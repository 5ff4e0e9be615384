import { setImmediate as nextTurn } from "node:timers/promises";
import * as vscode from "vscode";
import { counted } from "../core/counts";
import type { GroupFilter, GroupView, MemberView, Report } from "../core/leakage/report";
import { integerText } from "../core/language";
import type { InspectionResult } from "../engine/engine";
import { fileOfFault } from "./samples";
import type { DatasetSession, DatasetSessions } from "./session";

const SETTING = "cleansplit.problems.enabled";

/** Files of one dataset that are listed; more would be read by nobody, and slow the list down for all other problems. */
const MAX_FILES = 1000;

/** Groups of one kind that are read, those at a time, and members of each. */
const MAX_GROUPS = 5000;
const GROUPS_AT_ONCE = 250;
const MEMBERS_EACH = 100;

/** Twins that one problem leads to. */
const MAX_TWINS = 10;

/** A page of groups that takes longer than this is not waited for. */
const PATIENCE_MS = 30_000;

/** Which groups are problems, the gravest first. A group that passes both filters is told of by both. */
const KINDS = [
  { kind: "conflict", filter: { conflict: true } },
  { kind: "leak", filter: { leaking: true } },
] as const satisfies readonly { readonly kind: ProblemKind; readonly filter: GroupFilter }[];

type ProblemKind = "conflict" | "leak";

/**
 * Lists leaks, label conflicts and unreadable images among the problems of the workspace, if that is wanted: after each
 * inspection, page by page, and only as many as somebody would look at.
 */
export class DatasetProblems implements vscode.Disposable {
  readonly #sessions: DatasetSessions;
  readonly #subscriptions: vscode.Disposable;
  readonly #listed = new Map<DatasetSession, Listed>();

  constructor(sessions: DatasetSessions) {
    this.#sessions = sessions;
    this.#subscriptions = vscode.Disposable.from(
      sessions.onDidChange(() => this.#follow()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(SETTING)) this.#follow();
      }),
    );
  }

  dispose(): void {
    this.#subscriptions.dispose();
    for (const listed of this.#listed.values()) listed.dispose();
  }

  #follow(): void {
    const isWanted = vscode.workspace.getConfiguration().get<boolean>(SETTING) === true;
    const all = new Set(isWanted ? this.#sessions.all : []);
    for (const [session, listed] of this.#listed) {
      // Near duplicates change the report, and nothing of what is listed.
      if (all.has(session) && session.result?.inspection === listed.inspection) continue;
      listed.dispose();
      this.#listed.delete(session);
    }
    for (const session of all) {
      const { result } = session;
      if (result !== null && !this.#listed.has(session)) this.#listed.set(session, new Listed(session, result));
    }
  }
}

/** What is listed of one inspection. */
class Listed implements vscode.Disposable {
  readonly inspection: string;
  readonly #session: DatasetSession;
  readonly #collection = vscode.languages.createDiagnosticCollection("cleansplit.dataset");
  readonly #closed = new vscode.CancellationTokenSource();

  constructor(session: DatasetSession, { inspection, report }: InspectionResult) {
    this.inspection = inspection;
    this.#session = session;
    void this.#list(report);
  }

  dispose(): void {
    this.#closed.cancel();
    this.#closed.dispose();
    this.#collection.dispose();
  }

  async #list(report: Report): Promise<void> {
    const files = new Files(report);
    for (const { kind, filter } of KINDS) {
      let total = 1;
      for (let from = 0; from < Math.min(total, MAX_GROUPS) && !files.areFull; from += GROUPS_AT_ONCE) {
        const query = { ...filter, from, count: GROUPS_AT_ONCE, membersEach: MEMBERS_EACH };
        const page = await this.#session.glance(
          (engine, inspection, run) => engine.groups({ inspection, query }, run),
          this.#closed.token,
          PATIENCE_MS,
        );
        if (page === null || this.#closed.token.isCancellationRequested) return;
        for (const group of page.groups) files.addGroup(kind, group);
        total = page.total;
        await nextTurn();
      }
      if (total > MAX_GROUPS) files.areAll = false;
    }
    for (const fault of report.unreadable) {
      const file = fileOfFault(this.#session, fault);
      if (file !== null) files.add(file, "unreadable", vscode.l10n.t("Cannot be read: {0}", fault.reason), WARNING);
    }
    const [input] = this.#session.request.inputs;
    if (input !== undefined) files.addRest(input);
    if (!this.#closed.token.isCancellationRequested) this.#collection.set(files.entries());
  }
}

const { Error: ERROR, Warning: WARNING, Information: INFORMATION } = vscode.DiagnosticSeverity;

/** Problems by file. */
class Files {
  readonly #report: Report;
  readonly #problems = new Map<string, vscode.Diagnostic[]>();
  /** Samples that are no files, by the array or archive they are in and what is the matter. */
  readonly #inside = new Map<string, Record<ProblemKind, number>>();

  /** Whether all groups were read, so that counts are exact. */
  areAll = true;

  constructor(report: Report) {
    this.#report = report;
  }

  get areFull(): boolean {
    return this.#problems.size >= MAX_FILES;
  }

  addGroup(kind: ProblemKind, group: GroupView): void {
    if (group.members.length < group.size) this.areAll = false;
    for (const member of group.members) {
      if (!member.isImageFile) this.#countInside(kind, member);
      else {
        const twins = group.members.filter((other) => isTwin(kind, member, other));
        if (twins.length > 0) this.#addTwins(kind, member, twins);
      }
    }
  }

  /** Notes a problem of a file, unless there are too many files. */
  add(file: string, code: string, text: string, severity: vscode.DiagnosticSeverity): vscode.Diagnostic | null {
    const known = this.#problems.get(file);
    if (known === undefined && this.areFull) return null;
    const problem = new vscode.Diagnostic(START, text, severity);
    problem.source = "CleanSplit";
    problem.code = code;
    if (known === undefined) this.#problems.set(file, [problem]);
    else known.push(problem);
    return problem;
  }

  /** Notes how much is not listed, at the dataset itself. */
  addRest(input: string): void {
    if (!this.areFull) return;
    const { conflicts, leakage } = this.#report;
    const leaks = leakage.filter(({ tier }) => tier === "pixel").reduce((sum, { groups }) => sum + groups, 0);
    const text = vscode.l10n.t(
      "Only {0} files are listed here. The report has all {1} with contradicting labels and all that leak ({2} over all directions).",
      integerText(MAX_FILES),
      counted(conflicts.groups, "group"),
      counted(leaks, "group"),
    );
    const problem = new vscode.Diagnostic(START, text, INFORMATION);
    problem.source = "CleanSplit";
    this.#problems.set(input, [...(this.#problems.get(input) ?? []), problem]);
  }

  entries(): [vscode.Uri, vscode.Diagnostic[]][] {
    for (const [file, counts] of this.#inside) {
      if (counts.conflict > 0) this.add(file, "conflict", conflictText(counts.conflict, this.areAll), WARNING);
      if (counts.leak > 0) this.add(file, "leak", leakText(counts.leak, this.areAll), WARNING);
    }
    this.#inside.clear();
    return [...this.#problems].map(([file, problems]) => [vscode.Uri.file(file), problems]);
  }

  #addTwins(kind: ProblemKind, member: MemberView, twins: readonly MemberView[]): void {
    const splits = [...new Set(twins.map(({ split }) => split))].join(", ");
    const labels = [...new Set(twins.flatMap(({ label }) => label ?? []))].join(", ");
    const problem =
      kind === "leak"
        ? this.add(
            member.file,
            kind,
            vscode.l10n.t("This image of {0} also occurs in {1}.", member.split, splits),
            this.#isEvaluated(member) ? ERROR : WARNING,
          )
        : this.add(
            member.file,
            kind,
            vscode.l10n.t("This image is labelled {0}, and an equal one {1}.", member.label ?? "", labels),
            WARNING,
          );
    if (problem === null) return;
    problem.relatedInformation = twins.slice(0, MAX_TWINS).map((twin) => {
      const text = twin.label === null ? twin.split : vscode.l10n.t("{0} · {1}", twin.split, twin.label);
      return new vscode.DiagnosticRelatedInformation(
        new vscode.Location(vscode.Uri.file(twin.file), START),
        twin.isImageFile ? text : `${text}: ${twin.id}`,
      );
    });
  }

  #countInside(kind: ProblemKind, { file }: MemberView): void {
    const counts = this.#inside.get(file) ?? { conflict: 0, leak: 0 };
    counts[kind] += 1;
    this.#inside.set(file, counts);
  }

  /** Whether scores are measured on an image: one that is in training data, too, makes them too good. */
  #isEvaluated({ split }: MemberView): boolean {
    const role = this.#report.splits.find(({ name }) => name === split)?.role;
    return role === "test" || role === "validation";
  }
}

const START = new vscode.Range(0, 0, 0, 0);

function conflictText(images: number, areAll: boolean): string {
  const count = integerText(images);
  if (images === 1) {
    return areAll
      ? vscode.l10n.t("{0} image in this file equals an image with another label.", count)
      : vscode.l10n.t("At least {0} image in this file equals an image with another label.", count);
  }
  return areAll
    ? vscode.l10n.t("{0} images in this file equal an image with another label.", count)
    : vscode.l10n.t("At least {0} images in this file equal an image with another label.", count);
}

function leakText(images: number, areAll: boolean): string {
  const count = integerText(images);
  if (images === 1) {
    return areAll
      ? vscode.l10n.t("{0} image in this file also occurs in another split.", count)
      : vscode.l10n.t("At least {0} image in this file also occurs in another split.", count);
  }
  return areAll
    ? vscode.l10n.t("{0} images in this file also occur in another split.", count)
    : vscode.l10n.t("At least {0} images in this file also occur in another split.", count);
}

function isTwin(kind: ProblemKind, member: MemberView, other: MemberView): boolean {
  return kind === "leak" ? other.split !== member.split : other.label !== null && other.label !== member.label;
}
