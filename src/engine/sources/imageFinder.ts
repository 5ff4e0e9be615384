import type { ListedFolder } from "./listing";
import { nameAt, type PackedNames } from "./names";
import { joinPath } from "./sources";

/** No image has the name. */
export const MISSING = -1;
/** More than one image has the name. */
export const SEVERAL = -2;

/**
 * Finds listed images by the paths that other files call them by. Image i is the i-th image of all folders, in their
 * order. Names are looked up as they are, then in either form of Unicode's composed letters, then without an extension.
 * The names of a folder become strings only when one of it is asked for.
 */
export class ImageFinder {
  /** All folders that hold images, and those above them, as paths. */
  readonly places: ReadonlySet<string>;
  private readonly folders = new Map<string, FolderNames>();
  private all: FolderNames | null = null;

  constructor(private readonly listed: readonly ListedFolder[]) {
    const places = new Set([""]);
    let start = 0;
    for (const { path, images } of listed) {
      this.folders.set(path, new FolderNames([{ images, start }]));
      start += images.ends.length;
      for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) places.add(path.slice(0, end));
    }
    // A folder that is called as it was written goes before one that only looks like it.
    for (const [path, names] of [...this.folders]) {
      const composed = path.normalize("NFC");
      if (!this.folders.has(composed)) this.folders.set(composed, names);
    }
    this.places = places;
  }

  /** The image at a path below the dataset, {@link MISSING} or {@link SEVERAL}. */
  at(path: string): number {
    const slash = path.lastIndexOf("/");
    const folder = path.slice(0, Math.max(0, slash));
    const names = this.folders.get(folder) ?? this.folders.get(folder.normalize("NFC"));
    return names === undefined ? MISSING : names.find(path.slice(slash + 1));
  }

  /** The only image of that name in any folder, {@link MISSING} or {@link SEVERAL}. */
  named(name: string): number {
    if (this.all === null) {
      let start = 0;
      const parts = this.listed.map(({ images }) => {
        const part = { images, start };
        start += images.ends.length;
        return part;
      });
      this.all = new FolderNames(parts);
    }
    return this.all.find(name);
  }

  /** The path of an image. */
  path(image: number): string {
    let start = 0;
    for (const { path, images } of this.listed) {
      if (image < start + images.ends.length) return joinPath(path, nameAt(images, image - start));
      start += images.ends.length;
    }
    throw new RangeError(`There is no image ${image}.`);
  }
}

/** The images of one folder, or of several together, by their names. */
class FolderNames {
  private names: Map<string, number> | null = null;
  private stems: Map<string, number> | null = null;

  constructor(private readonly parts: readonly { readonly images: PackedNames; readonly start: number }[]) {}

  find(name: string): number {
    this.names ??= this.index((own) => own);
    const exact = this.names.get(name) ?? this.names.get(name.normalize("NFC"));
    if (exact !== undefined) return exact;
    this.stems ??= this.index((own) => own.replace(/\.[^.]*$/, ""));
    return this.stems.get(name) ?? this.stems.get(name.normalize("NFC")) ?? MISSING;
  }

  private index(keyOf: (name: string) => string): Map<string, number> {
    const index = new Map<string, number>();
    const composed: [string, number][] = [];
    for (const { images, start } of this.parts) {
      for (let at = 0; at < images.ends.length; at++) {
        const key = keyOf(nameAt(images, at));
        index.set(key, index.has(key) ? SEVERAL : start + at);
        const nfc = key.normalize("NFC");
        if (nfc !== key) composed.push([nfc, start + at]);
      }
    }
    // A name that is there as it was written goes before one that only looks like it.
    for (const [key, image] of composed) if (!index.has(key)) index.set(key, image);
    return index;
  }
}
