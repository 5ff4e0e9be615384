import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { momentText, progressOf, specText, type ExperimentSummary } from "../../../src/protocol/training";
import { Button, Notice, Toggle } from "../shared/Controls";
import { CappedList } from "../shared/CappedList";
import { canResume } from "./Header";
import { MAX_COMPARED } from "./Comparison";

const STEP = 10;

interface Props {
  readonly kept: readonly ExperimentSummary[];
  /** The one that the page shows. */
  readonly shown: string | null;
  readonly isBusy: boolean;
  readonly trusted: boolean;
  readonly compared: readonly string[];
  readonly onCompared: (compared: readonly string[]) => void;
  readonly onOpen: (experiment: string) => void;
  readonly onResume: (experiment: string) => void;
  readonly onForget: (experiment: string) => void;
}

/** The experiments that are kept of the dataset: to be opened, compared, gone on with and deleted. */
export function Experiments(props: Props): JSX.Element {
  const { kept, compared } = props;
  return (
    <section aria-labelledby="kept-title">
      <h2 id="kept-title">{l10n.t("Kept experiments")}</h2>
      <p class="lead">
        {kept.length > 1
          ? l10n.t("Check two or more to compare them.")
          : l10n.t("Another experiment with other settings can be compared with this one.")}
      </p>
      {compared.length === 1 && <Notice level="info">{l10n.t("Choose another one to compare it with.")}</Notice>}
      <CappedList items={kept} step={STEP} noun="more experiment">
        {(shown) => (
          <ul class="plain kept" aria-label={l10n.t("Kept experiments; check those to compare")}>
            {shown.map((summary) => (
              <Row key={summary.experiment} {...props} summary={summary} />
            ))}
          </ul>
        )}
      </CappedList>
    </section>
  );
}

function Row(props: Props & { readonly summary: ExperimentSummary }): JSX.Element {
  const { summary, kept, shown, isBusy, trusted, compared, onCompared, onOpen, onResume, onForget } = props;
  const { experiment, started, status, spec, sentence } = summary;
  const moment = momentText(started);
  const isShown = experiment === shown;
  const isCompared = compared.includes(experiment);
  const isActive = status === "training" || status === "loading" || status === "paused";
  return (
    <li class={isShown ? "kept-row shown" : "kept-row"} aria-current={isShown}>
      <div class="kept-head">
        {kept.length > 1 ? (
          <Toggle
            label={moment}
            checked={isCompared}
            disabled={!isCompared && compared.length >= MAX_COMPARED}
            onChange={(checked) =>
              onCompared(checked ? [...compared, experiment] : compared.filter((other) => other !== experiment))
            }
          />
        ) : (
          <span class="strong">{moment}</span>
        )}
        <span class={`tag status-${status}`}>{progressOf(summary)}</span>
        {isShown && <span class="muted">{l10n.t("shown above")}</span>}
        <span class="kept-actions">
          {canResume(status) && (
            <Button
              kind="quiet"
              icon="debug-continue"
              label={l10n.t("Resume")}
              name={l10n.t("Resume the experiment of {0}", moment)}
              disabled={isBusy || !trusted}
              onClick={() => onResume(experiment)}
            />
          )}
          {!isShown && (
            <Button
              kind="quiet"
              icon="go-to-file"
              label={l10n.t("Open")}
              name={l10n.t("Open the experiment of {0}", moment)}
              onClick={() => onOpen(experiment)}
            />
          )}
          {!isActive && (
            <Button
              kind="icon"
              icon="trash"
              label={l10n.t("Delete")}
              name={l10n.t("Delete the experiment of {0}", moment)}
              onClick={() => onForget(experiment)}
            />
          )}
        </span>
      </div>
      <p class="muted">{specText(spec)}</p>
      {sentence !== null && <p class="kept-sentence">{sentence}</p>}
    </li>
  );
}
