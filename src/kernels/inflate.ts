/**
 * A zlib decompressor for small data: what counts is the time to prepare the codes. It accepts exactly what
 * `src/engine/decode/inflate.ts` accepts.
 */
import { CODE_LENGTHS, CODE_TABLES, DYNAMIC_CODES, FIXED_CODES, PATTERNS, SYMBOL_ENTRIES } from "./layout";

/** Codes up to these lengths are decoded with one look-up, by the kind of code. */
const LITERAL_BITS: u32 = 10;
const DISTANCE_BITS: u32 = 8;
const LENGTH_BITS: u32 = 7;

/*
 * An entry says what a code means: in bits 0 to 5 the length of the code and of the further bits that belong to it, in bits
 * 6 to 10 the length of the code only, plus 2, then
 * - a literal: the byte in bits 12 to 19
 * - a length, a distance: from bit 12 on what to add the further bits to
 * - lengths of codes: the length in bits 12 to 15, how often in bits 16 to 19, to which the further bits are added, and in
 *   bits 25 to 31 a mask for those
 */
const LITERAL: u32 = 1 << 31;
const SPECIAL: u32 = 1 << 30;
/** With SPECIAL: the end of the block, a code longer than the look-up, or otherwise an invalid one. */
const END: u32 = 1 << 29;
const LONG: u32 = 1 << 28;
/** Of lengths of codes: that of the code before, and an invalid code, which must lead on all the same. */
const AGAIN: u32 = 1 << 20;
const INVALID: u32 = 1 << 21;
const PLUS_2: u32 = 2 << 6;

// The entries of all symbols of each kind, with the number of further bits, without the length of the code.
const LITERAL_ENTRIES: usize = SYMBOL_ENTRIES;
const DISTANCE_ENTRIES: usize = LITERAL_ENTRIES + 4 * 288;
const LENGTH_ENTRIES: usize = DISTANCE_ENTRIES + 4 * 32;

// A code: how many codes each length has, then the entries in the order of their codes, then the look-up.
const ENTRIES: usize = 32;
const LOOK_UP: usize = ENTRIES + 4 * 288;
const FIXED_LITERALS: usize = FIXED_CODES;
const FIXED_DISTANCES: usize = FIXED_LITERALS + LOOK_UP + (4 << LITERAL_BITS);
const LITERALS: usize = DYNAMIC_CODES;
const DISTANCES: usize = LITERALS + LOOK_UP + (4 << LITERAL_BITS);
const LENGTHS: usize = DISTANCES + LOOK_UP + (4 << DISTANCE_BITS);

// While a code is made: where the next entry of each length goes, and the symbols in use.
const SLOTS: usize = LENGTHS + LOOK_UP + (4 << LENGTH_BITS);
const USED: usize = SLOTS + 64;

/** Ten bits, reversed; and for each length of a code sixteen 16-bit numbers, all 0 but the one of that length. */
const REVERSED: usize = CODE_TABLES;
const ONE_HOT: usize = REVERSED + (2 << LITERAL_BITS);

/** The order in which the lengths of the code length code are stored. */
const ORDER = memory.data<u8>([16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]);

// How to copy 16 bytes from a distance of 0 to 16: which bytes repeat, where the repetition starts anew, and how far to go
// on in what is copied.
const STEPS: usize = PATTERNS + 17 * 16;
const ADVANCES: usize = STEPS + 17;

