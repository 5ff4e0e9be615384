import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { ReportHost, ReportPage, ReportState, Role, SampleView } from "../../../src/protocol/report";
import { messageOf, type Connection } from "../shared/connection";
import { Button, Notice } from "../shared/Controls";
import { visible } from "../shared/format";
import { Menu, type MenuEntry } from "../shared/Menu";
import { ThumbnailStore } from "../shared/ThumbnailStore";
import { Changed } from "./Changed";
import { Classes } from "./Classes";
import { Faults } from "./Faults";
import { Settings } from "./file/Settings";
import { Gallery } from "./Gallery";
import { Header } from "./Header";
import { Matrix } from "./Matrix";
import { Near } from "./Near";
import { FirstProgress, Placeholder } from "./Placeholder";
import { Quality } from "./Quality";
import { useReadOnly } from "./readOnly";
import { reportPicture } from "./reportPicture";
import { EVERY_GROUP, filterOf, restoreView, type GroupFilter, type ReportView } from "./reportView";
import { Reviewing, type Chosen } from "./Reviewing";
import { Runs } from "./Runs";
import type { SampleActions } from "./SampleCard";
import { Sanitize } from "./Sanitize";
import { rolesOf } from "./SplitBadge";
import { Splits } from "./Splits";
import { Verdict } from "./Verdict";

const SAVE_DELAY_MS = 200;
/** How long the page is held where it was while it fills. */
const SETTLE_MS = 1500;

interface OpenMenu {
  readonly sample: SampleView;
  readonly x: number;
  readonly y: number;
  /** All samples of its group that are known; with one or none there is no choice. */
  readonly group: readonly Chosen[];
}

