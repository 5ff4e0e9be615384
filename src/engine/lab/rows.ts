import * as l10n from "@vscode/l10n";
import { SampleState, type Role } from "../../core/dataset/dataset";
import { CleanSplitError } from "../../core/errors";
import { occursIn } from "../../core/leakage/findings";
import { MODES } from "../../core/picture";
import { linkedTo } from "../../core/sanitize/components";
import type { Decision } from "../../core/sanitize/policy";
import { countSets } from "../../core/training/evaluate";
import type { ExperimentResult, ExperimentSpec, TestColumns, TrainingData } from "../../core/training/experiment";
import type { Inspection } from "../inspection";
import type { FeatureFormat } from "../pool/jobs";
import { SCALING_TEXT } from "../training/classifier";
import { ROLE_CODES } from "../training/trainerJob";
import { nothingLabelledText, oneClassText } from "../training/untrainable";

/** Largest picture, in values, that is trained on at its own size; larger ones are resized. 64 x 64 grey. */
const MAX_OWN_SIZE = 4096;

/** Side that other pictures are resized to. */
const RESIZED_SIDE = 32;

/** The samples of an experiment, as columns with one entry a row of its feature table. */
export interface RowColumns {
  /** Numbers in the inspection, ascending. */
  readonly samples: Uint32Array;
  /** Index of the class. */
  readonly labels: Int32Array;
  /** What the split of the row is used for, see {@link ROLE_CODES}. */
  readonly roles: Uint8Array;
  /** 1 when the row is part of the sanitized data. */
  readonly stays: Uint8Array;
  /** 1 for test images that also occur in train or validation. */
  readonly leaked: Uint8Array;
  /** The same for images that are equal, or at tier `near` linked by similar ones. */
  readonly groups: Uint32Array;
}

/** How pictures become rows of bytes. */
export interface RowShape {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** How workers make them. */
  readonly format: FeatureFormat;
}

/**
 * The samples that an experiment trains and tests on: those with a picture, a label, and a split for train, validation or
 * test.
 *
 * @param decision what the sanitized data are; made at the tier of the specification
 * @throws CleanSplitError "not-a-dataset" when there is nothing to train or test on
 */
export function selectRows(inspection: Inspection, decision: Decision, spec: ExperimentSpec): RowColumns {
  const { findings } = inspection;
  const { table } = findings;
  const samples = usableSamples(inspection);
  const roleOf = (split: number): Role => table.splits[split]?.role ?? "other";
  const trains = (split: number): boolean => roleOf(split) === "train" || roleOf(split) === "validation";
  const inTraining = occursIn(findings, trains, spec.tier);
  const linked = linkedTo(findings, spec.tier);
  const isTest = (sample: number): boolean => roleOf(table.splitOf[sample] ?? 0) === "test";
  const rows: RowColumns = {
    samples,
    labels: Int32Array.from(samples, (sample) => table.classOf[sample] ?? -1),
    roles: Uint8Array.from(samples, (sample) => ROLE_CODES[roleOf(table.splitOf[sample] ?? 0)]),
    stays: Uint8Array.from(samples, (sample) => decision.stays[sample] ?? 0),
    leaked: Uint8Array.from(samples, (sample) => (isTest(sample) ? (inTraining[sample] ?? 0) : 0)),
    groups: Uint32Array.from(samples, (sample) => linked[sample] ?? sample),
  };
  for (const data of spec.data) checkRows(rows, table.classes, data);
  return rows;
}

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
      l10n.t(
        "There is nothing to train on: expected labelled images in a train and a test split, found the splits {0}. Say which split is which, in the report or with --split NAME=PATH.",
        splits,
      ),
    );
  }
  return Uint32Array.from(samples);
}

function checkRows({ labels, roles, stays }: RowColumns, classes: readonly string[], data: TrainingData): void {
  const fail = (sentence: string): never => {
    throw new CleanSplitError("not-a-dataset", sentence);
  };
  const isSanitized = data === "sanitized";
  const trained = new Set<number>();
  let tested = 0;
  roles.forEach((role, row) => {
    if (isSanitized && stays[row] !== 1) return;
    if (role === ROLE_CODES.train) trained.add(labels[row] ?? 0);
    if (role === ROLE_CODES.test) tested++;
  });
  if (trained.size === 0) fail(nothingLabelledText("train", isSanitized));
  if (tested === 0) fail(nothingLabelledText("test", isSanitized));
  const [first = 0] = trained;
  if (trained.size === 1) fail(oneClassText(classes[first] ?? "", isSanitized));
}

/**
 * How the pictures of an experiment become rows: small ones of one size as they are, others as squares, unless the
 * specification says which side and how many channels.
 */
export function rowShape(
  { findings: { fingerprints } }: Inspection,
  samples: Uint32Array,
  { side, channels }: Pick<ExperimentSpec, "side" | "channels">,
): RowShape {
  const { widths, heights, modes } = fingerprints;
  const first = samples[0] ?? 0;
  const [width, height] = [widths[first] ?? 0, heights[first] ?? 0];
  const depth = channels ?? (samples.some((sample) => (MODES[modes[sample] ?? 0] ?? "L").startsWith("RGB")) ? 3 : 1);
  const isSmall = width * height * depth <= MAX_OWN_SIZE;
  const isOneSize = samples.every((sample) => widths[sample] === width && heights[sample] === height);
  const plain = MODES.indexOf(depth === 3 ? "RGB" : "L");
  const isPlain = isOneSize && samples.every((sample) => modes[sample] === plain);
  const isKept = isPlain && (side === null ? isSmall : side === width && side === height);
  if (isKept) return { height, width, channels: depth, format: { side: null, channels: depth } };
  const square = side ?? (isOneSize && isSmall && width === height ? width : RESIZED_SIDE);
  return { height: square, width: square, channels: depth, format: { side: square, channels: depth } };
}

/** How images became numbers, for people, e.g. "28 x 28 grey, (p - 127.5) / 255". */
export function shapeText({ height, width, channels, format }: RowShape): string {
  const size = `${format.side === null ? "" : "resized to "}${height} x ${width}`;
  return `${size} ${channels === 1 ? "grey" : "RGB"}, ${SCALING_TEXT}`;
}

/** The labelled test images of an experiment, in the order of its rows. */
export interface TestRows extends TestColumns {
  /** The row of each. */
  readonly rows: Uint32Array;
}

/** The test images among the rows. */
export function testRows({ labels, roles, stays, leaked, groups }: RowColumns): TestRows {
  const rows = Uint32Array.from(roles.keys()).filter((row) => roles[row] === ROLE_CODES.test);
  return {
    rows,
    labels: Int32Array.from(rows, (row) => labels[row] ?? -1),
    stays: Uint8Array.from(rows, (row) => stays[row] ?? 0),
    leaked: Uint8Array.from(rows, (row) => leaked[row] ?? 0),
    groups: Uint32Array.from(rows, (row) => groups[row] ?? 0),
  };
}

/** Images by what they are used for, see {@link ExperimentResult}. */
export function countRows(columns: RowColumns): ExperimentResult["samples"] {
  const count = (role: number): Record<TrainingData, number> => {
    const counts = { original: 0, sanitized: 0 };
    columns.roles.forEach((own, row) => {
      if (own !== role) return;
      counts.original++;
      if (columns.stays[row] === 1) counts.sanitized++;
    });
    return counts;
  };
  return {
    train: count(ROLE_CODES.train),
    validation: count(ROLE_CODES.validation),
    test: countSets(testRows(columns)),
  };
}
