import * as l10n from "@vscode/l10n";
import { SampleState } from "../dataset/dataset";
import { CONTENT_KEY, keyOf, mayHaveKeyOf } from "../fingerprint/contentKey";
import type { Findings } from "../leakage/findings";
import type { PairVerdict } from "../leakage/report";
import { compareTexts, formatKeptList, parseKeptList, type KeptList } from "../review/keptList";
import { firstsOf, pairKey } from "./findings";

/*
 * What people decided about near duplicates, as a file keeps it and as it applies to a dataset. A picture is named by its
 * content: moving or renaming its file changes nothing, and another picture in its place gets no verdict that was not
 * meant for it.
 */

/** What people decided about pairs of different pictures of one dataset, by the first samples of the pictures. */
export interface PairDecisions {
  readonly pairs: readonly { readonly first: number; readonly second: number; readonly verdict: PairVerdict }[];
  /** The file that holds them; `null` when there is none. */
  readonly file: string | null;
  /** Decisions about pictures that are not in the dataset any more. */
  readonly stale: number;
}

/** Nobody decided anything. */
export const NO_DECISIONS: PairDecisions = { pairs: [], file: null, stale: 0 };

/** One decision as a file keeps it: `verdict` holds of each two of its pictures. Fields of others are kept. */
export interface DecisionEntry {
  /** Two or more, ascending: see {@link keyOf}. */
  readonly keys: readonly string[];
  readonly verdict: PairVerdict;
  /** Where the pictures lay when it was decided, one for each key; for people, and to tell whose entry it is. */
  readonly ids?: readonly string[];
}

/** All decisions of a file. Fields of others are kept. */
export type DecisionList = KeptList<"decisions", DecisionEntry>;

/** An entry, and where it stands. */
export interface PlacedEntry {
  readonly entry: DecisionEntry;
  /** For messages: the file and the line. */
  readonly place: () => string;
  /** Whether all its pictures lay in the dataset when it was decided. */
  readonly isOwn: boolean;
}

const VERDICTS: readonly unknown[] = ["duplicate", "different"] satisfies readonly PairVerdict[];

/** Pictures one decision may hold: each two of 1,000 are half a million pairs. */
export const MAX_PICTURES = 1000;

/** Pairs that all decisions of a dataset may hold. */
export const MAX_PAIRS = 1_000_000;

/** Checks what a file holds. Throws an error that says what is wrong with it. */
export function parseDecisions(value: Readonly<Record<string, unknown>>): DecisionList {
  return parseKeptList(value, "decisions", parseEntry);
}

function parseEntry(value: unknown, index: number): DecisionEntry {
  const place = index + 1;
  if (typeof value !== "object" || value === null) {
    throw new Error(l10n.t('decision {0} is no object with "keys" and "verdict"', place));
  }
  const { keys, verdict, ids } = value as Readonly<Record<string, unknown>>;
  const isText = (item: unknown): item is string => typeof item === "string";
  if (!Array.isArray(keys) || !keys.every(isText) || keys.length < 2 || new Set(keys).size < keys.length) {
    throw new Error(l10n.t('decision {0} needs "keys", a list of at least two different ones', place));
  }
  if (keys.length > MAX_PICTURES) {
    throw new Error(
      l10n.t("decision {0} has {1} keys; at most {2} can be decided at once", place, keys.length, MAX_PICTURES),
    );
  }
  const odd = keys.find((key) => !CONTENT_KEY.test(key));
  if (odd !== undefined) {
    throw new Error(
      l10n.t(
        'decision {0} has the key {1}; expected "file:" or "pixels:" and 32 hexadecimal digits',
        place,
        JSON.stringify(odd.slice(0, 80)),
      ),
    );
  }
  if (!VERDICTS.includes(verdict)) {
    throw new Error(l10n.t('decision {0} needs a "verdict" that is "duplicate" or "different"', place));
  }
  if (ids !== undefined && (!Array.isArray(ids) || !ids.every(isText) || ids.length !== keys.length)) {
    throw new Error(l10n.t('decision {0} has "ids" that are not one name for each key', place));
  }
  return value as DecisionEntry;
}

