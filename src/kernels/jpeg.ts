/** JPEGs, as far as `readJpeg` of `src/engine/decode/jpeg.ts` says something of them; the two are alike line by line. */
import { addRows, begin, finish, isNearlyFlat, turn } from "./appearance";
import { huffmanTable, isValidAc, isValidDc, makeHuffmanTable } from "./huffman";
import { COEFFICIENTS, CONTENT, QUANTISATION } from "./layout";
import {
  beginScan,
  clearTotals,
  component,
  CUT_OFF,
  endSegment,
  FINE,
  isOdd,
  makeFactors,
  marker,
  markerStart,
  mix,
  OTHER,
  readColours,
  readLevels,
  readPart,
  restart,
  SEEN,
  takeBlock,
  totals,
  Component,
} from "./scan";
import { reserve } from "./memory";

/** Larger pictures are left to the library. */
const MAX_PIXELS: u64 = 1 << 28;
/** libjpeg's limit on either side. */
const MAX_SIDE: u32 = 65500;
/** Coefficients of a progressive file may take as much memory. */
const MAX_COEFFICIENT_BYTES: u64 = 1 << 26;
/** All scans of a progressive file together may visit so many blocks: about a fourth of a second. */
const MAX_VISITS: u64 = 1 << 23;
/** Larger steps of quantisation do not occur with 8 bits; with them numbers stay small. */
const MAX_STEP: u32 = 4095;

/** Bytes of a file from which on looking up pairs of coefficients is worth making them. */
const PAIRS_FROM: u32 = 4096;

const ROOM: usize = 1024;

/** The picture as it is shown, or the byte where something is wrong. */
export let jpegWidth: u32 = 0;
export let jpegHeight: u32 = 0;
export let jpegChannels: u32 = 0;

let width: u32 = 0;
let height: u32 = 0;
let components: u32 = 0;
let isProgressive: bool = false;
let orientation: u32 = 0;
let hasExif: bool = false;
let hasJfif: bool = false;
/** The transform that Adobe's segment names, or -1. */
let adobe: i32 = -1;
let restartInterval: u32 = 0;
let scans: u32 = 0;
let visits: u64 = 0;
/** Bit i is set when table i was defined: four of quantisation, then eight of Huffman. */
let defined: u32 = 0;
/** Grey levels of one row of units, and how many bytes a row of them takes. */
let band: usize = 0;
let stride: u32 = 0;
/** The lowest bit that is known of each coefficient of each component, or -1. */
const PROGRESS: usize = COEFFICIENTS + 160;
/** The first byte of unstuffed data. */
let top: usize = 0;

function u16At(at: usize): u32 {
  return ((<u32>load<u8>(at)) << 8) | load<u8>(at, 1);
}

/**
 * Says what the `length` bytes at `file` are, which start as a JPEG does; memory from `free` on may be used and may grow.
 * Of what is seen, row 0 of the columns and `CONTENT` are filled.
 */
export function readJpeg(file: usize, length: u32, free: usize): u32 {
  const end = file + length;
  // Zeros of the last segment, then unstuffed data.
  top = ((free + 15) & ~15) + ROOM + length;
  components = 0;
  orientation = 1;
  hasExif = false;
  hasJfif = false;
  adobe = -1;
  restartInterval = 0;
  scans = 0;
  visits = 0;
  defined = 0;
  clearTotals();
  // A damaged file leaves coefficients behind.
  memory.fill(COEFFICIENTS, 0, 128);
  let at = file + 2;
  for (;;) {
    if (at < end && load<u8>(at) !== 0xff) return OTHER;
    while (at + 1 < end && load<u8>(at, 1) === 0xff) at++;
    if (at + 2 > end) return CUT_OFF;
    const type: u32 = load<u8>(at, 1);
    at += 2;
    if (type === 0xd9) return finishJpeg();
    // Neither parameters nor a frame that is covered.
    if (type < 0xc0 || (type > 0xcf && type < 0xda) || type === 0xdc || type === 0xde || type === 0xdf) return OTHER;
    if (type > 0xef && type !== 0xfe) return OTHER;
    if (at + 2 > end) return CUT_OFF;
    const size = u16At(at);
    if (size < 2) return OTHER;
    if (at + size > end) return CUT_OFF;
    const data = at + 2;
    at += size;
    if (type === 0xda) {
      const said = readScan(data, size - 2, end);
      if (said !== FINE) return said;
      at = markerStart;
    } else if (!readSegment(type, data, size - 2, length)) return OTHER;
  }
  return OTHER;
}

