import type { SampleState } from "../../core/dataset/dataset";
import { HASH_BYTES, type FingerprintColumns } from "../../core/fingerprint/fingerprints";
import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import { isBlank, pixelDigest } from "../../core/fingerprint/pixels";
import { SIGNATURE_BYTES, type Appearance } from "../../core/fingerprint/signature";
import { MODES, type Picture } from "../../core/picture";
import type { SeenJpeg } from "../decode/jpeg";
import type { Kernels } from "../kernels/kernels";
import type { Target } from "./jobs";

/** Rows of fingerprints that one job fills. */
export class Rows {
  /** Why samples are not `ok`, by their index in the job. */
  readonly reasons = new Map<number, string>();

  constructor(
    private readonly target: Target,
    private readonly md5: Md5,
    private readonly kernels: Kernels,
  ) {}

  get columns(): FingerprintColumns {
    return this.target.columns;
  }

  /** The row of a sample in the columns. */
  rowOf(index: number): number {
    return this.target.at + index;
  }

  /** Writes everything that is known of a picture. */
  addPicture(index: number, picture: Picture): void {
    const { columns, md5 } = this;
    const row = this.rowOf(index);
    pixelDigest(md5, picture, columns.pixelDigests, row * DIGEST_BYTES);
    columns.blank[row] = isBlank(picture) ? 1 : 0;
    this.addLook(row, picture, this.kernels.appearance(picture));
  }

  /**
   * Writes what is known of a JPEG from its coefficients. The MD5 of its pixels is not: files with the same bytes have the
   * same provisional one, and different files that have one MD5 by collision have not.
   */
  addSeen(index: number, { content, appearance, ...size }: SeenJpeg): void {
    const { columns } = this;
    const row = this.rowOf(index);
    const at = row * DIGEST_BYTES;
    this.md5.into(columns.pixelDigests, at, columns.fileDigests.slice(at, at + DIGEST_BYTES), content);
    columns.provisional[row] = 1;
    this.addLook(row, size, appearance);
  }

  /** Says that a sample is not `ok`, and why. */
  addFault(index: number, state: SampleState, reason: string): void {
    this.columns.states[this.rowOf(index)] = state;
    this.reasons.set(index, reason);
  }

  private addLook(row: number, { width, height, mode }: Omit<Picture, "pixels">, look: Appearance): void {
    const { columns } = this;
    columns.signatures.set(look.signature, row * SIGNATURE_BYTES);
    columns.dHashes.set(bytesOf(look.dHash), row * HASH_BYTES);
    columns.pHashes.set(bytesOf(look.pHash), row * HASH_BYTES);
    columns.spreads[row] = look.contrast.spread;
    columns.widths[row] = width;
    columns.heights[row] = height;
    columns.modes[row] = MODES.indexOf(mode);
  }
}

/** Little endian on every machine that JavaScript runs on today. */
function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}
