import type { JSX } from "preact";
import {
  BACKEND_TITLES,
  MODELS,
  recipeOf,
  type ExperimentResult,
  type ModelName,
} from "../../../src/protocol/training";
import { number, sentenceList, visible } from "../shared/format";

/** With what and on what an experiment was trained. */
export function Facts(props: { readonly experiment: ExperimentResult; readonly model: ModelName }): JSX.Element {
  const { experiment, model } = props;
  const { backends, features, samples, spec, classes } = experiment;
  const { title, source } = MODELS[model];
  const choice = backends[model];
  const data = spec.data.map((kind) => `${number(samples.train[kind])} ${kind}`);
  return (
    <dl class="facts">
      <div>
        <dt>Model</dt>
        <dd>
          {title}
          <span class="muted">{recipeText(experiment, model)}</span>
          <span class="muted">{source}</span>
        </dd>
      </div>
      {choice !== undefined && (
        <div>
          <dt>Back end</dt>
          <dd>
            {BACKEND_TITLES[choice.backend]} <span class="muted">{visible(choice.reason)}</span>
          </dd>
        </div>
      )}
      <div>
        <dt>Images</dt>
        <dd>
          {features}
          <span class="muted">
            {sentenceList(data)} to train on, {number(samples.test.original)} to test, {number(classes.length)} classes
          </span>
          <span class="muted">
            {number(samples.test.leaked)} test images count as leaked:{" "}
            {spec.tier === "near" ? "equal or similar to" : "equal to"} one of train or validation
          </span>
        </dd>
      </div>
    </dl>
  );
}

function recipeText({ spec }: ExperimentResult, model: ModelName): string {
  const recipe = recipeOf(model, spec);
  if (recipe === null) return "Not trained in epochs";
  const { learningRate, batchSize, epochs, l2 } = recipe;
  const decay = l2 === 0 ? "" : `, L2 ${l2}`;
  return `SGD ${learningRate}, batches of ${number(batchSize)}, ${number(epochs)} epochs${decay}`;
}
