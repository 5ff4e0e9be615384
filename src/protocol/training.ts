import type {
  ExperimentResult,
  ExperimentSpec,
  ExperimentStatus,
  ExperimentSummary,
  MistakePage,
  RunDetails,
} from "../core/training/experiment";
import type { ExperimentChange } from "../core/training/experimentEvents";
import type { TestSet } from "../core/training/evaluation";
import type { ThumbnailView } from "./report";

// What the training page needs of the core, so that webview code imports from here only.
export { DEFAULT_EXPERIMENT } from "../core/training/experiment";
export type {
  BackendName,
  EpochScore,
  ExperimentResult,
  ExperimentSpec,
  ExperimentStatus,
  ExperimentSummary,
  Mistake,
  MistakePage,
  PlannedRun,
  RunDetails,
  RunProgress,
  Score,
  TrainingData,
  TrainingRun,
  TrainingSize,
} from "../core/training/experiment";
export { afterEvent, experimentWork } from "../core/training/experimentEvents";
export type { ExperimentChange } from "../core/training/experimentEvents";
export {
  BACKEND_TITLES,
  channelsText,
  dataText,
  momentText,
  progressOf,
  sizeText,
  specText,
} from "../core/training/experimentText";
export { TEST_SETS } from "../core/training/evaluation";
export type { CalibrationBin, ClassScore, Evaluation, TestSet } from "../core/training/evaluation";
export type { Cost, Interval } from "../core/training/leakageCost";
export { costSentence, costSentences, FEW_LEAKED } from "../core/training/costSentence";
export { MAX_SIDE, MAX_TRAINING_SEED, planRuns, recipeOf } from "../core/training/planRuns";
export { MODEL_NAMES, MODELS } from "../core/training/models";
export type { ModelName } from "../core/training/models";
export type { ThumbnailView } from "./report";

/** What is trained on a dataset, as the page shows it; a page that opens late gets all of it at once. */
export interface TrainingState {
  readonly name: string;
  /** `idle`: nothing was trained on the dataset. */
  readonly status: "idle" | ExperimentStatus;
  /** What is being trained or was trained last; `null` while images are read for the first snapshot, and without one. */
  readonly experiment: ExperimentResult | null;
  /** Images read so far, or searched for near duplicates; only while they are. */
  readonly loading: { readonly phase?: "near"; readonly done: number; readonly total: number } | null;
  /** Estimated from how fast it went so far; `null` while that is not known. */
  readonly secondsLeft: number | null;
  /** The message of the last failure, until the next attempt. */
  readonly error: string | null;
  /** Experiments that are kept, the newest first; empty until the dataset is inspected. */
  readonly kept: readonly ExperimentSummary[];
  /** Settings of the next experiment: as they were used last, or the defaults. */
  readonly next: ExperimentSpec;
  /** Whether the dataset is inspected, which comes before everything else. */
  readonly inspection: "none" | "running" | "done";
  /** Training needs a trusted workspace. */
  readonly trusted: boolean;
  /** Number of deltas this state includes. */
  readonly sequence: number;
}

/** A change of the state: what changed, numbered without gaps. */
export type TrainingDelta =
  | {
      readonly sequence: number;
      readonly type: "event";
      readonly event: ExperimentChange;
      readonly secondsLeft: number | null;
    }
  | { readonly sequence: number; readonly type: "state"; readonly state: TrainingState };

/** A cell of a confusion matrix, by the numbers of its classes. */
export interface ConfusionCell {
  readonly label: number;
  readonly predicted: number;
}

/** A finished run and the test images it is looked at on. */
export interface ScoredRun {
  readonly experiment: string;
  readonly run: number;
  readonly set: TestSet;
}

/** What an experiment can be exported as; see `ExperimentFormat` and `ModelFormat` of the engine. */
export type ExportFormat = "csv" | "json" | "keras" | "sklearn";
export type ModelExportFormat = "tfjs" | "onnx" | "npz";

/** What the training page can ask of the extension host. */
export interface TrainingHost {
  /** The page is there: answers everything so far; deltas with a higher sequence follow. */
  ready(): Promise<TrainingState>;
  /** Trains with these settings, which are kept for the next time; the dataset is inspected first when it was not. */
  start(spec: ExperimentSpec): Promise<void>;
  /** Goes on with the runs of an experiment that did not finish. */
  resume(experiment: string): Promise<void>;
  /** Halts what is being trained, or has it go on. */
  setPaused(paused: boolean): Promise<void>;
  cancel(): Promise<void>;
  inspect(): Promise<void>;
  openReport(): Promise<void>;
  /** A kept experiment with everything that finished. */
  experiment(experiment: string): Promise<ExperimentResult>;
  /** Asks, and removes a kept experiment. */
  forget(experiment: string): Promise<void>;
  details(scored: ScoredRun): Promise<RunDetails>;
  /** A page of the images that a run got wrong, the most confident first; of one cell of its confusion matrix, or of all. */
  mistakes(scored: ScoredRun, cell: ConfusionCell | null, from: number, count: number): Promise<MistakePage>;
  thumbnails(samples: readonly number[]): Promise<readonly ThumbnailView[]>;
  /** Opens an image that a page of mistakes named. */
  openSample(sample: number): Promise<void>;
  /** Asks for a place and writes the experiment there. */
  exportExperiment(experiment: string, format: ExportFormat): Promise<void>;
  exportModel(experiment: string, run: number, format: ModelExportFormat): Promise<void>;
  /** Asks for a place and writes a picture of charts there. */
  saveChart(png: Uint8Array): Promise<void>;
}

/** What the extension host tells the training page. */
export interface TrainingPage {
  change(delta: TrainingDelta): Promise<void>;
  /** Shows a kept experiment, e.g. one that was chosen in the tree. */
  open(experiment: string): Promise<void>;
}
