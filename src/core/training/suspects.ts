import * as l10n from "@vscode/l10n";
import { counted } from "../counts";
import { integerText, percentText } from "../language";
import { viewSample, type SampleNames } from "../leakage/buildReport";
import type { Findings } from "../leakage/findings";
import { findLabelErrors, rankByMargin, type Predictions } from "./confidentLearning";
import { DuplicateLabels } from "./duplicateLabels";
import type { LabelPair, LabelVerdict, Suspect, SuspectPage, SuspectQuery } from "./labelAudit";

/** The labelled samples that are audited. */
export interface AuditedSamples {
  /** Numbers of the samples; the columns of labels and predictions are in their order. */
  readonly samples: Uint32Array;
  /** Class of every sample, an index into `classes`. */
  readonly labels: Int32Array;
  /** Indexes of the classes in the dataset, all of one label space. */
  readonly classes: readonly number[];
  /** Samples with a label that were left out, because too few others have it. */
  readonly leftOut: number;
}

/** Suspects, the most probable first, as columns. */
export interface SuspectList {
  readonly samples: Uint32Array;
  /** Suggested classes, as indexes into the classes of the dataset. */
  readonly suggested: Int32Array;
  readonly ofLabel: Float32Array;
  readonly ofSuggested: Float32Array;
  readonly duplicates: Uint32Array;
  readonly conflicting: Uint32Array;
}

/** What predictions say about the labels of a dataset. */
export interface AuditFindings {
  readonly suspects: SuspectList;
  /** Share of the samples whose label the model takes for most probable, 0..1. */
  readonly accuracy: number;
  readonly estimatedErrors: number;
  readonly pairs: readonly LabelPair[];
}

/** Suspects that one page may hold, and pairs of classes that are told. */
const MAX_PAGE = 500;
const MAX_PAIRS = 100;

/**
 * Joins what predictions say of labels with what duplicates say: suspects are those of confident learning, and images of
 * another most probable class of which a duplicate carries another label. `said` has a row for each audited sample.
 */
export function findSuspects(findings: Findings, audited: AuditedSamples, said: Predictions): AuditFindings {
  const { samples, labels, classes } = audited;
  const { suspects: pruned, share, joint } = findLabelErrors(labels, classes.length, said);
  const duplicates = new DuplicateLabels(findings);
  const isTakenForAnother = (at: number): boolean => said.classes[at * said.width] !== labels[at];
  const listed = new Set(pruned);
  samples.forEach((sample, at) => {
    if (isTakenForAnother(at) && duplicates.of(sample).conflicting > 0) listed.add(at);
  });
  const positions = rankByMargin(Uint32Array.from(listed), labels, said);
  const suggested = Int32Array.from(positions, (at) => said.classes[at * said.width] ?? 0);
  const counts = Array.from(positions, (at) => duplicates.of(samples[at] ?? 0));
  const right = labels.reduce((sum, _, at) => sum + (isTakenForAnother(at) ? 0 : 1), 0);
  return {
    accuracy: labels.length === 0 ? 0 : right / labels.length,
    estimatedErrors: share,
    pairs: pairsOf(findings, audited, joint, positions, suggested),
    suspects: {
      samples: positions.map((at) => samples[at] ?? 0),
      suggested: suggested.map((label) => classes[label] ?? -1),
      ofLabel: Float32Array.from(positions, (at) => said.ofLabel[at] ?? 0),
      ofSuggested: Float32Array.from(positions, (at) => said.probabilities[at * said.width] ?? 0),
      duplicates: Uint32Array.from(counts, ({ all }) => all),
      conflicting: Uint32Array.from(counts, ({ conflicting }) => conflicting),
    },
  };
}

function pairsOf(
  { table }: Findings,
  { labels, classes }: AuditedSamples,
  joint: Float64Array,
  positions: Uint32Array,
  suggested: Int32Array,
): LabelPair[] {
  const counts = new Map<number, number>();
  positions.forEach((at, index) => {
    const pair = (labels[at] ?? 0) * classes.length + (suggested[index] ?? 0);
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  });
  const name = (label: number): string => table.classes[classes[label] ?? -1] ?? "";
  const pairs: (LabelPair & { readonly pair: number })[] = [];
  joint.forEach((estimated, pair) => {
    const [label, other] = [Math.floor(pair / classes.length), pair % classes.length];
    const suspects = counts.get(pair) ?? 0;
    if (label === other || (suspects === 0 && Math.round(estimated) === 0)) return;
    pairs.push({ pair, label: name(label), suggested: name(other), estimated, suspects });
  });
  return pairs
    .sort((a, b) => b.suspects - a.suspects || b.estimated - a.estimated || a.pair - b.pair)
    .slice(0, MAX_PAIRS)
    .map(({ pair: _, ...told }) => told);
}

