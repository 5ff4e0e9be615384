import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { recogniseArrays, type ArrayHead, type ArrayMeaning } from "../core/dataset/arrays";
import type { Assignment, DatasetRequest, Layout, Role, SampleTable, Split, Unit } from "../core/dataset/dataset";
import { recogniseFolders } from "../core/dataset/folders";
import { joinClasses, labelRange, type LabelRange } from "../core/dataset/labels";
import { roleOfSplit } from "../core/dataset/splits";
import { CleanSplitError, messageOf } from "../core/errors";
import { scalingFormula } from "../core/fingerprint/scaling";
import type { SampleNames } from "../core/leakage/buildReport";
import { plural } from "../core/leakage/verdict";
import type { Progress, Run } from "./engine";
import type { ArrayFileHead, SampleRef } from "./pool/jobs";
import type { Pool } from "./pool/pool";
import { isIdxName, labelsOfIdx, splitIdxName } from "./sources/idxNames";
import { compareNames } from "./sources/listing";
import { sourceSize, type ArraySource, type Source } from "./sources/sources";

/** A dataset whose samples are known but not read. */
export interface Dataset {
  readonly layout: Layout;
  readonly table: SampleTable;
  readonly sources: readonly Source[];
  /** Index of the first sample of each source. */
  readonly starts: readonly number[];
  readonly spaceOf: readonly number[];
  readonly names: SampleNames;
  /** Rows whose label is no class, and why. */
  readonly labelFaults: ReadonlyMap<number, string>;
  /** Where a worker finds a sample. */
  ref(sample: number): SampleRef;
}

/** A source with what its samples are, before splits and classes have numbers. */
interface Part {
  readonly source: Source;
  /** Name of the source in notes. */
  readonly name: string;
  readonly split: (position: number) => { readonly name: string; readonly role: Role };
  readonly label: (position: number) => string | null;
  readonly fault: (position: number) => string | null;
}

interface Input {
  readonly path: string;
  /** Unique among the inputs and short. */
  readonly name: string;
  /** What names of its files start with: `""` for the only input, else its name and `/`. */
  readonly prefix: string;
  readonly isFolder: boolean;
}

/** What is collected while inputs are recognised. */
interface Recognition {
  readonly parts: Part[];
  readonly units: Unit[];
  readonly ignored: { path: string; reason: string }[];
  readonly notes: string[];
}

/** Finds the samples of a dataset: lists folders, reads the heads of array files, recognises splits and classes. */
export async function openDataset(request: DatasetRequest, pool: Pool, run: Run<Progress>): Promise<Dataset> {
  const inputs = nameInputs(withAssigned(request));
  const found: Recognition = { parts: [], units: [], ignored: [], notes: [] };
  const splits = new SplitNames();
  run.progress({ phase: "listing", done: 0, total: 0 });
  for (const input of inputs) {
    if (input.isFolder) await recogniseFolderInput(input, request.assignments, splits, found, pool, run);
    else await recogniseFileInput(input, request.assignments, splits, found, pool, run);
  }
  const parts = found.parts.filter((part) => sourceSize(part.source) > 0);
  if (parts.length === 0) throw noSamples(inputs, found);
  const { table, starts, spaceOf, notes, labelFaults } = buildTable(parts, splits);
  const sources = parts.map((part) => part.source);
  const locate = (sample: number): { source: Source; position: number } => {
    const source = sources[table.sourceOf[sample] ?? 0];
    if (source === undefined) throw new RangeError(`There is no sample ${sample}.`);
    return { source, position: table.positionOf[sample] ?? 0 };
  };
  return {
    layout: {
      name: inputs.map((input) => input.name).join(" + "),
      inputs: inputs.map((input) => input.path),
      units: found.units.map((unit) => ({ ...unit, split: unit.split === null ? null : splits.shown(unit.split) })),
      ignored: found.ignored,
      notes: [...found.notes, ...notes],
    },
    table,
    sources,
    starts,
    spaceOf,
    labelFaults,
    names: {
      id(sample) {
        const { source, position } = locate(sample);
        return source.kind === "folder"
          ? `${source.prefix}${source.paths[position] ?? ""}`
          : `${source.prefix}[${position}]`;
      },
      file(sample) {
        const { source, position } = locate(sample);
        return source.kind === "folder" ? path.join(source.root, source.paths[position] ?? "") : source.format.file;
      },
    },
    ref(sample) {
      const { source, position } = locate(sample);
      return source.kind === "folder"
        ? { kind: "file", path: path.join(source.root, source.paths[position] ?? "") }
        : { kind: "row", format: source.format, row: position };
    },
  };
}

