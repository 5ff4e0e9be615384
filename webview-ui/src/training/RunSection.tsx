import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { counted, decimalText } from "../../../src/protocol/language";
import type {
  ExperimentResult,
  ModelExportFormat,
  ModelName,
  RunDetails,
  TrainingData,
  TrainingHost,
} from "../../../src/protocol/training";
import { Button, Notice, Segments, Select, type Choice } from "../shared/Controls";
import { filled } from "../shared/filled";
import { number, percent } from "../shared/format";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { calibrationChart } from "./charts";
import { ClassTable } from "./ClassTable";
import { Confusion } from "./Confusion";
import { runViews, type RunView } from "./history";
import { SetChoice } from "./LearningCurve";
import { LineChart } from "./LineChart";
import { Mistakes } from "./Mistakes";
import { dataLabel, sizeLabel } from "./text";
import type { ThemeColors } from "../shared/themeColors";
import type { RunChoice } from "./trainingView";
import { useAnswer } from "./useAnswer";

interface Props {
  readonly host: TrainingHost;
  readonly experiment: ExperimentResult;
  readonly model: ModelName;
  readonly colors: ThemeColors;
  readonly asTable: boolean;
  readonly store: ThumbnailStore;
  readonly choice: RunChoice;
  readonly onChoice: (choice: RunChoice) => void;
  readonly act: (action: Promise<void>) => void;
}

/** One run closely: what it confuses, how sure it is, and the images that it got wrong. */
export function RunSection(props: Props): JSX.Element | null {
  const { host, experiment, model, colors, asTable, store, choice, onChoice, act } = props;
  const finished = runViews(experiment).filter((run) => run.model === model && run.result !== null);
  const run = chosenRun(finished, choice);
  const scored = { experiment: experiment.experiment, run: run?.run ?? 0, set: choice.set };
  // Of no images there is nothing to ask.
  const hasImages = run !== null && run.result?.scores[choice.set] !== null;
  const details = useAnswer<RunDetails>(hasImages ? JSON.stringify(scored) : null, () => host.details(scored));
  if (run === null) return null;
  const change = (part: Partial<RunChoice>): void => onChoice({ ...choice, cell: null, ...part });
  const evaluation = details.value?.evaluation ?? null;
  return (
    <section aria-labelledby="run-title" aria-busy={details.isWaiting}>
      <div class="section-head">
        <h2 id="run-title">{l10n.t("One model closely")}</h2>
        <ModelExport host={host} experiment={experiment} run={run} act={act} />
      </div>
      <RunTools finished={finished} run={run} choice={choice} onChange={change} />
      {details.error !== null && (
        <Notice level="error" actions={<Button label={l10n.t("Try Again")} onClick={details.retry} />}>
          {l10n.t("The predictions of this run could not be read: {0}", details.error)}
        </Notice>
      )}
      {!hasImages && <p class="nothing">{l10n.t("The dataset has no such test images.")}</p>}
      {evaluation !== null && (
        <div class={details.isWaiting ? "run-details waiting" : "run-details"}>
          <p class="run-score">
            {filled(
              l10n.t({
                message: "{0} of {1} are right; mean cross entropy {2}.",
                comment: ["{0} a percentage, {1} e.g. 3,493 images, {2} a number."],
              }),
              <span class="strong">{percent(evaluation.score.accuracy)}</span>,
              counted(evaluation.score.samples, "image"),
              decimalText(evaluation.score.loss, 3),
            )}
          </p>
          <div class="run-grid">
            <Confusion evaluation={evaluation} cell={choice.cell} onCell={(cell) => onChoice({ ...choice, cell })} />
            <ClassTable classes={evaluation.classes} />
          </div>
          <Mistakes
            host={host}
            scored={scored}
            cell={choice.cell}
            classes={experiment.classes}
            store={store}
            onEveryCell={() => onChoice({ ...choice, cell: null })}
            act={act}
          />
          <div class="charts wide calibration">
            <LineChart {...calibrationChart(evaluation.calibration, run.data)} colors={colors} asTable={asTable} />
          </div>
        </div>
      )}
      {details.isWaiting && evaluation === null && <p class="nothing">{l10n.t("Reading the predictions …")}</p>}
    </section>
  );
}

/** The run that is chosen; what is not chosen is original data, the most images and the first seed. */
function chosenRun(finished: readonly RunView[], choice: RunChoice): RunView | null {
  const prefer = (runs: readonly RunView[], fits: (run: RunView) => boolean): readonly RunView[] => {
    const fitting = runs.filter(fits);
    return fitting.length > 0 ? fitting : runs;
  };
  const ofData = prefer(finished, (run) => run.data === (choice.data ?? "original"));
  const most = Math.max(...ofData.map((run) => run.trained));
  const ofSize = prefer(ofData, (run) =>
    choice.size === null ? run.trained === most : String(run.size) === choice.size,
  );
  return prefer(ofSize, (run) => run.seed === choice.seed)[0] ?? null;
}

function RunTools(props: {
  readonly finished: readonly RunView[];
  readonly run: RunView;
  readonly choice: RunChoice;
  readonly onChange: (part: Partial<RunChoice>) => void;
}): JSX.Element {
  const { finished, run, choice, onChange } = props;
  const data = [...new Set(finished.map((other) => other.data))];
  const ofData = finished.filter((other) => other.data === run.data);
  const sizes = [...new Set(ofData.map((other) => String(other.size)))];
  const seeds = ofData.filter((other) => other.size === run.size).map((other) => other.seed);
  return (
    <div class="tools">
      {data.length > 1 && (
        <Segments<TrainingData>
          label={l10n.t("Trained on")}
          name="run-data"
          value={run.data}
          choices={data.map((value) => ({ value, label: dataLabel(value) }))}
          onChange={(value) => onChange({ data: value })}
        />
      )}
      <Segments
        label={l10n.t("Training images")}
        name="run-size"
        value={String(run.size)}
        choices={sizes.map((value) => ({ value, label: sizeLabel(value === "all" ? "all" : Number(value)) }))}
        onChange={(size) => onChange({ size })}
      />
      {seeds.length > 1 && (
        <Select
          label={l10n.t("Seed")}
          value={String(run.seed)}
          choices={seeds.map((seed) => ({ value: String(seed), label: l10n.t("Seed {0}", number(seed)) }))}
          onChange={(seed) => onChange({ seed: Number(seed) })}
        />
      )}
      <SetChoice
        label={l10n.t("Test images")}
        name="run-set"
        value={choice.set}
        onChange={(set) => onChange({ set })}
      />
    </div>
  );
}

function modelFormats(): readonly Choice<ModelExportFormat | "">[] {
  return [
    { value: "", label: l10n.t("Save Model…") },
    { value: "tfjs", label: "TensorFlow.js LayersModel" },
    { value: "onnx", label: "ONNX" },
    { value: "npz", label: l10n.t("NumPy Arrays") },
  ];
}

function ModelExport(props: {
  readonly host: TrainingHost;
  readonly experiment: ExperimentResult;
  readonly run: RunView;
  readonly act: (action: Promise<void>) => void;
}): JSX.Element | null {
  const { host, experiment, run, act } = props;
  if (run.result?.isKept !== true) return null;
  return (
    <Select
      label={l10n.t("Save this model")}
      value=""
      choices={modelFormats()}
      onChange={(format) => format !== "" && act(host.exportModel(experiment.experiment, run.run, format))}
    />
  );
}
