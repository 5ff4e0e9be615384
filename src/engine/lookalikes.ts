import path from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { findLookalikes } from "../core/duplicates/lookalikes";
import { columnsOf, createFingerprints, insertFingerprints, type Fingerprints } from "../core/fingerprint/fingerprints";
import { DIGEST_BYTES } from "../core/fingerprint/md5";
import type { Progress, Run } from "./engine";
import type { FingerprintIndex } from "./index/fingerprintIndex";
import { forEachLimited } from "./limited";
import type { ReadImages } from "./pool/jobs";
import type { Pool } from "./pool/pool";
import { abortError } from "./process/rpc";
import { pickNames } from "./sources/names";
import { positionsInFile, type FolderSource, type PackedSource, type SourceFolder } from "./sources/sources";

/** Files one job decodes at most; it ends by itself after a while, whatever is left. */
const FILES = 32;

/** A source of encoded images and the row of its first sample; with the index of a folder. */
export type EncodedSource =
  | { readonly source: FolderSource; readonly start: number; readonly index: FingerprintIndex | null }
  | { readonly source: PackedSource; readonly start: number; readonly index: null };

/** Some samples of a source that are decoded together. */
export interface Group {
  readonly samples: Uint32Array;
  /** Decodes samples from `from` on into rows from 0 on; `keep` takes what became of the rows into the index. */
  decode(from: number, into: Fingerprints): Promise<{ readonly read: ReadImages; readonly keep?: () => void }>;
}

/**
 * Decodes the pictures that look like another one but whose pixels are not known yet, so that pixel-identical ones get the
 * same fingerprint. In a set of photos these are few, which is why the pixels of the others are never decoded.
 */
export async function decodeLookalikes(
  sources: readonly EncodedSource[],
  fingerprints: Fingerprints,
  pool: Pool,
  run: Run<Progress>,
): Promise<void> {
  const samples = await search(fingerprints, run.signal);
  let done = 0;
  if (samples.length === 0) return;
  for (const source of sources) {
    source.index?.beginAgain();
    await forEachLimited(groupsOf(samples, source, pool, run.signal), pool.size * 2, async (group) => {
      for (let at = 0; at < group.samples.length;) {
        const found = createFingerprints(group.samples.length - at);
        const { read, keep } = await group.decode(at, found);
        for (const [file, reason] of read.reasons) found.reasons.set(file, reason);
        const from = at;
        merge(fingerprints, found, read, (file) => group.samples[from + file] ?? 0);
        keep?.();
        at += read.done;
        done += read.done;
        run.progress({ phase: "decoding", done, total: samples.length });
      }
    });
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

/** Samples of a source, ascending, in groups that are decoded together. */
export function groupsOf(
  samples: Uint32Array,
  { source, start, index }: EncodedSource,
  pool: Pool,
  signal: AbortSignal,
): Iterable<Group> {
  return source.kind === "folder"
    ? groupsOfFolders(samples, source, start, index, pool, signal)
    : groupsOfPacked(samples, source, start, pool, signal);
}

function* groupsOfFolders(
  samples: Uint32Array,
  source: FolderSource,
  start: number,
  index: FingerprintIndex | null,
  pool: Pool,
  signal: AbortSignal,
): Generator<Group> {
  for (const { folder, positions } of positionsByFolder(samples, source, start, () => FILES)) {
    yield {
      samples: positions.map((position) => start + folder.start + position),
      async decode(from, into) {
        const names = pickNames(folder.names, positions.subarray(from));
        const place = { folder: path.join(source.root, folder.path), names, known: null, dated: index !== null };
        const target = { columns: columnsOf(into), at: 0 };
        const read = await pool.run("files", { ...place, exact: true, into: target }, signal);
        return { read, keep: () => index?.add(folder.path, names, read, into, 0) };
      },
    };
  }
}

function* groupsOfPacked(
  samples: Uint32Array,
  source: PackedSource,
  start: number,
  pool: Pool,
  signal: AbortSignal,
): Generator<Group> {
  const own = samples.subarray(lowerBound(samples, start), lowerBound(samples, start + source.size));
  for (let at = 0; at < own.length; at += FILES) {
    const some = own.slice(at, at + FILES);
    const positions = positionsInFile(
      source,
      some.map((sample) => sample - start),
    );
    yield {
      samples: some,
      async decode(from, into) {
        const target = { columns: columnsOf(into), at: 0 };
        const parameter = { format: source.format, positions: positions.subarray(from), exact: true, into: target };
        return { read: await pool.run("packed", parameter, signal) };
      },
    };
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
  { done, reasons }: ReadImages,
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