/**
 * Names of splits while inputs are recognised. A recognised name belongs to its input, so that `train` of a folder and
 * `train` of a pickle stay two splits; a name that a person gave is one split wherever it is given.
 */
class SplitNames {
  private readonly roles = new Map<string, Role>();
  private readonly inputsOf = new Map<string, Set<string>>();

  /** Key of a recognised split. */
  recognised(input: Input, name: string, role: Role): string {
    const key = `${input.name}\0${name}`;
    this.roles.set(key, role);
    this.inputsOf.set(name, (this.inputsOf.get(name) ?? new Set()).add(input.name));
    return key;
  }

  /** Key of a split that a person named. */
  assigned(name: string): string {
    this.roles.set(name, roleOfSplit(name));
    return name;
  }

  role(key: string): Role {
    return this.roles.get(key) ?? "other";
  }

  /** Whether one name stands for several splits; all names then say their input. */
  private isAmbiguous(): boolean {
    return [...this.inputsOf].some(([name, inputs]) => inputs.size > 1 || this.roles.has(name));
  }

  /** The name to show. */
  shown(key: string): string {
    const [input = "", name] = key.split("\0");
    if (name === undefined) return key;
    return this.isAmbiguous() && input !== name ? `${input}/${name}` : name;
  }
}

async function recogniseFolderInput(
  input: Input,
  assignments: readonly Assignment[],
  splits: SplitNames,
  found: Recognition,
  pool: Pool,
  run: Run<Progress>,
): Promise<void> {
  const listing = await pool.run("list", { root: input.path }, run.signal);
  const { prefix } = input;
  found.ignored.push(...listing.ignored.map((entry) => ({ ...entry, path: `${prefix}${entry.path}` })));
  const base = path.basename(input.path);
  const withImages = listing.folders.filter((folder) => folder.images.length > 0);
  const heads = withImages.map((folder) => ({ path: folder.path, images: folder.images.length }));
  const meanings = recogniseFolders(heads, base);

  const paths: string[] = [];
  const folderOf: number[] = [];
  const folders: { split: string; label: string | null }[] = [];
  const units = new Map<string, Unit>();
  meanings.forEach((meaning, index) => {
    const folder = withImages[index];
    if (folder === undefined) return;
    const absolute = path.join(input.path, folder.path);
    const assignment = assignmentFor(absolute, assignments);
    const unitPath = assignment?.path ?? path.join(input.path, meaning.unit);
    const split =
      assignment === undefined
        ? splits.recognised(input, meaning.split, meaning.role)
        : assignment.split === null
          ? null
          : splits.assigned(assignment.split);
    const known = units.get(unitPath);
    units.set(unitPath, {
      path: unitPath,
      split,
      role: split === null ? "other" : splits.role(split),
      samples: (known?.samples ?? 0) + folder.images.length,
      reason: assignment === undefined ? meaning.reason : assignmentReason(assignment),
    });
    if (split === null) return;
    // Below an assignment deeper than the recognised split, the rest of the path names the class.
    const unitFolder = path.join(input.path, meaning.unit);
    const deeper = assignment !== undefined && isBelow(assignment.path, unitFolder) && assignment.path !== unitFolder;
    const rest = deeper ? path.relative(unitPath, absolute).split(path.sep).join("/") : "";
    folders.push({ split, label: rest === "" ? meaning.label : rest });
    for (const name of folder.images) {
      paths.push(folder.path === "" ? name : `${folder.path}/${name}`);
      folderOf.push(folders.length - 1);
    }
  });
  found.units.push(...units.values());
  if (paths.length > 0) {
    const of = (position: number): { split: string; label: string | null } | undefined =>
      folders[folderOf[position] ?? 0];
    found.parts.push({
      source: { kind: "folder", root: input.path, prefix, paths },
      name: base,
      split: (position) => {
        const split = of(position)?.split ?? "";
        return { name: split, role: splits.role(split) };
      },
      label: (position) => of(position)?.label ?? null,
      fault: () => null,
    });
  }

  for (const set of arraySets(
    listing.folders.flatMap((folder) => folder.arrays.map((name) => ({ folder: folder.path, name }))),
  )) {
    const files = set.files.map((name) => path.join(input.path, set.folder, name));
    const below = set.folder === "" ? "" : `${set.folder}/`;
    const ids = set.files.map((name) => `${prefix}${below}${name}`);
    const name = set.files.length === 1 ? stem(set.files[0] ?? "") : set.folder || base;
    await recogniseArrayFiles(
      { input, files, ids, name, output: `${prefix}${below}` },
      assignments,
      splits,
      found,
      pool,
      run,
    ).catch((error: unknown) => {
      if (!(error instanceof CleanSplitError)) throw error;
      // A folder may hold pickles that are no dataset; a set of IDX files that is damaged is one that is.
      if (set.isIdx) throw error;
      found.ignored.push({ path: `${prefix}${below}${set.files.join(", ")}`, reason: messageOf(error) });
    });
  }
}

