import { readSync } from "node:fs";

/** Fills `bytes` from the beginning of a file; one that is shorter gives what is there. */
export function readAll(descriptor: number, bytes: Uint8Array): Uint8Array {
  let at = 0;
  while (at < bytes.length) {
    const read = readSync(descriptor, bytes, at, bytes.length - at, at);
    if (read === 0) break;
    at += read;
  }
  return bytes.subarray(0, at);
}
