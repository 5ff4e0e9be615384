import type { JSX } from "preact";
import type { ChangeReason, PlanSplit, PlanSummary } from "../../../src/protocol/report";
import { CappedList } from "../shared/CappedList";
import { Disclosure, Icon } from "../shared/Controls";
import { number, visible } from "../shared/format";
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
            <th scope="col">Split</th>
            <th scope="col" class="number">
              Before
            </th>
            {reasons.map(({ reason, column, meaning }) => (
              <th key={reason} scope="col" class="number" title={meaning}>
                {column}
              </th>
            ))}
            {moves && (
              <>
                <th scope="col" class="number" title="Images that move to another split">
                  Move out
                </th>
                <th scope="col" class="number" title="Images that come from another split">
                  Move in
                </th>
              </>
            )}
            <th scope="col" class="number">
              After
            </th>
            <th scope="col">Shape</th>
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
                    <span class="hidden"> becomes </span> {split.shapeAfter}
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">All</th>
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

/** The images of each class in each split, before and after. */
export function PlanClasses({ splits }: { readonly splits: readonly PlanSplit[] }): JSX.Element | null {
  const names = [...new Set(splits.flatMap((split) => Object.keys(split.classes)))];
  if (names.length === 0) return null;
  return (
    <Disclosure summary="Images per class, before and after">
      <CappedList items={names} step={50} nouns={["class", "classes"]}>
        {(shown) => (
          <div class="table-box">
            <table class="data narrow">
              <thead>
                <tr>
                  <th scope="col">Class</th>
                  {splits.map((split) => (
                    <th key={split.name} scope="col" class="number">
                      {visible(split.name)}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {shown.map((name) => (
                  <tr key={name}>
                    <th scope="row">
                      <bdi>{visible(name)}</bdi>
                    </th>
                    {splits.map((split) => (
                      <ClassChange key={split.name} counts={split.classes[name]} />
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </CappedList>
    </Disclosure>
  );
}

function ClassChange({ counts }: { readonly counts: PlanSplit["classes"][string] | undefined }): JSX.Element {
  const { before, after } = counts ?? { before: 0, after: 0 };
  if (before === after) return <td class={before === 0 ? "number none" : "number"}>{number(before)}</td>;
  return (
    <td class="number">
      <span class="muted">{number(before)}</span> <Icon name="arrow-right" />
      <span class="hidden"> becomes </span> {number(after)}
    </td>
  );
}
