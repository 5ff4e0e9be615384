import { mkdir, open, readFile, rm, rmdir, type FileHandle } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import type { CertifiedFile } from "../../core/sanitize/certificate";
import type { ImageTransfer } from "../../core/sanitize/plan";
import { isRecord } from "../home";
import { isCertifiedFile } from "./certificate";
import { codeOf, flushFolder, renameFresh, writeError } from "./durable";
import { takeLock } from "./lock";

/** Names within the folder of an attempt. */
const DATA = "data";
const JOURNAL = "journal.jsonl";

/** A file within the folder of an attempt by which is tried what its file system can do. */
export const PROBE = "probe";

/** Version of the journal; of another one nothing is gone on with. */
const SCHEMA = "cleansplit/journal@1";

/** What an attempt to write is about; one with the same purpose goes on with it. */
export interface Purpose {
  /** Version of CleanSplit, as each may write files in its own way. */
  readonly version: string;
  /** Digest over what was decided about every sample. */
  readonly plan: string;
  /** Fingerprint of the dataset. */
  readonly dataset: string;
  readonly images: ImageTransfer;
}

/** What the journal of an attempt says. */
export interface Journal {
  readonly purpose: Purpose | null;
  /** ISO 8601, in UTC; "" when the journal is not whole. */
  readonly created: string;
  /** Files that were begun, by their path; `null` for those that were not finished. */
  readonly files: ReadonlyMap<string, CertifiedFile | null>;
  /** Outputs that were finished, by their number, with their files. */
  readonly finished: ReadonlyMap<number, readonly string[]>;
}

/** The folder, beside `target`, that holds what is written until it is whole. Its name follows from that of the target. */
export function attemptFolder(target: string): string {
  return path.join(path.dirname(target), `.${path.basename(target)}.cleansplit-part`);
}

/** The target of an attempt by its folder; `null` when the name is not that of one. */
export function targetOfAttempt(folder: string): string | null {
  const name = /^\.(.+)\.cleansplit-part$/.exec(path.basename(folder))?.[1];
  return name === undefined ? null : path.join(path.dirname(folder), name);
}

/**
 * An attempt to write a folder, in a folder beside it: a lock, a journal that says of every file when it is begun and when it
 * is finished, and in `data` what becomes the target. While it is held no other one can be.
 */
export class Attempt {
  private said: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly target: string,
    private readonly folder: string,
    private readonly release: () => Promise<void>,
    /** What an earlier attempt with the same purpose left; empty without one. */
    readonly before: Journal,
    private readonly journal: FileHandle,
  ) {}

  /**
   * Begins an attempt, or goes on with one of the same purpose. Rejects with a `CleanSplitError`: "conflict" when another
   * process is at it, or when what was interrupted there has another purpose.
   */
  static async begin(target: string, purpose: Purpose): Promise<Attempt> {
    const folder = attemptFolder(target);
    const release = await holdAttempt(target, true);
    try {
      const before = await readJournal(folder);
      if (before.purpose !== null && !isSame(before.purpose, purpose)) throw otherPurpose(target, before);
      await mkdir(path.join(folder, DATA), { recursive: true });
      const journal = await open(path.join(folder, JOURNAL), "a");
      const attempt = new Attempt(target, folder, release, before, journal);
      try {
        // Behind a line that was cut off, a new one begins.
        await journal.write("\n");
        if (before.purpose === null)
          await attempt.say({ schema: SCHEMA, created: new Date().toISOString(), ...purpose });
        await journal.sync();
        await flushFolder(folder);
      } catch (error) {
        await journal.close();
        throw error;
      }
      return attempt;
    } catch (error) {
      await release();
      throw writeError(folder, error);
    }
  }

  /** Where files are written. */
  get data(): string {
    return path.join(this.folder, DATA);
  }

  /** Says that files are about to be written, by their paths below `data`. */
  async begun(files: readonly string[]): Promise<void> {
    await this.say({ begun: files });
  }

  /** Says that files are written as they are to be. */
  async wrote(files: readonly CertifiedFile[]): Promise<void> {
    await this.say({ wrote: files });
  }

  /** Says that an output is whole. */
  async finished(output: number, files: readonly string[]): Promise<void> {
    await this.say({ finished: output, files });
  }

  /** Puts `data` in place of the target, and clears away what is left. */
  async place(): Promise<void> {
    await renameFresh(this.data, this.target).catch((error: unknown) => {
      const isTaken = ["EEXIST", "ENOTEMPTY", "ENOTDIR"].includes(codeOf(error));
      throw isTaken
        ? new CleanSplitError(
            "conflict",
            l10n.t("{0} was made by somebody else meanwhile. Choose another name.", this.target),
          )
        : writeError(this.target, error);
    });
    await flushFolder(path.dirname(this.target));
    await this.discard();
  }

  /** Removes everything that was written. */
  async discard(): Promise<void> {
    await this.journal.close();
    await rm(this.data, { recursive: true, force: true });
    await removeAttempt(this.folder, this.release);
  }

  /** Lets go of what was written, so that it can be gone on with or taken back. */
  async leave(): Promise<void> {
    await this.journal.close();
    await this.release();
  }

  /** Lines go one after the other, whoever says them at the same time. */
  private async say(what: object): Promise<void> {
    const line = `${JSON.stringify(what)}\n`;
    const said = this.said.then(() => this.journal.write(line));
    this.said = said.catch(() => undefined);
    await said.catch((error: unknown) => {
      throw writeError(path.join(this.folder, JOURNAL), error);
    });
  }
}

