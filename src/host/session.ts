import { createHash } from "node:crypto";
import path from "node:path";
import * as vscode from "vscode";
import type { Assignment, DatasetRequest, Role } from "../core/dataset/dataset";
import { CleanSplitError, messageOf } from "../core/errors";
import type { Report } from "../core/leakage/report";
import { progressText, RateMeter } from "../core/progress";
import { NOTHING_SAID, type ReviewAction, type ReviewState } from "../core/review/review";
import type { Engine, InspectionResult, Mark, Progress, ReviewResult, Run } from "../engine/engine";
import { abortError, isAbort } from "../engine/process/rpc";
import type { ProgressView, SearchView } from "../protocol/report";
import { homeOf, type Corrections } from "./corrections";
import { Emitter } from "./emitter";
import { openJob, still, type Job } from "./job";
import { progressView, throttled } from "./progress";
import { Sanitizing } from "./sanitizing";
import { LabelAuditing } from "./labelAuditing";
import { settings } from "./settings";
import { Training } from "./training";
import { TrainingSettings } from "./trainingSettings";
import { Watching, type ArrivedLeak } from "./watching";

/** How far the inspection of a dataset got; `idle` was not inspected in this window yet. */
export type SessionStatus = "idle" | "inspecting" | "paused" | "ready" | "failed" | "cancelled";

/** An inspection that was stopped to go on later: how it was asked for, and how far it was. */
interface PausedInspection {
  /** What a person corrected with it; `undefined` when nothing was. */
  readonly corrected: readonly Assignment[] | undefined;
  readonly at: ProgressView;
}

/**
 * One dataset and all that is known about it in this window. It holds the truth; tree, decorations, status bar and
 * pages read it and listen.
 */
export class DatasetSession implements vscode.Disposable {
  readonly id: string;
  readonly training: Training;
  readonly sanitizing: Sanitizing;
  readonly labels: LabelAuditing;
  readonly watching: Watching;

  readonly #engine: Engine;
  readonly #corrections: Corrections;
  readonly #changed = new Emitter<void>();
  readonly #progressed = new Emitter<ProgressView>();
  readonly #searched = new Emitter<ProgressView>();
  #request: DatasetRequest;
  #status: SessionStatus = "idle";
  #progress: ProgressView | null = null;
  /** How far the running inspection was when it began to be stopped to go on later. */
  #pausing: ProgressView | null = null;
  #paused: PausedInspection | null = null;
  #error: string | null = null;
  #result: InspectionResult | null = null;
  #search: SearchView = NOT_SEARCHED;
  #review: ReviewState = NOTHING_SAID;
  /** Counts inspections, so that one that was overtaken knows. */
  #turn = 0;
  /** Work on the dataset that excludes other work on it. */
  #job: Job | null = null;
  /** Goes on beside all other work, but for an inspection. */
  #searching: Job | null = null;

  readonly onDidChange = this.#changed.event;
  readonly onDidProgress = this.#progressed.event;
  /** The search for near duplicates goes on. */
  readonly onDidSearch = this.#searched.event;

