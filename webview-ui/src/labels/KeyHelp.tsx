import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../shared/Controls";

const KEYS: readonly (readonly [keys: string, does: string])[] = [
  ["W", "The label is wrong: its image leaves sanitized copies"],
  ["R", "The label is right: nothing happens to its image"],
  ["U", "Takes back what was said last"],
  ["Enter", "Opens the image"],
  ["Arrows, Page Up, Page Down, Home, End", "Go to another image"],
  ["Space", "Selects or unselects the image"],
  ["Shift and a move", "Selects up to another image"],
  ["Ctrl+A", "Selects all that pass the filters"],
  ["Escape", "Selects nothing"],
];

/** What the keys of the grid do. */
export function KeyHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="key-help" ref={dialog} aria-labelledby="keys-title" onClose={onClose}>
      <div class="section-head">
        <h2 id="keys-title">Keys</h2>
        <Button kind="icon" icon="close" label="Close" onClick={() => dialog.current?.close()} />
      </div>
      <table class="data">
        <tbody>
          {KEYS.map(([keys, does]) => (
            <tr key={keys}>
              <th scope="row">{keys}</th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </dialog>
  );
}
