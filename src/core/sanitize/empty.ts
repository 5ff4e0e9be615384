import type { ChangeReason, PlanSplit } from "./plan";

/** What to do about images that leave for a reason. Those that leave for others have a twin that stays, or left for one of these. */
const WAYS: readonly (readonly [reason: ChangeReason, way: string])[] = [
  ["conflict", "settle conflicts by another rule (majority or ask), or correct the labels"],
  ["balance", "do not ask for balanced classes"],
  ["unreadable", "replace the images that cannot be read"],
  ["invalid", "correct the rows whose labels or values are out of range"],
  ["choice", "take back that images leave"],
  ["edited", 'remove entries that say "leave" from the plan file'],
];

/** Why there is nothing to write by a plan under which no image stays, and what to do; `null` when one stays. */
export function whyEmpty(splits: readonly PlanSplit[]): string | null {
  if (splits.some(({ after }) => after > 0)) return null;
  const ways = WAYS.flatMap(([reason, way]) => (splits.some(({ removed }) => removed[reason] > 0) ? [way] : []));
  const advice = ways.length === 0 ? "choose another policy" : ways.join("; or ");
  return `No image would stay, so there is nothing to write. To keep some, ${advice}.`;
}
