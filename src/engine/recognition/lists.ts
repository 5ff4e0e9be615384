import * as l10n from "@vscode/l10n";
import { realpathSync } from "node:fs";
import path from "node:path";
import type { Role } from "../../core/dataset/dataset";
import { roleOfSplit } from "../../core/dataset/splits";
import { CleanSplitError } from "../../core/errors";
import { counted } from "../../core/counts";
import { integerText } from "../../core/language";
import type { Pool } from "../pool/pool";
import { ImageFinder, MISSING, SEVERAL } from "../sources/imageFinder";
import type { ListedFolder } from "../sources/listing";
import type { ImageList } from "../sources/lists/imageList";
import { nameAt } from "../sources/names";
import { joinPath } from "../sources/sources";
import type { Recognition } from "./recognition";

/** A split that a list names. */
export interface ListedSplit {
  /** What an assignment names to correct it: the list with `#` and the name of the split. */
  readonly unit: string;
  readonly split: string;
  readonly role: Role;
  readonly reason: string;
}

/** What lists say about the images of a dataset; image i is the i-th of all its folders. */
export interface ListedImages {
  /** 1 for an image that a row names. */
  readonly isNamed: Uint8Array;
  /** Index into `labels`, -1 for an image without a label. */
  readonly labelOf: Int32Array;
  readonly labels: readonly string[];
  /** Index into `splits`, -1 for an image whose split no list says. */
  readonly splitOf: Int16Array;
  readonly splits: readonly ListedSplit[];
  /** What images are that neither a list nor a folder gives a split; `null` when lists give no splits at all. */
  readonly rest: ListedSplit | null;
  /** Where labels come from, as a sentence to add to the reasons of folders; `""` when no list gives labels. */
  readonly labelReason: string;
}

/** Lists that are read at most: a dataset has a few, not one for each of its images. */
const MOST_LISTS = 64;

/** Rows by which it is found out what the paths of a list begin at. */
const PROBED_ROWS = 200;

/** Folders that paths are tried to begin at. */
const MOST_PLACES = 500;

/** A row leads out of the dataset. */
const OUTSIDE = -3;

/** The split of images that no list gives one. */
const NOT_LISTED = "not listed";

/** Most splits that all lists of a dataset name. */
const MOST_SPLITS = 200;

/**
 * Reads the lists in a dataset folder and looks up what they name among its images; nothing that they name is opened.
 * With `only`, reads that list alone, which must be one. A list is believed when more than half of its rows name images
 * that are there: a list of another dataset names hardly any, one of a dataset that is here in part still most.
 * Answers `null` when no list is believed. Whatever rows do not fit is noted with its number.
 */
export async function recogniseLists(
  root: string,
  prefix: string,
  only: string | null,
  listed: readonly ListedFolder[],
  found: Recognition,
  pool: Pool,
  signal: AbortSignal,
): Promise<ListedImages | null> {
  const candidates = only === null ? candidatesOf(listed, root, prefix, found) : [only];
  if (candidates.length === 0) return null;
  const withImages = listed.filter((folder) => folder.images.ends.length > 0);
  const finder = new ImageFinder(withImages);
  const images = new Images(
    withImages.reduce((sum, folder) => sum + folder.images.ends.length, 0),
    found,
  );
  for (const below of candidates) {
    const file = path.join(root, below);
    const ignore = (reason: string): void => {
      if (only !== null)
        throw new CleanSplitError("not-a-dataset", l10n.t("{0} cannot be inspected: {1}.", file, reason));
      found.ignored.push({ path: prefix + below, reason });
    };
    try {
      const list = await pool.run("imageList", { file }, signal);
      const rows = new ListedRows(list, root, below, finder);
      const rowCount = list.paths.ends.length;
      if (rows.named * 2 > rowCount) images.add(list, rows, file, prefix + below, finder);
      else
        ignore(
          rowCount === 1
            ? l10n.t(
                "only {0} of its {1} row name images here, and a list is used when more than half do",
                integerText(rows.named),
                integerText(rowCount),
              )
            : l10n.t(
                "only {0} of its {1} rows name images here, and a list is used when more than half do",
                integerText(rows.named),
                integerText(rowCount),
              ),
        );
    } catch (error) {
      if (!(error instanceof CleanSplitError) || only !== null) throw error;
      ignore(error.message.replace(`${file} `, "").replace(/\.$/, ""));
    }
  }
  return images.finish(only !== null, finder);
}

