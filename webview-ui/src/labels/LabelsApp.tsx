import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LabelAudit, LabelsHost, LabelsPage, LabelsState } from "../../../src/protocol/labels";
import { counted } from "../../../src/protocol/language";
import { messageOf, type Connection } from "../shared/connection";
import { Button, Disclosure, Icon, Notice, Select, Toggle } from "../shared/Controls";
import { number, percent, sentencesOf, visible } from "../shared/format";
import { ProgressBar } from "../shared/ProgressBar";
import { ThumbnailStore } from "../shared/ThumbnailStore";
import { Judging } from "./Judging";
import { EVERY_SUSPECT, isEverySuspect, restoreView, type LabelsView, type SuspectFilter } from "./labelsView";
import { SuspectGrid } from "./SuspectGrid";

const SAVE_DELAY_MS = 200;

/** The page of the label audit: what the host says, drawn; what a person does, told to the host. */
export function LabelsApp({ connection }: { readonly connection: Connection<LabelsHost> }): JSX.Element {
  const { host } = connection;
  const [state, setState] = useState<LabelsState | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const [view, setView] = useState(() => restoreView(connection.readView()));

  useEffect(() => {
    const page: LabelsPage = {
      show: async (next) => setState(next),
      progress: async (progress) =>
        // What is late must not bring back what has ended.
        setState((last) => (last === null || last.progress === null ? last : { ...last, progress })),
    };
    const stop = connection.serve(page);
    host.ready().then(setState, (error: unknown) => setFailure(messageOf(error)));
    return stop;
  }, [connection]);
  useEffect(() => {
    const timer = setTimeout(() => connection.writeView(view), SAVE_DELAY_MS);
    return () => clearTimeout(timer);
  }, [connection, view]);

  const act = useCallback((action: Promise<void>): void => {
    setFailure(null);
    action.catch((error: unknown) => setFailure(messageOf(error)));
  }, []);

  if (state === null) {
    if (failure === null) return <main class="placeholder" aria-busy="true" />;
    return (
      <main class="placeholder">
        <Icon name="error" class="placeholder-icon" />
        <div role="alert">
          <h1>{l10n.t("The label audit could not be opened")}</h1>
          <p class="lead">{failure}</p>
        </div>
      </main>
    );
  }
  const { audit, error, trusted } = state;
  return (
    <>
      <LabelsHeader state={state} host={host} act={act} />
      <main class="page">
        {(error ?? failure) !== null && <Notice level="error">{error ?? failure}</Notice>}
        {state.status === "cancelled" && (
          <Notice level="info">
            {audit === null
              ? l10n.t("Cancelled. Nothing was changed.")
              : l10n.t("Cancelled. These are the suspects of the audit before.")}
          </Notice>
        )}
        {!trusted && (
          <Notice level="info">
            <span id="untrusted">
              {l10n.t(
                "This workspace is in Restricted Mode: datasets can be inspected, but no model is trained and nothing that is said of labels is kept. Trust it to audit labels.",
              )}
            </span>
          </Notice>
        )}
        {audit === null ? (
          <Intro />
        ) : (
          <Found audit={audit} trusted={trusted} host={host} act={act} view={view} setView={setView} />
        )}
      </main>
    </>
  );
}

function LabelsHeader(props: {
  readonly state: LabelsState;
  readonly host: LabelsHost;
  readonly act: (action: Promise<void>) => void;
}): JSX.Element {
  const { state, host, act } = props;
  const { name, progress, audit, trusted } = state;
  return (
    <header class="header">
      <div class="header-line">
        <h1 title={visible(name)}>
          <bdi>{visible(name)}</bdi>
        </h1>
        <span class="muted" role="status">
          {statusText(state)}
        </span>
        <span class="header-actions">
          <Button kind="quiet" icon="checklist" label={l10n.t("Open Report")} onClick={() => act(host.openReport())} />
          {progress !== null ? (
            <Button icon="debug-stop" label={l10n.t("Cancel")} onClick={() => act(host.cancel())} />
          ) : (
            <Button
              kind={audit === null ? "primary" : "secondary"}
              icon={audit === null ? "play" : "refresh"}
              label={audit === null ? l10n.t("Audit Labels") : l10n.t("Audit Again")}
              disabled={!trusted}
              {...(trusted ? {} : { describedBy: "untrusted" })}
              onClick={() => act(host.start())}
            />
          )}
        </span>
      </div>
      {progress !== null && <ProgressBar label={progress.title} done={progress.done} total={progress.total} />}
    </header>
  );
}

