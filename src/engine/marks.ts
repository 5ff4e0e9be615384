import path from "node:path";
import { forEachGroup, membersOf } from "../core/duplicates/groups";
import { isFileGroup } from "../core/leakage/findings";
import { plural } from "../core/leakage/verdict";
import type { NearFindings } from "../core/near/findings";
import { isAsGood, scoreText } from "../core/near/near";
import type { Mark, MarkKind } from "./engine";
import type { Inspection } from "./inspection";
import { indexOfName } from "./sources/names";
import type { FolderSource, SourceFolder } from "./sources/sources";

/** The kinds by their number; when several apply to a file the last of these wins. 0 is no mark. */
const KINDS: readonly (MarkKind | null)[] = [null, "duplicate", "near", "leaks", "conflict", "unreadable"];
const [DUPLICATE, NEAR, LEAKS, CONFLICT, UNREADABLE] = [1, 2, 3, 4, 5];

/**
 * The folders of one source, by their paths below its root; every folder above them has counts too. A packed file is like a
 * folder of whose inside nothing is shown.
 */
interface Folders {
  readonly root: string;
  /** Sample number of the source's first image. */
  readonly start: number;
  readonly byPath: ReadonlyMap<string, SourceFolder>;
  /** Images of each kind in a folder and all below it. */
  readonly counts: ReadonlyMap<string, Uint32Array>;
}

/**
 * Answers what an explorer should mark, for the files and folders that it shows: a large dataset has hundreds of thousands
 * of marks, of which a screen shows fifty.
 */
export class Marks {
  readonly #inspection: Inspection;
  /** Kind of the mark of every sample, a byte each; 0 for none. */
  readonly #kinds: Uint8Array;
  /** Group of every sample that is in one of tier `pixel`, else -1. */
  readonly #groupOf: Int32Array;
  /** The nearest picture in another split of every sample that is marked for it, by one of its samples there. */
  readonly #nearTo = new Map<number, NearTwin>();
  readonly #sources: readonly Folders[];

