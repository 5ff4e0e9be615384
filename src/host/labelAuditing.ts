import * as vscode from "vscode";
import { CleanSplitError, messageOf } from "../core/errors";
import { RateMeter } from "../core/progress";
import type { LabelAudit, LabelVerdict, SuspectPage, SuspectQuery } from "../core/training/labelAudit";
import type { Engine, InspectionResult, Progress } from "../engine/engine";
import { abortError, isAbort } from "../engine/process/rpc";
import type { LabelsState } from "../protocol/labels";
import type { ProgressView } from "../protocol/report";
import { Emitter } from "./emitter";
import { still } from "./job";
import { progressView, throttled } from "./progress";
import type { Sanitizing } from "./sanitizing";

/** Decides which images are left out together; any number does, and the same one gives the same list. */
const SEED = 1;

/** What auditing labels needs of its dataset. */
export interface AuditedDataset {
  readonly name: string;
  readonly sanitizing: Sanitizing;
  inspected(): Promise<InspectionResult>;
  read<T>(query: (engine: Engine, inspection: string) => Promise<T>): Promise<T>;
}

/** The audit of the labels of one dataset: one at a time, beside all other work but an inspection. */
export class LabelAuditing implements vscode.Disposable {
  readonly #dataset: AuditedDataset;
  readonly #changed: () => void;
  readonly #progressed = new Emitter<ProgressView>();
  #status: LabelsState["status"] = "idle";
  #progress: ProgressView | null = null;
  #error: string | null = null;
  #audit: LabelAudit | null = null;
  #running: { readonly abort: AbortController; readonly settled: Promise<void> } | null = null;

  /** The audit goes on. */
  readonly onDidProgress = this.#progressed.event;

  /** `changed` hears whenever anything of it did, but for progress. */
  constructor(dataset: AuditedDataset, changed: () => void) {
    this.#dataset = dataset;
    this.#changed = changed;
  }

  get state(): LabelsState {
    return {
      name: this.#dataset.name,
      status: this.#status,
      progress: this.#progress,
      error: this.#error,
      audit: this.#audit,
      trusted: vscode.workspace.isTrusted,
    };
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  get listeners(): number {
    return this.#progressed.listeners;
  }

  /** Audits the labels; does nothing while that is being done. Rejects with an `AbortError` when cancelled. */
  async start(): Promise<void> {
    if (this.#running !== null) return;
    const { inspection } = await this.#dataset.inspected();
    const abort = new AbortController();
    const work = this.#run(inspection, abort.signal);
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#running = { abort, settled };
    this.#changed();
    try {
      await work;
    } finally {
      this.#running = null;
      this.#progress = null;
      this.#changed();
    }
  }

  /** Stops the audit and waits until it has stopped. */
  async cancel(): Promise<void> {
    this.#running?.abort.abort();
    await this.#running?.settled;
  }

  /** A page of the suspects of the last audit. */
  suspects(query: SuspectQuery): Promise<SuspectPage> {
    const { audit } = this.#need();
    return this.#dataset.read((engine) => engine.suspects({ audit, query }, still()));
  }

  /** Keeps what a person says of labels. A plan from before would leave out other images than it says now. */
  async judge(samples: readonly number[], verdict: LabelVerdict | null, newHome?: string): Promise<void> {
    const { audit } = this.#need();
    const request = { audit, samples, verdict, ...(newHome === undefined ? {} : { newHome }) };
    this.#audit = await this.#dataset.read((engine) => engine.judgeLabels(request, still()));
    if (this.#dataset.sanitizing.plan !== null) this.#dataset.sanitizing.discardPlan();
    this.#changed();
  }

  /** The dataset was inspected anew: an audit is about samples of before. */
  reset(): void {
    this.#audit = null;
    this.#status = "idle";
    this.#error = null;
  }

  dispose(): void {
    this.#running?.abort.abort();
    this.#progressed.dispose();
  }

  async #run(inspection: string, signal: AbortSignal): Promise<void> {
    this.#status = "running";
    this.#error = null;
    this.#progress = { title: vscode.l10n.t("Starting"), text: "", done: 0, total: 0 };
    const meter = new RateMeter();
    const progress = throttled((event: Progress) => {
      // What was held back comes too late when the work is done.
      if (this.#status !== "running" || signal.aborted) return;
      const { phase, done, total } = event;
      this.#progress = progressView(event, meter.update(phase, done, total, performance.now() / 1000));
      this.#progressed.fire(this.#progress);
    });
    try {
      const audit = await this.#dataset.read((engine) =>
        engine.auditLabels({ inspection, seed: SEED }, { signal, progress }),
      );
      // An engine that finishes in spite of the signal must not undo the cancellation.
      if (signal.aborted) throw abortError();
      this.#audit = audit;
      this.#status = "done";
    } catch (error) {
      this.#status = isAbort(error) ? "cancelled" : "failed";
      this.#error = isAbort(error) ? null : messageOf(error);
      throw error;
    }
  }

  #need(): LabelAudit {
    if (this.#audit !== null) return this.#audit;
    throw new CleanSplitError(
      "not-found",
      vscode.l10n.t("The labels of {0} were not audited yet. Audit them first.", this.#dataset.name),
    );
  }
}
