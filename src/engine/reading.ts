import path from "node:path";
import { columnsOf, type Fingerprints } from "../core/fingerprint/fingerprints";
import type { FingerprintIndex } from "./index/fingerprintIndex";
import { forEachLimited } from "./limited";
import type { Looks } from "./kernels/kernels";
import type { ReadFiles } from "./pool/jobs";
import type { Disk, Pool } from "./pool/pool";
import { totalBytes } from "./sources/arrays/ndarray";
import { sliceNames } from "./sources/names";
import {
  positionsInFile,
  type ArraySource,
  type CopiedArray,
  type FolderSource,
  type PackedSource,
  type SourceFolder,
} from "./sources/sources";

/** Bytes of rows that one job takes, and rows at most: enough to hide its cost, few enough to share the work. */
const ROW_BYTES = 2 ** 22;
const MAX_ROWS = 2 ** 14;

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
 * How reading is run: `into` takes what is found from row `start` on, `advance` hears how many samples were read. `looks` says
 * what is found in rows of arrays beside the MD5 of their pixels.
 */
export interface Reading {
  readonly looks: Looks;
  readonly into: Fingerprints;
  readonly start: number;
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly advance: (samples: number) => void;
}

/** Reads all rows of an array. */
export async function readArray(
  { format, size, copied }: ArraySource,
  { looks, into, start, pool, signal, advance }: Reading,
): Promise<void> {
  const columns = columnsOf(into);
  const step = rowsOfSource(copied);
  await forEachLimited(chunksOf(size, step), pool.size * 2, async ({ from, count }) => {
    const at = start + from;
    const reasons = await pool.run("rows", { format, from, count, looks, into: { columns, at } }, signal);
    for (const [row, reason] of reasons) into.reasons.set(at + row, reason);
    advance(count);
  });
}

/** Reads all images of a folder but those that are in its index as they are now. */
export async function readFolders(
  source: FolderSource,
  index: FingerprintIndex | null,
  { into, start, pool, signal, advance }: Reading,
): Promise<void> {
  const pace = new Pace();
  const columns = columnsOf(into);
  await forEachLimited(chunksOfFolders(source, pace), JOBS_AT_ONCE, async ({ folder, from, count }) => {
    for (let done = from; done < from + count;) {
      const names = sliceNames(folder.names, done, from + count - done);
      const at = start + folder.start + done;
      const rows = index?.find(folder.path, names) ?? null;
      const read = await pool.run(
        "files",
        {
          folder: path.join(source.root, folder.path),
          names,
          known: rows?.known ?? null,
          dated: index !== null,
          exact: false,
          into: { columns, at },
        },
        signal,
      );
      for (const [file, reason] of read.reasons) into.reasons.set(at + file, reason);
      if (rows !== null) index?.take(rows, read, into, at);
      index?.add(folder.path, names, read, into, at);
      advance(read.done);
      done += read.done;
      pool.adapt(pace.learn(read));
    }
  });
}

/** Reads all images of a packed file. */
export async function readPackedFile(
  source: PackedSource,
  { into, start, pool, signal, advance }: Reading,
): Promise<void> {
  const pace = new Pace();
  const columns = columnsOf(into);
  await forEachLimited(chunksOfPacked(source, pace), JOBS_AT_ONCE, async ({ from, count }) => {
    const positions = positionsInFile(
      source,
      Uint32Array.from({ length: count }, (_, index) => from + index),
    );
    for (let done = 0; done < count;) {
      const at = start + from + done;
      const parameter = { format: source.format, positions: positions.subarray(done), exact: false };
      const read = await pool.run("packed", { ...parameter, into: { columns, at } }, signal);
      for (const [image, reason] of read.reasons) into.reasons.set(at + image, reason);
      advance(read.done);
      done += read.done;
      pace.learn(read);
    }
  });
}

interface Chunk {
  readonly from: number;
  readonly count: number;
}

/** The same of an image array, by what is copied of it. */
export function rowsOfSource([pixels]: ArraySource["copied"]): number {
  return rowsOfJob(pixels ?? { dtype: "u1", row: [] });
}

/** Rows of an array that one job reads, copies or checks, by the bytes of one; at least 1. */
export function rowsOfJob({ dtype, row }: Pick<CopiedArray, "dtype" | "row">): number {
  const size = totalBytes(dtype, row) ?? Infinity;
  return Math.min(MAX_ROWS, Math.max(1, Math.floor(ROW_BYTES / size)));
}

function* chunksOf(size: number, step: number): Generator<Chunk> {
  for (let from = 0; from < size; from += step) yield { from, count: Math.min(step, size - from) };
}

function* chunksOfPacked({ size }: PackedSource, pace: Pace): Generator<Chunk> {
  for (let from = 0; from < size;) {
    const count = Math.min(pace.files, size - from);
    yield { from, count };
    from += count;
  }
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
export class Pace {
  files = 64;
  private read = 0;
  private waiting = 0;
  private blocksRead = process.resourceUsage().fsRead;

  /** Learns from a job, and says now and then what the disk is like; null where that is not known anew. */
  learn({ done, time, readingTime }: Pick<ReadFiles, "done" | "time" | "readingTime">): Disk | null {
    const ideal = (done * JOB_TIME) / Math.max(time, 0.1);
    // Half way each time, so that one odd job does not matter.
    this.files = Math.round(Math.min(MAX_FILES, Math.max(MIN_FILES, (this.files + ideal) / 2)));
    // Waiting alone may be that of a busy processor: what is read from the disk tells the two apart.
    this.read += done;
    this.waiting += readingTime;
    if (this.read < PROBED_FILES) return null;
    const { fsRead } = process.resourceUsage();
    const isWarm = fsRead - this.blocksRead <= this.read * BLOCKS_OF_FILE;
    const isSlow = this.waiting > this.read * SLOW_READ;
    [this.read, this.waiting, this.blocksRead] = [0, 0, fsRead];
    return isWarm ? "warm" : isSlow ? "slow" : null;
  }
}