  constructor(inspection: Inspection) {
    const { dataset, findings } = inspection;
    const { table, fingerprints, groups, conflicting } = findings;
    this.#inspection = inspection;
    this.#kinds = new Uint8Array(table.count);
    this.#groupOf = new Int32Array(table.count).fill(-1);
    forEachGroup(groups.pixel, (members, group) => {
      const split = table.splitOf[members[0] ?? 0];
      const isLeak = members.some((sample) => table.splitOf[sample] !== split);
      const kind = conflicting[group] === 1 ? CONFLICT : isLeak ? LEAKS : DUPLICATE;
      for (const sample of members) {
        this.#groupOf[sample] = group;
        this.#kinds[sample] = kind;
      }
    });
    if (findings.near !== null) this.#markNear(findings.near);
    for (const sample of fingerprints.reasons.keys()) this.#kinds[sample] = UNREADABLE;
    this.#sources = dataset.sources.flatMap((source, index) => {
      const start = dataset.starts[index] ?? 0;
      if (source.kind === "folder") return [foldersOf(source, start, this.#kinds)];
      if (source.kind === "array") return [];
      const counts = new Map([["", countKinds(this.#kinds, start, source.size)]]);
      return [{ root: source.file, start, byPath: new Map<string, SourceFolder>(), counts }];
    });
  }

  /** The mark of a file, or of a folder in or above the dataset; `null` when there is nothing to mark. */
  of(file: string): Mark | null {
    let worst: { readonly kind: number; readonly mark: Mark } | null = null;
    for (const folders of this.#sources) {
      const below = pathBelow(folders.root, file);
      if (below === null) continue;
      const counts = folders.counts.get(below);
      const found = counts === undefined ? this.#markOfFile(folders, below) : markOfFolder(counts);
      if (found !== null && found.kind > (worst?.kind ?? 0)) worst = found;
    }
    return worst?.mark ?? null;
  }

  /** Marks samples that are near one of another split, where nothing worse is the matter. */
  #markNear({ pairs, search: { measure } }: NearFindings): void {
    const { table, groups } = this.#inspection.findings;
    const samplesOf = (first: number): Uint32Array => {
      const group = this.#groupOf[first] ?? -1;
      return group < 0 ? Uint32Array.of(first) : membersOf(groups.pixel, group);
    };
    for (let pair = 0; pair < pairs.count; pair++) {
      const ends = [samplesOf(pairs.first[pair] ?? 0), samplesOf(pairs.second[pair] ?? 0)] as const;
      const score = pairs.scores[pair] ?? 0;
      for (const [own, others] of [ends, [ends[1], ends[0]] as const]) {
        for (const sample of own) {
          if ((this.#kinds[sample] ?? 0) > NEAR) continue;
          const known = this.#nearTo.get(sample);
          if (known !== undefined && isAsGood(measure, known.score, score)) continue;
          const twin = others.find((other) => table.splitOf[other] !== table.splitOf[sample]);
          if (twin === undefined) continue;
          this.#kinds[sample] = NEAR;
          this.#nearTo.set(sample, { twin, score });
        }
      }
    }
  }

  #markOfFile({ byPath, start }: Folders, below: string): { kind: number; mark: Mark } | null {
    const slash = below.lastIndexOf("/");
    const folder = byPath.get(slash < 0 ? "" : below.slice(0, slash));
    const position = folder === undefined ? -1 : indexOfName(folder.names, below.slice(slash + 1));
    if (folder === undefined || position < 0) return null;
    const sample = start + folder.start + position;
    const kind = this.#kinds[sample] ?? 0;
    const name = KINDS[kind] ?? null;
    return name === null
      ? null
      : { kind, mark: { kind: name, isFolder: false, text: `CleanSplit: ${this.#textOf(sample, name)}` } };
  }

  #textOf(sample: number, kind: MarkKind): string {
    const { findings } = this.#inspection;
    const { table, fingerprints, groups } = findings;
    if (kind === "unreadable") return fingerprints.reasons.get(sample) ?? "";
    const near = kind === "near" ? this.#nearTo.get(sample) : undefined;
    if (near !== undefined && findings.near !== null) {
      const score = scoreText(findings.near.search.measure, near.score);
      return `nearly the same picture as ${this.#inspection.dataset.names.id(near.twin)} (${score})`;
    }
    const members = membersOf(groups.pixel, this.#groupOf[sample] ?? 0);
    const same = isFileGroup(findings, members) ? "the same file" : "the same pixels";
    const others = `${plural(members.length - 1, "other image")} with ${same}`;
    if (kind === "conflict") return `${others} but another label`;
    const splits = new Set(members.map((member) => table.splitOf[member] ?? 0));
    const names = table.splits.filter((_, index) => splits.has(index)).map((split) => split.name);
    return names.length > 1 ? `${others}, in ${names.join(", ")}` : others;
  }
}

/** A sample of another split that is near one, and how near. */
interface NearTwin {
  readonly twin: number;
  readonly score: number;
}

function foldersOf(source: FolderSource, start: number, kinds: Uint8Array): Folders {
  const counts = new Map<string, Uint32Array>();
  for (const { path: folder, names, start: first } of source.folders) {
    const own = countKinds(kinds, start + first, names.ends.length);
    for (const holder of withFoldersAbove(folder)) {
      const sum = counts.get(holder);
      if (sum === undefined) counts.set(holder, own.slice());
      else own.forEach((count, kind) => (sum[kind] = (sum[kind] ?? 0) + count));
    }
  }
  const byPath = new Map(source.folders.map((folder) => [folder.path, folder]));
  return { root: source.root, start, byPath, counts };
}

/** Samples of each kind among those that follow one another. */
function countKinds(kinds: Uint8Array, from: number, count: number): Uint32Array {
  const counts = new Uint32Array(KINDS.length);
  for (let at = from; at < from + count; at++) {
    const kind = kinds[at] ?? 0;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** `a/b`, `a` and `""` for `a/b`. */
function* withFoldersAbove(folder: string): Generator<string> {
  for (let at = folder; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf("/")))) yield at;
  yield "";
}

/** Duplicates within a split are no fault of a folder. */
function markOfFolder(counts: Uint32Array): { kind: number; mark: Mark } | null {
  const kind = [UNREADABLE, CONFLICT, LEAKS, NEAR].find((of) => (counts[of] ?? 0) > 0) ?? 0;
  const name = KINDS[kind] ?? null;
  if (name === null) return null;
  const texts = (
    [
      [UNREADABLE, "cannot be read"],
      [CONFLICT, "with another label elsewhere"],
      [LEAKS, "also in another split"],
      [NEAR, "nearly the same as one in another split"],
    ] as const
  ).flatMap(([of, what]) => ((counts[of] ?? 0) > 0 ? [`${plural(counts[of] ?? 0, "image")} ${what}`] : []));
  return { kind, mark: { kind: name, isFolder: true, text: `CleanSplit: ${texts.join(", ")}` } };
}

/** A path below a root, with `/` between names; `""` for the root and all above it, `null` for what is elsewhere. */
function pathBelow(root: string, file: string): string | null {
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
