import type { Measure } from "../../core/near/near";
import type { Dataset } from "../dataset";
import type { Comparison } from "../engine";
import type { Pool } from "../pool/pool";

/** Lays the second sample over the first one, as `Engine.compare` says. */
export async function comparePictures(
  dataset: Dataset,
  first: number,
  second: number,
  size: number,
  measure: Measure | null,
  pool: Pool,
  signal: AbortSignal,
): Promise<Comparison> {
  const samples = [dataset.ref(first), dataset.ref(second)];
  const [a, b] = await pool.run("thumbnails", { samples, size }, signal);
  return {
    first: a?.png ?? new Uint8Array(),
    second: b?.png ?? new Uint8Array(),
    difference: new Uint8Array(),
    width: a?.width ?? 0,
    height: a?.height ?? 0,
    nearness: { score: measure?.worst ?? 0, transform: "as it is", shift: [0, 0], verdict: null },
  };
}
