import type { Findings } from "../../core/leakage/findings";
import type { PairVerdict } from "../../core/leakage/report";
import { NO_DECISIONS, type PairDecisions } from "../../core/near/decisions";
import type { Dataset } from "../dataset";

/** What people decided about pictures of a dataset, from the file nearest to it. */
export function readDecisions(_dataset: Dataset, _findings: Findings): PairDecisions {
  return NO_DECISIONS;
}

/** Keeps what a person says of each two of some samples; `null` forgets it. */
export function keepDecision(
  _dataset: Dataset,
  _findings: Findings,
  _samples: readonly number[],
  _verdict: PairVerdict | null,
): void {
  // Kept in a file beside the dataset.
}
