import * as l10n from "@vscode/l10n";
import type { ChangeReason, PlanSplit } from "./plan";

/** What to do about images that leave for a reason. Those that leave for others have a twin that stays, or left for one of these. */
const WAYS: readonly (readonly [reason: ChangeReason, way: () => string])[] = [
  ["conflict", () => l10n.t("settle conflicts by another rule (majority or ask), or correct the labels")],
  ["balance", () => l10n.t("do not ask for balanced classes")],
  ["unreadable", () => l10n.t("replace the images that cannot be read")],
  ["invalid", () => l10n.t("correct the rows whose labels or values are out of range")],
  ["choice", () => l10n.t("take back that images leave")],
  ["edited", () => l10n.t('remove entries that say "leave" from the plan file')],
];

/** Why there is nothing to write by a plan under which no image stays, and what to do; `null` when one stays. */
export function whyEmpty(splits: readonly PlanSplit[]): string | null {
  if (splits.some(({ after }) => after > 0)) return null;
  const ways = WAYS.flatMap(([reason, way]) => (splits.some(({ removed }) => removed[reason] > 0) ? [way()] : []));
  const [first = l10n.t("choose another policy"), ...others] = ways;
  const advice = others.reduce(
    (all, way) => l10n.t({ message: "{0}; or {1}", args: [all, way], comment: ["Two things that can be done."] }),
    first,
  );
  return l10n.t({
    message: "No image would stay, so there is nothing to write. To keep some, {0}.",
    args: [advice],
    comment: ["{0} what can be done, e.g. choose another policy."],
  });
}
