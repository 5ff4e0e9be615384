/**
 * The compressed data of JPEGs: bits to coefficients. What is said of a file is written down in `src/engine/decode/jpeg.ts`.
 *
 * Data is unstuffed one segment (up to the next marker) at a time, backwards, so that a little-endian word holds the bits
 * of the bytes that follow in their order; zeros behind its end let a block be decoded before its length is checked.
 */
import { LOOKUP_SHIFT, longCode, signed, SYMBOLS } from "./huffman";
import { fillBlock, inverseTransform } from "./idct";
import { COEFFICIENTS, COMPONENTS, FACTORS, FACTORS_BYTES } from "./layout";

/** What is said of a file. */
export const OTHER: u32 = 0;
export const SEEN: u32 = 1;
export const CUT_OFF: u32 = 2;
export const BAD_CODE: u32 = 3;
export const ENDS_EARLY: u32 = 4;
export const WRONG_RESTART: u32 = 5;
/** What a step answers when all is well. */
export const FINE: u32 = 6;

/** Zeros behind a segment: more than the codes of one block can take. */
const ZEROS_BEHIND: usize = 304;

/** Coefficients of 8-bit pictures are between -1024 and 1023 but for rounding; others wrap around in the library. */
const LARGEST: i32 = 2048;

// @ts-ignore: a decorator of AssemblyScript
@unmanaged
export class Component {
  id: u32;
  across: u32;
  down: u32;
  quantisation: u32;
  /** Blocks that show something, and with those that fill the last unit. */
  columns: u32;
  rows: u32;
  paddedColumns: u32;
  paddedRows: u32;
  /** Coefficients of a progressive file: padded rows of blocks of 64 16-bit numbers in zigzag order. */
  coefficients: usize;
  dcTable: usize;
  acTable: usize;
  mean: i32;
  /** Whether a scan had it. */
  isSeen: u32;
}

const COMPONENT_BYTES: usize = 64;

/** Component 0..2. */
export function component(index: u32): Component {
  return changetype<Component>(COMPONENTS + <usize>index * COMPONENT_BYTES);
}

/** What coefficient k of a component is multiplied with: four factors of its share in the hash, its step, its place. */
export function factorsOf(index: u32): usize {
  return FACTORS + <usize>index * FACTORS_BYTES;
}

const FACTOR_BYTES: usize = 32;

const ZIGZAG = memory.data<u8>([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47,
  55, 62, 63,
]);

/** Mixes 32 bits (the finalizer of A. Appleby's MurmurHash3). */
export function mix(word: u32): u32 {
  word = (word ^ (word >> 16)) * 0x85ebca6b;
  word = (word ^ (word >> 13)) * 0xc2b2ae35;
  return word ^ (word >> 16);
}

/** Makes the factors of a component from 64 steps in zigzag order. */
export function makeFactors(index: u32, steps: usize): void {
  const factors = factorsOf(index);
  for (let k: u32 = 0; k < 80; k++) {
    const to = factors + (k << 5);
    const step: u32 = k < 64 ? load<u16>(steps + (k << 1)) : 0;
    for (let lane: u32 = 0; lane < 4; lane++) {
      store<u32>(to + (lane << 2), (mix((4 * k + lane + 1) * 0x9e3779b9) | 1) * step);
    }
    store<u32>(to, step, 16);
    // Coefficients behind the last have a place, too: they are noticed at the end of the block.
    store<u32>(to, <u32>COEFFICIENTS + (k < 64 ? (<u32>load<u8>(ZIGZAG + k)) << 1 : 128), 20);
  }
}

/** The sums of the hashes of all blocks. */
export let totals: v128 = i64x2.splat(0);
/** Whether a coefficient is out of range, or a code is none. */
export let isOdd: bool = false;

export function clearTotals(): void {
  totals = i64x2.splat(0);
  isOdd = false;
}

/** Adds a block at place `id` of the picture. */
function addBlock(hash: v128, id: u32): void {
  const keys = i32x4.mul(i32x4.splat(id + 1), i32x4(0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f));
  let word = i32x4.add(hash, keys);
  word = i32x4.mul(v128.xor(word, i32x4.shr_u(word, 16)), i32x4.splat(0x85ebca6b));
  word = i32x4.mul(v128.xor(word, i32x4.shr_u(word, 13)), i32x4.splat(0xc2b2ae35));
  word = v128.xor(word, i32x4.shr_u(word, 16));
  totals = i32x4.add(totals, word);
}

/** The place of a block among all blocks of all components. */
function placeOf(index: u32, x: u32, y: u32): u32 {
  return (index << 24) + y * component(index).columns + x;
}

