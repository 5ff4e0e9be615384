import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { momentText } from "../../../../src/protocol/training";
import { measureText, type ReportSnapshot } from "../../../../src/protocol/report";
import { visible } from "../../shared/format";
import { thresholdText } from "../nearText";

/** What the report is of, by what, when, and by which settings. */
export function Settings({ snapshot }: { readonly snapshot: ReportSnapshot }): JSX.Element {
  const { report, version, made, plan } = snapshot;
  const { near, dataset } = report;
  const facts: readonly (readonly [string, string])[] = [
    [l10n.t("Dataset"), dataset.name],
    [l10n.t("Written"), l10n.t("{0} by CleanSplit {1}", momentText(made), version)],
    [
      l10n.t("Equal images"),
      l10n.t("The same shape, mode and pixels, whatever the file; identical files are counted apart."),
    ],
    [
      l10n.t("Near duplicates"),
      near === null
        ? l10n.t("Not searched.")
        : l10n.t(
            "{0} of {1}. {2}",
            capitalised(measureText(near.measure)),
            thresholdText(near.measure, near.threshold),
            near.reason,
          ),
    ],
    ...(plan === null ? [] : ([[l10n.t("Plan"), plan.policy]] as const)),
  ];
  return (
    <section id="settings" aria-labelledby="settings-title">
      <h2 id="settings-title">{l10n.t("About this report")}</h2>
      <dl class="settings">
        {facts.map(([name, text]) => (
          <div key={name}>
            <dt class="muted">{name}</dt>
            <dd>
              <bdi>{visible(text)}</bdi>
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
