import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { GroupView, Measure, Report, ReportHost } from "../../../src/protocol/report";
import { Button, Notice } from "../shared/Controls";
import { number, plural } from "../shared/format";
import { PagedList } from "../shared/PagedList";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { useWidth } from "../shared/useWidth";
import { VirtualList, type RowRange } from "../shared/VirtualList";
import { GroupDialog } from "./GroupDialog";
import { GroupFilters } from "./GroupFilters";
import type { Keeping } from "./keeping";
import { scoreText } from "./nearText";
import { isEveryGroup, withoutNear, type GalleryCell, type GroupFilter } from "./reportView";
import { needStack, SampleCard, type SampleActions } from "./SampleCard";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** Members asked for with each group: as many as the widest page has room for. */
const MEMBERS_EACH = 12;
const CARD_WIDTH_PX = 116;
const FACTS_WIDTH_PX = 168;
const ROW_PX = 170;
/** Below this width the facts of a group stand above its pictures. */
const NARROW_PX = 560;
const NARROW_FACTS_PX = 30;
const LABEL_LINE_PX = 20;
/** What a picture of a group of similar ones says of how near it is. */
const NEAR_LINE_PX = 18;

interface Props {
  readonly host: ReportHost;
  readonly report: Report;
  /** Names the inspection: another one has other groups. */
  readonly inspection: string;
  readonly trusted: boolean;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  readonly keeping: Keeping;
  readonly filter: GroupFilter;
  readonly top: number;
  readonly cell: GalleryCell;
  readonly onFilter: (filter: GroupFilter) => void;
  readonly onTop: (top: number) => void;
  readonly onCell: (cell: GalleryCell) => void;
}

