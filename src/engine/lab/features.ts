import { open } from "node:fs/promises";
import type { Inspection } from "../inspection";
import type { FeatureFormat } from "../pool/jobs";
import type { Pool } from "../pool/pool";
import { writeError } from "../write/durable";

/** Samples one job turns into numbers. */
const CHUNK = 512;

/** The pixels of samples as rows of bytes, a few hundred rows at a time, in order; decoded in workers. */
export async function* featureRows(
  { dataset }: Inspection,
  samples: Uint32Array,
  format: FeatureFormat,
  pool: Pool,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const begun: Promise<Uint8Array>[] = [];
  let next = 0;
  const begin = (): void => {
    if (next >= samples.length) return;
    const refs = Array.from(samples.subarray(next, next + CHUNK), (sample) => dataset.ref(sample));
    next += CHUNK;
    const rows = pool.run("features", { samples: refs, format }, signal);
    // It is waited for in its turn, and a failure must not be taken for one that nobody hears of meanwhile.
    rows.catch(() => undefined);
    begun.push(rows);
  };
  for (let ahead = 0; ahead <= pool.size; ahead++) begin();
  for (let rows = begun.shift(); rows !== undefined; rows = begun.shift()) {
    begin();
    yield await rows;
  }
}

/**
 * Writes rows into a new file, one after the other. `progress` is told how many bytes are written.
 *
 * @throws CleanSplitError "full" or "forbidden" when the file cannot be written; the errors of reading the samples
 */
export async function writeFeatures(
  file: string,
  rows: AsyncIterable<Uint8Array>,
  progress: (bytes: number) => void,
): Promise<void> {
  const handle = await open(file, "w", 0o600).catch((error: unknown) => {
    throw writeError(file, error);
  });
  try {
    let bytes = 0;
    for await (const piece of rows) {
      await handle.writeFile(piece).catch((error: unknown) => {
        throw writeError(file, error);
      });
      bytes += piece.length;
      progress(bytes);
    }
  } finally {
    await handle.close();
  }
}
