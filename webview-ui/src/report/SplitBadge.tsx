import type { JSX } from "preact";
import type { Role, SplitCounts } from "../../../src/protocol/report";
import { visible } from "../shared/format";

/** The role of each split by its name; roles decide the colour, so that test looks like test everywhere. */
export type SplitRoles = ReadonlyMap<string, Role>;

/** The roles of the splits of a report. */
export function rolesOf(splits: readonly SplitCounts[]): SplitRoles {
  return new Map(splits.map((split) => [split.name, split.role]));
}

/** The name of a split with the colour of its role. */
export function SplitBadge({ name, roles }: { readonly name: string; readonly roles: SplitRoles }): JSX.Element {
  return (
    <span class={`split ${roles.get(name) ?? "other"}`} title={visible(name)}>
      <span class="split-dot" aria-hidden="true" />
      <bdi class="split-name">{visible(name)}</bdi>
    </span>
  );
}
