import type { Mode, Picture } from "../../core/picture";
import { checkSize, type DecodeLimits } from "./limits";
import { UnreadableImage } from "./unreadable";

const RGB = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

/** Which bits of a pixel hold a channel: `(pixel >>> shift) & max`. A channel that is absent has `max` 0. */
interface Field {
  readonly shift: number;
  readonly max: number;
}

function damaged(what: string): UnreadableImage {
  return new UnreadableImage(`BMP is damaged: ${what}`);
}

function cutOff(bytes: Uint8Array, need?: number): UnreadableImage {
  const of = need === undefined ? "" : ` of ${String(need)}`;
  return new UnreadableImage(`BMP is cut off after ${String(bytes.length)}${of} bytes`);
}

function fieldOf(mask: number): Field {
  if (mask === 0) return { shift: 0, max: 0 };
  const shift = 31 - Math.clz32(mask & -mask);
  const max = mask >>> shift;
  if ((max & (max + 1)) !== 0) throw damaged("the bits of a colour are not adjacent");
  return { shift, max };
}

/**
 * Decodes a Windows or OS/2 bitmap of 1, 4, 8, 16, 24 or 32 bits: plain, bit fields, RLE4 and RLE8, bottom-up and
 * top-down. A palette of greys gives L, any other RGB; an alpha mask gives RGBA. Fields of fewer bits are stretched to
 * 0..255, rounding down.
 * @throws {UnreadableImage} when it is cut off, damaged, too large or compressed in another way
 */
export function decodeBmp(bytes: Uint8Array, limits: DecodeLimits): Picture {
  if (bytes.length < 26) throw cutOff(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerSize = view.getUint32(14, true);
  if (bytes.length < 14 + headerSize) throw cutOff(bytes, 14 + headerSize);
  const core = headerSize === 12;
  if (!core && headerSize < 16) throw damaged("its header is not valid");
  const field = (at: number): number => (at + 4 <= 14 + headerSize ? view.getUint32(at, true) : 0);
  const width = core ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = core ? view.getUint16(20, true) : view.getInt32(22, true);
  const topDown = signedHeight < 0;
  const height = Math.abs(signedHeight);
  const depth = view.getUint16(core ? 24 : 28, true);
  const compression = core ? RGB : field(30);
  checkSize("BMP", width, height, limits);
  if (![1, 4, 8, 16, 24, 32].includes(depth)) {
    throw new UnreadableImage(`BMP of ${String(depth)} bits a pixel is not supported`);
  }
  const fields = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  const supported =
    compression === RGB ||
    (compression === RLE8 && depth === 8) ||
    (compression === RLE4 && depth === 4) ||
    (fields && (depth === 16 || depth === 32) && headerSize >= 40 && headerSize !== 64);
  if (!supported || (compression !== RGB && !fields && topDown)) {
    throw new UnreadableImage(`BMP compression ${String(compression)} of ${String(depth)} bits is not supported`);
  }

  // The masks are part of later headers and follow the first.
  const masksAt = 54;
  const masksFollow = headerSize < 52 && fields;
  const maskCount = !fields ? 0 : compression === ALPHA_BITFIELDS || headerSize >= 56 ? 4 : 3;
  let tableAt = 14 + headerSize;
  if (masksFollow) tableAt += maskCount * 4;
  if (bytes.length < tableAt) throw cutOff(bytes, tableAt);
  const dataAt = view.getUint32(10, true);
  if (dataAt < tableAt) throw damaged("its pixels start inside its header");

  if (depth <= 8) {
    const palette = readPalette(bytes, tableAt, dataAt, depth, core ? 0 : field(46), core ? 3 : 4);
    const indices =
      compression === RGB
        ? readIndices(bytes, dataAt, width, height, depth)
        : readRle(bytes, dataAt, width, height, compression === RLE4);
    return paint(indices, palette, width, height, topDown);
  }
  const maskAt = (index: number): number => (index < maskCount ? view.getUint32(masksAt + index * 4, true) : 0);
  const masks = fields
    ? [maskAt(0), maskAt(1), maskAt(2), maskAt(3)]
    : depth === 16
      ? [0x7c00, 0x3e0, 0x1f, 0]
      : [0xff0000, 0xff00, 0xff, 0];
  return readDirect(bytes, dataAt, width, height, depth, topDown, masks);
}

function rowSize(width: number, depth: number): number {
  return Math.ceil((width * depth) / 32) * 4;
}

/** The padding of the last row may be missing. */
function checkData(bytes: Uint8Array, dataAt: number, width: number, height: number, depth: number): void {
  const need = dataAt + rowSize(width, depth) * (height - 1) + Math.ceil((width * depth) / 8);
  if (bytes.length < need) throw cutOff(bytes, need);
}

function readDirect(
  bytes: Uint8Array,
  dataAt: number,
  width: number,
  height: number,
  depth: number,
  topDown: boolean,
  masks: readonly number[],
): Picture {
  checkData(bytes, dataAt, width, height, depth);
  const fields = masks.map(fieldOf);
  const channels = (fields[3]?.max ?? 0) > 0 ? 4 : 3;
  const pixels = new Uint8Array(width * height * channels);
  const size = depth / 8;
  const stride = rowSize(width, depth);
  for (let channel = 0; channel < channels; channel++) {
    const { shift, max } = fields[channel] ?? { shift: 0, max: 0 };
    for (let y = 0; y < height; y++) {
      let at = dataAt + stride * (topDown ? y : height - 1 - y);
      let to = y * width * channels + channel;
      for (let x = 0; x < width; x++, at += size, to += channels) {
        let pixel = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8);
        if (size > 2) pixel |= (bytes[at + 2] ?? 0) << 16;
        if (size > 3) pixel |= (bytes[at + 3] ?? 0) << 24;
        const value = (pixel >>> shift) & max;
        pixels[to] = max === 255 ? value : max === 0 ? 0 : Math.floor(((value >>> 0) * 255) / max);
      }
    }
  }
  return { width, height, mode: channels === 4 ? "RGBA" : "RGB", pixels };
}

