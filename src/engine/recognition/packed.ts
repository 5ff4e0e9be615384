import * as l10n from "@vscode/l10n";
import path from "node:path";
import { recogniseFolders, type FolderMeaning } from "../../core/dataset/folders";
import { roleWithin, roleOfName } from "../../core/dataset/splits";
import { CleanSplitError } from "../../core/errors";
import type { Progress, Run } from "../engine";
import type { PackedHead } from "../pool/jobs";
import type { Pool } from "../pool/pool";
import type { PackedFormat } from "../sources/packed/packedFile";
import { packedKindOf } from "../sources/packed/packedKind";
import type { Unpacked } from "../sources/packed/unpacked";
import type { PackedFolder, PackedSource, SplitFolder } from "../sources/sources";
import type { Input } from "./inputs";
import type { ListedSamples, Recognition, Stretch } from "./recognition";

/** Packed files that are recognised together. */
interface PackedFiles {
  readonly input: Input;
  /** Paths below the folder that holds them all, which is the input, or the folder of the only file. */
  readonly root: string;
  readonly files: readonly string[];
  /** What a dataset without splits is called. */
  readonly name: string;
}

/** A folder on the way to some images, inside or outside of a packed file, by its name and its absolute path. */
interface Step {
  readonly name: string;
  readonly at: string;
}

/** The images of one folder of a packed file, or all of a file without names. */
interface Place {
  readonly file: PackedHeadOf;
  readonly images: PackedHead["images"][number];
  readonly folder: Omit<PackedFolder, "start" | "split">;
  /** The way to it; the packed file itself is a folder on it. */
  readonly steps: readonly Step[];
  /** How many of the last steps lie within the packed file. */
  readonly inside: number;
}

/** A packed file and what it holds. */
interface PackedHeadOf {
  readonly file: string;
  /** Its path below the folder of all. */
  readonly below: string;
  readonly head: PackedHead;
  /** What is read instead of it. */
  readonly readable: string;
}

/** Names of parts of one set: "train-000000.tar", "test-00000-of-00003.parquet", "data_017.zip". */
const SHARD = /[-_.]?(?:\d+-of-\d+|\d{3,})$/;

/** Finds the samples of a packed file that is an input of its own. */
export async function recognisePackedInput(
  input: Input,
  found: Recognition,
  pool: Pool,
  run: Run<Progress>,
  unpacked: Unpacked,
): Promise<void> {
  const root = path.dirname(input.path);
  const files = [path.basename(input.path)];
  const before = found.units.length;
  await recognisePackedFiles({ input, root, files, name: stemOf(files[0] ?? "") }, found, pool, run.signal, unpacked);
  if (found.units.length > before) return;
  throw new CleanSplitError(
    "not-a-dataset",
    l10n.t("{0} holds no images. Expected paths such as train/cat/1.png.", input.path),
  );
}

/**
 * Finds the samples of packed files. Each is like a folder of its name: what its folders are called says what splits and
 * classes there are, as with folders on a disk. Shards are parts of one such folder.
 */
export async function recognisePackedFiles(
  { input, root, files, name }: PackedFiles,
  found: Recognition,
  pool: Pool,
  signal: AbortSignal,
  unpacked: Unpacked,
): Promise<void> {
  const heads: PackedHeadOf[] = [];
  for (const below of files) {
    const file = path.join(root, below);
    try {
      const readable = await unpacked.readable(file, signal);
      heads.push({ file, below, readable, head: await pool.run("packedHead", { file: readable }, signal) });
    } catch (error) {
      if (!(error instanceof CleanSplitError) || input.path === file) throw error;
      found.ignored.push({ path: `${input.prefix}${below}`, reason: error.message });
    }
  }
  const places = heads.flatMap((head) => placesOf(root, head));
  const { steps, name: shown } = withoutTop(
    places.map((place) => place.steps),
    name,
  );
  const meanings = recogniseFolders(
    places.map(({ folder }, index) => ({ path: pathOf(steps[index] ?? []), images: folder.count })),
    shown,
  );
  const unit = heads.length === 1 ? (heads[0]?.file ?? root) : root;
  const placed = places.map((place, index) => ({
    ...place,
    ...meaningOf(meanings[index], steps[index] ?? [], unit, place),
  }));
  for (const head of heads) {
    addSources(
      placed.filter(({ file }) => file === head),
      input,
      found,
    );
    const prefix = idOf(input, head);
    found.ignored.push(...head.head.ignored.map((entry) => ({ ...entry, path: `${prefix}/${entry.path}` })));
    for (const note of head.head.notes) found.note(note);
  }
}

