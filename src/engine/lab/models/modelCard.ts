import { version } from "../../../../package.json";
import { number, plural } from "../../../core/english";
import { TEST_SETS, type TestSet } from "../../../core/training/evaluation";
import type { ExperimentResult, TrainingRun } from "../../../core/training/experiment";
import type { Cost, Interval } from "../../../core/training/leakageCost";
import { MODELS } from "../../../core/training/models";
import { recipeOf } from "../../../core/training/planRuns";
import type { ModelFolderRequest } from "../exports";
import type { ModelFormat } from "../lab";
import { markdownName, markdownText } from "../quoting";
import type { Layer } from "./layers";
import { loadingText } from "./loadingText";

const TEST_SET_TITLES: Readonly<Record<TestSet, string>> = {
  original: "all test images",
  sanitized: "those of the sanitized test split",
  clean: "those that occur in no other split",
  leaked: "those that also occur in train or validation",
};

/** The text of `MODEL_CARD.md`: what the model is, what it was trained on, how well it does, and how it is used. */
export function modelCard(request: ModelFolderRequest, layers: readonly Layer[]): string {
  const { experiment, run, format, input } = request;
  const preset = MODELS[run.model];
  const sections = [
    [
      `# ${preset.title}, trained on ${run.data} data of ${markdownName(experiment.dataset.name)}`,
      `${preset.sentence()} CleanSplit ${version} trained it to measure what duplicates between splits do to a score. It is a ` +
        "baseline, and not made to be relied on.",
    ],
    ["## How to use it", loadingText(format, layers, input)],
    ["## What it takes and gives", inputText(request)],
    ["## Training data", dataText(experiment, run)],
    ["## Recipe", recipeText(experiment, run)],
    ["## Scores", ...scoresSection(experiment, run)],
    ["## What the leakage costs", costText(experiment, run)],
    ["## Limits", limits(run)],
  ];
  return `${sections.flat().join("\n\n")}\n`;
}

function inputText({ experiment, input, format }: ModelFolderRequest): string {
  const { height, width, channels } = input;
  const scaling: Readonly<Record<ModelFormat, string>> = {
    tfjs: "The model scales them itself.",
    onnx: "The model scales them itself.",
    npz: "The code above scales them.",
  };
  const classes = experiment.classes.map((name, index) => `${index}. ${markdownName(name)}`);
  return [
    `Pixels 0 to 255 of shape batch x ${height} x ${width} x ${channels} (${channels === 1 ? "grey" : "red, green, blue"}). In ` +
      `training, pictures became numbers as follows: ${markdownText(experiment.features)}. ${scaling[format]}`,
    `It gives one probability for each of ${plural(classes.length, "class", "classes")}, in this order, which is also that of ` +
      "`classes.json`:",
    classes.join("\n"),
  ].join("\n\n");
}

function dataText({ dataset, samples, spec, started }: ExperimentResult, run: TrainingRun): string {
  const twin = spec.tier === "near" ? "that is equal or similar to one" : "that is equal to one";
  const available = samples.train[run.data];
  const chosen =
    run.trained >= available
      ? `All ${plural(available, "labelled image")} of train.`
      : `${number(run.trained)} of ${plural(available, "labelled image")} of train, equally many of each class as far as there are.`;
  const lines = [
    `Dataset ${markdownName(dataset.name)}, in an experiment begun at ${markdownText(started)}. Fingerprint: ${markdownName(dataset.fingerprint)}.`,
    run.data === "original"
      ? "Original data: the dataset as it is, with what it has in common between its splits."
      : `Sanitized data: no image of train ${twin} of test or validation.`,
    chosen,
    `Validation: ${plural(samples.validation[run.data], "labelled image")}.`,
  ];
  return list(lines);
}

function recipeText({ spec }: ExperimentResult, run: TrainingRun): string {
  const recipe = recipeOf(run.model, spec);
  const source = MODELS[run.model].source();
  if (recipe === null) return list([source]);
  return list([
    `Plain stochastic gradient descent on the mean cross entropy: ${plural(run.epochs, "epoch")}, batches of ` +
      `${recipe.batchSize}, learning rate ${recipe.learningRate}` +
      (recipe.l2 === 0 ? "." : `, weight decay ${recipe.l2} (half of it times the squared weights).`),
    `Seed ${run.seed} of the choice of images, of their order, and of the first weights where those are not zero.`,
    `Trained in ${run.seconds.toFixed(1)} s by the back end "${run.backend}".`,
    `The recipe: ${markdownText(source)}`,
  ]);
}

function scoresSection(experiment: ExperimentResult, run: TrainingRun): readonly string[] {
  const cost = costOf(experiment, run);
  const repeated = cost !== undefined && cost.seeds > 1 ? cost : null;
  return [scoreTable(run, repeated), scoreText(run, repeated !== null)];
}

/** @param repeated what is known over all seeds; `null` when there is but one */
function scoreTable(run: TrainingRun, repeated: Cost | null): string {
  const head = [
    "test set",
    "images",
    "accuracy",
    "loss",
    ...(repeated === null ? [] : [`accuracy over ${repeated.seeds} seeds`]),
  ];
  const rows = TEST_SETS.map((set) => {
    const score = run.scores[set];
    const cells =
      score === null ? ["0", "–", "–"] : [number(score.samples), percent(score.accuracy), score.loss.toFixed(4)];
    return [
      TEST_SET_TITLES[set],
      ...cells,
      ...(repeated === null ? [] : [intervalText(intervalOf(repeated, run.data, set))]),
    ];
  });
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function scoreText({ data }: TrainingRun, isRepeated: boolean): string {
  return [
    "The loss is the mean cross entropy in nats.",
    ...(isRepeated
      ? ["The last column has the mean over seeds with its 95 % interval, by bootstrap over seeds and test images."]
      : []),
    ...(data === "original"
      ? ["The score on all test images counts images that the model may have been trained on."]
      : []),
  ].join(" ");
}

function costText(experiment: ExperimentResult, run: TrainingRun): string {
  const cost = costOf(experiment, run);
  return cost === undefined
    ? "Not known: that takes the same model trained on original and on sanitized data."
    : markdownText(cost.sentence);
}

function limits(run: TrainingRun): string {
  return list([
    "It knows nothing but the pixels of pictures like those it was trained on, and gives every other picture one of its classes, too.",
    "Labels were taken as they are; wrong ones were learnt, and count in the scores.",
    "Its probabilities were not calibrated.",
    ...(run.data === "original"
      ? ["To compare models, take the score on the test images that occur in no other split."]
      : []),
  ]);
}

function costOf({ costs }: ExperimentResult, run: TrainingRun): Cost | undefined {
  return costs.find((cost) => cost.model === run.model && cost.size === run.size);
}

function intervalOf(cost: Cost, data: TrainingRun["data"], set: TestSet): Interval | null {
  switch (set) {
    case "original":
      return cost[data].test;
    case "sanitized":
      return data === "sanitized" ? cost.sanitized.sanitized : null;
    case "clean":
    case "leaked":
      return cost[data][set];
  }
}

function intervalText(interval: Interval | null): string {
  if (interval === null) return "–";
  const { value, low, high } = interval;
  return `${percent(value)} (${(low * 100).toFixed(1)} to ${percent(high)})`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function list(lines: readonly string[]): string {
  return lines.map((line) => `- ${line}`).join("\n");
}
