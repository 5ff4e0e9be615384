/** A field of a Thrift struct: where its value lies in the bytes. */
export interface ThriftField {
  readonly id: number;
  readonly type: number;
  readonly from: number;
  readonly to: number;
}

/** A struct that has been walked through, and where it ends. */
export interface ThriftStruct {
  readonly fields: readonly ThriftField[];
  readonly end: number;
}

/** Types of the compact protocol that Parquet uses. */
const [STOP, TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, STRUCT] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12];

/** Parquet's own structs nest nine deep. */
const MAX_DEPTH = 16;

/** Most values of one struct with all that is in it; ten thousand row groups of ten columns have two and a half million. */
const MAX_VALUES = 1 << 22;

/** The bytes end before the struct does. */
export class ThriftCut extends Error {}

/** The bytes are no struct that Parquet has. */
export class ThriftDamaged extends Error {}

/**
 * Walks through the struct in Thrift's compact protocol that begins at `from`, so that a library can read it without harm:
 * afterwards no list is longer than the bytes hold, nothing nests deeper than {@link MAX_DEPTH}, no number has more than
 * ten bytes, and there are at most {@link MAX_VALUES} values.
 *
 * @throws {ThriftCut} when the bytes end before the struct does
 * @throws {ThriftDamaged} for everything else
 */
export function walkStruct(bytes: Uint8Array, from: number): ThriftStruct {
  const walker = new Walker(bytes, from);
  const fields = walker.struct(0);
  return { fields, end: walker.at };
}

class Walker {
  #values = 0;

  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  struct(depth: number): ThriftField[] {
    if (depth > MAX_DEPTH) throw new ThriftDamaged();
    const fields: ThriftField[] = [];
    let id = 0;
    for (;;) {
      const head = this.#byte();
      const type = head & 15;
      if (type === STOP) return fields;
      id = head >> 4 === 0 ? zigzag(this.#number(3)) : id + (head >> 4);
      const from = this.at;
      this.#value(type, depth);
      if (depth === 0) fields.push({ id, type, from, to: this.at });
    }
  }

  #value(type: number, depth: number): void {
    if (++this.#values > MAX_VALUES) throw new ThriftDamaged();
    if (type === TRUE || type === FALSE) return;
    if (type === BYTE) this.#skip(1);
    else if (type === I16 || type === I32 || type === I64) this.#skipNumber();
    else if (type === DOUBLE) this.#skip(8);
    else if (type === BINARY) this.#skip(this.#number(5));
    else if (type === LIST) this.#list(depth);
    else if (type === STRUCT) this.struct(depth + 1);
    else throw new ThriftDamaged();
  }

  #list(depth: number): void {
    if (depth + 1 > MAX_DEPTH) throw new ThriftDamaged();
    const head = this.#byte();
    const size = head >> 4 === 15 ? this.#number(5) : head >> 4;
    // Every element takes a byte at least.
    if (size > this.bytes.length - this.at) throw new ThriftCut();
    const type = head & 15;
    for (let i = 0; i < size; i++) this.#value(type === TRUE || type === FALSE ? BYTE : type, depth + 1);
  }

  #byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw new ThriftCut();
    return value;
  }

  #skip(count: number): void {
    if (count > this.bytes.length - this.at) throw new ThriftCut();
    this.at += count;
  }

  /** A length or an id: a whole number of at most 31 bits. */
  #number(most: number): number {
    let value = 0;
    for (let i = 0; i < most; i++) {
      const byte = this.#byte();
      value += (byte & 127) * 2 ** (7 * i);
      if (byte < 128) {
        if (value > 0x7fffffff) throw new ThriftDamaged();
        return value;
      }
    }
    throw new ThriftDamaged();
  }

  #skipNumber(): void {
    for (let i = 0; i < 10; i++) if (this.#byte() < 128) return;
    throw new ThriftDamaged();
  }
}

function zigzag(value: number): number {
  return (value >>> 1) ^ -(value & 1);
}
