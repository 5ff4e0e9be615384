import * as vscode from "vscode";
import { useTranslations } from "./core/language";
import { EngineProcess } from "./engine/process/engineProcess";
import { tellArrivals } from "./host/arrivals";
import { registerCommands } from "./host/commands/command";
import { copyCommands } from "./host/commands/copyCommands";
import { DatasetPicker } from "./host/commands/datasetPicker";
import { inspectCommands } from "./host/commands/inspectCommands";
import { installCommand } from "./host/commands/installCommand";
import { labelCommands } from "./host/commands/labelCommands";
import { resultCommands } from "./host/commands/resultCommands";
import { reviewCommands } from "./host/commands/reviewCommands";
import { sanitizeCommands } from "./host/commands/sanitizeCommands";
import { treeCommands } from "./host/commands/treeCommands";
import { trackContextKeys } from "./host/contextKeys";
import { Corrections } from "./host/corrections";
import { DatasetFinder } from "./host/datasetFinder";
import { ImageDecorations } from "./host/decorations";
import { ErrorMessages } from "./host/errors";
import type { ExtensionApi } from "./host/extensionApi";
import { createLog } from "./host/log";
import { DatasetPanels } from "./host/panels/datasetPanels";
import { labelsPanels } from "./host/panels/labelsPanel";
import { reportPanels } from "./host/panels/reportPanel";
import { trainingPanels } from "./host/panels/trainingPanel";
import { trackPlanFile } from "./host/planDocuments";
import { SampleOpener } from "./host/samples";
import { DatasetProblems } from "./host/problems";
import { SampleHovers } from "./host/hovers";
import { DatasetSessions } from "./host/session";
import { StatusBar } from "./host/statusBar";
import { DatasetTree } from "./host/views/datasetTree";
import { WrittenFolders } from "./host/writtenFolders";

/** Builds the extension. Nothing is read and no process is started before a person asks for it. */
export function activate(context: vscode.ExtensionContext): ExtensionApi {
  const { extensionUri, globalStorageUri, storageUri, workspaceState } = context;
  // What the core says is looked up by its own library, in the same bundle as what VS Code looks up.
  const { bundle, uri: bundleUri } = vscode.l10n;
  if (bundle !== undefined) useTranslations(JSON.stringify(bundle));
  const log = createLog();
  const messages = new ErrorMessages(log);
  const engineProcess = new EngineProcess({
    dist: vscode.Uri.joinPath(extensionUri, "dist").fsPath,
    // The same dataset opened in two workspaces is read once.
    indexFolder: vscode.Uri.joinPath(globalStorageUri, "index").fsPath,
    // Experiments are on datasets of a workspace.
    experimentsFolder: vscode.Uri.joinPath(storageUri ?? globalStorageUri, "experiments").fsPath,
    nativeFolder: vscode.Uri.joinPath(globalStorageUri, "native").fsPath,
    bundle: bundleUri?.fsPath ?? null,
    log: (line) => log.info(line),
  });
  const { engine } = engineProcess;

  const sessions = new DatasetSessions(engine, new Corrections(messages), workspaceState);
  const opener = new SampleOpener(storageUri ?? globalStorageUri);
  const reports = new DatasetPanels(reportPanels(opener, messages), sessions, extensionUri);
  const trainings = new DatasetPanels(trainingPanels(opener, messages), sessions, extensionUri);
  const labels = new DatasetPanels(labelsPanels(opener, messages), sessions, extensionUri);
  const finder = new DatasetFinder(sessions, messages);
  const tree = new DatasetTree(sessions, finder);
  const decorations = new ImageDecorations(sessions, messages);
  const statusBar = new StatusBar(sessions);
  const picker = new DatasetPicker(sessions);
  const written = new WrittenFolders(sessions);
  const commands = [
    ...inspectCommands(engine, sessions, reports, picker, globalStorageUri),
    ...sanitizeCommands(picker, reports),
    ...copyCommands(engine, sessions, written, log),
    ...reviewCommands(picker, sessions),
    installCommand(engine),
    ...labelCommands(picker, labels, reports),
    ...resultCommands(picker, reports, trainings, log),
    ...treeCommands(sessions, reports, tree, finder, opener),
  ];

  // Disposed in this order: what shows something before what it shows, the engine after all that calls it.
  context.subscriptions.push(
    registerCommands(commands, messages),
    trackContextKeys(sessions),
    trackPlanFile(),
    written,
    statusBar,
    decorations,
    new DatasetProblems(sessions),
    new SampleHovers(sessions),
    tree,
    finder,
    reports,
    trainings,
    labels,
    tellArrivals(sessions),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (!event.affectsConfiguration("cleansplit.watch")) return;
      for (const { watching } of sessions.all) watching.follow();
    }),
    vscode.workspace.onDidGrantWorkspaceTrust(() => sessions.refresh()),
    sessions,
    engineProcess,
    messages,
    log,
  );
  const panels = { reports, trainings, labels };
  return { sessions, finder, tree, decorations, statusBar, messages, ...panels, enginePid: () => engineProcess.pid };
}
