import { SampleState } from "../dataset/dataset";
import { DIGEST_BYTES } from "./md5";

/** What was read of every sample, as columns; sample i is row i. */
export interface Fingerprints {
  readonly count: number;
  /** MD5 of the bytes of its file, 16 bytes each; zeros for array rows, which have no file of their own. */
  readonly fileDigests: Uint8Array;
  /** MD5 of shape, mode and pixels, 16 bytes each; zeros for samples that are not `ok`. */
  readonly pixelDigests: Uint8Array;
  /** A {@link SampleState} each. */
  readonly states: Uint8Array;
  /** 1 for samples that are files of their own. */
  readonly isFile: Uint8Array;
  /** 1 for pictures whose pixels are all equal. */
  readonly blank: Uint8Array;
  readonly widths: Uint32Array;
  readonly heights: Uint32Array;
  /** Index into `MODES`. */
  readonly modes: Uint8Array;
  /** Why a sample is not `ok`. */
  readonly reasons: Map<number, string>;
}

/** Columns for `count` samples, all of them `ok` and empty. About 53 bytes a sample. */
export function createFingerprints(count: number): Fingerprints {
  return {
    count,
    fileDigests: new Uint8Array(count * DIGEST_BYTES),
    pixelDigests: new Uint8Array(count * DIGEST_BYTES),
    states: new Uint8Array(count).fill(SampleState.ok),
    isFile: new Uint8Array(count),
    blank: new Uint8Array(count),
    widths: new Uint32Array(count),
    heights: new Uint32Array(count),
    modes: new Uint8Array(count),
    reasons: new Map(),
  };
}

/** Copies the columns of a part that was read into the whole, from sample `at` on. */
export function insertFingerprints(into: Fingerprints, at: number, part: Fingerprints): void {
  into.fileDigests.set(part.fileDigests, at * DIGEST_BYTES);
  into.pixelDigests.set(part.pixelDigests, at * DIGEST_BYTES);
  into.states.set(part.states, at);
  into.isFile.set(part.isFile, at);
  into.blank.set(part.blank, at);
  into.widths.set(part.widths, at);
  into.heights.set(part.heights, at);
  into.modes.set(part.modes, at);
  for (const [sample, reason] of part.reasons) into.reasons.set(at + sample, reason);
}
