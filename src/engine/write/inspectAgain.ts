import { existsSync } from "node:fs";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import type { Assignment, SampleTable } from "../../core/dataset/dataset";
import { CleanSplitError } from "../../core/errors";
import { sameDigest } from "../../core/fingerprint/md5";
import { findDuplicates, measureLeakage, type Findings } from "../../core/leakage/findings";
import { counted } from "../../core/counts";
import { integerText } from "../../core/language";
import { findNear } from "../../core/near/findings";
import { remainingLeaks } from "../../core/sanitize/remaining";
import { openDataset, type Dataset } from "../dataset";
import type { Progress, Run } from "../engine";
import { inspectDataset, type Inspection } from "../inspection";
import { readDecisions } from "../near/decisionsFile";
import { searchNear } from "../near/search";
import type { Pool } from "../pool/pool";
import { Unpacked } from "../sources/packed/unpacked";
import { inputsOf, isBelow, type Input } from "../recognition/inputs";
import { writtenPaths } from "./folders";
import type { Plan, Sentence } from "./outputs";

/**
 * Inspects a written folder as if it were any dataset, for `use`, which is given `null` when there is nothing to inspect. The
 * files that the inspection reads from are there until that ends.
 */
export async function inspectAgain<T>(
  plan: Plan,
  folder: string,
  pool: Pool,
  run: Run<Progress>,
  use: (written: Inspection | null) => Promise<T>,
): Promise<T> {
  const inputs = writtenInputs(plan, folder);
  if (inputs.length === 0) return use(null);
  const inputPaths = inputs.map(({ written }) => written);
  const assignments = writtenAssignments(plan, folder, inputs);
  const quiet = asVerifying(run);
  const written = inputsOf({ inputs: inputPaths, assignments: [] });
  const unpacked = new Unpacked();
  try {
    const dataset = await openDataset(written, assignments, pool, quiet, null, unpacked);
    return await use(await inspectDataset(dataset, pool, quiet, new Map(), plan.options.tier === "near"));
  } finally {
    await unpacked.close();
  }
}

/**
 * Compares the inspection of a written folder with the plan: every image must be there with its bytes, in the split and with
 * the label that it has in the plan, and no split may hold what another one has. Answers sentences that say what holds;
 * rejects with a `CleanSplitError` ("changed") that says what does not.
 */
export async function compareWithPlan(
  plan: Plan,
  folder: string,
  found: Inspection,
  pool: Pool,
  run: Run<Progress>,
): Promise<Sentence[]> {
  const { dataset } = found;
  const planned = plan.splits.reduce((sum, { after }) => sum + after, 0);
  if (dataset.table.count !== planned) throw wrongCount(planned, dataset);
  const known = sampleOfPath(plan, folder);
  const table = checkImages(plan, found, known);
  const findings =
    table === dataset.table ? found.findings : findDuplicates(table, found.findings.fingerprints, dataset.spaceOf);
  const areLabelsKept = checkLabels(plan, dataset, known);
  return [
    comparedText(plan, dataset, table, areLabelsKept),
    ...(await checkLeakage(plan, { ...found, findings }, pool, run)),
  ];
}

/** An input of the plan, and where what was written of it lies. */
interface WrittenInput {
  readonly input: Input;
  readonly written: string;
}

/** What is to be inspected: the folder, or with several inputs what was written of each. */
function writtenInputs({ inspection: { dataset } }: Plan, folder: string): WrittenInput[] {
  const inputs = inputsOf({ inputs: dataset.layout.inputs, assignments: [] });
  const places = inputs.flatMap((input): WrittenInput[] => {
    if (inputs.length === 1) return [{ input, written: folder }];
    if (input.isFolder || input.isList) return [{ input, written: path.resolve(folder, input.prefix) }];
    const outputs = dataset.sources.flatMap((source) => {
      if (source.kind === "packed") return source.file === input.path ? [source.output] : [];
      return source.kind === "array" && source.format.file === input.path ? (source.copied[0]?.out.file ?? []) : [];
    });
    return [...new Set(outputs)].map((output) => ({ input, written: path.join(folder, output) }));
  });
  return places.filter(({ written }) => existsSync(written));
}

