import { readFileSync } from "node:fs";
import path from "node:path";
import { messageOf } from "../../core/errors";
import type { Picture } from "../../core/picture";
import { leakageCosts } from "../../core/training/costs";
import type { Comparison } from "../engine";
import { decodeImage, tryDecodeFast } from "../decode/decode";
import { encodeThumbnail, resizeTo } from "../decode/thumbnail";
import { UnreadableImage } from "../decode/unreadable";
import { loadKernels } from "../kernels/kernels";
import { loadPhotoKernel, type PhotoKernel } from "../kernels/photos";
import { overlay } from "../near/overlay";
import { chooseMd5 } from "../nodeMd5";
import { readClassNames } from "../sources/arrays/classNames";
import { readIntegers, type NdArray } from "../sources/arrays/ndarray";
import { isGzipFile } from "../sources/arrays/idx";
import { formatOf } from "../sources/arrays/open";
import { readImageList } from "../sources/lists/imageList";
import { listFolder } from "../sources/listing";
import { closeShared, openShared, probeScaling, readRows } from "../sources/rows";
import { compareRowTwins, compareTwins } from "./compareTwins";
import { copyFiles, digestFiles, measureFiles } from "./copyFiles";
import { fingerprintFiles } from "./fingerprintFiles";
import { checkRows, compareRows, fingerprintRows } from "./fingerprintRows";
import { glyphCoordinates, glyphPairs, glyphTree } from "./glyphJobs";
import { changed, lookFiles, lookRows } from "./lookFiles";
import type { ArrayFileHead, EncodedPicture, FeatureFormat, FoundPhotoPairs, Jobs, SampleRef } from "./jobs";
import { fingerprintPacked, lookPacked, packedHead, readPacked } from "./packedJobs";
import { findPhotoPairs } from "./photoJobs";
import { writeRows } from "./writeRows";

const md5 = chooseMd5();
const kernels = loadKernels(path.join(__dirname, "kernels.wasm"));
let photoKernel: PhotoKernel | undefined;

/** What a worker does with each job. */
export const jobs: Jobs = {
  list: ({ root, folder, known }) => listFolder(root, folder, known),

  async head({ file }): Promise<ArrayFileHead> {
    // The file may have changed since this thread last read it.
    closeShared(file);
    const { arrays, skipped, notes = [] } = await openShared(file);
    return {
      format: formatOf(file) ?? null,
      gzipped: isGzipFile(file),
      arrays: arrays.map((array) => ({
        key: array.key,
        dtype: array.dtype,
        kind: kindOf(array),
        shape: array.shape,
        scaling: array.shape.length > 1 ? probeScaling(array) : null,
        labels: array.shape.length <= 2 ? (readIntegers(array) ?? null) : null,
        classes: array.shape.length === 1 ? readClassNames(file, array.key) : null,
      })),
      skipped,
      notes,
    };
  },

  imageList: ({ file }) => readImageList(file),

  files: (parameter) => fingerprintFiles(parameter, kernels, md5),

  rows: (parameter) => fingerprintRows(parameter, kernels, md5),
  checkRows: (parameter) => checkRows(parameter, kernels, md5),
  compareRows,
  writeRows,

  packedHead,
  packed: (parameter) => fingerprintPacked(parameter, kernels, md5),

  async thumbnails({ samples, size }): Promise<EncodedPicture[]> {
    const encoded: EncodedPicture[] = [];
    for (const sample of samples) {
      const picture = await readSample(sample).catch(ignoreUnreadable);
      encoded.push(
        picture === null ? { png: new Uint8Array(), width: 0, height: 0 } : await encodeThumbnail(picture, size),
      );
    }
    return encoded;
  },

  lookFiles: (parameter) => lookFiles(parameter, kernels),
  lookRows,
  lookPacked: (parameter) => lookPacked(parameter, kernels),
  glyphCoordinates,
  glyphTree,
  glyphPairs,
  async compare({ first, second, size, regime }): Promise<Comparison> {
    return overlay(await readUnchanged(first), await readUnchanged(second), size, regime);
  },

  layouts({ photos, from, to }): null {
    kernelOfPhotos().findLayouts(photos, from, to);
    return null;
  },

  photos(parameter): FoundPhotoPairs {
    return findPhotoPairs(parameter, kernelOfPhotos());
  },

  async features({ samples, format }): Promise<Uint8Array> {
    const rows: Uint8Array[] = [];
    for (const sample of samples) {
      rows.push(await toFeatures(await readUnchanged(sample), format));
    }
    return Buffer.concat(rows);
  },

  costs: ({ runs, test }) => leakageCosts(runs, test),
  copy: (parameter) => copyFiles(parameter, md5),
  measure: measureFiles,
  digest: digestFiles,
  rowTwins: compareRowTwins,
  twins: (parameter) => compareTwins(parameter, readUnchanged, md5),
};

/** Loaded when it is needed first: most workers never compare photos. */
function kernelOfPhotos(): PhotoKernel {
  return (photoKernel ??= loadPhotoKernel(path.join(__dirname, "photos.wasm")));
}

/** A file that vanished or may not be read is an unreadable image, not a failed inspection. */
function readImageFile(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UnreadableImage(`the file cannot be read: ${messageOf(error)}`);
  }
}

async function readSample(sample: SampleRef): Promise<Picture> {
  if (sample.kind === "row") {
    const [row] = await readRows(sample.format, sample.row, 1);
    if (row === undefined) throw new RangeError(`${sample.format.file} has no row ${sample.row}.`);
    return row.picture;
  }
  if (sample.kind === "packed") return readPacked(sample.format, sample.position);
  const bytes = readImageFile(sample.path);
  return tryDecodeFast(bytes) ?? (await decodeImage(bytes));
}

async function readUnchanged(sample: SampleRef): Promise<Picture> {
  try {
    return await readSample(sample);
  } catch (error) {
    if (!(error instanceof UnreadableImage)) throw error;
    const file = sample.kind === "file" ? sample.path : sample.format.file;
    throw changed(file, error);
  }
}

function ignoreUnreadable(error: unknown): null {
  if (error instanceof UnreadableImage) return null;
  throw error;
}

async function toFeatures(picture: Picture, { side, channels }: FeatureFormat): Promise<Uint8Array> {
  const asIs = side === null && picture.mode === (channels === 1 ? "L" : "RGB");
  return asIs ? picture.pixels : resizeTo(picture, side ?? picture.width, channels);
}

function kindOf(array: NdArray): "b" | "i" | "u" | "f" {
  switch (array.dtype[0]) {
    case "b":
      return "b";
    case "i":
      return "i";
    case "u":
      return "u";
    default:
      return "f";
  }
}
