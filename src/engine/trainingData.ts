import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SampleState } from "../core/dataset/dataset";
import { CleanSplitError } from "../core/errors";
import { occursIn } from "../core/leakage/findings";
import { MODES } from "../core/picture";
import type { Decision } from "../core/sanitize/policy";
import type { TrainingEvent, TrainingSpec } from "../core/training/training";
import type { Run } from "./engine";
import type { Inspection } from "./inspection";
import { forEachLimited } from "./limited";
import type { FeatureFormat } from "./pool/jobs";
import type { Pool } from "./pool/pool";
import { ROLE_CODES, type TrainerJob } from "./process/trainerApi";
import { SCALING_TEXT } from "./training/softmax";

/** Largest picture, in values, that is trained on at its own size; larger ones are resized. 64 x 64 grey. */
const MAX_OWN_SIZE = 4096;

/** Side that other pictures are resized to. */
const RESIZED_SIDE = 32;

/** Samples one job turns into numbers. */
const CHUNK = 512;

/**
 * Writes the pixels of all usable samples into a temporary file, calls `use` with the job for the trainer, and removes
 * the file again on every path.
 */
export async function withTrainingData<R>(
  inspection: Inspection,
  decision: Decision,
  spec: TrainingSpec,
  pool: Pool,
  run: Run<TrainingEvent>,
  use: (job: TrainerJob) => Promise<R>,
): Promise<R> {
  const samples = usableSamples(inspection);
  const format = featureFormat(inspection, samples);
  const folder = await mkdtemp(path.join(tmpdir(), "cleansplit-"));
  try {
    const featuresFile = path.join(folder, "features.bin");
    const dim = await writeFeatures(featuresFile, inspection, samples, format, pool, run);
    return await use(jobOf(inspection, decision, spec, samples, { featuresFile, dim, format }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Samples with a picture, a label and a split that is trained or evaluated on. */
function usableSamples({ findings: { table, fingerprints } }: Inspection): Uint32Array {
  const samples: number[] = [];
  for (let sample = 0; sample < table.count; sample++) {
    const role = table.splits[table.splitOf[sample] ?? 0]?.role ?? "other";
    const usable = fingerprints.states[sample] === SampleState.ok && (table.classOf[sample] ?? -1) >= 0;
    if (usable && role !== "other") samples.push(sample);
  }
  if (samples.length === 0) {
    const splits = table.splits.map((split) => split.name).join(", ");
    throw new CleanSplitError(
      "not-a-dataset",
      `There is nothing to train on: expected labelled images in a train and a test split, found the splits ${splits}. ` +
        "Say which split is which, in the report or with --split NAME=PATH.",
    );
  }
  return Uint32Array.from(samples);
}

/** Small pictures of one size are trained on as they are; all others are resized to one side. */
function featureFormat({ findings: { fingerprints } }: Inspection, samples: Uint32Array): FeatureFormat {
  const { widths, heights, modes } = fingerprints;
  const first = samples[0] ?? 0;
  const colour = samples.some((sample) => (MODES[modes[sample] ?? 0] ?? "L").startsWith("RGB"));
  const channels = colour ? 3 : 1;
  const sameSize = samples.every(
    (sample) =>
      widths[sample] === widths[first] && heights[sample] === heights[first] && modes[sample] === modes[first],
  );
  const own = (widths[first] ?? 0) * (heights[first] ?? 0) * channels;
  const plain = modes[first] === MODES.indexOf(colour ? "RGB" : "L");
  return { side: sameSize && plain && own <= MAX_OWN_SIZE ? null : RESIZED_SIDE, channels };
}

async function writeFeatures(
  file: string,
  { dataset }: Inspection,
  samples: Uint32Array,
  format: FeatureFormat,
  pool: Pool,
  run: Run<TrainingEvent>,
): Promise<number> {
  const handle = await open(file, "wx");
  try {
    let dim = 0;
    let done = 0;
    const starts = Array.from({ length: Math.ceil(samples.length / CHUNK) }, (_, index) => index * CHUNK);
    await forEachLimited(starts, pool.size, async (start) => {
      const refs = Array.from(samples.subarray(start, start + CHUNK), (sample) => dataset.ref(sample));
      const rows = await pool.run("features", { samples: refs, format }, run.signal);
      dim = rows.length / refs.length;
      await handle.write(rows, 0, rows.length, start * dim);
      done += refs.length;
      run.progress({ type: "loading", done, total: samples.length });
    });
    return dim;
  } finally {
    await handle.close();
  }
}

function jobOf(
  { dataset, findings }: Inspection,
  decision: Decision,
  spec: TrainingSpec,
  samples: Uint32Array,
  {
    featuresFile,
    dim,
    format,
  }: { readonly featuresFile: string; readonly dim: number; readonly format: FeatureFormat },
): TrainerJob {
  const { table } = dataset;
  const { widths, heights } = findings.fingerprints;
  const roleOf = (split: number): keyof typeof ROLE_CODES => table.splits[split]?.role ?? "other";
  const inTraining = occursIn(findings, (split) => roleOf(split) === "train" || roleOf(split) === "validation");
  const column = (value: (sample: number) => number): Uint8Array => Uint8Array.from(samples, value);
  const first = samples[0] ?? 0;
  const size =
    format.side === null ? `${heights[first]} x ${widths[first]}` : `resized to ${format.side} x ${format.side}`;
  return {
    featuresFile,
    rows: samples.length,
    dim,
    featuresText: `${size} ${format.channels === 1 ? "grey" : "RGB"}, ${SCALING_TEXT}`,
    labels: Int32Array.from(samples, (sample) => table.classOf[sample] ?? -1),
    classes: table.classes,
    splitRole: column((sample) => ROLE_CODES[roleOf(table.splitOf[sample] ?? 0)]),
    stays: column((sample) => decision.stays[sample] ?? 0),
    leaked: column((sample) => (roleOf(table.splitOf[sample] ?? 0) === "test" ? (inTraining[sample] ?? 0) : 0)),
    spec,
  };
}
