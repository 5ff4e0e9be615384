import { emptyPairs, type Measure } from "../../core/near/near";
import type { FoundPairs, NearTask } from "./search";

/** Searches near pairs. */
export async function searchGlyphs(
  _task: NearTask,
  measure: Measure,
  _size: { readonly width: number; readonly height: number },
): Promise<FoundPairs> {
  return Promise.resolve({ pairs: emptyPairs(), reach: measure.reach, limited: null });
}
