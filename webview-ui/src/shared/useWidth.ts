import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

/** Before the first measurement, in pixels. */
const ASSUMED_PX = 900;

/** The inner width of an element in pixels, also when it changes. */
export function useWidth(box: RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(ASSUMED_PX);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);
  return width;
}