export function makeInflateTables(): void {
  for (let symbol: u32 = 0; symbol < 288; symbol++) {
    let entry = SPECIAL;
    if (symbol < 256) entry = LITERAL | (symbol << 12);
    else if (symbol === 256) entry = SPECIAL | END;
    else if (symbol < 265) entry = (symbol - 254) << 12;
    else if (symbol < 285) {
      const extra = (symbol - 261) >> 2;
      entry = ((((4 + ((symbol - 261) & 3)) << extra) + 3) << 12) | extra;
    } else if (symbol === 285) entry = 258 << 12;
    store<u32>(LITERAL_ENTRIES + (symbol << 2), entry | PLUS_2);
  }
  for (let symbol: u32 = 0; symbol < 32; symbol++) {
    let entry = SPECIAL;
    if (symbol < 4) entry = (symbol + 1) << 12;
    else if (symbol < 30) {
      const extra = (symbol - 2) >> 1;
      entry = ((((2 + (symbol & 1)) << extra) + 1) << 12) | extra;
    }
    store<u32>(DISTANCE_ENTRIES + (symbol << 2), entry | PLUS_2);
  }
  for (let symbol: u32 = 0; symbol < 16; symbol++) {
    store<u32>(LENGTH_ENTRIES + (symbol << 2), (symbol << 12) | (1 << 16) | PLUS_2);
  }
  store<u32>(LENGTH_ENTRIES + (16 << 2), AGAIN | (3 << 25) | (3 << 16) | PLUS_2 | 2);
  store<u32>(LENGTH_ENTRIES + (17 << 2), (7 << 25) | (3 << 16) | PLUS_2 | 3);
  store<u32>(LENGTH_ENTRIES + (18 << 2), (127 << 25) | (11 << 16) | PLUS_2 | 7);

  for (let bits: u32 = 0; bits < 1 << LITERAL_BITS; bits++) {
    let reversed: u32 = 0;
    for (let bit: u32 = 0; bit < LITERAL_BITS; bit++) reversed |= ((bits >> bit) & 1) << (LITERAL_BITS - 1 - bit);
    store<u16>(REVERSED + (bits << 1), <u16>reversed);
  }
  for (let length: usize = 0; length < 16; length++) store<u16>(ONE_HOT + length * 34, 1);

  for (let symbol: usize = 0; symbol < 288; symbol++) {
    store<u8>(CODE_LENGTHS + symbol, symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8);
  }
  build(FIXED_LITERALS, LITERAL_BITS, LITERAL_ENTRIES, SPECIAL | LONG, CODE_LENGTHS, 288);
  memory.fill(CODE_LENGTHS, 5, 32);
  build(FIXED_DISTANCES, DISTANCE_BITS, DISTANCE_ENTRIES, SPECIAL | LONG, CODE_LENGTHS, 32);

  for (let distance: usize = 1; distance <= 16; distance++) {
    for (let i: usize = 0; i < 16; i++) store<u8>(PATTERNS + (distance << 4) + i, <u8>(i % distance));
    store<u8>(STEPS + distance, <u8>(16 - (16 % distance)));
  }
  store<u8>(ADVANCES, 16, 16);
}

/** Which of 16 bytes are not zero, as bits. */
function notZero(at: usize): u64 {
  return <u64>(~i8x16.bitmask(i8x16.eq(v128.load(at), i64x2.splat(0))) & 0xffff);
}

/**
 * Makes the code of `size` symbols with these lengths. Answers how many bits its look-up takes, at most `most`; -1 unless
 * every bit sequence has exactly one meaning. `other` is the entry of longer codes. Clears 64 bytes behind the lengths.
 */
function build(code: usize, most: i32, symbols: usize, other: u32, lengths: usize, size: u32): i32 {
  const none = i64x2.splat(0);
  v128.store(lengths + size, none);
  v128.store(lengths + size, none, 16);
  v128.store(lengths + size, none, 32);
  v128.store(lengths + size, none, 48);
  let used = USED;
  let low = none;
  let high = none;
  for (let from: u32 = 0; from < size; from += 64) {
    const at = lengths + from;
    let mask = notZero(at) | (notZero(at + 16) << 16) | (notZero(at + 32) << 32) | (notZero(at + 48) << 48);
    for (; mask !== 0; mask &= mask - 1, used += 4) {
      const symbol = from + <u32>ctz(mask);
      const length: u32 = load<u8>(lengths + symbol);
      store<u32>(used, (symbol << 8) | length);
      low = i16x8.add(low, v128.load(ONE_HOT + (length << 5)));
      high = i16x8.add(high, v128.load(ONE_HOT + (length << 5), 16));
    }
  }
  v128.store(code, low);
  v128.store(code, high, 16);
  let slot = code + ENTRIES;
  let left: i32 = 1 << 15;
  let longest: i32 = 0;
  for (let length: u32 = 1; length <= 15; length++) {
    const count: i32 = load<u16>(code + (length << 1));
    store<u32>(SLOTS + (length << 2), <u32>slot);
    slot += count << 2;
    left -= count << (15 - length);
    longest = select(longest, length, count === 0);
  }
  // zlib allows a code of one symbol with one bit (for distances) or of none; the rest of the look-up stays invalid.
  if (left !== 0 && used !== USED && !(used === USED + 4 && longest === 1)) return -1;
  for (let at: usize = USED; at < used; at += 4) {
    const symbol = load<u32>(at);
    const length = symbol & 255;
    const next = SLOTS + (length << 2);
    const to = load<u32>(next);
    store<u32>(next, to + 4);
    store<u32>(to, load<u32>(symbols + ((symbol >> 8) << 2)) + length * 65);
  }
  // With every length the look-up doubles by repeating itself, as the added bit does not matter to shorter codes.
  const bits = min(longest, most);
  const lookUp = code + LOOK_UP;
  let value: u32 = 0;
  let entry = code + ENTRIES;
  store<u32>(lookUp, other);
  for (let length: i32 = 1; length <= bits; length++) {
    const half: u32 = 4 << (length - 1);
    if (half < 16) for (let i: u32 = 0; i < half; i += 4) store<u32>(lookUp + half + i, load<u32>(lookUp + i));
    else for (let i: u32 = 0; i < half; i += 16) v128.store(lookUp + half + i, v128.load(lookUp + i));
    value <<= 1;
    // Twice the code, as the reversed numbers are two bytes each.
    const shift = LITERAL_BITS + 1 - length;
    for (const stop = entry + ((<u32>load<u16>(code + (length << 1))) << 2); entry < stop; entry += 4) {
      store<u32>(lookUp + ((<u32>load<u16>(REVERSED + (value++ << shift))) << 2), load<u32>(entry));
    }
  }
  return bits;
}

