import type { ComponentChild, CSSProperties, HTMLAttributes, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** Browsers cut an element off at about 33 million device pixels; beyond this the scroll bar is scaled instead. */
const LARGEST_HEIGHT_PX = 30_000_000;
/** Rows mounted above and below what is visible, so that a small scroll shows no gap. */
const OVERSCAN = 3;

/** What is visible, in rows; `last` is included. */
export interface RowRange {
  readonly first: number;
  readonly last: number;
}

/** A row to go to. */
export interface Reveal {
  readonly row: number;
  /** It comes to where this row was, as it is the same one with another number; else it comes just into view. */
  readonly insteadOf?: number;
}

interface Props {
  readonly count: number;
  readonly rowHeight: number;
  /** The row that has the focus or gets it by the Tab key: it stays mounted wherever the list is scrolled to. */
  readonly keep: number;
  readonly initialTop: number;
  /** Row to bring into view; a new object brings it there again. */
  readonly reveal: Reveal | null;
  readonly onScroll?: (top: number) => void;
  readonly onRange: (range: RowRange) => void;
  readonly row: (index: number, style: CSSProperties) => ComponentChild;
  readonly attributes: HTMLAttributes<HTMLDivElement>;
}

/** Where rows are in the scroll box. A scroll position counts as `scale` pixels of the rows. */
interface Geometry {
  readonly count: number;
  readonly rowHeight: number;
  readonly height: number;
  readonly realHeight: number;
  readonly scale: number;
}

/** A list of rows of one height in a scroll box of its own, which mounts only what can be seen. */
export function VirtualList(props: Props): JSX.Element {
  const { count, rowHeight, keep, initialTop, reveal, onScroll, onRange, row, attributes } = props;
  const box = useRef<HTMLDivElement>(null);
  /** Where the box is scrolled to; `top` is where it was when rows were drawn last. */
  const live = useRef(initialTop);
  const [top, setTop] = useState(initialTop);
  const [height, setHeight] = useState(600);
  const geometry = geometryOf(count, rowHeight, height);
  const before = useRef(geometry);
  const { realHeight, scale } = geometry;
  const { first, last } = rangeOf(geometry, top);
  const virtualTop = virtualTopOf(geometry, top);

  const scrollTo = (element: HTMLElement, wanted: number): void => {
    element.scrollTop = wanted / scale;
    live.current = element.scrollTop;
    setTop(element.scrollTop);
  };

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    element.scrollTop = initialTop;
    live.current = element.scrollTop;
    setTop(element.scrollTop);
    setHeight(element.clientHeight);
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
    // The first position only: afterwards the person scrolls.
  }, []);

  // Rows of another height: what was looked at stays where it was, the focus if it was in view, else the first row.
  useLayoutEffect(() => {
    const element = box.current;
    const old = before.current;
    before.current = geometry;
    if (element === null || old.rowHeight === rowHeight) return;
    const oldTop = virtualTopOf(old, live.current);
    const isKept = keep * old.rowHeight >= oldTop && (keep + 1) * old.rowHeight <= oldTop + old.height;
    if (isKept) scrollTo(element, keep * rowHeight - (keep * old.rowHeight - oldTop));
    else scrollTo(element, (oldTop / old.rowHeight) * rowHeight);
  });

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || reveal === null) return;
    const from = virtualTopOf(geometry, live.current);
    const rowTop = reveal.row * rowHeight;
    if (reveal.insteadOf !== undefined) {
      scrollTo(element, Math.max(0, from + (reveal.row - reveal.insteadOf) * rowHeight));
      return;
    }
    if (rowTop >= from && rowTop + rowHeight <= from + height) return;
    scrollTo(element, rowTop < from ? rowTop : rowTop + rowHeight - height);
  }, [reveal]);

  useEffect(() => onRange({ first, last }), [first, last, onRange]);

  const rows: number[] = [];
  for (let index = Math.max(0, first - OVERSCAN); index <= Math.min(count - 1, last + OVERSCAN); index++)
    rows.push(index);
  if (keep < count && !rows.includes(keep)) rows.push(keep);

  return (
    <div
      {...attributes}
      ref={box}
      onScroll={(event) => {
        live.current = event.currentTarget.scrollTop;
        onScroll?.(live.current);
        // Rows have their places: only what comes into view is to be drawn, unless the scroll bar is scaled.
        const next = rangeOf(geometry, live.current);
        if (scale !== 1 || next.first !== first || next.last !== last) setTop(live.current);
      }}
    >
      <div class="virtual-rows" role="presentation" style={{ height: `${realHeight}px` }}>
        {rows.map((index) =>
          row(index, {
            height: `${rowHeight}px`,
            top: `${scale === 1 ? index * rowHeight : top + index * rowHeight - virtualTop}px`,
          }),
        )}
      </div>
    </div>
  );
}

function geometryOf(count: number, rowHeight: number, height: number): Geometry {
  const virtualHeight = count * rowHeight;
  const realHeight = Math.min(virtualHeight, LARGEST_HEIGHT_PX / Math.max(1, window.devicePixelRatio));
  const scale = realHeight < virtualHeight ? (virtualHeight - height) / Math.max(1, realHeight - height) : 1;
  return { count, rowHeight, height, realHeight, scale };
}

function virtualTopOf({ count, rowHeight, height, scale }: Geometry, top: number): number {
  return Math.max(0, Math.min(top * scale, count * rowHeight - height));
}

function rangeOf(geometry: Geometry, top: number): RowRange {
  const { count, rowHeight, height } = geometry;
  const virtualTop = virtualTopOf(geometry, top);
  return {
    first: Math.max(0, Math.min(Math.floor(virtualTop / rowHeight), count - 1)),
    last: Math.min(count - 1, Math.floor((virtualTop + height) / rowHeight)),
  };
}
