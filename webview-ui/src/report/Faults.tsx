import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Report, SampleFault } from "../../../src/protocol/report";
import { counted } from "../../../src/protocol/language";
import { CappedList, Unlisted } from "../shared/CappedList";
import { Button } from "../shared/Controls";
import { filled } from "../shared/filled";
import { sentenceList, visible } from "../shared/format";
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
    ...report.unreadable.map((fault) => ({
      ...fault,
      kind: l10n.t({ message: "Unreadable", comment: ["Before why an image cannot be read."] }),
    })),
    ...report.invalid.map((fault) => ({
      ...fault,
      kind: l10n.t({ message: "Invalid", comment: ["Before why a row of an array is no sample."] }),
    })),
  ];
  const isReadOnly = useReadOnly() !== null;
  if (faults.length === 0) return null;
  const unreadable = report.unreadable.length + (report.unlisted?.unreadable ?? 0);
  const invalid = report.invalid.length + (report.unlisted?.invalid ?? 0);
  return (
    <section id="faults" aria-labelledby="faults-title">
      <h2 id="faults-title">{l10n.t("Unusable images")}</h2>
      <p class="lead">{leadText(unreadable, invalid)}</p>
      <CappedList items={faults} step={50} noun="more unusable image">
        {(shown) => (
          <div class="table-box">
            <table class="data faults">
              <thead>
                <tr>
                  <th scope="col">{l10n.t("Image")}</th>
                  <th scope="col">{l10n.t("Split")}</th>
                  <th scope="col">{l10n.t("Why")}</th>
                  {!isReadOnly && (
                    <th scope="col">
                      <span class="hidden">{l10n.t("Open")}</span>
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
                      {filled(
                        l10n.t({ message: "{0}: {1}", comment: ["{0} Unreadable or Invalid, {1} why."] }),
                        <span class="muted">{fault.kind}</span>,
                        fault.reason,
                      )}
                    </td>
                    {!isReadOnly && (
                      <td class="action">
                        <Button
                          kind="icon"
                          icon="go-to-file"
                          label={l10n.t("Open {0}", visible(fault.id))}
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

function leadText(unreadable: number, invalid: number): string {
  const counts = [
    ...(unreadable > 0 ? [unreadableText(unreadable)] : []),
    ...(invalid > 0 ? [invalidText(invalid)] : []),
  ];
  return l10n.t({
    message: "{0}. They are counted, but compared with nothing.",
    args: [sentenceList(counts)],
    comment: ["{0} e.g. 3 images cannot be read and 2 array rows cannot be a sample."],
  });
}

function unreadableText(count: number): string {
  const images = counted(count, "image");
  return count === 1
    ? l10n.t({ message: "{0} cannot be read", args: [images], comment: ["{0} is one image."] })
    : l10n.t({ message: "{0} cannot be read", args: [images], comment: ["{0} are several images."] });
}

function invalidText(count: number): string {
  const rows = counted(count, "array row");
  return count === 1
    ? l10n.t({ message: "{0} cannot be a sample", args: [rows], comment: ["{0} is one array row."] })
    : l10n.t({ message: "{0} cannot be a sample", args: [rows], comment: ["{0} are several array rows."] });
}