/** The text of a file: one decision a line, sorted by key, so that two people's decisions merge. */
export function formatDecisions(list: DecisionList): string {
  const sorted = list.decisions
    .map((entry) => ({ entry: sortedEntry(entry), order: [...entry.keys].sort().join(" ") }))
    .sort((a, b) => compareTexts(a.order, b.order));
  return formatKeptList({ ...list, decisions: sorted.map(({ entry }) => entry) }, "decisions");
}

/** An entry with its keys ascending, and their names with them. */
export function sortedEntry(entry: DecisionEntry): DecisionEntry {
  return pick(
    entry,
    [...entry.keys.keys()].sort((a, b) => ((entry.keys[a] ?? "") < (entry.keys[b] ?? "") ? -1 : 1)),
  );
}

/** An entry of some of its keys. */
export function pick(entry: DecisionEntry, indexes: readonly number[]): DecisionEntry {
  const of = (list: readonly string[]): string[] => indexes.map((index) => list[index] ?? "");
  return { ...entry, keys: of(entry.keys), ...(entry.ids === undefined ? {} : { ids: of(entry.ids) }) };
}

/** The line, from 1, at which each decision of a file begins; as far as its text is what JSON allows. */
export function linesOfDecisions(text: string): number[] {
  let lines: number[] = [];
  let [line, depth, name, isList] = [1, 0, "", false];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\[^])*"|[[\]{}\n]/g)) {
    if (token === "\n") line += 1;
    else if (token.startsWith('"')) {
      if (depth === 1) name = token;
    } else if (token === "{" || token === "[") {
      if (depth === 1) {
        isList = name === '"decisions"';
        if (isList) lines = [];
      }
      if (depth === 2 && isList) lines.push(line);
      depth += 1;
    } else depth -= 1;
  }
  return lines;
}

/** Different pictures that a decision is about, and what the entries of files call them. */
export interface DecidedPictures {
  /** One sample of each picture. */
  readonly samples: readonly number[];
  /** The picture, by any of its keys. */
  readonly pictureOf: ReadonlyMap<string, number>;
}

/**
 * Sorts out what a person decides about: equal samples are one picture. Throws an error in words that a person can act on
 * when there are not two pictures, or too many; `id` names a sample.
 */
export function decidedPictures(
  findings: Findings,
  samples: readonly number[],
  id: (sample: number) => string,
): DecidedPictures {
  const { table, fingerprints, groups } = findings;
  const firstOf = findings.near?.firstOf ?? firstsOf(table.count, fingerprints.states, groups.pixel);
  const unusable = samples.find((sample) => fingerprints.states[sample] !== SampleState.ok);
  if (unusable !== undefined) {
    throw new Error(
      unusable < table.count
        ? l10n.t("{0} is no image that can be compared.", id(unusable))
        : l10n.t("What was chosen is no image that can be compared."),
    );
  }
  const pictures = new Map<number, number>();
  for (const sample of samples) {
    const first = firstOf[sample] ?? sample;
    if (!pictures.has(first)) pictures.set(first, sample);
  }
  if (pictures.size < 2) {
    const [a, b] = samples.map(id);
    throw new Error(
      b === undefined
        ? l10n.t("A decision is about at least two images.")
        : l10n.t(
            "{0} and {1} have the same pixels, so they are duplicates; only about different pictures can be decided.",
            a ?? "",
            b,
          ),
    );
  }
  if (pictures.size > MAX_PICTURES) {
    throw new Error(
      l10n.t("These are {0} different pictures; decide about at most {1} at once.", pictures.size, MAX_PICTURES),
    );
  }
  const pictureOf = new Map<string, number>();
  firstOf.forEach((first, sample) => {
    if (pictures.has(first) && fingerprints.states[sample] === SampleState.ok) {
      pictureOf.set(keyOf(fingerprints, sample), first);
    }
  });
  return { samples: [...pictures.values()], pictureOf };
}

