import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { counted } from "../../core/counts";
import { integerText, listText } from "../../core/language";
import type { Inspection } from "../inspection";
import { forEachLimited } from "../limited";
import type { JobParameter } from "../pool/jobs";
import type { Pool } from "../pool/pool";
import { totalBytes } from "../sources/arrays/ndarray";
import { readPieces } from "../sources/pieces";
import { rowsOfJob } from "../reading";
import type { ArrayFileKind, CopiedArray, RowFormat } from "../sources/sources";
import { arrayCopies, type ArrayCopy, type Piece } from "./arrayCopies";
import type { ArrayEntry, ArrayWriter, FlatTarget } from "./arrayFile";
import { hdf5Writer, type Beside } from "./hdf5";
import { writeGzippedIdx, writeIdx } from "./idx";
import { writeNpy } from "./npy";
import { writeNpz } from "./npz";
import type { Output, Plan, Writing } from "./outputs";
import { writeRecords } from "./records";

/** Bytes after which the system is asked to bring them to the disk: else all of them wait there for the last flush. */
const FLUSHED_BYTES = 16 * 2 ** 20;

/** Bytes that an array takes at most beyond its elements and its name. */
const HEADER_BYTES = 4096;

/** The same in an HDF5 file, with one chunk that is not full and what is copied beside the arrays. */
const HDF5_BYTES = 8 * 2 ** 20;

const WRITERS: Readonly<Record<Exclude<ArrayFileKind, "hdf5">, ArrayWriter>> = {
  npz: writeNpz,
  npy: writeNpy,
  idx: writeIdx,
  "idx.gz": writeGzippedIdx,
  records: writeRecords,
};

/**
 * The array files of a plan, each of the kind of its source and with arrays of the same types under the same keys. Throws as
 * `arrayCopies` does.
 */
export function arrayOutputs(plan: Plan): Output[] {
  const files = new Map<string, ArrayCopy[]>();
  for (const copy of arrayCopies(plan)) {
    const known = files.get(copy.place.file);
    if (known === undefined) files.set(copy.place.file, [copy]);
    else known.push(copy);
  }
  return [...files].map(([file, copies]) => arrayOutput(plan, file, copies));
}

function arrayOutput(plan: Plan, file: string, copies: readonly ArrayCopy[]): Output {
  const pictures = copies.filter(({ like }) => like.holds === "images" || like.holds === "records");
  const samples = pictures.reduce((sum, copy) => sum + copy.samples, 0);
  return {
    says: saysOf(file, copies),
    samples,
    bytes: bytesOf(copies),
    async write(folder, { pool, signal, advance, begun }) {
      await begun([file]);
      const [first] = copies;
      const target = path.join(folder, file);
      await mkdir(path.dirname(target), { recursive: true });
      // What an attempt that was killed left here; the folder is new and nobody else's.
      await rm(target, { force: true });
      const entries = copies.map((copy) => entryOf(copy, pool, pictures.includes(copy) ? advance : () => undefined));
      if (first !== undefined) await writerFor(plan, first.place.kind, copies)(target, entries, signal);
      return [file];
    },
    async verify(folder, writing, inspected) {
      const written = path.join(folder, file);
      for (const copy of pictures) await verifyPictures(plan, written, copy, writing, inspected);
      for (const copy of copies) if (copy.like.holds !== "images") await verifyBytes(written, copy, writing.signal);
      return () => sentenceOf(file, samples, copies);
    },
  };
}

function writerFor(plan: Plan, kind: ArrayFileKind, copies: readonly ArrayCopy[]): ArrayWriter {
  return kind === "hdf5" ? hdf5Writer(besideOf(plan, copies)) : WRITERS[kind];
}

/** What else is in the HDF5 file that these arrays are of. */
function besideOf({ inspection: { dataset } }: Plan, copies: readonly ArrayCopy[]): Beside | null {
  const file = copies[0]?.like.file;
  if (file === undefined) return null;
  const sources = dataset.sources.flatMap((source) =>
    source.kind === "array" && source.format.file === file ? [source] : [],
  );
  const leftOut = dataset.layout.units.filter((unit) => unit.path.startsWith(`${file}#`));
  return {
    file,
    without: new Set([
      ...sources.flatMap(({ copied }) => copied.map(({ key }) => key)),
      ...leftOut.map((unit) => unit.path.slice(file.length + 1)),
    ]),
    rows: new Set(sources.map(({ size }) => size)),
    attributesOf: new Map(copies.map(({ place, like }) => [place.key, like.key])),
  };
}

const WORDS: Readonly<Record<CopiedArray["holds"], () => string>> = {
  images: () => l10n.t("images"),
  labels: () => l10n.t("labels"),
  records: () => l10n.t("images and labels"),
  others: () => l10n.t("what else belongs to them"),
};

