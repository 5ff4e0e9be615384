import type { Dataset } from "../dataset";
import { forEachLimited } from "../limited";
import type { Pool } from "../pool/pool";

/** Samples one job reads. */
const SAMPLES = 256;

/**
 * The grey levels of samples, each scaled to `width` x `height` as `blockMeans` does: one row of `width * height` bytes a
 * sample, in memory that threads share. A sample that cannot be read any more rejects with a `CleanSplitError`.
 */
export async function readLooks(
  dataset: Dataset,
  samples: Uint32Array,
  { width, height }: { readonly width: number; readonly height: number },
  pool: Pool,
  run: { readonly signal: AbortSignal; readonly advance: (samples: number) => void },
): Promise<Uint8Array> {
  const size = width * height;
  const looks = new Uint8Array(new SharedArrayBuffer(samples.length * size));
  await forEachLimited(chunksOf(samples.length), pool.size * 2, async ({ from, to }) => {
    const refs = Array.from(samples.subarray(from, to), (sample) => dataset.ref(sample));
    await pool.run("looks", { samples: refs, width, height, into: looks.subarray(from * size, to * size) }, run.signal);
    run.advance(to - from);
  });
  return looks;
}

function* chunksOf(count: number): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = 0; from < count; from += SAMPLES) yield { from, to: Math.min(count, from + SAMPLES) };
}
