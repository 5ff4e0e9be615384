import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Button } from "../shared/Controls";

/** Something that is asked before it is done. */
export interface Question {
  readonly title: string;
  readonly text: string;
  /** What the button that does it says. */
  readonly does: string;
  readonly run: () => void;
}

/** Asks once; Escape and Cancel do nothing. */
export function ConfirmDialog(props: { readonly question: Question; readonly onClose: () => void }): JSX.Element {
  const { question, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  const close = (): void => dialog.current?.close();
  return (
    <dialog
      class="dialog confirm"
      ref={dialog}
      aria-labelledby="confirm-title"
      aria-describedby="confirm-text"
      onClose={onClose}
    >
      <h2 id="confirm-title">{question.title}</h2>
      <p id="confirm-text">{question.text}</p>
      <div class="actions">
        <Button
          kind="primary"
          label={question.does}
          onClick={() => {
            close();
            question.run();
          }}
        />
        <Button label={l10n.t("Cancel")} onClick={close} />
      </div>
    </dialog>
  );
}
