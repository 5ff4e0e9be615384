import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { counted } from "../../../src/protocol/language";
import { scoreText, type GroupView, type Measure, type MemberView } from "../../../src/protocol/report";
import { Icon } from "../shared/Controls";
import { number, visible } from "../shared/format";
import { memo } from "../shared/memo";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import type { GalleryLayout } from "./galleryLayout";
import { useReadOnly } from "./readOnly";
import type { Reviewing } from "./Reviewing";
import { keyOf } from "./reviewKeys";
import { SampleCard, type SampleActions } from "./SampleCard";
import { SplitBadge, type SplitRoles } from "./SplitBadge";

/** What a person does with the rows of the gallery. They are the same for as long as the gallery is there. */
export interface RowActions {
  readonly focus: (row: number, column: number) => void;
  readonly select: (event: MouseEvent, row: number, group: GroupView) => void;
  readonly check: (row: number, group: GroupView) => void;
  readonly keep: (row: number, group: GroupView, member: MemberView) => void;
  readonly drop: (row: number, group: GroupView, member: MemberView) => void;
  readonly openGroup: (row: number, group: GroupView) => void;
}

interface Props {
  readonly index: number;
  readonly top: string;
  readonly height: string;
  /** `undefined` while it is being read. */
  readonly group: GroupView | undefined;
  readonly layout: GalleryLayout;
  readonly measure: Measure | null;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  readonly rowActions: RowActions;
  readonly reviewing: Reviewing;
  /** Of `reviewing`, so that the row is drawn again after something was said. */
  readonly version: number;
  readonly canReview: boolean;
  readonly isSelected: boolean;
  /** The picture or tile that Tab goes to; `null` when that is in another row. */
  readonly stop: number | null;
}

/**
 * Pictures of a group that fit, and what is on the tile that takes the last place: similar ones can be compared, and of those
 * with different labels one can be chosen to stay.
 */
export function shownOf(
  group: GroupView,
  columns: number,
): { readonly cards: number; readonly tile: string | null; readonly places: number } {
  const cards = Math.min(group.members.length, columns);
  if (cards === group.size && group.worst === null && !group.conflict) return { cards, tile: null, places: cards };
  const withTile = Math.max(1, Math.min(cards, columns - 1));
  const rest = group.size - withTile;
  const tile =
    rest > 0 ? l10n.t("+ {0} more", number(rest)) : group.worst === null ? l10n.t("Choose") : l10n.t("Compare");
  return { cards: withTile, tile, places: withTile + 1 };
}

/** One group of the gallery: what it is, and its pictures. */
export const GroupRow = memo(function GroupRow(props: Props): JSX.Element {
  const { index, top, height, group, layout, measure, roles, rowActions, reviewing, isSelected, stop } = props;
  const place = { role: "row", "aria-rowindex": index + 1, style: { top, height } } as const;
  if (group === undefined) {
    return (
      <div class="group" {...place}>
        <div role="gridcell" class="group-waiting" data-cell={`${index}-0`} tabIndex={stop === null ? -1 : 0}>
          <span class="hidden">{l10n.t("Group {0} is being read", number(index + 1))}</span>
        </div>
      </div>
    );
  }
  const { cards, tile } = shownOf(group, layout.columns);
  const column = stop === null ? -1 : Math.min(stop, cards - (tile === null ? 1 : 0));
  return (
    <div class={isSelected ? "group selected" : "group"} aria-selected={isSelected} {...place}>
      <GroupFacts
        group={group}
        measure={measure}
        roles={roles}
        isDecided={reviewing.isDecided(group)}
        isSelected={isSelected}
        onCheck={() => rowActions.check(index, group)}
      />
      <div class="cards" role="presentation">
        {group.members.slice(0, cards).map((member, at) => (
          <Member key={member.sample} {...props} group={group} member={member} at={at} isStop={at === column} />
        ))}
        {tile !== null && (
          <div role="gridcell">
            <button
              type="button"
              class="card rest"
              tabIndex={column === cards ? 0 : -1}
              data-cell={`${index}-${cards}`}
              onFocus={() => rowActions.focus(index, cards)}
              onClick={() => rowActions.openGroup(index, group)}
            >
              {tile}
            </button>
          </div>
        )}
      </div>
    </div>
  );
});