function placesOf(root: string, file: PackedHeadOf): Place[] {
  const parts = file.below.split(path.sep).join("/").split("/");
  const outside = parts.slice(0, -1).map((name, index) => ({
    name,
    at: path.join(root, ...parts.slice(0, index + 1)),
  }));
  const self = stepOf(file.file);
  return file.head.images.flatMap((images) => {
    let first = 0;
    const folders = images.folders?.map(({ path: folder, names }): Place["folder"] => {
      const count = names.ends.length;
      first += count;
      return { path: folder, names, count, first: first - count };
    });
    const places = folders ?? [{ path: "", names: null, count: images.count, first: 0 }];
    const inside = withoutOwnTop(
      places.map((folder) => stepsIn(self.at, folder.path)),
      self.name,
    );
    return places.map((folder, index) => ({
      file,
      images,
      folder,
      steps: [...outside, self, ...(inside[index] ?? [])],
      inside: inside[index]?.length ?? 0,
    }));
  });
}

/** The folder that a packed file stands for; that of a shard stands for all shards of its name. */
function stepOf(file: string): Step {
  const stem = stemOf(path.basename(file));
  const name = stem.replace(SHARD, "");
  if (name === stem || name === "") return { name: stem, at: file };
  return { name, at: path.join(path.dirname(file), `${name}*${path.basename(file).slice(stem.length)}`) };
}

function stepsIn(archive: string, folder: string): Step[] {
  let at = archive;
  return folder === "" ? [] : folder.split("/").map((name) => ({ name, at: (at = path.join(at, name)) }));
}

/**
 * The one top folder of an archive says no more than the name of the archive does: it is left out, unless it is a split and
 * the archive is not called so.
 */
function withoutOwnTop(all: readonly (readonly Step[])[], archive: string): readonly (readonly Step[])[] {
  const top = all[0]?.[0]?.name;
  if (top === undefined || all.some((steps) => steps.length < 2 || steps[0]?.name !== top)) return all;
  const role = roleOfName(top);
  if (role !== null && role !== roleWithin(archive)?.role) return all;
  return withoutOwnTop(
    all.map((steps) => steps.slice(1)),
    archive,
  );
}

/** Folders that all images lie below say nothing about them, unless one is named as a split; the last one names the set. */
function withoutTop(
  all: readonly (readonly Step[])[],
  name: string,
): { readonly steps: readonly (readonly Step[])[]; readonly name: string } {
  const top = all[0]?.[0]?.name;
  const isShared = top !== undefined && all.every((steps) => steps[0]?.name === top);
  if (!isShared || (roleOfName(top) !== null && all.every((steps) => steps.length > 1))) return { steps: all, name };
  return withoutTop(
    all.map((steps) => steps.slice(1)),
    top,
  );
}

function pathOf(steps: readonly Step[]): string {
  return steps.map((step) => step.name).join("/");
}

interface Placed {
  /** Absolute path of the folder, and of the unit it belongs to. */
  readonly at: string;
  readonly unit: string;
  readonly splitFolder: SplitFolder | null;
  readonly meaning: FolderMeaning;
}

function meaningOf(meaning: FolderMeaning | undefined, steps: readonly Step[], whole: string, place: Place): Placed {
  const { labelOf, labelReason, folders, key } = place.images;
  if (meaning === undefined) throw new RangeError("A folder has no meaning.");
  const depth = meaning.unit === "" ? 0 : meaning.unit.split("/").length;
  const unit = steps[depth - 1]?.at ?? whole;
  const at = steps.at(-1)?.at ?? whole;
  // Of a set whose name merely holds that of a split: mnist_test.parquet.
  const role = meaning.role === "other" && depth === 0 ? (roleWithin(meaning.split)?.role ?? "other") : meaning.role;
  const ownLabels = labelOf === null ? "" : ` ${sentence(labelReason ?? l10n.t("labels from the file"))}`;
  const label = labelOf === null && folders !== null ? meaning.label : null;
  const keyed = key === "" ? "" : `#${key}`;
  return {
    at: at + keyed,
    unit: unit + keyed,
    splitFolder: folders === null ? null : splitFolderOf(place, steps.length, depth),
    meaning: { ...meaning, role, label, reason: meaning.reason + ownLabels },
  };
}

