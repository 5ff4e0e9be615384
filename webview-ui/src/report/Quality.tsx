import type { JSX } from "preact";
import type { QualityCheck, QualityNote, Report } from "../../../src/protocol/report";
import { CappedList } from "../shared/CappedList";
import { Button, Disclosure } from "../shared/Controls";
import { plural, visible } from "../shared/format";
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
      <h2 id="quality-title">Quality</h2>
      <p class="lead">What is odd about images that can be read. They take part in everything all the same.</p>
      <ul class="plain quality">
        {notes.map(({ title, text, check }) => {
          const found = check === null ? null : report.quality[check];
          return (
            <li key={title + text}>
              <h3>
                {title}
                {found !== null && <span class="muted"> {plural(found.samples, "image")}</span>}
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
    <Disclosure summary={rest > 0 ? `The first ${plural(examples.length, "image")}` : "Show them"}>
      <CappedList items={examples} step={20} noun="more image">
        {(shown) => (
          <div class="table-box">
            <table class="data faults">
              <thead>
                <tr>
                  <th scope="col">Image</th>
                  <th scope="col">Split</th>
                  <th scope="col">What</th>
                  {!isReadOnly && (
                    <th scope="col">
                      <span class="hidden">Open</span>
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
                          label={`Open ${visible(id)}`}
                          onClick={() => onOpen(sample)}
                        />
                        <Button
                          kind="icon"
                          icon="folder-opened"
                          label={`Reveal ${visible(id)}`}
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
