import { setMaxListeners } from "node:events";
import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { headlineAccuracy, headlineCost } from "../../core/training/costs";
import { costSentence } from "../../core/training/costSentence";
import { evaluate, mistakesOf } from "../../core/training/evaluate";
import type { TestSet } from "../../core/training/evaluation";
import type {
  ExperimentEvent,
  ExperimentResult,
  ExperimentSpec,
  ExperimentStatus,
  Mistake,
  TrainingRun,
} from "../../core/training/experiment";
import { completeExperiment, planRuns } from "../../core/training/planRuns";
import { datasetFingerprint } from "../datasetFingerprint";
import type { Progress, Run } from "../engine";
import type { Inspection } from "../inspection";
import { makePlan } from "../plans";
import type { Pool } from "../pool/pool";
import { findTrainer, startTrainer, TrainerConnection, type OpenTrainer } from "../process/trainer";
import { removeEndpoint } from "../process/trainerApi";
import { throttled } from "../progress";
import { completeCosts } from "./costs";
import type { ExperimentHead } from "./experimentFile";
import { ExperimentStore, type ExperimentFolder } from "./experimentStore";
import { writeExperimentFile, writeModelFolder, type ExperimentRows } from "./exports";
import { featureRows, writeFeatures } from "./features";
import { followTrainer, resultOf } from "./follow";
import type { Lab } from "./lab";
import type { ExperimentProgress } from "./progress";
import { countRows, rowShape, selectRows, shapeText, testRows, type RowColumns } from "./rows";

/** Most mistakes in a page. */
const MAX_MISTAKES = 500;

/** What a lab needs of the engine. */
export interface LabParts {
  /** Folder of the bundles; `trainer.js` is in it. */
  readonly dist: string;
  /** Where native TensorFlow is installed; `null` for nowhere. */
  readonly nativeFolder: string | null;
  readonly pool: Pool;
  /** Absolute path of the folder of the experiments; `null` keeps them in a temporary one as long as the lab is open. */
  readonly folder: string | null;
  /** An inspection by its id. */
  inspection(id: string): Inspection;
  /** The samples that people drop. */
  dropped(inspection: Inspection): readonly number[];
  /** The same with near duplicates, which are searched when they were not. */
  searched(id: string, run: Run<Progress>): Promise<Inspection>;
  /** Takes lines about what could not be used. */
  log(line: string): void;
}

/** The part of the lab that trains and keeps experiments. */
export type ExperimentLab = Pick<
  Lab,
  | "runExperiment"
  | "resumeExperiment"
  | "pauseExperiment"
  | "experiments"
  | "experiment"
  | "forgetExperiment"
  | "runDetails"
  | "mistakes"
  | "exportExperiment"
  | "exportModel"
> & {
  /** Hangs up; trainers go on, but for those of a temporary folder. */
  close(): Promise<void>;
};

