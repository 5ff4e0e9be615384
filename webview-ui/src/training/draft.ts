import * as l10n from "@vscode/l10n";
import {
  DEFAULT_EXPERIMENT,
  MAX_SIDE,
  MAX_TRAINING_SEED,
  MODEL_NAMES,
  planRuns,
  type BackendName,
  type ExperimentSpec,
  type ModelName,
  type TrainingData,
  type TrainingSize,
} from "../../../src/protocol/training";
import { messageOf } from "../shared/connection";

/** The settings of an experiment as they are typed. */
export interface Draft {
  readonly models: readonly ModelName[];
  readonly data: readonly TrainingData[];
  /** Lists with commas. */
  readonly sizes: string;
  readonly seeds: string;
  /** Empty leaves it to the recipes of the models, or to the pictures. */
  readonly epochs: string;
  readonly batchSize: string;
  readonly learningRate: string;
  readonly side: string;
  readonly channels: "" | "1" | "3";
  readonly tier: ExperimentSpec["tier"];
  readonly backend: "" | BackendName;
}

/** What is wrong with a field, in words. */
export type DraftErrors = Readonly<Partial<Record<keyof Draft, string>>>;

/** Most sizes or seeds that can be typed. */
const MAX_LISTED = 1000;

/** Settings as they can be typed. */
export function draftOf(spec: ExperimentSpec): Draft {
  const text = (value: number | null): string => (value === null ? "" : String(value));
  return {
    models: spec.models,
    data: spec.data,
    sizes: spec.sizes.join(", "),
    seeds: rangesOf(spec.seeds),
    epochs: text(spec.epochs),
    batchSize: text(spec.batchSize),
    learningRate: text(spec.learningRate),
    side: text(spec.side),
    channels: spec.channels === null ? "" : spec.channels === 1 ? "1" : "3",
    tier: spec.tier,
    backend: spec.backend ?? "",
  };
}

export const DEFAULT_DRAFT: Draft = draftOf(DEFAULT_EXPERIMENT);

/** The settings that were typed, or what is wrong with them. */
export function parseDraft(draft: Draft): { readonly spec: ExperimentSpec | null; readonly errors: DraftErrors } {
  const errors: Partial<Record<keyof Draft, string>> = {};
  const take = <T>(field: keyof Draft, parsed: Parsed<T>): T | null => {
    if ("value" in parsed) return parsed.value;
    errors[field] = parsed.error;
    return null;
  };
  const sizes = take("sizes", parseSizes(draft.sizes));
  const seeds = take("seeds", parseSeeds(draft.seeds));
  const epochs = take("epochs", parseCount(draft.epochs));
  const batchSize = take("batchSize", parseCount(draft.batchSize));
  const side = take("side", parseCount(draft.side, MAX_SIDE));
  const learningRate = take("learningRate", parseRate(draft.learningRate));
  if (draft.models.length === 0) errors.models = l10n.t("Choose at least one model.");
  if (draft.data.length === 0) errors.data = l10n.t("Choose original or sanitized data, or both.");
  if (Object.keys(errors).length > 0 || sizes === null || seeds === null) return { spec: null, errors };
  const spec: ExperimentSpec = {
    models: MODEL_NAMES.filter((name) => draft.models.includes(name)),
    sizes,
    data: DEFAULT_EXPERIMENT.data.filter((data) => draft.data.includes(data)),
    seeds,
    epochs,
    batchSize,
    learningRate,
    side,
    channels: draft.channels === "" ? null : draft.channels === "1" ? 1 : 3,
    tier: draft.tier,
    backend: draft.backend === "" ? null : draft.backend,
  };
  const tooMuch = refusal(spec);
  return tooMuch === null ? { spec, errors } : { spec: null, errors: { sizes: tooMuch } };
}

/** Why settings are refused that are all right one by one; `null` when they are not. */
function refusal(spec: ExperimentSpec): string | null {
  try {
    plannedRuns(spec, null);
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** Runs that settings ask for, on as many training images as are known to be there. */
export function plannedRuns(spec: ExperimentSpec, available: Readonly<Record<TrainingData, number>> | null): number {
  return planRuns(spec, available ?? { original: Infinity, sanitized: Infinity }).length;
}

type Parsed<T> = { readonly value: T } | { readonly error: string };

function parseSizes(text: string): Parsed<TrainingSize[]> {
  const parts = partsOf(text);
  const wrong = parts.find((part) => !isAll(part) && !isCount(part));
  if (wrong !== undefined) return { error: l10n.t("“{0}” is neither a whole number of at least 1 nor “all”.", wrong) };
  if (parts.length === 0) return { error: l10n.t("Give at least one number of images, or “all”.") };
  const sizes = parts.map((part): TrainingSize => (isAll(part) ? "all" : Number(part)));
  return tooMany(sizes) ?? { value: [...new Set(sizes)] };
}

function parseSeeds(text: string): Parsed<number[]> {
  const seeds: number[] = [];
  for (const part of partsOf(text)) {
    const [, from, to = from] = /^(\d{1,10})(?:\s*[-–]\s*(\d{1,10}))?$/.exec(part) ?? [];
    const [first, last] = [Number(from), Number(to)];
    if (!(first <= last && last <= MAX_TRAINING_SEED))
      return { error: l10n.t("“{0}” is no whole number and no range such as 1-5.", part) };
    if (last - first >= MAX_LISTED) return { error: atMost() };
    for (let seed = first; seed <= last; seed++) seeds.push(seed);
  }
  if (seeds.length === 0) return { error: l10n.t("Give at least one seed.") };
  return tooMany(seeds) ?? { value: [...new Set(seeds)] };
}

function atMost(): string {
  return l10n.t("At most {0} can be given.", MAX_LISTED);
}

function tooMany(list: readonly unknown[]): { readonly error: string } | null {
  return list.length > MAX_LISTED ? { error: atMost() } : null;
}

function parseCount(text: string, max = Number.MAX_SAFE_INTEGER): Parsed<number | null> {
  const trimmed = text.trim();
  if (trimmed === "") return { value: null };
  if (isCount(trimmed) && Number(trimmed) <= max) return { value: Number(trimmed) };
  return {
    error:
      max < Number.MAX_SAFE_INTEGER
        ? l10n.t("A whole number from 1 to {0}.", max)
        : l10n.t("A whole number of at least 1."),
  };
}

function parseRate(text: string): Parsed<number | null> {
  const trimmed = text.trim();
  if (trimmed === "") return { value: null };
  const rate = Number(trimmed);
  return Number.isFinite(rate) && rate > 0
    ? { value: rate }
    : { error: l10n.t("A number above 0, with a point: 0.01.") };
}

function partsOf(text: string): string[] {
  return text
    .split(/[,;]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function isAll(text: string): boolean {
  return text.toLowerCase() === "all";
}

function isCount(text: string): boolean {
  return /^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) >= 1;
}

/** Whole numbers as ranges, e.g. "1-5, 9". */
function rangesOf(numbers: readonly number[]): string {
  const ranges: { first: number; last: number }[] = [];
  for (const number of numbers) {
    const range = ranges.at(-1);
    if (range !== undefined && number === range.last + 1) range.last = number;
    else ranges.push({ first: number, last: number });
  }
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}
