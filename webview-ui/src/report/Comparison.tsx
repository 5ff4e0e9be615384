import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { scoreText, type Measure, type PairVerdict, type SampleView } from "../../../src/protocol/report";
import { messageOf } from "../shared/connection";
import { Button, Icon, Notice, Segments } from "../shared/Controls";
import { number, visible } from "../shared/format";
import type { Comparison, ComparisonStore } from "./ComparisonStore";
import { placementText } from "./nearText";
import { keyOf } from "./reviewKeys";
import { SplitBadge, type SplitRoles } from "./SplitBadge";
import { Stage, type Layer } from "./Stage";
import type { Comparing, ComparisonView } from "./useComparing";
import { LARGEST_SCALE } from "./zoom";

/** Pictures of a group that are shown at once. */
const MOST_AT_ONCE = 12;

/** What people decided of two pictures, in words. */
export const VERDICTS: Readonly<Record<PairVerdict, { readonly icon: string; readonly text: () => string }>> = {
  duplicate: { icon: "check", text: () => l10n.t("You said: duplicates") },
  different: { icon: "close", text: () => l10n.t("You said: not duplicates") },
};

const VIEWS: Readonly<Record<ComparisonView, { readonly label: () => string; readonly title: () => string }>> = {
  side: { label: () => l10n.t("Side by Side"), title: () => l10n.t("Both pictures, and where they differ") },
  divider: {
    label: () => l10n.t("Divider"),
    title: () => l10n.t("The first picture left of a divider, the second right of it"),
  },
  difference: { label: () => l10n.t("Difference"), title: () => l10n.t("Only where they differ: grey is the same") },
  all: {
    label: () => l10n.t({ message: "All", comment: ["All pictures of a group are shown."] }),
    title: () => l10n.t("All pictures of the group, laid on the first one"),
  },
};

const firstName = (): string => l10n.t({ message: "First", comment: ["The first of two pictures."] });
const secondName = (): string => l10n.t({ message: "Second", comment: ["The second of two pictures."] });

interface Props {
  readonly store: ComparisonStore;
  readonly comparing: Comparing;
  /** The views that make sense here. */
  readonly views: readonly ComparisonView[];
  readonly first: SampleView;
  readonly second: SampleView;
  /** All pictures of the group, for the view that shows them. */
  readonly all?: readonly SampleView[];
  /** How the two are near; `null` where that is not measured. */
  readonly measure: Measure | null;
  /** What is said instead of how near they are, when they are equal. */
  readonly equal?: string;
  readonly roles: SplitRoles;
  /** What was said of the two; `undefined` leaves it to what the host knows. */
  readonly verdict: PairVerdict | null | undefined;
  /** What can be done with one of the two. */
  readonly actions?: (sample: SampleView, place: "first" | "second") => ComponentChild;
}

/** Two pictures, the second one turned and moved to lie on the first one, and where they differ. */
export function PairComparison(props: Props): JSX.Element {
  const { store, comparing, views, first, second, all = [], measure, equal, roles, verdict, actions } = props;
  const found = useComparison(store, first.sample, second.sample);
  const { view, setView, zoom, setZoom } = comparing;
  const [divider, setDivider] = useState(0.5);
  if (typeof found === "string") {
    return <Notice level="error">{l10n.t("The images could not be compared: {0}", found)}</Notice>;
  }

  const said = verdict === undefined ? (found?.nearness.verdict ?? null) : verdict;
  const placement = found === null || equal !== undefined ? "" : placementText(found.nearness);
  const score = equal ?? (found === null || measure === null ? "" : scoreText(measure, found.nearness.score));
  const size = { width: found?.width ?? 0, height: found?.height ?? 0 };
  const stage = (layers: readonly Layer[], onPoint?: (at: { x: number }) => void): JSX.Element => (
    <Stage {...size} layers={layers} zoom={zoom} onZoom={setZoom} {...(onPoint === undefined ? {} : { onPoint })} />
  );
  const conflict = first.label !== second.label;
  const facts = (sample: SampleView, place: "first" | "second"): JSX.Element => (
    <figcaption>
      <span class="comparison-title">{place === "first" ? firstName() : secondName()}</span>
      <SampleFacts sample={sample} roles={roles} conflict={conflict} />
      {actions !== undefined && <span class="comparison-actions">{actions(sample, place)}</span>}
    </figcaption>
  );
  const layers = {
    first: { url: found?.first, title: firstName() },
    second: { url: found?.second, title: secondName() },
    difference: { url: found?.difference, title: l10n.t("Difference") },
  };
  return (
    <div class="comparison" aria-busy={found === null}>
      <div class="comparison-bar">
        <Segments
          label={l10n.t("How they are compared")}
          name="comparison-view"
          value={view}
          choices={views.map((value) => ({ value, label: VIEWS[value].label(), title: VIEWS[value].title() }))}
          onChange={setView}
        />
        <span class="comparison-zoom" role="group" aria-label={l10n.t("Zoom")}>
          <Button
            kind="icon"
            icon="zoom-out"
            label={l10n.t("Zoom Out")}
            keys={keyOf("zoom-out")}
            disabled={zoom.scale === 1}
            onClick={() => comparing.run("zoom-out")}
          />
          <span class="zoom-scale" role="status">{`${zoom.scale} ×`}</span>
          <Button
            kind="icon"
            icon="zoom-in"
            label={l10n.t("Zoom In")}
            keys={keyOf("zoom-in")}
            disabled={zoom.scale === LARGEST_SCALE}
            onClick={() => comparing.run("zoom-in")}
          />
        </span>
      </div>
      {view === "side" && (
        <div class="comparison-pictures">
          <figure>
            {stage([layers.first])}
            {facts(first, "first")}
          </figure>
          <figure>
            {stage([layers.second])}
            {facts(second, "second")}
          </figure>
          <figure>
            {stage([layers.difference])}
            <figcaption>
              <span class="comparison-title">{l10n.t("Difference")}</span>
              <span class="muted">{l10n.t("grey where they are the same")}</span>
            </figcaption>
          </figure>
        </div>
      )}
      {(view === "divider" || view === "difference") && (
        <div class="comparison-single">
          <div class="comparison-large">
            {view === "difference"
              ? stage([layers.difference])
              : stage([layers.first, { ...layers.second, cut: divider }], ({ x }) =>
                  setDivider(Math.max(0, Math.min(1, x + 0.5))),
                )}
            {view === "divider" && (
              <input
                type="range"
                aria-label={l10n.t("Divider")}
                min={0}
                max={100}
                value={Math.round(divider * 100)}
                onInput={(event) => setDivider(event.currentTarget.valueAsNumber / 100)}
              />
            )}
          </div>
          <div class="comparison-sides">
            <figure>{facts(first, "first")}</figure>
            <figure>{facts(second, "second")}</figure>
          </div>
        </div>
      )}
      {view === "all" && <AllPictures {...props} all={all} />}
      <p class="comparison-score" role="status">
        <span class="strong">{score === "" ? "\u00A0" : score}</span>
        {placement !== "" && <span class="muted">{l10n.t("the second one {0}", placement)}</span>}
        {said !== null && (
          <span class={`said ${said}`}>
            <Icon name={VERDICTS[said].icon} /> {VERDICTS[said].text()}
          </span>
        )}
      </p>
    </div>
  );
}