/** What is written, with a line of Python for files that are of another kind than their source. */
function saysOf(file: string, copies: readonly ArrayCopy[]): string {
  const contents = contentsOf(copies);
  const python = howToLoad(file, copies);
  return python === null
    ? l10n.t({ message: "{0}: {1}", args: [file, contents], comment: ["{0} a file, {1} what it holds."] })
    : l10n.t("{0}: {1}; in Python: {2}", file, contents, python);
}

function contentsOf(copies: readonly ArrayCopy[]): string {
  return listText([...new Set(copies.map(({ like }) => WORDS[like.holds]()))]);
}

/** Python that reads files that are of another kind than their source; `null` for others. */
function howToLoad(file: string, copies: readonly ArrayCopy[]): string | null {
  const isTurned = copies.some(({ like, place }) => path.extname(like.file).toLowerCase() !== path.extname(place.file));
  const [first] = copies;
  if (!isTurned || first === undefined) return null;
  return `data = numpy.load(${JSON.stringify(path.posix.basename(file))}); data[${JSON.stringify(first.place.key)}]`;
}

function sentenceOf(file: string, samples: number, copies: readonly ArrayCopy[]): string {
  const [first] = copies;
  return samples > 0
    ? l10n.t(
        "{0} was read again: every image and every label of its {1} is that of its source row.",
        file,
        counted(samples, "row"),
      )
    : l10n.t("{0} was read again: each of its {1} rows is its source row.", file, integerText(first?.samples ?? 0));
}

/** Bytes that the file takes at most: arrays, their headers, and what compressing adds to what cannot be compressed. */
function bytesOf(copies: readonly ArrayCopy[]): number {
  return copies.reduce((sum, { like, samples, place }) => {
    const bytes = totalBytes(like.dtype, [samples, ...like.row]) ?? 0;
    const header = place.kind === "hdf5" ? HDF5_BYTES : HEADER_BYTES + 4 * Buffer.byteLength(place.key);
    return sum + bytes + Math.ceil(bytes / 1000) + header;
  }, 0);
}

function entryOf(
  { place, like, samples, pieces }: ArrayCopy,
  pool: Pool,
  advance: (samples: number) => void,
): ArrayEntry {
  return {
    key: place.key,
    dtype: like.dtype,
    shape: [samples, ...like.row],
    chunks: chunksOf(pieces, advance),
    copyTo: (target) => copyRows(pieces, target, pool, advance),
  };
}

/** Has workers copy rows to where they go, each some at a time. */
async function copyRows(
  pieces: readonly Piece[],
  target: FlatTarget,
  pool: Pool,
  advance: (samples: number) => void,
): Promise<void> {
  const { path: file, at, bigEndian, signal } = target;
  let waiting = 0;
  await forEachLimited(placesOf(pieces, at), pool.size * 2, async (place) => {
    await pool.run("writeRows", { ...place, file, bigEndian }, signal);
    advance(place.rows.length);
    waiting += place.rows.length * bytesOfRow(place.copied);
    if (waiting < FLUSHED_BYTES) return;
    waiting = 0;
    await target.flush();
  });
}

/** What each job copies, and where to. */
function* placesOf(
  pieces: readonly Piece[],
  start: number,
): Generator<Omit<JobParameter<"writeRows">, "file" | "bigEndian">> {
  let at = start;
  for (const { source, column, rows } of pieces) {
    const copied = source.copied[column];
    if (copied === undefined) continue;
    for (const from of chunkStarts(rows.length, rowsOfJob(copied))) {
      // A copy: of a part of a column all of it would be sent.
      const some = rows.slice(from, from + rowsOfJob(copied));
      yield { copied, size: source.size, rows: some, at };
      at += some.length * bytesOfRow(copied);
    }
  }
}

function bytesOfRow({ dtype, row }: Pick<CopiedArray, "dtype" | "row">): number {
  return totalBytes(dtype, row) ?? 0;
}

async function* chunksOf(pieces: readonly Piece[], advance: (samples: number) => void): AsyncGenerator<Uint8Array> {
  for (const { source, column, rows } of pieces) {
    const copied = source.copied[column];
    if (copied === undefined) continue;
    for await (const { bytes, count } of readPieces(copied, source.size, rows)) {
      yield bytes;
      advance(count);
    }
  }
}

/**
 * Compares the pictures of a written array with what was inspected: by the MD5 of its rows where `inspected`, an inspection of
 * the copy, has them, else by reading them in workers. Floats have digits that their pixels say nothing about, so their
 * bytes are compared with those of the source, too.
 */