function statusText({ status, progress }: LabelsState): string {
  switch (status) {
    case "idle":
      return l10n.t("Labels not audited yet");
    case "running":
      return progress === null ? l10n.t("Auditing labels") : [progress.title, progress.text].filter(Boolean).join(": ");
    case "done":
      return l10n.t("Labels audited");
    case "cancelled":
      return l10n.t({ message: "Cancelled", comment: ["An experiment, or an audit of labels."] });
    case "failed":
      return l10n.t({ message: "Failed", comment: ["An experiment, or an audit of labels."] });
  }
}

function Intro(): JSX.Element {
  return (
    <section class="intro">
      <h2>{l10n.t("Which labels are wrong?")}</h2>
      <p class="lead">
        {l10n.t(
          "Every labelled image is predicted by a model that was trained without it and without its duplicates. Where such a model is sure of another class, the label is worth a look. You judge; nothing is changed by itself.",
        )}
      </p>
    </section>
  );
}

interface FoundProps {
  readonly audit: LabelAudit;
  readonly trusted: boolean;
  readonly host: LabelsHost;
  readonly act: (action: Promise<void>) => void;
  readonly view: LabelsView;
  readonly setView: (change: (last: LabelsView) => LabelsView) => void;
}

/** What an audit found, and the suspects to be judged. */
function Found({ audit, trusted, host, act, view, setView }: FoundProps): JSX.Element {
  const [, redraw] = useState(0);
  const store = useMemo(() => new ThumbnailStore((samples) => host.thumbnails(samples)), [host, audit.audit]);
  useEffect(() => () => store.clear(), [store]);
  const judging = useMemo(
    () =>
      new Judging(
        (samples, verdict) => host.judge(samples, verdict),
        () => redraw((count) => count + 1),
      ),
    [host, audit.audit],
  );
  const topTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const rememberTop = useCallback((top: number) => {
    clearTimeout(topTimer.current);
    topTimer.current = setTimeout(() => setView((last) => ({ ...last, top })), SAVE_DELAY_MS);
  }, []);
  const setFilter = useCallback((filter: SuspectFilter) => {
    clearTimeout(topTimer.current);
    setView((last) => ({ ...last, filter, top: 0, at: 0 }));
  }, []);
  const filter = useMemo(() => knownFilter(view.filter, audit), [view.filter, audit.audit]);
  const { right, wrong } = audit.judged;
  const [first, ...details] = sentencesOf(audit.sentence);
  return (
    <>
      <section class="cost" aria-label={l10n.t("Verdict")}>
        <h2>{first}</h2>
        {details.length > 0 && <p class="lead">{details.join(" ")}</p>}
        {right + wrong > 0 && (
          <div class="actions">
            <span role="status">
              {l10n.t({
                message: "{0} judged: {1} wrong, {2} right.",
                args: [counted(right + wrong, "label"), number(wrong), number(right)],
                comment: ["{0} e.g. 3 labels."],
              })}
            </span>
            {wrong > 0 && (
              <Button
                kind="primary"
                icon="checklist"
                label={l10n.t("Review Plan")}
                onClick={() => act(host.reviewPlan())}
              />
            )}
          </div>
        )}
        {audit.pairs.length > 0 && <Pairs audit={audit} onLabel={(label) => setFilter({ ...EVERY_SUSPECT, label })} />}
      </section>
      {audit.suspects === 0 ? (
        <section class="placeholder-inline">
          <Icon name="pass" class="placeholder-icon" />
          <p class="lead">{l10n.t("Nothing suspicious. A model this simple does not find every wrong label.")}</p>
        </section>
      ) : (
        <section aria-labelledby="suspects-title">
          <div class="section-head">
            <h2 id="suspects-title">{l10n.t("Suspects")}</h2>
          </div>
          <Filters filter={filter} audit={audit} onChange={setFilter} />
          <SuspectGrid
            host={host}
            audit={audit.audit}
            filter={filter}
            classes={audit.classes}
            judging={judging}
            store={store}
            trusted={trusted}
            top={view.top}
            at={view.at}
            onTop={rememberTop}
            onAt={(at) => setView((last) => ({ ...last, at }))}
            onOpen={(sample) => act(host.openSample(sample))}
          />
        </section>
      )}
    </>
  );
}

