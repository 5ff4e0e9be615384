import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type {
  ApplyResult,
  PlanOptions,
  PlanSummary,
  ReportHost,
  ReportSnapshot,
  ReportState,
} from "../../../src/protocol/report";
import { Button, Icon, Notice, Select } from "../shared/Controls";
import { number, plural, visible } from "../shared/format";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { Changes } from "./Changes";
import { TRANSFERS, unusual } from "./planChoices";
import { PlanTable } from "./PlanTables";
import { PlanWays } from "./PlanWays";
import { useReadOnly } from "./readOnly";
import type { PlanView } from "./reportView";
import type { Reviewing } from "./Reviewing";
import type { SampleActions } from "./SampleCard";
import type { SplitRoles } from "./SplitBadge";

/** What is written into one file begins with the file's name; all else goes into folders. */
const FILE = /^[^\s/]+\.\w+(?::|$)/;

/** Collisions of MD5 that are named. */
const SHOWN_COLLISIONS = 5;

interface Props {
  readonly host: ReportHost;
  readonly state: ReportState;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  readonly reviewing: Reviewing;
  /** What was chosen of the other ways, and whether they are in view. */
  readonly view: PlanView;
  readonly onView: (view: PlanView) => void;
  /** Shows the groups whose labels contradict each other. */
  readonly onConflicts: () => void;
  readonly act: (action: Promise<void>) => Promise<void>;
}

/** From the plan of a sanitized copy, by its preview, to what was written. */
export function Sanitize(props: Props): JSX.Element {
  const { host, state, roles, view, onView, act } = props;
  const { plan, applied, interrupted } = state;
  const busy = state.progress !== null;
  const isReadOnly = useReadOnly() !== null;
  const knowsNear = state.report !== null && state.report.near !== null;
  const options: PlanOptions = knowsNear ? view.options : { ...view.options, tier: "pixel" };
  const makePlan = (): void => {
    onView({ ...view, open: false });
    void act(host.makePlan(options));
  };
  const said = unusual(options);
  const ways = (
    <>
      <Button
        kind="quiet"
        icon="chevron-right"
        label={plan === null ? "Other Ways" : "Plan Another Way"}
        expanded={view.open}
        onClick={() => onView({ ...view, open: !view.open })}
      />
      {plan === null && !view.open && said.length > 0 && <span class="muted">{said.join(", ")}</span>}
    </>
  );
  const panel = view.open && (
    <PlanWays
      host={host}
      state={state}
      roles={roles}
      options={options}
      disabled={busy}
      onOptions={(changed) => onView({ ...view, options: changed })}
      onPlan={makePlan}
    />
  );
  return (
    <section id="sanitize" aria-labelledby="sanitize-title">
      <h2 id="sanitize-title">Sanitized copy</h2>
      {applied !== null && <Applied host={host} applied={applied} trusted={state.trusted} busy={busy} act={act} />}
      {interrupted !== null && <Interrupted {...props} folder={interrupted} busy={busy} />}
      {plan === null ? (
        !isReadOnly && (
          <>
            <p class="lead">
              A copy without the leaks: no image of one split also occurs in another one. You see what would leave
              before anything is written, and your own files stay as they are.
            </p>
            <Kept {...props} />
            <div class="actions">
              <Button
                kind={applied === null ? "primary" : "secondary"}
                icon="checklist"
                label={applied === null ? "Plan a Sanitized Copy" : "Plan Another Copy"}
                disabled={busy}
                onClick={makePlan}
              />
              {ways}
            </div>
            {panel}
          </>
        )
      ) : (
        <Plan {...props} plan={plan} busy={busy} ways={ways} panel={panel} />
      )}
    </section>
  );
}

