import type { JSX } from "preact";
import type { RunView, Score, TrainingSize, TrainingState } from "../../../src/protocol/training";
import { number, percent, points } from "../shared/format";
import { ProgressBar } from "../shared/ProgressBar";
import { capital, sizeText } from "./charts";
import { currentRun } from "./history";

/** Every run by size, original against sanitized; a run that is not done shows how far it is. */
export function Results({ state }: { readonly state: TrainingState }): JSX.Element {
  const running = currentRun(state);
  const sizes = [...new Set(state.runs.map((run) => run.size))];
  return (
    <section aria-labelledby="results-title">
      <h2 id="results-title">Original against sanitized</h2>
      <p class="lead">
        The clean part is the images of the original test split that occur in no other split, the leaked part is the
        others. Both models are scored on the same two parts, so only there they can be compared directly.
      </p>
      <div class="table-box">
        <table class="data results">
          <thead>
            <tr>
              <th scope="col">Size</th>
              <th scope="col">Data</th>
              <th scope="col" class="number">
                Trained on
              </th>
              <th scope="col" class="number" title="On the test split of its own data">
                Test accuracy
              </th>
              <th scope="col" class="number" title="Original minus sanitized, in percentage points">
                Difference
              </th>
              <th scope="col" class="number" title="Mean cross entropy on the test split of its own data">
                Test loss
              </th>
              <th scope="col" class="number">
                Clean part
              </th>
              <th scope="col" class="number">
                Leaked part
              </th>
            </tr>
          </thead>
          {sizes.map((size) => (
            <SizeRows
              key={String(size)}
              size={size}
              runs={state.runs.filter((run) => run.size === size)}
              running={running}
              state={state}
            />
          ))}
        </table>
      </div>
    </section>
  );
}

interface SizeProps {
  readonly size: TrainingSize;
  readonly runs: readonly RunView[];
  readonly running: RunView | undefined;
  readonly state: TrainingState;
}

function SizeRows({ size, runs, running, state }: SizeProps): JSX.Element {
  const resultOf = (data: string): RunView["result"] => runs.find((run) => run.data === data)?.result ?? null;
  const original = resultOf("original");
  const sanitized = resultOf("sanitized");
  // One cell for both rows, once both of them have a score.
  const complete = runs.every((run) => run.result !== null);
  const difference = original === null || sanitized === null ? null : original.test.accuracy - sanitized.test.accuracy;
  return (
    <tbody>
      {runs.map((run, index) => (
        <tr key={run.data}>
          {index === 0 && (
            <th scope="rowgroup" rowSpan={runs.length}>
              {sizeText(size)}
            </th>
          )}
          <th scope="row" class={`data-name ${run.data}`}>
            {capital(run.data)}
          </th>
          <td class="number">{number(run.result?.trained ?? run.trained)}</td>
          {run.result === null ? (
            <td colSpan={5}>
              <RunProgress run={run} isRunning={run === running} status={state.status} />
            </td>
          ) : (
            <>
              <td class="number strong">{percent(run.result.test.accuracy)}</td>
              {(index === 0 || !complete) && (
                <td class="number difference" rowSpan={complete ? runs.length : 1}>
                  {difference === null ? "–" : points(difference)}
                </td>
              )}
              <td class="number">{run.result.test.loss.toFixed(3)}</td>
              <Part score={run.result.parts.clean} />
              <Part score={run.result.parts.leaked} />
            </>
          )}
        </tr>
      ))}
    </tbody>
  );
}

function Part({ score }: { readonly score: Score | null }): JSX.Element {
  if (score === null) return <td class="number none">no images</td>;
  return (
    <td class="number" title={`On ${number(score.samples)} images`}>
      {percent(score.accuracy)}
    </td>
  );
}

function RunProgress(props: {
  readonly run: RunView;
  readonly isRunning: boolean;
  readonly status: TrainingState["status"];
}): JSX.Element {
  const { run, isRunning, status } = props;
  const done = run.scores.length;
  const text = isRunning
    ? `epoch ${done} of ${run.epochs}`
    : status === "training" || status === "loading"
      ? "waiting"
      : done > 0
        ? `stopped after epoch ${done} of ${run.epochs}`
        : "not trained";
  return (
    <span class="run-progress">
      <span class="muted">{text}</span>
      {isRunning && (
        <ProgressBar label={`${capital(run.data)}, ${sizeText(run.size)}`} done={done} total={run.epochs} />
      )}
    </span>
  );
}
