import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { momentText, progressOf, specText, type ExperimentSummary } from "../../../src/protocol/training";
import { CappedList } from "../shared/CappedList";
import { percent } from "../shared/format";
import { useReadOnly } from "./readOnly";

interface Props {
  readonly runs: readonly ExperimentSummary[];
  readonly onOpen: (experiment: string) => void;
}

/** The kept experiments: when, what was trained, and what it scored with and without the leakage. */
export function Runs({ runs, onOpen }: Props): JSX.Element {
  const isReadOnly = useReadOnly() !== null;
  return (
    <CappedList items={runs} step={5} noun="more experiment">
      {(shown) => (
        <div class="table-box">
          <table class="data runs">
            <thead>
              <tr>
                <th scope="col">{l10n.t("Experiment")}</th>
                <th scope="col" class="number" title={l10n.t("Trained on original data, tested on all test images")}>
                  {l10n.t("Original")}
                </th>
                <th
                  scope="col"
                  class="number"
                  title={l10n.t("Trained on sanitized data, tested on the sanitized test split")}
                >
                  {l10n.t("Sanitized")}
                </th>
                <th scope="col">{l10n.t("What it says")}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((run) => (
                <tr key={run.experiment}>
                  <th scope="row">
                    {isReadOnly ? (
                      momentText(run.started)
                    ) : (
                      <button type="button" class="link" onClick={() => onOpen(run.experiment)}>
                        {momentText(run.started)}
                      </button>
                    )}
                    <span class="muted run-spec">
                      {progressOf(run)} · {specText(run.spec)}
                    </span>
                  </th>
                  <td class="number strong">{scoreText(run.accuracy?.original)}</td>
                  <td class="number strong">{scoreText(run.accuracy?.sanitized)}</td>
                  <td class="muted">{run.sentence ?? l10n.t("Nothing yet: no two runs can be compared.")}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </CappedList>
  );
}

function scoreText(score: number | null | undefined): string {
  return score === null || score === undefined ? "–" : percent(score);
}