/** The files that may be lists, nearest to the dataset folder first. */
function candidatesOf(listed: readonly ListedFolder[], root: string, prefix: string, found: Recognition): string[] {
  const depth = (below: string): number => below.split("/").length;
  const all = listed.flatMap(({ path: folder, lists }) => lists.map((name) => joinPath(folder, name)));
  all.sort((a, b) => depth(a) - depth(b));
  return all.filter((below, index) => {
    const reason = reasonToSkip(below, index, path.join(root, below), found);
    if (reason !== null) found.ignored.push({ path: prefix + below, reason });
    return reason === null;
  });
}

function reasonToSkip(below: string, index: number, file: string, found: Recognition): string | null {
  if (found.assignments.some((assignment) => assignment.path === file && assignment.split === null)) {
    return l10n.t("list of images that you left out");
  }
  if (/submission/i.test(path.basename(below)))
    return l10n.t("form for the answers to a competition, whose labels are none");
  return index < MOST_LISTS ? null : l10n.t("more than {0} files that may be lists of images", MOST_LISTS);
}

/** The images that the rows of a list name. */
class ListedRows {
  /** Image of each row, or why there is none. */
  readonly imageOf: Int32Array;
  /** Rows that name an image. */
  readonly named: number;
  private readonly roots: readonly string[];

  constructor(
    private readonly list: ImageList,
    root: string,
    private readonly file: string,
    private readonly finder: ImageFinder,
  ) {
    this.roots = [root, realPathOf(root)].map((folder) => `${folder.replaceAll("\\", "/").replace(/\/$/, "")}/`);
    const base = this.findBase();
    const count = list.paths.ends.length;
    this.imageOf = new Int32Array(count);
    let named = 0;
    for (let row = 0; row < count; row++) {
      const image = this.find(row, base);
      this.imageOf[row] = image;
      if (image >= 0) named += 1;
    }
    this.named = named;
  }

  /** The folder that most of the rows' paths begin at. */
  private findBase(): string {
    const count = this.list.paths.ends.length;
    const probed = Math.min(count, PROBED_ROWS);
    const rows = Array.from({ length: probed }, (_, index) => Math.floor((index * count) / probed));
    let best = { base: path.posix.dirname(this.file).replace(/^\.$/, ""), hits: -1 };
    for (const base of [best.base, "", ...this.finder.places].slice(0, MOST_PLACES)) {
      const hits = rows.filter((row) => this.lookUp(row, base) >= 0).length;
      if (hits > best.hits) best = { base, hits };
      if (hits === probed) break;
    }
    return best.base;
  }

  private find(row: number, base: string): number {
    const image = this.lookUp(row, base);
    // Parts of a dataset lie in several folders, and lists of them often give names alone.
    const name = nameAt(this.list.paths, row);
    return image === MISSING && name !== "" && !/[/\\]/.test(name) ? this.finder.named(name) : image;
  }

  private lookUp(row: number, base: string): number {
    const name = nameAt(this.list.paths, row);
    const image = this.lookUpPath(name, row, base);
    // Lists from Windows; elsewhere a backslash may be part of a name.
    return image < 0 && name.includes("\\") ? this.lookUpPath(name.replaceAll("\\", "/"), row, base) : image;
  }

  private lookUpPath(name: string, row: number, base: string): number {
    if (name === "") return MISSING;
    const below = this.belowRoot(name);
    if (below === null) return OUTSIDE;
    if (below !== name) return this.finder.at(path.posix.normalize(below));
    const place = path.posix.normalize(joinPath(base, name));
    if (place === ".." || place.startsWith("../")) return OUTSIDE;
    const split = this.list.splits[this.list.splitOf[row] ?? -1];
    const ofSplit = split === undefined ? "" : joinPath(base, split);
    // A list for a folder of each split: the row "1.png, train" is train/1.png.
    const inSplit =
      this.finder.places.has(ofSplit) && ofSplit !== "" ? this.finder.at(joinPath(ofSplit, name)) : MISSING;
    if (inSplit >= 0) return inSplit;
    const image = this.finder.at(place);
    return image === MISSING ? this.lookUpFromAbove(name) : image;
  }

