import { createHash } from "node:crypto";
import { DIGEST_BYTES, type Md5 } from "../core/fingerprint/md5";
import { sparkMd5 } from "../core/fingerprint/sparkMd5";

/** MD5 by `node:crypto`. */
export const nodeMd5: Md5 = {
  name: "node:crypto",
  into(target, at, ...parts) {
    const hash = createHash("md5");
    for (const part of parts) hash.update(part);
    hash.digest().copy(target, at, 0, DIGEST_BYTES);
  },
};

/**
 * The MD5 to use here: `node:crypto`, which is 1.8 times as fast on small files and 2.5 times
 * on large ones (see docs/performance.md), or `spark-md5`
 * where Node refuses MD5, as FIPS builds do.
 */
export function chooseMd5(candidate: Md5 = nodeMd5): Md5 {
  try {
    candidate.into(new Uint8Array(DIGEST_BYTES), 0, new Uint8Array(1));
    return candidate;
  } catch {
    return sparkMd5;
  }
}
