/** Bits that a table is looked up by; longer codes are searched. */
const LOOKUP = 10;

/** A Huffman table of a JPEG. */
export interface HuffmanTable {
  /** Whether all codes fit; a code of ones only is not allowed. */
  readonly isValid: boolean;
  /** Whether all symbols are lengths of DC differences, 0..15. */
  readonly isDc: boolean;
  /** For the next 10 bits: `bits of the code << 8 | symbol`, or 0 when the code is longer. */
  readonly symbols: Uint16Array;
  /** The largest code of each length 0..16, or -1; and what to add to a code to get the place of its symbol. */
  readonly largest: Int32Array;
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
}

/** The table of 16 counts of codes and the symbols that follow them (ITU-T T.81, annex C). */
export function makeHuffmanTable(definition: Uint8Array): HuffmanTable {
  const values = definition.slice(16);
  const symbols = new Uint16Array(1 << LOOKUP);
  const largest = new Int32Array(17).fill(-1);
  const offsets = new Int32Array(17);
  let isValid = true;
  let code = 0;
  let place = 0;
  for (let length = 1; length <= 16; length++) {
    const codes = definition[length - 1] ?? 0;
    if (codes !== 0) largest[length] = code + codes - 1;
    offsets[length] = place - code;
    if (codes !== 0 && code + codes >= 1 << length) isValid = false;
    for (let i = 0; i < codes; i++, code++, place++) {
      if (length > LOOKUP || !isValid) continue;
      const spare = LOOKUP - length;
      symbols.fill((length << 8) | (values[place] ?? 0), code << spare, (code + 1) << spare);
    }
    code <<= 1;
  }
  return { isValid, isDc: values.every((value) => value < 16), symbols, largest, offsets, values };
}

/** `bits of the code << 8 | symbol` for the code that 16 bits start with; 0 when there is none. */
export function codeAt(table: HuffmanTable, bits: number): number {
  const found = table.symbols[bits >> (16 - LOOKUP)] ?? 0;
  if (found !== 0) return found;
  for (let length = LOOKUP + 1; length <= 16; length++) {
    const code = bits >> (16 - length);
    if (code <= (table.largest[length] ?? -1)) {
      return (length << 8) | (table.values[code + (table.offsets[length] ?? 0)] ?? 0);
    }
  }
  return 0;
}

/** The value that `size` bits stand for, size 1..15: those that start with 0 are negative. */
export function signed(bits: number, size: number): number {
  return bits >> (size - 1) === 0 ? bits - (1 << size) + 1 : bits;
}