/** The report page: what the host says, drawn; what a person does, told to the host. */
export function ReportApp({ connection }: { readonly connection: Connection<ReportHost> }): JSX.Element {
  const { host } = connection;
  const readOnly = useReadOnly();
  const [state, setState] = useState<ReportState | null>(null);
  const [view, setView] = useState(() => restoreView(connection.readView()));
  const [failure, setFailure] = useState<string | null>(null);
  const [cancelled, setCancelled] = useState(false);
  const [target, setTarget] = useState<{ readonly row: number } | null>(null);
  const [menu, setMenu] = useState<OpenMenu | null>(null);
  const cancelling = useRef(false);
  const goal = useRef<string | null>(null);
  const shown = useRef<ReportState | null>(null);
  const store = useMemo(() => new ThumbnailStore((samples) => host.thumbnails(samples)), [host]);

  /** Why something could not be kept that was said. */
  const [problem, setProblem] = useState<string | null>(null);
  const [, redraw] = useState(0);
  const reviewing = useMemo(() => new Reviewing(host, () => redraw((count) => count + 1)), [host]);

  const receive = useCallback((next: ReportState) => {
    const isSame = sameReport(shown.current, next);
    const isAtRest = next.progress === null && next.paused === null;
    // What was done before the cancelling arrived is no cancelled inspection.
    setCancelled(cancelling.current && isAtRest && next.error === null && (isSame || next.report === null));
    if (isAtRest) cancelling.current = false;
    // A plan that was just made, from the palette perhaps, is what one wants to see.
    if (shown.current?.plan === null && next.plan !== null) goal.current = "sanitize";
    shown.current = { ...next, report: isSame ? (shown.current?.report ?? null) : next.report };
    setState(shown.current);
    reviewing.receive(next.review);
  }, []);

  const topTimer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const rememberTop = useCallback((galleryTop: number) => {
    // Only when the gallery rests: the whole page would be drawn again with every step of a scroll.
    clearTimeout(topTimer.current);
    topTimer.current = setTimeout(() => setView((last) => ({ ...last, galleryTop })), SAVE_DELAY_MS);
  }, []);
  const setFilter = useCallback((filter: GroupFilter) => {
    clearTimeout(topTimer.current);
    setView((last) => ({ ...last, filter, galleryTop: 0, cell: { row: 0, column: 0 } }));
  }, []);
  const showGroups = useCallback(
    (filter: GroupFilter) => {
      setFilter(filter);
      goal.current = "groups";
    },
    [setFilter],
  );

  useEffect(() => {
    const page: ReportPage = {
      show: async (next) => receive(next),
      progress: async (progress) =>
        // What is late must not bring back what has ended.
        setState((last) => (last === null || last.progress === null ? last : { ...last, progress })),
      searchProgress: async (progress) =>
        setState((last) =>
          last === null || last.search.status !== "searching"
            ? last
            : { ...last, search: { ...last.search, progress } },
        ),
      filterGroups: async (query) => showGroups(filterOf(query)),
      showGroup: async (filter, row) => {
        showGroups(filterOf(filter));
        setTarget({ row });
      },
      showPlan: async () => {
        goal.current = "sanitize";
        // Drawn again, which goes there.
        setView((last) => ({ ...last }));
      },
      drawCharts: async () => drawCharts.current(),
    };
    const stop = connection.serve(page);
    host.ready().then(receive, (error: unknown) => setFailure(messageOf(error)));
    return stop;
  }, [connection]);

  const report = state?.report ?? null;
  // Sample numbers belong to one inspection: pictures of the one before would be wrong.
  useMemo(() => {
    store.clear();
    reviewing.clear();
  }, [store, reviewing, state?.inspection]);

  usePersistedView(connection, view, setView, report !== null);

  useLayoutEffect(() => {
    if (goal.current === null) return;
    document.getElementById(goal.current)?.scrollIntoView({ block: "start" });
    goal.current = null;
  });

  const drawCharts = useRef(async (): Promise<void> => undefined);
  drawCharts.current = async () => {
    if (report === null) return;
    const { tier, blank } = view.matrix;
    const known = tier === "near" && report.near === null ? "pixel" : tier;
    await host.saveCharts(await reportPicture({ report, plan: state?.plan ?? null, tier: known, blank }));
  };

  const act = useCallback((action: Promise<void>): Promise<void> => {
    setFailure(null);
    return action.catch((error: unknown) => setFailure(messageOf(error)));
  }, []);
  const keep = (said: Promise<void>): void => {
    setProblem(null);
    said.catch((error: unknown) => setProblem(messageOf(error)));
  };
  const cancel = (): void => {
    cancelling.current = true;
    void act(host.cancel());
  };
  const pause = (): void => void act(host.pause());
  const resume = (): void => void act(host.resume());
  const inspect = (): void => void act(host.inspect());
  const go = (section: string): void => document.getElementById(section)?.scrollIntoView({ block: "start" });

  const actions = useMemo<SampleActions>(
    () => ({
      open: (sample) => void act(host.openSample(sample)),
      reveal: (sample) => void act(host.revealSample(sample)),
      locate: (sample) => void act(host.revealInTree(sample)),
      copy: (id) => void act(host.copySampleId(id)),
      menu: (sample, x, y, group) => setMenu({ sample, x, y, group }),
    }),
    [host, act],
  );
  const closeMenu = useCallback(() => setMenu(null), []);
  const roles = useMemo(() => rolesOf(report?.splits ?? []), [report]);

  if (state === null) {
    if (failure === null) return <main class="placeholder" aria-busy="true" />;
    return <Placeholder icon="error" title={l10n.t("The report could not be opened")} text={failure} alert />;
  }
  const { verdict, progress, paused, canPause, error } = state;
  if (report === null || verdict === null) {
    if (progress !== null) {
      return (
        <FirstProgress name={state.name} progress={progress}>
          {canPause && <Button icon="debug-pause" label={l10n.t("Pause")} onClick={pause} />}
          <Button label={l10n.t("Cancel")} onClick={cancel} />
        </FirstProgress>
      );
    }
    if (paused !== null) {
      return (
        <FirstProgress name={state.name} progress={paused} isPaused>
          <Button kind="primary" icon="debug-continue" label={l10n.t("Resume")} onClick={resume} />
          <Button label={l10n.t("Cancel")} onClick={cancel} />
        </FirstProgress>
      );
    }
    const again = <Button kind="primary" icon="refresh" label={l10n.t("Try Again")} onClick={inspect} />;
    if (error !== null || failure !== null) {
      return (
        <Placeholder
          icon="error"
          title={l10n.t("{0} could not be inspected", visible(state.name))}
          text={error ?? failure ?? ""}
          alert
        >
          {again}
        </Placeholder>
      );
    }
    if (cancelled) {
      return (
        <Placeholder
          icon="circle-slash"
          title={l10n.t("Inspection cancelled")}
          text={l10n.t("Nothing was changed. Image files that were read are not read again.")}
        >
          <Button kind="primary" icon="refresh" label={l10n.t("Inspect Again")} onClick={inspect} />
        </Placeholder>
      );
    }
    return (
      <Placeholder
        icon="search"
        title={l10n.t("Nothing inspected yet")}
        text={l10n.t(
          "CleanSplit looks for images that occur in more than one split, and for labels that contradict each other.",
        )}
      >
        <Button kind="primary" icon="search" label={l10n.t("Inspect Dataset")} onClick={inspect} />
      </Placeholder>
    );
  }

  const showsPlan = readOnly === null || state.plan !== null || state.applied !== null;
  const hasFaults = report.unreadable.length + report.invalid.length > 0;
  const sections = [
    { id: "leakage", title: l10n.t("Leakage") },
    { id: "near", title: l10n.t("Near duplicates") },
    { id: "splits", title: l10n.t("Splits") },
    ...(report.classes.length > 0 ? [{ id: "classes", title: l10n.t("Classes") }] : []),
    { id: "groups", title: l10n.t("Groups") },
    ...(hasFaults
      ? [{ id: "faults", title: l10n.t({ message: "Unusable", comment: ["The section with unusable images."] }) }]
      : []),
    ...(state.quality.length > 0 ? [{ id: "quality", title: l10n.t("Quality") }] : []),
    ...(showsPlan ? [{ id: "sanitize", title: l10n.t("Sanitize") }] : []),
    ...(state.runs.length > 0 ? [{ id: "train", title: l10n.t("Training") }] : []),
  ];
  const exports: readonly MenuEntry[] = [
    { label: l10n.t("Report as HTML"), icon: "file-code", run: () => void act(host.exportReport("html")) },
    { label: l10n.t("Tables as CSV"), icon: "table", run: () => void act(host.exportReport("csv")) },
    { label: l10n.t("Everything as JSON"), icon: "json", run: () => void act(host.exportReport("json")) },
    { label: l10n.t("Charts as PNG"), icon: "file-media", run: () => void act(drawCharts.current()) },
  ];
  const train = (): void => void act(host.train());
  return (
    <>
      <Header
        state={state}
        sections={sections}
        onGo={go}
        onInspect={inspect}
        onTrain={train}
        exports={exports}
        work={{ cancel, pause, resume }}
      />
      <main class="page">
        {(error ?? failure) !== null && (
          <Notice level="error" actions={error !== null && <Button label={l10n.t("Try Again")} onClick={inspect} />}>
            {error ?? failure}
          </Notice>
        )}
        {state.datasetChanges !== null && <Changed changes={state.datasetChanges} onInspect={inspect} />}
        {cancelled && <Notice level="info">{l10n.t("Cancelled. This is the report from before.")}</Notice>}
        <Verdict verdict={verdict} report={report} onFilter={showGroups} onFaults={() => go("faults")} />
        <Matrix
          report={report}
          roles={roles}
          settings={view.matrix}
          filter={view.filter}
          onSettings={(matrix) => setView((last) => ({ ...last, matrix }))}
          onFilter={showGroups}
        />
        <Near host={host} state={state} report={report} roles={roles} act={act} onFilter={showGroups} />
        <Splits
          report={report}
          roles={roles}
          busy={progress !== null}
          onRole={(split: string, role: Role) => void act(host.setRole(split, role))}
          corrected={state.corrected}
          onUndo={(unit) => void act(host.undoCorrection(unit))}
          trusted={state.trusted}
        />
        <Classes report={report} plan={state.plan} roles={roles} />
        <Gallery
          host={host}
          report={report}
          inspection={state.inspection ?? ""}
          trusted={state.trusted}
          roles={roles}
          store={store}
          actions={actions}
          reviewing={reviewing}
          filter={view.filter}
          top={view.galleryTop}
          cell={view.cell}
          thumbnail={view.thumbnail}
          advances={view.advances}
          target={target}
          onFilter={setFilter}
          onTop={rememberTop}
          onCell={(cell) => setView((last) => ({ ...last, cell }))}
          onThumbnail={(thumbnail) => setView((last) => ({ ...last, thumbnail }))}
          onAdvances={(advances) => setView((last) => ({ ...last, advances }))}
          onProblem={setProblem}
        />
        <Faults report={report} roles={roles} onOpen={actions.open} />
        <Quality report={report} notes={state.quality} roles={roles} onOpen={actions.open} onReveal={actions.reveal} />
        {showsPlan && (
          <Sanitize
            host={host}
            state={state}
            roles={roles}
            store={store}
            actions={actions}
            reviewing={reviewing}
            view={view.plan}
            onView={(plan) => setView((last) => ({ ...last, plan }))}
            onConflicts={() => showGroups({ ...EVERY_GROUP, conflict: true })}
            act={act}
          />
        )}
        {report.classes.length > 1 && readOnly === null && (
          <section id="labels" aria-labelledby="labels-title">
            <h2 id="labels-title">{l10n.t("Labels that are probably wrong")}</h2>
            <p class="lead">
              {l10n.t(
                "A model predicts every image that it has not seen. Where it is sure of another class than the label, a look is worth it: what you judge wrong leaves sanitized copies.",
              )}
            </p>
            <div class="actions">
              <Button icon="tag" label={l10n.t("Audit Labels")} onClick={() => void act(host.auditLabels())} />
            </div>
          </section>
        )}
        {(readOnly === null || state.runs.length > 0) && (
          <section id="train" aria-labelledby="train-title">
            <h2 id="train-title">{l10n.t("What the leakage costs")}</h2>
            <p class="lead">
              {readOnly === null
                ? l10n.t(
                    "Train the same small model on the original and on the sanitized data, and compare what it scores on images it has never seen.",
                  )
                : l10n.t(
                    "The same small model was trained on the original and on the sanitized data. These are shares of test images that it predicts right.",
                  )}
            </p>
            {state.runs.length > 0 && <Runs runs={state.runs} onOpen={(run) => void act(host.openRun(run))} />}
            {readOnly === null && (
              <div class="actions">
                <Button icon="graph-line" label={l10n.t("Open Training")} onClick={train} />
              </div>
            )}
          </section>
        )}
        {readOnly !== null && <Settings snapshot={readOnly} />}
      </main>
      {/* Over the page, which it must not move under the hand. */}
      {problem !== null && (
        <div class="problem">
          <Notice
            level="error"
            actions={<Button kind="icon" icon="close" label={l10n.t("Close")} onClick={() => setProblem(null)} />}
          >
            {problem}
          </Notice>
        </div>
      )}
      {menu !== null && (
        <Menu
          label={l10n.t("Actions for {0}", visible(menu.sample.id))}
          x={menu.x}
          y={menu.y}
          onClose={closeMenu}
          entries={menuEntries(menu, state.trusted, readOnly !== null, reviewing, actions, keep)}
        />
      )}
    </>
  );
}

