import { deflateSync } from "node:zlib";
import { bytesPerChannel, channelsOf, type Mode, type Picture } from "../../core/picture";
import { crc32 } from "./crc32";
import { sharp } from "./library";

/** PNG's colour types by the number of channels. */
const COLOUR_TYPES: readonly number[] = [0, 0, 4, 2, 6];

/** Up to so many bytes are only stored: preparing to compress takes longer than anything else here. */
const STORED_BYTES = 1 << 12;
const STORE = { level: 0, memLevel: 1, windowBits: 9 } as const;
const COMPRESS = { level: 4 } as const;

/** A picture of 8 bits a channel. */
export type ShownPicture = Picture & { readonly mode: "L" | "LA" | "RGB" | "RGBA" };

/**
 * The picture as a PNG for showing: its longer side is at most `size` pixels, a smaller picture keeps its size. 16-bit
 * values are divided down to 8 bits, floats are stretched from their least to their greatest finite value; grey stays
 * grey and alpha stays.
 * @param size longest side, at least 1
 */
export async function encodeThumbnail(
  picture: Picture,
  size: number,
): Promise<{ png: Uint8Array; width: number; height: number }> {
  const shown = toShown(picture);
  const { width, height } = shown;
  if (Math.max(width, height) <= size) return { png: encodePng(shown), width, height };
  const scale = size / Math.max(width, height);
  const small = await resize(shown, Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)));
  return { png: encodePng(small), width: small.width, height: small.height };
}

/**
 * The picture as training sees it: exactly `side × side × channels` bytes 0..255, channels interleaved, the aspect
 * ignored. Alpha is laid over black, grey is the luma of Rec. 601, 16-bit and float values are scaled as for showing.
 * Reduced by Lanczos, enlarged by cubic interpolation.
 * @param side at least 1
 */
export async function resizeTo(picture: Picture, side: number, channels: 1 | 3): Promise<Uint8Array> {
  const { pixels } = await flatPicture(picture, side, side, channels);
  return pixels;
}

/** The picture as {@link resizeTo} has it, of any size: mode L or RGB. */
export async function flatPicture(
  picture: Picture,
  width: number,
  height: number,
  channels: 1 | 3,
): Promise<ShownPicture> {
  const flat = flatten(toShown(picture), channels);
  return flat.width === width && flat.height === height ? flat : resize(flat, width, height);
}

function with8Bits(mode: Mode): ShownPicture["mode"] {
  const channels = channelsOf(mode);
  return channels === 4 ? "RGBA" : channels === 3 ? "RGB" : channels === 2 ? "LA" : "L";
}

function toShown(picture: Picture): ShownPicture {
  const { width, height, mode, pixels } = picture;
  const shownMode = with8Bits(mode);
  const size = bytesPerChannel(mode);
  if (size === 1) return { width, height, mode: shownMode, pixels };
  const count = pixels.length / size;
  const out = new Uint8Array(count);
  if (size === 2) {
    // 65535 / 255 = 257; rounded.
    for (let i = 0, at = 0; i < count; i++, at += 2) {
      out[i] = (((pixels[at] ?? 0) | ((pixels[at + 1] ?? 0) << 8)) + 128) / 257;
    }
    return { width, height, mode: shownMode, pixels: out };
  }
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const value = (i: number): number => (size === 4 ? view.getFloat32(i * 4, true) : view.getFloat64(i * 8, true));
  let least = Infinity;
  let greatest = -Infinity;
  for (let i = 0; i < count; i++) {
    const v = value(i);
    if (!Number.isFinite(v)) continue;
    if (v < least) least = v;
    if (v > greatest) greatest = v;
  }
  const range = greatest - least;
  const clamped = new Uint8ClampedArray(out.buffer);
  // Not a number becomes 0, the infinities become black and white; so does a single value, mid-grey.
  for (let i = 0; i < count; i++) clamped[i] = range > 0 ? ((value(i) - least) / range) * 255 : 128;
  return { width, height, mode: shownMode, pixels: out };
}

function flatten(shown: ShownPicture, channels: 1 | 3): ShownPicture {
  const { width, height, mode, pixels } = shown;
  const from = channelsOf(mode);
  if (from === channels) return shown;
  const colours = from >= 3 ? 3 : 1;
  const count = width * height;
  const out = new Uint8Array(count * channels);
  for (let i = 0, at = 0, to = 0; i < count; i++, at += from) {
    const alpha = from === colours ? 255 : (pixels[at + colours] ?? 0);
    let red = pixels[at] ?? 0;
    let green = red;
    let blue = red;
    if (colours === 3) {
      green = pixels[at + 1] ?? 0;
      blue = pixels[at + 2] ?? 0;
    }
    if (channels === 1) {
      const luma = colours === 3 ? 299 * red + 587 * green + 114 * blue : 1000 * red;
      // Positive: storing cuts the fraction off, so that half a step more rounds.
      out[to++] = alpha === 255 ? (luma + 500) / 1000 : (luma * alpha + 127500) / 255000;
    } else {
      if (alpha !== 255) {
        red = Math.round((red * alpha) / 255);
        green = Math.round((green * alpha) / 255);
        blue = Math.round((blue * alpha) / 255);
      }
      out[to++] = red;
      out[to++] = green;
      out[to++] = blue;
    }
  }
  return { width, height, mode: channels === 1 ? "L" : "RGB", pixels: out };
}

async function resize(shown: ShownPicture, width: number, height: number): Promise<ShownPicture> {
  const { mode, pixels } = shown;
  const grey = mode === "L";
  const channels = channelsOf(mode) as 1 | 2 | 3 | 4;
  const raw = { width: shown.width, height: shown.height, channels };
  const data = await sharp(pixels, { raw, limitInputPixels: false })
    .resize(width, height, { fit: "fill", kernel: "lanczos3" })
    .toColourspace(grey ? "b-w" : "srgb")
    .raw()
    .toBuffer();
  if (mode !== "LA") return { width, height, mode, pixels: Uint8Array.from(data) };
  // The library answers grey and alpha as RGBA.
  const out = new Uint8Array(width * height * 2);
  for (let at = 0, to = 0; to < out.length; at += 4) {
    out[to++] = data[at] ?? 0;
    out[to++] = data[at + 3] ?? 0;
  }
  return { width, height, mode, pixels: out };
}

/**
 * Writes a plain PNG. Rows are not filtered: on tiny pictures that costs a few bytes, and calling the library costs a
 * hundred times as long.
 */
export function encodePng({ width, height, mode, pixels }: ShownPicture): Uint8Array {
  const channels = channelsOf(mode);
  const stride = width * channels;
  const raw = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) raw.set(pixels.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  const data = deflateSync(raw, raw.length <= STORED_BYTES ? STORE : COMPRESS);
  const out = new Uint8Array(8 + 25 + 12 + data.length + 12);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0x89504e47);
  view.setUint32(4, 0x0d0a1a0a);
  view.setUint32(16, width);
  view.setUint32(20, height);
  out[24] = 8;
  out[25] = COLOUR_TYPES[channels] ?? 0;
  out.set(data, 41);
  chunk(out, view, 8, 0x49484452, 13);
  chunk(out, view, 33, 0x49444154, data.length);
  chunk(out, view, 45 + data.length, 0x49454e44, 0);
  return out;
}

/** Frames the data that is already in place behind the eight bytes at `at`. */
function chunk(out: Uint8Array, view: DataView, at: number, type: number, size: number): void {
  view.setUint32(at, size);
  view.setUint32(at + 4, type);
  view.setUint32(at + 8 + size, crc32(out, at + 4, at + 8 + size));
}
