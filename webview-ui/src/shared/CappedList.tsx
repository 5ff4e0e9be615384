import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import { useState } from "preact/hooks";
import { counted, type Noun } from "../../../src/protocol/language";
import { Button } from "./Controls";
import { filled } from "./filled";
import { number } from "./format";

/** What there can be more of. */
type MoreNoun = Extract<Noun, `more ${string}`>;

interface Props<T> {
  readonly items: readonly T[];
  /** How many more each press shows. */
  readonly step: number;
  /** What the items behind the first ones are. */
  readonly noun: MoreNoun;
  readonly children: (shown: readonly T[]) => ComponentChild;
}

/** The beginning of a list, and a button for more of it. */
export function CappedList<T>({ items, step, noun, children }: Props<T>): JSX.Element {
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
            label={moreOf(Math.min(step, rest), rest, noun)}
            onClick={() => setLimit(limit + step)}
          />
        </p>
      )}
    </>
  );
}

function moreOf(next: number, rest: number, noun: MoreNoun): string {
  const more = counted(rest, noun);
  return next < rest
    ? l10n.t({ message: "Show {0} of {1}", args: [number(next), more], comment: ["{1} e.g. 200 more pairs."] })
    : l10n.t({ message: "Show {0}", args: [more], comment: ["{0} e.g. 20 more pairs."] });
}

/** Says how many entries the page was not sent. */
export function Unlisted({ count, noun }: { readonly count: number; readonly noun: MoreNoun }): JSX.Element | null {
  if (count === 0) return null;
  const sentence =
    count === 1
      ? l10n.t({ message: "{0} is listed by {1}.", comment: ["{0} e.g. 20 more unusable images, {1} a command."] })
      : l10n.t({ message: "{0} are listed by {1}.", comment: ["{0} e.g. 20 more unusable images, {1} a command."] });
  return <p class="unlisted muted">{filled(sentence, counted(count, noun), <code>cleansplit inspect --json</code>)}</p>;
}