async function verifyPictures(
  { inspection: { dataset, findings } }: Plan,
  file: string,
  { place, like, samples, pieces }: ArrayCopy,
  { pool, signal, advance }: Writing,
  inspected: Inspection | null,
): Promise<void> {
  const expected = findings.fingerprints.pixelDigests;
  let at = 0;
  for (const { source, rows } of pieces) {
    const start = dataset.starts[dataset.sources.indexOf(source)] ?? 0;
    const before = at;
    const { file: original, key, scaling } = source.format;
    // What is written of records has the keys that the reader of records gives.
    const format = { ...source.format, file, key: like.holds === "records" ? key : place.key };
    const found = inspected === null ? null : digestsOfArray(inspected, format, samples);
    const step = rowsOfJob(like);
    await forEachLimited(chunkStarts(rows.length, step), pool.size * 2, async (from) => {
      // A copy: of a part of a column all of it would be sent.
      const chunk = rows.slice(from, from + step);
      const first = before + from;
      let wrong: number;
      if (found === null) {
        const digests = digestsOf(expected, start, chunk);
        wrong = await pool.run("checkRows", { format, from: first, digests }, signal);
      } else wrong = firstOtherDigest(found, first, expected, start, chunk);
      if (wrong < 0 && scaling !== null) {
        const [array, source] = [format, { file: original, key }];
        wrong = await pool.run("compareRows", { array, from: first, original: source, rows: chunk }, signal);
      }
      if (wrong >= 0) throw misaligned(file, place.key, first + wrong, original);
      advance(chunk.length);
    });
    at += rows.length;
  }
}

/** The MD5 of every row of an array when it was inspected as rows of just that format. */
function digestsOfArray({ dataset, findings }: Inspection, format: RowFormat, rows: number): Uint8Array | null {
  const index = dataset.sources.findIndex(
    (source) => source.kind === "array" && source.size === rows && isDeepStrictEqual(source.format, format),
  );
  if (index < 0) return null;
  const start = (dataset.starts[index] ?? 0) * DIGEST_BYTES;
  return findings.fingerprints.pixelDigests.subarray(start, start + rows * DIGEST_BYTES);
}

/** The first of some rows whose digest, from `first` on in `found`, is not that of `expected`; -1 without one. */
function firstOtherDigest(
  found: Uint8Array,
  first: number,
  expected: Uint8Array,
  start: number,
  rows: Uint32Array,
): number {
  const digests = digestsOf(expected, start, rows);
  return firstDifference(found.subarray(first * DIGEST_BYTES), digests, DIGEST_BYTES);
}

function* chunkStarts(count: number, step: number): Generator<number> {
  for (let from = 0; from < count; from += step) yield from;
}

function digestsOf(all: Uint8Array, start: number, rows: Uint32Array): Uint8Array {
  const digests = new Uint8Array(rows.length * DIGEST_BYTES);
  for (let index = 0; index < rows.length;) {
    const row = rows[index] ?? 0;
    let run = 1;
    while (rows[index + run] === row + run) run += 1;
    digests.set(all.subarray((start + row) * DIGEST_BYTES, (start + row + run) * DIGEST_BYTES), index * DIGEST_BYTES);
    index += run;
  }
  return digests;
}

/** Compares a written array with its source rows, byte by byte. */
async function verifyBytes(
  file: string,
  { place, like, samples, pieces }: ArrayCopy,
  signal: AbortSignal,
): Promise<void> {
  const copied = { ...like, file, key: place.key };
  const all = Uint32Array.from({ length: samples }, (_, row) => row);
  const written = readPieces(copied, samples, all);
  let rest: Uint8Array = new Uint8Array();
  let row = 0;
  for (const { source, column, rows } of pieces) {
    const original = source.copied[column];
    if (original === undefined) continue;
    for await (const { bytes, count } of readPieces(original, source.size, rows)) {
      signal.throwIfAborted();
      while (rest.length < bytes.length) {
        const next = await written.next();
        if (next.done === true) throw misaligned(file, place.key, row, original.file);
        rest = Buffer.concat([rest, next.value.bytes]);
      }
      const wrong = firstDifference(rest, bytes, bytes.length / count);
      if (wrong >= 0) throw misaligned(file, place.key, row + wrong, original.file);
      rest = rest.subarray(bytes.length);
      row += count;
    }
  }
}

/** The first row of `size` bytes of `expected` that is another one in `found`, which is not shorter; -1 without one. */
function firstDifference(found: Uint8Array, expected: Uint8Array, size: number): number {
  if (Buffer.compare(found.subarray(0, expected.length), expected) === 0) return -1;
  return Math.floor(expected.findIndex((byte, at) => byte !== found[at]) / size);
}

function misaligned(file: string, key: string, row: number, source: string): CleanSplitError {
  const name = key === "" ? path.basename(file) : l10n.t('"{0}" in {1}', key, path.basename(file));
  return new CleanSplitError(
    "changed",
    l10n.t(
      "Row {0} of {1} is not the row of {2} that was inspected. Inspect the dataset again, then write it.",
      row,
      name,
      source,
    ),
  );
}
