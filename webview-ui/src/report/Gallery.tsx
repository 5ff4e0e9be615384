import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { counted } from "../../../src/protocol/language";
import type { GroupChange, GroupView, MemberView, Report, ReportHost } from "../../../src/protocol/report";
import { messageOf } from "../shared/connection";
import { Button, Notice } from "../shared/Controls";
import { baseName, number, visible } from "../shared/format";
import { PagedList } from "../shared/PagedList";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { useWidth } from "../shared/useWidth";
import { VirtualList, type Reveal, type RowRange } from "../shared/VirtualList";
import { ConfirmDialog, type Question } from "./ConfirmDialog";
import { ReviewBar, Zoom } from "./GalleryBar";
import { layoutOf, MEMBERS_EACH, zoomed } from "./galleryLayout";
import { GroupDialog } from "./GroupDialog";
import { GroupFilters } from "./GroupFilters";
import { HeldGroups } from "./file/HeldGroups";
import { GroupRow, shownOf, type RowActions } from "./GroupRow";
import { ALL_GROUPS, countOf, isSelected, NO_GROUPS, toggled, type GroupSelection } from "./groupSelection";
import { useReadOnly } from "./readOnly";
import { isEveryGroup, withoutNear, type GalleryCell, type GroupFilter } from "./reportView";
import { ReviewHelp } from "./ReviewHelp";
import { firstOf, type Place, type Reviewing, type Turn } from "./Reviewing";
import { commandOf, type ReviewCommand } from "./reviewKeys";
import { needStack, type SampleActions } from "./SampleCard";
import type { SplitRoles } from "./SplitBadge";

const RESTRICTED = (): string => l10n.t("This workspace is in Restricted Mode. Trust it to keep what you decide.");

/** Groups, and samples of one group, that one call answers at most. */
const MOST_AT_ONCE = 500;
/** A turn of the wheel that zooms by one size, in pixels. */
const WHEEL_STEP_PX = 60;

interface Props {
  readonly host: ReportHost;
  readonly report: Report;
  /** Names the inspection: another one has other groups. */
  readonly inspection: string;
  readonly trusted: boolean;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  readonly reviewing: Reviewing;
  readonly filter: GroupFilter;
  readonly top: number;
  readonly cell: GalleryCell;
  /** The side of thumbnails, in pixels. */
  readonly thumbnail: number;
  readonly advances: boolean;
  /** Row to put the focus on; a new object puts it there again. */
  readonly target: { readonly row: number } | null;
  readonly onFilter: (filter: GroupFilter) => void;
  readonly onTop: (top: number) => void;
  readonly onCell: (cell: GalleryCell) => void;
  readonly onThumbnail: (size: number) => void;
  readonly onAdvances: (advances: boolean) => void;
  /** Hears why something could not be kept or read; `null` when it is tried. */
  readonly onProblem: (message: string | null) => void;
}

