import type { ConfusionCell, TestSet, TrainingData } from "../../../src/protocol/training";
import type { Draft } from "./draft";

/** Which run is looked at closely; what is `null` follows what there is. */
export interface RunChoice {
  readonly data: TrainingData | null;
  readonly size: string | null;
  readonly seed: number | null;
  readonly set: TestSet;
  readonly cell: ConfusionCell | null;
}

/** What the page remembers while it is hidden: where it is, what is chosen, and what was typed. */
export interface TrainingView {
  readonly version: 2;
  readonly scroll: number;
  /** The kept experiment that is shown in place of the newest one. */
  readonly opened: string | null;
  readonly model: string | null;
  readonly tables: boolean;
  /** The test images of the learning curve. */
  readonly set: TestSet;
  /** Of the epochs: the size as text, `null` follows the run that is being trained; and the seed, `null` for all. */
  readonly size: string | null;
  readonly seed: number | null;
  readonly run: RunChoice;
  readonly compared: readonly string[];
  readonly draft: Draft | null;
}

export const FIRST_VIEW: TrainingView = {
  version: 2,
  scroll: 0,
  opened: null,
  model: null,
  tables: false,
  set: "original",
  size: null,
  seed: null,
  run: { data: null, size: null, seed: null, set: "original", cell: null },
  compared: [],
  draft: null,
};

/** The view as it was saved, or the first one when that was another version of the page. */
export function restoreView(saved: unknown): TrainingView {
  const known =
    typeof saved === "object" && saved !== null && "version" in saved && saved.version === FIRST_VIEW.version;
  return known ? { ...FIRST_VIEW, ...(saved as Partial<TrainingView>) } : FIRST_VIEW;
}
