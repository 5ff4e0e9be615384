import path from "node:path";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import type { ArrayPlace, ArraySource, CopiedArray } from "../sources/sources";
import type { Plan } from "./outputs";

/** Rows of one array of a source, in ascending order. */
export interface Piece {
  readonly source: ArraySource;
  /** Which of `source.copied`. */
  readonly column: number;
  readonly rows: Uint32Array;
}

/** One array of the copy: rows of arrays of the source, one piece after the other. */
export interface ArrayCopy {
  readonly place: ArrayPlace;
  /** What it is written as: the array of the source that its first rows are of. */
  readonly like: CopiedArray;
  readonly samples: number;
  readonly pieces: readonly Piece[];
}

/** The arrays that rows of one split go to: as those of one source, in its split or in one that had no arrays. */
interface Home {
  readonly source: ArraySource;
  readonly split: number;
  /** Whether it is new: its split had no array that fits. */
  readonly isNew: boolean;
  readonly places: readonly ArrayPlace[];
  readonly parts: { readonly source: ArraySource; readonly rows: Uint32Array }[];
}

/**
 * All arrays that a plan writes. Samples that stay in their split stay in their array. Those that move go behind the rows of
 * an array of their new split, or where it has none into new ones named after it. Throws a `CleanSplitError` ("refused")
 * when arrays that would become one are of different types, shapes or layouts.
 */
export function arrayCopies(plan: Plan): ArrayCopy[] {
  const { table, sources, starts } = plan.inspection.dataset;
  const homes: Home[] = [];
  const moves: { readonly source: ArraySource; readonly split: number; readonly rows: Uint32Array }[] = [];
  sources.forEach((source, index) => {
    if (source.kind !== "array" || source.size === 0) return;
    const start = starts[index] ?? 0;
    const split = table.splitOf[start] ?? 0;
    const staying = rowsBySplit(plan, source, start);
    const rows = staying.get(split) ?? new Uint32Array();
    staying.delete(split);
    for (const [to, moved] of staying) moves.push({ source, split: to, rows: moved });
    // Of an array whose rows all moved nothing is left; one that lost its rows otherwise stays, empty.
    const parts = rows.length > 0 || staying.size === 0 ? [{ source, rows }] : [];
    homes.push({ source, split, isNew: false, places: source.copied.map(({ out }) => out), parts });
  });
  for (const { source, split, rows } of moves) {
    homeFor(source, split, homes, plan).parts.push({ source, rows });
  }
  return homes.flatMap(copiesOf);
}

/** Rows of a source that stay, by the split where they are then, which are in order. */
function rowsBySplit({ decision }: Plan, source: ArraySource, start: number): Map<number, Uint32Array> {
  const { stays, splitOf } = decision;
  const rows = new Map<number, Uint32Array>();
  const counts = new Map<number, number>();
  for (let row = 0; row < source.size;) {
    const split = splitOf[start + row] ?? 0;
    const list = rows.get(split) ?? new Uint32Array(source.size);
    rows.set(split, list);
    let count = counts.get(split) ?? 0;
    // Rows of one split follow one another as a rule.
    for (; row < source.size && splitOf[start + row] === split; row++)
      if (stays[start + row] === 1) list[count++] = row;
    counts.set(split, count);
  }
  const inOrder = [...rows].sort(([a], [b]) => a - b);
  return new Map(
    inOrder.flatMap(([split, list]) => {
      const count = counts.get(split) ?? 0;
      return count === 0 ? [] : [[split, list.slice(0, count)]];
    }),
  );
}

function homeFor(source: ArraySource, split: number, homes: Home[], { decision }: Plan): Home {
  const file = source.copied[0]?.out.file;
  const ofSplit = homes.filter((home) => home.split === split);
  // Rows go to an array of their own file, if there is one.
  ofSplit.sort((a, b) => Number(b.places[0]?.file === file) - Number(a.places[0]?.file === file));
  const found = ofSplit.find(
    (home) => difference(home.source, source) === null && !(home.isNew && home.source !== source),
  );
  if (found !== undefined) return found;
  const name = decision.splits[split]?.name ?? "";
  const other = ofSplit.find((home) => !home.isNew);
  if (other !== undefined) throw unlike(source, other.source, name);
  const taken = new Set(homes.flatMap(({ places }) => places.map(nameOfPlace)));
  const home = {
    source,
    split,
    isNew: true,
    places: source.copied.map(({ out }) => freePlace(name, out, taken)),
    parts: [],
  };
  homes.push(home);
  return home;
}

