import { existsSync } from "node:fs";
import path from "node:path";
import { recogniseArrays, type ArrayHead, type ArrayMeaning } from "../../core/dataset/arrays";
import { labelRange } from "../../core/dataset/labels";
import { CleanSplitError } from "../../core/errors";
import { scalingFormula } from "../../core/fingerprint/scaling";
import type { ArrayFileHead } from "../pool/jobs";
import type { Pool } from "../pool/pool";
import { labelsOfIdx, splitIdxName } from "../sources/idxNames";
import type { ArraySource } from "../sources/sources";
import type { Input } from "./inputs";
import type { Recognition } from "./recognition";

/** Files whose arrays belong together: one file, or the IDX files of a folder. */
export interface ArrayFiles {
  readonly input: Input;
  readonly files: readonly string[];
  /** What ids of the samples of each file start with. */
  readonly ids: readonly string[];
  /** Split name for arrays whose key says no role, and name of what is written of several files. */
  readonly name: string;
  /** Folder of the sanitized copy below the target, `""` or ending with `/`. */
  readonly output: string;
}

/** Finds the samples of an array file that is an input of its own. An IDX file of images brings that of its labels. */
export async function recogniseFile(input: Input, found: Recognition, pool: Pool, signal: AbortSignal): Promise<void> {
  const labels = labelsOfIdx(input.path);
  const files = labels !== null && existsSync(labels) ? [input.path, labels] : [input.path];
  const ids = [input.name, ...files.slice(1).map((file) => path.basename(file))];
  const before = found.units.length;
  // "sets/notMNIST.pickle/" is written into "sets/".
  const output = input.prefix.slice(0, input.prefix.lastIndexOf("/", input.prefix.length - 2) + 1);
  await recogniseArrayFiles({ input, files, ids, name: stem(path.basename(input.path)), output }, found, pool, signal);
  if (found.units.length === before) {
    throw new CleanSplitError(
      "not-a-dataset",
      `${input.path} holds no array of images: expected an array of N x height x width (x channels) numbers.`,
    );
  }
}

/** An array with where it was found. */
interface Entry {
  /** Its key; its file's name when the file is the array, as with IDX and .npy. */
  readonly shown: string;
  readonly key: string;
  readonly file: string;
  readonly id: string;
  readonly array: ArrayFileHead["arrays"][number];
}

/** Finds the image arrays of some files and the labels that belong to them. */
export async function recogniseArrayFiles(
  { input, files, ids, name, output }: ArrayFiles,
  found: Recognition,
  pool: Pool,
  signal: AbortSignal,
): Promise<void> {
  const heads = await Promise.all(files.map((file) => pool.run("head", { file }, signal)));
  const entries = heads.flatMap((head, index) => entriesOf(head, files[index] ?? "", ids[index] ?? ""));
  const byName = new Map(entries.map((entry) => [entry.shown, entry]));
  const meanings = recogniseArrays(
    entries.map(({ shown, array }): ArrayHead => ({ key: shown, kind: array.kind, shape: array.shape })),
    name,
  );
  const range = labelRange(meanings.flatMap((meaning) => byName.get(meaning.labelKey ?? "")?.array.labels ?? []));
  for (const meaning of meanings) {
    const images = byName.get(meaning.key);
    if (images === undefined) continue;
    const labels = byName.get(meaning.labelKey ?? "");
    const unit = images.key === "" ? images.file : `${images.file}#${images.key}`;
    const size = images.array.shape[0] ?? 0;
    const split = found.place(input, unit, unit, size, meaning);
    noteScaling(images, found);
    if (split === null || size === 0) continue;
    const written = files.length > 1 ? name : stem(path.basename(images.file));
    found.parts.push({
      source: sourceOf(meaning, images, labels, `${output}${written}.npz`),
      name: path.basename(images.file),
      stretches: [{ count: size, split, label: null }],
      listed: null,
      labels: labels?.array.labels ? { values: labels.array.labels, range } : null,
    });
  }
  for (const { key, reason } of heads.flatMap((head) => head.skipped))
    found.ignored.push({ path: `${name}#${key}`, reason });
}

function entriesOf(head: ArrayFileHead, file: string, id: string): Entry[] {
  return head.arrays.map((array) => {
    const { key } = array;
    return key === ""
      ? { shown: path.basename(file), key, file, id, array }
      : { shown: key, key, file, id: `${id}#${key}`, array };
  });
}

function sourceOf(meaning: ArrayMeaning, images: Entry, labels: Entry | undefined, output: string): ArraySource {
  const outputKey = (entry: Entry): string => (entry.key === "" ? stem(entry.shown) : entry.key);
  return {
    kind: "array",
    format: { file: images.file, key: images.key, geometry: meaning.geometry, scaling: images.array.scaling },
    size: images.array.shape[0] ?? 0,
    labels: labels === undefined ? null : { file: labels.file, key: labels.key },
    prefix: images.id,
    output,
    outputKeys: { images: outputKey(images), labels: labels === undefined ? "" : outputKey(labels) },
  };
}

function noteScaling({ file, array: { scaling, kind } }: Entry, found: Recognition): void {
  if (kind !== "f") return;
  const name = path.basename(file);
  found.note(
    scaling === null
      ? `The values of ${name} are no 8-bit pixels under a known scaling; they are compared as floats.`
      : `The values of ${name} are 8-bit pixels p scaled as ${scalingFormula(scaling)}; they are compared as those pixels.`,
  );
}

/** A file name without its extensions. */
export function stem(name: string): string {
  return splitIdxName(name) ?? name.replace(/\.(?:pickle|pkl|p|npy|npz|idx)(?:\.gz)?$/i, "");
}
