import { useState } from "preact/hooks";
import { moved, WHOLE, zoomed, type Zoom } from "./zoom";
import type { ReviewCommand } from "./reviewKeys";

/** How pictures are compared: beside each other, under a divider, by where they differ, or all of a group. */
export type ComparisonView = "side" | "divider" | "difference" | "all";

/** How pictures are compared now, and how that is changed. */
export interface Comparing {
  readonly view: ComparisonView;
  readonly setView: (view: ComparisonView) => void;
  readonly zoom: Zoom;
  readonly setZoom: (zoom: Zoom) => void;
  /** Does what a command means here; false when it means nothing. */
  readonly run: (command: ReviewCommand | null) => boolean;
  /** Moves the pictures by a key; false when they show as a whole or it is another key. */
  readonly move: (event: KeyboardEvent) => boolean;
}

/** A key moves the pictures by this part of the stage. */
const MOVE = 0.1;

const MOVES: Readonly<Record<string, readonly [right: number, down: number]>> = {
  ArrowLeft: [MOVE, 0],
  ArrowRight: [-MOVE, 0],
  ArrowUp: [0, MOVE],
  ArrowDown: [0, -MOVE],
};

/** The view and the zoom of a dialog, which stay while pictures in it change. `views` are those that there are, in order. */
export function useComparing(views: readonly ComparisonView[]): Comparing {
  const [view, setView] = useState<ComparisonView>("side");
  const [zoom, setZoom] = useState<Zoom>(WHOLE);
  const known = views.includes(view) ? view : "side";
  return {
    ...{ view: known, setView, zoom, setZoom },
    run(command) {
      if (command === "view") setView(views[(views.indexOf(known) + 1) % views.length] ?? "side");
      else if (command === "zoom-in") setZoom(zoomed(zoom, 1));
      else if (command === "zoom-out") setZoom(zoomed(zoom, -1));
      else if (command === "zoom-whole") setZoom(WHOLE);
      else return false;
      return true;
    },
    move(event) {
      const by = MOVES[event.key];
      if (by === undefined || !event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return false;
      setZoom(moved(zoom, by[0], by[1]));
      return true;
    },
  };
}
