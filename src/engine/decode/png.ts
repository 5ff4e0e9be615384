import { inflateSync } from "node:zlib";
import type { Mode, Picture } from "../../core/picture";
import { crc32 } from "./crc32";
import { inflateInto } from "./inflate";

/** Larger pictures go to the library: its fixed cost no longer matters, and its native code is faster. */
const MAX_RAW_BYTES = 1 << 19;

/** Up to here the own inflate is faster than node:zlib. */
const SMALL_RAW_BYTES = 1 << 12;

/** libpng's default limit on either side. */
const MAX_SIDE = 1_000_000;

/** libvips refuses files with many text chunks; few are certainly fine. */
const MAX_TEXTS = 8;

const IHDR = 0x49484452;
const IDAT = 0x49444154;
const IEND = 0x49454e44;
const TEXT = 0x74455874;
const TIME = 0x74494d45;
const GAMA = 0x67414d41;
const CHRM = 0x6348524d;
const SRGB = 0x73524742;
const PHYS = 0x70485973;
const BKGD = 0x624b4744;
const SBIT = 0x73424954;

/** The first bytes of a keyword such as "Raw profile type exif", which can carry an orientation. */
const RAW_KEYWORD = 0x526177;

const MODES_BY_COLOUR: readonly (Mode | undefined)[] = ["L", undefined, "RGB", undefined, "LA", undefined, "RGBA"];
const CHANNELS_BY_COLOUR: readonly number[] = [1, 0, 3, 0, 2, 0, 4];

/** Samples of a pixel as it is stored; a palette's index is one. */
const SAMPLES_BY_COLOUR: readonly number[] = [1, 0, 3, 1, 2, 0, 4];

const DEPTHS_BY_COLOUR: readonly (readonly number[])[] = [
  [1, 2, 4, 8, 16],
  [],
  [8, 16],
  [1, 2, 4, 8],
  [8, 16],
  [],
  [8, 16],
];

function u32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}

/** Whether the first eight bytes are PNG's signature. */
export function hasPngSignature(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && u32(bytes, 0) === 0x89504e47 && u32(bytes, 4) === 0x0d0a1a0a;
}

/** Ancillary chunks before the pixels that change neither pixels nor acceptance. */
function isHarmlessBeforePixels(type: number): boolean {
  return (
    type === GAMA ||
    type === CHRM ||
    type === SRGB ||
    type === PHYS ||
    type === TEXT ||
    type === TIME ||
    type === BKGD ||
    type === SBIT
  );
}

/**
 * Decodes a plain PNG: 8-bit grey, grey and alpha, RGB or RGBA, not interlaced, without transparency key, palette,
 * animation or orientation. Answers `undefined` for every other file, and for every file that is not well-formed to the
 * last checksum, so that the library decides about those; what is answered equals what the library answers. Never
 * throws. The pixels own their buffer.
 */