  /** A path below the dataset for an absolute one, itself for a relative one; `null` when it leads elsewhere. */
  private belowRoot(name: string): string | null {
    if (!name.startsWith("/") && !/^[a-z]:[/\\]/i.test(name)) return name;
    const root = this.roots.find((folder) => name.startsWith(folder));
    const below = root === undefined ? ".." : path.posix.normalize(name.slice(root.length));
    return below === ".." || below.startsWith("../") ? null : below;
  }

  /** A path that begins above the dataset: data/set/cat/1.png in the dataset data/set. */
  private lookUpFromAbove(name: string): number {
    const parts = (this.roots[0] ?? "").split("/").filter((part) => part !== "");
    for (let length = 1; length <= Math.min(3, parts.length); length++) {
      const above = `${parts.slice(-length).join("/")}/`;
      if (name.startsWith(above)) {
        const image = this.finder.at(path.posix.normalize(name.slice(above.length)));
        if (image >= 0) return image;
      }
    }
    return MISSING;
  }
}

function realPathOf(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}

/** What is collected from the lists of a dataset. */
class Images {
  private readonly isNamed: Uint8Array;
  private readonly labelOf: Int32Array;
  private readonly splitOf: Int16Array;
  private readonly labels = new Map<string, number>();
  private readonly splits: ListedSplit[] = [];
  private readonly names: string[] = [];
  private readonly labelReasons: string[] = [];

  constructor(
    private readonly count: number,
    private readonly found: Recognition,
  ) {
    this.isNamed = new Uint8Array(count);
    this.labelOf = new Int32Array(count).fill(-1);
    this.splitOf = new Int16Array(count).fill(-1);
  }

  add(list: ImageList, { imageOf }: ListedRows, file: string, name: string, finder: ImageFinder): void {
    if (this.splits.length + list.splits.length > MOST_SPLITS) {
      this.found.ignored.push({
        path: name,
        reason: l10n.t("the lists of this dataset name more than {0} splits", MOST_SPLITS),
      });
      return;
    }
    const faults = new Faults(name, list, finder);
    const labels = list.labels.map((label) => this.labelNumber(label));
    const firstSplit = this.splits.length;
    this.splits.push(...list.splits.map((split) => splitOfList(list, split, file, name)));
    const isSeen = new Uint8Array(this.count);
    imageOf.forEach((image, row) => {
      if (image < 0) {
        faults.addRow(image === OUTSIDE ? "outside" : image === SEVERAL ? "several" : "missing", row);
        return;
      }
      const label = labels[list.labelOf[row] ?? -1] ?? -1;
      const split = firstSplit + (list.splitOf[row] ?? 0);
      const hasSplit = (list.splitOf[row] ?? -1) >= 0;
      const [knownLabel, knownSplit] = [this.labelOf[image] ?? -1, this.splitOf[image] ?? -1];
      const isOtherLabel = label >= 0 && knownLabel >= 0 && label !== knownLabel;
      const isOtherSplit = hasSplit && knownSplit >= 0 && this.splits[split]?.split !== this.splits[knownSplit]?.split;
      if (label >= 0 && knownLabel < 0) this.labelOf[image] = label;
      if (hasSplit && knownSplit < 0) this.splitOf[image] = split;
      if (isOtherLabel) faults.addImage("labels", image);
      if (isOtherSplit) faults.addImage("splits", image);
      if (isSeen[image] === 1 && !isOtherLabel && !isOtherSplit) faults.repeats += 1;
      isSeen[image] = 1;
      this.isNamed[image] = 1;
    });
    this.names.push(name);
    const { from } = list;
    if (from.label !== null) this.labelReasons.push(l10n.t("Labels from {0} of {1}.", from.label, name));
    this.found.note(listNote(list, imageOf, name));
    for (const note of [...list.notes, ...faults.notes()]) this.found.note(note);
  }

