import type { ExperimentResult, TrainingRun } from "../../core/training/experiment";
import type { Progress, Run } from "../engine";
import type { Parameter } from "../training/classifier";
import type { ExperimentFormat, ModelFormat } from "./lab";
import { replaceFiles, textWriter, type ExportFile } from "../exports/exportFiles";
import { experimentTables } from "./experimentTables";
import { writeModel } from "./models/modelFolder";
import { notebookFiles } from "./notebooks/notebookFiles";

/** How large the pictures are that a model takes, in pixels. */
export interface PictureSize {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
}

/** The images as they were trained on, in the order of the feature table. Columns have one entry an image. */
export interface ExperimentRows extends PictureSize {
  /** Values 0..255 of all images, row after row, in pieces of any size; read once, from front to back. */
  readonly pixels: AsyncIterable<Uint8Array>;
  readonly id: (row: number) => string;
  /** Class of every row; other values than 0..classes-1 mark rows that are not used. */
  readonly labels: Int32Array;
  /** What the split of the row is used for, see `ROLE_CODES` of trainerJob.ts. */
  readonly splitRole: Uint8Array;
  /** 1 when the row is part of the sanitized data. */
  readonly stays: Uint8Array;
  /** 1 for test images that also occur in train or validation. */
  readonly leaked: Uint8Array;
}

/** What of an experiment is written, and where. */
export interface ExperimentFileRequest {
  readonly experiment: ExperimentResult;
  readonly format: ExperimentFormat;
  /** Absolute path. */
  readonly file: string;
  readonly overwrite: boolean;
  /** Gives the images; called at most once, and only for notebooks, after the place was found to be free. */
  readonly rows: () => Promise<ExperimentRows>;
}

/**
 * Writes an experiment, or a notebook that repeats its runs, into `file`; answers the absolute paths of all files written,
 * `file` first. A table gets a second one beside it, `NAME-costs.csv`, and a notebook the images, `NAME.npz`.
 *
 * Files appear whole or not at all. Rejects with a `CleanSplitError`: "conflict" when a file is there and must not be
 * overwritten, or when one beside `file` was not written by CleanSplit, "refused" when a notebook is not named `*.ipynb`,
 * "unsupported" when no run can be repeated, "full" and "forbidden" when it cannot be written.
 */
export async function writeExperimentFile(
  request: ExperimentFileRequest,
  run: Run<Progress>,
): Promise<readonly string[]> {
  const { overwrite } = request;
  return replaceFiles(exportedFiles(request, run), { overwrite, signal: run.signal });
}

function exportedFiles(request: ExperimentFileRequest, run: Run<Progress>): readonly ExportFile[] {
  const { experiment, format, file } = request;
  switch (format) {
    case "json":
      return [{ file, write: textWriter(() => `${JSON.stringify(experiment, null, 2)}\n`) }];
    case "csv":
      return experimentTables(experiment, file);
    case "keras":
    case "sklearn":
      return notebookFiles(format, request, run);
  }
}

/** Which model is saved, and where. */
export interface ModelFolderRequest {
  readonly experiment: ExperimentResult;
  /** A finished run of the experiment whose parameters are kept. */
  readonly run: TrainingRun;
  readonly parameters: readonly Parameter[];
  readonly input: PictureSize;
  readonly format: ModelFormat;
  /** Absolute path of a folder that does not exist. */
  readonly folder: string;
}

/**
 * Saves a model with `MODEL_CARD.md` and `classes.json` into a new folder, which appears whole or not at all; answers the
 * names of its files.
 *
 * Rejects with a `CleanSplitError`: "refused" when the folder exists, "unsupported" for nearest neighbours and for a model
 * that is too large for the format, "corrupt" when the parameters are not those of the model, "full" and "forbidden" when it cannot be
 * written.
 */
export async function writeModelFolder(request: ModelFolderRequest, run: Run): Promise<readonly string[]> {
  return writeModel(request, run.signal);
}
