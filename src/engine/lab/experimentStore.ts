import { randomBytes, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError, messageOf } from "../../core/errors";
import type { Predictions } from "../../core/training/experiment";
import type { Cost } from "../../core/training/leakageCost";
import { isRecord, readKept, writeKept } from "../home";
import { isTrainerRunning } from "../process/trainer";
import type { Parameter } from "../training/classifier";
import { codeOf, writeError } from "../write/durable";
import { columnOf, readColumns, writeColumns } from "./columnFile";
import { readHead, writeHead, type ExperimentHead } from "./experimentFile";
import { readJournal } from "./journal";
import { ExperimentProgress } from "./progress";
import type { RowColumns } from "./rows";

/** Experiments that are kept; the oldest is forgotten first. */
export const MAX_EXPERIMENTS = 50;

/** Unfinished experiments whose images are kept: more is not worth the room, as they can be read again. */
export const MAX_FEATURES = 4;

/** Milliseconds after which a folder that never became an experiment is what a killed process left. */
const ABANDONED = 24 * 3600 * 1000;

/** The names of experiments: when they began, and some chance. */
const NAME = /^\d{8}-\d{6}-[0-9a-f]{6}$/;

/** A folder that is being removed. */
const REMOVED = /^removed-/;

/** The largest file of costs that is read, in bytes. */
const LARGEST_COSTS = 64 * 2 ** 20;

/** The folder of one experiment: what it is, what was trained, and what is needed to go on. */
export class ExperimentFolder {
  constructor(readonly folder: string) {}

  /** Names the experiment in calls. */
  get experiment(): string {
    return path.basename(this.folder);
  }

  get journal(): string {
    return this.file("journal.jsonl");
  }

  /** The pixels: rows of bytes, as many as the head says, and nothing else. There while they may be needed. */
  get features(): string {
    return this.file("features.bin");
  }

  /** What the experiment is; rejects with a `CleanSplitError` when it cannot be used or is gone. */
  head(): ExperimentHead {
    const head = readHead(this.file("experiment.json"), this.experiment);
    if (head === null) throw unknown(this.experiment);
    return head;
  }

  /** Makes the folder an experiment; all else it needs is written before. */
  writeHead(head: ExperimentHead): void {
    writeHead(this.file("experiment.json"), head);
  }

  /** How far it got. */
  progress(head: ExperimentHead): ExperimentProgress {
    const progress = new ExperimentProgress(head.plan);
    for (const entry of readJournal(this.journal)) progress.add(entry);
    return progress;
  }

  writeRows(rows: RowColumns): void {
    const columns = Object.entries(rows as unknown as Readonly<Record<string, RowColumns[keyof RowColumns]>>);
    writeColumns(
      this.file("rows.columns"),
      columns.map(([name, values]) => ({ name, shape: [values.length], values })),
    );
  }

  async readRows({ rows }: ExperimentHead): Promise<RowColumns> {
    const file = this.file("rows.columns");
    const columns = await readColumns(file);
    const read: RowColumns = {
      samples: columnOf(columns, "samples", "uint32", file),
      labels: columnOf(columns, "labels", "int32", file),
      roles: columnOf(columns, "roles", "uint8", file),
      stays: columnOf(columns, "stays", "uint8", file),
      leaked: columnOf(columns, "leaked", "uint8", file),
      groups: columnOf(columns, "groups", "uint32", file),
    };
    checkLengths(file, Object.values(read), rows);
    return read;
  }

  /** The ids of the test images, in their order; they outlive the inspection. */
  writeIds(ids: readonly string[]): void {
    const values = new Uint8Array(Buffer.from(JSON.stringify(ids)));
    writeColumns(this.file("ids.columns"), [{ name: "ids", shape: [values.length], values }]);
  }

  async readIds({ samples }: ExperimentHead): Promise<readonly string[]> {
    const file = this.file("ids.columns");
    const text = Buffer.from(columnOf(await readColumns(file), "ids", "uint8", file)).toString("utf8");
    const ids: unknown = JSON.parse(text);
    const known = Array.isArray(ids) ? ids.map(String) : [];
    checkLengths(file, [known], samples.test.original);
    return known;
  }

  writePredictions(run: number, { predicted, confidence, losses }: Predictions): void {
    const shape = [predicted.length];
    writeColumns(this.file(`predictions-${run}.columns`), [
      { name: "predicted", shape, values: predicted },
      { name: "confidence", shape, values: confidence },
      { name: "losses", shape, values: losses },
    ]);
  }

  /** What the model of a finished run says of the test images, of which there are `images`. */
  async readPredictions(run: number, images: number): Promise<Predictions> {
    const file = this.file(`predictions-${run}.columns`);
    const columns = await readColumns(file);
    const read: Predictions = {
      predicted: columnOf(columns, "predicted", "uint16", file),
      confidence: columnOf(columns, "confidence", "float32", file),
      losses: columnOf(columns, "losses", "float32", file),
    };
    checkLengths(file, Object.values(read), images);
    return read;
  }

  writeParameters(run: number, parameters: readonly Parameter[]): void {
    writeColumns(this.file(`parameters-${run}.columns`), parameters);
  }