  constructor(engine: Engine, corrections: Corrections, trainings: TrainingSettings, request: DatasetRequest) {
    this.#engine = engine;
    this.#corrections = corrections;
    this.#request = request;
    this.id = sessionId(request);
    this.training = new Training(this, trainings.of(this.id), () => this.#changed.fire());
    this.sanitizing = new Sanitizing(this, () => this.#changed.fire());
    this.labels = new LabelAuditing(this, () => this.#changed.fire());
    this.watching = new Watching(this, () => this.#changed.fire());
  }

  get request(): DatasetRequest {
    return this.#request;
  }

  get name(): string {
    return this.#result?.report.dataset.name ?? nameOf(this.#request);
  }

  get status(): SessionStatus {
    return this.#status;
  }

  /** What is being done now, but for training and for searching near duplicates; `null` when nothing is. */
  get progress(): ProgressView | null {
    return this.#progress;
  }

  /** How far the inspection was when it was paused; `null` when none is. */
  get paused(): ProgressView | null {
    return this.#status === "paused" ? (this.#paused?.at ?? null) : null;
  }

  /** The message of the last failure, until the next attempt. */
  get error(): string | null {
    return this.#error;
  }

  /** The last inspection that finished; it stays while another one runs, and when that one fails. */
  get result(): InspectionResult | null {
    return this.#result;
  }

  /** How far the search for near duplicates got. */
  get search(): SearchView {
    return this.#search;
  }

  /** What people said of images and groups, and what of it can be taken back. */
  get review(): ReviewState {
    return this.#review;
  }

  /** Whether the dataset is inspected, for what needs that it is. */
  get inspection(): "none" | "running" | "done" {
    if (this.#status === "inspecting") return "running";
    return this.#result === null ? "none" : "done";
  }

  get isBusy(): boolean {
    return this.#job !== null || this.training.isRunning || this.labels.isRunning;
  }

  /** Whether near duplicates are being searched; everything but writing at that tier can be done meanwhile. */
  get isSearching(): boolean {
    return this.#searching !== null;
  }

  /** Subscriptions to this session that were not disposed. */
  get listeners(): number {
    const own = this.#changed.listeners + this.#progressed.listeners + this.#searched.listeners;
    return own + this.training.listeners + this.labels.listeners + this.watching.listeners;
  }

  /**
   * Inspects the dataset as it was corrected, or with all that is `corrected` now, which is kept when it went well. Whatever is done with it now is cancelled first:
   * it would answer a question that nobody asks any more. Rejects with an `AbortError` when cancelled or paused. Near
   * duplicates are searched next, if they are wanted: the report is there before.
   */
  async inspect(corrected?: readonly Assignment[]): Promise<InspectionResult> {
    const isWorking = (): boolean =>
      this.#job !== null || this.training.isRunning || this.#searching !== null || this.labels.isRunning;
    while (isWorking()) await this.cancel();
    const turn = ++this.#turn;
    const { inputs } = this.#request;
    let request = this.#request;
    this.#status = "inspecting";
    this.#pausing = null;
    this.#paused = null;
    this.watching.begin(inputs);
    try {
      const result = await this.#work(vscode.l10n.t("Starting"), async (run) => {
        const assignments = corrected ?? this.#corrections.of(inputs);
        request = { inputs, assignments, labels: this.#corrections.labelsOf(inputs) };
        return stopInTime(this.#engine.inspect(request, run), run.signal);
      });
      if (corrected !== undefined) this.#corrections.keep(inputs, corrected);
      this.#request = request;
      this.#result = result;
      this.#search = NOT_SEARCHED;
      this.#review = NOTHING_SAID;
      await this.#readReview(result);
      this.sanitizing.reset();
      this.labels.reset();
      this.watching.restart();
      this.#status = "ready";
      // How it ends, the report says.
      if (settings.searchesNear) this.#searchIn(result).catch(() => undefined);
      void this.training.attach();
      return result;
    } catch (error) {
      // Unless a newer inspection took over: the status is its own by now.
      if (turn === this.#turn) {
        if (isAbort(error)) this.#rest(corrected);
        else this.#status = "failed";
      }
      throw error;
    } finally {
      if (turn === this.#turn) this.watching.goOn();
      this.#changed.fire();
    }
  }

  /** Stops the running inspection so that {@link resume} goes on where it was: the engine keeps what it has read. */
  async pause(): Promise<void> {
    const progress = this.#progress;
    if (this.#status !== "inspecting" || progress === null || this.#job?.abort.signal.aborted !== false) return;
    // How fast it went no longer matters.
    this.#pausing = { ...progress, text: progressText(progress.done, progress.total, null) };
    await this.#stop();
  }

  /** Goes on with the inspection that was paused; does nothing when none is. */
  async resume(): Promise<void> {
    if (this.#status === "paused" && this.#paused !== null) await this.inspect(this.#paused.corrected);
  }

  /** The inspection as it is, or a new one when there is none. */
  async inspected(): Promise<InspectionResult> {
    return this.#result ?? this.inspect();
  }

  /**
   * Searches near duplicates in the inspection and replaces its report by one that has them; does nothing while that is
   * being done. Rejects with an `AbortError` when cancelled; the report stays as it was then.
   */
  async searchNear(): Promise<void> {
    const result = await this.inspected();
    if (this.#searching === null) await this.#searchIn(result);
  }

  /** Stops the search for near duplicates alone and waits until it has stopped. */
  async cancelSearch(): Promise<void> {
    const searching = this.#searching;
    searching?.abort.abort();
    await searching?.settled;
  }

  /** Counts near duplicates at another threshold; `null` is the default. */
  async setThreshold(threshold: number | null): Promise<void> {
    if (this.#search.status !== "done") {
      throw new CleanSplitError(
        "refused",
        vscode.l10n.t("Near duplicates were not searched in {0} yet. Search them first.", this.name),
      );
    }
    await this.#recount((engine, inspection, run) => engine.near({ inspection, threshold }, run));
  }

  /** Keeps one step of a review at once; a plan that was worked out is so anew. */
  async takeStep(action: ReviewAction): Promise<void> {
    const [input] = this.#request.inputs;
    const newHome = input === undefined ? {} : { newHome: homeOf(input) };
    await this.#step((engine, inspection) => engine.review({ inspection, action, ...newHome }, still()));
  }

  /** Takes the last step of the review back; does nothing when there is none. */
  async undoStep(): Promise<void> {
    if (this.#review.undo !== null)
      await this.#step((engine, inspection) => engine.undoReview({ inspection }, still()));
  }

  /** Takes the step again that was taken back last; does nothing when there is none. */
  async redoStep(): Promise<void> {
    if (this.#review.redo !== null)
      await this.#step((engine, inspection) => engine.redoReview({ inspection }, still()));
  }

  /** Does work that excludes other work on the dataset, and refuses while there is some; an inspection cancels it. */
  async exclusively<T>(title: string, work: (engine: Engine, run: Run<Progress>) => Promise<T>): Promise<T> {
    if (this.#job !== null) {
      throw new CleanSplitError(
        "refused",
        vscode.l10n.t("{0} is busy. Wait until it is done, or cancel it.", this.name),
      );
    }
    return this.#work(title, (run) => work(this.#engine, run));
  }

  /** Corrects what a split is used for, or leaves it out with `null`, and inspects again. */
  async setRole(split: string, role: Role | null): Promise<InspectionResult> {
    const { report } = await this.inspected();
    const units = report.dataset.units.filter((unit) => unit.split === split);
    return this.assign(
      units.map((unit) => unit.path),
      role,
    );
  }

  /** Says which split the units at `paths` belong to and inspects again. */
  async assign(paths: readonly string[], split: string | null): Promise<InspectionResult> {
    const kept = this.#request.assignments.filter((assignment) => !paths.includes(assignment.path));
    return this.inspect([...kept, ...paths.map((unit) => ({ path: unit, split }))]);
  }

  /** Forgets what was said about the unit at `path` and inspects again. */
  async undoCorrection(path: string): Promise<InspectionResult> {
    return this.inspect(this.#request.assignments.filter((assignment) => assignment.path !== path));
  }

  /** Stops whatever is being done with the dataset, waits until it has stopped, and gives up a paused inspection. */
  async cancel(): Promise<void> {
    this.#pausing = null;
    await Promise.all([this.#stop(), this.training.cancel(), this.cancelSearch(), this.labels.cancel()]);
    if (this.#status !== "paused") return;
    this.#status = this.#statusAtRest();
    this.#changed.fire();
  }

  /** Reads from the inspection by `query`; for pages and thumbnails. */
  async read<T>(query: (engine: Engine, inspection: string) => Promise<T>): Promise<T> {
    if (this.#result === null) {
      throw new CleanSplitError("not-found", vscode.l10n.t("{0} was not inspected yet. Inspect it first.", this.name));
    }
    try {
      return await query(this.#engine, this.#result.inspection);
    } catch (error) {
      await this.#forgetIfLost(error);
      throw error;
    }
  }

  /**
   * Reads from the inspection for something that nobody asked for, e.g. a tooltip. Answers `null` when there is no inspection,
   * the engine does not hold it any more, which is left to be found by who asks for something, it was cancelled, or it took
   * longer than `patience` milliseconds.
   */
  async glance<T>(
    query: (engine: Engine, inspection: string, run: Run) => Promise<T>,
    token: vscode.CancellationToken,
    patience: number,
  ): Promise<T | null> {
    const inspection = this.#result?.inspection;
    if (inspection === undefined || token.isCancellationRequested) return null;
    const given = new AbortController();
    const listener = token.onCancellationRequested(() => given.abort());
    const signal = AbortSignal.any([given.signal, AbortSignal.timeout(patience)]);
    try {
      const answer = query(this.#engine, inspection, { signal, progress: () => undefined });
      // An engine that is busy hears nothing of the signal.
      const gaveUp = new Promise<null>((resolve) =>
        signal.addEventListener("abort", () => resolve(null), { once: true }),
      );
      return await Promise.race([answer, gaveUp]);
    } catch {
      return null;
    } finally {
      listener.dispose();
    }
  }

  /**
   * How files and folders are marked, in their order. Nobody asked for it, so an inspection that the engine no longer holds
   * is left to be found by who asks for something.
   */
  async marks(paths: readonly string[], signal: AbortSignal): Promise<readonly (Mark | null)[]> {
    if (this.#result === null) return [];
    const { inspection } = this.#result;
    return this.#engine.marks({ inspection, paths }, { signal, progress: () => undefined });
  }

  /** Tells everyone anew, e.g. after the workspace was trusted. */
  refresh(): void {
    this.#changed.fire();
    this.training.refresh();
    if (this.#result !== null) void this.training.attach();
  }

  dispose(): void {
    this.#job?.abort.abort();
    this.#searching?.abort.abort();
    this.#changed.dispose();
    this.#progressed.dispose();
    this.#searched.dispose();
    this.training.dispose();
    this.labels.dispose();
    this.watching.dispose();
  }

  async #work<T>(title: string, work: (run: Run<Progress>) => Promise<T>): Promise<T> {
    const { job, end } = openJob();
    this.#job = job;
    this.#error = null;
    this.#progress = { title, text: "", done: 0, total: 0 };
    this.#changed.fire();
    const meter = new RateMeter();
    const report = throttled((progress: Progress) => {
      // What was held back comes too late when the work is done.
      if (this.#job !== job || job.abort.signal.aborted) return;
      const { phase, done, total } = progress;
      this.#progress = progressView(progress, meter.update(phase, done, total, performance.now() / 1000));
      this.#progressed.fire(this.#progress);
    });
    try {
      const result = await work({
        signal: job.abort.signal,
        progress: report,
      });
      // An engine that finishes in spite of the signal must not undo the cancellation.
      if (job.abort.signal.aborted) throw abortError();
      return result;
    } catch (error) {
      if (!isAbort(error)) this.#error = messageOf(error);
      await this.#forgetIfLost(error);
      throw error;
    } finally {
      this.#job = null;
      this.#progress = null;
      end();
    }
  }

  async #searchIn({ inspection }: InspectionResult): Promise<void> {
    const { job, end } = openJob();
    this.#searching = job;
    this.#search = { status: "searching", progress: null, error: null };
    this.#changed.fire();
    const meter = new RateMeter();
    const report = throttled((progress: Progress) => {
      // What was held back comes too late when the search is done, or another one goes on.
      if (this.#searching !== job || this.#search.status !== "searching" || job.abort.signal.aborted) return;
      const { phase, done, total } = progress;
      const view = progressView(progress, meter.update(phase, done, total, performance.now() / 1000));
      this.#search = { ...this.#search, progress: view };
      this.#searched.fire(view);
    });
    const run = { signal: job.abort.signal, progress: report };
    try {
      const found = await stopInTime(this.#engine.near({ inspection, threshold: null }, run), run.signal);
      if (run.signal.aborted) throw abortError();
      this.#replaceReport(inspection, found);
      this.sanitizing.forgetNearPlan();
      this.#search = { status: "done", progress: null, error: null };
      // What was judged is known by now.
      await this.#readReview({ inspection, report: found });
    } catch (error) {
      this.#search = isAbort(error)
        ? { status: "cancelled", progress: null, error: null }
        : { status: "failed", progress: null, error: messageOf(error) };
      await this.#forgetIfLost(error);
      throw error;
    } finally {
      this.#searching = null;
      end();
      this.#changed.fire();
    }
  }

  /** Has the engine count near duplicates anew and takes over the report that follows. */
  async #recount(ask: (engine: Engine, inspection: string, run: Run<Progress>) => Promise<Report>): Promise<void> {
    const run = { signal: new AbortController().signal, progress: () => undefined };
    await this.read(async (engine, inspection) => {
      this.#replaceReport(inspection, await ask(engine, inspection, run));
    });
    this.sanitizing.forgetNearPlan();
    this.#changed.fire();
  }

  async #step(ask: (engine: Engine, inspection: string) => Promise<ReviewResult>): Promise<void> {
    let isRecounted = false;
    await this.read(async (engine, inspection) => {
      const { review, report } = await ask(engine, inspection);
      if (this.#result?.inspection !== inspection) return;
      this.#review = review;
      isRecounted = report !== null;
      if (report !== null) this.#replaceReport(inspection, report);
    });
    this.#changed.fire();
    await this.sanitizing.renew(isRecounted);
  }

  /** What the files say; one that is damaged is told of, and the report is there all the same. */
  async #readReview({ inspection }: InspectionResult): Promise<void> {
    try {
      const review = await this.#engine.reviewState({ inspection }, still());
      if (this.#result?.inspection === inspection) this.#review = review;
    } catch (error) {
      this.#error = messageOf(error);
    }
  }

  #replaceReport(inspection: string, report: Report): void {
    if (this.#result?.inspection === inspection) this.#result = { inspection, report };
  }

  /** Stops the job and waits until it has stopped. */
  async #stop(): Promise<void> {
    const job = this.#job;
    job?.abort.abort();
    await job?.settled;
  }

  /** The inspection was stopped: for now, or for good. */
  #rest(corrected: readonly Assignment[] | undefined): void {
    if (this.#pausing === null) {
      this.#status = this.#statusAtRest();
    } else {
      this.#status = "paused";
      this.#paused = { corrected, at: this.#pausing };
    }
  }

  #statusAtRest(): SessionStatus {
    return this.#result === null ? "cancelled" : "ready";
  }

  /**
   * Inspections and plans live in the engine's process: they end with it, and it keeps only so many. A result that the
   * engine no longer holds cannot be read or written, so the next step has to inspect again.
   */
  async #forgetIfLost(error: unknown): Promise<void> {
    const result = this.#result;
    if (!(error instanceof CleanSplitError) || result === null) return;
    // What was stopped may be writing alone, by a failure of the disk.
    if ((error.reason !== "stopped" && error.reason !== "not-found") || (await this.#isHeld(result))) return;
    if (this.#result !== result) return;
    this.#result = null;
    this.#status = "failed";
    this.#error = error.message;
    this.sanitizing.discardPlan();
  }

  async #isHeld({ inspection }: InspectionResult): Promise<boolean> {
    const query = { from: 0, count: 1, membersEach: 0 };
    const run = { signal: new AbortController().signal, progress: () => undefined };
    return this.#engine.groups({ inspection, query }, run).then(
      () => true,
      () => false,
    );
  }
}

/** The datasets of this window, in the order in which they were added. The list outlives the window. */
export class DatasetSessions implements vscode.Disposable {
  readonly #engine: Engine;
  readonly #corrections: Corrections;
  readonly #trainings: TrainingSettings;
  readonly #memento: vscode.Memento;
  readonly #sessions = new Map<string, DatasetSession>();
  readonly #changed = new Emitter<DatasetSession | undefined>();
  readonly #leaked = new Emitter<{ readonly session: DatasetSession; readonly leaks: readonly ArrivedLeak[] }>();
  readonly #subscriptions = new Map<string, vscode.Disposable>();
  #last: DatasetSession | null = null;

  /** A dataset changed, or with `undefined` the list of them. */
  readonly onDidChange = this.#changed.event;
  /** Images came into a dataset that equal some of another split. */
  readonly onDidLeak = this.#leaked.event;

  constructor(engine: Engine, corrections: Corrections, memento: vscode.Memento) {
    this.#engine = engine;
    this.#corrections = corrections;
    this.#trainings = new TrainingSettings(memento);
    this.#memento = memento;
    for (const request of rememberedRequests(memento.get(MEMENTO_KEY))) this.#open(request);
  }

  get all(): readonly DatasetSession[] {
    return [...this.#sessions.values()];
  }

  /** The dataset that something was done with last. */
  get last(): DatasetSession | null {
    return this.#last;
  }

  /** Subscriptions to the list and to all sessions that were not disposed. */
  get listeners(): number {
    const own = this.#changed.listeners + this.#leaked.listeners;
    return this.all.reduce((sum, session) => sum + session.listeners, own);
  }

  find(id: string): DatasetSession | undefined {
    return this.#sessions.get(id);
  }

  /** The session of a dataset; a new one joins the list. Nothing is read yet. */
  add(request: DatasetRequest): DatasetSession {
    const known = this.#sessions.get(sessionId(request));
    if (known !== undefined) return known;
    const session = this.#open(request);
    this.#remember();
    this.#changed.fire(undefined);
    return session;
  }

  /** Inspects a dataset, which joins the list when it is new. */
  async inspect(request: DatasetRequest): Promise<DatasetSession> {
    const session = this.add(request);
    await session.inspect();
    return session;
  }

  /** Takes a dataset off the list; its files stay as they are. */
  remove(session: DatasetSession): void {
    this.#sessions.delete(session.id);
    this.#subscriptions.get(session.id)?.dispose();
    this.#subscriptions.delete(session.id);
    if (this.#last === session) this.#last = null;
    session.dispose();
    this.#remember();
    this.#changed.fire(undefined);
  }

  refresh(): void {
    for (const session of this.all) session.refresh();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions.values()) subscription.dispose();
    for (const session of this.all) session.dispose();
    this.#changed.dispose();
    this.#leaked.dispose();
  }

  #open(request: DatasetRequest): DatasetSession {
    const session = new DatasetSession(this.#engine, this.#corrections, this.#trainings, request);
    this.#sessions.set(session.id, session);
    this.#subscriptions.set(
      session.id,
      vscode.Disposable.from(
        session.onDidChange(() => {
          this.#last = session;
          this.#changed.fire(session);
        }),
        session.watching.onDidLeak((leaks) => this.#leaked.fire({ session, leaks })),
      ),
    );
    return session;
  }

  #remember(): void {
    void this.#memento.update(
      MEMENTO_KEY,
      this.all.map(({ request: { inputs } }) => ({ inputs })),
    );
  }
}

const NOT_SEARCHED: SearchView = { status: "idle", progress: null, error: null };

/** Milliseconds the engine has to stop in good order. */
const STOP_TIME_MS = 150;

const MEMENTO_KEY = "datasets";

/** Names a dataset by its inputs, whatever their order: the same in every window. */
export function sessionId(request: DatasetRequest): string {
  return createHash("sha256")
    .update([...request.inputs].sort().join("\n"))
    .digest("hex")
    .slice(0, 16);
}

/** The name of a dataset that was not read yet. */
function nameOf({ inputs }: DatasetRequest): string {
  return inputs.map((input) => path.basename(input) || input).join(", ");
}

/**
 * The datasets on the list; what was corrected about them is not kept here. What another version of the extension
 * remembered may have another form: such entries are dropped.
 */
function rememberedRequests(stored: unknown): readonly DatasetRequest[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((entry: unknown): DatasetRequest[] => {
    const { inputs } = (entry ?? {}) as { readonly inputs?: unknown };
    if (!Array.isArray(inputs) || inputs.length === 0) return [];
    return [{ inputs: inputs.map(String), assignments: [] }];
  });
}

/**
 * The outcome of `work`, or an `AbortError` soon after `signal` aborted: while the engine compares the images of a large
 * dataset it hears nothing, and what comes of that nobody wants any more.
 */
function stopInTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    work.then(resolve, reject);
    const giveUp = (): void => reject(abortError());
    signal.addEventListener("abort", () => setTimeout(giveUp, STOP_TIME_MS), { once: true });
  });
}
