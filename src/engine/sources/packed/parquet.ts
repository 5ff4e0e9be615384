import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../../core/errors";
import { integerText } from "../../../core/language";
import { sniffFormat, type ImageFormat } from "../../decode/formats";
import { printable, withFile, type OpenFile } from "../arrays/bytes";
import type { PackedFile, PackedImage, PackedImages } from "./packedFile";
import { chunkOf, EncodedImages, valuesBetween, type ImageReader } from "./parquet/encoded";
import { readFeatures, type Features } from "./parquet/features";
import { readLabels, type TableLabels } from "./parquet/labels";
import { listPages, readDictionary, readPage } from "./parquet/pages";
import { PixelImages, recognisePixels } from "./parquet/pixels";
import { readTable, type Leaf, type Table } from "./parquet/table";

/** A column of images. */
interface ImageColumn {
  readonly name: string;
  readonly reader: ImageReader;
  /** What it holds, for the person. */
  readonly note: string;
}

/** A column of labels. */
interface LabelColumn extends TableLabels {
  readonly name: string;
  readonly reason: string;
}

/** Images that are looked at to recognise a column of them. */
const PROBED_IMAGES = 16;

/** What bytes must begin as to be taken for images; text that happens to look like one of the others is more likely text. */
const FORMATS: ReadonlySet<ImageFormat | undefined> = new Set(["png", "jpeg", "gif", "webp", "bmp", "tiff"] as const);

/** Names of columns of labels in lower case without other signs, the surest first. */
const LABEL_NAMES = [
  ...["label", "labels", "target", "targets", "class", "classes", "y", "finelabel", "labelname", "classname"],
  ...["category", "categoryname", "labelid", "classid", "coarselabel"],
];

/**
 * Reads a Parquet file with columns of images: bytes of image files, alone or as `{bytes, path}` as Hugging Face writes them,
 * or lists of numbers that are pictures. Labels are those of one column beside them. Pages are read when their images are
 * asked for, so that memory is bounded by a page, and for lists of numbers by a row group.
 *
 * @throws {CleanSplitError} "corrupt" when the file is damaged or no Parquet file, "unsupported" when it holds no images or
 * is written in a way that is not read
 */
export async function readParquet(path: string): Promise<PackedFile> {
  return withFile(path, (file) => {
    const table = readTable(file);
    const features = readFeatures(table.keyValues);
    const columns = findImages(table, features);
    if (columns.length === 0) throw withoutImages(file, table);
    const labels = findLabels(table, features, new Set(columns.map(({ name }) => name)));
    const [label, ...others] = labels;
    const readers = new Map(columns.map(({ name, reader }) => [name, reader]));
    return {
      path,
      images: columns.map(({ name }) => imagesOf(name, table, label)),
      ignored: [],
      notes: [
        ...columns.map(({ note }) => note),
        ...others.map(({ name }) =>
          l10n.t('The column "{0}" holds labels, too; it is kept but not compared.', printable(name)),
        ),
      ],
      read: async (key, from, count) => readImages(table, readers.get(key), from, count),
      close: () => file.close(),
    };
  });
}

function imagesOf(key: string, table: Table, label: LabelColumn | undefined): PackedImages {
  return {
    key,
    count: table.rows,
    names: null,
    labelOf: label?.labelOf ?? null,
    classes: label?.classes ?? [],
    labelReason: label?.reason ?? null,
  };
}

function readImages(table: Table, reader: ImageReader | undefined, from: number, count: number): PackedImage[] {
  const areThere = Number.isSafeInteger(from) && Number.isSafeInteger(count) && from >= 0 && count >= 0;
  if (reader === undefined || !areThere || from + count > table.rows) {
    throw new RangeError(`Images ${from} to ${from + count} are outside 0 to ${table.rows}.`);
  }
  return reader.read(from, count);
}

/** Columns of encoded images; where there are none, columns of numbers that are pictures. */
function findImages(table: Table, features: Features): ImageColumn[] {
  const encoded = table.leaves.flatMap((leaf): ImageColumn[] => {
    const [name = "", ...below] = leaf.path;
    if (!isEncoded(table, leaf, features)) return [];
    const what = below.length === 0 ? l10n.t("bytes of image files") : l10n.t("bytes of image files with their paths");
    return [{ name, reader: new EncodedImages(table, leaf), note: noteOf(table, name, what) }];
  });
  if (encoded.length > 0) return encoded;
  return table.leaves.flatMap((leaf): ImageColumn[] => {
    const format = isAlone(table, leaf) ? recognisePixels(table, leaf) : null;
    const name = leaf.path[0] ?? "";
    if (format === null) return [];
    const note = noteOf(table, name, l10n.t("pictures as lists of {0} numbers", format.shape.join(" x ")));
    return [{ name, reader: new PixelImages(table, format), note }];
  });
}