/** The groups of equal and of similar images, read page by page, drawn as far as they can be seen, and looked through by key. */
export function Gallery(props: Props): JSX.Element {
  const { host, report, trusted, roles, store, actions, reviewing, cell, advances, onFilter, onTop, onCell } = props;
  const measure = report.near?.measure ?? null;
  // What was asked for holds again once near duplicates are searched.
  const filter = useMemo(
    () => (measure === null ? withoutNear(props.filter) : props.filter),
    [measure === null, props.filter],
  );
  const showsNear = filter.tier === "near";
  const isReadOnly = useReadOnly() !== null;
  const filterKey = JSON.stringify(filter);
  const [reveal, setReveal] = useState<(Reveal & { readonly filterKey: string }) | null>(null);
  const [opened, setOpened] = useState<{ readonly row: number; readonly group: GroupView } | null>(null);
  const [selection, setSelection] = useState<GroupSelection>(NO_GROUPS);
  const [question, setQuestion] = useState<Question | null>(null);
  const [helps, setHelps] = useState(false);
  const [said, setSaid] = useState("");
  const range = useRef<RowRange>({ first: 0, last: 9 });
  const moveFocus = useRef(false);
  /** Somebody asked for the group that the focus goes to, and does not only find it in another place. */
  const isAsked = useRef(false);
  const anchor = useRef(cell.row);
  /** What is being read for a command; a newer command ends it. */
  const errand = useRef(0);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);

  const list = useGroups(props, filter, filterKey, range);
  const { total } = list;
  const hasLongLabels = useMemo(() => needStack(report.classes), [report.classes]);
  const layout = useMemo(
    () => layoutOf(width, props.thumbnail, { hasLongLabels, showsNear }),
    [width, props.thumbnail, hasLongLabels, showsNear],
  );

  // Groups of similar images have other numbers when they are counted anew.
  useEffect(() => setSelection(NO_GROUPS), [filterKey, props.inspection, showsNear ? report : null]);
  // What was said last is about the groups from before.
  useEffect(() => setSaid(""), [filterKey]);
  const placesOf = (row: number): number => {
    const group = list.item(row);
    return group === undefined ? 1 : shownOf(group, layout.columns).places;
  };
  const onRange = useCallback(
    (shown: RowRange) => {
      range.current = shown;
      list.show(shown.first, shown.last);
    },
    [list],
  );

  const goTo = (target: GalleryCell): number => {
    errand.current++;
    const row = Math.max(0, Math.min(target.row, (total ?? 1) - 1));
    const column = Math.max(0, Math.min(target.column, placesOf(row) - 1));
    moveFocus.current = true;
    isAsked.current = true;
    setReveal({ row, filterKey });
    onCell({ row, column });
    return row;
  };
  const moveTo = (target: GalleryCell): void => {
    anchor.current = goTo(target);
    if (selection.isPassing) setSelection(NO_GROUPS);
  };
  const onFailure = (failure: unknown): void => props.onProblem(messageOf(failure));

  const readGroups = (from: number, count: number, more: GroupFilter = {}) =>
    host.groups({ ...filter, ...more, from, count, membersEach: 1 });

  /** Goes to the next group of which nothing is said, or to the one before; from the end it goes on at the beginning. */
  const goToUndecided = (by: 1 | -1): void => {
    const end = total ?? 0;
    const known = stepThrough(cell.row + by, by > 0 ? end - 1 : 0, by, (row) => {
      const group = list.item(row);
      return group === undefined ? "unknown" : reviewing.isDecided(group) ? "no" : "yes";
    });
    if (known !== null) {
      moveTo({ row: known, column: 0 });
      return;
    }
    const mine = ++errand.current;
    findUndecided(cell.row, by, end, readGroups, reviewing).then((row) => {
      if (mine !== errand.current) return;
      if (row === null) setSaid(l10n.t("No undecided group is left here."));
      else moveTo({ row, column: 0 });
    }, onFailure);
  };

  /** Shows why nothing can be said, or says it and hears whether it was kept. */
  const say = (text: string, kept: () => Promise<void>): boolean => {
    if (!trusted) {
      setSaid(l10n.t("Nothing was kept."));
      return false;
    }
    props.onProblem(null);
    setSaid(text);
    kept().catch((failure: unknown) => {
      setSaid("");
      onFailure(failure);
    });
    return true;
  };
  const advance = (): void => {
    if (advances) goToUndecided(1);
  };
  const choose = (
    command: "keep" | "keep-too" | "drop",
    row: number,
    group: GroupView,
    member: MemberView,
    leadsOn: boolean,
  ): void => {
    const place: Place = { first: firstOf(group), row };
    const name = visible(baseName(member.id));
    const choice = command === "drop" ? "drop" : "keep";
    if (reviewing.choiceOf(member) === choice) {
      say(l10n.t("Nothing is said of {0} any more.", name), () => reviewing.choose([member], null, place));
      return;
    }
    const readAll = group.members.length === group.size ? undefined : () => readMembers(host, filter, row, group);
    const isSaid =
      command === "keep"
        ? say(l10n.t("Kept {0}.", name), () => reviewing.keepOne(member, group.members, place, readAll))
        : say(choice === "keep" ? l10n.t("Kept {0} as well.", name) : l10n.t("Dropped {0}.", name), () =>
            reviewing.choose([member], choice, place),
          );
    if (isSaid && leadsOn && command !== "keep-too") advance();
  };

  const current = list.item(cell.row);
  const selected = countOf(selection, total ?? 0);
  /** Says something of the selected groups, or of the one that the focus is in. */
  const changeGroups = (change: GroupChange): void => {
    if (selected === 0 && current === undefined) return;
    const groups = selected > 0 ? selection.groups : new Set(current === undefined ? [] : [current.group]);
    const read = list.loaded().filter((group) => groups === "all" || groups.has(group.group));
    const count = groups === "all" ? (total ?? 0) : groups.size;
    const isSimilar = groups === "all" ? showsNear : read.length < count || read.some(({ worst }) => worst !== null);
    if (change.type === "different" && !isSimilar) {
      setSaid(l10n.t("Equal images are always duplicates: only of similar ones it can be said that they are not."));
      return;
    }
    const place = current === undefined ? null : { first: firstOf(current), row: cell.row };
    const run = (): void => {
      const isSaid = say(saidOf(change, count), () =>
        reviewing.changeGroups(
          { type: "groups", filter, groups: groups === "all" ? "all" : [...groups], change },
          read,
          place,
        ),
      );
      if (!isSaid) return;
      setSelection(NO_GROUPS);
      if (selected === 0 && change.type !== "forget") advance();
    };
    if (groups === "all" && trusted) setQuestion({ ...questionOf(change, count), run });
    else run();
  };

  const turn = (command: "undo" | "redo"): void => {
    const text = command === "undo" ? reviewing.undoText : reviewing.redoText;
    if (text === null) {
      setSaid(command === "undo" ? l10n.t("There is nothing to take back.") : l10n.t("There is nothing to do again."));
      return;
    }
    const words =
      command === "undo" ? l10n.t("Taken back: {0}", visible(text)) : l10n.t("Done again: {0}", visible(text));
    let taken: Turn | null = null;
    say(words, () => {
      taken = command === "undo" ? reviewing.undo() : reviewing.redo();
      return taken.kept;
    });
    const place = (taken as Turn | null)?.place ?? null;
    const row = place === null ? null : rowOf(list, place.first, place.row);
    if (row !== null) moveTo({ row, column: cell.row === row ? cell.column : 0 });
  };

  /** Selects all groups between two rows, also those that were not read yet. */
  const selectRange = async (from: number, to: number): Promise<void> => {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    const mine = ++errand.current;
    const groups = new Set<number>();
    for (let row = first; row <= last;) {
      const known = list.item(row);
      if (known !== undefined) {
        groups.add(known.group);
        row++;
        continue;
      }
      const page = await readGroups(row, Math.min(MOST_AT_ONCE, last + 1 - row));
      if (mine !== errand.current || page.groups.length === 0) return;
      for (const { group } of page.groups) groups.add(group);
      row += page.groups.length;
    }
    if (mine === errand.current) setSelection({ groups, isPassing: false });
  };
  const extendTo = (row: number): void => void selectRange(anchor.current, row).catch(onFailure);
  const selectAll = (): void => {
    setSelection(ALL_GROUPS);
    setSaid("");
  };

  const member = current?.members.slice(0, shownOf(current, layout.columns).cards)[cell.column];
  const commands: Readonly<Partial<Record<ReviewCommand, () => void>>> = {
    next: () => moveTo({ row: cell.row + 1, column: 0 }),
    previous: () => moveTo({ row: cell.row - 1, column: 0 }),
    "next-undecided": () => goToUndecided(1),
    "previous-undecided": () => goToUndecided(-1),
    find: () => document.getElementById("group-text")?.focus(),
    keep: () => current && member && choose("keep", cell.row, current, member, true),
    "keep-too": () => current && member && choose("keep-too", cell.row, current, member, true),
    drop: () => current && member && choose("drop", cell.row, current, member, true),
    "keep-all": () => changeGroups({ type: "keep-all" }),
    different: () => changeGroups({ type: "different" }),
    forget: () => changeGroups({ type: "forget" }),
    undo: () => turn("undo"),
    redo: () => turn("redo"),
    open: () => {
      if (member !== undefined) actions.open(member.sample);
      else if (current !== undefined) setOpened({ row: cell.row, group: current });
    },
    "open-group": () => current && setOpened({ row: cell.row, group: current }),
    reveal: () => member && actions.reveal(member.sample),
    copy: () => member && actions.copy(member.id),
    select: () => current && setSelection(toggled(selection, current.group)),
    "select-all": selectAll,
    "select-none": () => setSelection(NO_GROUPS),
    "zoom-in": () => props.onThumbnail(zoomed(props.thumbnail, 1)),
    "zoom-out": () => props.onThumbnail(zoomed(props.thumbnail, -1)),
    help: () => setHelps(true),
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const target = event.altKey || event.metaKey ? undefined : moveOf(event, cell, range.current, total ?? 1);
    const run = commands[commandOf(event) ?? "skip"];
    if (target !== undefined) {
      if (event.shiftKey && target.row !== cell.row) extendTo(goTo(target));
      else moveTo(target);
    } else if (run !== undefined) run();
    else return;
    event.preventDefault();
    // The editor would do its own with it, e.g. select the text of the whole page.
    event.stopPropagation();
  };

  // Rows are drawn again only when what they show changes, so what they call does not change.
  const latest = useRef<RowActions | null>(null);
  latest.current = {
    focus: (row, column) => {
      if (row !== cell.row || column !== cell.column) onCell({ row, column });
    },
    select: (event, row, group) => {
      if (event.shiftKey) {
        extendTo(row);
        return;
      }
      errand.current++;
      anchor.current = row;
      const adds = event.ctrlKey || event.metaKey;
      setSelection(adds ? toggled(selection, group.group) : { groups: new Set([group.group]), isPassing: true });
    },
    check: (row, group) => {
      anchor.current = row;
      setSelection(
        toggled(selection.isPassing && !isSelected(selection, group.group) ? NO_GROUPS : selection, group.group),
      );
    },
    keep: (row, group, of) => choose("keep", row, group, of, false),
    drop: (row, group, of) => choose("drop", row, group, of, false),
    openGroup: (row, group) => setOpened({ row, group }),
  };
  const rowActions = useMemo<RowActions>(
    () => ({
      focus: (...all) => latest.current?.focus(...all),
      select: (...all) => latest.current?.select(...all),
      check: (...all) => latest.current?.check(...all),
      keep: (...all) => latest.current?.keep(...all),
      drop: (...all) => latest.current?.drop(...all),
      openGroup: (...all) => latest.current?.openGroup(...all),
    }),
    [],
  );

  const hadFocus = box.current?.contains(document.activeElement) === true;
  // After the row that the keyboard moved to is mounted, and again when its group has come or is another one.
  useLayoutEffect(() => {
    const isLost = hadFocus && box.current?.contains(document.activeElement) !== true;
    if (!moveFocus.current && !isLost) return;
    const column = Math.min(cell.column, placesOf(cell.row) - 1);
    const element = box.current?.querySelector<HTMLElement>(`[data-cell="${cell.row}-${column}"]`);
    element?.focus({ preventScroll: true });
    // Of the gallery itself only a part may be in view.
    if (isAsked.current) element?.scrollIntoView({ block: "nearest" });
    if (list.item(cell.row) !== undefined) {
      moveFocus.current = false;
      isAsked.current = false;
    }
  });
  // After that, as it is another cell that is focused then.
  useKeptPlace(list, cell, (row) => {
    moveFocus.current ||= hadFocus;
    setReveal({ row, insteadOf: cell.row, filterKey });
    onCell({ ...cell, row });
  });
  useWheelZoom(box, (by) => props.onThumbnail(zoomed(props.thumbnail, by)));

  const { target } = props;
  const reached = useRef<Props["target"]>(null);
  // After the effects above, which would still go to the row from before.
  useLayoutEffect(() => {
    if (target === null || target === reached.current || total === null) return;
    reached.current = target;
    goTo({ row: target.row, column: 0 });
  }, [target, total === null]);

  const all = report.duplicates[filter.tier ?? "pixel"]?.groups ?? 0;
  return (
    <section id="groups" aria-labelledby="groups-title">
      <h2 id="groups-title">{titleOf(filter)}</h2>
      <HeldGroups tier={filter.tier ?? "pixel"} />
      <GroupFilters
        filter={filter}
        splits={report.splits.map((split) => split.name)}
        classes={report.classes}
        knowsNear={measure !== null}
        onChange={onFilter}
      />
      <div class="gallery-line">
        <span class="gallery-count muted" role="status">
          {/* An empty line has another height, which would move the page when the number comes. */}
          {total === null
            ? "\u00A0"
            : isEveryGroup(filter)
              ? counted(total, "group")
              : l10n.t("{0} of {1} groups", number(total), number(Math.max(all, total)))}
        </span>
        {!isEveryGroup(filter) && (
          <Button
            kind="quiet"
            icon="clear-all"
            label={l10n.t("Clear Filters")}
            onClick={() => onFilter({ sort: filter.sort === "first" ? "first" : "size" })}
          />
        )}
        <span class="gallery-said muted">
          {!trusted && !isReadOnly && <span id="review-untrusted">{RESTRICTED()}</span>}
          {/* Heard by those who do not see what changed. */}
          <span role="status" title={said}>
            {said}
          </span>
        </span>
        <Zoom size={props.thumbnail} onSize={props.onThumbnail} />
      </div>
      {!isReadOnly && (
        <ReviewBar
          about={aboutOf(selected, selection.groups === "all", cell.row, total)}
          hasSelection={selected > 0}
          canReview={trusted}
          splits={report.splits.map((split) => split.name)}
          canBeDifferent={showsNear}
          undoText={reviewing.undoText}
          redoText={reviewing.redoText}
          advances={advances}
          onChange={changeGroups}
          onSelectAll={selectAll}
          onClear={() => setSelection(NO_GROUPS)}
          onUndo={() => turn("undo")}
          onRedo={() => turn("redo")}
          onAdvances={props.onAdvances}
          onHelp={() => setHelps(true)}
        />
      )}
      {list.error !== null && (
        <Notice
          level="error"
          actions={
            <Button label={l10n.t("Try Again")} onClick={() => list.retry(range.current.first, range.current.last)} />
          }
        >
          {l10n.t("The groups could not be read: {0}", list.error)}
        </Notice>
      )}
      <div class="gallery-box" ref={box}>
        {total === 0 && list.error === null && (
          <p class="nothing">
            {isEveryGroup(filter) ? l10n.t("No two images are equal.") : l10n.t("No group passes these filters.")}
          </p>
        )}
        {total === null && list.error === null && <p class="nothing">{l10n.t("Reading the groups …")}</p>}
        {total !== null && total > 0 && (
          <VirtualList
            // Another filter starts at its first group.
            key={filterKey}
            count={total}
            rowHeight={layout.rowHeight}
            keep={cell.row}
            initialTop={props.top}
            // A row of another filter is none of this list.
            reveal={reveal?.filterKey === filterKey ? reveal : null}
            onScroll={onTop}
            onRange={onRange}
            attributes={{
              class: ["virtual", "gallery", layout.isNarrow ? "narrow" : "", layout.isCompact ? "compact" : ""].join(
                " ",
              ),
              style: {
                "--thumbnail": `${layout.thumbnail}px`,
                "--card-width": `${layout.card.width}px`,
                "--card-height": `${layout.card.height}px`,
              },
              role: "grid",
              "aria-labelledby": "groups-title",
              "aria-rowcount": total,
              "aria-multiselectable": true,
              onKeyDown,
            }}
            row={(index, { top, height }) => {
              const group = list.item(index);
              return (
                <GroupRow
                  // What is read anew may have other rows: those that it still has stay as they are.
                  key={group === undefined ? `row ${index}` : `group ${group.group}`}
                  index={index}
                  top={String(top)}
                  height={String(height)}
                  group={group}
                  layout={layout}
                  measure={measure}
                  roles={roles}
                  store={store}
                  actions={actions}
                  rowActions={rowActions}
                  reviewing={reviewing}
                  version={reviewing.version}
                  canReview={trusted}
                  isSelected={group !== undefined && isSelected(selection, group.group)}
                  stop={index === cell.row ? cell.column : null}
                />
              );
            }}
          />
        )}
      </div>
      {opened !== null && (
        <GroupDialog
          host={host}
          filter={filter}
          total={total ?? 1}
          row={opened.row}
          group={opened.group}
          measure={measure}
          trusted={trusted}
          roles={roles}
          store={store}
          actions={actions}
          reviewing={reviewing}
          stacked={hasLongLabels}
          onClose={() => setOpened(null)}
        />
      )}
      {question !== null && <ConfirmDialog question={question} onClose={() => setQuestion(null)} />}
      {helps && <ReviewHelp onClose={() => setHelps(false)} />}
    </section>
  );
}

