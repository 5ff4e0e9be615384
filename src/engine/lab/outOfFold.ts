import path from "node:path";
import { Worker } from "node:worker_threads";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { KEPT_CLASSES, type Predictions } from "../../core/training/confidentLearning";
import { FOLDS, NO_FOLD } from "../../core/training/folds";
import { MODELS, type Recipe } from "../../core/training/models";
import type { Run } from "../engine";
import { forEachLimited } from "../limited";
import { abortError } from "../process/rpc";
import type { FeatureTable } from "../training/classifier";
import type { FoldMessage } from "./foldMain";
import type { FoldTask } from "./predictFold";

/**
 * How long is trained: steps of gradient descent, as far as these numbers of epochs allow. The 20 epochs of the published
 * recipe are too few for a small dataset, and more than a large one needs to tell its labels apart: see docs/label-audit.md.
 */
const STEPS = 4000;
const [LEAST_EPOCHS, MOST_EPOCHS] = [5, 50];

/** Steps of an epoch at least, for which the batches of a small dataset are smaller than those of the recipe. */
const STEPS_OF_EPOCH = 20;
const LEAST_BATCH = 8;

/**
 * Predicts every row of a table by softmax regression that was trained on the rows of the other folds. Each fold is trained in
 * a thread of its own, at most `threads` at a time; all of them read the same pixels, which must lie in shared memory.
 *
 * @param folds the fold of every row; rows of {@link NO_FOLD} are neither trained on nor predicted, their predictions are 0
 * @param dist folder of the bundles
 * @param run told the share of all work that is done, 0..1
 * @throws CleanSplitError "stopped" when a thread ends by itself; the errors of `predictFold`
 * @throws AbortError as soon as it is cancelled, when the threads have ended
 */
export async function outOfFold(
  table: FeatureTable,
  folds: Uint8Array,
  seed: number,
  { dist, threads }: { readonly dist: string; readonly threads: number },
  run: Run<number>,
): Promise<Predictions> {
  const width = Math.min(table.classes, KEPT_CLASSES);
  const said = {
    width,
    classes: new Uint16Array(folds.length * width),
    probabilities: new Float32Array(folds.length * width),
    ofLabel: new Float32Array(folds.length),
  };
  const shares = new Float64Array(FOLDS);
  await forEachLimited(shares.keys(), threads, async (fold) => {
    const rows = rowsWhere(folds, (of) => of === fold);
    const train = rowsWhere(folds, (of) => of !== fold && of !== NO_FOLD);
    const report = (share: number): void => {
      shares[fold] = share;
      run.progress(shares.reduce((sum, one) => sum + one, 0) / FOLDS);
    };
    if (rows.length > 0) {
      const task: FoldTask = { table, train, predict: rows, recipe: recipeFor(train.length), seed };
      const found = await predictInThread(path.join(dist, "fold.js"), task, { signal: run.signal, progress: report });
      rows.forEach((row, index) => {
        said.classes.set(found.classes.subarray(index * width, (index + 1) * width), row * width);
        said.probabilities.set(found.probabilities.subarray(index * width, (index + 1) * width), row * width);
        said.ofLabel[row] = found.ofLabel[index] ?? 0;
      });
    }
    report(1);
  });
  return said;
}

/** How so many rows are trained on. */
function recipeFor(rows: number): Recipe {
  const recipe = MODELS.softmax.recipe ?? { epochs: 20, batchSize: 128, learningRate: 0.01, l2: 0 };
  const batchSize = Math.max(LEAST_BATCH, Math.min(recipe.batchSize, Math.floor(rows / STEPS_OF_EPOCH)));
  const epochs = Math.ceil(STEPS / Math.max(1, Math.ceil(rows / batchSize)));
  return { ...recipe, batchSize, epochs: Math.min(MOST_EPOCHS, Math.max(LEAST_EPOCHS, epochs)) };
}

function rowsWhere(folds: Uint8Array, isWanted: (fold: number) => boolean): Uint32Array {
  const rows = new Uint32Array(folds.length);
  let count = 0;
  folds.forEach((fold, row) => {
    if (isWanted(fold)) rows[count++] = row;
  });
  return rows.slice(0, count);
}

async function predictInThread(script: string, task: FoldTask, run: Run<number>): Promise<Predictions> {
  if (run.signal.aborted) throw abortError();
  const worker = new Worker(script, { workerData: task });
  let onAbort: (() => void) | undefined;
  try {
    return await new Promise((resolve, reject) => {
      onAbort = () => reject(abortError());
      run.signal.addEventListener("abort", onAbort, { once: true });
      worker.on("message", (message: FoldMessage) => {
        if (message.type === "progress") run.progress(message.share);
        else if (message.type === "done") resolve(message.said);
        else
          reject(
            message.reason === null ? new Error(message.message) : new CleanSplitError(message.reason, message.message),
          );
      });
      worker.on("error", reject);
      worker.on("exit", () => {
        reject(
          new CleanSplitError(
            "stopped",
            l10n.t("A thread that audits labels ended unexpectedly. Audit again, with fewer images if memory ran out."),
          ),
        );
      });
    });
  } finally {
    if (onAbort !== undefined) run.signal.removeEventListener("abort", onAbort);
    await worker.terminate();
  }
}
