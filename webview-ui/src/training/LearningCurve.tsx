import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { TEST_SETS, type ExperimentResult, type ModelName, type TestSet } from "../../../src/protocol/training";
import { Segments, Toggle } from "../shared/Controls";
import { costCurve, learningCurve } from "./charts";
import { LineChart } from "./LineChart";
import { setText } from "./text";
import type { ThemeColors } from "../shared/themeColors";

interface Props {
  readonly experiment: ExperimentResult;
  readonly model: ModelName;
  readonly colors: ThemeColors;
  readonly asTable: boolean;
  readonly set: TestSet;
  readonly onSet: (set: TestSet) => void;
  /** Shows the charts of the page as tables, or as charts again. */
  readonly onTables: (asTable: boolean) => void;
}

/** What more images bring, trained on original and on sanitized data. */
export function LearningCurve({ experiment, model, colors, asTable, set, onSet, onTables }: Props): JSX.Element {
  const cost = costCurve(experiment, model);
  return (
    <section aria-labelledby="curve-title">
      <div class="section-head">
        <h2 id="curve-title">{l10n.t("What more images bring")}</h2>
        <Toggle label={l10n.t("Show charts as tables")} checked={asTable} onChange={onTables} />
      </div>
      <div class="tools">
        <SetChoice label={l10n.t("Scored on")} name="curve-set" value={set} onChange={onSet} />
      </div>
      <div class={cost === null ? "charts wide" : "charts tall"}>
        <LineChart {...learningCurve(experiment, model, set)} colors={colors} asTable={asTable} />
        {cost !== null && <LineChart {...cost} colors={colors} asTable={asTable} />}
      </div>
    </section>
  );
}

/** Chooses one of the four sets of test images. */
export function SetChoice(props: {
  readonly label: string;
  readonly name: string;
  readonly value: TestSet;
  readonly onChange: (set: TestSet) => void;
}): JSX.Element {
  return (
    <Segments<TestSet>
      label={props.label}
      name={props.name}
      value={props.value}
      choices={TEST_SETS.map((set) => ({ value: set, ...setText(set) }))}
      onChange={props.onChange}
    />
  );
}