/** What can be done with a sample, and, where it has others that are equal or similar, what can be said of it. */
function menuEntries(
  { sample, group }: OpenMenu,
  trusted: boolean,
  isReadOnly: boolean,
  reviewing: Reviewing,
  actions: SampleActions,
  keep: (said: Promise<void>) => void,
): readonly MenuEntry[] {
  const looks: readonly MenuEntry[] = [
    { label: l10n.t("Open"), icon: "go-to-file", run: () => actions.open(sample.sample) },
    ...(isReadOnly
      ? []
      : [
          { label: l10n.t("Reveal in Explorer"), icon: "folder-opened", run: () => actions.reveal(sample.sample) },
          { label: l10n.t("Reveal in Datasets"), icon: "list-tree", run: () => actions.locate(sample.sample) },
        ]),
    { label: l10n.t("Copy Path"), icon: "copy", run: () => actions.copy(sample.id) },
  ];
  if (group.length < 2 || !trusted || isReadOnly) return looks;
  const said = reviewing.choiceOf(sample);
  return [
    ...looks,
    ...(said === "keep"
      ? []
      : [{ label: l10n.t("Keep This One"), icon: "pin", run: () => keep(reviewing.keepOne(sample, group)) }]),
    ...(said === "drop"
      ? []
      : [{ label: l10n.t("Drop This One"), icon: "trash", run: () => keep(reviewing.choose([sample], "drop")) }]),
    ...(said === null
      ? []
      : [{ label: l10n.t("Forget"), icon: "discard", run: () => keep(reviewing.choose([sample], null)) }]),
  ];
}

