const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const TILE_WIDTH = 322;
const YCBCR = 6;
const JPEG_COMPRESSIONS: ReadonlySet<number> = new Set([6, 7]);

/** Tags from here on are private: what they point at is not needed for the pixels. */
const FIRST_PRIVATE = 32768;

/** Bytes of a value by its type: byte, ascii, short, long, rational, the signed and floating ones, and those of BigTIFF. */
const VALUE_SIZES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** Where the entry is. */
  readonly from: number;
  /** Where its values are. */
  readonly at: number;
  /** Where they end. */
  readonly end: number;
}

/** The first directory of a TIFF. */
interface Directory {
  readonly view: DataView;
  readonly little: boolean;
  readonly isBig: boolean;
  readonly start: number;
  readonly entries: readonly Entry[];
  /** The file should be this long, as far as the directory itself goes. */
  readonly end: number;
}

/** Sizes of the parts of a directory: of the number of entries, of an entry, and where in it the value is. */
const SMALL = { header: 8, count: 2, entry: 12, value: 8 } as const;
const BIG = { header: 16, count: 8, entry: 20, value: 12 } as const;

/** Undefined for what is too short to have a directory. */
function readDirectory(bytes: Uint8Array): Directory | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length;
  if (size < 8) return undefined;
  const little = bytes[0] === 0x49;
  const isBig = view.getUint16(2, little) === 43;
  const parts = isBig ? BIG : SMALL;
  if (size < parts.header) return undefined;
  // Sizes beyond 2^53 are as much too large when they are not exact.
  const offset = (at: number): number => (isBig ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const start = offset(isBig ? 8 : 4);
  const first = start + parts.count;
  if (first > size) return { view, little, isBig, start, entries: [], end: first };
  const declared = isBig ? offset(start) : view.getUint16(start, little);
  const entries: Entry[] = [];
  for (let i = 0; i < Math.min(declared, Math.floor((size - first) / parts.entry)); i++) {
    const from = first + i * parts.entry;
    const type = view.getUint16(from + 2, little);
    const count = offset(from + 4);
    const length = (VALUE_SIZES[type] ?? 0) * count;
    const at = length > parts.entry - parts.value ? offset(from + parts.value) : from + parts.value;
    entries.push({ tag: view.getUint16(from, little), type, count, from, at, end: at + length });
  }
  return { view, little, isBig, start, entries, end: first + declared * parts.entry };
}

function cutOff(bytes: Uint8Array, atLeast: number): string {
  return `TIFF is cut off after ${String(bytes.length)} of at least ${String(atLeast)} bytes`;
}

/**
 * What makes the library hand out wrong pixels of a TIFF without a word, in words for people; undefined when its first
 * page has nothing of that.
 */
export function explainTiff(bytes: Uint8Array): string | undefined {
  const directory = readDirectory(bytes);
  if (directory === undefined) return undefined;
  const { view, little, entries } = directory;
  let photometric = 0;
  let compression = 1;
  for (const { tag, count, at, end } of entries) {
    // A palette that is cut off is ignored by the library, with a warning like those for unknown tags.
    if (end > bytes.length && tag < FIRST_PRIVATE) return cutOff(bytes, end);
    if (tag === PHOTOMETRIC && count === 1) photometric = view.getUint16(at, little);
    if (tag === COMPRESSION && count === 1) compression = view.getUint16(at, little);
  }
  // Handed out unconverted, as if it were RGB.
  if (photometric !== YCBCR || JPEG_COMPRESSIONS.has(compression)) return undefined;
  return "TIFF in YCbCr without JPEG compression is not supported";
}

/** Numbers of the types that offsets and lengths have: short, long, and that of BigTIFF. */
const READERS: Readonly<Record<number, (view: DataView, at: number, index: number, little: boolean) => number>> = {
  3: (view, at, index, little) => view.getUint16(at + index * 2, little),
  4: (view, at, index, little) => view.getUint32(at + index * 4, little),
  16: (view, at, index, little) => Number(view.getBigUint64(at + index * 8, little)),
};

/** Whether a TIFF that the library refuses is cut off, in words for people; undefined when nothing shows that. */
export function explainCutTiff(bytes: Uint8Array): string | undefined {
  const directory = readDirectory(bytes);
  if (directory === undefined) return bytes.length < 8 ? cutOff(bytes, 8) : undefined;
  const { view, little, entries } = directory;
  const valuesOf = (...tags: readonly number[]): number[] => {
    const entry = entries.find(({ tag }) => tags.includes(tag));
    if (entry === undefined || entry.end > bytes.length) return [];
    const { at, count, type } = entry;
    const read = READERS[type];
    return read === undefined ? [] : Array.from({ length: count }, (_, i) => read(view, at, i, little));
  };
  // Strips and tiles.
  const lengths = valuesOf(279, 325);
  const data = valuesOf(273, 324).map((at, i) => at + (lengths[i] ?? 0));
  const end = [directory.end, ...entries.map((entry) => entry.end), ...data].reduce((a, b) => Math.max(a, b));
  return end > bytes.length ? cutOff(bytes, end) : undefined;
}

/** Tags that say how the pixels are stored: sizes, kinds, compression, strips, tiles, palette, JPEG. */
const NEEDED: ReadonlySet<number> = new Set([
  ...[256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332, 338],
  ...[339, 347, 512, 513, 514, 515, 519, 520, 521, 529, 530, 531, 532],
]);

/**
 * The first page of a TIFF with tiles or JPEG data, without the tags that its pixels do not need; undefined for others.
 * The library fills damaged tiles up and only warns of them, and of damaged JPEG data; but it also warns of every tag
 * that it does not know.
 */
export function withNeededTags(bytes: Uint8Array): Uint8Array | undefined {
  const directory = readDirectory(bytes);
  if (directory === undefined) return undefined;
  const { view, little, isBig, start, entries, end } = directory;
  // The place of the next directory follows.
  if (end + (isBig ? 8 : 4) > bytes.length) return undefined;
  const isFragile = entries.some(
    ({ tag, at }) => tag === TILE_WIDTH || (tag === COMPRESSION && JPEG_COMPRESSIONS.has(view.getUint16(at, little))),
  );
  if (!isFragile) return undefined;
  const { count, entry } = isBig ? BIG : SMALL;
  const kept = entries.filter(({ tag }) => NEEDED.has(tag)).sort((a, b) => a.tag - b.tag);
  const copy = Uint8Array.from(bytes);
  const target = new DataView(copy.buffer);
  if (isBig) target.setBigUint64(start, BigInt(kept.length), little);
  else target.setUint16(start, kept.length, little);
  let to = start + count;
  for (const { from } of kept) {
    copy.set(bytes.subarray(from, from + entry), to);
    to += entry;
  }
  // No page follows.
  copy.fill(0, to, to + (isBig ? 8 : 4));
  return copy;
}
