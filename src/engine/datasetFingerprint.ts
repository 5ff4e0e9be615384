import { createHash } from "node:crypto";
import { DIGEST_BYTES } from "../core/fingerprint/md5";
import type { Inspection } from "./inspection";

/** Samples that are put together at a time. */
const CHUNK = 4096;

/**
 * Names a dataset by what an inspection read: "sha256:" and a digest over the id, split, label, state and content of every
 * sample in order. The content of a file are its bytes, that of a row its pixels. The same wherever the dataset lies.
 */
export function datasetFingerprint({ dataset: { names }, findings: { table, fingerprints } }: Inspection): string {
  const { fileDigests, pixelDigests, isFile, states } = fingerprints;
  const hash = createHash("sha256").update(JSON.stringify([table.splits.map(({ name }) => name), table.classes]));
  for (let from = 0; from < table.count; from += CHUNK) {
    const to = Math.min(from + CHUNK, table.count);
    const ids: string[] = [];
    const contents = new Uint8Array((to - from) * DIGEST_BYTES);
    for (let sample = from; sample < to; sample++) {
      ids.push(names.id(sample));
      // What is known of the pixels of a file depends on the other files; its bytes do not.
      const digests = isFile[sample] === 1 ? fileDigests : pixelDigests;
      const digest = digests.subarray(sample * DIGEST_BYTES, (sample + 1) * DIGEST_BYTES);
      contents.set(digest, (sample - from) * DIGEST_BYTES);
    }
    // Copies, because nothing is hashed that other threads could change.
    hash.update(JSON.stringify(ids)).update(table.splitOf.slice(from, to));
    hash
      .update(new Uint8Array(table.classOf.slice(from, to).buffer))
      .update(states.slice(from, to))
      .update(contents);
  }
  return `sha256:${hash.digest("hex")}`;
}
