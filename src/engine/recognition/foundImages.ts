import path from "node:path";
import type { FolderMeaning } from "../../core/dataset/folders";
import type { ListedFolder } from "../sources/listing";
import { pickNames } from "../sources/names";
import type { SourceFolder } from "../sources/sources";
import { assignmentFor, isBelow, rootOf, type Input } from "./inputs";
import type { ListedImages } from "./lists";
import type { ListedSamples, Part, Recognition, Stretch } from "./recognition";

/** Where images lie, and what that says about them. */
interface Place {
  /** Absolute path of their folder. */
  readonly at: string;
  /** Absolute path of the unit that the folder belongs to. */
  readonly unit: string;
  readonly meaning: FolderMeaning;
}

/** The images of one input while splits and classes are found for them, folder by folder. */
export class FoundImages {
  private readonly root: string;
  private readonly folders: SourceFolder[] = [];
  private readonly stretches: Stretch[] = [];
  private readonly samples: SampleColumns | null;
  /** Units of folders of which some image has its label from a list. */
  private readonly labelledUnits = new Set<string>();
  private size = 0;
  /** Images of the folders so far, also those that are left out: their numbers in the lists. */
  private seen = 0;

  constructor(
    private readonly input: Input,
    private readonly lists: ListedImages | null,
    private readonly found: Recognition,
  ) {
    this.root = rootOf(input);
    this.samples = lists === null ? null : new SampleColumns(lists);
  }

  /** Adds the images of a folder; `meaning` is what its path says. */
  add(folder: ListedFolder, meaning: FolderMeaning): void {
    const at = path.join(this.root, folder.path);
    const unit = path.join(this.root, meaning.unit);
    const label = labelBelowAssignment(this.found, at, unit) ?? meaning.label;
    const place = { at, unit, meaning: { ...meaning, label } };
    if (this.lists === null || this.samples === null) this.addFolder(folder, place);
    else this.addListed(folder, place, this.lists, this.samples);
    this.seen += folder.images.ends.length;
  }

  /** The source of all images with their splits and classes; `null` when there are none. */
  finish(name: string): Part | null {
    const { root, folders, size, stretches, samples } = this;
    if (size === 0) return null;
    const source = {
      kind: "folder",
      root,
      prefix: this.input.prefix,
      folders,
      size,
      isListed: samples !== null,
    } as const;
    return { source, name, stretches, listed: samples?.finish() ?? null, labels: null };
  }

  private addFolder(folder: ListedFolder, { at, unit, meaning }: Place): void {
    const count = folder.images.ends.length;
    const split = this.found.place(this.input, at, unit, count, meaning);
    if (split === null) return;
    this.folders.push({ path: folder.path, names: folder.images, start: this.size });
    this.stretches.push({ count, split, label: meaning.label });
    this.size += count;
  }

  /**
   * Adds a folder of whose images lists say more. A person's word about the folder goes before the split that a list
   * gives; what no list says is as the folder has it, but for a list that is the input itself: then it is left out.
   */
  private addListed(folder: ListedFolder, place: Place, lists: ListedImages, samples: SampleColumns): void {
    const { seen } = this;
    const count = folder.images.ends.length;
    const isAssigned = assignmentFor(place.at, this.found.assignments) !== undefined;
    /** Which split of the lists an image has, -1 for that of the folder, null when it is left out. */
    const splitOf = (image: number): number | null => {
      if (this.input.isList && lists.isNamed[seen + image] !== 1) return null;
      return isAssigned ? -1 : (lists.splitOf[seen + image] ?? -1);
    };
    const counts = new Map<number, number>();
    for (let image = 0; image < count; image++) {
      const split = splitOf(image);
      if (split === null) continue;
      counts.set(split, (counts.get(split) ?? 0) + 1);
      if (split < 0 && (lists.labelOf[seen + image] ?? -1) >= 0) this.labelledUnits.add(place.unit);
    }
    const keys = new Map<number | null, string | null>();
    for (const [split, images] of counts) keys.set(split, this.placeListed(split, images, isAssigned, place, lists));
    const kept: number[] = [];
    for (let image = 0; image < count; image++) {
      const key = keys.get(splitOf(image)) ?? null;
      if (key === null) continue;
      kept.push(image);
      // Where lists give labels, a folder's name is no class beside them.
      const ofFolder = lists.labelReason === "" ? place.meaning.label : null;
      samples.add(key, lists.labelOf[seen + image] ?? -1, ofFolder);
    }
    if (kept.length === 0) return;
    const names = kept.length === count ? folder.images : pickNames(folder.images, Uint32Array.from(kept));
    this.folders.push({ path: folder.path, names, start: this.size });
    this.size += kept.length;
  }

  /** The key of the split of some images of a folder; `split` is that of a list, or -1. */
  private placeListed(
    split: number,
    images: number,
    isAssigned: boolean,
    { at, unit, meaning }: Place,
    lists: ListedImages,
  ): string | null {
    const listed = lists.splits[split] ?? (!isAssigned && meaning.role === "other" ? lists.rest : null);
    if (listed !== null) return this.found.place(this.input, listed.unit, listed.unit, images, listed);
    const reason = this.labelledUnits.has(unit) ? `${meaning.reason} ${lists.labelReason}` : meaning.reason;
    return this.found.place(this.input, at, unit, images, { ...meaning, reason });
  }
}

/** Columns of samples while they grow. */
class SampleColumns {
  private readonly labelOf: number[] = [];
  private readonly labels: string[];
  private readonly splitOf: number[] = [];
  private readonly splits: string[] = [];
  private readonly ofFolders = new Map<string, number>();

  constructor(lists: ListedImages) {
    this.labels = [...lists.labels];
  }

  /** Adds a sample; `label` is its number in the lists, and without one it has that of its folder. */
  add(split: string, label: number, folderLabel: string | null): void {
    this.labelOf.push(label >= 0 || folderLabel === null ? label : this.numberOf(folderLabel));
    const known = this.splits.lastIndexOf(split);
    this.splitOf.push(known >= 0 ? known : this.splits.push(split) - 1);
  }

  finish(): ListedSamples {
    const used = new Set(this.labelOf);
    return {
      labelOf: Int32Array.from(this.labelOf),
      // A label that no image has is no class of the dataset.
      labels: this.labels.map((label, index) => (used.has(index) ? label : "")),
      splitOf: Uint16Array.from(this.splitOf),
      splits: this.splits,
    };
  }

  private numberOf(label: string): number {
    const known = this.ofFolders.get(label) ?? this.labels.indexOf(label);
    const number = known >= 0 ? known : this.labels.push(label) - 1;
    this.ofFolders.set(label, number);
    return number;
  }
}

/** Below an assignment that lies deeper than the recognised split, the rest of the path names the class. */
function labelBelowAssignment(found: Recognition, absolute: string, unit: string): string | null {
  const assigned = assignmentFor(absolute, found.assignments)?.path;
  if (assigned === undefined || assigned === unit || !isBelow(assigned, unit)) return null;
  return path.relative(assigned, absolute).split(path.sep).join("/") || null;
}
