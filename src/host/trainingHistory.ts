import * as vscode from "vscode";
import { costSentence } from "../core/training/cost";
import {
  DEFAULT_TRAINING,
  type TrainingEvent,
  type TrainingResult,
  type TrainingSpec,
} from "../core/training/training";
import type { RunView, TrainingDelta, TrainingState } from "../protocol/training";
import { Emitter } from "./emitter";
import { throttled } from "./progress";

/** What happened in a training so far. A page that opens late gets the whole state, then numbered changes. */
export class TrainingHistory implements vscode.Disposable {
  readonly #changed = new Emitter<TrainingDelta>();
  readonly #showLoading = throttled((loading: { done: number; total: number }) => this.#update({ loading }));
  #state: Omit<TrainingState, "name" | "trusted">;
  readonly #name: () => string;

  readonly onDidChange = this.#changed.event;

  constructor(name: () => string) {
    this.#name = name;
    this.#state = {
      status: "idle",
      error: null,
      loading: null,
      backend: null,
      spec: DEFAULT_TRAINING,
      features: null,
      runs: [],
      verdict: null,
      sequence: 0,
    };
  }

  get state(): TrainingState {
    return { name: this.#name(), ...this.#state, trusted: vscode.workspace.isTrusted };
  }

  get isRunning(): boolean {
    return this.#state.status === "loading" || this.#state.status === "training";
  }

  /** Subscriptions that were not disposed. */
  get listeners(): number {
    return this.#changed.listeners;
  }

  /** Forgets the last training and starts a new one. */
  begin(spec: TrainingSpec): void {
    this.#update({
      status: "loading",
      error: null,
      loading: null,
      backend: null,
      spec,
      features: null,
      runs: [],
      verdict: null,
    });
  }

  /** Takes in what the engine reports. */
  add(event: TrainingEvent): void {
    switch (event.type) {
      case "loading":
        this.#showLoading({ done: event.done, total: event.total });
        break;
      case "started": {
        const runs = event.runs.map((run) => ({ ...run, scores: [], result: null }));
        this.#update({ status: "training", loading: null, backend: event.backend, runs });
        break;
      }
      case "epoch": {
        const { run, score } = event;
        this.#updateRun(run, (view) => ({ ...view, scores: [...view.scores, score] }));
        this.#changed.fire({ sequence: this.#state.sequence, type: "epoch", run, score });
        break;
      }
      case "run": {
        const { run, result } = event;
        this.#updateRun(run, (view) => ({ ...view, scores: result.epochs, result }));
        this.#changed.fire({ sequence: this.#state.sequence, type: "run", run, result });
        break;
      }
    }
  }

  finish(result: TrainingResult): void {
    this.#update({
      status: "done",
      loading: null,
      backend: result.backend,
      features: result.features,
      runs: result.runs.map((run) => ({
        data: run.data,
        size: run.size,
        trained: run.trained,
        epochs: result.spec.epochs,
        scores: run.epochs,
        result: run,
      })),
      verdict: costSentence(result.runs),
    });
  }

  /** Ends a training that did not finish; the runs that did stay. */
  stop(error: string | null): void {
    this.#update({ status: error === null ? "cancelled" : "failed", error, loading: null });
  }

  /** Tells the pages anew, e.g. after the workspace was trusted. */
  refresh(): void {
    this.#update({});
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #update(change: Partial<Omit<TrainingState, "name" | "trusted" | "sequence">>): void {
    const sequence = this.#state.sequence + 1;
    this.#state = { ...this.#state, ...change, sequence };
    this.#changed.fire({ sequence, type: "state", state: this.state });
  }

  #updateRun(run: number, change: (view: RunView) => RunView): void {
    const runs = this.#state.runs.map((view, index) => (index === run ? change(view) : view));
    this.#state = { ...this.#state, runs, sequence: this.#state.sequence + 1 };
  }
}