/** The place of an array of a split that had none, unless another one has it: then with a number. */
function freePlace(split: string, out: ArrayPlace, taken: ReadonlySet<string>): ArrayPlace {
  // A person may call a split anything; here it becomes a part of a path.
  const name = split.replace(/[^\p{L}\p{N}._-]+/gu, "_").replace(/^\.+/, "") || "split";
  let place = placeNamed(name, out);
  for (let number = 2; taken.has(nameOfPlace(place)); number++) place = placeNamed(`${name}-${number}`, out);
  return place;
}

/** `train_x` within a file, `train-x.npy` as one. */
function placeNamed(name: string, { file, kind, key }: ArrayPlace): ArrayPlace {
  if (key !== "") {
    const at = key.lastIndexOf("/") + 1;
    return { file, kind, key: `${key.slice(0, at)}${name}_${key.slice(at)}` };
  }
  return { file: path.posix.join(path.posix.dirname(file), `${name}-${path.posix.basename(file)}`), kind, key };
}

function nameOfPlace({ file, key }: ArrayPlace): string {
  return `${file}#${key}`;
}

function copiesOf({ source, places, parts }: Home): ArrayCopy[] {
  if (parts.length === 0) return [];
  const samples = parts.reduce((sum, { rows }) => sum + rows.length, 0);
  return source.copied.flatMap((like, column) => {
    const place = places[column];
    return place === undefined ? [] : [{ place, like, samples, pieces: parts.map((part) => ({ ...part, column })) }];
  });
}

/** Why rows of two sources cannot be in one array; null when they can. */
function difference(a: ArraySource, b: ArraySource): string | null {
  if (a.copied.length !== b.copied.length) {
    return l10n.t(
      "{0} has {1} arrays of its rows, {2} has {3}",
      nameOf(a),
      a.copied.length,
      nameOf(b),
      b.copied.length,
    );
  }
  for (const [column, one] of a.copied.entries()) {
    const other = b.copied[column];
    if (other === undefined || describe(one) === describe(other)) continue;
    return l10n.t('"{0}" holds {1}, "{2}" {3}', shownKey(one), describe(one), shownKey(other), describe(other));
  }
  const isAlike =
    JSON.stringify([a.format.geometry, a.format.scaling]) === JSON.stringify([b.format.geometry, b.format.scaling]);
  return isAlike ? null : l10n.t("their numbers stand for pixels in different ways");
}

function describe({ holds, dtype, row }: CopiedArray): string {
  const numbers = [...row, dtype].join(" x ");
  switch (holds) {
    case "images":
      return l10n.t({
        message: "images of {0}",
        args: [numbers],
        comment: ["What each row of an array is: {0} is its shape and type, e.g. 28 x 28 x u1."],
      });
    case "labels":
      return l10n.t({
        message: "labels of {0}",
        args: [numbers],
        comment: ["What each row of an array is: {0} is its shape and type, e.g. 28 x 28 x u1."],
      });
    case "records":
      return l10n.t({
        message: "records of {0}",
        args: [numbers],
        comment: ["What each row of an array is: {0} is its shape and type, e.g. 28 x 28 x u1."],
      });
    case "others":
      return l10n.t({
        message: "others of {0}",
        args: [numbers],
        comment: ["What each row of an array is: {0} is its shape and type, e.g. 28 x 28 x u1."],
      });
  }
}

function unlike(source: ArraySource, target: ArraySource, split: string): CleanSplitError {
  return new CleanSplitError(
    "refused",
    l10n.t(
      "Images of {0} move to {1}, but cannot be appended to {2}: {3}. Choose a policy that moves nothing, or save both with one dtype, shape and kind of labels.",
      nameOf(source),
      split,
      nameOf(target),
      difference(target, source) ?? "",
    ),
  );
}

function nameOf({ format: { file, key } }: ArraySource): string {
  return key === "" ? path.basename(file) : l10n.t('"{0}" in {1}', key, path.basename(file));
}

function shownKey({ file, key }: CopiedArray): string {
  return key === "" ? path.basename(file) : key;
}
