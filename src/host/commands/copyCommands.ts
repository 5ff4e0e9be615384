import path from "node:path";
import * as vscode from "vscode";
import { counted } from "../../core/counts";
import { integerText } from "../../core/language";
import { RateMeter } from "../../core/progress";
import type { UndoResult, VerifyResult } from "../../core/sanitize/plan";
import type { Engine, Progress, Run } from "../../engine/engine";
import { progressLine, progressView, throttled } from "../progress";
import type { DatasetSessions } from "../session";
import { requireTrust } from "../trust";
import type { WrittenFolders } from "../writtenFolders";
import type { Command } from "./command";
import { plainLabel, plainMessage } from "../plainText";

type CopyEngine = Pick<Engine, "verify" | "undo" | "restore">;

/** Commands about folders that CleanSplit wrote: check one, take one back, put quarantined images back. */
export function copyCommands(
  engine: CopyEngine,
  sessions: DatasetSessions,
  written: WrittenFolders,
  log: vscode.LogOutputChannel,
): readonly Command[] {
  return [
    {
      id: "cleansplit.verifySanitizedCopy",
      run: async (parameter) => {
        const folder = await givenFolder(parameter, vscode.l10n.t("Verify"), written);
        if (folder === null) return;
        const title = vscode.l10n.t("Verifying {0}", folder);
        const result = await withEngineProgress(title, (run) => engine.verify({ folder }, run));
        written.showProblems(result);
        logResult(log, result);
        void offerDetails(result, log);
      },
    },
    {
      id: "cleansplit.undoSanitizedCopy",
      run: async (parameter) => {
        if (!(await requireTrust(vscode.l10n.t("Undoing removes the files that were written.")))) return;
        const folder = await givenFolder(parameter, vscode.l10n.t("Undo"), written);
        if (folder === null || !(await confirmUndo(folder, filesOf(sessions, folder)))) return;
        const title = vscode.l10n.t("Removing {0}", folder);
        const result = await withEngineProgress(title, (run) => engine.undo({ folder }, run));
        for (const session of sessions.all) session.sanitizing.forget(folder);
        written.forget(folder);
        tell(vscode.l10n.t("Removed {0} of {1}.", counted(result.files, "file"), folder), result, log);
      },
    },
    {
      id: "cleansplit.restoreQuarantine",
      run: async (parameter) => {
        if (!(await requireTrust(vscode.l10n.t("Restoring moves files back into the dataset.")))) return;
        const folder = givenUri(parameter) ?? (await browse(vscode.l10n.t("Restore")));
        if (folder === null) return;
        const title = vscode.l10n.t("Restoring {0}", folder);
        const result = await withEngineProgress(title, (run) => engine.restore({ folder }, run));
        tell(vscode.l10n.t("Put {0} back from {1}.", counted(result.files, "file"), folder), result, log);
        await inspectAgain(sessions, folder);
      },
    },
  ];
}

/** The folder that is meant: the one that was clicked, or whose certificate was, one that is known, or one that is picked. */
async function givenFolder(parameter: unknown, openLabel: string, written: WrittenFolders): Promise<string | null> {
  const given = givenUri(parameter);
  if (given !== null) return /^cleansplit-\w+\.json$/.test(path.basename(given)) ? path.dirname(given) : given;
  const folders = await written.find();
  if (folders.length === 0) return browse(openLabel);
  const known = folders.map((folder) => ({
    label: plainLabel(path.basename(folder)),
    description: plainLabel(path.dirname(folder)),
    iconPath: new vscode.ThemeIcon("verified"),
    choose: () => Promise.resolve<string | null>(folder),
  }));
  const other = {
    label: vscode.l10n.t("Another Folder…"),
    iconPath: new vscode.ThemeIcon("folder-opened"),
    choose: () => browse(openLabel),
  };
  const placeHolder = vscode.l10n.t("Which sanitized copy?");
  const choice = await vscode.window.showQuickPick([...known, other], { placeHolder, matchOnDescription: true });
  return (await choice?.choose()) ?? null;
}

function givenUri(parameter: unknown): string | null {
  return parameter instanceof vscode.Uri ? parameter.fsPath : null;
}

async function browse(openLabel: string): Promise<string | null> {
  const picked = await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, openLabel });
  return picked?.[0]?.fsPath ?? null;
}