/** The groups that pass a filter. While they are read anew, those from before stay: an empty gallery would move the page. */
function useGroups(
  { host, report, inspection, reviewing }: Props,
  filter: GroupFilter,
  filterKey: string,
  range: { readonly current: RowRange },
): PagedList<GroupView> {
  const [, redraw] = useState(0);
  // Groups of similar images are others at another threshold and after a judgement; those of equal ones are not.
  const version = filter.tier === "near" ? report : inspection;
  const { round } = reviewing;
  const reading = useMemo(
    () =>
      new PagedList<GroupView>(
        async (from, count) => {
          const page = await host.groups({ ...filter, from, count, membersEach: MEMBERS_EACH });
          reviewing.learn(page.groups, round);
          return { total: page.total, items: page.groups };
        },
        () => redraw((count) => count + 1),
      ),
    [host, version, filterKey, round],
  );
  const shown = useRef({ list: reading, filterKey, inspection });
  const isSameGallery = shown.current.filterKey === filterKey && shown.current.inspection === inspection;
  if (!isSameGallery || reading.total !== null || reading.error !== null)
    shown.current = { list: reading, filterKey, inspection };
  useEffect(() => {
    reading.show(range.current.first, range.current.last);
    return () => reading.close();
  }, [reading]);
  return shown.current.list;
}

