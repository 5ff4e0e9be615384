import * as l10n from "@vscode/l10n";
import { SampleState } from "../dataset/dataset";
import { CONTENT_KEY, keyOf, mayHaveKeyOf } from "../fingerprint/contentKey";
import type { Findings } from "../leakage/findings";
import { compareTexts, formatKeptList, parseKeptList, type KeptList } from "./keptList";
import type { Choice } from "./review";

/*
 * Which images people keep and drop, as a file keeps it and as it applies to a dataset. A choice is about one image with one
 * content: when another image lies in its place, nothing is said of it.
 */

/** One choice as a file keeps it. Fields of others are kept. */
export interface ChoiceEntry {
  /** Where the image lies, relative to the home of the file. */
  readonly id: string;
  readonly choice: Choice;
  /** What was seen there: see `keyOf`. Absent where people wrote the entry by hand. */
  readonly key?: string;
}

/** All choices of a file, at most one of an id. Fields of others are kept. */
export type ChoiceList = KeptList<"choices", ChoiceEntry>;

/** What is said of the samples of a dataset. */
export interface Choices {
  /** Index into {@link CHOICES} of each sample. */
  readonly codes: Uint8Array;
  readonly keep: number;
  readonly drop: number;
  /** Choices about images that are not in the dataset any more, or have another content now. */
  readonly stale: number;
}

/** What can be said of a sample, by its code in {@link Choices.codes}. */
export const CHOICES = [null, "keep", "drop"] as const satisfies readonly (Choice | null)[];

/** What is said of a sample. */
export function choiceAt({ codes }: Choices, sample: number): Choice | null {
  return CHOICES[codes[sample] ?? 0] ?? null;
}

/** The samples of which something is said, ascending. */
export function samplesWith({ codes }: Choices, choice: Choice): number[] {
  const code = CHOICES.indexOf(choice);
  const samples: number[] = [];
  codes.forEach((found, sample) => {
    if (found === code) samples.push(sample);
  });
  return samples;
}

/** Checks what a file holds. Throws an error that says what is wrong with it, also when two entries are of one image. */
export function parseChoices(value: Readonly<Record<string, unknown>>): ChoiceList {
  const list = parseKeptList(value, "choices", parseEntry);
  const byId = new Map<string, ChoiceEntry>();
  for (const entry of list.choices) {
    const before = byId.get(entry.id);
    if (before !== undefined && (before.choice !== entry.choice || before.key !== entry.key)) {
      throw new Error(l10n.t("it has two entries of {0}; keep one of both", JSON.stringify(entry.id.slice(0, 300))));
    }
    byId.set(entry.id, entry);
  }
  return { ...list, choices: [...byId.values()] };
}

function parseEntry(value: unknown, index: number): ChoiceEntry {
  const place = index + 1;
  if (typeof value !== "object" || value === null) {
    throw new Error(l10n.t('entry {0} of "choices" is no object with "id" and "choice"', place));
  }
  const { id, choice, key } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || id === "") {
    throw new Error(l10n.t('entry {0} of "choices" needs an "id", the path of an image', place));
  }
  if (choice !== "keep" && choice !== "drop") {
    throw new Error(l10n.t('entry {0} of "choices" needs a "choice" that is "keep" or "drop"', place));
  }
  if (key !== undefined && (typeof key !== "string" || !CONTENT_KEY.test(key))) {
    throw new Error(
      l10n.t('entry {0} of "choices" has a "key" that is not "file:" or "pixels:" and 32 hexadecimal digits', place),
    );
  }
  return value as ChoiceEntry;
}

/** The text of a file: one choice a line, sorted by id, so that what two people said merges. */
export function formatChoices(list: ChoiceList): string {
  const choices = [...list.choices].sort((a, b) => compareTexts(a.id, b.id));
  return formatKeptList({ ...list, choices }, "choices");
}

/**
 * What an entry says of the sample that lies where its id says: its code in {@link Choices.codes}, 0 when it is about another
 * content, or keeps what cannot be used.
 */
export function codeOf(entry: ChoiceEntry | undefined, findings: Findings, sample: number): number {
  if (entry === undefined || (entry.choice === "keep" && !canBeKept(findings, sample))) return 0;
  const isOf = entry.key === undefined || entry.key === keyOf(findings.fingerprints, sample);
  return isOf ? CHOICES.indexOf(entry.choice) : 0;
}

/** Whether a sample can be used: what cannot be read, or is no valid sample, leaves in any case. */
export function canBeKept({ fingerprints }: Findings, sample: number): boolean {
  return fingerprints.states[sample] === SampleState.ok;
}

/**
 * What entries say of the samples of a dataset: `entryOf` is the entry of the place where a sample lies, and `own` counts the
 * entries of `entries` that are about places of the dataset. Linear in the samples; where all entries have keys, almost
 * nothing is done for those that are not named.
 */
export function applyChoices(
  entries: readonly ChoiceEntry[],
  own: number,
  findings: Findings,
  entryOf: (sample: number) => ChoiceEntry | undefined,
): Choices {
  const codes = new Uint8Array(findings.table.count);
  const keys = entries.flatMap(({ key }) => key ?? []);
  const mayBeNamed = keys.length < entries.length ? () => true : mayHaveKeyOf(findings.fingerprints, keys);
  if (entries.length > 0) {
    codes.forEach((_, sample) => {
      if (mayBeNamed(sample)) codes[sample] = codeOf(entryOf(sample), findings, sample);
    });
  }
  return countChoices(codes, own);
}

/** Counts what is said; `own` are entries about places of the dataset. */
export function countChoices(codes: Uint8Array, own: number): Choices {
  let [keep, drop] = [0, 0];
  for (const code of codes) {
    if (code === 1) keep += 1;
    else if (code === 2) drop += 1;
  }
  return { codes, keep, drop, stale: Math.max(0, own - keep - drop) };
}