function copyLookUp(to: usize, from: usize, bits: i32): void {
  for (let i: usize = LOOK_UP; i < LOOK_UP + (4 << bits); i += 16) v128.store(to + i, v128.load(from + i));
}

/** The entry of the code that `held` has next, found bit by bit. */
function longCode(code: usize, held: u64): u32 {
  let entries = code + ENTRIES;
  let value: i32 = 0;
  let first: i32 = 0;
  for (let length: u32 = 1; length <= 15; length++) {
    value |= (<i32>(held >> (length + 1))) & 1;
    const count: i32 = load<u16>(code + (length << 1));
    if (value - count < first) return load<u32>(entries + ((value - first) << 2));
    entries += count << 2;
    first = (first + count) << 1;
    value <<= 1;
  }
  return SPECIAL;
}

/*
 * The state of one decompression. Functions with loops keep what they need in locals, and few of them.
 *
 * `hold` has the next bits of the input, from bit 2 on: masked, they are an offset into a table of 4 byte entries. `bits`
 * says how many bits of it are filled, those two counted, in its lowest 6 bits; above them is rubbish. Shifts by the whole
 * of an entry use its lowest 6 bits only.
 */
let at: usize = 0;
let end: usize = 0;
let hold: u64 = 0;
let bits: u64 = 0;
let out: usize = 0;
let start: usize = 0;
let stop: usize = 0;

/**
 * Decompresses the zlib stream that is exactly the bytes from `input` to `to` into exactly `size` bytes at `target`. False
 * when it is anything else, or anything but well-formed. Reads up to 32 bytes behind `to`, writes up to 1024 behind the
 * output.
 */
export function inflate(input: usize, to: usize, target: usize, size: u32): bool {
  if (to < input + 6) return false;
  const cmf: u32 = load<u8>(input);
  const flags: u32 = load<u8>(input, 1);
  if ((cmf & 15) !== 8 || cmf >> 4 > 7 || (flags & 32) !== 0 || ((cmf << 8) | flags) % 31 !== 0) return false;

  at = input + 2;
  end = to - 4;
  hold = 0;
  bits = 2;
  out = target;
  start = target;
  stop = target + size;
  for (let last = false; !last;) {
    refill();
    if (at > end + 8) return false;
    last = take(1) === 1;
    const type = take(2);
    if (type === 0) {
      if (!copyStored()) return false;
    } else if (type === 1) {
      // Where the tables are is known to the compiler.
      copyLookUp(LITERALS, FIXED_LITERALS, 9);
      copyLookUp(DISTANCES, FIXED_DISTANCES, 5);
      if (!decodeBlock(maskOf(9), maskOf(5))) return false;
    } else if (type === 2) {
      if (!readCodes() || !decodeBlock(maskOf(literalBits), maskOf(distanceBits))) return false;
    } else return false;
  }
  // All input is used: what was read ahead are whole bytes beyond it, or none.
  return out === stop && at - bytesAhead() === end && adler32(start, size) === bswap(load<u32>(end));
}

