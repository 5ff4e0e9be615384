import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { PlanChange, PlanSummary, ReportHost, SampleView } from "../../../src/protocol/report";
import { counted } from "../../../src/protocol/language";
import { Button, Disclosure, Icon, Notice } from "../shared/Controls";
import { number, visible } from "../shared/format";
import { PagedList } from "../shared/PagedList";
import { Thumbnail } from "../shared/Thumbnail";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { VirtualList, type RowRange } from "../shared/VirtualList";
import { actionText, isChoice, REASONS } from "./removalReasons";
import type { Reviewing } from "./Reviewing";
import type { SampleActions } from "./SampleCard";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

const ROW_PX = 76;

interface Props {
  readonly host: ReportHost;
  readonly plan: PlanSummary;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  /** `null` when what stays is not to be chosen here. */
  readonly reviewing: Reviewing | null;
  readonly act: (action: Promise<void>) => Promise<void>;
}

/** Every image that leaves, moves or is to be decided, beside the equal or similar one that stays. */
export function Changes(props: Props): JSX.Element {
  const { before, after, moved } = props.plan;
  if (before === after && moved === 0) {
    return <p>{l10n.t("No image leaves or moves: the copy is equal to the original.")}</p>;
  }
  return (
    <Disclosure summary={summaryOf(props.plan)} open>
      <ChangeList {...props} />
    </Disclosure>
  );
}

/** "The 737 images that would leave, one by one", or what else a plan does with images. */
function summaryOf({ before, after, moved, undecided }: PlanSummary): string {
  const images = counted(before - after + moved, "image");
  const [leaves, moves, waits] = [before - after > undecided, moved > 0, undecided > 0];
  if (leaves && moves) {
    return waits
      ? l10n.t("The {0} that would leave, move or wait for your word, one by one", images)
      : l10n.t("The {0} that would leave or move, one by one", images);
  }
  if (leaves) {
    return waits
      ? l10n.t("The {0} that would leave or wait for your word, one by one", images)
      : l10n.t("The {0} that would leave, one by one", images);
  }
  if (moves) {
    return waits
      ? l10n.t("The {0} that would move or wait for your word, one by one", images)
      : l10n.t("The {0} that would move, one by one", images);
  }
  return l10n.t("The {0} that wait for your word, one by one", images);
}

