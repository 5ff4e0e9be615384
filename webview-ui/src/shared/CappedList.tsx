import type { ComponentChild, JSX } from "preact";
import { useState } from "preact/hooks";
import { Button } from "./Controls";
import { number, plural } from "./format";

interface Props<T> {
  readonly items: readonly T[];
  /** How many more each press shows. */
  readonly step: number;
  /** What the items are, for one and for several. */
  readonly nouns: readonly [one: string, many: string];
  readonly children: (shown: readonly T[]) => ComponentChild;
}

/** The beginning of a list, and a button for more of it. */
export function CappedList<T>({ items, step, nouns, children }: Props<T>): JSX.Element {
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
            label={moreOf(Math.min(step, rest), rest, nouns)}
            onClick={() => setLimit(limit + step)}
          />
        </p>
      )}
    </>
  );
}

function moreOf(next: number, rest: number, [one, many]: readonly [string, string]): string {
  if (next < rest) return `Show ${number(next)} of ${number(rest)} more ${many}`;
  return `Show ${plural(rest, `more ${one}`, `more ${many}`)}`;
}

/** Says how many entries the page was not sent. */
export function Unlisted(props: {
  readonly count: number;
  readonly nouns: readonly [one: string, many: string];
}): JSX.Element | null {
  const [one, many] = props.nouns;
  if (props.count === 0) return null;
  return (
    <p class="unlisted muted">
      {plural(props.count, `more ${one} is`, `more ${many} are`)} listed by <code>cleansplit inspect --json</code>.
    </p>
  );
}
