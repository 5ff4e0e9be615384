import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { CHANGE_REASONS, type Decision } from "../../core/sanitize/policy";
import type { Inspection } from "../inspection";
import { forEachLimited } from "../limited";
import type { Pool } from "../pool/pool";

/** Pairs one job compares at most; it ends by itself after a while, whatever is left. */
const PAIRS = 512;

/** Code of a sample that stays; see `Decision.reasonOf`. */
const STAYS = 255;

/**
 * The samples of a decision that would leave or move as equal to their twin and are not: their fingerprints are one by a
 * collision. Bytes are compared where the files are equal by their MD5, else pixels; similar samples are not compared.
 * Ascending. Rejects with a `CleanSplitError` ("changed") when a file is not as it was inspected.
 */
export async function differingTwins(
  { dataset, findings }: Inspection,
  decision: Decision,
  pool: Pool,
  signal: AbortSignal,
): Promise<Uint32Array> {
  const found: number[] = [];
  for (const tier of ["file", "pixel"] as const) {
    const samples = samplesWithTwin(findings.fingerprints, decision, tier);
    const chunks = Array.from({ length: Math.ceil(samples.length / PAIRS) }, (_, index) =>
      samples.slice(index * PAIRS, (index + 1) * PAIRS),
    );
    await forEachLimited(chunks, pool.size * 2, async (chunk) => {
      const pairs = chunk.map((sample) => [dataset.ref(sample), dataset.ref(decision.twinOf[sample] ?? 0)] as const);
      for (let at = 0; at < pairs.length;) {
        const { differs } = await pool.run("twins", { pairs: pairs.slice(at), tier }, signal);
        differs.forEach((flag, index) => {
          if (flag === 1) found.push(chunk[at + index] ?? 0);
        });
        at += differs.length;
      }
    });
  }
  return Uint32Array.from(found).sort();
}

/** The decision with which samples stay where they are, as they equal no other one. */
export function keepDiffering(decision: Decision, splitOf: Uint8Array, samples: Uint32Array): Decision {
  if (samples.length === 0) return decision;
  const kept = {
    splits: decision.splits,
    stays: decision.stays.slice(),
    splitOf: decision.splitOf.slice(),
    asks: decision.asks.slice(),
    reasonOf: decision.reasonOf.slice(),
    twinOf: decision.twinOf.slice(),
  };
  for (const sample of samples) {
    kept.stays[sample] = 1;
    kept.splitOf[sample] = splitOf[sample] ?? 0;
    kept.asks[sample] = 0;
    kept.reasonOf[sample] = STAYS;
    kept.twinOf[sample] = -1;
  }
  return kept;
}

/** Samples whose twin is equal at a tier, those with one twin one after the other. */
function samplesWithTwin(
  { fileDigests, pixelDigests, isFile }: Inspection["findings"]["fingerprints"],
  { twinOf, reasonOf }: Decision,
  tier: "file" | "pixel",
): number[] {
  const isOne = (digests: Uint8Array, a: number, b: number): boolean =>
    Buffer.compare(
      digests.subarray(a * DIGEST_BYTES, (a + 1) * DIGEST_BYTES),
      digests.subarray(b * DIGEST_BYTES, (b + 1) * DIGEST_BYTES),
    ) === 0;
  const edited = CHANGE_REASONS.indexOf("edited");
  const samples: number[] = [];
  twinOf.forEach((twin, sample) => {
    // What a person said needs no proof.
    if (twin < 0 || reasonOf[sample] === edited) return;
    const isSameFile = isFile[sample] === 1 && isFile[twin] === 1 && isOne(fileDigests, sample, twin);
    const isSamePicture = isSameFile || isOne(pixelDigests, sample, twin);
    if (isSamePicture && isSameFile === (tier === "file")) samples.push(sample);
  });
  return samples.sort((a, b) => (twinOf[a] ?? 0) - (twinOf[b] ?? 0) || a - b);
}
