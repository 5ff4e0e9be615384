import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { measureText, type Measure, type NearReport } from "../../../src/protocol/report";
import { counted, decimalText } from "../../../src/protocol/language";
import { Button, Disclosure } from "../shared/Controls";
import { filled } from "../shared/filled";
import { number } from "../shared/format";
import { scoreValue, thresholdText } from "./nearText";
import { useReadOnly } from "./readOnly";

/** A threshold is applied when it has rested for this long. */
const REST_MS = 400;
/** Height of all bars. */
const HEIGHT_PX = 160;
/** Marks on the axis, at most. */
const MOST_TICKS = 9;

/** Where the nearest neighbours are that are counted; with one split there is no difference. */
type Half = "between" | "within" | "all";

/** How many images a bar counts, between which scores. */
const BIN_TEXTS: Readonly<Record<Half, (scores: string, images: string) => string>> = {
  between: (...args) => l10n.t("{0}: {1} with the nearest neighbour in another split", ...args),
  within: (...args) => l10n.t("{0}: {1} with the nearest neighbour in its own split", ...args),
  all: (...args) => l10n.t("{0}: {1} with the nearest neighbour at all", ...args),
};

const COLUMN_TEXTS: Readonly<Record<Half, () => string>> = {
  between: () => l10n.t("Nearest in another split"),
  within: () => l10n.t("Nearest in its own split"),
  all: () => l10n.t("Images"),
};

interface Props {
  readonly near: NearReport;
  /** Whether there are other splits a picture can have its nearest neighbour in. */
  readonly hasSplits: boolean;
  readonly onThreshold: (threshold: number | null) => Promise<void>;
}

/**
 * At which score pictures have their nearest neighbour, and the threshold, which can be moved there. From left to right
 * pictures are less alike, whatever the measure; so the slider goes by the distance from the best score.
 */