async function recogniseFileInput(
  input: Input,
  assignments: readonly Assignment[],
  splits: SplitNames,
  found: Recognition,
  pool: Pool,
  run: Run<Progress>,
): Promise<void> {
  const labels = labelsOfIdx(input.path);
  const files = labels !== null && existsSync(labels) ? [input.path, labels] : [input.path];
  const ids = [input.name, ...files.slice(1).map((file) => path.basename(file))];
  const before = found.parts.length;
  await recogniseArrayFiles(
    { input, files, ids, name: stem(path.basename(input.path)), output: outputFolder(input.prefix) },
    assignments,
    splits,
    found,
    pool,
    run,
  );
  if (found.parts.length === before && found.units.length === 0) {
    throw new CleanSplitError(
      "not-a-dataset",
      `${input.path} holds no array of images: expected an array of N x height x width (x channels) numbers.`,
    );
  }
}

interface ArrayFiles {
  readonly input: Input;
  /** Files whose arrays belong together: one file, or the IDX files of a folder. */
  readonly files: readonly string[];
  readonly ids: readonly string[];
  /** Split name for arrays whose key says no role. */
  readonly name: string;
  /** Folder of the sanitized copy below the target, `""` or ending with `/`. */
  readonly output: string;
}

async function recogniseArrayFiles(
  { input, files, ids, name, output }: ArrayFiles,
  assignments: readonly Assignment[],
  splits: SplitNames,
  found: Recognition,
  pool: Pool,
  run: Run<Progress>,
): Promise<void> {
  const heads = await Promise.all(files.map((file) => pool.run("head", { file }, run.signal)));
  const idx = files.length > 1 || isIdxName(files[0] ?? "");
  const entries = heads.flatMap((head, index) =>
    head.arrays.map((array) => ({
      // An IDX or .npy file holds one array without a name: its file name says what it is.
      shown: array.key === "" ? path.basename(files[index] ?? "") : array.key,
      key: array.key,
      file: files[index] ?? "",
      id: array.key === "" ? (ids[index] ?? "") : `${ids[index] ?? ""}#${array.key}`,
      array,
    })),
  );
  const byName = new Map(entries.map((entry) => [entry.shown, entry]));
  const shownHeads = entries.map(({ shown, array }): ArrayHead => ({
    key: shown,
    kind: array.kind,
    shape: array.shape,
  }));
  const meanings = recogniseArrays(shownHeads, name);
  const range = labelRange(meanings.flatMap((meaning) => byName.get(meaning.labelKey ?? "")?.array.labels ?? []));
  for (const meaning of meanings) {
    const images = byName.get(meaning.key);
    if (images === undefined) continue;
    const labels = byName.get(meaning.labelKey ?? "");
    const unitPath = images.key === "" ? images.file : `${images.file}#${images.key}`;
    const assignment = assignmentFor(unitPath, assignments);
    const split =
      assignment === undefined
        ? splits.recognised(input, meaning.split, meaning.role)
        : assignment.split === null
          ? null
          : splits.assigned(assignment.split);
    const rows = images.array.shape[0] ?? 0;
    found.units.push({
      path: unitPath,
      split,
      role: split === null ? "other" : splits.role(split),
      samples: rows,
      reason: assignment === undefined ? meaning.reason : assignmentReason(assignment),
    });
    noteScaling(images.array, path.basename(images.file), found);
    if (split === null) continue;
    const source = arraySource(
      meaning,
      images,
      labels,
      rows,
      idx ? output + name : output + stem(path.basename(images.file)),
    );
    found.parts.push({
      source,
      name: path.basename(images.file),
      split: () => ({ name: split, role: splits.role(split) }),
      ...labelsOf(labels?.array.labels ?? null, range),
    });
  }
  for (const head of heads) {
    for (const array of head.skipped) found.ignored.push({ path: `${name}#${array.key}`, reason: array.reason });
  }
}

