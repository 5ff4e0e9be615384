import { number, plural } from "../../../core/english";
import { TEST_SETS } from "../../../core/training/evaluation";
import type { ExperimentResult, TrainingRun } from "../../../core/training/experiment";
import type { Cost } from "../../../core/training/leakageCost";
import { MODELS, type ModelName } from "../../../core/training/models";
import { recipeOf } from "../../../core/training/planRuns";
import { markdownName, markdownText, pythonLiteral } from "../quoting";
import { IMAGES_MARK } from "./images";
import { code, words, type Cell } from "./notebook";

/** What a notebook is made of. */
export interface NotebookContent {
  readonly experiment: ExperimentResult;
  /** Name of the file of images beside the notebook. */
  readonly images: string;
  /** Finished runs that it repeats. */
  readonly runs: readonly TrainingRun[];
  /** Models of the experiment that it cannot repeat. */
  readonly left: readonly ModelName[];
}

/** The first cells: what the experiment was, what was measured, the images, and how samples are chosen. */
export function openingCells(content: NotebookContent, library: string, install: string): readonly Cell[] {
  return [
    words("title", titleText(content, library, install)),
    code("experiment", experimentCode(content)),
    words("measured-words", MEASURED_WORDS),
    code("measured", measuredCode(content)),
    words("images-words", imagesWords(content)),
    code("images", IMAGES_CODE),
    words("choice-words", CHOICE_WORDS),
    code("random", RANDOM_CODE),
    code("choice", CHOICE_CODE),
  ];
}

/** The last cells: all runs, a table beside what CleanSplit measured, and the learning curve. `tolerance` says how far they may differ. */
export function closingCells(tolerance: string): readonly Cell[] {
  return [
    words("scores-words", SCORES_WORDS),
    code("scores", SCORES_CODE),
    code("train-all", TRAIN_ALL_CODE),
    words("table-words", `## Beside what CleanSplit measured\n\n${tolerance}`),
    code("table", TABLE_CODE),
    words("curve-words", CURVE_WORDS),
    code("curve", CURVE_CODE),
  ];
}

function titleText({ experiment, runs, left }: NotebookContent, library: string, install: string): string {
  const { dataset, costs, samples } = experiment;
  // That of the first model on the most images, as CleanSplit shows it, too.
  const sentence = costs
    .filter(({ model }) => model === runs[0]?.model)
    .reduce<Cost | null>(
      (best, cost) => (cost.trained.original > (best?.trained.original ?? 0) ? cost : best),
      null,
    )?.sentence;
  const titles = left.map((model) => MODELS[model].title).join(", ");
  return [
    `# What leakage costs on ${markdownName(dataset.name)}, repeated with ${library}`,
    "Some test images of a dataset may also occur in its train or validation split. A model has seen those before it is tested, " +
      "so its score says too little about new images. CleanSplit trained models on the **original** data and on **sanitized** data, " +
      `from which such images were taken out, and scored all of them on the same ${plural(samples.test.original, "test image")}, ` +
      `${number(samples.test.leaked)} of which occur in another split. This notebook does the same again, without CleanSplit.`,
    ...(sentence === undefined ? [] : [`CleanSplit's result: *${markdownText(sentence)}*`]),
    ...(left.length === 0 ? [] : [`Not repeated here, because ${library} has no such model: ${titles}.`]),
    `It needs Python 3.9 or newer: \`pip install ${install}\`. Run the cells from top to bottom.`,
  ].join("\n\n");
}

function experimentCode({ experiment, images, runs }: NotebookContent): string {
  const models = [...new Set(runs.map(({ model }) => model))];
  const recipes = models.flatMap((model) => {
    const recipe = recipeOf(model, experiment.spec);
    if (recipe === null) return [];
    const { batchSize: batch, learningRate: rate, l2, wholeBatches: whole = false } = recipe;
    return [`    ${pythonLiteral(model)}: ${pythonLiteral({ batch, rate, l2, whole })},`];
  });
  const seeds = [...new Set(runs.map(({ seed }) => seed))];
  const others = seeds.length === 1 ? "" : `  # all of them, which takes longer: ${pythonLiteral(seeds)}`;
  return `EXPERIMENT = ${pythonLiteral(experiment.experiment)}
IMAGES = ${pythonLiteral(images)}  # lies beside this notebook

# Seeds of the runs that are repeated.
SEEDS = ${pythonLiteral(seeds.slice(0, 1))}${others}

# Batch size, learning rate, and weight decay: l2 / 2 times the squared weights is added to the loss; whether images that do
# not fill a last batch are left out of an epoch.
RECIPES = {
${recipes.join("\n")}
}`;
}

