import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Removal, ReportHost, SampleView } from "../../../src/protocol/report";
import { Button, Disclosure, Icon, Notice } from "../shared/Controls";
import { number, plural, visible } from "../shared/format";
import { PagedList } from "../shared/PagedList";
import { Thumbnail } from "../shared/Thumbnail";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { VirtualList, type RowRange } from "../shared/VirtualList";
import { REASONS } from "./removalReasons";
import type { SampleActions } from "./SampleCard";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

const ROW_PX = 76;

interface Props {
  readonly host: ReportHost;
  readonly removed: number;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
}

/** Every image that leaves, beside the equal or similar one that stays. */
export function Removals(props: Props): JSX.Element {
  if (props.removed === 0) return <p>No image leaves: the copy is equal to the original.</p>;
  return (
    <Disclosure summary={`The ${plural(props.removed, "image")} that would leave, one by one`} open>
      <RemovalList {...props} />
    </Disclosure>
  );
}

function RemovalList({ host, roles, store, actions }: Props): JSX.Element {
  const [, redraw] = useState(0);
  const [active, setActive] = useState(0);
  const [reveal, setReveal] = useState<{ readonly row: number } | null>(null);
  const range = useRef<RowRange>({ first: 0, last: 9 });
  const moveFocus = useRef(false);
  const box = useRef<HTMLDivElement>(null);
  const list = useMemo(
    () =>
      new PagedList<Removal>(
        async (from, count) => {
          const page = await host.removals(from, count);
          return { total: page.total, items: page.removals };
        },
        () => redraw((count) => count + 1),
      ),
    [host],
  );
  useEffect(() => {
    list.show(0, 9);
    return () => list.close();
  }, [list]);
  const onRange = useCallback(
    (shown: RowRange) => {
      range.current = shown;
      list.show(shown.first, shown.last);
    },
    [list],
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
      <Notice level="error" actions={<Button label="Try Again" onClick={() => list.retry(0, 9)} />}>
        The images could not be read: {list.error}
      </Notice>
    );
  }
  if (list.total === null) return <p class="nothing">Reading the plan …</p>;
  return (
    <div ref={box}>
      <VirtualList
        count={total}
        rowHeight={ROW_PX}
        keep={null}
        initialTop={0}
        reveal={reveal}
        onRange={onRange}
        attributes={{ class: "virtual removals", role: "list", "aria-label": "Images that would leave", onKeyDown }}
        row={(index, style) => {
          const removal = list.item(index);
          const place = { role: "listitem", "aria-posinset": index + 1, "aria-setsize": total, style } as const;
          if (removal === undefined)
            return <div key={index} class="removal waiting" {...place} data-row={index} tabIndex={-1} />;
          const { sample, twin, reason, tier, detail } = removal;
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
                  actions.menu(sample, event.clientX, event.clientY);
                }}
                title={`Open ${visible(sample.id)}`}
              >
                <span class="pair" aria-hidden="true">
                  <Picture sample={sample} store={store} leaves />
                  {twin !== null && <Picture sample={twin} store={store} leaves={reason === "conflict"} />}
                </span>
                <span class="removal-text">
                  <span class="removal-head">
                    <SplitBadge name={sample.split} roles={roles} />
                    {sample.label !== null && <bdi class="label">{visible(sample.label)}</bdi>}
                    <bdi class="path">{visible(sample.id)}</bdi>
                    <span class="tag">{REASONS.find((entry) => entry.reason === reason)?.tag ?? reason}</span>
                    {tier === "near" && <span class="tag">similar</span>}
                  </span>
                  <span class="muted removal-detail">{visible(detail)}</span>
                </span>
                <span class="muted removal-number">{number(index + 1)}</span>
              </button>
            </div>
          );
        }}
      />
    </div>
  );
}

function Picture(props: {
  readonly sample: SampleView;
  readonly store: ThumbnailStore;
  readonly leaves: boolean;
}): JSX.Element {
  const { sample, store, leaves } = props;
  return (
    <span class={leaves ? "pair-picture leaves" : "pair-picture"}>
      <Thumbnail store={store} sample={sample.sample} width={sample.width} height={sample.height} />
      <Icon name={leaves ? "remove" : "check"} />
    </span>
  );
}
