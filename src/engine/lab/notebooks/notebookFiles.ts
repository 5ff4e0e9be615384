import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import type { TrainingRun } from "../../../core/training/experiment";
import { MODELS, type ModelName } from "../../../core/training/models";
import type { Progress, Run } from "../../engine";
import { textWriter, type ExportFile } from "../../exports/exportFiles";
import type { ExperimentFileRequest } from "../exports";
import { IMAGES_MARK, writeImages } from "./images";
import { KERAS_MODELS, kerasCells } from "./keras";
import { notebookText } from "./notebook";
import { SKLEARN_MODELS, sklearnCells } from "./sklearn";

/** What a notebook is written with. */
export type NotebookKind = "keras" | "sklearn";

/** The library of each kind of notebook, the models that it repeats, and its cells. */
const KINDS = {
  keras: { library: "Keras", models: KERAS_MODELS, cells: kerasCells },
  sklearn: { library: "scikit-learn", models: SKLEARN_MODELS, cells: sklearnCells },
} as const;

/**
 * A notebook that repeats the finished runs of an experiment, and `NAME.npz` beside it with the images. The notebook names
 * nothing but that file.
 *
 * Throws a `CleanSplitError`: "refused" when the notebook is not named `*.ipynb`, "unsupported" when the library has none of
 * the models of the finished runs.
 */
export function notebookFiles(
  kind: NotebookKind,
  { experiment, file, rows }: ExperimentFileRequest,
  run: Run<Progress>,
): readonly ExportFile[] {
  const { name, ext } = path.parse(file);
  if (ext.toLowerCase() !== ".ipynb") {
    throw new CleanSplitError("refused", l10n.t("{0} is to be a notebook. Give it a name that ends in .ipynb.", file));
  }
  const { library, models, cells } = KINDS[kind];
  const finished = experiment.runs.flatMap(({ result }) => (result === null ? [] : [result]));
  const repeated = finished.filter(({ model }) => models.includes(model));
  if (repeated.length === 0) throw nothingToRepeat(library, models, finished);
  const images = `${name}.npz`;
  const left = [...new Set(finished.map(({ model }) => model))].filter((model) => !models.includes(model));
  return [
    { file, write: textWriter(() => notebookText(cells({ experiment, images, runs: repeated, left }))) },
    {
      file: path.join(path.dirname(file), images),
      write: async (target) => writeImages(target, experiment, await rows(), run),
      isOwn: (head) => head.includes(IMAGES_MARK),
    },
  ];
}

function nothingToRepeat(
  library: string,
  models: readonly ModelName[],
  finished: readonly TrainingRun[],
): CleanSplitError {
  const titles = models.map((model) => MODELS[model].title).join(", ");
  return new CleanSplitError(
    "unsupported",
    finished.length === 0
      ? l10n.t("No run of this experiment is finished, so a notebook could repeat none. Go on with it first.")
      : l10n.t(
          "A notebook in {0} cannot repeat the models of this experiment, only these: {1}. Choose the other kind of notebook.",
          library,
          titles,
        ),
  );
}
