import { readSync } from "node:fs";

/** What file systems read at a time is a multiple of it. */
const BLOCK = 512;

/**
 * Fills `bytes` from the beginning of a file, of which the first `at` bytes are there already; one that is shorter gives what
 * is there. A read of a file gives less than was
 * asked for at the end of the file, or where it was interrupted, which is between blocks: what ends within a block is not
 * asked for more, because for small files that costs as much as reading them.
 */
export function readAll(descriptor: number, bytes: Uint8Array, at = 0): Uint8Array {
  while (at < bytes.length) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, at);
    at += read;
    if (read % BLOCK !== 0 || read === 0) break;
  }
  return bytes.subarray(0, at);
}
