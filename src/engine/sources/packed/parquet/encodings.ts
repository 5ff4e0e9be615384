import * as l10n from "@vscode/l10n";
/** Values as `PLAIN` has them: all of one width, or of a length each. Booleans have a byte each. */
export type Values =
  | { readonly kind: "fixed"; readonly width: number; readonly count: number; readonly data: Uint8Array }
  /** Value i is the bytes `[bounds[2 * i], bounds[2 * i + 1])` of `data`. */
  | { readonly kind: "variable"; readonly count: number; readonly data: Uint8Array; readonly bounds: Uint32Array };

/** The bytes of a page are not what its header says; the message says what is wrong, to go behind a colon. */
export class PageDamaged extends Error {}

/** Most bytes that the values of one page may have when they are put together from shared beginnings. */
const MAX_JOINED_BYTES = 2 ** 29;

/** Bytes that are read from front to back. */
export class Cursor {
  constructor(
    readonly bytes: Uint8Array,
    public at = 0,
  ) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new PageDamaged(l10n.t("a page ends early"));
    return value;
  }

  take(count: number): Uint8Array {
    if (count < 0 || count > this.left) throw new PageDamaged(l10n.t("a page ends early"));
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  u32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.take(4);
    return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
  }

  /** A number of at most 32 bits in groups of seven, the lowest first. */
  varint(): number {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) return value;
    }
    throw new PageDamaged(l10n.t("a number in a page is too long"));
  }

  /** A signed number of at most 64 bits. */
  zigzag(): bigint {
    let value = 0n;
    for (let i = 0n; i < 10n; i++) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << (7n * i);
      if (byte < 128) return BigInt.asIntN(64, (value >> 1n) ^ -(value & 1n));
    }
    throw new PageDamaged(l10n.t("a number in a page is too long"));
  }
}

/**
 * Fills `target` with numbers of `width` bits, 0 to 32, that are stored as runs of one number and as packed bits. Runs that
 * are longer than what is left to fill are cut, so it takes no more time than `target` is long.
 */
export function readRuns(cursor: Cursor, width: number, target: Uint8Array | Uint32Array): void {
  if (width > 32) throw new PageDamaged(l10n.t("a page has numbers of more than 32 bits"));
  for (let filled = 0; filled < target.length;) {
    const head = cursor.varint();
    const isPacked = head % 2 === 1;
    const count = Math.floor(head / 2) * (isPacked ? 8 : 1);
    if (count === 0) throw new PageDamaged(l10n.t("a page has a run of nothing"));
    const end = Math.min(target.length, filled + count);
    if (isPacked) {
      // The last groups may end where the page does, before all of their eight numbers.
      const packed = cursor.take(Math.min((count / 8) * width, cursor.left));
      unpackBits(packed, width, target, filled, end);
    } else {
      let value = 0;
      for (let byte = 0; byte < Math.ceil(width / 8); byte++) value += cursor.byte() * 2 ** (8 * byte);
      target.fill(value, filled, end);
    }
    filled = end;
  }
}

function unpackBits(
  packed: Uint8Array,
  width: number,
  target: Uint8Array | Uint32Array,
  from: number,
  to: number,
): void {
  if (packed.length * 8 < (to - from) * width) throw new PageDamaged(l10n.t("a page ends early"));
  if (width === 1) {
    for (let i = from, bit = 0; i < to; i++, bit++) target[i] = ((packed[bit >> 3] ?? 0) >> (bit & 7)) & 1;
    return;
  }
  if (width === 8) {
    target.set(packed.subarray(0, to - from), from);
    return;
  }
  if (width <= 16) {
    const mask = 2 ** width - 1;
    for (let i = from, bit = 0; i < to; i++, bit += width) {
      const at = bit >> 3;
      const three = (packed[at] ?? 0) | ((packed[at + 1] ?? 0) << 8) | ((packed[at + 2] ?? 0) << 16);
      target[i] = (three >> (bit & 7)) & mask;
    }
    return;
  }
  const limit = 2 ** width;
  // Up to 39 bits are held, more than bit operations can do.
  for (let i = from, at = 0, held = 0, bits = 0; i < to; i++) {
    for (; bits < width; bits += 8) held += (packed[at++] ?? 0) * 2 ** bits;
    const rest = Math.floor(held / limit);
    target[i] = held - rest * limit;
    held = rest;
    bits -= width;
  }
}

/** `count` values in encoding `PLAIN`; `width` is 0 for booleans and byte arrays. */
export function readPlain(cursor: Cursor, type: string, width: number, count: number): Values {
  if (type === "BOOLEAN") {
    const data = new Uint8Array(count);
    unpackBits(cursor.take(Math.ceil(count / 8)), 1, data, 0, count);
    return { kind: "fixed", width: 1, count, data };
  }
  if (width > 0) return { kind: "fixed", width, count, data: cursor.take(count * width) };
  if (count * 4 > cursor.left) throw new PageDamaged(l10n.t("a page ends early"));
  const bounds = new Uint32Array(2 * count);
  for (let i = 0; i < count; i++) {
    const length = cursor.u32();
    if (length > cursor.left) throw new PageDamaged(l10n.t("a page ends early"));
    bounds[2 * i] = cursor.at;
    cursor.at += length;
    bounds[2 * i + 1] = cursor.at;
  }
  return { kind: "variable", count, data: cursor.bytes, bounds };
}

