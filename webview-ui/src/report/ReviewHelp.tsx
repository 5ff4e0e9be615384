import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../shared/Controls";
import { keysOf, REVIEW_KEYS, type KeyBinding } from "./reviewKeys";

const PARTS: readonly { readonly part: KeyBinding["part"]; readonly title: () => string }[] = [
  { part: "decide", title: () => l10n.t("Decide") },
  { part: "move", title: () => l10n.t("Move") },
  { part: "look", title: () => l10n.t("Look") },
  { part: "select", title: () => l10n.t("Select") },
  { part: "pairs", title: () => l10n.t("Where two pictures are compared") },
];

/** What the browser's own keys do in the gallery. */
const MOVES = (): readonly (readonly [keys: string, does: string])[] => [
  [l10n.t("Arrows"), l10n.t("Go to another image or group")],
  [l10n.t("Page Up, Page Down"), l10n.t("Go a page up or down")],
  [l10n.t("Home, End"), l10n.t("Go to the first or last image of the group; with Ctrl, to the first or last group")],
];

/** What the keys of the gallery do. */
export function ReviewHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="dialog key-help" ref={dialog} aria-labelledby="keys-title" onClose={onClose}>
      <div class="dialog-head">
        <h2 id="keys-title">{l10n.t("Keys of the gallery")}</h2>
        <Button kind="icon" icon="close" label={l10n.t("Close")} onClick={() => dialog.current?.close()} />
      </div>
      <div class="key-parts">
        {PARTS.map(({ part, title }) => (
          <section key={part} aria-labelledby={`keys-${part}`}>
            <h3 id={`keys-${part}`}>{title()}</h3>
            <dl>
              {part === "move" &&
                MOVES().map(([keys, does]) => (
                  <div key={keys}>
                    <dt>{keys}</dt>
                    <dd>{does}</dd>
                  </div>
                ))}
              {REVIEW_KEYS.filter((binding) => binding.part === part).map(({ command, does }) => (
                <div key={command}>
                  <dt>
                    {keysOf(command).map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dt>
                  <dd>{does()}</dd>
                </div>
              ))}
              {part === "select" && (
                <div>
                  <dt>{l10n.t("Shift and a move")}</dt>
                  <dd>{l10n.t("Select up to another group")}</dd>
                </div>
              )}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}
