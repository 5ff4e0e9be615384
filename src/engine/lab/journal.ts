import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import type { ErrorReason } from "../../core/errors";
import { TEST_SETS } from "../../core/training/evaluation";
import type { BackendChoice, EpochScore, TrainingRun } from "../../core/training/experiment";
import { MODEL_NAMES } from "../../core/training/models";
import { BACKEND_NAMES } from "../../core/training/planRuns";
import type { ModelName } from "../../core/training/models";
import { isRecord } from "../home";
import { codeOf, writeError } from "../write/durable";

/*
 * What a trainer finished, in the order in which it did: lines of JSON in one file that only grows. A line that is not whole
 * counts for nothing, nor does what is behind it, so a trainer can be killed at any time.
 */

/** What of a finished run is not in its plan and not in the lines of its epochs. */
export type FinishedRun = Pick<TrainingRun, "backend" | "scores" | "seconds" | "isKept">;

/** One line of a journal. */
export type JournalEntry =
  /** A trainer begins, or begins again: runs that were under way before it are begun anew. */
  | { readonly type: "started"; readonly backends: Readonly<Partial<Record<ModelName, BackendChoice>>> }
  | { readonly type: "epoch"; readonly run: number; readonly epoch: number; readonly score: EpochScore }
  | { readonly type: "run"; readonly run: number; readonly finished: FinishedRun }
  | { readonly type: "done" }
  /** `reason` is that of a `CleanSplitError`; `null` for others. */
  | { readonly type: "failed"; readonly reason: ErrorReason | null; readonly message: string };

/** Bytes that are read at once. */
const BLOCK = 2 ** 16;
/** Bytes of the longest line that is believed; real ones have some hundreds. */
const LONGEST = 2 ** 20;
const NEW_LINE = 0x0a;

/** Reads a journal while it grows. Must be closed. */
export class JournalReader {
  private descriptor: number | null = null;
  /** The start of a line whose end was not read yet. */
  private rest: Buffer = Buffer.alloc(0);
  private isDamaged = false;
  private read = 0;

  constructor(private readonly file: string) {}

  /** Bytes of the lines that were answered. */
  get length(): number {
    return this.read - this.rest.length;
  }

  /** The entries that were added since the last call, as far as the journal goes now; none while there is no journal. */
  next(): JournalEntry[] {
    const entries: JournalEntry[] = [];
    this.descriptor ??= openToRead(this.file);
    // A trainer may write faster than entries are read.
    const size = this.descriptor === null ? 0 : fstatSync(this.descriptor).size;
    for (let block = this.block(size); block !== null; block = this.block(size)) {
      const bytes = Buffer.concat([this.rest, block]);
      let from = 0;
      this.read += block.length;
      for (let end = bytes.indexOf(NEW_LINE); end >= 0; end = bytes.indexOf(NEW_LINE, from)) {
        const entry = parseEntry(bytes.toString("utf8", from, end));
        if (entry === null) {
          this.isDamaged = true;
          break;
        }
        entries.push(entry);
        from = end + 1;
      }
      this.rest = bytes.subarray(from);
      if (this.rest.length > LONGEST) this.isDamaged = true;
    }
    return entries;
  }

  close(): void {
    if (this.descriptor !== null) closeSync(this.descriptor);
    this.descriptor = null;
    this.isDamaged = true;
  }

  private block(size: number): Buffer | null {
    if (this.descriptor === null || this.isDamaged || this.read >= size) return null;
    const block = Buffer.alloc(Math.min(BLOCK, size - this.read));
    const length = readSync(this.descriptor, block, 0, block.length, this.read);
    return length === 0 ? null : block.subarray(0, length);
  }
}

/** The whole entries of a journal. */
export function readJournal(file: string): readonly JournalEntry[] {
  const reader = new JournalReader(file);
  try {
    return reader.next();
  } finally {
    reader.close();
  }
}

/** Adds to a journal; only the trainer that holds the lock of the experiment does. */
export class JournalWriter {
  private readonly descriptor: number;
  private length: number;

  /** Opens the journal, and cuts off what a killed trainer left behind its last whole line. */
  constructor(private readonly file: string) {
    const reader = new JournalReader(file);
    try {
      reader.next();
      this.length = reader.length;
    } finally {
      reader.close();
    }
    this.descriptor = openSync(file, "a+", 0o600);
    if (fstatSync(this.descriptor).size > this.length) ftruncateSync(this.descriptor, this.length);
  }

  /** Adds an entry, whole. Throws a `CleanSplitError` when the disk does not take it. */
  add(entry: JournalEntry): void {
    const line = Buffer.from(`${JSON.stringify(entry)}\n`);
    try {
      for (let written = 0; written < line.length;) written += writeSync(this.descriptor, line, written);
      this.length += line.length;
    } catch (error) {
      // A later entry must not be glued to half of this one.
      ftruncateSync(this.descriptor, this.length);
      throw writeError(this.file, error);
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function openToRead(file: string): number | null {
  try {
    return openSync(file, "r");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

function parseEntry(line: string): JournalEntry | null {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && isEntry(value) ? (value as unknown as JournalEntry) : null;
  } catch {
    return null;
  }
}

function isEntry(value: Readonly<Record<string, unknown>>): boolean {
  switch (value["type"]) {
    case "started":
      return isRecord(value["backends"]) && Object.entries(value["backends"]).every(isChoice);
    case "epoch":
      return isIndex(value["run"]) && isIndex(value["epoch"]) && isEpochScore(value["score"]);
    case "run":
      return isIndex(value["run"]) && isFinishedRun(value["finished"]);
    case "done":
      return true;
    case "failed":
      return typeof value["message"] === "string" && (value["reason"] === null || typeof value["reason"] === "string");
    default:
      return false;
  }
}

function isChoice([model, choice]: readonly [string, unknown]): boolean {
  const isKnown = MODEL_NAMES.some((name) => name === model);
  return isKnown && isRecord(choice) && isBackend(choice["backend"]) && typeof choice["reason"] === "string";
}

function isEpochScore(score: unknown): score is EpochScore {
  if (!isRecord(score)) return false;
  const { loss, accuracy, valLoss, valAccuracy } = score;
  const isValue = (value: unknown): boolean => value === null || Number.isFinite(value);
  return Number.isFinite(loss) && Number.isFinite(accuracy) && isValue(valLoss) && isValue(valAccuracy);
}

function isFinishedRun(finished: unknown): finished is FinishedRun {
  if (!isRecord(finished)) return false;
  const { backend, scores, seconds, isKept } = finished;
  const isScored = isRecord(scores) && TEST_SETS.every((set) => isScore(scores[set]));
  return isBackend(backend) && isScored && Number.isFinite(seconds) && typeof isKept === "boolean";
}

function isScore(score: unknown): boolean {
  if (score === null) return true;
  if (!isRecord(score)) return false;
  return Number.isFinite(score["loss"]) && Number.isFinite(score["accuracy"]) && isIndex(score["samples"]);
}

function isBackend(value: unknown): boolean {
  return BACKEND_NAMES.some((name) => name === value);
}

function isIndex(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