/** What people said of the parts of the dataset, of the same parts of the folder; and what the splits are that the plan makes. */
function writtenAssignments(plan: Plan, folder: string, inputs: readonly WrittenInput[]): Assignment[] {
  const { dataset } = plan.inspection;
  const kept = dataset.assignments.flatMap(({ path: place, split }): Assignment[] => {
    const owner = inputs.find(({ input }) => input.isFolder && isBelow(place, input.path));
    if (owner === undefined || split === null) return [];
    const written = path.join(owner.written, path.relative(owner.input.path, place));
    return existsSync(written) ? [{ path: written, split }] : [];
  });
  const made = plan.decision.splits.slice(dataset.table.splits.length).map(({ name }) => name);
  if (made.length === 0) return kept;
  return [
    ...kept,
    ...foldersOfSplits(plan).flatMap(([place, split]) =>
      made.includes(split) ? [{ path: path.join(folder, place), split }] : [],
    ),
  ];
}

/** The folders that hold images of one split alone, each with it, and not those within them. */
function foldersOfSplits(plan: Plan): [folder: string, split: string][] {
  const splitsOf = new Map<string, number>();
  const MIXED = -1;
  const pathOf = writtenPaths(plan);
  plan.decision.stays.forEach((stays, sample) => {
    const place = pathOf(sample);
    if (stays === 0 || place === "") return;
    const split = plan.decision.splitOf[sample] ?? 0;
    for (let end = place.indexOf("/"); end > 0; end = place.indexOf("/", end + 1)) {
      const folder = place.slice(0, end);
      splitsOf.set(folder, (splitsOf.get(folder) ?? split) === split ? split : MIXED);
    }
  });
  return [...splitsOf].flatMap(([folder, split]): [string, string][] => {
    const above = folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
    const isInner = above !== "" && splitsOf.get(above) !== MIXED;
    const name = plan.decision.splits[split]?.name;
    return isInner || name === undefined ? [] : [[folder, name]];
  });
}

/** Samples of the plan that are image files, by the path at which they were written. */
function sampleOfPath(plan: Plan, folder: string): Map<string, number> {
  const pathOf = writtenPaths(plan);
  const known = new Map<string, number>();
  plan.decision.stays.forEach((stays, sample) => {
    const place = stays === 1 ? pathOf(sample) : "";
    if (place !== "") known.set(path.join(folder, place), sample);
  });
  return known;
}

/**
 * Compares every image file with the sample of the plan that it is, byte by byte as far as an MD5 tells. Answers the
 * samples with the splits of the plan, where these are known: rows of arrays keep those that were recognised.
 */
function checkImages(
  { inspection: { dataset, findings }, decision }: Plan,
  { dataset: written, findings: found }: Inspection,
  known: ReadonlyMap<string, number>,
): SampleTable {
  if (known.size === 0) return written.table;
  const { table } = written;
  const names = new Map(decision.splits.map(({ name }, index) => [name, index]));
  const splits = [...decision.splits];
  const splitOf = new Uint8Array(table.count);
  for (let sample = 0; sample < table.count; sample++) {
    const file = written.names.file(sample);
    const planned = known.get(file);
    if (planned !== undefined) {
      const ok = sameDigest(found.fingerprints.fileDigests, sample, findings.fingerprints.fileDigests, planned);
      if (!ok) {
        throw new CleanSplitError(
          "changed",
          l10n.t(
            "{0} does not have the bytes of {1}. Check the disk, then write the copy again.",
            file,
            dataset.names.file(planned),
          ),
        );
      }
      splitOf[sample] = decision.splitOf[planned] ?? 0;
      continue;
    }
    const split = table.splits[table.splitOf[sample] ?? 0];
    if (split === undefined) continue;
    const index = names.get(split.name) ?? splits.push(split) - 1;
    names.set(split.name, index);
    splitOf[sample] = index;
  }
  return { ...table, splits, splitOf };
}

/**
 * Whether every image file is recognised under the label of its sample. Where folders are the labels they may be taken for
 * something else without those that left; a list says every label itself, so rejects when one is another.
 */
