import type { PlanSummary, Report, Role } from "../../../src/protocol/report";

/** More bars than this are not read one by one: of more classes the largest are drawn. */
export const MOST_CHARTED = 20;

/** Images of a class in a split as it was found, and after a plan; the same where there is no plan. */
export interface ClassCount {
  readonly before: number;
  readonly after: number;
}

/** The classes of one split by their names. */
export interface ClassSplit {
  readonly name: string;
  readonly role: Role;
  readonly counts: ReadonlyMap<string, ClassCount>;
}

/** The splits that have labelled images, or would have them. */
export function classSplits({ splits }: Report, plan: PlanSummary | null): readonly ClassSplit[] {
  const all: readonly ClassSplit[] =
    plan === null
      ? splits.map(({ name, role, classes }) => ({
          name,
          role,
          counts: new Map(Object.entries(classes).map(([label, count]) => [label, { before: count, after: count }])),
        }))
      : plan.splits.map(({ name, role, classes }) => ({ name, role, counts: new Map(Object.entries(classes)) }));
  return all.filter(({ counts }) => [...counts.values()].some(({ before, after }) => before + after > 0));
}

/** The classes that are drawn: all in their order, or the largest of many, the largest first. */
export function chartedClasses(names: readonly string[], splits: readonly ClassSplit[]): readonly string[] {
  if (names.length <= MOST_CHARTED) return names;
  const sizes = new Map(
    names.map((name) => [name, splits.reduce((sum, { counts }) => sum + (counts.get(name)?.before ?? 0), 0)]),
  );
  return [...names].sort((a, b) => (sizes.get(b) ?? 0) - (sizes.get(a) ?? 0)).slice(0, MOST_CHARTED);
}