/** One picture of a group, and what can be said of it with the mouse. */
function Member(
  props: Props & {
    readonly group: GroupView;
    readonly member: MemberView;
    readonly at: number;
    readonly isStop: boolean;
  },
): JSX.Element {
  const { index, group, member, at, isStop, layout, measure, roles, store, actions, rowActions, reviewing } = props;
  const said = reviewing.choiceOf(member);
  // In a file nothing can be done with a selection.
  const isReadOnly = useReadOnly() !== null;
  return (
    <div role="gridcell" class="member">
      <SampleCard
        sample={member}
        roles={roles}
        store={store}
        actions={actions}
        conflict={group.conflict}
        stacked={layout.isStacked}
        group={group.members}
        said={said}
        tabIndex={isStop ? 0 : -1}
        cell={`${index}-${at}`}
        onFocus={() => rowActions.focus(index, at)}
        {...(isReadOnly ? {} : { onSelect: (event: MouseEvent) => rowActions.select(event, index, group) })}
        {...(group.worst === null || measure === null ? {} : { measure })}
        isReference={at === 0}
      />
      {props.canReview && !layout.isCompact && (
        <span class="member-actions">
          <QuickAction
            icon={said === "keep" ? "pinned" : "pin"}
            name={l10n.t("Keep {0} ({1})", visible(member.id), keyOf("keep"))}
            title={l10n.t("Keep ({0})", keyOf("keep"))}
            isOn={said === "keep"}
            onClick={() => rowActions.keep(index, group, member)}
          />
          <QuickAction
            icon="trash"
            name={l10n.t("Drop {0} ({1})", visible(member.id), keyOf("drop"))}
            title={l10n.t("Drop ({0})", keyOf("drop"))}
            isOn={said === "drop"}
            onClick={() => rowActions.drop(index, group, member)}
          />
        </span>
      )}
    </div>
  );
}

/** For the mouse: keys do the same, so Tab passes by. */
function QuickAction(props: {
  readonly icon: string;
  readonly name: string;
  readonly title: string;
  readonly isOn: boolean;
  readonly onClick: () => void;
}): JSX.Element {
  return (
    <button
      type="button"
      class="quick"
      tabIndex={-1}
      title={props.title}
      aria-label={props.name}
      aria-pressed={props.isOn}
      // The focus stays on the picture.
      onMouseDown={(event) => event.preventDefault()}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** In what the images of a group are equal, or how near the two are that differ most. */
function equalityOf({ worst, size, tier }: GroupView, measure: Measure | null): string {
  if (worst !== null && measure !== null) {
    const score = scoreText(measure, worst);
    return size > 2
      ? l10n.t({ message: "{0} at worst", args: [score], comment: ["{0} a score with its name."] })
      : score;
  }
  return tier === "file" ? l10n.t("the same file") : l10n.t("the same pixels");
}

function GroupFacts(props: {
  readonly group: GroupView;
  readonly measure: Measure | null;
  readonly roles: SplitRoles;
  readonly isDecided: boolean;
  readonly isSelected: boolean;
  readonly onCheck: () => void;
}): JSX.Element {
  const { group, measure, roles, isDecided, isSelected, onCheck } = props;
  const isSimilar = group.worst !== null && measure !== null;
  const isReadOnly = useReadOnly() !== null;
  return (
    <div class="group-facts" role="rowheader">
      <span class="group-size">
        {/* The row says whether it is selected, and Space selects it. */}
        {!isReadOnly && (
          <span
            class={isSelected ? "group-check on" : "group-check"}
            aria-hidden="true"
            title={l10n.t("Select ({0})", keyOf("select"))}
            onClick={onCheck}
          >
            {isSelected && <Icon name="check" />}
          </span>
        )}
        {counted(group.size, isSimilar ? "similar image" : "equal image")}
      </span>
      <span class="group-tier muted">{equalityOf(group, measure)}</span>
      <span class="group-splits">
        {group.splits.map((name) => (
          <SplitBadge key={name} name={name} roles={roles} />
        ))}
      </span>
      <span class="group-tags">
        {isDecided && (
          <span class="tag decided">
            <Icon name="check" />
            {l10n.t({ message: "decided", comment: ["A group of which a person has said what becomes of it."] })}
          </span>
        )}
        {group.conflict && <span class="tag conflict">{counted(group.labels.length, "label")}</span>}
        {group.blank && (
          <span class="tag">
            {l10n.t({ message: "blank", comment: ["A group of images that each have one colour only."] })}
          </span>
        )}
      </span>
    </div>
  );
}
