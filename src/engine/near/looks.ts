import path from "node:path";
import type { Dataset } from "../dataset";
import { forEachLimited } from "../limited";
import { lowerBound, positionsByFolder } from "../lookalikes";
import type { Pool } from "../pool/pool";
import { Pace } from "../reading";
import { pickNames } from "../sources/names";
import { positionsInFile, type FolderSource, type SourceFolder } from "../sources/sources";

/** Rows of an array that one job reads at most. */
const ROWS = 1024;

/** Jobs that are given out at once: enough for the largest pool. */
const JOBS_AT_ONCE = 16;

/** How samples are read: `advance` hears how many were. */
interface ReadingLooks {
  readonly signal: AbortSignal;
  readonly advance: (samples: number) => void;
}

/**
 * The grey levels of samples, which ascend, each scaled to `width` x `height` as `blockMeans` does: one row of
 * `width * height` bytes a sample, in memory that threads share; `into` has room for them. A sample that cannot be read any
 * more rejects with a `CleanSplitError`.
 */
export async function readLooks(
  dataset: Dataset,
  samples: Uint32Array,
  { width, height }: { readonly width: number; readonly height: number },
  pool: Pool,
  { signal, advance }: ReadingLooks,
  into: Uint8Array = new Uint8Array(new SharedArrayBuffer(samples.length * width * height)),
): Promise<Uint8Array> {
  const size = width * height;
  const pace = new Pace();
  const rowsFrom = (at: number, count: number): Uint8Array => into.subarray(at * size, (at + count) * size);
  for (const [number, source] of dataset.sources.entries()) {
    const start = dataset.starts[number] ?? 0;
    const first = lowerBound(samples, start);
    const own = samples.subarray(first, lowerBound(samples, start + source.size));
    if (source.kind === "array") {
      await forEachLimited(stretchesOf(own, start), pool.size * 2, async ({ at, rows }) => {
        const from = rows[0] ?? 0;
        const looks = rowsFrom(first + at, rows.length);
        const picked = rows.map((row) => row - from);
        await pool.run("lookRows", { format: source.format, from, picked, width, height, into: looks }, signal);
        advance(rows.length);
      });
      continue;
    }
    if (source.kind === "packed") {
      await forEachLimited(chunksOf(own, pace), JOBS_AT_ONCE, async ({ at, samples: some }) => {
        const positions = positionsInFile(
          source,
          some.map((sample) => sample - start),
        );
        for (let done = 0; done < positions.length;) {
          const rest = positions.subarray(done);
          const looks = rowsFrom(first + at + done, rest.length);
          const parameter = { format: source.format, positions: rest, width, height, into: looks };
          const read = await pool.run("lookPacked", parameter, signal);
          done += read.done;
          advance(read.done);
          pace.learn(read);
        }
      });
      continue;
    }
    await forEachLimited(filesOf(own, source, start, pace), JOBS_AT_ONCE, async ({ folder, positions, at }) => {
      for (let done = 0; done < positions.length;) {
        const rest = positions.subarray(done);
        const names = pickNames(folder.names, rest);
        const looks = rowsFrom(first + at + done, rest.length);
        const where = path.join(source.root, folder.path);
        const read = await pool.run("lookFiles", { folder: where, names, width, height, into: looks }, signal);
        done += read.done;
        advance(read.done);
        pool.adapt(pace.learn(read));
      }
    });
  }
  return into;
}

/** Rows near each other, as many as a job reads; `at` is where they are among `samples`. */
function* stretchesOf(
  samples: Uint32Array,
  start: number,
): Generator<{ readonly at: number; readonly rows: Uint32Array }> {
  for (let at = 0; at < samples.length;) {
    const end = lowerBound(samples, (samples[at] ?? 0) + ROWS);
    yield { at, rows: samples.slice(at, end).map((sample) => sample - start) };
    at = end;
  }
}

/** Samples of a packed file, as many as a job reads; `at` is where they are among `samples`. */
function* chunksOf(
  samples: Uint32Array,
  pace: Pace,
): Generator<{ readonly at: number; readonly samples: Uint32Array }> {
  for (let at = 0; at < samples.length;) {
    const some = samples.slice(at, at + pace.files);
    yield { at, samples: some };
    at += some.length;
  }
}

function* filesOf(
  samples: Uint32Array,
  source: FolderSource,
  start: number,
  pace: Pace,
): Generator<{ readonly folder: SourceFolder; readonly positions: Uint32Array; readonly at: number }> {
  let at = 0;
  for (const { folder, positions } of positionsByFolder(samples, source, start, () => pace.files)) {
    yield { folder, positions, at };
    at += positions.length;
  }
}
