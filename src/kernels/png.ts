/** Plain PNGs. What is accepted is written down in `decodePng` of `src/engine/decode/png.ts`. */
import { crc32 } from "./crc32";
import { inflate } from "./inflate";
import { MAX_RAW_BYTES, RAW } from "./layout";
import { reserve } from "./memory";
import { unfilter } from "./unfilter";

/** libpng's default limit on either side. */
const MAX_SIDE: u32 = 1000000;

/** libvips refuses files with many text chunks; few are certainly fine. */
const MAX_TEXTS: u32 = 8;

const IHDR: u32 = 0x49484452;
const IDAT: u32 = 0x49444154;
const IEND: u32 = 0x49454e44;
const TEXT: u32 = 0x74455874;
const TIME: u32 = 0x74494d45;
const GAMA: u32 = 0x67414d41;
const CHRM: u32 = 0x6348524d;
const SRGB: u32 = 0x73524742;
const PHYS: u32 = 0x70485973;
const BKGD: u32 = 0x624b4744;
const SBIT: u32 = 0x73424954;

/** The first bytes of a keyword such as "Raw profile type exif", which can carry an orientation. */
const RAW_KEYWORD: u32 = 0x526177;

/** Bytes that must be there behind what is read. */
const ROOM: usize = 4096;

/** The picture that `decodePng` last gave. */
export let width: u32 = 0;
export let height: u32 = 0;
export let channels: u32 = 0;

function u32At(at: usize): u32 {
  return bswap(load<u32>(at));
}

function isHarmlessBeforePixels(type: u32): bool {
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
 * Decodes the `length` bytes at `file` to pixels at `out`; false when it does not cover them. Memory from `free` on may be
 * used and may grow.
 */
export function decodePng(file: usize, length: u32, out: usize, free: usize): bool {
  const stop = file + length;
  if (length < 8 + 25 + 13 + 12 || u32At(file) !== 0x89504e47 || u32At(file + 4) !== 0x0d0a1a0a) return false;
  if (u32At(file + 8) !== 13 || u32At(file + 12) !== IHDR || crc32(file + 12, file + 29) !== u32At(file + 29))
    return false;
  width = u32At(file + 16);
  height = u32At(file + 20);
  const colour = load<u8>(file + 25);
  channels = colour === 0 ? 1 : colour === 2 ? 3 : colour === 4 ? 2 : colour === 6 ? 4 : 0;
  // Depth 8; compression, filter and interlace method 0.
  if (channels === 0 || load<u8>(file + 24) !== 8 || (load<u32>(file + 26) & 0xffffff) !== 0) return false;
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) return false;
  const stride = width * channels;
  const rawSize = <u64>(stride + 1) * height;
  if (rawSize > MAX_RAW_BYTES) return false;

  // Where the compressed pixels are: one piece of the file, or several that are put together behind the input.
  let from: usize = 0;
  let to: usize = 0;
  let texts: u32 = 0;
  let pixelsEnded = false;
  let joined = false;
  let at = file + 33;
  for (;;) {
    if (at + 12 > stop) return false;
    const size = u32At(at);
    const type = u32At(at + 4);
    const data = at + 8;
    if (size > <u32>(stop - data) || data + size + 4 > stop) return false;
    const end = data + size;
    if (crc32(at + 4, end) !== u32At(end)) return false;
    if (type === IDAT) {
      if (pixelsEnded || size === 0) return false;
      if (from === 0) {
        from = data;
        to = end;
      } else {
        if (!joined) {
          joined = true;
          // All pieces together are shorter than the file.
          reserve(free + length + ROOM);
          memory.copy(free, from, to - from);
          to = free + (to - from);
          from = free;
        }
        memory.copy(to, data, size);
        to += size;
      }
    } else {
      pixelsEnded = from !== 0;
      if (type === IEND) {
        if (size !== 0) return false;
        break;
      }
      if (pixelsEnded ? type !== TEXT && type !== TIME : !isHarmlessBeforePixels(type)) return false;
      if (type === TEXT && (++texts > MAX_TEXTS || u32At(data) >>> 8 === RAW_KEYWORD)) return false;
    }
    at = end + 4;
  }
  if (from === 0) return false;
  // A window smaller than the data lets libpng refuse distances that this inflate would accept.
  const windowBits: u32 = (load<u8>(from) >> 4) + 8;
  if (windowBits < 15 && rawSize > 1 << windowBits) return false;
  return inflate(from, to, RAW, <u32>rawSize) && unfilter(RAW, out, stride, height, channels);
}