function checkLabels({ inspection: { dataset } }: Plan, written: Dataset, known: ReadonlyMap<string, number>): boolean {
  const labelOf = ({ table }: Dataset, sample: number): string | undefined =>
    table.classes[table.classOf[sample] ?? -1];
  let areKept = true;
  for (let sample = 0; sample < written.table.count && known.size > 0; sample++) {
    const file = written.names.file(sample);
    const planned = known.get(file);
    if (planned === undefined) continue;
    const [label, expected] = [labelOf(written, sample), labelOf(dataset, planned)];
    if (label === expected) continue;
    areKept = false;
    const { source } = dataset.locate(planned);
    if (source.kind !== "folder" || !source.isListed) continue;
    const nothing = l10n.t({ message: "nothing", comment: ["An image is labelled nothing: it has no label."] });
    throw new CleanSplitError(
      "changed",
      l10n.t(
        "{0} is labelled {1} in the written copy and {2} in the source. Inspect the dataset again, then write it.",
        file,
        label ?? nothing,
        expected ?? nothing,
      ),
    );
  }
  return areKept;
}

/** Whether what is recognised of the copy alone is what the plan says, in a sentence. */
function comparedText(
  plan: Plan,
  { table }: Dataset,
  { splitOf, splits }: SampleTable,
  areLabelsKept: boolean,
): Sentence {
  const planned = new Map<string, number>();
  for (const { name, classes, after } of plan.splits) {
    const labelled = Object.values(classes).reduce((sum, counts) => sum + counts.after, 0);
    for (const [label, counts] of Object.entries(classes)) count(planned, name, label, counts.after);
    count(planned, name, null, after - labelled);
  }
  const areLabelsRight = areLabelsKept && isEqual(planned, countsOf(table, splitOf, splits));
  const areSplitsRight = haveOneParting(table, splitOf);
  const images = (): string => counted(table.count, "image");
  if (areLabelsRight && areSplitsRight) {
    return () =>
      l10n.t(
        "Inspected again, the copy holds {0}, each with its split and label, and of every class in every split as many as the plan says.",
        images(),
      );
  }
  if (areLabelsRight) {
    return () =>
      l10n.t(
        "Inspected again, the copy holds {0}, as the plan says; the copy alone does not tell the splits of the source, so say them when you use it.",
        images(),
      );
  }
  return areSplitsRight
    ? () =>
        l10n.t(
          "Inspected again, the copy holds {0}, as the plan says; the copy alone does not tell the labels of the source, so say them when you use it.",
          images(),
        )
    : () =>
        l10n.t(
          "Inspected again, the copy holds {0}, as the plan says; the copy alone does not tell the splits and labels of the source, so say them when you use it.",
          images(),
        );
}

/** How many samples each class has in each split, as `count` keeps it. */
function countsOf(
  { classes, classOf }: SampleTable,
  splitOf: Uint8Array,
  splits: SampleTable["splits"],
): Map<string, number> {
  // Without a class is the last column.
  const width = classes.length + 1;
  const columns = new Uint32Array(splits.length * width);
  for (let sample = 0; sample < classOf.length; sample++) {
    const label = classOf[sample] ?? -1;
    const at = (splitOf[sample] ?? 0) * width + (label < 0 ? classes.length : label);
    columns[at] = (columns[at] ?? 0) + 1;
  }
  const counts = new Map<string, number>();
  columns.forEach((samples, at) => {
    count(counts, splits[Math.floor(at / width)]?.name ?? "", classes[at % width] ?? null, samples);
  });
  return counts;
}

function count(counts: Map<string, number>, split: string, label: string | null, samples: number): void {
  const key = JSON.stringify([split, label]);
  if (samples > 0) counts.set(key, (counts.get(key) ?? 0) + samples);
}

function isEqual(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value);
}

/** Whether the splits that are recognised part the samples as those of the plan do, whatever they are called. */
function haveOneParting({ splitOf: recognised, count: samples }: SampleTable, splitOf: Uint8Array): boolean {
  const [there, back] = [new Map<number, number>(), new Map<number, number>()];
  for (let sample = 0; sample < samples; sample++) {
    const [a, b] = [recognised[sample] ?? 0, splitOf[sample] ?? 0];
    if ((there.get(a) ?? b) !== b || (back.get(b) ?? a) !== a) return false;
    there.set(a, b);
    back.set(b, a);
  }
  return true;
}