/** A segment of parameters; false leaves the file to the library. */
function readSegment(type: u32, data: usize, size: u32, length: u32): bool {
  if (type === 0xdb) return readQuantisation(data, data + size);
  if (type === 0xc4) return readHuffman(data, data + size, length >= PAIRS_FROM);
  if (type === 0xdd) {
    restartInterval = u16At(data);
    return size === 2;
  }
  if (type <= 0xc2) return readFrame(type, data, size, length);
  if (type < 0xe0) return false;
  if (type === 0xe0) {
    if (size >= 14 && load<u32>(data) === 0x4649464a && load<u8>(data, 4) === 0) {
      hasJfif = true;
      // The library warns of other revisions.
      return load<u8>(data, 5) === 1;
    }
  } else if (type === 0xe1) {
    return size <= 4 || load<u32>(data) !== 0x66697845 || readExif(data, size);
  } else if (type === 0xee) {
    if (size >= 12 && load<u32>(data) === 0x626f6441 && load<u8>(data, 4) === 0x65) adobe = load<u8>(data, 11);
  }
  return true;
}

function readQuantisation(at: usize, end: usize): bool {
  while (at < end) {
    const kind = load<u8>(at++);
    const bytes: u32 = kind > 15 ? 2 : 1;
    if ((kind & 15) > 3 || at + 64 * bytes > end) return false;
    const table = QUANTISATION + ((<usize>(kind & 15)) << 7);
    for (let k: usize = 0; k < 64; k++, at += bytes) {
      const step = bytes === 2 ? u16At(at) : load<u8>(at);
      if (step === 0 || step > MAX_STEP) return false;
      store<u16>(table + (k << 1), <u16>step);
    }
    defined |= 1 << (kind & 15);
  }
  return true;
}

function readHuffman(at: usize, end: usize, wantsPairs: bool): bool {
  while (at < end) {
    const kind: u32 = load<u8>(at++);
    if ((kind & 0xec) !== 0 || at + 16 > end) return false;
    let count: u32 = 0;
    for (let i: usize = 0; i < 16; i++) count += load<u8>(at + i);
    if (count > 256 || at + 16 + count > end) return false;
    const index = (kind & 3) | (kind >> 2);
    makeHuffmanTable(index, at, count, wantsPairs);
    defined |= 16 << index;
    at += 16 + count;
  }
  return true;
}

/** 1, 2 or 4. */
function isFactor(factor: u32): bool {
  return factor === 1 || factor === 2 || factor === 4;
}

