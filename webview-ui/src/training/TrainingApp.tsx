import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useState } from "preact/hooks";
import {
  MODELS,
  momentText,
  specText,
  type ExperimentResult,
  type ExperimentSpec,
  type ModelName,
  type TrainingHost,
  type TrainingState,
} from "../../../src/protocol/training";
import { messageOf, type Connection } from "../shared/connection";
import { Button, Icon, Notice, Segments } from "../shared/Controls";
import { visible } from "../shared/format";
import { ThumbnailStore } from "../shared/ThumbnailStore";
import { chartPicture } from "./chartPicture";
import { costCurve, epochChart, learningCurve } from "./charts";
import { Comparison } from "./Comparison";
import { draftOf, parseDraft } from "./draft";
import { Epochs } from "./Epochs";
import { Experiments } from "./Experiments";
import { Facts } from "./Facts";
import { Header, isActive, type HeaderActions } from "./Header";
import { runViews } from "./history";
import { LearningCurve } from "./LearningCurve";
import { RunSection } from "./RunSection";
import { SizesTable } from "./SizesTable";
import { SpecForm } from "./SpecForm";
import { capital } from "./text";
import { useThemeColors, type ThemeColors } from "../shared/themeColors";
import { restoreView, type TrainingView } from "./trainingView";
import { useAnswer } from "./useAnswer";
import { useTrainingState } from "./useTrainingState";
import { Verdict } from "./Verdict";

/** The training page: a state, and the deltas that follow it. */
export function TrainingApp({ connection }: { readonly connection: Connection<TrainingHost> }): JSX.Element {
  const { host } = connection;
  const [view, setView] = useState(() => restoreView(connection.readView()));
  const change = useCallback((part: Partial<TrainingView>) => setView((last) => ({ ...last, ...part })), []);
  const open = useCallback((experiment: string | null) => {
    change({ opened: experiment });
    window.scrollTo(0, 0);
  }, []);
  const { state, failure, setFailure } = useTrainingState(connection, open);
  const isShown = state !== null;

  useEffect(() => connection.writeView(view), [connection, view]);
  useLayoutEffect(() => {
    if (!isShown) return undefined;
    window.scrollTo(0, view.scroll);
    const onScroll = (): void => change({ scroll: window.scrollY });
    window.addEventListener("scrollend", onScroll);
    return () => window.removeEventListener("scrollend", onScroll);
  }, [isShown]);

  const act = useCallback((action: Promise<void>) => {
    setFailure(null);
    action.catch((error: unknown) => setFailure(messageOf(error)));
  }, []);

  if (state !== null) {
    return <Page state={state} host={host} view={view} change={change} open={open} failure={failure} act={act} />;
  }
  if (failure === null) return <main class="placeholder" aria-busy="true" />;
  return (
    <main class="placeholder">
      <Icon name="error" class="placeholder-icon" />
      <div role="alert">
        <h1>{l10n.t("The training could not be opened")}</h1>
        <p class="lead">{failure}</p>
      </div>
    </main>
  );
}

interface PageProps {
  readonly state: TrainingState;
  readonly host: TrainingHost;
  readonly view: TrainingView;
  readonly change: (part: Partial<TrainingView>) => void;
  readonly open: (experiment: string | null) => void;
  readonly failure: string | null;
  readonly act: (action: Promise<void>) => void;
}

function Page({ state, host, view, change, open, failure, act }: PageProps): JSX.Element {
  const colors = useThemeColors();
  const store = useMemo(() => new ThumbnailStore((samples) => host.thumbnails(samples)), [host]);
  useEffect(() => () => store.clear(), [store]);

  const live = state.experiment;
  const opened = view.opened === null || view.opened === live?.experiment ? null : view.opened;
  const kept = useAnswer(opened, () => host.experiment(opened ?? ""));
  const experiment = opened === null ? live : kept.value?.experiment === opened ? kept.value : null;
  const models = experiment?.spec.models ?? [];
  const model = models.find((name) => name === view.model) ?? models[0];

  const draft = view.draft ?? draftOf(state.next);
  const { spec } = parseDraft(draft);
  const start = (settings: ExperimentSpec): void => {
    change({ opened: null, draft: null });
    act(host.start(settings));
  };
  const actions: HeaderActions = {
    start: () => spec !== null && start(spec),
    resume: (id) => {
      change({ opened: null });
      act(host.resume(id));
    },
    setPaused: (paused) => act(host.setPaused(paused)),
    cancel: () => act(host.cancel()),
    openReport: () => act(host.openReport()),
    export: (format) => experiment !== null && act(host.exportExperiment(experiment.experiment, format)),
    saveCharts: () => {
      if (experiment !== null && model !== undefined) act(saveCharts(host, experiment, model, view, colors));
    },
  };
  // Those that were deleted meanwhile cannot be compared.
  const compared = view.compared.filter((id) => state.kept.some((summary) => summary.experiment === id));
  const error = failure ?? state.error ?? experiment?.error ?? null;
  return (
    <>
      <Header state={state} experiment={experiment} canStart={spec !== null} actions={actions} />
      <main class="page">
        {error !== null && <Notice level="error">{error}</Notice>}
        {opened !== null && (
          <Notice
            level={kept.error === null ? "info" : "error"}
            actions={<Button label={l10n.t("Show the Newest")} onClick={() => open(null)} />}
          >
            {kept.error !== null
              ? l10n.t("The experiment could not be read: {0}", kept.error)
              : experiment === null
                ? l10n.t("Reading the experiment …")
                : l10n.t("This is the experiment of {0}.", momentText(experiment.started))}
          </Notice>
        )}
        {opened === null && experiment === null && (
          <Intro state={state} spec={spec} onInspect={() => act(host.inspect())} />
        )}
        {experiment?.status === "interrupted" && opened === null && (
          <Notice level="warning">
            {l10n.t("The training was interrupted. What finished is kept; Resume goes on with the other runs.")}
          </Notice>
        )}
        {experiment !== null && !state.trusted && <Untrusted />}
        {experiment !== null && model !== undefined && (
          <Results {...{ state, host, view, change, experiment, model, colors, store, act }} />
        )}
        <SpecForm
          draft={draft}
          onDraft={(next) => change({ draft: next })}
          available={live?.samples.train ?? null}
          isBusy={isActive(state.status)}
          trusted={state.trusted}
          onStart={start}
        />
        {state.kept.length > 0 && (
          <Experiments
            kept={state.kept}
            shown={experiment?.experiment ?? null}
            isBusy={isActive(state.status)}
            trusted={state.trusted}
            compared={compared}
            onCompared={(next) => change({ compared: next })}
            onOpen={open}
            onResume={actions.resume}
            onForget={(id) => {
              if (id === view.opened) change({ opened: null });
              act(host.forget(id));
            }}
          />
        )}
        {compared.length > 1 && (
          <Comparison
            host={host}
            compared={compared}
            live={live}
            model={model ?? "softmax"}
            colors={colors}
            asTable={view.tables}
            onEnd={() => change({ compared: [] })}
          />
        )}
      </main>
    </>
  );
}

