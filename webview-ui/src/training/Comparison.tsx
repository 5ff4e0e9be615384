import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { decimalText } from "../../../src/protocol/language";
import {
  BACKEND_TITLES,
  channelsText,
  dataText,
  MODELS,
  momentText,
  progressOf,
  sizeText,
  type ExperimentResult,
  type ExperimentSpec,
  type Interval,
  type ModelName,
  type TestSet,
  type TrainingHost,
} from "../../../src/protocol/training";
import { Button, Notice } from "../shared/Controls";
import { percent } from "../shared/format";
import { overlaidCurves } from "./charts";
import { SetChoice } from "./LearningCurve";
import { LineChart } from "./LineChart";
import { cellsOf, includesZero, mainCost, scoreOf } from "./scores";
import { capital, mayBeNothing, percentRange, pointsRange, signed } from "./text";
import type { ThemeColors } from "../shared/themeColors";
import { useAnswer } from "./useAnswer";

/** Experiments that can be told apart in one chart. */
export const MAX_COMPARED = 5;

interface Props {
  readonly host: TrainingHost;
  /** The experiments that are compared, at least two. */
  readonly compared: readonly string[];
  /** Stands for what is kept of it while it is trained. */
  readonly live: ExperimentResult | null;
  readonly model: ModelName;
  readonly colors: ThemeColors;
  readonly asTable: boolean;
  readonly onEnd: () => void;
}

/** Several experiments over each other: their learning curves, and what differs in settings and results. */
export function Comparison({ host, compared, live, model, colors, asTable, onEnd }: Props): JSX.Element {
  const [set, setSet] = useState<TestSet>("original");
  const answer = useAnswer(JSON.stringify(compared), () =>
    Promise.all(compared.map((experiment) => host.experiment(experiment))),
  );
  const known = answer.isWaiting ? [] : (answer.value ?? []);
  const experiments = known.map((result) => (live?.experiment === result.experiment ? live : result));
  const views = experiments.map((experiment): Compared => ({
    name: momentText(experiment.started),
    experiment,
    model: experiment.spec.models.includes(model) ? model : (experiment.spec.models[0] ?? model),
  }));
  return (
    <section aria-labelledby="compare-title" class="comparison">
      <div class="section-head">
        <h2 id="compare-title">{l10n.t({ message: "Compared", comment: ["Experiments."] })}</h2>
        <Button kind="quiet" icon="close" label={l10n.t("End Comparison")} onClick={onEnd} />
      </div>
      {answer.error !== null && (
        <Notice level="error" actions={<Button label={l10n.t("Try Again")} onClick={answer.retry} />}>
          {l10n.t("The experiments could not be read: {0}", answer.error)}
        </Notice>
      )}
      {answer.isWaiting && <p class="nothing">{l10n.t("Reading the experiments …")}</p>}
      {views.length > 0 && (
        <>
          <div class="tools">
            <SetChoice label={l10n.t("Scored on")} name="compare-set" value={set} onChange={setSet} />
          </div>
          <div class="charts wide">
            <LineChart {...overlaidCurves(views, set)} colors={colors} asTable={asTable} />
          </div>
          <Differences views={views} />
        </>
      )}
    </section>
  );
}

interface Compared {
  readonly name: string;
  readonly experiment: ExperimentResult;
  readonly model: ModelName;
}

/** How settings read; those that are the same in all experiments are left out. */
const SETTINGS: readonly { readonly name: () => string; readonly text: (spec: ExperimentSpec) => string }[] = [
  { name: () => l10n.t("Models"), text: ({ models }) => models.map((model) => MODELS[model].title).join(", ") },
  { name: () => l10n.t("Numbers of images"), text: ({ sizes }) => sizes.map(sizeText).join("; ") },
  { name: () => l10n.t("Data"), text: ({ data }) => data.map(dataText).join(", ") },
  { name: () => l10n.t("Seeds"), text: ({ seeds }) => seeds.join(", ") },
  { name: () => l10n.t("Epochs"), text: ({ epochs }) => epochs?.toString() ?? asInRecipe() },
  { name: () => l10n.t("Batch size"), text: ({ batchSize }) => batchSize?.toString() ?? asInRecipe() },
  {
    name: () => l10n.t("Learning rate"),
    text: ({ learningRate }) => (learningRate === null ? asInRecipe() : decimalText(learningRate)),
  },
  { name: () => l10n.t("Side in pixels"), text: ({ side }) => side?.toString() ?? asThePictures() },
  {
    name: () => l10n.t("Colours"),
    text: ({ channels }) => (channels === null ? asThePictures() : channelsText(channels)),
  },
  {
    name: () => l10n.t({ message: "Leaked if", comment: ["A test image counts as leaked if it is equal to another."] }),
    text: ({ tier }) => (tier === "near" ? l10n.t("equal or similar") : l10n.t("equal")),
  },
  {
    name: () => l10n.t("Back end"),
    text: ({ backend }) =>
      backend === null
        ? l10n.t({ message: "the best", comment: ["The best back end for each model."] })
        : BACKEND_TITLES[backend],
  },
];

