import * as l10n from "@vscode/l10n";

/** Models that can be trained. */
export type ModelName = "softmax" | "softmax-l2" | "knn" | "mlp" | "cnn";

/** How a model is trained. */
export interface Recipe {
  readonly epochs: number;
  readonly batchSize: number;
  /** Of plain stochastic gradient descent on the mean cross entropy of a batch. */
  readonly learningRate: number;
  /** Weight decay: l2 / 2 times the squared weights (not biases) is added to the loss. */
  readonly l2: number;
  /**
   * Whether rows that fill no whole batch are left out of an epoch, which have others in the next one; otherwise they
   * are a smaller last batch. Networks need that: a step on a handful of images goes so far that it can undo the epoch.
   */
  readonly wholeBatches?: boolean;
}

/** A model with the recipe that it has unless a specification says otherwise. */
export interface ModelPreset {
  readonly name: ModelName;
  readonly title: string;
  /** One sentence: what it is. */
  readonly sentence: () => string;
  /** Where its recipe comes from. */
  readonly source: () => string;
  /** `null` for a model that is not trained in epochs. */
  readonly recipe: Recipe | null;
}

/** Neighbours that vote. */
export const KNN_NEIGHBOURS = 1;

/** Units of the hidden layer of the network `mlp`. */
export const HIDDEN_UNITS = 1024;

/** Every model, in the order in which it is offered. */
export const MODELS: Readonly<Record<ModelName, ModelPreset>> = {
  softmax: {
    name: "softmax",
    title: "Softmax regression",
    sentence: () => l10n.t("Multinomial logistic regression on the pixels, with weights that are zero at the start."),
    source: () =>
      l10n.t(
        "The published solution of problems 5 and 6 of the notMNIST assignment: SGD 0.01, batches of 128, 20 epochs.",
      ),
    recipe: { epochs: 20, batchSize: 128, learningRate: 0.01, l2: 0 },
  },
  "softmax-l2": {
    name: "softmax-l2",
    title: "Softmax regression with L2",
    sentence: () => l10n.t("Softmax regression whose weights are kept small."),
    source: () => l10n.t("Ridge penalty 0.01, as in the regularisation assignment of the course."),
    recipe: { epochs: 20, batchSize: 128, learningRate: 0.01, l2: 0.01 },
  },
  knn: {
    name: "knn",
    title: "Nearest neighbour",
    sentence: () => l10n.t("Says the label of the training image whose pixels are closest: the extreme memoriser."),
    source: () => l10n.t("Cover and Hart, Nearest neighbor pattern classification, 1967."),
    recipe: null,
  },
  mlp: {
    name: "mlp",
    title: "Network with 1024 hidden units",
    sentence: () => l10n.t("One hidden layer of rectified linear units."),
    source: () => l10n.t("The assignment after it (2_fullyconnected): 1024 ReLU units, whole batches of 128."),
    recipe: { epochs: 20, batchSize: 128, learningRate: 0.1, l2: 0, wholeBatches: true },
  },
  cnn: {
    name: "cnn",
    title: "Small convolutional network",
    sentence: () => l10n.t("Two convolutions of 5 x 5 with 16 filters, each with 2 x 2 pooling, and 64 hidden units."),
    source: () =>
      l10n.t("The convolution assignment (4_convolutions): 5 x 5 patches, depth 16, 64 hidden units, SGD 0.05."),
    recipe: { epochs: 10, batchSize: 128, learningRate: 0.05, l2: 0, wholeBatches: true },
  },
};

/** The names of {@link MODELS}, in their order. */
export const MODEL_NAMES = Object.keys(MODELS) as readonly ModelName[];
