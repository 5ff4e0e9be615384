import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { LabelsHost, LabelVerdict, Suspect, SuspectPage } from "../../../src/protocol/labels";
import { counted } from "../../../src/protocol/language";
import { messageOf } from "../shared/connection";
import { Button, Notice } from "../shared/Controls";
import { number } from "../shared/format";
import { PagedList } from "../shared/PagedList";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { useWidth } from "../shared/useWidth";
import { VirtualList, type RowRange } from "../shared/VirtualList";
import { KeyHelp } from "./KeyHelp";
import type { Judging } from "./Judging";
import { isEverySuspect, type SuspectFilter } from "./labelsView";
import { SuspectCard } from "./SuspectCard";

const CARD_WIDTH_PX = 132;
const ROW_PX = 184;
const EDGE_PX = 20;
/** What a second line for long names takes; names up to this length stand beside each other. */
const LABEL_LINE_PX = 22;
const SHORT_LABEL = 5;

/** Suspects that one call answers at most. */
const MOST_AT_ONCE = 500;

interface Props {
  readonly host: LabelsHost;
  /** Names the audit: another one has other suspects. */
  readonly audit: string;
  readonly filter: SuspectFilter;
  readonly classes: readonly string[];
  readonly judging: Judging;
  readonly store: ThumbnailStore;
  readonly trusted: boolean;
  readonly top: number;
  readonly at: number;
  readonly onTop: (top: number) => void;
  readonly onAt: (at: number) => void;
  readonly onOpen: (sample: number) => void;
}