// The file, and the segment of it that is being read.
let fileEnd: usize = 0;
let segmentStart: usize = 0;
/** Where its first bytes are, for a word that is shifted. */
let first: usize = 0;
let available: usize = 0;
/** Where the marker behind it starts and ends, and which it is; 0 at the end of the file. */
export let markerStart: usize = 0;
let markerEnd: usize = 0;
export let marker: u32 = 0;
let nextRestart: u32 = 0;

// What is read next: the upper `count` bits of `bits`, then bytes from `next` + 7 down.
let bits: u64 = 0;
let count: u64 = 0;
let next: usize = 0;
/** Blocks from here on that have no more coefficients in the band of a scan. */
let emptyBlocks: u32 = 0;

/** Reads from the byte at `from` on; `top` is where its first byte is put. */
export function beginScan(from: usize, end: usize, top: usize): void {
  fileEnd = end;
  first = top - 7;
  nextRestart = 0;
  beginSegment(from);
}

function beginSegment(from: usize): void {
  segmentStart = from;
  emptyBlocks = 0;
  for (let i: u32 = 0; i < 3; i++) component(i).mean = 0;
  const all = i8x16.splat(-1);
  let to = first + 7;
  marker = 0;
  for (;;) {
    if (from + 16 <= fileEnd) {
      const bytes = v128.load(from);
      v128.store(to - 15, i8x16.shuffle(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
      const found = i8x16.bitmask(i8x16.eq(bytes, all));
      if (found === 0) {
        from += 16;
        to -= 16;
        continue;
      }
      from += ctz(found);
      to -= ctz(found);
    } else {
      if (from >= fileEnd) break;
      if (load<u8>(from) !== 0xff) {
        store<u8>(to--, load<u8>(from++));
        continue;
      }
    }
    let behind = from + 1;
    while (behind < fileEnd && load<u8>(behind) === 0xff) behind++;
    if (behind >= fileEnd) break;
    marker = load<u8>(behind);
    markerStart = from;
    markerEnd = behind + 1;
    if (marker !== 0) break;
    store<u8>(to--, 0xff);
    from = markerEnd;
  }
  available = (first + 7 - to) << 3;
  memory.fill(to - ZEROS_BEHIND + 1, 0, ZEROS_BEHIND);
  bits = 0;
  count = 0;
  next = first;
}

function usedBits(): usize {
  return ((first - next) << 3) - <usize>count;
}

/** What to say when codes need more bits than there are. */
function endsEarly(): u32 {
  return marker === 0 ? CUT_OFF : ENDS_EARLY;
}

/** The library takes 17 bits that are no code for symbol 0 and does not always say so: it must decide about the file. */
function skipBadCode(): u32 {
  isOdd = true;
  return 17 << 8;
}

/** Which byte of the file holds the next bit of the segment. */
export function position(): usize {
  let bytes = min(usedBits(), available) >> 3;
  let at = segmentStart;
  for (; bytes > 0 && at < fileEnd; bytes--) {
    if (load<u8>(at++) !== 0xff) continue;
    while (at < fileEnd && load<u8>(at) === 0xff) at++;
    at++;
  }
  return min(at, fileEnd);
}

/** Where a restart marker must be. */
export function restart(): u32 {
  const ended = endSegment();
  if (ended !== FINE) return ended;
  if (marker === 0) return CUT_OFF;
  if (marker !== 0xd0 + nextRestart) {
    // Padding is read, too.
    next = first - (available >> 3);
    count = 0;
    return WRONG_RESTART;
  }
  nextRestart = (nextRestart + 1) & 7;
  beginSegment(markerEnd);
  return FINE;
}

/** Whether nothing but padding is left. */
export function endSegment(): u32 {
  return available - usedBits() >= 8 ? OTHER : FINE;
}

/**
 * One block of a sequential file: (x, y) of component `index`. Where it shows something it takes part in the hash, and, when
 * T is `Levels`, its levels are written to `levels`.
 */
function readBlock<T>(index: u32, x: u32, y: u32, levels: usize, stride: usize): u32 {
  const withLevels = isReference<T>();
  const from = component(index);
  const ac = from.acTable;
  let at = next;
  let left = count;
  let word = bits | (load<u64>(at) >> left);
  at -= <usize>((63 - left) >> 3);
  left |= 56;

  const factors = factorsOf(index);
  let code: u32 = load<u16>(from.dcTable + ((<usize>(word >> LOOKUP_SHIFT)) << 1), SYMBOLS);
  if (code === 0) {
    code = longCode(from.dcTable, word);
    if (code === 0) code = skipBadCode();
  }
  word <<= code >> 8;
  left -= code >> 8;
  let size = code & 15;
  if (size !== 0) {
    from.mean += signed(<u32>(word >> (64 - size)), size);
    word <<= size;
    left -= size;
  }
  const mean = from.mean * load<i32>(factors, 16);
  // Above all the sums of damaged files wrap around at some time.
  let odd: u32 = (mean + LARGEST) | (<u32>(from.mean + 32768) > 65535 ? LARGEST << 1 : 0);
  let hash = i32x4.mul(i32x4.splat(from.mean), v128.load(factors));
  // Those of the coefficient that was read last.
  let factor = factors;
  const last = factors + 63 * FACTOR_BYTES;
  do {
    // Always, as guessing wrong whether it is needed costs more.
    word |= load<u64>(at) >> left;
    at -= <usize>((63 - left) >> 3);
    left |= 56;
    const entry = load<u64>(ac + ((<usize>(word >> LOOKUP_SHIFT)) << 3));
    let value = (<i32>entry) >> 16;
    if (entry !== 0) {
      factor += (<usize>entry) & 0x3e0;
      const more = <u32>(entry >> 32);
      const second = factor + (more & 0x3e0);
      if (second < last) {
        word <<= entry & 31;
        left -= entry & 31;
        // Where there is no second one, nothing is added to the hash, and what is written here is written over.
        const another = (<i32>more) >> 16;
        const level = another * load<i32>(second, 16);
        const coefficient = value * load<i32>(factor, 16);
        odd |= (level + LARGEST) | (coefficient + LARGEST);
        hash = i32x4.add(hash, i32x4.mul(i32x4.splat(another), v128.load(second)));
        hash = i32x4.add(hash, i32x4.mul(i32x4.splat(value), v128.load(factor)));
        if (withLevels) {
          store<i16>(load<u32>(second, 20), <i16>level);
          store<i16>(load<u32>(factor, 20), <i16>coefficient);
        }
        factor = second;
        if ((more & 1) !== 0) break;
        continue;
      }
      // What follows may be of the next block.
      word <<= (more >> 1) & 15;
      left -= (more >> 1) & 15;
    } else {
      code = load<u16>(ac + ((<usize>(word >> LOOKUP_SHIFT)) << 1), SYMBOLS);
      if (code === 0) {
        code = longCode(ac, word);
        if (code === 0) code = skipBadCode();
      }
      word <<= code >> 8;
      left -= code >> 8;
      size = code & 15;
      if (size === 0) {
        if ((code & 255) !== 0xf0) break;
        factor = min(factor + 16 * FACTOR_BYTES, last);
        continue;
      }
      factor += (((code >> 4) & 15) + 1) * FACTOR_BYTES;
      value = signed(<u32>(word >> (64 - size)), size);
      word <<= size;
      left -= size;
    }
    const coefficient = value * load<i32>(factor, 16);
    odd |= coefficient + LARGEST;
    hash = i32x4.add(hash, i32x4.mul(i32x4.splat(value), v128.load(factor)));
    if (withLevels) store<i16>(load<u32>(factor, 20), <i16>coefficient);
  } while (factor < last);
  next = at;
  count = left;
  bits = word;
  if (usedBits() > available) return endsEarly();
  if (factor > last) return OTHER;
  if (x >= from.columns || y >= from.rows) {
    if (withLevels) memory.fill(COEFFICIENTS, 0, 128);
    return FINE;
  }
  if (odd >= <u32>(LARGEST << 1)) isOdd = true;
  addBlock(hash, placeOf(index, x, y));
  if (!withLevels) return FINE;
  if (factor === factors) {
    fillBlock(mean, levels, stride);
  } else {
    store<i16>(COEFFICIENTS, <i16>mean);
    inverseTransform(COEFFICIENTS, levels, stride);
  }
  return FINE;
}

/** Says that a block is one of luma, for the compiler to make two functions. */
class Levels {}

/** A block of component 0, whose levels are written to `levels`. */
export function readLevels(x: u32, y: u32, levels: usize, stride: usize): u32 {
  return readBlock<Levels>(0, x, y, levels, stride);
}

export function readColours(index: u32, x: u32, y: u32): u32 {
  return readBlock<u8>(index, x, y, 0, 0);
}

// Progressive files: ITU-T T.81, G.1.2. All bits that are read go through `bits`, as speed matters less.

function refill(): void {
  bits |= load<u64>(next) >> count;
  next -= <usize>((63 - count) >> 3);
  count |= 56;
}

/** `size` bits, 1..16. */
function take(size: u32): u32 {
  if (count < 16) refill();
  const taken = <u32>(bits >> (64 - size));
  bits <<= size;
  count -= size;
  return taken;
}

/** The symbol of the next code; 256 when there is none. */
function takeSymbol(table: usize): u32 {
  if (count < 16) refill();
  let code: u32 = load<u16>(table + ((<usize>(bits >> LOOKUP_SHIFT)) << 1), SYMBOLS);
  if (code === 0) {
    code = longCode(table, bits);
    if (code === 0) return 256;
  }
  bits <<= code >> 8;
  count -= code >> 8;
  return code & 255;
}

/** Reads the part of a block at `block` that a scan of coefficients `from` to `to` has, whose lowest bit is `low`. */
export function readPart(part: Component, block: usize, from: u32, to: u32, isFirst: bool, low: u32): u32 {
  let said = FINE;
  if (from === 0) said = isFirst ? readMean(part, block, low) : refineMean(block, low);
  else if (isFirst) said = readBand(part.acTable, block, from, to, low);
  else said = refineBand(part.acTable, block, from, to, low);
  if (usedBits() > available) return endsEarly();
  return said;
}

function readMean(part: Component, block: usize, low: u32): u32 {
  const size = takeSymbol(part.dcTable);
  if (size === 256) return BAD_CODE;
  if (size !== 0) part.mean += signed(take(size), size);
  if (<u32>(part.mean + 32768) > 65535) isOdd = true;
  store<i16>(block, <i16>(part.mean << low));
  return FINE;
}

function refineMean(block: usize, low: u32): u32 {
  if (take(1) !== 0) store<i16>(block, load<i16>(block) | ((<i16>1) << (<i16>low)));
  return FINE;
}

function readBand(table: usize, block: usize, from: u32, to: u32, low: u32): u32 {
  if (emptyBlocks > 0) {
    emptyBlocks--;
    return FINE;
  }
  for (let k = from; k <= to; k++) {
    const symbol = takeSymbol(table);
    if (symbol === 256) return BAD_CODE;
    const run = symbol >> 4;
    const size = symbol & 15;
    if (size === 0) {
      if (run < 15) {
        emptyBlocks = (1 << run) - 1;
        if (run !== 0) emptyBlocks += take(run);
        break;
      }
      k += 15;
    } else {
      k += run;
      const value = signed(take(size), size);
      if (k > to) return OTHER;
      store<i16>(block + (k << 1), <i16>(value << low));
    }
  }
  return FINE;
}

function refineBand(table: usize, block: usize, from: u32, to: u32, low: u32): u32 {
  let k = from;
  if (emptyBlocks === 0) {
    for (; k <= to; k++) {
      const symbol = takeSymbol(table);
      if (symbol === 256) return BAD_CODE;
      let run = <i32>(symbol >> 4);
      const size = symbol & 15;
      let value: i32 = 0;
      if (size !== 0) {
        if (size !== 1) return BAD_CODE;
        value = take(1) !== 0 ? 1 << low : -1 << low;
      } else if (run !== 15) {
        emptyBlocks = 1 << run;
        if (run !== 0) emptyBlocks += take(run);
        break;
      }
      for (; k <= to; k++) {
        if (load<i16>(block + (k << 1)) !== 0) refine(block + (k << 1), low);
        else if (--run < 0) break;
      }
      if (value !== 0) {
        if (k > to) return OTHER;
        store<i16>(block + (k << 1), <i16>value);
      }
    }
  }
  if (emptyBlocks > 0) {
    for (; k <= to; k++) if (load<i16>(block + (k << 1)) !== 0) refine(block + (k << 1), low);
    emptyBlocks--;
  }
  return FINE;
}

function refine(at: usize, low: u32): void {
  if (take(1) === 0) return;
  const value: i32 = load<i16>(at);
  if ((value & (1 << low)) === 0) store<i16>(at, <i16>(value >= 0 ? value + (1 << low) : value - (1 << low)));
}

/** A block of a progressive file whose coefficients are complete: as `readBlock`. */
export function takeBlock(index: u32, x: u32, y: u32, levels: usize, stride: usize): void {
  const from = component(index);
  const block = from.coefficients + ((y * from.paddedColumns + x) << 7);
  const factors = factorsOf(index);
  let hash = i64x2.splat(0);
  let odd: u32 = 0;
  for (let eight: u32 = 0; eight < 64; eight += 8) {
    if (!v128.any_true(v128.load(block + (eight << 1)))) continue;
    for (let k = eight; k < eight + 8; k++) {
      const value: i32 = load<i16>(block + (k << 1));
      if (value === 0) continue;
      const factor = factors + (k << 5);
      const coefficient = value * load<i32>(factor, 16);
      odd |= coefficient + LARGEST;
      hash = i32x4.add(hash, i32x4.mul(i32x4.splat(value), v128.load(factor)));
      store<i16>(load<u32>(factor, 20), <i16>coefficient);
    }
  }
  if (odd >= <u32>(LARGEST << 1)) isOdd = true;
  addBlock(hash, placeOf(index, x, y));
  if (index === 0) inverseTransform(COEFFICIENTS, levels, stride);
  else memory.fill(COEFFICIENTS, 0, 128);
}
