import * as l10n from "@vscode/l10n";
import { forEachGroup, membersOf } from "../core/duplicates/groups";
import { isFileGroup } from "../core/leakage/findings";
import { counted } from "../core/counts";
import type { NearFindings } from "../core/near/findings";
import { isAsGood, scoreText } from "../core/near/near";
import type { Mark, MarkKind } from "./engine";
import type { Inspection } from "./inspection";
import { pathBelow, SamplePlaces } from "./places";
import type { FolderSource } from "./sources/sources";

/** The kinds by their number; when several apply to a file the last of these wins. 0 is no mark. */
const KINDS: readonly (MarkKind | null)[] = [null, "duplicate", "near", "leaks", "conflict", "unreadable"];
const [DUPLICATE, NEAR, LEAKS, CONFLICT, UNREADABLE] = [1, 2, 3, 4, 5];

/**
 * The folders of one source, by their paths below its root; every folder above them has counts too. A packed file is like a
 * folder of whose inside nothing is shown.
 */
interface Folders {
  readonly root: string;
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
  readonly #places: SamplePlaces;
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
    this.#places = new SamplePlaces(dataset);
    this.#sources = dataset.sources.flatMap((source, index) => {
      const start = dataset.starts[index] ?? 0;
      if (source.kind === "folder") return [foldersOf(source, start, this.#kinds)];
      if (source.kind === "array") return [];
      const counts = new Map([["", countKinds(this.#kinds, start, source.size)]]);
      return [{ root: source.file, counts }];
    });
  }

  /** The mark of a file, or of a folder in or above the dataset; `null` when there is nothing to mark. */
  of(file: string): Mark | null {
    const sample = this.#places.sampleOf(file);
    if (sample !== null) return this.#markOfSample(sample);
    let worst: { readonly kind: number; readonly mark: Mark } | null = null;
    for (const { root, counts } of this.#sources) {
      const below = pathBelow(root, file);
      const own = below === null ? undefined : counts.get(below);
      const found = own === undefined ? null : markOfFolder(own);
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

  #markOfSample(sample: number): Mark | null {
    const kind = KINDS[this.#kinds[sample] ?? 0] ?? null;
    return kind === null ? null : { kind, isFolder: false, text: `CleanSplit: ${this.#textOf(sample, kind)}` };
  }

  #textOf(sample: number, kind: MarkKind): string {
    const { findings } = this.#inspection;
    const { table, fingerprints, groups } = findings;
    if (kind === "unreadable") return fingerprints.reasons.get(sample) ?? "";
    const near = kind === "near" ? this.#nearTo.get(sample) : undefined;
    if (near !== undefined && findings.near !== null) {
      const score = scoreText(findings.near.search.measure, near.score);
      return l10n.t("nearly the same picture as {0} ({1})", this.#inspection.dataset.names.id(near.twin), score);
    }
    const members = membersOf(groups.pixel, this.#groupOf[sample] ?? 0);
    const others = counted(members.length - 1, "other image");
    const isSameFile = isFileGroup(findings, members);
    if (kind === "conflict") {
      return isSameFile
        ? l10n.t("{0} with the same file but another label", others)
        : l10n.t("{0} with the same pixels but another label", others);
    }
    const same = isSameFile ? l10n.t("{0} with the same file", others) : l10n.t("{0} with the same pixels", others);
    const splits = new Set(members.map((member) => table.splitOf[member] ?? 0));
    const names = table.splits.filter((_, index) => splits.has(index)).map((split) => split.name);
    if (names.length < 2) return same;
    return l10n.t({
      message: "{0}, in {1}",
      args: [same, names.join(", ")],
      comment: ["{0} e.g. 2 other images with the same file, {1} names of splits."],
    });
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
  return { root: source.root, counts };
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
      [UNREADABLE, (images) => l10n.t("{0} cannot be read", images)],
      [CONFLICT, (images) => l10n.t("{0} with another label elsewhere", images)],
      [LEAKS, (images) => l10n.t("{0} also in another split", images)],
      [NEAR, (images) => l10n.t("{0} nearly the same as one in another split", images)],
    ] satisfies readonly [number, (images: string) => string][]
  ).flatMap(([of, text]) => ((counts[of] ?? 0) > 0 ? [text(counted(counts[of] ?? 0, "image"))] : []));
  return { kind, mark: { kind: name, isFolder: true, text: `CleanSplit: ${texts.join(", ")}` } };
}
