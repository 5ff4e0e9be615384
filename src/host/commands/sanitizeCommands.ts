import * as vscode from "vscode";
import { number, plural } from "../../core/leakage/verdict";
import type { ApplyResult, PlanSummary } from "../../core/sanitize/plan";
import type { DatasetPanels } from "../panels/datasetPanels";
import type { ReportPanel } from "../panels/reportPanel";
import { progressLine } from "../progress";
import { reveal } from "../samples";
import type { DatasetSession } from "../session";
import { problemWithTarget, proposeTarget } from "../targetFolder";
import { requireTrust } from "../trust";
import type { Command } from "./command";
import type { DatasetPicker } from "./datasetPicker";

/** The command that writes a sanitized copy: plan, preview in the report, folder, writing. */
export function sanitizeCommands(picker: DatasetPicker, reports: DatasetPanels<ReportPanel>): readonly Command[] {
  return [
    {
      id: "cleansplit.writeSanitizedDataset",
      run: async (parameter) => {
        if (!(await requireTrust(vscode.l10n.t("Writing creates a folder with the images that stay.")))) return;
        const session = await picker.pick(parameter, vscode.l10n.t("Which dataset should be sanitized?"));
        if (session === null) return;
        reports.show(session);
        const plan = session.plan ?? (await session.makePlan());
        const target = await askForTarget(session, plan);
        if (target === null) return;
        const result = await writeWithProgress(session, target);
        // The message waits for an answer; the command is done.
        void offerResult(result);
      },
    },
  ];
}

/** Asks where to write. The preview stays readable behind the box; without an answer it stays in the report. */
async function askForTarget(session: DatasetSession, plan: PlanSummary): Promise<string | null> {
  const value = await proposeTarget(session);
  const target = await vscode.window.showInputBox({
    title: vscode.l10n.t("Write Sanitized Dataset"),
    prompt: vscode.l10n.t(
      "{0} of {1} stay, {2} leave; the source is not changed. Review the plan in the report, then confirm the new folder.",
      number(plan.after),
      plural(plan.before, "image"),
      number(plan.before - plan.after),
    ),
    value,
    valueSelection: [value.length, value.length],
    ignoreFocusOut: true,
    validateInput: (text) => problemWithTarget(text.trim(), session.request.inputs),
  });
  return target?.trim() ?? null;
}

async function writeWithProgress(session: DatasetSession, target: string): Promise<ApplyResult> {
  const title = vscode.l10n.t("Writing {0}", target);
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title, cancellable: true }, async (progress, token) => {
    let share = 0;
    const listeners = vscode.Disposable.from(
      token.onCancellationRequested(() => void session.cancel()),
      session.onDidProgress((view) => {
        const done = view.total > 0 ? (100 * view.done) / view.total : 0;
        progress.report({ message: progressLine(view), increment: Math.max(0, done - share) });
        share = Math.max(share, done);
      }),
    );
    try {
      return await session.applyPlan(target);
    } finally {
      listeners.dispose();
    }
  });
}

async function offerResult({ folder, samples, verified }: ApplyResult): Promise<void> {
  const inspect = vscode.l10n.t("Inspect It");
  const show = vscode.l10n.t("Reveal");
  const open = vscode.l10n.t("Open Folder");
  const message = vscode.l10n.t("Wrote {0} to {1}. Checked: {2}", plural(samples, "image"), folder, verified.join(" "));
  const choice = await vscode.window.showInformationMessage(message, inspect, show, open);
  const uri = vscode.Uri.file(folder);
  if (choice === inspect) await vscode.commands.executeCommand("cleansplit.inspectDataset", uri);
  if (choice === show) await reveal(folder);
  if (choice === open) await vscode.commands.executeCommand("vscode.openFolder", uri, { forceNewWindow: true });
}