function readFrame(type: u32, data: usize, size: u32, length: u32): bool {
  if (components !== 0 || size < 6 || load<u8>(data) !== 8) return false;
  height = u16At(data + 1);
  width = u16At(data + 3);
  components = load<u8>(data, 5);
  if (width === 0 || height === 0 || width > MAX_SIDE || height > MAX_SIDE) return false;
  if (<u64>width * height > MAX_PIXELS) return false;
  if ((components !== 1 && components !== 3) || size !== 6 + 3 * components) return false;
  isProgressive = type === 0xc2;
  let blocks: u64 = 0;
  const luma = component(0);
  for (let i: u32 = 0; i < components; i++) {
    const part = component(i);
    const from = data + 6 + 3 * i;
    part.id = load<u8>(from);
    for (let j: u32 = 0; j < i; j++) if (component(j).id === part.id) return false;
    part.across = load<u8>(from, 1) >> 4;
    part.down = load<u8>(from, 1) & 15;
    part.quantisation = load<u8>(from, 2);
    part.isSeen = 0;
    if (part.across < 1 || part.across > 4 || part.down < 1 || part.down > 4 || part.quantisation > 3) return false;
    if (components === 1) {
      part.across = 1;
      part.down = 1;
    }
    // The luma has the most samples, by a whole factor.
    if (!isFactor(part.across) || !isFactor(part.down) || part.across > luma.across || part.down > luma.down)
      return false;
    blocks += part.across * part.down;
  }
  if (blocks > 10) return false;
  const unitsAcross = (width + 8 * luma.across - 1) / (8 * luma.across);
  const unitsDown = (height + 8 * luma.down - 1) / (8 * luma.down);
  blocks *= <u64>unitsAcross * unitsDown;
  for (let i: u32 = 0; i < components; i++) {
    const part = component(i);
    const blockWidth = (8 * luma.across) / part.across;
    const blockHeight = (8 * luma.down) / part.down;
    part.columns = (width + blockWidth - 1) / blockWidth;
    part.rows = (height + blockHeight - 1) / blockHeight;
    part.paddedColumns = unitsAcross * part.across;
    part.paddedRows = unitsDown * part.down;
  }
  stride = luma.paddedColumns << 3;
  band = (top + 31) & ~15;
  let free = band + 8 * luma.down * stride + ROOM;
  if (isProgressive) {
    // The first scan of every block takes a bit at least.
    if (blocks << 7 > MAX_COEFFICIENT_BYTES || blocks > (<u64>length) << 3) return false;
    for (let i: u32 = 0; i < components; i++) {
      const part = component(i);
      part.coefficients = free;
      free += (part.paddedColumns * part.paddedRows) << 7;
    }
    reserve(free);
    memory.fill(luma.coefficients, 0, free - luma.coefficients);
    memory.fill(PROGRESS, 0xff, 3 * 64);
  }
  reserve(free);
  return true;
}

/** Whether a picture of three components is one of luma and colours, as libjpeg decides it. */
function isLumaFirst(): bool {
  if (hasJfif) return true;
  if (adobe >= 0) return adobe === 1;
  return component(0).id !== 82 || component(1).id !== 71 || component(2).id !== 66;
}

function readScan(data: usize, size: u32, end: usize): u32 {
  if (components === 0 || size < 1) return OTHER;
  if (components === 3 && !isLumaFirst()) return OTHER;
  const parts: u32 = load<u8>(data);
  if ((parts !== 1 && parts !== components) || size !== 4 + 2 * parts) return OTHER;
  const range = data + 1 + 2 * parts;
  const from: u32 = load<u8>(range);
  const to: u32 = load<u8>(range, 1);
  const high: u32 = load<u8>(range, 2) >> 4;
  const low: u32 = load<u8>(range, 2) & 15;
  if (isProgressive) {
    if (from === 0 ? to !== 0 : parts !== 1 || to < from || to > 63) return OTHER;
    if (low > 13 || (high !== 0 && low !== high - 1)) return OTHER;
  } else if (from !== 0 || to !== 63 || high !== 0 || low !== 0) return OTHER;

  let least: u32 = 0;
  for (let i: u32 = 0; i < parts; i++) {
    // Each once and in the order of the frame.
    let index = least;
    while (index < components && component(index).id !== load<u8>(data + 1 + 2 * i)) index++;
    if (index === components || (parts > 1 && index !== i)) return OTHER;
    least = parts > 1 ? index + 1 : index;
    const part = component(index);
    const tables = load<u8>(data + 2 + 2 * i);
    if ((tables & 15) > 3 || tables >> 4 > 3) return OTHER;
    const dc: u32 = tables >> 4;
    const ac: u32 = 4 + (tables & 15);
    part.dcTable = huffmanTable(dc);
    part.acTable = huffmanTable(ac);
    const needsDc = from === 0 && high === 0;
    const needsAc = to !== 0;
    if (needsDc && ((defined & (16 << dc)) === 0 || !isValidDc(part.dcTable))) return OTHER;
    if (needsAc && ((defined & (16 << ac)) === 0 || !isValidAc(part.acTable))) return OTHER;
    if (part.isSeen === 0) {
      if ((defined & (1 << part.quantisation)) === 0) return OTHER;
      makeFactors(index, QUANTISATION + (part.quantisation << 7));
    } else if (!isProgressive) return OTHER;
    part.isSeen = 1;
    if (isProgressive && !progresses(index, from, to, high, low)) return OTHER;
    if (parts === 1) least = index;
  }
  if (scans === 0) begin(width, height, orientation > 4);
  scans++;
  const said = isProgressive
    ? readProgressive(data + size, end, parts, least, from, to, high === 0, low)
    : readSequential(data + size, end, parts, least);
  if (said !== FINE) return said;
  // A scan of all components is the only one, and the library stops there: what follows must be the end.
  const isOnly = !isProgressive && parts === components;
  if (marker === 0) return isOnly ? OTHER : CUT_OFF;
  return isOnly && marker !== 0xd9 ? OTHER : FINE;
}

