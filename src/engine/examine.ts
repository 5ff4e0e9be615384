import { lstat } from "node:fs/promises";
import path from "node:path";
import * as l10n from "@vscode/l10n";
import { SampleState } from "../core/dataset/dataset";
import { mayBeEqual } from "../core/duplicates/lookalikes";
import { CleanSplitError } from "../core/errors";
import { columnsOf, createFingerprints, type Fingerprints } from "../core/fingerprint/fingerprints";
import { DIGEST_BYTES, sameDigest } from "../core/fingerprint/md5";
import { viewSample } from "../core/leakage/buildReport";
import { isImageFileName } from "./decode/formats";
import type { ExaminedFile } from "./engine";
import type { Inspection } from "./inspection";
import { groupsOf, type EncodedSource } from "./lookalikes";
import { pathBelow, SamplePlaces } from "./places";
import type { Pool } from "./pool/pool";
import { reasonToSkipFolder, reasonToSkipName } from "./sources/listing";
import { packNames } from "./sources/names";

/** Files that are examined at once: more are told of by inspecting again. */
export const MAX_EXAMINED = 1000;

/** Equal images that are named of each file. */
const MAX_EQUAL = 20;

/** A file that may be an image of the dataset, and its sample when it was one. */
interface Candidate {
  readonly file: string;
  readonly sample: number | null;
}

/**
 * Says how files stand to an inspection: whether each is new, changed or gone, and which images of the dataset have the same
 * pixels. Only these files are read, and photos of the dataset that look like one of them. Takes time linear in the size of
 * the dataset. Files that are no images of the dataset, by place or name, and those that are as they were are left out.
 */
export async function examineFiles(
  inspection: Inspection,
  files: readonly string[],
  pool: Pool,
  signal: AbortSignal,
): Promise<ExaminedFile[]> {
  if (files.length > MAX_EXAMINED) {
    throw new CleanSplitError(
      "refused",
      l10n.t(
        "{0} files changed, and at most {1} are examined at once. Inspect the dataset again.",
        files.length,
        MAX_EXAMINED,
      ),
    );
  }
  const { dataset, findings } = inspection;
  const places = new SamplePlaces(dataset);
  const [there, gone]: [Candidate[], ExaminedFile[]] = [[], []];
  for (const file of new Set(files)) {
    const sample = places.sampleOf(file);
    const stats = await lstat(file).catch(() => null);
    // A link is examined when it was an image of the dataset; where a new one leads is seen when it is inspected.
    const isNew = sample === null && stats?.isFile() === true && isImagePlace(dataset.layout.inputs, file);
    if (isNew || (sample !== null && stats !== null)) there.push({ file, sample });
    else if (stats === null) {
      const images = sample === null ? places.imagesBelow(file) : 1;
      if (images > 0) gone.push({ ...untold(inspection, file), change: "removed", images });
    }
  }
  const found = await fingerprint(there, pool, signal);
  const known = findings.fingerprints;
  const isSame = there.map(
    ({ sample }, row) => sample !== null && sameDigest(found.fileDigests, row, known.fileDigests, sample),
  );
  const equal = await findEqual(
    inspection,
    found,
    there.map((_, row) => row).filter((row) => isSame[row] === false),
    pool,
    signal,
  );
  const changed = there.flatMap(({ file, sample }, row): ExaminedFile[] => {
    if (isSame[row] === true) return [];
    const others = (equal.get(row) ?? []).filter((other) => other !== sample);
    return [
      {
        ...untold(inspection, file),
        change: sample === null ? "added" : "changed",
        unreadable: found.states[row] === SampleState.unreadable ? (found.reasons.get(row) ?? "unknown") : null,
        equal: others.slice(0, MAX_EQUAL).map((other) => viewSample(findings, dataset.names, other)),
        equalImages: others.length,
        splits: splitsOf(inspection, others),
      },
    ];
  });
  return [...changed, ...gone];
}

/** What is known of a file before it is read. */
function untold({ dataset: { layout } }: Inspection, file: string): Omit<ExaminedFile, "change"> {
  const units = layout.units
    .filter((unit) => unit.split !== null && pathBelow(file, unit.path) === "")
    .sort((a, b) => b.path.length - a.path.length);
  return { file, images: 1, split: units[0]?.split ?? null, unreadable: null, equal: [], equalImages: 0, splits: [] };
}

/** Whether a file of this name and place would be read as an image of the dataset. */
function isImagePlace(inputs: readonly string[], file: string): boolean {
  return inputs.some((input) => {
    const below = pathBelow(input, file);
    if (below === null || below === "") return false;
    const names = below.split("/");
    const name = names.pop() ?? "";
    return (
      isImageFileName(name) &&
      reasonToSkipName(name) === null &&
      names.every((folder) => reasonToSkipFolder(folder) === null && reasonToSkipName(folder) === null)
    );
  });
}

