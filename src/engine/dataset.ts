import path from "node:path";
import * as l10n from "@vscode/l10n";
import type { Assignment, LabelAssignment, Layout, Role, SampleTable, Split } from "../core/dataset/dataset";
import { joinClasses } from "../core/dataset/labels";
import { CleanSplitError } from "../core/errors";
import type { SampleNames } from "../core/leakage/buildReport";
import { integerText } from "../core/language";
import type { Progress, Run } from "./engine";
import { indexFolderOf } from "./index/fingerprintIndex";
import { Listings } from "./index/listings";
import type { SampleRef } from "./pool/jobs";
import type { Pool } from "./pool/pool";
import { recogniseFile } from "./recognition/arrays";
import { recogniseFolder } from "./recognition/folders";
import { recognisePackedInput } from "./recognition/packed";
import { rootOf, type Input } from "./recognition/inputs";
import { Recognition, type ListedSamples, type Part } from "./recognition/recognition";
import type { SplitNames } from "./recognition/splitNames";
import { compareNames } from "./sources/listing";
import { packedKindOf } from "./sources/packed/packedKind";
import type { Unpacked } from "./sources/packed/unpacked";
import { imageExtension, imagePath, packedName, positionsInFile, type Source } from "./sources/sources";

/** A dataset whose samples are known but not read. */
export interface Dataset {
  readonly layout: Layout;
  /** What people said of its parts. */
  readonly assignments: readonly Assignment[];
  readonly table: SampleTable;
  readonly sources: readonly Source[];
  /** Index of the first sample of each source. */
  readonly starts: readonly number[];
  readonly spaceOf: readonly number[];
  readonly names: SampleNames;
  /** Rows whose label is no class, and why. */
  readonly labelFaults: ReadonlyMap<number, string>;
  /** Absolute path of an image, within an archive that of the archive before it, with `#key[17]` for one without a name. */
  place(sample: number): string;
  /** Where a worker finds a sample. */
  ref(sample: number): SampleRef;
  locate(sample: number): Location;
}

/** The source that reads a sample, and where it has it: index of a file, or row of an array. */
export interface Location {
  readonly source: Source;
  /** Index of the source in the dataset. */
  readonly index: number;
  readonly position: number;
}

/**
 * Finds the samples of a dataset: lists folders, reads the heads of array files, recognises splits and classes. Where
 * `indexFolder` keeps what folders held, those that are as they were are not listed again.
 */
export async function openDataset(
  inputs: readonly Input[],
  assignments: readonly Assignment[],
  pool: Pool,
  run: Run<Progress>,
  indexFolder: string | null,
  unpacked: Unpacked,
  labels: readonly LabelAssignment[] = [],
): Promise<Dataset> {
  const found = new Recognition(assignments, labels);
  const progress = (done: number): void => run.progress({ phase: "listing", done, total: 0 });
  progress(0);
  for (const input of inputs) {
    if (input.isFolder || input.isList) {
      const listings = new Listings(indexFolder === null ? null : indexFolderOf(indexFolder, rootOf(input)));
      await recogniseFolder(input, found, pool, { signal: run.signal, progress }, listings, unpacked);
    } else if (packedKindOf(input.path) === undefined) await recogniseFile(input, found, pool, run.signal);
    else await recognisePackedInput(input, found, pool, run, unpacked);
  }
  noteUnusedAssignments(found);
  if (found.parts.length === 0) throw noSamples(inputs, found);
  const sources = found.parts.map((part) => part.source);
  const { table, starts, spaceOf, notes, labelFaults } = buildTable(found.parts, found.splits);
  const units = found.units.map((unit) => ({
    ...unit,
    split: unit.split === null ? null : found.splits.shown(unit.split),
  }));
  return {
    layout: {
      name: inputs.map((input) => input.name).join(" + "),
      inputs: inputs.map((input) => input.path),
      units,
      ignored: found.ignored,
      notes: [...found.notes, ...notes],
    },
    assignments,
    table,
    sources,
    starts,
    spaceOf,
    labelFaults,
    ...locator(sources, starts),
  };
}

/** A correction of something that was renamed or removed would else be lost in silence. */
function noteUnusedAssignments(found: Recognition): void {
  const used = new Set(found.units.map((unit) => unit.path));
  for (const { path: place, split } of found.assignments) {
    // What is left out need not be there.
    if (used.has(place) || split === null) continue;
    found.note(l10n.t("No image was found at {0}, which was said to be {1}.", place, split));
  }
  for (const { images } of found.labels) {
    if (!found.arrays.has(images)) found.note(l10n.t("No array was found at {0}, whose labels were said.", images));
  }
}