/** Every picture of a group, laid on the first one that is compared; those that are compared say so. */
function AllPictures(props: Props & { readonly all: readonly SampleView[] }): JSX.Element {
  const { store, comparing, first, second, all, roles } = props;
  const shown = all.slice(0, MOST_AT_ONCE);
  const conflict = new Set(all.map(({ label }) => label)).size > 1;
  return (
    <>
      <div class="comparison-all">
        {shown.map((sample) => (
          <OnePicture
            key={sample.sample}
            store={store}
            comparing={comparing}
            first={first}
            sample={sample}
            roles={roles}
            conflict={conflict}
            place={sample === first ? firstName() : sample === second ? secondName() : null}
          />
        ))}
      </div>
      {all.length > shown.length && (
        <p class="muted">{l10n.t("The first {0} of {1} images.", number(shown.length), number(all.length))}</p>
      )}
    </>
  );
}

function OnePicture(props: {
  readonly store: ComparisonStore;
  readonly comparing: Comparing;
  readonly first: SampleView;
  readonly sample: SampleView;
  readonly roles: SplitRoles;
  readonly conflict: boolean;
  readonly place: string | null;
}): JSX.Element {
  const { store, comparing, first, sample, roles, conflict, place } = props;
  const found = useComparison(store, first.sample, sample.sample);
  const isFound = typeof found === "object" && found !== null;
  const url = typeof found === "string" ? "" : isFound ? (sample === first ? found.first : found.second) : undefined;
  return (
    <figure>
      <Stage
        layers={[{ url, title: visible(sample.id) }]}
        width={isFound ? found.width : 0}
        height={isFound ? found.height : 0}
        zoom={comparing.zoom}
        onZoom={comparing.setZoom}
      />
      <figcaption>
        {place !== null && <span class="comparison-title">{place}</span>}
        {typeof found === "string" && <span class="muted">{found}</span>}
        <SampleFacts sample={sample} roles={roles} conflict={conflict} />
      </figcaption>
    </figure>
  );
}

/** Two pictures laid over each other: `null` until they are there, and in words why they never will be. */
function useComparison(store: ComparisonStore, first: number, second: number): Comparison | string | null {
  const key = `${first} ${second}`;
  const [state, setState] = useState<{ readonly key: string; readonly found: Comparison | string } | null>(null);
  useEffect(() => {
    let current = true;
    const show = (found: Comparison | string): void => {
      if (current) setState({ key, found });
    };
    store.get(first, second).then(show, (error: unknown) => show(messageOf(error)));
    return () => {
      current = false;
    };
  }, [store, key]);
  return state?.key === key ? state.found : null;
}

function SampleFacts(props: {
  readonly sample: SampleView;
  readonly roles: SplitRoles;
  readonly conflict: boolean;
}): JSX.Element {
  const { sample, roles, conflict } = props;
  return (
    <>
      <span class="comparison-facts">
        <SplitBadge name={sample.split} roles={roles} />
        {sample.label !== null && (
          <bdi class={conflict ? "label conflict" : "label"}>
            <span class="hidden">{l10n.t("label")} </span>
            {visible(sample.label)}
          </bdi>
        )}
        <span class="muted">
          {sample.width} × {sample.height}
        </span>
      </span>
      <bdi class="path">{visible(sample.id)}</bdi>
    </>
  );
}
