import * as l10n from "@vscode/l10n";
/** Names of classes for people and for comparing: numbers in order of value before names in order of their letters. */
export function compareClasses(a: string, b: string): number {
  const [first, second] = [Number(a), Number(b)];
  const [isFirst, isSecond] = [a.trim() !== "" && !Number.isNaN(first), b.trim() !== "" && !Number.isNaN(second)];
  if (isFirst && isSecond) return first - second;
  if (isFirst !== isSecond) return isFirst ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Classes of all sources of a dataset put together. */
export interface JoinedClasses {
  readonly classes: readonly string[];
  /** For each vocabulary and each of its names the index into `classes`. */
  readonly indexOf: readonly ReadonlyMap<string, number>[];
  /** Two labels can only contradict each other when their classes belong to one label space. */
  readonly spaceOf: readonly number[];
  readonly notes: readonly string[];
}

/** The class names that one source uses, and what to call the source in a note. */
export interface Vocabulary {
  readonly source: string;
  readonly names: ReadonlySet<string>;
}

/**
 * Puts the classes of several sources together. Vocabularies that share a name are one label space. Numbers 0 to k-1
 * beside k names are read as those names in order, as array files made from folders number them. Everything else cannot
 * be compared: equal images of such sources are duplicates, but never label conflicts.
 */
export function joinClasses(vocabularies: readonly Vocabulary[]): JoinedClasses {
  const named = new Set(vocabularies.flatMap((entry) => (isNumbering(entry.names) ? [] : [...entry.names])));
  const sortedNames = [...named].sort(compareClasses);
  const notes: string[] = [];
  const translations = vocabularies.map(({ source, names }) => {
    const translates = isNumbering(names) && names.size === sortedNames.length && !overlaps(names, named);
    if (translates) {
      notes.push(
        l10n.t(
          "Labels 0 to {0} of {1} are read as the classes {2} to {3} in order: as many numbers as names.",
          names.size - 1,
          source,
          sortedNames[0] ?? "",
          sortedNames.at(-1) ?? "",
        ),
      );
    }
    return new Map([...names].map((name) => [name, translates ? (sortedNames[Number(name)] ?? name) : name]));
  });
  const classes = [...new Set(translations.flatMap((map) => [...map.values()]))].sort(compareClasses);
  const position = new Map(classes.map((name, index) => [name, index]));
  const indexOf = translations.map(
    (map) => new Map([...map].map(([name, translated]) => [name, position.get(translated) ?? -1])),
  );
  const spaceOf = spaces(classes.length, indexOf);
  if (new Set(spaceOf).size > 1) {
    notes.push(l10n.t("The labels of the inputs have no name in common, so they are not compared between inputs."));
  }
  return { classes, indexOf, spaceOf, notes };
}

function isNumbering(names: ReadonlySet<string>): boolean {
  return names.size > 0 && [...names].every((name) => /^\d+$/.test(name) && Number(name) < names.size);
}

function overlaps(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return [...a].some((name) => b.has(name));
}

/** Classes that occur together in one source belong to one space, and so do spaces that share a class. */
function spaces(count: number, indexOf: readonly ReadonlyMap<string, number>[]): number[] {
  const spaceOf = Array.from({ length: count }, (_, index) => index);
  for (const map of indexOf) {
    const members = [...map.values()];
    const joined = new Set(members.map((index) => spaceOf[index]));
    const target = Math.min(...members.map((index) => spaceOf[index] ?? index));
    spaceOf.forEach((space, index) => {
      if (joined.has(space)) spaceOf[index] = target;
    });
  }
  return spaceOf;
}

/** Which labels of an array file are classes. */
export interface LabelRange {
  /** Whether a label is a class; others are reported and left out. */
  isClass(label: number): boolean;
  /** The range in words, e.g. "0 to 9". */
  readonly text: string;
}

/**
 * Share of rows up to which labels beyond a gap count as garbage. Uninitialised memory at the end of an array is rare;
 * a set that lacks a class has a gap too, but many rows beyond it.
 */
const GARBAGE_SHARE = 0.01;

/**
 * The range of class numbers in an array file, from all its labels together: from 0 or 1 up to the first gap, when what
 * lies beyond the gap is at most 1 % of the rows; else every label that is not negative is a class. -1 is the usual
 * mark of an unlabelled sample and is neither a class nor garbage.
 */
export function labelRange(labelArrays: readonly Int32Array[]): LabelRange {
  const counts = new Map<number, number>();
  let rows = 0;
  for (const labels of labelArrays) {
    rows += labels.length;
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const start = counts.has(0) ? 0 : 1;
  let end = start;
  while (counts.has(end)) end++;
  const beyond = [...counts].reduce((sum, [label, count]) => sum + (label >= end ? count : 0), 0);
  const bounded = end > start && beyond <= rows * GARBAGE_SHARE;
  const last = bounded ? end - 1 : Math.max(...counts.keys());
  return {
    isClass: (label) => label >= 0 && label <= last && (bounded ? label >= start : true),
    text: l10n.t("{0} to {1}", bounded ? start : 0, last),
  };
}
