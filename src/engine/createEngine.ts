import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import * as l10n from "@vscode/l10n";
import type { Layout } from "../core/dataset/dataset";
import { CleanSplitError } from "../core/errors";
import { inEnglish } from "../core/language";
import { buildReport, nearnessOf, viewSample } from "../core/leakage/buildReport";
import type { Findings } from "../core/leakage/findings";
import type { Report } from "../core/leakage/report";
import { MAX_SNAPSHOT_CHANGES, type ReportSnapshot } from "../core/leakage/snapshot";
import { MAX_CHANGES, changedSamples, viewChange } from "../core/sanitize/buildPlan";
import type { PlanChange } from "../core/sanitize/plan";
import type { PairDecisions } from "../core/near/decisions";
import { doubtfulPairs } from "../core/near/doubtful";
import { findNear, type NearFindings } from "../core/near/findings";
import { assertReached, type NearSearch } from "../core/near/near";
import { pagePairs } from "../core/near/pairs";
import { pageSuspects } from "../core/training/suspects";
import { openDataset, type Dataset } from "./dataset";
import type { Engine, Progress, ReviewResult, Run, Thumbnail } from "./engine";
import { examineFiles } from "./examine";
import { writeReport } from "./exports/exportReport";
import { makeSnapshot } from "./exports/snapshot";
import { MAX_NAMES, SampleFinder } from "./findSamples";
import { inspectDataset, openIndexes, releaseIndexes, type Inspection } from "./inspection";
import { createLab } from "./lab/createLab";
import { auditLabels, tellAudit, type HeldAudit } from "./lab/labelAudits";
import { keepVerdicts, readVerdicts } from "./lab/verdictsFile";
import { Marks } from "./marks";
import { comparePictures } from "./near/compare";
import { readDecisions } from "./near/decisionsFile";
import { searchNear } from "./near/search";
import { chosenBy, decided, makePlan, planFileOf, previewPlans, readPlanFile, summarise } from "./plans";
import { Pool } from "./pool/pool";
import { inputsOf, rootOf } from "./recognition/inputs";
import { throttled } from "./progress";
import { ChoiceFiles } from "./review/choicesFile";
import { Review } from "./review/review";
import { unpackSample } from "./sample";
import { Unpacked } from "./sources/packed/unpacked";
import { installNative } from "./training/nativeInstall";
import { applyPlan } from "./write/apply";
import type { Chosen, Plan } from "./write/outputs";
import { quarantine, restore } from "./write/quarantine";
import { undoFolder } from "./write/undo";
import { verifyFolder } from "./write/verify";

/** How an engine is set up. */
export interface EngineOptions {
  /** Absolute path of the folder with the bundles of the worker and the trainer. */
  readonly dist: string;
  /** Absolute path of the archive of the sample dataset; by default the shipped one. */
  readonly sampleArchive?: string;
  /** Where fingerprints are kept between inspections; absent or null keeps none. */
  readonly indexFolder?: string | null;
  /** Absolute path of the folder where experiments are kept; absent or null keeps them until the engine is closed. */
  readonly experimentsFolder?: string | null;
  /** Takes lines for a log, about what was kept and cannot be used; by default nobody does. */
  readonly log?: (line: string) => void;
  /** Where native TensorFlow is installed and looked for; absent or null has no place for it. */
  readonly nativeFolder?: string | null;
  /** Worker threads, at least 1; by default one a processor, at most 8. */
  readonly workers?: number;
}

/** Inspections and plans that are kept; the oldest is forgotten first. A million samples take about 100 MB. */
const MAX_KEPT = 8;

/** Longer side in pixels of the small pictures in an exported report. */
const EXPORTED_THUMBNAIL = 128;

/** Most threads by default: beyond that the disk is what one waits for. */
const MAX_WORKERS = 8;