/** When groups were read anew, tells the row that the group of a cell has now. */
function useKeptPlace(list: PagedList<GroupView>, cell: GalleryCell, onRow: (row: number) => void): void {
  const first = useRef<{ readonly list: PagedList<GroupView>; readonly group: GroupView | undefined } | null>(null);
  useLayoutEffect(() => {
    const before = first.current;
    const group = list.item(cell.row);
    first.current = { list, group: group ?? before?.group };
    if (before === null || before.list === list || before.group === undefined) return;
    const row = rowOf(list, firstOf(before.group), cell.row);
    if (row !== null && row !== cell.row) onRow(row);
  });
}

/** Rows around which a group is looked for after others came or went. */
const NEARBY_ROWS = 100;

/** The row nearest to `from` that has the group with this first sample, as far as rows were read. */
function rowOf(list: PagedList<GroupView>, first: number, from: number): number | null {
  for (let by = 0; by <= NEARBY_ROWS; by++) {
    for (const row of [from - by, from + by]) {
      const group = list.item(row);
      if (group !== undefined && firstOf(group) === first) return row;
    }
  }
  return null;
}

/** The first row of a stretch that is meant; `null` when there is none before the first one that is not known. */
function stepThrough(
  from: number,
  to: number,
  by: 1 | -1,
  isMeant: (row: number) => "yes" | "no" | "unknown",
): number | null {
  for (let row = from; by > 0 ? row <= to : row >= to; row += by) {
    const answer = isMeant(row);
    if (answer === "yes") return row;
    if (answer === "unknown") return null;
  }
  return null;
}

