import { emptyPairs, type Measure } from "../../core/near/near";
import type { FoundPairs, NearTask } from "./search";

/** Searches near pairs. */
export async function searchPhotos(_task: NearTask, measure: Measure): Promise<FoundPairs> {
  return Promise.resolve({ pairs: emptyPairs(), reach: measure.reach, limited: null });
}
