import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { KEPT_CLASSES, type Predictions } from "../../core/training/confidentLearning";
import type { Recipe } from "../../core/training/models";
import { Random, shuffle } from "../../core/training/random";
import type { Backend, Classifier, FeatureTable } from "../training/classifier";

/** A model to be trained on some rows of a table, and the others that it is to predict. */
export interface FoldTask {
  readonly table: FeatureTable;
  readonly train: Uint32Array;
  readonly predict: Uint32Array;
  readonly recipe: Recipe;
  readonly seed: number;
}

/** Rows that are predicted at a time. */
const BATCH = 512;

/**
 * Trains softmax regression on the rows of a task and predicts the others. The same task gives the same predictions.
 *
 * @param progress told the share of the training that is done, 0..1, after every batch
 * @throws CleanSplitError "unsupported" when the loss grows out of bounds
 */
export function predictFold(backend: Backend, task: FoldTask, progress: (share: number) => void): Predictions {
  const { table, train, recipe, seed } = task;
  const model = backend.create({ model: "softmax", table, recipe, seed, train });
  try {
    trainModel(model, task, progress);
    return predictRows(model, task);
  } finally {
    model.dispose();
  }
}

function trainModel(model: Classifier, { train, recipe, seed }: FoldTask, progress: (share: number) => void): void {
  const random = new Random(seed);
  const order = train.slice();
  let [done, loss] = [0, 0];
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    shuffle(order, random);
    for (let from = 0; from < order.length; from += recipe.batchSize) {
      const batch = order.subarray(from, from + recipe.batchSize);
      loss = model.step(batch).loss;
      done += batch.length;
      progress(done / (order.length * recipe.epochs));
    }
  }
  if (Number.isFinite(loss)) return;
  throw new CleanSplitError(
    "unsupported",
    l10n.t("The labels could not be audited: the model that checks them diverged, its loss is no longer a number."),
  );
}

function predictRows(model: Classifier, { table, predict }: FoldTask): Predictions {
  const width = Math.min(table.classes, KEPT_CLASSES);
  const said = {
    width,
    classes: new Uint16Array(predict.length * width),
    probabilities: new Float32Array(predict.length * width),
    ofLabel: new Float32Array(predict.length),
  };
  const probabilities = new Float32Array(table.classes);
  const order = Array.from({ length: table.classes }, (_, label) => label);
  for (let from = 0; from < predict.length; from += BATCH) {
    const rows = predict.subarray(from, from + BATCH);
    const logits = model.predict(rows);
    rows.forEach((row, index) => {
      softmax(logits.subarray(index * table.classes, (index + 1) * table.classes), probabilities);
      order.sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0) || a - b);
      const at = (from + index) * width;
      for (let place = 0; place < width; place++) {
        const label = order[place] ?? 0;
        said.classes[at + place] = label;
        said.probabilities[at + place] = probabilities[label] ?? 0;
      }
      said.ofLabel[from + index] = probabilities[table.labels[row] ?? 0] ?? 0;
    });
  }
  return said;
}

/** Probabilities of logits. The largest one is taken out first, so that no exponential overflows. */
function softmax(logits: Float32Array, into: Float32Array): void {
  const largest = logits.reduce((most, logit) => Math.max(most, logit), Number.NEGATIVE_INFINITY);
  let sum = 0;
  logits.forEach((logit, label) => {
    const value = Math.exp(logit - largest);
    into[label] = value;
    sum += value;
  });
  for (let label = 0; label < into.length; label++) into[label] = (into[label] ?? 0) / sum;
}
