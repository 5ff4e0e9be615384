import path from "node:path";
import type { Dataset } from "./dataset";
import { indexOfName } from "./sources/names";
import type { PackedFolder, Source, SourceFolder } from "./sources/sources";

/** Names that one call looks up at most. */
export const MAX_NAMES = 1000;

/** One source with its folders by their paths; several folders of an archive can have one path. */
interface Searched {
  readonly source: Source;
  readonly start: number;
  readonly folders: ReadonlyMap<string, readonly (SourceFolder | PackedFolder)[]>;
}

/**
 * Finds samples by what files call them: by their ids (`train/A/x.png`, `notMNIST.pickle#train_dataset[17]`), or by absolute
 * paths as `Dataset.place` says them, with either slash. Each look-up is a binary search.
 */
export class SampleFinder {
  readonly #sources: readonly Searched[];

  constructor({ sources, starts }: Dataset) {
    this.#sources = sources.map((source, index) => {
      const folders = new Map<string, (SourceFolder | PackedFolder)[]>();
      for (const folder of source.kind === "array" ? [] : source.folders) {
        const known = folders.get(folder.path);
        if (known === undefined) folders.set(folder.path, [folder]);
        else known.push(folder);
      }
      return { source, start: starts[index] ?? 0, folders };
    });
  }

  /** The sample that a name means; `null` when it means none. */
  find(name: string): number | null {
    for (const searched of this.#sources) {
      for (const below of namesBelow(searched.source, name)) {
        const position = positionOf(searched, below);
        if (position !== null) return searched.start + position;
      }
    }
    return null;
  }
}

/** What a name may be within a source: its rest after the prefix of ids, or after the place of the source. */
function namesBelow(source: Source, name: string): string[] {
  const prefixes = source.kind === "folder" ? [source.prefix] : [source.prefix, ...placesOf(source)];
  const byId = prefixes.filter((prefix) => name.startsWith(prefix)).map((prefix) => name.slice(prefix.length));
  if (source.kind === "array" || !path.isAbsolute(name)) return byId;
  const below = path.relative(source.kind === "folder" ? source.root : source.file, name);
  return [...byId, below.replaceAll(path.sep, "/")];
}

/** What the places of images without a name of their own start with. */
function placesOf(source: Exclude<Source, { kind: "folder" }>): readonly string[] {
  const file = source.kind === "array" ? source.format.file : source.file;
  return [`${file}#${source.format.key}`];
}

function positionOf({ source, folders }: Searched, below: string): number | null {
  const row = /^\[(\d{1,10})\]$/.exec(below)?.[1];
  if (source.kind === "array") {
    return row !== undefined && Number(row) < source.size ? Number(row) : null;
  }
  const slash = below.lastIndexOf("/");
  for (const folder of folders.get(below.slice(0, Math.max(0, slash))) ?? []) {
    if (folder.names !== null) {
      const at = indexOfName(folder.names, below.slice(slash + 1));
      if (at >= 0) return folder.start + at;
    } else if (row !== undefined && "first" in folder) {
      const at = Number(row) - folder.first;
      if (at >= 0 && at < folder.count) return folder.start + at;
    }
  }
  return null;
}