/** Fingerprints with the digest of the pixels of every file; row i is of file i. */
async function fingerprint(candidates: readonly Candidate[], pool: Pool, signal: AbortSignal): Promise<Fingerprints> {
  const found = createFingerprints(candidates.length);
  const columns = columnsOf(found);
  for (const [at, { file }] of candidates.entries()) {
    const parameter = {
      folder: path.dirname(file),
      names: packNames([path.basename(file)]),
      known: null,
      dated: false,
      exact: true,
      into: { columns, at },
    };
    const { reasons } = await pool.run("files", parameter, signal);
    for (const reason of reasons.values()) found.reasons.set(at, reason);
  }
  return found;
}

/** Samples with the same pixels as some rows of `found`, ascending, by row. */
async function findEqual(
  inspection: Inspection,
  found: Fingerprints,
  rows: readonly number[],
  pool: Pool,
  signal: AbortSignal,
): Promise<Map<number, number[]>> {
  const known = inspection.findings.fingerprints;
  const readable = rows.filter((row) => found.states[row] !== SampleState.unreadable);
  const equal = new Map<number, number[]>(readable.map((row) => [row, []]));
  const [byPixels, byFile] = [wordsOf(found.pixelDigests, readable), wordsOf(found.fileDigests, readable)];
  const [pixels, bytes] = [firstWords(known.pixelDigests), firstWords(known.fileDigests)];
  const photos = new Set<number>();
  for (let sample = 0; sample < known.count; sample++) {
    if (known.states[sample] === SampleState.unreadable) continue;
    // Of a photo that looks like no other one the pixels are not known, but those of the same file are the same.
    if (known.provisional[sample] === 0) {
      for (const row of byPixels.get(pixels[sample * WORDS] ?? 0) ?? []) {
        if (sameDigest(found.pixelDigests, row, known.pixelDigests, sample)) equal.get(row)?.push(sample);
      }
      continue;
    }
    for (const row of byFile.get(bytes[sample * WORDS] ?? 0) ?? []) {
      if (sameDigest(found.fileDigests, row, known.fileDigests, sample)) equal.get(row)?.push(sample);
    }
    if (readable.some((row) => mayBeEqual(found, row, known, sample))) photos.add(sample);
  }
  for (const sample of await equalPhotos(inspection, found, readable, Uint32Array.from(photos), pool, signal)) {
    const samples = equal.get(sample.row);
    if (samples?.includes(sample.sample) === false) samples.push(sample.sample);
  }
  for (const samples of equal.values()) samples.sort((a, b) => a - b);
  return equal;
}

/** Decodes photos of the dataset, ascending, and answers those whose pixels some row has. */
async function equalPhotos(
  { dataset }: Inspection,
  found: Fingerprints,
  rows: readonly number[],
  photos: Uint32Array,
  pool: Pool,
  signal: AbortSignal,
): Promise<readonly { readonly row: number; readonly sample: number }[]> {
  const pairs: { readonly row: number; readonly sample: number }[] = [];
  if (photos.length === 0) return pairs;
  const encoded = dataset.sources.flatMap((source, index): EncodedSource[] =>
    source.kind === "array" ? [] : [{ source, start: dataset.starts[index] ?? 0, index: null } as EncodedSource],
  );
  for (const source of encoded) {
    for (const group of groupsOf(photos, source, pool, signal)) {
      const { samples } = group;
      for (let at = 0; at < samples.length;) {
        const decoded = createFingerprints(samples.length - at);
        const { read } = await group.decode(at, decoded);
        for (let file = 0; file < read.done; file++) {
          if (read.reasons.has(file)) continue;
          const sample = samples[at + file] ?? 0;
          for (const row of rows) {
            if (sameDigest(found.pixelDigests, row, decoded.pixelDigests, file)) pairs.push({ row, sample });
          }
        }
        at += read.done;
      }
    }
  }
  return pairs;
}

/** Names of the splits of samples, in split order. */
function splitsOf({ findings: { table } }: Inspection, samples: readonly number[]): readonly string[] {
  const splits = new Set(samples.map((sample) => table.splitOf[sample]));
  return table.splits.filter((_, split) => splits.has(split)).map(({ name }) => name);
}

/** 32-bit words of a digest. */
const WORDS = DIGEST_BYTES / 4;

function firstWords(digests: Uint8Array): Uint32Array {
  return new Uint32Array(digests.buffer, digests.byteOffset, digests.length / 4);
}

/** Rows by the first word of their digest. */
function wordsOf(digests: Uint8Array, rows: readonly number[]): ReadonlyMap<number, readonly number[]> {
  const words = firstWords(digests);
  const found = new Map<number, number[]>();
  for (const row of rows) {
    const word = words[row * WORDS] ?? 0;
    found.set(word, [...(found.get(word) ?? []), row]);
  }
  return found;
}
