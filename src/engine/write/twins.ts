import { isDeepStrictEqual } from "node:util";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { CHANGE_REASONS, type Decision } from "../../core/sanitize/policy";
import type { Dataset } from "../dataset";
import type { Inspection } from "../inspection";
import { forEachLimited } from "../limited";
import type { Pool } from "../pool/pool";
import { rowsOfSource } from "../reading";
import type { ArraySource, RowFormat } from "../sources/sources";

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
    const withTwin = samplesWithTwin(findings.fingerprints, decision, tier);
    const samples = tier === "pixel" ? await withoutEqualRows(dataset, decision, withTwin, pool, signal) : withTwin;
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

/** Rows of one array with twins in one array whose bytes stand for pixels in the same way. */
interface RowTwins {
  readonly a: ArraySource;
  readonly b: ArraySource;
  /** Rows that a job takes. */
  readonly most: number;
  readonly samples: number[];
  readonly rows: number[];
  readonly twins: number[];
}

/** Samples, in order, without those that are rows of arrays and have the bytes of their twin: the same pixels. */
async function withoutEqualRows(
  dataset: Dataset,
  { twinOf }: Decision,
  samples: readonly number[],
  pool: Pool,
  signal: AbortSignal,
): Promise<number[]> {
  const equal = new Set<number>();
  await forEachLimited(rowTwinsOf(dataset, twinOf, samples), pool.size * 2, async ({ a, b, samples, rows, twins }) => {
    const [one, other] = [Uint32Array.from(rows), Uint32Array.from(twins)];
    const differing = await pool.run("rowTwins", { a: a.format, b: b.format, rows: one, twins: other }, signal);
    const others = new Set(differing);
    samples.forEach((sample, at) => {
      if (!others.has(at)) equal.add(sample);
    });
  });
  return samples.filter((sample) => !equal.has(sample));
}

/** The rows with twins among samples, as many at a time as a job takes well. */
function* rowTwinsOf(dataset: Dataset, twinOf: Int32Array, samples: readonly number[]): Generator<RowTwins> {
  let found: RowTwins | null = null;
  for (const sample of samples) {
    const { source: a, position: row } = dataset.locate(sample);
    const { source: b, position: twin } = dataset.locate(twinOf[sample] ?? 0);
    if (a.kind !== "array" || b.kind !== "array" || !standForAlike(a.format, b.format)) continue;
    if (found !== null && (found.a !== a || found.b !== b || found.rows.length >= found.most)) {
      yield found;
      found = null;
    }
    found ??= { a, b, most: rowsOfSource(a.copied), samples: [], rows: [], twins: [] };
    found.samples.push(sample);
    found.rows.push(row);
    found.twins.push(twin);
  }
  if (found !== null) yield found;
}

/** Whether the same bytes are the same picture in two arrays of one type. */
function standForAlike(a: RowFormat, b: RowFormat): boolean {
  return a === b || (a.scaling === b.scaling && isDeepStrictEqual(a.geometry, b.geometry));
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
