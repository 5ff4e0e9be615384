/**
 * A zlib decompressor for small data: what counts is the time to prepare the codes. It accepts exactly what
 * `src/engine/decode/inflate.ts` accepts.
 */
import { CODE_LENGTHS, DYNAMIC_CODES, FIXED_CODES, PATTERNS, SYMBOL_ENTRIES } from "./layout";

/** Codes up to these lengths are decoded with one look-up, by the kind of code. */
const LITERAL_BITS: u32 = 10;
const DISTANCE_BITS: u32 = 8;
const LENGTH_BITS: u32 = 7;

/*
 * An entry says what a code means: in its lowest 5 bits the length of the code, then
 * - a literal: the byte in bits 8 to 15
 * - a length, a distance: in bits 8 to 11 how many further bits to add to the base in bits 12 and up
 * - a length of a code: itself in bits 8 to 15
 */
const LITERAL: u32 = 1 << 31;
const SPECIAL: u32 = 1 << 30;
/** With SPECIAL: the end of the block, a code longer than the look-up, or otherwise an invalid one. */
const END: u32 = 1 << 29;
const LONG: u32 = 1 << 28;

// The entries of all symbols of each kind, without the length of the code.
const LITERAL_ENTRIES: usize = SYMBOL_ENTRIES;
const DISTANCE_ENTRIES: usize = LITERAL_ENTRIES + 4 * 288;
const LENGTH_ENTRIES: usize = DISTANCE_ENTRIES + 4 * 32;

// A code: its look-up, then how many codes each length has, then the symbols in the order of their codes. Sixteen bytes
// are written at once where fewer are needed, so there is room between codes.
const FIXED_LITERALS: usize = FIXED_CODES;
const FIXED_DISTANCES: usize = FIXED_LITERALS + (4 << LITERAL_BITS) + 64 + 640;
const LITERALS: usize = DYNAMIC_CODES;
const DISTANCES: usize = LITERALS + (4 << LITERAL_BITS) + 64 + 640;
const LENGTHS: usize = DISTANCES + (4 << DISTANCE_BITS) + 64 + 128;

/** Behind a code during its making: where the symbols of the next length start. */
const SLOTS: usize = LENGTHS + (4 << LENGTH_BITS) + 64 + 128;

/** The order in which the lengths of the code length code are stored. */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

/** Where the repetition of the first `distance` bytes starts anew in 16 bytes, for distances below 16. */
const STEPS: usize = PATTERNS + 256;

