import { HIDDEN_UNITS, KNN_NEIGHBOURS, type ModelName } from "../../../core/training/models";
import { code, words, type Cell } from "./notebook";
import { closingCells, openingCells, type NotebookContent } from "./sharedCells";

/** Models that a notebook in scikit-learn repeats. */
export const SKLEARN_MODELS: readonly ModelName[] = ["softmax", "softmax-l2", "knn", "mlp"];

const SOFTMAX_CODE = `def train_softmax(run, rows):
    """Softmax regression by plain stochastic gradient descent from zero weights."""
    recipe = RECIPES[run.model]
    weights = np.zeros((images[0].size, len(classes)), np.float32)
    bias = np.zeros(len(classes), np.float32)
    for order in orders(rows, run.seed, run.epochs):
        for start in range(0, len(order), recipe["batch"]):
            batch = order[start : start + recipe["batch"]]
            x = scaled(batch)
            logits = x @ weights + bias
            error = np.exp(logits - logits.max(axis=1, keepdims=True))
            error /= error.sum(axis=1, keepdims=True)
            error[np.arange(len(batch)), labels[batch]] -= 1
            weights -= recipe["rate"] * (x.T @ error / len(batch) + recipe["l2"] * weights)
            bias -= recipe["rate"] * error.mean(axis=0)
    return lambda x: x @ weights + bias`;

const KNN_CODE = `def train_knn(run, rows):
    """Nearest neighbours by the distance of pixels; (votes + 1) / (neighbours + classes) is the probability of a class."""
    model = KNeighborsClassifier(n_neighbors=${KNN_NEIGHBOURS}, algorithm="brute").fit(scaled(rows), labels[rows])

    def logits(x):
        votes = np.zeros((len(x), len(classes)))
        votes[:, model.classes_] = model.predict_proba(x) * model.n_neighbors
        return np.log((votes + 1) / (model.n_neighbors + len(classes)))

    return logits`;

const MLP_CODE = `def train_mlp(run, rows):
    """A network with one hidden layer, by plain stochastic gradient descent."""
    recipe = RECIPES[run.model]
    model = MLPClassifier(
        (${HIDDEN_UNITS},), solver="sgd", momentum=0, nesterovs_momentum=False, alpha=0, tol=0,
        batch_size=min(recipe["batch"], len(rows)), learning_rate_init=recipe["rate"],
        max_iter=run.epochs, n_iter_no_change=run.epochs, random_state=run.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # It stops after the epochs of the recipe, as it should.
        model.fit(scaled(rows), labels[rows])
    return lambda x: known_classes(model.predict_log_proba(x), model.classes_)`;

const MODEL_CODES: Readonly<Partial<Record<ModelName, readonly [string, string]>>> = {
  softmax: ["train_softmax", SOFTMAX_CODE],
  "softmax-l2": ["train_softmax", SOFTMAX_CODE],
  knn: ["train_knn", KNN_CODE],
  mlp: ["train_mlp", MLP_CODE],
};

/** The cells of a notebook that repeats runs with numpy and scikit-learn, and compares them with its logistic regression. */
export function sklearnCells(content: NotebookContent): readonly Cell[] {
  return [
    ...openingCells(content, "scikit-learn", "numpy scikit-learn matplotlib"),
    words("models-words", MODELS_WORDS),
    code("scaling", SCALING_CODE),
    code("models", modelsCode(content)),
    ...closingCells(TOLERANCE),
    words("logistic-words", LOGISTIC_WORDS),
    code("logistic", LOGISTIC_CODE),
  ];
}

const MODELS_WORDS = `## The models

Pixels 0 to 255 become numbers from -0.5 to 0.5, as (p - 127.5) / 255. Softmax regression is written out with numpy, because
scikit-learn cannot train it in batches of a given order; the other models are those of scikit-learn.`;

const SCALING_CODE = `import warnings
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier


def scaled(rows):
    """The pixels of rows as numbers from -0.5 to 0.5, one line for each image."""
    return ((images[rows] - np.float32(127.5)) / np.float32(255)).reshape(len(rows), -1)


def known_classes(logits, columns):
    """Logits for all classes, where a model knows only those of its training images; others get next to no probability."""
    full = np.full((len(logits), len(classes)), np.log(1e-12))
    full[:, columns] = np.maximum(logits, np.log(1e-12))
    return full


def on_test(logits):
    """The logits for all test images, some at a time."""
    return np.concatenate([logits(scaled(test[start : start + 1000])) for start in range(0, len(test), 1000)])`;

function modelsCode({ runs }: NotebookContent): string {
  const models = [...new Set(runs.map(({ model }) => model))].flatMap((model) => {
    const known = MODEL_CODES[model];
    return known === undefined ? [] : [{ model, name: known[0], text: known[1] }];
  });
  const names = models.map(({ model, name }) => `"${model}": ${name}`).join(", ");
  return `${[...new Set(models.map(({ text }) => text))].join("\n\n\n")}


MODELS = {${names}}


def train(run, rows):
    """Trains a model on the rows; answers its logits for the test images."""
    return on_test(MODELS[run.model](run, rows))`;
}

const TOLERANCE = `Softmax regression begins with zero weights and sees the same images in the same order, so only the rounding of
32-bit numbers can differ: expect less than 0.2 points, which is a few test images. Nearest neighbours differ at most where two training
images are equally close. The network begins with random weights and an order that scikit-learn draws in its own way, so it differs
as two seeds do.`;

const LOGISTIC_WORDS = `## Logistic regression until it has converged

Softmax regression after a few epochs is not at its optimum yet. scikit-learn's solver goes there, with a penalty for large weights
that \`C\` divides: the smaller \`C\`, the smaller the weights. On many images it takes minutes, so \`MOST\` leaves those out.`;

const LOGISTIC_CODE = `MOST = 5000

print(f"{'C':<6}{'data':<10}{'trained':>8}{'seed':>11}" + "".join(f"{name:>11}" for name in SETS))
for data, trained, seed in dict.fromkeys((run.data, run.trained, run.seed) for run in RUNS):
    if trained > MOST:
        continue
    rows = subset(train_rows[data], trained, seed)
    if len(np.unique(labels[rows])) < 2:
        continue
    for C in [1, 0.01]:
        model = LogisticRegression(C=C, max_iter=1000).fit(scaled(rows), labels[rows])
        result = scores(on_test(lambda x: known_classes(model.predict_log_proba(x), model.classes_)))
        cells = "".join(f"{'-' if result[name] is None else format(result[name][0], '.4f'):>11}" for name in SETS)
        print(f"{C:<6}{data:<10}{trained:>8}{seed:>11}{cells}")`;
