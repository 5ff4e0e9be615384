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
      <h3 id="class-title">Class by class, the worst first</h3>
      <CappedList items={sorted} step={STEP} nouns={["class", "classes"]}>
        {(shown) => (
          <div class="table-box">
            <table class="data">
              <caption class="hidden">Recall and precision by class</caption>
              <thead>
                <tr>
                  <th scope="col">Class</th>
                  <th scope="col" class="number">
                    Images
                  </th>
                  <th scope="col" class="number" title="Share of the images of this class that are recognised">
                    Recall
                  </th>
                  <th scope="col" class="number" title="Share of the predictions of this class that are right">
                    Precision
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
