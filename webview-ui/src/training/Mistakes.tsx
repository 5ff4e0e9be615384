import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { counted } from "../../../src/protocol/language";
import type { ConfusionCell, Mistake, ScoredRun, TrainingHost } from "../../../src/protocol/training";
import { Button, Icon, Notice } from "../shared/Controls";
import { baseName, percent, visible } from "../shared/format";
import { PagedList } from "../shared/PagedList";
import { Thumbnail } from "../shared/Thumbnail";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { useWidth } from "../shared/useWidth";
import { VirtualList, type RowRange } from "../shared/VirtualList";
import { takenFor } from "./text";

const CARD_WIDTH_PX = 116;
const ROW_PX = 170;
const PAGE_SIZE = 200;

interface Props {
  readonly host: TrainingHost;
  readonly scored: ScoredRun;
  readonly cell: ConfusionCell | null;
  readonly classes: readonly string[];
  readonly store: ThumbnailStore;
  readonly onEveryCell: () => void;
  readonly act: (action: Promise<void>) => void;
}

/** The images that a run got wrong, the most confident first, read page by page and drawn as far as they can be seen. */
export function Mistakes({ host, scored, cell, classes, store, onEveryCell, act }: Props): JSX.Element {
  const [, redraw] = useState(0);
  const [at, setAt] = useState(0);
  const [reveal, setReveal] = useState<{ readonly row: number } | null>(null);
  const range = useRef<RowRange>({ first: 0, last: 3 });
  const moveFocus = useRef(false);
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);

  const key = JSON.stringify([scored, cell]);
  const list = useMemo(
    () =>
      new PagedList<Mistake>(
        async (from, count) => {
          const page = await host.mistakes(scored, cell, from, count);
          return { total: page.total, items: page.mistakes };
        },
        () => redraw((count) => count + 1),
        PAGE_SIZE,
      ),
    [host, key],
  );
  const columns = Math.max(1, Math.floor((width - 16) / CARD_WIDTH_PX));
  const total = list.total;

  useEffect(() => {
    setAt(0);
    list.show(0, PAGE_SIZE - 1);
    return () => list.close();
  }, [list]);

  const onRange = useCallback(
    (shown: RowRange) => {
      range.current = shown;
      list.show(shown.first * columns, (shown.last + 1) * columns - 1);
    },
    [list, columns],
  );

  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, range.current.last - range.current.first) * columns;
    const targets: Readonly<Record<string, number>> = {
      ArrowUp: at - columns,
      ArrowDown: at + columns,
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      PageUp: at - page,
      PageDown: at + page,
      Home: 0,
      End: (total ?? 1) - 1,
    };
    const target = targets[event.key];
    if (target === undefined || event.altKey) return;
    event.preventDefault();
    const next = Math.max(0, Math.min((total ?? 1) - 1, target));
    moveFocus.current = true;
    setAt(next);
    setReveal({ row: Math.floor(next / columns) });
  };

  // After the row that the keyboard moved to is mounted, and again when its image has come.
  useLayoutEffect(() => {
    if (!moveFocus.current) return;
    box.current?.querySelector<HTMLElement>(`[data-mistake="${at}"]`)?.focus({ preventScroll: true });
    if (list.item(at) !== undefined) moveFocus.current = false;
  });

  const rows = Math.ceil((total ?? 0) / columns);
  const isChanged = list.item(0)?.sample === null;
  return (
    <section class="mistakes" aria-labelledby="mistakes-title">
      <div class="section-head">
        <h3 id="mistakes-title">{titleOf(cell, classes)}</h3>
        <span class="tools">
          <span class="muted" role="status">
            {total === null ? "\u00A0" : counted(total, "image")}
          </span>
          {cell !== null && (
            <Button kind="quiet" icon="clear-all" label={l10n.t("Show All Mistakes")} onClick={onEveryCell} />
          )}
        </span>
      </div>
      {isChanged && (
        <Notice level="info">
          {l10n.t("The dataset is no longer the one that this model was trained on, so its images cannot be shown.")}
        </Notice>
      )}
      {list.error !== null && (
        <Notice
          level="error"
          actions={<Button label={l10n.t("Try Again")} onClick={() => list.retry(0, PAGE_SIZE - 1)} />}
        >
          {l10n.t("The mistakes could not be read: {0}", list.error)}
        </Notice>
      )}
      <div ref={box}>
        {total === 0 && <p class="nothing">{l10n.t("Every one of these images is right.")}</p>}
        {total === null && list.error === null && <p class="nothing">{l10n.t("Reading the mistakes …")}</p>}
        {total !== null && total > 0 && (
          <VirtualList
            // Other images start at their first one.
            key={key}
            count={rows}
            rowHeight={ROW_PX}
            keep={Math.floor(at / columns)}
            initialTop={0}
            reveal={reveal}
            onRange={onRange}
            attributes={{
              class: rows <= 2 ? `virtual mistake-grid rows-${rows}` : "virtual mistake-grid",
              role: "grid",
              "aria-labelledby": "mistakes-title",
              "aria-rowcount": rows,
              onKeyDown,
            }}
            row={(row, style) => (
              <div key={row} class="mistake-row" role="row" aria-rowindex={row + 1} style={style}>
                {Array.from({ length: Math.min(columns, total - row * columns) }, (_, column) => {
                  const index = row * columns + column;
                  return (
                    <div key={index} role="gridcell">
                      <MistakeCard
                        mistake={list.item(index)}
                        store={store}
                        index={index}
                        tabIndex={index === at ? 0 : -1}
                        onFocus={() => setAt(index)}
                        onOpen={(sample) => act(host.openSample(sample))}
                      />
                    </div>
                  );
                })}
              </div>
            )}
          />
        )}
      </div>
    </section>
  );
}