/** Finds a sample in its source. Samples are numbered source by source, so that no column has to say it. */
function locator(
  sources: readonly Source[],
  starts: readonly number[],
): Pick<Dataset, "names" | "place" | "ref" | "locate"> {
  const locate = (sample: number): Location => {
    let [index, end] = [0, starts.length];
    while (end - index > 1) {
      const middle = (index + end) >>> 1;
      if ((starts[middle] ?? 0) <= sample) index = middle;
      else end = middle;
    }
    const source = sources[index];
    const position = sample - (starts[index] ?? 0);
    if (source === undefined || !(position >= 0 && position < source.size)) {
      throw new RangeError(`There is no sample ${sample}.`);
    }
    return { source, index, position };
  };
  return {
    locate,
    names: {
      id(sample) {
        const { source, position } = locate(sample);
        return source.prefix + nameIn(source, position);
      },
      file(sample) {
        const { source, position } = locate(sample);
        if (source.kind === "folder") return path.join(source.root, imagePath(source, position));
        return source.kind === "array" ? source.format.file : source.file;
      },
      isOwnFile: (sample) => locate(sample).source.kind === "folder",
      extension(sample) {
        const { source, position } = locate(sample);
        return source.kind === "array" ? "" : imageExtension(source, position);
      },
    },
    place(sample) {
      const { source, position } = locate(sample);
      const name = nameIn(source, position);
      if (source.kind === "folder") return path.join(source.root, name);
      if (source.kind === "packed" && source.folders[0]?.names !== null) return path.join(source.file, name);
      return `${source.kind === "packed" ? source.file : source.format.file}#${source.format.key}${name}`;
    },
    ref(sample) {
      const { source, position } = locate(sample);
      if (source.kind === "folder") return { kind: "file", path: path.join(source.root, imagePath(source, position)) };
      if (source.kind === "array") return { kind: "row", format: source.format, row: position };
      const [inFile = 0] = positionsInFile(source, Uint32Array.of(position));
      return { kind: "packed", format: source.format, position: inFile };
    },
  };
}

/** What tells a sample from the others of its source. */
function nameIn(source: Source, position: number): string {
  if (source.kind === "folder") return imagePath(source, position);
  return source.kind === "array" ? `[${position}]` : packedName(source, position);
}

/** Splits in the order they are shown in. */
const ROLE_ORDER: Readonly<Record<Role, number>> = { train: 0, validation: 1, test: 2, other: 3 };

function buildTable(
  parts: readonly Part[],
  names: SplitNames,
): Pick<Dataset, "table" | "starts" | "spaceOf" | "labelFaults"> & { notes: readonly string[] } {
  const count = parts.reduce((sum, part) => sum + part.source.size, 0);
  const joined = joinClasses(parts.map((part) => ({ source: part.name, names: classNames(part) })));
  const keys = [...new Set(parts.flatMap(splitKeys))];
  const order = (key: string): number => ROLE_ORDER[names.role(key)];
  keys.sort((a, b) => order(a) - order(b) || compareNames(a, b));
  const table = {
    count,
    splits: keys.map((key): Split => ({ name: names.shown(key), role: names.role(key) })),
    classes: joined.classes,
    splitOf: new Uint8Array(count),
    classOf: new Int32Array(count).fill(-1),
  };
  const labelFaults = new Map<number, string>();
  const starts: number[] = [];
  let start = 0;
  parts.forEach(({ source, stretches, listed, labels }, index) => {
    starts.push(start);
    const classes = joined.indexOf[index];
    let at = start;
    for (const { count: length, split, label } of stretches) {
      table.splitOf.fill(keys.indexOf(split), at, at + length);
      table.classOf.fill(classes?.get(label ?? "") ?? -1, at, at + length);
      at += length;
    }
    if (listed !== null) insertListed(listed, table, start, keys, classes);
    labels?.values.forEach((label, row) => {
      if (labels.range.isClass(label)) table.classOf[start + row] = classes?.get(nameOf(labels, label)) ?? -1;
      else if (label !== -1) {
        labelFaults.set(
          start + row,
          l10n.t("its label {0} is out of range: the labels are {1}", label, labels.range.text),
        );
      }
    });
    start += source.size;
  });
  return { table, starts, spaceOf: joined.spaceOf, notes: joined.notes, labelFaults };
}

function splitKeys({ stretches, listed }: Part): readonly string[] {
  return listed?.splits ?? stretches.map((stretch) => stretch.split);
}

function insertListed(
  { labels, labelOf, splits, splitOf }: ListedSamples,
  table: SampleTable,
  start: number,
  keys: readonly string[],
  classes: ReadonlyMap<string, number> | undefined,
): void {
  const numbers = labels.map((label) => classes?.get(label) ?? -1);
  const places = splits.map((key) => keys.indexOf(key));
  labelOf.forEach((label, sample) => (table.classOf[start + sample] = numbers[label] ?? -1));
  splitOf.forEach((split, sample) => (table.splitOf[start + sample] = places[split] ?? 0));
}

function classNames({ stretches, listed, labels }: Part): Set<string> {
  const names = new Set(
    listed?.labels.filter((label) => label !== "") ?? stretches.flatMap((stretch) => stretch.label ?? []),
  );
  for (const label of new Set(labels?.values))
    if (labels?.range.isClass(label) === true) names.add(nameOf(labels, label));
  return names;
}

function nameOf({ names }: NonNullable<Part["labels"]>, label: number): string {
  return names?.[label] ?? String(label);
}

function noSamples(inputs: readonly Input[], found: Recognition): CleanSplitError {
  const what = inputs.map((input) => input.path).join(", ");
  const [first] = found.ignored;
  const none = l10n.t(
    "{0} holds no images. Expected folders of images such as train/cat/1.png, a list of images (CSV, JSON), an archive of images (tar, zip, Parquet, TFRecord), or a pickle, IDX, .npy, .npz, HDF5, MATLAB (.mat) or CIFAR file.",
    what,
  );
  return new CleanSplitError("not-a-dataset", first === undefined ? none : `${none} ${ignoredText(found, first)}`);
}

function ignoredText({ ignored }: Recognition, first: Recognition["ignored"][number]): string {
  return ignored.length === 1
    ? l10n.t("1 entry was ignored, e.g. {0}: {1}.", first.path, first.reason)
    : l10n.t("{0} entries were ignored, e.g. {1}: {2}.", integerText(ignored.length), first.path, first.reason);
}
