import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { NearReport } from "../../../src/protocol/report";
import { number, percent } from "../shared/format";
import { thresholdText } from "./nearText";

/** What judged pairs say about several thresholds. */
export function PrecisionTable({ near }: { readonly near: NearReport }): JSX.Element {
  const { measure, threshold, precision } = near;
  return (
    <div class="table-box">
      <table class="data narrow">
        <caption class="hidden">
          {l10n.t("Share of duplicates among the pairs at a threshold, by pairs that were judged")}
        </caption>
        <thead>
          <tr>
            <th scope="col">{l10n.t("Threshold")}</th>
            <th scope="col" class="number">
              {l10n.t({ message: "Judged", comment: ["How many pairs were judged."] })}
            </th>
            <th scope="col" class="number">
              {l10n.t({ message: "Duplicates", comment: ["How many of the judged pairs are duplicates."] })}
            </th>
            <th scope="col" class="number">
              {l10n.t("Precision")}
            </th>
            <th scope="col" class="number">
              {l10n.t("95 % interval")}
            </th>
          </tr>
        </thead>
        <tbody>
          {precision.map((entry) => (
            <tr key={entry.threshold} aria-current={entry.threshold === threshold}>
              <th scope="row">{thresholdText(measure, entry.threshold)}</th>
              <td class="number">{number(entry.judged)}</td>
              <td class="number">{number(entry.right)}</td>
              <td class="number strong">{percent(entry.estimate, 0)}</td>
              <td class="number">
                {percent(entry.low, 0)} – {percent(entry.high, 0)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