export function makeInflateTables(): void {
  for (let symbol: u32 = 0; symbol < 288; symbol++) {
    let entry = SPECIAL;
    if (symbol < 256) entry = LITERAL | (symbol << 8);
    else if (symbol === 256) entry = SPECIAL | END;
    else if (symbol < 265) entry = (symbol - 254) << 12;
    else if (symbol < 285) {
      const extra = (symbol - 261) >> 2;
      entry = ((((4 + ((symbol - 261) & 3)) << extra) + 3) << 12) | (extra << 8);
    } else if (symbol === 285) entry = 258 << 12;
    store<u32>(LITERAL_ENTRIES + (symbol << 2), entry);
  }
  for (let symbol: u32 = 0; symbol < 32; symbol++) {
    let entry = SPECIAL;
    if (symbol < 4) entry = (symbol + 1) << 12;
    else if (symbol < 30) {
      const extra = (symbol - 2) >> 1;
      entry = ((((2 + (symbol & 1)) << extra) + 1) << 12) | (extra << 8);
    }
    store<u32>(DISTANCE_ENTRIES + (symbol << 2), entry);
    store<u32>(LENGTH_ENTRIES + (symbol << 2), symbol << 8);
  }
  for (let symbol: usize = 0; symbol < 288; symbol++) {
    store<u8>(CODE_LENGTHS + symbol, symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
  }
  build(FIXED_LITERALS, LITERAL_BITS, LITERAL_ENTRIES, CODE_LENGTHS, 288);
  memory.fill(CODE_LENGTHS, 5, 32);
  build(FIXED_DISTANCES, DISTANCE_BITS, DISTANCE_ENTRIES, CODE_LENGTHS, 32);

  for (let distance: usize = 1; distance < 16; distance++) {
    for (let i: usize = 0; i < 16; i++) store<u8>(PATTERNS + (distance << 4) + i, <u8>(i % distance));
    store<u8>(STEPS + distance, <u8>(16 - (16 % distance)));
  }
}

function countsOf(code: usize, bits: u32): usize {
  return code + (4 << bits);
}

function symbolsOf(code: usize, bits: u32): usize {
  return code + (4 << bits) + 64;
}

/** Makes the code of `size` symbols with these lengths; false unless every bit sequence has exactly one meaning. */
function build(code: usize, bits: u32, entries: usize, lengths: usize, size: u32): bool {
  const counts = countsOf(code, bits);
  const symbols = symbolsOf(code, bits);
  const none = i64x2.splat(0);
  v128.store(counts, none);
  v128.store(counts, none, 16);
  v128.store(counts, none, 32);
  v128.store(counts, none, 48);
  for (let i: u32 = 0; i < size; i++) {
    const at = counts + ((<usize>load<u8>(lengths + i)) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
  const unused = load<u32>(counts);
  store<u32>(counts, 0);
  let slot = symbols;
  let left: i32 = 1 << 15;
  for (let length: u32 = 1; length <= 15; length++) {
    store<u32>(SLOTS + (length << 2), <u32>slot);
    const count = load<u32>(counts + (length << 2));
    slot += count << 1;
    left -= count << (15 - length);
  }
  // zlib allows a code of one symbol with one bit (for distances) or of none; the rest of the look-up stays invalid.
  if (left !== 0 && !(unused === size || (unused === size - 1 && load<u32>(counts, 4) === 1))) return false;
  // What follows the lengths does not count.
  v128.store(lengths + size, none);
  for (let from: u32 = 0; from < size; from += 16) {
    let used = ~i8x16.bitmask(i8x16.eq(v128.load(lengths + from), none)) & 0xffff;
    for (; used !== 0; used &= used - 1) {
      const symbol = from + ctz(used);
      const at = SLOTS + ((<usize>load<u8>(lengths + symbol)) << 2);
      const place = load<u32>(at);
      store<u32>(at, place + 2);
      store<u16>(place, <u16>symbol);
    }
  }
  // One entry a symbol; with every length the look-up doubles by repeating itself, as the added bit does not matter to
  // shorter codes.
  let value: u32 = 0;
  let at = symbols;
  store<u32>(code, SPECIAL | LONG);
  for (let length: u32 = 1; length <= bits; length++) {
    const half: u32 = 4 << (length - 1);
    if (half < 16) for (let i: u32 = 0; i < half; i += 4) store<u32>(code + half + i, load<u32>(code + i));
    else for (let i: u32 = 0; i < half; i += 16) v128.store(code + half + i, v128.load(code + i));
    value <<= 1;
    for (const stop = at + (load<u32>(counts + (length << 2)) << 1); at < stop; at += 2) {
      const entry = load<u32>(entries + ((<usize>load<u16>(at)) << 2)) | length;
      store<u32>(code + (reverse(value++, length) << 2), entry);
    }
  }
  return true;
}

/** The lowest `count` bits of `value`, reversed; at most 16. */
function reverse(value: u32, count: u32): u32 {
  value = ((value & 0x5555) << 1) | ((value >>> 1) & 0x5555);
  value = ((value & 0x3333) << 2) | ((value >>> 2) & 0x3333);
  value = ((value & 0x0f0f) << 4) | ((value >>> 4) & 0x0f0f);
  value = ((value & 0x00ff) << 8) | ((value >>> 8) & 0x00ff);
  return value >>> (16 - count);
}

/** The entry of the code at the start of `hold`, found bit by bit. */
function longCode(code: usize, bits: u32, entries: usize, hold: u64): u32 {
  const counts = countsOf(code, bits);
  let symbols = symbolsOf(code, bits);
  let value: i32 = 0;
  let first: i32 = 0;
  for (let length: u32 = 1; length <= 15; length++) {
    value |= (<i32>(hold >> (length - 1))) & 1;
    const count = load<i32>(counts + (length << 2));
    if (value - count < first)
      return load<u32>(entries + ((<usize>load<u16>(symbols + ((value - first) << 1))) << 2)) | length;
    symbols += count << 1;
    first = (first + count) << 1;
    value <<= 1;
  }
  return SPECIAL;
}

/**
 * Decompresses the zlib stream that is exactly the bytes from `input` to `to` into exactly `size` bytes at `out`. False
 * when it is anything else, or anything but well-formed. Reads up to 32 bytes behind `to`, writes up to 1024 behind the
 * output.
 */
export function inflate(input: usize, to: usize, out: usize, size: u32): bool {
  const end = to - 4;
  if (end < input + 2) return false;
  const cmf: u32 = load<u8>(input);
  const flags: u32 = load<u8>(input, 1);
  if ((cmf & 15) !== 8 || cmf >> 4 > 7 || (flags & 32) !== 0 || ((cmf << 8) | flags) % 31 !== 0) return false;

  const start = out;
  const stop = out + size;
  let at = input + 2;
  let hold: u64 = 0;
  let bits: u32 = 0;
  let last = false;
  do {
    hold |= load<u64>(at) << bits;
    at += (63 - bits) >> 3;
    bits |= 56;
    last = (hold & 1) === 1;
    const type = (<u32>(hold >> 1)) & 3;
    hold >>= 3;
    bits -= 3;
    if (type === 3 || at > end + 8) return false;
    if (type === 0) {
      // Whole bytes read ahead go back.
      at -= bits >> 3;
      const count: u32 = load<u16>(at);
      if ((count ^ (<u32>load<u16>(at, 2))) !== 0xffff) return false;
      at += 4;
      if (at + count > end || out + count > stop) return false;
      memory.copy(out, at, count);
      at += count;
      out += count;
      hold = 0;
      bits = 0;
      continue;
    }
    let literals = FIXED_LITERALS;
    let distances = FIXED_DISTANCES;
    if (type === 2) {
      literals = LITERALS;
      distances = DISTANCES;
      const literalCount = ((<u32>hold) & 31) + 257;
      const distanceCount = ((<u32>(hold >> 5)) & 31) + 1;
      const lengthCount = ((<u32>(hold >> 10)) & 15) + 4;
      hold >>= 14;
      bits -= 14;
      if (literalCount > 286 || distanceCount > 30) return false;
      v128.store(CODE_LENGTHS, i64x2.splat(0));
      v128.store(CODE_LENGTHS, i64x2.splat(0), 16);
      // 57 bits at most, of which 39 are there.
      const known = lengthCount < 13 ? lengthCount : 13;
      for (let i: u32 = 0; i < known; i++) {
        store<u8>(CODE_LENGTHS + <usize>load<u8>(ORDER + i), <u8>(hold & 7));
        hold >>= 3;
        bits -= 3;
      }
      hold |= load<u64>(at) << bits;
      at += (63 - bits) >> 3;
      bits |= 56;
      for (let i: u32 = known; i < lengthCount; i++) {
        store<u8>(CODE_LENGTHS + <usize>load<u8>(ORDER + i), <u8>(hold & 7));
        hold >>= 3;
        bits -= 3;
      }
      if (!build(LENGTHS, LENGTH_BITS, LENGTH_ENTRIES, CODE_LENGTHS, 19)) return false;
      const total = literalCount + distanceCount;
      for (let i: u32 = 0; i < total;) {
        if (bits < 14) {
          if (at > end + 8) return false;
          hold |= load<u64>(at) << bits;
          at += (63 - bits) >> 3;
          bits |= 56;
        }
        const entry = load<u32>(LENGTHS + (((<usize>hold) & ((1 << LENGTH_BITS) - 1)) << 2));
        if (entry & SPECIAL) return false;
        hold >>= entry & 31;
        bits -= entry & 31;
        const symbol = entry >> 8;
        if (symbol < 16) {
          store<u8>(CODE_LENGTHS + i, <u8>symbol);
          i++;
          continue;
        }
        let value: u8 = 0;
        let repeat: u32;
        if (symbol === 16) {
          if (i === 0) return false;
          value = load<u8>(CODE_LENGTHS + i - 1);
          repeat = 3 + ((<u32>hold) & 3);
          hold >>= 2;
          bits -= 2;
        } else if (symbol === 17) {
          repeat = 3 + ((<u32>hold) & 7);
          hold >>= 3;
          bits -= 3;
        } else {
          repeat = 11 + ((<u32>hold) & 127);
          hold >>= 7;
          bits -= 7;
        }
        if (i + repeat > total) return false;
        const fill = i8x16.splat(value);
        for (let k: u32 = 0; k < repeat; k += 16) v128.store(CODE_LENGTHS + i + k, fill);
        i += repeat;
      }
      // A block without an end is invalid.
      if (load<u8>(CODE_LENGTHS, 256) === 0) return false;
      // Making the first code clears what follows its lengths.
      const others = v128.load(CODE_LENGTHS + literalCount);
      const more = v128.load(CODE_LENGTHS + literalCount, 16);
      if (!build(LITERALS, LITERAL_BITS, LITERAL_ENTRIES, CODE_LENGTHS, literalCount)) return false;
      v128.store(CODE_LENGTHS, others);
      v128.store(CODE_LENGTHS, more, 16);
      if (!build(DISTANCES, DISTANCE_BITS, DISTANCE_ENTRIES, CODE_LENGTHS, distanceCount)) return false;
    }
    for (;;) {
      // One round writes at most 3 + 258 bytes more, and some behind them that do not count.
      if (out > stop || at > end + 8) return false;
      hold |= load<u64>(at) << bits;
      at += (63 - bits) >> 3;
      bits |= 56;
      let entry = load<u32>(literals + (((<usize>hold) & ((1 << LITERAL_BITS) - 1)) << 2));
      if (entry & LITERAL) {
        store<u8>(out++, <u8>(entry >> 8));
        hold >>= entry & 31;
        bits -= entry & 31;
        entry = load<u32>(literals + (((<usize>hold) & ((1 << LITERAL_BITS) - 1)) << 2));
        if (entry & LITERAL) {
          store<u8>(out++, <u8>(entry >> 8));
          hold >>= entry & 31;
          bits -= entry & 31;
          entry = load<u32>(literals + (((<usize>hold) & ((1 << LITERAL_BITS) - 1)) << 2));
          if (entry & LITERAL) {
            store<u8>(out++, <u8>(entry >> 8));
            hold >>= entry & 31;
            bits -= entry & 31;
            continue;
          }
        }
        // A length and its distance take up to 48 bits.
        hold |= load<u64>(at) << bits;
        at += (63 - bits) >> 3;
        bits |= 56;
      }
      if (entry & SPECIAL) {
        if (entry & LONG) entry = longCode(literals, LITERAL_BITS, LITERAL_ENTRIES, hold);
        if (entry & LITERAL) {
          store<u8>(out++, <u8>(entry >> 8));
          hold >>= entry & 31;
          bits -= entry & 31;
          continue;
        }
        if (entry & SPECIAL) {
          if ((entry & END) === 0) return false;
          hold >>= entry & 31;
          bits -= entry & 31;
          break;
        }
      }
      hold >>= entry & 31;
      bits -= entry & 31;
      let extra = (entry >> 8) & 15;
      const length = (entry >> 12) + ((<u32>hold) & ((1 << extra) - 1));
      hold >>= extra;
      bits -= extra;
      entry = load<u32>(distances + (((<usize>hold) & ((1 << DISTANCE_BITS) - 1)) << 2));
      if (entry & LONG) entry = longCode(distances, DISTANCE_BITS, DISTANCE_ENTRIES, hold);
      if (entry & SPECIAL) return false;
      hold >>= entry & 31;
      bits -= entry & 31;
      extra = (entry >> 8) & 15;
      const distance = (entry >> 12) + ((<u32>hold) & ((1 << extra) - 1));
      hold >>= extra;
      bits -= extra;
      if (distance > <u32>(out - start)) return false;
      let from = out - distance;
      const done = out + length;
      if (distance >= 16) {
        do {
          v128.store(out, v128.load(from));
          out += 16;
          from += 16;
        } while (out < done);
      } else {
        const repeated = i8x16.swizzle(v128.load(from), v128.load(PATTERNS + ((<usize>distance) << 4)));
        const step: usize = load<u8>(STEPS + distance);
        do {
          v128.store(out, repeated);
          out += step;
        } while (out < done);
      }
      out = done;
    }
  } while (!last);
  // All input is used: what was read ahead are whole bytes beyond it, or none.
  return out === stop && at - (bits >> 3) === end && adler32(start, size) === bswap(load<u32>(end));
}

/** Weights of the bytes of a vector in the second sum. */
const WEIGHTS_LOW = memory.data<i16>([16, 15, 14, 13, 12, 11, 10, 9]);
const WEIGHTS_HIGH = memory.data<i16>([8, 7, 6, 5, 4, 3, 2, 1]);

function adler32(at: usize, size: u32): u32 {
  let low: u32 = 1;
  let high: u32 = 0;
  const weightsLow = v128.load(WEIGHTS_LOW);
  const weightsHigh = v128.load(WEIGHTS_HIGH);
  const end = at + size;
  while (at + 16 <= end) {
    // In so many bytes no sum exceeds 31 bits.
    const blocks = min<usize>((end - at) >> 4, 220);
    let sums = i64x2.splat(0);
    let before = i64x2.splat(0);
    let weighted = i64x2.splat(0);
    for (const stop = at + (blocks << 4); at < stop; at += 16) {
      const bytes = v128.load(at);
      before = i32x4.add(before, sums);
      sums = i32x4.add(sums, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(bytes)));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(bytes), weightsLow));
      weighted = i32x4.add(weighted, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(bytes), weightsHigh));
    }
    high = (high + ((<u32>blocks * low) << 4) + (sumOf(before) << 4) + sumOf(weighted)) % 65521;
    low = (low + sumOf(sums)) % 65521;
  }
  for (; at < end; at++) {
    low += load<u8>(at);
    high += low;
  }
  return ((high % 65521) << 16) | (low % 65521);
}

function sumOf(lanes: v128): u32 {
  const two = i32x4.add(lanes, i32x4.shuffle(lanes, lanes, 2, 3, 0, 1));
  return i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
}
