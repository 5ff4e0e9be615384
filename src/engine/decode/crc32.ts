import * as zlib from "node:zlib";

/** Eight tables of 256 entries: eight bytes of input take eight independent look-ups. */
const TABLES: readonly Int32Array[] = makeTables();
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as readonly [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
];

/** From this many bytes on, calling into native code is faster than the tables. */
const NATIVE_FROM = 1024;

/** Node has it since 20.15 and 22.2. */
const native = "crc32" in zlib ? (zlib.crc32 as (data: Uint8Array) => number) : undefined;

function makeTables(): Int32Array[] {
  const tables = Array.from({ length: 8 }, () => new Int32Array(256));
  const [first] = tables;
  if (first === undefined) return tables;
  for (let n = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    first[n] = crc;
  }
  for (let k = 1; k < 8; k++) {
    const previous = tables[k - 1];
    const table = tables[k];
    if (previous === undefined || table === undefined) continue;
    for (let n = 0; n < 256; n++) {
      const crc = previous[n] ?? 0;
      table[n] = (crc >>> 8) ^ (first[crc & 0xff] ?? 0);
    }
  }
  return tables;
}

/** The CRC-32 of PNG and ZIP over `bytes[from, to)`, as an unsigned 32-bit number. */
export function crc32(bytes: Uint8Array, from: number, to: number): number {
  if (native !== undefined && to - from >= NATIVE_FROM) return native(bytes.subarray(from, to));
  let crc = -1;
  let at = from;
  for (const last = to - 8; at <= last; at += 8) {
    crc ^= (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
    crc =
      (T7[crc & 0xff] ?? 0) ^
      (T6[(crc >>> 8) & 0xff] ?? 0) ^
      (T5[(crc >>> 16) & 0xff] ?? 0) ^
      (T4[crc >>> 24] ?? 0) ^
      (T3[bytes[at + 4] ?? 0] ?? 0) ^
      (T2[bytes[at + 5] ?? 0] ?? 0) ^
      (T1[bytes[at + 6] ?? 0] ?? 0) ^
      (T0[bytes[at + 7] ?? 0] ?? 0);
  }
  for (; at < to; at++) crc = (crc >>> 8) ^ (T0[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return ~crc >>> 0;
}