/** A plan: what it does to each split and class, to each image, and what can be done with it. */
function Plan(
  props: Props & {
    readonly plan: PlanSummary;
    readonly busy: boolean;
    readonly ways: JSX.Element;
    readonly panel: JSX.Element | false;
  },
): JSX.Element {
  const { host, state, plan, busy, store, actions, reviewing, act } = props;
  // The plan may make splits that the dataset does not have.
  const roles: SplitRoles = useMemo(
    () => new Map([...plan.splits.map(({ name, role }) => [name, role] as const), ...props.roles]),
    [plan, props.roles],
  );
  const reason = whyNot(state, plan);
  const readOnly = useReadOnly();
  const blocked = reason === null ? {} : { describedBy: "write-blocked" };
  return (
    <>
      <p class="lead">{plan.policy}</p>
      <p class="plan-sum">{planSentence(plan)}</p>
      {state.planFile !== null && (
        <p class="muted">
          Read from <bdi class="path">{visible(state.planFile)}</bdi>
          {plan.edited > 0 && `, where ${plural(plan.edited, "image")} ${plan.edited === 1 ? "was" : "were"} edited`}.
          To change it, edit that file and write from it again.
        </p>
      )}
      <Undecided {...props} />
      <Kept {...props} />
      <Collisions plan={plan} />
      <PlanTable plan={plan} roles={roles} />
      <Changes
        host={host}
        plan={plan}
        roles={roles}
        store={store}
        actions={actions}
        reviewing={state.planFile === null && readOnly === null ? reviewing : null}
        act={act}
      />
      {readOnly !== null && <KeptChanges {...readOnly.changes} />}
      <Outputs {...props} />
      {readOnly === null && (
        <div class="actions">
          <Button
            kind="primary"
            icon="save-as"
            label="Write Sanitized Copy…"
            disabled={busy || reason !== null}
            {...blocked}
            onClick={() => void act(host.applyPlan())}
          />
          <Button icon="json" label="Open Plan as JSON" disabled={busy} onClick={() => void act(host.openPlan())} />
          <Button label="Discard Plan" disabled={busy} onClick={() => void act(host.discardPlan())} />
          {state.canQuarantine && (
            <Button
              icon="archive"
              label="Quarantine in Place…"
              disabled={busy || reason !== null || plan.before === plan.after}
              {...blocked}
              onClick={() => void act(host.quarantine())}
            />
          )}
          {reason !== null && (
            <span id="write-blocked" class="muted">
              {reason}
            </span>
          )}
          {props.ways}
        </div>
      )}
      {props.panel}
    </>
  );
}

/** Says that a file holds only the beginning of what a plan changes. */
function KeptChanges({ total, changes }: ReportSnapshot["changes"]): JSX.Element | null {
  if (changes.length === total) return null;
  const text = l10n.t(
    "This file holds the first {0} of {1} images that leave or move.",
    number(changes.length),
    number(total),
  );
  return <p class="muted">{text}</p>;
}

/** How many images a plan takes, in a sentence. */
function planSentence({ before, after, moved }: PlanSummary): string {
  const elsewhere = moved === 0 ? "" : `, ${number(moved)} of them in another split`;
  return `${number(before - after)} of ${plural(before, "image")} would leave, ${number(after)} stay${elsewhere}.`;
}

/** Why a plan cannot be written now; `null` when it can. */
function whyNot({ trusted }: ReportState, plan: PlanSummary): string | null {
  if (!trusted) return "This workspace is in Restricted Mode. Trust it to write a copy.";
  if (plan.undecided > 0) return "It can be written when all conflicts are decided.";
  if (plan.after === 0)
    return "There is nothing to write, as no image stays. Settle conflicts otherwise, or keep some.";
  return null;
}

/** Says that images wait for a person's word, and leads to them. */
function Undecided({
  plan,
  onConflicts,
}: Pick<Props, "onConflicts"> & { readonly plan: PlanSummary }): JSX.Element | null {
  if (plan.undecided === 0) return null;
  return (
    <div class="plan-notice">
      <Notice level="warning" actions={<Button icon="filter" label="Show Conflicts" onClick={onConflicts} />}>
        {plan.undecided === 1
          ? "1 image has an equal one with another label and waits for your word."
          : `${number(plan.undecided)} images have equal ones with another label and wait for your word.`}{" "}
        Keep one whose label is right; those of its group with another label leave.
      </Notice>
    </div>
  );
}

/** Names the images that only seem to be equal: different ones that were forged to have one MD5. */
function Collisions({ plan: { collisions } }: { readonly plan: PlanSummary }): JSX.Element | null {
  if (collisions.length === 0) return null;
  const shown = collisions.slice(0, SHOWN_COLLISIONS);
  return (
    <div class="plan-notice">
      <Notice level="warning">
        {plural(collisions.length, "pair")} of different images {collisions.length === 1 ? "has" : "have"} one MD5; both
        stay:{" "}
        {shown.map(([first, second], index) => (
          <>
            {index > 0 && ", "}
            <bdi class="path">{visible(first)}</bdi> and <bdi class="path">{visible(second)}</bdi>
          </>
        ))}
        {collisions.length > shown.length ? ` and ${number(collisions.length - shown.length)} more.` : "."}
      </Notice>
    </div>
  );
}

