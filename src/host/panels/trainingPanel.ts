import * as vscode from "vscode";
import { callerOf, serveCalls } from "../../protocol/channel";
import type { TrainingHost, TrainingPage, TrainingState } from "../../protocol/training";
import type { ErrorMessages } from "../errors";
import type { DatasetSession } from "../session";
import { webviewPort, type PanelKind } from "./datasetPanels";

/** Panels that show a training. */
export function trainingPanels(messages: ErrorMessages): PanelKind<TrainingPanel> {
  return {
    viewType: "cleansplit.training",
    page: "training",
    icon: "training.svg",
    title: (session) => vscode.l10n.t("{0} – Training", session.name),
    connect: (panel, session) => new TrainingPanel(panel, session, messages),
  };
}

/** Connects a training page with its dataset. */
export class TrainingPanel implements TrainingHost, vscode.Disposable {
  readonly #session: DatasetSession;
  readonly #subscriptions: vscode.Disposable;
  #isReady = false;

  constructor(panel: vscode.WebviewPanel, session: DatasetSession, messages: ErrorMessages) {
    this.#session = session;
    const port = webviewPort(panel.webview);
    const page = callerOf<TrainingPage>(port);
    this.#subscriptions = vscode.Disposable.from(
      new vscode.Disposable(serveCalls(port, this)),
      session.training.onDidChange((delta) => {
        if (!this.#isReady || !panel.visible) return;
        page.change(delta).catch((error: unknown) => messages.note(error));
      }),
      // A hidden page is gone; it says that it is ready when it is back, and gets everything at once.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
      }),
    );
  }

  ready(): Promise<TrainingState> {
    this.#isReady = true;
    return Promise.resolve(this.#session.training.state);
  }

  async start(): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.trainBaseline", this.#session.id);
  }

  async cancel(): Promise<void> {
    await this.#session.cancelTraining();
  }

  async openReport(): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.openReport", this.#session.id);
  }

  dispose(): void {
    this.#isReady = false;
    this.#subscriptions.dispose();
  }
}
