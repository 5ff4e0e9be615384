import { existsSync } from "node:fs";
import path from "node:path";
import * as vscode from "vscode";
import { CleanSplitError } from "../core/errors";
import type { ReportFormat } from "../core/leakage/reportFormat";
import { phaseTitle } from "../core/progress";
import type { ExperimentFormat, ModelFormat } from "../engine/lab/lab";
import { reveal } from "./samples";
import type { DatasetSession } from "./session";
import { fileStem, workspaceOf } from "./targetFolder";
import { plainMessage } from "./plainText";

/** What a format is called in the dialog, and what its files end with. */
const FORMATS: Readonly<Record<ExperimentFormat, { readonly title: () => string; readonly ending: string }>> = {
  csv: { title: () => vscode.l10n.t("Table (CSV)"), ending: "csv" },
  json: { title: () => vscode.l10n.t("Everything (JSON)"), ending: "json" },
  keras: { title: () => vscode.l10n.t("Keras Notebook"), ending: "ipynb" },
  sklearn: { title: () => vscode.l10n.t("scikit-learn Notebook"), ending: "ipynb" },
};

/** Asks for a file and writes an experiment there. */
export async function exportExperiment(
  session: DatasetSession,
  experiment: string,
  format: ExperimentFormat,
): Promise<void> {
  const { title, ending } = FORMATS[format];
  const isNotebook = ending === "ipynb";
  const file = await askForFile(session, isNotebook ? `training-${format}` : "training", title(), ending);
  if (file === null) return;
  // The dialog has asked about the notebook, not about the images beside it.
  const images = path.join(path.dirname(file), `${path.basename(file, `.${ending}`)}.npz`);
  if (isNotebook && existsSync(images) && !(await mayReplace(images))) return;
  const { files } = await cancellable(
    vscode.l10n.t("Exporting the training of {0}", session.name),
    (signal, progress) =>
      session.read((engine, inspection) =>
        engine.exportExperiment(
          { inspection, experiment, format, file, overwrite: true },
          { signal, progress: ({ phase }) => progress.report({ message: phaseTitle(phase) }) },
        ),
      ),
  );
  sayWritten(files[0] ?? file, true);
}

/** What the formats of a report are called in dialogs. */
export const REPORT_TITLES: Readonly<Record<ReportFormat, () => string>> = {
  html: () => vscode.l10n.t("Report as One File (HTML)"),
  csv: () => vscode.l10n.t("Tables (CSV)"),
  json: () => vscode.l10n.t("Everything (JSON)"),
};

/** Asks for a file and writes the report of a dataset there, with its plan and its last copy, if it has some. */
export async function exportReport(session: DatasetSession, format: ReportFormat): Promise<void> {
  const { result } = session;
  if (result === null) throw notInspected(session);
  const file = await askForFile(session, "report", REPORT_TITLES[format](), format);
  if (file === null) return;
  const { plan, applied } = session.sanitizing;
  const title = vscode.l10n.t("Exporting the report of {0}", session.name);
  const { files } = await cancellable(title, (signal, progress) => {
    let reported = 0;
    return session.read((engine, inspection) =>
      engine.exportReport(
        {
          inspection,
          format,
          file,
          overwrite: true,
          tier: result.report.near === null ? "pixel" : "near",
          plan: plan?.plan ?? null,
          applied,
        },
        {
          signal,
          progress: ({ done, total }) => {
            const share = total === 0 ? 0 : (100 * done) / total;
            progress.report({ increment: Math.max(0, share - reported) });
            reported = Math.max(reported, share);
          },
        },
      ),
    );
  });
  sayWritten(files[0] ?? file, true);
}

/** Does work that a notification shows and can cancel. */
async function cancellable<T>(
  title: string,
  work: (signal: AbortSignal, progress: vscode.Progress<{ message?: string; increment?: number }>) => Promise<T>,
): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title: plainMessage(title), cancellable: true };
  return vscode.window.withProgress(options, (progress, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    return work(abort.signal, progress);
  });
}

function notInspected({ name }: DatasetSession): CleanSplitError {
  return new CleanSplitError("not-found", vscode.l10n.t("{0} was not inspected yet. Inspect it first.", name));
}

/** Asks for a new folder and saves a trained model there. */
export async function exportModel(
  session: DatasetSession,
  experiment: string,
  run: number,
  format: ModelFormat,
): Promise<void> {
  const uri = await vscode.window.showSaveDialog({
    title: vscode.l10n.t("A new folder for the model"),
    saveLabel: vscode.l10n.t("Save Model"),
    defaultUri: vscode.Uri.file(path.join(folderOf(session), `${fileStem(session.name)}-model-${format}`)),
  });
  if (uri === undefined) return;
  const { folder } = await cancellable(vscode.l10n.t("Saving the model"), (signal) =>
    session.read((engine) =>
      engine.exportModel({ experiment, run, format, folder: uri.fsPath }, { signal, progress: () => undefined }),
    ),
  );
  sayWritten(folder, false);
}

/** Asks for a file and writes a picture of charts there; `what` they are about is part of the name that is proposed. */
export async function saveChart(session: DatasetSession, png: Uint8Array, what: "training" | "report"): Promise<void> {
  const file = await askForFile(session, what, vscode.l10n.t("Picture (PNG)"), "png");
  if (file === null) return;
  await vscode.workspace.fs.writeFile(vscode.Uri.file(file), png);
  sayWritten(file, true);
}

async function askForFile(
  session: DatasetSession,
  what: string,
  title: string,
  ending: string,
): Promise<string | null> {
  const uri = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.file(path.join(folderOf(session), `${fileStem(session.name)}-${what}.${ending}`)),
    filters: { [title]: [ending] },
    saveLabel: vscode.l10n.t("Export"),
  });
  return uri?.fsPath ?? null;
}

async function mayReplace(file: string): Promise<boolean> {
  const replace = vscode.l10n.t("Replace");
  const question = vscode.l10n.t("{0} is there already. Replace it?", path.basename(file));
  const detail = vscode.l10n.t("The images of the notebook are written there.");
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, replace)) === replace;
}

/** The workspace folder that is at hand, or where the dataset lies. */
function folderOf({ request }: DatasetSession): string {
  const [input = ""] = request.inputs;
  return workspaceOf(input) ?? path.dirname(input);
}

/** Says where something was written; does not wait for an answer. */
function sayWritten(file: string, isFile: boolean): void {
  const open = vscode.l10n.t("Open");
  const show = vscode.l10n.t("Reveal");
  const message = vscode.l10n.t("Wrote {0}.", path.basename(file));
  void vscode.window
    .showInformationMessage(plainMessage(message), ...(isFile ? [open] : []), show)
    .then(async (choice) => {
      // A report is to be looked at, not to be read as text; the browser of another machine does not find it.
      const isPage = path.extname(file) === ".html" && vscode.env.remoteName === undefined;
      if (choice === open && isPage) await vscode.env.openExternal(vscode.Uri.file(file));
      else if (choice === open) await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(file));
      if (choice === show) await reveal(file);
    });
}
