import * as vscode from "vscode";
import { CleanSplitError } from "../../core/errors";
import type { LabelVerdict, SuspectPage, SuspectQuery } from "../../core/training/labelAudit";
import { isAbort } from "../../engine/process/rpc";
import { callerOf, serveCalls } from "../../protocol/channel";
import type { LabelsHost, LabelsPage, LabelsState } from "../../protocol/labels";
import type { ThumbnailView } from "../../protocol/report";
import { homeOf } from "../corrections";
import type { ErrorMessages } from "../errors";
import { SeenSamples, type SampleOpener } from "../samples";
import type { DatasetSession } from "../session";
import { requireTrust } from "../trust";
import { webviewPort, type PanelKind } from "./datasetPanels";

/** Longer side of the page's pictures: 96 pixels on the sharpest screens. */
const THUMBNAIL_SIZE = 192;

/** Panels that show which labels are probably wrong. */
export function labelsPanels(opener: SampleOpener, messages: ErrorMessages): PanelKind<LabelsPanel> {
  return {
    viewType: "cleansplit.labels",
    page: "labels",
    icon: "labels.svg",
    title: (session) => vscode.l10n.t("{0} – Labels", session.name),
    connect: (panel, session) => new LabelsPanel(panel, session, opener, messages),
  };
}

/** Connects a page of suspicious labels with its dataset. */
export class LabelsPanel implements LabelsHost, vscode.Disposable {
  readonly #session: DatasetSession;
  readonly #opener: SampleOpener;
  readonly #messages: ErrorMessages;
  readonly #seen = new SeenSamples();
  readonly #closed = new AbortController();
  readonly #subscriptions: vscode.Disposable;
  #isReady = false;

  constructor(panel: vscode.WebviewPanel, session: DatasetSession, opener: SampleOpener, messages: ErrorMessages) {
    this.#session = session;
    this.#opener = opener;
    this.#messages = messages;
    const port = webviewPort(panel.webview);
    const page = callerOf<LabelsPage>(port);
    const tell = (say: () => Promise<void>): void => {
      if (this.#isReady && panel.visible) say().catch((error: unknown) => messages.note(error));
    };
    this.#subscriptions = vscode.Disposable.from(
      new vscode.Disposable(serveCalls(port, this)),
      session.onDidChange(() => tell(() => page.show(session.labels.state))),
      session.labels.onDidProgress((progress) => tell(() => page.progress(progress))),
      // A hidden page is gone; it says that it is ready when it is back, and gets everything at once.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
      }),
    );
  }

  ready(): Promise<LabelsState> {
    this.#isReady = true;
    return Promise.resolve(this.#session.labels.state);
  }

  async start(): Promise<void> {
    if (!(await mayTrain())) return;
    try {
      await this.#session.labels.start();
    } catch (error) {
      // The page shows it: nothing else has to.
      if (!isAbort(error)) this.#messages.note(error);
    }
  }

  async cancel(): Promise<void> {
    await this.#session.labels.cancel();
  }

  async suspects(query: SuspectQuery): Promise<SuspectPage> {
    const page = await this.#session.labels.suspects(query);
    this.#seen.add(page.suspects);
    return page;
  }

  thumbnails(samples: readonly number[]): Promise<readonly ThumbnailView[]> {
    const run = { signal: this.#closed.signal, progress: () => undefined };
    return this.#session.read((engine, inspection) =>
      engine.thumbnails({ inspection, samples, size: THUMBNAIL_SIZE }, run),
    );
  }

  async judge(samples: readonly number[], verdict: LabelVerdict | null): Promise<void> {
    const why = vscode.l10n.t("What is said of labels is kept in a file of this workspace.");
    if (!(await requireTrust(why))) throw new CleanSplitError("refused", vscode.l10n.t("Nothing was kept. {0}", why));
    const [input] = this.#session.request.inputs;
    await this.#session.labels.judge(samples, verdict, input === undefined ? undefined : homeOf(input));
  }

  async openSample(sample: number): Promise<void> {
    await this.#opener.open(this.#session, this.#seen.find(sample));
  }

  async openReport(): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.openReport", this.#session.id);
  }

  async reviewPlan(): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.reviewPlan", this.#session.id);
  }

  dispose(): void {
    this.#isReady = false;
    this.#closed.abort();
    this.#subscriptions.dispose();
  }
}

/** Whether a model may be trained here. */
export function mayTrain(): Promise<boolean> {
  return requireTrust(vscode.l10n.t("An audit of labels trains a model on the images of this workspace."));
}
