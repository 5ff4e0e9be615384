import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import * as l10n from "@vscode/l10n";
import { CleanSplitError } from "../../core/errors";
import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import { pixelDigest } from "../../core/fingerprint/pixels";
import type { Picture } from "../../core/picture";
import { rowBytes } from "../sources/arrays/ndarray";
import { openArray } from "../sources/rows";
import { MAX_MILLISECONDS } from "./fingerprintFiles";
import type { ComparedTwins, JobParameter, SampleRef } from "./jobs";
import { changed } from "./lookFiles";

/** Larger files are compared piece by piece, in bytes. */
const PIECE = 1 << 20;

/**
 * Compares samples with their twins, whose fingerprints are equal, until the time of a job is over: files byte by byte, or
 * pictures pixel by pixel. Rejects with a `CleanSplitError` when one is not as it was inspected.
 */
export async function compareTwins(
  { pairs, tier }: JobParameter<"twins">,
  readPicture: (sample: SampleRef) => Promise<Picture>,
  md5: Md5,
): Promise<ComparedTwins> {
  const started = performance.now();
  const differs: boolean[] = [];
  // Neighbours have the same twin as a rule.
  const files = new Last(openFile, (file) => file.close());
  const pictures = new Last(
    (sample: SampleRef) => readPicture(sample),
    () => undefined,
  );
  try {
    while (differs.length < pairs.length && (differs.length === 0 || performance.now() - started < MAX_MILLISECONDS)) {
      const pair = pairs[differs.length];
      if (pair === undefined) break;
      const [sample, twin] = pair;
      if (tier === "file" && sample.kind === "file" && twin.kind === "file") {
        const own = openFile(sample.path);
        try {
          const isCollision = filesDiffer(own, files.get(twin.path, twin.path), md5);
          // Files may be forged into one MD5 and still show the same picture.
          differs.push(isCollision && !areEqual(await readPicture(sample), await readPicture(twin)));
        } finally {
          own.close();
        }
      } else {
        differs.push(picturesDiffer(sample, await readPicture(sample), await pictures.get(nameOf(twin), twin), md5));
      }
    }
  } finally {
    files.forget();
  }
  return { differs: Uint8Array.from(differs, Number) };
}

/** Bytes of rows that are read at a time, unless one alone has more. */
const BLOCK = 2 ** 18;

/** See the job `rowTwins`. Rows that follow one another, as in sets that were put together, are compared together. */
export async function compareRowTwins({ a, b, rows, twins }: JobParameter<"rowTwins">): Promise<Uint32Array> {
  const [own, other] = [await openArray(a.file, a.key), await openArray(b.file, b.key)];
  const size = rowBytes(own);
  if (own.dtype !== other.dtype || size !== rowBytes(other)) return rows.map((_, at) => at);
  const most = Math.max(1, Math.floor(BLOCK / size));
  const memory = [new Uint8Array(most * size), new Uint8Array(most * size)] as const;
  const differing: number[] = [];
  for (let from = 0; from < rows.length;) {
    const count = stretch(rows, twins, from, most);
    const [row = 0, twin = 0] = [rows[from], twins[from]];
    const bytes = own.rows(row, count, memory[0].subarray(0, count * size));
    const expected = other.rows(twin, count, memory[1].subarray(0, count * size));
    const isEqual = Buffer.compare(bytes, expected) === 0;
    for (let at = 0; at < count && !isEqual; at++) {
      const [start, end] = [at * size, (at + 1) * size];
      if (Buffer.compare(bytes.subarray(start, end), expected.subarray(start, end)) !== 0) differing.push(from + at);
    }
    from += count;
  }
  return Uint32Array.from(differing);
}

/** How many rows from `from` on, at most `most`, follow one another on both sides. */
function stretch(rows: Uint32Array, twins: Uint32Array, from: number, most: number): number {
  const [row = 0, twin = 0] = [rows[from], twins[from]];
  let count = 1;
  while (count < most && rows[from + count] === row + count && twins[from + count] === twin + count) count += 1;
  return count;
}

/** The value that was made last, for as long as the same one is asked for. */
class Last<K, T> {
  private last: { readonly name: string; readonly value: T } | null = null;

  constructor(
    private readonly make: (from: K) => T,
    private readonly close: (value: T) => void,
  ) {}

  get(name: string, from: K): T {
    if (this.last?.name !== name) {
      this.forget();
      this.last = { name, value: this.make(from) };
    }
    return this.last.value;
  }

  forget(): void {
    if (this.last !== null) this.close(this.last.value);
    this.last = null;
  }
}

/** A file with its first bytes. */
interface OpenFile {
  readonly path: string;
  readonly size: number;
  readonly head: Uint8Array;
  piece(at: number): Uint8Array;
  close(): void;
}

function openFile(file: string): OpenFile {
  try {
    const descriptor = openSync(file, "r");
    const { size } = fstatSync(descriptor);
    const piece = (at: number): Uint8Array => {
      const bytes = new Uint8Array(Math.min(PIECE, size - at));
      let done = 0;
      while (done < bytes.length) {
        const count = readSync(descriptor, bytes, done, bytes.length - done, at + done);
        if (count === 0) throw changed(file, new Error(l10n.t("it became shorter")));
        done += count;
      }
      return bytes;
    };
    return { path: file, size, head: piece(0), piece, close: () => closeSync(descriptor) };
  } catch (error) {
    throw error instanceof CleanSplitError ? error : changed(file, error);
  }
}

function filesDiffer(a: OpenFile, b: OpenFile, md5: Md5): boolean {
  const isEqual =
    a.size === b.size &&
    piecesOf(a.size).every(
      (at) => Buffer.compare(at === 0 ? a.head : a.piece(at), at === 0 ? b.head : b.piece(at)) === 0,
    );
  if (isEqual) return false;
  const whole = (file: OpenFile): Uint8Array[] => piecesOf(file.size).map((at) => file.piece(at));
  if (!haveOneDigest(digestOf(md5, whole(a)), digestOf(md5, whole(b)))) {
    throw changed(a.path, new Error(l10n.t("it no longer equals {0}", b.path)));
  }
  return true;
}

function piecesOf(size: number): number[] {
  return Array.from({ length: Math.max(1, Math.ceil(size / PIECE)) }, (_, index) => index * PIECE);
}

function picturesDiffer(sample: SampleRef, a: Picture, b: Picture, md5: Md5): boolean {
  if (areEqual(a, b)) return false;
  const digest = (picture: Picture): Uint8Array => {
    const found = new Uint8Array(DIGEST_BYTES);
    pixelDigest(md5, picture, found, 0);
    return found;
  };
  if (haveOneDigest(digest(a), digest(b))) return true;
  throw changed(nameOf(sample), new Error(l10n.t("its pixels are no longer those of its twin")));
}

function areEqual(a: Picture, b: Picture): boolean {
  return a.width === b.width && a.height === b.height && a.mode === b.mode && Buffer.compare(a.pixels, b.pixels) === 0;
}

function digestOf(md5: Md5, parts: readonly Uint8Array[]): Uint8Array {
  const found = new Uint8Array(DIGEST_BYTES);
  md5.into(found, 0, ...parts);
  return found;
}

function haveOneDigest(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function nameOf(sample: SampleRef): string {
  if (sample.kind === "file") return sample.path;
  return `${sample.format.file}#${sample.format.key}[${sample.kind === "row" ? sample.row : sample.position}]`;
}
