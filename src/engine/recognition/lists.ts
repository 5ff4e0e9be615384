import { realpathSync } from "node:fs";
import path from "node:path";
import type { Role } from "../../core/dataset/dataset";
import { roleOfSplit } from "../../core/dataset/splits";
import { CleanSplitError } from "../../core/errors";
import { number, plural } from "../../core/leakage/verdict";
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
      if (only !== null) throw new CleanSplitError("not-a-dataset", `${file} cannot be inspected: ${reason}.`);
      found.ignored.push({ path: prefix + below, reason });
    };
    try {
      const list = await pool.run("imageList", { file }, signal);
      const rows = new ListedRows(list, root, below, finder);
      const rowCount = list.paths.ends.length;
      if (rows.named * 2 > rowCount) images.add(list, rows, file, prefix + below, finder);
      else
        ignore(
          `only ${number(rows.named)} of its ${plural(rowCount, "row")} name images here, and a list is used when more than half do`,
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
    return "list of images that you left out";
  }
  if (/submission/i.test(path.basename(below))) return "form for the answers to a competition, whose labels are none";
  return index < MOST_LISTS ? null : `more than ${MOST_LISTS} files that may be lists of images`;
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
      this.found.ignored.push({ path: name, reason: `the lists of this dataset name more than ${MOST_SPLITS} splits` });
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
    if (from.label !== null) this.labelReasons.push(`Labels from ${from.label} of ${name}.`);
    const what = [
      from.label === null ? "" : `labels from ${from.label}`,
      from.split === null ? "" : `splits from ${from.split}`,
    ];
    this.found.note(
      `${name} lists images: paths from ${from.path}, ${what.filter((text) => text !== "").join(", ")}; ` +
        `${plural(imageOf.length, "row")}, of which ${number(imageOf.reduce((sum, image) => sum + (image < 0 ? 0 : 1), 0))} name an image.`,
    );
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
      this.found.note(
        leavesOut
          ? `${plural(unnamed, "image is", "images are")} left out because no row of ${lists} names them, e.g. ${example}.`
          : `${plural(unnamed, "image is", "images are")} named by no row of ${lists}, e.g. ${example}: only folders say what they are.`,
      );
    }
    const labelReason = labelReasons.join(" ");
    return { isNamed, labelOf, labels: [...labels.keys()], splitOf, splits, rest: this.rest(), labelReason };
  }

  private rest(): ListedSplit | null {
    const [first] = this.splits;
    if (first === undefined) return null;
    const unit = `${first.unit.slice(0, first.unit.lastIndexOf("#"))}#${NOT_LISTED}`;
    return { unit, split: NOT_LISTED, role: "other", reason: `${this.names.join(", ")} gives them no split.` };
  }

  private labelNumber(label: string): number {
    const known = this.labels.get(label);
    if (known !== undefined) return known;
    this.labels.set(label, this.labels.size);
    return this.labels.size - 1;
  }
}

function splitOfList({ from }: ImageList, split: string, file: string, name: string): ListedSplit {
  return {
    unit: `${file}#${split}`,
    split,
    role: roleOfSplit(split),
    reason:
      (from.split === "its name"
        ? `${name} is named as a ${roleOfSplit(split)} split.`
        : `${from.split ?? ""} of ${name} says so.`.replace(/^c/, "C")) +
      (from.label === null ? "" : ` Labels from ${from.label}.`),
  };
}

type RowFault = "missing" | "outside" | "several";

/** Rows of a list that do not fit, with an example of each kind. */
class Faults {
  private readonly rows = new Map<RowFault, { count: number; row: number }>();
  private readonly images = new Map<"labels" | "splits", { count: number; image: number }>();
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

  addImage(fault: "labels" | "splits", image: number): void {
    const known = this.images.get(fault);
    if (known === undefined) this.images.set(fault, { count: 1, image });
    else known.count += 1;
  }

  notes(): string[] {
    return [
      ...this.rowNote("missing", "names an image that is missing", "name images that are missing"),
      ...this.rowNote(
        "outside",
        "leads out of the dataset and was not followed",
        "lead out of the dataset and were not followed",
      ),
      ...this.rowNote(
        "several",
        "fits more than one image and says nothing",
        "fit more than one image and say nothing",
      ),
      ...this.imageNote(
        "labels",
        "gives an image another label than a row before, which counts",
        "give images another label than rows before, which count",
      ),
      ...this.imageNote(
        "splits",
        "puts an image into another split than a row before, which counts",
        "put images into another split than rows before, which count",
      ),
      ...(this.repeats === 0 ? [] : [`${this.rowsOf(this.repeats, "repeats a row before", "repeat rows before")}.`]),
    ];
  }

  private rowNote(fault: RowFault, one: string, many: string): string[] {
    const known = this.rows.get(fault);
    if (known === undefined) return [];
    const place = nameAt(this.list.paths, known.row) || "no path";
    return [`${this.rowsOf(known.count, one, many)}, e.g. row ${number(known.row + 1)}: ${place}.`];
  }

  private imageNote(fault: "labels" | "splits", one: string, many: string): string[] {
    const known = this.images.get(fault);
    return known === undefined
      ? []
      : [`${this.rowsOf(known.count, one, many)}, e.g. ${this.finder.path(known.image)}.`];
  }

  private rowsOf(count: number, one: string, many: string): string {
    return plural(count, `row of ${this.name} ${one}`, `rows of ${this.name} ${many}`);
  }
}
