import { createHash } from "node:crypto";
import { DIGEST_BYTES } from "../core/fingerprint/md5";
import type { Inspection } from "./inspection";

/** Samples whose names are put together at a time. */
const CHUNK = 4096;

/**
 * Names a dataset by what an inspection read: "sha256:" and a digest over the id, split, label, state and content of every
 * sample in order. The content of a file are its bytes, that of a row its pixels. The same wherever the dataset lies.
 */
export function datasetFingerprint({ dataset: { names }, findings: { table, fingerprints } }: Inspection): string {
  const hash = createHash("sha256");
  const { fileDigests, pixelDigests, isFile, states } = fingerprints;
  for (let from = 0; from < table.count; from += CHUNK) {
    const lines: string[] = [];
    for (let sample = from; sample < Math.min(from + CHUNK, table.count); sample++) {
      // What is known of the pixels of a file depends on the other files; its bytes do not.
      const digests = isFile[sample] === 1 ? fileDigests : pixelDigests;
      const digest = Buffer.from(digests.subarray(sample * DIGEST_BYTES, (sample + 1) * DIGEST_BYTES)).toString("hex");
      const split = table.splits[table.splitOf[sample] ?? 0]?.name ?? "";
      const label = table.classes[table.classOf[sample] ?? -1] ?? null;
      lines.push(JSON.stringify([names.id(sample), split, label, states[sample], digest]));
    }
    hash.update(`${lines.join("\n")}\n`);
  }
  return `sha256:${hash.digest("hex")}`;
}
