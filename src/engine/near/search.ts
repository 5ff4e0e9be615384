import { SampleState } from "../../core/dataset/dataset";
import { firstsOf } from "../../core/near/findings";
import { DEGENERATE_SPREAD, type NearPairs, type NearSearch } from "../../core/near/near";
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

/** Most pairs that are kept: 13 bytes each. With more, only the better ones are. */
export const MAX_PAIRS = 8_000_000;

/** Searches all near pairs among the samples of an inspection. */
export async function searchNear(
  dataset: Dataset,
  findings: Findings,
  pool: Pool,
  run: { readonly signal: AbortSignal; readonly progress: (done: number, total: number) => void },
): Promise<NearSearch> {
  const { signal } = run;
  const shown = takingPart(findings, DEGENERATE_SPREAD.glyphs).samples;
  run.progress(0, shown.length);
  const { measure, reason, size } = await chooseRegime({ dataset, findings, samples: shown, pool, signal });
  const { samples, degenerate } = takingPart(findings, DEGENERATE_SPREAD[measure.regime]);
  const progress = (done: number): void => run.progress(done, samples.length);
  const task: NearTask = { dataset, findings, samples, pool, signal, progress };
  const found =
    measure.regime === "glyphs" ? await searchGlyphs(task, measure, size) : await searchPhotos(task, measure);
  return { measure, reason, ...found, compared: samples.length, degenerate };
}

/** The different pictures that are compared, and which samples are too empty for it: blank, or of less spread. */
function takingPart(
  { table, fingerprints, groups }: Findings,
  spread: number,
): { samples: Uint32Array; degenerate: Uint8Array } {
  const { states, spreads, blank } = fingerprints;
  const firstOf = firstsOf(table.count, states, groups.pixel);
  const degenerate = new Uint8Array(table.count);
  const samples: number[] = [];
  for (let sample = 0; sample < table.count; sample++) {
    if (states[sample] !== SampleState.ok) continue;
    if (blank[sample] === 1 || (spreads[sample] ?? 0) < spread) degenerate[sample] = 1;
    else if (firstOf[sample] === sample) samples.push(sample);
  }
  return { samples: Uint32Array.from(samples), degenerate };
}
