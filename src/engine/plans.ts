import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../core/errors";
import { forEachGroup } from "../core/duplicates/groups";
import { groupsOf } from "../core/leakage/findings";
import { counted } from "../core/counts";
import { decimalText, inEnglish, integerText } from "../core/language";
import { measureText } from "../core/near/near";
import { planSplits, viewChange } from "../core/sanitize/buildPlan";
import type { Given } from "../core/sanitize/draft";
import { applyEdits } from "../core/sanitize/edits";
import { whyEmpty } from "../core/sanitize/empty";
import { completeOptions, type PlanOptions } from "../core/sanitize/options";
import type { PlanSummary, PolicyPreview } from "../core/sanitize/plan";
import {
  parsePlanFile,
  plainChange,
  writePlanFile,
  type PlainChange,
  type PlanFile,
  type PlanHead,
} from "../core/sanitize/planFile";
import { samplesWith, type Choices } from "../core/review/choices";
import { decide, POLICY_NAMES, policyText, previewPolicy } from "../core/sanitize/policies";
import { CHANGE_REASONS, isChanged, type Decision } from "../core/sanitize/policy";
import { remainingLeaks } from "../core/sanitize/remaining";
import { datasetFingerprint } from "./datasetFingerprint";
import { readVerdicts } from "./lab/verdictsFile";
import type { Inspection } from "./inspection";
import { forEachLimited } from "./limited";
import type { Pool } from "./pool/pool";
import { CERTIFICATE } from "./write/certificate";
import { MANIFEST } from "./write/manifest";
import { outputsOf, type Chosen, type Plan } from "./write/outputs";
import { differingTwins, keepDiffering } from "./write/twins";

/** Files whose size is asked for at a time. */
const STATS_AT_ONCE = 32;

/**
 * A plan of an inspected dataset, with what people chose of its images. Rejects with a `CleanSplitError` when it cannot be
 * treated so.
 */
export async function makePlan(
  inspection: Inspection,
  options: Partial<PlanOptions>,
  chosen: Chosen,
  pool: Pool,
  signal: AbortSignal,
): Promise<Plan> {
  const complete = optionsFor(inspection, options);
  const found = await compared(inspection, await decisionFor(inspection, complete, chosen), pool, signal);
  return planOf(inspection, complete, chosen, found.decision, found, new Set());
}

/** What each policy would do. */
export async function previewPlans(
  inspection: Inspection,
  options: Partial<PlanOptions>,
  chosen: Chosen,
): Promise<PolicyPreview[]> {
  const complete = optionsFor(inspection, options);
  const given = await givenFor(inspection, complete, chosen);
  return POLICY_NAMES.map((policy) => previewPolicy(inspection.findings, { ...complete, policy }, given));
}

/** A plan as it is previewed; `id` names it. */
export function summarise(plan: Plan, id: string): PlanSummary {
  return {
    plan: id,
    ...totalsOf(plan),
    options: plan.options,
    outputs: [
      ...outputsOf(plan).map(({ says }) => says),
      l10n.t("{0}: every changed sample with its reason and its twin", MANIFEST),
      l10n.t("{0}: what the copy was made of, and a SHA-256 of every file", CERTIFICATE),
    ],
  };
}

/** A plan as a file for people, in English; see `writePlanFile`. */
export function planFileOf(plan: Plan): string {
  const { inspection, options, chosen, basis } = plan;
  const { dataset, findings } = inspection;
  const idOf = (sample: number): string => dataset.names.id(sample);
  const { near } = findings;
  const head: PlanHead = {
    created: new Date().toISOString(),
    inputs: dataset.layout.inputs,
    source: { fingerprint: datasetFingerprint(inspection), samples: findings.table.count },
    options,
    keep: chosen.keep.map(idOf),
    drop: chosen.drop.map(idOf),
    near:
      options.tier === "near" && near !== null
        ? { measure: near.search.measure.name, threshold: near.threshold }
        : null,
    basis,
  };
  return inEnglish(() => writePlanFile(head, totalsOf(plan), entriesOf(plan)));
}

/**
 * The plan that a file describes. Rejects with a `CleanSplitError` when it is none, when it is of another dataset or of one that
 * changed since, or when what a person wrote into it cannot be done.
 */
