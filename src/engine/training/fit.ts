import { setImmediate as nextTurn } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import type { EpochScore, Predictions, Score } from "../../core/training/experiment";
import { mergeScores, scoreLogits } from "../../core/training/metrics";
import type { Recipe } from "../../core/training/models";
import { Random, shuffle } from "../../core/training/random";
import { abortError } from "../process/rpc";
import type { Classifier, FeatureTable } from "./classifier";
import type { Gate } from "./trainerJob";

/** Longest work, in milliseconds, before the event loop gets a turn to see a cancellation or a pause. */
const TURN = 20;
/** Most rows that a classifier predicts at once. */
const PREDICT_ROWS = 512;
/** Pixel values that are predicted at once, so that a network's tensors stay small and its work short. */
const PREDICT_VALUES = 2 ** 17;
/** The largest number of 32 bits, which a loss is cut off at. */
const MAX_FLOAT = (2 - 2 ** -23) * 2 ** 127;

/** Gives the event loop its turns during long synchronous work, so that it can be cancelled and paused. */
export class Turns {
  private since = performance.now();
  private halted = 0;

  constructor(
    private readonly signal: AbortSignal,
    private readonly gate: Gate,
  ) {}

  /** Milliseconds that the work was halted by its gate. */
  get paused(): number {
    return this.halted;
  }

  /**
   * To be called between two steps of work.
   *
   * @throws AbortError when the work was cancelled, also while it is paused
   */
  async pass(): Promise<void> {
    if (performance.now() - this.since >= TURN) {
      await nextTurn();
      const arrived = performance.now();
      await this.opened();
      this.since = performance.now();
      this.halted += this.since - arrived;
    }
    if (this.signal.aborted) throw abortError();
  }

  /** Waits for the gate or for a cancellation, whichever is first. */
  private async opened(): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return;
    let stop = (): void => undefined;
    const aborted = new Promise<void>((resolve) => (stop = resolve));
    signal.addEventListener("abort", stop);
    try {
      await Promise.race([this.gate(), aborted]);
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }
}

/** What a classifier is trained on and scored by. */
export interface FitRows {
  readonly table: FeatureTable;
  /** Labelled rows, at least one. */
  readonly train: Uint32Array;
  /** Labelled rows that are scored after every epoch; may be empty. */
  readonly validation: Uint32Array;
}

/**
 * Trains a classifier by the epochs and batches of a recipe and scores the validation rows after every epoch. The
 * training rows are put into a new order for every epoch; the last batch may be smaller, or is left out as the recipe
 * says; loss and accuracy of an epoch are running means over its batches, as Keras reports them.
 *
 * @param seed decides about the orders
 * @param onEpoch told the scores of every finished epoch
 * @returns the score of the validation rows after the last epoch, `null` without such
 * @throws AbortError when cancelled, within two batches or a fifth of a second, whichever is longer
 * @throws CleanSplitError "unsupported" when the loss grows out of bounds
 */
export async function fit(
  model: Classifier,
  { table, train, validation }: FitRows,
  recipe: Pick<Recipe, "epochs" | "batchSize" | "wholeBatches">,
  seed: number,
  turns: Turns,
  onEpoch: (score: EpochScore) => void,
): Promise<Score | null> {
  const random = new Random(seed);
  let scored: Score | null = null;
  const order = Uint32Array.from(train);
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    shuffle(order, random);
    const batches: Score[] = [];
    for (const batch of slices(order.subarray(0, rowsOfEpoch(order.length, recipe)), recipe.batchSize)) {
      batches.push(model.step(batch));
      await turns.pass();
    }
    const trained = mergeScores(batches);
    if (trained === null) throw new Error("There are no rows to train on.");
    checkFinite(trained.loss);
    scored = await scoreRows(model, table, validation, turns);
    onEpoch({
      loss: trained.loss,
      accuracy: trained.accuracy,
      valLoss: scored?.loss ?? null,
      valAccuracy: scored?.accuracy ?? null,
    });
  }
  return scored;
}

/** How many of the rows an epoch trains on; all of them where they fill not even one batch. */
function rowsOfEpoch(
  rows: number,
  { batchSize, wholeBatches = false }: Pick<Recipe, "batchSize" | "wholeBatches">,
): number {
  return wholeBatches && rows > batchSize ? rows - (rows % batchSize) : rows;
}

/**
 * The score of any number of labelled rows, `null` for none. Errors as for {@link fit}.
 *
 * @param batch rows predicted at once; by default as many as suits a network
 */
export async function scoreRows(
  model: Classifier,
  table: FeatureTable,
  rows: Uint32Array,
  turns: Turns,
  batch = predictBatch(table),
): Promise<Score | null> {
  const scores: Score[] = [];
  for (const part of slices(rows, batch)) {
    scores.push(scoreLogits(model.predict(part), labelsOf(table, part), table.classes));
    await turns.pass();
  }
  const score = mergeScores(scores);
  if (score !== null) checkFinite(score.loss);
  return score;
}

/** What a classifier says of labelled rows, in their order. Parameters and errors as for {@link scoreRows}. */
export async function predictRows(
  model: Classifier,
  table: FeatureTable,
  rows: Uint32Array,
  turns: Turns,
  batch = predictBatch(table),
): Promise<Predictions> {
  const predictions: Predictions = {
    predicted: new Uint16Array(rows.length),
    confidence: new Float32Array(rows.length),
    losses: new Float32Array(rows.length),
  };
  let done = 0;
  for (const part of slices(rows, batch)) {
    addPredictions(predictions, done, model.predict(part), labelsOf(table, part), table.classes);
    done += part.length;
    await turns.pass();
  }
  return predictions;
}

/** Rows that a network predicts at once: it depends on the table alone, as sizes can change the last bits of results. */
export function predictBatch({ height, width, channels }: FeatureTable): number {
  return Math.max(1, Math.min(PREDICT_ROWS, Math.floor(PREDICT_VALUES / (height * width * channels))));
}

/** Writes the predictions for rows whose logits are given into the columns, from place `at` on. */
function addPredictions(
  { predicted, confidence, losses }: Predictions,
  at: number,
  logits: Float32Array,
  labels: Int32Array,
  classes: number,
): void {
  labels.forEach((label, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    // Of equal logits the first counts, as in `scoreLogits`.
    const best = row.reduce((most, value, c) => (value > (row[most] ?? 0) ? c : most), 0);
    const largest = row[best] ?? 0;
    const total = Math.log(row.reduce((sum, value) => sum + Math.exp(value - largest), 0));
    checkFinite(total);
    predicted[at + i] = best;
    confidence[at + i] = Math.exp(-total);
    losses[at + i] = Math.min(MAX_FLOAT, total + largest - (row[label] ?? 0));
  });
}

function checkFinite(loss: number): void {
  if (Number.isFinite(loss)) return;
  throw new CleanSplitError(
    "unsupported",
    l10n.t("The training diverged: its loss is no longer a number; lower the learning rate."),
  );
}

function labelsOf(table: FeatureTable, rows: Uint32Array): Int32Array {
  return Int32Array.from(rows, (row) => table.labels[row] ?? -1);
}

function* slices(rows: Uint32Array, size: number): Generator<Uint32Array> {
  for (let start = 0; start < rows.length; start += size) yield rows.subarray(start, start + size);
}