/** What `hold` is masked with to look up so many bits. */
function maskOf(bits: i32): u32 {
  return ((1 << bits) - 1) << 2;
}

/** Fills `hold` up to at least 54 bits. */
function refill(): void {
  hold |= load<u64>(at) << bits;
  at += (<usize>(~bits >> 3)) & 7;
  bits |= 56;
}

/** The next `count` bits, which must be there. */
function take(count: u32): u32 {
  const value = (<u32>(hold >> 2)) & ((1 << count) - 1);
  hold >>= count;
  bits -= count;
  return value;
}

/** How many whole bytes were read ahead. */
function bytesAhead(): usize {
  return (<usize>((bits & 63) - 2)) >> 3;
}

function copyStored(): bool {
  at -= bytesAhead();
  hold = 0;
  bits = 2;
  const count: u32 = load<u16>(at);
  if ((count ^ (<u32>load<u16>(at, 2))) !== 0xffff) return false;
  at += 4;
  if (at + count > end || out + count > stop) return false;
  memory.copy(out, at, count);
  at += count;
  out += count;
  return true;
}

let literalBits: i32 = 0;
let distanceBits: i32 = 0;

/** Reads the codes of a block: 50 bits at least are in `hold`. */
function readCodes(): bool {
  const literalCount = take(5) + 257;
  const distanceCount = take(5) + 1;
  const lengthCount = take(4) + 4;
  if (literalCount > 286 || distanceCount > 30) return false;
  v128.store(CODE_LENGTHS, i64x2.splat(0));
  v128.store(CODE_LENGTHS, i64x2.splat(0), 16);
  for (let i: u32 = 0; i < lengthCount; i++) {
    if (i === 12) refill();
    store<u8>(CODE_LENGTHS + <usize>load<u8>(ORDER + i), <u8>take(3));
  }
  refill();
  const lengthBits = build(LENGTHS, LENGTH_BITS, LENGTH_ENTRIES, INVALID | (1 << 16), CODE_LENGTHS, 19);
  if (lengthBits < 0 || !readLengths(maskOf(lengthBits), literalCount + distanceCount)) return false;
  // A block without an end is invalid.
  if (load<u8>(CODE_LENGTHS, 256) === 0) return false;
  // Making the first code clears what follows its lengths.
  const others = v128.load(CODE_LENGTHS + literalCount);
  const more = v128.load(CODE_LENGTHS + literalCount, 16);
  literalBits = build(LITERALS, LITERAL_BITS, LITERAL_ENTRIES, SPECIAL | LONG, CODE_LENGTHS, literalCount);
  v128.store(CODE_LENGTHS, others);
  v128.store(CODE_LENGTHS, more, 16);
  distanceBits = build(DISTANCES, DISTANCE_BITS, DISTANCE_ENTRIES, SPECIAL | LONG, CODE_LENGTHS, distanceCount);
  return literalBits >= 0 && distanceBits >= 0;
}

/** Reads `total` lengths of codes. */
function readLengths(mask: u32, total: u32): bool {
  const limit = end + 8;
  const stop = CODE_LENGTHS + total;
  let next = at;
  let held = hold;
  let filled = bits;
  // There is none before the first.
  if (load<u32>((<u32>held) & mask, LENGTHS + LOOK_UP) & AGAIN) return false;
  // All zero, then each code writes 16 lengths: only zeros repeat more often, and further writes cover what is too much.
  for (let i: usize = 0; i < 320; i += 16) v128.store(CODE_LENGTHS + i, i64x2.splat(0));
  let value: u32 = 0;
  let seen: u32 = 0;
  let i: usize = CODE_LENGTHS;
  while (next <= limit) {
    held |= load<u64>(next) << filled;
    next += (<usize>(~filled >> 3)) & 7;
    filled |= 56;
    // Three codes of up to 14 bits.
    let entry = load<u32>((<u32>held) & mask, LENGTHS + LOOK_UP);
    value = select(value, (entry >> 12) & 15, entry & AGAIN);
    v128.store(i, i8x16.splat(<u8>value));
    i += ((entry >> 16) & 15) + ((<u32>(held >> (entry >> 6))) & (entry >> 25));
    held >>= entry;
    filled -= entry;
    seen |= entry;
    if (i >= stop) break;
    entry = load<u32>((<u32>held) & mask, LENGTHS + LOOK_UP);
    value = select(value, (entry >> 12) & 15, entry & AGAIN);
    v128.store(i, i8x16.splat(<u8>value));
    i += ((entry >> 16) & 15) + ((<u32>(held >> (entry >> 6))) & (entry >> 25));
    held >>= entry;
    filled -= entry;
    seen |= entry;
    if (i >= stop) break;
    entry = load<u32>((<u32>held) & mask, LENGTHS + LOOK_UP);
    value = select(value, (entry >> 12) & 15, entry & AGAIN);
    v128.store(i, i8x16.splat(<u8>value));
    i += ((entry >> 16) & 15) + ((<u32>(held >> (entry >> 6))) & (entry >> 25));
    held >>= entry;
    filled -= entry;
    seen |= entry;
    if (i >= stop) break;
  }
  at = next;
  hold = held;
  bits = filled;
  return i === stop && (seen & INVALID) === 0;
}

