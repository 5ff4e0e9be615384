import { constants, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";

/** How bytes are compressed: with the header and checksum of gzip or of zlib, or bare as in a zip. */
export type Packing = "gzip" | "zlib" | "deflate";

const UNPACKERS: Readonly<Record<Packing, typeof gunzipSync>> = {
  gzip: gunzipSync,
  zlib: inflateSync,
  deflate: inflateRawSync,
};

/** What unpacking gave; `held` counts the bytes that came out before it ended. */
export type Inflated =
  | { readonly state: "complete"; readonly bytes: Uint8Array }
  /** The compressed data ends before its end mark. */
  | { readonly state: "cut"; readonly held: number }
  /** It ends where it should, but with less than was expected. */
  | { readonly state: "short"; readonly held: number }
  /** It holds more than was expected; unpacking stopped there. */
  | { readonly state: "long" }
  /** It is no compressed data, or its checksum is wrong. */
  | { readonly state: "damaged" };

/** The most that is unpacked into memory at once. */
export const MAX_INFLATED_BYTES = 2 ** 31 - 1;

/** Unpacked parts of a file are kept up to this many bytes together. */
const MAX_KEPT_BYTES = 2 ** 30;

/** Whether `packed` bytes of deflate can hold `size` bytes: the format cannot pack more than 1032 to one. */
export function isPlausible(packed: number, size: number): boolean {
  return size <= packed * 1032 + 1024;
}

/**
 * Unpacks exactly `size` bytes, 0 to {@link MAX_INFLATED_BYTES}, and never takes memory for more. Callers check
 * {@link isPlausible} first, so that a forged size takes none either.
 */
export function inflate(packed: Uint8Array, packing: Packing, size: number): Inflated {
  const unpack = UNPACKERS[packing];
  // One chunk with a byte to spare: the result is that chunk, not a second copy of many, and a byte too many shows.
  const options = { chunkSize: Math.max(size + 1, 64), maxOutputLength: Math.max(size, 1) };
  try {
    const bytes = unpack(packed, options);
    if (bytes.length > size) return { state: "long" };
    return bytes.length === size ? { state: "complete", bytes } : { state: "short", held: bytes.length };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ERR_BUFFER_TOO_LARGE") return { state: "long" };
    if (code !== "Z_BUF_ERROR") return { state: "damaged" };
    try {
      const held = unpack(packed, { ...options, finishFlush: constants.Z_SYNC_FLUSH }).length;
      return { state: "cut", held };
    } catch {
      return { state: "damaged" };
    }
  }
}

/**
 * The first bytes that `packed`, the beginning of compressed data of at most some KiB, unpacks to; undefined when it is
 * no compressed data.
 */
export function inflateBeginning(packed: Uint8Array, packing: Packing): Uint8Array | undefined {
  const unpack = UNPACKERS[packing];
  try {
    return unpack(packed, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return undefined;
  }
}

/** Keeps what `unpack` gives for its last keys, up to 1 GiB together and at least one; the others are unpacked anew. */
export function keepRecent<K>(unpack: (key: K) => Uint8Array): (key: K) => Uint8Array {
  const kept = new Map<K, Uint8Array>();
  return (key) => {
    const known = kept.get(key);
    kept.delete(key);
    const bytes = known ?? unpack(key);
    // A map keeps the order of insertion: what was used last stands last.
    kept.set(key, bytes);
    let total = [...kept.values()].reduce((sum, { length }) => sum + length, 0);
    for (const [oldest, { length }] of kept) {
      if (total <= MAX_KEPT_BYTES || oldest === key) break;
      kept.delete(oldest);
      total -= length;
    }
    return bytes;
  };
}
