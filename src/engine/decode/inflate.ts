/**
 * A small zlib decompressor for small data. Calling into node:zlib costs several microseconds whatever the size, which
 * is more than decompressing the few hundred bytes of a tiny picture takes here.
 */

/** Codes up to these lengths are decoded with one look-up, by the kind of code. */
const LITERAL_BITS = 10;
const DISTANCE_BITS = 8;
const LENGTH_BITS = 7;
const LITERAL_MASK = (1 << LITERAL_BITS) - 1;
const DISTANCE_MASK = (1 << DISTANCE_BITS) - 1;
const LENGTH_MASK = (1 << LENGTH_BITS) - 1;
const MAX_BITS = 15;

/** The order in which the lengths of the code length code are stored. */
const ORDER = Uint8Array.of(16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15);

const LENGTH_BASE = Uint16Array.of(
  ...[3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227],
  258,
);
const LENGTH_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5],
  0,
);
const DISTANCE_BASE = Uint16Array.of(
  ...[1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073],
  ...[4097, 6145, 8193, 12289, 16385, 24577],
);
const DISTANCE_EXTRA = Uint8Array.of(
  ...[0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13],
);

/** Ten bits, reversed. */
const REVERSED = Uint16Array.from({ length: 1 << LITERAL_BITS }, (_, code) => {
  let reversed = 0;
  for (let bit = 0; bit < LITERAL_BITS; bit++) reversed |= ((code >> bit) & 1) << (LITERAL_BITS - 1 - bit);
  return reversed;
});

