import type { Findings } from "../leakage/findings";
import { DIGEST_BYTES } from "./md5";

/*
 * Files of what people said name an image by its content: moving or renaming its file changes nothing, and another image in
 * its place is not mistaken for it.
 */

/** What a content key looks like: see {@link keyOf}. */
export const CONTENT_KEY = /^(file|pixels):[0-9a-f]{32}$/;

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** The key of a sample: the MD5 of its file's bytes, or of its pixels when it is a row of an array. */
export function keyOf({ isFile, fileDigests, pixelDigests }: Findings["fingerprints"], sample: number): string {
  const [start, digests] = isFile[sample] === 1 ? ["file:", fileDigests] : ["pixels:", pixelDigests];
  let key = start;
  for (let at = sample * DIGEST_BYTES; at < (sample + 1) * DIGEST_BYTES; at++) key += HEX[digests[at] ?? 0] ?? "";
  return key;
}

/** Whether a sample can have one of these keys, told by the first four bytes of its digest: most cannot, and need no text. */
export function mayHaveKeyOf(
  { isFile, fileDigests, pixelDigests }: Findings["fingerprints"],
  keys: Iterable<string>,
): (sample: number) => boolean {
  const heads = new Set<number>();
  for (const key of keys) heads.add(Number.parseInt(key.slice(key.indexOf(":") + 1).slice(0, 8), 16));
  return (sample) => {
    const digests = isFile[sample] === 1 ? fileDigests : pixelDigests;
    const at = sample * DIGEST_BYTES;
    const [a, b, c, d] = [digests[at] ?? 0, digests[at + 1] ?? 0, digests[at + 2] ?? 0, digests[at + 3] ?? 0];
    return heads.has(((a << 24) | (b << 16) | (c << 8) | d) >>> 0);
  };
}
