import type { BackendChoice, PlannedRun, EpochScore, TrainingRun, TrainingSpec } from "../core/training/training";

// What the training page needs of the core, so that webview code imports from here only.
export type {
  BackendChoice,
  BackendName,
  EpochScore,
  PlannedRun,
  Score,
  TrainingData,
  TrainingRun,
  TrainingSize,
  TrainingSpec,
} from "../core/training/training";

/** A run as far as it got. */
export interface RunView extends PlannedRun {
  readonly scores: readonly EpochScore[];
  readonly result: TrainingRun | null;
}

/** The whole training as the page shows it; a page that opens late gets all of it at once. */
export interface TrainingState {
  readonly name: string;
  readonly status: "idle" | "loading" | "training" | "done" | "cancelled" | "failed";
  readonly error: string | null;
  readonly loading: { readonly done: number; readonly total: number } | null;
  readonly backend: BackendChoice | null;
  readonly spec: TrainingSpec;
  readonly features: string | null;
  readonly runs: readonly RunView[];
  /** What the leakage costs, in one sentence, once both kinds of data are trained. */
  readonly verdict: string | null;
  /** Number of deltas this state includes. */
  readonly sequence: number;
  readonly trusted: boolean;
}

/** A change of the state: what changed, numbered without gaps. */
export type TrainingDelta =
  | { readonly sequence: number; readonly type: "epoch"; readonly run: number; readonly score: EpochScore }
  | { readonly sequence: number; readonly type: "run"; readonly run: number; readonly result: TrainingRun }
  | { readonly sequence: number; readonly type: "state"; readonly state: TrainingState };

/** What the training page can ask of the extension host. */
export interface TrainingHost {
  /** The page is there: answers everything so far; deltas with a higher sequence follow. */
  ready(): Promise<TrainingState>;
  start(): Promise<void>;
  cancel(): Promise<void>;
  openReport(): Promise<void>;
}

/** What the extension host tells the training page. */
export interface TrainingPage {
  change(delta: TrainingDelta): Promise<void>;
}