/** A lab over the inspections of an engine. */
export function createLab(parts: LabParts): ExperimentLab {
  const { dist, nativeFolder, pool } = parts;
  const fingerprints = new WeakMap<Inspection["findings"]["fingerprints"], string>();
  const open = new Set<TrainerConnection>();
  let store: ExperimentStore | null = null;
  let temporary: string | null = null;

  /** Made when it is needed: most engines never train. */
  function experiments(): ExperimentStore {
    temporary ??= parts.folder === null ? mkdtempSync(path.join(tmpdir(), "cleansplit-experiments-")) : null;
    return (store ??= new ExperimentStore(parts.folder ?? temporary ?? "", (line) => parts.log(line)));
  }

  function fingerprintOf(inspection: Inspection): string {
    const { fingerprints: key } = inspection.findings;
    const known = fingerprints.get(key) ?? datasetFingerprint(inspection);
    fingerprints.set(key, known);
    return known;
  }

  function isSame(inspection: Inspection, { dataset }: ExperimentHead): boolean {
    return fingerprintOf(inspection) === dataset.fingerprint;
  }

  async function follow(
    kept: ExperimentFolder,
    head: ExperimentHead,
    trainer: OpenTrainer,
    run: Run<ExperimentEvent>,
  ): Promise<ExperimentResult> {
    open.add(trainer.connection);
    try {
      return await followTrainer(kept, head, trainer, pool, run);
    } finally {
      open.delete(trainer.connection);
    }
  }

  /** Writes the images of an experiment where its trainer reads them. */
  async function writeImages(
    kept: ExperimentFolder,
    { shape }: Pick<ExperimentHead, "shape">,
    inspection: Inspection,
    { samples }: RowColumns,
    run: Run<ExperimentEvent>,
  ): Promise<void> {
    const values = shape.height * shape.width * shape.channels;
    const rows = featureRows(inspection, samples, shape.format, pool, run.signal);
    await writeFeatures(kept.features, rows, (bytes) =>
      run.progress({ type: "loading", done: bytes / values, total: samples.length }),
    );
  }

  async function prepare(
    id: string,
    spec: ExperimentSpec,
    run: Run<ExperimentEvent>,
  ): Promise<{ readonly kept: ExperimentFolder; readonly head: ExperimentHead }> {
    const searching = { signal: run.signal, progress: searchProgress(run) };
    const inspection = spec.tier === "near" ? await parts.searched(id, searching) : parts.inspection(id);
    // Only under this policy, and when nobody keeps one, the training data have no duplicate of a test image.
    const options = { policy: "protect-evaluation", tier: spec.tier } as const;
    const chosen = { keep: [], drop: parts.dropped(inspection) };
    const { decision } = await makePlan(inspection, options, chosen, pool, run.signal);
    const rows = selectRows(inspection, decision, spec);
    const samples = countRows(rows);
    const plan = planRuns(spec, samples.train);
    const shape = rowShape(inspection, rows.samples, spec);
    const started = new Date();
    const kept = await experiments().create(started);
    try {
      const { names, table, layout } = inspection.dataset;
      await writeImages(kept, { shape }, inspection, rows, run);
      kept.writeRows(rows);
      kept.writeIds(Array.from(testRows(rows).rows, (row) => names.id(rows.samples[row] ?? 0)));
      const head: ExperimentHead = {
        experiment: kept.experiment,
        dataset: { name: layout.name, fingerprint: fingerprintOf(inspection), inputs: layout.inputs },
        started: started.toISOString(),
        spec,
        plan,
        features: shapeText(shape),
        shape,
        rows: rows.samples.length,
        classes: table.classes,
        samples,
      };
      run.signal.throwIfAborted();
      kept.writeHead(head);
      return { kept, head };
    } catch (error) {
      await experiments().remove(kept);
      throw error;
    }
  }

  /** Starts the trainer of an experiment that has all it needs. */
  async function start(kept: ExperimentFolder): Promise<OpenTrainer> {
    await kept.clearCancelled();
    return startTrainer(dist, kept.folder, nativeFolder);
  }

  /** How an experiment is that this lab does not follow. */
  async function statusOf(kept: ExperimentFolder, progress: ExperimentProgress): Promise<ExperimentStatus> {
    if (progress.end !== null) return progress.end.type;
    const connection = await TrainerConnection.open(kept.folder);
    if (connection !== null) {
      connection.dispose();
      return connection.isPaused ? "paused" : "training";
    }
    return kept.isCancelled ? "cancelled" : "interrupted";
  }

  async function resultNow(kept: ExperimentFolder, signal: AbortSignal): Promise<ExperimentResult> {
    const head = kept.head();
    // Before the journal is read: who ends meanwhile has written all of it.
    const status = await statusOf(kept, kept.progress(head));
    const progress = kept.progress(head);
    const costs = await completeCosts(kept, head, progress, pool, signal);
    return resultOf(head, progress, progress.end?.type ?? status, costs);
  }

  function finishedRun(kept: ExperimentFolder, head: ExperimentHead, number: number): TrainingRun {
    const run = kept.progress(head).result(number);
    if (run !== null) return run;
    throw new CleanSplitError(
      "not-found",
      l10n.t("Run {0} of the experiment {1} has not finished.", number, head.experiment),
    );
  }

  return {
    async runExperiment({ inspection, spec }, run) {
      const quiet = throttledRun(run);
      const complete = completeExperiment(spec);
      quiet.progress({ type: "status", status: "loading" });
      const { kept, head } = await prepare(inspection, complete, quiet);
      const trainer = await start(kept);
      await experiments().tidy();
      return follow(kept, head, trainer, quiet);
    },

    async resumeExperiment({ inspection, experiment }, run) {
      const quiet = throttledRun(run);
      const kept = experiments().at(experiment);
      const head = kept.head();
      const running = await findTrainer(kept.folder);
      if (running !== null) return follow(kept, head, running, quiet);
      const { end } = kept.progress(head);
      if (end?.type === "failed") {
        throw new CleanSplitError("refused", l10n.t("This experiment failed and cannot go on: {0}", end.message));
      }
      if (end?.type === "done") {
        const result = await resultNow(kept, run.signal);
        run.progress({ type: "snapshot", experiment: result });
        return result;
      }
      if (!existsSync(kept.features)) {
        const inspected = sameDataset(parts.inspection(inspection), head);
        quiet.progress({ type: "status", status: "loading" });
        await writeImages(kept, head, inspected, await kept.readRows(head), quiet);
      }
      run.signal.throwIfAborted();
      return follow(kept, head, await start(kept), quiet);
    },

    async pauseExperiment({ experiment, paused }) {
      const kept = experiments().at(experiment);
      kept.head();
      const trainer = await TrainerConnection.open(kept.folder);
      if (trainer === null) {
        throw new CleanSplitError(
          "refused",
          l10n.t("The experiment {0} does not run. Resume it to go on.", experiment),
        );
      }
      try {
        await trainer.pause(paused);
      } finally {
        trainer.dispose();
      }
    },

    async experiments({ inspection }, run) {
      const { dataset, ...rest } = parts.inspection(inspection);
      const fingerprint = fingerprintOf({ dataset, ...rest });
      const inputs = sorted(dataset.layout.inputs);
      const own = (await experiments().list()).filter(
        ({ head }) => head.dataset.fingerprint === fingerprint || sorted(head.dataset.inputs) === inputs,
      );
      const summaries = [];
      for (const { kept } of own) {
        const result = await resultNow(kept, run.signal);
        const { experiment, dataset, started, status, spec, plan, runs, costs } = result;
        const headline = headlineCost(costs);
        summaries.push({
          experiment,
          dataset,
          started,
          status,
          spec,
          finished: runs.filter((progress) => progress.result !== null).length,
          planned: plan.length,
          sentence: headline === null ? null : costSentence(headline),
          accuracy: headlineAccuracy(costs),
        });
      }
      return summaries;
    },

    async experiment({ experiment }, run) {
      return resultNow(experiments().at(experiment), run.signal);
    },

    async forgetExperiment({ experiment }) {
      const kept = experiments().at(experiment);
      const connection = await TrainerConnection.open(kept.folder);
      connection?.dispose();
      if (connection !== null) {
        throw new CleanSplitError("refused", l10n.t("The experiment {0} runs. Cancel it first.", experiment));
      }
      removeEndpoint(kept.folder);
      await experiments().remove(kept);
    },

    async runDetails({ experiment, run, set }) {
      const kept = experiments().at(experiment);
      const head = kept.head();
      const finished = finishedRun(kept, head, run);
      const test = testRows(await kept.readRows(head));
      const predictions = await kept.readPredictions(run, test.labels.length);
      const evaluation = evaluate(predictions, test, set, head.classes);
      if (evaluation === null) throw emptySet(set);
      return { run: finished, evaluation };
    },

    async mistakes({ inspection, experiment, run, set, cell, from, count }) {
      const kept = experiments().at(experiment);
      const head = kept.head();
      finishedRun(kept, head, run);
      const rows = await kept.readRows(head);
      const test = testRows(rows);
      const predictions = await kept.readPredictions(run, test.labels.length);
      const ids = await kept.readIds(head);
      const isShown = isSame(parts.inspection(inspection), head);
      const wrong = mistakesOf(predictions, test, set, cell);
      const page = wrong.slice(Math.max(0, from), Math.max(0, from) + Math.max(0, Math.min(count, MAX_MISTAKES)));
      const nameOf = (label: number | undefined): string => head.classes[label ?? -1] ?? "";
      return {
        total: wrong.length,
        mistakes: Array.from(page, (image): Mistake => ({
          sample: isShown ? (rows.samples[test.rows[image] ?? 0] ?? null) : null,
          id: ids[image] ?? "",
          label: nameOf(test.labels[image]),
          predicted: nameOf(predictions.predicted[image]),
          confidence: predictions.confidence[image] ?? 0,
          leaked: test.leaked[image] === 1,
        })),
      };
    },

    async exportExperiment({ inspection, experiment, format, file, overwrite }, run) {
      setMaxListeners(0, run.signal);
      const kept = experiments().at(experiment);
      const result = await resultNow(kept, run.signal);
      const rows = async (): Promise<ExperimentRows> => {
        const head = kept.head();
        const inspected = sameDataset(parts.inspection(inspection), head);
        const { samples, roles: splitRole, labels, stays, leaked } = await kept.readRows(head);
        const { height, width, channels, format: rowFormat } = head.shape;
        return {
          height,
          width,
          channels,
          pixels: featureRows(inspected, samples, rowFormat, pool, run.signal),
          id: (row) => inspected.dataset.names.id(samples[row] ?? 0),
          labels,
          splitRole,
          stays,
          leaked,
        };
      };
      return { files: await writeExperimentFile({ experiment: result, format, file, overwrite, rows }, run) };
    },

    async exportModel({ experiment, run, format, folder }, call) {
      const kept = experiments().at(experiment);
      const head = kept.head();
      const finished = finishedRun(kept, head, run);
      if (!finished.isKept) {
        throw new CleanSplitError(
          "refused",
          l10n.t(
            "The parameters of run {0} are not kept: those of each model's run on the most samples, with the first seed, are.",
            run,
          ),
        );
      }
      const files = await writeModelFolder(
        {
          experiment: await resultNow(kept, call.signal),
          run: finished,
          parameters: await kept.readParameters(run),
          input: head.shape,
          format,
          folder,
        },
        call,
      );
      return { folder, files };
    },

    async close() {
      const connections = [...open];
      if (temporary === null) for (const connection of connections) connection.dispose();
      else await Promise.all(connections.map((connection) => connection.kill()));
      if (temporary !== null) await rm(temporary, { recursive: true, force: true });
    },
  };

  function sameDataset(inspection: Inspection, head: ExperimentHead): Inspection {
    if (isSame(inspection, head)) return inspection;
    throw new CleanSplitError(
      "changed",
      l10n.t(
        "{0} is no longer what the experiment {1} was trained on. Start a new experiment.",
        head.dataset.name,
        head.experiment,
      ),
    );
  }
}

/** Tells how a search for near duplicates goes on. */
function searchProgress(run: Run<ExperimentEvent>): (event: Progress) => void {
  return ({ done, total }) => run.progress({ type: "loading", phase: "near", done, total });
}

/** At most ten events a second about what is being loaded. */
function throttledRun(run: Run<ExperimentEvent>): Run<ExperimentEvent> {
  // Every job that runs at a time listens to it.
  setMaxListeners(0, run.signal);
  const progress = throttled(
    run.progress.bind(run),
    (event: ExperimentEvent) => event.type !== "loading" || event.done === event.total,
  );
  return { signal: run.signal, progress };
}

const NO_IMAGES: Readonly<Record<TestSet, () => string>> = {
  original: () => l10n.t("There are no original test images in this experiment."),
  sanitized: () => l10n.t("There are no sanitized test images in this experiment."),
  clean: () => l10n.t("There are no clean test images in this experiment."),
  leaked: () => l10n.t("There are no leaked test images in this experiment."),
};

function emptySet(set: TestSet): CleanSplitError {
  return new CleanSplitError("refused", NO_IMAGES[set]());
}

function sorted(inputs: readonly string[]): string {
  return [...inputs].sort().join("\n");
}