/** How many files a session of this window wrote into a folder; `null` when none did. */
function filesOf(sessions: DatasetSessions, folder: string): number | null {
  const session = sessions.all.find(({ sanitizing }) => sanitizing.applied?.folder === folder);
  return session?.sanitizing.applied?.files ?? null;
}

async function confirmUndo(folder: string, files: number | null): Promise<boolean> {
  const undo = vscode.l10n.t("Remove It");
  const what =
    files === null
      ? vscode.l10n.t("Every file that CleanSplit wrote there is deleted, and no other.")
      : files === 1
        ? vscode.l10n.t("The 1 file that CleanSplit wrote there is deleted, and no others.")
        : vscode.l10n.t("The {0} files that CleanSplit wrote there are deleted, and no others.", integerText(files));
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t("Remove the sanitized copy {0}?", folder),
    {
      modal: true,
      detail: `${what} ${vscode.l10n.t("Files that were added or changed since stay and are named. The dataset that it was made of is not touched.")}`,
    },
    undo,
  );
  return answer === undo;
}

/** Shows how far the engine is in a notification that can cancel it. */
async function withEngineProgress<T>(title: string, work: (run: Run<Progress>) => Promise<T>): Promise<T> {
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress(
    { location, title: plainMessage(title), cancellable: true },
    async (progress, token) => {
      const abort = new AbortController();
      const listener = token.onCancellationRequested(() => abort.abort());
      const meter = new RateMeter();
      const report = throttled((event: Progress) => {
        const { phase, done, total } = event;
        const rate = meter.update(phase, done, total, performance.now() / 1000);
        progress.report({ message: progressLine(progressView(event, rate)) });
      });
      try {
        return await work({ signal: abort.signal, progress: report });
      } finally {
        listener.dispose();
      }
    },
  );
}

function logResult(log: vscode.LogOutputChannel, { folder, verified, problems }: VerifyResult): void {
  for (const sentence of verified) log.info(`${folder}: ${sentence}`);
  for (const sentence of problems) log.warn(`${folder}: ${sentence}`);
}

async function offerDetails(
  { folder, ok, problems, files, samples }: VerifyResult,
  log: vscode.LogOutputChannel,
): Promise<void> {
  if (ok) {
    const details = vscode.l10n.t("Show Details");
    const message = vscode.l10n.t(
      "{0} is as it was written: {1} in {2}.",
      folder,
      counted(samples, "image"),
      counted(files, "file"),
    );
    if ((await vscode.window.showInformationMessage(plainMessage(message), details)) === details) log.show();
    return;
  }
  const [first = ""] = problems;
  const rest = problems.length - 1;
  const message = [
    vscode.l10n.t("{0} is not as it was written.", folder),
    first,
    ...(rest > 0 ? [vscode.l10n.t("And {0} more.", integerText(rest))] : []),
  ].join(" ");
  const show = vscode.l10n.t("Show Problems");
  const showLog = vscode.l10n.t("Show Log");
  const choice = await vscode.window.showWarningMessage(plainMessage(message), show, showLog);
  if (choice === show) await vscode.commands.executeCommand("workbench.actions.view.problems");
  if (choice === showLog) log.show();
}

/** Says what was done, and that some files were left alone, which the log names. */
function tell(done: string, { kept }: UndoResult, log: vscode.LogOutputChannel): void {
  log.info(done);
  if (kept.length === 0) {
    void vscode.window.showInformationMessage(plainMessage(done));
    return;
  }
  for (const file of kept) log.warn(`Left alone: ${file}`);
  const showLog = vscode.l10n.t("Show Log");
  const [first = ""] = kept;
  const left =
    kept.length === 1
      ? vscode.l10n.t("1 file was added or changed since and stays: {0}.", first)
      : vscode.l10n.t("{0} files were added or changed since and stay, e.g. {1}.", integerText(kept.length), first);
  void vscode.window.showWarningMessage(plainMessage(`${done} ${left}`), showLog).then((choice) => {
    if (choice === showLog) log.show();
  });
}

/** Inspects the dataset again that a quarantine folder lies beside, if it is on the list and was inspected. */
async function inspectAgain(sessions: DatasetSessions, folder: string): Promise<void> {
  const source = folder.replace(/-quarantine(-\d+)?$/, "");
  const session = sessions.all.find(({ request, result }) => result !== null && request.inputs.includes(source));
  await session?.inspect();
}