  /** What was collected, and a note on images that no row names. */
  finish(leavesOut: boolean, finder: ImageFinder): ListedImages | null {
    if (this.names.length === 0) return null;
    const { isNamed, labelOf, splitOf, splits, labels, labelReasons } = this;
    const unnamed = this.count - isNamed.reduce((sum, named) => sum + named, 0);
    if (unnamed > 0) {
      const example = finder.path(isNamed.indexOf(0));
      const lists = this.names.join(", ");
      this.found.note(leavesOut ? leftOutNote(unnamed, lists, example) : unnamedNote(unnamed, lists, example));
    }
    const rest = this.rest();
    return { isNamed, labelOf, labels: [...labels.keys()], splitOf, splits, rest, labelReason: labelReasons.join(" ") };
  }

  private rest(): ListedSplit | null {
    const [first] = this.splits;
    if (first === undefined) return null;
    const unit = `${first.unit.slice(0, first.unit.lastIndexOf("#"))}#${NOT_LISTED}`;
    return {
      unit,
      split: NOT_LISTED,
      role: "other",
      reason: l10n.t("{0} gives them no split.", this.names.join(", ")),
    };
  }

  private labelNumber(label: string): number {
    const known = this.labels.get(label);
    if (known !== undefined) return known;
    this.labels.set(label, this.labels.size);
    return this.labels.size - 1;
  }
}

/** What a list is read as. */
function listNote({ from }: ImageList, imageOf: Int32Array, name: string): string {
  const found = integerText(imageOf.reduce((sum, image) => sum + (image < 0 ? 0 : 1), 0));
  const rows = counted(imageOf.length, "row");
  if (from.label !== null && from.split !== null) {
    return l10n.t(
      "{0} lists images: paths from {1}, labels from {2}, splits from {3}; {4}, of which {5} name an image.",
      name,
      from.path,
      from.label,
      from.split,
      rows,
      found,
    );
  }
  return from.label === null
    ? l10n.t(
        "{0} lists images: paths from {1}, splits from {2}; {3}, of which {4} name an image.",
        name,
        from.path,
        from.split ?? "",
        rows,
        found,
      )
    : l10n.t(
        "{0} lists images: paths from {1}, labels from {2}; {3}, of which {4} name an image.",
        name,
        from.path,
        from.label,
        rows,
        found,
      );
}

function leftOutNote(count: number, lists: string, example: string): string {
  const args = [integerText(count), lists, example] as const;
  return count === 1
    ? l10n.t("{0} image is left out because no row of {1} names them, e.g. {2}.", ...args)
    : l10n.t("{0} images are left out because no row of {1} names them, e.g. {2}.", ...args);
}

function unnamedNote(count: number, lists: string, example: string): string {
  const args = [integerText(count), lists, example] as const;
  return count === 1
    ? l10n.t("{0} image is named by no row of {1}, e.g. {2}: only folders say what they are.", ...args)
    : l10n.t("{0} images are named by no row of {1}, e.g. {2}: only folders say what they are.", ...args);
}

function splitOfList({ from, isSplitByName }: ImageList, split: string, file: string, name: string): ListedSplit {
  const role = roleOfSplit(split);
  const reasons = [isSplitByName ? nameReason(role, name) : columnReason(from.split ?? "", name)];
  if (from.label !== null) reasons.push(l10n.t("Labels from {0}.", from.label));
  return { unit: `${file}#${split}`, split, role, reason: reasons.join(" ") };
}

/** Why a list is a split by its name, in which the word of the split was found: it is none of the others. */
function nameReason(role: Role, name: string): string {
  if (role === "train") return l10n.t("{0} is named as a train split.", name);
  if (role === "validation") return l10n.t("{0} is named as a validation split.", name);
  return l10n.t("{0} is named as a test split.", name);
}

function columnReason(column: string, name: string): string {
  return l10n.t({
    message: "{0} of {1} says so.",
    args: [column.charAt(0).toUpperCase() + column.slice(1), name],
    comment: ['{0} a column with its name, e.g. Column "split", {1} a file: why images are in a split.'],
  });
}

