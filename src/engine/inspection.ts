import path from "node:path";
import { SampleState } from "../core/dataset/dataset";
import { createFingerprints, insertFingerprints, type Fingerprints } from "../core/fingerprint/fingerprints";
import { findDuplicates, type Findings } from "../core/leakage/findings";
import type { Dataset } from "./dataset";
import type { Progress, Run } from "./engine";
import { FingerprintIndex } from "./index/fingerprintIndex";
import { forEachLimited } from "./limited";
import type { ReadFiles } from "./pool/jobs";
import type { Pool } from "./pool/pool";
import { sliceNames } from "./sources/names";
import type { ArraySource, FolderSource, SourceFolder } from "./sources/sources";

/** A dataset that was read, with what was found. */
export interface Inspection {
  readonly dataset: Dataset;
  readonly findings: Findings;
  /** Sentences about the reading itself. */
  readonly notes: readonly string[];
}

/** The index of every dataset folder that has one, while it is being opened. */
export type Indexes = ReadonlyMap<string, Promise<FingerprintIndex>>;

/**
 * Begins to open the indexes of the inputs that are folders. Done while folders are listed, it costs nothing. `folder` is
 * where they are kept; `null` keeps and uses none.
 */
export function openIndexes(inputs: readonly string[], folder: string | null): Indexes {
  if (folder === null) return new Map();
  return new Map(inputs.map((input) => [input, FingerprintIndex.open(folder, input)]));
}

/** Rows one job reads: enough to hide its cost. */
const ROWS = 1024;

/** Files one job reads at least and at most. */
const MIN_FILES = 8;
const MAX_FILES = 1024;

/** Milliseconds a job should take: long enough to hide its cost, short enough to share the work between threads. */
const JOB_TIME = 30;

/** Waiting longer than this for a file, in milliseconds, says that the disk is cold or slow: then more readers help. */
const SLOW_READ = 0.05;

/** Blocks of 512 bytes that a file at least takes from a disk; fewer, and most files were in memory. */
const BLOCKS_OF_FILE = 4;

/** Files after which it is looked at. */
const PROBED_FILES = 2000;

/** Jobs that are given out at once: enough for the largest pool. */
const JOBS_AT_ONCE = 16;

/**
 * Reads every sample of a dataset in worker threads and groups the equal ones. Image files that are in an index as they
 * are now are not read.
 */
export async function inspectDataset(
  dataset: Dataset,
  pool: Pool,
  run: Run<Progress>,
  indexes: Indexes,
): Promise<Inspection> {
  const fingerprints = createFingerprints(dataset.table.count);
  const notes: string[] = [];
  let done = 0;
  const advance = (samples: number): void => {
    done += samples;
    run.progress({ phase: "reading", done, total: dataset.table.count });
  };
  for (const [index, source] of dataset.sources.entries()) {
    const start = dataset.starts[index] ?? 0;
    if (source.kind === "array") await readArray(source, fingerprints, start, pool, run.signal, advance);
    else await readFolders(source, fingerprints, start, indexes, notes, pool, run.signal, advance);
  }
  markLabelFaults(fingerprints, dataset.labelFaults);
  run.progress({ phase: "grouping", done, total: done });
  return { dataset, notes, findings: findDuplicates(dataset.table, fingerprints, dataset.spaceOf) };
}

async function readArray(
  { format, size }: ArraySource,
  into: Fingerprints,
  start: number,
  pool: Pool,
  signal: AbortSignal,
  advance: (samples: number) => void,
): Promise<void> {
  await forEachLimited(chunksOf(size), pool.size * 2, async ({ from, count }) => {
    insertFingerprints(into, start + from, await pool.run("rows", { format, from, count }, signal));
    advance(count);
  });
}

async function readFolders(
  source: FolderSource,
  into: Fingerprints,
  start: number,
  indexes: Indexes,
  notes: string[],
  pool: Pool,
  signal: AbortSignal,
  advance: (samples: number) => void,
): Promise<void> {
  const index = (await indexes.get(source.root)) ?? null;
  index?.expect(source.size);
  let complete = false;
  const pace = new Pace();
  try {
    await forEachLimited(chunksOfFolders(source, pace), JOBS_AT_ONCE, async ({ folder, from, count }) => {
      for (let at = from; at < from + count;) {
        const names = sliceNames(folder.names, at, from + count - at);
        const rows = index?.find(folder.path, names) ?? null;
        const parameter = { folder: path.join(source.root, folder.path), names, known: rows?.known ?? null };
        const read = await pool.run("files", parameter, signal);
        const first = start + folder.start + at;
        if (read.fingerprints !== null) insertFingerprints(into, first, read.fingerprints, 0, read.done);
        if (rows !== null) index?.take(rows, read, into, first);
        index?.add(folder.path, names, read, into, first);
        advance(read.done);
        at += read.done;
        if (pace.learn(read)) pool.grow();
      }
    });
    complete = true;
  } finally {
    // What an interrupted inspection has read is worth keeping too.
    const failure = index?.close(complete) ?? null;
    if (failure !== null) notes.push(`What was read could not be kept for the next inspection: ${failure}`);
  }
}

interface Chunk {
  readonly from: number;
  readonly count: number;
}

function* chunksOf(size: number): Generator<Chunk> {
  for (let from = 0; from < size; from += ROWS) yield { from, count: Math.min(ROWS, size - from) };
}

function* chunksOfFolders({ folders }: FolderSource, pace: Pace): Generator<Chunk & { readonly folder: SourceFolder }> {
  for (const folder of folders) {
    const size = folder.names.ends.length;
    for (let from = 0; from < size;) {
      const count = Math.min(pace.files, size - from);
      yield { folder, from, count };
      from += count;
    }
  }
}

/** How many files a job should have, from how long jobs took: many tiny PNGs, few large photos. */
class Pace {
  files = 64;
  private read = 0;
  private waiting = 0;
  private blocksRead = process.resourceUsage().fsRead;

  /** Learns from a job; true when the disk is cold or slow. */
  learn({ done, time, readingTime }: ReadFiles): boolean {
    const ideal = (done * JOB_TIME) / Math.max(time, 0.1);
    // Half way each time, so that one odd job does not matter.
    this.files = Math.round(Math.min(MAX_FILES, Math.max(MIN_FILES, (this.files + ideal) / 2)));
    // Waiting alone may be that of a busy processor: what is read from the disk tells the two apart.
    this.read += done;
    this.waiting += readingTime;
    if (this.read < PROBED_FILES) return false;
    const { fsRead } = process.resourceUsage();
    const isSlow = this.waiting > this.read * SLOW_READ && fsRead - this.blocksRead > this.read * BLOCKS_OF_FILE;
    [this.read, this.waiting, this.blocksRead] = [0, 0, fsRead];
    return isSlow;
  }
}

function markLabelFaults(fingerprints: Fingerprints, faults: ReadonlyMap<number, string>): void {
  for (const [sample, fault] of faults) {
    const known = fingerprints.reasons.get(sample);
    fingerprints.states[sample] = SampleState.invalid;
    fingerprints.reasons.set(sample, known === undefined ? fault : `${fault}; ${known}`);
  }
}
