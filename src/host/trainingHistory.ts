import type * as vscode from "vscode";
import { RateMeter } from "../core/progress";
import type { ExperimentEvent, ExperimentResult } from "../core/training/experiment";
import { afterEvent, experimentWork, type ExperimentChange } from "../core/training/experimentEvents";
import type { TrainingDelta, TrainingState } from "../protocol/training";
import { Emitter } from "./emitter";
import { throttled } from "./progress";

/** What of the state others know. */
type Surroundings = Pick<TrainingState, "name" | "next" | "inspection" | "trusted">;

type Known = Omit<TrainingState, keyof Surroundings>;

/** What happened in a training so far. A page that opens late gets the whole state, then numbered changes. */
export class TrainingHistory implements vscode.Disposable {
  readonly #changed = new Emitter<TrainingDelta>();
  readonly #surroundings: () => Surroundings;
  readonly #showLoading = throttled((loading: NonNullable<TrainingState["loading"]>) => {
    // What was held back comes too late when images are read already.
    if (this.#state.status === "loading") this.update({ loading });
  });
  #meter = new RateMeter();
  #state: Known = {
    status: "idle",
    experiment: null,
    loading: null,
    secondsLeft: null,
    error: null,
    kept: [],
    sequence: 0,
  };

  readonly onDidChange = this.#changed.event;

  constructor(surroundings: () => Surroundings) {
    this.#surroundings = surroundings;
  }

  get state(): TrainingState {
    return { ...this.#state, ...this.#surroundings() };
  }

  /** Subscriptions that were not disposed. */
  get listeners(): number {
    return this.#changed.listeners;
  }

  /** Starts with a new training, or goes on with one that is known. */
  begin(experiment: ExperimentResult | null): void {
    this.update({ status: "loading", experiment, loading: null, error: null });
  }

  /** Takes in what the engine reports. */
  add(event: ExperimentEvent): void {
    switch (event.type) {
      case "loading": {
        const { type: _, ...loading } = event;
        this.#showLoading(loading);
        break;
      }
      case "snapshot":
        this.show(event.experiment);
        break;
      case "status":
        // Time that passes while nothing is trained must not make it look slow.
        this.#meter = new RateMeter();
        this.#change(event);
        break;
      case "epochs":
      case "run":
      case "cost":
        this.#change(event);
        break;
    }
  }

  /** Shows an experiment as it is. */
  show(experiment: ExperimentResult | null): void {
    this.#meter = new RateMeter();
    this.update({ status: experiment?.status ?? "idle", experiment, loading: null, secondsLeft: null });
  }

  /** Ends a training that did not finish; the runs that did stay. */
  stop(error: string | null): void {
    const status = error === null ? "cancelled" : "failed";
    const { experiment } = this.#state;
    this.update({
      // One that nothing is known of has no result to look at.
      status: experiment === null && error === null ? "idle" : status,
      experiment: experiment === null ? null : { ...experiment, status, error },
      loading: null,
      secondsLeft: null,
      error,
    });
  }

  /** Changes some of the state and tells all of it. */
  update(change: Partial<Omit<Known, "sequence">>): void {
    const sequence = this.#state.sequence + 1;
    this.#state = { ...this.#state, ...change, sequence };
    this.#changed.fire({ sequence, type: "state", state: this.state });
  }

  dispose(): void {
    this.#changed.dispose();
  }

  #change(event: ExperimentChange): void {
    const { experiment: before } = this.#state;
    if (before === null) return;
    const sequence = this.#state.sequence + 1;
    const experiment = afterEvent(before, event);
    const { done, total } = experimentWork(experiment);
    const rate = this.#meter.update(experiment.experiment, done, total, performance.now() / 1000);
    const secondsLeft = experiment.status === "training" ? (rate?.secondsLeft ?? null) : null;
    this.#state = { ...this.#state, status: experiment.status, experiment, secondsLeft, sequence };
    this.#changed.fire({ sequence, type: "event", event, secondsLeft });
  }
}