function noteOf({ rows, file }: Table, column: string, what: string): string {
  const args = [printable(column), file.name, what, integerText(rows)] as const;
  return rows === 1
    ? l10n.t('The column "{0}" of {1} holds {2}: {3} row.', ...args)
    : l10n.t('The column "{0}" of {1} holds {2}: {3} rows.', ...args);
}

/** Whether a leaf holds one image file a row: as a column, or as the `bytes` of one. */
function isEncoded(table: Table, leaf: Leaf, features: Features): boolean {
  const { path, type, isText, maxRepetition } = leaf;
  if (type !== "BYTE_ARRAY" || isText || maxRepetition > 0) return false;
  if (path.length === 2 ? path[1] !== "bytes" : path.length !== 1) return false;
  if (features.images.has(path[0] ?? "")) return true;
  const found = firstValues(table, leaf);
  // Without a single value only the company of a path tells what the bytes would be.
  if (found.length === 0) return table.leaves.some((other) => other.path.join("\0") === `${path[0] ?? ""}\0path`);
  return found.filter((bytes) => FORMATS.has(sniffFormat(bytes))).length * 2 >= found.length;
}

/** Whether the column of a leaf has no other leaf. */
function isAlone({ leaves }: Table, { path }: Leaf): boolean {
  return leaves.filter((other) => other.path[0] === path[0]).length === 1;
}

/** The first values of a leaf that are there, of the first page that has some. */
function firstValues({ file, groups }: Table, leaf: Leaf): Uint8Array[] {
  for (const group of groups) {
    const chunk = chunkOf(group, leaf);
    const heads = listPages(file, chunk, leaf);
    const dictionary = readDictionary(file, chunk, leaf, heads[0]);
    for (const head of heads) {
      if (head.kind === "dictionary") continue;
      const found: Uint8Array[] = [];
      for (const bytes of valuesBetween(readPage(file, chunk, leaf, head, dictionary), leaf, 0, head.count)) {
        if (bytes !== null) found.push(bytes);
        if (found.length === PROBED_IMAGES) break;
      }
      if (found.length > 0) return found;
    }
  }
  return [];
}

/** The columns of labels, the surest first. */
function findLabels(table: Table, { classNames }: Features, images: ReadonlySet<string>): LabelColumn[] {
  const candidates = table.leaves.flatMap((leaf) => {
    const name = leaf.path[0] ?? "";
    if (leaf.path.length !== 1 || leaf.maxRepetition > 0 || images.has(name)) return [];
    const known = LABEL_NAMES.indexOf(name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, ""));
    if (known < 0 && !classNames.has(name)) return [];
    return [{ leaf, name, rank: known < 0 ? LABEL_NAMES.length : known }];
  });
  return candidates
    .sort((a, b) => a.rank - b.rank)
    .flatMap(({ leaf, name }): LabelColumn[] => {
      const names = classNames.get(name) ?? null;
      const labels = readLabels(table, leaf, names);
      if (labels === null) return [];
      const reason =
        names === null
          ? l10n.t('labels from the column "{0}"', printable(name))
          : l10n.t('labels from the column "{0}", named by the metadata of Hugging Face', printable(name));
      return [{ ...labels, name, reason }];
    });
}

function withoutImages(file: OpenFile, { leaves }: Table): CleanSplitError {
  const names = [...new Set(leaves.map(({ path }) => path[0] ?? ""))];
  const shown = names.slice(0, 10).map(printable).join(", ");
  return new CleanSplitError(
    "unsupported",
    names.length > 10
      ? l10n.t(
          "{0} holds no column of images: expected bytes of PNG, JPEG, GIF, WebP, BMP or TIFF files, or lists of numbers that are pictures, but its columns are {1} and others. Choose a file with images.",
          file.name,
          shown,
        )
      : l10n.t(
          "{0} holds no column of images: expected bytes of PNG, JPEG, GIF, WebP, BMP or TIFF files, or lists of numbers that are pictures, but its columns are {1}. Choose a file with images.",
          file.name,
          shown,
        ),
  );
}
