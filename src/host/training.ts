import * as vscode from "vscode";
import { messageOf } from "../core/errors";
import type { ExperimentEvent, ExperimentResult, ExperimentSpec, ExperimentStatus } from "../core/training/experiment";
import type { Engine, InspectionResult, Run } from "../engine/engine";
import { isAbort } from "../engine/process/rpc";
import type { TrainingDelta, TrainingState } from "../protocol/training";
import { openJob, still, type Job } from "./job";
import { TrainingHistory } from "./trainingHistory";

/** What training needs of its dataset. */
export interface TrainedDataset {
  readonly name: string;
  /** Whether it is inspected, which comes before everything else. */
  readonly inspection: TrainingState["inspection"];
  inspected(): Promise<InspectionResult>;
  read<T>(query: (engine: Engine, inspection: string) => Promise<T>): Promise<T>;
}

/** Settings of the next experiment on a dataset, which outlive the window. */
export interface KeptSettings {
  get(): ExperimentSpec;
  keep(spec: ExperimentSpec): void;
}

/** The experiments on one dataset: the one that is trained or was last, and those that are kept. */
export class Training implements vscode.Disposable {
  readonly #dataset: TrainedDataset;
  readonly #settings: KeptSettings;
  readonly #changed: () => void;
  readonly #history: TrainingHistory;
  #job: Job | null = null;
  /** The last look at what is kept: before it nobody knows whether something is trained already. */
  #attached: Promise<void> = Promise.resolve();

  /** `changed` hears whenever a training began, paused or ended, and when others are kept. */
  constructor(dataset: TrainedDataset, settings: KeptSettings, changed: () => void) {
    this.#dataset = dataset;
    this.#settings = settings;
    this.#changed = changed;
    this.#history = new TrainingHistory(() => ({
      name: dataset.name,
      next: settings.get(),
      inspection: dataset.inspection,
      trusted: vscode.workspace.isTrusted,
    }));
  }

  get state(): TrainingState {
    return this.#history.state;
  }

  get onDidChange(): vscode.Event<TrainingDelta> {
    return this.#history.onDidChange;
  }

  /** Whether an experiment is followed, also while it is paused. */
  get isRunning(): boolean {
    return this.#job !== null;
  }

  /** Subscriptions that were not disposed. */
  get listeners(): number {
    return this.#history.listeners;
  }

  /** Trains an experiment, by default with the settings that were used last. Does nothing while one is trained. */
  async start(settings?: ExperimentSpec): Promise<void> {
    await this.#dataset.inspected();
    await this.#attached;
    if (this.isRunning) return;
    const spec = settings ?? this.#settings.get();
    this.#settings.keep(spec);
    await this.#follow(null, (engine, inspection, run) => engine.runExperiment({ inspection, spec }, run));
  }

  /** Goes on with an experiment that did not finish, or follows one that is still trained. */
  async resume(experiment: string): Promise<void> {
    await this.#dataset.inspected();
    if (this.isRunning) return;
    const shown = this.state.experiment;
    const known = shown?.experiment === experiment ? shown : null;
    await this.#follow(known, (engine, inspection, run) => engine.resumeExperiment({ inspection, experiment }, run));
  }

  /** Halts what is trained, or has it go on. */
  async setPaused(paused: boolean): Promise<void> {
    const { experiment } = this.state;
    if (experiment === null || !this.isRunning) return;
    await this.#dataset.read((engine) =>
      engine.pauseExperiment({ experiment: experiment.experiment, paused }, still()),
    );
  }

  /** Stops what is trained, and waits until it has stopped. */
  async cancel(): Promise<void> {
    const job = this.#job;
    job?.abort.abort();
    await job?.settled;
  }

  /** Removes a kept experiment. */
  async forget(experiment: string): Promise<void> {
    await this.#dataset.read((engine) => engine.forgetExperiment({ experiment }, still()));
    if (this.state.experiment?.experiment === experiment) this.#history.show(null);
    await this.attach();
  }

  /**
   * Finds the experiments that are kept of an inspected dataset. One that is still trained, e.g. for a window that was closed,
   * is followed from now on; else the newest one is shown.
   */
  attach(): Promise<void> {
    this.#attached = this.#attach();
    return this.#attached;
  }

  /** Tells the pages anew, e.g. after the workspace was trusted. */
  refresh(): void {
    this.#history.update({});
  }

  /** What is trained goes on in a process of its own: the next window finds it. */
  dispose(): void {
    this.#history.dispose();
  }

  async #attach(): Promise<void> {
    await this.#list();
    const { kept, experiment, trusted } = this.state;
    if (this.isRunning) return;
    const active = kept.find(({ status }) => isActive(status));
    if (active !== undefined && trusted) {
      // How it ends, the page says.
      this.resume(active.experiment).catch(() => undefined);
    } else if (experiment === null) await this.#showKept(kept[0]?.experiment);
  }

  async #follow(
    known: ExperimentResult | null,
    begin: (engine: Engine, inspection: string, run: Run<ExperimentEvent>) => Promise<ExperimentResult>,
  ): Promise<void> {
    const { job, end } = openJob();
    this.#job = job;
    this.#history.begin(known);
    this.#changed();
    const run: Run<ExperimentEvent> = {
      signal: job.abort.signal,
      progress: (event) => {
        if (this.#job !== job || job.abort.signal.aborted) return;
        this.#history.add(event);
        if (event.type === "status") this.#changed();
      },
    };
    try {
      this.#history.show(await this.#dataset.read((engine, inspection) => begin(engine, inspection, run)));
    } catch (error) {
      this.#history.stop(isAbort(error) ? null : messageOf(error));
      throw error;
    } finally {
      this.#job = null;
      end();
      await this.#settle();
      this.#changed();
    }
  }

  /** After a training: what is kept of it says how it ended, e.g. that it was interrupted and can be gone on with. */
  async #settle(): Promise<void> {
    await this.#list();
    const { kept, experiment } = this.state;
    // One that could not even begin leaves the newest of those that did.
    const summary = experiment === null ? kept[0] : kept.find((other) => other.experiment === experiment.experiment);
    if (summary?.status !== experiment?.status) await this.#showKept(summary?.experiment);
  }

  async #list(): Promise<void> {
    // What is kept is said as far as it can be: nobody waits for it.
    const kept = await this.#dataset
      .read((engine, inspection) => engine.experiments({ inspection }, still()))
      .catch(() => null);
    if (kept === null) return;
    this.#history.update({ kept });
    this.#changed();
  }

  async #showKept(experiment: string | undefined): Promise<void> {
    if (experiment === undefined) return;
    const result = await this.#dataset.read((engine) => engine.experiment({ experiment }, still())).catch(() => null);
    if (result !== null && !this.isRunning) this.#history.show(result);
  }
}

/** Whether a trainer works on it, or would. */
function isActive(status: ExperimentStatus): boolean {
  return status === "loading" || status === "training" || status === "paused";
}
