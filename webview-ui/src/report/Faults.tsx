import type { JSX } from "preact";
import type { Report, SampleFault } from "../../../src/protocol/report";
import { CappedList, Unlisted } from "../shared/CappedList";
import { Button } from "../shared/Controls";
import { plural, sentenceList, visible } from "../shared/format";
import { useReadOnly } from "./readOnly";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

interface Props {
  readonly report: Report;
  readonly roles: SplitRoles;
  readonly onOpen: (sample: number) => void;
}

/** The samples that could not be used, each with its reason. */
export function Faults({ report, roles, onOpen }: Props): JSX.Element | null {
  const faults: readonly (SampleFault & { readonly kind: string })[] = [
    ...report.unreadable.map((fault) => ({ ...fault, kind: "Unreadable" })),
    ...report.invalid.map((fault) => ({ ...fault, kind: "Invalid" })),
  ];
  const isReadOnly = useReadOnly() !== null;
  if (faults.length === 0) return null;
  const unreadable = report.unreadable.length + (report.unlisted?.unreadable ?? 0);
  const invalid = report.invalid.length + (report.unlisted?.invalid ?? 0);
  const counts = [
    ...(unreadable > 0 ? [`${plural(unreadable, "image")} cannot be read`] : []),
    ...(invalid > 0 ? [`${plural(invalid, "array row")} cannot be a sample`] : []),
  ];
  return (
    <section id="faults" aria-labelledby="faults-title">
      <h2 id="faults-title">Unusable images</h2>
      <p class="lead">{sentenceList(counts)}. They are counted, but compared with nothing.</p>
      <CappedList items={faults} step={50} noun="more unusable image">
        {(shown) => (
          <div class="table-box">
            <table class="data faults">
              <thead>
                <tr>
                  <th scope="col">Image</th>
                  <th scope="col">Split</th>
                  <th scope="col">Why</th>
                  {!isReadOnly && (
                    <th scope="col">
                      <span class="hidden">Open</span>
                    </th>
                  )}
                </tr>
              </thead>
              <tbody>
                {shown.map((fault) => (
                  <tr key={fault.sample}>
                    <th scope="row" class="path">
                      <bdi>{visible(fault.id)}</bdi>
                    </th>
                    <td>
                      <SplitBadge name={fault.split} roles={roles} />
                    </td>
                    <td>
                      <span class="muted">{fault.kind}:</span> {fault.reason}
                    </td>
                    {!isReadOnly && (
                      <td class="action">
                        <Button
                          kind="icon"
                          icon="go-to-file"
                          label={`Open ${visible(fault.id)}`}
                          onClick={() => onOpen(fault.sample)}
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
      <Unlisted count={unreadable + invalid - faults.length} noun="more unusable image" />
    </section>
  );
}
