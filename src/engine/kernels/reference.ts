import { DIGEST_BYTES, type Md5 } from "../../core/fingerprint/md5";
import { isBlank, pixelDigest } from "../../core/fingerprint/pixels";
import { appearanceOf, lumaOf, SIGNATURE_BYTES } from "../../core/fingerprint/signature";
import { MODES, type Picture } from "../../core/picture";
import { readJpeg } from "../decode/jpeg";
import { decodePng } from "../decode/png";
import { chooseMd5 } from "../nodeMd5";
import { toPicture } from "../sources/rows";
import { areForKernels, FULL_BYTES, MAX_FILES, type FileColumns, type Kernels } from "./kernels";

/** The kernels in plain TypeScript: what `src/kernels` must equal. */
export function createReference(): Kernels {
  const md5 = chooseMd5();
  let files: Uint8Array[] = [];
  let bytes = 0;
  let last = new Uint8Array();
  let done: readonly Uint8Array[] = [];
  return {
    name: "reference",
    room: (size) => (last = new Uint8Array(size)),
    lastRoom: () => last,
    add(size) {
      files.push(last.subarray(0, size));
      bytes += size;
      return files.length === MAX_FILES || bytes >= FULL_BYTES;
    },
    run() {
      const columns = createColumns(files.length);
      for (const [row, file] of files.entries()) {
        md5.into(columns.fileDigests, row * DIGEST_BYTES, file);
        const picture = decodePng(file);
        if (picture !== undefined) addPicture(columns, row, picture, md5);
      }
      done = files;
      files = [];
      bytes = 0;
      return columns;
    },
    looks(width, height) {
      const covered = new Uint8Array(files.length);
      const looks = new Uint8Array(files.length * width * height);
      for (const [row, file] of files.entries()) {
        const picture = decodePng(file);
        if (picture === undefined || picture.width !== width || picture.height !== height) continue;
        covered[row] = 1;
        looks.set(lumaOf(picture), row * width * height);
      }
      done = files;
      files = [];
      bytes = 0;
      return { covered, looks };
    },
    rows(rowsBytes, count, dtype, format) {
      if (!areForKernels(dtype, format)) return null;
      const columns = createColumns(count);
      const size = rowsBytes.length / count;
      for (let row = 0; row < count; row++) {
        const { picture, fits } = toPicture(dtype, rowsBytes.subarray(row * size, (row + 1) * size), format);
        if (fits) addPicture(columns, row, picture, md5);
      }
      return columns;
    },
    bytesOf: (row) => done[row] ?? new Uint8Array(),
    appearance: appearanceOf,
    jpeg: readJpeg,
  };
}

function addPicture(columns: FileColumns, row: number, picture: Picture, md5: Md5): void {
  columns.covered[row] = 1;
  columns.widths[row] = picture.width;
  columns.heights[row] = picture.height;
  columns.modes[row] = MODES.indexOf(picture.mode);
  pixelDigest(md5, picture, columns.pixelDigests, row * DIGEST_BYTES);
  columns.blank[row] = isBlank(picture) ? 1 : 0;
  const { signature, dHash, pHash, contrast } = appearanceOf(picture);
  columns.signatures.set(signature, row * SIGNATURE_BYTES);
  columns.dHashes.set(dHash, row * 2);
  columns.pHashes.set(pHash, row * 2);
  columns.darkest[row] = contrast.darkest;
  columns.brightest[row] = contrast.brightest;
  columns.spreads[row] = contrast.spread;
}

function createColumns(count: number): FileColumns {
  return {
    count,
    fileDigests: new Uint8Array(count * DIGEST_BYTES),
    covered: new Uint8Array(count),
    widths: new Uint32Array(count),
    heights: new Uint32Array(count),
    modes: new Uint8Array(count),
    pixelDigests: new Uint8Array(count * DIGEST_BYTES),
    blank: new Uint8Array(count),
    signatures: new Uint8Array(count * SIGNATURE_BYTES),
    dHashes: new Uint32Array(count * 2),
    pHashes: new Uint32Array(count * 2),
    darkest: new Uint8Array(count),
    brightest: new Uint8Array(count),
    spreads: new Uint16Array(count),
  };
}