/** A Huffman code ready for decoding. */
interface Code {
  readonly bits: number;
  /** Indexed by the next `bits` bits: `symbol << 4 | length`, or 0 for a longer code. */
  readonly root: Uint16Array;
  /** How many codes each length has, and the symbols in the order of their codes, after those without a code. */
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

function emptyCode(bits: number, size: number): Code {
  return { bits, root: new Uint16Array(1 << bits), counts: new Uint16Array(16), symbols: new Uint16Array(size) };
}

const slots = new Uint16Array(16);

/** Makes `code` out of `lengths[from, from + size)`; false unless every bit sequence has exactly one meaning. */
function build(code: Code, lengths: Uint8Array, from: number, size: number): boolean {
  const { bits, root, counts, symbols } = code;
  for (let length = 0; length <= MAX_BITS; length++) counts[length] = 0;
  for (let i = from; i < from + size; i++) {
    const length = lengths[i] ?? 0;
    counts[length] = (counts[length] ?? 0) + 1;
  }
  const unused = counts[0] ?? 0;
  let slot = 0;
  let left = 1 << MAX_BITS;
  for (let length = 0; length <= MAX_BITS; length++) {
    slots[length] = slot;
    const count = counts[length] ?? 0;
    slot += count;
    if (length > 0) left -= count << (MAX_BITS - length);
  }
  // zlib allows a code of one symbol with one bit (for distances) or of none; the rest of the table stays invalid.
  if (left !== 0 && !(unused === size || (unused === size - 1 && counts[1] === 1))) return false;
  for (let symbol = 0; symbol < size; symbol++) {
    const length = lengths[from + symbol] ?? 0;
    const at = slots[length] ?? 0;
    slots[length] = at + 1;
    symbols[at] = symbol;
  }
  // One entry a symbol; with every length the table doubles by repeating itself, as the added bit does not matter to
  // shorter codes.
  let value = 0;
  let at = unused;
  root[0] = 0;
  for (let length = 1; length <= bits; length++) {
    const half = 1 << (length - 1);
    if (half <= 16) for (let i = 0; i < half; i++) root[half + i] = root[i] ?? 0;
    else root.copyWithin(half, 0, half);
    value <<= 1;
    const shift = LITERAL_BITS - length;
    for (const stop = at + (counts[length] ?? 0); at < stop; at++) {
      root[REVERSED[value++ << shift] ?? 0] = ((symbols[at] ?? 0) << 4) | length;
    }
  }
  return true;
}

const fixedLiterals = emptyCode(LITERAL_BITS, 288);
const fixedDistances = emptyCode(DISTANCE_BITS, 32);
build(
  fixedLiterals,
  Uint8Array.from({ length: 288 }, (_, symbol) => (symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8)),
  0,
  288,
);
build(fixedDistances, new Uint8Array(32).fill(5), 0, 32);

// Used again by every call: nothing here outlives one.
const dynamicLiterals = emptyCode(LITERAL_BITS, 288);
const dynamicDistances = emptyCode(DISTANCE_BITS, 32);
const lengthCode = emptyCode(LENGTH_BITS, 19);
const lengthLengths = new Uint8Array(19);
const codeLengths = new Uint8Array(288 + 32);

/** The code at the start of `hold`, found bit by bit: `symbol << 4 | length`, or 0 when there is none. */
function longCode(code: Code, hold: number): number {
  const { counts, symbols } = code;
  let value = 0;
  let first = 0;
  let index = counts[0] ?? 0;
  for (let length = 1; length <= MAX_BITS; length++) {
    value |= (hold >> (length - 1)) & 1;
    const count = counts[length] ?? 0;
    if (value - count < first) return ((symbols[index + value - first] ?? 0) << 4) | length;
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  return 0;
}

/**
 * Decompresses the zlib stream that is exactly `input[from, to)` into exactly `out[0, size)`. False when it is anything
 * else, or anything but well-formed; zlib decompresses whatever this does to the same bytes. Faster when a few more
 * bytes follow in `input`. Never throws.
 */
export function inflateInto(input: Uint8Array, from: number, to: number, out: Uint8Array, size: number): boolean {
  const end = to - 4;
  if (end < from + 2 || to > input.length || size > out.length) return false;
  const cmf = input[from] ?? 0;
  const flags = input[from + 1] ?? 0;
  if ((cmf & 15) !== 8 || cmf >> 4 > 7 || (flags & 32) !== 0 || ((cmf << 8) | flags) % 31 !== 0) return false;

  let at = from + 2;
  let written = 0;
  let hold = 0;
  let bits = 0;
  for (let last = false; !last;) {
    if (bits < 16) {
      hold |= ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)) << bits;
      at += 2;
      bits += 16;
    }
    last = (hold & 1) === 1;
    const type = (hold >> 1) & 3;
    hold >>= 3;
    bits -= 3;
    if (type === 0) {
      // Whole bytes read ahead go back.
      at -= bits >> 3;
      const count = (input[at] ?? 0) | ((input[at + 1] ?? 0) << 8);
      const check = (input[at + 2] ?? 0) | ((input[at + 3] ?? 0) << 8);
      at += 4;
      if ((count ^ check) !== 0xffff || at + count > end || written + count > size) return false;
      for (const stop = written + count; written < stop;) out[written++] = input[at++] ?? 0;
      hold = 0;
      bits = 0;
      continue;
    }
    let literals = fixedLiterals;
    let distances = fixedDistances;
    if (type === 2) {
      if (bits < 16) {
        hold |= ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)) << bits;
        at += 2;
        bits += 16;
      }
      const literalCount = (hold & 31) + 257;
      const distanceCount = ((hold >> 5) & 31) + 1;
      const lengthCount = ((hold >> 10) & 15) + 4;
      hold >>= 14;
      bits -= 14;
      if (literalCount > 286 || distanceCount > 30) return false;
      lengthLengths.fill(0);
      for (let i = 0; i < lengthCount; i++) {
        if (bits < 16) {
          hold |= ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)) << bits;
          at += 2;
          bits += 16;
        }
        lengthLengths[ORDER[i] ?? 0] = hold & 7;
        hold >>= 3;
        bits -= 3;
      }
      if (!build(lengthCode, lengthLengths, 0, 19)) return false;
      const lengthRoot = lengthCode.root;
      const total = literalCount + distanceCount;
      for (let i = 0; i < total;) {
        if (bits < 16) {
          hold |= ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)) << bits;
          at += 2;
          bits += 16;
        }
        const entry = lengthRoot[hold & LENGTH_MASK] ?? 0;
        if (entry === 0) return false;
        hold >>= entry & 15;
        bits -= entry & 15;
        const symbol = entry >> 4;
        if (symbol < 16) {
          codeLengths[i++] = symbol;
          continue;
        }
        let value = 0;
        let repeat: number;
        if (symbol === 16) {
          if (i === 0) return false;
          value = codeLengths[i - 1] ?? 0;
          repeat = 3 + (hold & 3);
          hold >>= 2;
          bits -= 2;
        } else if (symbol === 17) {
          repeat = 3 + (hold & 7);
          hold >>= 3;
          bits -= 3;
        } else {
          repeat = 11 + (hold & 127);
          hold >>= 7;
          bits -= 7;
        }
        if (i + repeat > total) return false;
        for (const stop = i + repeat; i < stop;) codeLengths[i++] = value;
      }
      // A block without an end is invalid.
      if (codeLengths[256] === 0 || at - (bits >> 3) > end) return false;
      if (!build(dynamicLiterals, codeLengths, 0, literalCount)) return false;
      if (!build(dynamicDistances, codeLengths, literalCount, distanceCount)) return false;
      literals = dynamicLiterals;
      distances = dynamicDistances;
    } else if (type === 3) {
      return false;
    }
    const literalRoot = literals.root;
    const distanceRoot = distances.root;
    for (;;) {
      if (bits < 16) {
        hold |= ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)) << bits;
        at += 2;
        bits += 16;
      }
      let entry = literalRoot[hold & LITERAL_MASK] ?? 0;
      if (entry === 0 && (entry = longCode(literals, hold)) === 0) return false;
      hold >>= entry & 15;
      bits -= entry & 15;
      let symbol = entry >> 4;
      if (symbol < 256) {
        if (written >= size) return false;
        out[written++] = symbol;
        continue;
      }
      if (symbol === 256) break;
      symbol -= 257;
      if (symbol > 28) return false;
      if (bits < 16) {
        hold |= ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)) << bits;
        at += 2;
        bits += 16;
      }
      const lengthBits = LENGTH_EXTRA[symbol] ?? 0;
      const length = (LENGTH_BASE[symbol] ?? 0) + (hold & ((1 << lengthBits) - 1));
      hold >>= lengthBits;
      bits -= lengthBits;
      if (bits < 16) {
        hold |= ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)) << bits;
        at += 2;
        bits += 16;
      }
      entry = distanceRoot[hold & DISTANCE_MASK] ?? 0;
      if (entry === 0 && (entry = longCode(distances, hold)) === 0) return false;
      hold >>= entry & 15;
      bits -= entry & 15;
      symbol = entry >> 4;
      if (symbol > 29) return false;
      const distanceBits = DISTANCE_EXTRA[symbol] ?? 0;
      if (bits < 16) {
        hold |= ((input[at] ?? 0) | ((input[at + 1] ?? 0) << 8)) << bits;
        at += 2;
        bits += 16;
      }
      const distance = (DISTANCE_BASE[symbol] ?? 0) + (hold & ((1 << distanceBits) - 1));
      hold >>= distanceBits;
      bits -= distanceBits;
      if (distance > written || written + length > size) return false;
      for (const stop = written + length; written < stop; written++) out[written] = out[written - distance] ?? 0;
    }
  }
  // All input is used: what was read ahead are whole bytes beyond it, or none.
  return written === size && at - (bits >> 3) === end && adler32(out, size) === u32(input, end);
}

function adler32(bytes: Uint8Array, length: number): number {
  let low = 1;
  let high = 0;
  for (let at = 0; at < length;) {
    // In so many bytes neither sum exceeds 31 bits.
    const stop = Math.min(at + 3800, length);
    for (; at + 4 <= stop; at += 4) {
      const a = bytes[at] ?? 0;
      const b = bytes[at + 1] ?? 0;
      const c = bytes[at + 2] ?? 0;
      const d = bytes[at + 3] ?? 0;
      high += ((low + a) << 2) + 3 * b + (c << 1) + d;
      low += a + b + c + d;
    }
    for (; at < stop; at++) {
      low += bytes[at] ?? 0;
      high += low;
    }
    low %= 65521;
    high %= 65521;
  }
  return ((high << 16) | low) >>> 0;
}

function u32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>> 0
  );
}