export function decodePng(bytes: Uint8Array): Picture | undefined {
  const length = bytes.length;
  // Signature, IHDR, IDAT and IEND with at least one byte of data.
  if (length < 8 + 25 + 13 + 12 || !hasPngSignature(bytes)) return undefined;
  if (u32(bytes, 8) !== 13 || u32(bytes, 12) !== IHDR || crc32(bytes, 12, 29) !== u32(bytes, 29)) return undefined;
  const width = u32(bytes, 16);
  const height = u32(bytes, 20);
  const colour = bytes[25] ?? 0;
  const mode = MODES_BY_COLOUR[colour];
  const channels = CHANNELS_BY_COLOUR[colour] ?? 0;
  // Depth 8; compression, filter and interlace method 0.
  if (mode === undefined || bytes[24] !== 8 || bytes[26] !== 0 || bytes[27] !== 0 || bytes[28] !== 0) return undefined;
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) return undefined;
  const stride = width * channels;
  const rawSize = (stride + 1) * height;
  if (rawSize > MAX_RAW_BYTES) return undefined;

  // Where the compressed pixels are: one piece of the file, or several.
  let from = 0;
  let to = 0;
  let parts: Uint8Array[] | undefined;
  let texts = 0;
  let pixelsEnded = false;
  let at = 33;
  for (;;) {
    if (at + 12 > length) return undefined;
    const size = u32(bytes, at);
    const type = u32(bytes, at + 4);
    const data = at + 8;
    const end = data + size;
    if (end + 4 > length || crc32(bytes, at + 4, end) !== u32(bytes, end)) return undefined;
    if (type === IDAT) {
      if (pixelsEnded || size === 0) return undefined;
      if (from === 0) {
        from = data;
        to = end;
      } else {
        parts ??= [bytes.subarray(from, to)];
        parts.push(bytes.subarray(data, end));
      }
    } else {
      pixelsEnded = from !== 0;
      if (type === IEND) {
        if (size !== 0) return undefined;
        break;
      }
      if (pixelsEnded ? type !== TEXT && type !== TIME : !isHarmlessBeforePixels(type)) return undefined;
      if (type === TEXT && (++texts > MAX_TEXTS || u32(bytes, data) >>> 8 === RAW_KEYWORD)) return undefined;
    }
    at = end + 4;
  }
  if (from === 0) return undefined;
  let input = bytes;
  if (parts !== undefined) {
    input = Buffer.concat(parts);
    from = 0;
    to = input.length;
  }
  // A window smaller than the data lets libpng refuse distances that this inflate would accept.
  const windowBits = ((input[from] ?? 0) >> 4) + 8;
  if (windowBits < 15 && rawSize > 1 << windowBits) return undefined;
  const raw = inflate(input, from, to, rawSize);
  if (raw === undefined) return undefined;
  const pixels = new Uint8Array(stride * height);
  return unfilter(raw, pixels, stride, height, channels) ? { width, height, mode, pixels } : undefined;
}

/** Filtered rows of small pictures; nothing here outlives a call. */
const scratch = new Uint8Array(SMALL_RAW_BYTES);

