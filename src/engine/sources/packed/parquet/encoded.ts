import type { PackedImage } from "../packedFile";
import { bytesAt, type Values } from "./encodings";
import { listPages, readDictionary, readPage, type Page, type PageHead } from "./pages";
import { Recent } from "./recent";
import type { Leaf, RowGroup, Table } from "./table";

/** Reads images of one column by their rows. */
export interface ImageReader {
  /** The images at `[from, from + count)`, which are there. */
  read(from: number, count: number): PackedImage[];
}

/** Pages that stay in memory, so that images beside each other are not unpacked again. */
const MAX_PAGE_BYTES = 64 * 2 ** 20;
/** Lists of pages that stay, with their dictionaries. */
const MAX_LIST_BYTES = 32 * 2 ** 20;

/** The pages of a row group. */
interface Pages {
  readonly heads: readonly PageHead[];
  readonly dictionary: Values | undefined;
}

/** Reads the images of a column of bytes; only the pages that hold them are read. */
export class EncodedImages implements ImageReader {
  readonly #lists = new Recent<RowGroup, Pages>(MAX_LIST_BYTES);
  readonly #pages = new Recent<PageHead, Page>(MAX_PAGE_BYTES);

  constructor(
    private readonly table: Table,
    private readonly leaf: Leaf,
  ) {}

  read(from: number, count: number): PackedImage[] {
    const images: PackedImage[] = [];
    while (images.length < count) {
      const row = from + images.length;
      const { page, firstRow } = this.#pageOf(row);
      const end = Math.min(from + count, firstRow + page.count);
      for (const bytes of valuesBetween(page, this.leaf, row - firstRow, end - firstRow)) images.push(imageOf(bytes));
    }
    return images;
  }

  /** The page that holds a row, and the row of its first value. */
  #pageOf(row: number): { readonly page: Page; readonly firstRow: number } {
    const { file } = this.table;
    const group = rowGroupOf(this.table, row);
    const chunk = chunkOf(group, this.leaf);
    const list = this.#lists.get(group, () => this.#listOf(group), sizeOfList);
    let firstRow = group.firstRow;
    for (const head of list.heads) {
      if (head.kind === "dictionary") continue;
      if (row < firstRow + head.count) {
        const load = (): Page => readPage(file, chunk, this.leaf, head, list.dictionary);
        return { page: this.#pages.get(head, load, () => head.size + 12 * head.count), firstRow };
      }
      firstRow += head.count;
    }
    throw new RangeError(`There is no row ${row}.`);
  }

  #listOf(group: RowGroup): Pages {
    const chunk = chunkOf(group, this.leaf);
    const heads = listPages(this.table.file, chunk, this.leaf);
    return { heads, dictionary: readDictionary(this.table.file, chunk, this.leaf, heads[0]) };
  }
}

function sizeOfList({ heads, dictionary }: Pages): number {
  return 200 * heads.length + (dictionary?.data.length ?? 0) + 8 * (dictionary?.count ?? 0);
}

/** The row group that holds a row. */
export function rowGroupOf({ groups }: Table, row: number): RowGroup {
  let [low, high] = [0, groups.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    // Empty row groups begin where the next one does, so the last one that begins here is meant.
    if ((groups[middle]?.firstRow ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  const group = groups[low];
  if (group === undefined || row < group.firstRow || row >= group.firstRow + group.rows) {
    throw new RangeError(`There is no row ${row}.`);
  }
  return group;
}

/** The values of a leaf in a row group. */
export function chunkOf(group: RowGroup, leaf: Leaf): RowGroup["chunks"][number] {
  const chunk = group.chunks[leaf.index];
  if (chunk === undefined) throw new RangeError(`There is no column ${leaf.index}.`);
  return chunk;
}

/** The bytes of the values `[from, to)` of a page of a column without lists, `null` where one is absent; not copies. */
export function* valuesBetween(page: Page, leaf: Leaf, from: number, to: number): Generator<Uint8Array | null> {
  const { definitions, values, indexes } = page;
  const isThere = (i: number): boolean => definitions === null || definitions[i] === leaf.maxDefinition;
  let place = from;
  for (let i = 0; definitions !== null && i < from; i++) if (!isThere(i)) place--;
  for (let i = from; i < to; i++) {
    yield isThere(i) ? bytesAt(values, indexes === null ? place++ : (indexes[place++] ?? 0)) : null;
  }
}

function imageOf(bytes: Uint8Array | null): PackedImage {
  if (bytes === null) return { kind: "fault", reason: "the row holds no image" };
  // A copy, because the page may be large and goes when its images are read.
  return { kind: "encoded", bytes: bytes.slice() };
}
