import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon, Select, type Choice } from "../shared/Controls";
import { sentenceList, visible } from "../shared/format";
import type { GroupFilter } from "./reportView";
import { keyOf } from "./reviewKeys";

/** Rest of the hand after which a text is searched for. */
const TYPING_MS = 250;
/** No file name is longer than this. */
const LONGEST_TEXT = 255;

interface Props {
  readonly filter: GroupFilter;
  readonly splits: readonly string[];
  readonly classes: readonly string[];
  /** Whether near duplicates were searched. */
  readonly knowsNear: boolean;
  readonly onChange: (filter: GroupFilter) => void;
}

type Switch = "any" | "yes" | "no";

const CONFLICT = (): readonly Choice<Switch>[] => [
  { value: "any", label: l10n.t("Any labels") },
  { value: "yes", label: l10n.t("Conflicting labels") },
  { value: "no", label: l10n.t("Agreeing labels") },
];
const BLANK = (): readonly Choice<Switch>[] => [
  { value: "any", label: l10n.t("With blank images") },
  { value: "no", label: l10n.t("Without blank images") },
  { value: "yes", label: l10n.t("Blank images only") },
];
const DECIDED = (): readonly Choice<Switch>[] => [
  { value: "any", label: l10n.t({ message: "Decided or not", comment: ["Groups of images."] }) },
  { value: "no", label: l10n.t({ message: "Undecided", comment: ["Groups of images."] }) },
  { value: "yes", label: l10n.t({ message: "Decided", comment: ["Groups of images."] }) },
];
type Equality = "pixel" | "file" | "near" | "similar";

const EQUALITY = (): readonly Choice<Equality>[] => [
  { value: "pixel", label: l10n.t("Same pixels") },
  { value: "file", label: l10n.t("Same file") },
];
const NEAR_EQUALITY = (): readonly Choice<Equality>[] => [
  { value: "near", label: l10n.t({ message: "Same or similar", comment: ["Images."] }) },
  { value: "similar", label: l10n.t({ message: "Similar only", comment: ["Images."] }) },
];
const SORT = (): readonly Choice<"size" | "first" | "doubt">[] => [
  { value: "size", label: l10n.t({ message: "Largest first", comment: ["Groups of images."] }) },
  { value: "first", label: l10n.t("In dataset order") },
];
const DOUBT = (): Choice<"doubt"> => ({
  value: "doubt",
  label: l10n.t({ message: "Most doubtful first", comment: ["Groups of images."] }),
});