const MEASURED_WORDS = `## What CleanSplit measured

One line for each run. The numbers at its end are accuracy and loss (mean cross entropy) on four sets of test images: all of them
(\`original\`), those that the sanitized test split keeps (\`sanitized\`), those that occur in no other split (\`clean\`), and those
that also occur in train or validation (\`leaked\`).`;

function measuredCode({ runs }: NotebookContent): string {
  const lines = runs.map(({ model, data, trained, seed, epochs, scores }) => {
    const accuracies = TEST_SETS.map((set) => rounded(scores[set]?.accuracy));
    const losses = TEST_SETS.map((set) => rounded(scores[set]?.loss));
    return `    Run(${[model, data, trained, seed, epochs, accuracies, losses].map(pythonLiteral).join(", ")}),`;
  });
  return `from collections import namedtuple

SETS = ${pythonLiteral(TEST_SETS)}
Run = namedtuple("Run", "model data trained seed epochs accuracy loss")
MEASURED = [
${lines.join("\n")}
]
RUNS = [run for run in MEASURED if run.seed in SEEDS]
print(len(RUNS), "of", len(MEASURED), "runs are repeated")`;
}

/** Six digits after the point: the tables show four. */
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toFixed(6));
}

function imagesWords({ experiment, images }: NotebookContent): string {
  return `## The images

${markdownName(images)} holds the images as they were trained on (${markdownText(experiment.features)}): the pixels 0 to 255, a label
for each, the split it is in, whether the sanitized data keep it (\`stays\`), and whether it is a test image that also occurs in train or
validation (\`leaked\`).`;
}

const IMAGES_CODE = `import json
import numpy as np

with np.load(IMAGES) as arrays:
    if arrays["${IMAGES_MARK}"].tobytes().decode() != EXPERIMENT:
        raise ValueError(f"{IMAGES} belongs to another experiment; write the notebook again.")
    images, labels, split = arrays["images"], arrays["labels"], arrays["split"]
    stays, leaked = arrays["stays"] == 1, arrays["leaked"] == 1
    classes = json.loads(arrays["classes"].tobytes())
    ids = json.loads(arrays["ids"].tobytes())

TRAIN, VALIDATION, TEST = 0, 1, 2
labelled = (labels >= 0) & (labels < len(classes))
train_rows = {
    "original": np.flatnonzero(labelled & (split == TRAIN)),
    "sanitized": np.flatnonzero(labelled & (split == TRAIN) & stays),
}
test = np.flatnonzero(labelled & (split == TEST))
test_sets = {
    "original": np.ones(len(test), bool),
    "sanitized": stays[test],
    "clean": ~leaked[test],
    "leaked": leaked[test],
}
print("images:", images.shape, "in", len(classes), "classes")
print("train:", {data: len(rows) for data, rows in train_rows.items()})
print("test:", {name: int(inside.sum()) for name, inside in test_sets.items()})`;

const CHOICE_WORDS = `## Choosing samples

A small training set holds equally many images of each class. Which ones, and in which order they are trained on, follows from the
seed. So that this notebook trains on the very same images in the very same order, it has the same two small generators of random
numbers: SplitMix, which gives each row a number of its own, and sfc32, which shuffles.`;

const RANDOM_CODE = `MASK = 2**32 - 1


def mix32(value):
    """Mixes 32 bits so that each changes about half of the others."""
    value = ((value ^ (value >> 16)) * 0x21F0AAAD) & MASK
    value = ((value ^ (value >> 15)) * 0x735A2D97) & MASK
    return value ^ (value >> 15)


def splitmix32(seed, index):
    """Number \`index\` of the generator SplitMix that starts at \`seed\`."""
    return mix32((seed + 0x9E3779B9 * (index + 1)) & MASK)


class Random:
    """The generator sfc32 of PractRand."""

    def __init__(self, seed):
        self.a, self.b, self.c = (splitmix32(seed & MASK, index) for index in range(3))
        self.counter = 1
        for _ in range(12):
            self.next()

    def next(self):
        """A number from 0 to 2**32 - 1."""
        result = (self.a + self.b + self.counter) & MASK
        self.counter = (self.counter + 1) & MASK
        self.a = self.b ^ (self.b >> 9)
        self.b = (self.c * 9) & MASK
        self.c = ((self.c << 21 | self.c >> 11) + result) & MASK
        return result

    def below(self, limit):
        """A number from 0 to limit - 1, all equally likely."""
        end = 2**32 - 2**32 % limit
        value = self.next()
        while value >= end:
            value = self.next()
        return value % limit


def shuffle(values, random):
    """Puts a list into random order, all orders equally likely (Fisher-Yates)."""
    for last in range(len(values) - 1, 0, -1):
        chosen = random.below(last + 1)
        values[last], values[chosen] = values[chosen], values[last]`;

