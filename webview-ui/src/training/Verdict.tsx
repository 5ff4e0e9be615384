import type { ComponentChild, JSX } from "preact";
import {
  FEW_LEAKED,
  type Cost,
  type ExperimentResult,
  type Interval,
  type ModelName,
} from "../../../src/protocol/training";
import { number, percent, plural } from "../shared/format";
import { isActive } from "./Header";
import { axisOf, IntervalPlot } from "./IntervalPlot";
import { includesZero, mainCost } from "./scores";
import { digitsOf, percentRange, pointsRange, sentencesOf, signed } from "./text";

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
  const sentences = sentencesOf(cost.sentence);
  const rest = sentences.slice(HEADLINE_SENTENCES).join(" ");
  return (
    <section class="verdict" aria-labelledby="verdict-title">
      <h2 id="verdict-title">{sentences.slice(0, HEADLINE_SENTENCES).join(" ")}</h2>
      {rest !== "" && <p class="verdict-rest">{rest}</p>}
      {isPreliminary(experiment, cost) && (
        <p class="muted">
          So far: trained on {plural(cost.trained.original, "image")}, {seedsText(experiment, cost)}.
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
        Only {spec.data.join()} data are trained. What the leakage costs shows when original and sanitized data are.
      </p>
    );
  }
  if (!isActive(status)) return null;
  return (
    <p class="lead">What the leakage costs is known as soon as the first models of both kinds of data are trained.</p>
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
  return seeds < spec.seeds.length ? `${number(seeds)} of ${plural(spec.seeds.length, "seed")}` : plural(seeds, "seed");
}

function Figures({ cost }: { readonly cost: Cost }): JSX.Element {
  const { original, samples, drop } = cost;
  const clean = samples.test - samples.leaked;
  return (
    <div class="cost-figures">
      <Score title="Published score" score={original.test} on={`on ${plural(samples.test, "test image")}`} />
      {samples.leaked > 0 && (
        <Score
          title="Without the leaked images"
          score={original.clean}
          on={`on ${plural(clean, "test image")} without a duplicate`}
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
      {score !== null && <span class="figure-range">95 % interval {percentRange(score)}</span>}
      <span class="muted">{score === null ? "there is no such image" : on}</span>
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
      <caption>What the leaked images add, in percentage points</caption>
      <thead class="hidden">
        <tr>
          <th scope="col">Part</th>
          <th scope="col">Points</th>
          <th scope="col">95 % interval</th>
        </tr>
      </thead>
      <tbody>
        <Part name="Together" interval={drop} shown={drop.value} {...{ digits, axis }}>
          the published score minus that without them
        </Part>
        {memorising !== null && (
          <Part name="Memorising" interval={memorising} shown={memorising.value} {...{ digits, axis }}>
            better on them because they were seen
          </Part>
        )}
        {memorising !== null && composition !== null && (
          <Part
            name="Composition"
            interval={composition}
            shown={rounded(drop.value) - rounded(memorising.value)}
            {...{ digits, axis }}
          >
            easier also for who never saw them
          </Part>
        )}
      </tbody>
      {!isTold && (
        <tfoot>
          <tr>
            <td colSpan={3} class="muted">
              {plural(samples.leakedGroups, "different leaked image is", "different leaked images are")} too few to tell
              memorising from composition.
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
          {isUnsure && <span class="tag">may be nothing</span>}
        </span>
      </td>
    </tr>
  );
}