/** Every filter of the gallery in one line; each one says what it lets pass. */
export function GroupFilters({ filter, splits, classes, knowsNear, onChange }: Props): JSX.Element {
  const { splits: chosenSplits, leaking, label } = filter;
  const spread =
    chosenSplits !== undefined ? JSON.stringify(ordered(chosenSplits, splits)) : leaking === true ? "leaking" : "any";
  const equality: Equality =
    filter.tier === "near" ? (filter.similar === true ? "similar" : "near") : (filter.tier ?? "pixel");
  const labelChoice = label === undefined ? "any" : `=${label}`;
  return (
    <div class="filters" role="group" aria-label={l10n.t("Filter the groups")}>
      <TextFilter
        text={filter.text ?? ""}
        onText={(text) => {
          const { text: _, ...rest } = filter;
          onChange(text === "" ? rest : { ...rest, text });
        }}
      />
      <Select
        label={l10n.t("Decisions")}
        value={switchOf(filter.decided)}
        active={filter.decided !== undefined}
        choices={DECIDED()}
        onChange={(value) => {
          const { decided: _, ...rest } = filter;
          onChange(value === "any" ? rest : { ...rest, decided: value === "yes" });
        }}
      />
      <Select
        label={l10n.t({ message: "Equality", comment: ["In what images are equal, as the name of a filter."] })}
        value={equality}
        active={equality !== "pixel"}
        choices={knowsNear ? [...EQUALITY(), ...NEAR_EQUALITY()] : EQUALITY()}
        onChange={(value) => {
          const { tier: _, similar: __, sort = "size", ...others } = filter;
          const isNear = value === "near" || value === "similar";
          // Only similar groups are in doubt.
          const rest = { ...others, sort: sort === "doubt" && !isNear ? "size" : sort } as const;
          if (value === "pixel") onChange(rest);
          else if (value === "similar") onChange({ ...rest, tier: "near", similar: true });
          else onChange({ ...rest, tier: value });
        }}
      />
      {splits.length > 1 && (
        <Select
          label={l10n.t("Splits")}
          value={spread}
          active={spread !== "any"}
          choices={spreadChoices(splits, spread)}
          onChange={(value) => {
            const { splits: _, leaking: __, ...rest } = filter;
            if (value === "any") onChange(rest);
            else if (value === "leaking") onChange({ ...rest, leaking: true });
            else onChange({ ...rest, splits: JSON.parse(value) as readonly string[] });
          }}
        />
      )}
      {classes.length > 0 && (
        <Select
          label={l10n.t("Class")}
          value={labelChoice}
          active={label !== undefined}
          choices={[
            { value: "any", label: l10n.t("Any class") },
            ...classes.map((name) => ({ value: `=${name}`, label: l10n.t("Class {0}", visible(name)) })),
          ]}
          onChange={(value) => {
            const { label: _, ...rest } = filter;
            onChange(value === "any" ? rest : { ...rest, label: value.slice(1) });
          }}
        />
      )}
      {classes.length > 0 && (
        <Select
          label={l10n.t("Labels")}
          value={switchOf(filter.conflict)}
          active={filter.conflict !== undefined}
          choices={CONFLICT()}
          onChange={(value) => {
            const { conflict: _, ...rest } = filter;
            onChange(value === "any" ? rest : { ...rest, conflict: value === "yes" });
          }}
        />
      )}
      <Select
        label={l10n.t("Blank images")}
        value={switchOf(filter.blank)}
        active={filter.blank !== undefined}
        choices={BLANK()}
        onChange={(value) => {
          const { blank: _, ...rest } = filter;
          onChange(value === "any" ? rest : { ...rest, blank: value === "yes" });
        }}
      />
      <Select
        label={l10n.t({ message: "Order", comment: ["In which groups are listed."] })}
        value={filter.sort ?? "size"}
        choices={filter.tier === "near" ? [...SORT(), DOUBT()] : SORT()}
        onChange={(sort) => onChange({ ...filter, sort })}
      />
    </div>
  );
}

/** Text that a file name contains; asked for when the hand rests. */
function TextFilter(props: { readonly text: string; readonly onText: (text: string) => void }): JSX.Element {
  const { text } = props;
  const [typed, setTyped] = useState(text);
  const latest = useRef(props.onText);
  latest.current = props.onText;
  // Another filter from elsewhere, e.g. one that was cleared.
  useEffect(() => setTyped(text), [text]);
  useEffect(() => {
    if (typed === text) return undefined;
    const timer = setTimeout(() => latest.current(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, text]);
  return (
    <span class={text === "" ? "text-filter" : "text-filter active"}>
      <Icon name="search" />
      <input
        id="group-text"
        type="search"
        maxLength={LONGEST_TEXT}
        placeholder={l10n.t("Path contains")}
        aria-label={l10n.t("Path contains")}
        title={l10n.t("Only groups with an image whose path contains this ({0})", keyOf("find"))}
        value={typed}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") latest.current(typed);
        }}
      />
    </span>
  );
}

function switchOf(value: boolean | undefined): Switch {
  return value === undefined ? "any" : value ? "yes" : "no";
}

function ordered(chosen: readonly string[], splits: readonly string[]): readonly string[] {
  return [...chosen].sort((a, b) => splits.indexOf(a) - splits.indexOf(b));
}

/** Any, leaking, every pair, every single split, and whatever is chosen now from elsewhere. */
function spreadChoices(splits: readonly string[], chosen: string): readonly Choice<string>[] {
  const choices: Choice<string>[] = [
    { value: "any", label: l10n.t("In any split") },
    { value: "leaking", label: l10n.t("In more than one split") },
  ];
  splits.forEach((a, index) => {
    for (const b of splits.slice(index + 1)) choices.push({ value: JSON.stringify([a, b]), label: inSplits([a, b]) });
  });
  for (const name of splits) choices.push({ value: JSON.stringify([name]), label: inSplits([name]) });
  if (!choices.some((choice) => choice.value === chosen)) {
    choices.push({ value: chosen, label: inSplits(JSON.parse(chosen) as readonly string[]) });
  }
  return choices;
}

function inSplits(names: readonly string[]): string {
  return l10n.t({ message: "In {0}", args: [visible(sentenceList(names))], comment: ["{0} names of splits."] });
}