/** Decodes the symbols of a block up to its end. */
function decodeBlock(literalMask: u32, distanceMask: u32): bool {
  const limit = end + 8;
  let next = at;
  let held = hold;
  let filled = bits;
  let to = out;
  for (;;) {
    // One turn writes at most 3 + 258 bytes more, and some behind them that do not count.
    if (to > stop || next > limit) return false;
    held |= load<u64>(next) << filled;
    next += (<usize>(~filled >> 3)) & 7;
    filled |= 56;
    let entry = load<u32>((<u32>held) & literalMask, LITERALS + LOOK_UP);
    if (entry & LITERAL) {
      store<u8>(to++, <u8>(entry >> 12));
      held >>= entry;
      filled -= entry;
      entry = load<u32>((<u32>held) & literalMask, LITERALS + LOOK_UP);
      if (entry & LITERAL) {
        store<u8>(to++, <u8>(entry >> 12));
        held >>= entry;
        filled -= entry;
        entry = load<u32>((<u32>held) & literalMask, LITERALS + LOOK_UP);
        if (entry & LITERAL) {
          store<u8>(to++, <u8>(entry >> 12));
          held >>= entry;
          filled -= entry;
          continue;
        }
      }
      // A length and its distance take up to 48 bits.
      held |= load<u64>(next) << filled;
      next += (<usize>(~filled >> 3)) & 7;
      filled |= 56;
    }
    if (entry & SPECIAL) {
      if (entry & LONG) entry = longCode(LITERALS, held);
      if (entry & LITERAL) {
        store<u8>(to++, <u8>(entry >> 12));
        held >>= entry;
        filled -= entry;
        continue;
      }
      if (entry & SPECIAL) {
        if ((entry & END) === 0) return false;
        held >>= entry;
        filled -= entry;
        break;
      }
    }
    const length = (entry >> 12) + furtherBits(entry, held);
    held >>= entry;
    filled -= entry;
    entry = load<u32>((<u32>held) & distanceMask, DISTANCES + LOOK_UP);
    if (entry & SPECIAL) {
      if (entry & LONG) entry = longCode(DISTANCES, held);
      if (entry & SPECIAL) return false;
    }
    const distance = (entry >> 12) + furtherBits(entry, held);
    held >>= entry;
    filled -= entry;
    if (distance > <u32>(to - start)) return false;
    to = copyBack(to, distance, length);
  }
  at = next;
  hold = held;
  bits = filled;
  out = to;
  return true;
}

/** Repeats what is `distance` bytes before `to`; answers the end. */
function copyBack(to: usize, distance: u32, length: u32): usize {
  const done = to + length;
  const near = min<u32>(distance, 16);
  const pattern = v128.load(PATTERNS + (near << 4));
  const step: usize = load<u8>(STEPS + near);
  const advance: usize = load<u8>(ADVANCES + near);
  let from = to - distance;
  do {
    v128.store(to, i8x16.swizzle(v128.load(from), pattern));
    to += step;
    from += advance;
  } while (to < done);
  return done;
}

/** The value of the further bits of a length or distance. */
function furtherBits(entry: u32, held: u64): u32 {
  const from = (entry >> 6) & 31;
  return (<u32>(held >> from)) & ((1 << ((entry & 63) + 2 - from)) - 1);
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
