import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { TrainingHost, TrainingPage, TrainingState, TrainingDelta } from "../../../src/protocol/training";
import { messageOf, type Connection } from "../shared/connection";
import { Button, Icon, Notice, Segments, Toggle } from "../shared/Controls";
import { number, percent, sentenceList, visible } from "../shared/format";
import { ProgressBar } from "../shared/ProgressBar";
import { epochChart, learningCurve, sizeText, type ScoredOn } from "./charts";
import { afterDelta, currentRun, epochProgress } from "./history";
import { LineChart } from "./LineChart";
import { Results } from "./Results";
import { useThemeColors } from "./themeColors";

/** What the page remembers while it is hidden. */
interface TrainingView {
  readonly version: 1;
  readonly scroll: number;
  /** Chosen size as text; `null` follows the run that is being trained. */
  readonly size: string | null;
  readonly scoredOn: ScoredOn;
  readonly tables: boolean;
}

const FIRST_VIEW: TrainingView = { version: 1, scroll: 0, size: null, scoredOn: "test", tables: false };

function restoreView(saved: unknown): TrainingView {
  const known =
    typeof saved === "object" && saved !== null && "version" in saved && saved.version === FIRST_VIEW.version;
  return known ? { ...FIRST_VIEW, ...(saved as Partial<TrainingView>) } : FIRST_VIEW;
}

/** The training page: a state, and the deltas that follow it. */
export function TrainingApp({ connection }: { readonly connection: Connection<TrainingHost> }): JSX.Element {
  const { host } = connection;
  const { state, failure, setFailure } = useTrainingState(connection);
  const [view, setView] = useState(() => restoreView(connection.readView()));
  const colors = useThemeColors();
  const shown = state !== null;

  useEffect(() => connection.writeView(view), [connection, view]);
  useLayoutEffect(() => {
    if (!shown) return undefined;
    window.scrollTo(0, view.scroll);
    const onScroll = (): void => setView((last) => ({ ...last, scroll: window.scrollY }));
    window.addEventListener("scrollend", onScroll);
    return () => window.removeEventListener("scrollend", onScroll);
  }, [shown]);

  const act = useCallback((action: Promise<void>) => {
    setFailure(null);
    action.catch((error: unknown) => setFailure(messageOf(error)));
  }, []);

  if (state === null) {
    if (failure === null) return <main class="placeholder" aria-busy="true" />;
    return (
      <main class="placeholder">
        <Icon name="error" class="placeholder-icon" />
        <div role="alert">
          <h1>The training could not be opened</h1>
          <p class="lead">{failure}</p>
        </div>
      </main>
    );
  }

  const sizes = [...new Set(state.runs.map((run) => run.size))];
  const current = currentRun(state);
  const followed = String(current?.size ?? sizes.at(-1) ?? "all");
  const size = sizes.some((known) => String(known) === view.size) ? (view.size ?? followed) : followed;
  const chosenRuns = state.runs.filter((run) => String(run.size) === size);
  const hasRuns = state.runs.length > 0;
  const error = state.error ?? failure;
  const chart = { colors, asTable: view.tables };
  return (
    <>
      <TrainingHeader state={state} host={host} act={act} />
      <main class="page">
        {error !== null && <Notice level="error">{error}</Notice>}
        {state.verdict !== null && (
          <section class="cost" aria-label="Verdict">
            <h2>{state.verdict}</h2>
          </section>
        )}
        {!hasRuns && <Intro state={state} />}
        <Facts state={state} />
        {hasRuns && (
          <>
            <section aria-labelledby="epochs-title">
              <div class="section-head">
                <h2 id="epochs-title">Epoch by epoch</h2>
                <span class="tools">
                  <Toggle
                    label="Show as table"
                    checked={view.tables}
                    onChange={(tables) => setView((last) => ({ ...last, tables }))}
                  />
                </span>
              </div>
              <div class="tools">
                <Segments
                  label="Training images"
                  name="size"
                  value={size}
                  choices={sizes.map((known) => ({ value: String(known), label: sizeText(known) }))}
                  onChange={(chosen) => setView((last) => ({ ...last, size: chosen }))}
                />
                {view.size !== null && current !== undefined && (
                  <Button
                    kind="quiet"
                    icon="debug-continue"
                    label="Follow the Running Size"
                    onClick={() => setView((last) => ({ ...last, size: null }))}
                  />
                )}
              </div>
              <div class="charts">
                <LineChart {...epochChart(chosenRuns, "loss")} {...chart} />
                <LineChart {...epochChart(chosenRuns, "accuracy")} {...chart} />
              </div>
            </section>
            <section aria-labelledby="curve-title">
              <h2 id="curve-title">What more data brings</h2>
              <div class="tools">
                <Segments<ScoredOn>
                  label="Scored on"
                  name="scored-on"
                  value={view.scoredOn}
                  choices={[
                    { value: "test", label: "Own test split" },
                    { value: "clean", label: "Clean part", title: "Test images that occur in no other split" },
                    { value: "leaked", label: "Leaked part", title: "Test images that also occur in another split" },
                  ]}
                  onChange={(scoredOn) => setView((last) => ({ ...last, scoredOn }))}
                />
              </div>
              <div class="charts wide">
                <LineChart {...learningCurve(state.runs, view.scoredOn)} {...chart} />
              </div>
            </section>
            <Results state={state} />
          </>
        )}
      </main>
    </>
  );
}

