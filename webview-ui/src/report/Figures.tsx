import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { number } from "../shared/format";

/** A number that says what it counts, and what it is about. */
export interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly what: string;
  /** Shows what was counted. */
  readonly show?: (() => void) | undefined;
}

/** Figures side by side. */
export function Figures({
  figures,
  label,
}: {
  readonly figures: readonly Figure[];
  readonly label: string;
}): JSX.Element {
  return (
    <ul
      class="figures"
      aria-label={label}
      style={{ "--figures": figures.length, "--half": Math.ceil(figures.length / 2) }}
    >
      {figures.map(({ value, unit, what, show }) => {
        const content = (
          <>
            <span class="figure-value">{number(value)}</span>
            <span class="figure-unit">{unit}</span>
            <span class="figure-what">{what}</span>
          </>
        );
        return (
          <li key={unit} class={value === 0 ? "figure zero" : "figure"}>
            {show === undefined ? (
              <div>{content}</div>
            ) : (
              <button type="button" onClick={show} title={l10n.t("Show them")}>
                {content}
              </button>
            )}
          </li>
        );
      })}
    </ul>
  );
}
