import { forEachGroup } from "../duplicates/groups";
import { isConflict, type Findings } from "../leakage/findings";
import type { NearReport } from "../leakage/report";
import { chancePairs } from "./chance";
import type { NearFindings } from "./findings";
import { nearHistogram } from "./histogram";
import { measurePrecision } from "./precision";

/** What a search found, in numbers. */
export function nearReport(findings: Findings, near: NearFindings): NearReport {
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
    chance: chancePairs(near),
    histogram: nearHistogram(findings, search),
    conflicts: countConflicts(findings, near),
    precision: measurePrecision(near),
    decisions: {
      file: decisions.file,
      duplicate: count("duplicate"),
      different: count("different"),
      stale: decisions.stale,
    },
  };
}

/** Groups of different pictures with more than one label; groups overlap, and a sample counts once. */
function countConflicts(findings: Findings, { groups, worst }: NearFindings): NearReport["conflicts"] {
  const inConflict = new Set<number>();
  let count = 0;
  forEachGroup(groups, (members, group) => {
    if (Number.isNaN(worst[group]) || !isConflict(findings, members)) return;
    count += 1;
    for (const sample of members) inConflict.add(sample);
  });
  return { groups: count, samples: inConflict.size };
}