function TrainingHeader(props: {
  readonly state: TrainingState;
  readonly host: TrainingHost;
  readonly act: (action: Promise<void>) => void;
}): JSX.Element {
  const { state, host, act } = props;
  const isBusy = state.status === "loading" || state.status === "training";
  const progress = state.status === "loading" ? (state.loading ?? { done: 0, total: 0 }) : epochProgress(state);
  return (
    <header class="header">
      <div class="header-line">
        <h1 title={visible(state.name)}>
          <bdi>{visible(state.name)}</bdi>
        </h1>
        <span class="status" role="status">
          {statusText(state)}
        </span>
        <span class="header-actions">
          <Button kind="quiet" icon="checklist" label="Open Report" onClick={() => act(host.openReport())} />
          {isBusy ? (
            <Button icon="debug-stop" label="Cancel" onClick={() => act(host.cancel())} />
          ) : (
            <Button
              kind={state.runs.length > 0 ? "secondary" : "primary"}
              icon="play"
              label={state.runs.length > 0 ? "Train Again" : "Start Training"}
              disabled={!state.trusted}
              {...(state.trusted ? {} : { describedBy: "untrusted" })}
              onClick={() => act(host.start())}
            />
          )}
        </span>
      </div>
      {isBusy && <ProgressBar label={statusText(state)} done={progress.done} total={progress.total} />}
    </header>
  );
}

function statusText(state: TrainingState): string {
  switch (state.status) {
    case "idle":
      return "Not trained yet";
    case "loading": {
      const { done, total } = state.loading ?? { done: 0, total: 0 };
      return total > 0
        ? `Reading images: ${number(done)} of ${number(total)} (${percent(done / total, 0)})`
        : "Reading images";
    }
    case "training": {
      const run = currentRun(state);
      if (run === undefined) return "Training";
      const at = state.runs.indexOf(run) + 1;
      return `Run ${at} of ${state.runs.length}: ${run.data}, ${number(run.trained)} images, epoch ${run.scores.length} of ${run.epochs}`;
    }
    case "done":
      return "Done";
    case "cancelled":
      return "Cancelled";
    case "failed":
      return "Failed";
  }
}

function Intro({ state }: { readonly state: TrainingState }): JSX.Element {
  const { sizes, data, epochs } = state.spec;
  return (
    <section class="intro">
      <h2>What does the leakage cost?</h2>
      <p class="lead">
        A softmax regression is trained {number(sizes.length * data.length)} times, for {number(epochs)} epochs each: on{" "}
        {data.join(" and on ")} data, with {sentenceList(sizes.map((size) => (size === "all" ? "all" : number(size))))}{" "}
        images. A score that only holds on the original data was earned by leakage.
      </p>
      {!state.trusted && (
        <p id="untrusted" class="muted">
          This workspace is in Restricted Mode. Trust it to train.
        </p>
      )}
    </section>
  );
}

function Facts({ state }: { readonly state: TrainingState }): JSX.Element {
  const { backend, features, spec } = state;
  // Which one it is, and after that why no better one.
  const [name, ...why] = backend?.reason.split("; ") ?? [];
  return (
    <dl class="facts">
      {backend !== null && (
        <div>
          <dt>Back end</dt>
          <dd>
            {name} <span class="muted">{why.join("; ")}</span>
          </dd>
        </div>
      )}
      {features !== null && (
        <div>
          <dt>Features</dt>
          <dd>{features}</dd>
        </div>
      )}
      <div>
        <dt>Recipe</dt>
        <dd>
          Softmax regression, SGD {spec.learningRate}, batches of {number(spec.batchSize)}, {number(spec.epochs)}{" "}
          epochs, seed {spec.seed}
        </dd>
      </div>
    </dl>
  );
}

/** Asks for the state, applies the deltas that follow, and asks again when some are missing. */
function useTrainingState(connection: Connection<TrainingHost>): {
  readonly state: TrainingState | null;
  readonly failure: string | null;
  readonly setFailure: (failure: string | null) => void;
} {
  const [state, setState] = useState<TrainingState | null>(null);
  const [failure, setFailure] = useState<string | null>(null);
  const known = useRef<TrainingState | null>(null);

  useEffect(() => {
    let closed = false;
    let asking = false;
    // Deltas that come while the state is under way may be newer than it: they are applied after it.
    let waiting: TrainingDelta[] = [];

    const keep = (next: TrainingState): void => {
      known.current = next;
      setState(next);
    };
    const ask = async (): Promise<void> => {
      asking = true;
      try {
        const answer = await connection.host.ready();
        if (closed) return;
        asking = false;
        keep(answer);
        const late = waiting;
        waiting = [];
        for (const delta of late) apply(delta);
      } catch (error) {
        asking = false;
        if (!closed) setFailure(messageOf(error));
      }
    };
    const apply = (delta: TrainingDelta): void => {
      if (asking || known.current === null) {
        waiting.push(delta);
        return;
      }
      const next = afterDelta(known.current, delta);
      if (next !== null) keep(next);
      else void ask();
    };

    const page: TrainingPage = { change: async (delta) => apply(delta) };
    const stop = connection.serve(page);
    void ask();
    return () => {
      closed = true;
      stop();
    };
  }, [connection]);

  return { state, failure, setFailure };
}
