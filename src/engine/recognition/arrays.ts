import * as l10n from "@vscode/l10n";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { recogniseArrays, type ArrayHead, type ArrayMeaning } from "../../core/dataset/arrays";
import { labelRange } from "../../core/dataset/labels";
import { CleanSplitError } from "../../core/errors";
import { scalingFormula } from "../../core/fingerprint/scaling";
import type { ArrayFileHead } from "../pool/jobs";
import type { Pool } from "../pool/pool";
import { labelsBeside } from "../sources/arrayNames";
import type { ArraySource, CopiedArray } from "../sources/sources";
import { copiedArrays, stem } from "./copiedArrays";
import type { Input } from "./inputs";
import type { Recognition } from "./recognition";

/** Files whose arrays belong together: one file, or the IDX or .npy files of a folder. */
export interface ArrayFiles {
  readonly input: Input;
  readonly files: readonly string[];
  /** What ids of the samples of each file start with. */
  readonly ids: readonly string[];
  /** Split name for arrays whose key says no role. */
  readonly name: string;
  /** Folder of the sanitized copy below the target, `""` or ending with `/`. */
  readonly output: string;
  /** Whether files that cannot be read are ignored instead of an error: a folder may hold pickles that are no dataset. */
  readonly mayIgnore: boolean;
}

/** Finds the samples of an array file that is an input of its own. An IDX or .npy file brings that of its labels. */
export async function recogniseFile(input: Input, found: Recognition, pool: Pool, signal: AbortSignal): Promise<void> {
  const labels = labelsBeside(input.path).find((file) => existsSync(file));
  const files = labels === undefined ? [input.path] : [input.path, labels];
  const ids = [input.name, ...files.slice(1).map((file) => path.basename(file))];
  const before = found.units.length;
  // "sets/notMNIST.pickle/" is written into "sets/".
  const output = input.prefix.slice(0, input.prefix.lastIndexOf("/", input.prefix.length - 2) + 1);
  const name = stem(path.basename(input.path));
  await recogniseArrayFiles({ input, files, ids, name, output, mayIgnore: false }, found, pool, signal);
  if (found.units.length === before) {
    throw new CleanSplitError(
      "not-a-dataset",
      l10n.t("{0} holds no array of images: expected an array of N x height x width (x channels) numbers.", input.path),
    );
  }
}

/** Rows of files so large are read by all threads: those start while the first one looks into them. */
const LARGE_BYTES = 16 * 2 ** 20;

function isLarge(file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LARGE_BYTES;
}

/** An array with where it was found. */
export interface Entry {
  /** Its key; its file's name when the file is the array, as with IDX and .npy. */
  readonly shown: string;
  readonly key: string;
  readonly file: string;
  readonly id: string;
  readonly array: ArrayFileHead["arrays"][number];
  readonly head: ArrayFileHead;
}

/** Finds the image arrays of some files and the labels that belong to them. */
export async function recogniseArrayFiles(
  { input, files, ids, name, output, mayIgnore }: ArrayFiles,
  found: Recognition,
  pool: Pool,
  signal: AbortSignal,
): Promise<void> {
  if (files.some(isLarge)) pool.prepare();
  const read = await Promise.all(
    files.map((file) =>
      pool.run("head", { file }, signal).catch((error: unknown) => {
        if (mayIgnore && error instanceof CleanSplitError) return error;
        throw error;
      }),
    ),
  );
  const heads = read.flatMap((head) => (head instanceof CleanSplitError ? [] : [head]));
  const entries = read.flatMap((head, index) => {
    const id = ids[index] ?? "";
    if (!(head instanceof CleanSplitError)) return entriesOf(head, files[index] ?? "", id);
    found.ignored.push({ path: id, reason: head.message });
    return [];
  });
  for (const sentence of heads.flatMap((head) => head.notes)) found.note(sentence);
  for (const entry of entries) found.arrays.add(unitOf(entry));
  const byName = new Map(entries.map((entry) => [entry.shown, entry]));
  const meanings = recogniseArrays(
    entries.map(({ shown, key, array: { kind, shape } }): ArrayHead => {
      // Files that are one array each have names of their own.
      return { key: shown, kind, shape, ...(key === "" ? { split: stem(shown) } : {}) };
    }),
    name,
    labelsSaid(entries, found),
  );
  const range = labelRange(meanings.flatMap((meaning) => byName.get(meaning.labelKey ?? "")?.array.labels ?? []));
  for (const meaning of meanings) {
    const images = byName.get(meaning.key);
    if (images === undefined) continue;
    const labels = byName.get(meaning.labelKey ?? "");
    const unit = unitOf(images);
    const size = images.array.shape[0] ?? 0;
    const split = found.place(input, unit, unit, size, meaning);
    noteScaling(images, found);
    const classes = labels?.array.classes ?? null;
    if (classes !== null) found.note(l10n.t("Classes are called as {0} says.", path.basename(classes.file)));
    if (split === null || size === 0) continue;
    const copied = copiedArrays(images, labels, othersOf(images, entries, meanings), output);
    found.parts.push({
      source: sourceOf(meaning, images, labels, copied),
      name: path.basename(images.file),
      stretches: [{ count: size, split, label: null }],
      listed: null,
      labels: labels?.array.labels ? { values: labels.array.labels, range, names: classes?.names ?? null } : null,
    });
  }
  for (const { key, reason } of heads.flatMap((head) => head.skipped))
    found.ignored.push({ path: `${name}#${key}`, reason });
}

