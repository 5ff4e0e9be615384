import type { Nearness, PairPage, PairVerdict, PairView, SampleView } from "../leakage/report";
import { pairKey, type NearFindings } from "./findings";
import { bestFirst, TRANSFORMS, type NearPairs } from "./near";

/** Pairs one page may hold at most. */
const MAX_PAGE = 500;

/** Orders of pairs that were asked for: pages of one search are read one after the other. */
const orders = new WeakMap<NearPairs, Uint32Array>();

/** A page of the pairs that count, those with the best score first and equal ones in their order. */
export function pagePairs(
  { pairs, search, verdicts }: NearFindings,
  { from, count }: { readonly from: number; readonly count: number },
  view: (sample: number) => SampleView,
): PairPage {
  const order = orders.get(pairs) ?? bestFirst(pairs, search.measure);
  orders.set(pairs, order);
  const page = order.subarray(from, from + Math.min(count, MAX_PAGE));
  return { total: pairs.count, from, pairs: Array.from(page, (pair) => viewPair(pairs, pair, verdicts, view)) };
}

/** One pair as it is shown. */
export function viewPair(
  pairs: NearPairs,
  pair: number,
  verdicts: ReadonlyMap<number, PairVerdict>,
  view: (sample: number) => SampleView,
): PairView {
  const [first, second] = [pairs.first[pair] ?? 0, pairs.second[pair] ?? 0];
  return { first: view(first), second: view(second), nearness: nearnessAt(pairs, pair, verdicts) };
}

/** How near the second picture of a pair is to its first one. */
export function nearnessAt(pairs: NearPairs, pair: number, verdicts: ReadonlyMap<number, PairVerdict>): Nearness {
  return {
    score: pairs.scores[pair] ?? 0,
    transform: TRANSFORMS[pairs.transforms[pair] ?? 0] ?? "as it is",
    shift: [pairs.shifts[2 * pair] ?? 0, pairs.shifts[2 * pair + 1] ?? 0],
    verdict: verdicts.get(pairKey(pairs.first[pair] ?? 0, pairs.second[pair] ?? 0)) ?? null,
  };
}
