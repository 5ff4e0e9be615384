import * as vscode from "vscode";
import { CleanSplitError } from "../../core/errors";
import type { ExperimentResult, ExperimentSpec, MistakePage, RunDetails } from "../../core/training/experiment";
import { isAbort } from "../../engine/process/rpc";
import { callerOf, serveCalls } from "../../protocol/channel";
import type {
  ConfusionCell,
  ExportFormat,
  ModelExportFormat,
  ScoredRun,
  ThumbnailView,
  TrainingHost,
  TrainingPage,
  TrainingState,
} from "../../protocol/training";
import type { ErrorMessages } from "../errors";
import { exportExperiment, exportModel, saveChart } from "../exporting";
import { openableSample, type SampleOpener } from "../samples";
import type { DatasetSession } from "../session";
import { requireTrust } from "../trust";
import { webviewPort, type PanelKind } from "./datasetPanels";

/** Longer side of the page's small pictures: 72 pixels on the sharpest screens. */
const THUMBNAIL_SIZE = 144;

/** Samples whose names are remembered, so that a page can open them by their numbers. */
const MAX_NAMES = 50_000;

/** Panels that show a training. */
export function trainingPanels(opener: SampleOpener, messages: ErrorMessages): PanelKind<TrainingPanel> {
  return {
    viewType: "cleansplit.training",
    page: "training",
    icon: "training.svg",
    title: (session) => vscode.l10n.t("{0} – Training", session.name),
    connect: (panel, session) => new TrainingPanel(panel, session, opener, messages),
  };
}

/** Connects a training page with its dataset. */
export class TrainingPanel implements TrainingHost, vscode.Disposable {
  readonly #session: DatasetSession;
  readonly #panel: vscode.WebviewPanel;
  readonly #opener: SampleOpener;
  readonly #messages: ErrorMessages;
  readonly #page: TrainingPage;
  readonly #names = new Map<number, string>();
  readonly #closed = new AbortController();
  readonly #subscriptions: vscode.Disposable;
  #isReady = false;
  #pendingExperiment: string | null = null;
  #inspection: TrainingState["inspection"];

  constructor(panel: vscode.WebviewPanel, session: DatasetSession, opener: SampleOpener, messages: ErrorMessages) {
    this.#panel = panel;
    this.#session = session;
    this.#opener = opener;
    this.#messages = messages;
    this.#inspection = session.inspection;
    const port = webviewPort(panel.webview);
    this.#page = callerOf<TrainingPage>(port);
    this.#subscriptions = vscode.Disposable.from(
      new vscode.Disposable(serveCalls(port, this)),
      session.training.onDidChange((delta) => this.#tell((page) => page.change(delta))),
      session.onDidChange(() => {
        if (session.inspection === this.#inspection) return;
        this.#inspection = session.inspection;
        session.training.refresh();
      }),
      // A hidden page is gone; it says that it is ready when it is back, and gets everything at once.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
      }),
    );
  }

  /** Shows a kept experiment, once the page is there. */
  open(experiment: string): void {
    if (this.#isReady) this.#tell((page) => page.open(experiment));
    else this.#pendingExperiment = experiment;
  }

  ready(): Promise<TrainingState> {
    this.#isReady = true;
    const experiment = this.#pendingExperiment;
    this.#pendingExperiment = null;
    // After the answer, which the page has to draw first.
    if (experiment !== null) setTimeout(() => this.#tell((page) => page.open(experiment)), 0);
    return Promise.resolve(this.#session.training.state);
  }

  async start(spec: ExperimentSpec): Promise<void> {
    if (await mayTrain()) await this.#shownOnPage(this.#session.training.start(spec));
  }

  async resume(experiment: string): Promise<void> {
    if (await mayTrain()) await this.#shownOnPage(this.#session.training.resume(experiment));
  }

  async setPaused(paused: boolean): Promise<void> {
    await this.#session.training.setPaused(paused);
  }

  async cancel(): Promise<void> {
    await this.#session.training.cancel();
  }

  async inspect(): Promise<void> {
    await this.#session.inspect();
  }

  async openReport(): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.openReport", this.#session.id);
  }

  experiment(experiment: string): Promise<ExperimentResult> {
    return this.#session.read((engine) => engine.experiment({ experiment }, this.#run()));
  }

  async forget(experiment: string): Promise<void> {
    const remove = vscode.l10n.t("Delete");
    const question = vscode.l10n.t("Delete this experiment?");
    const detail = vscode.l10n.t("Its runs, predictions and trained models are removed. The dataset stays as it is.");
    const choice = await vscode.window.showWarningMessage(question, { modal: true, detail }, remove);
    if (choice === remove) await this.#session.training.forget(experiment);
  }

  details({ experiment, run, set }: ScoredRun): Promise<RunDetails> {
    return this.#session.read((engine) => engine.runDetails({ experiment, run, set }, this.#run()));
  }

  async mistakes(
    { experiment, run, set }: ScoredRun,
    cell: ConfusionCell | null,
    from: number,
    count: number,
  ): Promise<MistakePage> {
    const page = await this.#session.read((engine, inspection) =>
      engine.mistakes({ inspection, experiment, run, set, cell, from, count }, this.#run()),
    );
    for (const { sample, id } of page.mistakes) if (sample !== null) this.#remember(sample, id);
    return page;
  }

  thumbnails(samples: readonly number[]): Promise<readonly ThumbnailView[]> {
    return this.#session.read((engine, inspection) =>
      engine.thumbnails({ inspection, samples, size: THUMBNAIL_SIZE }, this.#run()),
    );
  }

  async openSample(sample: number): Promise<void> {
    const id = this.#names.get(sample);
    if (id === undefined)
      throw new CleanSplitError("not-found", vscode.l10n.t("The image is not on this page any more."));
    await this.#opener.open(this.#session, await openableSample(this.#session, sample, id));
  }

  async exportExperiment(experiment: string, format: ExportFormat): Promise<void> {
    await unlessAborted(exportExperiment(this.#session, experiment, format));
  }

  async exportModel(experiment: string, run: number, format: ModelExportFormat): Promise<void> {
    await unlessAborted(exportModel(this.#session, experiment, run, format));
  }

  async saveChart(png: Uint8Array): Promise<void> {
    await saveChart(this.#session, png, "training");
  }

  dispose(): void {
    this.#isReady = false;
    this.#closed.abort();
    this.#subscriptions.dispose();
  }

  #tell(say: (page: TrainingPage) => Promise<void>): void {
    if (this.#isReady && this.#panel.visible) say(this.#page).catch((error: unknown) => this.#messages.note(error));
  }

  /** The history keeps the message of a failure and the page shows it: nothing else has to. */
  async #shownOnPage(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      // The inspection before it failed: of that the page knows nothing.
      if (this.#session.training.state.error === null && !isAbort(error)) throw error;
      this.#messages.note(error);
    }
  }

  #remember(sample: number, id: string): void {
    this.#names.delete(sample);
    this.#names.set(sample, id);
    // Maps keep the order of insertion: the first one was sent longest ago.
    const [oldest] = this.#names.keys();
    if (this.#names.size > MAX_NAMES && oldest !== undefined) this.#names.delete(oldest);
  }

  #run(): { signal: AbortSignal; progress: () => void } {
    return { signal: this.#closed.signal, progress: () => undefined };
  }
}

/** Whether training is allowed here; says why not. */
export function mayTrain(): Promise<boolean> {
  return requireTrust(vscode.l10n.t("Training runs native code on the images of this workspace."));
}

/** What was cancelled is no failure. */
async function unlessAborted(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isAbort(error)) throw error;
  });
}