/** Path of an array as a person names it. */
function unitOf({ file, key }: Entry): string {
  return key === "" ? file : `${file}#${key}`;
}

/** What a person said about the labels of these arrays, by the keys of image arrays. Throws when it cannot be so. */
function labelsSaid(entries: readonly Entry[], found: Recognition): ReadonlyMap<string, string | null> {
  const byUnit = new Map(entries.map((entry) => [unitOf(entry), entry]));
  return new Map(
    found.labels.flatMap(({ images, labels, file }): [string, string | null][] => {
      const one = byUnit.get(images);
      if (one === undefined) return [];
      if (labels === null) return [[one.shown, null]];
      const other = byUnit.get(labels);
      const wrong = (why: string): CleanSplitError =>
        new CleanSplitError(
          "unsupported",
          file === undefined
            ? l10n.t("You said that {0} holds the labels of {1}, but {2}. Correct it.", labels, images, why)
            : l10n.t("{0} says that {1} holds the labels of {2}, but {3}. Correct it.", file, labels, images, why),
        );
      if (other === undefined) {
        throw wrong(l10n.t("there is no such array in the files that are read together with it"));
      }
      if (other.array.shape[0] !== one.array.shape[0]) {
        const rows = [other, one].map(({ array }) => array.shape[0] ?? 1);
        throw wrong(l10n.t("it has {0} rows, and the images are {1}", ...rows));
      }
      if (other.array.labels === null) throw wrong(l10n.t("it holds no whole numbers, one a row"));
      return [[one.shown, other.shown]];
    }),
  );
}

function entriesOf(head: ArrayFileHead, file: string, id: string): Entry[] {
  return head.arrays.map((array) => {
    const { key } = array;
    return key === ""
      ? { shown: path.basename(file), key, file, id, array, head }
      : { shown: key, key, file, id: `${id}#${key}`, array, head };
  });
}

function sourceOf(
  meaning: ArrayMeaning,
  images: Entry,
  labels: Entry | undefined,
  copied: readonly CopiedArray[],
): ArraySource {
  return {
    kind: "array",
    format: { file: images.file, key: images.key, geometry: meaning.geometry, scaling: images.array.scaling },
    size: images.array.shape[0] ?? 0,
    labels: labels === undefined ? null : { file: labels.file, key: labels.key },
    prefix: images.id,
    copied,
  };
}

function noteScaling({ file, array: { scaling, kind } }: Entry, found: Recognition): void {
  if (kind !== "f") return;
  const name = path.basename(file);
  found.note(
    scaling === null
      ? l10n.t("The values of {0} are no 8-bit pixels under a known scaling; they are compared as floats.", name)
      : l10n.t(
          "The values of {0} are 8-bit pixels p scaled as {1}; they are compared as those pixels.",
          name,
          scalingFormula(scaling),
        ),
  );
}

/** The arrays with as many rows as an image array of their file that is alone with that number: they belong to its rows. */
function othersOf(images: Entry, entries: readonly Entry[], meanings: readonly ArrayMeaning[]): Entry[] {
  const known = new Set(meanings.flatMap(({ key, labelKey }) => [key, labelKey]));
  const { length: alike } = entries.filter(
    (entry) => isLike(entry, images) && meanings.some(({ key }) => key === entry.shown),
  );
  return alike > 1 ? [] : entries.filter((entry) => isLike(entry, images) && !known.has(entry.shown));
}

function isLike(entry: Entry, images: Entry): boolean {
  return entry.file === images.file && entry.array.shape[0] === images.array.shape[0];
}