export function NearHistogram({ near, hasSplits, onThreshold }: Props): JSX.Element {
  const { measure, threshold, reach, histogram } = near;
  const id = useId();
  const isReadOnly = useReadOnly() !== null;
  const [wanted, setWanted] = useState<number | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);

  const apply = (value: number | null): void => {
    clearTimeout(timer.current);
    // A threshold that was not taken leaves the one that holds.
    void onThreshold(value).finally(() => setWanted((last) => (value === null || last === value ? null : last)));
  };
  const shown = wanted ?? threshold;
  const standard = measure.better === "lower" ? Math.min(measure.threshold, reach) : Math.max(measure.threshold, reach);
  const step = 10 ** -measure.decimals;
  const bounds = histogram.bounds.length > 1 ? histogram.bounds : [measure.best, reach];
  const ends = [bounds[0] ?? 0, bounds.at(-1) ?? 1] as const;
  const span = Math.abs(ends[1] - ends[0]) || 1;
  const placeOf = (score: number): number => Math.max(0, Math.min(1, Math.abs(score - ends[0]) / span));
  const halves = [
    ...(hasSplits ? [{ name: "between" as const, counts: histogram.between }] : []),
    { name: hasSplits ? ("within" as const) : ("all" as const), counts: histogram.within },
  ].map((half) => ({ ...half, most: Math.max(1, ...half.counts) }));
  const isEmpty = [...histogram.within, ...histogram.between].every((count) => count === 0);
  const allMost = halves.reduce((sum, { most }) => sum + most, 0);
  return (
    <figure class="near-figure" aria-labelledby={`${id}-title`}>
      <figcaption id={`${id}-title`}>
        {l10n.t("Images by the {0} of their nearest neighbour, the most alike on the left", measureText(measure))}
      </figcaption>
      {hasSplits && !isEmpty && (
        <ul class="legend" aria-hidden="true">
          <li class="between">
            {l10n.t({ message: "in another split", comment: ["Where the nearest neighbour of an image is."] })}
          </li>
          <li class="within">
            {l10n.t({ message: "in its own split", comment: ["Where the nearest neighbour of an image is."] })}
          </li>
        </ul>
      )}
      <div class="near-plot">
        {isEmpty ? (
          <p class="near-nothing muted">
            {l10n.t("No image has a neighbour at {0}, the widest threshold there is.", thresholdText(measure, reach))}
          </p>
        ) : (
          <div
            class="near-bars"
            role="img"
            aria-label={l10n.t(
              "Nearest neighbours, also as a table below. The threshold is {0}.",
              thresholdText(measure, shown),
            )}
          >
            {halves.map(({ name, counts, most }) => (
              // Both halves count in one scale: the one with the higher bars is higher.
              <div
                key={name}
                class={`near-half ${name === "all" ? "within" : name}`}
                style={{ height: `${Math.round((HEIGHT_PX * most) / allMost)}px` }}
              >
                <span class="near-most muted">{number(most)}</span>
                {counts.map((count, bin) => (
                  <span
                    key={bin}
                    class="near-bin"
                    style={{ flexGrow: Math.abs((bounds[bin + 1] ?? 0) - (bounds[bin] ?? 0)) }}
                    title={BIN_TEXTS[name](rangeText(measure, bounds, bin), counted(count, "image"))}
                  >
                    {count > 0 && <span style={{ height: `${(100 * count) / most}%` }} />}
                  </span>
                ))}
              </div>
            ))}
            <span class="near-beyond" style={{ left: `${100 * placeOf(shown)}%` }} />
          </div>
        )}
        <div class="near-axis muted" aria-hidden="true">
          {ticksOf(bounds).map((score) => (
            <span key={score} style={{ left: `${100 * placeOf(score)}%` }}>
              {shortNumber(score)}
            </span>
          ))}
        </div>
        {!isReadOnly && (
          <div class="near-slider" style={{ width: `${100 * placeOf(reach)}%` }}>
            <input
              type="range"
              aria-label={l10n.t("Threshold")}
              aria-valuetext={l10n.t({
                message: "{0} {1}",
                args: [measureText(measure), thresholdText(measure, shown)],
                comment: ["E.g. RMS grey difference 9.0 or less."],
              })}
              min={0}
              max={Math.abs(reach - measure.best)}
              step={step}
              value={Math.abs(shown - measure.best)}
              onInput={(event) => {
                const distance = Number(event.currentTarget.value);
                const score = measure.best + (measure.better === "lower" ? distance : -distance);
                const value = Number(score.toFixed(measure.decimals));
                setWanted(value);
                clearTimeout(timer.current);
                timer.current = setTimeout(() => apply(value), REST_MS);
              }}
            />
          </div>
        )}
      </div>
      <p class="near-threshold">
        <span>{filled(l10n.t("Threshold: {0}"), <span class="strong">{thresholdText(measure, shown)}</span>)}</span>
        {wanted !== null && (
          <span class="muted" role="status">
            {l10n.t("counting …")}
          </span>
        )}
        {!isReadOnly && (
          <Button
            kind="quiet"
            icon="discard"
            label={l10n.t("Reset to {0}", scoreValue(measure, standard))}
            disabled={Math.abs(shown - standard) < step / 2}
            onClick={() => {
              setWanted(standard);
              apply(null);
            }}
          />
        )}
      </p>
      {!isEmpty && (
        <Disclosure summary={l10n.t("The figures as a table")}>
          <div class="table-box">
            <table class="data narrow">
              <caption class="hidden">{l10n.t("Images by the score of their nearest neighbour")}</caption>
              <thead>
                <tr>
                  <th scope="col">{capitalised(measureText(measure))}</th>
                  {halves.map(({ name }) => (
                    <th key={name} scope="col" class="number">
                      {COLUMN_TEXTS[name]()}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {histogram.within.map((_, bin) => (
                  <tr key={bin}>
                    <th scope="row">{rangeText(measure, bounds, bin)}</th>
                    {halves.map(({ name, counts }) => (
                      <td key={name} class={(counts[bin] ?? 0) === 0 ? "number none" : "number"}>
                        {number(counts[bin] ?? 0)}
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </Disclosure>
      )}
    </figure>
  );
}

function rangeText(measure: Measure, bounds: readonly number[], bin: number): string {
  return l10n.t("{0} to {1}", scoreValue(measure, bounds[bin] ?? 0), scoreValue(measure, bounds[bin + 1] ?? 0));
}

/** Bounds to write at the axis: as many as fit, at equal distances. */
function ticksOf(bounds: readonly number[]): readonly number[] {
  const bins = bounds.length - 1;
  const every = Math.ceil(bins / (MOST_TICKS - 1));
  return bounds.filter((_, index) => index % every === 0);
}

/** As many decimals as the number has, but for what rounding of fractions adds. */
function shortNumber(value: number): string {
  return decimalText(Number(value.toFixed(4)));
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