function asInRecipe(): string {
  return l10n.t({ message: "recipe", comment: ["A setting that is left to the recipe of the model."] });
}

function asThePictures(): string {
  return l10n.t({ message: "as the pictures", comment: ["Size or colours of images that are not changed."] });
}

function Differences({ views }: { readonly views: readonly Compared[] }): JSX.Element {
  const settings = SETTINGS.map(({ name, text }) => ({
    name: name(),
    values: views.map((view) => text(view.experiment.spec)),
  })).filter(({ values }) => new Set(values).size > 1);
  return (
    <div class="table-box">
      <table class="data differences">
        <caption class="hidden">{l10n.t("Settings that differ, and results")}</caption>
        <thead>
          <tr>
            <td />
            {views.map(({ name }, index) => (
              <th key={index} scope="col" class={`data-name series-${index}`}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {settings.length === 0 && (
            <tr>
              <th scope="row">{l10n.t("Settings")}</th>
              <td colSpan={views.length}>
                {l10n.t({ message: "are the same", comment: ["Settings, whose name stands before."] })}
              </td>
            </tr>
          )}
          {settings.map(({ name, values }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {values.map((value, index) => (
                <td key={index}>{capital(value)}</td>
              ))}
            </tr>
          ))}
        </tbody>
        <tbody>
          <tr>
            <th scope="row">{l10n.t("Status")}</th>
            {views.map(({ experiment }, index) => (
              <td key={index}>
                {progressOf({
                  status: experiment.status,
                  finished: experiment.runs.filter(({ result }) => result !== null).length,
                  planned: experiment.plan.length,
                })}
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">{l10n.t("Model")}</th>
            {views.map(({ model }, index) => (
              <td key={index}>{MODELS[model].title}</td>
            ))}
          </tr>
          {(["original", "sanitized"] as const).map((data) => (
            <tr key={data}>
              <th scope="row">
                {data === "original"
                  ? l10n.t("Trained on original data, most images")
                  : l10n.t("Trained on sanitized data, most images")}
              </th>
              {views.map((view, index) => (
                <td key={index}>
                  <LargestScore view={view} data={data} />
                </td>
              ))}
            </tr>
          ))}
          {(["drop", "memorising", "composition", "difference"] as const).map((part) => (
            <tr key={part}>
              <th scope="row">{PART_TEXTS[part]()}</th>
              {views.map(({ experiment, model }, index) => (
                <td key={index}>
                  <Points interval={mainCost(experiment, model)?.[part] ?? null} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const PART_TEXTS = {
  drop: () => l10n.t("Leaked images add, in points"),
  memorising: () => l10n.t("of that memorising"),
  composition: () => l10n.t("of that composition"),
  difference: () => l10n.t("Original minus sanitized, in points"),
} as const;

/** The accuracy on all test images of the runs on the most images. */
function LargestScore(props: { readonly view: Compared; readonly data: "original" | "sanitized" }): JSX.Element {
  const { experiment, model } = props.view;
  const cells = cellsOf(experiment).filter((cell) => cell.model === model && cell.data === props.data);
  const largest = [...cells].sort((a, b) => b.trained - a.trained).find((cell) => cell.finished.length > 0);
  const score = largest === undefined ? null : scoreOf(largest, "original");
  if (score === null) return <>–</>;
  return (
    <>
      <span class="strong">{percent(score.mean)}</span>
      {score.interval !== null && <span class="interval">{percentRange(score.interval)}</span>}
    </>
  );
}

function Points({ interval }: { readonly interval: Interval | null }): JSX.Element {
  if (interval === null) return <>–</>;
  return (
    <span class={includesZero(interval) ? "unsure" : ""}>
      {signed(interval.value)}
      <span class="interval">
        {pointsRange(interval)}
        {includesZero(interval) ? `, ${mayBeNothing()}` : ""}
      </span>
    </span>
  );
}