export async function readPlanFile(
  inspection: Inspection,
  text: string,
  pool: Pool,
  signal: AbortSignal,
): Promise<Plan> {
  const file = parsePlanFile(text);
  const { dataset, findings } = inspection;
  checkSource(inspection, file);
  const options = optionsFor(inspection, file.options);
  const chosen = {
    keep: samplesOf(inspection, file.keep, "keep"),
    drop: samplesOf(inspection, file.drop, "drop"),
  };
  const found = await compared(inspection, await decisionFor(inspection, options, chosen), pool, signal);
  if (found.basis !== file.basis) {
    throw new CleanSplitError(
      "changed",
      l10n.t(
        'The plan file cannot be used: its options were changed, or what people decided of near duplicates or labels was, or another version of CleanSplit made it. Make a new plan; only entries of "changes" can be edited.',
      ),
    );
  }
  const { decision, edited } = applyEdits(found.decision, findings, dataset.names, file.entries);
  return planOf(inspection, options, chosen, decision, found, edited);
}

/** The samples that people keep and drop. */
export function chosenBy(choices: Choices): Chosen {
  return { keep: samplesWith(choices, "keep"), drop: samplesWith(choices, "drop") };
}

/** What a policy decided before anything was edited. */
interface Base {
  readonly decision: Decision;
  readonly basis: string;
  readonly collisions: Plan["collisions"];
}

/** A decision in which samples that equal their twins only by a collision of MD5 stay. */
async function compared(inspection: Inspection, decision: Decision, pool: Pool, signal: AbortSignal): Promise<Base> {
  const { names, table } = inspection.dataset;
  const forged = await differingTwins(inspection, decision, pool, signal);
  const kept = keepDiffering(decision, table.splitOf, forged);
  return {
    decision: kept,
    basis: basisOf(kept),
    collisions: Array.from(forged, (sample) => [names.id(sample), names.id(decision.twinOf[sample] ?? 0)]),
  };
}

/** The plan itself, when nothing is left to decide and images stay; else throws a `CleanSplitError` that says what to do. */
export function decided(plan: Plan): Plan {
  const undecided = plan.decision.asks.reduce((sum, asks) => sum + asks, 0);
  const empty = whyEmpty(plan.splits);
  if (undecided === 0 && empty !== null) {
    throw new CleanSplitError("refused", l10n.t("The plan cannot be carried out. {0}", empty));
  }
  if (undecided === 0) return plan;
  throw new CleanSplitError(
    "refused",
    undecided === 1
      ? l10n.t(
          'The plan cannot be carried out: 1 image with contradicting labels waits for a word. Write the plan into a file, say "stay", "leave" or "move" in place of each "ask", and read it again; or settle conflicts by the rule drop or majority.',
        )
      : l10n.t(
          'The plan cannot be carried out: {0} images with contradicting labels wait for a word. Write the plan into a file, say "stay", "leave" or "move" in place of each "ask", and read it again; or settle conflicts by the rule drop or majority.',
          integerText(undecided),
        ),
  );
}

/** What the policy decides. */
async function decisionFor(inspection: Inspection, options: PlanOptions, chosen: Chosen): Promise<Decision> {
  return decide(inspection.findings, options, await givenFor(inspection, options, chosen));
}

function optionsFor({ findings: { near, table } }: Inspection, options: Partial<PlanOptions>): PlanOptions {
  const complete = completeOptions(options, table.splits);
  if (complete.tier !== "near" || near !== null) return complete;
  throw new CleanSplitError(
    "refused",
    l10n.t("Near duplicates were not searched in this dataset yet. Search them first."),
  );
}

async function givenFor(inspection: Inspection, options: PlanOptions, chosen: Chosen): Promise<Given> {
  const sizes = options.keep === "largest" ? await sizesOfGrouped(inspection, options.tier) : new Map<number, number>();
  const judged = [...readVerdicts(inspection)];
  const wrong = new Set(judged.flatMap(([sample, verdict]) => (verdict === "wrong" ? [sample] : [])));
  return {
    ...chosen,
    wrong,
    name: (sample) => inspection.dataset.names.id(sample),
    fileSize: (sample) => sizes.get(sample) ?? 0,
  };
}

/** Bytes of the files of all samples that have an equal or near one; one that is gone has none. */
async function sizesOfGrouped(
  { dataset, findings }: Inspection,
  tier: PlanOptions["tier"],
): Promise<ReadonlyMap<number, number>> {
  const samples = new Set<number>();
  forEachGroup(groupsOf(findings, tier), (members) => {
    for (const sample of members) if (dataset.ref(sample).kind === "file") samples.add(sample);
  });
  const sizes = new Map<number, number>();
  await forEachLimited([...samples], STATS_AT_ONCE, async (sample) => {
    const found = await stat(dataset.names.file(sample)).catch(() => undefined);
    sizes.set(sample, found?.size ?? 0);
  });
  return sizes;
}

