import { CRC_TABLES } from "./layout";

/** Sixteen tables of 256 entries: sixteen bytes of input take sixteen independent look-ups ("slicing by 16"). */
export function makeCrcTables(): void {
  for (let n: u32 = 0; n < 256; n++) {
    let crc = n;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    store<u32>(CRC_TABLES + (n << 2), crc);
  }
  for (let at = CRC_TABLES + 1024; at < CRC_TABLES + 16 * 1024; at += 4) {
    const crc = load<u32>(at - 1024);
    store<u32>(at, (crc >>> 8) ^ load<u32>(CRC_TABLES + ((crc & 255) << 2)));
  }
}

function entry(table: usize, byte: u32): u32 {
  return load<u32>(CRC_TABLES + (table << 10) + (byte << 2));
}

function four(table: usize, word: u32): u32 {
  return (
    entry(table + 3, word & 255) ^
    entry(table + 2, (word >>> 8) & 255) ^
    entry(table + 1, (word >>> 16) & 255) ^
    entry(table, word >>> 24)
  );
}

/** The CRC-32 of PNG over the bytes from `at` to `end`. */
export function crc32(at: usize, end: usize): u32 {
  let crc: u32 = 0xffffffff;
  for (; at + 16 <= end; at += 16) {
    crc =
      four(12, load<u32>(at) ^ crc) ^
      four(8, load<u32>(at, 4)) ^
      four(4, load<u32>(at, 8)) ^
      four(0, load<u32>(at, 12));
  }
  for (; at < end; at++) crc = (crc >>> 8) ^ entry(0, (crc ^ load<u8>(at)) & 255);
  return ~crc;
}
