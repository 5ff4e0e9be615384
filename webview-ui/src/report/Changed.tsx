import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { ChangesView } from "../../../src/protocol/report";
import { counted } from "../../../src/protocol/language";
import { Button, Notice } from "../shared/Controls";
import { visible } from "../shared/format";

/** Sentences about single images that are shown; what is more is counted. */
const MOST_LEAKS = 5;

/** Says that the dataset is not any more as it was inspected, and which images came that must not be there. */
export function Changed(props: { readonly changes: ChangesView; readonly onInspect: () => void }): JSX.Element {
  const { text, leaks } = props.changes;
  const rest = leaks.length - MOST_LEAKS;
  return (
    <Notice
      level="warning"
      actions={<Button icon="refresh" label={l10n.t("Inspect Again")} onClick={props.onInspect} />}
    >
      {l10n.t("The dataset changed since it was inspected: {0}.", visible(text))}
      {leaks.length > 0 && (
        <ul class="changed-leaks">
          {leaks.slice(0, MOST_LEAKS).map((leak) => (
            <li key={leak}>
              <bdi>{visible(leak)}</bdi>
            </li>
          ))}
          {rest > 0 && <li>{l10n.t("and {0} more that leak", counted(rest, "image"))}</li>}
        </ul>
      )}
    </Notice>
  );
}