  async readParameters(run: number): Promise<readonly Parameter[]> {
    const file = this.file(`parameters-${run}.columns`);
    const columns = await readColumns(file);
    return columns.map(({ name, shape }) => ({ name, shape, values: columnOf(columns, name, "float32", file) }));
  }

  /** The costs that were computed; what cannot be read is computed anew. */
  costs(): readonly Cost[] {
    try {
      const kept = readKept(this.file("costs.json"), LARGEST_COSTS, ["version", "costs"]);
      const costs: unknown = kept?.value["version"] === 1 ? kept.value["costs"] : [];
      return Array.isArray(costs) && costs.every(isCost) ? costs : [];
    } catch {
      return [];
    }
  }

  writeCosts(costs: readonly Cost[]): void {
    writeKept(this.file("costs.json"), () => `${JSON.stringify({ version: 1, costs })}\n`);
  }

  /** Whether somebody stopped it, which is told from a crash by a file that is written before. */
  get isCancelled(): boolean {
    return existsSync(this.file("cancelled"));
  }

  writeCancelled(): void {
    writeKept(this.file("cancelled"), () => "");
  }

  async clearCancelled(): Promise<void> {
    await rm(this.file("cancelled"), { force: true });
  }

  private file(name: string): string {
    return path.join(this.folder, name);
  }
}

/** The experiments of a folder; several processes may use it at once. */
export class ExperimentStore {
  constructor(
    private readonly folder: string,
    private readonly log: (line: string) => void,
  ) {}

  /** A new folder, which is no experiment before it has a head. */
  async create(now: Date): Promise<ExperimentFolder> {
    const digits = now.toISOString().replace(/\D/g, "");
    const name = `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomBytes(3).toString("hex")}`;
    const folder = path.join(this.folder, name);
    try {
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      await mkdir(folder, { mode: 0o700 });
    } catch (error) {
      throw writeError(folder, error);
    }
    return new ExperimentFolder(folder);
  }

  /**
   * The folder of an experiment, by its name; whether it is there, its head says. Names come from outside: those that cannot
   * be of one are never joined to a path, and throw a `CleanSplitError`.
   */
  at(experiment: string): ExperimentFolder {
    if (!NAME.test(experiment)) throw unknown(experiment);
    return new ExperimentFolder(path.join(this.folder, experiment));
  }

  /** All experiments, the newest first. One that is damaged is left out, and the log says why. */
  async list(): Promise<{ readonly kept: ExperimentFolder; readonly head: ExperimentHead }[]> {
    const found: { readonly kept: ExperimentFolder; readonly head: ExperimentHead }[] = [];
    for (const name of (await this.names()).filter((name) => NAME.test(name))) {
      const kept = this.at(name);
      try {
        found.push({ kept, head: kept.head() });
      } catch (error) {
        const isBegun = error instanceof CleanSplitError && error.reason === "not-found";
        if (!isBegun) this.log(`The experiment ${name} is left out: ${messageOf(error)}`);
      }
    }
    return found.sort(
      (a, b) => compare(b.head.started, a.head.started) || compare(b.kept.experiment, a.kept.experiment),
    );
  }

  /** Removes an experiment: it is there whole or not at all. */
  async remove({ folder }: ExperimentFolder): Promise<void> {
    const removed = path.join(this.folder, `removed-${randomUUID()}`);
    try {
      await rename(folder, removed);
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      throw writeError(folder, error);
    }
    await rm(removed, { recursive: true, force: true });
  }

  /** Forgets the oldest experiments beyond those that are kept, images of unfinished ones, and what killed processes left. */
  async tidy(): Promise<void> {
    const all = await this.list();
    let withFeatures = 0;
    for (const [index, { kept }] of all.entries()) {
      const isOld = index >= MAX_EXPERIMENTS;
      if (!isOld && (!existsSync(kept.features) || ++withFeatures <= MAX_FEATURES)) continue;
      if (await isTrainerRunning(kept.folder)) continue;
      await (isOld ? this.remove(kept) : rm(kept.features, { force: true }));
    }
    const known = new Set(all.map(({ kept }) => kept.experiment));
    for (const name of await this.names()) {
      if ((!NAME.test(name) && !REMOVED.test(name)) || known.has(name)) continue;
      const place = path.join(this.folder, name);
      const age =
        Date.now() -
        (await stat(place).then(
          ({ mtimeMs }) => mtimeMs,
          () => Date.now(),
        ));
      // Damaged ones stay for whoever may repair them.
      if (age > ABANDONED && !existsSync(path.join(place, "experiment.json"))) {
        await rm(place, { recursive: true, force: true });
      }
    }
  }

  private async names(): Promise<string[]> {
    return readdir(this.folder).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    });
  }
}

function unknown(experiment: string): CleanSplitError {
  return new CleanSplitError(
    "not-found",
    l10n.t('There is no experiment "{0}"; it may have been removed.', experiment),
  );
}

function isCost(value: unknown): value is Cost {
  return isRecord(value) && typeof value["model"] === "string" && typeof value["sentence"] === "string";
}

function checkLengths(file: string, columns: readonly { readonly length: number }[], length: number): void {
  if (columns.every((column) => column.length === length)) return;
  throw new CleanSplitError(
    "corrupt",
    l10n.t("{0} cannot be used: it should have {1} entries. Run the experiment again.", file, length),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
