import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { LabelVerdict, Suspect } from "../../../src/protocol/labels";
import { counted } from "../../../src/protocol/language";
import { Icon } from "../shared/Controls";
import { baseName, number, percent, sentenceList, visible } from "../shared/format";
import { Thumbnail } from "../shared/Thumbnail";
import type { ThumbnailStore } from "../shared/ThumbnailStore";

interface Props {
  readonly suspect: Suspect;
  readonly verdict: LabelVerdict | null;
  readonly isSelected: boolean;
  readonly store: ThumbnailStore;
  readonly tabIndex: number;
  readonly index: number;
  readonly onFocus: () => void;
  readonly onClick: (event: MouseEvent) => void;
  readonly onOpen: () => void;
}

/** One suspect: its picture, its label and what it looks like, how sure the model is, and what was said of it. */
export function SuspectCard(props: Props): JSX.Element {
  const { suspect, verdict, isSelected, store, tabIndex, index, onFocus, onClick, onOpen } = props;
  const { sample, conflicting } = suspect;
  const id = visible(suspect.id);
  const [label, suggested] = [visible(suspect.label), visible(suspect.suggested)];
  const [ofLabel, ofSuggested] = [percent(suspect.ofLabel), percent(suspect.ofSuggested)];
  const others = duplicatesText(suspect);
  const facts = [
    l10n.t({ message: "label {0} ({1})", args: [label, ofLabel], comment: ["{0} a class, {1} a percentage."] }),
    l10n.t({
      message: "looks like {0} ({1})",
      args: [suggested, ofSuggested],
      comment: ["{0} a class, {1} a percentage."],
    }),
    visible(suspect.split),
    ...(others === null ? [] : [others]),
    ...(verdict === null ? [] : [verdict === "wrong" ? l10n.t("judged wrong") : l10n.t("judged right")]),
    id,
  ];
  return (
    <button
      type="button"
      class={["suspect", verdict ?? "", isSelected ? "selected" : ""].join(" ")}
      tabIndex={tabIndex}
      data-index={index}
      title={[id, visible(suspect.split), ...(others === null ? [] : [others])].join("\n")}
      aria-label={sentenceList(facts)}
      aria-pressed={isSelected}
      onFocus={onFocus}
      onClick={onClick}
      onDblClick={onOpen}
    >
      <span class="suspect-picture">
        <Thumbnail store={store} sample={sample} />
        {conflicting > 0 && (
          <span class="tag conflict suspect-others">
            {l10n.t({
              message: "{0} differ",
              args: [number(conflicting)],
              comment: ["So many duplicates have another label."],
            })}
          </span>
        )}
        {verdict !== null && (
          <span class={`suspect-verdict ${verdict}`}>
            <Icon name={verdict === "wrong" ? "close" : "check"} />
            {verdict === "wrong"
              ? l10n.t({ message: "wrong", comment: ["A label."] })
              : l10n.t({ message: "right", comment: ["A label: it is as it should be."] })}
          </span>
        )}
      </span>
      <span class="suspect-labels">
        <bdi class="label">{label}</bdi>
        <Icon name="arrow-right" />
        <bdi class="label suggested">{suggested}</bdi>
      </span>
      <span class="suspect-shares">
        {ofLabel} <span class="muted">/</span> {ofSuggested}
      </span>
      <bdi class="suspect-name">{baseName(id)}</bdi>
    </button>
  );
}

/** How many duplicates there are and what they say, in words; `null` without any. */
function duplicatesText({ duplicates, conflicting }: Suspect): string | null {
  if (duplicates === 0) return null;
  const all = counted(duplicates, "duplicate");
  return conflicting === 0
    ? l10n.t({ message: "{0} with the same label", args: [all], comment: ["{0} e.g. 2 duplicates."] })
    : l10n.t({
        message: "{0}, {1} with another label",
        args: [all, number(conflicting)],
        comment: ["{0} e.g. 2 duplicates."],
      });
}
