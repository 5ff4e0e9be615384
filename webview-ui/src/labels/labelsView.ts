import type { SuspectQuery } from "../../../src/protocol/labels";

/** Which suspects are listed. */
export type SuspectFilter = Omit<SuspectQuery, "from" | "count">;

/** What the page remembers while it is hidden. */
export interface LabelsView {
  readonly version: 1;
  readonly filter: SuspectFilter;
  /** Scroll position of the list, and the suspect that the keyboard is at. */
  readonly top: number;
  readonly at: number;
}

export const EVERY_SUSPECT: SuspectFilter = { split: null, label: null, onlyConflicting: false, onlyUnjudged: false };

const FIRST_VIEW: LabelsView = { version: 1, filter: EVERY_SUSPECT, top: 0, at: 0 };

/** The view that was saved; the first one when it was saved by another version. */
export function restoreView(saved: unknown): LabelsView {
  const known =
    typeof saved === "object" && saved !== null && "version" in saved && saved.version === FIRST_VIEW.version;
  return known ? { ...FIRST_VIEW, ...(saved as Partial<LabelsView>) } : FIRST_VIEW;
}

/** Whether a filter lets every suspect pass. */
export function isEverySuspect({ split, label, onlyConflicting, onlyUnjudged }: SuspectFilter): boolean {
  return split === null && label === null && !onlyConflicting && !onlyUnjudged;
}
