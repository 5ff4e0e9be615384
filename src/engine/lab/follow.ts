import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import type { EpochScore, ExperimentEvent, ExperimentResult, ExperimentStatus } from "../../core/training/experiment";
import type { Cost } from "../../core/training/leakageCost";
import type { Run } from "../engine";
import type { Pool } from "../pool/pool";
import { abortError } from "../process/rpc";
import { stoppedMessage, type OpenTrainer } from "../process/trainer";
import { completeCosts } from "./costs";
import type { ExperimentHead } from "./experimentFile";
import type { ExperimentFolder } from "./experimentStore";
import { JournalReader } from "./journal";
import { ExperimentProgress } from "./progress";

/** A kept experiment as it is now. */
export function resultOf(
  head: ExperimentHead,
  progress: ExperimentProgress,
  status: ExperimentStatus,
  costs: readonly Cost[],
): ExperimentResult {
  const { experiment, started, spec, features, classes, samples, plan, dataset } = head;
  const { name, fingerprint } = dataset;
  return {
    schema: "cleansplit/experiment@1",
    experiment,
    dataset: { name, fingerprint },
    started,
    status,
    error: progress.end?.type === "failed" ? progress.end.message : null,
    spec,
    backends: progress.backends,
    features,
    classes,
    samples,
    plan,
    runs: progress.runs,
    costs,
  };
}

/**
 * Follows a trainer until its experiment ends: tells a snapshot, then what the journal gets, and the costs that follow from
 * it. Aborting the signal kills the trainer.
 *
 * @throws AbortError when it was cancelled, here or by another window
 * @throws CleanSplitError the failure of the training; "stopped" when the trainer ended without a result
 */
export async function followTrainer(
  kept: ExperimentFolder,
  head: ExperimentHead,
  trainer: OpenTrainer,
  pool: Pool,
  run: Run<ExperimentEvent>,
): Promise<ExperimentResult> {
  const follower = new Follower(kept, head, trainer, pool, run);
  try {
    return await follower.follow();
  } finally {
    follower.close();
  }
}

class Follower {
  private readonly reader: JournalReader;
  private readonly progress: ExperimentProgress;
  private isPaused: boolean;
  private costs: readonly Cost[];
  /** Costs are computed one after the other, beside the following. */
  private computing: Promise<void> = Promise.resolve();

  constructor(
    private readonly kept: ExperimentFolder,
    private readonly head: ExperimentHead,
    private readonly trainer: OpenTrainer,
    private readonly pool: Pool,
    private readonly run: Run<ExperimentEvent>,
  ) {
    this.reader = new JournalReader(kept.journal);
    this.progress = new ExperimentProgress(head.plan);
    this.isPaused = trainer.connection.isPaused;
    this.costs = kept.costs();
  }

  async follow(): Promise<ExperimentResult> {
    const { connection } = this.trainer;
    for (const entry of this.reader.next()) this.progress.add(entry);
    this.tell(this.snapshot(this.isPaused ? "paused" : "training"));
    this.compute();

    const { signal } = this.run;
    const stop = (): void => {
      this.cancel().catch(() => undefined);
    };
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    try {
      const followed = connection.follow((news) => {
        if (news.type === "grew") this.read();
        else this.pause(news.paused);
      });
      await Promise.race([followed, connection.closed]);
      this.read();
      // Who says that it ended is about to end; who was asked to has.
      if (this.progress.end === null) await connection.gone();
    } finally {
      signal.removeEventListener("abort", stop);
    }
    this.read();
    return this.end();
  }

  close(): void {
    this.reader.close();
    this.trainer.connection.dispose();
  }

  /** Reads what the journal got, and tells it: epochs that came together together. */
  private read(): void {
    let ended: { readonly type: "epochs"; readonly run: number; readonly epoch: number; scores: EpochScore[] } | null =
      null;
    const tellEnded = (): void => {
      if (ended !== null) this.tell(ended);
      ended = null;
    };
    for (const entry of this.reader.next()) {
      const event = this.progress.add(entry);
      if (event?.type === "epochs") {
        if (ended?.run !== event.run) tellEnded();
        ended ??= { ...event, scores: [] };
        ended.scores.push(...event.scores);
        continue;
      }
      tellEnded();
      // What was under way is begun anew, and with which back ends is known now.
      if (entry.type === "started") this.tell(this.snapshot(this.isPaused ? "paused" : "training"));
      if (event === null) continue;
      this.tell(event);
      this.compute();
    }
    tellEnded();
  }

  private pause(paused: boolean): void {
    if (paused === this.isPaused) return;
    this.isPaused = paused;
    this.tell({ type: "status", status: paused ? "paused" : "training" });
  }

  private compute(): void {
    this.computing = this.computing.then(async () => {
      const costs = await completeCosts(this.kept, this.head, this.progress, this.pool, this.run.signal);
      if (costs.length === this.costs.length) return;
      this.costs = costs;
      this.tell({ type: "cost", costs });
    });
    // It is heard of at the end.
    this.computing.catch(() => undefined);
  }

  private async cancel(): Promise<void> {
    try {
      // It is said before, so that nobody takes it for a crash.
      this.kept.writeCancelled();
    } finally {
      await this.trainer.connection.kill();
    }
  }

  private async end(): Promise<ExperimentResult> {
    const { end } = this.progress;
    const failure = await this.computing.then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (end?.type === "done") {
      this.tell({ type: "status", status: "done" });
      if (this.run.signal.aborted) throw abortError();
      if (failure !== null) throw failure.error;
      return resultOf(this.head, this.progress, "done", this.costs);
    }
    if (end?.type === "failed") {
      this.tell({ type: "status", status: "failed" });
      throw end.reason === null ? new Error(end.message) : new CleanSplitError(end.reason, end.message);
    }
    if (this.kept.isCancelled) {
      this.tell({ type: "status", status: "cancelled" });
      throw abortError();
    }
    if (this.trainer.connection.isHungUp) {
      throw new CleanSplitError("stopped", l10n.t("The engine was closed. What the experiment finished is kept."));
    }
    this.tell({ type: "status", status: "interrupted" });
    const how = await this.trainer.ended();
    throw new CleanSplitError("stopped", stoppedMessage(how, this.progress.finished.size, this.head.plan.length));
  }

  private snapshot(status: ExperimentStatus): ExperimentEvent {
    return { type: "snapshot", experiment: resultOf(this.head, this.progress, status, this.costs) };
  }

  private tell(event: ExperimentEvent): void {
    this.run.progress(event);
  }
}
