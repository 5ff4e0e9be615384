import type { JSX } from "preact";
import { Button, Select, type Choice } from "../shared/Controls";
import { visible } from "../shared/format";
import { isEveryGroup, type GroupFilter } from "./reportView";

interface Props {
  readonly filter: GroupFilter;
  readonly splits: readonly string[];
  readonly classes: readonly string[];
  /** Whether near duplicates were searched. */
  readonly knowsNear: boolean;
  readonly onChange: (filter: GroupFilter) => void;
}

type Switch = "any" | "yes" | "no";

const CONFLICT: readonly Choice<Switch>[] = [
  { value: "any", label: "Any labels" },
  { value: "yes", label: "Conflicting labels" },
  { value: "no", label: "Agreeing labels" },
];
const BLANK: readonly Choice<Switch>[] = [
  { value: "any", label: "With blank images" },
  { value: "no", label: "Without blank images" },
  { value: "yes", label: "Blank images only" },
];
type Equality = "pixel" | "file" | "near" | "similar";

const EQUALITY: readonly Choice<Equality>[] = [
  { value: "pixel", label: "Same pixels" },
  { value: "file", label: "Same file" },
];
const NEAR_EQUALITY: readonly Choice<Equality>[] = [
  { value: "near", label: "Same or similar" },
  { value: "similar", label: "Similar only" },
];
const SORT: readonly Choice<"size" | "first" | "doubt">[] = [
  { value: "size", label: "Largest first" },
  { value: "first", label: "In dataset order" },
];
const DOUBT = { value: "doubt", label: "Most doubtful first" } as const;

/** Every filter of the gallery in one line; each one says what it lets pass. */
export function GroupFilters({ filter, splits, classes, knowsNear, onChange }: Props): JSX.Element {
  const { splits: chosenSplits, leaking, label } = filter;
  const spread =
    chosenSplits !== undefined ? JSON.stringify(ordered(chosenSplits, splits)) : leaking === true ? "leaking" : "any";
  const equality: Equality =
    filter.tier === "near" ? (filter.similar === true ? "similar" : "near") : (filter.tier ?? "pixel");
  const labelChoice = label === undefined ? "any" : `=${label}`;
  return (
    <div class="filters" role="group" aria-label="Filter the groups">
      <Select
        label="Equality"
        value={equality}
        active={equality !== "pixel"}
        choices={knowsNear ? [...EQUALITY, ...NEAR_EQUALITY] : EQUALITY}
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
          label="Splits"
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
          label="Class"
          value={labelChoice}
          active={label !== undefined}
          choices={[
            { value: "any", label: "Any class" },
            ...classes.map((name) => ({ value: `=${name}`, label: `Class ${visible(name)}` })),
          ]}
          onChange={(value) => {
            const { label: _, ...rest } = filter;
            onChange(value === "any" ? rest : { ...rest, label: value.slice(1) });
          }}
        />
      )}
      {classes.length > 0 && (
        <Select
          label="Labels"
          value={switchOf(filter.conflict)}
          active={filter.conflict !== undefined}
          choices={CONFLICT}
          onChange={(value) => {
            const { conflict: _, ...rest } = filter;
            onChange(value === "any" ? rest : { ...rest, conflict: value === "yes" });
          }}
        />
      )}
      <Select
        label="Blank images"
        value={switchOf(filter.blank)}
        active={filter.blank !== undefined}
        choices={BLANK}
        onChange={(value) => {
          const { blank: _, ...rest } = filter;
          onChange(value === "any" ? rest : { ...rest, blank: value === "yes" });
        }}
      />
      <Select
        label="Order"
        value={filter.sort ?? "size"}
        choices={filter.tier === "near" ? [...SORT, DOUBT] : SORT}
        onChange={(sort) => onChange({ ...filter, sort })}
      />
      {!isEveryGroup(filter) && (
        <Button
          kind="quiet"
          icon="clear-all"
          label="Clear filters"
          onClick={() => onChange({ sort: filter.sort === "first" ? "first" : "size" })}
        />
      )}
    </div>
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
    { value: "any", label: "In any split" },
    { value: "leaking", label: "In more than one split" },
  ];
  splits.forEach((a, index) => {
    for (const b of splits.slice(index + 1))
      choices.push({ value: JSON.stringify([a, b]), label: `In ${visible(a)} and ${visible(b)}` });
  });
  for (const name of splits) choices.push({ value: JSON.stringify([name]), label: `In ${visible(name)}` });
  if (!choices.some((choice) => choice.value === chosen)) {
    choices.push({ value: chosen, label: `In ${(JSON.parse(chosen) as readonly string[]).join(" and ")}` });
  }
  return choices;
}
