import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { ConfusionCell, Evaluation } from "../../../src/protocol/training";
import { CappedList } from "../shared/CappedList";
import { number, percent, plural, visible } from "../shared/format";

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
      <h3 id="confusion-title">What is taken for what</h3>
      <p class="lead">
        {isMatrix
          ? "Rows are labels, columns are predictions. The stronger the colour, the larger the share of the row. Choose a cell to see its images below."
          : "The pairs of classes that are confused most. Choose one to see its images below."}
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
        <caption class="hidden">Images by label and prediction</caption>
        <thead>
          <tr>
            <th scope="col" class="corner">
              <span class="hidden">Label</span>
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
  const share = samples === 0 ? "" : `, ${percent(count / samples)} of ${label}`;
  return label === predicted
    ? `${label} recognised: ${plural(count, "image")}${share}`
    : `${label} taken for ${predicted}: ${plural(count, "image")}${share}`;
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
      <CappedList items={pairs} step={PAIRS_STEP} nouns={["pair", "pairs"]}>
        {(shown) => (
          <table class="data narrow">
            <caption class="hidden">Pairs of classes that are confused</caption>
            <thead>
              <tr>
                <th scope="col">Label</th>
                <th scope="col">Taken for</th>
                <th scope="col" class="number">
                  Images
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
                        aria-label={`${nameOf(label)} taken for ${nameOf(predicted)}: ${plural(count, "image")}`}
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
