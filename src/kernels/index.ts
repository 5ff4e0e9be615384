/**
 * What the host calls. It writes files one after the other from `INPUT` on, with room behind each, their offsets and sizes
 * to `FILES`, calls `fingerprintFiles` and reads the columns. See `src/engine/kernels/wasm.ts`.
 */
import { addRows, begin, finish, lookAt, lumaOf } from "./appearance";
import { makeCrcTables } from "./crc32";
import { makeInflateTables } from "./inflate";
import {
  COVERED,
  FILES,
  FILE_DIGESTS,
  HEIGHTS,
  INPUT,
  MODES,
  PIXEL_DIGESTS,
  PIXELS,
  PIXELS_END,
  WIDTHS,
} from "./layout";
import { readJpeg } from "./jpeg";
import { MAX_RAW_BYTES } from "./layout";
import { addJob, MAX_JOBS, runJobs, waitingJobs } from "./md5";
import { channels, decodePng, height, width } from "./png";
import { makeBasis } from "./phash";
import { HEAD } from "./rows";
import { position } from "./scan";

export {
  BLANK,
  BRIGHTEST,
  CONTENT,
  COVERED,
  D_HASHES,
  DARKEST,
  FILE_DIGESTS,
  FILES,
  HEIGHTS,
  INPUT,
  MAX_FILES,
  MAX_RAW_BYTES,
  MAX_WIDTH,
  MODES,
  P_HASHES,
  PIXEL_DIGESTS,
  SIGNATURES,
  SPREADS,
  WIDTHS,
} from "./layout";

export { jpegChannels, jpegHeight, jpegWidth } from "./jpeg";

export { fingerprintRows } from "./rows";

makeCrcTables();
makeInflateTables();
makeBasis();

/**
 * Fills the columns for `count` files. Memory behind them is used from `free` on, and may grow. Files that are not covered
 * have the MD5 of their bytes only.
 */
export function fingerprintFiles(count: u32, free: usize): void {
  let message = PIXELS;
  for (let row: u32 = 0; row < count; row++) {
    const file = INPUT + load<u32>(FILES + ((<usize>row) << 3));
    const size = load<u32>(FILES + ((<usize>row) << 3), 4);
    const pixels = message + HEAD;
    const covered = decodePng(file, size, pixels, free);
    store<u8>(COVERED + row, covered ? 1 : 0);
    addJob(file, size, FILE_DIGESTS + ((<usize>row) << 4));
    if (covered) {
      // L, LA, RGB, RGBA are modes 0 to 3.
      const mode = channels - 1;
      store<u32>(WIDTHS + ((<usize>row) << 2), width);
      store<u32>(HEIGHTS + ((<usize>row) << 2), height);
      store<u8>(MODES + row, <u8>mode);
      lookAt(pixels, width, height, channels, row);
      store<u32>(message, width);
      store<u32>(message, height, 4);
      store<u32>(message, mode, 8);
      const bytes = width * height * channels;
      addJob(message, HEAD + bytes, PIXEL_DIGESTS + ((<usize>row) << 4));
      message = (pixels + bytes + 127) & ~15;
    }
    if (waitingJobs() > MAX_JOBS - 2 || PIXELS_END - message < MAX_RAW_BYTES) {
      runJobs();
      message = PIXELS;
    }
  }
  runJobs();
}

/**
 * Writes the grey levels of `count` files to `looks`, one after the other: of those that are covered and `columns` x `rows`
 * large, which is said in `COVERED`. Memory is used from `free` on, behind them, and may grow.
 */
export function lookAtFiles(count: u32, columns: u32, rows: u32, looks: usize, free: usize): void {
  const size = columns * rows;
  for (let row: u32 = 0; row < count; row++, looks += size) {
    const file = INPUT + load<u32>(FILES + ((<usize>row) << 3));
    const covered =
      decodePng(file, load<u32>(FILES + ((<usize>row) << 3), 4), PIXELS, free) && width === columns && height === rows;
    store<u8>(COVERED + row, covered ? 1 : 0);
    if (covered) memory.copy(looks, lumaOf(PIXELS, size, channels), size);
  }
}

/** For pictures decoded elsewhere: `beginPicture`, then bands of at most `MAX_WIDTH` pixels, then `finishPicture`. */
export function beginPicture(width: u32, height: u32): void {
  begin(width, height);
}

/** The next `rows` rows of 8-bit pixels, at `pixels`. */
export function addBand(pixels: usize, rows: u32, width: u32, channels: u32): void {
  addRows(lumaOf(pixels, rows * width, channels), rows);
}

/** Fills signature, hashes and contrast of row 0. */
export function finishPicture(): void {
  finish(0);
}

/** Says of a JPEG what `src/kernels/scan.ts` lists, with memory from `free` on; fills row 0 where it was seen. */
export function jpeg(file: usize, length: u32, free: usize): u32 {
  return readJpeg(file, length, free);
}

/** Which byte after the start of memory a damaged JPEG was read to. */
export function jpegPosition(): usize {
  return position();
}
