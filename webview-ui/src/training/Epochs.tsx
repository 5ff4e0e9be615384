import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { ExperimentResult, ModelName } from "../../../src/protocol/training";
import { Button, Segments, Select } from "../shared/Controls";
import { number } from "../shared/format";
import { epochChart } from "./charts";
import { currentRun, runViews } from "./history";
import { LineChart } from "./LineChart";
import { sizeLabel } from "./text";
import type { ThemeColors } from "../shared/themeColors";

interface Props {
  readonly experiment: ExperimentResult;
  readonly model: ModelName;
  readonly colors: ThemeColors;
  readonly asTable: boolean;
  /** Chosen size as text, and seed; `null` follows the run that is trained, and takes all seeds. */
  readonly size: string | null;
  readonly seed: number | null;
  readonly onChoose: (choice: { readonly size?: string | null; readonly seed?: number | null }) => void;
}

/** Loss and accuracy while the runs of one size are trained, of one seed or of all. */
export function Epochs(props: Props): JSX.Element | null {
  const { experiment, model, colors, asTable, seed, onChoose } = props;
  const runs = runViews(experiment).filter((run) => run.model === model);
  if (runs.every((run) => run.epochs === 0)) return null;
  const current = currentRun(experiment, runs);
  const sizes = [...new Set(runs.map((run) => run.size))];
  const seeds = [...new Set(runs.map((run) => run.seed))];
  const begun = runs.findLast((run) => run.curve.length > 0);
  const followed = String(current?.size ?? begun?.size ?? sizes[0]);
  const size = sizes.some((known) => String(known) === props.size) ? (props.size ?? followed) : followed;
  const chosen = runs.filter((run) => String(run.size) === size && (seed === null || run.seed === seed));
  const chart = { colors, asTable };
  return (
    <section aria-labelledby="epochs-title">
      <h2 id="epochs-title">{l10n.t("Epoch by epoch")}</h2>
      <div class="tools">
        <Segments
          label={l10n.t("Training images")}
          name="size"
          value={size}
          choices={sizes.map((known) => ({ value: String(known), label: sizeLabel(known) }))}
          onChange={(value) => onChoose({ size: value })}
        />
        {seeds.length > 1 && (
          <Select
            label={l10n.t("Seeds")}
            value={seed === null ? "" : String(seed)}
            choices={[
              { value: "", label: l10n.t("All seeds and their mean") },
              ...seeds.map((known) => ({ value: String(known), label: l10n.t("Seed {0}", number(known)) })),
            ]}
            onChange={(value) => onChoose({ seed: value === "" ? null : Number(value) })}
          />
        )}
        {props.size !== null && current !== null && (
          <Button
            kind="quiet"
            icon="debug-continue"
            label={l10n.t("Follow the Running Size")}
            onClick={() => onChoose({ size: null })}
          />
        )}
      </div>
      <div class="charts">
        <LineChart {...epochChart(chosen, "loss")} {...chart} />
        <LineChart {...epochChart(chosen, "accuracy")} {...chart} />
      </div>
    </section>
  );
}