function ChangeList({ host, plan, roles, store, actions, reviewing, act }: Props): JSX.Element {
  const [, redraw] = useState(0);
  const [active, setActive] = useState(0);
  const [reveal, setReveal] = useState<{ readonly row: number } | null>(null);
  const range = useRef<RowRange>({ first: 0, last: 9 });
  const moveFocus = useRef(false);
  const box = useRef<HTMLDivElement>(null);
  const reading = useMemo(
    () =>
      new PagedList<PlanChange>(
        async (from, count) => {
          const page = await host.changes(from, count);
          return { total: page.total, items: page.changes };
        },
        () => redraw((count) => count + 1),
      ),
    [host, plan.plan],
  );
  // A choice makes the plan anew: the list from before stays until the first page of the new one is there, so that it
  // keeps its place.
  const shown = useRef(reading);
  if (reading.total !== null || reading.error !== null) shown.current = reading;
  const list = shown.current;
  useEffect(() => {
    reading.show(range.current.first, range.current.last);
    return () => reading.close();
  }, [reading]);
  const onRange = useCallback(
    (visibleRows: RowRange) => {
      range.current = visibleRows;
      reading.show(visibleRows.first, visibleRows.last);
    },
    [reading],
  );

  const total = list.total ?? 0;
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, range.current.last - range.current.first - 1);
    const targets: Readonly<Record<string, number>> = {
      ArrowUp: active - 1,
      ArrowDown: active + 1,
      PageUp: active - page,
      PageDown: active + page,
      Home: 0,
      End: total - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const row = Math.max(0, Math.min(target, total - 1));
    moveFocus.current = true;
    setActive(row);
    setReveal({ row });
  };
  useEffect(() => {
    if (!moveFocus.current) return;
    const element = box.current?.querySelector<HTMLElement>(`[data-row="${active}"]`);
    element?.focus({ preventScroll: true });
    if (list.item(active) !== undefined) moveFocus.current = false;
  });

  if (list.error !== null) {
    return (
      <Notice level="error" actions={<Button label={l10n.t("Try Again")} onClick={() => list.retry(0, 9)} />}>
        {l10n.t("The images could not be read: {0}", list.error)}
      </Notice>
    );
  }
  if (list.total === null) return <p class="nothing">{l10n.t("Reading the plan …")}</p>;
  return (
    <div ref={box}>
      <VirtualList
        count={total}
        rowHeight={ROW_PX}
        keep={active}
        initialTop={0}
        reveal={reveal}
        onRange={onRange}
        attributes={{
          class: "virtual changes",
          role: "list",
          "aria-label": l10n.t("Images that would leave or move"),
          onKeyDown,
        }}
        row={(index, style) => {
          const change = list.item(index);
          const place = { role: "listitem", "aria-posinset": index + 1, "aria-setsize": total, style } as const;
          if (change === undefined)
            return <div key={index} class="removal waiting" {...place} data-row={index} tabIndex={-1} />;
          const { sample, twin, reason, tier, detail } = change;
          const group = twin === null || !isChoice(change) ? [] : [sample, twin];
          return (
            <div key={index} class="removal" {...place}>
              <button
                type="button"
                class="removal-open"
                data-row={index}
                tabIndex={index === active ? 0 : -1}
                onFocus={() => setActive(index)}
                onClick={() => actions.open(sample.sample)}
                onContextMenu={(event) => {
                  event.preventDefault();
                  actions.menu(sample, event.clientX, event.clientY, reviewing === null ? [] : group);
                }}
                title={l10n.t("Open {0}", visible(sample.id))}
              >
                <span class="muted removal-number">{number(index + 1)}</span>
                <span class="pair" aria-hidden="true">
                  <Picture sample={sample} store={store} fate={change.action} />
                  {twin !== null && <Picture sample={twin} store={store} fate={fateOfTwin(change)} />}
                </span>
                <span class="removal-text">
                  <span class="removal-head">
                    <SplitBadge name={sample.split} roles={roles} />
                    {sample.label !== null && <bdi class="label">{visible(sample.label)}</bdi>}
                    <bdi class="path">{visible(sample.id)}</bdi>
                    <span class={`tag action ${change.action}`}>{visible(actionText(change))}</span>
                    <span class="tag">{REASONS.find((entry) => entry.reason === reason)?.tag() ?? reason}</span>
                    {tier === "near" && (
                      <span class="tag">{l10n.t({ message: "similar", comment: ["An image to its twin."] })}</span>
                    )}
                  </span>
                  <span class="muted removal-detail">{visible(detail)}</span>
                </span>
              </button>
              {reviewing !== null && group.length > 0 && (
                <span class="removal-keep">
                  <Button
                    kind={change.action === "ask" ? "secondary" : "quiet"}
                    icon="pin"
                    label={l10n.t("Keep This One")}
                    name={l10n.t("Keep This One: {0}", visible(sample.id))}
                    tabIndex={index === active ? 0 : -1}
                    onClick={() => void act(reviewing.keepOne(sample, group))}
                  />
                </span>
              )}
            </div>
          );
        }}
      />
    </div>
  );
}

/** What becomes of one of the two pictures of a row. */
type Fate = PlanChange["action"] | "stay";

const FATE_ICONS: Readonly<Record<Fate, string>> = {
  leave: "remove",
  move: "arrow-right",
  ask: "question",
  stay: "check",
};

/** The twin stays; of a conflict it leaves too, or waits too. */
function fateOfTwin({ reason, action }: PlanChange): Fate {
  return reason === "conflict" ? action : "stay";
}

function Picture(props: {
  readonly sample: SampleView;
  readonly store: ThumbnailStore;
  readonly fate: Fate;
}): JSX.Element {
  const { sample, store, fate } = props;
  return (
    <span class={`pair-picture ${fate}`}>
      <Thumbnail store={store} sample={sample.sample} />
      <Icon name={FATE_ICONS[fate]} />
    </span>
  );
}