/** Every state carries the whole report; while it is the same inspection, the page keeps what it has read for it. */
function sameReport(last: ReportState | null, next: ReportState): boolean {
  if (last === null || last.report === null || next.report === null) return false;
  return last.report === next.report || JSON.stringify(last.report) === JSON.stringify(next.report);
}

/** Saves the view when it comes to rest, and scrolls back to where the page was once it has its report. */
function usePersistedView(
  connection: Connection<ReportHost>,
  view: ReportView,
  setView: (change: (last: ReportView) => ReportView) => void,
  shown: boolean,
): void {
  useEffect(() => {
    const timer = setTimeout(() => connection.writeView(view), SAVE_DELAY_MS);
    return () => clearTimeout(timer);
  }, [connection, view]);

  useLayoutEffect(() => {
    if (!shown) return undefined;
    // The page grows while its groups and fonts arrive, so one jump may miss; the first touch of a person ends it.
    const growth = new ResizeObserver(() => window.scrollTo(0, view.scroll));
    const stop = (): void => growth.disconnect();
    const settled = setTimeout(stop, SETTLE_MS);
    const touches = ["wheel", "keydown", "pointerdown"] as const;
    if (view.scroll > 0) {
      growth.observe(document.body);
      for (const touch of touches) window.addEventListener(touch, stop, { once: true, passive: true });
    }

    let timer: ReturnType<typeof setTimeout> | undefined;
    const onScroll = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => setView((last) => ({ ...last, scroll: window.scrollY })), SAVE_DELAY_MS);
    };
    window.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      clearTimeout(timer);
      clearTimeout(settled);
      stop();
      for (const touch of touches) window.removeEventListener(touch, stop);
      window.removeEventListener("scroll", onScroll);
    };
  }, [shown]);
}