/** Takes the lock of the attempt at a target, made when `make` says so; answers what gives it back. */
export async function holdAttempt(target: string, make: boolean): Promise<() => Promise<void>> {
  const folder = attemptFolder(target);
  for (;;) {
    if (make) {
      await mkdir(folder).catch((error: unknown) => {
        if (codeOf(error) !== "EEXIST") throw writeError(folder, error);
      });
    }
    try {
      return await takeLock(folder, target);
    } catch (error) {
      // Who finishes just now removes the folder.
      if (!make || codeOf(error) !== "ENOENT") throw writeError(folder, error);
    }
  }
}

/** Removes journal and folder of an attempt whose files are gone; what somebody else put into it stays. */
export async function removeAttempt(folder: string, release: () => Promise<void>): Promise<void> {
  for (const name of [PROBE, JOURNAL]) await rm(path.join(folder, name), { force: true });
  await release();
  await rmdir(folder).catch(() => undefined);
}

/** Where an attempt keeps what it wrote. */
export function dataOf(folder: string): string {
  return path.join(folder, DATA);
}

/** What the journal of an attempt says; an empty one when there is none. Lines that are not whole are passed over. */
export async function readJournal(folder: string): Promise<Journal> {
  const files = new Map<string, CertifiedFile | null>();
  const finished = new Map<number, readonly string[]>();
  let [purpose, created]: [Purpose | null, string] = [null, ""];
  const text = await readFile(path.join(folder, JOURNAL), "utf8").catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return "";
    throw error;
  });
  for (const line of text.split("\n")) {
    const entry = parseLine(line);
    if (entry === null) continue;
    if (entry["schema"] !== undefined) [purpose, created] = [purposeOf(entry), String(entry["created"])];
    for (const name of texts(entry["begun"])) files.set(name, null);
    const wrote: readonly unknown[] = Array.isArray(entry["wrote"]) ? entry["wrote"] : [];
    for (const file of wrote.filter(isCertifiedFile)) files.set(file.path, file);
    if (typeof entry["finished"] === "number") finished.set(entry["finished"], texts(entry["files"]));
  }
  return { purpose, created, files, finished };
}

function parseLine(line: string): Readonly<Record<string, unknown>> | null {
  if (line === "") return null;
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

/** What another version wrote is no purpose of this one, whatever it says. */
function purposeOf({ schema, version, plan, dataset, images }: Readonly<Record<string, unknown>>): Purpose {
  const isKnown = schema === SCHEMA;
  return {
    version: isKnown ? String(version) : "",
    plan: String(plan),
    dataset: String(dataset),
    images: String(images) as ImageTransfer,
  };
}

function isSame(a: Purpose, b: Purpose): boolean {
  return a.version === b.version && a.plan === b.plan && a.dataset === b.dataset && a.images === b.images;
}

function otherPurpose(target: string, { created }: Journal): CleanSplitError {
  return new CleanSplitError(
    "conflict",
    l10n.t(
      '{0} holds what an interrupted writing of {1} left (begun {2}), by another plan or of a dataset that has changed since. Take it back with "cleansplit undo {1}", or choose another folder.',
      attemptFolder(target),
      target,
      created,
    ),
  );
}
