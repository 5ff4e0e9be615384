import { createHash } from "node:crypto";
import { DIGEST_BYTES } from "../core/fingerprint/md5";
import type { Dataset } from "./dataset";
import type { Inspection } from "./inspection";

/** Samples that are put together at a time. */
const CHUNK = 4096;

/**
 * Names a dataset by what an inspection read: "sha256:" and a digest over the id, split, label, state and content of every
 * sample in order. The content of a file are its bytes, that of a row its pixels. The same wherever the dataset lies.
 */
export function datasetFingerprint({ dataset, findings: { table, fingerprints } }: Inspection): string {
  const { fileDigests, pixelDigests, isFile, states } = fingerprints;
  const hasFiles = isFile.includes(1);
  const hash = createHash("sha256").update(JSON.stringify([table.splits.map(({ name }) => name), table.classes]));
  for (let from = 0; from < table.count; from += CHUNK) {
    const to = Math.min(from + CHUNK, table.count);
    const contents = pixelDigests.slice(from * DIGEST_BYTES, to * DIGEST_BYTES);
    for (let sample = from; hasFiles && sample < to; sample++) {
      // What is known of the pixels of a file depends on the other files; its bytes do not.
      if (isFile[sample] !== 1) continue;
      const digest = fileDigests.subarray(sample * DIGEST_BYTES, (sample + 1) * DIGEST_BYTES);
      contents.set(digest, (sample - from) * DIGEST_BYTES);
    }
    // Copies, because nothing is hashed that other threads could change.
    hash.update(idsOf(dataset, from, to)).update(table.splitOf.slice(from, to));
    hash
      .update(new Uint8Array(table.classOf.slice(from, to).buffer))
      .update(states.slice(from, to))
      .update(contents);
  }
  return `sha256:${hash.digest("hex")}`;
}

/** The ids of the samples `[from, to)` as JSON. Those of rows differ in their number only. */
function idsOf(dataset: Dataset, from: number, to: number): string {
  const { names, sources, starts } = dataset;
  const ids: string[] = [];
  for (let sample = from; sample < to;) {
    const { index } = dataset.locate(sample);
    const [source, start = 0] = [sources[index], starts[index]];
    const end = Math.min(to, start + (source?.size ?? 0));
    const opened = source?.kind === "array" ? JSON.stringify(`${source.prefix}[`).slice(0, -1) : null;
    for (; sample < end; sample++) {
      ids.push(opened === null ? JSON.stringify(names.id(sample)) : `${opened}${sample - start}]"`);
    }
  }
  return `[${ids.join(",")}]`;
}
