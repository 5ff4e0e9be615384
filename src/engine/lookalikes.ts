import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { findLookalikes } from "../core/duplicates/lookalikes";
import { columnsOf, createFingerprints, insertFingerprints, type Fingerprints } from "../core/fingerprint/fingerprints";
import { DIGEST_BYTES } from "../core/fingerprint/md5";
import type { Progress, Run } from "./engine";
import type { FingerprintIndex } from "./index/fingerprintIndex";
import { forEachLimited } from "./limited";
import type { ReadFiles } from "./pool/jobs";
import type { Pool } from "./pool/pool";
import { abortError } from "./process/rpc";
import { pickNames } from "./sources/names";
import type { FolderSource, SourceFolder } from "./sources/sources";

/** Files one job decodes at most; it ends by itself after a while, whatever is left. */
const FILES = 32;

/** A folder source, the row of its first sample, and its index. */
export interface IndexedFolder {
  readonly source: FolderSource;
  readonly start: number;
  readonly index: FingerprintIndex | null;
}

/**
 * Decodes the pictures that look like another one but whose pixels are not known yet, so that pixel-identical ones get the
 * same fingerprint. In a set of photos these are few, which is why the pixels of the others are never decoded.
 */
export async function decodeLookalikes(
  folders: readonly IndexedFolder[],
  fingerprints: Fingerprints,
  pool: Pool,
  run: Run<Progress>,
): Promise<void> {
  const samples = await search(fingerprints, run.signal);
  let done = 0;
  if (samples.length === 0) return;
  for (const { source, start, index } of folders) {
    index?.beginAgain();
    await forEachLimited(
      positionsByFolder(samples, source, start, () => FILES),
      pool.size * 2,
      async ({ folder, positions }) => {
        for (let at = 0; at < positions.length;) {
          const rest = positions.subarray(at);
          const names = pickNames(folder.names, rest);
          const found = createFingerprints(rest.length);
          const read = await pool.run(
            "files",
            {
              folder: path.join(source.root, folder.path),
              names,
              known: null,
              exact: true,
              into: { columns: columnsOf(found), at: 0 },
            },
            run.signal,
          );
          for (const [file, reason] of read.reasons) found.reasons.set(file, reason);
          const first = start + folder.start;
          merge(fingerprints, found, read, (file) => first + (rest[file] ?? 0));
          index?.add(folder.path, names, read, found, 0);
          at += read.done;
          done += read.done;
          run.progress({ phase: "decoding", done, total: samples.length });
        }
      },
    );
  }
}

async function search(fingerprints: Fingerprints, signal: AbortSignal): Promise<Uint32Array> {
  const steps = findLookalikes(fingerprints);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    await nextTurn();
    if (signal.aborted) throw abortError();
  }
}

/** The samples that lie in a source, by folder, as positions in it: at most `files` at a time. */
export function* positionsByFolder(
  samples: Uint32Array,
  { folders, size }: FolderSource,
  start: number,
  files: () => number,
): Generator<{ readonly folder: SourceFolder; readonly positions: Uint32Array }> {
  let at = lowerBound(samples, start);
  const end = lowerBound(samples, start + size);
  for (const folder of folders) {
    const first = start + folder.start;
    const next = Math.min(end, lowerBound(samples, first + folder.names.ends.length));
    while (at < next) {
      const positions = samples.slice(at, Math.min(next, at + files())).map((sample) => sample - first);
      at += positions.length;
      yield { folder, positions };
    }
  }
}

/** Index of the first number that is at least `value`. */
export function lowerBound(sorted: Uint32Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Takes the pixel digests that were found. How a picture looks stays as it was found first, so that it depends on no other
 * picture; but a file that is another one now, or that cannot be decoded, is taken as it was found now.
 */
function merge(
  into: Fingerprints,
  found: Fingerprints,
  { done, reasons }: ReadFiles,
  sampleOf: (file: number) => number,
): void {
  for (let file = 0; file < done; file++) {
    const sample = sampleOf(file);
    const isSame = (column: Uint8Array, other: Uint8Array): boolean =>
      column
        .subarray(file * DIGEST_BYTES, (file + 1) * DIGEST_BYTES)
        .every((byte, at) => byte === other[sample * DIGEST_BYTES + at]);
    if (reasons.has(file) || !isSame(found.fileDigests, into.fileDigests)) {
      insertFingerprints(into, sample, found, file, 1);
      continue;
    }
    const digest = found.pixelDigests.subarray(file * DIGEST_BYTES, (file + 1) * DIGEST_BYTES);
    into.pixelDigests.set(digest, sample * DIGEST_BYTES);
    into.provisional[sample] = 0;
    insertFingerprints(found, file, into, sample, 1);
  }
}