function Pairs({
  audit,
  onLabel,
}: {
  readonly audit: LabelAudit;
  readonly onLabel: (label: string) => void;
}): JSX.Element {
  return (
    <Disclosure summary={l10n.t("Which classes are taken for one another")}>
      <div class="table-box">
        <table class="data narrow">
          <thead>
            <tr>
              <th scope="col">{l10n.t("Label")}</th>
              <th scope="col">{l10n.t("Looks like")}</th>
              <th scope="col" class="number">
                {l10n.t("Suspects")}
              </th>
              <th
                scope="col"
                class="number"
                title={l10n.t("Estimated number of images with this label that are of the other class")}
              >
                {l10n.t({ message: "Estimated", comment: ["A number of images."] })}
              </th>
            </tr>
          </thead>
          <tbody>
            {audit.pairs.map(({ label, suggested, suspects, estimated }) => (
              <tr key={`${label}\n${suggested}`}>
                <th scope="row">
                  <button type="button" class="link" onClick={() => onLabel(label)}>
                    <bdi>{visible(label)}</bdi>
                  </button>
                </th>
                <td>
                  <bdi>{visible(suggested)}</bdi>
                </td>
                <td class="number">{number(suspects)}</td>
                <td class="number">{number(Math.round(estimated))}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="muted">
        {l10n.t({
          message: "{0}, trained {1} times without a fifth of the images, is right about {2} of the labels.",
          args: [audit.model, number(audit.folds), percent(audit.accuracy)],
          comment: ["{0} a model, {1} a number, {2} a percentage."],
        })}
      </p>
    </Disclosure>
  );
}

function Filters(props: {
  readonly filter: SuspectFilter;
  readonly audit: LabelAudit;
  readonly onChange: (filter: SuspectFilter) => void;
}): JSX.Element {
  const { filter, audit, onChange } = props;
  // A choice is named by its place: any text can be the name of a class.
  const choicesOf = (names: readonly string[], all: string): { value: string; label: string }[] => [
    { value: "", label: all },
    ...names.map((name, index) => ({ value: String(index), label: visible(name) })),
  ];
  const placeOf = (names: readonly string[], name: string | null): string =>
    name === null ? "" : String(names.indexOf(name));
  const nameAt = (names: readonly string[], place: string): string | null =>
    place === "" ? null : (names[Number(place)] ?? null);
  return (
    <div class="tools" role="group" aria-label={l10n.t("Filters")}>
      {audit.splits.length > 1 && (
        <Select
          label={l10n.t("Split")}
          value={placeOf(audit.splits, filter.split)}
          choices={choicesOf(audit.splits, l10n.t("All splits"))}
          active={filter.split !== null}
          onChange={(place) => onChange({ ...filter, split: nameAt(audit.splits, place) })}
        />
      )}
      <Select
        label={l10n.t("Label")}
        value={placeOf(audit.classes, filter.label)}
        choices={choicesOf(audit.classes, l10n.t("All labels"))}
        active={filter.label !== null}
        onChange={(place) => onChange({ ...filter, label: nameAt(audit.classes, place) })}
      />
      {audit.conflicting > 0 && (
        <Toggle
          label={l10n.t("Only with contradicting duplicates ({0})", number(audit.conflicting))}
          checked={filter.onlyConflicting}
          onChange={(onlyConflicting) => onChange({ ...filter, onlyConflicting })}
        />
      )}
      <Toggle
        label={l10n.t("Only not judged")}
        checked={filter.onlyUnjudged}
        onChange={(onlyUnjudged) => onChange({ ...filter, onlyUnjudged })}
      />
      {!isEverySuspect(filter) && (
        <Button kind="quiet" icon="clear-all" label={l10n.t("Clear Filters")} onClick={() => onChange(EVERY_SUSPECT)} />
      )}
    </div>
  );
}

/** A filter without what this audit does not have. */
function knownFilter(filter: SuspectFilter, { splits, classes, conflicting }: LabelAudit): SuspectFilter {
  return {
    ...filter,
    split: filter.split !== null && splits.includes(filter.split) ? filter.split : null,
    label: filter.label !== null && classes.includes(filter.label) ? filter.label : null,
    onlyConflicting: filter.onlyConflicting && conflicting > 0,
  };
}