/** The groups of equal and of similar images, read page by page and drawn as far as they can be seen. */
export function Gallery(props: Props): JSX.Element {
  const { host, report, inspection, trusted, roles, store, actions, keeping, cell, onFilter, onTop, onCell } = props;
  const measure = report.near?.measure ?? null;
  // What was asked for holds again once near duplicates are searched.
  const filter = useMemo(
    () => (measure === null ? withoutNear(props.filter) : props.filter),
    [measure === null, props.filter],
  );
  const showsNear = filter.tier === "near";
  const [, redraw] = useState(0);
  const [reveal, setReveal] = useState<{ readonly row: number } | null>(null);
  const [focused, setFocused] = useState(false);
  const [opened, setOpened] = useState<{ readonly row: number; readonly group: GroupView } | null>(null);
  const range = useRef<RowRange>({ first: 0, last: 9 });
  const moveFocus = useRef(false);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);

  const filterKey = JSON.stringify(filter);
  // Groups of similar images are others at another threshold and after a decision; those of equal ones are not.
  const version = showsNear ? report : inspection;
  const reading = useMemo(
    () =>
      new PagedList<GroupView>(
        async (from, count) => {
          const page = await host.groups({ ...filter, from, count, membersEach: MEMBERS_EACH });
          return { total: page.total, items: page.groups };
        },
        () => redraw((count) => count + 1),
      ),
    [host, version, filterKey],
  );
  // While groups are counted anew, those from before stay: an empty gallery would move the page and lose its place.
  const shown = useRef({ list: reading, filterKey, inspection });
  const isSameGallery = shown.current.filterKey === filterKey && shown.current.inspection === inspection;
  if (!isSameGallery || reading.total !== null || reading.error !== null)
    shown.current = { list: reading, filterKey, inspection };
  const { list } = shown.current;
  useEffect(() => {
    reading.show(range.current.first, range.current.last);
    return () => reading.close();
  }, [reading]);

  const narrow = width < NARROW_PX;
  const stacked = needStack(report.classes);
  const rowHeight =
    ROW_PX + (narrow ? NARROW_FACTS_PX : 0) + (stacked ? LABEL_LINE_PX : 0) + (showsNear ? NEAR_LINE_PX : 0);
  const room = Math.floor((width - 32 - (narrow ? 0 : FACTS_WIDTH_PX)) / CARD_WIDTH_PX);
  const columns = Math.max(1, Math.min(MEMBERS_EACH, room));
  const total = list.total;

  /**
   * Pictures of a group that fit, and what is on the tile that takes the last place: similar ones can be compared, and of
   * those with different labels one can be chosen to stay.
   */
  const shownOf = (group: GroupView): { readonly cards: number; readonly tile: string | null } => {
    const cards = Math.min(group.members.length, columns);
    if (cards === group.size && group.worst === null && !group.conflict) return { cards, tile: null };
    const withTile = Math.max(1, Math.min(cards, columns - 1));
    const rest = group.size - withTile;
    return { cards: withTile, tile: rest > 0 ? `+ ${number(rest)} more` : group.worst === null ? "Choose" : "Compare" };
  };
  const tilesOf = (row: number): number => {
    const group = list.item(row);
    if (group === undefined) return 1;
    const { cards, tile } = shownOf(group);
    return cards + (tile === null ? 0 : 1);
  };

  const onRange = useCallback(
    (shown: RowRange) => {
      range.current = shown;
      list.show(shown.first, shown.last);
    },
    [list],
  );

  const goTo = (target: GalleryCell): void => {
    const row = Math.max(0, Math.min(target.row, (total ?? 1) - 1));
    const column = Math.max(0, Math.min(target.column, tilesOf(row) - 1));
    moveFocus.current = true;
    setReveal({ row });
    onCell({ row, column });
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const { row, column } = cell;
    const page = Math.max(1, range.current.last - range.current.first - 1);
    const targets: Readonly<Record<string, GalleryCell>> = {
      ArrowUp: { row: row - 1, column },
      ArrowDown: { row: row + 1, column },
      ArrowLeft: { row, column: column - 1 },
      ArrowRight: { row, column: column + 1 },
      PageUp: { row: row - page, column },
      PageDown: { row: row + page, column },
      Home: event.ctrlKey ? { row: 0, column: 0 } : { row, column: 0 },
      End: event.ctrlKey ? { row: (total ?? 1) - 1, column: 0 } : { row, column: MEMBERS_EACH },
    };
    const target = targets[event.key];
    if (target === undefined || event.altKey) return;
    event.preventDefault();
    goTo(target);
  };

  // After the row that the keyboard moved to is mounted, and again when its group has come.
  useLayoutEffect(() => {
    if (!moveFocus.current) return;
    const column = Math.min(cell.column, tilesOf(cell.row) - 1);
    const element = box.current?.querySelector<HTMLElement>(`[data-cell="${cell.row}-${column}"]`);
    element?.focus({ preventScroll: true });
    if (list.item(cell.row) !== undefined) moveFocus.current = false;
  });

  const tabIndexOf = (row: number, column: number): number =>
    row === cell.row && column === Math.min(cell.column, tilesOf(row) - 1) ? 0 : -1;

  return (
    <section id="groups" aria-labelledby="groups-title">
      <div class="section-head">
        <h2 id="groups-title">
          Groups of {!showsNear ? "equal" : filter.similar === true ? "similar" : "equal or similar"} images
        </h2>
        <span class="muted" role="status">
          {/* An empty line has another height, which would move the page when the number comes. */}
          {total === null ? "\u00A0" : plural(total, isEveryGroup(filter) ? "group" : "matching group")}
        </span>
      </div>
      <GroupFilters
        filter={filter}
        splits={report.splits.map((split) => split.name)}
        classes={report.classes}
        knowsNear={measure !== null}
        onChange={onFilter}
      />
      {list.error !== null && (
        <Notice
          level="error"
          actions={<Button label="Try Again" onClick={() => list.retry(range.current.first, range.current.last)} />}
        >
          The groups could not be read: {list.error}
        </Notice>
      )}
      <div class="gallery-box" ref={box}>
        {total === 0 && list.error === null && (
          <p class="nothing">{isEveryGroup(filter) ? "No two images are equal." : "No group passes these filters."}</p>
        )}
        {total === null && list.error === null && <p class="nothing">Reading the groups …</p>}
        {total !== null && total > 0 && (
          <VirtualList
            // Another filter starts at its first group.
            key={filterKey}
            count={total}
            rowHeight={rowHeight}
            keep={focused ? cell.row : null}
            initialTop={props.top}
            reveal={reveal}
            onScroll={onTop}
            onRange={onRange}
            attributes={{
              class: narrow ? "virtual gallery narrow" : "virtual gallery",
              role: "grid",
              "aria-labelledby": "groups-title",
              "aria-rowcount": total,
              onKeyDown,
              onFocusIn: () => setFocused(true),
              onFocusOut: () => setFocused(false),
            }}
            row={(index, style) => {
              const group = list.item(index);
              if (group === undefined) {
                return (
                  <div key={index} class="group" role="row" aria-rowindex={index + 1} style={style}>
                    <div role="gridcell" class="group-waiting" data-cell={`${index}-0`} tabIndex={tabIndexOf(index, 0)}>
                      <span class="hidden">Group {number(index + 1)} is being read</span>
                    </div>
                  </div>
                );
              }
              const { cards, tile } = shownOf(group);
              return (
                <div key={index} class="group" role="row" aria-rowindex={index + 1} style={style}>
                  <GroupFacts group={group} measure={measure} roles={roles} />
                  <div class="cards" role="presentation">
                    {group.members.slice(0, cards).map((sample, column) => (
                      <div key={sample.sample} role="gridcell">
                        <SampleCard
                          sample={sample}
                          roles={roles}
                          store={store}
                          actions={actions}
                          conflict={group.conflict}
                          stacked={stacked}
                          group={group.members.map((member) => member.sample)}
                          kept={keeping.kept.has(sample.sample)}
                          tabIndex={tabIndexOf(index, column)}
                          cell={`${index}-${column}`}
                          onFocus={() => onCell({ row: index, column })}
                          {...(group.worst === null || measure === null ? {} : { measure })}
                          isReference={column === 0}
                        />
                      </div>
                    ))}
                    {tile !== null && (
                      <div role="gridcell">
                        <button
                          type="button"
                          class="card rest"
                          tabIndex={tabIndexOf(index, cards)}
                          data-cell={`${index}-${cards}`}
                          onFocus={() => onCell({ row: index, column: cards })}
                          onClick={() => setOpened({ row: index, group })}
                        >
                          {tile}
                        </button>
                      </div>
                    )}
                  </div>
                </div>
              );
            }}
          />
        )}
      </div>
      {opened !== null && (
        <GroupDialog
          host={host}
          filter={filter}
          row={opened.row}
          group={opened.group}
          measure={measure}
          trusted={trusted}
          roles={roles}
          store={store}
          actions={actions}
          keeping={keeping}
          stacked={stacked}
          onClose={() => setOpened(null)}
        />
      )}
    </section>
  );
}

function GroupFacts(props: {
  readonly group: GroupView;
  readonly measure: Measure | null;
  readonly roles: SplitRoles;
}): JSX.Element {
  const { group, measure, roles } = props;
  const isSimilar = group.worst !== null && measure !== null;
  return (
    <div class="group-facts" role="rowheader">
      <span class="group-size">{plural(group.size, isSimilar ? "similar image" : "equal image")}</span>
      <span class="group-tier muted">
        {isSimilar
          ? `${scoreText(measure, group.worst)}${group.size > 2 ? " at worst" : ""}`
          : group.tier === "file"
            ? "the same file"
            : "the same pixels"}
      </span>
      <span class="group-splits">
        {group.splits.map((name) => (
          <SplitBadge key={name} name={name} roles={roles} />
        ))}
      </span>
      <span class="group-tags">
        {group.conflict && <span class="tag conflict">{plural(group.labels.length, "label")}</span>}
        {group.blank && <span class="tag">blank</span>}
      </span>
    </div>
  );
}
