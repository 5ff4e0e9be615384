import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "../shared/Controls";
import { isCrisp, moved, zoomed, type StagePoint, type Zoom } from "./zoom";

/** A picture on a stage; `url` is `undefined` until it is there, and empty when there is none. */
export interface Layer {
  readonly url: string | undefined;
  readonly title: string;
  /** How much of it is cut off on the left, 0..1: what lies below shows there. */
  readonly cut?: number;
}

interface Props {
  /** The lowest first; all have one size. */
  readonly layers: readonly Layer[];
  readonly width: number;
  readonly height: number;
  readonly zoom: Zoom;
  readonly onZoom: (zoom: Zoom) => void;
  /** Hears where the pointer is while it is pressed, instead of moving the pictures. */
  readonly onPoint?: (at: StagePoint) => void;
}

/** Pictures one upon the other, zoomed with Ctrl and the wheel, and moved by dragging them. */
export function Stage({ layers, width, height, zoom, onZoom, onPoint }: Props): JSX.Element {
  const drag = useRef<{ readonly x: number; readonly y: number } | null>(null);
  const { scale, x, y } = zoom;
  const transform = `translate(${x * 100}%, ${y * 100}%) scale(${scale})`;
  const cut = Math.max(...layers.map((layer) => layer.cut ?? 0));
  const isMissing = layers.some(({ url }) => url === "");
  const pointOf = (event: MouseEvent & { readonly currentTarget: HTMLElement }): StagePoint => {
    const box = event.currentTarget.getBoundingClientRect();
    return { x: (event.clientX - box.left) / box.width - 0.5, y: (event.clientY - box.top) / box.height - 0.5 };
  };
  return (
    <span
      class={`picture stage${isMissing ? " missing" : ""}${onPoint !== undefined ? " divided" : scale > 1 ? " movable" : ""}`}
      onWheel={(event) => {
        if (!event.ctrlKey && !event.metaKey) return;
        event.preventDefault();
        onZoom(zoomed(zoom, event.deltaY < 0 ? 1 : -1, pointOf(event)));
      }}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        drag.current = { x: event.clientX, y: event.clientY };
        onPoint?.(pointOf(event));
      }}
      onPointerMove={(event) => {
        const last = drag.current;
        if (last === null) return;
        drag.current = { x: event.clientX, y: event.clientY };
        if (onPoint !== undefined) {
          onPoint(pointOf(event));
          return;
        }
        const box = event.currentTarget.getBoundingClientRect();
        onZoom(moved(zoom, (event.clientX - last.x) / box.width, (event.clientY - last.y) / box.height));
      }}
      onPointerUp={() => (drag.current = null)}
      onPointerCancel={() => (drag.current = null)}
    >
      {isMissing ? (
        <Icon name="circle-slash" />
      ) : (
        layers.map(({ url, title, cut: ownCut = 0 }) => (
          <span key={title} class="layer" style={ownCut === 0 ? {} : { clipPath: `inset(0 0 0 ${ownCut * 100}%)` }}>
            {url !== undefined && (
              <img
                src={url}
                alt={title}
                draggable={false}
                class={isCrisp(width, height, zoom) ? "crisp" : ""}
                style={{ transform }}
              />
            )}
          </span>
        ))
      )}
      {cut > 0 && <span class="divider-line" style={{ insetInlineStart: `${cut * 100}%` }} />}
    </span>
  );
}