/** `count` booleans in encoding `RLE`. */
export function readBooleanRuns(cursor: Cursor, count: number): Values {
  cursor.u32();
  const data = new Uint8Array(count);
  readRuns(cursor, 1, data);
  return { kind: "fixed", width: 1, count, data };
}

/** `count` whole numbers in encoding `DELTA_BINARY_PACKED`; `width` is their bytes, 4 or 8. */
export function readDeltas(cursor: Cursor, width: number, count: number): Values {
  const numbers = deltas(cursor, count);
  const data = width === 4 ? Int32Array.from(numbers, (value) => Number(BigInt.asIntN(32, value))) : numbers;
  return { kind: "fixed", width, count, data: new Uint8Array(data.buffer) };
}

function deltas(cursor: Cursor, count: number): BigInt64Array {
  const [block, miniblocks, total] = [cursor.varint(), cursor.varint(), cursor.varint()];
  const size = block / miniblocks;
  if (!(block >= 1 && block <= 1 << 20 && Number.isInteger(size) && size % 8 === 0) || total !== count) {
    throw new PageDamaged(l10n.t("a page of differences has an impossible header"));
  }
  const numbers = new BigInt64Array(count);
  let value = cursor.zigzag();
  if (count > 0) numbers[0] = value;
  for (let filled = 1; filled < count;) {
    const least = cursor.zigzag();
    const widths = cursor.take(miniblocks);
    for (let i = 0; i < miniblocks && filled < count; i++) {
      const width = widths[i] ?? 0;
      if (width > 64) throw new PageDamaged(l10n.t("a page has differences of more than 64 bits"));
      const packed = cursor.take((size / 8) * width);
      for (let bit = 0, k = 0; k < size && filled < count; k++, bit += width) {
        value = BigInt.asIntN(64, value + least + bitsAt(packed, bit, width));
        numbers[filled++] = value;
      }
    }
  }
  return numbers;
}

function bitsAt(packed: Uint8Array, bit: number, width: number): bigint {
  let value = 0n;
  for (let done = 0; done < width;) {
    const at = bit + done;
    const count = Math.min(8 - (at & 7), width - done);
    value |= BigInt(((packed[at >> 3] ?? 0) >> (at & 7)) & ((1 << count) - 1)) << BigInt(done);
    done += count;
  }
  return value;
}

/** `count` byte arrays in encoding `DELTA_LENGTH_BYTE_ARRAY`: their lengths, then their bytes. */
export function readDeltaLengths(cursor: Cursor, count: number): Values {
  const lengths = deltas(cursor, count);
  const bounds = new Uint32Array(2 * count);
  lengths.forEach((length, i) => {
    bounds[2 * i] = cursor.at;
    cursor.take(Number(length));
    bounds[2 * i + 1] = cursor.at;
  });
  return { kind: "variable", count, data: cursor.bytes, bounds };
}

/** `count` byte arrays in encoding `DELTA_BYTE_ARRAY`: each begins as the one before it. `width` is that of all, or 0. */
export function readDeltaBytes(cursor: Cursor, width: number, count: number): Values {
  const shared = deltas(cursor, count);
  const ends = readDeltaLengths(cursor, count);
  const lengths = Array.from({ length: count }, (_, i) => Number(shared[i]) + lengthAt(ends, i));
  const total = lengths.reduce((sum, length) => sum + length, 0);
  if (!(total <= MAX_JOINED_BYTES)) throw new PageDamaged(l10n.t("a page has more bytes than can be read"));
  const data = new Uint8Array(total);
  const bounds = new Uint32Array(2 * count);
  for (let i = 0, at = 0, previous = 0; i < count; i++) {
    const begin = Number(shared[i]);
    if (begin < 0 || begin > at - previous) throw new PageDamaged(l10n.t("a value begins as one that is not there"));
    if (width > 0 && lengths[i] !== width) throw new PageDamaged(l10n.t("a value has another length than its column"));
    data.copyWithin(at, previous, previous + begin);
    data.set(bytesAt(ends, i), at + begin);
    previous = at;
    bounds[2 * i] = at;
    at += lengths[i] ?? 0;
    bounds[2 * i + 1] = at;
  }
  return width > 0 ? { kind: "fixed", width, count, data } : { kind: "variable", count, data, bounds };
}

/** `count` values of `width` bytes in encoding `BYTE_STREAM_SPLIT`: all first bytes, then all second bytes and so on. */
export function readSplitStreams(cursor: Cursor, width: number, count: number): Values {
  const streams = cursor.take(count * width);
  const data = new Uint8Array(count * width);
  for (let byte = 0, from = 0; byte < width; byte++) {
    for (let i = 0; i < count; i++) data[i * width + byte] = streams[from++] ?? 0;
  }
  return { kind: "fixed", width, count, data };
}

/** The bytes of one value; not a copy. */
export function bytesAt(values: Values, index: number): Uint8Array {
  if (values.kind === "fixed") return values.data.subarray(index * values.width, (index + 1) * values.width);
  return values.data.subarray(values.bounds[2 * index], values.bounds[2 * index + 1]);
}

function lengthAt(values: Values, index: number): number {
  return bytesAt(values, index).length;
}
