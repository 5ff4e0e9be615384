import { Random } from "../../../src/core/training/random";
import type { TrainingEvent, TrainingSpec } from "../../../src/core/training/training";
import type { Run } from "../../../src/engine/engine";
import { ROLE_CODES, type TrainerJob } from "../../../src/engine/process/trainerApi";
import type { FeatureTable } from "../../../src/engine/training/softmax";

/** Four classes of noisy pictures of 16 pixels; a quarter of the pixels is bright, which one is the class. */
export function toyTable(rows: number, seed = 7): FeatureTable {
  const random = new Random(seed);
  const [dim, classes] = [16, 4];
  const labels = Int32Array.from({ length: rows }, () => random.below(classes));
  const pixels = new Uint8Array(rows * dim);
  labels.forEach((label, row) => {
    for (let i = 0; i < dim; i++) {
      const bright = Math.floor(i / 4) === label;
      pixels[row * dim + i] = (bright ? 128 : 0) + random.below(128);
    }
  });
  return { pixels, dim, labels, classes };
}

/** The numbers `from` to `to` - 1. */
export function range(from: number, to: number): Uint32Array {
  return Uint32Array.from({ length: to - from }, (_, i) => from + i);
}

export const TOY_SPEC: TrainingSpec = {
  sizes: [40, "all"],
  data: ["original", "sanitized"],
  seed: 3,
  epochs: 5,
  batchSize: 32,
  learningRate: 0.5,
};

/** A job over the toy pictures, which must be in `featuresFile`: 60 % train, 20 % validation, 20 % test. */
export function toyJob(featuresFile: string, table: FeatureTable, spec: TrainingSpec = TOY_SPEC): TrainerJob {
  const rows = table.labels.length;
  const splitRole = Uint8Array.from({ length: rows }, (_, row) => {
    if (row < rows * 0.6) return ROLE_CODES.train;
    return row < rows * 0.8 ? ROLE_CODES.validation : ROLE_CODES.test;
  });
  const leaked = splitRole.map((role, row) => (role === ROLE_CODES.test && row % 5 === 0 ? 1 : 0));
  const stays = splitRole.map((_, row) => (row % 10 === 0 ? 0 : 1));
  return {
    featuresFile,
    rows,
    dim: table.dim,
    featuresText: "toy",
    labels: table.labels,
    classes: ["a", "b", "c", "d"],
    splitRole,
    stays,
    leaked,
    spec,
  };
}

/** A run that keeps its events; `onEvent` may abort it. */
export function recordingRun<E = TrainingEvent>(
  onEvent: (event: E, abort: AbortController) => void = () => undefined,
): Run<E> & { readonly events: E[] } {
  const abort = new AbortController();
  const events: E[] = [];
  return {
    signal: abort.signal,
    events,
    progress: (event) => {
      events.push(event);
      onEvent(event, abort);
    },
  };
}
