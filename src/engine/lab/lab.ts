import type {
  ExperimentEvent,
  ExperimentResult,
  ExperimentSpec,
  ExperimentSummary,
  MistakePage,
  RunDetails,
} from "../../core/training/experiment";
import type { TestSet } from "../../core/training/evaluation";
import type { LabelAudit, LabelVerdict, SuspectPage, SuspectQuery } from "../../core/training/labelAudit";
import type { Progress, Run } from "../engine";

/** What an experiment can be exported as: tables, everything, or a notebook that repeats a run elsewhere. */
export type ExperimentFormat = "csv" | "json" | "keras" | "sklearn";

/** What a trained model can be saved as: a TensorFlow.js LayersModel, ONNX, or NumPy arrays. */
export type ModelFormat = "tfjs" | "onnx" | "npz";

/** The part of the engine that trains, keeps experiments and audits labels. */
export interface Lab {
  /**
   * Trains an experiment in a process of its own and follows it until it ends, is cancelled by the signal, or fails. It is
   * kept with everything that finished, whatever happens to it.
   */
  runExperiment(
    request: { inspection: string; spec: Partial<ExperimentSpec> },
    run: Run<ExperimentEvent>,
  ): Promise<ExperimentResult>;
  /**
   * Follows an experiment again: one whose trainer still runs, e.g. after the window was closed, goes on being reported; one
   * that was interrupted or cancelled goes on with the runs that did not finish.
   */
  resumeExperiment(
    request: { inspection: string; experiment: string },
    run: Run<ExperimentEvent>,
  ): Promise<ExperimentResult>;
  /** Halts the trainer between two batches, or has it go on. Whoever follows the experiment is told. */
  pauseExperiment(request: { experiment: string; paused: boolean }, run: Run): Promise<void>;
  /** The kept experiments on this dataset, the newest first. */
  experiments(request: { inspection: string }, run: Run): Promise<ExperimentSummary[]>;
  experiment(request: { experiment: string }, run: Run): Promise<ExperimentResult>;
  /** Removes an experiment that does not run, with everything kept of it. */
  forgetExperiment(request: { experiment: string }, run: Run): Promise<void>;
  /** Confusion matrix, scores by class and calibration of a finished run on one set of test images. */
  runDetails(request: { experiment: string; run: number; set: TestSet }, run: Run): Promise<RunDetails>;
  /**
   * A page of the test images that a finished run got wrong, at most 500; of all of them, or of one cell of its confusion
   * matrix, by the numbers of the classes.
   */
  mistakes(
    request: {
      inspection: string;
      experiment: string;
      run: number;
      set: TestSet;
      cell: { label: number; predicted: number } | null;
      from: number;
      count: number;
    },
    run: Run,
  ): Promise<MistakePage>;
  /**
   * Writes an experiment, or a notebook that repeats its runs, into `file`, an absolute path. A notebook gets a file
   * `NAME.npz` beside it with the images as they were trained on, a table `NAME-costs.csv` with what leakage costs.
   */
  exportExperiment(
    request: { inspection: string; experiment: string; format: ExperimentFormat; file: string; overwrite: boolean },
    run: Run<Progress>,
  ): Promise<{ files: readonly string[] }>;
  /** Saves the model of a run whose parameters are kept into the new folder `folder`, with a model card. */
  exportModel(
    request: { experiment: string; run: number; format: ModelFormat; folder: string },
    run: Run,
  ): Promise<{ folder: string; files: readonly string[] }>;
  /** Predicts every labelled image by a model that was trained without it, and finds the labels that are probably wrong. */
  auditLabels(request: { inspection: string; seed: number }, run: Run<Progress>): Promise<LabelAudit>;
  /** A page of the suspects of an audit, the most probable first. */
  suspects(request: { audit: string; query: SuspectQuery }, run: Run): Promise<SuspectPage>;
  /** Keeps what a person says of the labels of samples; `null` forgets it. Answers the audit with the new counts. */
  judgeLabels(
    request: { audit: string; samples: readonly number[]; verdict: LabelVerdict | null; newHome?: string },
    run: Run,
  ): Promise<LabelAudit>;
}
