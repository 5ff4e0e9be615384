import { SampleState } from "../../core/dataset/dataset";
import { firstsOf, pickPairs } from "../../core/near/findings";
import { DEGENERATE_SPREAD, emptyPairs, type NearPairs, type NearSearch } from "../../core/near/near";
import type { Findings } from "../../core/leakage/findings";
import type { Dataset } from "../dataset";
import type { Pool } from "../pool/pool";
import { searchGlyphs } from "./glyphs";
import { searchPhotos } from "./photos";
import { chooseRegime } from "./regime";

/** What a search in one regime found: every pair up to `reach`, as good or better than asked. */
export interface FoundPairs {
  readonly pairs: NearPairs;
  readonly reach: number;
  /** Why `reach` is stricter than asked, in one sentence; `null` when it is not. */
  readonly limited: string | null;
}

/** What is searched, and how the work is run. */
export interface NearTask {
  readonly dataset: Dataset;
  readonly findings: Findings;
  /** The first samples of all different pictures that take part, ascending. */
  readonly samples: Uint32Array;
  readonly pool: Pool;
  readonly signal: AbortSignal;
  /** Told how far the whole search is, in samples of `samples`. */
  readonly progress: (done: number) => void;
}

/** Most pairs that are kept: 15 bytes each. With more, only the better ones are. */
export const MAX_PAIRS = 3_000_000;

/** With more nearly empty pictures than this they are not compared: each could be near each other one. */
const MAX_EMPTY = 2000;

/** Searches all near pairs among the samples of an inspection. */
export async function searchNear(
  dataset: Dataset,
  findings: Findings,
  pool: Pool,
  run: { readonly signal: AbortSignal; readonly progress: (done: number, total: number) => void },
): Promise<NearSearch> {
  const { signal } = run;
  const { pictures, empty, degenerate } = takingPart(findings);
  run.progress(0, pictures.length);
  const { measure, reason, size } = await chooseRegime({ dataset, findings, samples: pictures, pool, signal });
  const isGlyphs = measure.regime === "glyphs";
  const samples = isGlyphs && empty.length <= MAX_EMPTY ? joined(pictures, empty) : pictures;
  const progress = (done: number): void => run.progress(done, samples.length);
  const task: NearTask = { dataset, findings, samples, pool, signal, progress };
  const { pairs, ...found } = isGlyphs ? await searchGlyphs(task, measure, size) : await searchPhotos(task, measure);
  return { measure, reason, ...found, compared: pictures.length, degenerate, ...partPairs(pairs, degenerate) };
}

/** The different pictures, ascending by their first samples: those with something to see and the nearly empty ones. */
function takingPart({ table, fingerprints, groups }: Findings): {
  readonly pictures: Uint32Array;
  readonly empty: Uint32Array;
  readonly degenerate: Uint8Array;
} {
  const { states, spreads, blank } = fingerprints;
  const firstOf = firstsOf(table.count, states, groups.pixel);
  const degenerate = new Uint8Array(table.count);
  const pictures: number[] = [];
  const empty: number[] = [];
  for (let sample = 0; sample < table.count; sample++) {
    if (states[sample] !== SampleState.ok) continue;
    const isEmpty = blank[sample] === 1 || (spreads[sample] ?? 0) < DEGENERATE_SPREAD;
    if (isEmpty) degenerate[sample] = 1;
    if (firstOf[sample] !== sample || blank[sample] === 1) continue;
    (isEmpty ? empty : pictures).push(sample);
  }
  return { pictures: Uint32Array.from(pictures), empty: Uint32Array.from(empty), degenerate };
}

function joined(a: Uint32Array, b: Uint32Array): Uint32Array {
  const all = new Uint32Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all.sort();
}

/** Parts pairs with a nearly empty picture from the others. */
function partPairs(pairs: NearPairs, degenerate: Uint8Array): Pick<NearSearch, "pairs" | "emptyPairs"> {
  const isEmpty = (pair: number): boolean =>
    degenerate[pairs.first[pair] ?? 0] === 1 || degenerate[pairs.second[pair] ?? 0] === 1;
  const empty: number[] = [];
  for (let pair = 0; pair < pairs.count; pair++) if (isEmpty(pair)) empty.push(pair);
  if (empty.length === 0) return { pairs, emptyPairs: emptyPairs() };
  const others = Uint32Array.from({ length: pairs.count }, (_, pair) => pair).filter((pair) => !isEmpty(pair));
  return { pairs: pickPairs(pairs, others), emptyPairs: pickPairs(pairs, empty) };
}
