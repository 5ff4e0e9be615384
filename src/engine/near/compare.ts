import type { Measure } from "../../core/near/near";
import type { Dataset } from "../dataset";
import type { Comparison } from "../engine";
import type { Pool } from "../pool/pool";

/**
 * Lays the second sample over the first one, as `Engine.compare` says; as photos when the dataset was not searched. A sample
 * that cannot be read any more rejects with a `CleanSplitError`.
 */
export async function comparePictures(
  dataset: Dataset,
  first: number,
  second: number,
  size: number,
  measure: Measure | null,
  pool: Pool,
  signal: AbortSignal,
): Promise<Comparison> {
  const regime = measure?.regime ?? "photos";
  return pool.run("compare", { first: dataset.ref(first), second: dataset.ref(second), size, regime }, signal);
}
