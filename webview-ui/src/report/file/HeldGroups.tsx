import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Tier } from "../../../../src/protocol/report";
import { number } from "../../shared/format";
import { useReadOnly } from "../readOnly";

/** Says that a file holds only some of the groups that the dataset has; nothing in the editor, which has them all. */
export function HeldGroups({ tier }: { readonly tier: Tier }): JSX.Element | null {
  const snapshot = useReadOnly();
  if (snapshot === null) return null;
  const { total, groups } = snapshot.groups[tier] ?? snapshot.groups.pixel;
  if (groups.length >= total) return null;
  return (
    <p class="lead">
      {l10n.t(
        "This file holds the first {0} of {1} groups: those that span splits, then the largest.",
        number(groups.length),
        number(total),
      )}
    </p>
  );
}
