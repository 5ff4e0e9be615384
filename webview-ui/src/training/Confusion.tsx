import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { counted } from "../../../src/protocol/language";
import type { ConfusionCell, Evaluation } from "../../../src/protocol/training";
import { CappedList } from "../shared/CappedList";
import { number, percent, visible } from "../shared/format";
import { takenFor } from "./text";

/** Classes up to which a matrix can be read; of more the pairs are listed that are confused most. */
const MAX_MATRIX = 30;
const PAIRS_STEP = 20;

interface Props {
  readonly evaluation: Evaluation;
  readonly cell: ConfusionCell | null;
  /** A cell whose images are to be shown; `null` for all. */
  readonly onCell: (cell: ConfusionCell | null) => void;
}

/** What is taken for what. A cell shows its images below. */
export function Confusion(props: Props): JSX.Element {
  const { evaluation } = props;
  const isMatrix = evaluation.classes.length <= MAX_MATRIX;
  return (
    <section class="confusion" aria-labelledby="confusion-title">
      <h3 id="confusion-title">{l10n.t("What is taken for what")}</h3>
      <p class="lead">
        {isMatrix
          ? l10n.t(
              "Rows are labels, columns are predictions. The stronger the colour, the larger the share of the row. Choose a cell to see its images below.",
            )
          : l10n.t("The pairs of classes that are confused most. Choose one to see its images below.")}
      </p>
      {isMatrix ? <Matrix {...props} /> : <Pairs {...props} />}
    </section>
  );
}

/** A table with one stop of Tab: arrow keys move between its cells. */
function Matrix({ evaluation, cell, onCell }: Props): JSX.Element {
  const { classes, confusion } = evaluation;
  const table = useRef<HTMLTableElement>(null);
  const [at, setAt] = useState({ row: 0, column: 0 });
  const last = classes.length - 1;

  const onKeyDown = (event: KeyboardEvent): void => {
    const { row, column } = at;
    const targets: Readonly<Record<string, typeof at>> = {
      ArrowUp: { row: row - 1, column },
      ArrowDown: { row: row + 1, column },
      ArrowLeft: { row, column: column - 1 },
      ArrowRight: { row, column: column + 1 },
      Home: { row, column: 0 },
      End: { row, column: last },
    };
    const target = targets[event.key];
    if (target === undefined || event.altKey) return;
    event.preventDefault();
    const next = { row: Math.max(0, Math.min(last, target.row)), column: Math.max(0, Math.min(last, target.column)) };
    setAt(next);
    table.current?.querySelector<HTMLElement>(`[data-cell="${next.row}-${next.column}"]`)?.focus();
  };

  return (
    <div class="table-box">
      <table class="matrix" ref={table} onKeyDown={onKeyDown}>
        <caption class="hidden">{l10n.t("Images by label and prediction")}</caption>
        <thead>
          <tr>
            <th scope="col" class="corner">
              <span class="hidden">{l10n.t("Label")}</span>
            </th>
            {classes.map(({ name }) => (
              <th key={name} scope="col" title={visible(name)}>
                <bdi>{visible(name)}</bdi>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {classes.map(({ name, samples }, row) => (
            <tr key={name}>
              <th scope="row" title={visible(name)}>
                <bdi>{visible(name)}</bdi>
              </th>
              {classes.map((predicted, column) => {
                const count = confusion[row]?.[column] ?? 0;
                const isRight = row === column;
                const isChosen = cell?.label === row && cell.predicted === column;
                return (
                  <td
                    key={predicted.name}
                    class={`${isRight ? "right" : "wrong"} heat-${heatOf(count, samples, isRight)}`}
                  >
                    <button
                      type="button"
                      tabIndex={row === at.row && column === at.column ? 0 : -1}
                      data-cell={`${row}-${column}`}
                      aria-pressed={isChosen}
                      aria-disabled={isRight || count === 0}
                      aria-label={cellName(visible(name), visible(predicted.name), count, samples)}
                      title={cellName(visible(name), visible(predicted.name), count, samples)}
                      onFocus={() => setAt({ row, column })}
                      onClick={() => {
                        if (!isRight && count > 0) onCell(isChosen ? null : { label: row, predicted: column });
                      }}
                    >
                      {count === 0 ? "" : number(count)}
                    </button>
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Steps of colour from 0 to 5; mistakes, which are few, are told apart from smaller shares on. */
function heatOf(count: number, samples: number, isRight: boolean): number {
  if (count === 0 || samples === 0) return 0;
  const share = count / samples;
  return Math.min(5, Math.ceil((isRight ? share : share * 4) * 5));
}

function cellName(label: string, predicted: string, count: number, samples: number): string {
  const images = counted(count, "image");
  const part =
    samples === 0
      ? images
      : l10n.t({
          message: "{0}, {1} of {2}",
          args: [images, percent(count / samples), label],
          comment: ["{0} e.g. 5 images, {1} a percentage, {2} a class."],
        });
  const what = label === predicted ? l10n.t("{0} recognised", label) : takenFor(label, predicted);
  return `${what}: ${part}`;
}

function Pairs({ evaluation, cell, onCell }: Props): JSX.Element {
  const { classes, confusion } = evaluation;
  const pairs = confusion
    .flatMap((row, label) =>
      row.flatMap((count, predicted) => (count === 0 || label === predicted ? [] : { label, predicted, count })),
    )
    .sort((a, b) => b.count - a.count);
  const nameOf = (index: number): string => visible(classes[index]?.name ?? "");
  return (
    <div class="table-box">
      <CappedList items={pairs} step={PAIRS_STEP} noun="more pair">
        {(shown) => (
          <table class="data narrow">
            <caption class="hidden">{l10n.t("Pairs of classes that are confused")}</caption>
            <thead>
              <tr>
                <th scope="col">{l10n.t("Label")}</th>
                <th scope="col">{l10n.t("Taken for")}</th>
                <th scope="col" class="number">
                  {l10n.t("Images")}
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ label, predicted, count }) => {
                const isChosen = cell?.label === label && cell.predicted === predicted;
                return (
                  <tr key={`${label} ${predicted}`}>
                    <th scope="row">
                      <bdi>{nameOf(label)}</bdi>
                    </th>
                    <td>
                      <bdi>{nameOf(predicted)}</bdi>
                    </td>
                    <td class="number">
                      <button
                        type="button"
                        class="button quiet"
                        aria-pressed={isChosen}
                        aria-label={`${takenFor(nameOf(label), nameOf(predicted))}: ${counted(count, "image")}`}
                        onClick={() => onCell(isChosen ? null : { label, predicted })}
                      >
                        {number(count)}
                      </button>
                    </td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        )}
      </CappedList>
    </div>
  );
}
