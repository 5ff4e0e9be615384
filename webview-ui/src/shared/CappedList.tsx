import type { ComponentChild, JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "./Controls";
import { number } from "./format";

interface Props<T> {
  readonly items: readonly T[];
  /** How many more each press shows. */
  readonly step: number;
  readonly children: (shown: readonly T[]) => ComponentChild;
}

/** The beginning of a list, and a button for more of it. */
export function CappedList<T>({ items, step, children }: Props<T>): JSX.Element {
  const [limit, setLimit] = useState(step);
  const rest = items.length - limit;
  return (
    <>
      {children(items.slice(0, limit))}
      {rest > 0 && (
        <p class="more">
          <Button
            kind="quiet"
            icon="chevron-down"
            label={`Show ${number(Math.min(step, rest))} more of ${number(rest)}`}
            onClick={() => setLimit(limit + step)}
          />
        </p>
      )}
    </>
  );
}

/** Says how many entries the page was not sent. */
export function Unlisted({ count }: { readonly count: number }): JSX.Element | null {
  if (count === 0) return null;
  return (
    <p class="muted">
      {number(count)} more are listed by <code>cleansplit inspect --json</code>.
    </p>
  );
}
