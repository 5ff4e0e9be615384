const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const TILE_WIDTH = 322;
const YCBCR = 6;
const JPEG_COMPRESSIONS: ReadonlySet<number> = new Set([6, 7]);

/** Tags from here on are private: what they point at is not needed for the pixels. */
const FIRST_PRIVATE = 32768;

/** Bytes of a value by its type: byte, ascii, short, long, rational, and the signed and floating ones. */
const VALUE_SIZES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

interface Entry {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** Where the values are. */
  readonly at: number;
  /** Where they end. */
  readonly end: number;
}

/** The first directory of a TIFF. */
interface Directory {
  readonly start: number;
  readonly view: DataView;
  readonly little: boolean;
  readonly entries: readonly Entry[];
  /** The file should be this long, as far as the directory itself goes. */
  readonly end: number;
}

/** Undefined for a BigTIFF and for what is too short to have a directory. */
function readDirectory(bytes: Uint8Array): Directory | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length;
  if (size < 8) return undefined;
  const little = bytes[0] === 0x49;
  if (view.getUint16(2, little) !== 42) return undefined;
  const start = view.getUint32(4, little);
  if (start + 2 > size) return { start, view, little, entries: [], end: start + 2 };
  const declared = view.getUint16(start, little);
  const entries: Entry[] = [];
  for (let i = 0; i < Math.min(declared, Math.floor((size - start - 2) / 12)); i++) {
    const entry = start + 2 + i * 12;
    const type = view.getUint16(entry + 2, little);
    const count = view.getUint32(entry + 4, little);
    const length = (VALUE_SIZES[type] ?? 0) * count;
    const at = length > 4 ? view.getUint32(entry + 8, little) : entry + 8;
    entries.push({ tag: view.getUint16(entry, little), type, count, at, end: at + length });
  }
  return { start, view, little, entries, end: start + 2 + declared * 12 };
}

function cutOff(bytes: Uint8Array, atLeast: number): string {
  return `TIFF is cut off after ${String(bytes.length)} of at least ${String(atLeast)} bytes`;
}

/**
 * What makes the library hand out wrong pixels of a TIFF without a word, in words for people; undefined when its first
 * page has nothing of that. BigTIFF is not looked into.
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

/** Whether a TIFF that the library refuses is cut off, in words for people; undefined when nothing shows that. */
export function explainCutTiff(bytes: Uint8Array): string | undefined {
  const directory = readDirectory(bytes);
  if (directory === undefined) return bytes.length < 8 ? cutOff(bytes, 8) : undefined;
  const { view, little, entries } = directory;
  const valuesOf = (...tags: readonly number[]): number[] => {
    const entry = entries.find(({ tag }) => tags.includes(tag));
    if (entry === undefined || (entry.type !== 3 && entry.type !== 4) || entry.end > bytes.length) return [];
    const { at, count, type } = entry;
    return Array.from({ length: count }, (_, i) =>
      type === 3 ? view.getUint16(at + i * 2, little) : view.getUint32(at + i * 4, little),
    );
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
  if (directory === undefined || directory.end + 4 > bytes.length) return undefined;
  const { start, view, little, entries } = directory;
  const isFragile = entries.some(
    ({ tag, at }) => tag === TILE_WIDTH || (tag === COMPRESSION && JPEG_COMPRESSIONS.has(view.getUint16(at, little))),
  );
  if (!isFragile) return undefined;
  const kept = entries
    .map(({ tag }, i) => ({ tag, from: start + 2 + i * 12 }))
    .filter(({ tag }) => NEEDED.has(tag))
    .sort((a, b) => a.tag - b.tag);
  const copy = Uint8Array.from(bytes);
  const target = new DataView(copy.buffer);
  target.setUint16(start, kept.length, little);
  for (const [i, { from }] of kept.entries()) copy.set(bytes.subarray(from, from + 12), start + 2 + i * 12);
  // No page follows.
  target.setUint32(start + 2 + kept.length * 12, 0, little);
  return copy;
}