/** Names a decision of a policy, so that a plan file is only read where the policy still decides the same. */
function basisOf({ splits, stays, splitOf, asks, reasonOf }: Decision): string {
  const hash = createHash("sha256").update(JSON.stringify(splits));
  for (const column of [stays, splitOf, asks, reasonOf]) hash.update(column);
  return `sha256:${hash.digest("hex")}`;
}

function planOf(
  inspection: Inspection,
  options: PlanOptions,
  chosen: Chosen,
  decision: Decision,
  base: Base,
  edited: ReadonlySet<number>,
): Plan {
  const { findings } = inspection;
  const { basis, collisions } = base;
  const shapeOf = shapes(inspection, decision);
  const wrong = decision.reasonOf.filter((reason) => CHANGE_REASONS[reason] === "label").length;
  // Without what people say there is none.
  const isFree = chosen.keep.length < 2 && edited.size === 0;
  const leaks = isFree ? 0 : remainingLeaks(findings, decision, options.tier);
  const chosenLeaks = edited.size === 0 ? leaks : remainingLeaks(findings, base.decision, options.tier);
  return {
    inspection,
    options,
    chosen,
    decision,
    basis,
    collisions,
    edited,
    leaks,
    policy: () =>
      [
        policyText(options),
        ...labelTexts(wrong),
        ...choiceTexts(chosen, chosenLeaks, options.tier),
        ...editTexts(edited.size, leaks, options.tier),
      ].join(" "),
    splits: inEnglish(() => planSplits(inspection.findings, decision, shapeOf)),
    shapeOf,
  };
}

function labelTexts(wrong: number): string[] {
  if (wrong === 0) return [];
  return wrong === 1
    ? [l10n.t("1 image whose label was judged wrong leaves.")]
    : [l10n.t("{0} images whose label was judged wrong leave.", integerText(wrong))];
}

/** What people keep and drop, and what leakage that leaves, in sentences. */
function choiceTexts({ keep, drop }: Chosen, leaks: number, tier: PlanOptions["tier"]): string[] {
  return [
    ...(drop.length === 0
      ? []
      : drop.length === 1
        ? [l10n.t("1 image that you drop leaves.")]
        : [l10n.t("{0} images that you drop leave.", integerText(drop.length))]),
    ...(keep.length === 0
      ? []
      : keep.length === 1
        ? [l10n.t("1 image that you keep stays.")]
        : [l10n.t("{0} images that you keep stay.", integerText(keep.length))]),
    ...(leaks === 0 ? [] : [chosenLeakText(leaks, tier === "near")]),
  ];
}

function chosenLeakText(leaks: number, isNear: boolean): string {
  const images = integerText(leaks);
  if (leaks === 1) {
    return isNear
      ? l10n.t("Because of what you keep, {0} image has an equal or similar one in another split.", images)
      : l10n.t("Because of what you keep, {0} image has an equal one in another split.", images);
  }
  return isNear
    ? l10n.t("Because of what you keep, {0} images have an equal or similar one in another split.", images)
    : l10n.t("Because of what you keep, {0} images have an equal one in another split.", images);
}

function editTexts(edited: number, leaks: number, tier: PlanOptions["tier"]): string[] {
  if (edited === 0) return [];
  return [
    edited === 1
      ? l10n.t("1 image is treated as edited by hand.")
      : l10n.t("{0} images are treated as edited by hand.", integerText(edited)),
    leaks === 0
      ? l10n.t("No leakage is left.")
      : tier === "near"
        ? l10n.t("That leaves {0} with an equal or similar one in another split.", counted(leaks, "image"))
        : l10n.t("That leaves {0} with an equal one in another split.", counted(leaks, "image")),
  ];
}