type RowFault = "missing" | "outside" | "several";
type ImageFault = "labels" | "splits";

/** Rows of a list that do not fit, with an example of each kind. */
class Faults {
  private readonly rows = new Map<RowFault, { count: number; row: number }>();
  private readonly images = new Map<ImageFault, { count: number; image: number }>();
  /** Rows that say nothing new. */
  repeats = 0;

  constructor(
    private readonly name: string,
    private readonly list: ImageList,
    private readonly finder: ImageFinder,
  ) {}

  addRow(fault: RowFault, row: number): void {
    const known = this.rows.get(fault);
    if (known === undefined) this.rows.set(fault, { count: 1, row });
    else known.count += 1;
  }

  addImage(fault: ImageFault, image: number): void {
    const known = this.images.get(fault);
    if (known === undefined) this.images.set(fault, { count: 1, image });
    else known.count += 1;
  }

  notes(): string[] {
    return [
      ...this.rowNote("missing"),
      ...this.rowNote("outside"),
      ...this.rowNote("several"),
      ...this.imageNote("labels"),
      ...this.imageNote("splits"),
      ...(this.repeats === 0 ? [] : [this.repeatsNote()]),
    ];
  }

  private rowNote(fault: RowFault): string[] {
    const known = this.rows.get(fault);
    if (known === undefined) return [];
    const place =
      nameAt(this.list.paths, known.row) ||
      l10n.t({ message: "no path", comment: ["Instead of the path of an image."] });
    const args = [integerText(known.count), this.name, integerText(known.row + 1), place] as const;
    return [ROW_FAULTS[fault](known.count === 1, args)];
  }

  private imageNote(fault: ImageFault): string[] {
    const known = this.images.get(fault);
    if (known === undefined) return [];
    return [
      IMAGE_FAULTS[fault](known.count === 1, [integerText(known.count), this.name, this.finder.path(known.image)]),
    ];
  }

  private repeatsNote(): string {
    const args = [integerText(this.repeats), this.name] as const;
    return this.repeats === 1
      ? l10n.t("{0} row of {1} repeats a row before.", ...args)
      : l10n.t("{0} rows of {1} repeat rows before.", ...args);
  }
}

/** What is said of rows: how many of which list there are, the number of the first and its path. */
type RowArgs = readonly [count: string, list: string, row: string, path: string];

const ROW_FAULTS: Readonly<Record<RowFault, (isOne: boolean, args: RowArgs) => string>> = {
  missing: (isOne, args) =>
    isOne
      ? l10n.t("{0} row of {1} names an image that is missing, e.g. row {2}: {3}.", ...args)
      : l10n.t("{0} rows of {1} name images that are missing, e.g. row {2}: {3}.", ...args),
  outside: (isOne, args) =>
    isOne
      ? l10n.t("{0} row of {1} leads out of the dataset and was not followed, e.g. row {2}: {3}.", ...args)
      : l10n.t("{0} rows of {1} lead out of the dataset and were not followed, e.g. row {2}: {3}.", ...args),
  several: (isOne, args) =>
    isOne
      ? l10n.t("{0} row of {1} fits more than one image and says nothing, e.g. row {2}: {3}.", ...args)
      : l10n.t("{0} rows of {1} fit more than one image and say nothing, e.g. row {2}: {3}.", ...args),
};

/** What is said of images: how many rows of which list there are, and the path of the first image. */
type ImageArgs = readonly [count: string, list: string, image: string];

const IMAGE_FAULTS: Readonly<Record<ImageFault, (isOne: boolean, args: ImageArgs) => string>> = {
  labels: (isOne, args) =>
    isOne
      ? l10n.t("{0} row of {1} gives an image another label than a row before, which counts, e.g. {2}.", ...args)
      : l10n.t("{0} rows of {1} give images another label than rows before, which count, e.g. {2}.", ...args),
  splits: (isOne, args) =>
    isOne
      ? l10n.t("{0} row of {1} puts an image into another split than a row before, which counts, e.g. {2}.", ...args)
      : l10n.t("{0} rows of {1} put images into another split than rows before, which count, e.g. {2}.", ...args),
};
