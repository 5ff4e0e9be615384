import { DIGEST_BYTES } from "./md5";
import { SIGNATURE_BYTES } from "./signature";

/** Bytes of a perceptual hash. */
export const HASH_BYTES = 8;

/**
 * What was read of every sample, as columns; sample i is row i, and takes `width` entries of each column. Declared once:
 * merging parts, sending them between threads and keeping them on disk all follow from this table.
 */
const COLUMNS = {
  /** MD5 of the bytes of its file; zeros for array rows, which have no file of their own. */
  fileDigests: { type: Uint8Array, width: DIGEST_BYTES },
  /** MD5 of shape, mode and pixels; zeros for samples that are unreadable. But see `provisional`. */
  pixelDigests: { type: Uint8Array, width: DIGEST_BYTES },
  /** See `dHash` and `pHash` of signature.ts; little endian. */
  dHashes: { type: Uint8Array, width: HASH_BYTES },
  pHashes: { type: Uint8Array, width: HASH_BYTES },
  /** Means of 8 x 8 blocks. */
  signatures: { type: Uint8Array, width: SIGNATURE_BYTES },
  /** A `SampleState` of dataset.ts. */
  states: { type: Uint8Array, width: 1 },
  /** 1 for samples that are files of their own. */
  isFile: { type: Uint8Array, width: 1 },
  /** 1 for pictures whose pixels are all equal. */
  blank: { type: Uint8Array, width: 1 },
  /** Mean square difference of the grey levels from their mean, 0..16384. */
  spreads: { type: Uint16Array, width: 1 },
  widths: { type: Uint32Array, width: 1 },
  heights: { type: Uint32Array, width: 1 },
  /** Index into `MODES`. */
  modes: { type: Uint8Array, width: 1 },
  /** Index into `FORMATS`: how the file is encoded, by its content; 0 for array rows and unknown formats. */
  formats: { type: Uint8Array, width: 1 },
  /**
   * 1 where `pixelDigests` is not known of the pixels but of the file: equal for equal files only. Only pictures that no
   * other one can equal stay so: see lookalikes.ts.
   */
  provisional: { type: Uint8Array, width: 1 },
} as const;

export type ColumnName = keyof typeof COLUMNS;

/** Names of all columns, in order. */
export const COLUMN_NAMES = Object.keys(COLUMNS) as readonly ColumnName[];

/** Entries a sample takes in a column. */
export function columnWidth(name: ColumnName): number {
  return COLUMNS[name].width;
}

/** Encodings of image files, in the order of their code; see the column `formats`. */
export const FORMATS = ["", "png", "jpeg", "gif", "webp", "tiff", "heif", "svg", "bmp", "pnm"] as const;

/** An encoding that is known. */
export type FileFormat = Exclude<(typeof FORMATS)[number], "">;

/** One typed array a column, in memory that threads share: a worker writes what it finds where it belongs. */
export type FingerprintColumns = {
  readonly [K in ColumnName]: ArrayOf<(typeof COLUMNS)[K]["type"]>;
};

type ArrayOf<T> = T extends Uint8ArrayConstructor
  ? Uint8Array
  : T extends Uint16ArrayConstructor
    ? Uint16Array
    : Uint32Array;

/** The columns of `count` samples; `reasons` says why a sample is not `ok`. */
export interface Fingerprints extends FingerprintColumns {
  readonly count: number;
  readonly reasons: Map<number, string>;
}

/** Columns for `count` samples, all of them `ok` and empty. 129 bytes a sample. */
export function createFingerprints(count: number): Fingerprints {
  const columns = COLUMN_NAMES.map((name) => {
    const { type, width } = COLUMNS[name];
    const shared: new (memory: SharedArrayBuffer) => Uint8Array | Uint16Array | Uint32Array = type;
    return [name, new shared(new SharedArrayBuffer(count * width * type.BYTES_PER_ELEMENT))];
  });
  return { ...(Object.fromEntries(columns) as FingerprintColumns), count, reasons: new Map() };
}

/** The columns alone, to be sent to a worker. */
export function columnsOf(fingerprints: Fingerprints): FingerprintColumns {
  return Object.fromEntries(COLUMN_NAMES.map((name) => [name, fingerprints[name]])) as FingerprintColumns;
}

/** Copies the first `count` rows of a part, from row `from` on, into the whole, from sample `at` on. */
export function insertFingerprints(
  into: Fingerprints,
  at: number,
  part: Fingerprints,
  from = 0,
  count = part.count - from,
): void {
  for (const name of COLUMN_NAMES) {
    const { width } = COLUMNS[name];
    into[name].set(part[name].subarray(from * width, (from + count) * width), at * width);
  }
  for (const [row, reason] of part.reasons) {
    if (row >= from && row < from + count) into.reasons.set(at + row - from, reason);
  }
}
