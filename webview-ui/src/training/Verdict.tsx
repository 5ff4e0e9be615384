import * as l10n from "@vscode/l10n";
import type { ComponentChild, JSX } from "preact";
import { counted } from "../../../src/protocol/language";
import {
  costSentences,
  FEW_LEAKED,
  type Cost,
  type ExperimentResult,
  type Interval,
  type ModelName,
} from "../../../src/protocol/training";
import { number, percent } from "../shared/format";
import { isActive } from "./Header";
import { axisOf, IntervalPlot } from "./IntervalPlot";
import { includesZero, mainCost } from "./scores";
import { digitsOf, mayBeNothing, partName, percentRange, pointsRange, signed } from "./text";

/** Sentences of the verdict that stand out: what was counted, and what difference it makes. */
const HEADLINE_SENTENCES = 2;

/** What the leakage costs: one sentence first, then its figures with their intervals. */
export function Verdict(props: {
  readonly experiment: ExperimentResult;
  readonly model: ModelName;
}): JSX.Element | null {
  const { experiment, model } = props;
  const cost = mainCost(experiment, model);
  if (cost === null) return <Unknown experiment={experiment} />;
  const sentences = costSentences(cost);
  const rest = sentences.slice(HEADLINE_SENTENCES).join(" ");
  return (
    <section class="verdict" aria-labelledby="verdict-title">
      <h2 id="verdict-title">{sentences.slice(0, HEADLINE_SENTENCES).join(" ")}</h2>
      {rest !== "" && <p class="verdict-rest">{rest}</p>}
      {isPreliminary(experiment, cost) && (
        <p class="muted">
          {l10n.t({
            message: "So far: trained on {0}, {1}.",
            args: [counted(cost.trained.original, "image"), seedsText(experiment, cost)],
            comment: ["{0} e.g. 1,000 images, {1} e.g. 2 of 5 seeds."],
          })}
        </p>
      )}
      <Figures cost={cost} />
    </section>
  );
}

/** What is said while nothing is known of the cost, or where it cannot be known. */
function Unknown({ experiment }: { readonly experiment: ExperimentResult }): JSX.Element | null {
  const { spec, status } = experiment;
  if (spec.data.length < 2) {
    return (
      <p class="lead">
        {spec.data.includes("original")
          ? l10n.t("Only original data are trained. What the leakage costs shows when original and sanitized data are.")
          : l10n.t(
              "Only sanitized data are trained. What the leakage costs shows when original and sanitized data are.",
            )}
      </p>
    );
  }
  if (!isActive(status)) return null;
  return (
    <p class="lead">
      {l10n.t("What the leakage costs is known as soon as the first models of both kinds of data are trained.")}
    </p>
  );
}

function isPreliminary({ status, plan }: ExperimentResult, cost: Cost): boolean {
  if (status === "done") return false;
  const most = Math.max(...plan.filter(({ model }) => model === cost.model).map(({ trained }) => trained));
  const seeds = new Set(
    plan.filter(({ model, size }) => model === cost.model && size === cost.size).map((run) => run.seed),
  );
  return cost.trained.original < most || cost.seeds < seeds.size;
}

function seedsText({ spec }: ExperimentResult, { seeds }: Cost): string {
  if (seeds >= spec.seeds.length) return counted(seeds, "seed");
  return l10n.t("{0} of {1}", number(seeds), counted(spec.seeds.length, "seed"));
}

function Figures({ cost }: { readonly cost: Cost }): JSX.Element {
  const { original, samples, drop } = cost;
  const clean = samples.test - samples.leaked;
  return (
    <div class="cost-figures">
      <Score
        title={l10n.t("Published score")}
        score={original.test}
        on={l10n.t("on {0}", counted(samples.test, "test image"))}
      />
      {samples.leaked > 0 && (
        <Score
          title={l10n.t("Without the leaked images")}
          score={original.clean}
          on={l10n.t("on {0} without a duplicate", counted(clean, "test image"))}
        />
      )}
      {drop !== null && <Parts cost={cost} drop={drop} />}
    </div>
  );
}

function Score(props: { readonly title: string; readonly score: Interval | null; readonly on: string }): JSX.Element {
  const { title, score, on } = props;
  return (
    <div class="cost-figure">
      <span class="figure-title">{title}</span>
      <span class="figure-value">{score === null ? "–" : percent(score.value)}</span>
      {score !== null && <span class="figure-range">{l10n.t("95 % interval {0}", percentRange(score))}</span>}
      <span class="muted">{score === null ? l10n.t("there is no such image") : on}</span>
    </div>
  );
}

function Parts({ cost, drop }: { readonly cost: Cost; readonly drop: Interval }): JSX.Element {
  const { samples } = cost;
  const isTold = samples.leakedGroups >= FEW_LEAKED;
  const memorising = isTold ? cost.memorising : null;
  const composition = isTold ? cost.composition : null;
  const digits = digitsOf(drop.value);
  const axis = axisOf([drop, memorising, composition].filter((interval) => interval !== null));
  // What is shown adds up, as in the sentence.
  const scale = 10 ** digits * 100;
  const rounded = (share: number): number => Math.round(share * scale) / scale;
  return (
    <table class="parts">
      <caption>{l10n.t("What the leaked images add, in percentage points")}</caption>
      <thead class="hidden">
        <tr>
          <th scope="col">{l10n.t("Part")}</th>
          <th scope="col">{l10n.t({ message: "Points", comment: ["Percentage points."] })}</th>
          <th scope="col">{l10n.t("95 % interval")}</th>
        </tr>
      </thead>
      <tbody>
        <Part name={partName("drop")} interval={drop} shown={drop.value} {...{ digits, axis }}>
          {l10n.t("the published score minus that without them")}
        </Part>
        {memorising !== null && (
          <Part name={partName("memorising")} interval={memorising} shown={memorising.value} {...{ digits, axis }}>
            {l10n.t("better on them because they were seen")}
          </Part>
        )}
        {memorising !== null && composition !== null && (
          <Part
            name={partName("composition")}
            interval={composition}
            shown={rounded(drop.value) - rounded(memorising.value)}
            {...{ digits, axis }}
          >
            {l10n.t("easier also for who never saw them")}
          </Part>
        )}
      </tbody>
      {!isTold && (
        <tfoot>
          <tr>
            <td colSpan={3} class="muted">
              {samples.leakedGroups === 1
                ? l10n.t("{0} different leaked image is too few to tell memorising from composition.", 1)
                : l10n.t(
                    "{0} different leaked images are too few to tell memorising from composition.",
                    number(samples.leakedGroups),
                  )}
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  );
}

function Part(props: {
  readonly name: string;
  readonly interval: Interval;
  /** Its value, rounded so that the parts add up. */
  readonly shown: number;
  readonly digits: number;
  readonly axis: readonly [number, number];
  readonly children: ComponentChild;
}): JSX.Element {
  const { name, interval, shown, digits, axis, children } = props;
  const isUnsure = includesZero(interval);
  return (
    <tr class={isUnsure ? "unsure" : ""}>
      <th scope="row">
        {name}
        <span class="part-what">{children}</span>
      </th>
      <td class="number part-value">{signed(shown, digits)}</td>
      <td>
        <IntervalPlot interval={interval} axis={axis} />
        <span class="part-range">
          {pointsRange(interval, digits)}
          {isUnsure && <span class="tag">{mayBeNothing()}</span>}
        </span>
      </td>
    </tr>
  );
}