/** Says how many images stay or leave by a person's word, and takes the last step back. */
function Kept({ state, reviewing, act }: Pick<Props, "state" | "reviewing" | "act">): JSX.Element | null {
  const { keep, drop, undo } = state.review;
  if (keep + drop === 0) return null;
  const stays = keep === 1 ? l10n.t("1 image stays") : l10n.t("{0} images stay", number(keep));
  const leaves = drop === 1 ? l10n.t("1 image leaves") : l10n.t("{0} images leave", number(drop));
  const said = keep === 0 ? leaves : drop === 0 ? stays : l10n.t("{0} and {1}", stays, leaves);
  return (
    <p class="kept" role="status">
      <Icon name="pinned" />
      <span>
        {l10n.t("Because you said so, {0}.", said)}{" "}
        {state.planFile !== null && l10n.t("In this plan its file says so instead.")}
      </span>
      {undo !== null && state.trusted && (
        <Button kind="quiet" label={l10n.t("Undo Last")} onClick={() => void act(reviewing.undo().kept)} />
      )}
    </p>
  );
}

/** What will be written, and how image files come into it. */
function Outputs({ host, state, plan, act }: Props & { readonly plan: PlanSummary }): JSX.Element {
  const transfer = TRANSFERS.find(({ value }) => value === state.images);
  const isReadOnly = useReadOnly() !== null;
  return (
    <div class="outputs">
      <div class="outputs-head">
        <h3>What will be written</h3>
        {!isReadOnly && (
          <>
            <Select
              label="How image files are written"
              value={state.images}
              choices={TRANSFERS}
              active={state.images !== "copy"}
              onChange={(images) => void act(host.setImages(images))}
            />
            <span class="muted">{transfer?.meaning}</span>
          </>
        )}
      </div>
      {state.images !== "index" && (
        <ul class="plain">
          {plan.outputs.map((output) => (
            <li key={output}>
              <Icon name={FILE.test(output) ? "file" : "folder"} /> <bdi>{visible(output)}</bdi>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What was written and checked, and what can be done with it. */
function Applied(props: {
  readonly host: ReportHost;
  readonly applied: ApplyResult;
  readonly trusted: boolean;
  readonly busy: boolean;
  readonly act: (action: Promise<void>) => Promise<void>;
}): JSX.Element {
  const { host, applied, trusted, busy, act } = props;
  const { folder, certificate, manifest } = applied;
  const isReadOnly = useReadOnly() !== null;
  return (
    <div class="applied" role="status">
      <h3>
        <Icon name="pass-filled" class="good" /> Written and checked
      </h3>
      <p>
        {plural(applied.samples, "image")} in {plural(applied.files, "file")}, in{" "}
        <bdi class="path">{visible(folder)}</bdi>
      </p>
      <ul class="plain checks">
        {applied.verified.map((sentence) => (
          <li key={sentence}>
            <Icon name="check" class="good" /> <span>{visible(sentence)}</span>
          </li>
        ))}
      </ul>
      {!isReadOnly && (
        <>
          <p class="applied-files">
            <FileLink
              label="Certificate"
              text="what it was made of and checked against"
              onClick={() => void act(host.openFile(certificate))}
            />
            <FileLink
              label="Manifest"
              text="every changed image with its reason and its twin"
              onClick={() => void act(host.openFile(manifest))}
            />
          </p>
          <div class="actions">
            <Button
              kind="primary"
              icon="search"
              label="Inspect It"
              onClick={() => void act(host.inspectFolder(folder))}
            />
            <Button icon="folder-opened" label="Reveal" onClick={() => void act(host.openFolder(folder))} />
            <Button
              icon="discard"
              label="Undo…"
              disabled={!trusted || busy}
              onClick={() => void act(host.undoCopy(folder))}
            />
          </div>
        </>
      )}
    </div>
  );
}

function FileLink(props: { readonly label: string; readonly text: string; readonly onClick: () => void }): JSX.Element {
  return (
    <span>
      <button type="button" class="link" onClick={props.onClick}>
        {props.label}
      </button>
      <span class="muted">: {props.text}</span>
    </span>
  );
}

/** Says what an interrupted attempt left, and goes on with it or takes it back. */
function Interrupted(props: Props & { readonly folder: string; readonly busy: boolean }): JSX.Element {
  const { host, state, folder, busy, act } = props;
  const canResume = state.plan !== null && whyNot(state, state.plan) === null;
  return (
    <div class="plan-notice">
      <Notice
        level="warning"
        actions={
          <>
            <Button
              kind="primary"
              icon="debug-continue"
              label="Resume"
              disabled={busy || !canResume}
              onClick={() => void act(host.resumeWriting())}
            />
            <Button
              icon="discard"
              label="Undo…"
              disabled={busy || !state.trusted}
              onClick={() => void act(host.undoCopy(folder))}
            />
          </>
        }
      >
        Writing <bdi class="path">{visible(folder)}</bdi> was interrupted. Nothing half-written is there under that
        name; writing the same plan there goes on where it stopped.
      </Notice>
    </div>
  );
}
