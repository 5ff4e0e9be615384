import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { MODELS, type ModelName } from "../../../core/training/models";
import type { Parameter } from "../../training/classifier";
import type { PictureSize } from "../exports";

/** A layer of a trained model, as Keras has it, channels last. */
export type Layer =
  /** Convolution with padding "same" and stride 1, then ReLU; kernel height x width x in x out. */
  | { readonly kind: "conv"; readonly name: string; readonly kernel: Parameter; readonly bias: Parameter }
  /** Largest of 2 x 2, stride 2, without padding. */
  | { readonly kind: "pool"; readonly name: string }
  /** Everything of an image in the order height, width, channels. */
  | { readonly kind: "flatten"; readonly name: string }
  /** Kernel in x out. */
  | {
      readonly kind: "dense";
      readonly name: string;
      readonly kernel: Parameter;
      readonly bias: Parameter;
      readonly activation: "relu" | "softmax";
    };

/** The layers of each model; what they need of parameters has the names `LAYER/kernel` and `LAYER/bias`. */
const KINDS: Readonly<Record<Exclude<ModelName, "knn">, readonly (readonly [Layer["kind"], string])[]>> = {
  softmax: [
    ["flatten", "flatten"],
    ["dense", "dense"],
  ],
  "softmax-l2": [
    ["flatten", "flatten"],
    ["dense", "dense"],
  ],
  mlp: [
    ["flatten", "flatten"],
    ["dense", "dense1"],
    ["dense", "dense2"],
  ],
  cnn: [
    ["conv", "conv1"],
    ["pool", "pool1"],
    ["conv", "conv2"],
    ["pool", "pool2"],
    ["flatten", "flatten"],
    ["dense", "dense1"],
    ["dense", "dense2"],
  ],
};

/**
 * The layers of a model between the scaled pixels and the probabilities of the classes.
 *
 * Throws a `CleanSplitError`: "unsupported" for nearest neighbours, "corrupt" when the parameters do not fit the model, the
 * pictures or the classes.
 */
export function layersOf(
  model: ModelName,
  parameters: readonly Parameter[],
  input: PictureSize,
  classes: number,
): readonly Layer[] {
  if (model === "knn") {
    throw new CleanSplitError(
      "unsupported",
      l10n.t(
        '"{0}" has learnt nothing that could be saved: it is its training images. Save a notebook of the experiment instead, which comes with the images, or the model of another run.',
        MODELS.knn.title,
      ),
    );
  }
  const kinds = KINDS[model];
  const last = kinds.at(-1)?.[1];
  const fitting = new Fitting(model, parameters, input);
  const layers = kinds.map(([kind, name]): Layer => {
    switch (kind) {
      case "conv":
        return { kind, name, ...fitting.conv(name) };
      case "pool":
        fitting.pool();
        return { kind, name };
      case "flatten":
        fitting.flatten();
        return { kind, name };
      case "dense":
        return { kind, name, ...fitting.dense(name), activation: name === last ? "softmax" : "relu" };
    }
  });
  fitting.end(classes);
  return layers;
}

/** Takes the parameters of one layer after the other and checks that each fits the one before. */
class Fitting {
  /** Shape of what the last layer gives for one image. */
  private shape: readonly number[];
  private taken = 0;

  constructor(
    private readonly model: ModelName,
    private readonly parameters: readonly Parameter[],
    { height, width, channels }: PictureSize,
  ) {
    this.shape = [height, width, channels];
  }

  conv(name: string): { readonly kernel: Parameter; readonly bias: Parameter } {
    const [height = 0, width = 0, channels = 0] = this.shape;
    const kernel = this.take(`${name}/kernel`, [null, null, channels, null]);
    const filters = kernel.shape[3] ?? 0;
    const bias = this.take(`${name}/bias`, [filters]);
    this.shape = [height, width, filters];
    return { kernel, bias };
  }

  pool(): void {
    const [height = 0, width = 0, channels = 0] = this.shape;
    this.shape = [Math.floor(height / 2), Math.floor(width / 2), channels];
  }

  flatten(): void {
    this.shape = [this.shape.reduce((product, length) => product * length, 1)];
  }

  dense(name: string): { readonly kernel: Parameter; readonly bias: Parameter } {
    const kernel = this.take(`${name}/kernel`, [this.shape[0] ?? 0, null]);
    const units = kernel.shape[1] ?? 0;
    const bias = this.take(`${name}/bias`, [units]);
    this.shape = [units];
    return { kernel, bias };
  }

  end(classes: number): void {
    if (this.shape[0] !== classes)
      throw this.damaged(l10n.t("it tells {0} classes apart, expected {1}", this.shape[0] ?? 0, classes));
    const more = this.parameters.length - this.taken;
    if (more > 0) throw this.damaged(l10n.t("it has {0} parameters too many", more));
  }

  /** The parameter of a name; `null` in the shape stands for any length. */
  private take(name: string, shape: readonly (number | null)[]): Parameter {
    const parameter = this.parameters.find((other) => other.name === name);
    if (parameter === undefined) throw this.damaged(l10n.t("{0} is missing", name));
    const fits =
      parameter.shape.length === shape.length &&
      shape.every((length, axis) => length === null || length === parameter.shape[axis]);
    const size = parameter.shape.reduce((product, length) => product * length, 1);
    if (!fits || size !== parameter.values.length) {
      const expected = shape.map((length) => length ?? "n").join(" x ");
      throw this.damaged(
        l10n.t(
          "{0} has {1} numbers of shape {2}, expected {3}",
          name,
          parameter.values.length,
          parameter.shape.join(" x "),
          expected,
        ),
      );
    }
    this.taken++;
    return parameter;
  }

  private damaged(what: string): CleanSplitError {
    const { title } = MODELS[this.model];
    return new CleanSplitError(
      "corrupt",
      l10n.t('The kept model "{0}" is damaged: {1}. Train the experiment again.', title, what),
    );
  }
}

/** The bytes of the numbers of a parameter, as files of all formats have them: 32-bit floats, little endian. */
export function bytesOf({ values }: Pick<Parameter, "values">): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
