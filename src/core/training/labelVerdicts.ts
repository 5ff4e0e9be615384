import * as l10n from "@vscode/l10n";
import { SampleState } from "../dataset/dataset";
import { CONTENT_KEY, keyOf, mayHaveKeyOf } from "../fingerprint/contentKey";
import type { Findings } from "../leakage/findings";
import { compareTexts, formatKeptList, parseKeptList, type KeptList } from "../review/keptList";
import type { LabelVerdict } from "./labelAudit";

/*
 * What people said of labels, as a file keeps it and as it applies to a dataset. A verdict is about one sample with one label:
 * when the label is corrected, or another image lies in its place, nothing is said of it.
 */

/** One verdict as a file keeps it. Fields of others are kept. */
export interface VerdictEntry {
  /** Where the sample lies, relative to the home of the file. */
  readonly id: string;
  /** The label that was judged. */
  readonly label: string;
  readonly verdict: LabelVerdict;
  /** What was seen there: see `keyOf`. Absent where people wrote the entry by hand. */
  readonly key?: string;
}

/** All verdicts of a file. Fields of others are kept. */
export type VerdictList = KeptList<"labels", VerdictEntry>;

/** An entry with the absolute place that its id means. */
export interface PlacedVerdict {
  readonly entry: VerdictEntry;
  readonly place: string;
}

/** How the samples of a dataset are called. */
export interface LabelledSamples {
  readonly findings: Findings;
  /** Absolute path of a sample, as `Dataset.place` says it. */
  readonly place: (sample: number) => string;
}

const VERDICTS: readonly unknown[] = ["right", "wrong"] satisfies readonly LabelVerdict[];

/** Checks what a file holds. Throws an error that says what is wrong with it, also when two entries contradict each other. */
export function parseVerdicts(value: Readonly<Record<string, unknown>>): VerdictList {
  const list = parseKeptList(value, "labels", parseEntry);
  const seen = new Map<string, LabelVerdict>();
  for (const { id, label, verdict } of list.labels) {
    const before = seen.get(nameOf(id, label)) ?? verdict;
    if (before !== verdict) {
      throw new Error(
        l10n.t('it says both "right" and "wrong" of {0}; keep one of both', JSON.stringify(id.slice(0, 300))),
      );
    }
    seen.set(nameOf(id, label), verdict);
  }
  return list;
}

function parseEntry(value: unknown, index: number): VerdictEntry {
  const place = index + 1;
  if (typeof value !== "object" || value === null) {
    throw new Error(l10n.t('entry {0} of "labels" is no object with "id", "label" and "verdict"', place));
  }
  const { id, label, verdict, key } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || id === "") {
    throw new Error(l10n.t('entry {0} of "labels" needs an "id", the path of an image', place));
  }
  if (typeof label !== "string") throw new Error(l10n.t('entry {0} of "labels" needs a "label", a text', place));
  if (!VERDICTS.includes(verdict)) {
    throw new Error(l10n.t('entry {0} of "labels" needs a "verdict" that is "right" or "wrong"', place));
  }
  if (key !== undefined && (typeof key !== "string" || !CONTENT_KEY.test(key))) {
    throw new Error(
      l10n.t('entry {0} of "labels" has a "key" that is not "file:" or "pixels:" and 32 hexadecimal digits', place),
    );
  }
  return value as VerdictEntry;
}

/** The text of a file: one verdict a line, sorted by id, so that what two people said merges. */
export function formatVerdicts(list: VerdictList): string {
  const labels = [...list.labels].sort((a, b) => compareTexts(a.id, b.id) || compareTexts(a.label, b.label));
  return formatKeptList({ ...list, labels }, "labels");
}

/** Entries with new ones in place of those of the same id and label. `null` forgets what was said of one. */
export function replaceVerdicts(
  entries: readonly VerdictEntry[],
  judged: readonly (Omit<VerdictEntry, "verdict"> & { readonly verdict: LabelVerdict | null })[],
): VerdictEntry[] {
  const names = new Set(judged.map(({ id, label }) => nameOf(id, label)));
  const kept = entries.filter(({ id, label }) => !names.has(nameOf(id, label)));
  return [...kept, ...judged.flatMap((entry) => (isSaid(entry) ? [entry] : []))];
}

/**
 * What entries say about the samples of a dataset, by sample. Only usable samples with the label and, where the entry has a
 * key, the content that were judged count. Linear in the samples; where all entries have keys, almost nothing is done for
 * those that are not named.
 */
export function applyVerdicts(
  entries: readonly PlacedVerdict[],
  { findings, place }: LabelledSamples,
): ReadonlyMap<number, LabelVerdict> {
  const verdicts = new Map<number, LabelVerdict>();
  if (entries.length === 0) return verdicts;
  const byPlace = new Map<string, VerdictEntry[]>();
  for (const { entry, place: named } of entries) byPlace.set(named, [...(byPlace.get(named) ?? []), entry]);
  const { table, fingerprints } = findings;
  const keys = entries.flatMap(({ entry }) => entry.key ?? []);
  // An entry that was written by hand may mean any sample.
  const mayBeNamed = keys.length < entries.length ? () => true : mayHaveKeyOf(fingerprints, keys);
  for (let sample = 0; sample < table.count; sample++) {
    const label = table.classes[table.classOf[sample] ?? -1];
    if (label === undefined || fingerprints.states[sample] !== SampleState.ok || !mayBeNamed(sample)) continue;
    const named = byPlace.get(place(sample));
    const entry = named?.find(
      (one) => one.label === label && (one.key === undefined || one.key === keyOf(fingerprints, sample)),
    );
    if (entry !== undefined) verdicts.set(sample, entry.verdict);
  }
  return verdicts;
}

function isSaid(
  entry: Omit<VerdictEntry, "verdict"> & { readonly verdict: LabelVerdict | null },
): entry is VerdictEntry {
  return entry.verdict !== null;
}

function nameOf(id: string, label: string): string {
  return JSON.stringify([id, label]);
}
