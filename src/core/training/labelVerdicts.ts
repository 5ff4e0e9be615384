import { SampleState } from "../dataset/dataset";
import { DIGEST_BYTES } from "../fingerprint/md5";
import type { Findings } from "../leakage/findings";
import { keyOf } from "../near/decisions";
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
export interface VerdictList {
  readonly version: number;
  readonly labels: readonly VerdictEntry[];
}

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

const VERSION = 1;
const KEY = /^(file|pixels):[0-9a-f]{32}$/;
const VERDICTS: readonly unknown[] = ["right", "wrong"] satisfies readonly LabelVerdict[];

/** Checks what a file holds. Throws an error that says what is wrong with it, also when two entries contradict each other. */
export function parseVerdicts(value: Readonly<Record<string, unknown>>): VerdictList {
  const { version, labels } = value;
  if (typeof version === "number" && version > VERSION) {
    throw new Error(`it has version ${version}, and this CleanSplit knows ${VERSION}; a newer one reads it`);
  }
  if (version !== VERSION) throw new Error(`expected "version": ${VERSION}`);
  if (!Array.isArray(labels)) throw new Error('expected "labels", a list');
  const entries = labels.map(parseEntry);
  const seen = new Map<string, LabelVerdict>();
  for (const { id, label, verdict } of entries) {
    const before = seen.get(nameOf(id, label)) ?? verdict;
    if (before !== verdict) {
      throw new Error(`it says both "right" and "wrong" of ${JSON.stringify(id.slice(0, 300))}; keep one of both`);
    }
    seen.set(nameOf(id, label), verdict);
  }
  return { ...value, version, labels: entries };
}

function parseEntry(value: unknown, index: number): VerdictEntry {
  const wrong = (what: string): Error => new Error(`entry ${index + 1} of "labels" ${what}`);
  if (typeof value !== "object" || value === null) throw wrong('is no object with "id", "label" and "verdict"');
  const { id, label, verdict, key } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== "string" || id === "") throw wrong('needs an "id", the path of an image');
  if (typeof label !== "string") throw wrong('needs a "label", a text');
  if (!VERDICTS.includes(verdict)) throw wrong('needs a "verdict" that is "right" or "wrong"');
  if (key !== undefined && (typeof key !== "string" || !KEY.test(key))) {
    throw wrong('has a "key" that is not "file:" or "pixels:" and 32 hexadecimal digits');
  }
  return value as VerdictEntry;
}

/** The text of a file: one verdict a line, sorted by id, so that what two people said merges. */
export function formatVerdicts(list: VerdictList): string {
  const sorted = [...list.labels].sort((a, b) => compare(a.id, b.id) || compare(a.label, b.label));
  const lines = sorted.map((entry) => `\n    ${JSON.stringify(entry)}`).join(",");
  const fields = Object.entries({ ...list, version: VERSION }).map(([name, value]) => {
    const text = name === "labels" ? `[${lines}${lines === "" ? "" : "\n  "}]` : JSON.stringify(value);
    return `  ${JSON.stringify(name)}: ${text}`;
  });
  return `{\n${fields.join(",\n")}\n}\n`;
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
  const mayBeNamed = samplesByKey(
    findings,
    entries.map(({ entry }) => entry.key),
  );
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

/** Whether an entry with one of these keys can mean a sample, told by the first four bytes of its digest. */
function samplesByKey(
  { fingerprints: { isFile, fileDigests, pixelDigests } }: Findings,
  keys: readonly (string | undefined)[],
): (sample: number) => boolean {
  if (keys.includes(undefined)) return () => true;
  const heads = new Set(keys.map((key = "") => Number.parseInt(key.slice(key.indexOf(":") + 1).slice(0, 8), 16)));
  return (sample) => {
    const digests = isFile[sample] === 1 ? fileDigests : pixelDigests;
    const at = sample * DIGEST_BYTES;
    const [a, b, c, d] = [digests[at] ?? 0, digests[at + 1] ?? 0, digests[at + 2] ?? 0, digests[at + 3] ?? 0];
    return heads.has(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
  };
}

function isSaid(
  entry: Omit<VerdictEntry, "verdict"> & { readonly verdict: LabelVerdict | null },
): entry is VerdictEntry {
  return entry.verdict !== null;
}

function nameOf(id: string, label: string): string {
  return JSON.stringify([id, label]);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