type Entry = {
  readonly file: string;
  readonly key: string;
  readonly shown: string;
  readonly id: string;
  readonly array: ArrayFileHead["arrays"][number];
};

function arraySource(
  meaning: ArrayMeaning,
  images: Entry,
  labels: Entry | undefined,
  rows: number,
  output: string,
): ArraySource {
  const outputKey = (entry: Entry): string => (entry.key === "" ? stem(entry.shown) : entry.key);
  return {
    kind: "array",
    format: { file: images.file, key: images.key, geometry: meaning.geometry, scaling: images.array.scaling },
    rows,
    labels: labels === undefined ? null : { file: labels.file, key: labels.key },
    prefix: images.id,
    output: `${output}.npz`,
    outputKeys: { images: outputKey(images), labels: labels === undefined ? "" : outputKey(labels) },
  };
}

function labelsOf(labels: Int32Array | null, range: LabelRange): Pick<Part, "label" | "fault"> {
  return {
    label(position) {
      const label = labels?.[position] ?? -1;
      return range.isClass(label) ? String(label) : null;
    },
    fault(position) {
      const label = labels?.[position];
      if (label === undefined || label === -1 || range.isClass(label)) return null;
      return `its label ${label} is out of range: the labels are ${range.text}`;
    },
  };
}

/** One note a file: its arrays have one scaling, or each is told. */
function noteScaling({ scaling, kind }: ArrayFileHead["arrays"][number], file: string, { notes }: Recognition): void {
  if (kind !== "f") return;
  const note =
    scaling === null
      ? `The values of ${file} are no 8-bit pixels under a known scaling; they are compared as floats.`
      : `The values of ${file} are 8-bit pixels p scaled as ${scalingFormula(scaling)}; they are compared as those pixels.`;
  if (!notes.includes(note)) notes.push(note);
}

function buildTable(
  parts: readonly Part[],
  names: SplitNames,
): Pick<Dataset, "table" | "starts" | "spaceOf" | "labelFaults"> & { notes: readonly string[] } {
  const count = parts.reduce((sum, part) => sum + sourceSize(part.source), 0);
  const joined = joinClasses(parts.map((part) => ({ source: part.name, names: namesIn(part) })));
  const order: Readonly<Record<Role, number>> = { train: 0, validation: 1, test: 2, other: 3 };
  const keys = new Map<string, Role>();
  for (const part of parts) {
    for (let position = 0; position < sourceSize(part.source); position++) {
      const { name, role } = part.split(position);
      keys.set(name, role);
    }
  }
  const sorted = [...keys].sort(([a, roleA], [b, roleB]) => order[roleA] - order[roleB] || compareNames(a, b));
  const indexOfSplit = new Map(sorted.map(([key], index) => [key, index]));
  const splits = sorted.map(([key, role]): Split => ({ name: names.shown(key), role }));

  const table = {
    count,
    splits,
    classes: joined.classes,
    splitOf: new Uint8Array(count),
    classOf: new Int32Array(count).fill(-1),
    sourceOf: new Uint16Array(count),
    positionOf: new Uint32Array(count),
  };
  const labelFaults = new Map<number, string>();
  const starts: number[] = [];
  let sample = 0;
  parts.forEach((part, source) => {
    starts.push(sample);
    const classes = joined.indexOf[source];
    for (let position = 0; position < sourceSize(part.source); position++, sample++) {
      table.splitOf[sample] = indexOfSplit.get(part.split(position).name) ?? 0;
      table.classOf[sample] = classes?.get(part.label(position) ?? "") ?? -1;
      table.sourceOf[sample] = source;
      table.positionOf[sample] = position;
      const fault = part.fault(position);
      if (fault !== null) labelFaults.set(sample, fault);
    }
  });
  return { table, starts, spaceOf: joined.spaceOf, notes: joined.notes, labelFaults };
}

