import * as vscode from "vscode";
import type { Role } from "../../core/dataset/dataset";
import { CleanSplitError } from "../../core/errors";
import type { GroupFilter, GroupPage, GroupQuery, PairView } from "../../core/leakage/report";
import { findExample } from "../../core/leakage/quality";
import { qualityNotes } from "../../core/leakage/qualityNotes";
import type { ReportFormat } from "../../core/leakage/reportFormat";
import { verdictOf } from "../../core/leakage/verdict";
import type { ReviewAction } from "../../core/review/review";
import type { PlanOptions } from "../../core/sanitize/options";
import type { ChangePage, ImageTransfer, PolicyPreview } from "../../core/sanitize/plan";
import { isAbort } from "../../engine/process/rpc";
import { callerOf, serveCalls } from "../../protocol/channel";
import type { ComparisonView, ReportHost, ReportPage, ReportState, ThumbnailView } from "../../protocol/report";
import type { ErrorMessages } from "../errors";
import { saveChart } from "../exporting";
import { fileOfFault, reveal, SeenSamples, type SampleOpener } from "../samples";
import type { DatasetSession } from "../session";
import { settings } from "../settings";
import { requireTrust } from "../trust";
import { webviewPort, type PanelKind } from "./datasetPanels";

/** Longer side of the page's small pictures: 96 pixels on the sharpest screens. */
const THUMBNAIL_SIZE = 192;

/** Longer side of two pictures that are compared: three of them stand side by side. */
const COMPARISON_SIZE = 512;

/** Panels that show what an inspection found. */
export function reportPanels(opener: SampleOpener, messages: ErrorMessages): PanelKind<ReportPanel> {
  return {
    viewType: "cleansplit.report",
    page: "report",
    icon: "report.svg",
    title: (session) => session.name,
    connect: (panel, session) => new ReportPanel(panel, session, opener, messages),
  };
}

/** Whether what people say of images may be kept; when it may not, says why. */
export function mayReview(): Promise<boolean> {
  return requireTrust(whyReviewing());
}

async function requireReviewing(): Promise<void> {
  if (await mayReview()) return;
  throw new CleanSplitError("refused", vscode.l10n.t("Nothing was kept. {0}", whyReviewing()));
}

function whyReviewing(): string {
  return vscode.l10n.t("What is decided about images is kept in a file of this workspace.");
}

/** Connects a report page with its dataset. */
export class ReportPanel implements ReportHost, vscode.Disposable {
  readonly #session: DatasetSession;
  readonly #panel: vscode.WebviewPanel;
  readonly #opener: SampleOpener;
  readonly #messages: ErrorMessages;
  readonly #page: ReportPage;
  readonly #seen = new SeenSamples();
  readonly #closed = new AbortController();
  #previewing = new AbortController();
  readonly #subscriptions: vscode.Disposable;
  #isReady = false;
  /** What the page is to be told once it is there. */
  #pending: ((page: ReportPage) => Promise<void>) | null = null;