/** The engine in this process, with worker threads for reading and a process of its own for each training. */
export function createEngine(options: EngineOptions): Engine {
  const { dist, sampleArchive, indexFolder = null, experimentsFolder = null, nativeFolder = null, workers } = options;
  const script = path.join(dist, "worker.js");
  const pool =
    workers === undefined
      ? new Pool(script, Math.min(availableParallelism(), MAX_WORKERS), MAX_WORKERS)
      : new Pool(script, workers);
  const inspections = new Kept<HeldInspection>(() =>
    l10n.t("This report is no longer held by the engine. Inspect the dataset again."),
  );
  const plans = new Kept<Plan>(() => l10n.t("This plan is no longer held by the engine. Inspect the dataset again."));
  const audits = new Kept<HeldAudit>(() =>
    l10n.t("This label audit is no longer held by the engine. Audit the labels again."),
  );
  const unpacked = new Unpacked();
  const marks = new WeakMap<Inspection, Marks>();
  const finders = new WeakMap<Dataset, SampleFinder>();
  const choiceFiles = new ChoiceFiles();
  const reviews = new WeakMap<Dataset, Review>();

  /** The review of an inspection, which goes on when near duplicates are counted anew. */
  function reviewOf(inspection: Inspection): Review {
    const review = reviews.get(inspection.dataset) ?? new Review(inspection, choiceFiles);
    reviews.set(inspection.dataset, review);
    return review;
  }

  /** What follows from a step of a review, after which `decisions` are those about pairs if they are others than before. */
  function reviewed(id: string, decisions: PairDecisions | null): ReviewResult {
    const { near } = inspections.get(id).findings;
    const isSame = decisions === null || near === null;
    const report = isSame ? null : countNear(id, near.search, near.threshold, decisions);
    return { review: reviewOf(inspections.get(id)).state(inspections.get(id)), report };
  }

  /** What a search for near duplicates found in an inspection; it is done when it was not. */
  async function nearOf(id: string, quiet: Run<Progress>): Promise<NearSearch> {
    const { dataset, findings } = inspections.get(id);
    return (
      findings.near?.search ??
      (await searchNear(dataset, findings, pool, {
        signal: quiet.signal,
        progress: (done, total) => quiet.progress({ phase: "near", done, total }),
      }))
    );
  }

  /** Counts what is near at a threshold and with what people decided, and answers the report. */
  function countNear(id: string, search: NearSearch, threshold: number | null, decisions: PairDecisions): Report {
    const held = inspections.get(id);
    const { findings } = held;
    const { table, fingerprints, groups } = findings;
    if (threshold !== null) assertReached(search, threshold);
    const cut = threshold ?? search.measure.threshold;
    const near = findNear(search, table, fingerprints.states, groups.pixel, cut, decisions);
    const counted = { ...held, findings: { ...findings, near } };
    inspections.replace(id, counted);
    return reportOf(counted);
  }

  async function thumbnailsOf(
    { dataset }: Inspection,
    samples: readonly number[],
    size: number,
    signal: AbortSignal,
  ): Promise<Thumbnail[]> {
    const pictures = await pool.run(
      "thumbnails",
      { samples: samples.map((sample) => dataset.ref(sample)), size },
      signal,
    );
    return pictures.map((picture, index) => ({ sample: samples[index] ?? 0, ...picture }));
  }

  const lab = createLab({
    dist,
    nativeFolder,
    pool,
    folder: experimentsFolder,
    inspection: (id) => inspections.get(id),
    dropped: (inspection) => chosenBy(reviewOf(inspection).choices()).drop,
    async searched(id, run) {
      const { dataset, findings } = inspections.get(id);
      if (findings.near === null) countNear(id, await nearOf(id, run), null, readDecisions(dataset, findings));
      return inspections.get(id);
    },
    log: options.log ?? (() => undefined),
  });

  return {
    ...lab,

    async inspect(request, run) {
      // Every job that runs at a time listens to it.
      setMaxListeners(0, run.signal);
      const started = performance.now();
      const quiet = throttledRun(run);
      const inputs = inputsOf(request);
      const opening = openDataset(inputs, request.assignments, pool, quiet, indexFolder, unpacked, request.labels);
      const folders = inputs.filter((input) => input.isFolder || input.isList).map(rootOf);
      const indexes = openIndexes(folders, indexFolder);
      const inspection = await opening
        .then((dataset) => inspectDataset(dataset, pool, quiet, indexes))
        .finally(() => releaseIndexes(indexes));
      // While images were compared nothing was heard; what was cancelled meanwhile is not kept.
      await nextTurn();
      run.signal.throwIfAborted();
      const held = { ...inspection, seconds: (performance.now() - started) / 1000 };
      return { inspection: inspections.add(held), report: reportOf(held) };
    },

    async near({ inspection, threshold }, run) {
      // Every job that runs at a time listens to it.
      setMaxListeners(0, run.signal);
      const { dataset, findings } = inspections.get(inspection);
      const quiet = throttledRun(run);
      // A file that is damaged is told of before minutes of searching.
      const decisions = readDecisions(dataset, findings);
      return countNear(inspection, await nearOf(inspection, quiet), threshold, decisions);
    },

    async pairs({ inspection, ...page }) {
      const { findings, dataset } = inspections.get(inspection);
      return pagePairs(searched(findings), page, (sample) => viewSample(findings, dataset.names, sample));
    },

    async doubtful({ inspection, count }) {
      const { findings, dataset } = inspections.get(inspection);
      return doubtfulPairs(searched(findings), count, (sample) => viewSample(findings, dataset.names, sample));
    },

    async review({ inspection, action, newHome }) {
      const held = inspections.get(inspection);
      return reviewed(inspection, reviewOf(held).take(held, action, newHome));
    },

    async undoReview({ inspection }) {
      const held = inspections.get(inspection);
      return reviewed(inspection, reviewOf(held).undo(held));
    },

    async redoReview({ inspection }) {
      const held = inspections.get(inspection);
      return reviewed(inspection, reviewOf(held).redo(held));
    },

    async reviewState({ inspection }) {
      const held = inspections.get(inspection);
      return reviewOf(held).state(held);
    },

    async compare({ inspection, first, second, size }, run) {
      const { dataset, findings } = inspections.get(inspection);
      const near = findings.near;
      const measure = near?.search.measure ?? null;
      const found = await comparePictures(dataset, first, second, size, measure, pool, run.signal);
      const known = near === null ? null : nearnessOf(near, second, first);
      return { ...found, nearness: known ?? found.nearness };
    },

    async groups({ inspection, query }) {
      const held = inspections.get(inspection);
      return reviewOf(held).groups(held, query);
    },

    async findGroup({ inspection, filter, sample }) {
      const held = inspections.get(inspection);
      return reviewOf(held).placeOf(held, filter, sample);
    },

    async findSamples({ inspection, names }) {
      const { findings, dataset } = inspections.get(inspection);
      const finder = finders.get(dataset) ?? new SampleFinder(dataset);
      finders.set(dataset, finder);
      return names.slice(0, MAX_NAMES).map((name) => {
        const sample = finder.find(name);
        return sample === null ? null : viewSample(findings, dataset.names, sample);
      });
    },

    async exportReport({ inspection, plan = null, applied = null, ...request }, run) {
      setMaxListeners(0, run.signal);
      const held = inspections.get(inspection);
      const quiet = throttledRun(run);
      const { signal } = quiet;
      // Tables and JSON are made to be read by programs, wherever they go.
      const report = request.format === "html" ? reportOf(held) : inEnglish(() => reportOf(held));
      const searched = reviewOf(held).searched(held);
      const snapshot = async (): Promise<ReportSnapshot> =>
        makeSnapshot({
          searched,
          report,
          plan:
            plan === null
              ? null
              : { summary: summarise(plans.get(plan), plan), ...changesOf(plans.get(plan), 0, MAX_SNAPSHOT_CHANGES) },
          applied,
          runs: await lab.experiments({ inspection }, { signal, progress: () => undefined }),
          thumbnails: (samples) => thumbnailsOf(held, samples, EXPORTED_THUMBNAIL, signal),
          progress: (done, total) => quiet.progress({ phase: "writing", done, total }),
        });
      return { files: await writeReport({ ...request, groups: searched, report, snapshot, dist }, signal) };
    },

    async thumbnails({ inspection, samples, size }, run) {
      return thumbnailsOf(inspections.get(inspection), samples, size, run.signal);
    },

    async marks({ inspection, paths }) {
      const inspected = inspections.get(inspection);
      const known = marks.get(inspected) ?? new Marks(inspected);
      marks.set(inspected, known);
      return paths.map((file) => known.of(file));
    },

    async examine({ inspection, files }, run) {
      return examineFiles(inspections.get(inspection), files, pool, run.signal);
    },

    async previews({ inspection, options = {}, choices = true }) {
      const held = inspections.get(inspection);
      return previewPlans(held, options, choices ? chosenBy(reviewOf(held).choices()) : NOBODY_CHOSE);
    },

    async plan({ inspection, options = {}, choices = true }, run) {
      setMaxListeners(0, run.signal);
      const held = inspections.get(inspection);
      const chosen = choices ? chosenBy(reviewOf(held).choices()) : NOBODY_CHOSE;
      const plan = await makePlan(held, options, chosen, pool, run.signal);
      return summarise(plan, plans.add(plan));
    },

    async changes({ plan, from, count }) {
      return { from, ...changesOf(plans.get(plan), from, Math.min(count, MAX_CHANGES)) };
    },

    async planFile({ plan }) {
      return planFileOf(plans.get(plan));
    },

    async readPlan({ inspection, file }, run) {
      setMaxListeners(0, run.signal);
      const plan = await readPlanFile(inspections.get(inspection), file, pool, run.signal);
      return summarise(plan, plans.add(plan));
    },

    async apply({ plan, out, images = "copy" }, run) {
      setMaxListeners(0, run.signal);
      return applyPlan(decided(plans.get(plan)), out, images, pool, throttledRun(run));
    },

    async verify({ folder }, run) {
      setMaxListeners(0, run.signal);
      return verifyFolder(folder, pool, throttledRun(run));
    },

    async undo({ folder }, run) {
      setMaxListeners(0, run.signal);
      return undoFolder(folder, pool, throttledRun(run));
    },

    async quarantine({ plan }, run) {
      setMaxListeners(0, run.signal);
      return quarantine(decided(plans.get(plan)), pool, throttledRun(run));
    },

    async restore({ folder }, run) {
      return restore(folder, throttledRun(run));
    },

    async installNative(_, run) {
      if (nativeFolder === null) throw new Error("This engine has no folder to install native TensorFlow into.");
      return installNative({ folder: nativeFolder, dist }, run);
    },

    async auditLabels({ inspection, seed }, run) {
      setMaxListeners(0, run.signal);
      const held = await auditLabels(inspections.get(inspection), seed, pool, throttledRun(run));
      return tellAudit(held, audits.add(held));
    },

    async suspects({ audit, query }) {
      const { inspection, suspects } = audits.get(audit);
      return pageSuspects(inspection.findings, inspection.dataset.names, suspects, readVerdicts(inspection), query);
    },

    async judgeLabels({ audit, samples, verdict, newHome }) {
      const held = audits.get(audit);
      keepVerdicts(held.inspection, samples, verdict, newHome);
      return tellAudit(held, audit);
    },

    async sample({ into }, run) {
      const archive = sampleArchive ?? path.join(dist, "..", "media", "sample", "letters.tar.br");
      if (!existsSync(archive)) {
        throw new CleanSplitError(
          "not-found",
          l10n.t("{0} is missing. Install CleanSplit again to get the sample dataset.", archive),
        );
      }
      const { folder } = await unpackSample(archive, into, run.signal);
      return { folder };
    },

    async close() {
      await lab.close();
      await pool.close();
      await unpacked.close();
    },
  };
}