function titleOf(cell: ConfusionCell | null, classes: readonly string[]): string {
  if (cell === null) return l10n.t("Most confidently wrong");
  return takenFor(visible(classes[cell.label] ?? ""), visible(classes[cell.predicted] ?? ""));
}

interface CardProps {
  /** Not there while its page is read. */
  readonly mistake: Mistake | undefined;
  readonly store: ThumbnailStore;
  readonly index: number;
  readonly tabIndex: number;
  readonly onFocus: () => void;
  readonly onOpen: (sample: number) => void;
}

function MistakeCard({ mistake, store, index, tabIndex, onFocus, onOpen }: CardProps): JSX.Element {
  if (mistake === undefined) {
    return (
      <div class="card mistake waiting" data-mistake={index} tabIndex={tabIndex} onFocus={onFocus}>
        <span class="hidden">{l10n.t("An image is being read")}</span>
      </div>
    );
  }
  const { sample, leaked } = mistake;
  const [id, label, predicted] = [visible(mistake.id), visible(mistake.label), visible(mistake.predicted)];
  const confidence = percent(mistake.confidence);
  const what = takenFor(label, predicted);
  const name = leaked
    ? l10n.t("{0}, {1} sure, leaked: {2}", what, confidence, id)
    : l10n.t("{0}, {1} sure: {2}", what, confidence, id);
  return (
    <button
      type="button"
      class="card mistake"
      data-mistake={index}
      tabIndex={tabIndex}
      title={name}
      aria-label={sample === null ? name : l10n.t("Open {0}", name)}
      aria-disabled={sample === null}
      onFocus={onFocus}
      onClick={() => sample !== null && onOpen(sample)}
    >
      {sample === null ? (
        <span class="picture missing">
          <Icon name="circle-slash" />
        </span>
      ) : (
        <Thumbnail store={store} sample={sample} />
      )}
      <span class="mistake-line">
        <bdi>{label}</bdi>
        <Icon name="arrow-right" />
        <bdi class="strong">{predicted}</bdi>
      </span>
      <span class="mistake-line">
        <span class="muted">{confidence}</span>
        {leaked && <span class="tag leaked">{l10n.t({ message: "leaked", comment: ["An image."] })}</span>}
      </span>
      <bdi class="card-name">{baseName(id)}</bdi>
    </button>
  );
}
