import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { GroupChange } from "../../../src/protocol/report";
import { Button, Icon, Toggle } from "../shared/Controls";
import { visible } from "../shared/format";
import { Menu } from "../shared/Menu";
import { THUMBNAIL_SIZES } from "./galleryLayout";
import { keyOf, type ReviewCommand } from "./reviewKeys";

interface ReviewBarProps {
  /** What the buttons are about, e.g. "12 groups selected". */
  readonly about: string;
  readonly hasSelection: boolean;
  readonly canReview: boolean;
  readonly splits: readonly string[];
  /** Only pictures that are not equal can be judged not to be duplicates. */
  readonly canBeDifferent: boolean;
  readonly undoText: string | null;
  readonly redoText: string | null;
  readonly advances: boolean;
  readonly onChange: (change: GroupChange) => void;
  readonly onSelectAll: () => void;
  readonly onClear: () => void;
  readonly onUndo: () => void;
  readonly onRedo: () => void;
  readonly onAdvances: (advances: boolean) => void;
  readonly onHelp: () => void;
}

/** What can be said of the selected groups, or of the one that the focus is in. It never changes its size. */
export function ReviewBar(props: ReviewBarProps): JSX.Element {
  const { about, hasSelection, canReview, splits, onChange } = props;
  const [menu, setMenu] = useState<{ readonly x: number; readonly y: number } | null>(null);
  const off = canReview ? {} : { disabled: true, describedBy: "review-untrusted" };
  return (
    <div class="review-bar" role="toolbar" aria-label={l10n.t("Review groups")}>
      <span class="review-about">
        <span role="status">{about}</span>
        {hasSelection ? (
          <Button kind="icon" icon="close" label={l10n.t("Clear Selection")} onClick={props.onClear} />
        ) : (
          <Button
            kind="icon"
            icon="checklist"
            label={withKey(l10n.t("Select All"), "select-all")}
            onClick={props.onSelectAll}
          />
        )}
      </span>
      <span class="review-changes">
        <Button label={l10n.t("Keep First")} {...off} onClick={() => onChange({ type: "keep-first" })} />
        <Button
          label={l10n.t("Keep All")}
          keys={keyOf("keep-all")}
          {...off}
          onClick={() => onChange({ type: "keep-all" })}
        />
        {splits.length > 1 && (
          <button
            type="button"
            class="button secondary"
            aria-haspopup="menu"
            aria-expanded={menu !== null}
            disabled={!canReview}
            {...(canReview ? {} : { "aria-describedby": "review-untrusted" })}
            onClick={(event) => {
              const box = event.currentTarget.getBoundingClientRect();
              setMenu({ x: box.left, y: box.bottom + 2 });
            }}
          >
            <span>{l10n.t("Drop From…")}</span>
          </button>
        )}
        <Button
          label={l10n.t("Not Duplicates")}
          keys={keyOf("different")}
          {...off}
          disabled={!canReview || !props.canBeDifferent}
          onClick={() => onChange({ type: "different" })}
        />
        <Button label={l10n.t("Forget")} keys={keyOf("forget")} {...off} onClick={() => onChange({ type: "forget" })} />
      </span>
      <span class="review-steps">
        <Step
          icon="discard"
          name={l10n.t("Undo")}
          command="undo"
          text={props.undoText}
          off={!canReview}
          onClick={props.onUndo}
        />
        <Step
          icon="redo"
          name={l10n.t("Redo")}
          command="redo"
          text={props.redoText}
          off={!canReview}
          onClick={props.onRedo}
        />
        <span title={l10n.t("After an image is kept or dropped, go to the next undecided group")}>
          <Toggle label={l10n.t("Advance")} checked={props.advances} onChange={props.onAdvances} />
        </span>
        <Button kind="icon" icon="question" label={withKey(l10n.t("Keys"), "help")} onClick={props.onHelp} />
      </span>
      {menu !== null && (
        <Menu
          label={l10n.t("Split whose images are dropped")}
          x={menu.x}
          y={menu.y}
          onClose={() => setMenu(null)}
          entries={splits.map((split) => ({
            label: visible(split),
            icon: "trash",
            run: () => onChange({ type: "drop-split", split }),
          }))}
        />
      )}
    </div>
  );
}

function withKey(name: string, command: ReviewCommand): string {
  return l10n.t("{0} ({1})", name, keyOf(command));
}

/** Takes a step back or does it again, and says in its tooltip which one. */
function Step(props: {
  readonly icon: string;
  readonly name: string;
  readonly command: "undo" | "redo";
  /** `null` when there is none. */
  readonly text: string | null;
  readonly off: boolean;
  readonly onClick: () => void;
}): JSX.Element {
  const { icon, name, command, text, off, onClick } = props;
  const full = text === null || text === "" ? name : l10n.t("{0}: {1}", name, visible(text));
  return (
    <button
      type="button"
      class="button icon"
      disabled={off || text === null}
      title={withKey(full, command)}
      aria-label={full}
      aria-keyshortcuts={keyOf(command)}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

interface ZoomProps {
  readonly size: number;
  readonly onSize: (size: number) => void;
}

/** How large thumbnails are. */
export function Zoom({ size, onSize }: ZoomProps): JSX.Element {
  const at = THUMBNAIL_SIZES.indexOf(size);
  return (
    <label
      class="zoom"
      title={l10n.t("Size of pictures ({0} and {1}, or Ctrl and the mouse wheel)", keyOf("zoom-in"), keyOf("zoom-out"))}
    >
      <Icon name="zoom-out" />
      <input
        type="range"
        min={0}
        max={THUMBNAIL_SIZES.length - 1}
        step={1}
        value={at}
        aria-label={l10n.t("Size of pictures")}
        aria-valuetext={l10n.t("{0} pixels", size)}
        onInput={(event) => onSize(THUMBNAIL_SIZES[event.currentTarget.valueAsNumber] ?? size)}
      />
      <Icon name="zoom-in" />
    </label>
  );
}
