const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const YCBCR = 6;
const JPEG_COMPRESSIONS: ReadonlySet<number> = new Set([6, 7]);

/** Tags from here on are private: what they point at is not needed for the pixels. */
const FIRST_PRIVATE = 32768;

/** Bytes of a value by its type: byte, ascii, short, long, rational, and the signed and floating ones. */
const VALUE_SIZES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4];

/**
 * What makes the library hand out wrong pixels of a TIFF without a word, in words for people; undefined when its first
 * page has nothing of that. BigTIFF is not looked into.
 */
export function explainTiff(bytes: Uint8Array): string | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = bytes.length;
  if (size < 8) return undefined;
  const little = bytes[0] === 0x49;
  if (view.getUint16(2, little) !== 42) return undefined;
  const directory = view.getUint32(4, little);
  if (directory + 2 > size) return undefined;
  const entries = Math.min(view.getUint16(directory, little), Math.floor((size - directory - 2) / 12));
  let photometric = 0;
  let compression = 1;
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + i * 12;
    const tag = view.getUint16(at, little);
    const length = (VALUE_SIZES[view.getUint16(at + 2, little)] ?? 0) * view.getUint32(at + 4, little);
    // A palette that is cut off is ignored by the library, with a warning like those for unknown tags.
    const end = length > 4 && tag < FIRST_PRIVATE ? view.getUint32(at + 8, little) + length : 0;
    if (end > size) return `TIFF is cut off after ${String(size)} of at least ${String(end)} bytes`;
    if (tag === PHOTOMETRIC) photometric = view.getUint16(at + 8, little);
    if (tag === COMPRESSION) compression = view.getUint16(at + 8, little);
  }
  // Handed out unconverted, as if it were RGB.
  if (photometric !== YCBCR || JPEG_COMPRESSIONS.has(compression)) return undefined;
  return "TIFF in YCbCr without JPEG compression is not supported";
}
