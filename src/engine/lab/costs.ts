import { CleanSplitError } from "../../core/errors";
import type { CostRun } from "../../core/training/costs";
import type { PlannedRun } from "../../core/training/experiment";
import type { Cost } from "../../core/training/leakageCost";
import type { Pool } from "../pool/pool";
import type { ExperimentHead } from "./experimentFile";
import type { ExperimentFolder } from "./experimentStore";
import type { ExperimentProgress } from "./progress";
import { testRows } from "./rows";

/**
 * What the leakage costs, for every model and size whose runs finished, with all seeds on both kinds of data; in the order of
 * the plan. What was not known before is computed in a worker, which takes some tenths of a second each, and kept.
 */
export async function completeCosts(
  kept: ExperimentFolder,
  head: ExperimentHead,
  progress: ExperimentProgress,
  pool: Pool,
  signal: AbortSignal,
): Promise<readonly Cost[]> {
  const known = kept.costs();
  const finished = comparedCells(head.plan).filter((cell) => cell.every(({ run }) => progress.finished.has(run)));
  const costOf = ([first]: Cell): Cost | undefined =>
    known.find(({ model, size }) => model === first?.planned.model && size === first.planned.size);
  if (finished.every((cell) => costOf(cell) !== undefined)) return finished.flatMap((cell) => costOf(cell) ?? []);

  const test = testRows(await kept.readRows(head));
  const costs: Cost[] = [];
  for (const cell of finished) {
    const before = costOf(cell);
    if (before !== undefined) costs.push(before);
    else costs.push(...(await pool.run("costs", { runs: await runsOf(kept, cell, test.labels.length), test }, signal)));
  }
  kept.writeCosts(costs);
  return costs;
}

/** Runs of one model and size. */
type Cell = readonly { readonly run: number; readonly planned: PlannedRun }[];

/** The runs by model and size, where both kinds of data are planned. */
function comparedCells(plan: readonly PlannedRun[]): readonly Cell[] {
  const cells = new Map<string, { run: number; planned: PlannedRun }[]>();
  plan.forEach((planned, run) => {
    const key = `${planned.model} ${planned.size}`;
    cells.set(key, [...(cells.get(key) ?? []), { run, planned }]);
  });
  return [...cells.values()].filter((cell) => new Set(cell.map(({ planned }) => planned.data)).size > 1);
}

/** The finished runs of a cell; those whose predictions were damaged count for nothing. */
async function runsOf(kept: ExperimentFolder, cell: Cell, images: number): Promise<CostRun[]> {
  const runs: CostRun[] = [];
  for (const { run, planned } of cell) {
    try {
      runs.push({ planned, predictions: await kept.readPredictions(run, images) });
    } catch (error) {
      if (!(error instanceof CleanSplitError)) throw error;
    }
  }
  return runs;
}
