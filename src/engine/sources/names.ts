/**
 * Names packed into one block of UTF-8, because half a million strings cost a hundred bytes each and take long to send
 * to a worker. Immutable; a slice shares the block.
 */
export interface PackedNames {
  /** The names one after the other. */
  readonly bytes: Uint8Array;
  /** Name i is `bytes[ends[i - 1] .. ends[i])`, the first one begins at 0. */
  readonly ends: Uint32Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Packs names in their order. */
export function packNames(names: readonly string[]): PackedNames {
  // A UTF-16 code unit takes at most three bytes.
  const bytes = new Uint8Array(names.reduce((sum, name) => sum + name.length * 3, 0));
  const ends = new Uint32Array(names.length);
  let at = 0;
  names.forEach((name, index) => {
    at += encoder.encodeInto(name, bytes.subarray(at)).written;
    ends[index] = at;
  });
  return { bytes: bytes.slice(0, at), ends };
}

/** One name. */
export function nameAt({ bytes, ends }: PackedNames, index: number): string {
  return decoder.decode(bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
}

/** What gives each of many names, four times as fast as one by one where all letters are ASCII. */
export function readerOf(names: PackedNames): (index: number) => string {
  const { bytes, ends } = names;
  const text = decoder.decode(bytes);
  // Then letters lie where their bytes do.
  if (text.length !== bytes.length) return (index) => nameAt(names, index);
  return (index) => text.slice(index === 0 ? 0 : ends[index - 1], ends[index]);
}

/** The extension of one name in lower case, without its dot; `""` without one or when it has over four letters. */
export function extensionAt({ bytes, ends }: PackedNames, index: number): string {
  const end = ends[index] ?? 0;
  const start = Math.max(index === 0 ? 0 : (ends[index - 1] ?? 0), end - MAX_EXTENSION - 1);
  let key = 0;
  for (let at = end - 1; at >= start; at--) {
    const byte = bytes[at] ?? 0;
    if (byte === DOT) return textOfKey(key);
    key = (key << 8) | (byte >= UPPER_A && byte <= UPPER_Z ? byte + 32 : byte);
  }
  return "";
}

const MAX_EXTENSION = 4;
const [DOT, UPPER_A, UPPER_Z] = [0x2e, 0x41, 0x5a];

/** Extensions by their letters, the first one in the lowest byte: making the same text again takes ten times as long. */
const extensions = new Map<number, string>();

function textOfKey(key: number): string {
  let text = extensions.get(key);
  if (text === undefined) {
    text = "";
    for (let rest = key; rest !== 0; rest >>>= 8) text += String.fromCharCode(rest & 255);
    extensions.set(key, text);
  }
  return text;
}

/** Some names, as a copy of their own that can be sent to a worker. */
export function sliceNames({ bytes, ends }: PackedNames, from: number, count: number): PackedNames {
  const start = from === 0 ? 0 : (ends[from - 1] ?? 0);
  const slice = ends.slice(from, from + count);
  const last = slice.at(-1) ?? start;
  return { bytes: bytes.slice(start, last), ends: slice.map((end) => end - start) };
}

/** Some names by their indexes, as a copy of their own. */
export function pickNames({ bytes, ends }: PackedNames, indexes: Uint32Array): PackedNames {
  const startOf = (index: number): number => (index === 0 ? 0 : (ends[index - 1] ?? 0));
  const picked = indexes.map((index) => (ends[index] ?? 0) - startOf(index));
  const packed = new Uint8Array(picked.reduce((sum, length) => sum + length, 0));
  let at = 0;
  indexes.forEach((index, position) => {
    packed.set(bytes.subarray(startOf(index), ends[index]), at);
    at += picked[position] ?? 0;
    picked[position] = at;
  });
  return { bytes: packed, ends: picked };
}
