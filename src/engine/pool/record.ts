import type { SampleState } from "../../core/dataset/dataset";
import { HASH_BYTES, type Fingerprints } from "../../core/fingerprint/fingerprints";
import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import { isBlank, pixelDigest } from "../../core/fingerprint/pixels";
import { SIGNATURE_BYTES } from "../../core/fingerprint/signature";
import { MODES, type Picture } from "../../core/picture";
import type { Kernels } from "../kernels/kernels";

/** Writes everything that is known of a picture into its row. */
export function recordPicture(result: Fingerprints, index: number, picture: Picture, md5: Md5, kernels: Kernels): void {
  pixelDigest(md5, picture, result.pixelDigests, index * DIGEST_BYTES);
  const { signature, dHash, pHash, contrast } = kernels.appearance(picture);
  result.signatures.set(signature, index * SIGNATURE_BYTES);
  result.dHashes.set(bytesOf(dHash), index * HASH_BYTES);
  result.pHashes.set(bytesOf(pHash), index * HASH_BYTES);
  result.spreads[index] = contrast.spread;
  result.blank[index] = isBlank(picture) ? 1 : 0;
  result.widths[index] = picture.width;
  result.heights[index] = picture.height;
  result.modes[index] = MODES.indexOf(picture.mode);
}

/** Says that a sample is not `ok`, and why. */
export function recordFault(result: Fingerprints, index: number, state: SampleState, reason: string): void {
  result.states[index] = state;
  result.reasons.set(index, reason);
}

/** Little endian on every machine that JavaScript runs on today. */
function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