/** Reads on from a row, and around the end, until a group is undecided; `null` when none is. */
async function findUndecided(
  from: number,
  by: 1 | -1,
  total: number,
  read: (
    from: number,
    count: number,
    more?: GroupFilter,
  ) => Promise<{ readonly total: number; readonly groups: readonly GroupView[] }>,
  reviewing: Reviewing,
): Promise<number | null> {
  // Reading through all groups to find none would take long.
  if ((await read(0, 1, { decided: false })).total === 0) return null;
  for (let done = 0; done < total - 1;) {
    const next = (from + by * (done + 1) + total) % total;
    const room = by > 0 ? total - next : next + 1;
    const count = Math.min(MOST_AT_ONCE, room, total - 1 - done);
    const start = by > 0 ? next : next - count + 1;
    const { groups } = await read(start, count);
    if (groups.length === 0) return null;
    const rows = groups.map((group, index) => ({ row: start + index, group }));
    const found = (by > 0 ? rows : rows.reverse()).find(({ group }) => !reviewing.isDecided(group));
    if (found !== undefined) return found.row;
    done += groups.length;
  }
  return null;
}

/** All members of a group, as many as one call answers. */
async function readMembers(
  host: ReportHost,
  filter: GroupFilter,
  row: number,
  group: GroupView,
): Promise<readonly MemberView[]> {
  const page = await host.groups({ ...filter, from: row, count: 1, membersEach: MOST_AT_ONCE });
  const whole = page.groups.find((other) => firstOf(other) === firstOf(group));
  return whole?.members ?? group.members;
}

