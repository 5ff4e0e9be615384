import path from "node:path";
import { SampleState } from "../core/dataset/dataset";
import { createFingerprints, insertFingerprints, type Fingerprints } from "../core/fingerprint/fingerprints";
import { findDuplicates, type Findings } from "../core/leakage/findings";
import type { Dataset } from "./dataset";
import type { Progress, Run } from "./engine";
import { FingerprintIndex } from "./index/fingerprintIndex";
import { forEachLimited } from "./limited";
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

/** Samples one job reads at most: enough to hide its cost; slow ones end it earlier. */
const CHUNK = 1024;

/**
 * Reads every sample of a dataset in worker threads and groups the equal ones. `indexFolder` is where fingerprints of
 * image files are kept, so that a later inspection reads only what changed; `null` keeps and uses none.
 */
export async function inspectDataset(
  dataset: Dataset,
  pool: Pool,
  run: Run<Progress>,
  indexFolder: string | null,
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
    else await readFolders(source, fingerprints, start, indexFolder, notes, pool, run.signal, advance);
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
  indexFolder: string | null,
  notes: string[],
  pool: Pool,
  signal: AbortSignal,
  advance: (samples: number) => void,
): Promise<void> {
  const index = indexFolder === null ? null : FingerprintIndex.open(indexFolder, source.root, source.size);
  let complete = false;
  try {
    await forEachLimited(chunksOfFolders(source), pool.size * 2, async ({ folder, from, count }) => {
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
  for (let from = 0; from < size; from += CHUNK) yield { from, count: Math.min(CHUNK, size - from) };
}

function* chunksOfFolders({ folders }: FolderSource): Generator<Chunk & { readonly folder: SourceFolder }> {
  for (const folder of folders) for (const chunk of chunksOf(folder.names.ends.length)) yield { folder, ...chunk };
}

function markLabelFaults(fingerprints: Fingerprints, faults: ReadonlyMap<number, string>): void {
  for (const [sample, fault] of faults) {
    const known = fingerprints.reasons.get(sample);
    fingerprints.states[sample] = SampleState.invalid;
    fingerprints.reasons.set(sample, known === undefined ? fault : `${fault}; ${known}`);
  }
}
