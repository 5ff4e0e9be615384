import type { ComponentChild, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Measure, PairVerdict, SampleView } from "../../../src/protocol/report";
import { messageOf } from "../shared/connection";
import { Icon, Notice } from "../shared/Controls";
import { visible } from "../shared/format";
import type { Comparison, ComparisonStore } from "./ComparisonStore";
import { placementText, scoreText } from "./nearText";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** Up to this size a picture is drawn pixel by pixel: smoothing would hide what differs. */
const CRISP_UP_TO_PX = 64;

/** What people decided of two pictures, in words. */
export const VERDICTS: Readonly<Record<PairVerdict, { readonly icon: string; readonly text: string }>> = {
  duplicate: { icon: "check", text: "You said: duplicates" },
  different: { icon: "close", text: "You said: not duplicates" },
};

interface Props {
  readonly store: ComparisonStore;
  readonly first: SampleView;
  readonly second: SampleView;
  readonly measure: Measure;
  readonly roles: SplitRoles;
  /** What was said of the two; `undefined` leaves it to what the host knows. */
  readonly verdict: PairVerdict | null | undefined;
}

/** Two pictures, the second one turned and moved to lie on the first one, and where they differ. */
export function PairComparison({ store, first, second, measure, roles, verdict }: Props): JSX.Element {
  const key = `${first.sample} ${second.sample}`;
  const [state, setState] = useState<{ readonly key: string; readonly found: Comparison | string } | null>(null);
  useEffect(() => {
    let current = true;
    const show = (found: Comparison | string): void => {
      if (current) setState({ key, found });
    };
    store.get(first.sample, second.sample).then(show, (error: unknown) => show(messageOf(error)));
    return () => {
      current = false;
    };
  }, [store, key]);

  const found = state?.key === key ? state.found : null;
  if (typeof found === "string") return <Notice level="error">The images could not be compared: {found}</Notice>;
  const said = verdict === undefined ? (found?.nearness.verdict ?? null) : verdict;
  const placement = found === null ? "" : placementText(found.nearness);
  return (
    <div class="comparison" aria-busy={found === null}>
      <div class="comparison-pictures">
        <Laid title="First" url={found?.first} size={found}>
          <SampleFacts sample={first} roles={roles} conflict={first.label !== second.label} />
        </Laid>
        <Laid title="Second" url={found?.second} size={found}>
          <SampleFacts sample={second} roles={roles} conflict={first.label !== second.label} />
        </Laid>
        <Laid title="Difference" url={found?.difference} size={found}>
          <span class="muted">grey where they are the same</span>
        </Laid>
      </div>
      <p class="comparison-score" role="status">
        <span class="strong">{found === null ? "\u00A0" : scoreText(measure, found.nearness.score)}</span>
        {placement !== "" && <span class="muted">the second one {placement}</span>}
        {said !== null && (
          <span class={`said ${said}`}>
            <Icon name={VERDICTS[said].icon} /> {VERDICTS[said].text}
          </span>
        )}
      </p>
    </div>
  );
}

function Laid(props: {
  readonly title: string;
  readonly url: string | undefined;
  readonly size: Comparison | null;
  readonly children: ComponentChild;
}): JSX.Element {
  const { title, url, size, children } = props;
  const crisp = size !== null && Math.max(size.width, size.height) <= CRISP_UP_TO_PX;
  return (
    <figure>
      {url === "" ? (
        <span class="picture missing">
          <Icon name="circle-slash" />
        </span>
      ) : (
        <span class="picture">
          {url !== undefined && <img src={url} alt={title} draggable={false} class={crisp ? "crisp" : ""} />}
        </span>
      )}
      <figcaption>
        <span class="comparison-title">{title}</span>
        {children}
      </figcaption>
    </figure>
  );
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
            <span class="hidden">label </span>
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
