import type { Findings } from "../leakage/findings";
import type { NearReport } from "../leakage/report";
import type { NearFindings } from "./findings";

/** What a search found, in numbers. */
export function nearReport(_findings: Findings, near: NearFindings): NearReport {
  const { search, threshold, pairs, decisions } = near;
  const count = (verdict: string): number => decisions.pairs.filter((pair) => pair.verdict === verdict).length;
  return {
    measure: search.measure,
    reason: search.reason,
    threshold,
    reach: search.reach,
    limited: search.limited,
    compared: search.compared,
    degenerate: search.degenerate.reduce((sum, flag) => sum + flag, 0),
    pairs: pairs.count,
    conflicts: { groups: 0, samples: 0 },
    chance: null,
    histogram: { bounds: [], within: [], between: [] },
    precision: [],
    decisions: {
      file: decisions.file,
      duplicate: count("duplicate"),
      different: count("different"),
      stale: decisions.stale,
    },
  };
}