const CHOICE_CODE = `STREAM = 0x5B5E7


def subset(rows, size, seed):
    """\`size\` of the rows, equally many of every class as far as there are."""
    if size >= len(rows):
        return rows
    keys = splitmix32(mix32(seed ^ STREAM), rows.astype(np.uint64)) >> 6
    ordered = rows[np.argsort(keys, kind="stable")]
    turns = list(range(len(classes)))
    shuffle(turns, Random(seed ^ STREAM))
    waiting = [iter(ordered[labels[ordered] == label]) for label in turns]
    chosen = []
    while len(chosen) < size:
        drawn = (next(one, None) for one in waiting)
        chosen.extend(row for row in drawn if row is not None)
    return np.array(chosen[:size])


def orders(rows, seed, epochs):
    """The rows in the order in which each epoch trains on them."""
    order, random = rows.tolist(), Random(seed)
    for _ in range(epochs):
        shuffle(order, random)
        yield np.array(order)`;

const SCORES_WORDS = `## Training and scoring

Every model answers with one number for each class, the logarithm of its probability up to a constant. Accuracy is how often the
largest one belongs to the label; the loss is the mean of minus the logarithm of the label's probability.`;

const SCORES_CODE = `def scores(logits):
    """Accuracy and loss on each set of test images; None for an empty one."""
    wanted = labels[test]
    logits = logits - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(test)), wanted]
    right = logits.argmax(axis=1) == wanted
    return {
        name: (float(right[inside].mean()), float(losses[inside].mean())) if inside.any() else None
        for name, inside in test_sets.items()
    }`;

const TRAIN_ALL_CODE = `results = []
for run in RUNS:
    rows = subset(train_rows[run.data], run.trained, run.seed)
    results.append(scores(train(run, rows)))
    accuracy, loss = results[-1]["original"]
    print(f"{run.model}, {run.data} data, {run.trained} images, seed {run.seed}: accuracy {accuracy:.4f}, loss {loss:.4f}")`;

const TABLE_CODE = `print(f"{'model':<11}{'data':<10}{'trained':>8}{'seed':>11}  {'test set':<10}{'CleanSplit':>10}{'here':>8}{'difference':>12}")
largest = {}
for run, result in zip(RUNS, results):
    for name, before in zip(SETS, run.accuracy):
        if before is None or result[name] is None:
            continue
        here = result[name][0]
        largest[run.model] = max(largest.get(run.model, 0), abs(here - before))
        print(f"{run.model:<11}{run.data:<10}{run.trained:>8}{run.seed:>11}  {name:<10}{before:>10.4f}{here:>8.4f}{round(here - before, 4) + 0:>+12.4f}")
print()
for model, difference in largest.items():
    print(f"Largest difference of {model}: {100 * difference:.2f} points")`;

const CURVE_WORDS = `## Learning curve

Accuracy by number of training images: on all test images, and on those that occur in no other split. Lines are CleanSplit's means over
its seeds, crosses are the runs of this notebook.`;

const CURVE_CODE = `try:
    import matplotlib.pyplot as plt
except ImportError:
    plt = None
    print("pip install matplotlib shows a picture here.")

for model in dict.fromkeys(run.model for run in RUNS) if plt else []:
    figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    for axis, name in zip(axes, ["original", "clean"]):
        for data, colour in [("original", "tab:red"), ("sanitized", "tab:blue")]:
            points = {}
            for run in MEASURED:
                accuracy = run.accuracy[SETS.index(name)]
                if run.model == model and run.data == data and accuracy is not None:
                    points.setdefault(run.trained, []).append(accuracy)
            sizes = sorted(points)
            axis.plot(sizes, [np.mean(points[size]) for size in sizes], "o-", color=colour, label=f"{data} data")
            here = [(run.trained, result[name][0]) for run, result in zip(RUNS, results)
                    if run.model == model and run.data == data and result[name] is not None]
            axis.plot([size for size, _ in here], [accuracy for _, accuracy in here], "x", color=colour, label=f"{data} data, here")
        axis.set(title=f"{model}, {name} test images", xlabel="training images", xscale="log")
        axis.xaxis.set_major_formatter("{x:,.0f}")
        axis.xaxis.set_minor_formatter("")
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("accuracy")
    axes[0].legend()
    plt.show()`;
