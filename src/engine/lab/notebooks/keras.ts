import type { ModelName } from "../../../core/training/models";
import { HIDDEN_UNITS } from "../../../core/training/models";
import { code, words, type Cell } from "./notebook";
import { closingCells, openingCells, type NotebookContent } from "./sharedCells";

/** Models that a notebook in Keras repeats. */
export const KERAS_MODELS: readonly ModelName[] = ["softmax", "softmax-l2", "mlp", "cnn"];

/** The function that makes the layers of each model. */
const SOFTMAX_CODE = `def softmax(l2):
    """Softmax regression: a weighted sum of the pixels for each class, with weights that are zero at the start."""
    decay = keras.regularizers.L2(l2 / 2)
    return [layers.Flatten(), layers.Dense(len(classes), kernel_initializer="zeros", kernel_regularizer=decay)]`;

const MLP_CODE = `def mlp(l2):
    """A network with one hidden layer."""
    decay = keras.regularizers.L2(l2 / 2)
    return [
        layers.Flatten(),
        layers.Dense(${HIDDEN_UNITS}, activation="relu", kernel_regularizer=decay),
        layers.Dense(len(classes), kernel_regularizer=decay),
    ]`;

const CNN_CODE = `def cnn(l2):
    """A small convolutional network."""
    decay = keras.regularizers.L2(l2 / 2)
    return [
        layers.Conv2D(16, 5, padding="same", activation="relu", kernel_regularizer=decay),
        layers.MaxPooling2D(2),
        layers.Conv2D(16, 5, padding="same", activation="relu", kernel_regularizer=decay),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dense(64, activation="relu", kernel_regularizer=decay),
        layers.Dense(len(classes), kernel_regularizer=decay),
    ]`;

const MODEL_CODES: Readonly<Partial<Record<ModelName, readonly [string, string]>>> = {
  softmax: ["softmax", SOFTMAX_CODE],
  "softmax-l2": ["softmax", SOFTMAX_CODE],
  mlp: ["mlp", MLP_CODE],
  cnn: ["cnn", CNN_CODE],
};

/** The cells of a notebook that repeats runs in Keras. */
export function kerasCells(content: NotebookContent): readonly Cell[] {
  return [
    ...openingCells(content, "Keras", "numpy keras tensorflow matplotlib"),
    words("models-words", MODELS_WORDS),
    code("models", modelsCode(content)),
    code("train", TRAIN_CODE),
    ...closingCells(TOLERANCE),
  ];
}

const MODELS_WORDS = `## The models

Pixels 0 to 255 become numbers from -0.5 to 0.5, as (p - 127.5) / 255. The layers are those of Keras; the last one has no softmax, so
that it gives logits, from which the loss is computed more exactly.`;

function modelsCode({ runs }: NotebookContent): string {
  const models = [...new Set(runs.map(({ model }) => model))].flatMap((model) => {
    const known = MODEL_CODES[model];
    return known === undefined ? [] : [{ model, name: known[0], text: known[1] }];
  });
  const names = models.map(({ model, name }) => `"${model}": ${name}`).join(", ");
  return `import keras
from keras import layers


${[...new Set(models.map(({ text }) => text))].join("\n\n\n")}


MODELS = {${names}}`;
}

const TRAIN_CODE = `def train(run, rows):
    """Trains a model on the rows; answers its logits for the test images."""
    keras.utils.set_random_seed(run.seed)
    recipe = RECIPES[run.model]
    model = keras.Sequential([
        keras.Input(images.shape[1:], dtype="uint8"),
        layers.Rescaling(1 / 255, -0.5),
        *MODELS[run.model](recipe["l2"]),
    ])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(recipe["rate"]), loss=loss)
    for order in orders(rows, run.seed, run.epochs):
        if recipe["whole"] and len(order) > recipe["batch"]:
            order = order[: len(order) - len(order) % recipe["batch"]]  # A last step on few images would spoil a network.
        model.fit(images[order], labels[order], batch_size=recipe["batch"], shuffle=False, verbose=0)
    parts = (test[start : start + 500] for start in range(0, len(test), 500))
    return np.concatenate([keras.ops.convert_to_numpy(model(images[part])) for part in parts])`;

const TOLERANCE = `Softmax regression begins with zero weights and sees the same images in the same order, so only the rounding of
32-bit numbers can differ: expect less than 0.2 points, which is a few test images. The networks begin with random weights that Keras
draws in its own way, so they differ as two seeds do.`;
