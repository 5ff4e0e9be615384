import type { ModelName } from "../../../core/training/models";
import type { Backend, Classifier, ClassifierRequest, FeatureTable } from "../classifier";
import { Network } from "./network";
import { isNetwork, layersOf, MIN_SIDE } from "./networks";
import { openTensorFlow, type TensorFlow, type TensorFlowName } from "./openTensorFlow";

/**
 * Opens a back end that trains networks by TensorFlow.js.
 *
 * @throws Error when it does not work here, see {@link openTensorFlow}
 */
export async function openTensorFlowBackend(name: TensorFlowName): Promise<Backend> {
  return new TensorFlowBackend(name, await openTensorFlow(name));
}

class TensorFlowBackend implements Backend {
  constructor(
    readonly name: TensorFlowName,
    private readonly tf: TensorFlow,
  ) {}

  supports(model: ModelName, { height, width }: FeatureTable): boolean {
    return isNetwork(model) && (model !== "cnn" || Math.min(height, width) >= MIN_SIDE);
  }

  create(request: ClassifierRequest): Classifier {
    const { model, table, recipe } = request;
    if (!isNetwork(model) || recipe === null) throw new Error(`${model} is no network.`);
    this.use();
    return new Network(this.tf, (work) => this.run(work), layersOf(this.tf, model, request), table, recipe);
  }

  async close(): Promise<void> {
    // TensorFlow.js keeps its back ends until the process ends.
  }

  private run(work: () => void): void {
    this.use();
    this.tf.tidy(work);
  }

  /** Another back end may have been opened since; the change to one that is open is done at once. */
  private use(): void {
    if (this.tf.getBackend() !== this.name) void this.tf.setBackend(this.name);
  }
}
