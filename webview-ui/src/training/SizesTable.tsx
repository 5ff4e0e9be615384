import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { counted } from "../../../src/protocol/language";
import {
  sizeText,
  TEST_SETS,
  type ExperimentResult,
  type ModelName,
  type TestSet,
  type TrainingSize,
} from "../../../src/protocol/training";
import { number, percent } from "../shared/format";
import { ProgressBar } from "../shared/ProgressBar";
import { currentRun, runViews, type RunView } from "./history";
import { cellsOf, includesZero, scoreOf, type Cell } from "./scores";
import { dataLabel, mayBeNothing, percentRange, pointsRange, setText, signed, sizeLabel } from "./text";

/** Every size of one model, original against sanitized, on all sets of test images; a size that is not done says how far it is. */
export function SizesTable(props: { readonly experiment: ExperimentResult; readonly model: ModelName }): JSX.Element {
  const { experiment, model } = props;
  const cells = cellsOf(experiment).filter((cell) => cell.model === model);
  const sizes = [...new Set(cells.map((cell) => cell.size))];
  const running = currentRun(experiment, runViews(experiment));
  const hasDifference = experiment.spec.data.length === 2;
  return (
    <section aria-labelledby="sizes-title">
      <h2 id="sizes-title">{l10n.t("Every number of images")}</h2>
      <p class="lead">
        {l10n.t(
          "Accuracy, mean over the seeds, with its 95 % interval over seeds and test images. On the clean and on the leaked part both models are scored on the same images, so only there they can be compared directly.",
        )}
        {hasDifference &&
          ` ${l10n.t("The difference is between the two numbers that people publish: original on all test images minus sanitized on the sanitized test split.")}`}
      </p>
      <div class="table-box">
        <table class="data sizes">
          <caption class="hidden">{l10n.t("Accuracy by number of training images")}</caption>
          <thead>
            <tr>
              <th scope="col">{l10n.t("Images")}</th>
              <th scope="col">{l10n.t("Data")}</th>
              <th scope="col" class="number">
                {l10n.t("Trained on")}
              </th>
              {TEST_SETS.map((set) => (
                <th key={set} scope="col" class="number" title={setText(set).title}>
                  {setText(set).label}
                </th>
              ))}
              {hasDifference && (
                <th scope="col" class="number" title={l10n.t("In percentage points")}>
                  {l10n.t("Difference")}
                </th>
              )}
            </tr>
          </thead>
          {sizes.map((size) => (
            <SizeRows
              key={String(size)}
              size={size}
              cells={cells.filter((cell) => cell.size === size)}
              running={running}
              hasDifference={hasDifference}
            />
          ))}
        </table>
      </div>
    </section>
  );
}

function SizeRows(props: {
  readonly size: TrainingSize;
  readonly cells: readonly Cell[];
  readonly running: RunView | null;
  readonly hasDifference: boolean;
}): JSX.Element {
  const { size, cells, running, hasDifference } = props;
  const difference = cells[0]?.cost?.difference ?? null;
  return (
    <tbody>
      {cells.map((cell, index) => (
        <tr key={cell.data}>
          {index === 0 && (
            <th scope="rowgroup" rowSpan={cells.length}>
              {sizeLabel(size)}
            </th>
          )}
          <th scope="row" class={`data-name series-${cell.data}`}>
            {dataLabel(cell.data)}
            <CellProgress cell={cell} running={running} />
          </th>
          <td class="number">{number(cell.trained)}</td>
          {TEST_SETS.map((set) => (
            <ScoreCell key={set} cell={cell} set={set} />
          ))}
          {hasDifference && index === 0 && (
            <td
              class={difference !== null && includesZero(difference) ? "number unsure" : "number"}
              rowSpan={cells.length}
            >
              {difference === null ? (
                "–"
              ) : (
                <>
                  <span class="strong">{signed(difference.value)}</span>
                  <span class="interval">{pointsRange(difference)}</span>
                  {includesZero(difference) && <span class="interval">{mayBeNothing()}</span>}
                </>
              )}
            </td>
          )}
        </tr>
      ))}
    </tbody>
  );
}

function ScoreCell({ cell, set }: { readonly cell: Cell; readonly set: TestSet }): JSX.Element {
  const score = scoreOf(cell, set);
  if (score === null) return <td class="number none">{cell.finished.length > 0 ? l10n.t("no images") : "–"}</td>;
  return (
    <td
      class="number"
      title={l10n.t({
        message: "On {0}, mean of {1}",
        args: [counted(score.samples, "image"), counted(cell.finished.length, "seed")],
        comment: ["{0} e.g. 3,493 images, {1} e.g. 5 seeds."],
      })}
    >
      {percent(score.mean)}
      {score.interval !== null && <span class="interval">{percentRange(score.interval)}</span>}
    </td>
  );
}

/** How far the runs of a cell are; nothing when all are finished. */
function CellProgress({
  cell,
  running,
}: {
  readonly cell: Cell;
  readonly running: RunView | null;
}): JSX.Element | null {
  const { runs, finished } = cell;
  if (finished.length === runs.length) return null;
  const isRunning = running !== null && runs.some(({ run }) => run === running.run);
  return (
    <span class="cell-progress">
      <span class="muted">{l10n.t("{0} of {1}", number(finished.length), counted(runs.length, "seed"))}</span>
      {isRunning && (
        <ProgressBar
          label={`${dataLabel(cell.data)}, ${l10n.t({ message: "{0} images", args: [sizeText(cell.size)], comment: ["{0} a number, or all."] })}`}
          done={finished.length * Math.max(1, running.epochs) + running.curve.length}
          total={runs.length * Math.max(1, running.epochs)}
        />
      )}
    </span>
  );
}
