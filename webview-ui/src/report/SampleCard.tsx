import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import {
  scoreText,
  transformText,
  type Choice,
  type Measure,
  type MemberView,
  type Nearness,
  type SampleView,
} from "../../../src/protocol/report";
import { Icon } from "../shared/Controls";
import { baseName, sentenceList, visible } from "../shared/format";
import { Thumbnail } from "../shared/Thumbnail";
import type { ThumbnailStore } from "../shared/ThumbnailStore";
import { placementText, scoreValue } from "./nearText";
import type { Chosen } from "./Reviewing";
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
  /** Shows it in the tree of datasets. */
  readonly locate: (sample: number) => void;
  readonly copy: (id: string) => void;
  /** Opens the context menu of a sample at a point of the page; of its `group`, if it has one, it can be the one to stay. */
  readonly menu: (sample: SampleView, x: number, y: number, group: readonly Chosen[]) => void;
}

interface Props {
  readonly sample: MemberView;
  readonly roles: SplitRoles;
  readonly store: ThumbnailStore;
  readonly actions: SampleActions;
  /** Whether its group has more than one label, so that its own one matters. */
  readonly conflict: boolean;
  /** Whether labels are too long to stand beside the split. */
  readonly stacked: boolean;
  /** All samples of its group that are known, itself too. */
  readonly group: readonly Chosen[];
  /** What a person said of it. */
  readonly said: Choice | null;
  readonly tabIndex: number;
  readonly onFocus?: () => void;
  /** Marks it for the roving focus of the list it is in. */
  readonly cell?: string;
  /** In a group of similar images: how near it is to the first one, and whether it is that. */
  readonly measure?: Measure;
  readonly isReference?: boolean;
  /** Chooses it instead of opening it: which of two compared images it is now. */
  readonly choice?: { readonly place: "first" | "second" | null; readonly choose: () => void };
  /** Selects it instead of opening it, which a double click does then. */
  readonly onSelect?: (event: MouseEvent) => void;
}

/**
 * One sample: its picture, its split, its label and its name, and among similar ones how near it is. Enter opens or chooses
 * it, the context menu has the rest.
 */
export function SampleCard(props: Props): JSX.Element {
  const { sample, roles, store, actions, conflict, stacked, tabIndex, onFocus, cell } = props;
  const { group, said, measure, isReference = false, choice, onSelect } = props;
  const id = visible(sample.id);
  const label = sample.label === null ? null : visible(sample.label);
  const near = measure === undefined ? null : nearFacts(measure, sample, isReference);
  const facts = [
    visible(sample.split),
    ...(label === null ? [] : [l10n.t("label {0}", label)]),
    ...(near === null ? [] : [near.long]),
    ...(said === null ? [] : [saidText(said)]),
    id,
  ];
  const place = choice?.place ?? null;
  const classes = ["card", stacked ? "stacked" : "", near === null ? "" : "similar", said ?? ""];
  return (
    <button
      type="button"
      class={classes.filter((name) => name !== "").join(" ")}
      tabIndex={tabIndex}
      data-cell={cell}
      title={[
        id,
        l10n.t("{0} × {1} pixels", sample.width, sample.height),
        ...(near === null ? [] : [near.long]),
        ...(said === null ? [] : [saidText(said)]),
      ].join("\n")}
      aria-label={nameOf(sentenceList(facts), props)}
      {...(choice === undefined ? {} : { "aria-pressed": place !== null })}
      onFocus={() => onFocus?.()}
      onClick={(event) => {
        if (onSelect !== undefined) onSelect(event);
        else if (choice !== undefined) choice.choose();
        else actions.open(sample.sample);
      }}
      onDblClick={() => onSelect !== undefined && actions.open(sample.sample)}
      onContextMenu={(event) => {
        event.preventDefault();
        // The menu key names no point: the menu then opens at the card.
        const box = event.currentTarget.getBoundingClientRect();
        const pointed = event.clientX !== 0 || event.clientY !== 0;
        actions.menu(sample, pointed ? event.clientX : box.left + 16, pointed ? event.clientY : box.top + 16, group);
      }}
    >
      <Thumbnail store={store} sample={sample.sample} />
      <span class="card-line">
        <SplitBadge name={sample.split} roles={roles} />
        {label !== null && <bdi class={conflict ? "label conflict" : "label"}>{label}</bdi>}
      </span>
      {near !== null && <span class={near.isScore ? "card-near" : "card-near muted"}>{near.short}</span>}
      <bdi class="card-name">{baseName(id)}</bdi>
      {place !== null && <span class="tag card-place">{placeText(place)}</span>}
      {said !== null && (
        <span class={`card-said ${said}`}>
          <Icon name={said === "keep" ? "pinned" : "trash"} />
          {said === "drop" && <s>{saidText(said)}</s>}
        </span>
      )}
    </button>
  );
}

/** What a choice makes of an image, in a word. */
export function saidText(said: Choice): string {
  return said === "keep"
    ? l10n.t({ message: "kept", comment: ["An image that stays in sanitized copies because a person said so."] })
    : l10n.t({ message: "dropped", comment: ["An image that leaves sanitized copies because a person said so."] });
}

/** What pressing a card does, with what is known of its sample. */
function nameOf(facts: string, { choice, onSelect }: Pick<Props, "choice" | "onSelect">): string {
  if (choice !== undefined) return l10n.t("Compare {0}", facts);
  return onSelect === undefined ? l10n.t("Open {0}", facts) : facts;
}

function placeText(place: "first" | "second"): string {
  return place === "first"
    ? l10n.t({ message: "first", comment: ["The first of two pictures that are compared."] })
    : l10n.t({ message: "second", comment: ["The second of two pictures that are compared."] });
}

/** How near a member is to the first one of its group: in few letters, and in words. */
function nearFacts(
  measure: Measure,
  { nearness }: MemberView,
  isReference: boolean,
): { readonly short: string; readonly long: string; readonly isScore: boolean } {
  if (isReference) {
    const short = l10n.t({
      message: "reference",
      comment: ["The picture that the others of its group are compared with."],
    });
    return { short, long: l10n.t("the one that the others are compared with"), isScore: false };
  }
  if (nearness === null) {
    return { short: l10n.t("same pixels"), long: l10n.t("the same pixels as the first one"), isScore: false };
  }
  const placement = placementText(nearness);
  const long = scoreText(measure, nearness.score);
  return {
    short: shortText(scoreValue(measure, nearness.score), nearness),
    long:
      placement === ""
        ? long
        : l10n.t({
            message: "{0}, {1}",
            args: [long, placement],
            comment: ["{0} a score with its name, {1} how a picture is turned and moved."],
          }),
    isScore: true,
  };
}

function shortText(score: string, { transform }: Nearness): string {
  if (transform === "as it is") return `≈ ${score}`;
  return l10n.t({
    message: "≈ {0} {1}",
    args: [score, transformText(transform)],
    comment: ["{0} a score, {1} how a picture is turned, e.g. mirrored."],
  });
}
