import { existsSync, readFileSync, statSync } from "node:fs";
import * as l10n from "@vscode/l10n";
import { TEST_SETS } from "../../core/training/evaluation";
import {
  DEFAULT_EXPERIMENT,
  type ExperimentResult,
  type ExperimentSpec,
  type PlannedRun,
} from "../../core/training/experiment";
import { MODEL_NAMES } from "../../core/training/models";
import { completeExperiment } from "../../core/training/planRuns";
import { damaged, isRecord, writeKept } from "../home";
import type { RowShape } from "./rows";

/** Version of the file; one of another version is not read. */
const VERSION = 1;

/** Bytes of the largest file that is read. */
const LARGEST = 64 * 2 ** 20;

/** What an experiment is, as it was decided before it began; what became of it is in its journal. */
export interface ExperimentHead extends Pick<
  ExperimentResult,
  "experiment" | "started" | "spec" | "features" | "classes" | "samples" | "plan"
> {
  readonly dataset: ExperimentResult["dataset"] & {
    /** Absolute paths; experiments on an older state of the same dataset are found by them. */
    readonly inputs: readonly string[];
  };
  readonly shape: RowShape;
  /** Rows of the feature table. */
  readonly rows: number;
}

/** Keeps what an experiment is. Throws a `CleanSplitError` when it cannot be written. */
export function writeHead(file: string, head: ExperimentHead): void {
  writeKept(file, () => `${JSON.stringify({ version: VERSION, ...head })}\n`);
}

/**
 * What an experiment is; `null` when there is no such file.
 *
 * @throws CleanSplitError "corrupt" when the file is not what {@link writeHead} wrote, in whatever way
 */
export function readHead(file: string, experiment: string): ExperimentHead | null {
  if (!existsSync(file)) return null;
  let value: unknown;
  try {
    if (statSync(file).size > LARGEST) throw new RangeError("too large");
    value = JSON.parse(readFileSync(file, "utf8"));
  } catch {
    throw damaged(file, l10n.t("it is no JSON"));
  }
  if (!isRecord(value)) throw damaged(file, l10n.t("it is no experiment"));
  if (value["version"] !== VERSION) {
    throw damaged(
      file,
      l10n.t("its version is {0}, and this CleanSplit reads {1}", JSON.stringify(value["version"] ?? null), VERSION),
    );
  }
  const wrong = Object.entries(CHECKS).find(([name, check]) => !check(value[name]));
  if (wrong !== undefined) throw damaged(file, l10n.t('"{0}" is not as it was written', wrong[0]));
  if (value["experiment"] !== experiment) throw damaged(file, l10n.t("it is that of another experiment"));
  return value as unknown as ExperimentHead;
}

/** Whether each field is what it should be: what is read is drawn, calculated with and exported. */
const CHECKS: Readonly<Record<keyof ExperimentHead, (value: unknown) => boolean>> = {
  experiment: isText,
  started: (value) => isText(value) && !Number.isNaN(Date.parse(value)),
  features: isText,
  classes: isTexts,
  rows: isCount,
  spec: isSpec,
  plan: (value) => Array.isArray(value) && value.every(isPlanned),
  dataset: (value) =>
    isRecord(value) && isText(value["name"]) && isText(value["fingerprint"]) && isTexts(value["inputs"]),
  shape: isShape,
  samples: isSamples,
};

function isText(value: unknown): value is string {
  return typeof value === "string";
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isSpec(value: unknown): value is ExperimentSpec {
  if (!isRecord(value) || Object.keys(DEFAULT_EXPERIMENT).some((name) => value[name] === undefined)) return false;
  try {
    completeExperiment(value);
    return true;
  } catch {
    return false;
  }
}

function isPlanned(value: unknown): value is PlannedRun {
  if (!isRecord(value)) return false;
  const { model, data, size, trained, seed, epochs } = value;
  return (
    MODEL_NAMES.some((name) => name === model) &&
    (data === "original" || data === "sanitized") &&
    (size === "all" || isCount(size)) &&
    [trained, seed, epochs].every(isCount)
  );
}

function isShape(value: unknown): value is RowShape {
  if (!isRecord(value) || !isRecord(value["format"])) return false;
  const { height, width, channels, format } = value;
  const isDepth = (depth: unknown): boolean => depth === 1 || depth === 3;
  const isSide = format["side"] === null || isCount(format["side"]);
  return isCount(height) && isCount(width) && isDepth(channels) && isSide && isDepth(format["channels"]);
}

function isSamples(value: unknown): value is ExperimentResult["samples"] {
  if (!isRecord(value)) return false;
  const counts = (of: unknown, names: readonly string[]): boolean =>
    isRecord(of) && names.every((name) => isCount(of[name]));
  const kinds = ["original", "sanitized"];
  return counts(value["train"], kinds) && counts(value["validation"], kinds) && counts(value["test"], TEST_SETS);
}
