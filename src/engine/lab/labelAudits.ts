import { setImmediate as nextTurn } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import { SampleState } from "../../core/dataset/dataset";
import { CleanSplitError } from "../../core/errors";
import { linkedTo } from "../../core/sanitize/components";
import type { Findings } from "../../core/leakage/findings";
import { foldsOf, FOLDS, NO_FOLD } from "../../core/training/folds";
import type { LabelAudit } from "../../core/training/labelAudit";
import { MODELS } from "../../core/training/models";
import { auditSentence, findSuspects, type AuditedSamples, type SuspectList } from "../../core/training/suspects";
import type { Progress, Run } from "../engine";
import type { Inspection } from "../inspection";
import type { Pool } from "../pool/pool";
import { readPixels } from "./auditFeatures";
import { outOfFold } from "./outOfFold";
import { readVerdicts } from "./verdictsFile";

/** More classes would make tables of pairs of them too large. */
const MOST_CLASSES = 2048;

/** An audit that later calls name. */
export interface HeldAudit {
  readonly inspection: Inspection;
  readonly found: Omit<LabelAudit, "audit" | "judged">;
  readonly suspects: SuspectList;
}

/**
 * Predicts every labelled image by a model that was trained without it and its duplicates, and finds labels that are probably
 * wrong. Where classes of the dataset cannot be compared, those of the label space with most images are audited. Rejects with
 * a `CleanSplitError` when there is nothing to compare.
 */
export async function auditLabels(
  inspection: Inspection,
  seed: number,
  pool: Pool,
  run: Run<Progress>,
): Promise<HeldAudit> {
  const { findings } = inspection;
  // A file that is damaged is told of before minutes of training.
  readVerdicts(inspection);
  const { audited, folds } = await auditedSamples(findings, seed);
  const { samples, labels, classes } = audited;
  const { pixels, height, width, channels } = await readPixels(inspection, samples, pool, run);
  const table = { pixels, height, width, channels, labels, classes: classes.length };
  const threads = { dist: pool.folder, threads: Math.min(FOLDS, pool.size) };
  const said = await outOfFold(table, folds, seed, threads, {
    signal: run.signal,
    progress: (share) =>
      run.progress({ phase: "predicting", done: Math.floor(share * samples.length), total: samples.length }),
  });
  const found = findSuspects(findings, audited, said);
  const { suspects } = found;
  const splits = new Set(Array.from(samples, (sample) => findings.table.splitOf[sample] ?? 0));
  return {
    inspection,
    suspects,
    found: {
      schema: "cleansplit/label-audit@1",
      model: MODELS.softmax.title,
      samples: samples.length,
      accuracy: found.accuracy,
      folds: FOLDS,
      suspects: suspects.samples.length,
      conflicting: suspects.conflicting.filter((others) => others > 0).length,
      estimatedErrors: found.estimatedErrors,
      classes: classes.map((label) => findings.table.classes[label] ?? ""),
      splits: findings.table.splits.filter((_, split) => splits.has(split)).map(({ name }) => name),
      pairs: found.pairs,
      sentence: auditSentence(audited, found),
    },
  };
}

/** An audit as it is told, with what people said of labels by now. */
export function tellAudit({ inspection, found }: HeldAudit, audit: string): LabelAudit {
  const judged = { right: 0, wrong: 0 };
  for (const verdict of readVerdicts(inspection).values()) judged[verdict] += 1;
  return { ...found, audit, judged };
}

/** The usable samples of the classes that can be audited, and the fold of each. */
async function auditedSamples(
  findings: Findings,
  seed: number,
): Promise<{ readonly audited: AuditedSamples; readonly folds: Uint8Array }> {
  const { table } = findings;
  const all = labelledSamples(findings);
  const linked = linkedTo(findings, "near");
  const groups = all.map((sample) => linked[sample] ?? sample);
  // Each of the two takes a few tenths of a second for half a million samples.
  await nextTurn();
  const labelOf = (sample: number): number => table.classOf[sample] ?? 0;
  const folds = foldsOf(Int32Array.from(all, labelOf), groups, table.classes.length, seed);
  const samples = all.filter((_, at) => folds[at] !== NO_FOLD);
  const classes = [...new Set(Array.from(samples, labelOf))].sort((a, b) => a - b);
  if (classes.length < 2) throw nothingToCompare(all.length);
  if (classes.length > MOST_CLASSES) {
    throw new CleanSplitError(
      "unsupported",
      l10n.t(
        "Labels of up to {0} classes can be audited, and this dataset has {1}. Inspect a part of it.",
        MOST_CLASSES,
        classes.length,
      ),
    );
  }
  const position = new Map(classes.map((label, index) => [label, index]));
  return {
    folds: folds.filter((fold) => fold !== NO_FOLD),
    audited: {
      samples,
      classes,
      labels: Int32Array.from(samples, (sample) => position.get(labelOf(sample)) ?? 0),
      leftOut: all.length - samples.length,
    },
  };
}

/** The usable samples with a label of the label space that most of them have. */
function labelledSamples({ table, fingerprints, spaceOf }: Findings): Uint32Array {
  const spaceOfSample = (sample: number): number => spaceOf[table.classOf[sample] ?? -1] ?? -1;
  const labelled = Uint32Array.from(table.classOf.keys()).filter(
    (sample) => fingerprints.states[sample] === SampleState.ok && spaceOfSample(sample) >= 0,
  );
  const counts = new Map<number, number>();
  for (const sample of labelled) counts.set(spaceOfSample(sample), (counts.get(spaceOfSample(sample)) ?? 0) + 1);
  const [largest] = [...counts].reduce((most, next) => (next[1] > most[1] ? next : most), [-1, 0]);
  return labelled.filter((sample) => spaceOfSample(sample) === largest);
}

function nothingToCompare(labelled: number): CleanSplitError {
  return new CleanSplitError(
    "not-a-dataset",
    l10n.t(
      "There are no labels to audit: expected at least two classes with at least {0} different images each, found {1} labelled images. Inspect a dataset whose images lie in folders of their classes, or one with labels.",
      FOLDS,
      labelled,
    ),
  );
}