/**
 * What is left of entries when nothing is decided about some pictures any more: an entry that holds two of them is replaced
 * by entries of the others with each one of them.
 */
export function forgetPairs(
  entries: readonly DecisionEntry[],
  { pictureOf }: Pick<DecidedPictures, "pictureOf">,
): DecisionEntry[] {
  return entries.flatMap((entry) => {
    const others: number[] = [];
    const held = new Map<number, number[]>();
    entry.keys.forEach((key, index) => {
      const picture = pictureOf.get(key);
      if (picture === undefined) others.push(index);
      else held.set(picture, [...(held.get(picture) ?? []), index]);
    });
    if (held.size < 2) return [entry];
    const parts = [...held.values()].map((indexes) => [...indexes, ...others].sort((a, b) => a - b));
    return parts.filter((indexes) => indexes.length > 1).map((indexes) => pick(entry, indexes));
  });
}

/**
 * What entries say about a dataset. Two entries that contradict each other, as after a merge of two people's decisions, are
 * an error that names both: to choose one in silence would hide a leak from somebody, or show one that was dismissed.
 * An entry is stale when all its pictures lay in this dataset and not all of them are there any more.
 */
export function applyDecisions(entries: readonly PlacedEntry[], findings: Findings): Omit<PairDecisions, "file"> {
  if (entries.length === 0) return { pairs: [], stale: 0 };
  const { table, fingerprints, groups } = findings;
  const firstOf = findings.near?.firstOf ?? firstsOf(table.count, fingerprints.states, groups.pixel);
  const samplesOf = findSamples(
    findings,
    entries.flatMap(({ entry }) => entry.keys),
  );
  const decided = new Map<number, { readonly verdict: PairVerdict; readonly by: PlacedEntry }>();
  let stale = 0;
  let visited = 0;
  for (const placed of entries) {
    const { keys, verdict } = placed.entry;
    const known = keys.map((key) => new Set(samplesOf.get(key)?.map((sample) => firstOf[sample] ?? sample)));
    if (placed.isOwn && known.some((pictures) => pictures.size === 0)) stale += 1;
    const pictures = [...new Set(known.flatMap((some) => [...some]))].sort((a, b) => a - b);
    visited += (pictures.length * (pictures.length - 1)) / 2;
    if (visited > MAX_PAIRS) {
      throw new Error(
        l10n.t("the decisions about this dataset hold more than {0} pairs; remove those of large groups", MAX_PAIRS),
      );
    }
    pictures.forEach((first, index) => {
      for (const second of pictures.slice(index + 1)) {
        const before = decided.get(pairKey(first, second));
        if (before !== undefined && before.verdict !== verdict) {
          throw new Error(
            l10n.t({
              message: "{0} says {1} and {2} says {3} of the same two pictures; keep one of both",
              args: [before.by.place(), `"${before.verdict}"`, placed.place(), `"${verdict}"`],
              comment: ["{0} and {2} e.g. line 7, {1} and {3} what stands there in a file."],
            }),
          );
        }
        decided.set(pairKey(first, second), { verdict, by: before?.by ?? placed });
      }
    });
  }
  const pairs = [...decided]
    .map(([key, { verdict }]) => ({ first: Math.floor(key / 2 ** 26), second: key % 2 ** 26, verdict }))
    .sort((a, b) => a.first - b.first || a.second - b.second);
  return { pairs, stale };
}

/** The usable samples of each key; different pictures can share one when MD5 collided. Linear in the samples. */
function findSamples({ table, fingerprints }: Findings, keys: readonly string[]): Map<string, number[]> {
  const wanted = new Set(keys);
  const mayBeWanted = mayHaveKeyOf(fingerprints, wanted);
  const found = new Map<string, number[]>();
  for (let sample = 0; sample < table.count; sample++) {
    if (fingerprints.states[sample] !== SampleState.ok || !mayBeWanted(sample)) continue;
    const key = keyOf(fingerprints, sample);
    if (!wanted.has(key)) continue;
    const known = found.get(key);
    if (known === undefined) found.set(key, [sample]);
    else known.push(sample);
  }
  return found;
}