/** Whether a scan adds to what is known of coefficients, and nothing is left out. */
function progresses(index: u32, from: u32, to: u32, high: u32, low: u32): bool {
  const known = PROGRESS + (index << 6);
  if (from > 0 && load<i8>(known) < 0) return false;
  for (let k = from; k <= to; k++) {
    if (max<i32>(load<i8>(known + k), 0) !== high) return false;
    store<i8>(known + k, <i8>low);
  }
  return true;
}

function readSequential(data: usize, end: usize, parts: u32, only: u32): u32 {
  beginScan(data, end, top);
  const luma = component(0);
  const part = component(only);
  const isOne = parts === 1;
  const unitsAcross = isOne ? part.columns : luma.paddedColumns / luma.across;
  const unitsDown = isOne ? part.rows : luma.paddedRows / luma.down;
  const hasLuma = !isOne || only === 0;
  const lumaAcross: u32 = isOne ? 1 : luma.across;
  const lumaDown: u32 = isOne ? 1 : luma.down;
  let untilRestart = restartInterval;
  for (let y: u32 = 0; y < unitsDown; y++) {
    for (let x: u32 = 0; x < unitsAcross; x++) {
      if (restartInterval !== 0 && untilRestart-- === 0) {
        const said = restart();
        if (said !== FINE) return said;
        untilRestart = restartInterval - 1;
      }
      if (hasLuma) {
        for (let row: u32 = 0; row < lumaDown; row++) {
          for (let column: u32 = 0; column < lumaAcross; column++) {
            const blockX = x * lumaAcross + column;
            const levels = band + ((row * stride + blockX) << 3);
            const said = readLevels(blockX, y * lumaDown + row, levels, stride);
            if (said !== FINE) return said;
          }
        }
      } else {
        const said = readColours(only, x, y);
        if (said !== FINE) return said;
      }
      for (let index: u32 = 1; index < parts; index++) {
        const colour = component(index);
        for (let row: u32 = 0; row < colour.down; row++) {
          for (let column: u32 = 0; column < colour.across; column++) {
            const said = readColours(index, x * colour.across + column, y * colour.down + row);
            if (said !== FINE) return said;
          }
        }
      }
    }
    if (hasLuma) addLevels((y * lumaDown) << 3, lumaDown << 3);
  }
  return endSegment();
}

/** Adds rows of the band, the first of which is row `y` of the picture. */
function addLevels(y: u32, rows: u32): void {
  const count = min(rows, height - y);
  for (let row: u32 = 0; row < count; row++) addRows(band + row * stride, 1);
}

function readProgressive(
  data: usize,
  end: usize,
  parts: u32,
  only: u32,
  from: u32,
  to: u32,
  isFirst: bool,
  low: u32,
): u32 {
  const luma = component(0);
  const part = component(only);
  const isOne = parts === 1;
  const unitsAcross = isOne ? part.columns : luma.paddedColumns / luma.across;
  const unitsDown = isOne ? part.rows : luma.paddedRows / luma.down;
  for (let i: u32 = 0; i < parts; i++) {
    const seen = isOne ? part : component(i);
    visits += <u64>seen.paddedColumns * seen.paddedRows;
  }
  if (visits > MAX_VISITS) return OTHER;
  beginScan(data, end, top);
  let untilRestart = restartInterval;
  for (let y: u32 = 0; y < unitsDown; y++) {
    for (let x: u32 = 0; x < unitsAcross; x++) {
      if (restartInterval !== 0 && untilRestart-- === 0) {
        const said = restart();
        if (said !== FINE) return said;
        untilRestart = restartInterval - 1;
      }
      if (isOne) {
        const said = readPart(part, blockOf(part, x, y), from, to, isFirst, low);
        if (said !== FINE) return said;
        continue;
      }
      for (let index: u32 = 0; index < parts; index++) {
        const one = component(index);
        for (let row: u32 = 0; row < one.down; row++) {
          for (let column: u32 = 0; column < one.across; column++) {
            const block = blockOf(one, x * one.across + column, y * one.down + row);
            const said = readPart(one, block, from, to, isFirst, low);
            if (said !== FINE) return said;
          }
        }
      }
    }
  }
  return endSegment();
}