/** Counts the leakage of the folder anew, by what was read of it. */
async function checkLeakage(
  plan: Plan,
  { dataset, findings }: Inspection,
  pool: Pool,
  run: Run<Progress>,
): Promise<Sentence[]> {
  if (findings.table.splits.length < 2) return [];
  const { tier } = plan.options;
  const compared = tier === "near" ? await withNear(plan, dataset, findings, pool, run) : findings;
  if (compared === null) {
    return [() => l10n.t("Similar images could not be counted again: those that stay are to be compared otherwise.")];
  }
  const isNear = tier === "near";
  const [first] = measureLeakage(compared, tier).filter(({ samples }) => samples > 0);
  if (first === undefined) {
    return [
      () =>
        isNear
          ? l10n.t("No image of one split is equal or similar to one of another split.")
          : l10n.t("No image of one split is equal to one of another split."),
    ];
  }
  const leak = (): string => leakText(first, isNear);
  // What a person put back into the plan is theirs to know.
  if (plan.edited.size > 0) return [() => l10n.t("{0}, as the plan was edited.", leak())];
  const { table } = compared;
  const all = { stays: new Uint8Array(table.count).fill(1), splitOf: table.splitOf };
  const found = remainingLeaks(compared, all, tier);
  if (found <= plan.leaks) return [() => keptText(found, isNear)];
  throw new CleanSplitError(
    "changed",
    l10n.t("The written copy still leaks: {0}. Inspect the dataset again, then write it.", leak()),
  );
}

/** How many images of one split another one has, without a full stop. */
function leakText({ samples, split, in: other }: ReturnType<typeof measureLeakage>[number], isNear: boolean): string {
  const args = [integerText(samples), split, other] as const;
  if (samples === 1) {
    return isNear
      ? l10n.t("{0} image of {1} is equal or similar to one of {2}", ...args)
      : l10n.t("{0} image of {1} is equal to one of {2}", ...args);
  }
  return isNear
    ? l10n.t("{0} images of {1} are equal or similar to one of {2}", ...args)
    : l10n.t("{0} images of {1} are equal to one of {2}", ...args);
}

function keptText(samples: number, isNear: boolean): string {
  const images = integerText(samples);
  if (samples === 1) {
    return isNear
      ? l10n.t(
          "{0} image has an equal or similar one in another split, because a person keeps images of both; no other has.",
          images,
        )
      : l10n.t(
          "{0} image has an equal one in another split, because a person keeps images of both; no other has.",
          images,
        );
  }
  return isNear
    ? l10n.t(
        "{0} images have an equal or similar one in another split, because a person keeps images of both; no other has.",
        images,
      )
    : l10n.t(
        "{0} images have an equal one in another split, because a person keeps images of both; no other has.",
        images,
      );
}

/** The findings with near duplicates, by the threshold of the plan; `null` when they would be measured otherwise. */
async function withNear(
  { inspection }: Plan,
  dataset: Dataset,
  findings: Findings,
  pool: Pool,
  run: Run<Progress>,
): Promise<Findings | null> {
  const { near } = inspection.findings;
  if (near === null) return findings;
  const search = await searchNear(dataset, findings, pool, {
    signal: run.signal,
    progress: (done, total) => run.progress({ phase: "near", done, total }),
  });
  if (search.measure.regime !== near.search.measure.regime) return null;
  // Decisions are about contents, so those of the source count here.
  const decisions = readDecisions(inspection.dataset, findings);
  const { states } = findings.fingerprints;
  const found = findNear(search, findings.table, states, findings.groups.pixel, near.threshold, decisions);
  return { ...findings, near: found };
}

/** Progress of an inspection as that of a check. */
function asVerifying(run: Run<Progress>): Run<Progress> {
  return {
    signal: run.signal,
    progress: ({ done, total }) => {
      if (total > 0) run.progress({ phase: "verifying", done, total });
    },
  };
}

function wrongCount(planned: number, { table, layout }: Dataset): CleanSplitError {
  const [first] = layout.ignored;
  const counts = l10n.t(
    "The written copy holds {0} images where the plan has {1}.",
    integerText(table.count),
    integerText(planned),
  );
  const hint =
    first === undefined
      ? l10n.t("Names that differ in case only may be one on that file system; choose another place.")
      : l10n.t("{0} was left out: {1}.", first.path, first.reason);
  return new CleanSplitError("changed", `${counts} ${hint}`);
}
