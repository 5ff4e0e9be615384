import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import {
  dataText,
  experimentWork,
  momentText,
  progressOf,
  sizeText,
  type ExperimentResult,
  type ExperimentStatus,
  type ExportFormat,
  type TrainingState,
} from "../../../src/protocol/training";
import { Button } from "../shared/Controls";
import { number, percent, visible } from "../shared/format";
import type { MenuEntry } from "../shared/Menu";
import { MenuButton } from "../shared/MenuButton";
import { ProgressBar } from "../shared/ProgressBar";
import { currentRun, runViews } from "./history";
import { leftText } from "./text";

/** What the header can do. */
export interface HeaderActions {
  readonly start: () => void;
  readonly resume: (experiment: string) => void;
  readonly setPaused: (paused: boolean) => void;
  readonly cancel: () => void;
  readonly openReport: () => void;
  readonly export: (format: ExportFormat) => void;
  readonly saveCharts: () => void;
}

interface Props {
  readonly state: TrainingState;
  /** What the page shows: the newest experiment, or a kept one. */
  readonly experiment: ExperimentResult | null;
  /** Whether settings can be used as they are typed. */
  readonly canStart: boolean;
  readonly actions: HeaderActions;
}

/** Whether a training goes on, or would when it is resumed. */
export function isActive(status: TrainingState["status"]): boolean {
  return status === "loading" || status === "training" || status === "paused";
}

/** Whether an experiment can be gone on with. */
export function canResume(status: ExperimentStatus): boolean {
  return status === "cancelled" || status === "interrupted";
}

/** The line that stays: which dataset, how far it is, and what to do. */
export function Header({ state, experiment, canStart, actions }: Props): JSX.Element {
  const isBusy = isActive(state.status);
  const hasResults = experiment?.runs.some(({ result }) => result !== null) === true;
  const resumable = experiment !== null && !isBusy && canResume(experiment.status) ? experiment.experiment : null;
  const mayStart = state.trusted && canStart && state.inspection !== "running";
  const untrusted = state.trusted ? {} : { describedBy: "untrusted" };
  return (
    <header class="header">
      <div class="header-line">
        <h1 title={visible(state.name)}>
          <bdi>{visible(state.name)}</bdi>
        </h1>
        <span class="status" role="status">
          {statusText(state, experiment)}
        </span>
        <span class="header-actions">
          <Button kind="quiet" icon="checklist" label={l10n.t("Open Report")} onClick={actions.openReport} />
          {hasResults && <ExportMenu actions={actions} />}
          {isBusy && (
            <>
              {state.status === "training" && (
                <Button
                  kind="quiet"
                  icon="debug-pause"
                  label={l10n.t("Pause")}
                  onClick={() => actions.setPaused(true)}
                />
              )}
              {state.status === "paused" && (
                <Button icon="debug-continue" label={l10n.t("Resume")} onClick={() => actions.setPaused(false)} />
              )}
              <Button icon="debug-stop" label={l10n.t("Cancel")} onClick={actions.cancel} />
            </>
          )}
          {resumable !== null && (
            <Button
              kind="primary"
              icon="debug-continue"
              label={l10n.t("Resume")}
              disabled={!state.trusted}
              {...untrusted}
              onClick={() => actions.resume(resumable)}
            />
          )}
          {!isBusy && (
            <Button
              kind={experiment === null ? "primary" : "secondary"}
              icon="play"
              label={experiment === null ? l10n.t("Start Training") : l10n.t("Train Again")}
              disabled={!mayStart}
              {...untrusted}
              onClick={actions.start}
            />
          )}
        </span>
      </div>
      {isBusy && <Progress state={state} />}
    </header>
  );
}

function Progress({ state }: { readonly state: TrainingState }): JSX.Element {
  const { experiment, loading, status } = state;
  if (status === "loading" || experiment === null) {
    return <ProgressBar label={loadingTitle(loading)} done={loading?.done ?? 0} total={loading?.total ?? 0} />;
  }
  const { done, total } = experimentWork(experiment);
  return <ProgressBar label={l10n.t("Training")} done={done} total={total} />;
}

function loadingTitle(loading: TrainingState["loading"]): string {
  return loading?.phase === "near" ? l10n.t("Searching near duplicates") : l10n.t("Reading images");
}

function statusText(state: TrainingState, shown: ExperimentResult | null): string {
  const { status, experiment, loading, secondsLeft } = state;
  if (state.inspection === "running") return l10n.t("The dataset is being inspected");
  if (status === "loading") {
    const what = loadingTitle(loading);
    if (loading === null || loading.total === 0) return what;
    const { done, total } = loading;
    return l10n.t({
      message: "{0}: {1} of {2} ({3})",
      args: [what, number(done), number(total), percent(done / total, 0)],
      comment: ["{0} what is done, {1} of {2} images, {3} a percentage."],
    });
  }
  if (isActive(status) && experiment !== null) {
    return [runText(experiment, status === "paused"), ...(secondsLeft === null ? [] : [leftText(secondsLeft)])].join(
      " · ",
    );
  }
  if (shown === null) return l10n.t("Not trained yet");
  const finished = shown.runs.filter(({ result }) => result !== null).length;
  const progress = progressOf({ status: shown.status, finished, planned: shown.plan.length });
  return `${progress} · ${momentText(shown.started)}`;
}

/** Which run is trained, e.g. "Run 12 of 50: original, 1,000 images, seed 2, epoch 9 of 20". */
function runText(experiment: ExperimentResult, isPaused: boolean): string {
  const runs = runViews(experiment);
  const run = currentRun(experiment, runs);
  const finished = experiment.runs.filter(({ result }) => result !== null).length;
  const place = [number(Math.min(runs.length, finished + 1)), number(runs.length)] as const;
  const at = isPaused ? l10n.t("Paused at run {0} of {1}", ...place) : l10n.t("Run {0} of {1}", ...place);
  if (run === null) return at;
  const facts = [
    dataText(run.data),
    l10n.t({ message: "{0} images", args: [sizeText(run.size)], comment: ["{0} a number, or all."] }),
    l10n.t("seed {0}", run.seed),
    ...(run.epochs === 0 ? [] : [l10n.t("epoch {0} of {1}", run.curve.length, run.epochs)]),
  ];
  return `${at}: ${facts.join(", ")}`;
}

function ExportMenu({ actions }: { readonly actions: HeaderActions }): JSX.Element {
  const entries: readonly MenuEntry[] = [
    { label: l10n.t("Table as CSV"), icon: "table", run: () => actions.export("csv") },
    { label: l10n.t("Everything as JSON"), icon: "json", run: () => actions.export("json") },
    { label: l10n.t("Charts as PNG"), icon: "file-media", run: actions.saveCharts },
    { label: l10n.t("Notebook in Keras"), icon: "notebook", run: () => actions.export("keras") },
    { label: l10n.t("Notebook in scikit-learn"), icon: "notebook", run: () => actions.export("sklearn") },
  ];
  return <MenuButton label={l10n.t("Export")} icon="export" entries={entries} />;
}