const NOBODY_CHOSE: Chosen = { keep: [], drop: [] };

/** An inspection that later calls name, and the seconds it took. */
interface HeldInspection extends Inspection {
  readonly seconds: number;
}

/** Values that later calls name by an id. */
class Kept<T> {
  private readonly values = new Map<string, T>();

  /** `gone` says of a value that it is not held any more, and what to do. */
  constructor(private readonly gone: () => string) {}

  add(value: T): string {
    const id = randomUUID();
    this.values.set(id, value);
    const [oldest] = this.values.keys();
    if (this.values.size > MAX_KEPT && oldest !== undefined) this.values.delete(oldest);
    return id;
  }

  /** Puts a new value in place of the one that an id names, which keeps its age. */
  replace(id: string, value: T): void {
    if (this.values.has(id)) this.values.set(id, value);
  }

  get(id: string): T {
    const value = this.values.get(id);
    if (value !== undefined) return value;
    throw new CleanSplitError("not-found", this.gone());
  }
}

function throttledRun(run: Run<Progress>): Run<Progress> {
  let phase = "";
  const report = throttled(
    run.progress.bind(run),
    (event: Progress) => event.phase !== phase || event.done === event.total,
  );
  return {
    signal: run.signal,
    progress(event) {
      report(event);
      phase = event.phase;
    },
  };
}

function withNotes({ dataset, notes }: Inspection): Layout {
  return { ...dataset.layout, notes: [...dataset.layout.notes, ...notes] };
}

function reportOf(inspection: HeldInspection): Report {
  return buildReport(inspection.findings, inspection.dataset.names, withNotes(inspection), inspection.seconds);
}

/** Some of what a plan changes, and how much it is in all. */
function changesOf(
  { inspection, decision }: Plan,
  from: number,
  count: number,
): { total: number; changes: readonly PlanChange[] } {
  const { findings, dataset } = inspection;
  const changed = changedSamples(decision);
  const page = changed.slice(from, from + count);
  return {
    total: changed.length,
    changes: page.map((sample) => viewChange(findings, dataset.names, decision, sample)),
  };
}

function searched({ near }: Findings): NearFindings {
  if (near !== null) return near;
  throw new CleanSplitError(
    "refused",
    l10n.t("Near duplicates were not searched in this dataset yet. Search them first."),
  );
}