function totalsOf({
  splits,
  policy,
  decision,
  edited,
  collisions,
  shapeOf,
}: Plan): Omit<PlanSummary, "plan" | "options" | "outputs"> {
  const sum = (count: (split: (typeof splits)[number]) => number): number =>
    splits.reduce((total, split) => total + count(split), 0);
  return {
    policy: policy(),
    before: sum(({ before }) => before),
    after: sum(({ after }) => after),
    moved: sum(({ movedIn }) => movedIn),
    undecided: decision.asks.reduce((total, asks) => total + asks, 0),
    edited: edited.size,
    collisions,
    splits: splits.map((split, index) => ({
      ...split,
      shapeBefore: shapeOf(index, split.before, "before"),
      shapeAfter: shapeOf(index, split.after, "after"),
    })),
  };
}

/** Every change by names, and the samples that stay because a person said so. */
function* entriesOf({ inspection, decision, edited }: Plan): Generator<PlainChange> {
  const { dataset, findings } = inspection;
  for (let sample = 0; sample < findings.table.count; sample++) {
    if (!isChanged(decision, sample) && !edited.has(sample)) continue;
    const change = plainChange(viewChange(findings, dataset.names, decision, sample));
    yield isChanged(decision, sample)
      ? change
      : { ...change, action: "stay", to: null, detail: l10n.t("Stays by hand.") };
  }
}

function checkSource(inspection: Inspection, { source, options, near }: PlanFile): void {
  const { findings, dataset } = inspection;
  const fingerprint = datasetFingerprint(inspection);
  if (fingerprint !== source.fingerprint) {
    const count = findings.table.count;
    const other = l10n.t(
      "The plan file is of another dataset than {0}, or that changed since.",
      dataset.layout.inputs.join(", "),
    );
    const counts =
      source.samples === count
        ? []
        : [l10n.t("It is of {0}, and here are {1}.", counted(source.samples, "image"), integerText(count))];
    throw new CleanSplitError("changed", [other, ...counts, l10n.t("Make a new plan.")].join(" "));
  }
  if (options.tier !== "near" || near === null || findings.near === null) return;
  const { threshold, search } = findings.near;
  if (threshold !== near.threshold || search.measure.name !== near.measure) {
    throw new CleanSplitError(
      "refused",
      l10n.t(
        "The plan file counts as near what has the {0} {1}; here it is the {2} {3}. Search near duplicates with the threshold of the plan, or make a new one.",
        near.measure,
        decimalText(near.threshold),
        measureText(search.measure),
        decimalText(threshold),
      ),
    );
  }
}

/** The samples of some ids, in the order of the dataset. */
function samplesOf(
  { dataset: { names }, findings: { table } }: Inspection,
  ids: readonly string[],
  field: "keep" | "drop",
): number[] {
  const missing = new Set(ids);
  const samples: number[] = [];
  for (let sample = 0; missing.size > 0 && sample < table.count; sample++) {
    if (missing.delete(names.id(sample))) samples.push(sample);
  }
  const [first] = missing;
  if (first === undefined) return samples;
  throw new CleanSplitError(
    "refused",
    l10n.t(
      'The plan file cannot be used: there is no image {0}, which "{1}" names. Correct it.',
      JSON.stringify(first.slice(0, 300)),
      field,
    ),
  );
}

/**
 * Tells the shape of a split before and after: "823 x 28 x 28" where all its samples are rows of one array, or after it of
 * arrays of one geometry, "15,364 images" else.
 */
function shapes(
  { dataset, findings: { table } }: Inspection,
  decision: Decision,
): (split: number, rows: number, when: "before" | "after") => string {
  const sources = {
    before: decision.splits.map(() => new Set<number>()),
    after: decision.splits.map(() => new Set<number>()),
  };
  dataset.sources.forEach(({ size }, source) => {
    const start = dataset.starts[source] ?? 0;
    let last = -1;
    for (let sample = start; sample < start + size; sample++) {
      const [before, after] = [table.splitOf[sample] ?? 0, decision.splitOf[sample] ?? 0];
      // Samples of one split follow one another as a rule.
      const place = before * 256 + after;
      if (place === last) continue;
      last = place;
      sources.before[before]?.add(source);
      sources.after[after]?.add(source);
    }
  });
  return (split, rows, when) => {
    const geometries = new Set<string>();
    for (const index of sources[when][split] ?? []) {
      const source = dataset.sources[index];
      if (source?.kind !== "array") return counted(rows, "image");
      const { height, width, channels } = source.format.geometry;
      geometries.add([height, width, ...(channels === 1 ? [] : [channels])].join(" x "));
    }
    const [geometry] = geometries;
    return geometry === undefined || geometries.size > 1 ? counted(rows, "image") : `${rows} x ${geometry}`;
  };
}
