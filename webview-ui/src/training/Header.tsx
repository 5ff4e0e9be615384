import type { JSX } from "preact";
import {
  experimentWork,
  momentText,
  progressOf,
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
import { leftText, sizeLabel } from "./text";

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
          <Button kind="quiet" icon="checklist" label="Open Report" onClick={actions.openReport} />
          {hasResults && <ExportMenu actions={actions} />}
          {isBusy && (
            <>
              {state.status === "training" && (
                <Button kind="quiet" icon="debug-pause" label="Pause" onClick={() => actions.setPaused(true)} />
              )}
              {state.status === "paused" && (
                <Button icon="debug-continue" label="Resume" onClick={() => actions.setPaused(false)} />
              )}
              <Button icon="debug-stop" label="Cancel" onClick={actions.cancel} />
            </>
          )}
          {resumable !== null && (
            <Button
              kind="primary"
              icon="debug-continue"
              label="Resume"
              disabled={!state.trusted}
              {...untrusted}
              onClick={() => actions.resume(resumable)}
            />
          )}
          {!isBusy && (
            <Button
              kind={experiment === null ? "primary" : "secondary"}
              icon="play"
              label={experiment === null ? "Start Training" : "Train Again"}
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
  return <ProgressBar label="Training" done={done} total={total} />;
}

function loadingTitle(loading: TrainingState["loading"]): string {
  return loading?.phase === "near" ? "Searching near duplicates" : "Reading images";
}

function statusText(state: TrainingState, shown: ExperimentResult | null): string {
  const { status, experiment, loading, secondsLeft } = state;
  if (state.inspection === "running") return "The dataset is being inspected";
  if (status === "loading") {
    const what = loadingTitle(loading);
    return loading !== null && loading.total > 0
      ? `${what}: ${number(loading.done)} of ${number(loading.total)} (${percent(loading.done / loading.total, 0)})`
      : what;
  }
  if (isActive(status) && experiment !== null) {
    const left = secondsLeft === null ? "" : ` · ${leftText(secondsLeft)}`;
    return `${status === "paused" ? "Paused at run" : "Run"} ${runText(experiment)}${left}`;
  }
  if (shown === null) return "Not trained yet";
  const finished = shown.runs.filter(({ result }) => result !== null).length;
  const progress = progressOf({ status: shown.status, finished, planned: shown.plan.length });
  return `${progress} · ${momentText(shown.started)}`;
}

/** Which run is trained, e.g. "12 of 50: original, 1,000 images, seed 2, epoch 9 of 20". */
function runText(experiment: ExperimentResult): string {
  const runs = runViews(experiment);
  const run = currentRun(experiment, runs);
  const finished = experiment.runs.filter(({ result }) => result !== null).length;
  const at = `${number(Math.min(runs.length, finished + 1))} of ${number(runs.length)}`;
  if (run === null) return at;
  const epochs = run.epochs === 0 ? "" : `, epoch ${run.curve.length} of ${run.epochs}`;
  const size = run.size === "all" ? "all" : sizeLabel(run.size);
  return `${at}: ${run.data}, ${size} images, seed ${run.seed}${epochs}`;
}

function ExportMenu({ actions }: { readonly actions: HeaderActions }): JSX.Element {
  const entries: readonly MenuEntry[] = [
    { label: "Table as CSV", icon: "table", run: () => actions.export("csv") },
    { label: "Everything as JSON", icon: "json", run: () => actions.export("json") },
    { label: "Charts as PNG", icon: "file-media", run: actions.saveCharts },
    { label: "Notebook in Keras", icon: "notebook", run: () => actions.export("keras") },
    { label: "Notebook in scikit-learn", icon: "notebook", run: () => actions.export("sklearn") },
  ];
  return <MenuButton label="Export" icon="export" entries={entries} />;
}
