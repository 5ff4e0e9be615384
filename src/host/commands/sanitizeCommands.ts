import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as vscode from "vscode";
import { counted } from "../../core/counts";
import { CleanSplitError } from "../../core/errors";
import { integerText } from "../../core/language";
import type { ApplyResult, PlanSummary } from "../../core/sanitize/plan";
import type { DatasetPanels } from "../panels/datasetPanels";
import type { ReportPanel } from "../panels/reportPanel";
import { isPlanText, MAX_EDITED_CHARACTERS, planInputs } from "../planDocuments";
import { progressLine } from "../progress";
import { reveal } from "../samples";
import { sessionId, type DatasetSession } from "../session";
import { settings } from "../settings";
import { problemWithTarget, proposeTarget } from "../targetFolder";
import { requireTrust } from "../trust";
import type { Command } from "./command";
import type { DatasetPicker } from "./datasetPicker";
import { plainMessage } from "../plainText";

/** Commands from the plan of a sanitized copy to its folder, and the one that moves images out of a dataset instead. */
export function sanitizeCommands(picker: DatasetPicker, reports: DatasetPanels<ReportPanel>): readonly Command[] {
  /** The dataset that is meant, with its report in view and a plan. */
  const planned = async (parameter: unknown, question: string): Promise<DatasetSession | null> => {
    const session = await picker.pick(parameter, question);
    if (session === null) return null;
    reports.show(session);
    if (session.sanitizing.plan === null) await session.sanitizing.makePlan();
    return session;
  };
  return [
    {
      id: "cleansplit.writeSanitizedDataset",
      run: async (parameter, interrupted) => {
        if (!(await mayWrite())) return;
        const session = await planned(parameter, vscode.l10n.t("Which dataset should be sanitized?"));
        if (session === null) return;
        await write(session, typeof interrupted === "string" ? interrupted : null);
      },
    },
    {
      id: "cleansplit.openPlanAsJson",
      run: async (parameter) => {
        const session = await planned(parameter, vscode.l10n.t("Which dataset's plan should be opened?"));
        if (session !== null) await openPlan(session);
      },
    },
    {
      id: "cleansplit.writeFromPlanFile",
      run: async (parameter) => {
        if (!(await mayWrite())) return;
        const file = await givenPlan(parameter);
        if (file === null) return;
        const question = vscode.l10n.t("Which dataset is the plan of?");
        const inputs = planInputs(file.text);
        const known = inputs === null ? null : picker.given(sessionId({ inputs, assignments: [] }));
        const session = known ?? (await picker.pick(undefined, question));
        if (session === null) return;
        reports.show(session);
        await session.sanitizing.readPlan(file.text, file.name);
        await write(session, null);
      },
    },
    {
      id: "cleansplit.quarantineInPlace",
      run: async (parameter) => {
        if (!(await requireTrust(vscode.l10n.t("Quarantine moves images out of the dataset.")))) return;
        if (!(await requireQuarantine())) return;
        const session = await planned(parameter, vscode.l10n.t("Out of which dataset should images be moved?"));
        if (session !== null) await quarantine(session);
      },
    },
  ];
}

function mayWrite(): Promise<boolean> {
  return requireTrust(vscode.l10n.t("Writing creates a folder with the images that stay."));
}

/** Writes the plan of a dataset, where an interrupted attempt did or into the folder that a person confirms. */
async function write(session: DatasetSession, interrupted: string | null): Promise<void> {
  const plan = session.sanitizing.decidedPlan();
  const target = interrupted ?? (await askForTarget(session, plan));
  if (target === null) return;
  const result = await writeWithProgress(session, target);
  // The message waits for an answer; the command is done.
  void offerResult(result);
}