/** Where a key moves to; `undefined` when it does not. */
function moveOf(event: KeyboardEvent, cell: GalleryCell, range: RowRange, total: number): GalleryCell | undefined {
  const { row, column } = cell;
  const page = Math.max(1, range.last - range.first - 1);
  const targets: Readonly<Record<string, GalleryCell>> = {
    ArrowUp: { row: row - 1, column },
    ArrowDown: { row: row + 1, column },
    ArrowLeft: { row, column: column - 1 },
    ArrowRight: { row, column: column + 1 },
    PageUp: { row: row - page, column },
    PageDown: { row: row + page, column },
    Home: event.ctrlKey ? { row: 0, column: 0 } : { row, column: 0 },
    End: event.ctrlKey ? { row: total - 1, column: 0 } : { row, column: MEMBERS_EACH },
  };
  return targets[event.key];
}

/** Zooms with Ctrl and the wheel, instead of zooming the whole page. */
function useWheelZoom(box: { readonly current: HTMLElement | null }, onZoom: (by: 1 | -1) => void): void {
  const zoom = useRef(onZoom);
  zoom.current = onZoom;
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    let turned = 0;
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      turned += event.deltaY;
      if (Math.abs(turned) < WHEEL_STEP_PX) return;
      zoom.current(turned < 0 ? 1 : -1);
      turned = 0;
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => element.removeEventListener("wheel", onWheel);
  }, []);
}

