import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { PlanSplit, PlanSummary, RemovalReason, ReportHost, ReportState } from "../../../src/protocol/report";
import { CappedList } from "../shared/CappedList";
import { Button, Disclosure, Icon, Toggle } from "../shared/Controls";
import { number, plural, visible } from "../shared/format";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { REASONS } from "./removalReasons";
import { Removals } from "./Removals";
import type { SampleActions } from "./SampleCard";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

interface Props {
  readonly host: ReportHost;
  readonly state: ReportState;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  readonly act: (action: Promise<void>) => Promise<void>;
}

/** From the plan of a sanitized copy, by its preview, to what was written. */
export function Sanitize({ host, state, roles, store, actions, act }: Props): JSX.Element {
  const { plan, applied, progress, trusted } = state;
  const busy = progress !== null;
  const [alsoNear, setAlsoNear] = useState(false);
  const knowsNear = state.report !== null && state.report.near !== null;
  return (
    <section id="sanitize" aria-labelledby="sanitize-title">
      <h2 id="sanitize-title">Sanitized copy</h2>
      {applied !== null && (
        <div class="applied" role="status">
          <h3>
            <Icon name="pass-filled" class="good" /> Written and checked
          </h3>
          <p>
            {plural(applied.samples, "image")} in {plural(applied.files, "file")}, in{" "}
            <bdi class="path">{applied.folder}</bdi>
          </p>
          <ul class="plain checks">
            {applied.verified.map((sentence) => (
              <li key={sentence}>
                <Icon name="check" class="good" /> <span>{sentence}</span>
              </li>
            ))}
          </ul>
          <p class="muted">
            Every removed image is listed with its reason and its twin in <bdi class="path">{applied.manifest}</bdi>
          </p>
          <div class="actions">
            <Button
              kind="primary"
              icon="folder-opened"
              label="Open Folder"
              onClick={() => void act(host.openFolder(applied.folder))}
            />
          </div>
        </div>
      )}
      {plan === null ? (
        <>
          <p class="lead">
            A copy without the leaks: no image of one split also occurs in another one. You see what would leave before
            anything is written, and your own files stay as they are.
          </p>
          <div class="tools">
            <Toggle
              label="Also near duplicates: of similar images one stays, too"
              checked={alsoNear && knowsNear}
              disabled={!knowsNear}
              {...(knowsNear ? {} : { describedBy: "no-near" })}
              onChange={setAlsoNear}
            />
            {!knowsNear && (
              <span id="no-near" class="muted">
                {state.search.status === "searching" ? "They are still being searched." : "They were not searched."}
              </span>
            )}
          </div>
          <div class="actions">
            <Button
              kind={applied === null ? "primary" : "secondary"}
              icon="checklist"
              label={applied === null ? "Plan a Sanitized Copy" : "Plan Another Copy"}
              disabled={busy}
              onClick={() => void act(host.makePlan(alsoNear && knowsNear ? "near" : "pixel"))}
            />
          </div>
        </>
      ) : (
        <>
          <p class="lead">{plan.policy}</p>
          <p class="plan-sum">
            {number(plan.before - plan.after)} of {plural(plan.before, "image")} would leave, {number(plan.after)} stay.
          </p>
          <PlanTable plan={plan} roles={roles} />
          <PlanClasses splits={plan.splits} />
          <div class="outputs">
            <h3>What will be written</h3>
            <ul class="plain">
              {plan.outputs.map((output) => (
                <li key={output}>
                  <Icon name={output.includes("/") ? "folder" : "file"} /> <bdi>{visible(output)}</bdi>
                </li>
              ))}
            </ul>
          </div>
          <Removals
            key={plan.plan}
            host={host}
            removed={plan.before - plan.after}
            roles={roles}
            store={store}
            actions={actions}
          />
          <div class="actions">
            <Button
              kind="primary"
              icon="save-as"
              label="Write Sanitized Copy…"
              disabled={!trusted || busy}
              {...(trusted ? {} : { describedBy: "untrusted" })}
              onClick={() => void act(host.applyPlan())}
            />
            <Button label="Discard Plan" disabled={busy} onClick={() => void act(host.discardPlan())} />
            {!trusted && (
              <span id="untrusted" class="muted">
                This workspace is in Restricted Mode. Trust it to write a copy.
              </span>
            )}
          </div>
        </>
      )}
    </section>
  );
}

/** Before, what leaves by reason, after; reasons that take nothing are left out. */
function PlanTable({ plan, roles }: { readonly plan: PlanSummary; readonly roles: SplitRoles }): JSX.Element {
  const { splits } = plan;
  const removedBy = (reason: RemovalReason): number => splits.reduce((sum, split) => sum + split.removed[reason], 0);
  const reasons = REASONS.filter(({ reason }) => removedBy(reason) > 0);
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
                <Removed key={reason} count={split.removed[reason]} />
              ))}
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
              <Removed key={reason} count={removedBy(reason)} />
            ))}
            <td class="number strong">{number(plan.after)}</td>
            <td />
          </tr>
        </tfoot>
      </table>
    </div>
  );
}

function Removed({ count }: { readonly count: number }): JSX.Element {
  return <td class={count > 0 ? "number" : "number none"}>{count > 0 ? `−${number(count)}` : "0"}</td>;
}

function PlanClasses({ splits }: { readonly splits: readonly PlanSplit[] }): JSX.Element | null {
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
                      {split.name}
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
