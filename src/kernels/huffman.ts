/**
 * Huffman tables of JPEGs. Each is looked up by the next bits, `LOOKUP` of them; one of AC coefficients gives run and value
 * at once when code and value fit into them, and those of the next coefficient, or the end of the block, when they fit, too.
 */
import { HUFFMAN, HUFFMAN_BYTES } from "./layout";

/** Bits that a table is looked up by. */
export const LOOKUP: u64 = 10;
export const LOOKUP_SHIFT: u64 = 64 - LOOKUP;
const ENTRIES: u32 = 1 << (<u32>LOOKUP);

// Parts of a table.
/**
 * For the next bits two words. `value << 16 | (run + 1) << 5 | bits`, where `bits` are all that the entry stands for; 0 when
 * the first code and its value do not fit or the code stands for no value. Then the same of the second coefficient, 0 where
 * there is none, but for its lowest bits: `bits of the first coefficient << 1 | 1 where the block ends behind it`.
 */
// At 0.
/** For the next bits: `bits of the code << 8 | symbol`, or 0 when the code is longer. */
export const SYMBOLS: usize = 8 * ENTRIES;
/** The largest code of each length 0..16, or -1; and what to add to a code to get the place of its symbol. */
const LARGEST: usize = SYMBOLS + 2 * ENTRIES;
const OFFSETS: usize = LARGEST + 72;
/** The definition in the file that it was made of: 16 counts and up to 256 symbols. */
const COUNTS: usize = OFFSETS + 72;
const VALUES: usize = COUNTS + 16;
/** How many symbols `COUNTS` counts, plus 1; 0 before the first definition. */
const MADE: usize = VALUES + 256;
/** Whether codes fit, and whether all symbols are lengths of DC differences. */
const IS_VALID: usize = MADE + 4;
const IS_DC: usize = MADE + 5;
/** Whether entries stand for two coefficients where they can. */
const HAS_PAIRS: usize = MADE + 6;

/** Table 0..3 of DC differences, 4..7 of AC coefficients. */
export function huffmanTable(index: u32): usize {
  return HUFFMAN + <usize>index * HUFFMAN_BYTES;
}

export function isValidDc(table: usize): bool {
  return load<u8>(table, IS_VALID) !== 0 && load<u8>(table, IS_DC) !== 0;
}

export function isValidAc(table: usize): bool {
  return load<u8>(table, IS_VALID) !== 0;
}

/**
 * Makes table `index` of 16 counts and `count` symbols at `from`; nothing to do when it is the one of the last file. Finding
 * pairs takes as long as they save in a file of some kilobytes: only larger ones want them.
 */
export function makeHuffmanTable(index: u32, from: usize, count: u32, wantsPairs: bool): void {
  const table = huffmanTable(index);
  const isMade = load<u32>(table, MADE) === count + 1 && memory.compare(table + COUNTS, from, 16 + count) === 0;
  if (isMade && (load<u8>(table, HAS_PAIRS) !== 0 || !wantsPairs)) return;
  store<u32>(table, count + 1, MADE);
  store<u8>(table, wantsPairs ? 1 : 0, HAS_PAIRS);
  memory.copy(table + COUNTS, from, 16 + count);
  memory.fill(table + SYMBOLS, 0, 2 * ENTRIES);
  let isValid = true;
  let isDc = true;
  let code: u32 = 0;
  let place: u32 = 0;
  for (let length: u32 = 1; length <= 16; length++) {
    const codes: u32 = load<u8>(table + COUNTS + length - 1);
    store<i32>(table + (length << 2), codes === 0 ? -1 : <i32>(code + codes - 1), LARGEST);
    store<i32>(table + (length << 2), <i32>place - <i32>code, OFFSETS);
    // One code of ones only must be left over.
    if (codes !== 0 && code + codes >= 1 << length) isValid = false;
    for (let i: u32 = 0; i < codes; i++, code++, place++) {
      const symbol: u32 = load<u8>(table + VALUES + place);
      if (symbol > 15) isDc = false;
      if (length <= <u32>LOOKUP && isValid) {
        const spare = <u32>LOOKUP - length;
        const first = code << spare;
        for (let at = first; at < first + (1 << spare); at++) {
          store<u16>(table + (at << 1), <u16>((length << 8) | symbol), SYMBOLS);
        }
      }
    }
    code <<= 1;
  }
  store<u8>(table, isValid ? 1 : 0, IS_VALID);
  store<u8>(table, isDc ? 1 : 0, IS_DC);
  if (index >= 4) joinValues(table, wantsPairs);
}

/** The first coefficient of the bits `at`: `value << 16 | (run + 1) << 5 | bits`, or 0 when it takes more than `available`. */
function coefficientOf(table: usize, at: u32, available: u32): u32 {
  const found: u32 = load<u16>(table + (at << 1), SYMBOLS);
  const size = found & 15;
  const bits = (found >> 8) + size;
  if (found === 0 || size === 0 || bits > available) return 0;
  const value = signed((at >> (<u32>LOOKUP - bits)) & ((1 << size) - 1), size);
  return ((<u32>value) << 16) | ((((found >> 4) & 15) + 1) << 5) | bits;
}

function joinValues(table: usize, wantsPairs: bool): void {
  for (let at: u32 = 0; at < ENTRIES; at++) {
    let first = coefficientOf(table, at, <u32>LOOKUP);
    let second: u32 = 0;
    if (first !== 0) {
      const bits = first & 31;
      second = bits << 1;
      if (wantsPairs) {
        const another = coefficientOf(table, (at << bits) & (ENTRIES - 1), <u32>LOOKUP - bits);
        const used = bits + (another & 31);
        // A code for no run and no value ends the block.
        const end: u32 = load<u16>(table + (((at << used) & (ENTRIES - 1)) << 1), SYMBOLS);
        const isEnd = end !== 0 && (end & 255) === 0 && used + (end >> 8) <= <u32>LOOKUP;
        first += used - bits + (isEnd ? end >> 8 : 0);
        second |= (another & ~31) | (isEnd ? 1 : 0);
      }
    }
    store<u32>(table + (at << 3), first);
    store<u32>(table + (at << 3), second, 4);
  }
}

/** The value that `size` bits stand for, size 1..15: those that start with 0 are negative. */
export function signed(bits: u32, size: u32): i32 {
  return <i32>bits - ((<i32>(bits >> (size - 1)) - 1) & ((1 << size) - 1));
}

/** `bits of the code << 8 | symbol` for the code at the top of `bits`, which is longer than a look-up; 0 when there is none. */
export function longCode(table: usize, bits: u64): u32 {
  for (let length: u32 = <u32>LOOKUP + 1; length <= 16; length++) {
    const code = <i32>(bits >> (64 - length));
    if (code <= load<i32>(table + (length << 2), LARGEST)) {
      return (length << 8) | load<u8>(table + VALUES + code + load<i32>(table + (length << 2), OFFSETS));
    }
  }
  return 0;
}