function titleOf({ tier, similar }: GroupFilter): string {
  if (tier !== "near") return l10n.t("Groups of equal images");
  return similar === true ? l10n.t("Groups of similar images") : l10n.t("Groups of equal or similar images");
}

/** What the buttons of the gallery are about. */
function aboutOf(selected: number, isAll: boolean, row: number, total: number | null): string {
  if (total === null || total === 0) return l10n.t("No group");
  if (isAll) return l10n.t("All {0} groups selected", number(total));
  if (selected === 0) return l10n.t("Group {0} of {1}", number(Math.min(row, total - 1) + 1), number(total));
  return selected === 1 ? l10n.t("1 group selected") : l10n.t("{0} groups selected", number(selected));
}

/** What was said of groups, in a sentence. */
function saidOf(change: GroupChange, count: number): string {
  const groups = number(count);
  const isOne = count === 1;
  switch (change.type) {
    case "keep-first":
      return isOne
        ? l10n.t("Kept the first image of the group.")
        : l10n.t("Kept the first image of each of {0} groups.", groups);
    case "keep-all":
      return isOne ? l10n.t("Kept all images of the group.") : l10n.t("Kept all images of {0} groups.", groups);
    case "drop-split": {
      const split = visible(change.split);
      return isOne
        ? l10n.t("Dropped the {0} images of the group.", split)
        : l10n.t("Dropped the {0} images of {1} groups.", split, groups);
    }
    case "different":
      return isOne
        ? l10n.t("The similar images of the group are not duplicates.")
        : l10n.t("The similar images of {0} groups are not duplicates.", groups);
    case "forget":
      return isOne
        ? l10n.t("Forgot what was said of the group.")
        : l10n.t("Forgot what was said of {0} groups.", groups);
  }
}

/** What is asked before something is said of all groups that pass the filters. */
function questionOf(change: GroupChange, count: number): Omit<Question, "run"> {
  const groups = number(count);
  const text = l10n.t("This is said of all groups that pass the filters, and it can be undone.");
  switch (change.type) {
    case "keep-first":
      return { title: l10n.t("Keep the first image of each of {0} groups?", groups), text, does: l10n.t("Keep First") };
    case "keep-all":
      return { title: l10n.t("Keep all images of {0} groups?", groups), text, does: l10n.t("Keep All") };
    case "drop-split":
      return {
        title: l10n.t("Drop the {0} images of {1} groups?", visible(change.split), groups),
        text,
        does: l10n.t("Drop"),
      };
    case "different":
      return {
        title: l10n.t("Are the similar images of {0} groups not duplicates?", groups),
        text,
        does: l10n.t("Not Duplicates"),
      };
    case "forget":
      return { title: l10n.t("Forget what was said of {0} groups?", groups), text, does: l10n.t("Forget") };
  }
}
