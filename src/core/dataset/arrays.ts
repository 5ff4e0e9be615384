import * as l10n from "@vscode/l10n";
import type { Role } from "./dataset";
import { roleWithin, wordsOf } from "./splits";

/** An array of an array file, or an IDX file of a folder of them, by what its header says. */
export interface ArrayHead {
  readonly key: string;
  /** Kind of its numbers: `b` bool, `i` and `u` integers, `f` floats. */
  readonly kind: "b" | "i" | "u" | "f";
  readonly shape: readonly number[];
  /** What its split is called among others whose key says no role either; that of the file and its key when absent. */
  readonly split?: string;
}

/** Where the pixels of one row lie. */
export interface Geometry {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 2 | 3 | 4;
  /** Whether channels come first (C x H x W) instead of last. */
  readonly channelsFirst: boolean;
}

/** What an image array is taken for. */
export interface ArrayMeaning {
  readonly key: string;
  readonly labelKey: string | null;
  readonly split: string;
  readonly role: Role;
  readonly geometry: Geometry;
  readonly reason: string;
}

const LABEL_WORDS = new Set(["label", "labels", "y", "target", "targets", "class", "classes", "fine", "coarse"]);

/**
 * Finds the image arrays of an array file and the label array that belongs to each: same number of rows and the same
 * role in the key (`train_dataset` with `train_labels`, `x_test` with `y_test`). `name` names the split of arrays
 * whose key says no role. What a person said goes before it: `given` has keys of labels by keys of images, `null` for none.
 */
export function recogniseArrays(
  heads: readonly ArrayHead[],
  name: string,
  given: ReadonlyMap<string, string | null> = new Map(),
): ArrayMeaning[] {
  const givenLabels = new Set(given.values());
  const labels = heads.filter((head) => givenLabels.has(head.key) || (isLabelArray(head) && !given.has(head.key)));
  const images = heads.flatMap((head) => {
    const geometry = labels.includes(head) ? null : geometryOf(head.shape);
    return geometry === null ? [] : [{ head, geometry }];
  });
  const unnamed = images.filter(({ head }) => roleWithin(head.key) === null).length;
  const named = roleOfFile(name);
  return images.map(({ head, geometry }) => {
    const own = roleWithin(head.key);
    const found = own ?? (unnamed > 1 ? null : named);
    const other = unnamed > 1 ? (head.split ?? `${name}/${head.key}`) : name;
    const rows = head.shape[0] ?? 0;
    const fitting = labels.filter((label) => label.shape[0] === rows && roleWithin(label.key)?.role === own?.role);
    const likeliest = fitting.sort((a, b) => likeness(b.key, head.key) - likeness(a.key, head.key))[0];
    const said = given.get(head.key);
    const labelKey = said === undefined ? (likeliest?.key ?? null) : said;
    const split = found === null ? other : canonicalWord(found.word);
    return {
      key: head.key,
      labelKey,
      split,
      role: found?.role ?? "other",
      geometry,
      reason: l10n.t({
        message: 'Array "{0}" ({1}) holds {2} x {3} images; {4}; {5}.',
        args: [
          head.key,
          head.shape.join(" x "),
          geometry.height,
          geometry.width,
          roleText(found),
          labelsText(labelKey, said !== undefined),
        ],
        comment: ['{4} e.g. "test" names a test split, {5} e.g. labels from "test_labels".'],
      }),
    };
  });
}

/** What a name says of the role of a split, to go on with in a sentence. */
function roleText(found: { readonly role: Role; readonly word: string } | null): string {
  switch (found?.role) {
    case "train":
      return l10n.t('"{0}" names a train split', found.word);
    case "validation":
      return l10n.t('"{0}" names a validation split', found.word);
    case "test":
      return l10n.t('"{0}" names a test split', found.word);
    default:
      return l10n.t("its name says no role");
  }
}

/** Where the labels of an image array come from, to go on with in a sentence. */
function labelsText(key: string | null, isSaid: boolean): string {
  if (key === null) return isSaid ? l10n.t("it has no labels, as you said") : l10n.t("no label array has as many rows");
  return isSaid ? l10n.t('labels from "{0}", as you said', key) : l10n.t('labels from "{0}"', key);
}

/** The role that the name of a file says: the batches of CIFAR are five for training, and one of them is called test. */
function roleOfFile(name: string): { readonly role: Role; readonly word: string } | null {
  return /^data_batch_\d+$/.test(name) ? { role: "train", word: "train" } : roleWithin(name);
}

/** The IDX file of MNIST-like sets is called t10k; everybody calls that split test. */
function canonicalWord(word: string): string {
  return word.toLowerCase() === "t10k" ? "test" : word;
}

function isLabelArray(head: ArrayHead): boolean {
  if (head.kind === "b") return false;
  const [, width = 1, ...rest] = head.shape;
  const named = wordsOf(head.key).some((word) => LABEL_WORDS.has(word.toLowerCase()));
  const flat = rest.every((side) => side === 1);
  return flat && (head.shape.length === 1 || width === 1 || (named && head.shape.length === 2));
}

/** How well a label array fits an image array by name; of the labels of CIFAR-100 the fine ones do better. */
function likeness(label: string, images: string): number {
  const words = wordsOf(label);
  const shared = wordsOf(images).filter((word) => words.includes(word)).length;
  const named = words.some((word) => LABEL_WORDS.has(word.toLowerCase())) ? 0.5 : 0;
  return shared + named - (words.includes("coarse") ? 0.25 : 0);
}

/** How rows of this shape hold an image; `null` when they cannot. Flat rows must be a square, of one or three channels. */
export function geometryOf(shape: readonly number[]): Geometry | null {
  // quickdraw keeps 3000 x 1 x 784: a side of 1 before one flat row says nothing.
  const sides = shape.length === 3 && shape[1] === 1 ? shape.slice(2) : shape.slice(1);
  const [a = 0, b = 0, c = 0] = sides;
  if (sides.some((side) => side < 1)) return null;
  if (sides.length === 1) return squareOf(a, 1) ?? squareOf(a, 3);
  if (sides.length === 2) return b < 2 && a < 2 ? null : { height: a, width: b, channels: 1, channelsFirst: false };
  if (sides.length !== 3) return null;
  const last = channelCount(c);
  const first = channelCount(a);
  if (last !== null) return { height: a, width: b, channels: last, channelsFirst: false };
  return first === null ? null : { height: b, width: c, channels: first, channelsFirst: true };
}

function squareOf(length: number, channels: 1 | 3): Geometry | null {
  const side = Math.sqrt(length / channels);
  // Flat rows of less than 4 x 4 pixels are measurements, not pictures. Flat colour images store channels first (CIFAR).
  if (!Number.isInteger(side) || side < 4) return null;
  return { height: side, width: side, channels, channelsFirst: channels > 1 };
}

function channelCount(side: number): 1 | 2 | 3 | 4 | null {
  return side === 1 || side === 2 || side === 3 || side === 4 ? side : null;
}
