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

interface Props {
  readonly count: number;
  readonly rowHeight: number;
  /** A row that stays mounted wherever the list is scrolled to, because it has the focus. */
  readonly keep: number | null;
  readonly initialTop: number;
  /** Row to bring into view; a new object brings it there again. */
  readonly reveal: { readonly row: number } | null;
  readonly onScroll?: (top: number) => void;
  readonly onRange: (range: RowRange) => void;
  readonly row: (index: number, style: CSSProperties) => ComponentChild;
  readonly attributes: HTMLAttributes<HTMLDivElement>;
}

/** A list of rows of one height in a scroll box of its own, which mounts only what can be seen. */
export function VirtualList(props: Props): JSX.Element {
  const { count, rowHeight, keep, initialTop, reveal, onScroll, onRange, row, attributes } = props;
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(initialTop);
  const [height, setHeight] = useState(600);

  const virtualHeight = count * rowHeight;
  const realHeight = Math.min(virtualHeight, LARGEST_HEIGHT_PX / Math.max(1, window.devicePixelRatio));
  const scale = realHeight < virtualHeight ? (virtualHeight - height) / Math.max(1, realHeight - height) : 1;
  const virtualTop = Math.max(0, Math.min(top * scale, virtualHeight - height));

  const first = Math.max(0, Math.min(Math.floor(virtualTop / rowHeight), count - 1));
  const last = Math.min(count - 1, Math.floor((virtualTop + height) / rowHeight));

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    element.scrollTop = initialTop;
    setTop(element.scrollTop);
    setHeight(element.clientHeight);
    const observer = new ResizeObserver(() => setHeight(element.clientHeight));
    observer.observe(element);
    return () => observer.disconnect();
    // The first position only: afterwards the person scrolls.
  }, []);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || reveal === null) return;
    const rowTop = reveal.row * rowHeight;
    const visible = rowTop >= virtualTop && rowTop + rowHeight <= virtualTop + height;
    if (visible) return;
    const wanted = rowTop < virtualTop ? rowTop : rowTop + rowHeight - height;
    element.scrollTop = wanted / scale;
    setTop(element.scrollTop);
  }, [reveal]);

  useEffect(() => onRange({ first, last }), [first, last, onRange]);

  const rows: number[] = [];
  for (let index = Math.max(0, first - OVERSCAN); index <= Math.min(count - 1, last + OVERSCAN); index++)
    rows.push(index);
  if (keep !== null && keep < count && !rows.includes(keep)) rows.push(keep);

  return (
    <div
      {...attributes}
      ref={box}
      onScroll={(event) => {
        setTop(event.currentTarget.scrollTop);
        onScroll?.(event.currentTarget.scrollTop);
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
