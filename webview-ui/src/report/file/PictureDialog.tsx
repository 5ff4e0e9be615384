import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { SampleView } from "../../../../src/protocol/report";
import { Button } from "../../shared/Controls";
import { visible } from "../../shared/format";
import { Thumbnail } from "../../shared/Thumbnail";
import type { ThumbnailStore } from "../../shared/ThumbnailStore";
import { SplitBadge, type SplitRoles } from "../SplitBadge";

/** One image as large as the file holds it, with what is known of it. */
export function PictureDialog(props: {
  readonly sample: SampleView;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly onClose: () => void;
}): JSX.Element {
  const { sample, roles, store, onClose } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog class="dialog picture-dialog" ref={dialog} aria-labelledby="picture-title" onClose={onClose}>
      <div class="dialog-head">
        <h2 id="picture-title">
          <bdi class="path">{visible(sample.id)}</bdi>
        </h2>
        <Button kind="icon" icon="close" label={l10n.t("Close")} onClick={() => dialog.current?.close()} />
      </div>
      <Thumbnail store={store} sample={sample.sample} />
      <p class="picture-facts">
        <SplitBadge name={sample.split} roles={roles} />
        {sample.label !== null && <bdi class="label">{visible(sample.label)}</bdi>}
        <span class="muted">
          {l10n.t("{0} × {1} pixels; this file holds a small picture of it.", sample.width, sample.height)}
        </span>
      </p>
    </dialog>
  );
}
