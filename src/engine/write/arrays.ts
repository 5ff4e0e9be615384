import { mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { CleanSplitError } from "../../core/errors";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { number, plural } from "../../core/leakage/verdict";
import { forEachLimited } from "../limited";
import { totalBytes } from "../sources/arrays/ndarray";
import { readPieces } from "../sources/pieces";
import type { ArrayFileKind } from "../sources/sources";
import { arrayCopies, type ArrayCopy, type Piece } from "./arrayCopies";
import type { ArrayEntry, ArrayWriter } from "./arrayFile";
import { hdf5Writer, type Beside } from "./hdf5";
import { writeGzippedIdx, writeIdx } from "./idx";
import { writeNpy } from "./npy";
import { writeNpz } from "./npz";
import type { Output, Plan, Writing } from "./outputs";
import { writeRecords } from "./records";

/** Rows of pictures that one job checks. */
const CHECK_ROWS = 1024;

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
    says: `${file}: ${contentsOf(copies)}${howToLoad(file, copies)}`,
    samples,
    bytes: bytesOf(copies),
    async write(folder, { signal, advance, begun }) {
      await begun([file]);
      const [first] = copies;
      const target = path.join(folder, file);
      await mkdir(path.dirname(target), { recursive: true });
      // What an attempt that was killed left here; the folder is new and nobody else's.
      await rm(target, { force: true });
      const entries = copies.map((copy) => entryOf(copy, pictures.includes(copy) ? advance : () => undefined));
      if (first !== undefined) await writerFor(plan, first.place.kind, copies)(target, entries, signal);
      return [file];
    },
    async verify(folder, writing) {
      const written = path.join(folder, file);
      for (const copy of pictures) await verifyPictures(plan, written, copy, writing);
      for (const copy of copies) if (copy.like.holds !== "images") await verifyBytes(written, copy, writing.signal);
      return sentenceOf(file, samples, copies);
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

function contentsOf(copies: readonly ArrayCopy[]): string {
  const words = {
    images: "images",
    labels: "labels",
    records: "images and labels",
    others: "what else belongs to them",
  };
  return [...new Set(copies.map(({ like }) => words[like.holds]))].join(" and ");
}

/** A line of Python for files that are of another kind than their source. */
function howToLoad(file: string, copies: readonly ArrayCopy[]): string {
  const isTurned = copies.some(({ like, place }) => path.extname(like.file).toLowerCase() !== path.extname(place.file));
  const [first] = copies;
  if (!isTurned || first === undefined) return "";
  return `; in Python: data = numpy.load(${JSON.stringify(path.posix.basename(file))}); data[${JSON.stringify(first.place.key)}]`;
}

function sentenceOf(file: string, samples: number, copies: readonly ArrayCopy[]): string {
  const [first] = copies;
  if (samples > 0) {
    const rows = plural(samples, "row", "rows");
    return `${file} was read again: every image and every label of its ${rows} is that of its source row.`;
  }
  return `${file} was read again: each of its ${number(first?.samples ?? 0)} rows is its source row.`;
}

/** Bytes that the file takes at most: arrays, their headers, and what compressing adds to what cannot be compressed. */
function bytesOf(copies: readonly ArrayCopy[]): number {
  return copies.reduce((sum, { like, samples, place }) => {
    const bytes = totalBytes(like.dtype, [samples, ...like.row]) ?? 0;
    const header = place.kind === "hdf5" ? HDF5_BYTES : HEADER_BYTES + 4 * Buffer.byteLength(place.key);
    return sum + bytes + Math.ceil(bytes / 1000) + header;
  }, 0);
}

function entryOf({ place, like, samples, pieces }: ArrayCopy, advance: (samples: number) => void): ArrayEntry {
  return {
    key: place.key,
    dtype: like.dtype,
    shape: [samples, ...like.row],
    chunks: chunksOf(pieces, advance),
  };
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

/** Compares the pictures of a written array with what was inspected, in workers. */
async function verifyPictures(
  { inspection: { dataset, findings } }: Plan,
  file: string,
  { place, like, pieces }: ArrayCopy,
  { pool, signal, advance }: Writing,
): Promise<void> {
  let at = 0;
  for (const { source, rows } of pieces) {
    const start = dataset.starts[dataset.sources.indexOf(source)] ?? 0;
    const before = at;
    // What is written of records has the keys that the reader of records gives.
    const format = { ...source.format, file, key: like.holds === "records" ? source.format.key : place.key };
    await forEachLimited(chunkStarts(rows.length), pool.size * 2, async (from) => {
      const chunk = rows.subarray(from, from + CHECK_ROWS);
      const digests = digestsOf(findings.fingerprints.pixelDigests, start, chunk);
      const { file: original, key, scaling } = source.format;
      // Floats have digits that their pixels say nothing about.
      const exactly = scaling === null ? null : { file: original, key, rows: chunk };
      const wrong = await pool.run("checkRows", { format, from: before + from, digests, exactly }, signal);
      if (wrong >= 0) throw misaligned(file, place.key, before + from + wrong, source.format.file);
      advance(chunk.length);
    });
    at += rows.length;
  }
}

function* chunkStarts(count: number): Generator<number> {
  for (let from = 0; from < count; from += CHECK_ROWS) yield from;
}

function digestsOf(all: Uint8Array, start: number, rows: Uint32Array): Uint8Array {
  const digests = new Uint8Array(rows.length * DIGEST_BYTES);
  rows.forEach((row, index) => {
    const at = (start + row) * DIGEST_BYTES;
    digests.set(all.subarray(at, at + DIGEST_BYTES), index * DIGEST_BYTES);
  });
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
      if (Buffer.compare(rest.subarray(0, bytes.length), bytes) !== 0) {
        throw misaligned(file, place.key, row + firstDifference(rest, bytes, bytes.length / count), original.file);
      }
      rest = rest.subarray(bytes.length);
      row += count;
    }
  }
}

/** The first row of `size` bytes in which two pieces differ. */
function firstDifference(a: Uint8Array, b: Uint8Array, size: number): number {
  return Math.floor(b.findIndex((byte, at) => byte !== a[at]) / size);
}

function misaligned(file: string, key: string, row: number, source: string): CleanSplitError {
  const name = key === "" ? path.basename(file) : `"${key}" in ${path.basename(file)}`;
  return new CleanSplitError(
    "changed",
    `Row ${row} of ${name} is not the row of ${source} that was inspected. Inspect the dataset again, then write it.`,
  );
}