interface ResultsProps extends Pick<PageProps, "state" | "host" | "view" | "change" | "act"> {
  readonly experiment: ExperimentResult;
  readonly model: ModelName;
  readonly colors: ThemeColors;
  readonly store: ThumbnailStore;
}

/** Everything about one experiment and one of its models. */
function Results(props: ResultsProps): JSX.Element {
  const { host, view, change, experiment, model, colors, store, act } = props;
  const { models } = experiment.spec;
  const shared = { experiment, model, colors, asTable: view.tables };
  return (
    <>
      {models.length > 1 && (
        <div class="tools model-tabs">
          <Segments<ModelName>
            label={l10n.t("Model")}
            name="model"
            value={model}
            choices={models.map((name) => ({ value: name, label: MODELS[name].title, title: MODELS[name].sentence() }))}
            onChange={(chosen) => change({ model: chosen })}
          />
        </div>
      )}
      <Verdict experiment={experiment} model={model} />
      <LearningCurve
        {...shared}
        set={view.set}
        onSet={(set) => change({ set })}
        onTables={(tables) => change({ tables })}
      />
      <Epochs {...shared} size={view.size} seed={view.seed} onChoose={change} />
      <SizesTable experiment={experiment} model={model} />
      <RunSection
        {...shared}
        host={host}
        store={store}
        choice={view.run}
        onChoice={(run) => change({ run })}
        act={act}
      />
      <Facts experiment={experiment} model={model} />
    </>
  );
}

/** The charts of the page in one picture. */
async function saveCharts(
  host: TrainingHost,
  experiment: ExperimentResult,
  model: ModelName,
  view: TrainingView,
  colors: ThemeColors,
): Promise<void> {
  const runs = runViews(experiment).filter((run) => run.model === model);
  const largest = runs.findLast((run) => run.curve.length > 0);
  const epochs = runs.filter((run) => String(run.size) === (view.size ?? String(largest?.size)));
  const cost = costCurve(experiment, model);
  const charts = [
    learningCurve(experiment, model, view.set),
    ...(cost === null ? [] : [cost]),
    ...(largest === undefined ? [] : [epochChart(epochs, "loss"), epochChart(epochs, "accuracy")]),
  ];
  const title = `${visible(experiment.dataset.name)}: ${MODELS[model].title}`;
  await host.saveChart(await chartPicture(title, charts, colors));
}

function Intro(props: {
  readonly state: TrainingState;
  readonly spec: ExperimentSpec | null;
  readonly onInspect: () => void;
}): JSX.Element {
  const { state, spec, onInspect } = props;
  return (
    <section class="intro">
      <h2>{l10n.t("What does the leakage cost?")}</h2>
      <p class="lead">
        {l10n.t(
          "Models are trained on the data as they are and on the sanitized data, and scored on the same test images: with the leaked ones, without them, and on them alone. That tells what was memorised from what is only easier.",
        )}
      </p>
      {spec !== null && <p class="lead">{capital(specText(spec))}.</p>}
      {state.inspection === "none" && (
        <div class="actions">
          <Button icon="search" label={l10n.t("Inspect Dataset")} onClick={onInspect} />
          <span class="muted">{l10n.t("Experiments that are kept are found when the dataset is inspected.")}</span>
        </div>
      )}
      {!state.trusted && <Untrusted />}
    </section>
  );
}

function Untrusted(): JSX.Element {
  return (
    <p id="untrusted" class="muted">
      {l10n.t("This workspace is in Restricted Mode. Trust it to train.")}
    </p>
  );
}
