import { constants, copyFileSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { SampleState } from "../../core/dataset/dataset";
import { CleanSplitError, messageOf } from "../../core/errors";
import { DIGEST_BYTES } from "../../core/fingerprint/md5";
import { scalingFormula } from "../../core/fingerprint/scaling";
import type { Picture } from "../../core/picture";
import type { Comparison } from "../engine";
import { decodeImage, tryDecodeFast } from "../decode/decode";
import { encodeThumbnail, resizeTo } from "../decode/thumbnail";
import { UnreadableImage } from "../decode/unreadable";
import { loadKernels } from "../kernels/kernels";
import { loadPhotoKernel, type PhotoKernel } from "../kernels/photos";
import { overlay } from "../near/overlay";
import { chooseMd5 } from "../nodeMd5";
import { readIntegers, type NdArray } from "../sources/arrays/ndarray";
import { readImageList } from "../sources/lists/imageList";
import { listFolder } from "../sources/listing";
import { closeShared, openShared, probeScaling, readRows } from "../sources/rows";
import { fingerprintFiles } from "./fingerprintFiles";
import { glyphCoordinates, glyphPairs, glyphTree } from "./glyphJobs";
import { changed, lookFiles, lookRows } from "./lookFiles";
import type { ArrayFileHead, EncodedPicture, FeatureFormat, FoundPhotoPairs, Jobs, Reasons, SampleRef } from "./jobs";
import { findLayouts, findPhotoPairs } from "./photoJobs";
import { Rows } from "./record";

const md5 = chooseMd5();
const kernels = loadKernels(path.join(__dirname, "kernels.wasm"));
let photoKernel: PhotoKernel | undefined;

/** What a worker does with each job. */
export const jobs: Jobs = {
  list: ({ root, folder, known }) => listFolder(root, folder, known),

  head({ file }): ArrayFileHead {
    // The file may have changed since this thread last read it.
    closeShared(file);
    const { arrays, skipped } = openShared(file);
    return {
      arrays: arrays.map((array) => ({
        key: array.key,
        kind: kindOf(array),
        shape: array.shape,
        scaling: array.shape.length > 1 ? probeScaling(array) : null,
        labels: array.shape.length <= 2 ? (readIntegers(array) ?? null) : null,
      })),
      skipped,
    };
  },

  imageList: ({ file }) => readImageList(file),

  files: (parameter) => fingerprintFiles(parameter, kernels, md5),

  rows({ format, from, count, into }): Reasons {
    const rows = new Rows(into, md5, kernels);
    readRows(format, from, count).forEach(({ picture, fits }, index) => {
      rows.addPicture(index, picture);
      if (fits || format.scaling === null) return;
      const formula = scalingFormula(format.scaling);
      rows.addFault(
        index,
        SampleState.invalid,
        `its values are no 8-bit pixels under the scaling ${formula} of the other rows`,
      );
    });
    return rows.reasons;
  },

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
  glyphCoordinates,
  glyphTree,
  glyphPairs,
  async compare({ first, second, size, regime }): Promise<Comparison> {
    return overlay(await readUnchanged(first), await readUnchanged(second), size, regime);
  },

  layouts({ photos, from, to }): null {
    findLayouts(photos, from, to);
    return null;
  },

  photos(parameter): FoundPhotoPairs {
    // Loaded when it is needed first: most workers never compare photos.
    photoKernel ??= loadPhotoKernel(path.join(__dirname, "photos.wasm"));
    return findPhotoPairs(parameter, photoKernel);
  },

  async features({ samples, format }): Promise<Uint8Array> {
    const rows: Uint8Array[] = [];
    for (const sample of samples) {
      rows.push(await toFeatures(await readUnchanged(sample), format));
    }
    return Buffer.concat(rows);
  },

  copy({ root, out, paths, digests }): null {
    const found = new Uint8Array(DIGEST_BYTES);
    for (const [index, name] of paths.entries()) {
      const target = path.join(out, name);
      mkdirSync(path.dirname(target), { recursive: true });
      copyFileSync(path.join(root, name), target, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
      md5.into(found, 0, readFileSync(target));
      if (found.some((byte, at) => byte !== digests[index * DIGEST_BYTES + at])) {
        throw new CleanSplitError(
          "changed",
          `${path.join(root, name)} is not what it was when it was inspected. Inspect the dataset again, then write it.`,
        );
      }
    }
    return null;
  },
};

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
    const [row] = readRows(sample.format, sample.row, 1);
    if (row === undefined) throw new RangeError(`${sample.format.file} has no row ${sample.row}.`);
    return row.picture;
  }
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