/** Asks where to write. The preview stays readable behind the box; without an answer it stays in the report. */
async function askForTarget(session: DatasetSession, plan: PlanSummary): Promise<string | null> {
  const value = await proposeTarget(session);
  const target = await vscode.window.showInputBox({
    title: vscode.l10n.t("Write Sanitized Dataset"),
    prompt: vscode.l10n.t(
      "{0} of {1} stay, {2} leave; the source is not changed. Review the plan in the report, then confirm the new folder.",
      integerText(plan.after),
      counted(plan.before, "image"),
      integerText(plan.before - plan.after),
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
  return withSessionProgress(session, title, () => session.sanitizing.apply(target));
}

/** Shows how far the work on a dataset is, and cancels it when asked to. */
async function withSessionProgress<T>(session: DatasetSession, title: string, work: () => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress(
    { location, title: plainMessage(title), cancellable: true },
    async (progress, token) => {
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
        return await work();
      } finally {
        listeners.dispose();
      }
    },
  );
}

async function offerResult({ folder, samples }: ApplyResult): Promise<void> {
  const inspect = vscode.l10n.t("Inspect It");
  const show = vscode.l10n.t("Reveal");
  const undo = vscode.l10n.t("Undo");
  const message = vscode.l10n.t(
    "Wrote {0} to {1}, read them again and checked them: the report says how.",
    counted(samples, "image"),
    folder,
  );
  const choice = await vscode.window.showInformationMessage(plainMessage(message), inspect, show, undo);
  const uri = vscode.Uri.file(folder);
  if (choice === inspect) await vscode.commands.executeCommand("cleansplit.inspectDataset", uri);
  if (choice === show) await reveal(folder);
  if (choice === undo) await vscode.commands.executeCommand("cleansplit.undoSanitizedCopy", uri);
}

/** Opens the plan in an untitled editor; one that is too large for an editor goes into a file. */
async function openPlan(session: DatasetSession): Promise<void> {
  const content = await session.sanitizing.planText();
  if (content.length <= MAX_EDITED_CHARACTERS) {
    const document = await vscode.workspace.openTextDocument({ language: "json", content });
    await vscode.window.showTextDocument(document);
    return;
  }
  const [input = ""] = session.request.inputs;
  const file = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("The plan is too large for an editor. Where should it be saved?"),
    defaultUri: vscode.Uri.file(path.join(path.dirname(input), `${session.name}-plan.json`)),
    filters: { JSON: ["json"] },
  });
  if (file === undefined) return;
  await writeFile(file.fsPath, content);
  await reveal(file.fsPath);
}

/** The plan file that a command was given, the one in the active editor with what is not saved, or one that a person picks. */
async function givenPlan(parameter: unknown): Promise<{ readonly name: string; readonly text: string } | null> {
  const given = parameter instanceof vscode.Uri ? parameter : undefined;
  const active = vscode.window.activeTextEditor?.document;
  const document =
    given === undefined
      ? active
      : vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === given.toString());
  if (document !== undefined && (given !== undefined || isPlanText(document.getText()))) {
    return { name: path.basename(document.fileName), text: document.getText() };
  }
  const file = given ?? (await browseForPlan());
  return file === undefined ? null : { name: path.basename(file.fsPath), text: await readFile(file.fsPath, "utf8") };
}

async function browseForPlan(): Promise<vscode.Uri | undefined> {
  const picked = await vscode.window.showOpenDialog({
    title: vscode.l10n.t("Which plan should be written?"),
    openLabel: vscode.l10n.t("Use Plan"),
    filters: { JSON: ["json"] },
  });
  return picked?.[0];
}

/** Whether quarantine is allowed; when it is not, says where that is set. */
async function requireQuarantine(): Promise<boolean> {
  if (settings.allowsQuarantine) return true;
  const open = vscode.l10n.t("Open Setting");
  const choice = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      "Quarantine changes the dataset itself, so it has to be allowed in the settings first. A sanitized copy leaves the dataset as it is.",
    ),
    open,
  );
  if (choice === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "cleansplit.sanitize.allowQuarantine");
  }
  return false;
}

async function quarantine(session: DatasetSession): Promise<void> {
  const plan = session.sanitizing.decidedPlan();
  const leaving = plan.before - plan.after;
  if (leaving === 0) throw new CleanSplitError("refused", vscode.l10n.t("No image of {0} leaves.", session.name));
  const [input = ""] = session.request.inputs;
  const folder = `${input}-quarantine`;
  const move =
    leaving === 1 ? vscode.l10n.t("Move {0} Image", "1") : vscode.l10n.t("Move {0} Images", integerText(leaving));
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t("Move {0} out of {1}?", counted(leaving, "image"), session.name),
    {
      modal: true,
      detail: [
        vscode.l10n.t(
          "This changes the dataset {0} itself. The images go to {1}, or where that is taken beside it, in the same layout.",
          input,
          folder,
        ),
        ...(plan.moved > 0
          ? [
              plan.moved === 1
                ? vscode.l10n.t("1 image that would move to another split stays where it is.")
                : vscode.l10n.t(
                    "{0} images that would move to another split stay where they are.",
                    integerText(plan.moved),
                  ),
            ]
          : []),
        vscode.l10n.t("The command “Restore Quarantine” puts them back."),
      ].join("\n\n"),
    },
    move,
  );
  if (answer !== move) return;
  const title = vscode.l10n.t("Moving images out of {0}", session.name);
  const moved = await withSessionProgress(session, title, () => session.sanitizing.quarantine());
  void offerRestore(moved.folder, moved.files);
  await session.inspect();
}

async function offerRestore(folder: string, files: number): Promise<void> {
  const show = vscode.l10n.t("Reveal");
  const restore = vscode.l10n.t("Restore");
  const message = vscode.l10n.t("Moved {0} to {1}.", counted(files, "file"), folder);
  const choice = await vscode.window.showInformationMessage(plainMessage(message), show, restore);
  if (choice === show) await reveal(folder);
  if (choice === restore) {
    await vscode.commands.executeCommand("cleansplit.restoreQuarantine", vscode.Uri.file(folder));
  }
}
