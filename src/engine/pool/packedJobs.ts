import { SampleState } from "../../core/dataset/dataset";
import type { Md5 } from "../../core/fingerprint/md5";
import type { Picture } from "../../core/picture";
import { decodeImage, tryDecodeFast } from "../decode/decode";
import { UnreadableImage } from "../decode/unreadable";
import type { Kernels } from "../kernels/kernels";
import { packNames, type PackedNames } from "../sources/names";
import type { PackedFile, PackedFormat, PackedImage } from "../sources/packed/packedFile";
import { closeShared, openShared, stampOf } from "../sources/packed/shared";
import { MAX_MILLISECONDS } from "./fingerprintFiles";
import { FingerprintJob } from "./fingerprintJob";
import type { JobParameter, LookedFiles, PackedHead, ReadImages } from "./jobs";
import { changed, LookJob } from "./lookFiles";
import { Rows } from "./record";

/** Bytes of images that are held at a time, as far as the images before tell, and images read at a time at most. */
const [HELD_BYTES, HELD_IMAGES] = [1 << 22, 256];

/** Reads what a packed file holds. */
export async function packedHead({ file }: JobParameter<"packedHead">): Promise<PackedHead> {
  const stamp = stampOf(file);
  const packed = await openShared({ file, stamp });
  const images = packed.images.map(({ names, ...rest }) => ({
    ...rest,
    folders: names === null ? null : foldersOf(names),
  }));
  // Its names are not needed again: images are read by their places.
  if (packed.images.some(({ places }) => places !== undefined)) closeShared({ file, stamp });
  return { stamp, images, ignored: packed.ignored, notes: packed.notes };
}

/** Paths that are in the order of their folders, by folder. */
function foldersOf(paths: readonly string[]): { readonly path: string; readonly names: PackedNames }[] {
  const folders: { readonly path: string; readonly names: PackedNames }[] = [];
  const folderOf = (path: string | undefined): string | null =>
    path === undefined ? null : path.slice(0, Math.max(0, path.lastIndexOf("/")));
  for (let from = 0; from < paths.length;) {
    const folder = folderOf(paths[from]) ?? "";
    let to = from + 1;
    while (folderOf(paths[to]) === folder) to += 1;
    const cut = folder === "" ? 0 : folder.length + 1;
    folders.push({ path: folder, names: packNames(paths.slice(from, to).map((path) => path.slice(cut))) });
    from = to;
  }
  return folders;
}

/**
 * Fingerprints of images of a packed file, until the time of a job is over. One that cannot be read or decoded is an
 * unreadable sample, never a failed job.
 */
export async function fingerprintPacked(
  { format, positions, exact, into }: JobParameter<"packed">,
  kernels: Kernels,
  md5: Md5,
): Promise<ReadImages> {
  const rows = new Rows(into, md5, kernels);
  const job = new FingerprintJob(rows, exact, kernels, md5);
  const reading = await eachImage(format, positions, async (image, index) => {
    rows.columns.isFile[rows.rowOf(index)] = image.kind === "pixels" ? 0 : 1;
    if (image.kind === "fault") rows.addFault(index, SampleState.unreadable, image.reason);
    else if (image.kind === "pixels") rows.addPicture(index, image.picture);
    else {
      const room = job.room(image.bytes.length);
      room.set(image.bytes);
      await job.take(room.subarray(0, image.bytes.length), index);
    }
  });
  await job.finish();
  return { ...reading, reasons: rows.reasons };
}

/** Grey levels of images of a packed file, until the time of a job is over. All could be read when they were inspected. */
export async function lookPacked(
  { format, positions, into, ...size }: JobParameter<"lookPacked">,
  kernels: Kernels,
): Promise<LookedFiles> {
  const looks = new LookJob(into, size, kernels, () => format.file);
  const reading = await eachImage(format, positions, async (image) => {
    if (image.kind === "fault") throw changed(format.file, new UnreadableImage(image.reason));
    if (image.kind === "pixels") return looks.takePicture(image.picture);
    const room = looks.room(image.bytes.length);
    room.set(image.bytes);
    return looks.take(room.subarray(0, image.bytes.length));
  });
  await looks.finish();
  return reading;
}

/** The picture of one image of a packed file. Rejects with an `UnreadableImage` when there is none. */
export async function readPacked(format: PackedFormat, position: number): Promise<Picture> {
  const file = await openShared(format);
  const [image] = await file.read(format.key, position, 1);
  if (image === undefined) throw new RangeError(`${format.file} has no image ${position}.`);
  if (image.kind === "fault") throw new UnreadableImage(image.reason);
  if (image.kind === "pixels") return image.picture;
  return tryDecodeFast(image.bytes) ?? (await decodeImage(image.bytes));
}

/** Reads images in order, some that follow one another at a time, until the time of a job is over. */
async function eachImage(
  format: PackedFormat,
  positions: Uint32Array,
  use: (image: PackedImage, index: number) => Promise<void>,
): Promise<LookedFiles> {
  const started = performance.now();
  const file = await openShared(format);
  let [done, readingTime, most] = [0, 0, 1];
  while (done < positions.length && (done === 0 || performance.now() - started < MAX_MILLISECONDS)) {
    const before = performance.now();
    const images = await readRun(file, format.key, positions.subarray(done, done + most));
    readingTime += performance.now() - before;
    for (const image of images) await use(image, done++);
    const size = images.reduce((sum, image) => sum + bytesOf(image), 0) / images.length;
    most = Math.max(1, Math.min(most * 4, HELD_IMAGES, Math.floor(HELD_BYTES / Math.max(1, size))));
  }
  return { done, time: performance.now() - started, readingTime };
}

/** The images of the positions from the first on that follow one another. */
function readRun(file: PackedFile, key: string, positions: Uint32Array): Promise<PackedImage[]> {
  const first = positions[0] ?? 0;
  let count = 1;
  while (positions[count] === first + count) count += 1;
  return file.read(key, first, count);
}

function bytesOf(image: PackedImage): number {
  if (image.kind === "fault") return 0;
  return image.kind === "encoded" ? image.bytes.length : image.picture.pixels.length;
}