function blockOf(part: Component, x: u32, y: u32): usize {
  return part.coefficients + ((y * part.paddedColumns + x) << 7);
}

/** At the end of the file. */
function finishJpeg(): u32 {
  if (scans === 0) return OTHER;
  for (let i: u32 = 0; i < components; i++) if (component(i).isSeen === 0) return OTHER;
  if (isProgressive) {
    for (let i: u32 = 0; i < 64 * components; i++) if (load<i8>(PROGRESS + i) !== 0) return OTHER;
    for (let i: u32 = 0; i < components; i++) {
      const part = component(i);
      for (let y: u32 = 0; y < part.rows; y++) {
        for (let x: u32 = 0; x < part.columns; x++) takeBlock(i, x, y, band + (x << 3), stride);
        if (i === 0) addLevels(y << 3, 8);
      }
    }
  }
  if (isOdd || isNearlyFlat()) return OTHER;
  turn(orientation);
  finish(0);
  jpegWidth = orientation > 4 ? height : width;
  jpegHeight = orientation > 4 ? width : height;
  jpegChannels = components;
  storeContent();
  return SEEN;
}

/** The hash of all that decides the pixels. */
function storeContent(): void {
  let low: u32 = 0;
  let high: u32 = 0;
  for (let i: u32 = 0; i < 8; i++) {
    let word: u32 = 0;
    if (i === 0) word = width;
    else if (i === 1) word = height;
    else if (i === 2) word = orientation;
    else if (i === 3) {
      for (let part: u32 = 0; part < components; part++) {
        word = (word << 6) | (component(part).across << 3) | component(part).down;
      }
    } else if (i === 4) word = i32x4.extract_lane(totals, 0);
    else if (i === 5) word = i32x4.extract_lane(totals, 1);
    else if (i === 6) word = i32x4.extract_lane(totals, 2);
    else word = i32x4.extract_lane(totals, 3);
    low = mix(low ^ word);
    high = mix((high ^ word) + low);
  }
  store<u32>(CONTENT, low);
  store<u32>(CONTENT, high, 4);
}

// EXIF.

let isBigEndian: bool = false;

function exif16(at: usize): u32 {
  return isBigEndian ? u16At(at) : load<u16>(at);
}

function exif32(at: usize): u32 {
  return isBigEndian ? bswap(load<u32>(at)) : load<u32>(at);
}

/** Finds the orientation; false when there is anything that libexif might see in another way. */
function readExif(data: usize, size: u32): bool {
  if (hasExif || scans > 0 || size < 20 || load<u16>(data, 4) !== 0) return false;
  hasExif = true;
  const tiff = data + 6;
  const length = size - 6;
  const mark = load<u32>(tiff);
  if (mark !== 0x002a4949 && mark !== 0x2a004d4d) return false;
  isBigEndian = mark === 0x2a004d4d;
  const start = exif32(tiff + 4);
  if (start < 8 || start > length - 2) return false;
  const count = exif16(tiff + start);
  if (start + 2 + 12 * count > length) return false;
  let isFound = false;
  let hasPointer = false;
  for (let i: u32 = 0; i < count; i++) {
    const entry = tiff + start + 2 + 12 * i;
    const tag = exif16(entry);
    if (tag === 0x8769 || tag === 0x8825 || tag === 0xa005 || tag === 0x0201 || tag === 0x0202) hasPointer = true;
    if (tag !== 0x0112) continue;
    // After a bad pointer nothing more is read.
    if (isFound || hasPointer) return false;
    isFound = true;
    orientation = exif16(entry + 8);
    if (exif16(entry + 2) !== 3 || exif32(entry + 4) !== 1 || orientation < 1 || orientation > 8) return false;
  }
  return true;
}
