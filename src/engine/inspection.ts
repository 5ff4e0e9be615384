import { SampleState } from "../core/dataset/dataset";
import { createFingerprints, insertFingerprints, type Fingerprints } from "../core/fingerprint/fingerprints";
import { findDuplicates, type Findings } from "../core/leakage/findings";
import type { Dataset } from "./dataset";
import type { Progress, Run } from "./engine";
import type { Pool } from "./pool/pool";
import { sourceSize, type Source } from "./sources/sources";

/** A dataset that was read, with what was found. */
export interface Inspection {
  readonly dataset: Dataset;
  readonly findings: Findings;
}

/** Samples one job reads: enough to hide its cost, few enough that progress and cancelling feel immediate. */
const CHUNK = 256;

/** Reads every sample of a dataset in worker threads and groups the equal ones. */
export async function inspectDataset(dataset: Dataset, pool: Pool, run: Run<Progress>): Promise<Inspection> {
  const fingerprints = createFingerprints(dataset.table.count);
  let done = 0;
  const read = async (chunk: Chunk): Promise<void> => {
    insertFingerprints(fingerprints, chunk.start, await readChunk(chunk, pool, run.signal));
    done += chunk.count;
    run.progress({ phase: "reading", done, total: dataset.table.count });
  };
  await forEachLimited(chunksOf(dataset), pool.size * 2, read);
  markLabelFaults(fingerprints, dataset.labelFaults);
  run.progress({ phase: "grouping", done, total: done });
  return { dataset, findings: findDuplicates(dataset.table, fingerprints, dataset.spaceOf) };
}

interface Chunk {
  readonly source: Source;
  /** Index of its first sample in the dataset, and its position in the source. */
  readonly start: number;
  readonly from: number;
  readonly count: number;
}

function* chunksOf(dataset: Dataset): Generator<Chunk> {
  for (const [index, source] of dataset.sources.entries()) {
    const size = sourceSize(source);
    for (let from = 0; from < size; from += CHUNK) {
      yield { source, start: (dataset.starts[index] ?? 0) + from, from, count: Math.min(CHUNK, size - from) };
    }
  }
}

function readChunk({ source, from, count }: Chunk, pool: Pool, signal: AbortSignal): Promise<Fingerprints> {
  return source.kind === "folder"
    ? pool.run("files", { root: source.root, paths: source.paths.slice(from, from + count) }, signal)
    : pool.run("rows", { format: source.format, from, count }, signal);
}

function markLabelFaults(fingerprints: Fingerprints, faults: ReadonlyMap<number, string>): void {
  for (const [sample, fault] of faults) {
    const known = fingerprints.reasons.get(sample);
    fingerprints.states[sample] = SampleState.invalid;
    fingerprints.reasons.set(sample, known === undefined ? fault : `${fault}; ${known}`);
  }
}

/**
 * Works on items with at most `limit` at a time, so that a long list never becomes as many waiting jobs. After a failure
 * no new item is begun, and the promise rejects when those that were begun have ended.
 */
export async function forEachLimited<T>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true && !failed; next = iterator.next()) {
      await work(next.value).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  const results = await Promise.allSettled(Array.from({ length: limit }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
}
