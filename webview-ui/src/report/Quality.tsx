import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { QualityCheck, QualityNote, Report } from "../../../src/protocol/report";
import { counted } from "../../../src/protocol/language";
import { CappedList } from "../shared/CappedList";
import { Button, Disclosure } from "../shared/Controls";
import { visible } from "../shared/format";
import { useReadOnly } from "./readOnly";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

interface Props {
  readonly report: Report;
  readonly notes: readonly QualityNote[];
  readonly roles: SplitRoles;
  readonly onOpen: (sample: number) => void;
  readonly onReveal: (sample: number) => void;
}

/** What is odd about images that can be read: a line a check, with the images behind it. */
export function Quality({ report, notes, roles, onOpen, onReveal }: Props): JSX.Element | null {
  if (notes.length === 0) return null;
  return (
    <section id="quality" aria-labelledby="quality-title">
      <h2 id="quality-title">{l10n.t("Quality")}</h2>
      <p class="lead">
        {l10n.t("What is odd about images that can be read. They take part in everything all the same.")}
      </p>
      <ul class="plain quality">
        {notes.map(({ title, text, check }) => {
          const found = check === null ? null : report.quality[check];
          return (
            <li key={title + text}>
              <h3>
                {title}
                {found !== null && <span class="muted"> {counted(found.samples, "image")}</span>}
              </h3>
              <p>{visible(text)}</p>
              {found !== null && <Examples found={found} roles={roles} onOpen={onOpen} onReveal={onReveal} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

function Examples({
  found,
  roles,
  onOpen,
  onReveal,
}: Omit<Props, "report" | "notes"> & { readonly found: QualityCheck }): JSX.Element {
  const { samples, examples } = found;
  const rest = samples - examples.length;
  const isReadOnly = useReadOnly() !== null;
  return (
    <Disclosure
      summary={
        rest > 0
          ? l10n.t({
              message: "The first {0}",
              args: [counted(examples.length, "image")],
              comment: ["{0} e.g. 100 images."],
            })
          : l10n.t("Show them")
      }
    >
      <CappedList items={examples} step={20} noun="more image">
        {(shown) => (
          <div class="table-box">
            <table class="data faults">
              <thead>
                <tr>
                  <th scope="col">{l10n.t("Image")}</th>
                  <th scope="col">{l10n.t("Split")}</th>
                  <th scope="col">{l10n.t({ message: "What", comment: ["What is odd about an image."] })}</th>
                  {!isReadOnly && (
                    <th scope="col">
                      <span class="hidden">{l10n.t("Open")}</span>
                    </th>
                  )}
                </tr>
              </thead>
              <tbody>
                {shown.map(({ sample, id, split, reason }) => (
                  <tr key={sample}>
                    <th scope="row" class="path">
                      <bdi>{visible(id)}</bdi>
                    </th>
                    <td>
                      <SplitBadge name={split} roles={roles} />
                    </td>
                    <td>{visible(reason)}</td>
                    {!isReadOnly && (
                      <td class="action">
                        <Button
                          kind="icon"
                          icon="go-to-file"
                          label={l10n.t("Open {0}", visible(id))}
                          onClick={() => onOpen(sample)}
                        />
                        <Button
                          kind="icon"
                          icon="folder-opened"
                          label={l10n.t("Reveal {0}", visible(id))}
                          onClick={() => onReveal(sample)}
                        />
                      </td>
                    )}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </CappedList>
    </Disclosure>
  );
}