  constructor(panel: vscode.WebviewPanel, session: DatasetSession, opener: SampleOpener, messages: ErrorMessages) {
    this.#panel = panel;
    this.#session = session;
    this.#opener = opener;
    this.#messages = messages;
    const port = webviewPort(panel.webview);
    this.#page = callerOf<ReportPage>(port);
    this.#subscriptions = vscode.Disposable.from(
      new vscode.Disposable(serveCalls(port, this)),
      session.onDidChange(() => this.#tell((page) => page.show(this.state()))),
      session.onDidProgress((progress) => this.#tell((page) => page.progress(progress))),
      session.onDidSearch((progress) => this.#tell((page) => page.searchProgress(progress))),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration("cleansplit.sanitize")) this.#tell((page) => page.show(this.state()));
      }),
      // A hidden page is gone; it says that it is ready when it is back.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
      }),
    );
  }

  /** Shows the groups that pass a filter, once the page is there. */
  filterGroups(query: Partial<GroupQuery>): void {
    this.#tellOnceReady((page) => page.filterGroups(query));
  }

  /** Shows the group at a row of those that pass a filter, and puts the focus on it, once the page is there. */
  showGroup(filter: GroupFilter, row: number): void {
    this.#tellOnceReady((page) => page.showGroup(filter, row));
  }

  /** Shows where a plan is made and reviewed, once the page is there. */
  showPlan(): void {
    this.#tellOnceReady((page) => page.showPlan());
  }

  /** Has the page draw its charts and asks where to keep them. */
  drawCharts(): void {
    this.#tellOnceReady((page) => page.drawCharts());
  }

  /** Everything the page shows, as it is now. */
  state(): ReportState {
    const { name, status, progress, paused, error, result, search, review } = this.#session;
    const { plan, planFile, images, applied, interrupted } = this.#session.sanitizing;
    const report = result?.report ?? null;
    return {
      name,
      progress,
      canPause: status === "inspecting",
      paused,
      error,
      inspection: result?.inspection ?? null,
      report,
      datasetChanges: this.#session.watching.changes,
      search,
      verdict: report === null ? null : verdictOf(report),
      quality: report === null ? [] : qualityNotes(report.quality),
      corrected: this.#session.request.assignments.map((assignment) => assignment.path),
      plan,
      planFile,
      review,
      images,
      applied,
      interrupted,
      runs: this.#session.training.state.kept,
      canQuarantine: settings.allowsQuarantine,
      trusted: vscode.workspace.isTrusted,
    };
  }

  ready(): Promise<ReportState> {
    this.#isReady = true;
    const pending = this.#pending;
    this.#pending = null;
    // After the answer, which the page has to draw first.
    if (pending !== null) setTimeout(() => this.#tell(pending), 0);
    return Promise.resolve(this.state());
  }

  async groups(query: GroupQuery): Promise<GroupPage> {
    const page = await this.#session.read((engine, inspection) => engine.groups({ inspection, query }, this.#run()));
    for (const group of page.groups) this.#seen.add(group.members);
    return page;
  }

  thumbnails(samples: readonly number[]): Promise<readonly ThumbnailView[]> {
    return this.#session.read((engine, inspection) =>
      engine.thumbnails({ inspection, samples, size: THUMBNAIL_SIZE }, this.#run()),
    );
  }

  async changes(from: number, count: number): Promise<ChangePage> {
    const plan = this.#session.sanitizing.plan?.plan;
    if (plan === undefined) return { total: 0, from, changes: [] };
    const page = await this.#session.read((engine) => engine.changes({ plan, from, count }, this.#run()));
    for (const { sample, twin } of page.changes) this.#seen.add(twin === null ? [sample] : [sample, twin]);
    return page;
  }

  async openSample(sample: number): Promise<void> {
    await this.#opener.open(this.#session, this.#find(sample));
  }

  async revealSample(sample: number): Promise<void> {
    await reveal(this.#find(sample).file);
  }

  async revealInTree(sample: number): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.showInDatasets", this.#session.id, sample);
  }

  async copySampleId(id: string): Promise<void> {
    await vscode.env.clipboard.writeText(id);
  }

  async setRole(split: string, role: Role | null): Promise<void> {
    await this.#shownOnPage(this.#session.setRole(split, role));
  }

  async undoCorrection(path: string): Promise<void> {
    await this.#shownOnPage(this.#session.undoCorrection(path));
  }

  async inspect(): Promise<void> {
    await this.#shownOnPage(this.#session.inspect());
  }

  async cancel(): Promise<void> {
    await this.#session.cancel();
  }

  async pause(): Promise<void> {
    await this.#session.pause();
  }

  async resume(): Promise<void> {
    await this.#shownOnPage(this.#session.resume());
  }

  async searchNear(): Promise<void> {
    await this.#shownOnPage(this.#session.searchNear());
  }

  async cancelSearch(): Promise<void> {
    await this.#session.cancelSearch();
  }

  async setThreshold(threshold: number | null): Promise<void> {
    await this.#session.setThreshold(threshold);
  }

  async doubtful(count: number): Promise<readonly PairView[]> {
    const pairs = await this.#session.read((engine, inspection) => engine.doubtful({ inspection, count }, this.#run()));
    for (const { first, second } of pairs) this.#seen.add([first, second]);
    return pairs;
  }

  async review(action: ReviewAction): Promise<void> {
    await requireReviewing();
    await this.#session.takeStep(action);
  }

  async undoReview(): Promise<void> {
    await requireReviewing();
    await this.#session.undoStep();
  }

  async redoReview(): Promise<void> {
    await requireReviewing();
    await this.#session.redoStep();
  }

  compare(first: number, second: number): Promise<ComparisonView> {
    return this.#session.read((engine, inspection) =>
      engine.compare({ inspection, first, second, size: COMPARISON_SIZE }, this.#run()),
    );
  }

  previews(options: PlanOptions): Promise<readonly PolicyPreview[]> {
    this.#previewing.abort();
    this.#previewing = new AbortController();
    const signal = AbortSignal.any([this.#previewing.signal, this.#closed.signal]);
    return this.#session.sanitizing.previews(options, signal);
  }

  async makePlan(options: PlanOptions): Promise<void> {
    await this.#shownOnPage(this.#session.sanitizing.makePlan(options));
  }

  discardPlan(): Promise<void> {
    this.#session.sanitizing.discardPlan();
    return Promise.resolve();
  }

  setImages(images: ImageTransfer): Promise<void> {
    this.#session.sanitizing.setImages(images);
    return Promise.resolve();
  }

  async openPlan(): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.openPlanAsJson", this.#session.id);
  }

  async applyPlan(): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.writeSanitizedDataset", this.#session.id);
  }

  async resumeWriting(): Promise<void> {
    const { interrupted } = this.#session.sanitizing;
    await vscode.commands.executeCommand("cleansplit.writeSanitizedDataset", this.#session.id, interrupted);
  }

  async quarantine(): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.quarantineInPlace", this.#session.id);
  }

  async undoCopy(folder: string): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.undoSanitizedCopy", vscode.Uri.file(folder));
  }

  async inspectFolder(folder: string): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.inspectDataset", vscode.Uri.file(folder));
  }

  async openFile(path: string): Promise<void> {
    await vscode.commands.executeCommand("vscode.open", vscode.Uri.file(path));
  }

  async train(): Promise<void> {
    // What is trained already is shown; its page offers another training.
    const isThere = this.#session.training.state.status !== "idle";
    await vscode.commands.executeCommand(
      isThere ? "cleansplit.openTraining" : "cleansplit.trainBaseline",
      this.#session.id,
    );
  }

  async openRun(experiment: string): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.openTraining", this.#session.id, experiment);
  }

  async exportReport(format: ReportFormat): Promise<void> {
    await vscode.commands.executeCommand("cleansplit.exportReport", this.#session.id, format);
  }

  async saveCharts(png: Uint8Array): Promise<void> {
    await saveChart(this.#session, png, "report");
  }

  async auditLabels(): Promise<void> {
    // An audit that runs or is done is shown; its page offers another one.
    const isThere = ["running", "done"].includes(this.#session.labels.state.status);
    await vscode.commands.executeCommand(
      isThere ? "cleansplit.openLabels" : "cleansplit.auditLabels",
      this.#session.id,
    );
  }

  async openFolder(path: string): Promise<void> {
    await reveal(path);
  }

  dispose(): void {
    this.#isReady = false;
    this.#closed.abort();
    this.#subscriptions.dispose();
  }

  #tellOnceReady(say: (page: ReportPage) => Promise<void>): void {
    if (this.#isReady) this.#tell(say);
    else this.#pending = say;
  }

  #tell(say: (page: ReportPage) => Promise<void>): void {
    if (this.#isReady && this.#panel.visible) say(this.#page).catch((error: unknown) => this.#messages.note(error));
  }

  /** The session keeps the message of a failure and the page shows it: nothing else has to. */
  async #shownOnPage(work: Promise<unknown>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!isAbort(error)) this.#messages.note(error);
    }
  }

  #find(sample: number): ReturnType<SeenSamples["find"]> {
    const report = this.#session.result?.report;
    const fault = report?.unreadable.find((entry) => entry.sample === sample);
    const file = fault === undefined ? null : fileOfFault(this.#session, fault);
    if (fault !== undefined && file !== null) return { sample, id: fault.id, file, isImageFile: true };
    const example = report === undefined ? undefined : findExample(report.quality, sample);
    return example ?? this.#seen.find(sample);
  }

  #run(): { signal: AbortSignal; progress: () => void } {
    return { signal: this.#closed.signal, progress: () => undefined };
  }
}
