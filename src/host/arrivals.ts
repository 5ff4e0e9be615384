import * as vscode from "vscode";
import { integerText } from "../core/language";
import { plainMessage } from "./plainText";
import type { DatasetSession, DatasetSessions } from "./session";
import type { ArrivedLeak } from "./watching";

/** Says at once when images come into a dataset that equal some of another split. */
export function tellArrivals(sessions: DatasetSessions): vscode.Disposable {
  return sessions.onDidLeak(({ session, leaks }) => void tell(session, leaks));
}

async function tell(session: DatasetSession, leaks: readonly ArrivedLeak[]): Promise<void> {
  const [first, ...others] = leaks;
  if (first === undefined) return;
  const message =
    others.length === 0
      ? vscode.l10n.t("{0}: {1} It would leak.", session.name, first.text)
      : vscode.l10n.t(
          "{0}: {1} images came that equal images of other splits. {2}",
          session.name,
          integerText(leaks.length),
          first.text,
        );
  const [show, inspect, settings] = [
    vscode.l10n.t("Reveal in Explorer"),
    vscode.l10n.t("Inspect Again"),
    vscode.l10n.t("Settings"),
  ];
  const choice = await vscode.window.showWarningMessage(plainMessage(message), show, inspect, settings);
  const { executeCommand } = vscode.commands;
  if (choice === show) await executeCommand("revealInExplorer", vscode.Uri.file(first.file));
  if (choice === inspect) await executeCommand("cleansplit.inspectAgain", session.id);
  if (choice === settings) await executeCommand("workbench.action.openSettings", "cleansplit.watch");
}
