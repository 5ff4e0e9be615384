import type { JSX } from "preact";
import type { SampleView } from "../../../src/protocol/report";
import { baseName, sentenceList, visible } from "../shared/format";
import { Thumbnail } from "../shared/Thumbnail";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** Up to this length a label stands beside the split. */
const SHORT_LABEL = 3;

/** Whether some of these labels need a line of their own. */
export function needStack(classes: readonly string[]): boolean {
  return classes.some((name) => name.length > SHORT_LABEL);
}

/** What can be done with one sample. */
export interface SampleActions {
  readonly open: (sample: number) => void;
  readonly reveal: (sample: number) => void;
  readonly copy: (id: string) => void;
  /** Opens the context menu of a sample at a point of the page. */
  readonly menu: (sample: SampleView, x: number, y: number) => void;
}

interface Props {
  readonly sample: SampleView;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  /** Whether its group has more than one label, so that its own one matters. */
  readonly conflict: boolean;
  /** Whether labels are too long to stand beside the split. */
  readonly stacked: boolean;
  readonly tabIndex: number;
  readonly onFocus?: () => void;
  /** Marks it for the roving focus of the list it is in. */
  readonly cell?: string;
}

/** One sample: its picture, its split, its label and its name. Enter opens it, the context menu has the rest. */
export function SampleCard(props: Props): JSX.Element {
  const { sample, roles, store, actions, conflict, stacked, tabIndex, onFocus, cell } = props;
  const id = visible(sample.id);
  const label = sample.label === null ? null : visible(sample.label);
  const facts = [visible(sample.split), ...(label === null ? [] : [`label ${label}`]), id];
  return (
    <button
      type="button"
      class={stacked ? "card stacked" : "card"}
      tabIndex={tabIndex}
      data-cell={cell}
      title={`${id}\n${sample.width} × ${sample.height} pixels`}
      aria-label={`Open ${sentenceList(facts)}`}
      onFocus={() => onFocus?.()}
      onClick={() => actions.open(sample.sample)}
      onContextMenu={(event) => {
        event.preventDefault();
        // The menu key names no point: the menu then opens at the card.
        const box = event.currentTarget.getBoundingClientRect();
        const pointed = event.clientX !== 0 || event.clientY !== 0;
        actions.menu(sample, pointed ? event.clientX : box.left + 16, pointed ? event.clientY : box.top + 16);
      }}
    >
      <Thumbnail store={store} sample={sample.sample} width={sample.width} height={sample.height} />
      <span class="card-line">
        <SplitBadge name={sample.split} roles={roles} />
        {label !== null && <bdi class={conflict ? "label conflict" : "label"}>{label}</bdi>}
      </span>
      <bdi class="card-name">{baseName(id)}</bdi>
    </button>
  );
}
