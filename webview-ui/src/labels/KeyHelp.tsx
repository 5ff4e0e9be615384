import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../shared/Controls";

/** Keys, and what they do. */
function keys(): readonly (readonly [keys: string, does: string])[] {
  return [
    ["W", l10n.t("The label is wrong: its image leaves sanitized copies")],
    ["R", l10n.t("The label is right: nothing happens to its image")],
    ["U", l10n.t("Takes back what was said last")],
    [l10n.t("Enter"), l10n.t("Opens the image")],
    [l10n.t("Arrows, Page Up, Page Down, Home, End"), l10n.t("Go to another image")],
    [l10n.t("Space"), l10n.t("Selects or unselects the image")],
    [
      l10n.t({
        message: "Shift and a move",
        comment: ["The Shift key with one of the keys that go to another image."],
      }),
      l10n.t("Selects up to another image"),
    ],
    [l10n.t("Ctrl+A"), l10n.t("Selects all that pass the filters")],
    [l10n.t("Escape"), l10n.t("Selects nothing")],
  ];
}

/** What the keys of the grid do. */
export function KeyHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="key-help" ref={dialog} aria-labelledby="keys-title" onClose={onClose}>
      <div class="section-head">
        <h2 id="keys-title">{l10n.t("Keys")}</h2>
        <Button kind="icon" icon="close" label={l10n.t("Close")} onClick={() => dialog.current?.close()} />
      </div>
      <table class="data">
        <tbody>
          {keys().map(([key, does]) => (
            <tr key={key}>
              <th scope="row">{key}</th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </dialog>
  );
}