/** Where an archive keeps the splits, when the split of a place is the first `depth` of the steps that say something. */
function splitFolderOf({ folder, inside }: Place, steps: number, depth: number): SplitFolder | null {
  const names = folder.path === "" ? [] : folder.path.split("/");
  if (depth === 0) return { parent: names.slice(0, names.length - Math.min(steps, inside)).join("/"), name: null };
  const at = names.length - (steps - depth) - 1;
  // Otherwise it is the archive itself, or a folder that it lies in.
  return steps - depth < inside ? { parent: names.slice(0, at).join("/"), name: names[at] ?? null } : null;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Adds the images of one packed file: a source for each of its keys. */
function addSources(placed: readonly (Place & Placed)[], input: Input, found: Recognition): void {
  for (const images of new Set(placed.map((place) => place.images))) {
    const own = placed.filter((place) => place.images === images);
    const [first] = own;
    if (first === undefined) continue;
    const folders: PackedFolder[] = [];
    const stretches: Stretch[] = [];
    let size = 0;
    for (const { at, unit, meaning, folder, splitFolder } of own) {
      const split = found.place(input, at, unit, folder.count, meaning);
      if (split === null || folder.count === 0) continue;
      folders.push({ ...folder, start: size, split: splitFolder });
      stretches.push({ count: folder.count, split, label: meaning.label });
      size += folder.count;
    }
    if (size === 0) continue;
    const source = sourceOf(first, input, folders, size);
    const name = path.basename(first.file.file);
    const listed = images.labelOf === null ? null : labelled(images.labelOf, images.classes, folders, stretches);
    found.parts.push({ source, name, stretches: listed === null ? stretches : [], listed, labels: null });
  }
}

function sourceOf({ file, images }: Place, input: Input, folders: readonly PackedFolder[], size: number): PackedSource {
  const { key, places } = images;
  const format: PackedFormat = {
    file: file.readable,
    key,
    stamp: file.head.stamp,
    ...(places === undefined ? {} : { places }),
  };
  const id = idOf(input, file);
  return {
    kind: "packed",
    file: file.file,
    format,
    prefix: images.folders === null ? `${id}${key === "" ? "" : `#${key}`}` : `${id}/`,
    folders,
    size,
    count: images.count,
    output: id,
  };
}

/** Name of a packed file within the dataset: of an input that is one that of the input. */
function idOf(input: Input, { below }: PackedHeadOf): string {
  return input.isFolder ? `${input.prefix}${below.split(path.sep).join("/")}` : input.name;
}

function labelled(
  labelOf: Int32Array,
  labels: readonly string[],
  folders: readonly PackedFolder[],
  stretches: readonly Stretch[],
): ListedSamples {
  const size = folders.reduce((sum, { count }) => sum + count, 0);
  const splits = [...new Set(stretches.map(({ split }) => split))];
  const own = { labelOf: new Int32Array(size), splitOf: new Uint16Array(size) };
  folders.forEach(({ start, first, count }, index) => {
    own.labelOf.set(labelOf.subarray(first, first + count), start);
    own.splitOf.fill(splits.indexOf(stretches[index]?.split ?? ""), start, start + count);
  });
  return { ...own, labels, splits };
}

/** The name of a packed file without its extensions. */
export function stemOf(name: string): string {
  const shards = /^(.*)\.tfrecords?(-\d+-of-\d+)$/i.exec(name);
  if (shards !== null) return `${shards[1] ?? ""}${shards[2] ?? ""}`;
  return packedKindOf(name) === undefined ? name : name.replace(/\.(?:tar\.gz|[^.]+)$/i, "");
}
