import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { decimalText } from "../../../src/protocol/language";
import {
  BACKEND_TITLES,
  MODELS,
  recipeOf,
  type ExperimentResult,
  type ModelName,
  type TrainingData,
} from "../../../src/protocol/training";
import { number, sentenceList, visible } from "../shared/format";

/** With what and on what an experiment was trained. */
export function Facts(props: { readonly experiment: ExperimentResult; readonly model: ModelName }): JSX.Element {
  const { experiment, model } = props;
  const { backends, features, samples, spec, classes } = experiment;
  const { title, source } = MODELS[model];
  const choice = backends[model];
  const data = spec.data.map((kind) => trainText(kind, number(samples.train[kind])));
  return (
    <dl class="facts">
      <div>
        <dt>{l10n.t("Model")}</dt>
        <dd>
          {title}
          <span class="muted">{recipeText(experiment, model)}</span>
          <span class="muted">{source()}</span>
        </dd>
      </div>
      {choice !== undefined && (
        <div>
          <dt>{l10n.t("Back end")}</dt>
          <dd>
            {BACKEND_TITLES[choice.backend]} <span class="muted">{visible(choice.reason)}</span>
          </dd>
        </div>
      )}
      <div>
        <dt>{l10n.t("Images")}</dt>
        <dd>
          {features}
          <span class="muted">
            {l10n.t({
              message: "{0} to train on, {1} to test, {2} classes",
              args: [sentenceList(data), number(samples.test.original), number(classes.length)],
              comment: ["{0} e.g. 13,901 original and 13,402 sanitized, {1} and {2} numbers."],
            })}
          </span>
          <span class="muted">
            {spec.tier === "near"
              ? l10n.t(
                  "{0} test images count as leaked: equal or similar to one of train or validation",
                  number(samples.test.leaked),
                )
              : l10n.t(
                  "{0} test images count as leaked: equal to one of train or validation",
                  number(samples.test.leaked),
                )}
          </span>
        </dd>
      </div>
    </dl>
  );
}

function trainText(data: TrainingData, count: string): string {
  return data === "original"
    ? l10n.t({
        message: "{0} original",
        args: [count],
        comment: ["{0} a number of images, of the original or the sanitized data."],
      })
    : l10n.t({
        message: "{0} sanitized",
        args: [count],
        comment: ["{0} a number of images, of the original or the sanitized data."],
      });
}

function recipeText({ spec }: ExperimentResult, model: ModelName): string {
  const recipe = recipeOf(model, spec);
  if (recipe === null) return l10n.t("Not trained in epochs");
  const { learningRate, batchSize, epochs, l2 } = recipe;
  const steps = l10n.t({
    message: "SGD {0}, batches of {1}, {2} epochs",
    args: [decimalText(learningRate), number(batchSize), number(epochs)],
    comment: ["SGD, stochastic gradient descent, with its learning rate."],
  });
  return l2 === 0 ? steps : `${steps}, L2 ${decimalText(l2)}`;
}
