import * as vscode from "vscode";
import { counted } from "../core/counts";
import { verdictOf } from "../core/leakage/verdict";
import { plainLabel } from "./plainText";
import { pausedLine, progressLine } from "./progress";
import type { DatasetSession, DatasetSessions } from "./session";
import { evaluationLeaks } from "./views/evaluationLeaks";

/** The one status bar item: what is being done with the dataset used last, or what its inspection found. */
export class StatusBar implements vscode.Disposable {
  readonly #sessions: DatasetSessions;
  readonly #item: vscode.StatusBarItem;
  readonly #subscription: vscode.Disposable;
  #shown: DatasetSession | null = null;
  #progress: vscode.Disposable | null = null;

  constructor(sessions: DatasetSessions) {
    this.#sessions = sessions;
    this.#item = vscode.window.createStatusBarItem("cleansplit.status", vscode.StatusBarAlignment.Left, 10);
    this.#item.name = "CleanSplit";
    this.#subscription = sessions.onDidChange(() => this.#follow());
  }

  /** The text as it is shown; empty while the item is hidden. */
  get text(): string {
    return this.#shown === null ? "" : this.#item.text;
  }

  dispose(): void {
    this.#progress?.dispose();
    this.#subscription.dispose();
    this.#item.dispose();
  }

  #follow(): void {
    const session = this.#sessions.last;
    if (session !== this.#shown) {
      this.#progress?.dispose();
      this.#progress =
        session === null
          ? null
          : vscode.Disposable.from(
              session.onDidProgress(() => this.#show(session)),
              session.onDidSearch(() => this.#show(session)),
              session.labels.onDidProgress(() => this.#show(session)),
            );
      this.#shown = session;
    }
    if (session === null) this.#item.hide();
    else this.#show(session);
  }

  #show(session: DatasetSession): void {
    const { result, paused } = session;
    const { changes } = session.watching;
    const progress = session.progress ?? session.search.progress;
    this.#item.command = { command: "cleansplit.openReport", title: "", arguments: [session.id] };
    this.#item.backgroundColor = undefined;
    if (progress !== null) {
      this.#item.text = `$(sync~spin) ${progressLine(progress)}`;
      this.#item.tooltip = vscode.l10n.t("CleanSplit is working on {0}. Open the report.", session.name);
    } else if (session.training.isRunning) {
      this.#item.text =
        session.training.state.status === "paused"
          ? `$(debug-pause) ${vscode.l10n.t("Training paused")}`
          : `$(sync~spin) ${vscode.l10n.t("Training baseline")}`;
      this.#item.tooltip = vscode.l10n.t("CleanSplit is training on {0}. Open the training.", session.name);
      this.#item.command = { command: "cleansplit.openTraining", title: "", arguments: [session.id] };
    } else if (session.labels.state.progress !== null) {
      this.#item.text = `$(sync~spin) ${progressLine(session.labels.state.progress)}`;
      this.#item.tooltip = vscode.l10n.t("CleanSplit is auditing the labels of {0}. Open the audit.", session.name);
      this.#item.command = { command: "cleansplit.openLabels", title: "", arguments: [session.id] };
    } else if (paused !== null) {
      this.#item.text = `$(debug-pause) ${pausedLine(paused)}`;
      this.#item.tooltip = vscode.l10n.t(
        "The inspection of {0} is paused. Open the report to resume it.",
        session.name,
      );
    } else if (session.status === "failed") {
      this.#item.text = `$(error) ${plainLabel(session.name)}`;
      this.#item.tooltip = session.error ?? "";
    } else if (result === null) {
      this.#item.hide();
      return;
    } else if (changes !== null) {
      this.#item.text = `$(warning) ${vscode.l10n.t("{0} changed: inspect again", plainLabel(session.name))}`;
      this.#item.tooltip = [changes.text, ...changes.leaks].join("\n");
      this.#item.command = { command: "cleansplit.inspectAgain", title: "", arguments: [session.id] };
    } else {
      const verdict = verdictOf(result.report);
      const icon = verdict.level === "leak" ? "error" : verdict.level === "warning" ? "warning" : "pass";
      const leaks = evaluationLeaks(session.name, result).reduce((sum, leak) => sum + leak.samples, 0);
      const name = plainLabel(session.name);
      const found = leaks === 0 ? name : `${name}: ${counted(leaks, "leaking image")}`;
      this.#item.text = `$(${icon}) ${found}`;
      this.#item.tooltip = [verdict.text, ...verdict.details].join("\n");
    }
    this.#item.show();
  }
}