/** The suspects, the most probable first, to be judged one by one or many at a time. */
export function SuspectGrid(props: Props): JSX.Element {
  const { host, audit, filter, classes, judging, store, trusted, onTop, onAt, onOpen } = props;
  const [, redraw] = useState(0);
  const [helps, setHelps] = useState(false);
  const [reveal, setReveal] = useState<{ readonly row: number } | null>(null);
  const [selected, setSelected] = useState<ReadonlyMap<number, Suspect>>(new Map());
  const [failure, setFailure] = useState<string | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const range = useRef<RowRange>({ first: 0, last: 4 });
  const anchor = useRef(props.at);
  const moveFocus = useRef(false);

  const filterKey = JSON.stringify([audit, filter]);
  const read = useCallback(
    (from: number, count: number): Promise<SuspectPage> => host.suspects({ ...filter, from, count }),
    [host, filterKey],
  );
  const list = useMemo(
    () =>
      new PagedList<Suspect>(
        async (from, count) => {
          const { total, suspects } = await read(from, count);
          return { total, items: suspects };
        },
        () => redraw((count) => count + 1),
      ),
    [read],
  );
  useEffect(() => {
    setSelected(new Map());
    list.show(0, 49);
    return () => list.close();
  }, [list]);

  const columns = Math.max(1, Math.floor((width - EDGE_PX) / CARD_WIDTH_PX));
  const isStacked = classes.some((name) => name.length > SHORT_LABEL);
  const rowHeight = ROW_PX + (isStacked ? LABEL_LINE_PX : 0);
  const total = list.total;
  const rows = Math.ceil((total ?? 0) / columns);
  const at = Math.max(0, Math.min(props.at, (total ?? 1) - 1));
  const current = list.item(at);

  const onRange = useCallback(
    (shown: RowRange) => {
      range.current = shown;
      list.show(shown.first * columns, (shown.last + 1) * columns - 1);
    },
    [list, columns],
  );

  const goTo = (target: number): number => {
    const next = Math.max(0, Math.min(target, (total ?? 1) - 1));
    moveFocus.current = true;
    setReveal({ row: Math.floor(next / columns) });
    onAt(next);
    return next;
  };

  /** Selects everything between two places of the list, also what was not read yet. */
  const selectRange = async (from: number, to: number): Promise<void> => {
    const [first, last] = [Math.min(from, to), Math.max(from, to)];
    const found = new Map<number, Suspect>();
    try {
      for (let next = first; next <= last;) {
        const page = await read(next, Math.min(MOST_AT_ONCE, last + 1 - next));
        for (const suspect of page.suspects) found.set(suspect.sample, suspect);
        if (page.suspects.length === 0) break;
        next += page.suspects.length;
      }
      setSelected(found);
    } catch (error) {
      setFailure(messageOf(error));
    }
  };
  const toggle = (suspect: Suspect | undefined): void => {
    if (suspect === undefined) return;
    setSelected((last) => {
      const changed = new Map(last);
      if (!changed.delete(suspect.sample)) changed.set(suspect.sample, suspect);
      return changed;
    });
  };
  const judge = (verdict: LabelVerdict): void => {
    if (!trusted) return;
    setFailure(null);
    if (selected.size > 0) {
      judging.judge([...selected.values()], verdict);
      setSelected(new Map());
    } else if (current !== undefined) {
      judging.judge([current], verdict);
      anchor.current = goTo(at + 1);
    }
  };
  const undo = (): void => {
    const [sample] = judging.undo();
    for (let index = 0; sample !== undefined && index < (total ?? 0); index++) {
      if (list.item(index)?.sample !== sample) continue;
      anchor.current = goTo(index);
      break;
    }
  };

  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: at - 1,
    ArrowRight: at + 1,
    ArrowUp: at - columns,
    ArrowDown: at + columns,
    PageUp: at - columns * Math.max(1, range.current.last - range.current.first - 1),
    PageDown: at + columns * Math.max(1, range.current.last - range.current.first - 1),
    Home: 0,
    End: (total ?? 1) - 1,
  };
  const keys: Readonly<Record<string, () => void>> = {
    w: () => judge("wrong"),
    r: () => judge("right"),
    u: undo,
    Enter: () => current !== undefined && onOpen(current.sample),
    " ": () => toggle(current),
    Escape: () => setSelected(new Map()),
    "?": () => setHelps(true),
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey) return;
    const isCommand = event.ctrlKey || event.metaKey;
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const target = moves[event.key];
    if (isCommand && name === "a") void selectRange(0, (total ?? 1) - 1);
    else if (target !== undefined && !isCommand) {
      const next = goTo(target);
      if (event.shiftKey) void selectRange(anchor.current, next);
      else anchor.current = next;
    } else if (!isCommand && keys[name] !== undefined) keys[name]();
    else return;
    event.preventDefault();
  };
  const onCardClick = (event: MouseEvent, index: number, suspect: Suspect): void => {
    onAt(index);
    if (event.shiftKey) {
      void selectRange(anchor.current, index);
      return;
    }
    if (event.ctrlKey || event.metaKey) toggle(suspect);
    else setSelected(new Map());
    anchor.current = index;
  };

  // After the row that the keyboard moved to is mounted, and again when its suspect has come.
  useLayoutEffect(() => {
    if (!moveFocus.current) return;
    const element = box.current?.querySelector<HTMLElement>(`[data-index="${at}"]`);
    if (element === null || element === undefined) return;
    element.focus({ preventScroll: true });
    moveFocus.current = false;
  });

  const nothing = isEverySuspect(filter) ? l10n.t("No label looks wrong.") : l10n.t("No suspect passes these filters.");
  const error = failure ?? judging.error;
  return (
    <>
      {error !== null && <Notice level="error">{error}</Notice>}
      {list.error !== null && (
        <Notice level="error" actions={<Button label={l10n.t("Try Again")} onClick={() => list.retry(0, 49)} />}>
          {l10n.t("The suspects could not be read: {0}", list.error)}
        </Notice>
      )}
      {total !== null && total > 0 && (
        <div class="judge-bar" role="toolbar" aria-label={l10n.t("Judge")}>
          <Button keys="W" label={l10n.t("Label Is Wrong")} disabled={!trusted} onClick={() => judge("wrong")} />
          <Button keys="R" label={l10n.t("Label Is Right")} disabled={!trusted} onClick={() => judge("right")} />
          <Button kind="quiet" keys="U" label={l10n.t("Undo")} disabled={!judging.canUndo} onClick={undo} />
          <Button kind="quiet" label={l10n.t("Select All")} onClick={() => void selectRange(0, total - 1)} />
          <Button kind="icon" icon="question" label={l10n.t("Keys")} onClick={() => setHelps(true)} />
          <span class="muted" role="status">
            {selected.size > 0
              ? l10n.t("{0} selected", counted(selected.size, "image"))
              : l10n.t("{0} of {1}", number(at + 1), number(total))}
          </span>
        </div>
      )}
      <div class="gallery-box" ref={box}>
        {total === null && list.error === null && <p class="nothing">{l10n.t("Reading the suspects …")}</p>}
        {total === 0 && list.error === null && <p class="nothing boxed">{nothing}</p>}
        {total !== null && total > 0 && (
          <VirtualList
            // Another filter starts at its first suspect.
            key={filterKey}
            count={rows}
            rowHeight={rowHeight}
            keep={Math.floor(at / columns)}
            initialTop={props.top}
            reveal={reveal}
            onScroll={onTop}
            onRange={onRange}
            attributes={{
              class: isStacked ? "virtual suspects stacked" : "virtual suspects",
              role: "grid",
              "aria-label": l10n.t("Suspects"),
              "aria-rowcount": rows,
              "aria-multiselectable": true,
              onKeyDown,
            }}
            row={(row, style) => (
              <div key={row} class="suspect-row" role="row" aria-rowindex={row + 1} style={style}>
                <div
                  class="suspect-cells"
                  role="presentation"
                  style={{ gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }}
                >
                  {Array.from({ length: Math.min(columns, total - row * columns) }, (_, column) => {
                    const index = row * columns + column;
                    const suspect = list.item(index);
                    return (
                      <div key={index} role="gridcell">
                        {suspect === undefined ? (
                          <span class="suspect waiting">
                            <span class="hidden">{l10n.t("Suspect {0} is being read", number(index + 1))}</span>
                          </span>
                        ) : (
                          <SuspectCard
                            suspect={suspect}
                            verdict={judging.verdictOf(suspect)}
                            isSelected={selected.has(suspect.sample)}
                            store={store}
                            tabIndex={index === at ? 0 : -1}
                            index={index}
                            onFocus={() => index !== at && onAt(index)}
                            onClick={(event) => onCardClick(event, index, suspect)}
                            onOpen={() => onOpen(suspect.sample)}
                          />
                        )}
                      </div>
                    );
                  })}
                </div>
              </div>
            )}
          />
        )}
      </div>
      {helps && <KeyHelp onClose={() => setHelps(false)} />}
    </>
  );
}