/** Triples of red, green, blue. */
function readPalette(
  bytes: Uint8Array,
  from: number,
  to: number,
  depth: number,
  declared: number,
  entry: number,
): Uint8Array {
  const most = 1 << depth;
  const room = Math.floor((Math.min(to, bytes.length) - from) / entry);
  const wanted = declared === 0 || declared > most ? most : declared;
  // Some writers leave out entries that no pixel uses: a pixel that does use one is refused later.
  const count = Math.min(wanted, room);
  const palette = new Uint8Array(count * 3);
  for (let i = 0; i < count; i++) {
    for (let channel = 0; channel < 3; channel++) palette[i * 3 + channel] = bytes[from + i * entry + 2 - channel] ?? 0;
  }
  return palette;
}

/** One index a pixel, rows in the order of the file. */
function readIndices(bytes: Uint8Array, dataAt: number, width: number, height: number, depth: number): Uint8Array {
  checkData(bytes, dataAt, width, height, depth);
  const stride = rowSize(width, depth);
  const out = new Uint8Array(width * height);
  const mask = (1 << depth) - 1;
  let to = 0;
  for (let y = 0; y < height; y++) {
    const row = dataAt + y * stride;
    for (let x = 0; x < width; x++) {
      const bit = x * depth;
      out[to++] = ((bytes[row + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & mask;
    }
  }
  return out;
}

/** Like {@link readIndices} for runs; pixels that are skipped have index 0. */
function readRle(bytes: Uint8Array, dataAt: number, width: number, height: number, nibbles: boolean): Uint8Array {
  const out = new Uint8Array(width * height);
  let at = dataAt;
  let x = 0;
  let y = 0;
  const next = (): number => {
    const byte = bytes[at++];
    if (byte === undefined) throw cutOff(bytes);
    return byte;
  };
  const put = (value: number): void => {
    if (x >= width || y >= height) throw damaged("a run leaves the picture");
    out[y * width + x++] = value;
  };
  for (;;) {
    // Some writers leave out the end mark behind the last pixel.
    if (at >= bytes.length && (y >= height || (y === height - 1 && x === width))) return out;
    const count = next();
    const value = next();
    if (count > 0) {
      for (let i = 0; i < count; i++) put(!nibbles ? value : i & 1 ? value & 15 : value >> 4);
    } else if (value === 0) {
      x = 0;
      y++;
    } else if (value === 1) {
      return out;
    } else if (value === 2) {
      x += next();
      y += next();
    } else {
      let pair = 0;
      for (let i = 0; i < value; i++) {
        if (!nibbles) put(next());
        else if (i & 1) put(pair & 15);
        else {
          pair = next();
          put(pair >> 4);
        }
      }
      const used = nibbles ? (value + 1) >> 1 : value;
      if (used & 1) at++;
    }
  }
}

function paint(indices: Uint8Array, palette: Uint8Array, width: number, height: number, topDown: boolean): Picture {
  const count = palette.length / 3;
  let grey = true;
  for (let i = 0; i < palette.length; i += 3) {
    grey &&= palette[i] === palette[i + 1] && palette[i] === palette[i + 2];
  }
  const mode: Mode = grey ? "L" : "RGB";
  const channels = grey ? 1 : 3;
  const pixels = new Uint8Array(width * height * channels);
  let to = 0;
  for (let y = 0; y < height; y++) {
    let from = width * (topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const index = indices[from++] ?? 0;
      if (index >= count) throw damaged("a pixel has a colour outside its palette");
      for (let channel = 0; channel < channels; channel++) pixels[to++] = palette[index * 3 + channel] ?? 0;
    }
  }
  return { width, height, mode, pixels };
}
