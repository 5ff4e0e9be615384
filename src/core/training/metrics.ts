import type { Score } from "./experiment";

/**
 * Scores the outputs of a classifier before softmax: mean cross entropy, log(sum of exp(z)) - z[label], and the share
 * whose largest output is the label's. Of equal outputs the first counts, as in Keras and NumPy. The largest output is
 * taken out of the sum first, so no exponential overflows (Goodfellow, Bengio, Courville, "Deep Learning", 4.1).
 *
 * @param logits samples x classes, row after row
 * @param labels class of every sample, 0..classes-1; at least one sample
 */
export function scoreLogits(logits: Float32Array, labels: Int32Array, classes: number): Score {
  let loss = 0;
  let correct = 0;
  labels.forEach((label, sample) => {
    const start = sample * classes;
    let best = start;
    for (let i = start + 1; i < start + classes; i++) {
      if ((logits[i] ?? 0) > (logits[best] ?? 0)) best = i;
    }
    const largest = logits[best] ?? 0;
    let sum = 0;
    for (let i = start; i < start + classes; i++) sum += Math.exp((logits[i] ?? 0) - largest);
    loss += Math.log(sum) + largest - (logits[start + label] ?? 0);
    if (best === start + label) correct++;
  });
  return { loss: loss / labels.length, accuracy: correct / labels.length, samples: labels.length };
}

/** The score over all samples of several scores; `null` when there are none. */
export function mergeScores(scores: readonly Score[]): Score | null {
  let samples = 0;
  let loss = 0;
  let correct = 0;
  for (const score of scores) {
    samples += score.samples;
    loss += score.loss * score.samples;
    correct += score.accuracy * score.samples;
  }
  return samples === 0 ? null : { loss: loss / samples, accuracy: correct / samples, samples };
}
