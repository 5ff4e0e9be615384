import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { ClassScore } from "../../../src/protocol/training";
import { CappedList } from "../shared/CappedList";
import { number, percent, visible } from "../shared/format";

const STEP = 12;

/** How well each class is recognised, the worst first. */
export function ClassTable({ classes }: { readonly classes: readonly ClassScore[] }): JSX.Element {
  const sorted = [...classes].sort((a, b) => (a.recall ?? 2) - (b.recall ?? 2));
  return (
    <section class="class-table" aria-labelledby="class-title">
      <h3 id="class-title">{l10n.t("Class by class, the worst first")}</h3>
      <CappedList items={sorted} step={STEP} noun="more class">
        {(shown) => (
          <div class="table-box">
            <table class="data">
              <caption class="hidden">{l10n.t("Recall and precision by class")}</caption>
              <thead>
                <tr>
                  <th scope="col">{l10n.t("Class")}</th>
                  <th scope="col" class="number">
                    {l10n.t("Images")}
                  </th>
                  <th
                    scope="col"
                    class="number"
                    title={l10n.t("Share of the images of this class that are recognised")}
                  >
                    {l10n.t("Recall")}
                  </th>
                  <th
                    scope="col"
                    class="number"
                    title={l10n.t("Share of the predictions of this class that are right")}
                  >
                    {l10n.t("Precision")}
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map(({ name, samples, recall, precision }) => (
                  <tr key={name}>
                    <th scope="row" class="class-name" title={visible(name)}>
                      <bdi>{visible(name)}</bdi>
                    </th>
                    <td class="number">{number(samples)}</td>
                    <Share share={recall} />
                    <Share share={precision} />
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </CappedList>
    </section>
  );
}

function Share({ share }: { readonly share: number | null }): JSX.Element {
  if (share === null) return <td class="number none">–</td>;
  return (
    <td class="number">
      <span class="share">
        <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
          <rect class="share-all" width={100} height={6} />
          <rect class="share-part" width={share * 100} height={6} />
        </svg>
        {percent(share)}
      </span>
    </td>
  );
}
