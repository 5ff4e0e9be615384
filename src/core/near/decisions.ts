import type { PairVerdict } from "../leakage/report";

/** What people decided about pairs of different pictures of one dataset, by the first samples of the pictures. */
export interface PairDecisions {
  readonly pairs: readonly { readonly first: number; readonly second: number; readonly verdict: PairVerdict }[];
  /** The file that holds them; `null` when there is none. */
  readonly file: string | null;
  /** Decisions about pictures that are not in the dataset any more. */
  readonly stale: number;
}

/** Nobody decided anything. */
export const NO_DECISIONS: PairDecisions = { pairs: [], file: null, stale: 0 };
