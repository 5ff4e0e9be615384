/** Bytes of an MD5 digest. */
export const DIGEST_BYTES = 16;

/**
 * The port for MD5, the fingerprint of the published solution. Two implementations exist: `sparkMd5` beside it
 * (runs anywhere) and `nodeMd5` of the engine (`node:crypto`, faster, but refused on FIPS builds of Node).
 */
export interface Md5 {
  readonly name: "spark-md5" | "node:crypto";
  /** Writes the 16 byte digest of the parts, one after the other, into `target` at offset `at`. */
  into(target: Uint8Array, at: number, ...parts: readonly Uint8Array[]): void;
}

/** Whether two digests are the same: the one of row `row` of a column of them, and that of row `other` of another column. */
export function sameDigest(digests: Uint8Array, row: number, others: Uint8Array, other: number): boolean {
  const [at, otherAt] = [row * DIGEST_BYTES, other * DIGEST_BYTES];
  for (let byte = 0; byte < DIGEST_BYTES; byte++) if (digests[at + byte] !== others[otherAt + byte]) return false;
  return true;
}
