import type {
  BackendChoice,
  EpochScore,
  ExperimentEvent,
  PlannedRun,
  RunProgress,
  TrainingRun,
} from "../../core/training/experiment";
import type { ModelName } from "../../core/training/models";
import type { FinishedRun, JournalEntry } from "./journal";

/** How far an experiment got, as its journal tells it. */
export class ExperimentProgress {
  private readonly curves = new Map<number, EpochScore[]>();
  private readonly finishedRuns = new Map<number, FinishedRun>();
  private begun: Readonly<Partial<Record<ModelName, BackendChoice>>> = {};
  private last: Extract<JournalEntry, { type: "done" | "failed" }> | null = null;

  constructor(private readonly plan: readonly PlannedRun[]) {}

  /** The back end of each model; empty until a trainer told. */
  get backends(): Readonly<Partial<Record<ModelName, BackendChoice>>> {
    return this.begun;
  }

  /** How it ended; `null` while it can be gone on with. */
  get end(): Extract<JournalEntry, { type: "done" | "failed" }> | null {
    return this.last;
  }

  /** Numbers of the runs that finished. */
  get finished(): ReadonlySet<number> {
    return new Set(this.finishedRuns.keys());
  }

  /** The runs that began, by their number. */
  get runs(): readonly RunProgress[] {
    return [...this.curves.keys(), ...this.finishedRuns.keys()]
      .filter((run, index, all) => all.indexOf(run) === index)
      .sort((a, b) => a - b)
      .map((run) => ({ run, curve: [...(this.curves.get(run) ?? [])], result: this.result(run) }));
  }

  /** A run that finished; `null` for one that did not. */
  result(run: number): TrainingRun | null {
    const planned = this.plan[run];
    const finished = this.finishedRuns.get(run);
    if (planned === undefined || finished === undefined) return null;
    return { ...planned, ...finished, curve: [...(this.curves.get(run) ?? [])] };
  }

  /** Takes in an entry; answers what it means for those who follow, `null` when it means nothing to them. */
  add(entry: JournalEntry): Extract<ExperimentEvent, { type: "epochs" | "run" }> | null {
    switch (entry.type) {
      case "started":
        this.begun = entry.backends;
        for (const run of this.curves.keys()) if (!this.finishedRuns.has(run)) this.curves.delete(run);
        return null;
      case "epoch": {
        const { run, epoch, score } = entry;
        const curve = this.curves.get(run) ?? [];
        if (this.plan[run] === undefined || this.finishedRuns.has(run) || epoch !== curve.length) return null;
        curve.push(score);
        this.curves.set(run, curve);
        return { type: "epochs", run, epoch, scores: [score] };
      }
      case "run": {
        if (this.plan[entry.run] === undefined) return null;
        this.finishedRuns.set(entry.run, entry.finished);
        const result = this.result(entry.run);
        return result === null ? null : { type: "run", run: entry.run, result };
      }
      case "done":
      case "failed":
        this.last = entry;
        return null;
    }
  }
}
