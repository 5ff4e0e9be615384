/** Which groups of a filtered list are selected, by their numbers. */
export interface GroupSelection {
  readonly groups: ReadonlySet<number> | "all";
  /** By a plain click, so that it goes when another group is gone to. */
  readonly isPassing: boolean;
}

export const NO_GROUPS: GroupSelection = { groups: new Set(), isPassing: false };
export const ALL_GROUPS: GroupSelection = { groups: "all", isPassing: false };

/** How many groups of a list of `total` are selected. */
export function countOf({ groups }: GroupSelection, total: number): number {
  return groups === "all" ? total : groups.size;
}

export function isSelected({ groups }: GroupSelection, group: number): boolean {
  return groups === "all" || groups.has(group);
}

/** One group more or less. Of all groups none can be left out: a new selection begins with it. */
export function toggled({ groups }: GroupSelection, group: number): GroupSelection {
  if (groups === "all") return { groups: new Set([group]), isPassing: false };
  const changed = new Set(groups);
  if (!changed.delete(group)) changed.add(group);
  return { groups: changed, isPassing: false };
}
