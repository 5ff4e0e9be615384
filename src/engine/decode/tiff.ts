const COMPRESSION = 259;
const PHOTOMETRIC = 262;
const YCBCR = 6;
const JPEG_COMPRESSIONS: ReadonlySet<number> = new Set([6, 7]);

/**
 * Whether the first page of a TIFF stores YCbCr without JPEG compression, which the library hands out unconverted, as
 * if it were RGB. BigTIFF is not looked into.
 */
export function isPlainYcbcr(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 8) return false;
  const little = bytes[0] === 0x49;
  if (view.getUint16(2, little) !== 42) return false;
  const directory = view.getUint32(4, little);
  if (directory + 2 > bytes.length) return false;
  const entries = Math.min(view.getUint16(directory, little), Math.floor((bytes.length - directory - 2) / 12));
  let photometric = 0;
  let compression = 1;
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + i * 12;
    const tag = view.getUint16(at, little);
    if (tag === PHOTOMETRIC) photometric = view.getUint16(at + 8, little);
    if (tag === COMPRESSION) compression = view.getUint16(at + 8, little);
  }
  return photometric === YCBCR && !JPEG_COMPRESSIONS.has(compression);
}
