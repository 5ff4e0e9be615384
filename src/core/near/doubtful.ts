import type { Findings } from "../leakage/findings";
import type { PairView, SampleView } from "../leakage/report";
import type { NearFindings } from "./findings";

/** Pairs near the threshold that nobody has judged, at most `count`. */
export function doubtfulPairs(
  _findings: Findings,
  _near: NearFindings,
  _count: number,
  _view: (sample: number) => SampleView,
): PairView[] {
  return [];
}
