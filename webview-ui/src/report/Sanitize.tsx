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
import { counted } from "../../../src/protocol/language";
import { Button, Icon, Notice, Select } from "../shared/Controls";
import { filled } from "../shared/filled";
import { number, visible } from "../shared/format";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { Changes } from "./Changes";
import { transferChoices, unusual } from "./planChoices";
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
        label={plan === null ? l10n.t("Other Ways") : l10n.t("Plan Another Way")}
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
      <h2 id="sanitize-title">{l10n.t("Sanitized copy")}</h2>
      {applied !== null && <Applied host={host} applied={applied} trusted={state.trusted} busy={busy} act={act} />}
      {interrupted !== null && <Interrupted {...props} folder={interrupted} busy={busy} />}
      {plan === null ? (
        !isReadOnly && (
          <>
            <p class="lead">
              {l10n.t(
                "A copy without the leaks: no image of one split also occurs in another one. You see what would leave before anything is written, and your own files stay as they are.",
              )}
            </p>
            <Kept {...props} />
            <div class="actions">
              <Button
                kind={applied === null ? "primary" : "secondary"}
                icon="checklist"
                label={applied === null ? l10n.t("Plan a Sanitized Copy") : l10n.t("Plan Another Copy")}
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
        <p class="muted">{filled(planFileText(plan.edited), <bdi class="path">{visible(state.planFile)}</bdi>)}</p>
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
            label={l10n.t("Write Sanitized Copy…")}
            disabled={busy || reason !== null}
            {...blocked}
            onClick={() => void act(host.applyPlan())}
          />
          <Button
            icon="json"
            label={l10n.t("Open Plan as JSON")}
            disabled={busy}
            onClick={() => void act(host.openPlan())}
          />
          <Button label={l10n.t("Discard Plan")} disabled={busy} onClick={() => void act(host.discardPlan())} />
          {state.canQuarantine && (
            <Button
              icon="archive"
              label={l10n.t("Quarantine in Place…")}
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
  const args = [number(before - after), counted(before, "image"), number(after)];
  return moved === 0
    ? l10n.t("{0} of {1} would leave, {2} stay.", ...args)
    : l10n.t("{0} of {1} would leave, {2} stay, {3} of them in another split.", ...args, number(moved));
}

/** Where a plan was read from, `{0}`, and how many of its entries were edited. */
function planFileText(edited: number): string {
  if (edited === 0) return l10n.t("Read from {0}. To change it, edit that file and write from it again.");
  // The place of the file is filled in behind.
  const args = ["{0}", counted(edited, "image")];
  return edited === 1
    ? l10n.t("Read from {0}, where {1} was edited. To change it, edit that file and write from it again.", ...args)
    : l10n.t("Read from {0}, where {1} were edited. To change it, edit that file and write from it again.", ...args);
}

/** Why a plan cannot be written now; `null` when it can. */
function whyNot({ trusted }: ReportState, plan: PlanSummary): string | null {
  if (!trusted) return l10n.t("This workspace is in Restricted Mode. Trust it to write a copy.");
  if (plan.undecided > 0) return l10n.t("It can be written when all conflicts are decided.");
  if (plan.after === 0)
    return l10n.t("There is nothing to write, as no image stays. Settle conflicts otherwise, or keep some.");
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
      <Notice level="warning" actions={<Button icon="filter" label={l10n.t("Show Conflicts")} onClick={onConflicts} />}>
        {plan.undecided === 1
          ? l10n.t("1 image has an equal one with another label and waits for your word.")
          : l10n.t(
              "{0} images have equal ones with another label and wait for your word.",
              number(plan.undecided),
            )}{" "}
        {l10n.t("Keep one whose label is right; those of its group with another label leave.")}
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
        {filled(
          collisionsText(collisions.length, collisions.length - shown.length),
          shown.map(([first, second], index) => (
            <>
              {index > 0 && ", "}
              {filled(
                l10n.t({ message: "{0} and {1}", comment: ["Two images."] }),
                <bdi class="path">{visible(first)}</bdi>,
                <bdi class="path">{visible(second)}</bdi>,
              )}
            </>
          )),
        )}
      </Notice>
    </div>
  );
}

/** How many pairs collide, with the pairs at `{0}`, of which `rest` are not named. */
function collisionsText(count: number, rest: number): string {
  const args = ["{0}", counted(count, "pair")];
  if (rest > 0) {
    return l10n.t({
      message: "{1} of different images have one MD5; both stay: {0} and {2} more.",
      args: [...args, number(rest)],
      comment: ["{0} names some of the pairs, {1} e.g. 20 pairs, {2} how many more pairs there are."],
    });
  }
  return count === 1
    ? l10n.t({
        message: "{1} of different images has one MD5; both stay: {0}.",
        args,
        comment: ["{0} names the pair, {1} is 1 pair."],
      })
    : l10n.t({
        message: "{1} of different images have one MD5; both stay: {0}.",
        args,
        comment: ["{0} names the pairs, {1} e.g. 3 pairs."],
      });
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
  const transfers = transferChoices();
  const transfer = transfers.find(({ value }) => value === state.images);
  const isReadOnly = useReadOnly() !== null;
  return (
    <div class="outputs">
      <div class="outputs-head">
        <h3>{l10n.t("What will be written")}</h3>
        {!isReadOnly && (
          <>
            <Select
              label={l10n.t("How image files are written")}
              value={state.images}
              choices={transfers}
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
        <Icon name="pass-filled" class="good" /> {l10n.t("Written and checked")}
      </h3>
      <p>
        {filled(
          l10n.t({
            message: "{1} in {2}, in {0}",
            args: ["{0}", counted(applied.samples, "image"), counted(applied.files, "file")],
            comment: ["E.g. 20 images in 22 files, in the folder {0}."],
          }),
          <bdi class="path">{visible(folder)}</bdi>,
        )}
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
              sentence={l10n.t({
                message: "{0}: what it was made of and checked against",
                comment: ["{0} a link to the certificate."],
              })}
              label={l10n.t("Certificate")}
              onClick={() => void act(host.openFile(certificate))}
            />
            <FileLink
              sentence={l10n.t({
                message: "{0}: every changed image with its reason and its twin",
                comment: ["{0} a link to the manifest."],
              })}
              label={l10n.t({ message: "Manifest", comment: ["A file that lists what was changed."] })}
              onClick={() => void act(host.openFile(manifest))}
            />
          </p>
          <div class="actions">
            <Button
              kind="primary"
              icon="search"
              label={l10n.t({ message: "Inspect It", comment: ["The copy."] })}
              onClick={() => void act(host.inspectFolder(folder))}
            />
            <Button
              icon="folder-opened"
              label={l10n.t({ message: "Reveal", comment: ["The folder of the copy, in the Explorer."] })}
              onClick={() => void act(host.openFolder(folder))}
            />
            <Button
              icon="discard"
              label={l10n.t("Undo…")}
              disabled={!trusted || busy}
              onClick={() => void act(host.undoCopy(folder))}
            />
          </div>
        </>
      )}
    </div>
  );
}

/** What a file holds, with a link to it at `{0}`. */
function FileLink(props: {
  readonly sentence: string;
  readonly label: string;
  readonly onClick: () => void;
}): JSX.Element {
  return (
    <span class="muted">
      {filled(
        props.sentence,
        <button type="button" class="link" onClick={props.onClick}>
          {props.label}
        </button>,
      )}
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
              label={l10n.t("Resume")}
              disabled={busy || !canResume}
              onClick={() => void act(host.resumeWriting())}
            />
            <Button
              icon="discard"
              label={l10n.t("Undo…")}
              disabled={busy || !state.trusted}
              onClick={() => void act(host.undoCopy(folder))}
            />
          </>
        }
      >
        {filled(
          l10n.t({
            message:
              "Writing {0} was interrupted. Nothing half-written is there under that name; writing the same plan there goes on where it stopped.",
            comment: ["{0} a folder."],
          }),
          <bdi class="path">{visible(folder)}</bdi>,
        )}
      </Notice>
    </div>
  );
}