/** A page of suspects that pass a filter. */
export function pageSuspects(
  findings: Findings,
  names: SampleNames,
  list: SuspectList,
  verdicts: ReadonlyMap<number, LabelVerdict>,
  query: SuspectQuery,
): SuspectPage {
  const { table } = findings;
  const split = query.split === null ? null : table.splits.findIndex(({ name }) => name === query.split);
  const label = query.label === null ? null : table.classes.indexOf(query.label);
  const passing: number[] = [];
  list.samples.forEach((sample, at) => {
    if (split !== null && table.splitOf[sample] !== split) return;
    if (label !== null && table.classOf[sample] !== label) return;
    if (query.onlyConflicting && (list.conflicting[at] ?? 0) === 0) return;
    if (query.onlyUnjudged && verdicts.has(sample)) return;
    passing.push(at);
  });
  const from = Math.max(0, query.from);
  const page = passing.slice(from, from + Math.min(Math.max(0, query.count), MAX_PAGE));
  return { total: passing.length, suspects: page.map((at) => viewSuspect(findings, names, list, verdicts, at)) };
}

function viewSuspect(
  findings: Findings,
  names: SampleNames,
  list: SuspectList,
  verdicts: ReadonlyMap<number, LabelVerdict>,
  at: number,
): Suspect {
  const sample = list.samples[at] ?? 0;
  const view = viewSample(findings, names, sample);
  return {
    ...view,
    label: view.label ?? "",
    suggested: findings.table.classes[list.suggested[at] ?? -1] ?? "",
    ofLabel: list.ofLabel[at] ?? 0,
    ofSuggested: list.ofSuggested[at] ?? 0,
    duplicates: list.duplicates[at] ?? 0,
    conflicting: list.conflicting[at] ?? 0,
    verdict: verdicts.get(sample) ?? null,
  };
}

/** What an audit found, in sentences that claim no more than the predictions allow. */
export function auditSentence(
  { samples, leftOut }: Pick<AuditedSamples, "samples" | "leftOut">,
  {
    suspects,
    estimatedErrors,
    accuracy,
  }: Pick<AuditFindings, "estimatedErrors" | "accuracy"> & {
    readonly suspects: Pick<SuspectList, "samples" | "conflicting">;
  },
): string {
  const conflicting = suspects.conflicting.filter((others) => others > 0).length;
  const sentences = suspectSentences(suspects.samples.length, samples.length, estimatedErrors, accuracy);
  if (conflicting > 0) {
    sentences.push(
      conflicting === 1
        ? l10n.t("{0} of the images has duplicates that carry another label.", integerText(conflicting))
        : l10n.t("{0} of the images have duplicates that carry another label.", integerText(conflicting)),
    );
  }
  if (leftOut > 0) {
    sentences.push(
      l10n.t("{0} of classes with too few different images could not be checked.", counted(leftOut, "image")),
    );
  }
  return sentences.join(" ");
}

function suspectSentences(count: number, samples: number, estimatedErrors: number, accuracy: number): string[] {
  const all = counted(samples, "label");
  if (count === 0) return [l10n.t("None of {0} looks wrong to a model that did not see its image.", all)];
  return [
    count === 1
      ? l10n.t(
          "{0} of {1} should be looked at: to a model that did not see its image, it looks wrong.",
          integerText(count),
          all,
        )
      : l10n.t(
          "{0} of {1} should be looked at: to a model that did not see their images, they look wrong.",
          integerText(count),
          all,
        ),
    l10n.t(
      "About {0} of all labels are estimated to be wrong; the model itself is right about {1} of them.",
      shareText(estimatedErrors),
      shareText(accuracy),
    ),
  ];
}

/** A share as people read it. */
function shareText(share: number): string {
  return share > 0 && share < 0.0005 ? l10n.t("less than {0}", percentText(0.001)) : percentText(share);
}