function namesIn(part: Part): Set<string> {
  const names = new Set<string>();
  for (let position = 0; position < sourceSize(part.source); position++) {
    const label = part.label(position);
    if (label !== null) names.add(label);
  }
  return names;
}

/** Inputs and what was assigned outside of them, as absolute paths without repetition. */
function withAssigned(request: DatasetRequest): string[] {
  const inputs = request.inputs.map((input) => path.resolve(input));
  for (const { path: assigned, split } of request.assignments) {
    const file = withoutKey(assigned);
    if (split !== null && !inputs.some((input) => isBelow(file, input))) inputs.push(file);
  }
  return [...new Set(inputs)];
}

/** Gives every input the shortest end of its path that no other one shares; a single folder needs none. */
function nameInputs(paths: readonly string[]): Input[] {
  const parts = paths.map((input) => input.split(path.sep).filter((part) => part !== ""));
  return paths.map((input, index) => {
    const own = parts[index] ?? [];
    let length = 1;
    const end = (of: readonly string[]): string => of.slice(-length).join("/");
    while (length < own.length && parts.some((other, at) => at !== index && end(other) === end(own))) length += 1;
    const name = end(own) || input;
    return { path: input, name, prefix: paths.length === 1 ? "" : `${name}/`, isFolder: isFolder(input) };
  });
}

function isFolder(input: string): boolean {
  try {
    return statSync(input).isDirectory();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new CleanSplitError(
      "not-found",
      missing
        ? `${input} does not exist. Expected a folder of images or an array file (pickle, IDX, .npy, .npz).`
        : `${input} cannot be read: ${messageOf(error)}`,
    );
  }
}

/** The assignment nearest to a path: of the path itself or of the closest folder or file that holds it. */
function assignmentFor(target: string, assignments: readonly Assignment[]): Assignment | undefined {
  return assignments
    .filter((assignment) => isBelow(target, assignment.path))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

function isBelow(target: string, container: string): boolean {
  return (
    target === container ||
    target.startsWith(container.endsWith(path.sep) ? container : container + path.sep) ||
    target.startsWith(`${container}#`)
  );
}

function withoutKey(target: string): string {
  const hash = target.lastIndexOf("#");
  return hash > 0 && !existsSync(target) ? target.slice(0, hash) : target;
}

function assignmentReason({ split }: Assignment): string {
  return split === null ? "You left it out." : `You said it is ${split}.`;
}

function noSamples(inputs: readonly Input[], found: Recognition): CleanSplitError {
  const what = inputs.map((input) => input.path).join(", ");
  const [first] = found.ignored;
  const count = plural(found.ignored.length, "entry was", "entries were");
  const ignored = first === undefined ? "" : ` ${count} ignored, e.g. ${first.path}: ${first.reason}.`;
  return new CleanSplitError(
    "not-a-dataset",
    `${what} holds no images. Expected folders of images such as train/cat/1.png, or array files (pickle, IDX, .npy, .npz).${ignored}`,
  );
}

/** Folder of an input's name: `sets/notMNIST.pickle/` goes into `sets/`. */
function outputFolder(prefix: string): string {
  return prefix.slice(0, prefix.lastIndexOf("/", prefix.length - 2) + 1);
}

interface ArraySet {
  readonly folder: string;
  readonly files: readonly string[];
  readonly isIdx: boolean;
}

/** Array files that are read together: the IDX files of one folder, and every other file alone. */
function arraySets(files: readonly { readonly folder: string; readonly name: string }[]): ArraySet[] {
  const sets: ArraySet[] = [];
  const idx = new Map<string, string[]>();
  for (const { folder, name } of files) {
    if (isIdxName(name)) idx.set(folder, [...(idx.get(folder) ?? []), name]);
    else sets.push({ folder, files: [name], isIdx: false });
  }
  return [...sets, ...[...idx].map(([folder, names]) => ({ folder, files: names, isIdx: true }))];
}

/** A file name without its extensions. */
function stem(name: string): string {
  return splitIdxName(name) ?? name.replace(/\.(?:pickle|pkl|p|npy|npz|idx)?(?:\.gz)?$/i, "");
}
