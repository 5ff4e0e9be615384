import path from "node:path";
import type { Dataset } from "./dataset";
import { indexOfName } from "./sources/names";
import type { SourceFolder } from "./sources/sources";

/** Finds the samples of image files by their absolute paths. */
export class SamplePlaces {
  readonly #folders: readonly {
    readonly root: string;
    readonly start: number;
    readonly byPath: ReadonlyMap<string, SourceFolder>;
  }[];

  constructor({ sources, starts }: Pick<Dataset, "sources" | "starts">) {
    this.#folders = sources.flatMap((source, index) =>
      source.kind !== "folder"
        ? []
        : [
            {
              root: source.root,
              start: starts[index] ?? 0,
              byPath: new Map(source.folders.map((folder) => [folder.path, folder])),
            },
          ],
    );
  }

  /** How many samples lie in a folder and all below it; 0 for a file. */
  imagesBelow(folder: string): number {
    let images = 0;
    for (const { root, byPath } of this.#folders) {
      const below = pathBelow(root, folder);
      if (below === null) continue;
      for (const [name, { names }] of byPath) {
        if (below === "" || name === below || name.startsWith(`${below}/`)) images += names.ends.length;
      }
    }
    return images;
  }

  /** The sample of an image file; `null` for a file that is none. */
  sampleOf(file: string): number | null {
    for (const { root, start, byPath } of this.#folders) {
      const below = pathBelow(root, file);
      if (below === null) continue;
      const slash = below.lastIndexOf("/");
      const folder = byPath.get(slash < 0 ? "" : below.slice(0, slash));
      const position = folder === undefined ? -1 : indexOfName(folder.names, below.slice(slash + 1));
      if (folder !== undefined && position >= 0) return start + folder.start + position;
    }
    return null;
  }
}

/** A path below a root, with `/` between names; `""` for the root and all above it, `null` for what is elsewhere. */
export function pathBelow(root: string, file: string): string | null {
  const [from, to] = [sameDrive(root), sameDrive(file)];
  const below = path.relative(from, to);
  if (!isOutside(path.relative(to, from))) return "";
  return isOutside(below) ? null : below.replaceAll(path.sep, "/");
}

function isOutside(relative: string): boolean {
  return relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
}

/** VS Code writes the letters of drives in lower case, others do not. */
function sameDrive(file: string): string {
  return file.replace(/^[A-Z]:/, (drive) => drive.toLowerCase());
}
