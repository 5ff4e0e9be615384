/**
 * Names packed into one block of UTF-8, because half a million strings cost a hundred bytes each and take long to send
 * to a worker. Immutable; the block is shared between threads, and by slices.
 */
export interface PackedNames {
  /** The names one after the other. */
  readonly bytes: Uint8Array;
  /** Name i is `bytes[ends[i - 1] .. ends[i])`, the first one begins at 0. */
  readonly ends: Uint32Array;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Room for names in memory that threads share: sending it copies nothing. */
export function roomForNames(bytes: number, count: number): PackedNames {
  return {
    bytes: new Uint8Array(new SharedArrayBuffer(bytes)),
    ends: new Uint32Array(new SharedArrayBuffer(count * Uint32Array.BYTES_PER_ELEMENT)),
  };
}

/** Packs names in their order. */
export function packNames(names: readonly string[]): PackedNames {
  return share(pack(names));
}

function share({ bytes, ends }: PackedNames): PackedNames {
  const shared = roomForNames(bytes.length, ends.length);
  shared.bytes.set(bytes);
  shared.ends.set(ends);
  return shared;
}

/** In memory of this thread: shared memory that is no longer used is not noticed, and goes late. */
function pack(names: readonly string[]): PackedNames {
  // A UTF-16 code unit takes at most three bytes.
  const bytes = new Uint8Array(names.reduce((sum, name) => sum + name.length * 3, 0));
  let at = 0;
  const ends = Uint32Array.from(names, (name) => (at += encoder.encodeInto(name, bytes.subarray(at)).written));
  return { bytes: bytes.slice(0, at), ends };
}

/** Names that are sorted as strings at a time. */
const SORTED_AT_ONCE = 4096;

/**
 * Packs many names in the order of their bytes, which is that of their code points. Only a few are strings at a time: those of
 * a folder of 50,000 images would take twenty megabytes that a thread does not give back.
 */
export class NameSorter {
  private names: string[] = [];
  private readonly blocks: PackedNames[] = [];

  add(name: string): void {
    this.names.push(name);
    if (this.names.length === SORTED_AT_ONCE) this.pack();
  }

  /** All names that were added; the sorter is empty afterwards. */
  finish(): PackedNames {
    this.pack();
    const { blocks } = this;
    // Pairs of neighbours, so that every name is moved only a few times.
    while (blocks.length > 1) {
      const pairs = blocks.splice(0);
      for (let i = 0; i < pairs.length; i += 2) {
        const [a, b] = [pairs[i], pairs[i + 1]];
        if (a !== undefined) blocks.push(b === undefined ? a : merge(a, b));
      }
    }
    return share(blocks.pop() ?? pack([]));
  }

  private pack(): void {
    if (this.names.length === 0) return;
    // Strings are in the order of their code units, which differs where letters take two of them.
    if (this.names.some((name) => /[\ud800-\udfff]/.test(name))) this.names.sort(compareBytes);
    else this.names.sort();
    this.blocks.push(pack(this.names));
    this.names = [];
  }
}

/** Order of names by their bytes in UTF-8, which is that of their code points. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Two sorted lists of names as one. */
function merge(a: PackedNames, b: PackedNames): PackedNames {
  const bytes = new Uint8Array(a.bytes.length + b.bytes.length);
  const ends = new Uint32Array(a.ends.length + b.ends.length);
  let [i, j, at] = [0, 0, 0];
  for (let row = 0; row < ends.length; row++) {
    const isFirst = j === b.ends.length || (i < a.ends.length && compareAt(a, i, b, j) <= 0);
    const [from, index] = isFirst ? [a, i++] : [b, j++];
    const [start, end] = [startOf(from, index), from.ends[index] ?? 0];
    for (let k = start; k < end; k++) bytes[at++] = from.bytes[k] ?? 0;
    ends[row] = at;
  }
  return { bytes, ends };
}

function compareAt(a: PackedNames, i: number, b: PackedNames, j: number): number {
  const [start, other] = [startOf(a, i), startOf(b, j)];
  const [length, otherLength] = [(a.ends[i] ?? 0) - start, (b.ends[j] ?? 0) - other];
  for (let k = 0; k < length && k < otherLength; k++) {
    const difference = (a.bytes[start + k] ?? 0) - (b.bytes[other + k] ?? 0);
    if (difference !== 0) return difference;
  }
  return length - otherLength;
}

function startOf({ ends }: PackedNames, index: number): number {
  return index === 0 ? 0 : (ends[index - 1] ?? 0);
}

/** Where a name is among names in the order of their bytes, or -1. */
export function indexOfName(names: PackedNames, name: string): number {
  const wanted = pack([name]);
  let [low, high] = [0, names.ends.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const order = compareAt(names, middle, wanted, 0);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
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

/** Names that follow one another, to be sent to a worker. */
export function sliceNames({ bytes, ends }: PackedNames, from: number, count: number): PackedNames {
  const start = from === 0 ? 0 : (ends[from - 1] ?? 0);
  const slice = ends.slice(from, from + count);
  const last = slice.at(-1) ?? start;
  return { bytes: bytes.subarray(start, last), ends: slice.map((end) => end - start) };
}

/** Some names by their indexes, as a copy of their own. */
export function pickNames(names: PackedNames, indexes: Uint32Array): PackedNames {
  const { bytes, ends } = names;
  const lengths = indexes.map((index) => (ends[index] ?? 0) - startOf(names, index));
  const packed = roomForNames(
    lengths.reduce((sum, length) => sum + length, 0),
    indexes.length,
  );
  let at = 0;
  indexes.forEach((index, position) => {
    packed.bytes.set(bytes.subarray(startOf(names, index), ends[index]), at);
    at += lengths[position] ?? 0;
    packed.ends[position] = at;
  });
  return packed;
}
