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

/** Memory that a sorter begins with, in bytes: growing leaves what was there to be freed late. */
const FIRST_BYTES = 1 << 20;

/** Memory that a sorter keeps at most, in bytes: names of some hundred thousand files. */
const KEPT_BYTES = 1 << 24;

/**
 * Packs many names in the order of their bytes, which is that of their code points. Only a few are strings at a time: those of
 * a folder of 50,000 images would take twenty megabytes that a thread does not give back. Its memory serves for the next
 * folder, because a thread frees that of buffers late, too.
 */
export class NameSorter {
  /** Names that are not packed yet. */
  private names: string[] = [];
  /** Blocks of sorted names, one after the other; all but the last one have `SORTED_AT_ONCE` names. */
  private blocks = { bytes: new Uint8Array(0), ends: new Uint32Array(0) };
  private count = 0;

  /** Forgets names that were added. */
  clear(): void {
    this.names = [];
    this.count = 0;
    if (this.blocks.bytes.length > KEPT_BYTES) this.blocks = { bytes: new Uint8Array(0), ends: new Uint32Array(0) };
  }

  add(name: string): void {
    this.names.push(name);
    if (this.names.length === SORTED_AT_ONCE) this.packBlock();
  }

  /** All names that were added; the sorter is empty afterwards. */
  finish(): PackedNames {
    this.packBlock();
    const { blocks, count } = this;
    const sorted = roomForNames(startOf(blocks, count), count);
    if (count > SORTED_AT_ONCE) mergeBlocks(blocks, count, sorted);
    else {
      sorted.bytes.set(blocks.bytes.subarray(0, sorted.bytes.length));
      sorted.ends.set(blocks.ends.subarray(0, count));
    }
    this.clear();
    return sorted;
  }

  private packBlock(): void {
    const { names, blocks } = this;
    if (names.length === 0) return;
    // Strings are in the order of their code units, which differs where letters take two of them.
    if (names.some((name) => /[\ud800-\udfff]/.test(name))) names.sort(compareBytes);
    else names.sort();
    let end = startOf(blocks, this.count);
    const text = names.join("");
    const size = Buffer.byteLength(text);
    // Letters that only together are one code point may meet at the end of a name.
    const needed = end + (size === text.length ? size : 3 * text.length);
    if (blocks.bytes.length < needed) {
      const larger = new Uint8Array(Math.max(needed, 2 * blocks.bytes.length, FIRST_BYTES));
      larger.set(blocks.bytes.subarray(0, end));
      blocks.bytes = larger;
    }
    if (blocks.ends.length < this.count + names.length) {
      const larger = new Uint32Array(2 * this.count + SORTED_AT_ONCE);
      larger.set(blocks.ends);
      blocks.ends = larger;
    }
    const isAscii = size === text.length;
    if (isAscii) encoder.encodeInto(text, blocks.bytes.subarray(end));
    for (const name of names) {
      end += isAscii ? name.length : encoder.encodeInto(name, blocks.bytes.subarray(end)).written;
      blocks.ends[this.count++] = end;
    }
    this.names = [];
  }
}

/** Merges blocks of `SORTED_AT_ONCE` sorted names by a binary heap of their first names that are left. */
function mergeBlocks(names: PackedNames, count: number, into: PackedNames): void {
  const heap: number[] = [];
  /** Puts name `own` at place `at` of the heap or below it, above all that come after it. */
  const sink = (own: number, at: number): void => {
    for (;;) {
      let child = 2 * at + 1;
      let first = heap[child];
      if (first === undefined) break;
      const other = heap[child + 1];
      if (other !== undefined && compareAt(names, other, names, first) < 0) [child, first] = [child + 1, other];
      if (compareAt(names, own, names, first) <= 0) break;
      heap[at] = first;
      at = child;
    }
    heap[at] = own;
  };
  for (let block = 0; block < count; block += SORTED_AT_ONCE) heap.push(block);
  for (let at = heap.length >> 1; at >= 0; at--) sink(heap[at] ?? 0, at);
  let end = 0;
  for (let row = 0; row < count; row++) {
    const first = heap[0] ?? 0;
    const stop = names.ends[first] ?? 0;
    for (let from = startOf(names, first); from < stop; from++) into.bytes[end++] = names.bytes[from] ?? 0;
    into.ends[row] = end;
    const next = first + 1;
    if (next < count && next % SORTED_AT_ONCE !== 0) sink(next, 0);
    else {
      const last = heap.pop() ?? 0;
      if (heap.length > 0) sink(last, 0);
    }
  }
}

/** Order of names by their bytes in UTF-8, which is that of their code points. */
export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
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
