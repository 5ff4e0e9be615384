import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { ChangeReason, PlanSplit, PlanSummary } from "../../../src/protocol/report";
import { Icon } from "../shared/Controls";
import { number } from "../shared/format";
import { REASONS } from "./removalReasons";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** Before, what leaves by reason, what moves, after; columns that change nothing are left out. */
export function PlanTable({ plan, roles }: { readonly plan: PlanSummary; readonly roles: SplitRoles }): JSX.Element {
  const { splits } = plan;
  const sum = (count: (split: PlanSplit) => number): number => splits.reduce((all, split) => all + count(split), 0);
  const removedBy = (reason: ChangeReason): number => sum((split) => split.removed[reason]);
  const reasons = REASONS.filter(({ reason }) => removedBy(reason) > 0);
  const moves = plan.moved > 0;
  return (
    <div class="table-box">
      <table class="data">
        <thead>
          <tr>
            <th scope="col">{l10n.t("Split")}</th>
            <th scope="col" class="number">
              {l10n.t({ message: "Before", comment: ["Images before a plan."] })}
            </th>
            {reasons.map(({ reason, column, meaning }) => (
              <th key={reason} scope="col" class="number" title={meaning()}>
                {column()}
              </th>
            ))}
            {moves && (
              <>
                <th scope="col" class="number" title={l10n.t("Images that move to another split")}>
                  {l10n.t("Move out")}
                </th>
                <th scope="col" class="number" title={l10n.t("Images that come from another split")}>
                  {l10n.t("Move in")}
                </th>
              </>
            )}
            <th scope="col" class="number">
              {l10n.t({ message: "After", comment: ["Images after a plan."] })}
            </th>
            <th scope="col">{l10n.t({ message: "Shape", comment: ["Of arrays, or how many images."] })}</th>
          </tr>
        </thead>
        <tbody>
          {splits.map((split) => (
            <tr key={split.name}>
              <th scope="row">
                <SplitBadge name={split.name} roles={roles} />
              </th>
              <td class="number">{number(split.before)}</td>
              {reasons.map(({ reason }) => (
                <Step key={reason} sign="−" count={split.removed[reason]} />
              ))}
              {moves && (
                <>
                  <Step sign="−" count={split.movedOut} />
                  <Step sign="+" count={split.movedIn} />
                </>
              )}
              <td class="number strong">{number(split.after)}</td>
              <td class="shape">
                {split.shapeBefore === split.shapeAfter ? (
                  split.shapeAfter
                ) : (
                  <>
                    {split.shapeBefore} <Icon name="arrow-right" />
                    <span class="hidden"> {l10n.t("becomes")} </span> {split.shapeAfter}
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{l10n.t({ message: "All", comment: ["The sum of all splits."] })}</th>
            <td class="number">{number(plan.before)}</td>
            {reasons.map(({ reason }) => (
              <Step key={reason} sign="−" count={removedBy(reason)} />
            ))}
            {moves && (
              <>
                <Step sign="−" count={sum((split) => split.movedOut)} />
                <Step sign="+" count={sum((split) => split.movedIn)} />
              </>
            )}
            <td class="number strong">{number(plan.after)}</td>
            <td />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Step({ sign, count }: { readonly sign: "−" | "+"; readonly count: number }): JSX.Element {
  return <td class={count > 0 ? "number" : "number none"}>{count > 0 ? `${sign}${number(count)}` : "0"}</td>;
}