/** `size` bytes, and perhaps room behind them, that are exactly what `input[from, to)` decompresses to; or undefined. */
function inflate(input: Uint8Array, from: number, to: number, size: number): Uint8Array | undefined {
  if (size <= SMALL_RAW_BYTES) return inflateInto(input, from, to, scratch, size) ? scratch : undefined;
  try {
    // One byte of room more than needed: the output is complete in one step, and too much of it shows. With `info` the
    // engine that counted the consumed bytes comes along, which the type declarations do not know.
    const { buffer, engine } = inflateSync(input.subarray(from, to), {
      chunkSize: size + 1,
      info: true,
    }) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return buffer.length === size && engine.bytesWritten === to - from ? buffer : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Undoes the filters of `raw` (rows of a filter byte and `stride` bytes) into `out` (rows without it); false when a
 * filter is unknown.
 */
function unfilter(raw: Uint8Array, out: Uint8Array, stride: number, height: number, bpp: number): boolean {
  let from = 0;
  let to = 0;
  for (let y = 0; y < height; y++) {
    const filter = raw[from++];
    const up = to - stride;
    const end = to + stride;
    const head = to + bpp;
    switch (filter) {
      case 0:
        while (to < end) out[to++] = raw[from++] ?? 0;
        break;
      case 1:
        while (to < head) out[to++] = raw[from++] ?? 0;
        for (; to < end; to++) out[to] = (raw[from++] ?? 0) + (out[to - bpp] ?? 0);
        break;
      case 2:
        if (y === 0) while (to < end) out[to++] = raw[from++] ?? 0;
        else for (let above = up; to < end; to++) out[to] = (raw[from++] ?? 0) + (out[above++] ?? 0);
        break;
      case 3:
        if (y === 0) {
          while (to < head) out[to++] = raw[from++] ?? 0;
          for (; to < end; to++) out[to] = (raw[from++] ?? 0) + ((out[to - bpp] ?? 0) >> 1);
        } else {
          let above = up;
          for (; to < head; to++) out[to] = (raw[from++] ?? 0) + ((out[above++] ?? 0) >> 1);
          for (; to < end; to++) out[to] = (raw[from++] ?? 0) + (((out[to - bpp] ?? 0) + (out[above++] ?? 0)) >> 1);
        }
        break;
      case 4:
        if (y === 0) {
          while (to < head) out[to++] = raw[from++] ?? 0;
          for (; to < end; to++) out[to] = (raw[from++] ?? 0) + (out[to - bpp] ?? 0);
        } else {
          let above = up;
          for (; to < head; to++) out[to] = (raw[from++] ?? 0) + (out[above++] ?? 0);
          for (; to < end; to++, above++) {
            const a = out[to - bpp] ?? 0;
            const b = out[above] ?? 0;
            const c = out[above - bpp] ?? 0;
            // The distances of a + b - c from a, b and c.
            const pa = Math.abs(b - c);
            const pb = Math.abs(a - c);
            const pc = Math.abs(a + b - c - c);
            out[to] = (raw[from++] ?? 0) + (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
          }
        }
        break;
      default:
        return false;
    }
  }
  return true;
}

/** What is structurally wrong with a PNG, in words for people; undefined when its chunks are in order. */
export function explainPng(bytes: Uint8Array): string | undefined {
  const length = bytes.length;
  if (length < 8) return `PNG is cut off after ${String(length)} bytes`;
  let at = 8;
  let pixels = false;
  while (at < length) {
    if (at + 12 > length) return cutOff(length, at + 12);
    const size = u32(bytes, at);
    const end = at + 8 + size;
    const name = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (!/^[A-Za-z]{4}$/.test(name)) return "PNG is damaged: a chunk has no valid name";
    if (end + 4 > length) return cutOff(length, end + 4 + (name === "IEND" ? 0 : 12));
    if (crc32(bytes, at + 4, end) !== u32(bytes, end)) return `PNG: checksum of ${name} is wrong`;
    if (at === 8 && name !== "IHDR") return "PNG is damaged: it does not start with IHDR";
    if (at === 8) {
      const [depth = 0, colour = 0, compression, filter, interlace = 0] = bytes.subarray(24, 29);
      const depths = size === 13 ? (DEPTHS_BY_COLOUR[colour] ?? []) : [];
      if (!depths.includes(depth)) return "PNG is damaged: its header declares no valid kind of pixels";
      if (compression !== 0 || filter !== 0 || interlace > 1) return "PNG is damaged: its header is not valid";
      if (u32(bytes, 16) === 0 || u32(bytes, 20) === 0) return "PNG is damaged: it declares no pixels";
    }
    pixels ||= name === "IDAT";
    if (name === "IEND") return pixels ? undefined : "PNG is damaged: it holds no pixels";
    at = end + 4;
  }
  return pixels ? cutOff(length, length + 12) : `PNG is cut off after ${String(length)} bytes, before its pixels`;
}

/** Deflate makes at most so many bytes of one: a match of 258 bytes takes two bits. */
const MOST_INFLATED = 1032;

/**
 * Whether a PNG declares more pixels than its compressed data can hold, however well it is compressed. The library takes
 * memory and seconds before it finds that out. Says nothing about a file that is not a PNG.
 */
export function lacksPngPixels(bytes: Uint8Array): boolean {
  if (bytes.length < 33 || u32(bytes, 12) !== IHDR) return false;
  const bits = (bytes[24] ?? 0) * (SAMPLES_BY_COLOUR[bytes[25] ?? 0] ?? 0);
  let data = 0;
  for (let at = 8; at + 8 <= bytes.length;) {
    const size = u32(bytes, at);
    if (u32(bytes, at + 4) === IDAT) data += size;
    at += size + 12;
  }
  return Math.ceil((u32(bytes, 16) * u32(bytes, 20) * bits) / 8) > data * MOST_INFLATED;
}

function cutOff(length: number, atLeast: number): string {
  return `PNG is cut off after ${String(length)} of at least ${String(atLeast)} bytes`;
}
