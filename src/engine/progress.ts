/** Passes on at most one event per `interval` milliseconds, and always one for which `isImportant` holds. */
export function throttled<E>(
  report: (event: E) => void,
  isImportant: (event: E) => boolean,
  interval = 100,
): (event: E) => void {
  let last = -Infinity;
  return (event) => {
    const now = performance.now();
    if (now - last < interval && !isImportant(event)) return;
    last = now;
    report(event);
  };
}
